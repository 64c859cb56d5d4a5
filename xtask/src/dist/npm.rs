//! The packages for npm. The script beside their sources packs them.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// Packs them with the program and the licences of a folder, and prints what it wrote.
pub(super) fn pack(out: &Path, folder: &Path) -> Result<()> {
    let script = workspace::root().join("mock-server/clients/npm/pack.js");
    let status = Command::new("node")
        .args([&script, out, folder])
        .stdin(Stdio::null())
        .status()
        .context("cannot start node; --npm takes Node.js and npm")?;
    ensure!(status.success(), "{} failed", script.display());
    Ok(())
}
