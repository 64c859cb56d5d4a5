//! Trials: the user's own command runs several times, each time in a world of its own, and each
//! run is judged against a baseline.

mod arguments;
mod baseline;
mod command;
mod comparison;
mod error;
mod group;
mod interrupt;
mod jobs;
mod left;
mod outcome;
mod page;
mod report;
mod runner;
mod table;

pub use self::{
    arguments::{TrialArguments, profile},
    baseline::{baseline, silence},
    command::Ending,
    comparison::Baseline,
    error::TrialError,
    jobs::side_by_side,
    left::{Difference, Expected, Left},
    outcome::{BASELINE, FLAKY, Outcome, Place, Subject, Verdict, exit_code, known_problems},
    report::{Report, headline, line},
    runner::{Run, Stage, Trial, World},
    table::Table,
};
