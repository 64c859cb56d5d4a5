//! For tests: a plain HTTP server with a handler, a proxy in front of an emulator, an account server
//! that differs from the emulator in chosen ways, and the program as a process.

pub(crate) mod http;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod sloppy;

use std::thread;

/// Checks each case in a thread of its own: most of the time they wait.
pub(crate) fn at_once<T: Sync>(cases: &[T], check: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| check(case));
        }
    });
}
