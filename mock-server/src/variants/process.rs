//! The command of somebody else: its output in a file, and all of its processes gone at the end.

use std::{
    ffi::OsString,
    fmt,
    fs::File,
    io,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With exit code 0.
    Passed,
    /// With another one.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It took too long and was stopped.
    TimedOut(Duration),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::TimedOut(limit) => write!(f, "stopped after {} s", limit.as_secs()),
        }
    }
}

/// Runs it in a group of processes of its own, and ends what is left of that.
pub fn run(
    command: &[OsString],
    variables: &[(&str, String)],
    output: File,
    limit: Duration,
) -> io::Result<Ending> {
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stderr(output.try_clone()?)
        .stdout(output)
        .process_group(0)
        .spawn()?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let started = Instant::now();
    let mut pause = Duration::from_millis(2);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if started.elapsed() >= limit {
            break None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    };
    if let Some(group) = group {
        // When nothing is left there is nobody to end.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let Some(status) = status else {
        child.wait()?;
        return Ok(Ending::TimedOut(limit));
    };
    Ok(match (status.code(), status.signal()) {
        (Some(0), _) => Ending::Passed,
        (Some(code), _) => Ending::Code(code),
        (None, signal) => Ending::Signal(signal.unwrap_or_default()),
    })
}
