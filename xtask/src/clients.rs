//! `cargo xtask clients`: official clients, which nobody here wrote, work against the mock.
//!
//! The packages are installed into a temporary folder; nothing but that uses the network. What a
//! client shows is in its script in `xtask/clients/`.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{mock, process::Group, workspace};

const PYTHON_PACKAGE: &str = "bandwidth-numbers-sdk==1.2.0";
const NPM_PACKAGE: &str = "@bandwidth/numbers@2.0.0";

/// The accounts to start with: the guide's example data, and one with roles, permissions and
/// telephone numbers.
const SEEDS: [&str; 2] = ["demo", "published"];

/// Allowed by the password rules of the profile `published`.
const NEW_PASSWORD: &str = "Plum-Kettle.58";

/// How long installing, and how long a script may take.
const INSTALL_LIMIT: Duration = Duration::from_mins(10);
const SCRIPT_LIMIT: Duration = Duration::from_mins(1);

/// Would send a request for 127.0.0.1 elsewhere.
const PROXIES: [&str; 6] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
];

/// Installs the clients, runs them, and prints what was shown.
pub(crate) fn run() -> Result<()> {
    check_tools()?;
    let mock = mock::build("dev")?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    eprintln!("installing {PYTHON_PACKAGE}");
    let python = Python::install(folder.path())?;
    eprintln!("installing {NPM_PACKAGE}");
    let node = Node::install(folder.path())?;

    let mut rows = Vec::new();
    for seed in SEEDS {
        let arguments = ["--profile", "published", "--seed", seed];
        let server = mock::Server::start(&mock, &arguments)?;
        let password = server.text("password")?;
        let report = run_script(&mut python.command(), &server, seed, |script| {
            script
                .env("BW_PASSWORD", &password)
                .env("BW_NEW_PASSWORD", NEW_PASSWORD);
        })?;
        rows.extend(report.rows("PyPI bandwidth-numbers-sdk", seed));
        let report = run_script(&mut node.command(), &server, seed, |script| {
            script
                .env("BW_PASSWORD", NEW_PASSWORD)
                .env("BW_OLD_PASSWORD", &password);
        })?;
        rows.extend(report.rows("npm @bandwidth/numbers", seed));
    }
    print!("{}", table(&rows));
    Ok(())
}

fn check_tools() -> Result<()> {
    let works = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    ensure!(
        works("python3", &["-c", "import venv, ensurepip"]),
        "python3 with venv is missing; on Debian: apt-get install python3 python3-venv"
    );
    ensure!(
        works("node", &["--version"]) && works("npm", &["--version"]),
        "node or npm is missing; on Debian: apt-get install nodejs npm"
    );
    Ok(())
}

/// A virtual environment with the Python client and its script.
struct Python {
    interpreter: PathBuf,
    script: PathBuf,
}

impl Python {
    fn install(folder: &Path) -> Result<Self> {
        let venv = folder.join("venv");
        let interpreter = venv.join("bin/python");
        install(Command::new("python3").args([
            OsStr::new("-m"),
            OsStr::new("venv"),
            venv.as_ref(),
        ]))?;
        install(Command::new(&interpreter).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            PYTHON_PACKAGE,
        ]))?;
        let script = copy_script("users_and_password.py", folder)?;
        Ok(Self {
            interpreter,
            script,
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.interpreter);
        command.arg("-B").arg(&self.script);
        command
    }
}

/// A folder with the npm client and its script, which looks for the client beside itself.
struct Node {
    script: PathBuf,
}

impl Node {
    fn install(folder: &Path) -> Result<Self> {
        let folder = folder.join("node");
        fs::create_dir(&folder)?;
        fs::write(folder.join("package.json"), "{\"private\":true}\n")?;
        install(
            Command::new("npm")
                .args(["install", "--no-audit", "--no-fund", "--ignore-scripts"])
                .args(["--loglevel=error", NPM_PACKAGE])
                .current_dir(&folder),
        )?;
        let script = copy_script("users.js", &folder)?;
        Ok(Self { script })
    }

    fn command(&self) -> Command {
        let mut command = Command::new("node");
        command.arg(&self.script);
        command
    }
}

fn copy_script(name: &str, folder: &Path) -> Result<PathBuf> {
    let from = workspace::root().join("xtask/clients").join(name);
    let to = folder.join(name);
    fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(to)
}

