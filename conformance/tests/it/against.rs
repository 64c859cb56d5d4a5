//! Runs cases in this process against an emulator that behaves by one profile while another, or
//! the same, is expected.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bandwidth_conformance::{
    case::Case,
    dialogue::run::{Run, Setup},
    limits::Limits,
    outcome::RunReport,
    registry::cases,
    runner,
    target::embedded::Embedded,
    transport::Endpoint,
    verdict::Verdict,
};
use bandwidth_fixtures::{NamedProfile, Seed};

/// A profile with the rules of `published` on the whole account surface.
pub(crate) const PUBLISHED_FULL: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../.ci/published-full.toml");

/// How often a test repeats itself: `usual` times, or as often as that variable says.
pub(crate) fn repeats(variable: &str, usual: usize) -> usize {
    let asked = std::env::var(variable).ok();
    asked.map_or(usual, |text| {
        text.parse().expect("the variable is a number")
    })
}

/// True if tests run in full, and not on a sample.
pub(crate) fn takes_all(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value == "all")
}

/// Every fourth case, in the order of the registry, so that no area is left out; all of them where
/// `CASES=all` is set.
pub(crate) fn some_cases() -> Vec<Case> {
    let step = if takes_all("CASES") { 1 } else { 4 };
    cases().into_iter().step_by(step).collect()
}

/// What `look` finds in each item, in their order; it gets their numbers too. Two run at a time.
pub(crate) fn two_at_a_time<T: Sync, R: Send>(
    items: &[T],
    look: impl Fn(usize, &T) -> R + Sync,
) -> Vec<R> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(number) else { break };
                    let result = look(number, item);
                    found.lock().unwrap().insert(number, result);
                }
            });
        }
    });
    found.into_inner().unwrap().into_values().collect()
}

/// A built-in profile with some behaviours set.
pub(crate) fn profile(name: &str, set: &[&str]) -> NamedProfile {
    let mut profile = NamedProfile::built_in(name).unwrap();
    profile.set(set.iter().copied()).unwrap();
    profile
}

/// An emulator of that profile with the demo seed.
pub(crate) fn server(profile: NamedProfile, faults: &[&str]) -> Embedded {
    let faults: Vec<String> = faults.iter().map(|rule| (*rule).to_owned()).collect();
    Embedded::failing(profile, Seed::built_in("demo").unwrap(), &faults).unwrap()
}

/// A run against `server` with the demo login, which waits for nothing.
pub(crate) fn run_of(server: &Embedded, expected: NamedProfile) -> Arc<Run> {
    limited_run_of(server, expected, Limits::impatient())
}

/// The same under some limits.
pub(crate) fn limited_run_of(
    server: &Embedded,
    expected: NamedProfile,
    limits: Limits,
) -> Arc<Run> {
    let setup = Setup {
        endpoint: Endpoint::local(server.address()),
        credentials: server.credentials(&expected),
        expected,
        emulators: None,
        limits,
    };
    Arc::new(Run::new(setup).unwrap())
}

/// Waits for `future` on a runtime of its own.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Runs `cases` against `server`.
pub(crate) fn run_on(server: &Embedded, cases: &[Case], expected: NamedProfile) -> RunReport {
    run_cases(&run_of(server, expected), cases)
}

/// Runs `cases` as that run.
pub(crate) fn run_cases(run: &Arc<Run>, cases: &[Case]) -> RunReport {
    let name = "embedded mock".to_owned();
    let mut on_case = |_: &mut _| io::Result::Ok(());
    let report = runner::execute(run, cases, name, std::future::pending(), &mut on_case);
    wait(report)
}

/// Runs `cases` against an emulator of profile `actual`.
pub(crate) fn run(cases: &[Case], expected: NamedProfile, actual: NamedProfile) -> RunReport {
    run_on(&server(actual, &[]), cases, expected)
}

/// Cases with another verdict than passed, observed, skipped or one of these, for messages.
pub(crate) fn wrong(report: &RunReport, allowed: &[Verdict]) -> Vec<String> {
    report
        .cases
        .iter()
        .filter(|case| {
            let good = [Verdict::Pass, Verdict::Observed, Verdict::Skipped];
            !good.contains(&case.verdict) && !allowed.contains(&case.verdict)
        })
        .map(|case| format!("{} {}: {:?}", case.verdict, case.id, case.reason))
        .collect()
}
