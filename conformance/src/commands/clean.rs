//! `cleanup`: deletes what an earlier run created, as its ledger says.

use bandwidth_fixtures::NamedProfile;

use super::aim::{credentials, endpoint};
use crate::{
    Surroundings,
    cli::CleanupArgs,
    exchange::Log,
    exit::{self, ConformanceError},
    ledger::{Ledger, file::LedgerFile},
    run::{GoldenMode, Run, Setup},
    safety::{Limits, Wishes},
    target::Target,
};

/// Deletes the users that the ledger has and the target lists, then the ledger.
pub fn clean(
    arguments: &CleanupArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let name = arguments.ledger.display();
    let (header, events) = LedgerFile::read(&arguments.ledger)?;
    let target = Target::parse(&header.target)?;
    let file = arguments.credentials.as_deref();
    let (credentials, _) = credentials(file, &target, surroundings.variable)?;
    if credentials.account_id != header.account_id {
        return Err(ConformanceError::Refused(format!(
            "--ledger {name}: it is of account {}, but the login is of account {}; nothing was sent",
            header.account_id, credentials.account_id
        )));
    }
    let limits = Limits::of(&Wishes::default(), &target, &credentials.account_id)?;
    let run = Run::new(Setup {
        endpoint: endpoint(target, &credentials, arguments.ca_file.as_deref())?,
        credentials,
        expected: NamedProfile::built_in("guide").expect("it is compiled in"),
        goldens: GoldenMode::Symbolic,
        limits,
    })?;
    run.keep_ledger(Ledger::replay(events));
    let out = &mut surroundings.out;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut log = Log::default();
        run.preflight(&mut log).await?;
        let found = run.users_of_the_ledger(&mut log).await;
        let found =
            found.map_err(|error| ConformanceError::Unreachable(error.to_string()))?;
        if arguments.dry_run {
            for user in &found {
                writeln!(out, "would delete {} (key {})", user.username, user.key())?;
            }
            writeln!(out, "{} of the ledger's users are there; nothing was deleted", found.len())?;
            return Ok(exit::PASSED);
        }
        let mut left = 0;
        for user in &found {
            match run.remove(user.key(), &mut log).await {
                Ok(()) => writeln!(out, "deleted {} (key {})", user.username, user.key())?,
                Err(error) => {
                    left += 1;
                    writeln!(
                        out,
                        "could not delete {} (key {}): {error}",
                        user.username,
                        user.key()
                    )?;
                }
            }
        }
        if left > 0 {
            writeln!(out, "{left} are left behind; run this once more: bandwidth-conformance cleanup --ledger {name}")?;
            return Ok(exit::LEFT_BEHIND);
        }
        std::fs::remove_file(&arguments.ledger)?;
        writeln!(out, "nothing of that run is left, and the ledger is removed")?;
        Ok(exit::PASSED)
    })
}
