//! How a run ends: the errors that end it early, and the exit code of every ending.

use thiserror::Error;

use crate::outcome::{RunReport, Verdict};

/// All passed.
pub const PASSED: u8 = 0;
/// At least one case failed.
pub const FAILED: u8 = 1;
/// A wrong argument, variable or file.
pub const USAGE: u8 = 2;
/// At least one case could not be judged, or the target cannot be reached.
pub const INCONCLUSIVE: u8 = 3;
/// No case was executed.
pub const NOTHING_EXECUTED: u8 = 4;
/// Something that the run created is still there.
pub const LEFT_BEHIND: u8 = 5;
/// What was asked for could do harm.
pub const REFUSED: u8 = 6;

/// Why a run ended before it had verdicts. Each text is one line and says what would be right.
#[derive(Debug, Error)]
pub enum ConformanceError {
    /// A wrong argument, variable or file.
    #[error("{0}")]
    Usage(String),
    /// The target does not answer, or not this login.
    #[error("{0}")]
    Unreachable(String),
    /// A selection that selects nothing.
    #[error("{0}")]
    NothingSelected(String),
    /// A target that this version does not touch.
    #[error("{0}")]
    Refused(String),
    /// The run was stopped before it could remove what it created.
    #[error("{0}")]
    LeftBehind(String),
    /// The run was stopped, and what it created ends with this process.
    #[error("stopped at once")]
    Interrupted,
    /// The report cannot be written.
    #[error("cannot write the report: {0}")]
    Output(#[from] std::io::Error),
}

impl From<bandwidth_fixtures::FixtureError> for ConformanceError {
    fn from(error: bandwidth_fixtures::FixtureError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl ConformanceError {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Output(_) => USAGE,
            Self::Unreachable(_) | Self::Interrupted => INCONCLUSIVE,
            Self::NothingSelected(_) => NOTHING_EXECUTED,
            Self::Refused(_) => REFUSED,
            Self::LeftBehind(_) => LEFT_BEHIND,
        }
    }
}

/// The exit code of a run that came to its end. What needs somebody's hands comes first: users
/// left behind, then failures, then verdicts that are missing.
pub fn code_of(report: &RunReport) -> u8 {
    let has = |verdict| report.count(verdict) > 0;
    if !report.leftovers.is_empty() {
        LEFT_BEHIND
    } else if report.unexpected() > 0 || !report.known_problems.is_empty() {
        FAILED
    } else if has(Verdict::Inconclusive) {
        INCONCLUSIVE
    } else if report
        .cases
        .iter()
        .any(|case| case.verdict != Verdict::Skipped)
    {
        PASSED
    } else {
        NOTHING_EXECUTED
    }
}

/// The exit code of a run with `code` that could not write something on this machine. Users left
/// behind and failures are not hidden by that.
pub fn code_with_troubles(code: u8) -> u8 {
    match code {
        LEFT_BEHIND | FAILED => code,
        _ => USAGE,
    }
}

#[cfg(test)]
mod tests {
    use super::{FAILED, LEFT_BEHIND, PASSED, USAGE, code_of, code_with_troubles};
    use crate::cleanup::Leftover;
    use crate::outcome::{Verdict, tests::report};

    #[test]
    fn troubles_hide_neither_failures_nor_users_left_behind() {
        let codes = [PASSED, FAILED, USAGE, LEFT_BEHIND].map(code_with_troubles);
        assert_eq!(codes, [USAGE, FAILED, USAGE, LEFT_BEHIND]);
    }

    #[test]
    fn the_worst_ending_names_the_code() {
        use Verdict::{Error, Fail, Inconclusive, Observed, Pass, Skipped};
        for (verdicts, code) in [
            (&[Pass, Observed, Skipped][..], 0),
            (&[Observed], 0),
            (&[Pass, Fail, Inconclusive], 1),
            (&[Pass, Error], 1),
            (&[Pass, Inconclusive], 3),
            (&[Skipped], 4),
            (&[], 4),
        ] {
            assert_eq!(code_of(&report(verdicts)), code, "{verdicts:?}");
        }
        let mut left = report(&[Fail]);
        left.leftovers.push(Leftover {
            username: "cf-1".to_owned(),
            key: None,
        });
        assert_eq!(code_of(&left), 5);
    }
}
