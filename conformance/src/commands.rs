//! What the command line can be asked to do.

mod aim;
mod clean;
pub(crate) mod describe;
mod diff;
mod fuzz;
mod plan;
mod probe;
mod progress;
mod replay;
mod run;
mod signals;

use std::{fs, path::Path};

use crate::{
    Surroundings,
    case::Case,
    cli::{self, Command, SelectionArgs},
    exit::{self, ConformanceError},
    outcome::Verdict,
    registry::{self, Selection},
    report::document::{Document, FORMAT},
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
        Command::Schema => Document::schema(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            let (mut command, name) = (cli::command(), "bandwidth-conformance");
            clap_complete::generate(shell, &mut command, name, &mut script);
            String::from_utf8_lossy(&script).into_owned()
        }
    };
    write!(surroundings.out, "{text}")?;
    Ok(exit::PASSED)
}

/// Waits for a future, on a runtime of its own.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, ConformanceError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(future))
}

/// The chosen cases.
fn select(arguments: SelectionArgs) -> Result<Vec<Case>, ConformanceError> {
    let ids = arguments
        .failed_from
        .as_deref()
        .map(failed_in)
        .transpose()?;
    let selection = Selection {
        filters: arguments.filter,
        area: arguments.area,
        level: arguments.level,
        tag: arguments.tag,
        read_only: arguments.read_only,
        ids,
    };
    selection.choose(registry::cases())
}

/// Ids of the cases that an earlier run has no good verdict on.
fn failed_in(path: &Path) -> Result<Vec<String>, ConformanceError> {
    let name = path.display();
    let usage = |what: String| ConformanceError::Usage(format!("--failed-from {name}: {what}"));
    let text = fs::read_to_string(path)
        .map_err(|error| usage(bandwidth_fixtures::describe::io(&error)))?;
    let document: Document = serde_json::from_str(&text)
        .ok()
        .filter(|document: &Document| document.format == FORMAT)
        .ok_or_else(|| {
            usage("it is no report that --report json=FILE of this version wrote".to_owned())
        })?;
    let ids: Vec<String> = document
        .cases
        .into_iter()
        .filter(|case| {
            matches!(
                case.verdict,
                Verdict::Fail | Verdict::Error | Verdict::Inconclusive
            )
        })
        .map(|case| case.id)
        .collect();
    if ids.is_empty() {
        return Err(ConformanceError::NothingSelected(format!(
            "--failed-from {name}: no case failed, erred or was inconclusive there, so nothing was executed"
        )));
    }
    Ok(ids)
}
