//! The pace of a run: one request at a time, with pauses and repetitions if the target limits or
//! fails.

use std::time::{Duration, SystemTime};

use tokio::{sync::Mutex, time::Instant};

use crate::{
    limits::Backoff,
    random,
    transport::{Response, TransportError},
};

/// This number of requests in a row without a response of the API is an outage.
pub const OUTAGE: u32 = 8;
/// The longest single wait, for any target.
const LONGEST: Duration = Duration::from_hours(24);
/// Number of repetitions of a request that failed for another reason than a limit.
const REPETITIONS: u32 = 4;

/// Number of successive responses without a 429 after which a run sends a little faster.
const CALM: u32 = 20;

/// Keeps requests apart: by the interval that was asked for, and by more after each 429.
#[derive(Debug)]
pub struct Pace {
    floor: Duration,
    /// The least that a 429 slows down to, and the most.
    slow: (Duration, Duration),
    state: Mutex<PaceState>,
}

#[derive(Debug)]
struct PaceState {
    interval: Duration,
    next: Option<Instant>,
    calm: u32,
}

impl Pace {
    /// At least `interval` from one request to the next.
    pub fn new(interval: Duration, backoff: Backoff) -> Self {
        Self {
            floor: interval,
            slow: (backoff.base, backoff.cap),
            state: Mutex::new(PaceState {
                interval,
                next: None,
                calm: 0,
            }),
        }
    }

    /// Waits until it is the turn of the next request.
    pub async fn turn(&self) {
        let mut state = self.state.lock().await;
        if state.interval.is_zero() {
            return;
        }
        if let Some(at) = state.next {
            tokio::time::sleep_until(at).await;
        }
        state.next = Some(Instant::now() + state.interval);
    }

    /// An answer came: a 429 doubles the interval, a while without one shortens it again.
    pub async fn note(&self, limited: bool) {
        let mut state = self.state.lock().await;
        if limited {
            let (least, most) = self.slow;
            state.interval = (state.interval * 2).clamp(least, most).max(self.floor);
            state.calm = 0;
        } else if state.interval > self.floor {
            state.calm += 1;
            if state.calm >= CALM {
                state.calm = 0;
                state.interval = state.interval.mul_f64(0.8).max(self.floor);
                if state.interval < self.slow.0 {
                    state.interval = self.floor;
                }
            }
        }
    }
}

/// Why a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The target limits the rate of requests.
    Limited,
    /// There was no connection, so nothing was sent.
    NotSent,
    /// The target failed, or its answer was lost.
    Failed,
}

/// Reason to send the same request again.
pub fn reason(outcome: &Result<Response, TransportError>) -> Option<Reason> {
    match outcome {
        Ok(response) if response.status == 429 => Some(Reason::Limited),
        Ok(response) if matches!(response.status, 502..=504) => Some(Reason::Failed),
        Err(TransportError::Connect(_)) => Some(Reason::NotSent),
        Err(TransportError::Timeout(_) | TransportError::Closed) => Some(Reason::Failed),
        // To wait makes no certificate a better one, and no answer a shorter one.
        Ok(_)
        | Err(
            TransportError::NotHttp(_) | TransportError::TooLong | TransportError::Untrusted(_),
        ) => None,
    }
}

/// True if requests of that method change nothing, even if they are repeated.
pub fn only_reads(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// The waits of one request.
#[derive(Debug)]
pub struct Patience {
    backoff: Backoff,
    /// When the first try came to nothing.
    since: Option<Instant>,
    tries: u32,
}

impl Patience {
    /// A request's patience before its first try.
    pub fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            since: None,
            tries: 0,
        }
    }

    /// Wait before the next try; `None` to give up. A wait that the target asks for is used as it
    /// is. Otherwise the limit doubles with each try, and the wait is a random part of it. Patience
    /// counts elapsed time, so it also ends if the target asks for a wait of zero.
    pub fn wait(&mut self, reason: Reason, response: Option<&Response>) -> Option<Duration> {
        self.tries += 1;
        if reason != Reason::Limited && self.tries > REPETITIONS {
            return None;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        let left = self.backoff.patience.checked_sub(since.elapsed())?;
        let asked = response.and_then(|response| asked_for(response, SystemTime::now()));
        let wait = asked.filter(|wait| !wait.is_zero()).unwrap_or_else(|| {
            let doubled = self
                .backoff
                .base
                .saturating_mul(1 << (self.tries - 1).min(16));
            doubled.min(self.backoff.cap).mul_f64(random::fraction())
        });
        (wait <= left).then_some(wait)
    }
}

