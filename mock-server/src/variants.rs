//! `variants`: runs the user's own command once for each plausible way in which the real API could
//! behave, and reports which of them break it.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    ops::ControlFlow,
    path::PathBuf,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use bandwidth_fixtures::{BehaviourId, FixtureError, KnownFailures, NamedProfile, Seed};
use clap::Args;
use thiserror::Error;

use crate::{
    arguments::named,
    clock::parse_start,
    config::{Config, ConfigError},
    journal::Entry,
    trial::{
        Baseline, Interrupt, Outcome, Report, Run, Trial, TrialError, Verdict, World, line,
        side_by_side,
    },
};

/// The name of the first run, and of what all others are compared with.
const BASELINE: &str = "baseline";
/// The exit code of a command whose result does not repeat.
const FLAKY: u8 = 3;
/// In the place of an area: whole profiles.
const PROFILE: &str = "profile";

/// The flags of `variants`.
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
    #[cfg(feature = "traffic")]
    /// Vary only what this recording leaves open, HAR or one JSON object a line: the baseline behaves
    /// as it shows, and the other built-in profiles are not varied (repeatable)
    #[arg(long, value_name = "FILE")]
    from: Vec<PathBuf>,
    /// The accounts that each run starts with: demo, empty, published, or the path of a seed file
    /// [default: demo]
    #[arg(long, value_name = "SEED", env = "BANDWIDTH_MOCK_SEED")]
    seed: Option<String>,
    /// Start the clock of each run at this time, for example 2026-12-02T00:00:00Z [default: the
    /// machine's time]
    #[arg(long, value_name = "TIME", env = "BANDWIDTH_MOCK_CLOCK", value_parser = parse_start)]
    clock: Option<Duration>,
    /// Vary only these behaviours, or areas of them; `profile` stands for the other built-in profiles
    #[arg(long, value_name = "ID,..", value_delimiter = ',')]
    only: Vec<String>,
    /// Leave out these behaviours, areas or variants, for example put or delete.status=204; `profile`
    /// leaves out the other built-in profiles
    #[arg(long, value_name = "ID,..", value_delimiter = ',')]
    skip: Vec<String>,
    /// Vary the whole profile too, as this file says; the other built-in profiles are always
    /// varied, unless --only leaves them out (repeatable)
    #[arg(long, value_name = "FILE")]
    with_profile: Vec<String>,
    /// TOML file of variants that may break the command, each with a reason and the day on which it
    /// expires
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Number of runs side by side
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = jobs)]
    jobs: u16,
    /// Start no further run after the first that breaks
    #[arg(long)]
    fail_fast: bool,
    /// Time limit of a run; one that takes longer is stopped and counts as broken
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = seconds)]
    timeout: u64,
    /// Folder for the output of each run
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

fn seconds(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|seconds| *seconds > 0);
    number.ok_or_else(|| "write a whole number of seconds, at least 1".to_owned())
}

/// Why the variants could not be run.
#[derive(Debug, Error)]
pub enum VariantsError {
    /// A wrong argument or file.
    #[error("{0}")]
    Usage(String),
    /// The value of a flag.
    #[error(transparent)]
    Config(ConfigError),
    /// A profile or a seed.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// A run that did not come about.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// Recorded traffic.
    #[cfg(feature = "traffic")]
    #[error(transparent)]
    Traffic(#[from] crate::traffic::CommandError),
}

impl VariantsError {
    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Trial(TrialError::Interrupted(signal)) => 128 + signal,
            _ => 2,
        }
    }
}

fn cannot(what: &str) -> impl Fn(io::Error) -> VariantsError {
    move |error| TrialError::Io(what.to_owned(), error).into()
}

/// The arguments, checked.
struct Plan<'a> {
    arguments: &'a VariantsArguments,
    base: NamedProfile,
    seed: Seed,
    known: KnownFailures,
    /// Whole profiles, with the names of their variants.
    profiles: Vec<(String, NamedProfile)>,
}