fn install(command: &mut Command) -> Result<()> {
    let finished = finish(command, INSTALL_LIMIT)?;
    ensure!(finished.success, "an install failed: {finished}");
    Ok(())
}

/// What a script printed.
struct Report {
    version: String,
    shown: Vec<String>,
}

impl Report {
    fn rows(self, client: &str, seed: &str) -> Vec<[String; 4]> {
        let row = |shown| {
            [
                client.to_owned(),
                self.version.clone(),
                seed.to_owned(),
                shown,
            ]
        };
        self.shown.into_iter().map(row).collect()
    }
}

fn run_script(
    script: &mut Command,
    server: &mock::Server,
    seed: &str,
    credentials: impl FnOnce(&mut Command),
) -> Result<Report> {
    for proxy in PROXIES {
        script.env_remove(proxy);
    }
    script
        .env("NO_PROXY", "127.0.0.1")
        .env("BW_BASE_URL", server.text("baseUrl")?)
        .env("BW_ACCOUNT_ID", server.text("accountId")?)
        .env("BW_USERNAME", server.text("username")?)
        .env("BW_SEED", seed);
    credentials(script);
    let finished = finish(script, SCRIPT_LIMIT)?;
    ensure!(
        finished.success,
        "a client failed with the seed {seed}: {finished}"
    );
    let line = finished.stdout.lines().last().unwrap_or_default();
    let report: Value =
        serde_json::from_str(line).with_context(|| format!("no report, but: {finished}"))?;
    let shown: Vec<String> = report["shown"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect();
    ensure!(!shown.is_empty(), "a client has shown nothing: {finished}");
    Ok(Report {
        version: report["version"].as_str().unwrap_or("unknown").to_owned(),
        shown,
    })
}

/// How a command ended, and what it printed.
struct Finished {
    command: String,
    success: bool,
    ending: String,
    stdout: String,
    stderr: String,
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} ({})", self.command, self.ending)?;
        f.write_str(&self.stdout)?;
        f.write_str(&self.stderr)
    }
}

/// Runs a command to its end, and no longer than `limit`.
fn finish(command: &mut Command, limit: Duration) -> Result<Finished> {
    // Files, because a full pipe would make the command wait for us.
    let (stdout, stderr) = (
        tempfile::NamedTempFile::new()?,
        tempfile::NamedTempFile::new()?,
    );
    command.stdout(stdout.reopen()?).stderr(stderr.reopen()?);
    let started = Instant::now();
    let mut group = Group::start(command)?;
    let status = group.wait(limit)?;
    group.stop();
    let read = |file: &tempfile::NamedTempFile| -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(file.path())?).into_owned())
    };
    Ok(Finished {
        command: words(command),
        success: status.is_some_and(|status| status.success()),
        ending: status.map_or_else(
            || format!("stopped after {} s", started.elapsed().as_secs()),
            |status| status.to_string(),
        ),
        stdout: read(&stdout)?,
        stderr: read(&stderr)?,
    })
}

fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Columns as wide as their widest cell.
fn table(rows: &[[String; 4]]) -> String {
    let header = ["client", "version", "seed", "shown"].map(str::to_owned);
    let rows = || std::iter::once(&header).chain(rows);
    let width = |column: usize| rows().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let line = |[client, version, seed, shown]: &[String; 4]| {
        let [a, b, c] = widths;
        format!("{client:a$}  {version:b$}  {seed:c$}  {shown}\n")
    };
    rows().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    use super::{finish, table};

    #[test]
    fn columns_line_up() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned);
        assert_eq!(
            table(&[
                row(["a", "1.10.0", "demo", "x"]),
                row(["long name", "2", "published", "y"])
            ]),
            "client     version  seed       shown\n\
             a          1.10.0   demo       x\n\
             long name  2        published  y\n"
        );
    }

    #[test]
    #[cfg(unix)]
    fn commands_end_in_time_with_what_they_printed() {
        let sh =
            |script: &str, limit| finish(Command::new("sh").args(["-c", script]), limit).unwrap();
        let finished = sh("echo out; echo err >&2; exit 3", Duration::from_secs(10));
        assert!(!finished.success);
        assert_eq!(
            (finished.stdout.as_str(), finished.stderr.as_str()),
            ("out\n", "err\n")
        );
        assert!(finished.to_string().contains("exit status: 3"));
        let finished = sh("sleep 600", Duration::from_millis(50));
        assert!(!finished.success && finished.ending.contains("stopped"));
    }
}
