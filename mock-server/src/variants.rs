//! `variants`: runs somebody's own command once for each plausible way in which the real API could
//! behave, and says which of them break it.

mod difference;
mod process;
mod report;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bandwidth_fixtures::{BehaviourId, EvidenceKind, FixtureError, NamedProfile, Seed, describe};
use clap::Args;
use serde::Serialize;
use thiserror::Error;

use self::{difference::Exchange, process::Ending};
use crate::{
    arguments::named,
    config::{Config, ConfigError},
    embedded::{MockServer, StartError},
};

/// The journal of a run has all of its requests.
const JOURNAL: (usize, usize) = (100_000, 256 << 20);

/// What `variants` can be told.
#[derive(Debug, Args)]
pub struct VariantsArguments {
    /// What the baseline behaves as: guide, published, or the path of a profile file [default: guide]
    #[arg(long, value_name = "PROFILE", env = "BANDWIDTH_MOCK_PROFILE")]
    profile: Option<String>,
    /// Choose another option of the baseline, as put.semantics=merge (repeatable; `;` between several
    /// in the variable)
    #[arg(
        long,
        value_name = "BEHAVIOUR=OPTION",
        env = "BANDWIDTH_MOCK_SET",
        value_delimiter = ';'
    )]
    set: Vec<String>,
    /// The accounts that each run starts with: demo, empty, published, or the path of a seed file
    /// [default: demo]
    #[arg(long, value_name = "SEED", env = "BANDWIDTH_MOCK_SEED")]
    seed: Option<String>,
    /// Vary only these behaviours, or areas of them
    #[arg(long, value_name = "ID,..", value_delimiter = ',')]
    only: Vec<String>,
    /// So many runs at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = jobs)]
    jobs: u16,
    /// Start no other run after the first that breaks
    #[arg(long)]
    fail_fast: bool,
    /// How many seconds a run may take before it is stopped and counts as broken
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
    /// Where the output of each run is kept
    #[arg(long, value_name = "FOLDER", default_value = "bandwidth-variants")]
    output: PathBuf,
    /// Write the result as `JUnit` XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The command and its arguments, behind `--`
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<std::ffi::OsString>,
}

fn jobs(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|jobs| (1..=64).contains(jobs));
    number.ok_or_else(|| "write a whole number from 1 to 64".to_owned())
}

/// Why the variants could not be run.
#[derive(Debug, Error)]
pub enum VariantsError {
    /// A wrong argument or file.
    #[error("{0}")]
    Usage(String),
    /// The baseline does not pass, so that a variant could show nothing.
    #[error(
        "the command does not pass as it is ({ending}), so that nothing can be learned from variants; its output is in {output}"
    )]
    Baseline {
        /// How it ended.
        ending: String,
        /// Where its output is.
        output: String,
    },
    /// The value of a flag.
    #[error(transparent)]
    Config(ConfigError),
    /// A profile or a seed.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// A mock that does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A file or a process.
    #[error("{}: {}", .0, describe::io(.1))]
    Io(String, io::Error),
}

/// How one run went.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// `put.semantics=merge`, or `baseline`.
    pub variant: String,
    /// Whether the command passed.
    pub passed: bool,
    /// How it ended, in words.
    pub ending: String,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// How many requests it sent.
    pub requests: usize,
    /// The first answer that was another than in the baseline, for a variant that broke.
    pub difference: Option<String>,
    /// Where its output is.
    pub output: String,
}

/// A run with what the mock saw of it.
struct Run {
    outcome: Outcome,
    exchanges: Vec<Exchange>,
    relied: BTreeSet<BehaviourId>,
}

/// One way to behave.
struct Variant {
    name: String,
    profile: NamedProfile,
}

