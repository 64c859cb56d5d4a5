//! How soon a mock is ready, and what it takes in memory.

use std::{path::Path, time::Instant};

use anyhow::{Result, ensure};

use super::{Subject, median};
use crate::process;

/// Prints both.
pub(super) fn measure(rounds: usize, mock: &Path) -> Result<()> {
    let mut ready = Vec::new();
    let mut idle = Vec::new();
    for _ in 0..rounds.max(1) * 3 {
        let started = Instant::now();
        let subject = Subject::mock(mock, &[])?;
        ensure!(process::answers_ok(subject.address, "/__admin/ready"));
        ready.push(started.elapsed().as_secs_f64() * 1_000.0);
        idle.push(subject.resident()?);
    }
    println!("\n| start and memory | measured | wanted |\n|---|---:|---:|");
    println!(
        "| from the start of the process to its answer to `/__admin/ready`, ms | {:.1} | 20 |",
        median(&mut ready)
    );
    println!(
        "| resident after that, MiB | {:.1} | 10 |",
        median(&mut idle)
    );
    let empty = Subject::mock(mock, &["--seed", "empty"])?.resident()?;
    let full = Subject::mock(mock, &["--seed", "empty", "--users", "1000000"])?.resident()?;
    let bytes = (full - empty) * 1_048_576.0 / 1_000_000.0;
    println!("| bytes a user, with a million of them | {bytes:.0} | 700 |");
    Ok(())
}
