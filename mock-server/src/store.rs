//! The accounts of a server. One lock per account, never held across an await.

mod listing;
mod slot;
pub mod token;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bandwidth_fixtures::{
    Consultation,
    profile::{EmailUnique, UsernameCase, UsernameScope},
    seed::SeedAccount,
};
use dashmap::DashMap;
use thiserror::Error;

pub use self::slot::{Origin, Slot};
use crate::{
    domain::{Account, DomainError, Taken, User},
    wire::UserBody,
};

/// All accounts.
#[derive(Debug, Default)]
pub struct Store {
    accounts: DashMap<Arc<str>, Arc<Slot>>,
    /// Names of API logins and the accounts they open.
    logins: DashMap<Arc<str>, Arc<str>>,
    /// Held while a name is given that must be unique among all accounts, so that two accounts
    /// cannot give it at once. Taken before any account's lock.
    naming: Mutex<()>,
    /// Held while accounts come and go.
    membership: Mutex<()>,
}

/// A panic in one request must not make an account unusable; operations change it whole or not.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An account that cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Exists {
    /// Its id is taken.
    #[error("there is an account `{0}` already; choose another accountId, or leave it out")]
    Account(Box<str>),
    /// Its login's name is taken.
    #[error("the login `{0}` belongs to another account already")]
    Login(Box<str>),
}

/// Whether an operation takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It does.
    Commit,
    /// It changes a copy, so its answer is the one that it would have had.
    DryRun,
}

impl Mode {
    /// Does this to the account, or to a copy of it.
    pub fn on<T>(self, slot: &Slot, change: impl FnOnce(&mut Account) -> T) -> T {
        let mut account = slot.account();
        match self {
            Self::Commit => change(&mut account),
            Self::DryRun => change(&mut account.clone()),
        }
    }
}

impl Store {
    /// The accounts that come from there.
    pub fn new(origins: impl IntoIterator<Item = Arc<Origin>>) -> Result<Self, Exists> {
        let store = Self::default();
        for origin in origins {
            store.add(Slot::new(origin))?;
        }
        Ok(store)
    }

    /// Adds an account.
    pub fn add(&self, slot: Slot) -> Result<Arc<Slot>, Exists> {
        let _guard = locked(&self.membership);
        if self.accounts.contains_key(&slot.id) {
            return Err(Exists::Account((*slot.id).into()));
        }
        if self.logins.contains_key(&slot.login) {
            return Err(Exists::Login((*slot.login).into()));
        }
        let slot = Arc::new(slot);
        self.accounts
            .insert(Arc::clone(&slot.id), Arc::clone(&slot));
        // Last: who can log in finds an account.
        self.logins.insert(slot.login.clone(), Arc::clone(&slot.id));
        Ok(slot)
    }

    /// Puts another state of an account in its place. What requests that are under way do to the
    /// old one is lost.
    pub fn replace(&self, slot: Slot) -> Result<Arc<Slot>, Exists> {
        let _guard = locked(&self.membership);
        let holder = self.logins.get(&slot.login).map(|id| Arc::clone(&id));
        if holder.is_some_and(|holder| holder != slot.id) {
            return Err(Exists::Login((*slot.login).into()));
        }
        let slot = Arc::new(slot);
        self.logins.insert(slot.login.clone(), Arc::clone(&slot.id));
        let old = self
            .accounts
            .insert(Arc::clone(&slot.id), Arc::clone(&slot));
        if let Some(old) = old.filter(|old| old.login != slot.login) {
            self.logins.remove(&old.login);
        }
        Ok(slot)
    }

    /// Removes the account of that id.
    pub fn remove(&self, id: &str) -> Option<Arc<Slot>> {
        let _guard = locked(&self.membership);
        let (_, slot) = self.accounts.remove(id)?;
        self.logins.remove(&slot.login);
        Some(slot)
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

    /// All accounts, by id.
    pub fn accounts(&self) -> Vec<Arc<Slot>> {
        let mut accounts: Vec<Arc<Slot>> = self
            .accounts
            .iter()
            .map(|entry| Arc::clone(entry.value()))
            .collect();
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        accounts
    }

    /// How many accounts there are.
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// All accounts as a snapshot has them, at one moment.
    pub fn export(&self) -> Vec<SeedAccount> {
        // No account gives a name or comes or goes meanwhile; users that only change do so in
        // one account.
        let _membership = locked(&self.membership);
        let _naming = locked(&self.naming);
        let slots = self.accounts();
        slots.iter().map(|slot| slot.export()).collect()
    }

    /// Creates a user.
    pub fn create_user(
        &self,
        slot: &Slot,
        body: &UserBody,
        mode: Mode,
        rules: &Consultation,
    ) -> Result<Arc<User>, DomainError> {
        let (_guard, others) = self.naming(slot, rules);
        mode.on(slot, |account| account.create(body, &others, rules))
    }

    /// Updates a user.
    pub fn update_user(
        &self,
        slot: &Slot,
        key: &str,
        body: &UserBody,
        mode: Mode,
        rules: &Consultation,
    ) -> Result<Arc<User>, DomainError> {
        let (_guard, others) = self.naming(slot, rules);
        mode.on(slot, |account| account.update(key, body, &others, rules))
    }

    /// What must be held and asked while names are given. A throwaway account shares names with
    /// nobody: tests that run side by side do not meet.
    fn naming(&self, slot: &Slot, rules: &Consultation) -> (Option<MutexGuard<'_, ()>>, Others) {
        let global = rules.username_scope() == UsernameScope::Global
            || rules.email_unique() == EmailUnique::Global;
        if !global || slot.throwaway {
            return (None, Others(Vec::new()));
        }
        let guard = locked(&self.naming);
        let others = self
            .accounts()
            .into_iter()
            .filter(|other| other.id != slot.id && !other.throwaway)
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
