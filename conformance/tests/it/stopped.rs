//! A run that is asked to end cleans up, says so and writes its reports; asked twice, it says how to
//! clean up.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bandwidth_conformance::{dialogue::Context, target::embedded::Embedded, wire::Format};

use crate::{
    against::{profile, run_of, server, wait},
    support::{
        at_once,
        http::Answer,
        program::{PROGRAM, program},
        proxy::{self, Asked},
    },
};

const SIGNALS: [&str; 3] = ["INT", "TERM", "HUP"];

fn start(folder: &Path, arguments: &[&str]) -> Child {
    program(folder, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Asks the process to end, with the signal of that name.
fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.unwrap().success());
}

fn until(happens: impl Fn() -> bool) {
    let began = Instant::now();
    while !happens() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "it took too long"
        );
        thread::sleep(Duration::from_millis(2));
    }
}

fn usernames(server: &Embedded) -> Vec<String> {
    let mut cx = Context::new(run_of(server, profile("guide", &[])));
    let users = wait(async { cx.list(Format::Xml).await.unwrap().users().unwrap() });
    users.into_iter().filter_map(|user| user.username).collect()
}

fn text(output: &Output) -> String {
    let words = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    words.concat()
}

/// Lets everything pass, a little later.
fn slowly(asked: Asked) -> Answer {
    thread::sleep(Duration::from_millis(30));
    asked.pass_on()
}

#[test]
fn a_signal_ends_a_run_that_cleans_up_and_reports() {
    at_once(&SIGNALS, |name| {
        let server = server(profile("guide", &[]), &[]);
        let proxy = proxy::start(server.address(), slowly);
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["run", "--target", &proxy.url(), "--area", "create"];
        let report = ["--report", "json=r.json"];
        let run = start(folder.path(), &[&arguments[..], &report].concat());
        // In the middle of a create, or of what comes after it.
        until(|| proxy.connections() > 4);
        signal(&run, name);
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{name}: {}", text(&output));
        assert!(text(&output).contains("ended early: interrupted"), "{name}");
        assert_eq!(usernames(&server), ["jdoe"], "{name}");
        let files: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(files, ["r.json"], "{name}");
    });
}

#[test]
fn a_signal_ends_a_probe_and_random_operations_that_clean_up() {
    let commands = [
        &["probe", "--out", "learned.toml"][..],
        &["fuzz", "--ledger", "ledger", "--seed", "5"],
        &["replay", "create.names.over-100-are-400"],
    ];
    at_once(&commands, |command| {
        let server = server(profile("guide", &[]), &[]);
        let proxy = proxy::start(server.address(), slowly);
        let folder = tempfile::tempdir().unwrap();
        let aim = ["--target", &proxy.url()];
        let run = start(folder.path(), &[command, &aim[..]].concat());
        until(|| usernames(&server).len() > 1);
        signal(&run, "TERM");
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", text(&output));
        assert_eq!(usernames(&server), ["jdoe"], "{command:?}");
        for entry in fs::read_dir(folder.path()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(!name.ends_with("ledger"), "{command:?}: {name}");
        }
    });
}

#[test]
fn a_probe_that_is_stopped_while_it_asks_for_an_unused_key_proves_that_its_user_is_gone() {
    let server = server(profile("guide", &[]), &[]);
    let (is_asked, is_stopping) = (AtomicBool::new(false), AtomicBool::new(false));
    let flags = Arc::new((is_asked, is_stopping));
    let held = Arc::clone(&flags);
    let proxy = proxy::start(server.address(), move |asked| {
        let answer = asked.pass();
        let is_of_unused_key = asked.path().contains("/users/u") && answer.status() == 404;
        if is_of_unused_key && !held.0.swap(true, Ordering::SeqCst) {
            until(|| held.1.load(Ordering::SeqCst));
        }
        answer
    });
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["probe", "--out", "learned.toml", "--target", &proxy.url()];
    let mut run = start(folder.path(), &arguments);
    until(|| flags.0.load(Ordering::SeqCst));
    signal(&run, "TERM");
    let mut errors = BufReader::new(run.stderr.take().unwrap()).lines();
    let said = errors.next().unwrap().unwrap();
    assert!(
        said.contains("stopping after the current request"),
        "{said}"
    );
    flags.1.store(true, Ordering::SeqCst);
    let rest: Vec<String> = errors.map(Result::unwrap).collect();
    assert_eq!(run.wait().unwrap().code(), Some(3), "{rest:?}");
    assert_eq!(usernames(&server), ["jdoe"]);
}

#[test]
fn a_second_signal_ends_a_run_at_once_and_the_ledger_is_named() {
    let server = server(profile("guide", &[]), &[]);
    let silent = AtomicBool::new(false);
    let proxy = proxy::start(server.address(), move |asked| {
        if silent.load(Ordering::SeqCst) {
            loop {
                thread::park();
            }
        }
        let answer = asked.pass();
        silent.fetch_or(answer.status() == 201, Ordering::SeqCst);
        answer
    });
    let folder = tempfile::tempdir().unwrap();
    let run = start(
        folder.path(),
        &["run", "--target", &proxy.url(), "--ledger", "ledger"],
    );
    until(|| usernames(&server).len() > 1);
    let first = Instant::now();
    signal(&run, "INT");
    thread::sleep(Duration::from_millis(500));
    signal(&run, "INT");
    let output = run.wait_with_output().unwrap();
    assert!(
        first.elapsed() < Duration::from_secs(8),
        "{}",
        text(&output)
    );
    assert_eq!(output.status.code(), Some(5), "{}", text(&output));
    assert!(
        text(&output).contains("cleanup --ledger "),
        "{}",
        text(&output)
    );
    assert!(folder.path().join("ledger").exists());
}

#[test]
fn a_run_that_was_started_to_outlive_its_terminal_does() {
    let server = server(profile("guide", &[]), &[]);
    let proxy = proxy::start(server.address(), slowly);
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new("nohup")
        .args([PROGRAM, "run", "--target", &proxy.url()])
        .args(["--filter", "delete.user.is"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until(|| proxy.connections() > 2);
    signal(&run, "HUP");
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn without_a_reader_of_its_lines_a_run_still_cleans_up_and_reports() {
    let server = server(profile("guide", &[]), &[]);
    let proxy = proxy::start(server.address(), slowly);
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["run", "--target", &proxy.url(), "--area", "create"];
    let report = ["--report", "junit=j.xml"];
    let mut run = start(folder.path(), &[&arguments[..], &report].concat());
    let mut lines = BufReader::new(run.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("expecting profile"));
    drop(lines);
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let said = text(&output).matches("cannot write the report").count();
    assert_eq!(said, 1, "{}", text(&output));
    assert!(folder.path().join("j.xml").exists());
    assert_eq!(usernames(&server), ["jdoe"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
