//! Targets that are correct in their own way, or wrong, and every command that writes: users of
//! others stay as they are, what the suite created is gone or named, and no secret gets out. The
//! quick cells run with every `cargo test`, all of them where `SLOPPY=all` is set.

mod cells;
mod modes;
mod truth;

use std::{
    env,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use self::{
    cells::{Cell, Command},
    modes::{MODES, Mode},
};
use crate::against::takes_all;

/// How many cells run at a time: most of them wait for their target most of the time.
const AT_A_TIME: usize = 6;
/// A run of all cases takes as much, in bytes, without optimisation.
const STACK: usize = 32 << 20;

/// The faults in the cells of one command, one in a line.
fn faults(command: Command) -> Vec<String> {
    let all = takes_all("SLOPPY");
    let only = env::var("SLOPPY_MODE").ok();
    let wanted = |mode: &&Mode| match &only {
        Some(words) => mode.words == words,
        None => mode.has(command) && (all || mode.is_quick(command)),
    };
    let cells: Vec<Cell> = MODES
        .iter()
        .filter(wanted)
        .map(|mode| Cell { mode, command })
        .collect();
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            let thread = thread::Builder::new().stack_size(STACK);
            let work = || {
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let found = cell.faults();
                    faults.lock().unwrap().extend(found);
                }
            };
            thread.spawn_scoped(scope, work).unwrap();
        }
    });
    let mut faults = faults.into_inner().unwrap();
    faults.sort();
    faults
}

/// All cells run before one of them fails the test.
fn none_is_at_fault(command: Command) {
    let faults = faults(command);
    let lines = faults.join("\n");
    assert!(faults.is_empty(), "{} faults:\n{lines}", faults.len());
}

#[test]
fn a_run_of_some_cases_harms_no_user_of_others_and_leaves_nothing_unnamed() {
    none_is_at_fault(Command::Run);
}

#[test]
fn a_run_of_all_cases_harms_no_user_of_others_and_leaves_nothing_unnamed() {
    none_is_at_fault(Command::RunAll);
}

#[test]
fn a_probe_harms_no_user_of_others_and_leaves_nothing_unnamed() {
    none_is_at_fault(Command::Probe);
}

#[test]
fn random_operations_harm_no_user_of_others_and_leave_nothing_unnamed() {
    none_is_at_fault(Command::Fuzz);
}

#[test]
fn a_killed_run_and_its_cleanup_harm_no_user_of_others_and_leave_nothing_unnamed() {
    none_is_at_fault(Command::Killed);
}