/// Runs the command under all variants that its traffic relies on, and tells of each as it ends.
/// True when none broke it. `place` tells where the value of a flag was given.
pub fn run(
    arguments: &VariantsArguments,
    place: impl Fn(&str) -> String,
    out: &mut (dyn Write + Send),
) -> Result<bool, VariantsError> {
    let usual = Config::default();
    let wrong = |flag: &str| {
        let place = place(flag);
        move |error| VariantsError::Config(named(&place, error))
    };
    let mut base = match &arguments.profile {
        Some(name) => NamedProfile::load(name).map_err(wrong("--profile"))?,
        None => usual.profile,
    };
    base.set_from(&place("--set"), arguments.set.iter().map(String::as_str))?;
    let seed = match &arguments.seed {
        Some(name) => Seed::load(name).map_err(wrong("--seed"))?,
        None => usual.seed,
    };
    for name in &arguments.only {
        if !BehaviourId::all().any(|id| id.area() == name.as_str()) {
            BehaviourId::find("--only", name)?;
        }
    }
    fs::create_dir_all(&arguments.output).map_err(|error| {
        VariantsError::Io(format!("--output {}", arguments.output.display()), error)
    })?;
    let baseline = perform(
        arguments,
        &seed,
        &Variant {
            name: "baseline".to_owned(),
            profile: base.clone(),
        },
    )?;
    let told = |error| VariantsError::Io("cannot write".to_owned(), error);
    writeln!(out, "{}", report::line(&baseline.outcome)).map_err(told)?;
    if !baseline.outcome.passed {
        return Err(VariantsError::Baseline {
            ending: baseline.outcome.ending,
            output: baseline.outcome.output,
        });
    }
    let variants = variants(&base, &baseline.relied, &arguments.only);
    if variants.is_empty() {
        return Err(VariantsError::Usage(
            "the command's requests rely on nothing that could be varied; does it use BW_BASE_URL?"
                .to_owned(),
        ));
    }
    let outcomes = perform_all(arguments, &seed, &variants, &baseline, out)?;
    writeln!(out, "\n{}", report::summary(&outcomes, &variants)).map_err(told)?;
    let mut all = vec![baseline.outcome];
    all.extend(outcomes.iter().cloned());
    for (path, text) in [
        (&arguments.junit, report::junit(&all)),
        (&arguments.json, report::json(&all)),
    ] {
        if let Some(path) = path {
            let written = text.and_then(|text| fs::write(path, text));
            written.map_err(|error| VariantsError::Io(path.display().to_string(), error))?;
        }
    }
    Ok(outcomes.iter().all(|outcome| outcome.passed))
}

/// Every other option of every behaviour that the baseline's traffic relied on. What was observed
/// is settled, but for the options that the observation does not rule out.
fn variants(base: &NamedProfile, relied: &BTreeSet<BehaviourId>, only: &[String]) -> Vec<Variant> {
    let wanted = |id: &BehaviourId| {
        only.is_empty()
            || only
                .iter()
                .any(|name| id.as_str() == name || id.area() == name)
    };
    let mut variants = Vec::new();
    for id in relied.iter().copied().filter(wanted) {
        let present = base.options().get(id);
        for option in others(base, id).filter(|option| *option != present) {
            let name = format!("{id}={option}");
            let mut profile = base.clone();
            // A length that no password could have is no way to behave.
            if profile.set([name.as_str()]).is_ok() {
                variants.push(Variant { name, profile });
            }
        }
    }
    variants
}

/// The options of a behaviour that may be the real ones.
fn others(base: &NamedProfile, id: BehaviourId) -> impl Iterator<Item = &str> {
    let strongest = base.evidence(id).first();
    let observed = strongest.filter(|evidence| evidence.kind == EvidenceKind::Observed);
    let listed = id.behaviour().options.iter().map(|option| option.name);
    let listed = listed.filter(move |_| observed.is_none());
    let alternatives = observed
        .into_iter()
        .flat_map(|evidence| &evidence.alternatives);
    listed.chain(alternatives.map(String::as_str))
}

