//! The command line against an emulator that runs on its own.

use crate::{
    against::{profile, server},
    command_line::{Ran, run},
};

/// A run with `--target` against an emulator of profile `actual`.
fn run_against(actual: &str, set: &[&str], arguments: &[&str]) -> Ran {
    let server = server(profile(actual, set), &[]);
    let url = format!("http://{}/api", server.address());
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let ledger = ledger.to_str().unwrap();
    let arguments = [
        &["run", "--target", &url, "--ledger", ledger][..],
        arguments,
    ]
    .concat();
    run(&arguments, &[])
}

#[test]
fn a_target_on_this_machine_runs_with_the_demo_login_and_says_so() {
    for name in ["guide", "published"] {
        // Deleting deactivates by the second one.
        let some = ["--profile", name, "--area", "golden"];
        let arguments = [&some[..], &["--settle", "0.1", "--allow-leftovers"]].concat();
        let ran = run_against(name, &[], &arguments);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        assert!(
            ran.out
                .contains("no login is set, so it is the demo seed's")
        );
        assert!(!ran.out.contains("Api-Passw0rd!23"));
        assert!(ran.out.contains("pass          golden."), "{}", ran.out);
    }
}

#[test]
fn the_mock_inside_is_the_default_target_and_passes() {
    let ran = run(&["--area", "update", "--quiet"], &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(!ran.out.contains("pass  "), "{}", ran.out);
}

#[test]
fn a_failure_is_exit_code_1_and_quiet_shows_it_alone() {
    let arguments = ["--area", "update", "--quiet"];
    let ran = run_against("guide", &["put.semantics=merge"], &arguments);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("fail"), "{}", ran.out);
    assert!(!ran.out.contains("pass "), "{}", ran.out);
}

#[test]
fn a_rate_limit_is_inconclusive_and_never_a_failure() {
    let limit = ["rate.limit=20/1h"];
    let ran = run_against(
        "guide",
        &limit,
        &["--area", "get", "--quiet", "--patience", "0"],
    );
    assert_eq!(ran.code, 5, "{}", ran.out);
    assert!(!ran.out.contains("fail"), "{}", ran.out);
    assert!(ran.out.contains("left behind"), "{}", ran.out);
    let ran = run_against(
        "guide",
        &["rate.limit=3/1h"],
        &[
            "--area",
            "list",
            "--filter",
            "users",
            "--quiet",
            "--patience",
            "0",
        ],
    );
    assert_eq!(ran.code, 0, "{}", ran.out);
    let ran = run_against(
        "guide",
        &["rate.limit=2/1h"],
        &[
            "--area",
            "list",
            "--filter",
            "users",
            "--quiet",
            "--patience",
            "0",
        ],
    );
    assert_eq!(ran.code, 3, "{}", ran.out);
}

#[test]
fn a_login_that_is_refused_is_inconclusive() {
    let server = server(profile("guide", &[]), &[]);
    let url = format!("http://{}", server.address());
    for (account, username, status) in [("12345", "nobody", 3), ("99999", "api-user", 3)] {
        let variables = [
            ("BW_ACCOUNT_ID", account),
            ("BW_USERNAME", username),
            ("BW_PASSWORD", "Api-Passw0rd!23"),
        ];
        let ran = run(&["run", "--target", &url], &variables);
        assert_eq!(ran.code, status, "{}", ran.err);
        assert!(!ran.err.contains("Passw0rd"), "{}", ran.err);
    }
}
