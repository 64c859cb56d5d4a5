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

/// Exchanges of the API in files.
#[derive(Debug, Default)]
pub struct Recordings {
    exchanges: Vec<Exchange>,
    /// The place of each among all entries or lines of the files, from 1.
    places: Vec<usize>,
}

impl Recordings {
    /// Reads files, in order. Requests to other paths are left out; a browser's HAR has many.
    fn read(files: &[PathBuf]) -> Result<Self, TrafficError> {
        let mut all = Self::default();
        let mut before = 0;
        for file in files {
            let (found, count) = numbered(file, engine::is_of_api)?;
            if found.is_empty() {
                let message = "it has no request to the API: each path begins with /api or /v1.0";
                return Err(TrafficError::new(file, message));
            }
            for (number, exchange) in found {
                all.places.push(before + number);
                all.exchanges.push(exchange);
            }
            before += count;
        }
        Ok(all)
    }

    /// An exchange that the engine counts from 1, with its place.
    fn exchange(&self, number: usize) -> (usize, &Exchange) {
        (self.places[number - 1], &self.exchanges[number - 1])
    }

    /// The places of exchanges.
    fn places<'r>(&'r self, numbers: &'r [usize]) -> impl Iterator<Item = usize> + 'r {
        numbers.iter().map(|number| self.places[number - 1])
    }
}

/// Reads a recording: HAR, or one JSON object a line. Exchanges whose URL `keeps` rejects are left
/// out.
pub fn read(path: &Path, keeps: impl Fn(&str) -> bool) -> Result<Vec<Exchange>, TrafficError> {
    let (found, _) = numbered(path, keeps)?;
    Ok(found.into_iter().map(|(_, exchange)| exchange).collect())
}

/// Exchanges with their places in a file, and the number of places.
type Numbered = (Vec<(usize, Exchange)>, usize);

/// The exchanges of a recording.
fn numbered(path: &Path, keeps: impl Fn(&str) -> bool) -> Result<Numbered, TrafficError> {
    let wrong = |message: String| TrafficError::new(path, message);
    let text = text_file::read(path, LARGEST).map_err(wrong)?;
    if text.trim().is_empty() {
        return Err(wrong("it is empty; record some traffic first".to_owned()));
    }
    let read = if har::is_har(&text) {
        har::read(&text, keeps)
    } else {
        lines::read(&text, keeps)
    };
    read.map_err(wrong)
}
