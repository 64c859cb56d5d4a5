//! `cleanup`: removes the users that an earlier run created, from its ledger, or restores its
//! prepared user.

use std::{
    fs,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use bandwidth_fixtures::NamedProfile;

use super::{
    aim::{credentials, endpoint},
    runtime::block_on,
};
use crate::{
    account::{
        file::LedgerFile,
        ledger::{Entry, Ledger, State},
    },
    cli::CleanupArgs,
    dialogue::run::{Run, Setup},
    error::{self, ConformanceError},
    exchange::Log,
    leftover::Leftover,
    limits::{LimitArgs, Limits, Surface},
    login::Credentials,
    redact::printable,
    surroundings::Surroundings,
    target::Target,
    transport::Endpoint,
};

/// Removes the users of a ledger's run, then the ledger.
pub fn clean(
    arguments: &CleanupArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let name = arguments.ledger.display();
    let (header, _) = LedgerFile::read(&arguments.ledger)?;
    let target = Target::parse(&header.target)?;
    let file = arguments.credentials.as_deref();
    let (credentials, _) = credentials(file, &target, surroundings.variable)?;
    let endpoint = endpoint(target, &credentials, arguments.ca_file.as_deref())?;
    let asked = LimitArgs {
        settle: arguments.settle,
        ..LimitArgs::default()
    };
    let mut limits = Limits::of(&asked, &endpoint.target, &credentials.account_id)?;
    (surroundings.adjust)(&mut limits);
    let run = run_of_ledger(&arguments.ledger, &credentials, endpoint, limits)?;
    let out = &mut surroundings.out;
    if arguments.dry_run {
        let found = block_on(async {
            let mut log = Log::default();
            run.preflight(&mut log).await?;
            let found = run.account.find_ours(&mut log).await;
            found.map_err(|error| ConformanceError::Unreachable(error.to_string()))
        })??;
        for (username, key) in &found {
            writeln!(out, "would delete {}", named(username, key))?;
        }
        writeln!(
            out,
            "users of that run: {}; nothing was deleted",
            found.len()
        )?;
        return Ok(error::PASSED);
    }
    let left = remove_all(&run, *out)?;
    if !left.is_empty() {
        for left in &left {
            writeln!(
                out,
                "left behind: {}: {}",
                printable(&left.to_string()),
                printable(&left.remove)
            )?;
        }
        writeln!(
            out,
            "{} left behind or uncertain; the ledger is kept; clean up again with: bandwidth-conformance cleanup --ledger {name}",
            left.len()
        )?;
        return Ok(error::LEFT_BEHIND);
    }
    fs::remove_file(&arguments.ledger)?;
    writeln!(
        out,
        "nothing of that run is left, and the ledger is removed"
    )?;
    Ok(error::PASSED)
}

/// A run with the state of a ledger's file, which can only finish it.
pub fn run_of_ledger(
    path: &Path,
    credentials: &Credentials,
    endpoint: Endpoint,
    limits: Limits,
) -> Result<Run, ConformanceError> {
    let (header, events) = LedgerFile::read(path)?;
    if credentials.account_id != header.account_id {
        return Err(ConformanceError::Refused(format!(
            "--ledger {}: it is of account {}, but the login is of account {}; log in to the ledger's account; nothing was sent",
            path.display(),
            header.account_id,
            credentials.account_id
        )));
    }
    let under_way = limits.under_way;
    let mut credentials = credentials.clone();
    let mut limits = limits;
    if header.domain.is_some() {
        credentials.name_domain(header.domain);
        limits.surface = Some(Surface::Identity);
    }
    let setup = Setup {
        endpoint,
        credentials,
        expected: NamedProfile::built_in("guide").expect("it is compiled in"),
        emulators: None,
        limits,
    };
    let mut ledger = Ledger::replay(events);
    let written = fs::metadata(path).and_then(|data| data.modified());
    let age = written.ok().and_then(|written| written.elapsed().ok());
    ledger.hold(Instant::now() + under_way.saturating_sub(age.unwrap_or(Duration::ZERO)));
    let run = Run::with_prefix(setup, header.prefix);
    run.account.keep(ledger);
    Ok(run)
}

/// Finishes a run, and reports each removed user. Returns users that are left, or may be.
pub fn remove_all(run: &Run, out: &mut dyn Write) -> Result<Vec<Leftover>, ConformanceError> {
    let gone = |entry: &&Entry| entry.state == State::Gone && entry.username.is_some();
    let gone = || -> Vec<Entry> {
        run.account
            .ledger(|ledger| ledger.entries().iter().filter(gone).cloned().collect())
    };
    let before = gone();
    let left = block_on(async {
        run.preflight(&mut Log::default()).await?;
        Ok::<_, ConformanceError>(run.account.finish().await)
    })??;
    for entry in gone().iter().filter(|entry| !before.contains(entry)) {
        let username = entry.username.as_deref().unwrap_or_default();
        writeln!(out, "deleted {}", named(username, &entry.key))?;
    }
    Ok(left)
}

/// A user in a line of text. The target chose the words.
fn named(username: &str, key: &str) -> String {
    printable(&format!("{username} (key {key})")).into_owned()
}
