//! The errors that end a command early, and the exit codes of all commands.

use thiserror::Error;

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
/// The command was refused because it could do harm.
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
