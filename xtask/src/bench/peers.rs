//! The mock beside a static server and httpmock. Both send the mock's own answers without checking a
//! password or remembering a user.

use std::{
    fmt::Write as _,
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
    Options, reference,
    rounds::{Ratio, alternate, median},
    subject::{SERVER_CORE, Subject, pinned},
    thousands,
    work::{Format, Work, World},
};
use crate::{
    process::{self, Group},
    workspace,
};

const VERSION: &str = "0.9.0";

/// Loads that all three serve, and the ratios that are wanted: to the static server, to httpmock.
const SHARED: [(Work, Format, f64, f64); 4] = [
    (Work::GetUser, Format::Json, 0.88, 1.2),
    (Work::ListUsers, Format::Xml, 0.95, 1.0),
    (Work::CreateUser, Format::Json, 0.75, 1.05),
    (Work::CreateUser, Format::Xml, 0.75, 1.05),
];

/// Users of the mock under a shared load.
const USERS: u32 = 1_000;

/// Other loads, with the number of users.
const OTHERS: [(Work, u32); 6] = [
    (Work::UpdateUser, 100),
    (Work::ListUsers, 1),
    (Work::ListUsers, 10_000),
    (Work::ListAfterUpdate, 1_000),
    (Work::ListAfterUpdate, 10_000),
    (Work::Mixed, 100),
];

/// The processor time of a peer for a request, divided by that of the mock.
pub(super) fn beside_both(options: &Options, mock: &Path) -> Result<String> {
    let program = install()?;
    let mut text = String::from(
        "| load, 1,000 users | mock, µs | mock/s | static / mock | wanted | httpmock / mock | wanted |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    let mut memory = Vec::new();
    for (work, format, of_static, of_httpmock) in SHARED {
        let ours = Subject::with_users(mock, USERS)?;
        let canned = Subject::reference(&ours, format)?;
        let httpmock = start(&program, &ours, format)?;
        memory.push(httpmock.resident()?);
        let load = options.load(work, format);
        let servers = [&ours, &canned, &httpmock];
        let [ours, canned, httpmock] =
            alternate(servers, load, &[World::default()], options.rounds)?;
        writeln!(
            text,
            "| {}, {} | {:.1} | {:.0} | {} | {of_static:.2} | {} | {of_httpmock:.2} |",
            work.name(),
            format.name(),
            median(&ours.costs),
            median(&ours.rates),
            Ratio::of(&canned.costs, &ours.costs),
            Ratio::of(&httpmock.costs, &ours.costs),
        )?;
    }
    writeln!(
        text,
        "\nhttpmock {VERSION} has {:.1} MiB resident at its start.",
        median(&memory)
    )?;
    Ok(text)
}

/// Other loads beside the static server, in both formats.
pub(super) fn beside_static(options: &Options, mock: &Path) -> Result<String> {
    let mut text = String::from(
        "| load | format | mock, µs | mock/s | static / mock | p50, µs | p99, µs |\n\
         |---|---|---:|---:|---:|---:|---:|\n",
    );
    for (work, users) in OTHERS {
        for format in Format::ALL {
            let ours = Subject::with_users(mock, users)?;
            let canned = Subject::reference(&ours, format)?;
            let load = options.load(work, format);
            let [ours, canned] =
                alternate([&ours, &canned], load, &[World::default()], options.rounds)?;
            writeln!(
                text,
                "| {}, {} users | {} | {:.1} | {:.0} | {} | {:.0} | {:.0} |",
                work.name(),
                thousands(users.into()),
                format.name(),
                median(&ours.costs),
                median(&ours.rates),
                Ratio::of(&canned.costs, &ours.costs),
                median(&ours.p50),
                median(&ours.p99),
            )?;
        }
    }
    Ok(text)
}

/// Time limit for the start of httpmock.
const START_LIMIT: Duration = Duration::from_mins(1);

/// Starts httpmock with the answers of this mock.
fn start(program: &Path, mock: &Subject, format: Format) -> Result<Subject> {
    let folder = tempfile::tempdir()?;
    let known = reference::document(&mock.answers(format)?);
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
    let first = format!("{}/u1", World::default().users);
    while !process::answers_ok(address, &first) {
        ensure!(group.ended()?.is_none(), "httpmock ended at its start");
        ensure!(begin.elapsed() < START_LIMIT, "httpmock does not answer");
        sleep(Duration::from_millis(2));
    }
    Ok(Subject::new(address, group.id(), (group, folder)))
}

fn rule(answer: &Value, method: &str, whole: bool) -> Value {
    let users = World::default().users;
    let (path, matcher) = if whole {
        (json!(users), "path")
    } else {
        (json!([format!("{users}/")]), "path_prefix")
    };
    json!({
        "when": { "method": method, matcher: path },
        "then": {
            "status": answer["status"],
            "header": [{ "name": "content-type", "value": answer["headers"]["content-type"] }],
            "body": answer["body"],
        },
    })
}

/// Installs httpmock into `target/peers` if it is not there.
fn install() -> Result<PathBuf> {
    let folder = workspace::root().join("target/peers");
    let program = folder.join("bin/httpmock");
    if program.exists() {
        return Ok(program);
    }
    let status = workspace::cargo()
        .args(["install", "--quiet", "--locked", "httpmock"])
        .args(["--version", VERSION, "--features", "standalone", "--root"])
        .arg(&folder)
        .stdin(Stdio::null())
        .status()?;
    ensure!(status.success(), "cargo could not install httpmock");
    Ok(program)
}
