//! Random traces: a target that does as the model says, one that does not, and what is told of it.

use bandwidth_conformance::target::embedded::Embedded;

use crate::{
    against,
    command_line::{Ran, run},
};

fn fuzz(server: &Embedded, traces: &str) -> Ran {
    let target = format!("http://{}", server.address());
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let ledger = ledger.to_str().unwrap();
    let arguments = ["fuzz", "--target", &target, "--ledger", ledger];
    run(
        &[&arguments[..], &["--seed", "5", "--traces", traces]].concat(),
        &[],
    )
}

#[test]
fn a_target_that_does_as_its_profile_says_agrees_with_the_model() {
    let server = against::server(against::profile("guide", &[]), &[]);
    let ran = fuzz(&server, "4");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.starts_with("seed 5\n4 traces, "), "{}", ran.out);
}

#[test]
fn a_target_that_does_not_is_told_from_it_with_commands_and_without_passwords() {
    for wrong in [
        "put.semantics=merge",
        "username.case=insensitive",
        "delete.effect=deactivated",
        "email.unique=account",
        "user.unknown_fields=ignored",
        "missing.user=forbidden",
    ] {
        let server = against::server(against::profile("guide", &[wrong]), &[]);
        let Ran { code, out, err } = fuzz(&server, "30");
        assert_eq!(code, 1, "{wrong}: {out}{err}");
        assert!(out.contains("disagrees with the model"), "{out}");
        assert!(out.contains("  curl -i "), "{out}");
        assert!(out.contains("$NEW_PASSWORD"), "{out}");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace_on_a_mock_of_its_own() {
    let arguments = ["fuzz", "--seed", "9", "--trace", "3", "--steps", "30"];
    let first = run(&arguments, &[]);
    assert_eq!(first.code, 0, "{}", first.out);
    assert!(first.out.contains("1 traces, "), "{}", first.out);
    assert_eq!(first.out, run(&arguments, &[]).out);
}
