//! Start-up time and memory of a mock.

use std::{path::Path, time::Instant};

use anyhow::{Result, ensure};

use super::{rounds::median, subject::Subject};
use crate::process;

pub(super) fn measure(rounds: usize, mock: &Path) -> Result<String> {
    let mut ready = Vec::new();
    let mut idle = Vec::new();
    for _ in 0..rounds.max(1) * 3 {
        let started = Instant::now();
        let subject = Subject::mock(mock, &[])?;
        ensure!(process::answers_ok(subject.address, "/__admin/ready"));
        ready.push(started.elapsed().as_secs_f64() * 1_000.0);
        idle.push(subject.resident()?);
    }
    let empty = Subject::with_users(mock, 0)?.resident()?;
    let full = Subject::with_users(mock, 1_000_000)?.resident()?;
    let bytes = (full - empty) * 1_048_576.0 / 1_000_000.0;
    Ok(format!(
        "| start and memory | measured | wanted, at most |\n|---|---:|---:|\n\
         | from the start of the process to its answer to `/__admin/ready`, ms | {:.1} | 20 |\n\
         | resident after that, MiB | {:.1} | 10 |\n\
         | bytes a user, with a million of them | {bytes:.0} | 700 |\n",
        median(&ready),
        median(&idle)
    ))
}
