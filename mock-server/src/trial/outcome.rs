//! The verdict on a run.

use std::fmt;

use bandwidth_fixtures::{KnownFailures, Operation};
use serde::{Serialize, Serializer};

use super::runner::Run;

/// The name of the first run, and of what all others are compared with.
pub const BASELINE: &str = "baseline";
/// The exit code of a command whose result does not repeat.
pub const FLAKY: u8 = 3;

/// The result of a run, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It passed, and no request met what was varied.
    Unmet,
    /// The command passed.
    Passed,
    /// It passed, and left the users of the baseline.
    Ok,
    /// It failed, and the next run left the users of the baseline.
    Heals,
    /// It failed, and whether the next run repairs it is unknown.
    Fails,
    /// A known failure.
    Known,
    /// It failed, and passed when it was repeated.
    Flaky,
    /// It passed without a request.
    Silent,
    /// It failed, twice.
    Broke,
    /// It failed, and the next run does not leave the users of the baseline.
    Stuck,
    /// It passed, and left other users.
    Wrong,
    /// Users are changed or gone that the baseline never touched.
    Harms,
}

impl Verdict {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unmet => "unmet",
            Self::Passed => "passed",
            Self::Ok => "ok",
            Self::Heals => "fails, heals",
            Self::Fails => "fails",
            Self::Known => "known",
            Self::Flaky => "FLAKY",
            Self::Silent => "SILENT",
            Self::Broke => "BROKE",
            Self::Stuck => "STUCK",
            Self::Wrong => "PASSES, WRONG",
            Self::Harms => "HARMS",
        }
    }

    /// True if the command caused it.
    pub fn is_failure(self) -> bool {
        self >= Self::Silent
    }

    /// True if the command behaved correctly.
    fn is_good(self) -> bool {
        matches!(self, Self::Passed | Self::Ok | Self::Heals | Self::Fails)
    }
}

/// The varied option or the situation of a run.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Subject {
    /// A way in which the API could behave.
    Variant {
        /// `put.semantics=merge`, or `baseline`.
        variant: String,
    },
    /// Something that goes wrong.
    Situation {
        /// Its name, or `baseline`.
        situation: String,
        /// Where.
        #[serde(flatten)]
        place: Option<Place>,
    },
}

/// A request of the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    #[serde(serialize_with = "name_of")]
    pub operation: Operation,
    /// Its number among the requests of that operation, from 1.
    pub at: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn name_of<S: Serializer>(operation: &Operation, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(operation.as_str())
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variant { variant } => f.write_str(variant),
            Self::Situation { situation, place } => match place {
                Some(Place { operation, at }) => write!(f, "{situation}/{operation}/{at}"),
                None => f.write_str(situation),
            },
        }
    }
}

impl Subject {
    /// The names by which a file of known failures can mean it, the narrowest first.
    fn names(&self) -> Vec<String> {
        let mut names = vec![self.to_string()];
        if let Self::Situation {
            situation,
            place: Some(place),
        } = self
        {
            names.push(format!("{situation}/{}", place.operation));
            names.push(situation.clone());
        }
        names
    }
}

/// Result of one run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The varied option or the situation.
    #[serde(flatten)]
    pub subject: Subject,
    pub verdict: Verdict,
    /// True if the command passed.
    pub passed: bool,
    /// Description of its end.
    pub ending: String,
    /// The reason for the verdict, if the ending does not show it.
    pub reason: Option<String>,
    /// Duration in milliseconds.
    pub elapsed_ms: u64,
    /// Number of requests.
    pub requests: usize,
    /// The request that was hit, and those that followed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// The first answer that differs from the baseline's, or the users that do.
    pub difference: Option<String>,
    /// The last line that it wrote to stderr, for a run that did not pass.
    pub last_line: Option<String>,
    /// Folder of its output.
    pub output: String,
    /// The command that repeats it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
}

impl Outcome {
    /// A run that passed or broke.
    pub fn of(subject: Subject, run: &Run) -> Self {
        let passed = run.passed();
        Self {
            subject,
            verdict: if passed {
                Verdict::Passed
            } else {
                Verdict::Broke
            },
            passed,
            ending: run.ending.to_string(),
            reason: None,
            elapsed_ms: u64::try_from(run.elapsed.as_millis()).unwrap_or(u64::MAX),
            requests: run.entries.len(),
            steps: Vec::new(),
            difference: None,
            last_line: run.last_line.clone().filter(|_| !passed),
            output: run.output.display().to_string(),
            repeat: None,
        }
    }

    /// Another verdict, with its reason.
    pub fn judged(self, verdict: Verdict, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            reason: Some(reason.into()),
            ..self
        }
    }

    /// The same verdict, or `Known` if a file of known failures lists it.
    pub fn unless_known(self, known: &KnownFailures) -> Self {
        let names = self.subject.names();
        let entry = names.iter().find_map(|name| known.entry(name, "mock"));
        match entry.filter(|entry| !entry.has_expired()) {
            Some(entry) => self.judged(Verdict::Known, format!("known: {}", entry.reason)),
            None => self,
        }
    }
}

/// Entries of the file of known failures that are not true, of what ran.
pub fn known_problems(known: &KnownFailures, outcomes: &[Outcome]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in outcomes.iter().flat_map(|outcome| outcome.subject.names()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let problem = |name: &String| {
        let entry = known.entry(name, "mock")?;
        let meant = outcomes
            .iter()
            .filter(|outcome| outcome.subject.names().contains(name));
        let verdicts: Vec<Verdict> = meant.map(|outcome| outcome.verdict).collect();
        let failed = verdicts
            .iter()
            .any(|verdict| !verdict.is_good() && *verdict != Verdict::Unmet);
        entry.problem(failed, verdicts.iter().any(|verdict| verdict.is_good()))
    };
    names.iter().filter_map(problem).collect()
}

/// The exit code: 0 when nothing breaks the command, 1 when something does or a known failure is
/// not true, 3 when it is merely flaky.
pub fn exit_code(outcomes: &[Outcome], problems: &[String]) -> u8 {
    let any = |is: fn(Verdict) -> bool| outcomes.iter().any(|outcome| is(outcome.verdict));
    if any(Verdict::is_failure) || !problems.is_empty() {
        1
    } else if any(|verdict| verdict == Verdict::Flaky) {
        FLAKY
    } else {
        0
    }
}
