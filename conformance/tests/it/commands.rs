//! Budgets, ledgers, plans, known failures and reports, by the command line.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use bandwidth_conformance::{
    outcome::RunReport, target::embedded::Embedded, verdict::Verdict, wire::Format,
};
use tempfile::TempDir;

use crate::{
    against::{profile, run_of, server, wait},
    command_line::{Ran, run},
    support::{
        http::{Answer, Server},
        sloppy::Target,
    },
};

/// A server, and a folder for what a run writes.
pub(crate) struct Stage {
    server: Embedded,
    folder: TempDir,
}

impl Stage {
    pub(crate) fn new(set: &[&str], faults: &[&str]) -> Self {
        Self {
            server: server(profile("guide", set), faults),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Its address, as `--target` takes it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let url = self.url();
        let ledger = self.path("ledger");
        let first = ["run", "--target", &url, "--ledger", text(&ledger)];
        run(&[&first[..], arguments].concat(), &[])
    }

    pub(crate) fn users(&self) -> Vec<String> {
        let mut cx = bandwidth_conformance::dialogue::Context::new(run_of(
            &self.server,
            profile("guide", &[]),
        ));
        let users = wait(async { cx.list(Format::Xml).await.unwrap().users().unwrap() });
        users.into_iter().filter_map(|user| user.username).collect()
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn document(path: &Path) -> RunReport {
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
        // The report has the cases that were not run, so another run can continue.
        let again = ["list", "--failed-from", text(&json)];
        let listed = run(&again, &[]).out.lines().count();
        let not_run = result
            .cases
            .iter()
            .filter(|case| case.verdict == Verdict::Inconclusive);
        let ids: BTreeSet<&str> = not_run.map(|case| case.id.as_str()).collect();
        assert_eq!(listed, ids.len());
        assert!(!stage.path("ledger").exists());
    }
}

#[test]
fn what_cannot_be_removed_is_exit_code_5_and_a_cleanup_removes_it() {
    // The deletes fail for as long as a run tries, and then no more.
    let stage = Stage::new(&[], &["status=503,operation=delete_user,times=30"]);
    let settle = ["--settle", "0.1"];
    let filter = ["--filter", "create.names.over-100", "--patience", "0"];
    let ran = stage.run(&[&filter[..], &settle].concat());
    assert_eq!(ran.code, 5, "{}", ran.out);
    assert_eq!(
        ran.out.matches("left behind: cf-").count(),
        1,
        "{}",
        ran.out
    );
    assert!(ran.out.contains("DELETE returns 503"), "{}", ran.out);
    let ledger = stage.path("ledger");
    let command = format!("bandwidth-conformance cleanup --ledger {}", text(&ledger));
    assert!(
        ran.out.contains(&format!("remove it with: {command}")),
        "{}",
        ran.out
    );
    // Only the first user was created.
    assert_eq!(stage.users().len(), 2);

    // Another account's login has no business with it.
    let other = [
        ("BW_ACCOUNT_ID", "99999"),
        ("BW_USERNAME", "api-user"),
        ("BW_PASSWORD", "Api-Passw0rd!23"),
    ];
    let cleanup = [&["cleanup", "--ledger", text(&ledger)], &settle[..]].concat();
    let refused = run(&cleanup, &other);
    assert_eq!(refused.code, 6, "{}", refused.err);
    assert!(refused.err.contains("nothing was sent"), "{}", refused.err);

    let dry = run(&[&cleanup[..], &["--dry-run"]].concat(), &[]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    assert_eq!(
        dry.out.matches("would delete cf-").count(),
        1,
        "{}",
        dry.out
    );
    assert_eq!(stage.users().len(), 2);
    loop {
        let ran = run(&cleanup, &[]);
        if ran.code == 0 {
            assert!(
                ran.out.contains("nothing of that run is left"),
                "{}",
                ran.out
            );
            assert!(ran.out.starts_with("deleted cf-"), "{}", ran.out);
            break;
        }
        assert_eq!(ran.code, 5, "{}", ran.err);
        assert!(ran.out.contains("left behind: cf-"), "{}", ran.out);
        assert!(ran.out.contains(&command), "{}", ran.out);
    }
    assert_eq!(stage.users(), ["jdoe"]);
    assert!(!ledger.exists());
}

#[test]
fn a_cleanup_of_a_deactivated_user_names_the_administration() {
    let stage = Stage::new(&["delete.effect=deactivated"], &[]);
    let settle = ["--settle", "0.1"];
    let ran = stage.run(&[&["--smoke"][..], &settle].concat());
    assert_eq!(ran.code, 5, "{}", ran.out);
    let ledger = stage.path("ledger");
    let cleanup = [&["cleanup", "--ledger", text(&ledger)][..], &settle].concat();
    let cleaned = run(&cleanup, &[]);
    assert_eq!(cleaned.code, 5, "{}", cleaned.err);
    for out in [ran.out, cleaned.out] {
        let advice = "remove it in the target's own administration";
        assert!(out.contains(advice), "{out}");
    }
}

#[test]
fn a_prepared_user_that_the_target_does_not_show_leaves_no_ledger() {
    let stage = Stage::new(&[], &[]);
    let ran = stage.run(&["--smoke", "--prepared-user", "u7"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("shows no user"), "{}", ran.err);
    assert!(!stage.path("ledger").exists());
}

#[test]
fn a_run_without_writes_promises_no_update_of_a_prepared_user() {
    let stage = Stage::new(&[], &[]);
    for (flags, updates) in [(&[][..], true), (&["--read-only"], false)] {
        let ran = stage.run(&[&["--area", "get", "--prepared-user", "u1"][..], flags].concat());
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        assert_eq!(
            ran.err.contains("user u1 is updated"),
            updates,
            "{}",
            ran.err
        );
    }
}

#[test]
fn a_run_announces_as_many_cases_as_it_counts_at_its_end() {
    let stage = Stage::new(&[], &[]);
    let ran = stage.run(&["--smoke"]);
    assert!(ran.out.starts_with("6 cases against "), "{}", ran.out);
    assert!(ran.out.contains("\n6 cases: 6 pass"), "{}", ran.out);
}

#[test]
fn a_cleanup_deletes_only_what_the_ledger_names() {
    let stage = Stage::new(&[], &[]);
    let ledger = stage.path("ledger");
    let url = stage.url();
    let header =
        format!(r#"{{"format":2,"target":"{url}/api","accountId":"12345","prefix":"cf-0-"}}"#);
    let sent = r#"{"event":"sent","create":0,"username":"cf-0-1"}"#;
    // A key of another client's user under the name of a user of the run: the answer to a create named it, or
    // it was read under it and has another user now.
    for (event, code) in [
        (r#"{"event":"named","create":0,"key":"u1"}"#, 5),
        (r#"{"event":"seen","key":"u1","username":"cf-0-1"}"#, 0),
    ] {
        let settled = r#"{"event":"settled","create":0}"#;
        let settled = if code == 0 { settled } else { "" };
        let lines = [&header, sent, event, settled].join("\n");
        fs::write(&ledger, lines.trim_end().to_owned() + "\n").unwrap();
        let ran = run(
            &["cleanup", "--ledger", text(&ledger), "--settle", "0.1"],
            &[],
        );
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        assert_eq!(stage.users(), ["jdoe"]);
        let left = "left behind: cf-0-1 (key u1, unconfirmed): its create succeeded, and the key in its answer shows a user that does not carry the run's prefix";
        assert_eq!(ran.out.contains(left), code == 5, "{}", ran.out);
        assert_eq!(ledger.exists(), code == 5);
    }
}

#[test]
fn a_cleanup_puts_a_prepared_user_back_and_removes_the_ledger() {
    let stage = Stage::new(&[], &[]);
    let ledger = stage.path("ledger");
    let url = stage.url();
    // The second ledger changes the user that the first one restored.
    for last_name in ["Roe", "Doe"] {
        let body = format!(
            "<User><Username>jdoe</Username><FirstName>John</FirstName><LastName>{last_name}</LastName><Email>jdoe@example.com</Email><Enabled>true</Enabled><Roles></Roles></User>"
        );
        let lines = [
            serde_json::json!({"format": 2, "target": format!("{url}/api"), "accountId": "12345", "prefix": "cf-0-"}),
            serde_json::json!({"event": "prepared", "key": "u1", "content_type": "application/xml", "body": body}),
        ];
        fs::write(&ledger, lines.map(|line| format!("{line}\n")).concat()).unwrap();
        let ran = run(&["cleanup", "--ledger", text(&ledger)], &[]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        assert!(!ledger.exists());
        let run = run_of(&stage.server, profile("guide", &[]));
        let mut cx = bandwidth_conformance::dialogue::Context::new(run);
        let user = wait(async { cx.get("u1", Format::Xml).await.unwrap().user().unwrap() });
        assert_eq!(user.last_name.as_deref(), Some(last_name));
    }
    assert_eq!(stage.users(), ["jdoe"]);
}

#[test]
fn a_plan_sends_nothing_to_the_target_and_a_run_keeps_to_it() {
    let target = Server::start(|_| Answer::dropped());
    let url = target.url();
    let planned = run(&["plan", "--target", &url, "--area", "update"], &[]);
    assert_eq!((planned.code, planned.err.as_str()), (0, ""));
    assert_eq!(target.connections(), 0);

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
        ran.out.contains("need --allow-writes --confirm-account ID"),
        "{}",
        ran.out
    );
}

#[test]
fn a_plan_lists_the_requests_that_a_run_sends() {
    let stage = Stage::new(&[], &[]);
    let json = stage.path("r.json");
    let report = format!("json={}", text(&json));
    let ran = stage.run(&["--area", "update", "--report", &report]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let url = stage.url();
    let planned = run(
        &["plan", "--target", &url, "--area", "update", "--list"],
        &[],
    );
    assert_eq!((planned.code, planned.err.as_str()), (0, ""));
    let (_, listed) = planned.out.split_once("\nmethod ").unwrap();
    let listed: Vec<Vec<&str>> = listed
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect();
    let result = document(&json);
    assert_eq!(listed.len() as u64, result.requests);
    let users = "/api/accounts/12345/users";
    assert_eq!(listed[0], ["GET", users, "login", "-"]);
    let user = format!("{users}/{{key}}");
    for one in &listed {
        assert!(
            one[1] == users || one[1] == user || one[1].contains('?'),
            "{one:?}"
        );
    }
    // The clean-up at the end belongs to no case.
    assert!(listed.contains(&vec!["GET", &user, "clean-up", "-"]));
    for case in &result.cases {
        let methods = case.exchanges.iter().map(|one| one.method.as_str());
        let name = case.name();
        let planned = listed.iter().filter(|one| one[3..].join(" ") == name);
        let planned: Vec<&str> = planned.map(|one| one[0]).collect();
        assert_eq!(planned, methods.collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_smoke_test_creates_one_user_whatever_a_delete_does() {
    for (modes, code, left) in [
        ("", 0, 0),
        ("delete=deactivates", 5, 1),
        ("delete=500", 5, 1),
    ] {
        let target = Target::start(modes);
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger");
        let ran = run(
            &[
                "run",
                "--target",
                &target.url(),
                "--ledger",
                text(&ledger),
                "--smoke",
                "--settle",
                "0.3",
                "--patience",
                "1",
            ],
            &[],
        );
        assert_eq!(ran.code, code, "{modes}: {}{}", ran.out, ran.err);
        assert_eq!(
            (target.created(), target.left().len()),
            (1, left),
            "{modes}"
        );
        assert_eq!(target.harm(), [""; 0], "{modes}");
        for case in ["create.xml", "get.created", "update.whole", "delete.then"] {
            assert!(ran.out.contains(case), "{modes}: {case}: {}", ran.out);
        }
        for user in target.left() {
            let line = format!("left behind: {} (key {}", user.username, user.key);
            assert!(ran.out.contains(&line), "{modes}: {}", ran.out);
        }
    }
}

#[test]
fn users_that_may_stay_do_not_change_the_exit_code() {
    let stage = Stage::new(&["delete.effect=deactivated"], &[]);
    // One of the cases is rejected a create, because a user that stays has the name.
    let cases = ["--area", "delete", "--settle", "0.3", "--allow-leftovers"];
    let ran = stage.run(&cases);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(!ran.out.contains("unconfirmed"), "{}", ran.out);
    let left = ran.out.matches("left behind: cf-").count();
    assert_eq!(left, stage.users().len() - 1, "{}", ran.out);
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
    assert!(ran.out.contains("2 of these known"), "{}", ran.out);
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
fn reports_distinguish_failures_errors_and_skipped_cases() {
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
    assert_eq!((counts, result.exit_code), ((2, 2, 2), 1));
    let schema: serde_json::Value = serde_json::from_str(&RunReport::schema()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&read("json")).unwrap();
    jsonschema::validate(&schema, &value).unwrap();
    assert!(!jsonschema::is_valid(
        &schema,
        &serde_json::json!({"format": 1})
    ));

    let junit = read("junit");
    assert!(junit.contains("tests=\"6\""), "{junit}");
    assert!(junit.contains("failures=\"2\""), "{junit}");
    assert!(junit.contains("errors=\"2\""), "{junit}");
    for element in [
        "<failure message=\"a delete that succeeds: expected status 200, got 204\" type=\"fail\"",
        "type=\"inconclusive\"",
        "<skipped message=\"the expected profile has no such paths",
    ] {
        assert!(junit.contains(element), "{element}: {junit}");
    }
    let markdown = read("markdown");
    assert!(
        markdown.starts_with("### Bandwidth conformance: 2 cases failed\n"),
        "{markdown}"
    );
    assert!(
        markdown.contains("<summary>fail <code>delete.user.is-answered [xml]</code></summary>"),
        "{markdown}"
    );
    assert!(
        markdown.contains(
            "curl -i -X DELETE -H 'Accept: application/xml' -u \"$BW_USERNAME:$BW_PASSWORD\""
        ),
        "{markdown}"
    );
    let html = read("html");
    assert!(html.contains("<title>Bandwidth conformance: 2 cases failed</title>"));
    assert!(html.contains("id=\"delete.user.is-answered[xml]\" data-verdict=\"fail\""));
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
        ("BW_CLIENT_ID", "CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913"),
        ("BW_CLIENT_SECRET", "qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U"),
    ];
    let url = stage.url();
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
        "2 cases: 2 pass",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
}
