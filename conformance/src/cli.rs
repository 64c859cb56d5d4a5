//! The command line: what can be asked for, and how a wrong question is answered in one line.

use std::{ffi::OsString, path::PathBuf};

use bandwidth_fixtures::describe;
use clap::{
    Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{case::Level, report::ReportTo, safety::Wishes};

const EXAMPLES: &str = "\
Examples:
  All cases, against a mock inside this process:
    bandwidth-conformance
  Expecting what Bandwidth has published, without a line for what passed:
    bandwidth-conformance run --profile published --quiet
  A few cases, by parts of their ids, with a page to look at:
    bandwidth-conformance run --filter password --filter put --report html=report.html
  What there is, and what one case is about:
    bandwidth-conformance list --area create
    bandwidth-conformance explain create.password.weak-is-400
  A real account: first what it would take, then reading only, then writing too:
    export BW_ACCOUNT_ID=... BW_USERNAME=... BW_PASSWORD=...
    bandwidth-conformance plan --target https://dashboard.bandwidth.com/api
    bandwidth-conformance run --target https://dashboard.bandwidth.com/api
    bandwidth-conformance run --target https://dashboard.bandwidth.com/api \\
      --allow-writes --confirm-account \"$BW_ACCOUNT_ID\"

The login comes from BW_ACCOUNT_ID with BW_USERNAME and BW_PASSWORD, or with BW_CLIENT_ID and
BW_CLIENT_SECRET, or from --credentials, never from an argument. On this machine it is the mock's
demo login when nothing is set.

Exit codes: 0 all passed, 1 failures, 2 usage or configuration, 3 inconclusive, 4 nothing was
executed, 5 something it created is left behind, 6 refused as unsafe.";

/// Tells how a server of Bandwidth's user-management API behaves, case by case.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

/// What to do.
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
    /// Say what two profiles, or two JSON reports, say differently; exit code 1 when anything
    #[command(
        after_help = "Example: bandwidth-conformance diff learned-may.toml learned-june.toml"
    )]
    Diff(DiffArgs),
    /// For every behaviour: what the guide says, what Bandwidth publishes, what this account did;
    /// exit code 1 when it did anything that the guide does not say
    #[command(after_help = "Example: bandwidth-conformance drift learned.toml")]
    Drift(DriftArgs),
    /// Send random operations and compare every answer with a model of the API; the seed that is
    /// printed gives the same again, and what fails on a mock is made as small as it gets
    #[command(after_help = "Example: bandwidth-conformance fuzz --traces 200 --seed 7")]
    Fuzz(FuzzArgs),
    /// Say how many requests, users and seconds a run would take; sends nothing to the target
    #[command(after_help = EXAMPLES)]
    Plan(PlanArgs),
    /// List the cases: id, level and claim; sends nothing
    #[command(after_help = "Example: bandwidth-conformance list --filter password")]
    List(SelectionArgs),
    /// Show what a case claims, where the claim comes from, what it needs and what it measures
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
        /// Where and how.
        #[command(flatten)]
        aim: AimArgs,
    },
    /// Delete what an earlier run created and could not remove, as its ledger says
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
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Which cases.
#[derive(Debug, Clone, Default, Args)]
pub struct SelectionArgs {
    /// Only cases whose id contains TEXT; repeat it for alternatives [example: --filter weak]
    #[arg(long, value_name = "TEXT")]
    pub filter: Vec<String>,
    /// Only cases of an area, the first part of their ids [example: --area create]
    #[arg(long, value_name = "AREA")]
    pub area: Option<String>,
    /// Only cases of a level: `documented` and `derived` may fail, `characterise` never does
    #[arg(long, value_name = "LEVEL")]
    pub level: Option<Level>,
    /// Only cases with a tag, such as golden, parity, raw or scenario [example: --tag scenario]
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Only cases that change nothing; nothing but GET, HEAD and OPTIONS is sent
    #[arg(long)]
    pub read_only: bool,
    /// Only cases that failed, erred or were inconclusive in an earlier `--report json`
    #[arg(long, value_name = "FILE")]
    pub failed_from: Option<PathBuf>,
}

/// What to run against, as whom, and how carefully.
#[derive(Debug, Clone, Args)]
pub struct AimArgs {
    /// `mock` starts one inside this process; or `http://127.0.0.1:PORT`; or `https://HOST`, which
    /// is only read from, at one request a second, unless told otherwise
    #[arg(long, value_name = "mock|URL", default_value = "mock")]
    pub target: String,
    /// What to expect: guide, published, or a profile file; the mock inside runs the same
    #[arg(long, value_name = "NAME|FILE", default_value = "guide")]
    pub profile: String,
    /// Take the login from a TOML file: `account_id`, and `username` and `password` or
    /// `client_id` and `client_secret`
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// Trust the certificates in this PEM file and no others, for instance a mock's ca.pem
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Create, change and delete users on another machine; with --confirm-account
    #[arg(long)]
    pub allow_writes: bool,
    /// The account that may be written to, once more
    #[arg(long, value_name = "ID")]
    pub confirm_account: Option<String>,
    /// On another machine, try wrong passwords with the login's own name, and many with a created
    /// user's: either could lock a login, or have the target shut this machine out
    #[arg(long)]
    pub allow_failed_logins: bool,
    /// End the run before it sends more requests than this [on another machine: 1000]
    #[arg(long, value_name = "N")]
    pub max_requests: Option<u64>,
    /// End the run before it creates more users than this [on another machine: 400]
    #[arg(long, value_name = "N")]
    pub max_users: Option<u64>,
    /// Requests a second, at most [on another machine: 1]
    #[arg(long, value_name = "N", value_parser = rps)]
    pub rps: Option<f64>,
    /// How long one request is tried again while the target answers 429 or fails, altogether
    /// [60, on another machine 300]
    #[arg(long, value_name = "SECONDS")]
    pub patience: Option<u64>,
}

