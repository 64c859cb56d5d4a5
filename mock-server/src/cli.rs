//! The command line: raw arguments, and what each command prints.

mod announce;
mod assumptions;
mod client;
mod errors;
mod log;
#[cfg(feature = "traffic")]
mod record;
mod system;
mod tables;

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

use bandwidth_fixtures::describe;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, builder::Resettable};
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use self::{assumptions::AssumptionsArguments, client::Failure, log::Log};
use crate::{
    arguments::{Program, ServeArguments},
    server::{self, BindError, Sockets},
};
#[cfg(feature = "traffic")]
use crate::{
    record::RecordArguments,
    traffic::{self, LearnArguments, ReplayArguments},
};
#[cfg(feature = "trials")]
use crate::{
    rehearse::{self, RehearseArguments},
    trial::TrialError,
    variants::{self, VariantsArguments},
};

/// The exit code of wrong usage or configuration.
const USAGE: u8 = 2;

/// An in-memory emulator of Bandwidth's Dashboard user-management API.
#[derive(Debug, Parser)]
#[command(
    name = "bandwidth-mock",
    version,
    args_conflicts_with_subcommands = true
)]
#[command(after_help = "Examples:
  bandwidth-mock                                  serve on localhost:8080 with the profile guide
  bandwidth-mock --profile published              serve with Bandwidth's published behaviour
  bandwidth-mock --set put.semantics=merge        change one behaviour
  bandwidth-mock --listen :0 --announce json      on a free port, for a script
  bandwidth-mock --fault status=503,every=5       make every fifth request fail
  bandwidth-mock behaviours put.semantics         show an open question with its options and evidence
  bandwidth-mock profiles published --diff guide  show the differences between two profiles")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the emulated API (the default command)
    Serve(Box<ServeArguments>),
    /// List the profiles, or show one with the evidence of each option
    #[command(after_help = "Examples:
  bandwidth-mock profiles
  bandwidth-mock profiles published
  bandwidth-mock profiles published --diff guide
  bandwidth-mock profiles ./learned.toml --diff guide")]
    Profiles {
        /// Name of the profile: guide, published, or the path of a profile file
        name: Option<String>,
        /// Show only the differences from this profile
        #[arg(long, value_name = "OTHER", requires = "name")]
        diff: Option<String>,
        /// Print the JSON Schema of profile files
        #[arg(long, conflicts_with = "name")]
        schema: bool,
    },
    /// List the behaviours, or show one with its options and their evidence
    #[command(after_help = "Examples:
  bandwidth-mock behaviours
  bandwidth-mock behaviours put.semantics
  bandwidth-mock behaviours password        show an area")]
    Behaviours {
        /// Show this behaviour, for example put.semantics, or this area, for example put
        id: Option<String>,
    },
    #[cfg(feature = "trials")]
    /// Run your command once for each alternative behaviour of the API, and show what breaks it
    ///
    /// Each run gets a fresh mock, with its address and login in the environment. Only behaviours
    /// that the command's requests relied on in the first run are varied.
    #[command(
        after_help = "The environment of the command has BW_BASE_URL, BW_ACCOUNT_ID, BW_DOMAIN, BW_USERNAME, BW_PASSWORD,
BW_CLIENT_ID, BW_CLIENT_SECRET and BANDWIDTH_MOCK_ADMIN_URL. If BANDWIDTH_MOCK_ADMIN_URL is set, tests
must use this mock and start none of their own.

Examples:
  bandwidth-mock variants -- npm test
  bandwidth-mock variants --only put,delete --jobs 4 --junit variants.xml -- pytest -q

Exit codes:
  0  no variant breaks the command
  1  a variant breaks it, a run sends no request, or an entry of --known no longer applies
  2  the command cannot run, or does not pass in the baseline
  3  the command is flaky, and no variant breaks it
  129, 130, 143  SIGHUP, SIGINT, SIGTERM; the command and its processes are stopped first"
    )]
    Variants(Box<VariantsArguments>),
    #[cfg(feature = "trials")]
    /// Run your command against each kind of failure at its requests, and compare the remaining users
    ///
    /// The command runs without a fault first. Then each situation happens once, at the first, middle
    /// and last request of each operation that the command used, each time in a fresh mock. If the
    /// command fails or leaves other users, it runs again without the fault.
    #[command(after_help = format!("The environment of the command has BW_BASE_URL, BW_ACCOUNT_ID, BW_DOMAIN, BW_USERNAME, BW_PASSWORD,
