//! What comes out: verdicts of cases, and the report of a run.

use std::{fmt, time::Duration};

use crate::case::Level;

/// The verdict on one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The claim holds.
    Pass,
    /// The claim does not hold.
    Fail,
    /// Nothing is claimed; what was seen is written down.
    Observed,
    /// The target kept the case from being judged: 429, 5xx, a lost login, no answer.
    Inconclusive,
    /// The case does not apply to what is expected of this target.
    Skipped,
    /// The suite itself went wrong.
    Error,
}

impl Verdict {
    /// All of them, in the order of summaries.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::Fail,
        Self::Observed,
        Self::Inconclusive,
        Self::Skipped,
        Self::Error,
    ];

    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Observed => "observed",
            Self::Inconclusive => "inconclusive",
            Self::Skipped => "skipped",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a case stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The claim does not hold.
    Fail(String),
    /// The target kept the case from being judged.
    Inconclusive(String),
    /// The case does not apply.
    Skip(String),
    /// The suite itself went wrong.
    Error(String),
}

/// What a case's body returns.
pub type CaseResult = Result<(), Stop>;

/// What happened in one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseReport {
    /// The case's id.
    pub id: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, for anything but a pass; may have several lines.
    pub reason: Option<String>,
    /// What was seen on the way.
    pub facts: Vec<String>,
}

impl CaseReport {
    /// Turns the way a body ended into a verdict. A case that only characterises never fails:
    /// what would be a failure is what was observed.
    pub fn new(id: &str, level: Level, result: CaseResult, mut facts: Vec<String>) -> Self {
        let (verdict, reason) = match (result, level) {
            (Ok(()), Level::Characterise) => (Verdict::Observed, None),
            (Ok(()), _) => (Verdict::Pass, None),
            (Err(Stop::Fail(seen)), Level::Characterise) => {
                facts.push(seen);
                (Verdict::Observed, None)
            }
            (Err(Stop::Fail(reason)), _) => (Verdict::Fail, Some(reason)),
            (Err(Stop::Inconclusive(reason)), _) => (Verdict::Inconclusive, Some(reason)),
            (Err(Stop::Skip(reason)), _) => (Verdict::Skipped, Some(reason)),
            (Err(Stop::Error(reason)), _) => (Verdict::Error, Some(reason)),
        };
        Self {
            id: id.to_owned(),
            verdict,
            reason,
            facts,
        }
    }
}

/// What happened in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    /// What was tested, in words.
    pub target: String,
    /// Name of the profile that was expected.
    pub profile: String,
    /// The cases, in the order in which they ran.
    pub cases: Vec<CaseReport>,
    /// Requests sent, those of the clean-up among them.
    pub requests: u64,
    /// Users that the run created, or may have created, and could not remove.
    pub leftovers: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
}

impl RunReport {
    /// How many cases have that verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cases
            .iter()
            .filter(|case| case.verdict == verdict)
            .count()
    }

    /// The report of the case with that id.
    pub fn case(&self, id: &str) -> Option<&CaseReport> {
        self.cases.iter().find(|case| case.id == id)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{CaseReport, Duration, Level, RunReport, Stop, Verdict};

    /// A report with one case per verdict given.
    pub(crate) fn report(verdicts: &[Verdict]) -> RunReport {
        let case = |(number, verdict): (usize, &Verdict)| CaseReport {
            id: format!("area.topic.case-{number}"),
            verdict: *verdict,
            reason: (*verdict != Verdict::Pass && *verdict != Verdict::Observed)
                .then(|| "the reason\nand its second line".to_owned()),
            facts: Vec::new(),
        };
        RunReport {
            target: "the target".to_owned(),
            profile: "guide".to_owned(),
            cases: verdicts.iter().enumerate().map(case).collect(),
            requests: 7,
            leftovers: Vec::new(),
            elapsed: Duration::from_millis(1234),
        }
    }

    #[test]
    fn a_case_that_characterises_never_fails() {
        let failed = || Err(Stop::Fail("it is blue".to_owned()));
        let report = CaseReport::new("a.b.c", Level::Characterise, failed(), Vec::new());
        assert_eq!(report.verdict, Verdict::Observed);
        assert_eq!(report.facts, ["it is blue"]);
        let report = CaseReport::new("a.b.c", Level::Derived, failed(), Vec::new());
        assert_eq!(report.verdict, Verdict::Fail);
        assert_eq!(report.reason.as_deref(), Some("it is blue"));
    }
}
