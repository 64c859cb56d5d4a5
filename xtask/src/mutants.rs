//! `cargo xtask mutants`: the conformance suite against servers that are broken deliberately, and
//! which case catches which.

use anyhow::{Result, ensure};

use crate::workspace;

/// Selected mutants
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only mutants whose name contains one of these
    names: Vec<String>,
}

/// Runs them, and prints the matrix.
pub(crate) fn run(options: &Options) -> Result<()> {
    let status = workspace::cargo()
        .args(["test", "--quiet", "--workspace", "--test", "mutants"])
        .args(["--", "--matrix"])
        .args(&options.names)
        .status()?;
    ensure!(status.success(), "the suite lets a broken server pass");
    Ok(())
}
