//! The vocabulary of outcomes: levels of claims, verdicts on cases, and why a case stopped.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Strength of a claim: whether a deviation is a failure.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A source states it: may fail.
    Documented,
    /// It follows from HTTP, or from the expected profile: may fail.
    Derived,
    /// No source: never fails, records what was observed.
    Characterise,
}

impl Level {
    /// The word used in flags and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Derived => "derived",
            Self::Characterise => "characterise",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

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

    /// True for a failure of the case or of the suite itself.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::Error)
    }

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

impl Stop {
    /// The case does not apply, for that reason.
    pub fn skip(why: &str) -> Self {
        Self::Skip(why.to_owned())
    }

    /// The target kept the case from being judged, for that reason.
    pub fn inconclusive(why: &str) -> Self {
        Self::Inconclusive(why.to_owned())
    }

    /// Why, in words.
    pub fn reason(&self) -> &str {
        match self {
            Self::Fail(why) | Self::Inconclusive(why) | Self::Skip(why) | Self::Error(why) => why,
        }
    }

    /// The first line of that.
    pub fn headline(&self) -> &str {
        self.reason().lines().next().unwrap_or_default()
    }
}

/// Result of a case's body.
pub type CaseResult = Result<(), Stop>;

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn levels_have_the_names_that_flags_and_reports_use() {
        let names = [Level::Documented, Level::Derived, Level::Characterise].map(|l| l.to_string());
        assert_eq!(names, ["documented", "derived", "characterise"]);
    }
}
