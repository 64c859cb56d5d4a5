//! `cargo xtask bench`: what the mock costs, beside its peers where there are any. Servers are on one
//! core and the load is on another; rounds alternate between the servers, and a ratio compares rounds
//! that followed each other.

mod document;
mod load;
mod machine;
mod peers;
mod record;
pub(crate) mod reference;
mod rounds;
mod scale;
mod start;
mod subject;
mod work;

use std::{path::PathBuf, time::Duration};

use anyhow::{Result, ensure};
use clap::ValueEnum;

use self::{
    load::Load,
    machine::Machine,
    work::{Format, Work},
};
use crate::{mock, workspace};

/// Measurements, and their duration
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Figures of one run can be compared, figures of two runs cannot.

Examples:
  cargo xtask bench peers
  cargo xtask bench --write            measure everything, and write docs/benchmarks.md"
)]
pub(crate) struct Options {
    /// The sections to measure [default: all]
    sections: Vec<Section>,
    /// Length of a round, in seconds
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Rounds for each server
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Write the results into docs/benchmarks.md
    #[arg(long)]
    write: bool,
    /// The released mock; set by the chore itself, which builds and calls itself in release
    #[arg(long, hide = true)]
    mock: Option<PathBuf>,
}

/// A section of docs/benchmarks.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Section {
    /// Processor time beside a static server and httpmock, which is installed from crates.io
    Peers,
    /// Other loads beside the static server
    Loads,
    /// Users, connections, worlds and cores
    Scale,
    /// Start and memory
    Start,
    /// `record` in front of the mock, and `learn`
    Traffic,
}

/// Connections of a load that names no other number.
const CONNECTIONS: usize = 32;

impl Options {
    /// A load of this length.
    fn load(&self, work: Work, format: Format) -> Load {
        Load {
            work,
            format,
            connections: CONNECTIONS,
            time: Duration::from_secs_f64(self.seconds),
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let Some(mock) = &options.mock else {
        return again_in_release();
    };
    let sections = match &*options.sections {
        [] => Section::value_variants(),
        some => some,
    };
    for section in sections {
        let machine = Machine::observe()?;
        let table = match section {
            Section::Peers => peers::beside_both(options, mock)?,
            Section::Loads => peers::beside_static(options, mock)?,
            Section::Scale => scale::measure(options, mock)?,
            Section::Start => start::measure(options.rounds, mock)?,
            Section::Traffic => record::measure(options, mock)?,
        };
        let name = section
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned());
        let text = format!(
            "`cargo xtask bench {name} --seconds {} --rounds {}`, {}\n\n{table}",
            options.seconds,
            options.rounds,
            machine.describe()?
        );
        println!("{text}");
        if options.write {
            document::write(&name, &text)?;
        }
    }
    Ok(())
}

/// Builds the mock and this program in release, and continues there, with `--mock`.
fn again_in_release() -> Result<()> {
    let mock = mock::build("release")?;
    let own = workspace::build("xtask", "xtask", "release")?;
    let status = subject::pinned(&own, subject::LOAD_CORE)
        .args(std::env::args_os().skip(1))
        .arg("--mock")
        .arg(mock)
        .status()?;
    ensure!(status.success(), "the measurement ended early");
    Ok(())
}

/// A number with separators: `1,000`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
