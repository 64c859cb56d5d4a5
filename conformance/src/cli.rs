//! The command line, and the one-line errors for wrong arguments.

use std::{ffi::OsString, path::PathBuf, time::SystemTime};

use bandwidth_fixtures::describe;
use clap::{
    Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    limits::{LimitArgs, seconds},
    registry::Selection,
    report::ReportTo,
};

const EXAMPLES: &str = "\
Examples:
  All cases, against a mock inside this process:
    bandwidth-conformance
  The same with Bandwidth's published options, without a line for each case that passed:
    bandwidth-conformance run --profile published --quiet
  A few cases, by parts of their ids, with an HTML report:
    bandwidth-conformance run --filter password --filter put --report html=report.html
  The cases of an area, and what one case checks:
    bandwidth-conformance list --area create
    bandwidth-conformance explain create.password.weak-is-400
  A real account: first the plan, then only reads, then one user, then all cases:
    export BW_ACCOUNT_ID=... BW_USERNAME=... BW_PASSWORD=...
    export TARGET=https://dashboard.bandwidth.com/api
    bandwidth-conformance plan --target \"$TARGET\" --list
    bandwidth-conformance run --target \"$TARGET\"
    bandwidth-conformance run --target \"$TARGET\" --smoke \\
      --allow-writes --confirm-account \"$BW_ACCOUNT_ID\"
    bandwidth-conformance run --target \"$TARGET\" \\
      --allow-writes --confirm-account \"$BW_ACCOUNT_ID\"

If a deleted user stays on the account, a run creates no second one, names the user that stays, and
ends with exit code 5. --allow-leftovers creates all users; --prepared-user KEY creates none.

The login comes from BW_ACCOUNT_ID with BW_USERNAME and BW_PASSWORD, or with BW_CLIENT_ID and
BW_CLIENT_SECRET, or from a file with --credentials. It is never an argument. For a target on this
machine the default is the mock's demo login.

Exit codes: 0 all passed, 1 failures, 2 usage or configuration, 3 inconclusive, 4 nothing was
executed, 5 a user of the run is left behind or may be, 6 refused as unsafe.";

/// Checks how a server of Bandwidth's user-management API behaves, case by case.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run cases against a target (the default command)
    #[command(after_help = EXAMPLES)]
    Run(RunArgs),
    /// Learn how a target behaves, and write that as a profile for the mock
    #[command(
        after_help = "Example: bandwidth-conformance probe --target http://127.0.0.1:8080 --out learned.toml"
    )]
    Probe(ProbeArgs),
    /// Show the differences between two profiles or two JSON reports; exit code 1 if there are any
    #[command(
        after_help = "Example: bandwidth-conformance diff learned-may.toml learned-june.toml"
    )]
    Diff(DiffArgs),
    /// Show where an account differs from the guide or from Bandwidth's documents; exit code 1 if
    /// it differs from the guide
    #[command(after_help = "Example: bandwidth-conformance drift learned.toml")]
    Drift(DriftArgs),
    /// Send random operations, and compare every response with a model of the API
    ///
    /// The printed seed repeats them. A trace that fails on the built-in mock is reduced to the
    /// smallest failing trace.
    #[command(after_help = "Example: bandwidth-conformance fuzz --traces 200 --seed 7")]
    Fuzz(FuzzArgs),
    /// Show how many requests, users and seconds a run would take; sends nothing to the target
    #[command(
        after_help = "Example: bandwidth-conformance plan --target https://dashboard.bandwidth.com/api --smoke --list"
    )]
    Plan(PlanArgs),
    /// List the cases: id, level and claim; sends nothing
    #[command(after_help = "Example: bandwidth-conformance list --filter password")]
    List(Selection),
    /// Show what a case checks, the source of its claims, what it needs and what it measures
    #[command(after_help = "Example: bandwidth-conformance explain create.password.weak-is-400")]
    Explain {
        /// Id of the case, as `list` shows it
        case: String,
    },
    /// Run one case and show every request and response
    #[command(after_help = "Example: bandwidth-conformance replay create.password.weak-is-400")]
    Replay {
        /// Id of the case, as `list` shows it
        case: String,
        #[command(flatten)]
        aim: AimArgs,
    },
    /// Delete the users that an earlier run left, or restore its prepared user, from its ledger
    #[command(
        after_help = "Example: bandwidth-conformance cleanup --ledger bandwidth-conformance-cf-1a2b3c4d.ledger --dry-run"
    )]
    Cleanup(CleanupArgs),
    /// Print the JSON Schema of `--report json`
    Schema,
    /// Print a completion script for a shell
    #[command(
        after_help = "Example: bandwidth-conformance completions bash > ~/.local/share/bash-completion/completions/bandwidth-conformance"
    )]
    Completions {
        /// Print the script for this shell
        shell: clap_complete::Shell,
    },
}

