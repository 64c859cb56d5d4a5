//! The same load at the mock, and through `record` in front of it on the same core. Then `learn`, from
//! what was recorded.

use std::{fmt::Write as _, fs, path::Path, process::Stdio, time::Instant};

use anyhow::{Context as _, Result, ensure};

use super::{
    Options,
    load::{self, Load},
    rounds::{median, of},
    subject::{SERVER_CORE, Subject, pinned},
    thousands,
    work::{Format, Work, World},
};

/// Minimum number of exchanges that `learn` reads.
const EXCHANGES: usize = 10_000;

pub(super) fn measure(options: &Options, binary: &Path) -> Result<String> {
    let mut text = String::from(
        "| load, 100 users | format | mock, p50, µs | through record, p50, µs | added, µs | record/s, 32 connections |\n\
         |---|---|---:|---:|---:|---:|\n",
    );
    for work in [Work::GetUser, Work::CreateUser, Work::ListUsers] {
        for format in Format::ALL {
            text += &beside_the_mock(options, binary, work, format)?;
        }
    }
    text += "\nWanted: at most 1,000 µs added, and at least 5,000 requests/s.\n";
    text += &learn(options, binary)?;
    Ok(text)
}

/// A mock with 100 users, and a recorder in front of it that writes to this file.
fn recorder(binary: &Path, out: &Path) -> Result<(Subject, Subject)> {
    let mock = Subject::with_users(binary, 100)?;
    let out = out.display().to_string();
    let upstream = format!("http://{}/api", mock.address);
    let recorder = Subject::mock(binary, &["record", "--upstream", &upstream, "--out", &out])?;
    Ok((mock, recorder))
}

fn beside_the_mock(options: &Options, binary: &Path, work: Work, format: Format) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let (mock, recorder) = recorder(binary, &folder.path().join("traffic.har"))?;
    let many = options.load(work, format);
    let one = Load {
        connections: 1,
        ..many
    };
    let world = [World::default()];
    let (mut alone, mut through, mut added, mut rates) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let p50 = |server: &Subject| -> Result<f64> {
            Ok(load::run(server.address, one, &world)?.quantile(500))
        };
        let (first, second) = (p50(&mock)?, p50(&recorder)?);
        alone.push(first);
        through.push(second);
        added.push(second - first);
        rates.extend(of(&recorder, many, &world, 1)?.rates);
    }
    Ok(format!(
        "| {} | {} | {:.0} | {:.0} | {:.0} | {:.0} |\n",
        work.name(),
        format.name(),
        median(&alone),
        median(&through),
        median(&added),
        median(&rates),
    ))
}

/// Measures the time of `learn` on the histories of many users.
fn learn(options: &Options, binary: &Path) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let (har, profile) = (
        folder.path().join("traffic.har"),
        folder.path().join("learned.toml"),
    );
    let servers = recorder(binary, &har)?;
    // One client, whose requests have an order.
    let load = Load {
        connections: 1,
        ..options.load(Work::Mixed, Format::Xml)
    };
    let recorded = || -> Result<usize> {
        let text = fs::read_to_string(&har).context("the recording")?;
        Ok(text.matches("\"startedDateTime\"").count())
    };
    while recorded()? < EXCHANGES {
        load::run(servers.1.address, load, &[World::default()])?;
    }
    drop(servers);
    let exchanges = recorded()?;
    let started = Instant::now();
    let status = pinned(binary, SERVER_CORE)
        .arg("learn")
        .arg(&har)
        .arg("--out")
        .arg(&profile)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let seconds = started.elapsed().as_secs_f64();
    ensure!(status.success(), "learn failed");
    let mut text = String::new();
    writeln!(
        text,
        "\n`learn` takes {seconds:.1} s for {} exchanges of one client: create, get, update, get, list and delete. Wanted: \
         less than 10 s for 10,000.",
        thousands(exchanges as u64)
    )?;
    Ok(text)
}
