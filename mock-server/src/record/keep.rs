//! What is kept of an exchange goes into the file and onto the page.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;

use super::{
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
    pub log: Log,
    pub held: Held,
}

impl Keeper {
    pub fn new(cleaner: Cleaner, file: HarFile) -> Self {
        Self {
            cleaner,
            file: Mutex::new(file),
            failed: Mutex::default(),
            refused: AtomicU64::new(0),
            log: Log::default(),
            held: Held::default(),
        }
    }

    /// Keeps one that took so long.
    pub fn keep(&self, raw: Raw, took: Duration) {
        let exchange = self.cleaner.exchange(raw);
        let appended = self.file.lock().append(&exchange);
        if let Err(error) = appended {
            let mut failed = self.failed.lock();
            if failed.is_none() {
                tracing::error!("{error}; exchanges are forwarded and not recorded");
                *failed = Some(error);
            }
        }
        self.log.add(exchange, took);
    }

    /// Counts a request that was not sent on.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How many exchanges there were, how many requests were not sent on, and why the file has not all.
    pub fn result(&self) -> (u64, u64, Option<String>) {
        let failed = self.failed.lock().as_ref().map(ToString::to_string);
        (
            self.log.count(),
            self.refused.load(Ordering::Relaxed),
            failed,
        )
    }
}
