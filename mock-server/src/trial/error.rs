//! Errors of a trial.

use std::io;

use bandwidth_fixtures::describe;
use thiserror::Error;

use crate::embedded::StartError;

/// Why a run did not come about.
#[derive(Debug, Error)]
pub enum TrialError {
    /// A command or a seed that cannot be used.
    #[error("{0}")]
    Usage(String),
    /// A mock that does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A file or a process.
    #[error("{}: {}", .0, describe::io(.1))]
    Io(String, io::Error),
    /// A signal told the program to end. The command and its processes are ended.
    #[error("stopped by signal {0}; the command and its processes were ended")]
    Interrupted(u8),
}
