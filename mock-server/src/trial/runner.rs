//! One run of the command, against a mock of its own.

use std::{
    ffi::OsString,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use bandwidth_fixtures::{NamedProfile, Seed};

use super::{
    command::{self, Ending},
    error::TrialError,
    interrupt::Interrupt,
};
use crate::{embedded::MockServer, journal::Entry};

/// The journal of a run has all of its requests.
const JOURNAL: (usize, usize) = (100_000, 256 << 20);

/// How to run the command.
#[derive(Debug)]
pub struct Trial<'a> {
    /// The command and its arguments.
    pub command: &'a [OsString],
    /// The accounts that each world starts with.
    pub seed: &'a Seed,
    /// When the clock of each world starts; the machine's time by default.
    pub clock: Option<SystemTime>,
    /// The folder for the output of each run.
    pub output: PathBuf,
    /// A run that takes longer is stopped.
    pub limit: Duration,
    /// Signals that end the program.
    pub interrupt: Interrupt,
}

/// What one run meets.
#[derive(Debug)]
pub struct World {
    /// `put.semantics=merge`, or `baseline`.
    pub name: String,
    /// How the mock behaves.
    pub profile: NamedProfile,
}

/// One run of the command.
#[derive(Debug)]
pub struct Run {
    /// How the command ended.
    pub ending: Ending,
    /// How long it took.
    pub elapsed: Duration,
    /// Its requests, those of deleted accounts included.
    pub entries: Vec<Arc<Entry>>,
    /// The profile that the mock started with.
    pub profile: Arc<NamedProfile>,
    /// The last line that it wrote to stderr.
    pub last_line: Option<String>,
    /// The file with its output.
    pub output: PathBuf,
}

impl Run {
    /// Whether the command passed.
    pub fn passed(&self) -> bool {
        self.ending == Ending::Passed
    }
}

impl Trial<'_> {
    /// Runs the command in a world of its own. `turn` is 1, or 2 for a repetition.
    pub fn run(&self, world: &World, turn: usize) -> Result<Run, TrialError> {
        let mut builder = MockServer::builder()
            .profile(world.profile.clone())
            .seed(self.seed.clone())
            .journal(JOURNAL.0, JOURNAL.1);
        if let Some(start) = self.clock {
            builder = builder.clock(start);
        }
        let server = builder.start_blocking()?;
        server.keep_forgotten_requests();
        let account = &self.seed.accounts[0];
        let password = account.login.password.as_ref().ok_or_else(|| {
            TrialError::Usage(
                "--seed: the first account's login has no password in the clear, so the command could not log in".to_owned(),
            )
        })?;
        let mut variables = Vec::from([
            ("BW_BASE_URL", server.base_url()),
            ("BW_ACCOUNT_ID", account.account_id.clone()),
            ("BW_DOMAIN", account.domain_name.clone()),
            ("BW_USERNAME", account.login.username.clone()),
            ("BW_PASSWORD", password.expose().to_owned()),
            ("BANDWIDTH_MOCK_ADMIN_URL", server.admin_url()),
        ]);
        // A seed that is a snapshot has no secret in the clear; Basic may be enough.
        if let Some((id, secret)) = server.first_client() {
            variables.push(("BW_CLIENT_ID", id));
            variables.push(("BW_CLIENT_SECRET", secret.expose().to_owned()));
        }
        let path = self.output_of(&world.name, turn);
        let started = Instant::now();
        let ended = command::run(self.command, &variables, &path, self.limit, &self.interrupt)?;
        if let Ending::Interrupted(signal) = ended.ending {
            return Err(TrialError::Interrupted(signal));
        }
        let hidden = |line: String| line.replace(password.expose(), "[removed]");
        Ok(Run {
            ending: ended.ending,
            elapsed: started.elapsed(),
            entries: server.journal_entries(),
            profile: server.profile_at_start(),
            last_line: ended.last_line.map(hidden),
            output: path,
        })
    }

    fn output_of(&self, world: &str, turn: usize) -> PathBuf {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._=-".contains(c);
        let name: String = world
            .chars()
            .map(|c| if plain(c) { c } else { '-' })
            .collect();
        let again = if turn > 1 { ".again" } else { "" };
        self.output.join(format!("{name}{again}.log"))
    }
}
