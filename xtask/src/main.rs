//! The project's own chores: parses the command line and calls one module per chore.

mod clients;
mod journal;
mod layers;
mod mock;
mod process;
mod readme;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own chores
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Check which part of the sources may mention what
    Layers,
    /// Let official clients, installed into a temporary folder, work against the mock
    Clients,
    /// Send many large requests to a release mock, and watch its journal and its memory
    Journal(journal::Options),
    /// Run every `sh` block of README.md
    Readme(readme::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Layers => layers::run(),
        Chore::Clients => clients::run(),
        Chore::Journal(options) => journal::run(&options),
        Chore::Readme(options) => readme::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