fn perform_all(
    arguments: &VariantsArguments,
    seed: &Seed,
    variants: &[Variant],
    baseline: &Run,
    out: &mut (dyn Write + Send),
) -> Result<Vec<Outcome>, VariantsError> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let found: Mutex<Vec<(usize, Outcome)>> = Mutex::default();
    let failed: Mutex<Option<VariantsError>> = Mutex::default();
    let out = Mutex::new(out);
    thread::scope(|scope| {
        for _ in 0..arguments.jobs {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(variant) = variants.get(index) else {
                        return;
                    };
                    let run = match perform(arguments, seed, variant) {
                        Ok(run) => run,
                        Err(error) => {
                            stop.store(true, Ordering::Relaxed);
                            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                            return;
                        }
                    };
                    let mut outcome = run.outcome;
                    if !outcome.passed {
                        outcome.difference = difference::first(&baseline.exchanges, &run.exchanges);
                        stop.fetch_or(arguments.fail_fast, Ordering::Relaxed);
                    }
                    let line = report::line(&outcome);
                    let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
                    // Who reads is gone; the exit code still says it.
                    let _ = writeln!(out, "{line}");
                    found
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((index, outcome));
                }
            });
        }
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(index, _)| *index);
    Ok(found.into_iter().map(|(_, outcome)| outcome).collect())
}

/// One run of the command, against a mock of its own.
fn perform(
    arguments: &VariantsArguments,
    seed: &Seed,
    variant: &Variant,
) -> Result<Run, VariantsError> {
    let server = MockServer::builder()
        .profile(variant.profile.clone())
        .seed(seed.clone())
        .journal(JOURNAL.0, JOURNAL.1)
        .start_blocking()?;
    let account = &seed.accounts[0];
    let password = account.login.password.as_ref().ok_or_else(|| {
        VariantsError::Usage(
            "--seed: the first account's login has no password in the clear, so the command could not log in".to_owned(),
        )
    })?;
    let path = output_of(&arguments.output, &variant.name);
    let error = |error| VariantsError::Io(path.display().to_string(), error);
    let output = File::create(&path).map_err(error)?;
    let variables = [
        ("BW_BASE_URL", server.base_url()),
        ("BW_ACCOUNT_ID", account.account_id.clone()),
        ("BW_USERNAME", account.login.username.clone()),
        ("BW_PASSWORD", password.expose().to_owned()),
        ("BANDWIDTH_MOCK_ADMIN_URL", server.admin_url()),
    ];
    let started = Instant::now();
    let limit = Duration::from_secs(arguments.timeout);
    let ending = process::run(&arguments.command, &variables, output, limit).map_err(|error| {
        let name = arguments.command[0].to_string_lossy();
        match error.kind() {
            io::ErrorKind::NotFound => VariantsError::Usage(format!(
                "cannot run `{name}`: there is no such program; give its path, or write it as in a shell"
            )),
            io::ErrorKind::PermissionDenied => VariantsError::Usage(format!(
                "cannot run `{name}`: it is not executable; name the program that runs it, as `sh {name}`"
            )),
            _ => VariantsError::Io(format!("cannot run `{name}`"), error),
        }
    })?;
    let entries = server.journal_entries();
    let exchanges: Vec<Exchange> = entries.iter().map(|entry| Exchange::of(entry)).collect();
    Ok(Run {
        outcome: Outcome {
            variant: variant.name.clone(),
            passed: ending == Ending::Passed,
            ending: ending.to_string(),
            elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            requests: exchanges.len(),
            difference: None,
            output: path.display().to_string(),
        },
        relied: entries
            .iter()
            .flat_map(|entry| entry.asked.iter())
            .collect(),
        exchanges,
    })
}

fn output_of(folder: &Path, variant: &str) -> PathBuf {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._=-".contains(c);
    let name: String = variant
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    folder.join(name + ".log")
}
