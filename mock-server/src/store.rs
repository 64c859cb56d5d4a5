//! The accounts of a server. One lock per account, never held across an await.

mod listing;
mod seed;
mod state;
pub mod token;

use std::sync::Arc;

use bandwidth_fixtures::{AccountScope, Consultation, profile::UsernameCase, seed::SeedAccount};
use dashmap::DashMap;
use parking_lot::{Mutex, MutexGuard};
use thiserror::Error;

pub use self::state::{AccountState, Origin};
use crate::{
    clock::Clock,
    domain::{Account, ApiError, Changes, Credential, CredentialError, Taken, User},
    generate,
    wire::UserBody,
};

/// All accounts.
#[derive(Debug, Default)]
pub struct Store {
    accounts: DashMap<Arc<str>, Arc<AccountState>>,
    /// Names of API logins and the accounts they open.
    logins: DashMap<Arc<str>, Arc<str>>,
    /// Client ids and the accounts that they are of.
    clients: DashMap<Arc<str>, Arc<str>>,
    /// Held while a name is given that must be unique among all accounts, so that two accounts
    /// cannot give it at once. Taken before any account's lock.
    naming: Mutex<()>,
    /// Held while accounts come and go.
    membership: Mutex<()>,
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
    /// One of its client ids is taken.
    #[error("the client id `{0}` belongs to another account already")]
    Client(Box<str>),
}

/// What a credential is created with.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// What it is for.
    pub description: String,
    /// How far it reaches.
    pub scope: AccountScope,
    /// Display names of its roles; at least one.
    pub roles: Vec<String>,
    /// Ids of the accounts that it opens; at least one.
    pub accounts: Vec<String>,
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
    pub fn on<T>(self, state: &AccountState, change: impl FnOnce(&mut Account) -> T) -> T {
        let mut account = state.account();
        match self {
            Self::Commit => change(&mut account),
            Self::DryRun => change(&mut account.clone()),
        }
    }
}

fn client_ids(state: &AccountState) -> Vec<Arc<str>> {
    let account = state.account();
    let credentials = account.credentials().iter();
    credentials.map(|one| Arc::clone(&one.client_id)).collect()
}

impl Store {
    /// The accounts of these origins, on a server with that clock.
    pub fn new(origins: &[Arc<Origin>], clock: &Arc<Clock>) -> Result<Self, Exists> {
        let store = Self::default();
        for origin in origins {
            store.add(AccountState::new(Arc::clone(origin), clock))?;
        }
        Ok(store)
    }

    /// Adds an account.
    pub fn add(&self, state: AccountState) -> Result<Arc<AccountState>, Exists> {
        let _guard = self.membership.lock();
        if self.accounts.contains_key(&state.id) {
            return Err(Exists::Account((*state.id).into()));
        }
        if self.logins.contains_key(&state.login) {
            return Err(Exists::Login((*state.login).into()));
        }
        self.index_clients(&state, &[])?;
        let state = Arc::new(state);
        self.accounts
            .insert(Arc::clone(&state.id), Arc::clone(&state));
        // Last: who can log in finds an account.
        self.logins
            .insert(state.login.clone(), Arc::clone(&state.id));
        Ok(state)
    }

    /// Puts another state of an account in its place. What requests that are under way do to the
    /// old one is lost.
    pub fn replace(&self, state: AccountState) -> Result<Arc<AccountState>, Exists> {
        let _guard = self.membership.lock();
        let holder = self.logins.get(&state.login).map(|id| Arc::clone(&id));
        if holder.is_some_and(|holder| holder != state.id) {
            return Err(Exists::Login((*state.login).into()));
        }
        let before = self.account(&state.id).map(|old| client_ids(&old));
        self.index_clients(&state, &before.unwrap_or_default())?;
        let state = Arc::new(state);
        self.logins
            .insert(state.login.clone(), Arc::clone(&state.id));
        let old = self
            .accounts
            .insert(Arc::clone(&state.id), Arc::clone(&state));
        if let Some(old) = old.filter(|old| old.login != state.login) {
            self.logins.remove(&old.login);
        }
        Ok(state)
    }

    /// Removes the account of that id.
    pub fn remove(&self, id: &str) -> Option<Arc<AccountState>> {
        let _guard = self.membership.lock();
        let (_, state) = self.accounts.remove(id)?;
        self.logins.remove(&state.login);
        for client in client_ids(&state) {
            self.clients.remove(&client);
        }
        Some(state)
    }

