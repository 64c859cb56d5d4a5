//! Writes exchanges to the file and to the page.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;

use super::{
    analysis::Analyst,
    clean::{Cleaner, Raw},
    log::Log,
    tee::Held,
};
use crate::traffic::{TrafficError, har::HarFile};

/// Keeps exchanges.
pub struct Keeper {
    cleaner: Cleaner,
    file: Mutex<HarFile>,
    /// Why the file has not all of them.
    failed: Mutex<Option<TrafficError>>,
    refused: AtomicU64,
    pub analyst: Arc<Analyst>,
    pub log: Log,
    pub held: Held,
}

impl Keeper {
    pub fn new(cleaner: Cleaner, file: HarFile, analyst: Arc<Analyst>) -> Self {
        Self {
            cleaner,
            file: Mutex::new(file),
            failed: Mutex::default(),
            refused: AtomicU64::new(0),
            analyst,
            log: Log::default(),
            held: Held::default(),
        }
    }

    /// Keeps one that took so long.
    pub fn keep(&self, raw: Raw, took: Duration) {
        let exchange = self.cleaner.exchange(raw);
        // Held to the end: what is numbered has the order of the file.
        let mut file = self.file.lock();
        let appended = file.append(&exchange);
        if let Err(error) = appended {
            let mut failed = self.failed.lock();
            if failed.is_none() {
                tracing::error!("{error}; exchanges are forwarded and not recorded");
                *failed = Some(error);
            }
        }
        self.analyst.add(&exchange);
        self.log.add(exchange, took);
    }

    /// Counts a request that was not sent on.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// The last screen: the content of the file, and the results.
    pub fn result(&self, out: &str) -> String {
        let count = self.log.count();
        let mut text = match count {
            1 => format!("1 exchange in {out}\n"),
            _ => format!("{count} exchanges in {out}\n"),
        };
        let refused = self.refused.load(Ordering::Relaxed);
        if refused > 0 {
            let _ = writeln!(text, "{refused} not sent because of --read-only");
        }
        if let Some(failed) = &*self.failed.lock() {
            let _ = writeln!(text, "The file is not complete: {failed}");
        }
        if count > 0 {
            self.analyst.analyse();
            text += &self.analyst.analysis().borrow().text(&self.analyst.profile);
            let _ = writeln!(text, "More: bandwidth-mock learn {out} --out learned.toml");
        }
        text
    }
}
