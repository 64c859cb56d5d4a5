//! Signals that end a run: Ctrl-C, and those of containers, CI servers and closed terminals.

use std::{io::Write, pin::pin};

use tokio::sync::watch;

use crate::{
    account::{cleanup_command, ledger::Ledger},
    dialogue::run::Run,
    error::ConformanceError,
};

/// Signals, from when they were first listened for.
pub struct Signals {
    count: watch::Receiver<u32>,
}

impl Signals {
    /// Listens from here on; on a runtime.
    pub fn listen() -> Self {
        let (counter, count) = watch::channel(0);
        on_signal(move || counter.send_modify(|count| *count += 1));
        Self { count }
    }

    /// Resolves after the signal came this number of times.
    pub fn asked(&self, times: u32) -> impl Future<Output = ()> + use<> {
        let mut count = self.count.clone();
        async move {
            if count.wait_for(|count| *count >= times).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Runs `work`, which ends and cleans up after a first signal. A second one ends it at once; the
/// error names the clean-up command.
pub async fn run_until_signal<T>(
    run: &Run,
    signals: &Signals,
    err: &mut dyn Write,
    work: impl Future<Output = T>,
) -> Result<T, ConformanceError> {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return Ok(done),
        () = signals.asked(1) => run.dispatch().interrupt(),
    }
    // It is reported on the way: if it cannot be printed, the work ends anyway.
    let _ = writeln!(
        err,
        "bandwidth-conformance: stopping after the current request, then removing the created users; a second signal stops at once"
    );
    tokio::select! {
        biased;
        done = &mut work => Ok(done),
        () = signals.asked(2) => Err(match run.account.ledger(Ledger::path) {
            Some(path) => ConformanceError::LeftBehind(format!(
                "stopped at once, and users may be left behind; remove them with: {}",
                cleanup_command(&path)
            )),
            None => ConformanceError::Interrupted,
        }),
    }
}

/// Calls `act` for each signal that ends a run. A signal without a handler ends the process at
/// once, as usual.
#[cfg(unix)]
fn on_signal(act: impl Fn() + Clone + Send + 'static) {
    use tokio::signal::unix::{SignalKind, signal};

    let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
    // A process that was started with `nohup` outlives its terminal: to listen would undo that.
    if !is_ignored(SignalKind::hangup().as_raw_value()) {
        kinds.push(SignalKind::hangup());
    }
    for mut signal in kinds.into_iter().flat_map(signal) {
        let act = act.clone();
        tokio::spawn(async move {
            while signal.recv().await.is_some() {
                act();
            }
        });
    }
}

/// True if the process was started with that signal ignored.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

/// Calls `act` for each Ctrl-C. Without a handler it ends the process at once, as ever.
#[cfg(not(unix))]
fn on_signal(act: impl Fn() + Send + 'static) {
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            act();
        }
    });
}
