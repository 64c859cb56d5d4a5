//! The program as a process of its own.

use std::{
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_bandwidth-conformance");

/// The program with these arguments in that folder, without variables and silent. It takes every
/// signal, also where the tests run with some of them ignored, for example under `nohup`.
pub(crate) fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("env");
    command
        .args(["--default-signal", PROGRAM])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Runs it and kills it at that moment, unless it ends before.
pub(crate) fn kill_when(mut command: Command, mut moment: impl FnMut() -> bool) -> ExitStatus {
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    while !moment() && child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_mins(1), "it took too long");
        thread::sleep(Duration::from_millis(1));
    }
    // One that has ended cannot be killed.
    let _ = child.kill();
    child.wait().unwrap()
}
