//! `fuzz`: random traces, against a mock of this process with a profile of its own for each, or
//! against any target with the profile that is expected of it.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use super::{
    aim::{Aim, MOCK},
    block_on,
    run::{begin, interrupt},
};
use crate::{
    Surroundings,
    cli::FuzzArgs,
    context::Context,
    exchange::Log,
    exit::{ConformanceError, FAILED, INCONCLUSIVE, LEFT_BEHIND, NOTHING_EXECUTED, PASSED},
    fuzz::{Trace, Unanswered, Walk, walk},
    random,
    report::curl,
    run::Run,
};

/// Sends the traces; returns the exit code.
pub fn fuzz(
    arguments: &FuzzArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let seed = match arguments.seed {
        Some(seed) => seed,
        None => u64::from(random::number()),
    };
    writeln!(surroundings.out, "seed {seed}")?;
    let numbers = match arguments.trace {
        Some(number) => number..number + 1,
        None => 0..arguments.traces,
    };
    let traces: Vec<(u64, Trace)> = numbers
        .map(|number| (number, Trace::of(seed_of(seed, number), arguments.steps)))
        .collect();
    if arguments.aim.target == MOCK {
        inside::fuzz(arguments, seed, &traces, surroundings)
    } else {
        outside(arguments, &traces, surroundings)
    }
}

/// The seed of a trace.
fn seed_of(seed: u64, number: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number
}

/// What came of all traces.
#[derive(Default)]
struct Sum {
    traces: u64,
    operations: u64,
    unanswered: u64,
    outcomes: BTreeMap<&'static str, u64>,
}

impl Sum {
    fn add(&mut self, walk: &Walk) {
        self.traces += 1;
        self.operations += walk.operations;
        self.unanswered += walk.unanswered;
        for outcome in &walk.outcomes {
            *self.outcomes.entry(outcome).or_default() += 1;
        }
    }

    fn words(&self) -> String {
        let mut text = format!(
            "{} traces, {} operations as the model says, {} unanswered\noutcomes, and in how many traces:",
            self.traces, self.operations, self.unanswered
        );
        for (outcome, traces) in &self.outcomes {
            let _ = write!(text, " {outcome} {traces},");
        }
        text.trim_end_matches(',').to_owned() + "\n"
    }
}

/// A disagreement for people: what was sent, as commands, and what was wrong with the last answer.
fn told(number: u64, walk: &Walk, cx: &Context, setting: &str) -> String {
    let mut text = format!("\ntrace {number} disagrees with the model{setting}\n");
    for exchange in &cx.log.exchanges {
        let _ = writeln!(text, "  {}", curl::line(exchange, &cx.run.redactor));
    }
    if let Some(disagreement) = &walk.disagreement {
        let reason = cx.run.redactor.clean(&disagreement.reason);
        let _ = writeln!(text, "{}", reason.replace('\n', "\n  "));
    }
    text
}

/// Against a target that was there before, one trace after the other.
fn outside(
    arguments: &FuzzArgs,
    traces: &[(u64, Trace)],
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let aim = Aim::take(&arguments.aim, false, surroundings.variable)?;
    let place = aim.place;
    let run = Arc::new(Run::new(aim.setup)?);
    if !run.limits.may_write() {
        return Err(ConformanceError::Refused(
            "fuzz creates, changes and deletes users; --allow-writes and --confirm-account ID permit that".to_owned(),
        ));
    }
    let mut sum = Sum::default();
    let mut failure = None;
    let leftovers = block_on(async {
        begin(&run, &place, arguments.ledger.as_deref()).await?;
        let work = async {
            for (number, trace) in traces {
                let mut cx = Context::new(Arc::clone(&run));
                let walked = walk(&mut cx, trace, Unanswered::Ends).await;
                sum.add(&walked);
                if walked.disagreement.is_some() {
                    failure = Some(told(*number, &walked, &cx, ""));
                }
                run.clean_up(&mut cx.log).await;
                if failure.is_some() || run.ended().is_some() {
                    break;
                }
            }
        };
        tokio::select! {
            biased;
            () = interrupt() => {}
            () = work => {}
        }
        let leftovers = run.clean_up(&mut Log::default()).await;
        if leftovers.is_empty() {
            run.ledger().discard()?;
        }
        Ok::<_, ConformanceError>(leftovers)
    })??;
    write!(surroundings.out, "{}", sum.words())?;
    if let Some(failure) = &failure {
        write!(surroundings.out, "{failure}")?;
    }
    if let Some(why) = run.ended() {
        writeln!(surroundings.out, "it ended early: {why}")?;
    }
    for left in &leftovers {
        writeln!(surroundings.err, "left behind: {left}")?;
    }
    Ok(match (&failure, leftovers.is_empty()) {
        (_, false) => LEFT_BEHIND,
        (Some(_), true) => FAILED,
        (None, true) if sum.operations == 0 => NOTHING_EXECUTED,
        (None, true) if run.ended().is_some() => INCONCLUSIVE,
        (None, true) => PASSED,
    })
}

#[cfg(feature = "embedded")]
mod inside {
    //! Against mocks of this process.

