//! The servers that are measured.

use std::{any::Any, fs, net::SocketAddr, path::Path, process::Command};

use anyhow::{Context as _, Result};

use super::{
    load::{Answer, Connection},
    reference,
    work::{Format, Step, World},
};
use crate::mock;

/// Cores for the servers and for the load, where there are two.
pub(super) const SERVER_CORE: &str = "0";
pub(super) const LOAD_CORE: &str = "1";
pub(super) const BOTH_CORES: &str = "0,1";

/// A command that is pinned to these cores, on Linux with at least two.
pub(super) fn pinned(program: &Path, cores: &str) -> Command {
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    // The chore itself is pinned already when it starts servers, and sees one core.
    let pins = available > 1 || std::env::var_os("BENCH_PINNED").is_some();
    if !pins || !cfg!(target_os = "linux") {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command
        .args(["--cpu-list", cores])
        .arg(program)
        .env("BENCH_PINNED", "1");
    command
}

/// A running server. It stops when this is dropped.
pub(super) struct Subject {
    pub(super) address: SocketAddr,
    pub(super) process: u32,
    _server: Box<dyn Any>,
}

impl Subject {
    pub(super) fn new(address: SocketAddr, process: u32, server: impl Any) -> Self {
        Self {
            address,
            process,
            _server: Box::new(server),
        }
    }

    fn of(server: mock::Server) -> Result<Self> {
        Ok(Self::new(server.address()?, server.id(), server))
    }

    /// A release mock on the servers' core.
    pub(super) fn mock(binary: &Path, arguments: &[&str]) -> Result<Self> {
        Self::mock_on(SERVER_CORE, binary, arguments)
    }

    pub(super) fn mock_on(cores: &str, binary: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = pinned(binary, cores);
        Self::of(mock::Server::launch(command.args(arguments))?)
    }

    /// A mock with this many users.
    pub(super) fn with_users(binary: &Path, users: u32) -> Result<Self> {
        Self::mock(binary, &["--seed", "empty", "--users", &users.to_string()])
    }

    /// A static server that sends what the mock sends.
    pub(super) fn reference(mock: &Self, format: Format) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let answers = folder.path().join("answers.json");
        let known = reference::document(&mock.answers(format)?);
        fs::write(&answers, serde_json::to_vec(&known)?)?;
        let mut command = pinned(&std::env::current_exe()?, SERVER_CORE);
        let command = command.arg("reference").arg(answers);
        Self::of(mock::Server::launch_any(command)?)
    }

    /// Resident memory in MiB.
    pub(super) fn resident(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process))?;
        let kibibytes = status.lines().find_map(|line| {
            let size = line.strip_prefix("VmRSS:")?.trim();
            size.strip_suffix(" kB")?.parse::<f64>().ok()
        });
        Ok(kibibytes.context("/proc has no VmRSS of the process")? / 1024.0)
    }

    /// Sends each step once, and keeps the responses.
    pub(super) fn answers(&self, format: Format) -> Result<Vec<(Step, Answer)>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let world = World::default();
            let mut connection = Connection::open(self.address, &world).await?;
            let mut answers = Vec::new();
            let first = format!("{}/u1", world.users);
            let mut created = None;
            for step in Step::ALL {
                let user = match step {
                    Step::Delete => created.as_deref(),
                    _ => Some(first.as_str()),
                };
                let answer = connection.ask(step, format, user).await?;
                if step == Step::Create {
                    created = answer.header("location").map(str::to_owned);
                }
                answers.push((step, answer));
            }
            Ok(answers)
        })
    }
}
