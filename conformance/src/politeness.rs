//! How a run treats its target: one request after another at its pace, and patience where the
//! target limits or fails.

use std::time::{Duration, SystemTime};

use tokio::{sync::Mutex, time::Instant};

use crate::{
    random,
    safety::Backoff,
    transport::{Request, Response, TransportError},
};

/// As many requests in a row without an answer of the API are an outage.
pub const OUTAGE: u32 = 8;
/// How often a request is repeated that failed for another reason than a limit.
const REPETITIONS: u32 = 4;

/// Keeps requests apart.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At least `interval` from one request to the next.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            next: Mutex::new(None),
        }
    }

    /// Waits until it is the turn of the next request.
    pub async fn turn(&self) {
        if self.interval.is_zero() {
            return;
        }
        let mut next = self.next.lock().await;
        if let Some(at) = *next {
            tokio::time::sleep_until(at).await;
        }
        *next = Some(Instant::now() + self.interval);
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

/// What an outcome says about sending the same request again.
pub fn reason(outcome: &Result<Response, TransportError>) -> Option<Reason> {
    match outcome {
        Ok(response) if response.status == 429 => Some(Reason::Limited),
        Ok(response) if matches!(response.status, 502..=504) => Some(Reason::Failed),
        Err(TransportError::Connect(_)) => Some(Reason::NotSent),
        Err(TransportError::Timeout | TransportError::Closed) => Some(Reason::Failed),
        Ok(_) | Err(TransportError::NotHttp(_)) => None,
    }
}

/// Whether the request changes nothing, however often it is sent.
pub fn only_reads(request: &Request) -> bool {
    matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
}

/// The waits of one request.
#[derive(Debug)]
pub struct Patience {
    backoff: Backoff,
    waited: Duration,
    tries: u32,
}

impl Patience {
    /// A request's patience before its first try.
    pub fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            waited: Duration::ZERO,
            tries: 0,
        }
    }

    /// How long to wait before the next try; `None` when there should be none. What the target
    /// asks for is obeyed; where it asks for nothing the waits double, each a random part of what
    /// it could be at most.
    pub fn wait(&mut self, reason: Reason, response: Option<&Response>) -> Option<Duration> {
        self.tries += 1;
        if reason != Reason::Limited && self.tries > REPETITIONS {
            return None;
        }
        let asked = response.and_then(|response| asked_for(response, SystemTime::now()));
        let wait = asked.unwrap_or_else(|| {
            let doubled = self
                .backoff
                .base
                .saturating_mul(1 << (self.tries - 1).min(16));
            doubled.min(self.backoff.cap).mul_f64(random::fraction())
        });
        self.waited += wait;
        (self.waited <= self.backoff.patience).then_some(wait)
    }
}

/// How long a response asks its client to wait: `Retry-After` in seconds or as a date, or
/// `X-RateLimit-Reset` in epoch seconds, by the response's own clock where it shows one.
fn asked_for(response: &Response, now: SystemTime) -> Option<Duration> {
    let theirs = response
        .header("date")
        .and_then(|date| httpdate::parse_http_date(date).ok());
    let until = |at: SystemTime| {
        at.duration_since(theirs.unwrap_or(now))
            .unwrap_or(Duration::ZERO)
    };
    if let Some(value) = response.header("retry-after") {
        let seconds = value.parse().ok().map(Duration::from_secs);
        let date = || httpdate::parse_http_date(value).ok().map(until);
        return seconds.or_else(date);
    }
    let reset: u64 = response.header("x-ratelimit-reset")?.parse().ok()?;
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset))?;
    // A Date has whole seconds and is never ahead of the clock, so this is never too short.
    Some(until(at))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Patience, Reason, asked_for};
    use crate::{safety::Backoff, transport::Response};

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
        let date = ("Date", "Thu, 01 Jan 1970 00:16:50 GMT");
        for (headers, seconds) in [
            (&[("Retry-After", "7")][..], Some(7)),
            (&[("Retry-After", "Thu, 01 Jan 1970 00:16:45 GMT")], Some(5)),
            (&[("X-RateLimit-Reset", "1012")], Some(12)),
            (&[("X-RateLimit-Reset", "1012"), date], Some(2)),
            (&[("X-RateLimit-Reset", "900")], Some(0)),
            (&[("X-RateLimit-Reset", "soon")], None),
            (&[], None),
        ] {
            let asked = asked_for(&response(headers), now);
            assert_eq!(asked, seconds.map(Duration::from_secs), "{headers:?}");
        }
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
}
