//! `cargo xtask bench --peers`: other mock servers do the same work in the same harness.
//!
//! They are installed into `target/peers` from npm and crates.io, here and nowhere else. Each gets
//! the mock's own answers to send, so that all send the same bytes; none of them has to check a
//! password or to remember a user, as the mock does, but for json-server, which keeps its users
//! in a file.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use super::{
    Options, Row, SERVER_CORE, Subject, compare, mebibytes, median, pinned, reference,
    work::{Format, USERS, Work},
};
use crate::{
    memory,
    process::{self, Group},
    workspace,
};

const ROWS: [Row; 3] = [
    Row::new(Work::GetUser, 1_000, None),
    Row::new(Work::ListUsers, 1_000, None),
    Row::new(Work::CreateUser, 1_000, None),
];

/// How long a server may take to start.
const START_LIMIT: Duration = Duration::from_mins(1);

/// Another mock server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peer {
    Prism,
    Mockoon,
    Mountebank,
    JsonServer,
    Httpmock,
}

impl Peer {
    const ALL: [Self; 5] = [
        Self::Httpmock,
        Self::Mountebank,
        Self::Mockoon,
        Self::JsonServer,
        Self::Prism,
    ];

    /// The package, and the version that is measured.
    fn package(self) -> (&'static str, &'static str) {
        match self {
            Self::Prism => ("@stoplight/prism-cli", "5.16.0"),
            Self::Mockoon => ("@mockoon/cli", "9.9.0"),
            Self::Mountebank => ("mountebank", "2.9.1"),
            Self::JsonServer => ("json-server", "0.17.4"),
            Self::Httpmock => ("httpmock", "0.9.0"),
        }
    }

    fn name(self) -> String {
        let (package, version) = self.package();
        format!("{package} {version}")
    }

    /// The program among those that were installed.
    fn program(self, installed: &Path) -> PathBuf {
        match self {
            Self::Prism => installed.join("node_modules/.bin/prism"),
            Self::Mockoon => installed.join("node_modules/.bin/mockoon-cli"),
            Self::Mountebank => installed.join("node_modules/.bin/mb"),
            Self::JsonServer => installed.join("node_modules/.bin/json-server"),
            Self::Httpmock => installed.join("bin/httpmock"),
        }
    }

    /// Writes what it reads at its start, and makes the command that starts it.
    fn command(
        self,
        installed: &Path,
        folder: &Path,
        port: u16,
        answers: &Canned,
    ) -> Result<Command> {
        let file = folder.join("configuration.json");
        let port_text = port.to_string();
        let mut command = pinned(&self.program(installed), SERVER_CORE);
        match self {
            Self::Prism => {
                write(&file, &prism(answers))?;
                command.arg("mock").arg(&file);
                command.args(["--host", "127.0.0.1", "--port", &port_text]);
                // Else it writes a line for each request.
                command.args(["--verboseLevel", "silent"]);
            }
            Self::Mockoon => {
                write(&file, &mockoon(answers, port))?;
                command.arg("start").arg("--data").arg(&file);
                command.args(["--disable-log-to-file", "--disable-admin-api"]);
            }
            Self::Mountebank => {
                write(&file, &mountebank(answers, port))?;
                command.args(["start", "--host", "127.0.0.1", "--nologfile"]);
                command.args(["--port", &free_port()?.to_string()]);
                command
                    .args(["--loglevel", "error", "--configfile"])
                    .arg(&file);
            }
            Self::JsonServer => {
                write(&file, &json_server(answers)?)?;
                let routes = folder.join("routes.json");
                let own = json!({
                    USERS: "/users",
                    format!("{USERS}/:id"): "/users/:id",
                });
                write(&routes, &own)?;
                command.arg(&file).arg("--routes").arg(&routes);
                command.args(["--quiet", "--host", "127.0.0.1", "--port", &port_text]);
            }
            Self::Httpmock => {
                let mocks = folder.join("mocks");
                fs::create_dir(&mocks)?;
                for (name, rule) in httpmock(answers) {
                    // JSON is YAML.
                    write(&mocks.join(format!("{name}.yaml")), &rule)?;
                }
                command.arg("--mock-files-dir").arg(&mocks);
                command.args(["--disable-access-log", "--port", &port_text]);
                command.args(["--request-history-limit", "1000"]);
            }
        }
        Ok(command)
    }
}