BW_CLIENT_ID, BW_CLIENT_SECRET and BANDWIDTH_MOCK_ADMIN_URL. If BANDWIDTH_MOCK_ADMIN_URL is set, tests
must use this mock and start none of their own.

Situations:
{}
Examples:
  bandwidth-mock rehearse -- python3 sync.py
  bandwidth-mock rehearse --only create_user --every --jobs 4 --html rehearsal.html -- ./sync
  bandwidth-mock rehearse --situation basic-ended --profile published -- ./sync

Exit codes:
  0  no run is stuck, wrong or harmed
  1  a run is, or an entry of --known no longer applies
  2  the command cannot run, or does not pass in the baseline
  3  the command is flaky
  129, 130, 143  SIGHUP, SIGINT, SIGTERM; the command and its processes are stopped first", rehearse::table()))]
    Rehearse(Box<RehearseArguments>),
    #[cfg(feature = "traffic")]
    /// Record the traffic between a client and the real API, without secrets, as HAR
    ///
    /// Point the client at the announced base URL or proxy. Requests and responses pass unchanged.
    /// Passwords, tokens and other credentials are replaced before anything is written.
    #[command(after_help = "Examples:
  bandwidth-mock record --upstream https://dashboard.bandwidth.com/api --out traffic.har
  bandwidth-mock record --proxy --ca-out ca.pem --out traffic.har
  bandwidth-mock record --upstream https://dashboard.bandwidth.com/api --read-only --anonymize --out traffic.har

Exit codes: 0 after SIGINT and SIGTERM; 2 if it cannot start.")]
    Record(Box<RecordArguments>),
    #[cfg(feature = "traffic")]
    /// Learn from recorded traffic how a server behaves, and write a profile
    ///
    /// Recordings are HAR files or logs with one JSON object a line. The command sends no requests.
    #[command(after_help = "Examples:
  bandwidth-mock learn traffic.har --out learned.toml
  bandwidth-mock learn monday.jsonl tuesday.jsonl --base published --out learned.toml --seed-out users.json
  bandwidth-mock --profile learned.toml --seed users.json

Exit codes: 0; 2 if a file cannot be read or written.")]
    Learn(LearnArguments),
    #[cfg(feature = "traffic")]
    /// Compare recorded traffic with the predictions of a profile
    #[command(after_help = "Examples:
  bandwidth-mock replay traffic.har --profile learned.toml
  bandwidth-mock replay traffic.har --profile learned.toml --fail-on difference --report junit=replay.xml

Exit codes: 0; 1 if --fail-on finds something; 2 if a file cannot be read or written.")]
    Replay(ReplayArguments),
    /// Exit with 0 if a server is ready, 1 if not
    #[command(after_help = "Examples:
  bandwidth-mock ready
  bandwidth-mock ready --url http://127.0.0.1:9000

Exit codes: 0 if it is ready, 1 if it is not.")]
    Ready {
        /// Send requests to the server at this URL [default: the variable of --admin-listen or of
        /// --listen, else 127.0.0.1:8080]
        #[arg(long, value_name = "URL", env = "BANDWIDTH_MOCK_URL")]
        url: Option<String>,
    },
    /// Show the behaviours that requests to a running server relied on, with their evidence, or
    /// print them as questions to Bandwidth's support
    #[command(after_help = "Examples:
  bandwidth-mock assumptions
  bandwidth-mock assumptions --fail-on assumed
  bandwidth-mock assumptions --questions > questions.txt
  bandwidth-mock assumptions --questions --profile ./our-account.toml

Exit codes: 0; 1 if --fail-on finds something; 2 if the server cannot be reached.")]
    Assumptions(AssumptionsArguments),
    /// Print a completion script for a shell
    #[command(after_help = "Example:
  bandwidth-mock completions bash > ~/.local/share/bash-completion/completions/bandwidth-mock")]
    Completions {
        /// Print the script for this shell
        shell: clap_complete::Shell,
    },
}

