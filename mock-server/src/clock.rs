//! The clocks that everything asks: rate limits, lockouts, the time to live of faults, tokens and
//! the journal. The server has one, and each account follows it until the account's clock is set.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use parking_lot::RwLock;
use thiserror::Error;

/// About the year 2500: far from where dates stop having four digits.
const LATEST: Duration = Duration::from_hours(530 * 8_766);

/// A clock that a test can freeze and move forward. It never goes back by itself, also when the
/// machine's clock is set; only [`Clock::reset`] brings it back to its start.
#[derive(Debug)]
pub struct Clock {
    /// Start since the Unix epoch; the machine's time by default.
    start: Option<Duration>,
    state: RwLock<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// Time since the Unix epoch when it was last set, frozen or resumed.
    base: Duration,
    /// Since when it runs; none while it is frozen.
    running: Option<Instant>,
    /// True if it ever differed from the machine's.
    moved: bool,
}

impl State {
    fn starting(start: Option<Duration>) -> Self {
        let machine = || SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            base: start.unwrap_or_else(|| machine().unwrap_or_default()),
            running: Some(Instant::now()),
            moved: start.is_some(),
        }
    }

    /// The time at that instant, or when the clock was set after it.
    fn at(&self, instant: Instant) -> Duration {
        let running = self.running;
        self.base
            + running.map_or(Duration::ZERO, |start| {
                instant.saturating_duration_since(start)
            })
    }
}

/// The state of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Time since the Unix epoch.
    pub now: Duration,
    /// True if it is frozen.
    pub frozen: bool,
    /// True if it may differ from the machine's clock.
    pub moved: bool,
}

/// A change of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockChange {
    /// It stops where it is.
    Freeze,
    /// It moves forward, whether it runs or not.
    Advance(Duration),
    /// It runs again from where it is.
    Resume,
}

/// An advance that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the clock cannot be advanced beyond the year 2500")]
pub struct TooFar;

/// A text or time at which no clock can start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("write a time in UTC as RFC 3339, for example 2030-01-31T12:00:00Z, before the year 2500")]
pub struct NoStart;

/// Reads where a clock is to start, since the Unix epoch.
pub fn parse_start(text: &str) -> Result<Duration, NoStart> {
    let time = humantime::parse_rfc3339(text).map_err(|_| NoStart)?;
    start_at(time)
}

/// A time since the Unix epoch, as RFC 3339 in UTC.
pub fn rfc3339(time: Duration) -> String {
    humantime::format_rfc3339_millis(UNIX_EPOCH + time).to_string()
}

/// The time since the Unix epoch that RFC 3339 names in UTC.
pub fn parse_rfc3339(text: &str) -> Option<Duration> {
    let time = humantime::parse_rfc3339(text).ok()?;
    time.duration_since(UNIX_EPOCH).ok()
}

/// Start of a clock, since the Unix epoch.
pub fn start_at(time: SystemTime) -> Result<Duration, NoStart> {
    let start = time.duration_since(UNIX_EPOCH).map_err(|_| NoStart)?;
    if start < LATEST {
        Ok(start)
    } else {
        Err(NoStart)
    }
}

impl Clock {
    /// A running clock.
    pub fn new(start: Option<Duration>) -> Self {
        Self {
            start,
            state: RwLock::new(State::starting(start)),
        }
    }

    /// The time since the Unix epoch.
    pub fn now(&self) -> Duration {
        self.read().now
    }

    /// The time at an instant since which the clock was not set.
    pub fn at(&self, instant: Instant) -> Duration {
        self.state.read().at(instant)
    }

    /// The time, if it may differ from the machine's clock.
    pub fn moved(&self) -> Option<Duration> {
        let state = *self.state.read();
        state.moved.then(|| state.at(Instant::now()))
    }

    /// The time, and whether it moves.
    pub fn read(&self) -> Reading {
        let state = *self.state.read();
        Reading {
            now: state.at(Instant::now()),
            frozen: state.running.is_none(),
            moved: state.moved,
        }
    }

    /// Checks that [`Clock::set`] accepts the change.
    pub fn allows(&self, change: ClockChange) -> Result<(), TooFar> {
        let ClockChange::Advance(by) = change else {
            return Ok(());
        };
        let later = self.now().checked_add(by);
        later
            .filter(|later| *later < LATEST)
            .map(drop)
            .ok_or(TooFar)
    }