impl<'a> Plan<'a> {
    fn of(
        arguments: &'a VariantsArguments,
        place: impl Fn(&str) -> String,
    ) -> Result<Self, VariantsError> {
        let usual = Config::default();
        let load = |name: &str, flag: &str| {
            NamedProfile::load(name)
                .map_err(|error| VariantsError::Config(named(&place(flag), error)))
        };
        let mut base = match &arguments.profile {
            Some(name) => load(name, "--profile")?,
            None => usual.profile,
        };
        base.set_from(&place("--set"), arguments.set.iter().map(String::as_str))?;
        #[cfg(feature = "traffic")]
        if !arguments.from.is_empty() {
            base = crate::traffic::profile_from(&arguments.from, &base)?;
        }
        #[cfg(feature = "traffic")]
        let is_recorded = !arguments.from.is_empty();
        #[cfg(not(feature = "traffic"))]
        let is_recorded = false;
        let seed = match &arguments.seed {
            Some(name) => Seed::load(name)
                .map_err(|error| VariantsError::Config(named(&place("--seed"), error)))?,
            None => usual.seed,
        };
        for (flag, names) in [("--only", &arguments.only), ("--skip", &arguments.skip)] {
            for name in names.iter().filter(|name| *name != PROFILE) {
                let id = name.split('=').next().unwrap_or_default();
                if !BehaviourId::all().any(|known| known.area() == id) && id != PROFILE {
                    BehaviourId::find(flag, id)?;
                }
            }
        }
        let mut profiles = Vec::new();
        for name in NamedProfile::BUILT_IN {
            let variant = format!("{PROFILE}={name}");
            let by_default = arguments.only.is_empty() && !is_recorded;
            if by_default || is_named(&arguments.only, PROFILE, &variant) {
                profiles.push((variant, load(name, "--profile")?));
            }
        }
        for file in &arguments.with_profile {
            profiles.push((format!("{PROFILE}={file}"), load(file, "--with-profile")?));
        }
        let known = match &arguments.known {
            None => KnownFailures::default(),
            Some(path) => KnownFailures::load(path, |entry| {
                if entry.case.starts_with(PROFILE) {
                    return Ok(());
                }
                let set = base.clone().set([entry.case.as_str()]);
                set.map_err(|error| error.to_string())
            })
            .map_err(VariantsError::Usage)?,
        };
        Ok(Self {
            arguments,
            base,
            seed,
            known,
            profiles,
        })
    }

    /// Every other option of every behaviour that the baseline relied on, and whole profiles. What
    /// was observed is settled, except for the options that the observation does not rule out.
    fn worlds(&self, relied: &BTreeSet<BehaviourId>) -> Vec<World> {
        let only = &self.arguments.only;
        let mut worlds = Vec::new();
        for id in relied.iter().copied() {
            let present = self.base.options().get(id);
            for option in others(&self.base, id).filter(|option| *option != present) {
                let name = format!("{id}={option}");
                let mut profile = self.base.clone();
                // A length that no password could have is not a way to behave.
                let chosen = only.is_empty() || is_named(only, id.area(), &name);
                if chosen && profile.set([name.as_str()]).is_ok() {
                    worlds.push(World { name, profile });
                }
            }
        }
        let differs = |profile: &NamedProfile| {
            let mut differences = self.base.differences(profile);
            differences.any(|id| relied.contains(&id))
        };
        let profiles = self.profiles.iter().filter(|(_, profile)| differs(profile));
        worlds.extend(
            profiles
                .cloned()
                .map(|(name, profile)| World { name, profile }),
        );
        let skip = &self.arguments.skip;
        worlds.retain(|world| {
            let area = world.name.split(['.', '=']).next().unwrap_or_default();
            !is_named(skip, area, &world.name)
        });
        worlds
    }

    /// Judges a variant, and runs it again when it broke.
    fn judge(
        &self,
        trial: &Trial<'_>,
        world: &World,
        baseline: &Compared,
    ) -> Result<Outcome, VariantsError> {
        let run = trial.run(world, 1)?;
        let outcome = Outcome::of(&world.name, &run);
        if run.passed() {
            let silent = silence(run.entries.len(), baseline.requests);
            return Ok(if let Some(reason) = silent {
                outcome.judged(Verdict::Silent, reason)
            } else if !meets(&run, &self.base) {
                outcome.judged(
                    Verdict::Unmet,
                    "no request met it; accounts with a profile of their own are not varied",
                )
            } else {
                outcome
            });
        }
        let again = trial.run(world, 2)?;
        if again.passed() {
            return Ok(outcome.judged(Verdict::Flaky, "it passed when it was run again"));
        }
        let known = self.known.entry(&world.name, "mock");
        let outcome = match known.filter(|entry| !entry.has_expired()) {
            Some(entry) => outcome.judged(Verdict::Known, format!("known: {}", entry.reason)),
            None => outcome,
        };
        Ok(Outcome {
            difference: baseline.exchanges.first_difference(&run.entries),
            ..outcome
        })
    }

