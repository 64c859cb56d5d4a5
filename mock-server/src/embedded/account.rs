//! An account for one test.

use std::{
    fmt::Write as _,
    ops::{Bound, RangeBounds},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bandwidth_fixtures::{NamedProfile, RateLimit, Seed};
use parking_lot::Mutex;
use serde_json::Value;

use super::{AccountError, RequestPattern};
use crate::{
    app::App,
    clock::{ClockChange, start_at},
    control::{ControlError, FurtherAccounts, MadeAccount, NewAccount, ProfileChoice, SeedChoice},
    fault::{ArmedFault, Fault, FaultError},
    journal::RecordedRequest,
};

/// A throwaway account of a server. It shares names, limits, faults and its view of the journal
/// with no other. Dropping it deletes it, after its expectations were checked.
#[derive(Debug)]
pub struct Account {
    app: Arc<App>,
    base_url: String,
    made: MadeAccount,
    expectations: Mutex<Vec<Expectation>>,
}

/// A number of requests of a kind.
#[derive(Debug)]
struct Expectation {
    pattern: RequestPattern,
    times: (Bound<usize>, Bound<usize>),
}

/// Options of an account.
#[derive(Debug)]
#[must_use]
pub struct AccountBuilder {
    app: Arc<App>,
    base_url: String,
    new: NewAccount,
    profile: Option<NamedProfile>,
    clock: Option<SystemTime>,
    faults: Vec<String>,
    seed: Option<Seed>,
}

/// A fault that is armed for an account.
#[derive(Debug)]
pub struct ArmedFaultHandle {
    app: Arc<App>,
    armed: Arc<ArmedFault>,
}

impl ArmedFaultHandle {
    /// Its id, as in the journal.
    pub fn id(&self) -> u64 {
        self.armed.id
    }

    /// Number of requests that it was applied to.
    pub fn hits(&self) -> u64 {
        self.armed.hits()
    }

    /// Disarms it.
    pub fn disarm(self) {
        self.app.faults.disarm(self.armed.id);
    }
}

impl AccountBuilder {
    pub(super) fn new(app: Arc<App>, base_url: String) -> Self {
        Self {
            app,
            base_url,
            new: NewAccount::default(),
            profile: None,
            clock: None,
            faults: Vec::new(),
            seed: None,
        }
    }

    /// Its id; a free one by default.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.new.account_id = Some(id.into());
        self
    }

    /// The name of its identity domain; by default `domain-` and its id.
    pub fn domain_name(mut self, name: impl Into<String>) -> Self {
        self.new.domain_name = Some(name.into());
        self
    }

    /// Further accounts of the same domain, with ids that are free. They share the users, the roles
    /// and all else.
    ///
    /// ```
    /// let server = bandwidth_mock::MockServer::start_blocking()?;
    /// let account = server.account_builder().further_accounts(1).create()?;
    /// let [second] = &account.further_accounts()[..] else { panic!() };
    /// assert_ne!(*second, account.id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn further_accounts(mut self, count: u16) -> Self {
        self.new.further_accounts = FurtherAccounts::Count(count);
        self
    }

    /// Sets the profile; the server's by default.
    pub fn profile(mut self, profile: NamedProfile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Its roles and users: those of the first account of a seed.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the rate limit; the profile's by default.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.new.rate_limit = Some(limit);
        self
    }

    /// When its own clock starts; by default it follows the server's.
    pub fn clock(mut self, start: SystemTime) -> Self {
        self.clock = Some(start);
        self
    }

    /// Lets its requests fail, as `--fault` does: `status=503,times=1`.
    pub fn fault(mut self, rule: impl Into<String>) -> Self {
        self.faults.push(rule.into());
        self
    }

    /// Makes the account.
    pub fn create(mut self) -> Result<Account, AccountError> {
        for rule in &self.faults {
            let fault = rule.parse().map_err(ControlError::Fault)?;
            self.new.faults.push(fault);
        }
        let clock = self.clock.map(start_at).transpose();
        self.new.clock = clock.map_err(|error| ControlError::Invalid(format!("clock: {error}")))?;
        self.new.profile = self.profile.map(ProfileChoice::of);
        let seed = self.seed.and_then(|seed| seed.accounts.into_iter().next());
        self.new.seed = seed.map(|account| SeedChoice::Contents(account.into()));
        let made = self.app.create_account(self.new)?;
        Ok(Account {
            app: self.app,
            base_url: self.base_url,
            made,
            expectations: Mutex::default(),
        })
    }
}