/// The command line as data, for what is made from it: completions, manual pages, the reference.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the command of these arguments, the first of which is the program's name.
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let words: Vec<std::ffi::OsString> = arguments.into_iter().collect();
    let arguments = match parse(&words) {
        Ok(arguments) => arguments,
        Err(error) => return errors::report(&error, &words),
    };
    match arguments.command {
        None => serve(arguments.serve),
        Some(Command::Serve(serve_arguments)) => serve(*serve_arguments),
        Some(Command::Profiles { schema: true, .. }) => {
            print_or_fail(Ok(bandwidth_fixtures::NamedProfile::schema()))
        }
        Some(Command::Profiles { name, diff, .. }) => {
            print_or_fail(tables::profiles(name.as_deref(), diff.as_deref()))
        }
        Some(Command::Behaviours { id }) => print_or_fail(tables::behaviours(id.as_deref())),
        #[cfg(feature = "trials")]
        Some(Command::Variants(arguments)) => {
            let place = |flag: &str| errors::place(flag, &words);
            exit(variants::run(&arguments, place, &mut std::io::stdout()))
        }
        #[cfg(feature = "trials")]
        Some(Command::Rehearse(arguments)) => {
            let place = |flag: &str| errors::place(flag, &words);
            exit(rehearse::run(&arguments, place, &mut std::io::stdout()))
        }
        #[cfg(feature = "traffic")]
        Some(Command::Record(arguments)) => {
            match record::run(&arguments, |flag| errors::place(flag, &words)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(message) => fail(&message),
            }
        }
        #[cfg(feature = "traffic")]
        Some(Command::Learn(arguments)) => {
            let learned = traffic::learn(&arguments);
            match learned
                .map_err(|error| error.to_string())
                .and_then(|text| print(&text))
            {
                Ok(()) => ExitCode::SUCCESS,
                Err(message) => fail(&message),
            }
        }
        #[cfg(feature = "traffic")]
        Some(Command::Replay(arguments)) => match traffic::replay(&arguments) {
            Ok(printed) => match print(&printed.text) {
                Ok(()) => ExitCode::from(u8::from(!printed.ok)),
                Err(message) => fail(&message),
            },
            Err(error) => fail(&error.to_string()),
        },
        Some(Command::Ready { url }) => match ready(url.as_deref(), &words) {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure::Usage(message)) => fail(&message),
            Err(Failure::Unavailable(message)) => {
                print_to_stderr(&format!("not ready: {message}\n"));
                ExitCode::FAILURE
            }
        },
        Some(Command::Assumptions(arguments)) => match assumptions::run(&arguments, &words) {
            Ok(printed) => match print(&printed.text) {
                Ok(()) => ExitCode::from(u8::from(!printed.ok)),
                Err(message) => fail(&message),
            },
            Err(message) => fail(&message),
        },
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), "bandwidth-mock", &mut script);
            print_or_fail(Ok(String::from_utf8_lossy(&script).into_owned()))
        }
    }
}

/// Exit code after a trial.
#[cfg(feature = "trials")]
fn exit(ended: Result<u8, TrialError>) -> ExitCode {
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            fail(&error.to_string());
            ExitCode::from(error.exit_code())
        }
    }
}

/// Checks that the server is ready.
fn ready(url: Option<&str>, words: &[std::ffi::OsString]) -> Result<(), Failure> {
    let answer = client::get(url, words, "ready", None)?;
    match answer.status {
        200 => Ok(()),
        _ => Err(Failure::another(&answer.authority)),
    }
}

fn parse(words: &[std::ffi::OsString]) -> Result<Arguments, clap::Error> {
    let command = taking_negative_numbers(without_empty_variables(command()));
    let matches = command.try_get_matches_from(words)?;
    let mut arguments = Arguments::from_arg_matches(&matches)?;
    match (&mut arguments.command, matches.subcommand()) {
        (None, _) => arguments.serve.note_places(&matches),
        (Some(Command::Serve(serve)), Some((_, matches))) => serve.note_places(matches),
        _ => {}
    }
    Ok(arguments)
}

/// An empty variable counts as unset: Compose passes unset ones so.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let reset = |argument: clap::Arg| {
        let name = argument.get_env();
        if name.is_some_and(|name| std::env::var_os(name).is_some_and(|text| text.is_empty())) {
            argument.env(Resettable::Reset)
        } else {
            argument
        }
    };
    command
        .mut_args(reset)
        .mut_subcommands(without_empty_variables)
}

/// A number below 0 is a wrong value of its flag, not a flag of its own.
fn taking_negative_numbers(command: clap::Command) -> clap::Command {
    let taking = |argument: clap::Arg| {
        let takes_values = argument.get_action().takes_values() && !argument.is_positional();
        argument.allow_negative_numbers(takes_values)
    };
    command
        .mut_args(taking)
        .mut_subcommands(taking_negative_numbers)
}

