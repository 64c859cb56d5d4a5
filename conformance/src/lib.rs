//! A black-box suite that shows how a server of Bandwidth's user-management API behaves.
//!
//! Names, request bodies and profiles come from `bandwidth-fixtures`. The suite judges raw status,
//! headers and bodies with its own readers, so that it does not repeat errors of the emulator's
//! codec. [`main`] is the command line; [`runner::execute`] is the same for tests.

#![expect(
    missing_docs,
    reason = "the library serves only its program, the tests and xtask; names say enough"
)]

pub mod account;
pub mod case;
mod challenges;
pub mod claims;
pub mod cli;
mod commands;
pub mod decode;
mod describe;
pub mod dialogue;
pub mod dispatch;
pub mod error;
pub mod exchange;
mod files;
pub mod fit;
pub mod fuzz;
pub mod known;
pub mod leftover;
pub mod limits;
pub mod login;
pub mod outcome;
pub mod password;
pub mod probe;
mod random;
pub mod redact;
pub mod registry;
pub mod report;
pub mod runner;
mod suites;
mod surroundings;
pub mod target;
mod token;
pub mod transcript;
pub mod transport;
pub mod verdict;
pub mod wire;

use std::ffi::OsString;

use crate::{cli::Parsed, error::ConformanceError};
pub use crate::{
    describe::{explain_text, list_text},
    surroundings::Surroundings,
};

/// The command line: `arguments` with the program's name first; returns the exit code.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    surroundings: &mut Surroundings<'_>,
) -> u8 {
    let result = match cli::parse(arguments) {
        Parsed::Text(text) => write!(surroundings.out, "{text}")
            .map(|()| error::PASSED)
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
