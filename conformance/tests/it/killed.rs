//! A run that is killed leaves a ledger, and a clean-up from it leaves the account as it was.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use bandwidth_conformance::{dialogue::Context, wire::Format};

use crate::against::{profile, run_of, server, wait};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bandwidth-conformance");
const KILLS: u32 = 50;

fn conformance(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn ledgers(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// How many requests the server has answered.
fn answered(server: SocketAddr) -> u64 {
    let mut stream = TcpStream::connect(server).unwrap();
    let request = "GET /__admin/metrics HTTP/1.1\r\nHost: mock\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut metrics = String::new();
    stream.read_to_string(&mut metrics).unwrap();
    let counts = metrics
        .lines()
        .filter(|line| line.starts_with("bandwidth_mock_requests_total{"));
    counts
        .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}

#[test]
fn fifty_kills_at_any_moment_and_a_cleanup_leave_the_account_as_it_was() {
    let server = server(profile("guide", &[]), &[]);
    let url = format!("http://{}", server.address());
    let folder = tempfile::tempdir().unwrap();
    let mut cx = Context::new(run_of(&server, profile("guide", &[])));
    let mut users = || wait(async { cx.list(Format::Xml).await.unwrap().users().unwrap() });
    let before = users();
    let arguments = [
        "run", "--target", &url, "--filter", "create", "--filter", "update", "--settle", "0.2",
    ];
    let requests = || answered(server.address());
    let started = requests();
    assert!(
        conformance(folder.path(), &arguments)
            .status()
            .unwrap()
            .success()
    );
    let whole = requests() - started;
    let (mut with_leftovers, mut most) = (0, 0);
    for kill in 0..KILLS {
        let mut run = conformance(folder.path(), &arguments).spawn().unwrap();
        // Spread over the whole run, by its requests and not by time, which other work on the
        // machine stretches; the odd number keeps moments from falling on the same cases.
        let moment = requests() + whole * u64::from((kill * 37) % KILLS) / u64::from(KILLS);
        while requests() < moment && run.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        run.kill().unwrap();
        run.wait().unwrap();
        let left = users().len() - before.len();
        with_leftovers += u32::from(left > 0);
        most = most.max(left);
        for ledger in ledgers(folder.path()) {
            let cleanup = ["cleanup", "--ledger", &ledger, "--settle", "0.2"];
            let done = conformance(folder.path(), &cleanup).status().unwrap();
            // A run that was killed before it had written whose ledger it is had sent nothing.
            let text = fs::read_to_string(folder.path().join(&ledger)).unwrap_or_default();
            assert!(done.success() || !text.contains('\n'), "{ledger}: {text}");
            let _ = fs::remove_file(folder.path().join(&ledger));
        }
        assert_eq!(users(), before, "kill {kill}");
    }
    // Otherwise this test shows nothing.
    assert!(
        with_leftovers >= KILLS / 5,
        "{with_leftovers} kills left users"
    );
    assert!(most > 0 && whole > 0);
}

#[test]
fn a_killed_probe_goes_on_or_is_cleaned_up_and_leaves_nothing() {
    const KILLS: u32 = 12;
    let server = server(profile("guide", &[]), &[]);
    let url = format!("http://{}", server.address());
    let folder = tempfile::tempdir().unwrap();
    let mut cx = Context::new(run_of(&server, profile("guide", &[])));
    let mut users = || wait(async { cx.list(Format::Xml).await.unwrap().users().unwrap() });
    let before = users();
    let settle = ["--settle", "0.2"];
    let whole = ["probe", "--target", &url, "--out", "whole.toml"];
    let whole = [&whole[..], &settle].concat();
    let started = Instant::now();
    assert!(
        conformance(folder.path(), &whole)
            .status()
            .unwrap()
            .success()
    );
    let took = started.elapsed();
    let out = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let choices = |text: &str| -> Vec<String> {
        let (choices, _) = text.split_once("[evidence").unwrap();
        choices
            .lines()
            .filter(|line| line.contains(" = "))
            .map(str::to_owned)
            .collect()
    };
    let expected = choices(&out("whole.toml"));
    let mut with_leftovers = 0;
    for kill in 0..KILLS {
        let name = format!("killed-{kill}.toml");
        let arguments = ["probe", "--target", &url, "--out", &name];
        let arguments = [&arguments[..], &settle].concat();
        let mut run = conformance(folder.path(), &arguments).spawn().unwrap();
        thread::sleep(took.mul_f64(f64::from(kill + 1) / f64::from(KILLS + 1)));
        run.kill().unwrap();
        run.wait().unwrap();
        with_leftovers += u32::from(users().len() > before.len());
        let resumed = [&arguments[..], &["--resume"]].concat();
        assert!(
            conformance(folder.path(), &resumed)
                .status()
                .unwrap()
                .success(),
            "kill {kill}"
        );
        assert_eq!(users(), before, "kill {kill}");
        assert_eq!(choices(&out(&name)), expected, "kill {kill}");
        for ending in [".ledger", ".partial", ".part"] {
            assert!(
                !folder.path().join(format!("{name}{ending}")).exists(),
                "kill {kill}: {ending}"
            );
        }
    }
    assert!(
        with_leftovers > KILLS / 3,
        "{with_leftovers} kills left users"
    );
}