/// Prints a one-line error.
fn fail(message: &str) -> ExitCode {
    print_to_stderr(&format!("error: {message}\n"));
    ExitCode::from(USAGE)
}

/// Prints to stderr, unless that is closed or full. The exit code reports the error in any case.
fn print_to_stderr(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn print_or_fail(text: Result<String, bandwidth_fixtures::FixtureError>) -> ExitCode {
    let text = text.map_err(|error| error.to_string());
    match text.and_then(|text| print(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

/// Prints to stdout. A reader that went away, for example `head`, is not an error.
fn print(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    let printed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match printed {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("standard output: {}", describe::io(&error)))
        }
        _ => Ok(()),
    }
}

fn serve(arguments: ServeArguments) -> ExitCode {
    let checked = arguments.with_file().and_then(|arguments| {
        let program = arguments.program()?;
        Ok((arguments, program))
    });
    let (arguments, program) = match checked {
        Ok(checked) => checked,
        Err(error) => return fail(&error.to_string()),
    };
    let log = start_log(program.log.clone());
    for name in errors::unknown_variables(&command()) {
        tracing::warn!("{name}");
    }
    let served = run_server(program, &arguments);
    log.flush();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

/// Logs what the filter lets through to stderr.
fn start_log(filter: Targets) -> Log {
    let log = Log::start();
    let lines = tracing_subscriber::fmt::layer()
        .log_internal_errors(false)
        .with_writer(log.clone())
        .with_ansi(std::io::stderr().is_terminal())
        .with_filter(filter);
    tracing_subscriber::registry().with(lines).init();
    // The standard hook would write to stderr itself, and wait there.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    log
}

/// A thread for each core. On one core a second thread would only be waited for.
fn runtime() -> tokio::runtime::Builder {
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() == 1) {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    }
}

fn run_server(mut program: Program, arguments: &ServeArguments) -> Result<(), String> {
    system::raise_file_limit();
    let config = &mut program.config;
    config.require_token().map_err(|error| error.to_string())?;
    let certificates = config.certificates().map_err(|error| error.to_string())?;
    let sockets = Sockets::bind(config.listen, config.admin_listen)
        .map_err(|error| cannot_listen(arguments, &error))?;
    let addresses = sockets
        .addresses()
        .map_err(|error| format!("cannot listen: {error}"))?;
    if let (Some(path), Some(pem)) = (&program.ca_out, certificates.ca_pem()) {
        std::fs::write(path, pem).map_err(|error| {
            let place = arguments.place("ca-out");
            let why = describe::io_of_write(&error);
            format!("{place} {}: {why}", path.display())
        })?;
    }
    let app = config
        .app(&addresses, &certificates)
        .map_err(|error| error.to_string())?;
    let app = Arc::new(app);
    let runtime = runtime()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let served = runtime.block_on(async {
        let mut signals =
            system::Signals::new().map_err(|error| format!("cannot wait for signals: {error}"))?;
        announce::announce(&program, &addresses)?;
        let stopped = Arc::clone(&app);
        tokio::spawn(async move {
            signals.wait().await;
            stopped.stop();
        });
        if program.until_stdin_closes {
            let stopped = Arc::clone(&app);
            std::thread::spawn(move || {
                // An error of standard input is its end too.
                let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
                stopped.stop();
            });
        }
        server::serve(sockets, app, certificates)
            .await
            .map_err(|error| format!("cannot serve: {error}"))
    });
    runtime.shutdown_background();
    served
}

fn cannot_listen(arguments: &ServeArguments, failed: &BindError) -> String {
    let name = if failed.admin {
        "admin-listen"
    } else {
        "listen"
    };
    let BindError { address, error, .. } = failed;
    let why = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("the port is in use; choose another, or a free one with --{name} :0")
        }
        std::io::ErrorKind::PermissionDenied => {
            "not permitted; choose a port above 1023".to_owned()
        }
        std::io::ErrorKind::AddrNotAvailable => {
            "this machine does not have that address; choose 127.0.0.1, or 0.0.0.0 for all addresses"
                .to_owned()
        }
        _ => error.to_string(),
    };
    let place = arguments.place(name);
    format!("{place}: cannot listen on {address}: {why}")
}
