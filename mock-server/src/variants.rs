//! `variants`: runs the user's own command once for each plausible way in which the real API could
//! behave, and reports which of them break it.

use std::{collections::BTreeSet, io::Write, ops::ControlFlow, path::PathBuf, sync::Arc};

use bandwidth_fixtures::{BehaviourId, KnownFailures, NamedProfile, Seed};
use clap::Args;

use crate::{
    journal::Entry,
    trial::{
        BASELINE, Baseline, FLAKY, Outcome, Report, Run, Subject, Trial, TrialArguments,
        TrialError, Verdict, World, baseline, exit_code, known_problems, line, profile,
        side_by_side, silence,
    },
};

/// The title of reports.
const TITLE: &str = "bandwidth-mock variants";
/// Instead of an area: whole profiles.
const PROFILE: &str = "profile";

/// The flags of `variants`.
#[derive(Debug, Args)]
pub struct VariantsArguments {
    #[command(flatten)]
    trial: TrialArguments,
    #[cfg(feature = "traffic")]
    /// Vary only the behaviours that this recording leaves open (HAR, or one JSON object a line).
    /// The baseline behaves as the recording shows; other built-in profiles are not varied
    /// (repeatable)
    #[arg(long, value_name = "FILE")]
    from: Vec<PathBuf>,
    /// Vary only these behaviours or areas; `profile` means the other built-in profiles
    #[arg(long, value_name = "ID,..", value_delimiter = ',')]
    only: Vec<String>,
    /// Skip these behaviours, areas or variants, for example put or delete.status=204; `profile`
    /// skips the other built-in profiles
    #[arg(long, value_name = "ID,..", value_delimiter = ',')]
    skip: Vec<String>,
    /// Also run with the whole profile of this file; the other built-in profiles always run, unless
    /// --only excludes them (repeatable)
    #[arg(long, value_name = "FILE")]
    with_profile: Vec<String>,
    /// Write the output of each run to this folder
    #[arg(long, value_name = "FOLDER", default_value = "bandwidth-variants")]
    output: PathBuf,
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

fn subject(variant: &str) -> Subject {
    Subject::Variant {
        variant: variant.to_owned(),
    }
}

fn world(name: &str, profile: NamedProfile) -> World {
    World {
        name: name.to_owned(),
        profile,
        faults: Vec::new(),
        most_requests: None,
    }
}

impl<'a> Plan<'a> {
    fn of(
        arguments: &'a VariantsArguments,
        place: impl Fn(&str) -> String,
    ) -> Result<Self, TrialError> {
        #[cfg_attr(
            not(feature = "traffic"),
            expect(unused_mut, reason = "only a recording changes it")
        )]
        let (mut base, seed) = arguments.trial.world(&place)?;
        #[cfg(feature = "traffic")]
        if !arguments.from.is_empty() {
            base = crate::traffic::profile_from(&arguments.from, &base)
                .map_err(|error| TrialError::Usage(error.to_string()))?;
        }
        #[cfg(feature = "traffic")]
        let is_recorded = !arguments.from.is_empty();
        #[cfg(not(feature = "traffic"))]
        let is_recorded = false;
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
                profiles.push((variant, profile(name, &place("--profile"))?));
            }
        }
        for file in &arguments.with_profile {
            profiles.push((
                format!("{PROFILE}={file}"),
                profile(file, &place("--with-profile"))?,
            ));
        }
        let known = arguments.trial.known(|entry| {
            if entry.case.starts_with(PROFILE) {
                return Ok(());
            }
            let set = base.clone().set([entry.case.as_str()]);
            set.map_err(|error| error.to_string())
        })?;
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
                    worlds.push(world(&name, profile));
                }
            }
        }
        let differs = |profile: &NamedProfile| {
            let mut differences = self.base.differences(profile);
            differences.any(|id| relied.contains(&id))
        };
        let profiles = self.profiles.iter().filter(|(_, profile)| differs(profile));
        worlds.extend(profiles.map(|(name, profile)| world(name, profile.clone())));
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
    ) -> Result<Outcome, TrialError> {
        let run = trial.run(world, 1)?;
        let outcome = Outcome::of(subject(&world.name), &run);
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
        Ok(Outcome {
            difference: baseline.exchanges.first_difference(&run.entries),
            ..outcome.unless_known(&self.known)
        })
    }
}

