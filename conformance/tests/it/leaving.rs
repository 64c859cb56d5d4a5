//! Nothing that a run creates stays on the account without being told: whatever the target answers
//! to the clean-up, the user is gone, or the exit code is 5 and the ledger is kept.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use bandwidth_conformance::{context::Context, target::embedded::Embedded, wire::Format};
use bandwidth_fixtures::NamedProfile;
use tempfile::TempDir;

use crate::{
    against::{profile, run_of, server, wait},
    between::{Between, Passing, answer, created},
    command_line::{Ran, run},
};

const HTML: &str = "text/html";
/// Creates two users.
const CREATES: [&str; 4] = ["--filter", "create.names.over-100", "--patience", "0"];

/// A server, a way to it, and a folder for what a run writes.
struct Stage {
    server: Embedded,
    profile: NamedProfile,
    between: Between,
    folder: TempDir,
}

impl Stage {
    fn new(reply: impl Fn(&Passing) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::before(profile("guide", &[]), &[], reply)
    }

    fn before(
        profile: NamedProfile,
        faults: &[&str],
        reply: impl Fn(&Passing) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let server = server(profile.clone(), faults);
        Self {
            between: Between::start(server.address(), reply),
            server,
            profile,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let ledger = self.ledger();
        let first = [
            "run",
            "--target",
            &self.between.url,
            "--ledger",
            text(&ledger),
        ];
        run(&[&first[..], arguments].concat(), &[])
    }

    fn cleanup(&self) -> Ran {
        run(&["cleanup", "--ledger", text(&self.ledger())], &[])
    }

    /// The users of the account, asked for past the proxy.
    fn users(&self) -> Vec<String> {
        let mut cx = Context::new(run_of(&self.server, self.profile.clone()));
        let users = wait(async { cx.list(Format::Xml).await.unwrap().users().unwrap() });
        users.into_iter().filter_map(|user| user.username).collect()
    }

    /// What was created is still there, and the run says so.
    fn told_of_leftovers(&self, ran: &Ran) {
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
        let stage = Stage::new(move |passing| {
            if broken.load(Ordering::SeqCst) {
                return answer(status, kind, body);
            }
            let answer = passing.pass();
            broken.fetch_or(created(&answer), Ordering::SeqCst);
            answer
        });
        stage.told_of_leftovers(&stage.run(&CREATES));
        // A clean-up from the ledger is told the same, and keeps the ledger.
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
fn a_delete_that_finds_nobody_is_believed_only_when_the_list_shows_nobody_either() {
    let stage = Stage::new(|passing| match passing.method.as_str() {
        "DELETE" => answer(404, HTML, "<html>no route</html>"),
        _ => passing.pass(),
    });
    let ran = stage.run(&CREATES);
    stage.told_of_leftovers(&ran);
    let ran = stage.cleanup();
    assert_eq!(ran.code, 5, "{}", ran.out);
    assert!(stage.ledger().exists());
}

#[test]
fn a_user_whose_delete_changes_nothing_is_told_of() {
    let stage = Stage::new(|passing| match passing.method.as_str() {
        "DELETE" => answer(200, "application/json", "{}"),
        _ => passing.pass(),
    });
    let ran = stage.run(&CREATES);
    stage.told_of_leftovers(&ran);
}

#[test]
fn a_user_that_a_refused_create_made_is_removed() {
    let first = AtomicBool::new(true);
    let stage = Stage::new(move |passing| {
        let answered = passing.pass();
        if created(&answered) && first.swap(false, Ordering::SeqCst) {
            return answer(400, "application/xml", "<UserResponse/>");
        }
        answered
    });
    stage.run(&CREATES);
    stage.is_as_it_was();
}

#[test]
fn a_user_whose_create_had_to_be_repeated_and_was_then_refused_is_removed() {
    let fault = "status=429,when=after,operation=create_user,times=1";
    let stage = Stage::before(profile("guide", &[]), &[fault], Passing::pass);
    let ran = stage.run(&["--filter", "delete.user.is"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    stage.is_as_it_was();
}

#[test]
fn a_user_that_has_another_name_now_is_removed_where_its_name_is_its_key() {
    let set = ["username.update=allowed", "delete.effect=removed"];
    let stage = Stage::before(profile("published", &set), &[], Passing::pass);
    let before = stage.users();
    stage.run(&["--profile", "published", "--filter", "update.username.as"]);
    assert_eq!(stage.users(), before);
    assert!(!stage.ledger().exists());
}

#[test]
fn where_deleting_deactivates_the_deactivated_are_not_left_behind() {
    let set = ["delete.effect=deactivated"];
    let stage = Stage::before(profile("guide", &set), &[], Passing::pass);
    let ran = stage.run(&CREATES);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(!stage.ledger().exists());
}

#[test]
fn a_create_that_may_still_be_under_way_keeps_the_ledger_until_it_is_seen() {
    // The server gets the first create only when the test says so.
    let (go, going) = std::sync::mpsc::channel::<()>();
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let held = Mutex::new(Some((going, done)));
    let stage = Stage::new(move |passing| {
        let first = passing.creates().then(|| held.lock().unwrap().take());
        if let Some((going, done)) = first.flatten() {
            going.recv().unwrap();
            let answer = passing.pass();
            done.send(()).unwrap();
            return answer;
        }
        passing.pass()
    });
    let ran = stage.run(&["--filter", "delete.user.is"]);
    assert_eq!(ran.code, 5, "{}", ran.out);
    assert!(ran.out.contains("(perhaps)"), "{}", ran.out);
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
fn a_lost_answer_to_a_create_is_no_leftover_when_a_later_look_shows_nobody() {
    let first = AtomicBool::new(true);
    let stage = Stage::new(move |passing| {
        if passing.creates() && first.swap(false, Ordering::SeqCst) {
            return Vec::new();
        }
        passing.pass()
    });
    let ran = stage.run(&CREATES);
    assert_eq!(ran.code, 3, "{}", ran.out);
    stage.is_as_it_was();
}

#[test]
fn users_that_cannot_be_deleted_are_tried_once_and_cost_no_more_than_the_budget() {
    let stage = Stage::new(|passing| match passing.method.as_str() {
        "DELETE" => answer(403, "application/xml", "<UserResponse/>"),
        _ => passing.pass(),
    });
    let ran = stage.run(&["--max-requests", "100"]);
    stage.told_of_leftovers(&ran);
    let left = stage.users().len() as u64;
    let most = 100 + left;
    let sent = stage.between.requests();
    assert!(sent <= most, "{sent} requests, more than {most}");
}

#[test]
fn a_ledger_that_somebody_removed_takes_neither_reports_nor_verdicts() {
    let stolen = Arc::new(Mutex::new(PathBuf::new()));
    let ledger = Arc::clone(&stolen);
    let stage = Stage::new(move |passing| {
        if passing.method == "DELETE" {
            let _ = fs::remove_file(&*ledger.lock().unwrap());
        }
        passing.pass()
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
    let stage = Stage::before(profile("guide", &[]), &[fault], Passing::pass);
    let ran = stage.run(&CREATES);
    assert_eq!(ran.code, 3, "{}", ran.out);
    stage.is_as_it_was();
}

#[test]
fn a_report_that_cannot_be_written_hides_neither_the_others_nor_who_is_left() {
    let stage = Stage::new(|passing| match passing.method.as_str() {
        "DELETE" => answer(403, "application/xml", "<UserResponse/>"),
        _ => passing.pass(),
    });
    let path = |name: &str| stage.folder.path().join(name);
    // A device that takes nothing.
    let json = format!("json={}", text(&path("r.json")));
    let reports = ["--report", "junit=/dev/full", "--report", &json];
    let ran = stage.run(&[&CREATES[..], &reports].concat());
    stage.told_of_leftovers(&ran);
    assert!(ran.err.contains("/dev/full: "), "{}", ran.err);
    assert!(path("r.json").exists());
}
