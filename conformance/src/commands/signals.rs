//! Signals that ask for an end: Ctrl-C, and what containers, CI servers and closed terminals send.

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
        tokio::spawn(async move {
            let mut sources = sources::Sources::new();
            loop {
                sources.next().await;
                counter.send_modify(|count| *count += 1);
            }
        });
        Self { count }
    }

    /// Ready when an end has been asked for so many times.
    pub fn asked(&self, times: u32) -> impl Future<Output = ()> + use<> {
        let mut count = self.count.clone();
        async move {
            if count.wait_for(|count| *count >= times).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Does `work`, which ends and cleans up after a first signal. A second one ends it at once, with an
/// error that says how to clean up.
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
    // It is told on the way: without a place to tell it, the work ends all the same.
    let _ = writeln!(
        err,
        "bandwidth-conformance: stopping after the request at hand, then removing what was created; once more stops at once"
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

#[cfg(unix)]
mod sources {
    use std::fs;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Those of this system.
    pub struct Sources {
        interrupt: Option<Signal>,
        terminate: Option<Signal>,
        hangup: Option<Signal>,
    }

    impl Sources {
        /// One that cannot be listened to ends the process at once, as ever.
        pub fn new() -> Self {
            let heard = |kind| signal(kind).ok();
            let hangup = (!hangup_is_ignored()).then(|| heard(SignalKind::hangup()));
            Self {
                interrupt: heard(SignalKind::interrupt()),
                terminate: heard(SignalKind::terminate()),
                hangup: hangup.flatten(),
            }
        }

        /// Waits for the next one.
        pub async fn next(&mut self) {
            tokio::select! {
                () = next(self.interrupt.as_mut()) => {}
                () = next(self.terminate.as_mut()) => {}
                () = next(self.hangup.as_mut()) => {}
            }
        }
    }

    async fn next(signal: Option<&mut Signal>) {
        let heard = match signal {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if heard.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the process was started to outlive its terminal, with `nohup`: to listen would undo
    /// that.
    fn hangup_is_ignored() -> bool {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mut lines = status.lines();
        let ignored = lines
            .find_map(|line| line.strip_prefix("SigIgn:"))
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        let hangup = 1 << (SignalKind::hangup().as_raw_value() - 1);
        ignored.is_some_and(|mask| mask & hangup != 0)
    }
}

#[cfg(not(unix))]
mod sources {
    /// Those of this system.
    pub struct Sources;

    impl Sources {
        /// Ctrl-C.
        pub fn new() -> Self {
            Self
        }

        /// Waits for the next one.
        pub async fn next(&mut self) {
            // Without a handler an interrupt ends the process at once, as ever.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
