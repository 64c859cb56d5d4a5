//! One account of a server: its data, and what belongs to it alone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bandwidth_fixtures::{Date, NamedProfile, ReadBehaviours, Secret, seed::SeedAccount};
use parking_lot::{Mutex, MutexGuard, RwLock};
use subtle::ConstantTimeEq as _;

use super::{
    Mode,
    listing::{Listed, Listing},
    token::Grant,
};
#[cfg(feature = "traffic")]
use crate::logins::Failures;
use crate::{
    clock::{AccountClock, Clock},
    codec::{Format, ListFrame},
    domain::{Account, ClientSecret, Company, CredentialError, Reach, Role, User},
    fault::View,
    generate,
    logins::Logins,
    random::mix,
};

/// The origin of an account. A reset builds the account from it again.
#[derive(Debug)]
pub struct Origin {
    /// The account as a seed, a snapshot or a test gave it.
    pub account: SeedAccount,
    /// Number of generated users that are added to it.
    pub generated: u32,
    /// The account's own profile. Without one it follows the server's.
    pub profile: Option<Arc<NamedProfile>>,
    /// When the account's own clock starts. Without it, the account follows the server's clock.
    pub clock: Option<Duration>,
    /// Decides the account's salt.
    pub random: u64,
}

/// A secret that was issued. Only its digest is kept.
#[derive(Debug)]
pub struct IssuedSecret {
    /// The new client secret.
    pub secret: ClientSecret,
    /// The text, once.
    pub text: Secret,
}

/// An account of a server.
#[derive(Debug)]
pub struct AccountState {
    /// The id of its main account.
    pub id: Arc<str>,
    /// The name of its identity domain.
    pub domain_name: Arc<str>,
    /// Its accounts, the main one first.
    pub companies: Arc<[Company]>,
    /// The name of the API login.
    pub login: Arc<str>,
    /// Reach of the API login.
    pub login_reach: Reach,
    /// True if the account was made for one test, and shares names with no other account.
    pub throwaway: bool,
    /// The state that a reset restores.
    pub origin: Arc<Origin>,
    /// The time of the account's world.
    pub clock: Arc<AccountClock>,
    /// Another number for each state, also of the same account. Tokens name it.
    pub incarnation: u64,
    /// Failed logins and the rate limit.
    pub logins: Logins,
    /// The token that was verified last.
    verified: Mutex<Option<(Secret, Arc<Grant>)>>,
    /// Number of random numbers that were drawn.
    made: AtomicU64,
    account: Mutex<Account>,
    /// The users of each account as they were listed last, by format. Locked before the account.
    listings: Box<[[Mutex<Listing>; 2]]>,
    profile: RwLock<Option<Arc<NamedProfile>>>,
}

impl AccountState {
    /// The account of that origin, on a server with that clock.
    pub fn new(origin: Arc<Origin>, clock: &Arc<Clock>) -> Self {
        static INCARNATION: AtomicU64 = AtomicU64::new(0);
        let seeded = &origin.account;
        let clock = Arc::new(AccountClock::new(Arc::clone(clock), origin.clock));
        let further = seeded.further_accounts.iter();
        let further = further.map(|more| Company::new(&more.account_id, &more.company_name));
        let main = Company::new(&seeded.account_id, &seeded.company_name);
        let companies: Arc<[Company]> = [main].into_iter().chain(further).collect();
        let account = Account::seeded(&origin, Arc::clone(&companies), clock.shown().now());
        Self {
            id: Arc::clone(&companies[0].id),
            domain_name: seeded.domain_name.as_str().into(),
            login: seeded.login.username.as_str().into(),
            login_reach: if seeded.login.account_scope.is_system_wide() {
                Reach::Domain
            } else {
                companies[0].reach()
            },
            throwaway: seeded.throwaway,
            clock,
            incarnation: INCARNATION.fetch_add(1, Ordering::Relaxed),
            logins: Logins::default(),
            verified: Mutex::default(),
            made: AtomicU64::new(0),
            account: Mutex::new(account),
            listings: companies.iter().map(|_| Default::default()).collect(),
            profile: RwLock::new(origin.profile.clone()),
            origin,
            companies,
        }
    }

    /// This account instead of another state of it: a reset brings back that one's origin,
    /// and its clock continues.
    pub fn replacing(self, present: &Self) -> Self {
        Self {
            origin: Arc::clone(&present.origin),
            clock: Arc::clone(&present.clock),
            ..self
        }
    }

    /// The account as a fault shows it. What is done to it is lost.
    pub fn seen_as(&self, view: View) -> Self {
        let mut account = self.account().clone();
        match view {
            View::Empty => account.remove_users(),
            View::Stale => account.undo_last_change(),
        }
        Self {
            id: Arc::clone(&self.id),
            domain_name: Arc::clone(&self.domain_name),
            companies: Arc::clone(&self.companies),
            login: Arc::clone(&self.login),
            login_reach: self.login_reach.clone(),
            throwaway: self.throwaway,
            origin: Arc::clone(&self.origin),
            clock: Arc::clone(&self.clock),
            incarnation: self.incarnation,
            logins: Logins::default(),
            verified: Mutex::default(),
            made: AtomicU64::new(0),
            account: Mutex::new(account),
            listings: self.companies.iter().map(|_| Default::default()).collect(),
            profile: RwLock::new(self.profile()),
        }
    }

