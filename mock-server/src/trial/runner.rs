//! Runs of the command, each against a mock of its own.

use std::{
    ffi::OsString,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use bandwidth_fixtures::{NamedProfile, Secret, Seed};

use super::{
    command::{self, Ending},
    error::TrialError,
    interrupt::Interrupt,
    left::{self, Left},
};
use crate::{embedded::MockServer, journal::Entry};

/// The journal of a run has all of its requests.
const JOURNAL: (usize, usize) = (100_000, 256 << 20);

/// Settings of the command's runs.
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

/// Conditions of a run.
#[derive(Debug)]
pub struct World {
    /// `put.semantics=merge`, or `baseline`.
    pub name: String,
    /// Profile of the mock.
    pub profile: NamedProfile,
    /// Faults, as `--fault` accepts them.
    pub faults: Vec<String>,
    /// A run that sends more requests is stopped.
    pub most_requests: Option<usize>,
}

/// One run of the command.
#[derive(Debug)]
pub struct Run {
    /// The end of the command.
    pub ending: Ending,
    /// Duration.
    pub elapsed: Duration,
    /// Its requests, those of deleted accounts included.
    pub entries: Vec<Arc<Entry>>,
    /// The profile that the mock started with.
    pub profile: Arc<NamedProfile>,
    /// The last line that it wrote to stderr.
    pub last_line: Option<String>,
    /// The file with its output.
    pub output: PathBuf,
    /// The users that were there at its end.
    pub left: Left,
}

impl Run {
    /// True if the command passed.
    pub fn passed(&self) -> bool {
        self.ending == Ending::Passed
    }
}

/// A world in which the command runs, once or several times.
#[derive(Debug)]
pub struct Stage<'t> {
    trial: &'t Trial<'t>,
    server: MockServer,
    name: String,
    most_requests: Option<usize>,
    password: Secret,
}

impl Trial<'_> {
    /// Runs the command in a world of its own. `turn` is 1, or 2 for a repetition.
    pub fn run(&self, world: &World, turn: usize) -> Result<Run, TrialError> {
        self.stage(world)?.run(if turn > 1 { ".again" } else { "" })
    }

    /// A fresh world.
    pub fn stage(&self, world: &World) -> Result<Stage<'_>, TrialError> {
        let mut builder = MockServer::builder()
            .profile(world.profile.clone())
            .seed(self.seed.clone())
            .journal(JOURNAL.0, JOURNAL.1);
        if let Some(start) = self.clock {
            builder = builder.clock(start);
        }
        for fault in &world.faults {
            builder = builder.fault(fault);
        }
        let server = builder.start_blocking()?;
        server.app().keep_what_goes();
        let password = self.seed.accounts[0].login.password.clone();
        let password = password.ok_or_else(|| {
            TrialError::Usage(
                "--seed: the first account's login has no password in the clear, so the command could not log in".to_owned(),
            )
        })?;
        Ok(Stage {
            trial: self,
            server,
            name: world.name.clone(),
            most_requests: world.most_requests,
            password,
        })
    }

    fn output_of(&self, world: &str, suffix: &str) -> PathBuf {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._=-".contains(c);
        let name: String = world
            .chars()
            .map(|c| if plain(c) { c } else { '-' })
            .collect();
        self.output.join(format!("{name}{suffix}.log"))
    }
}

impl Stage<'_> {
    /// Runs the command. `suffix` ends the name of the file with its output.
    pub fn run(&self, suffix: &str) -> Result<Run, TrialError> {
        let path = self.trial.output_of(&self.name, suffix);
        let before = self.server.journal_entries().len();
        let mark = left::mark(&self.server);
        let stop = |elapsed| {
            let limit = self.trial.limit;
            let requests = self.server.app().journal.size().0.saturating_sub(before);
            if let Some(signal) = self.trial.interrupt.signal() {
                Some(Ending::Interrupted(signal))
            } else if self.most_requests.is_some_and(|most| requests > most) {
                Some(Ending::Flooded(requests))
            } else {
                (elapsed >= limit).then_some(Ending::TimedOut(limit))
            }
        };
        let started = Instant::now();
        let ended = command::run(self.trial.command, &self.variables(), &path, stop)?;
        let elapsed = started.elapsed();
        if let Ending::Interrupted(signal) = ended.ending {
            return Err(TrialError::Interrupted(signal));
        }
        let hidden = |line: String| line.replace(self.password.expose(), "[removed]");
        Ok(Run {
            ending: ended.ending,
            elapsed,
            entries: self.server.journal_entries().split_off(before),
            profile: self.server.profile_at_start(),
            last_line: ended.last_line.map(hidden),
            output: path,
            left: Left::of(&self.server, mark),
        })
    }

    /// The users that are there.
    pub fn left(&self) -> Left {
        Left::of(&self.server, left::mark(&self.server))
    }

    /// Nothing goes wrong from now on.
    pub fn disarm(&self) {
        self.server.app().faults.disarm_all();
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let account = &self.trial.seed.accounts[0];
        let mut variables = Vec::from([
            ("BW_BASE_URL", self.server.base_url()),
            ("BW_ACCOUNT_ID", account.account_id.clone()),
            ("BW_DOMAIN", account.domain_name.clone()),
            ("BW_USERNAME", account.login.username.clone()),
            ("BW_PASSWORD", self.password.expose().to_owned()),
            ("BANDWIDTH_MOCK_ADMIN_URL", self.server.admin_url()),
        ]);
        // A seed that is a snapshot has no secret in the clear; Basic may be enough.
        if let Some((id, secret)) = self.server.first_client() {
            variables.push(("BW_CLIENT_ID", id));
            variables.push(("BW_CLIENT_SECRET", secret.expose().to_owned()));
        }
        variables
    }
}
