//! The subcommands.

mod aim;
mod clean;
mod diff;
mod emulators;
mod fuzz;
mod plan;
mod probe;
mod progress;
mod replay;
mod run;
mod runtime;
mod selection;
mod signals;

use self::selection::select;
use crate::{
    cli::{self, Command},
    describe,
    error::{self, ConformanceError},
    outcome::RunReport,
    registry,
    surroundings::Surroundings,
};

/// Does it; returns the exit code.
pub(crate) fn perform(
    command: Command,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let text = match command {
        Command::Run(arguments) => return run::run(&arguments, surroundings),
        Command::Diff(arguments) => return diff::diff(&arguments, surroundings),
        Command::Drift(arguments) => return diff::drift(&arguments, surroundings),
        Command::Probe(arguments) => return probe::probe(&arguments, surroundings),
        Command::Fuzz(arguments) => return fuzz::fuzz(&arguments, surroundings),
        Command::Plan(arguments) => return plan::plan(&arguments, surroundings),
        Command::Replay { case, aim } => return replay::replay(&case, &aim, surroundings),
        Command::Cleanup(arguments) => return clean::clean(&arguments, surroundings),
        Command::List(arguments) => describe::list_text(&select(arguments)?),
        Command::Explain { case } => describe::explain_text(&registry::find(&case)?),
        Command::Schema => RunReport::schema(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            let (mut command, name) = (cli::command(), "bandwidth-conformance");
            clap_complete::generate(shell, &mut command, name, &mut script);
            String::from_utf8_lossy(&script).into_owned()
        }
    };
    write!(surroundings.out, "{text}")?;
    Ok(error::PASSED)
}
