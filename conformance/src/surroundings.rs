//! The environment of the command line.

use std::io::Write;

use crate::{limits::Limits, report::console::Colour};

/// The environment of a run of the command line.
pub struct Surroundings<'a> {
    /// Reads an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Takes the report.
    pub out: &'a mut dyn Write,
    /// Takes errors.
    pub err: &'a mut dyn Write,
    pub colour: Colour,
    /// True if the progress bar is shown.
    pub watched: bool,
    /// Changes what a run may do: tests shorten its waits.
    pub adjust: fn(&mut Limits),
}
