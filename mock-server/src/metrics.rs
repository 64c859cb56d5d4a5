//! Counts for Prometheus.

use std::{collections::BTreeMap, time::Duration};

use bandwidth_fixtures::Operation;
use parking_lot::{Mutex, MutexGuard};

/// Counters since the start of the server. A reset does not touch them: Prometheus expects counters
/// to grow.
#[derive(Debug, Default)]
pub struct Metrics {
    counts: Mutex<Counts>,
}

/// The counts until now.
#[derive(Debug, Default)]
pub struct Counts {
    /// By operation and status; status 0 where nothing was sent.
    pub requests: BTreeMap<(Option<Operation>, u16), u64>,
    /// Requests that a fault was applied to.
    pub faults: u64,
    /// Time that the requests took, faults included.
    pub time: Duration,
}

impl Metrics {
    /// The counts, for as long as the guard lives.
    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock()
    }

    /// Counts a request that came to its end.
    pub fn count(
        &self,
        operation: Option<Operation>,
        status: Option<u16>,
        took: Duration,
        fault: bool,
    ) {
        let mut counts = self.counts.lock();
        let key = (operation, status.unwrap_or(0));
        *counts.requests.entry(key).or_default() += 1;
        counts.faults += u64::from(fault);
        counts.time += took;
    }
}
