//! Trials: the user's own command runs several times, each time in a world of its own, and each
//! run is judged against a baseline.

mod command;
mod comparison;
mod error;
mod group;
mod interrupt;
mod jobs;
mod outcome;
mod report;
mod runner;

pub use self::{
    comparison::Baseline,
    error::TrialError,
    interrupt::Interrupt,
    jobs::side_by_side,
    outcome::{Outcome, Verdict},
    report::{Report, line},
    runner::{Run, Trial, World},
};
