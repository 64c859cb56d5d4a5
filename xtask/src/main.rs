//! The project's own chores: parses the command line and calls one module per chore.

mod bench;
mod dist;
mod docs;
mod fuzz;
mod generate;
mod layers;
mod mock;
mod mutants;
mod pages;
mod process;
mod site;
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
    /// Check that modules depend only on lower layers
    Layers,
    /// Write the reference in docs/ and the schemas, which are generated from code and data
    Gen(generate::Options),
    /// Run the suite against deliberately broken servers, and print which case catches which server
    Mutants(mutants::Options),
    /// Search with libFuzzer for input that breaks an invariant of the parsers
    Fuzz(fuzz::Options),
    /// Compare a release mock with a static server that sends the same bytes
    Bench(bench::Options),
    /// Serve the static reference of `bench`
    #[command(hide = true)]
    Reference(bench::reference::Options),
    /// Build an archive of both programs for users without Rust, and the context of the image
    Dist(dist::Options),
    /// Build the documents as a site with search, in target/site
    Site,
    /// Check the links of the Markdown files, build the site, and run every `sh` block
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
        Chore::Site => site::run(),
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
