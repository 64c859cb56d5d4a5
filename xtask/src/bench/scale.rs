//! Scale: few and many users, connections and worlds, one core and two.

use std::{fmt::Write as _, path::Path};

use anyhow::Result;

use super::{
    Options, load,
    load::Load,
    rounds::{Ratio, alternate, median, of},
    subject::{BOTH_CORES, Subject},
    thousands,
    work::{Format, Work, World},
};

const USERS: [u32; 4] = [10, 1_000, 100_000, 1_000_000];
const CONNECTIONS: [usize; 4] = [1, 32, 1_000, 10_000];
const WORLDS: [usize; 3] = [1, 100, 10_000];

pub(super) fn measure(options: &Options, mock: &Path) -> Result<String> {
    let mut text = String::from(
        "| load, XML | users | connections | worlds | requests/s | p50, µs | p99, µs | resident, MiB |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let mut row = |users: u32, worlds: usize, load: Load| -> Result<()> {
        let server = Subject::with_users(mock, users)?;
        let used = if worlds == 1 {
            vec![World::default()]
        } else {
            load::make_worlds(server.address, worlds)?
        };
        let rounds = of(&server, load, &used, options.rounds)?;
        let resident = server.resident()?;
        writeln!(
            text,
            "| {} | {} | {} | {} | {:.0} | {:.0} | {:.0} | {resident:.1} |",
            load.work.name(),
            thousands(users.into()),
            thousands(load.connections as u64),
            thousands(worlds as u64),
            median(&rounds.rates),
            median(&rounds.p50),
            median(&rounds.p99),
        )?;
        Ok(())
    };
    let (get, create) = (
        options.load(Work::GetUser, Format::Xml),
        options.load(Work::CreateUser, Format::Xml),
    );
    for users in USERS {
        row(users, 1, get)?;
        row(users, 1, create)?;
    }
    for connections in CONNECTIONS {
        row(1_000, 1, Load { connections, ..get })?;
    }
    for worlds in WORLDS {
        // A world is created empty.
        row(0, worlds, create)?;
    }
    text += &two_cores(options, mock)?;
    Ok(text)
}

/// The processor time for a request, with one core and with two. Two cores serve twice the requests if
/// a request costs the same.
fn two_cores(options: &Options, mock: &Path) -> Result<String> {
    let mut text = String::from(
        "\n| load, XML | one core, µs | two cores, µs | two cores serve |\n|---|---:|---:|---:|\n",
    );
    for work in [Work::GetUser, Work::CreateUser, Work::Mixed] {
        let arguments = ["--seed", "empty", "--users", "100"];
        let one = Subject::mock(mock, &arguments)?;
        let two = Subject::mock_on(BOTH_CORES, mock, &arguments)?;
        let load = options.load(work, Format::Xml);
        let [one, two] = alternate([&one, &two], load, &[World::default()], options.rounds)?;
        let twice: Vec<f64> = one.costs.iter().map(|cost| cost * 2.0).collect();
        writeln!(
            text,
            "| {} | {:.1} | {:.1} | {} |",
            work.name(),
            median(&one.costs),
            median(&two.costs),
            Ratio::of(&twice, &two.costs),
        )?;
    }
    Ok(text)
}
