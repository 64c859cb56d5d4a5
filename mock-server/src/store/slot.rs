//! One account, with what belongs to it on this server: its limits, lockouts, tokens and profile.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bandwidth_fixtures::{
    Asked, NamedProfile, RateLimit, Secret,
    seed::{PasswordDigest, Salt, SeedAccount, SeedLogin, SeedRole, SeedUser},
};
use parking_lot::{Mutex, MutexGuard, RwLock};
use subtle::ConstantTimeEq as _;

use super::listing::{Listed, Listing};
use crate::{
    codec::{Format, ListFrame},
    domain::{Account, Digest, Login, Role, User},
    fault::TokenBucket,
    generate,
    random::mix,
};

/// Where an account comes from, which is what a reset brings back.
#[derive(Debug)]
pub struct Origin {
    /// The account as a seed, a snapshot or a test gave it.
    pub account: SeedAccount,
    /// How many users are made up and added to it.
    pub generated: u32,
    /// Its own profile, when it does not follow the server's.
    pub profile: Option<Arc<NamedProfile>>,
    /// Decides its salt.
    pub random: u64,
}

/// An account and what belongs to it on this server.
#[derive(Debug)]
pub struct Slot {
    /// The account's id.
    pub id: Arc<str>,
    /// The company's name.
    pub company_name: Box<str>,
    /// The name of its API login.
    pub login: Arc<str>,
    /// Whether it was made for one test, and shares names with no other account.
    pub throwaway: bool,
    /// What it was made from.
    pub origin: Arc<Origin>,
    /// Signs its tokens. Another one after a reset, so that old tokens end.
    token_key: [u8; 16],
    account: Mutex<Account>,
    /// Its users as they were listed last, by format. Locked before the account.
    listings: [Mutex<Listing>; 2],
    /// Encoded credentials that were right for the API login, and its password then.
    opened_by: Mutex<Option<(Secret, Digest)>>,
    failures: Mutex<HashMap<Box<str>, Failures>>,
    bucket: Mutex<TokenBucket>,
    profile: RwLock<Option<Arc<NamedProfile>>>,
}

/// Failed logins in a row under one name.
#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    last: Duration,
}

/// A login with failed attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockout {
    /// The name.
    pub login: Box<str>,
    /// Failed attempts in a row.
    pub failures: u32,
    /// The last of them, since the Unix epoch.
    pub last: Duration,
}

fn sixteen_bytes(random: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(random, 0).to_le_bytes());
    bytes[8..].copy_from_slice(&mix(random, 1).to_le_bytes());
    bytes
}

impl Slot {
    /// The account as its origin says.
    pub fn new(origin: Arc<Origin>) -> Self {
        /// Each slot has another key, also when it is made from the same origin.
        static INCARNATION: AtomicU64 = AtomicU64::new(0);
        let incarnation = INCARNATION.fetch_add(1, Ordering::Relaxed);
        let seeded = &origin.account;
        Self {
            id: seeded.account_id.as_str().into(),
            company_name: seeded.company_name.as_str().into(),
            login: seeded.login.username.as_str().into(),
            throwaway: seeded.throwaway,
            token_key: sixteen_bytes(mix(!origin.random, incarnation)),
            account: Mutex::new(account_of(&origin)),
            listings: Default::default(),
            opened_by: Mutex::default(),
            failures: Mutex::default(),
            bucket: Mutex::default(),
            profile: RwLock::new(origin.profile.clone()),
            origin,
        }
    }

    /// The same account, which a reset brings back to another origin.
    pub fn returning_to(self, origin: Arc<Origin>) -> Self {
        Self { origin, ..self }
    }

