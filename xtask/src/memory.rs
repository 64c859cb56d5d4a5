//! What a process takes in memory, as Linux tells it.

use std::fs;

use anyhow::{Context as _, Result};

/// Resident memory in KiB.
pub(crate) fn resident(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .context("/proc does not tell the memory of the process")
}
