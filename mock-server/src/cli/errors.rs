//! Wrong arguments, in one line.

use std::{ffi::OsString, process::ExitCode};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{fail, print};

/// The variable of a flag.
pub(super) fn variable(name: &str) -> String {
    format!("BANDWIDTH_MOCK_{}", name.replace('-', "_").to_uppercase())
}

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

/// What is wrong, the tips, and where to read more; without the usage.
fn one_line(error: &clap::Error, words: &[OsString]) -> String {
    let rendered = error.render().to_string();
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
    let mut text = variable_of(error, words).map_or_else(String::new, |name| name + ":");
    for line in lines {
        let joint = match text.chars().last() {
            None => "",
            // What is missing follows a colon.
            Some(':') => " ",
            Some(_) => "; ",
        };
        text = text + joint + line;
    }
    let text = text.replace(
        "invalid digit found in string",
        "write a whole number, not below 0",
    );
    text + "; `--help` shows what there is"
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
    let name = variable(flag.strip_prefix("--")?);
    let given = words
        .iter()
        .any(|word| word.to_string_lossy().starts_with(flag));
    (!given && std::env::var_os(&name).is_some()).then_some(name)
}