fn write(file: &Path, value: &Value) -> Result<()> {
    Ok(fs::write(file, serde_json::to_vec(value)?)?)
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    Ok(listener.local_addr()?.port())
}

/// The bodies that all of them send.
struct Canned {
    user: String,
    list: String,
}

impl Canned {
    fn of(mock: &Subject) -> Result<Self> {
        let known = reference::document(&mock.answers(Format::Json)?);
        let body = |step: &str| {
            let body = known[step]["body"].as_str();
            body.map(str::to_owned).context("the mock's answer")
        };
        Ok(Self {
            user: body("Get")?,
            list: body("List")?,
        })
    }

    /// What to answer: method, whether the path goes on after that of the list, status, body.
    fn routes(&self) -> [(&'static str, bool, u16, &str); 3] {
        [
            ("GET", false, 200, &self.list),
            ("POST", false, 201, &self.user),
            ("GET", true, 200, &self.user),
        ]
    }
}

fn prism(answers: &Canned) -> Value {
    let mut paths = Map::new();
    for (method, one, status, body) in answers.routes() {
        let path = if one {
            format!("{USERS}/{{user}}")
        } else {
            USERS.to_owned()
        };
        let example: Value = serde_json::from_str(body).unwrap_or_default();
        let mut operation = json!({ "responses": { status.to_string(): {
            "description": "a canned answer",
            "content": { "application/json": { "example": example } },
        } } });
        if method == "POST" {
            operation["requestBody"] = json!({ "content": { "application/json": {} } });
        }
        if one {
            operation["parameters"] = json!([
                { "name": "user", "in": "path", "required": true, "schema": { "type": "string" } },
            ]);
        }
        let operations = paths.entry(path).or_insert_with(|| json!({}));
        operations[method.to_ascii_lowercase()] = operation;
    }
    let info = json!({ "title": "users", "version": "1" });
    json!({ "openapi": "3.0.3", "info": info, "paths": paths })
}

fn mockoon(answers: &Canned, port: u16) -> Value {
    let id = |number: usize| format!("00000000-0000-4000-8000-{number:012}");
    let routes: Vec<Value> = answers
        .routes()
        .into_iter()
        .enumerate()
        .map(|(index, (method, one, status, body))| {
            let users = USERS.trim_start_matches('/');
            json!({
                "uuid": id(index + 1),
                "type": "http",
                "method": method.to_ascii_lowercase(),
                "endpoint": if one { format!("{users}/:user") } else { users.to_owned() },
                "responses": [{
                    "uuid": id(index + 101),
                    "body": body,
                    "statusCode": status,
                    "headers": [{ "key": "Content-Type", "value": "application/json" }],
                    "bodyType": "INLINE",
                    "disableTemplating": true,
                    "default": true,
                    "rules": [],
                }],
            })
        })
        .collect();
    let children: Vec<Value> = routes
        .iter()
        .map(|route| json!({ "type": "route", "uuid": route["uuid"] }))
        .collect();
    json!({
        "uuid": id(0),
        "lastMigration": 33,
        "name": "users",
        "port": port,
        "hostname": "127.0.0.1",
        "folders": [],
        "routes": routes,
        "rootChildren": children,
        "headers": [],
        "data": [],
        "callbacks": [],
    })
}

fn mountebank(answers: &Canned, port: u16) -> Value {
    let stubs: Vec<Value> = answers
        .routes()
        .into_iter()
        .map(|(method, one, status, body)| {
            let path = if one {
                json!({ "startsWith": { "path": format!("{USERS}/") } })
            } else {
                json!({ "equals": { "path": USERS } })
            };
            json!({
                "predicates": [{ "equals": { "method": method } }, path],
                "responses": [{ "is": {
                    "statusCode": status,
                    // It closes connections and sends chunks unless it is told otherwise.
                    "headers": {
                        "Content-Type": "application/json",
                        "Connection": "keep-alive",
                        "Content-Length": body.len().to_string(),
                    },
                    "body": body,
                } }],
            })
        })
        .collect();
    json!({ "imposters": [{ "port": port, "protocol": "http", "stubs": stubs }] })
}

/// Its users, with ids of its own kind. It answers what it has, laid out for people.
fn json_server(answers: &Canned) -> Result<Value> {
    let mut list: Value = serde_json::from_str(&answers.list)?;
    let users = list["Users"].as_array_mut().context("a list of users")?;
    for user in users {
        user["id"] = user["UserId"].clone();
    }
    Ok(json!({ "users": list["Users"] }))
}

fn httpmock(answers: &Canned) -> Vec<(String, Value)> {
    let routes = answers.routes().into_iter().enumerate();
    let rules = routes.map(|(index, (method, one, status, body))| {
        let mut when = json!({ "method": method });
        if one {
            when["path_prefix"] = json!([format!("{USERS}/")]);
        } else {
            when["path"] = json!(USERS);
        }
        let rule = json!({
            "when": when,
            "then": {
                "status": status,
                "header": [{ "name": "content-type", "value": "application/json" }],
                "body": body,
            },
        });
        (index.to_string(), rule)
    });
    rules.collect()
}

/// A peer that runs, and is stopped when it is dropped.
struct Running {
    group: Group,
    address: SocketAddr,
    /// From the start of its process to its first answer, in milliseconds.
    started: f64,
    _folder: tempfile::TempDir,
}

impl Running {
    fn start(peer: Peer, installed: &Path, answers: &Canned) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let mut command = peer.command(installed, folder.path(), port, answers)?;
        // Ends where Node.js programs look for news of themselves.
        command
            .env("CI", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let begin = Instant::now();
        let mut group = Group::start(&mut command)?;
        while !process::answers_ok(address, &format!("{USERS}/u1")) {
            ensure!(
                group.ended()?.is_none(),
                "{} ended at its start",
                peer.name()
            );
            ensure!(
                begin.elapsed() < START_LIMIT,
                "{} does not answer",
                peer.name()
            );
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

/// Installs them where they are not there yet; the folder.
fn install() -> Result<PathBuf> {
    let folder = workspace::root().join("target/peers");
    fs::create_dir_all(&folder)?;
    let (crates, npm): (Vec<Peer>, Vec<Peer>) = Peer::ALL
        .into_iter()
        .partition(|peer| *peer == Peer::Httpmock);
    let mut npm_install = Command::new("npm");
    npm_install
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
        ])
        .arg("--prefix")
        .arg(&folder)
        .args(npm.into_iter().map(|peer| {
            let (package, version) = peer.package();
            format!("{package}@{version}")
        }));
    run(&mut npm_install)?;
    for peer in crates {
        let (package, version) = peer.package();
        let mut cargo_install = workspace::cargo();
        cargo_install
            .args([
                "install",
                "--quiet",
                "--locked",
                package,
                "--version",
                version,
            ])
            .args(["--features", "standalone", "--root"])
            .arg(&folder);
        run(&mut cargo_install)?;
    }
    Ok(folder)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

/// Prints two tables: what they answer in a second, and how they start.
pub(super) fn measure(options: &Options, mock: &Path) -> Result<()> {
    let installed = install()?;
    println!("\n| load, JSON | server | its/s | mock/s | the mock answers |");
    println!("|---|---|---:|---:|---:|");
    for row in &ROWS {
        let users = row.users.to_string();
        let ours = Subject::mock(mock, &["--seed", "empty", "--users", &users])?;
        let answers = Canned::of(&ours)?;
        for peer in Peer::ALL {
            let peer_runs = Running::start(peer, &installed, &answers)?;
            let load = row.load(options, Format::Json);
            let compared = compare(peer_runs.address, ours.address, load, options.rounds)?;
            println!(
                "| {} | {} | {:.0} | {:.0} | {:.1} times as many |",
                row.name(),
                peer.name(),
                compared.first,
                compared.second,
                compared.ratio
            );
        }
    }
    println!("\n| server | from start to first answer, ms | resident then, MiB |");
    println!("|---|---:|---:|");
    let answers = Canned::of(&Subject::mock(mock, &["--users", "10"])?)?;
    for peer in Peer::ALL {
        let (mut started, mut resident) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds.max(1) {
            let runs = Running::start(peer, &installed, &answers)?;
            started.push(runs.started);
            resident.push(mebibytes(memory::resident(runs.group.id())?));
        }
        println!(
            "| {} | {:.0} | {:.1} |",
            peer.name(),
            median(&mut started),
            median(&mut resident)
        );
    }
    Ok(())
}
