//! The root of the workspace, and calls of cargo in it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// The files of a workspace that are not ignored, from its root, with `/`.
pub(crate) fn files(root: &Path) -> Result<BTreeSet<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached"])
        .args(["--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("cannot start git, which knows the files of the project")?;
    ensure!(
        output.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let listed = String::from_utf8(output.stdout).context("a file's name is not UTF-8")?;
    let listed = listed.split('\0').filter(|path| !path.is_empty());
    // What is deleted and not yet committed is listed too.
    let present = listed.filter(|path| root.join(path).is_file());
    Ok(present.map(str::to_owned).collect())
}

/// The cargo that started this program, to be run in the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    without_package_variables(&mut command).current_dir(root());
    command
}

/// Returns what a command printed to stdout.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns what rustc prints about itself.
pub(crate) fn rustc(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let said = output(command.args(arguments).current_dir(root()))?;
    Ok(said.trim().to_owned())
}

/// Removes the variables that `cargo run` sets for this package from a command's environment. The
/// build script of `ring` reads the same variables: a build with other values would rebuild it, and
/// everything that needs it.
pub(crate) fn without_package_variables(command: &mut Command) -> &mut Command {
    without(command, &["CARGO_MANIFEST_", "CARGO_PKG_"])
}

/// Builds a binary with a profile of Cargo's, and returns where it is.
pub(crate) fn build(package: &str, binary: &str, profile: &str) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--package", package, "--bin", binary]);
    executable(&built(command.args(["--profile", profile]))?, binary)
}

/// Runs a `cargo build`, and returns its messages about artifacts.
pub(crate) fn built(command: &mut Command) -> Result<Vec<Value>> {
    let output = command
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo could not build this");
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

/// Path of the binary with that name.
pub(crate) fn executable(built: &[Value], binary: &str) -> Result<PathBuf> {
    built
        .iter()
        .filter(|message| {
            message["target"]["name"] == binary && message["profile"]["test"] == false
        })
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .with_context(|| format!("cargo did not say where it put {binary}"))
}

/// Takes the variables that are flags of the mock out of a command's environment.
pub(crate) fn without_mock_variables(command: &mut Command) -> &mut Command {
    without(command, &["BANDWIDTH_MOCK_"])
}

fn without<'c>(command: &'c mut Command, starts: &[&str]) -> &'c mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if starts.iter().any(|start| text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
    command
}
