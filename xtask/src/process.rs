//! Processes that are gone when we are: each gets a process group of its own, and the whole group
//! is stopped when its [`Group`] is dropped or when this program ends in any other way.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

/// Time that a group has to end after SIGTERM, before SIGKILL.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// A shell that outlives us even if we are killed: its stdin is an idle pipe that closes when we
/// end.
const WATCHDOG: &str =
    r#"read -r _; kill -s TERM -- "-$1" && sleep 2 && kill -s KILL -- "-$1"; exit 0"#;

/// A process, and everything that it starts.
#[derive(Debug)]
pub(crate) struct Group {
    leader: Child,
    watchdog: Child,
    stopped: bool,
}

impl Group {
    /// Starts the command. It does not read our stdin.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_owned();
        let mut leader = own_group(command.stdin(Stdio::null()))
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let watchdog = own_group(
            Command::new("sh")
                .args(["-c", WATCHDOG, "sh", &leader.id().to_string()])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )
        .spawn();
        match watchdog {
            Ok(watchdog) => Ok(Self {
                leader,
                watchdog,
                stopped: false,
            }),
            Err(error) => {
                let _ = leader.kill();
                let _ = leader.wait();
                Err(error).context("cannot start sh")
            }
        }
    }

    /// The id of the process itself.
    pub(crate) fn id(&self) -> u32 {
        self.leader.id()
    }

    /// The process itself, for its pipes.
    pub(crate) fn leader(&mut self) -> &mut Child {
        &mut self.leader
    }

    /// Returns the exit status, if the process has ended.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.leader.try_wait()?)
    }

    /// Waits for the process to end by itself; `None` when it did not in time.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let end = Instant::now() + limit;
        loop {
            let status = self.ended()?;
            if status.is_some() || Instant::now() >= end {
                return Ok(status);
            }
            sleep(PAUSE);
        }
    }

    /// Stops the whole group, kindly first.
    pub(crate) fn stop(&mut self) {
        if self.stopped {
            return;
        }
        self.stopped = true;
        let end = Instant::now() + PATIENCE;
        self.signal("TERM");
        loop {
            let _ = self.leader.try_wait();
            if !self.signal("0") {
                break;
            }
            if Instant::now() >= end {
                self.signal("KILL");
                break;
            }
            sleep(PAUSE);
        }
        let _ = self.leader.kill();
        let _ = self.leader.wait();
        let _ = self.watchdog.kill();
        let _ = self.watchdog.wait();
    }

    /// Sends a signal to the group; returns false if the group is empty.
    fn signal(&self, signal: &str) -> bool {
        let group = self.leader.id().to_string();
        Command::new("sh")
            .args(["-c", r#"kill -s "$1" -- "-$2""#, "sh", signal, &group])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) -> &mut Command {
    std::os::unix::process::CommandExt::process_group(command, 0)
}

/// Windows has no groups: the leader alone is ended.
#[cfg(not(unix))]
fn own_group(command: &mut Command) -> &mut Command {
    command
}

/// True if the address accepts connections.
pub(crate) fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// True if GET of the path returns 200.
pub(crate) fn answers_ok(address: SocketAddr, path: &str) -> bool {
    let limit = Duration::from_secs(2);
    let ask = || -> std::io::Result<[u8; 13]> {
        let mut stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_read_timeout(Some(limit))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        // Not to the end: some servers keep a connection whatever they were asked.
        let mut answer = [0; 13];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| &answer == b"HTTP/1.1 200 ")
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        process::{Command, Stdio},
        time::Duration,
    };

    use super::Group;

    fn lives(process: &str) -> bool {
        // A zombie that no user has reaped yet is not alive.
        Command::new("sh")
            .args([
                "-c",
                r#"kill -0 "$1" 2>&1 && ! grep -q "^State:.Z" "/proc/$1/status""#,
                "sh",
            ])
            .arg(process)
            .output()
            .unwrap()
            .status
            .success()
    }

    #[test]
    fn what_a_process_started_ends_with_it() {
        let script = r#"sleep 600 & echo "$!"; wait"#;
        let mut group = Group::start(
            Command::new("sh")
                .args(["-c", script])
                .stdout(Stdio::piped()),
        )
        .unwrap();
        let mut grandchild = String::new();
        let stdout = group.leader().stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut grandchild).unwrap();
        let grandchild = grandchild.trim();
        assert!(lives(grandchild));
        drop(group);
        assert!(!lives(grandchild));
    }

    #[test]
    fn an_end_is_noticed_and_a_wait_has_a_limit() {
        let mut group = Group::start(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        let status = group.wait(Duration::from_secs(10)).unwrap().unwrap();
        assert_eq!(status.code(), Some(3));

        let mut group = Group::start(Command::new("sleep").arg("600")).unwrap();
        assert_eq!(group.wait(Duration::from_millis(50)).unwrap(), None);
    }
}
