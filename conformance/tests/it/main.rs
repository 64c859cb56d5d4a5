//! The suite from outside: against embedded emulators that behave as expected, or do not, and its
//! command line.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[cfg(feature = "embedded")]
mod against;
#[cfg(all(feature = "embedded", unix))]
mod answers;
mod behaviours;
#[cfg(feature = "embedded")]
mod canary;
#[cfg(feature = "embedded")]
mod caution;
mod command_line;
#[cfg(feature = "embedded")]
mod commands;
#[cfg(feature = "embedded")]
mod domains;
#[cfg(feature = "embedded")]
mod fuzzing;
#[cfg(feature = "embedded")]
mod har;
#[cfg(feature = "embedded")]
mod killed;
#[cfg(feature = "embedded")]
mod leaving;
#[cfg(feature = "embedded")]
mod messages;
#[cfg(feature = "embedded")]
mod modelled;
#[cfg(feature = "embedded")]
mod probing;
mod registry;
#[cfg(feature = "embedded")]
mod safety;
#[cfg(feature = "embedded")]
mod sloppy;
#[cfg(all(feature = "embedded", unix))]
mod stopped;
#[cfg(feature = "embedded")]
#[path = "../support/support.rs"]
mod support;
#[cfg(feature = "embedded")]
mod url;
#[cfg(feature = "embedded")]
mod verdicts;
