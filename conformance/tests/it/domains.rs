//! Runs whose users are created and removed below an identity domain: users of others stay as they
//! are, and what a run created is gone or named, whatever the target does.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bandwidth_conformance::{
    dialogue::Context,
    limits::{Limits, Surface},
    target::embedded::Embedded,
    verdict::Stop,
    wire::Format,
};
use tempfile::TempDir;

use crate::{
    against::{limited_run_of, profile, server, wait},
    command_line::{Ran, run},
    support::{
        http::{Answer, Server},
        proxy::{self, Asked},
    },
};

const XML: &str = "application/xml";
/// Creates, updates, lists and deletes.
const CASES: [&str; 8] = [
    "--filter",
    "identity.create",
    "--filter",
    "identity.update",
    "--filter",
    "identity.list",
    "--filter",
    "identity.delete",
];

/// A server with domains, a way to it, and a folder for what a run writes.
struct Stage {
    server: Embedded,
    proxy: Server,
    folder: TempDir,
    others: String,
}

impl Stage {
    fn new(set: &[&str], reply: impl Fn(Asked) -> Answer + Send + Sync + 'static) -> Self {
        let server = server(profile("published", set), &[]);
        Self {
            others: user(&server, "jdoe"),
            proxy: proxy::start(server.address(), reply),
            server,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    /// A run that expects the published profile.
    fn run(&self, more: &[&str]) -> Ran {
        let ledger = self.ledger();
        let (url, ledger) = (self.proxy.url(), ledger.to_str().unwrap().to_owned());
        let first = ["run", "--target", &url, "--profile", "published"];
        let patience = ["--settle", "0.2", "--patience", "1"];
        let own = ["--surface", "identity", "--ledger", &ledger];
        run(&[&first[..], &own, &patience, more].concat(), &[])
    }

    fn cleanup(&self) -> Ran {
        let ledger = self.ledger();
        let ledger = ledger.to_str().unwrap();
        run(&["cleanup", "--ledger", ledger, "--settle", "0.2"], &[])
    }

    /// Users of runs, asked for past the proxy.
    fn left(&self) -> Vec<String> {
        let mut users = users(&self.server);
        users.retain(|user| user != "jdoe");
        users
    }

    /// The faults after a run.
    fn faults(&self, ran: &Ran) -> Vec<String> {
        let mut faults = Vec::new();
        let left = self.left();
        let named = |user: &&String| {
            let mut lines = ran.out.lines();
            lines.any(|line| line.starts_with("left behind") && line.contains(user.as_str()))
        };
        let unnamed: Vec<&String> = left.iter().filter(|user| !named(user)).collect();
        if !unnamed.is_empty() {
            faults.push(format!("left and not named: {unnamed:?}"));
        }
        let ledger = self.ledger().exists();
        if !left.is_empty() && (ran.code != 5 || !ledger) {
            faults.push(format!("exit code {} with {left:?}", ran.code));
        }
        if left.is_empty() && ran.code != 5 && ledger {
            faults.push("a ledger stays without a user".to_owned());
        }
        if !matches!(ran.code, 0 | 1 | 3 | 5) {
            faults.push(format!("exit code {}: {}", ran.code, ran.err));
        }
        if user(&self.server, "jdoe") != self.others {
            faults.push("a user of others has changed".to_owned());
        }
        faults
    }
}

fn context(server: &Embedded) -> Context {
    let limits = Limits {
        surface: Some(Surface::Identity),
        ..Limits::impatient()
    };
    Context::new(limited_run_of(server, profile("published", &[]), limits))
}

/// How the server shows a user.
fn user(server: &Embedded, key: &str) -> String {
    let mut cx = context(server);
    wait(async {
        let path = Context::domain_user(key, "");
        cx.read_domain(&path).await.unwrap().text()
    })
}

/// Every user that the server has.
fn users(server: &Embedded) -> Vec<String> {
    let mut cx = context(server);
    wait(async {
        let users = cx.list(Format::Xml).await.unwrap().users().unwrap();
        users.into_iter().filter_map(|user| user.username).collect()
    })
}

fn is_below_a_domain(asked: &Asked) -> bool {
    asked.path().contains("/identitydomains/")
}

/// An answer with another body.
fn with(answer: &Answer, body: String) -> Answer {
    let status = answer.status();
    Answer::of(status, XML, body)
}

fn small_pages(asked: &Asked) -> Answer {
    if asked.method() == "GET" && asked.path().contains("size=100") {
        return asked.get(&asked.path().replace("size=100", "size=1"), XML);
    }
    asked.pass()
}

fn in_capitals(asked: &Asked) -> Answer {
    let answer = asked.pass();
    let body = answer.text();
    if !is_below_a_domain(asked) || !body.contains("<UserId>") {
        return answer;
    }
    let parts = body
        .split("<UserId>")
        .map(|part| match part.split_once("</UserId>") {
            Some((name, rest)) => format!("{}</UserId>{rest}", name.to_uppercase()),
            None => part.to_owned(),
        });
    let body = parts.collect::<Vec<_>>().join("<UserId>");
    with(&answer, body)
}

fn in_another_order(asked: &Asked) -> Answer {
    let answer = asked.pass();
    let body = answer.text();
    let (Some(first), Some(last)) = (body.find("<User>"), body.rfind("</User>")) else {
        return answer;
    };
    if !body.contains("<UserList>") {
        return answer;
    }
    let last = last + "</User>".len();
    let mut users: Vec<&str> = body[first..last].split_inclusive("</User>").collect();
    users.reverse();
    let body = format!("{}{}{}", &body[..first], users.concat(), &body[last..]);
    with(&answer, body)
}

fn errors_with_200(asked: &Asked) -> Answer {
    let answer = asked.pass();
    if is_below_a_domain(asked) && answer.status() > 401 {
        let body = answer.text();
        return Answer::of(200, XML, body);
    }
    answer
}

fn creates_that_get_no_answer(asked: &Asked) -> Answer {
    let answer = asked.pass();
    if asked.is_of_user("POST") && answer.status() == 201 {
        return Answer::dropped();
    }
    answer
}

fn deletes_that_get_500(asked: &Asked) -> Answer {
    let answer = asked.pass();
    match asked.method() {
        "DELETE" => Answer::of(500, XML, ""),
        _ => answer,
    }
}

fn deletes_that_do_nothing(asked: &Asked) -> Answer {
    match asked.method() {
        "DELETE" => Answer::of(200, XML, ""),
        _ => asked.pass(),
    }
}

fn no_list(asked: &Asked) -> Answer {
    if asked.method() == "GET" && asked.path().contains("/users") && !asked.is_of_user("GET") {
        return Answer::of(200, XML, "<Maintenance/>");
    }
    asked.pass()
}

#[test]
fn a_run_below_a_domain_harms_no_user_of_others_and_leaves_nothing_unnamed() {
    type Reply = fn(&Asked) -> Answer;
    let pass: Reply = Asked::pass;
    let targets: [(&str, &[&str], Reply); 12] = [
        ("as expected", &[], pass),
        ("small pages", &["identity.page_size=2"], small_pages),
        ("ids in capitals", &[], in_capitals),
        ("another order", &[], in_another_order),
        ("errors with 200", &[], errors_with_200),
        ("creates without an answer", &[], creates_that_get_no_answer),
        ("deletes with 500", &[], deletes_that_get_500),
        ("deletes that do nothing", &[], deletes_that_do_nothing),
        ("no list", &[], no_list),
        (
            "DELETE deactivates",
            &["identity.removal=deactivates"],
            pass,
        ),
        ("no DELETE", &["identity.removal=absent"], pass),
        (
            "the last page again",
            &["identity.page_beyond=last", "identity.page_size=1"],
            pass,
        ),
    ];
    let mut faults = Vec::new();
    for (name, set, reply) in targets {
        let stage = Stage::new(set, move |asked| reply(&asked));
        let ran = stage.run(&CASES);
        for fault in stage.faults(&ran) {
            faults.push(format!("{name}: {fault}\n{}", ran.out));
        }
        let stays = matches!(
            name,
            "DELETE deactivates" | "no DELETE" | "deletes that do nothing"
        );
        let left = stage.left().len();
        if left != usize::from(stays) {
            faults.push(format!("{name}: {left} left"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_cleanup_from_the_ledger_removes_users_below_the_domain() {
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = Arc::clone(&broken);
    let stage = Stage::new(&[], move |asked| {
        if asked.method() == "DELETE" && is_broken.load(Ordering::SeqCst) {
            return Answer::of(403, XML, "");
        }
        asked.pass()
    });
    let ran = stage.run(&CASES);
    assert_eq!(ran.code, 5, "{}", ran.out);
    let ledger = fs::read_to_string(stage.ledger()).unwrap();
    assert!(ledger.contains(r#""domain":"Iris""#), "{ledger}");
    broken.store(false, Ordering::SeqCst);
    let ran = stage.cleanup();
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(stage.left(), [""; 0]);
    assert!(!stage.ledger().exists());
}

#[test]
fn a_prepared_user_of_a_domain_is_put_back_and_no_other_is_created() {
    let stage = Stage::new(&[], Asked::pass_on);
    let cases = ["--area", "identity", "--role", "Admin"];
    let ran = stage.run(&[&cases[..], &["--prepared-user", "jdoe"]].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("pass          identity.update.reads-back"),
        "{}",
        ran.out
    );
    assert_eq!(stage.faults(&ran), [""; 0]);
    assert_eq!(stage.left(), [""; 0]);
}

#[test]
fn a_user_of_others_is_never_changed_below_a_domain() {
    let server = server(profile("published", &[]), &[]);
    let before = user(&server, "jdoe");
    let mut cx = context(&server);
    wait(async {
        let draft = cx.domain_draft().with("UserId", "jdoe");
        let put = cx.domain_put("jdoe", &draft).await.map(drop);
        let delete = cx.domain_call("DELETE", "/users/jdoe", "").await.map(drop);
        let settings = "<UserSettings><Active>false</Active></UserSettings>";
        let part = cx
            .domain_call("PUT", "/users/jdoe/settings", settings)
            .await
            .map(drop);
        let role = cx
            .domain_call("POST", "/users/jdoe/roles/Admin", "")
            .await
            .map(drop);
        // A user of another account is not shown.
        let hidden = cx
            .domain_call("PUT", "/users/u900-smith/settings", settings)
            .await
            .map(drop);
        let body = cx.domain_body(&draft);
        let create = cx
            .send(cx.ask_domain_create("somebody", body.clone()))
            .await
            .map(drop);
        for stop in [put, delete, part, role, hidden] {
            let stop = stop.unwrap_err();
            let refused = matches!(&stop, Stop::Fail(why) if why.contains("is not sent"));
            assert!(refused, "{stop:?}");
        }
        assert!(matches!(create, Err(Stop::Error(_) | Stop::Fail(_))));
        // The key is the run's, and the body names a user of others.
        let key = cx.fresh_username();
        let create = cx.send(cx.ask_domain_create(&key, body)).await.map(drop);
        assert!(matches!(create, Err(Stop::Error(_))));
        let token = cx
            .domain_call("POST", "/tokens", "<TokenScope/>")
            .await
            .map(drop);
        assert!(matches!(token, Err(Stop::Error(_))));
    });
    assert_eq!(user(&server, "jdoe"), before);
    assert_eq!(users(&server), ["jdoe"]);
}

#[test]
fn users_of_a_domain_are_created_elsewhere_only_where_they_can_be_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("expected.toml");
    let text =
        "format = 1\nname = \"expected\"\nbase = \"published\"\n[identity]\nremoval = \"absent\"\n";
    fs::write(&path, text).unwrap();
    let login = [
        ("BW_ACCOUNT_ID", "12345"),
        ("BW_USERNAME", "somebody"),
        ("BW_PASSWORD", "Canary-secret"),
    ];
    let away = ["run", "--target", "https://dashboard.bandwidth.com/api"];
    let own = ["--profile", path.to_str().unwrap(), "--surface", "identity"];
    let ran = run(&[&away[..], &own].concat(), &login);
    assert_eq!(ran.code, 6, "{}", ran.err);
    for words in [
        "identity.removal=absent",
        "--prepared-user",
        "nothing was sent",
    ] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
}
