//! Wrong arguments, in one line.

use std::process::ExitCode;

use clap::error::ErrorKind;

use super::{fail, print};

/// Prints help and version as clap does, and anything else as one line.
pub(super) fn report(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            print(&error.render().to_string());
            ExitCode::SUCCESS
        }
        _ => fail(&one_line(error)),
    }
}

/// What is wrong, the tips, and where to read more; without the usage.
fn one_line(error: &clap::Error) -> String {
    let rendered = error.render().to_string();
    let parts: Vec<&str> = rendered
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .map(|line| line.strip_prefix("error: ").unwrap_or(line))
        .collect();
    format!("{}; see --help", parts.join("; "))
}
