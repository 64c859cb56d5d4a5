//! `docs/reference/command-line.md`: the commands and flags of both programs, from clap.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};

use super::markdown::{code, codes, head, plain, sentence, table};

pub(super) fn page() -> String {
    let mut text = head(
        "Command line",
        "mock-server/src/cli.rs and conformance/src/cli.rs",
    );
    text += "`cargo mock` and `cargo conformance` in a clone are these two programs. A flag beats its \
             variable, and a variable beats `--config FILE`.\n\n";
    for mut program in [
        bandwidth_mock::cli::command(),
        bandwidth_conformance::cli::Cli::command(),
    ] {
        program.build();
        text += &command(&program, 2);
    }
    text.trim_end().to_owned() + "\n"
}

fn command(command: &Command, level: usize) -> String {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let about = command.get_long_about().or(command.get_about());
    let about = about.map_or_else(String::new, |about| sentence(&about.to_string()));
    let mut text = format!("{} {name}\n\n{about}\n\n", "#".repeat(level));
    let usage = command.clone().render_usage().to_string();
    let usage: Vec<&str> = usage
        .lines()
        .map(|line| line.trim_start_matches("Usage:").trim())
        .collect();
    let _ = writeln!(text, "```text\n{}\n```\n", usage.join("\n"));
    let subcommands: Vec<&Command> = command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .collect();
    match subcommands.iter().find(|sub| is_default(command, sub)) {
        Some(default) => {
            let name = default.get_name();
            let _ = writeln!(text, "Without a command it does what `{name}` does.\n");
        }
        None => text += &arguments(command),
    }
    if let Some(after) = command.get_after_help() {
        let shown_above = subcommands
            .iter()
            .any(|sub| sub.get_after_help().map(ToString::to_string) == Some(after.to_string()));
        if !shown_above {
            let _ = writeln!(text, "```text\n{}\n```\n", after.to_string().trim());
        }
    }
    for sub in subcommands {
        text += &self::command(sub, level + 1);
    }
    text
}

/// True if the subcommand is the default: it accepts every argument of the command itself.
fn is_default(command: &Command, sub: &Command) -> bool {
    let mut own = shown(command).peekable();
    own.peek().is_some() && own.all(|arg| shown(sub).any(|other| other.get_id() == arg.get_id()))
}

fn shown(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version"))
}

fn arguments(command: &Command) -> String {
    let rows = shown(command).map(|arg| {
        let variable = arg.get_env().map(|name| code(name.to_string_lossy()));
        let (meaning, default) = meaning(arg);
        [written(arg), variable.unwrap_or_default(), default, meaning]
    });
    if shown(command).any(|arg| arg.get_env().is_some()) {
        return table(["argument", "variable", "default", "meaning"], rows);
    }
    table(
        ["argument", "default", "meaning"],
        rows.map(|[written, _, default, meaning]| [written, default, meaning]),
    )
}

/// `--listen ADDRESS:PORT`
fn written(arg: &Arg) -> String {
    let values: Vec<&str> = arg
        .get_value_names()
        .unwrap_or_default()
        .iter()
        .map(clap::builder::Str::as_str)
        .collect();
    let values = if arg.get_action().takes_values() {
        values.join(" ")
    } else {
        String::new()
    };
    let text = match arg.get_long() {
        Some(long) => format!("--{long} {values}"),
        None if arg.is_last_set() => format!("-- {values}..."),
        None => values,
    };
    code(text.trim_end())
}

/// Describes an argument, and its default: clap's, or the one that the help gives in brackets.
fn meaning(arg: &Arg) -> (String, String) {
    let help = arg.get_long_help().or(arg.get_help());
    let help = help.map_or_else(String::new, ToString::to_string);
    let (help, default_text) = match help
        .strip_suffix(']')
        .and_then(|help| help.rsplit_once(" [default: "))
    {
        Some((help, default)) => (help.to_owned(), Some(default.to_owned())),
        None => (help, None),
    };
    let mut text = sentence(&help);
    let takes_values = arg.get_action().takes_values();
    let possible: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set() && takes_values)
        .map(|value| match value.get_help() {
            Some(help) => format!("{} ({})", code(value.get_name()), plain(&help.to_string())),
            None => code(value.get_name()),
        })
        .collect();
    if !possible.is_empty() {
        let _ = write!(text, " One of {}.", possible.join(", "));
    }
    let defaults = arg.get_default_values().iter();
    let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
    let default = match default_text {
        Some(default_text) => plain(&default_text),
        None if takes_values => codes(defaults),
        None => String::new(),
    };
    let default = if arg.is_required_set() {
        "required".to_owned()
    } else {
        default
    };
    (text, default)
}
