//! Random traces: a target that does as the model says, one that does not, and what is reported of it.

use std::sync::{Arc, Mutex};

use bandwidth_conformance::target::embedded::Embedded;

use crate::{
    against,
    command_line::{Ran, run},
    support::proxy,
};

fn fuzz(server: &Embedded, traces: &str, flags: &[&str]) -> Ran {
    let target = format!("http://{}", server.address());
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let ledger = ledger.to_str().unwrap();
    let arguments = ["fuzz", "--target", &target, "--ledger", ledger];
    let traces = ["--seed", "5", "--traces", traces, "--settle", "0.1"];
    run(&[&arguments[..], &traces, flags].concat(), &[])
}

#[test]
fn a_target_that_does_as_its_profile_says_agrees_with_the_model() {
    let server = against::server(against::profile("guide", &[]), &[]);
    let ran = fuzz(&server, "4", &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.starts_with("seed 5\n4 traces, "), "{}", ran.out);
}

#[test]
fn a_target_that_does_not_is_reported_with_commands_and_without_passwords() {
    for wrong in [
        "put.semantics=merge",
        "username.case=insensitive",
        "delete.effect=deactivated",
        "email.unique=account",
        "user.unknown_fields=ignored",
        "missing.user=forbidden",
    ] {
        let server = against::server(against::profile("guide", &[wrong]), &[]);
        let Ran { code, out, err } = fuzz(&server, "30", &["--allow-leftovers"]);
        assert_eq!(code, 1, "{wrong}: {out}{err}");
        assert!(out.contains("disagrees with the model"), "{out}");
        assert!(out.contains("  curl -i "), "{out}");
        assert!(out.contains("$NEW_PASSWORD"), "{out}");
    }
}

#[test]
fn where_the_first_user_stays_no_trace_is_begun() {
    let set = ["delete.effect=deactivated"];
    let server = against::server(against::profile("guide", &set), &[]);
    let Ran { code, out, err } = fuzz(&server, "2", &[]);
    assert_eq!(code, 5, "{out}{err}");
    assert!(out.contains("0 traces, 0 operations"), "{out}");
    assert!(
        out.contains("it ended early: the first user stays on the target: cf-"),
        "{out}"
    );
    assert_eq!(err.matches("left behind: cf-").count(), 1, "{err}");
}

#[test]
fn users_of_a_fuzz_get_no_role_and_the_domain_that_was_asked_for() {
    let emulator = against::server(against::profile("guide", &[]), &[]);
    let bodies = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&bodies);
    let target = proxy::start(emulator.address(), move |asked| {
        seen.lock().unwrap().push_str(&asked.text());
        asked.pass()
    });
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let ran = run(
        &[
            "fuzz",
            "--target",
            &target.url(),
            "--ledger",
            ledger.to_str().unwrap(),
            "--seed",
            "5",
            "--traces",
            "6",
            "--email-domain",
            "mail.test",
            "--name-prefix",
            "qa-",
        ],
        &[],
    );
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    // A role that no account has gives access to nothing.
    let bodies = bodies.lock().unwrap().replace("no-such-role", "");
    assert!(bodies.contains("@mail.test") && !bodies.contains("@example.com"));
    assert!(bodies.contains("qa-cf-"));
    assert!(!bodies.replace("<Role></Role>", "").contains("<Role>"));
}

#[test]
fn the_same_seed_gives_the_same_trace_on_a_mock_of_its_own() {
    let arguments = ["fuzz", "--seed", "9", "--trace", "3", "--steps", "30"];
    let first = run(&arguments, &[]);
    assert_eq!(first.code, 0, "{}", first.out);
    assert!(first.out.contains("1 traces, "), "{}", first.out);
    assert_eq!(first.out, run(&arguments, &[]).out);
}
