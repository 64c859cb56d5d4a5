//! `cargo xtask bench --record`: the same load at the mock, and through `record` in front of it. Mock and
//! recorder share a core.

use std::{path::Path, time::Duration};

use anyhow::Result;

use super::{
    Options, Row, Subject,
    load::{self, Load},
    median,
    work::{Format, Work},
};

/// What the recorder may add at the median, in microseconds, and the requests a second that it keeps
/// up with.
const MOST_ADDED: f64 = 1_000.0;
const LEAST_RATE: f64 = 5_000.0;

const ROWS: [Row; 3] = [
    Row::new(Work::GetUser, 100, None),
    Row::new(Work::CreateUser, 100, None),
    Row::new(Work::ListUsers, 100, None),
];

/// Prints what the recorder adds for one client, and how much it takes of many.
pub(super) fn measure(options: &Options, binary: &Path) -> Result<()> {
    println!(
        "| load | format | mock, p50, µs | through record, p50, µs | added, µs | wanted | record/s, {} connections | wanted |",
        options.connections
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|");
    for row in &ROWS {
        for format in Format::ALL {
            if options.format.is_none_or(|only| only == format) {
                beside_the_mock(options, binary, row, format)?;
            }
        }
    }
    Ok(())
}

fn beside_the_mock(options: &Options, binary: &Path, row: &Row, format: Format) -> Result<()> {
    let users = row.users.to_string();
    let mock = Subject::mock(binary, &["--seed", "empty", "--users", &users])?;
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("traffic.har").display().to_string();
    let upstream = format!("http://{}/api", mock.address);
    let recorder = Subject::mock(binary, &["record", "--upstream", &upstream, "--out", &out])?;
    let many = row.load(options, format);
    let one = Load {
        connections: 1,
        time: Duration::from_secs_f64(options.seconds),
        ..many
    };
    let (mut alone, mut through, mut added, mut rates) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // The first round warms up.
    for round in 0..=options.rounds {
        let p50 =
            |address| -> Result<f64> { Ok(f64::from(load::run(address, one)?.quantile(500))) };
        let (first, second) = (p50(mock.address)?, p50(recorder.address)?);
        let rate = load::run(recorder.address, many)?.rate();
        if round > 0 {
            alone.push(first);
            through.push(second);
            added.push(second - first);
            rates.push(rate);
        }
    }
    println!(
        "| {} | {} | {:.0} | {:.0} | {:.0} | {MOST_ADDED:.0} | {:.0} | {LEAST_RATE:.0} |",
        row.name(),
        format.name(),
        median(&mut alone),
        median(&mut through),
        median(&mut added),
        median(&mut rates),
    );
    Ok(())
}