/// The wait that a response asks for: `Retry-After` in seconds or as a date, or `X-RateLimit-Reset`
/// in epoch seconds, by the response's own clock if it shows one, or in seconds from now.
fn asked_for(response: &Response, now: SystemTime) -> Option<Duration> {
    let theirs = response
        .header("date")
        .and_then(|date| httpdate::parse_http_date(date).ok());
    let now = theirs.unwrap_or(now);
    let until = |at: SystemTime| at.duration_since(now).unwrap_or(Duration::ZERO);
    let wait = if let Some(value) = response.header("retry-after") {
        let seconds = value.parse().ok().map(Duration::from_secs);
        let date = || httpdate::parse_http_date(value).ok().map(until);
        seconds.or_else(date)?
    } else {
        let reset = response.header("x-ratelimit-reset")?.parse().ok()?;
        let reset = Duration::from_secs(reset);
        let today = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        // A moment that is meant is near to now; so few seconds since 1970 are none.
        if reset < today / 2 {
            reset
        } else {
            // A Date has whole seconds and is never ahead of the clock, so this is never too short.
            reset.saturating_sub(today)
        }
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use tokio::time::Instant;

    use super::{CALM, Pace, Patience, Reason, asked_for};
    use crate::{limits::Backoff, transport::Response};

    fn response(headers: &[(&str, &str)]) -> Response {
        Response {
            status: 429,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Vec::new(),
        }
    }

    #[test]
    fn what_the_target_asks_for_is_read() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let day = Some(24 * 60 * 60);
        let date = ("Date", "Thu, 01 Jan 1970 00:16:50 GMT");
        for (headers, seconds) in [
            (&[("Retry-After", "7")][..], Some(7)),
            (&[("Retry-After", "Thu, 01 Jan 1970 00:16:45 GMT")], Some(5)),
            (&[("X-RateLimit-Reset", "1012")], Some(12)),
            (&[("X-RateLimit-Reset", "1012"), date], Some(2)),
            (&[("X-RateLimit-Reset", "900")], Some(0)),
            (&[("X-RateLimit-Reset", "30")], Some(30)),
            (&[("X-RateLimit-Reset", "30"), date], Some(30)),
            (&[("X-RateLimit-Reset", "18446744073709551615")], day),
            (&[("X-RateLimit-Reset", "soon")], None),
            (&[("Retry-After", "0")], Some(0)),
            (&[("Retry-After", "Thu, 01 Jan 1970 00:16:30 GMT")], Some(0)),
            (&[("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT")], day),
            (&[("Retry-After", "18446744073709551615")], day),
            (&[("Retry-After", "18446744073709551616")], None),
            (&[("Retry-After", "-1")], None),
            (&[], None),
        ] {
            let asked = asked_for(&response(headers), now);
            assert_eq!(asked, seconds.map(Duration::from_secs), "{headers:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_429_slows_a_run_down_for_a_while() {
        let backoff = Backoff {
            base: Duration::from_millis(100),
            cap: Duration::from_secs(1),
            patience: Duration::from_mins(1),
        };
        let pace = Pace::new(Duration::ZERO, backoff);
        let interval = async || pace.state.lock().await.interval;
        for expected in [100, 200, 400, 800, 1_000, 1_000] {
            pace.note(true).await;
            assert_eq!(interval().await, Duration::from_millis(expected));
        }
        let started = Instant::now();
        for _ in 0..3 {
            pace.turn().await;
        }
        assert_eq!(started.elapsed(), Duration::from_secs(2));
        for _ in 0..CALM {
            pace.note(false).await;
        }
        assert_eq!(interval().await, Duration::from_millis(800));
        for _ in 0..CALM * 10 {
            pace.note(false).await;
        }
        assert_eq!(interval().await, Duration::ZERO);
    }

    #[test]
    fn waits_double_at_most_and_end() {
        let backoff = Backoff {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(4),
            patience: Duration::from_mins(1),
        };
        let mut patience = Patience::new(backoff);
        let mut total = Duration::ZERO;
        for most in [1, 2, 4, 4] {
            let wait = patience.wait(Reason::Limited, None).unwrap();
            assert!(wait <= Duration::from_secs(most));
            total += wait;
        }
        assert!(total > Duration::ZERO);
        let answer = response(&[("Retry-After", "61")]);
        assert_eq!(patience.wait(Reason::Limited, Some(&answer)), None);
        let mut patience = Patience::new(backoff);
        for _ in 0..4 {
            assert!(patience.wait(Reason::Failed, None).is_some());
        }
        assert_eq!(patience.wait(Reason::Failed, None), None);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_by_the_clock_whatever_is_asked_for() {
        let backoff = Backoff {
            base: Duration::from_millis(20),
            cap: Duration::from_secs(1),
            patience: Duration::from_mins(1),
        };
        for headers in [
            &[("Retry-After", "0")][..],
            &[("Retry-After", "Thu, 01 Jan 1970 00:16:30 GMT")],
            &[("X-RateLimit-Reset", "0")],
            &[("X-RateLimit-Reset", "1000000000")],
            &[("X-RateLimit-Reset", "30")],
        ] {
            let answer = response(headers);
            let mut patience = Patience::new(backoff);
            let started = Instant::now();
            let mut tries = 0;
            while let Some(wait) = patience.wait(Reason::Limited, Some(&answer)) {
                tokio::time::sleep(wait).await;
                tries += 1;
                assert!(tries < 10_000, "{headers:?} never ends");
            }
            let took = started.elapsed();
            assert!(took <= Duration::from_secs(61), "{headers:?}: {took:?}");
            assert!(took >= Duration::from_secs(30), "{headers:?}: {took:?}");
        }
        // A wait that no clock can hold.
        let endless = response(&[("Retry-After", "18446744073709551615")]);
        let mut patience = Patience::new(backoff);
        for _ in 0..2 {
            assert_eq!(patience.wait(Reason::Limited, Some(&endless)), None);
        }
        // The time that requests take counts too.
        let mut patience = Patience::new(backoff);
        assert!(patience.wait(Reason::Limited, None).is_some());
        tokio::time::sleep(Duration::from_secs(61)).await;
        assert_eq!(patience.wait(Reason::Limited, None), None);
    }
}
