//! What a probe writes, and what it continues from: it ends with a file that loads, and touches
//! nothing of another target.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use bandwidth_fixtures::{EvidenceKind, NamedProfile};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::quirk::{Answered, Asked, Odd};
use crate::command_line::{Ran, run};

/// A folder for what a probe writes.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Probes that server with more arguments, into that file.
    fn probe(&self, odd: &Odd, name: &str, more: &[&str]) -> Ran {
        self.probe_as(odd, name, more, &[])
    }

    fn probe_as(&self, odd: &Odd, name: &str, more: &[&str], login: &[(&str, &str)]) -> Ran {
        let (url, out) = (odd.url(), self.path(name));
        let target = ["probe", "--target", &url, "--out", text(&out)];
        // What is shown late is shown within a second.
        let first = [&target[..], &["--settle", "1"]].concat();
        run(&[&first[..], more].concat(), login)
    }

    fn profile(&self, name: &str) -> NamedProfile {
        NamedProfile::load(text(&self.path(name))).unwrap()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn id(text: &str) -> bandwidth_fixtures::BehaviourId {
    text.parse().unwrap()
}

#[test]
fn a_profile_that_is_a_file_can_be_the_base() {
    let folder = Folder::new();
    let odd = Odd::new(
        &["put.semantics=merge", "delete.status=204"],
        Asked::pass_on,
    );
    let put = ["--only", "put.semantics", "--profile", "published"];
    let first = folder.probe(&odd, "first.toml", &put);
    assert_eq!(first.code, 0, "{}", first.err);
    let base = folder.path("first.toml");
    let delete = ["--only", "delete.status", "--profile", text(&base)];
    let second = folder.probe(&odd, "second.toml", &delete);
    assert_eq!(
        (second.code, second.err.as_str()),
        (0, ""),
        "{}",
        second.out
    );
    let (first, second) = (folder.profile("first.toml"), folder.profile("second.toml"));
    // What was observed earlier is known as it was, and all else is as it was too.
    let differing: Vec<_> = first.differences(&second).collect();
    assert_eq!(differing, [id("delete.status")]);
    for known in ["put.semantics", "delete.effect", "password.max_length"] {
        assert_eq!(
            first.evidence(id(known)),
            second.evidence(id(known)),
            "{known}"
        );
    }
    let observed = second.evidence(id("delete.status"));
    assert_eq!(observed[0].kind, EvidenceKind::Observed);
}

#[test]
fn what_does_not_fit_the_base_is_open_with_the_reason() {
    let folder = Folder::new();
    let lengths = ["password.min_length=30", "password.max_length=40"];
    let odd = Odd::new(&lengths, Asked::pass_on);
    let minimum = ["--only", "password.min_length", "--profile", "published"];
    let ran = folder.probe(&odd, "a.toml", &minimum);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let told = "open      password.min_length: it is 30, which does not fit";
    assert!(ran.out.contains(told), "{}", ran.out);
    let learned = folder.profile("a.toml");
    assert_eq!(learned.options().password_min_length, 6);
    // Together they fit.
    let both = ["--only", "password", "--profile", "published"];
    let ran = folder.probe(&odd, "b.toml", &both);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let learned = folder.profile("b.toml");
    let options = learned.options();
    assert_eq!(
        (options.password_min_length, options.password_max_length),
        (30, 40)
    );
}

/// Tokens that say that they are valid for so many seconds.
fn tokens(seconds: u64) -> Odd {
    Odd::new(&["auth.schemes=bearer"], move |asked| {
        let answer = asked.pass();
        let mut grant = answer.json();
        if grant.get("expires_in").is_some() {
            grant["expires_in"] = json!(seconds);
            return answer.with_body(grant.to_string());
        }
        answer
    })
}

/// The credentials of the demo account.
const CLIENT: [(&str, &str); 3] = [
    ("BW_ACCOUNT_ID", "12345"),
    ("BW_CLIENT_ID", "CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913"),
    ("BW_CLIENT_SECRET", "qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U"),
];

#[test]
fn a_number_that_no_profile_can_have_is_open() {
    for seconds in [0, 2_000_000, u64::from(u32::MAX) + 1] {
        let folder = Folder::new();
        let auth = ["--only", "auth.token_seconds"];
        let ran = folder.probe_as(&tokens(seconds), "a.toml", &auth, &CLIENT);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        let why = format!("open      auth.token_seconds: it is {seconds}, and a profile can");
        assert!(ran.out.contains(&why), "{}", ran.out);
        folder.profile("a.toml");
    }
}

#[test]
fn a_token_whose_connection_closes_is_asked_for_again() {
    let tokens = AtomicUsize::new(0);
    let odd = Odd::new(&["auth.schemes=bearer"], move |asked| {
        let is_token = asked.method() == "POST" && !asked.path().contains("/accounts/");
        if is_token && tokens.fetch_add(1, Ordering::Relaxed) == 0 {
            return Answered::dropped();
        }
        asked.pass()
    });
    let folder = Folder::new();
    let ran = folder.probe_as(&odd, "a.toml", &["--read-only"], &CLIENT);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn users_that_are_known_to_stay_change_the_exit_code_where_that_is_not_allowed() {
    let folder = Folder::new();
    for (name, more, code) in [
        ("a.toml", &[][..], 5),
        ("b.toml", &["--allow-leftovers"][..], 0),
    ] {
        let odd = Odd::new(&["delete.effect=deactivated"], Asked::pass_on);
        let only = ["--only", "errors.conflict"];
        let ran = folder.probe(&odd, name, &[&only[..], more].concat());
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        let ours = odd.users().len() - 1;
        assert_eq!(ours == 1, code == 5, "{ours} users");
        assert_eq!(
            ran.err.matches("left behind: ").count(),
            ours,
            "{}",
            ran.err
        );
        let how = ran.err.matches("DELETE deactivates on this target").count();
        assert_eq!(how, ours, "{}", ran.err);
        let ledger = folder.path(&format!("{name}.ledger"));
        assert!(ran.err.contains("cleanup --ledger") && ledger.exists());
    }
}

/// The partial file of an interrupted probe of `odd`.
fn partial(odd: &Odd, findings: &Value) -> String {
    let target = format!("{}/api", odd.url());
    json!({"format": 1, "target": target, "accountId": "12345", "findings": findings, "exchanges": []})
        .to_string()
}

fn observed(option: &str) -> Value {
    json!({"observed": {"option": option, "alternatives": [], "note": "", "exchanges": [1, 2]}})
}

#[test]
fn what_an_earlier_part_found_is_skipped_or_turned_down_too() {
    let folder = Folder::new();
    let odd = Odd::new(&[], Asked::pass_on);
    let known = json!({"auth.token_seconds": observed("0"), "put.semantics": observed("merge")});
    let partial = partial(&odd, &known);
    let only = ["--resume", "--only", "list"];
    for (more, told) in [
        (&[][..], "auth.token_seconds: it is 0"),
        (
            &["--skip", "auth.token_seconds"],
            "auth.token_seconds: it was not asked for",
        ),
    ] {
        fs::write(folder.path("a.toml.partial"), &partial).unwrap();
        let ran = folder.probe(&odd, "a.toml", &[&only[..], more].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        assert!(ran.out.contains(told), "{}", ran.out);
        let learned = folder.profile("a.toml");
        assert_eq!(learned.options().get(id("put.semantics")), "merge");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_is_sent() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let odd = Odd::new(&[], |asked| {
        ASKED.fetch_add(1, Ordering::Relaxed);
        asked.pass()
    });
    let folder = Folder::new();
    for (name, words) in [
        ("no/such/a.toml", "folder does not exist"),
        ("", "name a file"),
    ] {
        let ran = folder.probe(&odd, name, &["--read-only"]);
        assert_eq!(ran.code, 2, "{}", ran.out);
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), 0);
}

#[test]
fn a_probe_that_is_interrupted_again_keeps_what_was_known() {
    let odd = Odd::new(&[], Asked::pass_on);
    let folder = Folder::new();
    let known = json!({"rate.headers": observed("retry_after")});
    fs::write(folder.path("a.toml.partial"), partial(&odd, &known)).unwrap();
    // What it keeps after an experiment is what a kill at that moment would leave.
    let watched = folder.path("a.toml.partial");
    let (first, ends) = (
        fs::read_to_string(&watched).unwrap(),
        AtomicBool::new(false),
    );
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut least = first.clone();
            while !ends.load(Ordering::Relaxed) {
                match fs::read_to_string(&watched) {
                    Ok(text) if !text.contains("rate.headers") => least = text,
                    _ => {}
                }
                thread::sleep(Duration::from_millis(1));
            }
            least
        });
        let ran = folder.probe(&odd, "a.toml", &["--resume"]);
        ends.store(true, Ordering::Relaxed);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let least = watch.join().unwrap();
        assert!(least.contains("rate.headers"), "it kept only {least:.300}");
    });
}

