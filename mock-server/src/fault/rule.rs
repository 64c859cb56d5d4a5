//! Fault rules: which requests fail, and how.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bandwidth_fixtures::Operation;

use super::{
    effect::{Delay, Effect, Then, When, unit},
    own_answer::OwnAnswer,
};
use crate::random::mix;

/// Properties of a request that a rule can match.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The operation, unless the path or method belongs to none.
    pub operation: Option<Operation>,
    pub method: &'a str,
    /// The main account of the domain of the account in the path, else of the caller's.
    pub account: Option<&'a str>,
    /// True if the operation changes something.
    pub changes: bool,
    /// The header of that name.
    pub authorization: Option<&'a [u8]>,
}

/// A fault, and the requests that it applies to.
///
/// Of the requests that match `operation`, `method` and `account`, the first `after` pass. Of the
/// others, every `every`th fails with `probability` (decided by `seed`), at most `times` times, and
/// until `ttl` after it was armed. After the first failure, `then` decides which other requests
/// fail.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The effect on the response; with `None`, it only waits.
    pub effect: Option<Effect>,
    /// The headers and the body of that answer.
    pub answer: OwnAnswer,
    pub delay: Option<Delay>,
    /// Before or after the operation.
    pub when: When,
    /// Only this operation.
    pub operation: Option<Operation>,
    /// Only this method, in capitals.
    pub method: Option<String>,
    /// Only this account.
    pub account: Option<String>,
    /// One in this number of requests fails; at least 1.
    pub every: u64,
    /// Number of first requests that pass.
    pub after: u64,
    /// Maximum number of failures.
    pub times: Option<u64>,
    /// Selects the requests after the first hit; by default the other fields select them.
    pub then: Option<Then>,
    /// From 0 to 1.
    pub probability: f64,
    /// Decides the probability and the delay; the server's seed where there is none.
    pub seed: Option<u64>,
    /// Time that it stays armed, on the mock's clock.
    pub ttl: Option<Duration>,
}

impl Fault {
    /// A fault for every request.
    pub(super) fn always(effect: Option<Effect>, delay: Option<Delay>) -> Self {
        Self {
            effect,
            answer: OwnAnswer::default(),
            delay,
            when: When::Before,
            operation: None,
            method: None,
            account: None,
            every: 1,
            after: 0,
            times: None,
            then: None,
            probability: 1.0,
            seed: None,
            ttl: None,
        }
    }

    fn applies(&self, subject: &Subject<'_>) -> bool {
        let reads = subject.operation.is_some() && !subject.changes;
        (reads || !matches!(self.effect, Some(Effect::View(_))))
            && self
                .operation
                .is_none_or(|operation| subject.operation == Some(operation))
            && self
                .method
                .as_deref()
                .is_none_or(|method| method == subject.method)
    }

    fn is_for_account_of(&self, subject: &Subject<'_>) -> bool {
        let account = self.account.as_deref();
        account.is_none_or(|account| subject.account == Some(account))
    }
}

/// A fault that is armed, and how often it was seen and hit.
#[derive(Debug)]
pub struct ArmedFault {
    /// Its id on this server; never used again.
    pub id: u64,
    /// The rule.
    pub fault: Fault,
    armed_at: Duration,
    seen: AtomicU64,
    hits: AtomicU64,
    /// Login of the first request that it hit, once there is one. A keyed hash reveals nothing of a
    /// password.
    first: OnceLock<Option<u64>>,
    hasher: RandomState,
}

/// The time, since the Unix epoch. A fault of one account follows that account's clock, the others
/// follow the server's.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// On the clock of the request's account.
    pub account: Duration,
    /// On the server's clock.
    pub server: Duration,
}

impl From<Duration> for Now {
    fn from(now: Duration) -> Self {
        Self {
            account: now,
            server: now,
        }
    }
}

impl ArmedFault {
    pub(super) fn new(id: u64, fault: Fault, now: Duration) -> Self {
        Self {
            id,
            fault,
            armed_at: now,
            seen: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            first: OnceLock::new(),
            hasher: RandomState::new(),
        }
    }

    /// Number of requests that it was applied to.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// True if its time to live is over.
    pub fn expired(&self, now: Duration) -> bool {
        let ttl = self.fault.ttl;
        ttl.is_some_and(|ttl| now.saturating_sub(self.armed_at) >= ttl)
    }

    /// The time by which it expires.
    pub fn now(&self, now: Now) -> Duration {
        if self.fault.account.is_some() {
            now.account
        } else {
            now.server
        }
    }

    /// The number of the request among those that it applies to, if it is one that fails. Counts
    /// the request.
    pub(super) fn due(&self, subject: &Subject<'_>, now: Now, seed: u64) -> Option<u64> {
        let fault = &self.fault;
        if !fault.is_for_account_of(subject) || self.expired(self.now(now)) {
            return None;
        }
        let count = || self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        if let (Some(then), Some(first)) = (fault.then, self.first.get()) {
            let goes_on = match then {
                Then::All => true,
                Then::SameLogin | Then::SameScheme => *first == self.login(subject),
            };
            return goes_on.then(count);
        }
        if !fault.applies(subject) {
            return None;
        }
        let number = count();
        let due = number
            .checked_sub(fault.after)
            .is_some_and(|counted| counted > 0 && counted % fault.every == 0);
        let chance = || unit(mix(fault.seed.unwrap_or(seed), number)) < fault.probability;
        (due && chance()).then_some(number)
    }

    /// Counts one more request that fails, unless the fault has used up its times.
    pub(super) fn spend(&self, subject: &Subject<'_>) -> bool {
        let most = self.fault.times.unwrap_or(u64::MAX);
        let more = |hits| (hits < most).then_some(hits + 1);
        let hits = self
            .hits
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        if hits.is_ok() && self.fault.then.is_some() {
            self.first.get_or_init(|| self.login(subject));
        }
        hits.is_ok()
    }

    /// The part of the login that `then` compares.
    fn login(&self, subject: &Subject<'_>) -> Option<u64> {
        let header = subject.authorization?;
        Some(if self.fault.then == Some(Then::SameScheme) {
            let scheme = header.split(|byte| *byte == b' ').next();
            let scheme = scheme.unwrap_or_default().to_ascii_lowercase();
            let for_token = subject.operation == Some(Operation::IssueToken);
            self.hasher.hash_one((scheme, for_token))
        } else {
            self.hasher.hash_one(header)
        })
    }

    /// The wait of the request with that number.
    pub(super) fn wait(&self, number: u64, seed: u64) -> Option<Duration> {
        // Another sequence than the one that decides the probability.
        let seed = !self.fault.seed.unwrap_or(seed);
        self.fault.delay.map(|delay| delay.draw(seed, number))
    }
}
