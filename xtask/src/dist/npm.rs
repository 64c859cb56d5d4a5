//! The packages for npm. The script beside their sources packs them.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// Packs them with the program and the licences of a folder. Returns the names of the files.
pub(super) fn pack(out: &Path, folder: &Path) -> Result<Vec<String>> {
    let script = workspace::root().join("mock-server/clients/npm/pack.js");
    let output = workspace::without_mock_variables(&mut Command::new("node"))
        .args([script.as_path(), out, folder])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start node; --npm takes Node.js and npm")?;
    ensure!(output.status.success(), "{} failed", script.display());
    let names = String::from_utf8(output.stdout)?;
    Ok(names.lines().map(str::to_owned).collect())
}