#[test]
fn users_of_another_target_are_not_forgotten() {
    let folder = Folder::new();
    let (here, there) = (Odd::new(&[], Asked::pass_on), Odd::new(&[], Asked::pass_on));
    let ledger = folder.path("a.toml.ledger");
    let lines = format!(
        "{}\n{}\n",
        json!({"format": 2, "target": format!("{}/api", there.url()), "accountId": "12345", "prefix": "cf-0-"}),
        json!({"event": "seen", "username": "cf-0-1", "key": "u1"}),
    );
    fs::write(&ledger, &lines).unwrap();
    let ran = folder.probe(&here, "a.toml", &["--resume"]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    assert!(ran.err.contains("cleanup --ledger"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&ledger).unwrap(), lines);
    // Nor where only the other file is about another target.
    let lines = lines.replace(&there.url(), &here.url());
    fs::write(&ledger, &lines).unwrap();
    fs::write(folder.path("a.toml.partial"), partial(&there, &json!({}))).unwrap();
    let ran = folder.probe(&here, "a.toml", &["--resume"]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    assert_eq!(fs::read_to_string(&ledger).unwrap(), lines);
}

#[test]
fn a_probe_that_may_only_read_removes_no_users_of_an_earlier_one() {
    static DELETED: AtomicUsize = AtomicUsize::new(0);
    let odd = Odd::new(&[], |asked| {
        if asked.method() == "DELETE" {
            DELETED.fetch_add(1, Ordering::Relaxed);
        }
        asked.pass()
    });
    let folder = Folder::new();
    let lines = format!(
        "{}\n{}\n",
        json!({"format": 2, "target": format!("{}/api", odd.url()), "accountId": "12345", "prefix": "jd"}),
        json!({"event": "seen", "username": "jdoe", "key": "u1"}),
    );
    let ledger = folder.path("a.toml.ledger");
    fs::write(&ledger, &lines).unwrap();
    let ran = folder.probe(&odd, "a.toml", &["--resume", "--read-only"]);
    assert_eq!(ran.code, 6, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("cleanup --ledger"), "{}", ran.err);
    assert_eq!(DELETED.load(Ordering::Relaxed), 0);
    assert_eq!(fs::read_to_string(&ledger).unwrap(), lines);
}

#[test]
fn exchanges_have_no_cookies_and_are_for_their_owner_alone() {
    const SESSION: &str = "JSESSIONID=Canary-session-123456";
    let odd = Odd::new(&[], |asked| {
        let mut answer = asked.pass();
        answer.set_header("Set-Cookie", &format!("{SESSION}; Path=/"));
        answer
    });
    let folder = Folder::new();
    let ran = folder.probe(&odd, "a.toml", &["--read-only"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let exchanges = folder.path("a.toml.exchanges.json");
    let text = fs::read_to_string(&exchanges).unwrap();
    assert!(text.to_lowercase().contains("set-cookie"), "{text:.2000}");
    assert!(!text.contains("Canary-session"), "{text:.2000}");
    // A budget that is spent leaves the other file too.
    let ran = folder.probe(&odd, "b.toml", &["--read-only", "--max-requests", "5"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    #[cfg(unix)]
    for file in [exchanges, folder.path("b.toml.partial")] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn a_plan_says_what_becomes_of_the_first_user() {
    let folder = Folder::new();
    let out = folder.path("a.toml");
    let removal = "the first user is deleted before a second one is created";
    let odd = Odd::new(&[], Asked::pass_on);
    let away = "https://dashboard.bandwidth.com/api";
    let may = ["--allow-writes", "--confirm-account", "12345"];
    let more = [&may[..], &["--allow-leftovers"]].concat();
    for (target, flags, told) in [
        (away, &may[..], true),
        (away, &more, false),
        (away, &[], false),
        (&odd.url(), &[], true),
        (&odd.url(), &["--prepared-user", "u1"], false),
    ] {
        let plan = ["probe", "--plan", "--out", text(&out), "--target", target];
        let login = [
            ("BW_ACCOUNT_ID", "12345"),
            ("BW_USERNAME", "me"),
            ("BW_PASSWORD", "Canary-1"),
        ];
        let ran = run(&[&plan[..], flags].concat(), &login);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        assert_eq!(ran.out.contains(removal), told, "{flags:?}: {}", ran.out);
    }
}

#[test]
fn a_reason_that_findings_share_is_printed_once() {
    let folder = Folder::new();
    let odd = Odd::new(&["delete.effect=deactivated"], Asked::pass_on);
    let only = [
        "--only",
        "username",
        "--only",
        "errors",
        "--only",
        "auth.lockout",
    ];
    let ran = folder.probe(&odd, "a.toml", &only);
    let reason = "a deleted user stays, deactivated, so no second user was created";
    assert_eq!(ran.out.matches(reason).count(), 1, "{}", ran.out);
    let shared = "open      errors.conflict, username.case, username.scope: ";
    assert!(ran.out.contains(shared), "{}", ran.out);
    let file = fs::read_to_string(folder.path("a.toml")).unwrap();
    assert_eq!(file.matches(reason).count(), 1, "{file}");
}

#[test]
fn a_probe_that_was_not_interrupted_is_not_resumed() {
    let odd = Odd::new(&[], |asked| {
        assert!(asked.method() == "GET", "{}", asked.path());
        asked.pass()
    });
    let folder = Folder::new();
    fs::write(folder.path("a.toml"), "finished").unwrap();
    let ran = folder.probe(&odd, "a.toml", &["--resume"]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("no interrupted probe"), "{}", ran.err);
    let kept = fs::read_to_string(folder.path("a.toml")).unwrap();
    assert_eq!(kept, "finished");
}
