//! `cargo xtask bench --httpmock`: httpmock does the same work in the same harness.
//!
//! It is installed into `target/peers` from crates.io, and sends the mock's own answers without
//! checking a password or remembering a user.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{
    Options, Row, SERVER_CORE, Subject, compare, median, pinned, reference, resident,
    work::{Format, USERS, Work},
};
use crate::{
    process::{self, Group},
    workspace,
};

const VERSION: &str = "0.9.0";

const ROWS: [Row; 3] = [
    Row::new(Work::GetUser, 1_000, None),
    Row::new(Work::ListUsers, 1_000, None),
    Row::new(Work::CreateUser, 1_000, None),
];

/// How long it may take to start.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A running httpmock; stops when dropped.
struct Running {
    group: Group,
    address: SocketAddr,
    /// From the start of its process to its first answer, in milliseconds.
    started: f64,
    _folder: tempfile::TempDir,
}

impl Running {
    /// Starts one that answers as this mock did.
    fn start(program: &Path, mock: &Subject) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let known = reference::document(&mock.answers(Format::Json)?);
        for (step, method, whole) in [
            ("List", "GET", true),
            ("Create", "POST", true),
            ("Get", "GET", false),
        ] {
            // JSON is YAML.
            let file = folder.path().join(format!("{step}.yaml"));
            fs::write(file, rule(&known[step], method, whole).to_string())?;
        }
        let free = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = free.local_addr()?;
        drop(free);
        let mut command = pinned(program, SERVER_CORE);
        command
            .arg("--mock-files-dir")
            .arg(folder.path())
            .args(["--disable-access-log", "--request-history-limit", "1000"])
            .args(["--port", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let begin = Instant::now();
        let mut group = Group::start(&mut command)?;
        while !process::answers_ok(address, &format!("{USERS}/u1")) {
            ensure!(group.ended()?.is_none(), "httpmock ended at its start");
            ensure!(begin.elapsed() < START_LIMIT, "httpmock does not answer");
            sleep(Duration::from_millis(2));
        }
        Ok(Self {
            group,
            address,
            started: begin.elapsed().as_secs_f64() * 1_000.0,
            _folder: folder,
        })
    }
}

fn rule(answer: &Value, method: &str, whole: bool) -> Value {
    let (path, matcher) = if whole {
        (json!(USERS), "path")
    } else {
        (json!([format!("{USERS}/")]), "path_prefix")
    };
    json!({
        "when": { "method": method, matcher: path },
        "then": {
            "status": answer["status"],
            "header": [{ "name": "content-type", "value": "application/json" }],
            "body": answer["body"],
        },
    })
}

/// Installs it where it is not there yet.
fn install() -> Result<PathBuf> {
    let folder = workspace::root().join("target/peers");
    let status = workspace::cargo()
        .args(["install", "--quiet", "--locked", "httpmock"])
        .args(["--version", VERSION, "--features", "standalone", "--root"])
        .arg(&folder)
        .stdin(Stdio::null())
        .status()?;
    ensure!(status.success(), "cargo could not install httpmock");
    Ok(folder.join("bin/httpmock"))
}

/// Prints what it answers in a second beside the mock, and how it starts.
pub(super) fn measure(options: &Options, mock: &Path) -> Result<()> {
    let program = install()?;
    let (mut started, mut memory) = (Vec::new(), Vec::new());
    println!("\n| load, JSON | httpmock/s | mock/s | ratio |\n|---|---:|---:|---:|");
    for row in &ROWS {
        let users = row.users.to_string();
        let ours = Subject::mock(mock, &["--seed", "empty", "--users", &users])?;
        let theirs = Running::start(&program, &ours)?;
        started.push(theirs.started);
        memory.push(resident(theirs.group.id())?);
        let load = row.load(options, Format::Json);
        let compared = compare(theirs.address, ours.address, load, options.rounds)?;
        println!(
            "| {} | {:.0} | {:.0} | {:.2} |",
            row.name(),
            compared.first,
            compared.second,
            compared.ratio
        );
    }
    println!(
        "\nhttpmock {VERSION}: first answer after {:.0} ms, then {:.1} MiB resident",
        median(&mut started),
        median(&mut memory)
    );
    Ok(())
}
