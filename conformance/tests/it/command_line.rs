//! The command line: exit codes, and messages that fit on a line.

use std::{collections::HashMap, ffi::OsString, time::Duration};

use bandwidth_conformance::{Surroundings, limits::Limits, main, report::console::Colour};

/// The result of a command.
pub(crate) struct Ran {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the command line with these arguments and variables, and nothing else around it. It hardly
/// waits for a target that fails.
pub(crate) fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    run_within(hurry, arguments, variables)
}

/// Shortens the waits for a target that fails.
pub(crate) fn hurry(limits: &mut Limits) {
    limits.backoff.cap = Duration::from_millis(100);
}

/// The same, with other changes to what a run may do.
pub(crate) fn run_within(
    adjust: fn(&mut Limits),
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Ran {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = main(
        ["bandwidth-conformance"]
            .iter()
            .chain(arguments)
            .map(OsString::from),
        &mut Surroundings {
            variable: &|name| variables.get(name).map(|value| (*value).to_owned()),
            out: &mut out,
            err: &mut err,
            colour: Colour::Off,
            watched: false,
            adjust,
        },
    );
    Ran {
        code,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

#[test]
fn help_teaches_by_example() {
    let ran = run(&["--help"], &[]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out
            .contains("TARGET=https://dashboard.bandwidth.com/api"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("Exit codes: 0"), "{}", ran.out);
    let ran = run(&["--version"], &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn completions_name_the_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = run(&["completions", shell], &[]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.contains("confirm-account"), "{shell}");
    }
}
