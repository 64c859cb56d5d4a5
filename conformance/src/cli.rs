//! The command line: what can be asked for, and how a wrong question is answered in one line.

use std::ffi::OsString;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, error::ErrorKind};

use crate::case::Level;

const EXAMPLES: &str = "\
Examples:
  All cases, against a mock inside this process:
    bandwidth-conformance
  The same against a server on this machine:
    bandwidth-conformance run --target http://127.0.0.1:8080
  Expecting what Bandwidth has published, without a line for what passed:
    bandwidth-conformance run --profile published --quiet
  A few cases, by parts of their ids:
    bandwidth-conformance run --filter password --filter put
  What there is, and what one case is about:
    bandwidth-conformance list --area create
    bandwidth-conformance explain create.password.weak-is-400

The login for --target URL comes from BW_ACCOUNT_ID, BW_USERNAME and BW_PASSWORD, never from an
argument; without them it is the mock's demo login.

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
    /// List the cases: id, level and claim; sends nothing
    #[command(after_help = "Example: bandwidth-conformance list --filter password")]
    List(SelectionArgs),
    /// Show what a case claims, where the claim comes from and what it measures
    #[command(after_help = "Example: bandwidth-conformance explain create.password.weak-is-400")]
    Explain {
        /// Id of the case, as `list` shows it
        case: String,
    },
}

/// Which cases.
#[derive(Debug, Args)]
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
}

/// How to run them.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// `mock` starts one inside this process; or http://127.0.0.1:PORT, with or without /api
    #[arg(long, value_name = "mock|URL", default_value = "mock")]
    pub target: String,
    /// What to expect: guide, published, or a profile file; the mock inside runs the same
    #[arg(long, value_name = "NAME|FILE", default_value = "guide")]
    pub profile: String,
    /// Which cases.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Show only what neither passed nor was observed, and the summary
    #[arg(long)]
    pub quiet: bool,
}

/// What came of reading the arguments.
pub enum Parsed {
    /// Something to do.
    Command(Command),
    /// Help or version, to be printed as it is.
    Text(String),
    /// A usage error in one line.
    Wrong(String),
}

/// Reads the arguments, the program's name first.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Parsed {
    let matches = Cli::command().try_get_matches_from(arguments);
    match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => Parsed::Command(cli.command.unwrap_or(Command::Run(cli.run))),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Parsed::Text(error.render().to_string())
            }
            _ => Parsed::Wrong(one_line(&error.render().to_string())),
        },
    }
}

/// clap says what is wrong, what would be right, and how the command is used; the first two fit on
/// a line.
fn one_line(rendered: &str) -> String {
    let lines = rendered
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(|line| {
            line.trim_start_matches("error: ")
                .trim_start_matches("tip: ")
        })
        .map(|line| line.trim_matches(['[', ']']))
        .filter(|line| !line.is_empty());
    let mut text = String::new();
    for line in lines {
        let joint = match text.chars().last() {
            None => "",
            // What is missing follows a colon.
            Some(':') => " ",
            Some(_) => "; ",
        };
        text = text + joint + line;
    }
    text + "; `--help` shows what there is"
}