    /// The account of that id, if it is one of the domain's.
    pub fn company(&self, id: &str) -> Option<&Company> {
        self.companies.iter().find(|company| *company.id == *id)
    }

    /// The time in the account's world, since the Unix epoch.
    pub fn now(&self) -> Duration {
        self.clock.shown().now()
    }

    /// The account, for as long as the guard lives.
    pub fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock()
    }

    /// The list of the users that a caller reaches, in that format; `None` if there are none.
    /// `encode` writes users, and returns the behaviours that it read. The list of one account
    /// alone is cached.
    pub fn list(
        &self,
        format: Format,
        profile: &Arc<NamedProfile>,
        reach: &Reach,
        frame: impl FnOnce() -> ListFrame,
        encode: impl Fn(&[Arc<User>], &[Role]) -> (Vec<u8>, ReadBehaviours),
    ) -> Option<Listed> {
        let alone = reach.alone().and_then(|alone| {
            let mut companies = self.companies.iter();
            companies.position(|company| *company.id == *alone)
        });
        let several = Mutex::default();
        let kept = alone.map_or(&several, |at| &self.listings[at][format as usize]);
        let mut listing = kept.lock();
        let account = self.account();
        let version = account.version();
        if let Some(listed) = listing.unchanged(profile, version) {
            return Some(listed);
        }
        let plans = listing.plan(profile, account.users_within(reach))?;
        let roles = Arc::clone(account.shared_roles());
        // The users are immutable and shared, so the account is not held while they are encoded.
        drop(account);
        let encode = |users: &[Arc<User>]| encode(users, &roles);
        Some(listing.make(profile, version, plans, &frame(), encode))
    }

    /// True if these encoded credentials opened the account last, and still do.
    pub fn opened_before_by(&self, encoded: &str) -> bool {
        let opened_by = self.logins.opened_by(encoded);
        opened_by.is_some_and(|then| self.account().login().passwords.first() == Some(&then))
    }

    /// Remembers that these encoded credentials, with that password, are right for the API login.
    pub fn remember_opened_by(&self, encoded: &str, password: &Secret) {
        let digest = self.account().digest(password.expose());
        self.logins.remember_opened_by(encoded, digest);
    }

    /// Permissions of that token, from the cache if it was the last one here, else from `verify`.
    pub fn verified(
        &self,
        token: &str,
        verify: impl FnOnce() -> Option<Arc<Grant>>,
    ) -> Option<Arc<Grant>> {
        if let Some((known, grant)) = &*self.verified.lock()
            && bool::from(known.expose().as_bytes().ct_eq(token.as_bytes()))
        {
            return Some(Arc::clone(grant));
        }
        let grant = verify()?;
        *self.verified.lock() = Some((Secret::new(token), Arc::clone(&grant)));
        Some(grant)
    }

    /// Adds a secret to a credential.
    pub fn issue_secret(
        &self,
        client_id: &str,
        expires: Option<Duration>,
        mode: Mode<'_>,
    ) -> Result<IssuedSecret, CredentialError> {
        let id = format!("{:08x}", self.fresh() >> 32);
        let text = generate::client_secret(self.fresh());
        let now = self.now();
        let secret = mode.on(self, |account| {
            account.add_secret(client_id, &id, &text, now, expires)
        })?;
        Ok(IssuedSecret { secret, text })
    }

    /// True if that day has begun on the account's clock.
    pub fn has_come(&self, day: Option<Date>) -> bool {
        day.is_some_and(|day| self.now() >= day.start())
    }

    /// A number that looks random, another one each time.
    pub fn fresh(&self) -> u64 {
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        mix(mix(self.origin.random, self.incarnation), made)
    }

    /// A copy of the state that requests can change.
    #[cfg(feature = "traffic")]
    pub fn save(&self) -> Saved {
        Saved {
            account: self.account().clone(),
            failures: self.logins.failures(),
        }
    }

    /// Puts what was saved instead of what is there.
    #[cfg(feature = "traffic")]
    pub fn restore(&self, saved: &Saved) {
        *self.account() = saved.account.clone();
        self.logins.restore_failures(&saved.failures);
        for listing in self.listings.iter().flatten() {
            *listing.lock() = Listing::default();
        }
    }

    /// The account's own profile. Without one it follows the server's.
    pub fn profile(&self) -> Option<Arc<NamedProfile>> {
        self.profile.read().clone()
    }

    /// Gives it a profile of its own.
    pub fn set_profile(&self, profile: Arc<NamedProfile>) {
        *self.profile.write() = Some(profile);
    }
}

/// The state of an account that requests can change.
#[cfg(feature = "traffic")]
#[derive(Debug, Clone)]
pub struct Saved {
    /// Users, logins, credentials and tokens.
    pub account: Account,
    failures: Failures,
}

#[cfg(feature = "traffic")]
impl Saved {
    /// Starts counting failed logins again.
    pub fn forget_failures(&mut self) {
        self.failures = Failures::default();
    }
}

#[cfg(feature = "traffic")]
impl PartialEq for Saved {
    fn eq(&self, other: &Self) -> bool {
        self.failures == other.failures && self.account.is_equivalent(&other.account)
    }
}
