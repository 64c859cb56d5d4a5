//! Servers that are broken on purpose, to test the suite: each of them must fail in the case that
//! is there for it and for the right reason, each case that may fail must catch one of them, and
//! the server that is not broken must fail nowhere.
//!
//! `cargo xtask mutants` prints which case catches which.

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
};

use bandwidth_conformance::{
    case::{Case, Level},
    outcome::{RunReport, Verdict},
    registry::cases,
    run::{GoldenMode, Passage, Run, Setup},
    runner,
    safety::Limits,
    target::embedded::Embedded,
    transport::Endpoint,
};
use bandwidth_fixtures::NamedProfile;

use self::{
    catalogue::{EQUIVALENT, MUTANTS, Mutant, UNBROKEN},
    proxy::Proxy,
};

/// What a mutant was caught by: cases, and the reasons that they gave.
type Caught = BTreeMap<String, String>;

fn profile(name: &str, set: &[&str]) -> NamedProfile {
    let mut profile = NamedProfile::built_in(name).expect("a built-in profile");
    profile.set(set.iter().copied()).expect("options");
    profile
}

/// Runs the cases against a mutant.
fn run(mutant: &'static Mutant, cases: &[Case]) -> RunReport {
    let expected = profile(mutant.profile, &[]);
    let actual = profile(mutant.profile, mutant.set);
    let server = Embedded::for_suite(actual, &[]).expect("an emulator");
    let proxy = Proxy::start(mutant, server.address());
    let limits = Limits::impatient();
    let setup = Setup {
        endpoint: Endpoint::local(proxy.address),
        credentials: server.credentials(&expected),
        expected,
        goldens: GoldenMode::Exact,
        limits,
    };
    let run = Arc::new(Run::new(setup).expect("a run"));
    run.put_between(Box::new(move |server: SocketAddr| -> Passage {
        let proxy = Proxy::start(mutant, server);
        (proxy.address, Box::new(proxy))
    }));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut tell = |_: &mut _| io::Result::Ok(());
    let name = mutant.name.to_owned();
    let report = runner::execute(&run, cases, name, std::future::pending(), &mut tell);
    runtime.block_on(report)
}

fn caught(report: &RunReport) -> Caught {
    let failed = report
        .cases
        .iter()
        .filter(|case| case.verdict == Verdict::Fail);
    failed
        .map(|case| (case.id.clone(), case.reason.clone().unwrap_or_default()))
        .collect()
}

fn main() -> ExitCode {
    let matrix = std::env::args().any(|argument| argument == "--matrix");
    let only: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if std::env::args().any(|argument| argument == "--list") {
        // What a test runner asks before it runs anything.
        println!("mutants: test");
        return ExitCode::SUCCESS;
    }
    let mutants: Vec<&'static Mutant> = MUTANTS.into_iter().flatten().collect();
    let chosen: Vec<&'static Mutant> = mutants
        .iter()
        .copied()
        .chain(&UNBROKEN)
        .filter(|mutant| only.is_empty() || only.iter().any(|name| mutant.name.contains(&**name)))
        .collect();
    let next = AtomicUsize::new(0);
    let results: Mutex<BTreeMap<&str, Caught>> = Mutex::default();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let cases = cases();
                while let Some(mutant) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let caught = caught(&run(mutant, &cases));
                    results.lock().expect("results").insert(mutant.name, caught);
                }
            });
        }
    });
    let results = results.into_inner().expect("results");
    if matrix {
        print!("{}", table(&chosen, &results));
    }
    let mut problems = problems(&chosen, &results);
    if only.is_empty() {
        problems.extend(idle_cases(&results));
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    let killed = results.values().filter(|caught| !caught.is_empty()).count();
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
fn problems(chosen: &[&'static Mutant], results: &BTreeMap<&str, Caught>) -> Vec<String> {
    let mut problems = Vec::new();
    for mutant in chosen {
        let caught = &results[mutant.name];
        if mutant.killed_by.is_empty() {
            for (case, reason) in caught {
                problems.push(format!(
                    "{} is not broken, but {case} fails: {reason}",
                    mutant.name
                ));
            }
            continue;
        }
        match caught.get(mutant.killed_by) {
            None => problems.push(format!(
                "{} survives {}; caught by {:?}",
                mutant.name,
                mutant.killed_by,
                caught.keys().collect::<Vec<_>>()
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

/// Cases that may fail and catch nothing, unless it is known why.
fn idle_cases(results: &BTreeMap<&str, Caught>) -> Vec<String> {
    let busy: BTreeSet<&str> = results
        .values()
        .flat_map(|caught| caught.keys().map(String::as_str))
        .collect();
    let idle = cases().into_iter().filter(|case| {
        case.level != Level::Characterise
            && !busy.contains(&*case.id)
            && !EQUIVALENT.iter().any(|(id, _)| *id == case.id)
    });
    let mut problems: Vec<String> = idle
        .map(|case| format!("{} catches no mutant", case.id))
        .collect();
    for (id, _) in EQUIVALENT {
        if busy.contains(id) {
            problems.push(format!("{id} catches a mutant after all"));
        }
    }
    problems
}

/// Case by mutant: which mutants each case catches.
fn table(chosen: &[&'static Mutant], results: &BTreeMap<&str, Caught>) -> String {
    let mut text = String::from(
        "| mutant | what is wrong | killed by | because | also by |\n|---|---|---|---|---:|\n",
    );
    for mutant in chosen {
        let caught = &results[mutant.name];
        let reason = caught.get(mutant.killed_by).map_or("", String::as_str);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            mutant.name,
            mutant.says,
            mutant.killed_by,
            reason.lines().next().unwrap_or(""),
            caught.len().saturating_sub(1)
        );
    }
    text.push_str("\n| case | mutants that it catches |\n|---|---|\n");
    for case in cases() {
        let catches: Vec<&str> = results
            .iter()
            .filter(|(_, caught)| caught.contains_key(&*case.id))
            .map(|(name, _)| *name)
            .collect();
        let _ = writeln!(text, "| {} | {} |", case.id, catches.join(", "));
    }
    text
}
