//! The flags of all trials, and the settings that result.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use bandwidth_fixtures::{KnownFailures, NamedProfile, Seed, known::KnownFailure};
use clap::Args;

use super::{error::TrialError, interrupt::Interrupt, report::Report, runner::Trial};
use crate::{arguments::named, clock::parse_start, config::Config};

/// The flags.
#[derive(Debug, Args)]
pub struct TrialArguments {
    /// Run the baseline with this profile: guide, published, or the path of a profile file
    /// [default: guide]
    #[arg(long, value_name = "PROFILE", env = "BANDWIDTH_MOCK_PROFILE")]
    pub profile: Option<String>,
    /// Choose another option of the baseline, for example put.semantics=merge (repeatable; `;` between several
    /// in the variable)
    #[arg(
        long,
        value_name = "BEHAVIOUR=OPTION",
        env = "BANDWIDTH_MOCK_SET",
        value_delimiter = ';'
    )]
    pub set: Vec<String>,
    /// Start each run with the accounts of this seed: demo, empty, published, or the path of a seed
    /// file [default: demo]
    #[arg(long, value_name = "SEED", env = "BANDWIDTH_MOCK_SEED")]
    pub seed: Option<String>,
    /// Start the clock of each run at this time, for example 2026-12-02T00:00:00Z [default: the
    /// machine's time]
    #[arg(long, value_name = "TIME", env = "BANDWIDTH_MOCK_CLOCK", value_parser = parse_start)]
    pub clock: Option<Duration>,
    /// Read the runs that may fail from this TOML file, each with a reason and an expiry date
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Number of parallel runs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = jobs)]
    pub jobs: u16,
    /// Stop after the first failed run
    #[arg(long)]
    pub fail_fast: bool,
    /// Time limit of a run; a run that exceeds it is stopped and counts as failed
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = seconds)]
    timeout: u64,
    /// Write the result as `JUnit` XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the result as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write the result as one HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The command and its arguments, after `--`
    #[arg(required = true, last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

fn jobs(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|jobs| (1..=64).contains(jobs));
    number.ok_or_else(|| "write a whole number from 1 to 64".to_owned())
}

fn seconds(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|seconds| *seconds > 0);
    number.ok_or_else(|| "write a whole number of seconds, at least 1".to_owned())
}

/// The profile of that name or file, which that flag gave.
pub fn profile(name: &str, place: &str) -> Result<NamedProfile, TrialError> {
    Ok(NamedProfile::load(name).map_err(|error| named(place, error))?)
}

impl TrialArguments {
    /// The profile and the accounts of the baseline. `place` returns the source of a flag's value.
    pub fn world(
        &self,
        place: impl Fn(&str) -> String,
    ) -> Result<(NamedProfile, Seed), TrialError> {
        let usual = Config::default();
        let mut base = match &self.profile {
            Some(name) => profile(name, &place("--profile"))?,
            None => usual.profile,
        };
        base.set_from(&place("--set"), self.set.iter().map(String::as_str))?;
        let seed = match &self.seed {
            Some(name) => Seed::load(name).map_err(|error| named(&place("--seed"), error))?,
            None => usual.seed,
        };
        Ok((base, seed))
    }

    /// The file of known failures, each of which passes `check`.
    pub fn known(
        &self,
        check: impl Fn(&KnownFailure) -> Result<(), String>,
    ) -> Result<KnownFailures, TrialError> {
        match &self.known {
            None => Ok(KnownFailures::default()),
            Some(path) => KnownFailures::load(path, check).map_err(TrialError::Usage),
        }
    }

    /// Settings of the command's runs, with a folder for its output.
    pub fn trial<'a>(&'a self, seed: &'a Seed, output: &Path) -> Result<Trial<'a>, TrialError> {
        fs::create_dir_all(output)
            .map_err(TrialError::io(format!("--output {}", output.display())))?;
        Ok(Trial {
            command: &self.command,
            seed,
            clock: self.clock.map(|start| UNIX_EPOCH + start),
            output: output.to_owned(),
            limit: Duration::from_secs(self.timeout),
            interrupt: Interrupt::listen().map_err(TrialError::io("cannot wait for signals"))?,
        })
    }

    /// Writes the requested reports.
    pub fn write(&self, report: &Report) -> Result<(), TrialError> {
        type Make = fn(&Report) -> io::Result<String>;
        let wanted: [(_, Make); 4] = [
            (&self.junit, Report::junit),
            (&self.json, Report::json),
            (&self.markdown, |report| Ok(report.markdown())),
            (&self.html, |report| Ok(report.html())),
        ];
        for (path, make) in wanted {
            if let Some(path) = path {
                let written = make(report).and_then(|text| fs::write(path, text));
                written.map_err(TrialError::io(path.display().to_string()))?;
            }
        }
        Ok(())
    }
}