    /// Has the client ids of an account find it, in place of those that it had before.
    fn index_clients(&self, state: &AccountState, before: &[Arc<str>]) -> Result<(), Exists> {
        let own = client_ids(state);
        for client in &own {
            let holder = self.clients.get(client).map(|id| Arc::clone(&id));
            if holder.is_some_and(|holder| holder != state.id) {
                return Err(Exists::Client((**client).into()));
            }
        }
        for client in before {
            self.clients.remove(client);
        }
        for client in own {
            self.clients.insert(client, Arc::clone(&state.id));
        }
        Ok(())
    }

    /// The account of that id.
    pub fn account(&self, id: &str) -> Option<Arc<AccountState>> {
        self.accounts.get(id).map(|state| Arc::clone(&state))
    }

    /// The account whose API login has that name.
    pub fn account_of_login(&self, username: &str) -> Option<Arc<AccountState>> {
        let id = self.logins.get(username).map(|id| Arc::clone(&id))?;
        self.account(&id)
    }

    /// The account that has the credential of that client id.
    pub fn account_of_client(&self, client_id: &str) -> Option<Arc<AccountState>> {
        let id = self.clients.get(client_id).map(|id| Arc::clone(&id))?;
        self.account(&id)
    }

    /// Creates a credential with an id of its own and without secrets.
    pub fn create_credential(
        &self,
        state: &AccountState,
        new: NewCredential,
        mode: Mode,
    ) -> Arc<Credential> {
        let credential = Credential {
            client_id: generate::client_id(state.fresh()).into(),
            description: new.description,
            scope: new.scope,
            roles: new.roles,
            accounts: new.accounts,
            created: state.now(),
            secrets: Vec::new(),
        };
        let client_id = Arc::clone(&credential.client_id);
        if mode == Mode::Commit {
            self.clients.insert(client_id, Arc::clone(&state.id));
        }
        mode.on(state, |account| account.add_credential(credential))
    }

    /// Revokes a credential.
    pub fn delete_credential(
        &self,
        state: &AccountState,
        client_id: &str,
        mode: Mode,
    ) -> Result<(), CredentialError> {
        mode.on(state, |account| account.delete_credential(client_id))?;
        if mode == Mode::Commit {
            self.clients.remove(client_id);
        }
        Ok(())
    }

    /// All accounts, by id.
    pub fn accounts(&self) -> Vec<Arc<AccountState>> {
        let mut accounts: Vec<Arc<AccountState>> = self
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
        let _membership = self.membership.lock();
        let _naming = self.naming.lock();
        let states = self.accounts();
        states
            .iter()
            .map(|state| SeedAccount::from(&**state))
            .collect()
    }

    /// Creates a user.
    pub fn create_user(
        &self,
        state: &AccountState,
        body: &UserBody,
        mode: Mode,
        rules: &Consultation,
    ) -> Result<Arc<User>, ApiError> {
        self.with_names(state, mode, |account, others| {
            account.create(body, others, rules)
        })
    }

    /// Updates a user.
    pub fn update_user(
        &self,
        state: &AccountState,
        key: &str,
        body: &UserBody,
        changes: Changes,
        mode: Mode,
        rules: &Consultation,
    ) -> Result<Arc<User>, ApiError> {
        self.with_names(state, mode, |account, others| {
            account.update(key, body, changes, others, rules)
        })
    }

    /// Does what may give names to the account, or to a copy of it.
    pub fn with_names<T>(
        &self,
        state: &AccountState,
        mode: Mode,
        change: impl FnOnce(&mut Account, &dyn Taken) -> T,
    ) -> T {
        let (_guard, others) = self.naming(state);
        mode.on(state, |account| change(account, &others))
    }

    /// What must be held and asked while names are given. A throwaway account shares names with
    /// no other: tests that run side by side do not meet.
    fn naming<'s>(&'s self, state: &'s AccountState) -> (Option<MutexGuard<'s, ()>>, Others<'s>) {
        let guard = (!state.throwaway).then(|| self.naming.lock());
        (guard, Others { store: self, state })
    }
}

/// The other accounts of a server that share names with this one.
struct Others<'s> {
    store: &'s Store,
    state: &'s AccountState,
}

impl Others<'_> {
    fn any(&self, has: impl Fn(&Account) -> bool) -> bool {
        let shares = |other: &AccountState| other.id != self.state.id && !other.throwaway;
        !self.state.throwaway
            && self
                .store
                .accounts()
                .iter()
                .any(|other| shares(other) && has(&other.account()))
    }
}

impl Taken for Others<'_> {
    fn username(&self, username: &str, case: UsernameCase) -> bool {
        self.any(|account| account.username_taken(username, None, case))
    }

    fn email(&self, email: &str) -> bool {
        self.any(|account| account.email_taken(email, None))
    }
}
