//! A mock to work against: built, started on a free port, and stopped when it is dropped.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{process::Group, workspace};

/// The login of every mock as `Authorization` sends it: `api-user:Api-Passw0rd!23`.
pub(crate) const LOGIN: &str = "Basic YXBpLXVzZXI6QXBpLVBhc3N3MHJkITIz";

const START_LIMIT: Duration = Duration::from_secs(20);

/// Builds the mock with a profile of Cargo's, and returns where its binary is.
pub(crate) fn build(profile: &str) -> Result<PathBuf> {
    workspace::build("bandwidth-mock", "bandwidth-mock", profile)
}

/// A running mock on a free port.
pub(crate) struct Server {
    announcement: Value,
    group: Group,
}

impl Server {
    /// A mock that this command starts.
    pub(crate) fn launch(command: &mut Command) -> Result<Self> {
        let command = workspace::without_mock_variables(command);
        Self::launch_any(command.args(["--listen", "127.0.0.1:0", "--announce", "json"]))
    }

    /// Any server that prints its address on its first line.
    pub(crate) fn launch_any(command: &mut Command) -> Result<Self> {
        let mut group = Group::start(command.stdout(Stdio::piped()))?;
        let stdout = group.leader().stdout.take().context("the mock's stdout")?;
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            let _ = sender.send(read.map(|_| line));
        });
        let line = receiver
            .recv_timeout(START_LIMIT)
            .context("the mock did not say that it is ready")??;
        let announcement = serde_json::from_str(&line)
            .with_context(|| format!("the mock announced `{}`, not JSON", line.trim_end()))?;
        Ok(Self {
            announcement,
            group,
        })
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.group.id()
    }

    pub(crate) fn address(&self) -> Result<SocketAddr> {
        let base = self.text("baseUrl")?;
        let address = base.trim_start_matches("http://").trim_end_matches("/api");
        address
            .parse()
            .with_context(|| format!("{base} is at no address"))
    }

    /// A part of what it announced.
    pub(crate) fn text(&self, key: &str) -> Result<String> {
        let value = self.announcement[key].as_str().map(str::to_owned);
        value.with_context(|| format!("the mock did not announce its {key}"))
    }
}