fn rps(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    number
        .filter(|rps: &f64| rps.is_finite() && *rps >= 0.001)
        .ok_or_else(|| "write a number of at least 0.001, such as 0.5 or 10".to_owned())
}

impl AimArgs {
    /// What was asked for.
    pub fn wishes(&self, read_only: bool) -> Wishes {
        Wishes {
            read_only,
            allow_writes: self.allow_writes,
            confirm_account: self.confirm_account.clone(),
            allow_failed_logins: self.allow_failed_logins,
            max_requests: self.max_requests,
            max_users: self.max_users,
            rps: self.rps,
            patience: self.patience,
        }
    }
}

/// What to send at random.
#[derive(Debug, Args)]
pub struct FuzzArgs {
    /// Where and how.
    #[command(flatten)]
    pub aim: AimArgs,
    /// Keep to the profile; else each trace on the mock inside changes some of its behaviours
    #[arg(long)]
    pub fixed_profile: bool,
    /// Decides all traces [default: a new one, which is printed]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many traces
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub traces: u64,
    /// How many operations each has
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub steps: usize,
    /// Only the trace of this number, from 0
    #[arg(long, value_name = "N")]
    pub trace: Option<u64>,
    /// The file that says what was created on a target that is not inside, until it is removed
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
}

/// How to run them.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Where and how.
    #[command(flatten)]
    pub aim: AimArgs,
    /// Which cases.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// A TOML file of known failures, each with a reason and the day until which it is known
    #[arg(long, value_name = "FILE")]
    pub known: Option<PathBuf>,
    /// Write a report: json, junit, html or markdown [example: --report junit=junit.xml]
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<ReportTo>,
    /// The file that says what the run created, until all of it is removed; a run against a
    /// server of its own needs none [default: bandwidth-conformance-RUN.ledger, in this folder]
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Show only what neither passed nor was observed, and the summary
    #[arg(long)]
    pub quiet: bool,
}

/// What to plan.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Where and how.
    #[command(flatten)]
    pub aim: AimArgs,
    /// Which cases.
    #[command(flatten)]
    pub selection: SelectionArgs,
}

/// What to probe.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct ProbeArgs {
    /// Where and how; `--profile` is where what cannot be observed is taken from.
    #[command(flatten)]
    pub aim: AimArgs,
    /// The profile to write; its exchanges go beside it, to OUT.exchanges.json
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Only this behaviour, or this area of behaviours; repeatable [example: --only put.semantics]
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Not this behaviour, or not this area; repeatable [example: --skip password]
    #[arg(long, value_name = "ID")]
    pub skip: Vec<String>,
    /// Go on with a probe that was interrupted; first removes the users that it left
    #[arg(long)]
    pub resume: bool,
    /// Send bursts of up to 40 requests until the target limits them, and stop at the second 429
    #[arg(long)]
    pub rate_probe: bool,
    /// On another machine, create more users also where the first one cannot be removed again
    #[arg(long)]
    pub allow_leftovers: bool,
    /// Change nothing; nothing but GET, HEAD and OPTIONS is sent
    #[arg(long)]
    pub read_only: bool,
    /// Only say how many requests, users and seconds it would take; sends nothing to the target
    #[arg(long)]
    pub plan: bool,
}

/// How differences are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// A table for people
    Markdown,
    /// For programs
    Json,
}

/// What to compare.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A profile (guide, published or a file), or a JSON report
    pub a: String,
    /// Another one of the same kind
    pub b: String,
    /// How to write it
    #[arg(long, value_name = "FORM", default_value = "markdown")]
    pub format: Form,
}

/// What to look at.
#[derive(Debug, Args)]
pub struct DriftArgs {
    /// The profile that `probe` wrote
    pub profile: String,
    /// How to write it
    #[arg(long, value_name = "FORM", default_value = "markdown")]
    pub format: Form,
}

/// What to clean up.
#[derive(Debug, Args)]
pub struct CleanupArgs {
    /// The ledger that the run left
    #[arg(long, value_name = "FILE")]
    pub ledger: PathBuf,
    /// Only list what would be deleted
    #[arg(long)]
    pub dry_run: bool,
    /// Take the login from a TOML file
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// Trust the certificates in this PEM file and no others
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

/// The command line as data, for what is made from it: completions, manual pages, the reference.
pub fn command() -> clap::Command {
    Cli::command()
}

/// What came of reading the arguments.
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
    let matches = command().try_get_matches_from(arguments);
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

/// What would be right in the place of a flag that other programs have. Nothing that follows the
/// flag is repeated: it may be a password.
fn guessed(error: &clap::Error) -> Option<String> {
    let flag = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(flag))) => flag.as_str(),
        _ => return None,
    };
    let flag = flag.split('=').next().unwrap_or(flag);
    let instead = match flag {
        "--url" | "--base-url" | "--host" | "--server" | "--endpoint" => {
            "the server to test is named with --target URL"
        }
        "--user" | "--username" | "--password" | "--account" | "--account-id" | "--client-id"
        | "--client-secret" | "--token" | "-u" | "-p" => {
            "the login comes from BW_ACCOUNT_ID with BW_USERNAME and BW_PASSWORD, or with BW_CLIENT_ID and BW_CLIENT_SECRET, or from a file with --credentials FILE, never from an argument"
        }
        "--verbose" | "-v" | "-vv" | "--debug" => {
            "a run tells of every case unless --quiet is given; `replay CASE` shows every request and response of one, and --report html=FILE those of all"
        }
        _ => return None,
    };
    Some(format!(
        "there is no {flag}; {instead}; `--help` shows what there is"
    ))
}