impl Account {
    /// Its id, as in paths.
    pub fn id(&self) -> &str {
        &self.made.state.id
    }

    /// The name of its identity domain.
    pub fn domain_name(&self) -> &str {
        &self.made.state.domain_name
    }

    /// The ids of the further accounts of its domain.
    pub fn further_accounts(&self) -> Vec<&str> {
        let further = self.made.state.companies[1..].iter();
        further.map(|company| &*company.id).collect()
    }

    /// The name of its login.
    pub fn username(&self) -> &str {
        &self.made.state.login
    }

    /// The password of its login.
    pub fn password(&self) -> &str {
        self.made.password.expose()
    }

    /// The id of its API credential, for tokens.
    pub fn client_id(&self) -> &str {
        &self.made.client_id
    }

    /// The secret of that.
    pub fn client_secret(&self) -> &str {
        self.made.client_secret.expose()
    }

    /// The base of the emulated API, as `http://127.0.0.1:40123/api`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Its users, as `http://127.0.0.1:40123/api/accounts/9000001/users`.
    pub fn users_url(&self) -> String {
        format!("{}/accounts/{}/users", self.base_url, self.id())
    }

    /// Lets its requests fail from now on, as `--fault` does: `status=503,times=1`.
    pub fn fault(&self, rule: &str) -> Result<ArmedFaultHandle, AccountError> {
        let fault: Fault = rule
            .parse()
            .map_err(|error: FaultError| ControlError::Fault(error))?;
        let account = Some(self.id().to_owned());
        let armed = self.app.arm(Fault { account, ..fault })?;
        Ok(ArmedFaultHandle {
            app: Arc::clone(&self.app),
            armed,
        })
    }

    /// Changes the option of a behaviour for this account: `set("put.semantics", "merge")`.
    pub fn set(&self, behaviour: &str, option: &str) -> Result<(), AccountError> {
        let options = [(behaviour.to_owned(), option.to_owned())].into();
        self.app.change_profile(Some(self.id()), &options)?;
        Ok(())
    }

