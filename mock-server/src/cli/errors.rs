//! Wrong arguments, in one line.

use std::{ffi::OsString, process::ExitCode};

use bandwidth_fixtures::describe;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{fail, print};
use crate::arguments::{PREFIX, variable};

/// What `variants` and the GitHub action tell other programs.
const FOR_OTHERS: &str = "BANDWIDTH_MOCK_ADMIN_URL";

/// Prints help and version as clap does, and anything else as one line. `words` are the arguments.
pub(super) fn report(error: &clap::Error, words: &[OsString]) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            print(&error.render().to_string());
            ExitCode::SUCCESS
        }
        _ => fail(&one_line(error, words)),
    }
}

/// What people write in the place of a flag that there is, by what they mean.
const GUESSES: [(&[&str], &str); 5] = [
    (
        &["--port", "-p", "-P", "--host", "--bind", "--address", "-l"],
        "where to listen is --listen ADDRESS:PORT, or --listen PORT on this machine alone",
    ),
    (
        &["--verbose", "-v", "--debug", "--log-level", "--trace"],
        "to see each request, write --log info; debug and trace show more",
    ),
    (
        &["--latency", "--delay", "--error", "--errors", "--fail"],
        "to let requests wait or fail, write --fault delay=500 or --fault status=503,every=5",
    ),
    (
        &[
            "--username",
            "--password",
            "--user",
            "-u",
            "--account",
            "--account-id",
        ],
        "the accounts and their logins come from --seed FILE",
    ),
    (
        &["--data", "--file", "-f", "--fixtures", "--db"],
        "the accounts and users come from --seed FILE, and what no flag gives from --config FILE",
    ),
];

/// What is wrong, where it comes from and what would be right.
fn one_line(error: &clap::Error, words: &[OsString]) -> String {
    if let Some(told) = unknown(error, words) {
        return told;
    }
    let told = describe::usage(&error.render().to_string());
    match variable_of(error, words) {
        Some(name) => format!("{name}: {told}"),
        None => told,
    }
}

/// What an argument was meant to be that is none.
fn unknown(error: &clap::Error, words: &[OsString]) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let ContextValue::String(written) = error.get(ContextKind::InvalidArg)? else {
        return None;
    };
    let is_variants = words.get(1).is_some_and(|word| word == "variants");
    if is_variants && !written.starts_with('-') {
        return Some(format!(
            "`{written}`: the command to run follows `--`, as bandwidth-mock variants -- {written}"
        ));
    }
    let name = written.split('=').next()?;
    let meant = meant(name)?;
    Some(format!(
        "there is no {name}; {meant}; `--help` shows what there is"
    ))
}

/// What would be right in the place of a flag that there is not.
fn meant(flag: &str) -> Option<&'static str> {
    let guess = GUESSES.iter().find(|(guesses, _)| guesses.contains(&flag));
    guess.map(|(_, meant)| *meant)
}

/// The flag, or its variable where the flag does not stand among the words.
pub(super) fn place(flag: &str, words: &[OsString]) -> String {
    let given = words
        .iter()
        .any(|word| word.to_string_lossy().starts_with(flag));
    let name = variable(flag.trim_start_matches('-'));
    if !given && std::env::var_os(&name).is_some() {
        name
    } else {
        flag.to_owned()
    }
}

/// The variable that gave the wrong value, where the flag does not stand among the words.
fn variable_of(error: &clap::Error, words: &[OsString]) -> Option<String> {
    if !matches!(
        error.kind(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
    ) {
        return None;
    }
    let ContextValue::String(shown) = error.get(ContextKind::InvalidArg)? else {
        return None;
    };
    let flag = shown.split(' ').next()?;
    Some(place(flag, words)).filter(|place| place != flag)
}

/// Variables of ours that no flag has: what they say is not heard.
pub(super) fn unknown_variables(command: &clap::Command) -> Vec<String> {
    let commands = std::iter::once(command).chain(command.get_subcommands());
    let arguments = commands.flat_map(clap::Command::get_arguments);
    let mut known: Vec<&str> = arguments
        .filter_map(|argument| argument.get_env()?.to_str())
        .collect();
    known.push(FOR_OTHERS);
    let known: Vec<&str> = known
        .iter()
        .filter_map(|name| name.strip_prefix(PREFIX))
        .collect();
    let told = |name: &str| {
        let flag = format!("--{}", name.to_lowercase().replace('_', "-"));
        let right = match (meant(&flag), describe::nearest(name, known.iter().copied())) {
            (Some(meant), _) => meant.to_owned(),
            (None, Some(near)) => format!("did you mean {PREFIX}{near}?"),
            (None, None) => "`--help` shows which there are".to_owned(),
        };
        format!("the variable {PREFIX}{name} says nothing to this program; {right}")
    };
    let mut names: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| Some(name.to_str()?.strip_prefix(PREFIX)?.to_owned()))
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    names.sort();
    names.iter().map(|name| told(name)).collect()
}
