//! Wrong arguments, in one line.

use std::{ffi::OsString, process::ExitCode};

use bandwidth_fixtures::describe;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{fail, print_or_fail};
use crate::arguments::{PREFIX, variable};

/// A variable that `variants`, `rehearse` and the GitHub action set for other programs.
const FOR_OTHERS: &str = "BANDWIDTH_MOCK_ADMIN_URL";

/// Prints help and version as clap does, and anything else as one line. `words` are the arguments.
pub(super) fn report(error: &clap::Error, words: &[OsString]) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            print_or_fail(Ok(error.render().to_string()))
        }
        _ => fail(&one_line(error, words)),
    }
}

/// Flags that people guess, and what does what they mean.
const GUESSES: [(&str, &str); 10] = [
    ("--host", "--listen ADDRESS:PORT"),
    ("-p", "--listen PORT"),
    ("--verbose", "--log info"),
    ("-v", "--log info"),
    ("--latency", "--fault delay=500"),
    ("--delay", "--fault delay=500"),
    ("--error", "--fault status=503,every=5"),
    ("--username", "--seed FILE"),
    ("--password", "--seed FILE"),
    ("--data", "--seed FILE"),
];

/// Describes the problem, its source and the correction.
fn one_line(error: &clap::Error, words: &[OsString]) -> String {
    if let Some(message) = unknown(error, words) {
        return message;
    }
    if error.kind() == ErrorKind::InvalidUtf8
        && let Some(name) = unreadable_variable()
    {
        return format!("{name}: it is not text in UTF-8; write it in UTF-8");
    }
    let message = describe::usage(&error.render().to_string());
    match variable_of(error, words) {
        Some(name) => format!("{name}: {message}"),
        None => message,
    }
}

/// A variable of ours whose value is not UTF-8.
fn unreadable_variable() -> Option<String> {
    let ours = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        (name.starts_with(PREFIX) && value.to_str().is_none()).then_some(name)
    });
    ours.min()
}

/// Suggests what was meant by an unknown argument.
fn unknown(error: &clap::Error, words: &[OsString]) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let ContextValue::String(written) = error.get(ContextKind::InvalidArg)? else {
        return None;
    };
    let trials = ["variants", "rehearse"];
    let trial = trials
        .iter()
        .find(|name| words.get(1).is_some_and(|word| word == **name));
    if let Some(trial) = trial.filter(|_| !written.starts_with('-')) {
        return Some(format!(
            "`{written}`: the command to run follows `--`, for example bandwidth-mock {trial} -- {written}"
        ));
    }
    let name = written.split('=').next()?;
    let guess = GUESSES.iter().find(|(guess, _)| *guess == name);
    guess.map(|(_, meant)| format!("there is no {name}; write {meant}; see `--help`"))
}

/// The flag, or its variable if the flag is not among the arguments.
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

/// The variable with the wrong value, if the flag is not among the arguments.
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

/// Warnings about variables with our prefix that no flag has.
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
    let message = |name: &str| {
        let right = match describe::nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean {PREFIX}{near}?"),
            None => "`--help` shows which there are".to_owned(),
        };
        format!("the variable {PREFIX}{name} is unknown; {right}")
    };
    let mut names: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| Some(name.to_str()?.strip_prefix(PREFIX)?.to_owned()))
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    names.sort();
    names.iter().map(|name| message(name)).collect()
}
