//! Servers that are broken deliberately, to test the suite: each of them must fail in the case that
//! is there for it and for the right reason, each case that may fail must catch one of them, and
//! the server that is not broken must fail nowhere.
//!
//! `cargo test` runs each server against its own case alone. `cargo xtask mutants` runs the whole
//! suite against each, which takes minutes, and prints which case catches which.

mod catalogue;
mod message;
mod proxy;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io,
    net::SocketAddr,
    process::ExitCode,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::SystemTime,
};

use bandwidth_conformance::{
    case::Case,
    decode::users::shown,
    dialogue::run::{Emulator, Emulators, Run, Setup},
    leftover::Leftover,
    limits::Limits,
    login::{Credentials, basic_header},
    outcome::{CaseReport, RunReport},
    registry::cases,
    runner,
    target::embedded::Embedded,
    transport::{Endpoint, raw},
    verdict::{Level, Verdict},
};
use bandwidth_fixtures::{BehaviourId, Golden, NamedProfile};

use self::{
    catalogue::{MUTANTS, Mutant, UNBROKEN},
    proxy::Proxy,
};

/// Cases, and what they said.
type Caught = BTreeMap<String, String>;

/// The result for a mutant.
struct Outcome {
    /// The cases that failed, and why, in each format.
    failed: Caught,
    /// The cases that only characterise, and what they saw.
    observed: Caught,
}

fn profile(name: &str, set: &[&str]) -> NamedProfile {
    let mut profile = NamedProfile::built_in(name).expect("a built-in profile");
    profile.set(set.iter().copied()).expect("options");
    profile
}

