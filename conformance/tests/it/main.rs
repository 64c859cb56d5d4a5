//! The suite from outside: against embedded emulators that behave as expected, or do not, and its
//! command line.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod against;
#[cfg(unix)]
mod answers;
mod behaviours;
mod canary;
mod caution;
mod command_line;
mod commands;
mod domains;
mod fuzzing;
mod har;
mod killed;
mod leaving;
mod messages;
mod modelled;
mod probing;
mod recorded;
mod registry;
mod safety;
mod sloppy;
#[cfg(unix)]
mod stopped;
#[path = "../support/support.rs"]
mod support;
mod url;
mod verdicts;
