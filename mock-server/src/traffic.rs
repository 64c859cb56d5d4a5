//! Recorded traffic, and what it says of the server that answered it.

pub mod engine;
pub mod exchange;
pub mod har;
mod learn;
mod lines;
mod recordings;
mod replay;
mod time;

use std::path::Path;

use bandwidth_fixtures::describe;
use thiserror::Error;

pub use self::{
    exchange::{Answer, Exchange, PasswordFeatures},
    learn::{CommandError, LearnArguments, not_modelled, profile_from, run as learn},
    recordings::{Recordings, read},
    replay::{ReplayArguments, run as replay},
};

/// A file of recorded traffic that cannot be read or written. The text names the file and the entry,
/// and says what to do.
#[derive(Debug, Error)]
#[error("{file}: {message}")]
pub struct TrafficError {
    file: String,
    message: String,
}

impl TrafficError {
    pub(crate) fn new(path: &Path, message: impl Into<String>) -> Self {
        Self {
            file: path.display().to_string(),
            message: message.into(),
        }
    }

    fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::new(path, describe::io(error))
    }
}
