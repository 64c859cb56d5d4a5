//! The project's own chores: parses the command line and calls one module per chore.

mod bench;
mod dist;
mod docs;
mod fuzz;
mod generate;
mod layers;
mod mock;
mod mutants;
mod process;
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
    /// Write the reference in docs/ and the schemas, which are made from code and data
    Gen(generate::Options),
    /// Run the suite against servers that are broken on purpose, and print which case catches which
    Mutants(mutants::Options),
    /// Let libFuzzer look for bytes that break a law of the parsers
    Fuzz(fuzz::Options),
    /// Measure a release mock beside a static server that sends the same bytes
    Bench(bench::Options),
    /// Serve what `bench` measures the mock against
    #[command(hide = true)]
    Reference(bench::reference::Options),
    /// Make an archive of both programs for people without Rust, and what an image is built from
    Dist(dist::Options),
    /// Run every `sh` block of the Markdown files, and check their links
    Docs(docs::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Layers => layers::run(),
        Chore::Gen(options) => generate::run(&options),
        Chore::Mutants(options) => mutants::run(&options),
        Chore::Fuzz(options) => fuzz::run(&options),
        Chore::Bench(options) => bench::run(&options),
        Chore::Reference(options) => bench::reference::run(&options),
        Chore::Dist(options) => dist::run(&options),
        Chore::Docs(options) => docs::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
