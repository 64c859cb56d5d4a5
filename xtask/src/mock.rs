//! A mock to work against: built, started on a free port, and stopped when it is dropped.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{process::Group, workspace};

const START_LIMIT: Duration = Duration::from_secs(20);

/// Builds the mock with a profile of Cargo's, and tells where its binary is.
pub(crate) fn build(profile: &str) -> Result<PathBuf> {
    let output = workspace::cargo()
        .args([
            "build",
            "--package",
            "bandwidth-mock",
            "--bin",
            "bandwidth-mock",
            "--profile",
            profile,
        ])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "bandwidth-mock cannot be built");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .context("cargo did not say where it put bandwidth-mock")
}

/// A running mock on a free port.
pub(crate) struct Server {
    announcement: Value,
    group: Group,
}

impl Server {
    pub(crate) fn start(mock: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(mock);
        workspace::without_mock_variables(&mut command)
            .args(arguments)
            .args(["--listen", "127.0.0.1:0", "--announce", "json"])
            .stdout(Stdio::piped());
        let mut group = Group::start(&mut command)?;
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

    /// A part of what it announced.
    pub(crate) fn text(&self, key: &str) -> Result<String> {
        let value = self.announcement[key].as_str().map(str::to_owned);
        value.with_context(|| format!("the mock did not announce its {key}"))
    }
}
