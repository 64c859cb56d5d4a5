//! `fuzz` against mocks of this process: each trace has one of its own, with a profile of its own.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bandwidth_fixtures::{BehaviourId, NamedProfile};

use super::{
    super::runtime::block_on,
    sum::{Sum, failure_text, seed_of},
};
use crate::{
    cli::FuzzArgs,
    dialogue::Context,
    dialogue::run::{Run, Setup},
    error::{ConformanceError, FAILED, NOTHING_EXECUTED, PASSED},
    fuzz::{Numbers, Trace, Unanswered, Walk, walk},
    limits::Limits,
    surroundings::Surroundings,
    target::embedded::Embedded,
    transport::Endpoint,
};

/// Failures that come before an operation takes effect. A 429 that names a later time would end the
/// run: fuzz does not wait.
const FAULTS: [&str; 2] = [
    "status=429,probability=0.03,headers.X-RateLimit-Reset=0",
    "status=503,probability=0.02",
];

/// Number of smaller traces to try.
const ATTEMPTS: usize = 600;

/// Behaviours of these areas change how a trace can be sent, not what it does.
const LEFT_AS_THEY_ARE: [&str; 4] = ["auth", "paths", "rate", "surface"];

/// The profile with some behaviours changed at random, and the changes.
fn varied(base: &NamedProfile, seed: u64) -> (NamedProfile, Vec<String>) {
    let mut numbers = Numbers::new(!seed);
    let mut profile = base.clone();
    let mut changes = Vec::new();
    for id in BehaviourId::all() {
        let options = id.behaviour().options;
        if options.is_empty() || LEFT_AS_THEY_ARE.contains(&id.area()) || numbers.below(2) == 0 {
            continue;
        }
        let option = options[numbers.below(options.len())].name;
        // An API without JSON cannot answer in JSON by default.
        if id.as_str() == "format.json" && option == "never" {
            continue;
        }
        if profile.options().get(id) != option {
            let change = format!("{id}={option}");
            if profile.set([change.as_str()]).is_ok() {
                changes.push(change);
            }
        }
    }
    let domain = "surface.identity=served";
    if numbers.below(2) == 0 && profile.set([domain]).is_ok() {
        changes.push(domain.to_owned());
    }
    (profile, changes)
}

/// One trace on a mock of its own.
fn alone(profile: &NamedProfile, trace: &Trace) -> Result<(Walk, Context), ConformanceError> {
    let server = Embedded::for_suite(profile.clone(), &FAULTS, None);
    let server = server.map_err(ConformanceError::Unreachable)?;
    let run = Run::new(Setup {
        endpoint: Endpoint::local(server.address()),
        credentials: server.credentials(profile),
        expected: profile.clone(),
        emulators: None,
        limits: Limits::impatient(),
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
    if arguments.aim.clock.is_some() {
        return Err(ConformanceError::Usage(
            "--clock has no effect on fuzz, whose traces have a fixed start; leave it out"
                .to_owned(),
        ));
    }
    let base = NamedProfile::load(&arguments.aim.profile)?;
    let profile_of = |number: u64| {
        if arguments.fixed_profile {
            (base.clone(), Vec::new())
        } else {
            varied(&base, seed_of(seed, number))
        }
    };
    let next = AtomicUsize::new(0);
    let done: Mutex<(Sum, Option<(u64, Trace)>)> = Mutex::default();
    let work = || -> Result<(), ConformanceError> {
        while let Some((number, trace)) = traces.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (walked, _) = alone(&profile_of(*number).0, trace)?;
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            let (sum, first) = &mut *done;
            sum.add(&walked);
            if walked.disagreement.is_some() {
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
    let (sum, first) = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    write!(surroundings.out, "{}", sum.words())?;
    let Some((number, trace)) = first else {
        let executed = sum.operations > 0;
        return Ok(if executed { PASSED } else { NOTHING_EXECUTED });
    };
    let (profile, changes) = profile_of(number);
    let smallest = shrink(&profile, &trace)?;
    let (walked, cx) = alone(&profile, &smallest)?;
    let setting = if changes.is_empty() {
        String::new()
    } else {
        format!("; the mock had --set {}", changes.join(" --set "))
    };
    write!(
        surroundings.out,
        "{}",
        failure_text(number, &walked, &cx, &setting)
    )?;
    writeln!(
        surroundings.out,
        "again: bandwidth-conformance fuzz --seed {seed} --trace {number} --steps {}",
        arguments.steps
    )?;
    Ok(FAILED)
}
