//! The accounts of a server. One lock per account, never held across an await.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bandwidth_fixtures::{
    Consultation, RateLimit, Seed,
    profile::{EmailUnique, UsernameCase, UsernameScope},
    seed::SeedAccount,
};
use dashmap::DashMap;

use crate::{
    domain::{Account, DomainError, Role, Taken, User},
    fault::TokenBucket,
    random::mix,
    wire::UserBody,
};

/// All accounts.
#[derive(Debug, Default)]
pub struct Store {
    accounts: DashMap<Arc<str>, Arc<Slot>>,
    /// Names of API logins and the accounts they open.
    logins: DashMap<Box<str>, Arc<str>>,
    /// Held while a name is given that must be unique among all accounts, so that two accounts
    /// cannot give it at once. Taken before any account's lock.
    naming: Mutex<()>,
}

/// An account and what belongs to it on this server.
#[derive(Debug)]
pub struct Slot {
    /// The account's id.
    pub id: Arc<str>,
    /// The company's name.
    pub company_name: Box<str>,
    account: Mutex<Account>,
    failures: Mutex<HashMap<Box<str>, u32>>,
    bucket: Mutex<TokenBucket>,
}

/// A panic in one request must not make an account unusable; operations change it whole or not.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    /// The account, for as long as the guard lives.
    pub fn account(&self) -> MutexGuard<'_, Account> {
        locked(&self.account)
    }

    /// Takes one request from the account's budget; the error is the time at which the next one
    /// is allowed, since the Unix epoch.
    pub fn spend(
        &self,
        limit: RateLimit,
        now: std::time::Duration,
    ) -> Result<(), std::time::Duration> {
        locked(&self.bucket).take(limit, now)
    }

    /// Failed logins in a row under that name.
    pub fn failures(&self, login: &str) -> u32 {
        locked(&self.failures).get(login).copied().unwrap_or(0)
    }

    /// Counts a failed login. The caller has made sure that the login exists, so the table is
    /// bounded.
    pub fn count_failure(&self, login: &str) {
        let mut failures = locked(&self.failures);
        let count = failures.entry(login.into()).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// Forgets failed logins after a right one.
    pub fn forget_failures(&self, login: &str) {
        locked(&self.failures).remove(login);
    }
}

impl Store {
    /// The accounts of a seed. `random_seed` decides salts, so that a run can be repeated.
    pub fn from_seed(seed: &Seed, random_seed: u64) -> Self {
        let store = Self::default();
        for (index, seeded) in (0_u64..).zip(&seed.accounts) {
            store.add(seeded, mix(random_seed, index));
        }
        store
    }

    fn add(&self, seeded: &SeedAccount, random: u64) {
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&mix(random, 0).to_le_bytes());
        salt[8..].copy_from_slice(&mix(random, 1).to_le_bytes());
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
        let login = (seeded.login.username.as_str(), &seeded.login.password);
        let mut account = Account::new(
            &seeded.account_id,
            salt,
            login,
            roles,
            seeded.next_user_number,
        );
        for (number, user) in (1..).zip(&seeded.users) {
            let password = user
                .password
                .as_ref()
                .map(|password| account.digest(password.expose()));
            account.put(User {
                number,
                id: user.user_id.as_str().into(),
                username: user.username.as_str().into(),
                first_name: user.first_name.as_deref().map(Box::from),
                last_name: user.last_name.as_deref().map(Box::from),
                email: user.email.as_deref().map(Arc::from),
                telephone_number: user.telephone_number.as_deref().map(Box::from),
                roles: user
                    .roles
                    .iter()
                    .filter_map(|id| role_ids.get(id.as_str()).cloned())
                    .collect(),
                enabled: user.enabled,
                passwords: password.into_iter().collect(),
                resources: user
                    .resources
                    .iter()
                    .map(|name| name.as_str().into())
                    .collect(),
                username_reserved: user.username_reserved,
            });
        }
        let id: Arc<str> = seeded.account_id.as_str().into();
        self.logins
            .insert(seeded.login.username.as_str().into(), Arc::clone(&id));
        let slot = Slot {
            id: Arc::clone(&id),
            company_name: seeded.company_name.as_str().into(),
            account: Mutex::new(account),
            failures: Mutex::default(),
            bucket: Mutex::default(),
        };
        self.accounts.insert(id, Arc::new(slot));
    }

    /// The account of that id.
    pub fn account(&self, id: &str) -> Option<Arc<Slot>> {
        self.accounts.get(id).map(|slot| Arc::clone(&slot))
    }

    /// The account whose API login has that name.
    pub fn account_of_login(&self, username: &str) -> Option<Arc<Slot>> {
        let id = self.logins.get(username).map(|id| Arc::clone(&id))?;
        self.account(&id)
    }

    /// All accounts, in no order.
    pub fn accounts(&self) -> Vec<Arc<Slot>> {
        self.accounts
            .iter()
            .map(|entry| Arc::clone(entry.value()))
            .collect()
    }

    /// Creates a user.
    pub fn create_user(
        &self,
        slot: &Slot,
        body: &UserBody,
        rules: &Consultation,
    ) -> Result<Arc<User>, DomainError> {
        let (_guard, others) = self.naming(slot, rules);
        slot.account().create(body, &others, rules)
    }

    /// Updates a user.
    pub fn update_user(
        &self,
        slot: &Slot,
        key: &str,
        body: &UserBody,
        rules: &Consultation,
    ) -> Result<Arc<User>, DomainError> {
        let (_guard, others) = self.naming(slot, rules);
        slot.account().update(key, body, &others, rules)
    }

    /// What must be held and asked while names are given.
    fn naming(&self, slot: &Slot, rules: &Consultation) -> (Option<MutexGuard<'_, ()>>, Others) {
        let global = rules.username_scope() == UsernameScope::Global
            || rules.email_unique() == EmailUnique::Global;
        if !global {
            return (None, Others(Vec::new()));
        }
        let guard = locked(&self.naming);
        let others = self
            .accounts()
            .into_iter()
            .filter(|other| other.id != slot.id)
            .collect();
        (Some(guard), Others(others))
    }
}

/// The other accounts of a server.
struct Others(Vec<Arc<Slot>>);

impl Taken for Others {
    fn username(&self, username: &str, case: UsernameCase) -> bool {
        self.0
            .iter()
            .any(|slot| slot.account().username_taken(username, None, case))
    }

    fn email(&self, email: &str) -> bool {
        self.0
            .iter()
            .any(|slot| slot.account().email_taken(email, None))
    }
}