    /// Assigns resources to a user, which may keep it from being deleted.
    pub fn assign_resources(&self, user_id: &str, names: &[&str]) -> Result<(), AccountError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        self.app.assign_resources(self.id(), user_id, &names)?;
        Ok(())
    }

    /// The account as it was when it was made. Its requests are forgotten.
    pub fn reset(&self) -> Result<(), AccountError> {
        Ok(self.app.reset_account(self.id())?)
    }

    /// Its state, as a document for [`Account::restore`].
    pub fn snapshot(&self) -> Result<Seed, AccountError> {
        Ok(self.app.account_snapshot(self.id())?)
    }

    /// Puts a state back. A snapshot of another account is an error.
    pub fn restore(&self, snapshot: Seed) -> Result<(), AccountError> {
        Ok(self.app.restore_account(self.id(), snapshot)?)
    }

    /// Its requests so far in order, with their responses and the reasons.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        let (entries, _) = self.app.journal.seen_by(Some(self.id()));
        entries.iter().map(|entry| (&**entry).into()).collect()
    }

    /// Report about its retries, as `GET /__admin/retries` shows it.
    pub fn retries(&self) -> Value {
        let (entries, dropped) = self.app.journal.seen_by(Some(self.id()));
        let report = crate::journal::retries::report(&entries, dropped);
        serde_json::to_value(report).unwrap_or_default()
    }

    /// Stops the account's clock. From then on it is the account's own.
    pub fn freeze_clock(&self) {
        // Only an advance can be rejected.
        let _ = self.set_clock(ClockChange::Freeze);
    }

    /// Moves the account's clock forward: its rate limit, lockouts, tokens and the time to live of
    /// its faults follow it. Other accounts do not notice.
    pub fn advance_clock(&self, by: Duration) -> Result<(), AccountError> {
        Ok(self.set_clock(ClockChange::Advance(by))?)
    }

    /// Lets the account's clock run again.
    pub fn resume_clock(&self) {
        let _ = self.set_clock(ClockChange::Resume);
    }

    fn set_clock(&self, change: ClockChange) -> Result<(), ControlError> {
        self.app.set_clock(&*self.app.account(self.id())?, change)
    }

    /// Checks the number of requests: `account.verify(Operation::CreateUser, 1)`, or a range.
    ///
    /// # Panics
    ///
    /// If the number differs. The message names the account and the nearest request.
    #[track_caller]
    pub fn verify(&self, pattern: impl Into<RequestPattern>, times: impl Times) {
        let expectation = Expectation {
            pattern: pattern.into(),
            times: times.bounds(),
        };
        if let Some(message) = self.unmet(&expectation) {
            panic!("{message}");
        }
    }

    /// Checks it when the account is dropped, unless the test is panicking already.
    pub fn expect(&self, pattern: impl Into<RequestPattern>, times: impl Times) {
        let expectation = Expectation {
            pattern: pattern.into(),
            times: times.bounds(),
        };
        let mut expectations = self.expectations.lock();
        expectations.push(expectation);
    }

    fn unmet(&self, expectation: &Expectation) -> Option<String> {
        let mut pattern = expectation.pattern.pattern.clone();
        pattern.account_id = Some(self.id().to_owned());
        pattern.main = Some(Arc::clone(&self.made.state.id));
        let selection = self.app.journal.select(&pattern, usize::MAX);
        let count = selection.entries.len();
        if expectation.times.contains(&count) {
            return None;
        }
        let mut message = format!(
            "account {}: expected {pattern} {}, but got {}",
            self.id(),
            words(expectation.times),
            if count == 0 {
                "none".to_owned()
            } else {
                count.to_string()
            }
        );
        if !self.app.journal.is_on() {
            message.push_str("; the journal is off");
        }
        if selection.dropped > 0 {
            let dropped = selection.dropped;
            let _ = write!(
                message,
                "; the journal no longer has {dropped} earlier requests"
            );
        }
        let nearest = self.app.journal.nearest(&pattern);
        match nearest {
            Some(nearest) if count == 0 => {
                let _ = write!(message, "\n  nearest: {nearest}");
            }
            None if count == 0 => message.push_str("\n  no request came at all"),
            _ => {
                for entry in &selection.entries {
                    let _ = write!(message, "\n  {}", entry.line());
                }
            }
        }
        Some(message)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let expectations = std::mem::take(&mut *self.expectations.lock());
        let unmet: Vec<String> = expectations
            .iter()
            .filter_map(|expectation| self.unmet(expectation))
            .collect();
        let _ = self.app.delete_account(&self.made.state.id);
        let met = unmet.is_empty() || std::thread::panicking();
        assert!(met, "{}", unmet.join("\n"));
    }
}

/// A number of requests, or a range of numbers: `1`, `1..=3`, `..2`.
pub trait Times {
    /// The least and the most.
    fn bounds(self) -> (Bound<usize>, Bound<usize>);
}

impl Times for usize {
    fn bounds(self) -> (Bound<usize>, Bound<usize>) {
        (Bound::Included(self), Bound::Included(self))
    }
}

macro_rules! ranges {
    ($($range:ty),+) => { $(
        impl Times for $range {
            fn bounds(self) -> (Bound<usize>, Bound<usize>) {
                (self.start_bound().cloned(), self.end_bound().cloned())
            }
        }
    )+ };
}

ranges!(
    std::ops::Range<usize>,
    std::ops::RangeInclusive<usize>,
    std::ops::RangeFrom<usize>,
    std::ops::RangeTo<usize>,
    std::ops::RangeToInclusive<usize>
);

fn times(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

fn words((least, most): (Bound<usize>, Bound<usize>)) -> String {
    let least = match least {
        Bound::Included(least) => least,
        Bound::Excluded(below) => below.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let most = match most {
        Bound::Included(most) => Some(most),
        Bound::Excluded(above) => Some(above.saturating_sub(1)),
        Bound::Unbounded => None,
    };
    match most {
        Some(most) if most == least => times(most),
        Some(most) => format!("{least} to {most} times"),
        None => format!("at least {}", times(least)),
    }
}
