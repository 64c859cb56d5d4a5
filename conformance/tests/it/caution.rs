//! Checks of an unknown account before a run continues.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use bandwidth_conformance::{outcome::RunReport, verdict::Verdict};

use crate::{
    against::{PUBLISHED_FULL, profile, server},
    command_line::{Ran, run},
    support::{
        http::{Answer, Server},
        program::{kill_when, program},
        proxy::{self, Asked},
    },
};

const USER: &str = "/api/accounts/12345/users/u1";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A run through a proxy that notes what `seen` makes of each request.
fn noted<T: Send + 'static>(
    arguments: &[&str],
    seen: impl Fn(&Asked) -> T + Send + Sync + 'static,
) -> (Ran, Vec<T>) {
    let emulator = server(profile("guide", &[]), &[]);
    let notes = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&notes);
    let target = proxy::start(emulator.address(), move |asked| {
        kept.lock().unwrap().push(seen(&asked));
        asked.pass()
    });
    let folder = tempfile::tempdir().unwrap();
    let (url, ledger) = (target.url(), folder.path().join("ledger"));
    let first = ["run", "--target", &url, "--ledger", text(&ledger)];
    let ran = run(&[&first[..], arguments].concat(), &[]);
    let notes = std::mem::take(&mut *notes.lock().unwrap());
    (ran, notes)
}

#[test]
fn a_refused_first_create_ends_the_run_and_names_the_field() {
    let emulator = server(
        profile("guide", &["user.telephone=ten_digits_required"]),
        &[],
    );
    let creates = Arc::new(Mutex::new(0));
    let count = Arc::clone(&creates);
    let target = proxy::start(emulator.address(), move |asked| {
        *count.lock().unwrap() += u32::from(asked.creates());
        asked.pass()
    });
    for (filter, code) in [("create.names.over-100", 3), ("create.location", 1)] {
        let folder = tempfile::tempdir().unwrap();
        let (url, ledger) = (target.url(), folder.path().join("ledger"));
        let json = folder.path().join("r.json");
        let report = format!("json={}", text(&json));
        *creates.lock().unwrap() = 0;
        let ran = run(
            &[
                "run",
                "--target",
                &url,
                "--ledger",
                text(&ledger),
                "--filter",
                filter,
                "--settle",
                "0.1",
                "--report",
                &report,
            ],
            &[],
        );
        assert_eq!(ran.code, code, "{filter}: {}", ran.out);
        let words = "ended early: the target refuses a well-formed user with status 400; it names TelephoneNumber";
        assert!(ran.out.contains(words), "{}", ran.out);
        assert_eq!(*creates.lock().unwrap(), 1, "{filter}");
        let report: RunReport = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
        let mut others = report
            .cases
            .iter()
            .filter(|case| case.verdict != Verdict::Fail);
        assert!(
            others.all(|case| case.verdict == Verdict::Inconclusive),
            "{}",
            ran.out
        );
        assert_eq!(report.leftovers, []);
        assert!(!ledger.exists());
    }
}

