//! The clock that everything asks: rate limits, lockouts, the time to live of faults, tokens and
//! the journal. A test can freeze it and move it forward.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::RwLock;
use thiserror::Error;

/// About the year 2500: far from where dates stop having four digits.
const LATEST: Duration = Duration::from_hours(530 * 8_766);

/// Tells the time of the emulated world. It never goes back by itself, also when the machine's
/// clock is set; only [`Clock::reset`] brings it back to the machine's time.
#[derive(Debug)]
pub struct Clock {
    state: RwLock<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// Time since the Unix epoch when it was last set, frozen or resumed.
    base: Duration,
    /// Since when it runs; none while it is frozen.
    running: Option<Instant>,
    /// Whether it ever differed from the machine's.
    moved: bool,
}

impl State {
    fn now(&self) -> Duration {
        let elapsed = self.running.map_or(Duration::ZERO, |start| start.elapsed());
        self.base + elapsed
    }
}

/// What the clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Time since the Unix epoch.
    pub now: Duration,
    /// Whether it stands still.
    pub frozen: bool,
    /// Whether it may differ from the machine's clock.
    pub moved: bool,
}

/// An advance that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the clock cannot be advanced beyond the year 2500")]
pub struct TooFar;

impl Clock {
    /// A clock that starts at the machine's time, and runs.
    pub fn system() -> Self {
        Self {
            state: RwLock::new(Self::machine()),
        }
    }

    fn machine() -> State {
        State {
            base: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            running: Some(Instant::now()),
            moved: false,
        }
    }

    /// The time since the Unix epoch.
    pub fn now(&self) -> Duration {
        self.read().now
    }

    /// The time, and whether it moves.
    pub fn read(&self) -> Reading {
        let state = *self.state.read();
        Reading {
            now: state.now(),
            frozen: state.running.is_none(),
            moved: state.moved,
        }
    }

    /// Stops it where it is.
    pub fn freeze(&self) {
        self.change(|state| {
            state.base = state.now();
            state.running = None;
            state.moved = true;
        });
    }

    /// Moves it forward, whether it runs or not.
    pub fn advance(&self, by: Duration) -> Result<(), TooFar> {
        self.change(|state| {
            let later = state.now().checked_add(by);
            let later = later.filter(|later| *later < LATEST).ok_or(TooFar)?;
            state.base = later;
            state.running = state.running.map(|_| Instant::now());
            state.moved = true;
            Ok(())
        })
    }

    /// Lets it run again from where it stands.
    pub fn resume(&self) {
        self.change(|state| {
            state.running.get_or_insert_with(Instant::now);
        });
    }

    /// Back to the machine's time, running.
    pub fn reset(&self) {
        self.change(|state| *state = Self::machine());
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.write())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Clock, TooFar};

    #[test]
    fn it_stands_while_frozen_and_moves_when_told() {
        let clock = Clock::system();
        clock.freeze();
        let frozen = clock.now();
        std::thread::sleep(Duration::from_millis(3));
        assert_eq!(clock.now(), frozen);
        clock.advance(Duration::from_mins(1)).unwrap();
        assert_eq!(clock.now(), frozen + Duration::from_mins(1));
        clock.resume();
        std::thread::sleep(Duration::from_millis(3));
        assert!(clock.now() > frozen + Duration::from_mins(1));
        assert!(clock.read().moved && !clock.read().frozen);
        clock.reset();
        assert!(clock.now() < frozen + Duration::from_mins(1));
    }

    #[test]
    fn it_advances_while_it_runs_and_not_for_ever() {
        let clock = Clock::system();
        let before = clock.now();
        clock.advance(Duration::from_hours(1)).unwrap();
        assert!(clock.now() >= before + Duration::from_hours(1));
        assert_eq!(clock.advance(Duration::MAX), Err(TooFar));
        assert_eq!(
            clock.advance(Duration::from_secs(20_000_000_000)),
            Err(TooFar)
        );
        assert!(clock.now() < before + Duration::from_hours(2));
    }
}
