//! Errors of a trial.

use std::io;

use bandwidth_fixtures::{FixtureError, describe};
use thiserror::Error;

use crate::{config::ConfigError, embedded::StartError};

/// The reason why a trial, or a run of it, did not start.
#[derive(Debug, Error)]
pub enum TrialError {
    /// A wrong argument, file, command or seed.
    #[error("{0}")]
    Usage(String),
    /// The value of a flag.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A profile or a seed.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// A mock that does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A file or a process.
    #[error("{}: {}", .0, describe::io(.1))]
    Io(String, io::Error),
    /// A signal stopped the program. The command and its processes are ended.
    #[error("stopped by signal {0}; the command and its processes were ended")]
    Interrupted(u8),
}

impl TrialError {
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Interrupted(signal) => 128 + signal,
            _ => 2,
        }
    }

    /// A file that cannot be used.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io(what.into(), error)
    }
}