    /// Entries of the file of known failures that are not true, of variants that ran.
    fn known_problems(&self, outcomes: &[Outcome]) -> Vec<String> {
        let problem = |outcome: &Outcome| {
            let entry = self.known.entry(&outcome.variant, "mock")?;
            entry.problem(!outcome.passed, outcome.verdict == Verdict::Passed)
        };
        outcomes.iter().filter_map(problem).collect()
    }
}

/// Two runs of the baseline that passed.
struct Compared {
    exchanges: Baseline,
    requests: usize,
}

/// Runs the command under all variants that its traffic relies on, and reports each as it ends.
/// Returns the exit code: 0 when none broke it, 1 when one did, 3 when the command is flaky.
/// `place` says where the value of a flag was given.
pub fn run(
    arguments: &VariantsArguments,
    place: impl Fn(&str) -> String,
    out: &mut dyn Write,
) -> Result<u8, VariantsError> {
    let plan = Plan::of(arguments, place)?;
    fs::create_dir_all(&arguments.output)
        .map_err(cannot(&format!("--output {}", arguments.output.display())))?;
    let trial = Trial {
        command: &arguments.command,
        seed: &plan.seed,
        clock: arguments.clock.map(|start| UNIX_EPOCH + start),
        output: arguments.output.clone(),
        limit: Duration::from_secs(arguments.timeout),
        interrupt: Interrupt::listen().map_err(cannot("cannot wait for signals"))?,
    };
    let mut tell = |text: &str| writeln!(out, "{text}").map_err(cannot("cannot write the report"));

    let world = World {
        name: BASELINE.to_owned(),
        profile: plan.base.clone(),
    };
    let first = trial.run(&world, 1)?;
    let second = trial.run(&world, 2)?;
    let mut baseline = Outcome::of(BASELINE, &first);
    if first.passed() != second.passed() {
        let (one, two) = (&first.ending, &second.ending);
        let reason = format!("it does not repeat: {one}, then {two}; nothing was varied");
        baseline = baseline.judged(Verdict::Flaky, reason);
    }
    let silent = silence(second.entries.len(), first.entries.len()).filter(|_| second.passed());
    let (counted, own) = answered_by_base(&first);
    tell(&line(&baseline))?;
    if own > 0 {
        tell(&format!(
            "          {own} of {} requests met a profile that their account or the command chose; \
             they are not varied",
            baseline.requests
        ))?;
    }
    if baseline.verdict == Verdict::Flaky {
        let report = Report::new(vec![baseline], Vec::new(), own);
        return write_reports(arguments, &report).map(|()| FLAKY);
    }
    if !baseline.passed {
        return Err(VariantsError::Usage(format!(
            "the command does not pass as it is ({}), so that nothing can be learned from variants; \
             its output is in {}",
            baseline.ending, baseline.output
        )));
    }
    if let Some(reason) = silent {
        return Err(VariantsError::Usage(format!(
            "the command was run again, and {reason}"
        )));
    }
    let relied = counted.iter().flat_map(|entry| {
        let own = entry.profile.options();
        let asked = entry.asked.iter();
        asked.filter(|id| own.get(*id) == plan.base.options().get(*id))
    });
    let relied: BTreeSet<BehaviourId> = relied.collect();
    let worlds = plan.worlds(&relied);
    if worlds.is_empty() {
        return Err(nothing_to_vary(&relied));
    }
    let compared = Compared {
        exchanges: Baseline::of(&first.entries, &second.entries),
        requests: first.entries.len(),
    };
    let outcomes = side_by_side(
        &worlds,
        arguments.jobs,
        |world| plan.judge(&trial, world, &compared),
        |outcome| {
            tell(&line(outcome))?;
            let stop = arguments.fail_fast && outcome.verdict.is_failure();
            Ok(if stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        },
    )?;
    let problems = plan.known_problems(&outcomes);
    tell(&summary(&outcomes, worlds.len()))?;
    for problem in &problems {
        tell(&format!("known failures: {problem}"))?;
    }
    let is_flaky = outcomes
        .iter()
        .any(|outcome| outcome.verdict == Verdict::Flaky);
    let failed =
        outcomes.iter().any(|outcome| outcome.verdict.is_failure()) || !problems.is_empty();
    let runs = std::iter::once(baseline).chain(outcomes).collect();
    write_reports(arguments, &Report::new(runs, problems, own))?;
    Ok(match (failed, is_flaky) {
        (true, _) => 1,
        (false, true) => FLAKY,
        (false, false) => 0,
    })
}

/// Why there is no variant of a command that relied on these behaviours.
fn nothing_to_vary(relied: &BTreeSet<BehaviourId>) -> VariantsError {
    let ids: Vec<&str> = relied.iter().map(|id| id.as_str()).collect();
    VariantsError::Usage(if ids.is_empty() {
        "the command's requests rely on nothing that could be varied; does it use BW_BASE_URL? A \
         test cache may also answer for it (`go test` needs -count=1)"
            .to_owned()
    } else {
        format!(
            "--only and --skip leave nothing to vary: the command's requests rely on {}",
            ids.join(", ")
        )
    })
}

fn write_reports(arguments: &VariantsArguments, report: &Report) -> Result<(), VariantsError> {
    for (path, text) in [
        (&arguments.junit, report.junit("bandwidth-mock variants")),
        (&arguments.json, report.json()),
    ] {
        if let Some(path) = path {
            let written = text.and_then(|text| fs::write(path, text));
            written.map_err(cannot(&path.display().to_string()))?;
        }
    }
    Ok(())
}

/// What is wrong with a run that passed without a request, if the baseline sent some.
fn silence(requests: usize, baseline: usize) -> Option<String> {
    (requests == 0 && baseline > 0).then(|| {
        format!(
            "it sent no request, and the baseline sent {baseline}; a test cache may answer for it \
             (`go test` needs -count=1)"
        )
    })
}

/// The requests whose behaviour follows the run's profile, and the number of the others. An account
/// with options of its own keeps the profile's name and differs from it; one with a whole profile
/// of its own follows nothing.
fn answered_by_base(run: &Run) -> (Vec<&Arc<Entry>>, usize) {
    let follows = |entry: &&Arc<Entry>| {
        let own = &entry.profile;
        let is_changed = || own.differences(&run.profile).next().is_some();
        Arc::ptr_eq(own, &run.profile) || own.name() == run.profile.name() && is_changed()
    };
    let counted: Vec<_> = run.entries.iter().filter(follows).collect();
    let own = run.entries.len() - counted.len();
    (counted, own)
}

/// Whether some answer rested on an option by which the run's profile differs from `base`.
fn meets(run: &Run, base: &NamedProfile) -> bool {
    let varied: BTreeSet<BehaviourId> = base.differences(&run.profile).collect();
    run.entries.iter().any(|entry| {
        let mut asked = entry.asked.iter().filter(|id| varied.contains(id));
        asked.any(|id| entry.profile.options().get(id) == run.profile.options().get(id))
    })
}

/// Whether a list names an area, a behaviour of it, or a variant.
fn is_named(names: &[String], area: &str, variant: &str) -> bool {
    let id = variant.split('=').next().unwrap_or_default();
    names
        .iter()
        .any(|name| [area, id, variant].contains(&name.as_str()))
}

/// The options of a behaviour that may be the real ones.
fn others(base: &NamedProfile, id: BehaviourId) -> impl Iterator<Item = &str> {
    let strongest = base.evidence(id).first();
    let settled = strongest.filter(|evidence| evidence.kind.is_of_an_account());
    let listed = id.behaviour().options.iter().map(|option| option.name);
    let listed = listed.filter(move |_| settled.is_none());
    let alternatives = settled
        .into_iter()
        .flat_map(|evidence| &evidence.alternatives);
    listed.chain(alternatives.map(String::as_str))
}

/// What broke, and what that means.
fn summary(outcomes: &[Outcome], variants: usize) -> String {
    let count = |verdict| {
        outcomes
            .iter()
            .filter(|outcome| outcome.verdict == verdict)
            .count()
    };
    let broke = count(Verdict::Broke);
    let mut text = format!("\n{broke} of {} variants break it", outcomes.len());
    for (count, what) in [
        (count(Verdict::Known), "known to break it"),
        (count(Verdict::Flaky), "flaky"),
        (count(Verdict::Silent), "without a request"),
        (count(Verdict::Unmet), "unmet by its requests"),
        (variants - outcomes.len(), "not run"),
    ] {
        if count > 0 {
            text = format!("{text}, {count} {what}");
        }
    }
    for outcome in outcomes
        .iter()
        .filter(|outcome| outcome.verdict == Verdict::Broke)
    {
        let id = outcome.variant.split('=').next().unwrap_or_default();
        let question = id.parse::<BehaviourId>();
        let question = question.map_or("the whole profile", |id| id.behaviour().question);
        text = format!("{text}\n  {}: {question}", outcome.variant);
    }
    text
}
