//! Wrong arguments, in one line.

use std::{ffi::OsString, process::ExitCode};

use bandwidth_fixtures::describe;
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

/// What is wrong, where it comes from and what would be right.
fn one_line(error: &clap::Error, words: &[OsString]) -> String {
    let told = describe::usage(&error.render().to_string());
    match variable_of(error, words) {
        Some(name) => format!("{name}: {told}"),
        None => told,
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
    let name = variable(flag.strip_prefix("--")?);
    let given = words
        .iter()
        .any(|word| word.to_string_lossy().starts_with(flag));
    (!given && std::env::var_os(&name).is_some()).then_some(name)
}
