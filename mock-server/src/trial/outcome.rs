//! The verdict on a run.

use serde::Serialize;

use super::runner::Run;

/// The result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The command passed.
    Passed,
    /// It failed, twice.
    Broke,
    /// It failed as the file of known failures says.
    Known,
    /// It failed, and passed when it was repeated.
    Flaky,
    /// It passed without a request.
    Silent,
    /// It passed, and no request met what was varied.
    Unmet,
}

impl Verdict {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Broke => "BROKE",
            Self::Known => "known",
            Self::Flaky => "FLAKY",
            Self::Silent => "SILENT",
            Self::Unmet => "unmet",
        }
    }

    /// Whether the command is to blame.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Broke | Self::Silent)
    }
}

/// How one run went.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// `put.semantics=merge`, or `baseline`.
    pub variant: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Whether the command passed.
    pub passed: bool,
    /// How it ended, in words.
    pub ending: String,
    /// The reason for the verdict, where the ending does not say it.
    pub reason: Option<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// How many requests it sent.
    pub requests: usize,
    /// The first answer that differs from the baseline's, for a variant that broke.
    pub difference: Option<String>,
    /// The last line that it wrote to stderr, for a run that did not pass.
    pub last_line: Option<String>,
    /// Where its output is.
    pub output: String,
}

impl Outcome {
    /// A run that passed or broke.
    pub fn of(variant: &str, run: &Run) -> Self {
        let passed = run.passed();
        Self {
            variant: variant.to_owned(),
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
            difference: None,
            last_line: run.last_line.clone().filter(|_| !passed),
            output: run.output.display().to_string(),
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
}
