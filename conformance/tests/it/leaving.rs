//! Nothing that a run creates stays on the account without a report: whatever the target answers
//! to the clean-up, the user is gone, or the exit code is 5 and the ledger is kept.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bandwidth_conformance::{
    dialogue::Context, leftover::LeftoverState, limits::Limits, outcome::RunReport,
    target::embedded::Embedded, verdict::Verdict, wire::Format,
};
use bandwidth_fixtures::NamedProfile;
use tempfile::TempDir;

use crate::{
    against::{PUBLISHED_FULL, profile, run_of, server, wait},
    command_line::{Ran, hurry, run, run_within},
    support::{
        http::{Answer, Server},
        proxy::{self, Asked},
    },
};

const HTML: &str = "text/html";
/// Creates users, and waits for nothing.
const CREATES: [&str; 6] = [
    "--filter",
    "create.names.over-100",
    "--patience",
    "0",
    "--settle",
    "0.1",
];

/// A server, a way to it, and a folder for what a run writes.
struct Stage {
    server: Embedded,
    profile: NamedProfile,
    proxy: Server,
    folder: TempDir,
}

impl Stage {
    fn new(reply: impl Fn(Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::before(profile("guide", &[]), &[], reply)
    }

    fn before(
        profile: NamedProfile,
        faults: &[&str],
        reply: impl Fn(Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let server = server(profile.clone(), faults);
        Self {
            proxy: proxy::start(server.address(), reply),
            server,
            profile,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_within(hurry, arguments)
    }

    fn run_within(&self, adjust: fn(&mut Limits), arguments: &[&str]) -> Ran {
        let ledger = self.ledger();
        let first = [
            "run",
            "--target",
            &self.proxy.url(),
            "--ledger",
            text(&ledger),
        ];
        run_within(adjust, &[&first[..], arguments].concat(), &[])
    }

    fn cleanup(&self) -> Ran {
        let ledger = self.ledger();
        let cleanup = ["cleanup", "--ledger", text(&ledger), "--settle", "0.1"];
        run(&cleanup, &[])
    }

    /// The users of the account, asked for past the proxy.
    fn users(&self) -> Vec<String> {
        let mut cx = Context::new(run_of(&self.server, self.profile.clone()));
        let users = wait(async { cx.list(Format::Xml).await.unwrap().users().unwrap() });
        users.into_iter().filter_map(|user| user.username).collect()
    }

    /// The created users are still there, and the run names them.
    fn reported_leftovers(&self, ran: &Ran) {
        assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
        assert!(ran.out.contains("left behind: cf-"), "{}", ran.out);
        assert!(ran.out.contains("remove it with: "), "{}", ran.out);
        assert!(self.ledger().exists());
        assert!(self.users().len() > 1);
    }

    /// Nothing is left: neither users, nor a ledger.
    fn is_as_it_was(&self) {
        assert_eq!(self.users(), ["jdoe"]);
        assert!(!self.ledger().exists());
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_answer_that_is_no_list_of_users_does_not_say_that_there_are_none() {
    for (status, kind, body) in [
        (401, "application/xml", ""),
        (403, "application/xml", ""),
        (404, HTML, "<html><body>no route</body></html>"),
        (500, "application/xml", ""),
        (200, "application/json", r#"{"status":"ok"}"#),
        (
            200,
            "application/xml",
            "<Maintenance><Until>noon</Until></Maintenance>",
        ),
        (200, "application/xml", ""),
    ] {
        let out = Arc::new(AtomicBool::new(false));
        let broken = Arc::clone(&out);
        let stage = Stage::new(move |asked| {
            if broken.load(Ordering::SeqCst) {
                return Answer::of(status, kind, body);
            }
            let answer = asked.pass();
            broken.fetch_or(answer.status() == 201, Ordering::SeqCst);
            answer
        });
        stage.reported_leftovers(&stage.run(&CREATES));
        // A clean-up from the ledger reports the same, and keeps the ledger.
        let ran = stage.cleanup();
        assert_ne!(ran.code, 0, "{status}: {}", ran.out);
        assert!(stage.ledger().exists(), "{status}");
        // Until the target lists its users again.
        out.store(false, Ordering::SeqCst);
        assert_eq!(stage.cleanup().code, 0, "{status}");
        stage.is_as_it_was();
    }
}

#[test]
fn a_delete_that_finds_no_user_is_believed_only_when_the_list_shows_none_either() {
    let stage = Stage::new(|asked| match asked.method() {
        "DELETE" => Answer::of(404, HTML, "<html>no route</html>"),
        _ => asked.pass(),
    });
    let ran = stage.run(&CREATES);
    stage.reported_leftovers(&ran);
    let ran = stage.cleanup();
    assert_eq!(ran.code, 5, "{}", ran.out);
    assert!(stage.ledger().exists());
}

#[test]
fn a_user_whose_delete_changes_nothing_is_reported() {
    let stage = Stage::new(|asked| match asked.method() {
        "DELETE" => Answer::of(200, "application/json", "{}"),
        _ => asked.pass(),
    });
    let ran = stage.run(&CREATES);
    stage.reported_leftovers(&ran);
}

#[test]
fn a_user_that_a_refused_create_made_is_removed() {
    let first = AtomicBool::new(true);
    let stage = Stage::new(move |asked| {
        let answered = asked.pass();
        if answered.status() == 201 && first.swap(false, Ordering::SeqCst) {
            return Answer::of(400, "application/xml", "<UserResponse/>");
        }
        answered
    });
    stage.run(&CREATES);
    stage.is_as_it_was();
}

#[test]
fn a_user_whose_create_had_to_be_repeated_and_was_then_refused_is_removed() {
    let fault = "status=429,when=after,operation=create_user,times=1";
    let stage = Stage::before(profile("guide", &[]), &[fault], Asked::pass_on);
    let ran = stage.run(&["--filter", "delete.user.is"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    stage.is_as_it_was();
}

#[test]
fn a_user_that_has_another_name_now_is_removed_where_its_name_is_its_key() {
    let set = [
        "surface.account=full",
        "username.update=allowed",
        "delete.effect=removed",
    ];
    let stage = Stage::before(profile("published", &set), &[], Asked::pass_on);
    let before = stage.users();
    stage.run(&[
        "--profile",
        PUBLISHED_FULL,
        "--filter",
        "update.username.as",
    ]);
    assert_eq!(stage.users(), before);
    assert!(!stage.ledger().exists());
}

/// Where deleting deactivates.
fn deactivating() -> Stage {
    let set = ["delete.effect=deactivated"];
    Stage::before(profile("guide", &set), &[], Asked::pass_on)
}

/// A run, its report, and the users of the run that the server has.
fn reported(stage: &Stage, arguments: &[&str]) -> (Ran, RunReport, Vec<String>) {
    let json = stage.folder.path().join("r.json");
    let report = format!("json={}", text(&json));
    let ran = stage.run(&[arguments, &["--report", &report]].concat());
    let report = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let mut ours = stage.users();
    ours.retain(|name| name.starts_with("cf-"));
    (ran, report, ours)
}

#[test]
fn where_deleting_deactivates_one_user_is_created_and_named_and_what_is_open_is_said() {
    let stage = deactivating();
    let few = [
        "--filter",
        "update.omitted-last-name",
        "--filter",
        "create",
        "--settle",
        "0.1",
    ];
    let (ran, report, ours) = reported(&stage, &few);
    assert_eq!((ran.code, report.exit_code), (5, 5), "{}", ran.out);
    assert_eq!((ours.len(), report.users), (1, 1), "{ours:?}");
    assert!(
        ran.out.contains(&format!("left behind: {} (key ", ours[0])),
        "{}",
        ran.out
    );
    let [left] = &report.leftovers[..] else {
        panic!("{:?}", report.leftovers)
    };
    assert_eq!(left.state, LeftoverState::Deactivated);
    assert!(stage.ledger().exists());
    // One user answers its questions.
    let of = |id: &'static str| {
        report
            .cases
            .iter()
            .filter(move |case| case.id.starts_with(id))
    };
    assert!(of("update.").any(|case| case.verdict == Verdict::Pass));
    assert!(of("create.names.").next().is_some());
    assert!(of("create.names.").all(|case| case.verdict == Verdict::Skipped));
    let open: Vec<&str> = report
        .open_questions
        .iter()
        .map(|open| open.behaviour.as_str())
        .collect();
    assert!(
        !open.is_empty() && !open.contains(&"put.semantics"),
        "{open:?}"
    );
    // A clean-up says the same, and keeps the ledger.
    let ran = stage.cleanup();
    assert_eq!(ran.code, 5, "{}", ran.out);
    assert!(ran.out.contains(&left.username), "{}", ran.out);
    assert!(stage.ledger().exists());
}

#[test]
fn where_leftovers_are_allowed_they_are_listed_and_verdicts_decide() {
    let stage = deactivating();
    let (ran, report, ours) = reported(&stage, &[&CREATES[..], &["--allow-leftovers"]].concat());
    assert_eq!((ran.code, report.exit_code), (0, 0), "{}", ran.out);
    let mut left: Vec<_> = report
        .leftovers
        .iter()
        .map(|left| left.username.clone())
        .collect();
    let mut ours = ours;
    left.sort();
    ours.sort();
    assert!(ours.len() > 1, "{ours:?}");
    assert_eq!(left, ours);
    assert!(
        ours.iter().all(|name| ran.out.contains(name)),
        "{}",
        ran.out
    );
    assert!(report.open_questions.is_empty());
    let other = deactivating();
    let filter = ["--filter", "delete.then-get", "--settle", "0.1"];
    let deleted = other.run(&[&filter[..], &["--allow-leftovers"]].concat());
    assert_eq!(deleted.code, 1, "{}", deleted.out);
}

const DELETES: [&str; 4] = ["--filter", "delete.user.is", "--settle", "0.1"];

/// Does not wait for a create that is not answered.
fn impatient(limits: &mut Limits) {
    hurry(limits);
    limits.timeout = Duration::from_secs(1);
}

#[test]
fn a_create_that_may_still_be_under_way_keeps_the_ledger_until_it_is_seen() {
    // The server gets the first create only when the test says so.
    let (go, going) = std::sync::mpsc::channel::<()>();
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let held = Mutex::new(Some((going, done)));
    let stage = Stage::new(move |asked| {
        let first = asked.creates().then(|| held.lock().unwrap().take());
        if let Some((going, done)) = first.flatten() {
            going.recv().unwrap();
            let answer = asked.pass();
            done.send(()).unwrap();
            return answer;
        }
        asked.pass()
    });
    let ran = stage.run_within(impatient, &DELETES);
    assert_eq!(ran.code, 5, "{}", ran.out);
    assert!(ran.out.contains("(unconfirmed)"), "{}", ran.out);
    // To look at once is too soon.
    let ran = stage.cleanup();
    assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("may still be under way"), "{}", ran.out);
    go.send(()).unwrap();
    is_done.recv().unwrap();
    let ran = stage.cleanup();
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    stage.is_as_it_was();
}

#[test]
fn a_create_that_cannot_be_under_way_any_more_is_no_leftover() {
    let first = AtomicBool::new(true);
    let stage = Stage::new(move |asked| {
        if asked.creates() && first.swap(false, Ordering::SeqCst) {
            return Answer::of(504, HTML, "");
        }
        asked.pass()
    });
    let ran = stage.run(&CREATES);
    assert_eq!(ran.code, 5, "{}", ran.out);
    let ledger = stage.ledger();
    let later = |limits: &mut Limits| limits.under_way = Duration::ZERO;
    let cleanup = ["cleanup", "--ledger", text(&ledger), "--settle", "0.1"];
    let ran = run_within(later, &cleanup, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    stage.is_as_it_was();
}

#[test]
fn a_lost_answer_to_a_create_is_no_leftover_when_a_later_look_shows_no_user() {
    let first = AtomicBool::new(true);
    let stage = Stage::new(move |asked| {
        if asked.creates() && first.swap(false, Ordering::SeqCst) {
            return Answer::dropped();
        }
        asked.pass()
    });
    let ran = stage.run(&CREATES);
    assert_eq!(ran.code, 0, "{}", ran.out);
    stage.is_as_it_was();
}

#[test]
fn users_that_cannot_be_deleted_are_tried_once_and_cost_no_more_than_the_budget() {
    let stage = Stage::new(|asked| match asked.method() {
        "DELETE" => Answer::of(403, "application/xml", "<UserResponse/>"),
        _ => asked.pass(),
    });
    let ran = stage.run(&[
        "--area",
        "create",
        "--max-requests",
        "100",
        "--settle",
        "0.1",
    ]);
    stage.reported_leftovers(&ran);
    let left = stage.users().len() as u64;
    let most = 100 + left;
    let sent = stage.proxy.connections();
    assert!(sent <= most, "{sent} requests, more than {most}");
}

#[test]
fn a_removed_ledger_takes_neither_reports_nor_verdicts() {
    let stolen = Arc::new(Mutex::new(PathBuf::new()));
    let ledger = Arc::clone(&stolen);
    let stage = Stage::new(move |asked| {
        if asked.method() == "DELETE" {
            let _ = fs::remove_file(&*ledger.lock().unwrap());
        }
        asked.pass()
    });
    *stolen.lock().unwrap() = stage.ledger();
    let report = stage.folder.path().join("r.json");
    let ran = stage.run(
        &[
            &CREATES[..],
            &["--report", &format!("json={}", text(&report))],
        ]
        .concat(),
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(report.exists());
}

#[test]
fn a_create_that_the_target_never_lets_in_is_no_leftover() {
    let fault = "status=429,operation=create_user";
    let stage = Stage::before(profile("guide", &[]), &[fault], Asked::pass_on);
    let ran = stage.run(&CREATES);
    assert_eq!(ran.code, 3, "{}", ran.out);
    stage.is_as_it_was();
}

#[test]
fn a_report_that_cannot_be_written_hides_neither_the_others_nor_who_is_left() {
    let stage = Stage::new(|asked| match asked.method() {
        "DELETE" => Answer::of(403, "application/xml", "<UserResponse/>"),
        _ => asked.pass(),
    });
    let path = |name: &str| stage.folder.path().join(name);
    // A device that takes nothing.
    let json = format!("json={}", text(&path("r.json")));
    let reports = ["--report", "junit=/dev/full", "--report", &json];
    let ran = stage.run(&[&CREATES[..], &reports].concat());
    stage.reported_leftovers(&ran);
    assert!(ran.err.contains("/dev/full: "), "{}", ran.err);
    assert!(path("r.json").exists());
}
