//! A black-box suite that tells how a server of Bandwidth's user-management API behaves.
//!
//! It takes names, request bodies and profiles from `bandwidth-fixtures`, but judges raw status,
//! headers and bodies with its own readers: what the emulator and its codec get wrong must not be
//! wrong here too. [`main`] is the command line; [`runner::execute`] is the same for tests.

pub mod case;
mod challenges;
pub mod claims;
pub mod cleanup;
pub mod cli;
mod commands;
pub mod context;
pub mod decode;
pub mod exchange;
pub mod exit;
pub mod fuzz;
pub mod known;
pub mod ledger;
pub mod login;
pub mod outcome;
pub mod password;
mod politeness;
pub mod probe;
mod random;
pub mod redact;
pub mod registry;
pub mod reply;
pub mod report;
pub mod run;
pub mod runner;
pub mod safety;
mod suites;
pub mod target;
mod token;
pub mod transport;
pub mod wire;

use std::{ffi::OsString, io::Write};

pub use crate::commands::describe::{explain_text, list_text};
use crate::{cli::Parsed, exit::ConformanceError, report::console::Colour};

/// What the outside gives a run of the command line.
pub struct Surroundings<'a> {
    /// Reads an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Takes the report.
    pub out: &'a mut dyn Write,
    /// Takes errors.
    pub err: &'a mut dyn Write,
    /// Whether the report may have colours.
    pub colour: Colour,
    /// Whether somebody watches, so that a progress bar is of use.
    pub watched: bool,
}

/// The command line: `arguments` with the program's name first; returns the exit code.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    surroundings: &mut Surroundings<'_>,
) -> u8 {
    let result = match cli::parse(arguments) {
        Parsed::Text(text) => write!(surroundings.out, "{text}")
            .map(|()| exit::PASSED)
            .map_err(ConformanceError::from),
        Parsed::Wrong(line) => Err(ConformanceError::Usage(line)),
        Parsed::Command(command) => commands::perform(*command, surroundings),
    };
    result.unwrap_or_else(|error| {
        // Without a place to write to, the exit code has to do.
        let line = redact::printable(&error.to_string()).into_owned();
        let _ = writeln!(surroundings.err, "bandwidth-conformance: {line}");
        error.code()
    })
}
