//! Recorded traffic, and what it says of the server that answered it.

pub mod engine;
pub mod exchange;
pub mod har;
mod learn;
mod lines;
mod replay;
mod time;

use std::path::{Path, PathBuf};

use bandwidth_fixtures::{describe, text_file};
use thiserror::Error;

pub use self::{
    exchange::{Answer, Exchange, PasswordFeatures},
    learn::{CommandError, LearnArguments, not_modelled, profile_from, run as learn},
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

/// Bytes of a recording that are read at most: 10,000 exchanges are about 20 MiB.
const LARGEST: u64 = 1 << 30;

/// Reads a recording: HAR, or one JSON object a line. Exchanges whose URL `keeps` rejects are left
/// out; a browser's HAR has many of them.
pub fn read(path: &Path, keeps: impl Fn(&str) -> bool) -> Result<Vec<Exchange>, TrafficError> {
    let wrong = |message: String| TrafficError::new(path, message);
    let text = text_file::read(path, LARGEST).map_err(wrong)?;
    if text.trim().is_empty() {
        return Err(wrong("it is empty; record some traffic first".to_owned()));
    }
    let exchanges = if har::is_har(&text) {
        har::read(&text, keeps)
    } else {
        lines::read(&text, keeps)
    };
    exchanges.map_err(wrong)
}

/// Reads recordings of the API, in order.
fn read_all(files: &[PathBuf]) -> Result<Vec<Exchange>, TrafficError> {
    let mut exchanges = Vec::new();
    for file in files {
        let found = read(file, engine::is_of_api)?;
        if found.is_empty() {
            let message = "it has no request to the API: each path begins with /api or /v1.0";
            return Err(TrafficError::new(file, message));
        }
        exchanges.extend(found);
    }
    Ok(exchanges)
}