/// Target, login and limits.
#[derive(Debug, Clone, Args)]
pub struct AimArgs {
    /// `mock` starts a mock inside this process. Otherwise `http://127.0.0.1:PORT` or
    /// `https://HOST`. Remote targets are read-only by default, at one request a second
    #[arg(long, value_name = "mock|URL", default_value = "mock")]
    pub target: String,
    /// The expected options: guide, published, or a profile file; the built-in mock has the same
    #[arg(long, value_name = "NAME|FILE", default_value = "guide")]
    pub profile: String,
    /// Take the login from a TOML file: `account_id`, and `username` and `password` or
    /// `client_id` and `client_secret`
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// The identity domain of the account; the variable `BW_DOMAIN` sets it too [default: Iris]
    #[arg(long, value_name = "NAME")]
    pub domain: Option<String>,
    /// Trust only the certificates in this PEM file, for example a mock's ca.pem
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Write each exchange without secrets to this new HAR file, for `bandwidth-mock learn`
    #[arg(long, value_name = "FILE")]
    pub har: Option<PathBuf>,
    /// Start of the built-in mock's clock (RFC 3339 in UTC) [default: 2026-03-04T12:00:00Z]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_rfc3339)]
    pub clock: Option<SystemTime>,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Arguments of `fuzz`.
#[derive(Debug, Args)]
pub struct FuzzArgs {
    #[command(flatten)]
    pub aim: AimArgs,
    /// Keep the profile; by default each trace on the built-in mock changes some behaviours
    #[arg(long)]
    pub fixed_profile: bool,
    /// Seed of all traces [default: a new one, which is printed]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Number of traces
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub traces: u64,
    /// Number of operations in each trace
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub steps: usize,
    /// Run only this trace, counted from 0
    #[arg(long, value_name = "N")]
    pub trace: Option<u64>,
    /// File that lists the created users until all are removed; unused with the built-in mock
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub aim: AimArgs,
    #[command(flatten)]
    pub selection: Selection,
    /// TOML file of known failures, each with a reason and an expiry date
    #[arg(long, value_name = "FILE")]
    pub known: Option<PathBuf>,
    /// Write a report: json, junit, html or markdown [example: --report junit=junit.xml]
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<ReportTo>,
    /// File that lists the created users until all are removed; unused with the built-in mock
    /// [default: bandwidth-conformance-RUN.ledger in the current folder]
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Print only failed and inconclusive cases, with a summary; nothing if the run succeeds
    #[arg(long)]
    pub quiet: bool,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub aim: AimArgs,
    #[command(flatten)]
    pub selection: Selection,
    /// Also list every request: method, path, purpose and case
    #[arg(long)]
    pub list: bool,
}

/// Arguments of `probe`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct ProbeArgs {
    /// `--profile` supplies the options that cannot be observed.
    #[command(flatten)]
    pub aim: AimArgs,
    /// The profile to write; its exchanges go to OUT.exchanges.json
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Probe only this behaviour or area; repeatable [example: --only put.semantics]
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Skip this behaviour or area; repeatable [example: --skip password]
    #[arg(long, value_name = "ID")]
    pub skip: Vec<String>,
    /// Continue an interrupted probe; first removes the users that it left
    #[arg(long)]
    pub resume: bool,
    /// Send bursts of up to 40 requests until the target limits them, and stop at the second 429
    #[arg(long)]
    pub rate_probe: bool,
    /// Change nothing: send only GET, HEAD and OPTIONS
    #[arg(long)]
    pub read_only: bool,
    /// Only show how many requests, users and seconds it would take; sends nothing to the target
    #[arg(long)]
    pub plan: bool,
}

/// Formats of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Lines for a terminal
    Text,
    /// A table for a comment or a page
    Markdown,
    /// For programs
    Json,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A profile (guide, published or a file), or a JSON report
    pub a: String,
    /// Another profile or report
    pub b: String,
    /// Output format
    #[arg(long, value_name = "FORM", default_value = "markdown")]
    pub format: Form,
}

/// Arguments of `drift`.
#[derive(Debug, Args)]
pub struct DriftArgs {
    /// A profile that `probe` wrote, or one with the answers of Bandwidth's support
    pub profile: String,
    /// Show every behaviour, including those that do not differ or are unknown
    #[arg(long)]
    pub all: bool,
    /// Output format
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Form,
}

/// Arguments of `cleanup`.
#[derive(Debug, Args)]
pub struct CleanupArgs {
    /// Ledger of the earlier run
    #[arg(long, value_name = "FILE")]
    pub ledger: PathBuf,
    /// Only list the users that would be deleted
    #[arg(long)]
    pub dry_run: bool,
    /// Take the login from a TOML file
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// Trust only the certificates in this PEM file
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Longest delay until a write is visible to reads [default: 5; remote: 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub settle: Option<f64>,
}

/// The command line as data, for what is made from it: completions, manual pages, the reference.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Result of reading the arguments.
pub enum Parsed {
    /// Something to do.
    Command(Box<Command>),
    /// Help or version, to be printed as it is.
    Text(String),
    /// A usage error in one line.
    Wrong(String),
}

/// Reads the arguments, the program's name first.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Parsed {
    let matches = taking_negative_numbers(command()).try_get_matches_from(arguments);
    match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => Parsed::Command(Box::new(cli.command.unwrap_or(Command::Run(cli.run)))),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Parsed::Text(error.render().to_string())
            }
            _ => Parsed::Wrong(
                guessed(&error).unwrap_or_else(|| describe::usage(&error.render().to_string())),
            ),
        },
    }
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

/// Suggests the right flag in place of one of other programs. Text after the flag is not repeated:
/// it may be a password.
fn guessed(error: &clap::Error) -> Option<String> {
    let flag = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(flag))) => flag.as_str(),
        _ => return None,
    };
    let flag = flag.split('=').next().unwrap_or(flag);
    let instead = match flag {
        "--url" | "--base-url" | "--host" | "--server" | "--endpoint" => {
            "name the server with --target URL"
        }
        "--user" | "--username" | "--password" | "--account" | "--account-id" | "--client-id"
        | "--client-secret" | "--token" | "-u" | "-p" => {
            "set the login in the environment (BW_ACCOUNT_ID with BW_USERNAME and BW_PASSWORD, or with BW_CLIENT_ID and BW_CLIENT_SECRET) or in a file with --credentials FILE"
        }
        "--verbose" | "-v" | "-vv" | "--debug" => {
            "a run prints every case unless --quiet is given; `replay CASE` shows every request and response of a case, and --report html=FILE those of all cases"
        }
        _ => return None,
    };
    Some(format!("there is no {flag}; {instead}; see `--help`"))
}
