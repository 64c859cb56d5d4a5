//! The command line: exit codes, and messages that fit on a line.

use std::{collections::HashMap, ffi::OsString};

use bandwidth_conformance::{Surroundings, main, report::console::Colour};

/// What a run of the command line came to.
pub(crate) struct Ran {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the command line with these arguments and variables, and nothing else around it.
pub(crate) fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
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
        },
    );
    Ran {
        code,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

#[test]
fn a_wrong_question_is_answered_in_one_line() {
    let mut lines = String::new();
    for arguments in [
        &["--tarjet", "mock"][..],
        &["run", "--level", "documentd"],
        &["run", "--target"],
        &["rum"],
        &["run", "extra"],
        &["explain"],
        &["run", "--profile", "gide"],
        &["run", "--area", "creates"],
        &["run", "--target", "127.0.0.1:80"],
        &["run", "--target", "https://dashboard.bandwidth.com/api"],
        &["run", "--target", "http://me:pw@127.0.0.1:1/api"],
        &["run", "--filter", "pasword"],
        &["list", "--filter", "zzz"],
        &["explain", "create.password.weak"],
        &["list", "--tag", "scenarios"],
        &["list", "--failed-from", "nothing.json"],
        &["run", "--report", "pdf=x"],
        &["run", "--report", "json=no/such/folder/x.json"],
        &["run", "--report", "html=."],
        &["run", "--known", "nothing.toml"],
        &[
            "run",
            "--credentials",
            "nothing.toml",
            "--target",
            "http://127.0.0.1:1",
        ],
        &[
            "run",
            "--ca-file",
            "nothing.pem",
            "--target",
            "https://127.0.0.1:1",
        ],
        &["run", "--rps", "0"],
        &["probe"],
        &["probe", "--out", "x.toml", "--only", "put.semantic"],
        &["probe", "--out", "x.toml", "--target", "http://10.0.0.1"],
        &["diff", "guide"],
        &["diff", "guide", "gide"],
        &["drift", "nothing.toml"],
        &["cleanup"],
        &["cleanup", "--ledger", "nothing.ledger"],
        &["completions", "tcsh"],
    ] {
        let ran = run(arguments, &[]);
        assert_eq!(ran.out, "", "{arguments:?}");
        assert_eq!(ran.err.lines().count(), 1, "{arguments:?}: {}", ran.err);
        lines = format!("{lines}{} {}", ran.code, ran.err);
    }
    insta::assert_snapshot!(lines);
}

#[test]
fn half_a_login_is_a_usage_error_that_shows_none_of_it() {
    let variables = [("BW_USERNAME", "someone"), ("BW_PASSWORD", "Canary-1234")];
    let ran = run(&["run", "--target", "http://127.0.0.1:1"], &variables);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("BW_ACCOUNT_ID is not set"), "{}", ran.err);
    assert!(!ran.err.contains("Canary"), "{}", ran.err);
}

#[test]
fn a_target_that_does_not_answer_is_inconclusive() {
    // Port 1 of the loopback interface has no listener on any machine that builds this.
    let ran = run(&["run", "--target", "http://127.0.0.1:1", "--quiet"], &[]);
    assert_eq!(ran.code, 3);
    assert_eq!(ran.err.lines().count(), 1);
    assert!(ran.err.contains("cannot connect"), "{}", ran.err);
}

#[test]
fn help_teaches_by_example() {
    let ran = run(&["--help"], &[]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out
            .contains("plan --target https://dashboard.bandwidth.com/api"),
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
