//! What comes out: verdicts of cases, and the report of a run.

use std::{
    fmt,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    case::{Case, Level},
    cleanup::Leftover,
    exchange::Exchange,
    ledger::cleanup_command,
};

/// The verdict on one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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

/// How the reason of a case begins that was not run, because the run had ended.
pub const NOT_RUN: &str = "not run: ";

/// What a case's body returns.
pub type CaseResult = Result<(), Stop>;

/// What happened in one case.
pub struct CaseReport {
    /// The case's id.
    pub id: String,
    /// How much its claim may be held against a target.
    pub level: Level,
    /// What it claims.
    pub claim: String,
    /// Where the claim comes from.
    pub source: String,
    /// Whether it creates, changes or deletes users.
    pub writes: bool,
    /// Ids of the behaviours that its outcome depends on, each with the expected option.
    pub expected: Vec<(&'static str, String)>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, for anything but a pass; may have several lines.
    pub reason: Option<String>,
    /// What was seen on the way.
    pub facts: Vec<String>,
    /// The reason of its entry in the file of known failures, when it failed as that says.
    pub known: Option<String>,
    /// What was sent and what came back.
    pub exchanges: Vec<Exchange>,
    /// How long it took.
    pub took: Duration,
}

impl CaseReport {
    /// Turns the way a body ended into a verdict. A case that only characterises never fails:
    /// what would be a failure is what was observed.
    pub fn new(case: &Case, result: CaseResult, mut facts: Vec<String>) -> Self {
        let (verdict, reason) = match (result, case.level) {
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
            id: case.id.to_string(),
            level: case.level,
            claim: case.claim.to_string(),
            source: case.source.to_string(),
            writes: case.writes(),
            expected: Vec::new(),
            verdict,
            reason,
            facts,
            known: None,
            exchanges: Vec::new(),
            took: Duration::ZERO,
        }
    }

    /// Whether somebody has to look at it.
    pub fn is_unexpected(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Error) && self.known.is_none()
    }
}

/// The day, as `YYYY-MM-DD` in UTC.
pub fn today() -> String {
    let mut now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.truncate("YYYY-MM-DD".len());
    now
}

/// What happened in one run.
pub struct RunReport {
    /// What was tested, in words.
    pub target: String,
    /// The account.
    pub account_id: String,
    /// Name of the profile that was expected.
    pub profile: String,
    /// When it began.
    pub began: SystemTime,
    /// The cases, in the order in which they ran.
    pub cases: Vec<CaseReport>,
    /// Requests sent, those of the clean-up among them.
    pub requests: u64,
    /// Users created, or perhaps created.
    pub users: u64,
    /// Users that the run created, or may have created, and could not remove.
    pub leftovers: Vec<Leftover>,
    /// The ledger's file, when it is still needed.
    pub ledger: Option<PathBuf>,
    /// Why the run ended before all cases had run.
    pub ended: Option<String>,
    /// What is wrong with the file of known failures.
    pub known_problems: Vec<String>,
    /// What could not be written or removed on this machine.
    pub troubles: Vec<String>,
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

    /// How many failures are not known.
    pub fn unexpected(&self) -> usize {
        let unexpected = self.cases.iter().filter(|case| case.is_unexpected());
        unexpected.count()
    }

    /// The command that removes what is left behind.
    pub fn cleanup_command(&self) -> Option<String> {
        self.ledger.as_deref().map(cleanup_command)
    }

    /// The report of the case with that id.
    pub fn case(&self, id: &str) -> Option<&CaseReport> {
        self.cases.iter().find(|case| case.id == id)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Case, CaseReport, Duration, Level, RunReport, Stop, SystemTime, Verdict};

    /// A report with one case per verdict given.
    pub(crate) fn report(verdicts: &[Verdict]) -> RunReport {
        let case = |(number, verdict): (usize, &Verdict)| {
            let case = Case::new(
                format!("area.topic.case-{number}"),
                Level::Derived,
                "Water is wet",
                "the guide",
            );
            let reason = (*verdict != Verdict::Pass && *verdict != Verdict::Observed)
                .then(|| "the reason\nand its second line".to_owned());
            CaseReport {
                verdict: *verdict,
                reason,
                ..CaseReport::new(&case, Ok(()), Vec::new())
            }
        };
        RunReport {
            target: "the target".to_owned(),
            account_id: "12345".to_owned(),
            profile: "guide".to_owned(),
            began: SystemTime::UNIX_EPOCH,
            cases: verdicts.iter().enumerate().map(case).collect(),
            requests: 7,
            users: 2,
            leftovers: Vec::new(),
            ledger: None,
            ended: None,
            known_problems: Vec::new(),
            troubles: Vec::new(),
            elapsed: Duration::from_millis(1234),
        }
    }

    #[test]
    fn a_case_that_characterises_never_fails() {
        let failed = || Err(Stop::Fail("it is blue".to_owned()));
        let case = |level| Case::new("a.b.c", level, "claim", "source");
        let report = CaseReport::new(&case(Level::Characterise), failed(), Vec::new());
        assert_eq!(report.verdict, Verdict::Observed);
        assert_eq!(report.facts, ["it is blue"]);
        let report = CaseReport::new(&case(Level::Derived), failed(), Vec::new());
        assert_eq!(report.verdict, Verdict::Fail);
        assert_eq!(report.reason.as_deref(), Some("it is blue"));
    }

    #[test]
    fn a_report_is_found_by_the_id_of_its_case() {
        let report = report(&[Verdict::Pass, Verdict::Fail]);
        let found = report.case("area.topic.case-1").map(|case| case.verdict);
        assert_eq!(found, Some(Verdict::Fail));
        assert!(report.case("area.topic.case-2").is_none());
    }

    #[test]
    fn the_cleanup_command_can_be_pasted_into_a_shell() {
        let mut report = report(&[Verdict::Pass]);
        assert_eq!(report.cleanup_command(), None);
        for (path, shown) in [
            ("/tmp/a_b-1.jsonl", "/tmp/a_b-1.jsonl"),
            ("my ledger.jsonl", "'my ledger.jsonl'"),
            ("it's $HOME", "'it'\\''s $HOME'"),
        ] {
            report.ledger = Some(path.into());
            let expected = format!("bandwidth-conformance cleanup --ledger {shown}");
            assert_eq!(report.cleanup_command(), Some(expected));
        }
    }
}