    /// The account, for as long as the guard lives.
    pub fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock()
    }

    /// The list of its users in that format; none when there are none. `encode` turns users into
    /// what stands for them in the list, and tells the behaviours that it asked.
    pub fn list(
        &self,
        format: Format,
        profile: &Arc<NamedProfile>,
        frame: impl FnOnce() -> ListFrame,
        encode: impl Fn(&[Arc<User>], &[Role]) -> (Vec<u8>, Asked),
    ) -> Option<Listed> {
        let mut listing = self.listings[format as usize].lock();
        let account = self.account();
        if account.users().len() == 0 {
            return None;
        }
        let version = account.version();
        if let Some(listed) = listing.unchanged(profile, version) {
            return Some(listed);
        }
        let plans = listing.plan(profile, account.users());
        let roles = Arc::clone(account.shared_roles());
        // The users are immutable and shared, so the account is not held while they are encoded.
        drop(account);
        let encode = |users: &[Arc<User>]| encode(users, &roles);
        Some(listing.make(profile, version, plans, &frame(), encode))
    }

    /// Whether these are the encoded credentials that opened the account last, and still do.
    pub fn opened_before_by(&self, encoded: &str) -> bool {
        let opened_by = self.opened_by.lock();
        let Some((known, digest)) = &*opened_by else {
            return false;
        };
        let same = known.expose().as_bytes().ct_eq(encoded.as_bytes());
        bool::from(same) && self.account().login().passwords.first() == Some(digest)
    }

    /// Remembers that these encoded credentials, with that password, are right for the API login.
    pub fn remember_opened_by(&self, encoded: &str, password: &Secret) {
        let digest = self.account().digest(password.expose());
        *self.opened_by.lock() = Some((Secret::new(encoded), digest));
    }

    /// Its own profile, when it does not follow the server's.
    pub fn profile(&self) -> Option<Arc<NamedProfile>> {
        self.profile.read().clone()
    }

    /// Gives it a profile of its own.
    pub fn set_profile(&self, profile: Arc<NamedProfile>) {
        *self.profile.write() = Some(profile);
    }

    /// Takes one request from the account's budget; the error is the time at which the next one
    /// is allowed, since the Unix epoch.
    pub fn spend(&self, limit: RateLimit, now: Duration) -> Result<(), Duration> {
        self.bucket.lock().take(limit, now)
    }

    /// Whether `most` failed logins in a row have locked out that name. It ends `seconds` after
    /// the last of them; with 0 only an administrator ends it.
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

    /// Forgets failed logins after a right one, or when an administrator unlocks the name.
    pub fn forget_failures(&self, login: &str) {
        self.failures.lock().remove(login);
    }

    /// Forgets the failed logins of all names.
    pub fn unlock(&self) {
        self.failures.lock().clear();
    }

    /// The names with failed logins, sorted.
    pub fn lockouts(&self) -> Vec<Lockout> {
        let mut lockouts: Vec<Lockout> = self
            .failures
            .lock()
            .iter()
            .map(|(login, seen)| Lockout {
                login: login.clone(),
                failures: seen.count,
                last: seen.last,
            })
            .collect();
        lockouts.sort_by(|a, b| a.login.cmp(&b.login));
        lockouts
    }

    /// The signature of a token of this account.
    pub fn sign(&self, token: &str) -> Digest {
        Digest::of(&self.token_key, token)
    }

    /// The account as a snapshot has it.
    pub fn export(&self) -> SeedAccount {
        let account = self.account();
        let digests = |digests: &[Digest]| -> Vec<PasswordDigest> {
            let bytes = digests.iter().map(|digest| digest.to_bytes());
            bytes.map(PasswordDigest).collect()
        };
        SeedAccount {
            account_id: (*self.id).to_owned(),
            company_name: (*self.company_name).to_owned(),
            salt: Some(Salt(*account.salt())),
            throwaway: self.throwaway,
            login: SeedLogin {
                username: (*self.login).to_owned(),
                password: None,
                password_digests: digests(&account.login().passwords),
            },
            roles: account
                .roles()
                .iter()
                .map(|role| SeedRole {
                    role_id: (*role.id).to_owned(),
                    role_name: (*role.name).to_owned(),
                    permissions: role.permissions.clone(),
                })
                .collect(),
            users: account
                .users()
                .map(|user| SeedUser {
                    user_id: (*user.id).to_owned(),
                    username: (*user.username).to_owned(),
                    first_name: user.first_name.as_deref().map(str::to_owned),
                    last_name: user.last_name.as_deref().map(str::to_owned),
                    email: user.email.as_deref().map(str::to_owned),
                    telephone_number: user.telephone_number.as_deref().map(str::to_owned),
                    roles: user.roles.iter().map(|id| (**id).to_owned()).collect(),
                    enabled: user.enabled,
                    password: None,
                    password_digests: digests(&user.passwords),
                    resources: user
                        .resources
                        .iter()
                        .map(|name| (**name).to_owned())
                        .collect(),
                })
                .collect(),
            next_user_number: account.next_number(),
        }
    }
}

fn account_of(origin: &Origin) -> Account {
    let seeded = &origin.account;
    let salt = seeded
        .salt
        .map_or_else(|| sixteen_bytes(origin.random), |salt| salt.0);
    let passwords = |clear: Option<&bandwidth_fixtures::Secret>, digests: &[PasswordDigest]| {
        let clear = clear.map(|password| Digest::of(&salt, password.expose()));
        let kept = digests.iter().map(|digest| Digest::from_bytes(digest.0));
        clear.into_iter().chain(kept).collect::<Vec<Digest>>()
    };
    let roles: Vec<Role> = seeded
        .roles
        .iter()
        .map(|role| Role {
            id: role.role_id.as_str().into(),
            name: role.role_name.as_str().into(),
            permissions: role.permissions.clone(),
        })
        .collect();
    let role_ids: HashMap<&str, Arc<str>> = seeded
        .roles
        .iter()
        .zip(&roles)
        .map(|(seed, role)| (seed.role_id.as_str(), Arc::clone(&role.id)))
        .collect();
    let login = &seeded.login;
    let login = Login {
        username: login.username.as_str().into(),
        passwords: passwords(login.password.as_ref(), &login.password_digests),
    };
    let next = seeded.next_user_number;
    let mut account = Account::new(
        &seeded.account_id,
        salt,
        login,
        roles,
        next + u64::from(origin.generated),
    );
    for (number, user) in (1..).zip(&seeded.users) {
        account.put(User {
            number,
            id: user.user_id.as_str().into(),
            username: user.username.as_str().into(),
            first_name: user.first_name.as_deref().map(Box::from),
            last_name: user.last_name.as_deref().map(Box::from),
            email: user.email.as_deref().map(Box::from),
            telephone_number: user.telephone_number.as_deref().map(Box::from),
            roles: user
                .roles
                .iter()
                .filter_map(|id| role_ids.get(id.as_str()).cloned())
                .collect(),
            enabled: user.enabled,
            passwords: passwords(user.password.as_ref(), &user.password_digests).into(),
            resources: user
                .resources
                .iter()
                .map(|name| name.as_str().into())
                .collect(),
        });
    }
    let first = seeded.users.len() as u64 + 1;
    generate::add_users(&mut account, origin.generated, first, next);
    account
}