/// Two runs of the baseline that passed.
struct Compared {
    exchanges: Baseline,
    requests: usize,
}

/// Runs the command under all variants that its traffic relies on, and reports each as it ends.
/// Returns the exit code: 0 if none broke it, 1 if one did, 3 if the command is flaky. `place`
/// returns the source of a flag's value.
pub fn run(
    arguments: &VariantsArguments,
    place: impl Fn(&str) -> String,
    out: &mut dyn Write,
) -> Result<u8, TrialError> {
    let plan = Plan::of(arguments, place)?;
    let trial = arguments.trial.trial(&plan.seed, &arguments.output)?;
    let cannot = || TrialError::io("cannot write the report");
    let mut print = |text: &str| writeln!(out, "{text}").map_err(cannot());

    let start = world(BASELINE, plan.base.clone());
    let first = trial.run(&start, 1)?;
    let second = trial.run(&start, 2)?;
    let baseline = baseline(subject(BASELINE), &first, &second);
    let (counted, own) = answered_by_base(&first);
    print(&line(&baseline))?;
    if own > 0 {
        print(&format!(
            "          {own} of {} requests met a profile that their account or the command chose; \
             they are not varied",
            baseline.requests
        ))?;
    }
    if baseline.verdict == Verdict::Flaky {
        let report = Report::new(TITLE, vec![baseline], Vec::new(), own);
        return arguments.trial.write(&report).map(|()| FLAKY);
    }
    baseline.require_passed(&first, &second)?;
    let relied = counted.iter().flat_map(|entry| {
        let own = entry.profile.options();
        let read = entry.behaviours.iter();
        read.filter(|id| own.get(*id) == plan.base.options().get(*id))
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
        arguments.trial.jobs,
        |world| plan.judge(&trial, world, &compared),
        |outcome| {
            print(&line(outcome))?;
            let stop = arguments.trial.fail_fast && outcome.verdict.is_failure();
            Ok(if stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        },
    )?;
    let problems = known_problems(&plan.known, &outcomes);
    print(&summary(&outcomes, worlds.len()))?;
    for problem in &problems {
        print(&format!("known failures: {problem}"))?;
    }
    let code = exit_code(&outcomes, &problems);
    let runs = std::iter::once(baseline).chain(outcomes).collect();
    let report = Report::new(TITLE, runs, problems, own);
    arguments.trial.write(&report)?;
    Ok(code)
}

/// Why there is no variant of a command that relied on these behaviours.
fn nothing_to_vary(relied: &BTreeSet<BehaviourId>) -> TrialError {
    let ids: Vec<&str> = relied.iter().map(|id| id.as_str()).collect();
    TrialError::Usage(if ids.is_empty() {
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

/// True if some response depends on an option that differs between the run's profile and `base`.
fn meets(run: &Run, base: &NamedProfile) -> bool {
    let varied: BTreeSet<BehaviourId> = base.differences(&run.profile).collect();
    run.entries.iter().any(|entry| {
        let mut read = entry.behaviours.iter().filter(|id| varied.contains(id));
        read.any(|id| entry.profile.options().get(id) == run.profile.options().get(id))
    })
}

/// True if a list names an area, a behaviour of it, or a variant.
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

/// Summary of the variants that broke the command.
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
        let name = outcome.subject.to_string();
        let id = name.split('=').next().unwrap_or_default();
        let question = id.parse::<BehaviourId>();
        let question = question.map_or("the whole profile", |id| id.behaviour().question);
        text = format!("{text}\n  {name}: {question}");
    }
    text
}
