//! The rate limit of an account: a token bucket.

use std::time::Duration;

use bandwidth_fixtures::RateLimit;

/// Tokens of one account. A bucket starts full, and is full again when the limit changes.
#[derive(Debug, Default)]
pub struct TokenBucket {
    state: Option<State>,
}

#[derive(Debug)]
struct State {
    limit: RateLimit,
    /// In units of which a request costs `period` in nanoseconds and `requests` come back each
    /// nanosecond: whole numbers, so nothing is lost to rounding.
    units: u128,
    at: Duration,
}

impl TokenBucket {
    /// Takes one token at time `now`, since the Unix epoch; the error is the time at which there
    /// will be one.
    pub fn take(&mut self, limit: RateLimit, now: Duration) -> Result<(), Duration> {
        let cost = limit.period.as_nanos();
        let full = cost * u128::from(limit.burst);
        let rate = u128::from(limit.requests);
        let units = match &self.state {
            Some(state) if state.limit == limit => {
                let elapsed = now.saturating_sub(state.at).as_nanos();
                full.min(state.units + elapsed.saturating_mul(rate))
            }
            _ => full,
        };
        let (left, result) = if units >= cost {
            (units - cost, Ok(()))
        } else {
            let wait = (cost - units).div_ceil(rate);
            let wait = Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX));
            (units, Err(now + wait))
        };
        self.state = Some(State {
            limit,
            units: left,
            at: now,
        });
        result
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::TokenBucket;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(1_000_000.0 + seconds)
    }

    #[test]
    fn a_burst_empties_it_and_time_refills_it() {
        let limit = "2/1s,burst=3".parse().unwrap();
        let mut bucket = TokenBucket::default();
        for _ in 0..3 {
            assert_eq!(bucket.take(limit, seconds(0.0)), Ok(()));
        }
        assert_eq!(bucket.take(limit, seconds(0.0)), Err(seconds(0.5)));
        assert_eq!(bucket.take(limit, seconds(0.4)), Err(seconds(0.5)));
        assert_eq!(bucket.take(limit, seconds(0.5)), Ok(()));
        assert_eq!(bucket.take(limit, seconds(0.5)), Err(seconds(1.0)));
        // A long pause fills it to the burst and no further.
        for _ in 0..3 {
            assert_eq!(bucket.take(limit, seconds(60.0)), Ok(()));
        }
        assert_eq!(bucket.take(limit, seconds(60.0)), Err(seconds(60.5)));
    }

    #[test]
    fn over_a_long_time_exactly_the_rate_passes() {
        let limit = "100/1m,burst=7".parse().unwrap();
        let mut bucket = TokenBucket::default();
        let passed = (0..36_000)
            .filter(|tenth| {
                bucket
                    .take(limit, seconds(f64::from(*tenth) / 10.0))
                    .is_ok()
            })
            .count();
        // An hour at 100 a minute, and the bucket that was full at the start.
        assert!((6_005..=6_007).contains(&passed), "{passed}");
    }

    #[test]
    fn another_limit_starts_full() {
        let mut bucket = TokenBucket::default();
        let one = "1/1h".parse().unwrap();
        assert!(bucket.take(one, seconds(0.0)).is_ok());
        assert!(bucket.take(one, seconds(0.0)).is_err());
        assert!(bucket.take("2/1h".parse().unwrap(), seconds(0.0)).is_ok());
    }
}