#[test]
fn a_refused_login_names_what_the_challenge_offers_and_the_variables_for_it() {
    let target = Server::start(|_| {
        let mut answer = Answer::of(401, "text/plain", "");
        answer.set_header("WWW-Authenticate", "Basic realm=\"api\", Bearer");
        answer
    });
    let ran = run(&["run", "--target", &target.url()], &[]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    let words = "check the name and the password; it offers Basic (BW_USERNAME and BW_PASSWORD) and Bearer (BW_CLIENT_ID and BW_CLIENT_SECRET)";
    assert!(ran.err.contains(words), "{}", ran.err);
    for words in [
        "from 2026-12-02",
        "client_id and client_secret",
        "--credentials",
    ] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
}

#[test]
fn users_of_todays_api_are_created_on_this_machine_only() {
    let client = [
        ("BW_ACCOUNT_ID", "12345"),
        ("BW_CLIENT_ID", "id"),
        ("BW_CLIENT_SECRET", "Canary-secret"),
    ];
    let away = ["run", "--target", "https://api.bandwidth.com/api"];
    let ran = run(&[&away[..], &["--surface", "management"]].concat(), &client);
    assert_eq!(ran.code, 6, "{}", ran.err);
    assert!(ran.err.contains("nothing was sent"), "{}", ran.err);

    // Where a deleted user stays, no second one is created.
    let emulator = server(
        profile(
            "published",
            &["surface.account=full", "delete.effect=removed"],
        ),
        &[],
    );
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let url = format!("http://{}", emulator.address());
    let here = ["run", "--target", &url, "--profile", PUBLISHED_FULL];
    let here = [&here[..], &["--ledger", text(&ledger), "--role", "r1"]].concat();
    let cases = [
        "--filter",
        "management.create.reads-back",
        "--filter",
        "create.username.missing-is-400",
    ];
    for (surface, written, reason) in [
        (
            "management",
            "management.create.reads-back",
            "--surface names another surface",
        ),
        ("account", "create.username", "need --surface management"),
    ] {
        let ran = run(&[&here[..], &cases, &["--surface", surface]].concat(), &[]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        let passed = |line: &str| line.starts_with("pass") && line.contains(written);
        assert!(ran.out.lines().any(passed), "{}", ran.out);
        assert!(ran.out.contains(reason), "{}", ran.out);
        assert!(!ledger.exists());
    }
}

#[test]
fn every_request_names_the_program_its_version_and_the_run() {
    // The roles of a golden are asked for over raw TCP, the users by the client.
    let filters = [
        "--filter",
        "list.users.are-listed",
        "--filter",
        "golden.list_roles.xml",
    ];
    let (ran, seen) = noted(&filters, |asked| {
        let last = asked
            .path()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        (last, asked.header("user-agent").to_owned())
    });
    assert_eq!(ran.code, 0, "{}", ran.out);
    let paths: BTreeSet<&str> = seen.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, BTreeSet::from(["roles", "users"]));
    let agents: BTreeSet<&str> = seen.iter().map(|(_, agent)| agent.as_str()).collect();
    assert_eq!(agents.len(), 1, "{agents:?}");
    let version = env!("CARGO_PKG_VERSION");
    let start = format!("bandwidth-conformance/{version} (run cf-");
    assert!(
        agents.iter().all(|agent| agent.starts_with(&start)),
        "{agents:?}"
    );
}

#[test]
fn users_get_the_name_and_the_domain_that_were_asked_for() {
    let flags = ["--name-prefix", "qa-", "--email-domain", "mail.test"];
    let filter = ["--filter", "create.names.over-100"];
    let (ran, seen) = noted(&[&flags[..], &filter].concat(), |asked| {
        asked.creates().then(|| asked.text())
    });
    assert_eq!(ran.code, 0, "{}", ran.out);
    let bodies: Vec<String> = seen.into_iter().flatten().collect();
    assert!(bodies.len() > 1, "{bodies:?}");
    for body in bodies {
        assert!(
            body.contains("qa-cf-") && body.contains("@mail.test"),
            "{body}"
        );
    }
}

#[test]
fn a_cleanup_puts_a_prepared_user_back_whose_run_was_killed() {
    let emulator = server(profile("guide", &[]), &[]);
    let before = Arc::new(Mutex::new(None));
    let frozen = Arc::new(AtomicBool::new(false));
    let released = Arc::new(AtomicBool::new(false));
    let (kept, stop, go) = (
        Arc::clone(&before),
        Arc::clone(&frozen),
        Arc::clone(&released),
    );
    let target = proxy::start(emulator.address(), move |asked| {
        while stop.load(Ordering::SeqCst) && !go.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        let mut first = kept.lock().unwrap();
        let first = first.get_or_insert_with(|| asked.get(USER, "application/json").json());
        let answer = asked.pass();
        // Once the user is another one, nothing is answered any more.
        let changed =
            asked.is_of_user("PUT") && asked.get(USER, "application/json").json() != *first;
        stop.fetch_or(changed, Ordering::SeqCst);
        answer
    });
    let folder = tempfile::tempdir().unwrap();
    let url = target.url();
    let arguments = [
        "run",
        "--target",
        &url,
        "--prepared-user",
        "u1",
        "--ledger",
        "ledger",
    ];
    let run_of_it = program(folder.path(), &arguments);
    kill_when(run_of_it, || frozen.load(Ordering::SeqCst));
    released.store(true, Ordering::SeqCst);
    assert!(frozen.load(Ordering::SeqCst), "the user was never changed");
    let now = || {
        let seen = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&seen);
        let look = proxy::start(emulator.address(), move |asked| {
            *kept.lock().unwrap() = Some(asked.get(USER, "application/json").json());
            asked.pass()
        });
        let ran = run(
            &[
                "run",
                "--target",
                &look.url(),
                "--read-only",
                "--filter",
                "list.users",
            ],
            &[],
        );
        assert_eq!(ran.code, 0, "{}", ran.out);
        let seen = seen.lock().unwrap().clone();
        seen.unwrap()
    };
    let before = before.lock().unwrap().clone().unwrap();
    assert_ne!(now(), before);
    let ledger = folder.path().join("ledger");
    let ran = run(
        &["cleanup", "--ledger", text(&ledger), "--settle", "0.1"],
        &[],
    );
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(!ledger.exists());
    assert_eq!(now(), before);
}
