//! `cleanup`: deletes what an earlier run created, as its ledger says.

use std::{collections::BTreeMap, fs, io::Write, path::Path};

use bandwidth_fixtures::NamedProfile;

use super::{
    aim::{credentials, endpoint},
    block_on,
};
use crate::{
    Surroundings,
    cleanup::Shown,
    cli::CleanupArgs,
    exchange::Log,
    exit::{self, ConformanceError},
    ledger::{Ledger, UNDER_WAY, file::LedgerFile},
    login::Credentials,
    redact::printable,
    run::{GoldenMode, Run, Setup},
    safety::{Limits, Wishes},
    target::Target,
    transport::Endpoint,
};

/// Deletes the users that the ledger has and the target lists, then the ledger.
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
    let run = run_of_ledger(&arguments.ledger, &credentials, endpoint)?;
    let out = &mut surroundings.out;
    if arguments.dry_run {
        let found = block_on(find(&run))??;
        for user in &found {
            writeln!(out, "would delete {}", named(user))?;
        }
        writeln!(
            out,
            "{} of the ledger's users are there; nothing was deleted",
            found.len()
        )?;
        return Ok(exit::PASSED);
    }
    let left = remove_all(&run, &arguments.ledger, *out)?;
    if left > 0 {
        writeln!(
            out,
            "{left} are left behind; run this once more: bandwidth-conformance cleanup --ledger {name}"
        )?;
        return Ok(exit::LEFT_BEHIND);
    }
    fs::remove_file(&arguments.ledger)?;
    writeln!(
        out,
        "nothing of that run is left, and the ledger is removed"
    )?;
    Ok(exit::PASSED)
}

/// A run that knows what a ledger's file says, and can do nothing but remove it.
pub fn run_of_ledger(
    path: &Path,
    credentials: &Credentials,
    endpoint: Endpoint,
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
    let limits = Limits::of(
        &Wishes::default(),
        &endpoint.target,
        &credentials.account_id,
    )?;
    let run = Run::new(Setup {
        endpoint,
        credentials: credentials.clone(),
        expected: NamedProfile::built_in("guide").expect("it is compiled in"),
        goldens: GoldenMode::Symbolic,
        limits,
    })?;
    run.keep_ledger(Ledger::replay(events));
    Ok(run)
}

/// The users of the ledger that the target has.
async fn find(run: &Run) -> Result<Vec<Shown>, ConformanceError> {
    let mut log = Log::default();
    run.preflight(&mut log).await?;
    list(run, &mut log).await
}

async fn list(run: &Run, log: &mut Log) -> Result<Vec<Shown>, ConformanceError> {
    let found = run.users_of_the_ledger(log).await;
    found.map_err(|error| {
        ConformanceError::Unreachable(format!("the list of users cannot be read: {error}"))
    })
}

/// Deletes them, and tells of each. Returns how many are left: whom another look at the list still
/// shows, and whose creates may be under way.
pub fn remove_all(run: &Run, path: &Path, out: &mut dyn Write) -> Result<usize, ConformanceError> {
    let mut log = Log::default();
    block_on(async {
        let found = find(run).await?;
        let mut refused = BTreeMap::new();
        for user in &found {
            match run.delete(user.key(), &mut log).await {
                Ok(()) => writeln!(out, "deleted {}", named(user))?,
                Err(error) => {
                    refused.insert(user.key(), error.to_string());
                }
            }
        }
        let mut left = 0;
        if !found.is_empty() {
            for user in list(run, &mut log).await? {
                let why = refused.get(user.key());
                let why = why.map_or("it is still there", String::as_str);
                writeln!(out, "could not delete {}: {why}", named(&user))?;
                left += 1;
            }
        }
        for name in under_way(run, path, &found) {
            writeln!(
                out,
                "the create of {name} was given up less than a minute ago and may still be under way; look once more after that"
            )?;
            left += 1;
        }
        Ok(left)
    })?
}

/// A user in a line of text. The target chose the words.
fn named(user: &Shown) -> String {
    let text = format!("{} (key {})", user.username, user.key());
    printable(&text).into_owned()
}

/// Names whose creates were given up so short a time ago that they may yet take effect.
fn under_way(run: &Run, path: &Path, found: &[Shown]) -> Vec<String> {
    let written = fs::metadata(path).and_then(|data| data.modified());
    let age = written.ok().and_then(|written| written.elapsed().ok());
    let mut names = run.ledger().given_up();
    names.retain(|name| {
        let seen = |user: &Shown| user.username.eq_ignore_ascii_case(name);
        age.is_some_and(|age| age < UNDER_WAY) && !found.iter().any(seen)
    });
    names
}
