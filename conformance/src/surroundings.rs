//! What the outside gives the command line.

use std::io::Write;

use crate::{limits::Limits, report::console::Colour};

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
    /// Whether a terminal shows the progress bar.
    pub watched: bool,
    /// Changes what a run may do: tests shorten its waits.
    pub adjust: fn(&mut Limits),
}
