//! Budgets, ledgers, plans, known failures and reports, by the command line.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bandwidth_conformance::{report::document::Document, target::embedded::Embedded, wire::Format};
use tempfile::TempDir;

use crate::{
    against::{profile, run_of, server, wait},
    command_line::{Ran, run},
};

/// A server, and a folder for what a run writes.
struct Stage {
    server: Embedded,
    folder: TempDir,
}

impl Stage {
    fn new(set: &[&str], faults: &[&str]) -> Self {
        Self {
            server: server(profile("guide", set), faults),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let url = format!("http://{}", self.server.address());
        let ledger = self.path("ledger");
        let first = ["run", "--target", &url, "--ledger", text(&ledger)];
        run(&[&first[..], arguments].concat(), &[])
    }

    fn users(&self) -> Vec<String> {
        let mut cx = bandwidth_conformance::context::Context::new(run_of(
            &self.server,
            profile("guide", &[]),
        ));
        let users = wait(async { cx.list(Format::Xml).await.unwrap().users().unwrap() });
        users.into_iter().filter_map(|user| user.username).collect()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn document(path: &Path) -> Document {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_budget_ends_the_run_clearly_and_leaves_enough_to_clean_up() {
    for (flag, words) in [
        (
            ["--max-requests", "40"],
            "the budget of 40 requests is spent; --max-requests raises it",
        ),
        (
            ["--max-users", "3"],
            "the budget of 3 users is spent; --max-users raises it",
        ),
    ] {
        let stage = Stage::new(&[], &[]);
        let json = stage.path("r.json");
        let report = format!("json={}", text(&json));
        let ran = stage.run(&[&flag[..], &["--area", "create", "--report", &report]].concat());
        assert_eq!(ran.code, 3, "{}", ran.out);
        assert!(
            ran.out.contains(&format!("ended early: {words}")),
            "{}",
            ran.out
        );
        assert_eq!(stage.users(), ["jdoe"]);
        let result = document(&json);
        assert_eq!(result.ended.as_deref(), Some(words));
        assert!(result.requests <= 40 || flag[0] == "--max-users");
        assert!(result.counts.pass > 0 && result.counts.fail == 0);
        // What was not run is in the report, so that another run can take it up.
        let again = ["list", "--failed-from", text(&json)];
        let listed = run(&again, &[]).out.lines().count();
        assert_eq!(listed, result.counts.inconclusive);
        assert!(!stage.path("ledger").exists());
    }
}

#[test]
fn what_cannot_be_removed_is_exit_code_5_and_a_cleanup_removes_it() {
    // The deletes fail for as long as a case and its clean-up try, and then no more.
    let stage = Stage::new(&[], &["status=503,operation=delete_user,times=30"]);
    let ran = stage.run(&["--filter", "create.names.over-100", "--patience", "0"]);
    assert_eq!(ran.code, 5, "{}", ran.out);
    let ledger = stage.path("ledger");
    let command = format!("bandwidth-conformance cleanup --ledger {}", text(&ledger));
    assert!(
        ran.out.contains(&format!("remove it with: {command}")),
        "{}",
        ran.out
    );
    assert_eq!(stage.users().len(), 3);

    // Another account's login has no business with it.
    let other = [
        ("BW_ACCOUNT_ID", "99999"),
        ("BW_USERNAME", "api-user"),
        ("BW_PASSWORD", "Api-Passw0rd!23"),
    ];
    let cleanup = ["cleanup", "--ledger", text(&ledger)];
    let refused = run(&cleanup, &other);
    assert_eq!(refused.code, 6, "{}", refused.err);
    assert!(refused.err.contains("nothing was sent"), "{}", refused.err);

    let dry = run(&[&cleanup[..], &["--dry-run"]].concat(), &[]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    assert_eq!(
        dry.out.matches("would delete cf-").count(),
        2,
        "{}",
        dry.out
    );
    assert_eq!(stage.users().len(), 3);
    loop {
        let ran = run(&cleanup, &[]);
        if ran.code == 0 {
            assert!(
                ran.out.contains("nothing of that run is left"),
                "{}",
                ran.out
            );
            break;
        }
        assert_eq!(ran.code, 5, "{}", ran.err);
        assert!(ran.out.contains("could not delete cf-"), "{}", ran.out);
        assert!(ran.out.contains(&command), "{}", ran.out);
    }
    assert_eq!(stage.users(), ["jdoe"]);
    assert!(!ledger.exists());
}

#[test]
fn a_cleanup_deletes_only_what_the_ledger_names() {
    let stage = Stage::new(&[], &[]);
    let ledger = stage.path("ledger");
    let url = format!("http://{}", stage.server.address());
    // A ledger that names a key of somebody else, under a name of its own.
    let lines = [
        format!(r#"{{"format":1,"target":"{url}/api","accountId":"12345","prefix":"cf-0-"}}"#),
        r#"{"event":"sent","username":"cf-0-1"}"#.to_owned(),
        r#"{"event":"created","username":"cf-0-1","key":"u1"}"#.to_owned(),
    ];
    fs::write(&ledger, lines.join("\n") + "\n").unwrap();
    let ran = run(&["cleanup", "--ledger", text(&ledger)], &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(stage.users(), ["jdoe"]);
}

#[test]
fn a_plan_sends_nothing_to_the_target_and_a_run_keeps_to_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    thread::spawn(move || {
        for stream in listener.incoming() {
            drop::<TcpStream>(stream.unwrap());
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let url = format!("http://{address}");
    let planned = run(&["plan", "--target", &url, "--area", "update"], &[]);
    assert_eq!((planned.code, planned.err.as_str()), (0, ""));
    assert_eq!(connections.load(Ordering::SeqCst), 0);

    let stage = Stage::new(&[], &[]);
    let json = stage.path("r.json");
    let report = format!("json={}", text(&json));
    assert_eq!(
        stage.run(&["--area", "update", "--report", &report]).code,
        0
    );
    let result = document(&json);
    for (what, count) in [("requests", result.requests), ("users", result.users)] {
        let line = planned
            .out
            .lines()
            .find(|line| line.starts_with(what))
            .unwrap();
        let planned: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert_eq!(planned, count, "{what}");
    }

    let away = [
        ("BW_ACCOUNT_ID", "1"),
        ("BW_USERNAME", "me"),
        ("BW_PASSWORD", "Canary-1"),
    ];
    let arguments = [
        "plan",
        "--target",
        "https://api.example",
        "--max-requests",
        "20",
    ];
    let ran = run(&arguments, &away);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("the run would end early: --max-requests"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("users     0 created"), "{}", ran.out);
    assert!(
        ran.out
            .contains("needs --allow-writes --confirm-account ID"),
        "{}",
        ran.out
    );
}

#[test]
fn known_failures_still_run_and_must_still_fail() {
    let stage = Stage::new(&["delete.status=204"], &[]);
    let known = stage.path("known.toml");
    let write = |case: &str, day: &str| {
        let entry =
            format!("[[known]]\ncase = \"{case}\"\nreason = \"ticket 7\"\nexpires = {day}\n");
        fs::write(&known, entry).unwrap();
    };
    let run = || stage.run(&["--filter", "delete.user.is", "--known", text(&known)]);
    write("delete.user.is-answered", "2999-01-01");
    let ran = run();
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("known failure: ticket 7"), "{}", ran.out);
    assert!(ran.out.contains("1 of these known"), "{}", ran.out);
    write("delete.user.is-answered", "2020-01-01");
    let ran = run();
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("which is past"), "{}", ran.out);
    write("list.users.are-listed", "2999-01-01");
    let ran = stage.run(&["--filter", "list.users.are", "--known", text(&known)]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("does not fail any more"), "{}", ran.out);
}

#[test]
fn reports_tell_failures_errors_and_skipped_cases_apart() {
    let stage = Stage::new(&["delete.status=204"], &["status=503,operation=list_roles"]);
    let kinds = ["json", "junit", "html", "markdown"];
    let reports = kinds.map(|kind| format!("{kind}={}", text(&stage.path(kind))));
    let mut arguments = vec![
        "--filter",
        "delete.user.",
        "--filter",
        "roles.list",
        "--filter",
        "published.user.",
        "--patience",
        "0",
    ];
    for report in &reports {
        arguments.extend(["--report", report]);
    }
    let ran = stage.run(&arguments);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let read = |kind: &str| fs::read_to_string(stage.path(kind)).unwrap();

    let result = document(&stage.path("json"));
    let counts = (
        result.counts.fail,
        result.counts.inconclusive,
        result.counts.skipped,
    );
    assert_eq!((counts, result.exit_code), ((1, 1, 1), 1));
    let schema: serde_json::Value = serde_json::from_str(&Document::schema()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&read("json")).unwrap();
    jsonschema::validate(&schema, &value).unwrap();
    assert!(!jsonschema::is_valid(
        &schema,
        &serde_json::json!({"format": 1})
    ));

    let junit = read("junit");
    assert!(junit.contains("tests=\"3\""), "{junit}");
    assert!(junit.contains("failures=\"1\""), "{junit}");
    assert!(junit.contains("errors=\"1\""), "{junit}");
    for element in [
        "<failure message=\"expected status 200, got 204\" type=\"fail\"",
        "type=\"inconclusive\"",
        "<skipped message=\"the expected profile has no such paths",
    ] {
        assert!(junit.contains(element), "{element}: {junit}");
    }
    let markdown = read("markdown");
    assert!(
        markdown.starts_with("### Bandwidth conformance: 1 failed\n"),
        "{markdown}"
    );
    assert!(
        markdown.contains("<summary>fail <code>delete.user.is-answered</code></summary>"),
        "{markdown}"
    );
    assert!(
        markdown.contains(
            "curl -i -X DELETE -H 'Accept: application/xml' -u \"$BW_USERNAME:$BW_PASSWORD\""
        ),
        "{markdown}"
    );
    let html = read("html");
    assert!(html.contains("<title>Bandwidth conformance: 1 case failed</title>"));
    assert!(html.contains("id=\"delete.user.is-answered\" data-verdict=\"fail\""));
    // Nothing is left of the way to them.
    for kind in kinds {
        assert!(!stage.path(&format!("{kind}.part")).exists());
    }
}

#[test]
fn client_credentials_get_a_token_and_the_suite_runs_with_it() {
    let stage = Stage::new(&["auth.schemes=basic_and_bearer"], &[]);
    let login = [
        ("BW_ACCOUNT_ID", "12345"),
        ("BW_CLIENT_ID", "api-user"),
        ("BW_CLIENT_SECRET", "Api-Passw0rd!23"),
    ];
    let url = format!("http://{}", stage.server.address());
    let expected = stage.path("profile.toml");
    fs::write(
        &expected,
        "format = 1\nname = \"tokens\"\nbase = \"guide\"\n[auth]\nschemes = \"basic_and_bearer\"\n",
    )
    .unwrap();
    let ledger = stage.path("ledger");
    let arguments = [
        "run",
        "--target",
        &url,
        "--profile",
        text(&expected),
        "--ledger",
        text(&ledger),
    ];
    let ran = run(&arguments, &login);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(
        ran.out
            .contains("pass          update.whole-user.reads-back"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("the run has OAuth credentials"),
        "{}",
        ran.out
    );
    let wrong = [login[0], login[1], ("BW_CLIENT_SECRET", "Canary-wrong")];
    let ran = run(&arguments, &wrong);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(
        ran.err.contains("no token: the answer is 401"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("Canary"), "{}", ran.err);
}

#[test]
fn a_replay_shows_every_exchange_without_secrets() {
    let ran = run(&["replay", "create.password.weak-is-400"], &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for words in [
        "> POST http://127.0.0.1:",
        "> Authorization: Basic [secret]",
        "\"Password\":\"abc\"",
        "< 400",
        "1 case: 1 pass",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
}

#[test]
fn a_probe_writes_a_profile_that_diff_and_drift_read() {
    let stage = Stage::new(&["put.semantics=merge"], &[]);
    let url = format!("http://{}", stage.server.address());
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
    assert!(
        ran.out
            .contains("open      username.case: it was not asked for"),
        "{}",
        ran.out
    );
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
    assert_eq!(
        drift.out.lines().count(),
        2 + bandwidth_fixtures::BehaviourId::all().count()
    );
    assert!(drift.out.contains("**not observed**"), "{}", drift.out);

    let plan = run(&[&probe[..], &["--plan"]].concat(), &[]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    assert!(plan.out.contains("Nothing was sent to it"), "{}", plan.out);
}

#[test]
fn a_probe_that_may_only_read_sends_nothing_else() {
    let stage = Stage::new(&[], &[]);
    let url = format!("http://{}", stage.server.address());
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
    assert!(
        ran.out
            .contains("open      put.semantics: it takes writing"),
        "{}",
        ran.out
    );
    let exchanges = fs::read_to_string(stage.path("learned.toml.exchanges.json")).unwrap();
    assert!(!exchanges.contains("\"method\": \"POST\"") && exchanges.contains("\"GET\""));
}

#[test]
fn a_burst_finds_a_limit_and_says_what_it_saw() {
    let stage = Stage::new(&["rate.limit=20/1s", "rate.headers=retry_after"], &[]);
    let url = format!("http://{}", stage.server.address());
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
