//! Logins of an account: failed attempts, the rate limit, and the credentials that succeeded last.
//! All times are those of the account's clock.

use std::{collections::HashMap, time::Duration};

use bandwidth_fixtures::{RateLimit, Secret};
use parking_lot::Mutex;
use subtle::ConstantTimeEq as _;

use crate::{domain::Digest, fault::TokenBucket};

/// The logins of one account.
#[derive(Debug, Default)]
pub struct Logins {
    /// Encoded credentials that were right for the API login, and its password then.
    opened_by: Mutex<Option<(Secret, Digest)>>,
    failures: Mutex<Failures>,
    bucket: Mutex<TokenBucket>,
}

/// Failed logins by name.
pub type Failures = HashMap<Box<str>, InARow>;

/// Failed logins in a row under one name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InARow {
    count: u32,
    last: Duration,
}

/// A login with failed attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockout {
    /// The login's name.
    pub login: Box<str>,
    /// Failed attempts in a row.
    pub failures: u32,
    /// Time of the last of them, since the Unix epoch.
    pub last: Duration,
}

impl Logins {
    /// The password that the API login had when these encoded credentials were right last.
    pub fn opened_by(&self, encoded: &str) -> Option<Digest> {
        let opened_by = self.opened_by.lock();
        let (known, digest) = opened_by.as_ref()?;
        bool::from(known.expose().as_bytes().ct_eq(encoded.as_bytes())).then_some(*digest)
    }

    /// Remembers encoded credentials that are right for the API login.
    pub fn remember_opened_by(&self, encoded: &str, password: Digest) {
        *self.opened_by.lock() = Some((Secret::new(encoded), password));
    }

    /// Takes one request from the account's budget. The error is the time of the next allowed
    /// request, since the Unix epoch.
    pub fn spend(&self, limit: RateLimit, now: Duration) -> Result<(), Duration> {
        self.bucket.lock().take(limit, now)
    }

    /// True if `most` failed logins in a row have locked out that name. The lockout ends `seconds`
    /// after the last of them; with 0 only an administrator ends it.
    pub fn is_locked_out(&self, login: &str, most: u32, seconds: u32, now: Duration) -> bool {
        if most == 0 {
            return false;
        }
        let mut failures = self.failures.lock();
        let Some(seen) = failures.get(login).copied() else {
            return false;
        };
        let ends = seen.last + Duration::from_secs(seconds.into());
        if seen.count >= most && seconds > 0 && now >= ends {
            failures.remove(login);
            return false;
        }
        seen.count >= most
    }

    /// Counts a failed login. The caller has made sure that the login exists, so the table is
    /// bounded.
    pub fn count_failure(&self, login: &str, now: Duration) {
        let mut failures = self.failures.lock();
        let seen = failures.entry(login.into()).or_default();
        seen.count = seen.count.saturating_add(1);
        seen.last = now;
    }

    /// Forgets failed logins after a right one.
    pub fn forget_failures(&self, login: &str) {
        let mut failures = self.failures.lock();
        // Mostly there are none, and a name need not be hashed.
        if !failures.is_empty() {
            failures.remove(login);
        }
    }

    /// Forgets the failed logins of all names, as an administrator would.
    pub fn unlock(&self) {
        self.failures.lock().clear();
    }

    /// The failed logins of all names.
    #[cfg(feature = "traffic")]
    pub fn failures(&self) -> Failures {
        self.failures.lock().clone()
    }

    /// Puts these failed logins instead of those that are there.
    #[cfg(feature = "traffic")]
    pub fn restore_failures(&self, failures: &Failures) {
        self.failures.lock().clone_from(failures);
    }

    /// The names with failed logins, sorted.
    pub fn lockouts(&self) -> Vec<Lockout> {
        let failures = self.failures.lock();
        let lockouts = failures.iter().map(|(login, seen)| Lockout {
            login: login.clone(),
            failures: seen.count,
            last: seen.last,
        });
        let mut lockouts: Vec<Lockout> = lockouts.collect();
        lockouts.sort_by(|a, b| a.login.cmp(&b.login));
        lockouts
    }
}
