//! The clock that everything asks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time of the emulated world. It never goes back, also when the machine's clock is set.
#[derive(Debug)]
pub struct Clock {
    /// Time since the Unix epoch at the start.
    epoch: Duration,
    start: Instant,
}

impl Clock {
    /// A clock that starts at the machine's time.
    pub fn system() -> Self {
        Self {
            epoch: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            start: Instant::now(),
        }
    }

    /// The time since the Unix epoch.
    pub fn now(&self) -> Duration {
        self.epoch + self.start.elapsed()
    }
}
