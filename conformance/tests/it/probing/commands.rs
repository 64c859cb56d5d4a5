//! A probe by the command line, and what `diff` and `drift` say of its profile.

use std::fs;

use crate::{
    command_line::run,
    commands::{Stage, text},
};

#[test]
fn a_probe_writes_a_profile_that_diff_and_drift_read() {
    let stage = Stage::new(&["put.semantics=merge"], &[]);
    let url = stage.url();
    let out = stage.path("learned.toml");
    let probe = ["probe", "--target", &url, "--out", text(&out)];
    let ran = run(
        &[&probe[..], &["--only", "put", "--only", "delete.status"]].concat(),
        &[],
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(
        ran.out.contains("observed  put.semantics = merge"),
        "{}",
        ran.out
    );
    let unasked = "open      email.unique, errors.conflict, username.case, username.scope: it was not asked for";
    assert!(ran.out.contains(unasked), "{}", ran.out);
    assert_eq!(stage.users(), ["jdoe"]);
    let exchanges = fs::read_to_string(stage.path("learned.toml.exchanges.json")).unwrap();
    assert!(exchanges.contains("Basic [secret]") && !exchanges.contains("Api-Passw0rd"));

    let diff = run(&["diff", "guide", text(&out)], &[]);
    assert_eq!(diff.code, 1, "{}", diff.err);
    assert_eq!(diff.out.lines().count(), 3, "{}", diff.out);
    assert!(
        diff.out
            .contains("| `put.semantics` | **replace**<br>guide"),
        "{}",
        diff.out
    );
    assert!(diff.out.contains("**merge**<br>observed"), "{}", diff.out);
    // What one of two probes did not see has changed too, though the option is the same.
    let less = fs::read_to_string(&out).unwrap();
    let parts = less.split("\n\n");
    let parts = parts.filter(|part| !part.starts_with("[evidence.\"delete.status\"]"));
    let less = parts.collect::<Vec<_>>().join("\n\n");
    let other = stage.path("less.toml");
    fs::write(&other, less).unwrap();
    let diff = run(&["diff", text(&out), text(&other)], &[]);
    assert_eq!(
        (diff.code, diff.out.lines().count()),
        (1, 3),
        "{}",
        diff.out
    );
    assert!(diff.out.contains("| `delete.status` |"), "{}", diff.out);
    let same = run(&["diff", "guide", "guide", "--format", "json"], &[]);
    assert_eq!(same.code, 0, "{}", same.err);
    assert!(same.out.contains("\"rows\": []"), "{}", same.out);
    let drift = run(&["drift", text(&out)], &[]);
    assert_eq!(drift.code, 1, "{}", drift.err);
    let folder = text(&stage.path("")).to_owned();
    let shown = drift.out.replace(&folder, "");
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );
    for words in [
        "put.semantics\n  the guide says       replace\n",
        "\n  this account does    merge\n      observed (",
        "; --all shows all\n",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("delete.status"), "{shown}");
    let all = ["drift", text(&out), "--all", "--format", "markdown"];
    let all = run(&all, &[]);
    assert_eq!(
        all.out.lines().count(),
        2 + bandwidth_fixtures::BehaviourId::all().count()
    );
    assert!(all.out.starts_with("| behaviour | the guide says |"));
    assert!(all.out.contains("**not known**"), "{}", all.out);

    let plan = run(&[&probe[..], &["--plan"]].concat(), &[]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    assert!(plan.out.contains("Nothing was sent to it"), "{}", plan.out);
}

#[test]
fn the_exchanges_end_with_the_proof_that_no_user_is_left() {
    let stage = Stage::new(&[], &[]);
    let (out, url) = (stage.path("learned.toml"), stage.url());
    let probe = ["probe", "--target", &url, "--out", text(&out)];
    let more = ["--only", "email", "--allow-leftovers"];
    let ran = run(&[&probe[..], &more].concat(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let exchanges = fs::read_to_string(stage.path("learned.toml.exchanges.json")).unwrap();
    let exchanges: Vec<serde_json::Value> = serde_json::from_str(&exchanges).unwrap();
    let last = exchanges.last().unwrap();
    assert_eq!(last["purpose"], "clean_up");
    assert_eq!(
        (&last["method"], &last["status"]),
        (&"GET".into(), &404.into())
    );
}

#[test]
fn a_probe_that_may_only_read_sends_nothing_else() {
    let stage = Stage::new(&[], &[]);
    let url = stage.url();
    let out = stage.path("learned.toml");
    let ran = run(
        &[
            "probe",
            "--target",
            &url,
            "--out",
            text(&out),
            "--read-only",
        ],
        &[],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("observed  auth.challenge = sent"),
        "{}",
        ran.out
    );
    let forbidden = |line: &str| {
        line.contains(" put.semantics, ") && line.ends_with(": --read-only forbids writes")
    };
    assert!(ran.out.lines().any(forbidden), "{}", ran.out);
    let exchanges = fs::read_to_string(stage.path("learned.toml.exchanges.json")).unwrap();
    assert!(!exchanges.contains("\"method\": \"POST\"") && exchanges.contains("\"GET\""));
}

#[test]
fn an_answer_of_support_is_known_of_the_account_and_outlives_a_probe() {
    let stage = Stage::new(&["put.semantics=merge"], &[]);
    let (file, url) = (stage.path("ours.toml"), stage.url());
    let answer =
        "kind = \"support\"\ndate = 2026-12-01\nby = \"Support, tier 2\"\nticket = \"4711\"\n";
    let ours = format!(
        "format = 1\nname = \"ours\"\nbase = \"guide\"\n[put]\nsemantics = \"merge\"\n\
         [evidence.\"put.semantics\"]\n{answer}"
    );
    fs::write(&file, ours).unwrap();

    let drift = run(&["drift", text(&file)], &[]);
    assert_eq!(drift.code, 1, "{}", drift.err);
    let row = "\n  this account does    merge\n      support (2026-12-01): Support, tier 2, ticket 4711\n";
    assert!(drift.out.contains(row), "{}", drift.out);
    assert!(
        drift.out.contains("\n1 of 1 known behaviours differ; "),
        "{}",
        drift.out
    );

    let out = stage.path("learned.toml");
    let probe = [
        "probe",
        "--target",
        &url,
        "--out",
        text(&out),
        "--profile",
        text(&file),
    ];
    let ran = run(&[&probe[..], &["--only", "delete.status"]].concat(), &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let learned = fs::read_to_string(&out).unwrap();
    assert!(
        learned.contains(&format!("[evidence.\"put.semantics\"]\n{answer}")),
        "{learned}"
    );
    // Both are about an account, and only one knows of the delete.
    let diff = run(&["diff", text(&file), text(&out)], &[]);
    assert_eq!(
        (diff.code, diff.out.lines().count()),
        (1, 3),
        "{}",
        diff.out
    );
    assert!(diff.out.contains("| `delete.status` |"), "{}", diff.out);
}

#[test]
fn a_burst_finds_a_limit_and_says_what_it_saw() {
    let stage = Stage::new(&["rate.limit=20/1s", "rate.headers=retry_after"], &[]);
    let url = stage.url();
    let out = stage.path("learned.toml");
    let arguments = [
        "probe",
        "--target",
        &url,
        "--out",
        text(&out),
        "--only",
        "rate",
        "--rate-probe",
    ];
    let ran = run(&arguments, &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for words in [
        "observed  rate.response = error_body",
        "observed  rate.headers = retry_after",
        "open      rate.limit: ",
        "answered before the first 429; after",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
}
