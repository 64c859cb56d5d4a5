//! A run that is killed leaves a ledger, and a clean-up from it leaves the account as it was.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Command,
};

use bandwidth_conformance::{dialogue::Context, wire::Format};

use crate::{
    against::{profile, repeats, run_of, server, wait},
    support::program::{kill_when, program},
};

/// How many times a run is killed; a probe, which takes longer, a quarter of that.
fn kills() -> u64 {
    repeats("KILLS", 6) as u64
}

fn succeeds(mut command: Command) -> bool {
    command.status().unwrap().success()
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
    let request = "GET /__admin/metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
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
fn kills_at_any_moment_and_a_cleanup_leave_the_account_as_it_was() {
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
    assert!(succeeds(program(folder.path(), &arguments)));
    let whole = requests() - started;
    let (kills, mut with_leftovers) = (kills(), 0);
    for kill in 0..kills {
        // Spread over the whole run, by its requests and not by time, which other work on the
        // machine stretches; the odd number keeps moments from falling on the same cases.
        let moment = requests() + whole * ((kill * 37) % kills) / kills;
        kill_when(program(folder.path(), &arguments), || requests() >= moment);
        with_leftovers += u64::from(users().len() > before.len());
        for ledger in ledgers(folder.path()) {
            let cleanup = ["cleanup", "--ledger", &ledger, "--settle", "0.2"];
            let done = succeeds(program(folder.path(), &cleanup));
            // A run that was killed before it had written whose ledger it is had sent nothing.
            let text = fs::read_to_string(folder.path().join(&ledger)).unwrap_or_default();
            assert!(done || !text.contains('\n'), "{ledger}: {text}");
            let _ = fs::remove_file(folder.path().join(&ledger));
        }
        assert_eq!(users(), before, "kill {kill}");
    }
    // Otherwise this test shows nothing.
    assert!(
        with_leftovers > kills / 6,
        "{with_leftovers} kills left users"
    );
}

#[test]
fn a_killed_probe_goes_on_or_is_cleaned_up_and_leaves_nothing() {
    let server = server(profile("guide", &[]), &[]);
    let url = format!("http://{}", server.address());
    let folder = tempfile::tempdir().unwrap();
    let mut cx = Context::new(run_of(&server, profile("guide", &[])));
    let mut users = || wait(async { cx.list(Format::Xml).await.unwrap().users().unwrap() });
    let before = users();
    let settle = ["--settle", "0.2"];
    let whole = ["probe", "--target", &url, "--out", "whole.toml"];
    let whole = [&whole[..], &settle].concat();
    let requests = || answered(server.address());
    let started = requests();
    assert!(succeeds(program(folder.path(), &whole)));
    let all = requests() - started;
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
    let (kills, mut with_leftovers) = (kills().div_ceil(4), 0);
    for kill in 0..kills {
        let name = format!("killed-{kill}.toml");
        let arguments = ["probe", "--target", &url, "--out", &name];
        let arguments = [&arguments[..], &settle].concat();
        let moment = requests() + all * (kill + 1) / (kills + 1);
        kill_when(program(folder.path(), &arguments), || requests() >= moment);
        with_leftovers += u64::from(users().len() > before.len());
        let resumed = [&arguments[..], &["--resume"]].concat();
        assert!(succeeds(program(folder.path(), &resumed)), "kill {kill}");
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
        with_leftovers > kills / 3,
        "{with_leftovers} kills left users"
    );
}