    use std::{
        sync::{
            Arc, Mutex, PoisonError,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
        time::Duration,
    };

    use bandwidth_fixtures::{BehaviourId, NamedProfile};

    use super::{Sum, block_on, seed_of, told};
    use crate::{
        Surroundings,
        cli::FuzzArgs,
        context::Context,
        exit::{ConformanceError, FAILED, PASSED},
        fuzz::{Numbers, Trace, Unanswered, Walk, walk},
        run::{GoldenMode, Run, Setup},
        safety::{Backoff, Limits},
        target::embedded::Embedded,
        transport::Endpoint,
    };

    /// Failures that come before an operation takes effect.
    const FAULTS: [&str; 2] = ["status=429,probability=0.03", "status=503,probability=0.02"];

    /// How many smaller traces are tried.
    const ATTEMPTS: usize = 600;

    /// Behaviours of these areas change how a trace can be sent, not what it does.
    const LEFT_AS_THEY_ARE: [&str; 3] = ["auth", "paths", "rate"];

    /// The profile with some behaviours changed at random, and the changes.
    fn varied(base: &NamedProfile, seed: u64) -> (NamedProfile, Vec<String>) {
        let mut numbers = Numbers::new(!seed);
        let mut profile = base.clone();
        let mut changes = Vec::new();
        for id in BehaviourId::all() {
            let options = &id.behaviour().options;
            if options.is_empty() || LEFT_AS_THEY_ARE.contains(&id.area()) || numbers.below(2) == 0
            {
                continue;
            }
            let option = &options[numbers.below(options.len())].name;
            // An API without JSON cannot answer in JSON by default.
            if id.as_str() == "format.json" && option == "never" {
                continue;
            }
            if profile.options().get(id) != *option {
                let change = format!("{id}={option}");
                if profile.set([change.as_str()]).is_ok() {
                    changes.push(change);
                }
            }
        }
        (profile, changes)
    }

    /// One trace on a mock of its own.
    fn alone(profile: &NamedProfile, trace: &Trace) -> Result<(Walk, Context), ConformanceError> {
        let server = Embedded::for_suite(profile.clone(), &FAULTS);
        let server = server.map_err(ConformanceError::Unreachable)?;
        let run = Run::new(Setup {
            endpoint: Endpoint::local(server.address()),
            credentials: server.credentials(profile),
            expected: profile.clone(),
            goldens: GoldenMode::Symbolic,
            limits: Limits {
                backoff: Backoff {
                    base: Duration::from_millis(1),
                    cap: Duration::from_millis(10),
                    patience: Duration::from_millis(200),
                },
                ..Limits::none()
            },
        })?;
        let mut cx = Context::new(Arc::new(run));
        let walked = block_on(walk(&mut cx, trace, Unanswered::HadNoEffect))?;
        Ok((walked, cx))
    }

    /// The smallest trace found that still disagrees.
    fn shrink(profile: &NamedProfile, trace: &Trace) -> Result<Trace, ConformanceError> {
        let mut smallest = trace.clone();
        let mut attempts = 0;
        'again: loop {
            for candidate in smallest.smaller() {
                attempts += 1;
                if attempts > ATTEMPTS {
                    return Ok(smallest);
                }
                if alone(profile, &candidate)?.0.disagreement.is_some() {
                    smallest = candidate;
                    continue 'again;
                }
            }
            return Ok(smallest);
        }
    }

    pub(super) fn fuzz(
        arguments: &FuzzArgs,
        seed: u64,
        traces: &[(u64, Trace)],
        surroundings: &mut Surroundings<'_>,
    ) -> Result<u8, ConformanceError> {
        let base = NamedProfile::load(&arguments.aim.profile)?;
        let profile_of = |number: u64| {
            if arguments.fixed_profile {
                (base.clone(), Vec::new())
            } else {
                varied(&base, seed_of(seed, number))
            }
        };
        let next = AtomicUsize::new(0);
        let sum = Mutex::new(Sum::default());
        let first: Mutex<Option<(u64, Trace)>> = Mutex::new(None);
        let work = || -> Result<(), ConformanceError> {
            while let Some((number, trace)) = traces.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (walked, _) = alone(&profile_of(*number).0, trace)?;
                sum.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .add(&walked);
                if walked.disagreement.is_some() {
                    let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                    first.get_or_insert((*number, trace.clone()));
                    next.store(traces.len(), Ordering::Relaxed);
                }
            }
            Ok(())
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| {
                let done = worker.join();
                done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        })?;
        let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        write!(surroundings.out, "{}", sum.words())?;
        let first = first.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Some((number, trace)) = first else {
            return Ok(PASSED);
        };
        let (profile, changes) = profile_of(number);
        let smallest = shrink(&profile, &trace)?;
        let (walked, cx) = alone(&profile, &smallest)?;
        let setting = if changes.is_empty() {
            String::new()
        } else {
            format!("; the mock had --set {}", changes.join(" --set "))
        };
        write!(surroundings.out, "{}", told(number, &walked, &cx, &setting))?;
        writeln!(
            surroundings.out,
            "again: bandwidth-conformance fuzz --seed {seed} --trace {number} --steps {}",
            arguments.steps
        )?;
        Ok(FAILED)
    }
}

#[cfg(not(feature = "embedded"))]
mod inside {
    //! This build has no mock.

    use super::Aim;
    use crate::{Surroundings, cli::FuzzArgs, exit::ConformanceError, fuzz::Trace};

    pub(super) fn fuzz(
        arguments: &FuzzArgs,
        _: u64,
        _: &[(u64, Trace)],
        surroundings: &mut Surroundings<'_>,
    ) -> Result<u8, ConformanceError> {
        Aim::take(&arguments.aim, false, surroundings.variable).map(|_| crate::exit::PASSED)
    }
}
