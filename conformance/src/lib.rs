//! A black-box suite that tells how a server of Bandwidth's user-management API behaves.
//!
//! It takes names, request bodies and profiles from `bandwidth-fixtures`, but judges raw status,
//! headers and bodies with its own readers: what the emulator and its codec get wrong must not be
//! wrong here too. [`main`] is the command line; [`runner::execute`] is the same for tests.

pub mod case;
pub mod cli;
pub mod context;
pub mod decode;
pub mod exit;
pub mod ledger;
pub mod outcome;
pub mod password;
mod random;
pub mod redact;
pub mod registry;
pub mod reply;
pub mod report;
pub mod run;
pub mod runner;
mod suites;
pub mod target;
pub mod transport;
pub mod wire;

use std::{ffi::OsString, fmt::Write as _, io::Write, net::SocketAddr, sync::Arc};

use bandwidth_fixtures::{BehaviourId, NamedProfile};

use crate::{
    case::Case,
    cli::{Command, Parsed, RunArgs, SelectionArgs},
    exit::{ConformanceError, USAGE},
    registry::Selection,
    report::console::{Colour, Console, Detail},
    run::{GoldenMode, Run},
    target::Credentials,
};

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
}

/// The command line: `arguments` with the program's name first; returns the exit code.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    surroundings: &mut Surroundings<'_>,
) -> u8 {
    let result = match cli::parse(arguments) {
        Parsed::Text(text) => write!(surroundings.out, "{text}")
            .map(|()| exit::PASSED)
            .map_err(ConformanceError::from),
        Parsed::Wrong(line) => Err(ConformanceError::Usage(line)),
        Parsed::Command(command) => perform(command, surroundings),
    };
    result.unwrap_or_else(|error| {
        // Without a place to write to, the exit code has to do.
        let written = writeln!(surroundings.err, "bandwidth-conformance: {error}");
        written.map_or(USAGE, |()| error.code())
    })
}

fn perform(command: Command, surroundings: &mut Surroundings<'_>) -> Result<u8, ConformanceError> {
    match command {
        Command::Run(arguments) => run(arguments, surroundings),
        Command::List(arguments) => {
            let cases = selection(arguments).choose(registry::cases())?;
            write!(surroundings.out, "{}", list_text(&cases))?;
            Ok(exit::PASSED)
        }
        Command::Explain { case } => {
            write!(
                surroundings.out,
                "{}",
                explain_text(&registry::find(&case)?)
            )?;
            Ok(exit::PASSED)
        }
    }
}

fn selection(arguments: SelectionArgs) -> Selection {
    Selection {
        filters: arguments.filter,
        area: arguments.area,
        level: arguments.level,
    }
}

/// What a run is aimed at, ready to be asked.
struct Aim {
    address: SocketAddr,
    credentials: Credentials,
    goldens: GoldenMode,
    description: String,
    note: &'static str,
    /// Kept so that it runs as long as the cases do.
    #[cfg(feature = "embedded")]
    _server: Option<target::embedded::Embedded>,
}

fn aim(
    target: &str,
    expected: &NamedProfile,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Aim, ConformanceError> {
    if target == "mock" {
        return embedded(expected);
    }
    let address = target::parse_url(target)?;
    let (credentials, note) = match Credentials::from_variables(variable)? {
        Some(credentials) => (credentials, ""),
        None => (
            Credentials::demo(),
            "; BW_ACCOUNT_ID, BW_USERNAME and BW_PASSWORD are not set, so the login is the demo seed's",
        ),
    };
    Ok(Aim {
        address,
        credentials,
        goldens: GoldenMode::Symbolic,
        description: format!("http://{address}{}", target::BASE),
        note,
        #[cfg(feature = "embedded")]
        _server: None,
    })
}

#[cfg(feature = "embedded")]
fn embedded(expected: &NamedProfile) -> Result<Aim, ConformanceError> {
    let seed = bandwidth_fixtures::Seed::built_in("demo").expect("the demo seed is compiled in");
    let server = target::embedded::Embedded::start(expected.clone(), seed)
        .map_err(ConformanceError::Unreachable)?;
    Ok(Aim {
        address: server.address(),
        credentials: Credentials::demo(),
        goldens: GoldenMode::Exact,
        description: "embedded mock".to_owned(),
        note: "",
        _server: Some(server),
    })
}

#[cfg(not(feature = "embedded"))]
fn embedded(_: &NamedProfile) -> Result<Aim, ConformanceError> {
    Err(ConformanceError::Usage(
        "--target: this build has no embedded mock; write http://127.0.0.1:PORT".to_owned(),
    ))
}

fn run(arguments: RunArgs, surroundings: &mut Surroundings<'_>) -> Result<u8, ConformanceError> {
    let expected = NamedProfile::load(&arguments.profile)?;
    let cases = selection(arguments.selection).choose(registry::cases())?;
    let aim = aim(&arguments.target, &expected, surroundings.variable)?;
    let run = Arc::new(Run::new(
        aim.address,
        aim.credentials,
        expected,
        aim.goldens,
    )?);
    let detail = if arguments.quiet {
        Detail::Quiet
    } else {
        Detail::All
    };
    let redactor = &run.redactor;
    let mut console = Console::new(surroundings.out, redactor, detail, surroundings.colour);
    console.intro(&format!(
        "{} cases against {}, account {}, expecting profile {}{}",
        cases.len(),
        aim.description,
        run.credentials.account_id,
        run.expected.name(),
        aim.note
    ))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(async {
        run.preflight().await?;
        let interrupt = async {
            // Without a handler an interrupt ends the process at once, as ever.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let mut tell = |case: &outcome::CaseReport| console.case(case);
        let report = runner::execute(&run, &cases, aim.description, interrupt, &mut tell).await;
        report.map_err(ConformanceError::from)
    })?;
    console.summary(&report)?;
    Ok(exit::code_of(&report))
}

/// The cases as `list` shows them.
pub fn list_text(cases: &[Case]) -> String {
    let width = cases.iter().map(|case| case.id.len()).max().unwrap_or(0);
    cases.iter().fold(String::new(), |text, case| {
        text + &format!("{:width$}  {:12}  {}\n", case.id, case.level, case.claim)
    })
}

/// A case as `explain` shows it.
pub fn explain_text(case: &Case) -> String {
    let mut text = format!(
        "{}\n  claim     {}\n  level     {}\n  source    {}\n",
        case.id, case.claim, case.level, case.source
    );
    let needs: Vec<&str> = case.needs.iter().map(|need| need.as_str()).collect();
    let needs = if needs.is_empty() {
        "nothing but a login; it only reads".to_owned()
    } else {
        needs.join(", ")
    };
    let _ = writeln!(text, "  needs     {needs}");
    for id in case
        .measures
        .iter()
        .filter_map(|id| id.parse::<BehaviourId>().ok())
    {
        let question = &id.behaviour().question;
        let _ = writeln!(text, "  measures  {id}: {question}");
    }
    text
}