    /// Freezes, advances or resumes it.
    pub fn set(&self, change: ClockChange) -> Result<(), TooFar> {
        self.allows(change)?;
        let mut state = self.state.write();
        let now = state.at(Instant::now());
        *state = match change {
            ClockChange::Freeze => State {
                base: now,
                running: None,
                moved: true,
            },
            ClockChange::Advance(by) => State {
                base: now + by,
                running: state.running.map(|_| Instant::now()),
                moved: true,
            },
            ClockChange::Resume => State {
                running: state.running.or_else(|| Some(Instant::now())),
                ..*state
            },
        };
        Ok(())
    }

    /// Back to its start, running.
    pub fn reset(&self) {
        *self.state.write() = State::starting(self.start);
    }

    fn copy(&self) -> Self {
        Self {
            start: self.start,
            state: RwLock::new(*self.state.read()),
        }
    }
}

/// The clock of one account.
#[derive(Debug)]
pub struct AccountClock {
    server: Arc<Clock>,
    /// Once it was set or started for this account alone.
    own: OnceLock<Clock>,
}

impl AccountClock {
    /// A clock that shows the server's time until it is set, or that starts by itself.
    pub fn new(server: Arc<Clock>, start: Option<Duration>) -> Self {
        let own = OnceLock::new();
        if start.is_some() {
            own.get_or_init(|| Clock::new(start));
        }
        Self { server, own }
    }

    /// The clock that the account follows.
    pub fn shown(&self) -> &Clock {
        self.own().unwrap_or(&self.server)
    }

    /// The account's own clock, where it has one.
    pub fn own(&self) -> Option<&Clock> {
        self.own.get()
    }

    /// Sets the account's own clock, which continues from what the account follows.
    pub fn set(&self, change: ClockChange) -> Result<(), TooFar> {
        self.own.get_or_init(|| self.server.copy()).set(change)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, Instant},
    };

    use super::{
        AccountClock, Clock,
        ClockChange::{Advance, Freeze, Resume},
        NoStart, TooFar, parse_start,
    };

    #[test]
    fn it_is_frozen_until_it_is_advanced() {
        let clock = Clock::new(None);
        let before = Instant::now();
        clock.set(Freeze).unwrap();
        let frozen = clock.now();
        std::thread::sleep(Duration::from_millis(3));
        assert_eq!(clock.now(), frozen);
        clock.set(Advance(Duration::from_mins(1))).unwrap();
        assert_eq!(clock.now(), frozen + Duration::from_mins(1));
        assert_eq!(clock.at(before), clock.now());
        clock.set(Resume).unwrap();
        std::thread::sleep(Duration::from_millis(3));
        assert!(clock.now() > frozen + Duration::from_mins(1));
        assert!(clock.read().moved && !clock.read().frozen);
        clock.reset();
        assert!(clock.now() < frozen + Duration::from_mins(1));
    }

    #[test]
    fn it_advances_while_it_runs_and_not_for_ever() {
        let clock = Clock::new(None);
        let before = clock.now();
        clock.set(Advance(Duration::from_hours(1))).unwrap();
        assert!(clock.now() >= before + Duration::from_hours(1));
        for by in [Duration::MAX, Duration::from_secs(20_000_000_000)] {
            assert_eq!(clock.set(Advance(by)), Err(TooFar));
        }
        assert!(clock.now() < before + Duration::from_hours(2));
    }

    #[test]
    fn it_starts_at_the_given_time_and_returns_there() {
        let start = parse_start("2030-01-31T12:00:00Z").unwrap();
        let clock = Clock::new(Some(start));
        clock.set(Freeze).unwrap();
        clock.set(Advance(Duration::from_hours(1))).unwrap();
        clock.reset();
        let now = clock.read();
        assert!(now.now >= start && now.now < start + Duration::from_mins(1));
        assert!(now.moved && !now.frozen);
        for text in [
            "",
            "noon",
            "2030-01-31",
            "1969-12-31T23:59:59Z",
            "2600-01-01T00:00:00Z",
        ] {
            assert_eq!(parse_start(text), Err(NoStart), "{text}");
        }
    }

    #[test]
    fn an_account_follows_the_server_until_its_clock_is_set() {
        let server = Arc::new(Clock::new(None));
        let account = AccountClock::new(Arc::clone(&server), None);
        server.set(Freeze).unwrap();
        assert_eq!(account.shown().now(), server.now());
        account.set(Advance(Duration::from_hours(1))).unwrap();
        let hour_later = server.now() + Duration::from_hours(1);
        assert_eq!(account.shown().now(), hour_later);
        server.set(Resume).unwrap();
        assert!(account.shown().read().frozen);
    }
}