/// Runs the cases against a mutant.
fn run(mutant: &'static Mutant, cases: &[Case]) -> RunReport {
    // Users of a mutant are removed below the account, so its list shows users that a case left.
    let full = ["surface.account=full"];
    let expected = profile(mutant.profile, &[&full, mutant.expected].concat());
    let actual = profile(
        mutant.profile,
        &[&full, mutant.expected, mutant.set].concat(),
    );
    let server = Embedded::for_suite(actual, &[], None).expect("an emulator");
    let proxy = Proxy::start(mutant, server.address());
    let limits = Limits {
        allow_leftovers: true,
        ..Limits::impatient()
    };
    let credentials = server.credentials(&expected);
    let before = users(server.address(), &credentials);
    let setup = Setup {
        endpoint: Endpoint::local(proxy.address),
        credentials: credentials.clone(),
        expected,
        emulators: Some(Arc::new(Broken(mutant))),
        limits,
    };
    let run = Arc::new(Run::new(setup).expect("a run"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut on_case = |_: &mut _| io::Result::Ok(());
    let name = mutant.name.to_owned();
    let report = runner::execute(&run, cases, name, std::future::pending(), &mut on_case);
    let report = runtime.block_on(report);
    let after = users(server.address(), &credentials);
    let unnamed = after.iter().filter(|user| {
        let named = |left: &Leftover| left.username == **user || left.key.as_ref() == Some(user);
        !before.contains(user) && !report.leftovers.iter().any(named)
    });
    let unnamed: Vec<&String> = unnamed.collect();
    assert!(
        unnamed.is_empty(),
        "{}: left and not named: {unnamed:?}",
        mutant.name
    );
    let missing: Vec<&String> = before.iter().filter(|user| !after.contains(user)).collect();
    assert!(missing.is_empty(), "{}: harmed: {missing:?}", mutant.name);
    report
}

/// The usernames that the emulator behind a mutant has.
fn users(emulator: SocketAddr, credentials: &Credentials) -> Vec<String> {
    let account = &credentials.account_id;
    let (username, password) = credentials.basic().expect("a Basic login");
    let head = format!(
        "GET /api/accounts/{account}/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {}\r\nAccept: application/xml\r\n\r\n",
        basic_header(username, password)
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let endpoint = Endpoint::local(emulator);
    let answer = runtime.block_on(raw::send(
        &endpoint,
        "GET",
        head.as_bytes(),
        Limits::none().timeout,
    ));
    let users = shown(&answer.expect("an answer").body).expect("a list");
    users.into_iter().map(|user| user.username).collect()
}

/// Emulators for single cases, broken in the same way.
struct Broken(&'static Mutant);

impl Broken {
    fn start(&self, emulator: Embedded) -> Emulator {
        let proxy = Proxy::start(self.0, emulator.address());
        Emulator {
            address: proxy.address,
            keep: Box::new((proxy, emulator)),
        }
    }
}

impl Emulators for Broken {
    fn for_case(
        &self,
        profile: &NamedProfile,
        faults: &[&str],
        clock: Option<SystemTime>,
    ) -> Result<Emulator, String> {
        Embedded::for_suite(profile.clone(), faults, clock).map(|emulator| self.start(emulator))
    }

    fn for_golden(&self, golden: &Golden) -> Result<Emulator, String> {
        Embedded::of_golden(golden).map(|emulator| self.start(emulator))
    }
}

impl Outcome {
    /// The reason of the case that must catch that mutant, if it caught or characterised it.
    fn of(&self, mutant: &Mutant) -> Option<&String> {
        let failed = self.failed.get(mutant.killed_by);
        failed.or_else(|| self.observed.get(mutant.killed_by))
    }

    fn is_of(&self, mutant: &Mutant) -> bool {
        self.of(mutant)
            .is_some_and(|reason| reason.contains(mutant.because))
    }
}

fn outcome(report: &RunReport) -> Outcome {
    let with = |verdict, text: fn(&CaseReport) -> String| {
        let mut caught = Caught::new();
        for case in report.cases.iter().filter(|case| case.verdict == verdict) {
            *caught.entry(case.id.clone()).or_default() += &text(case);
        }
        caught
    };
    Outcome {
        failed: with(Verdict::Fail, |case| {
            case.reason.clone().unwrap_or_default() + "\n"
        }),
        observed: with(Verdict::Observed, |case| case.facts.join("\n") + "\n"),
    }
}

fn main() -> ExitCode {
    let matrix = std::env::args().any(|argument| argument == "--matrix");
    let only: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if std::env::args().any(|argument| argument == "--list") {
        // A test runner lists the tests before it runs any.
        println!("mutants: test");
        return ExitCode::SUCCESS;
    }
    let mutants: Vec<&'static Mutant> = MUTANTS.into_iter().flatten().collect();
    let chosen: Vec<&'static Mutant> = mutants
        .iter()
        .copied()
        .chain(UNBROKEN.iter().filter(|_| matrix))
        .filter(|mutant| only.is_empty() || only.iter().any(|name| mutant.name.contains(&**name)))
        .collect();
    let next = AtomicUsize::new(0);
    let results: Mutex<BTreeMap<&str, Outcome>> = Mutex::default();
    // As many as other tests have: most of the time goes into waiting for servers.
    let threads = std::env::var("RUST_TEST_THREADS").ok();
    let threads = threads.and_then(|threads| threads.parse().ok());
    let threads = threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(mutant) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut cases = cases();
                    if !matrix {
                        cases.retain(|case| case.id == mutant.killed_by);
                    }
                    let outcome = outcome(&run(mutant, &cases));
                    results
                        .lock()
                        .expect("results")
                        .insert(mutant.name, outcome);
                }
            });
        }
    });
    let results = results.into_inner().expect("results");
    if matrix {
        print!("{}", table(&chosen, &results));
    }
    let mut problems = problems(&chosen, &results);
    if matrix && only.is_empty() {
        problems.extend(idle_cases(&results));
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    let killed = mutants
        .iter()
        .filter(|mutant| {
            results
                .get(mutant.name)
                .is_some_and(|outcome| outcome.is_of(mutant))
        })
        .count();
    println!(
        "mutants: {} of {} killed, {} problems",
        killed,
        mutants.len().min(chosen.len()),
        problems.len()
    );
    if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Mutants that are not caught as they should be.
fn problems(chosen: &[&'static Mutant], results: &BTreeMap<&str, Outcome>) -> Vec<String> {
    let mut problems = Vec::new();
    for mutant in chosen {
        let outcome = &results[mutant.name];
        let failed = &outcome.failed;
        if mutant.killed_by.is_empty() {
            for (case, reason) in failed {
                problems.push(format!(
                    "{} is not broken, but {case} fails: {reason}",
                    mutant.name
                ));
            }
            continue;
        }
        if !names_a_fault(mutant.because) {
            problems.push(format!(
                "{}: `{}` names no fault; say what was expected and what came",
                mutant.name, mutant.because
            ));
        }
        match outcome.of(mutant) {
            None => problems.push(format!(
                "{} survives {}; caught by {:?}",
                mutant.name,
                mutant.killed_by,
                failed.keys().collect::<Vec<_>>()
            )),
            Some(reason) if !reason.contains(mutant.because) => problems.push(format!(
                "{} is caught by {} for another reason than `{}`: {reason}",
                mutant.name, mutant.killed_by, mutant.because
            )),
            Some(_) => {}
        }
    }
    problems
}

/// True if part of a reason names the defect. A status, or a word of any reason, does not.
fn names_a_fault(because: &str) -> bool {
    const HOLLOW: [&str; 7] = ["a", "body", "error", "expected", "got", "is", "status"];
    let words = because.split(|letter: char| !letter.is_ascii_alphanumeric());
    let telling = words.filter(|word| {
        !word.is_empty()
            && !HOLLOW.contains(word)
            && !word.bytes().all(|byte| byte.is_ascii_digit())
    });
    telling.count() > 1 && because.parse::<BehaviourId>().is_err()
}

/// Cases that may fail and catch nothing.
fn idle_cases(results: &BTreeMap<&str, Outcome>) -> Vec<String> {
    let busy: BTreeSet<&str> = results
        .values()
        .flat_map(|outcome| outcome.failed.keys().map(String::as_str))
        .collect();
    let idle = cases()
        .into_iter()
        .filter(|case| case.level != Level::Characterise && !busy.contains(&*case.id));
    idle.map(|case| format!("{} catches no mutant", case.id))
        .collect()
}

/// Case by mutant: which mutants each case catches.
fn table(chosen: &[&'static Mutant], results: &BTreeMap<&str, Outcome>) -> String {
    let mut text = String::from(
        "| mutant | what is wrong | killed by | because | also by |\n|---|---|---|---|---:|\n",
    );
    for mutant in chosen {
        let outcome = &results[mutant.name];
        let reason = outcome.of(mutant).map_or("", String::as_str);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            mutant.name,
            mutant.says,
            mutant.killed_by,
            reason.lines().next().unwrap_or(""),
            outcome.failed.len().saturating_sub(1)
        );
    }
    text.push_str("\n| case | mutants that it catches |\n|---|---|\n");
    for case in cases() {
        let catches: Vec<&str> = results
            .iter()
            .filter(|(_, outcome)| outcome.failed.contains_key(&*case.id))
            .map(|(name, _)| *name)
            .collect();
        let _ = writeln!(text, "| {} | {} |", case.id, catches.join(", "));
    }
    text
}
