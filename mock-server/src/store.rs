//! The accounts of a server. One lock per account, never held across an await.

mod listing;
mod seed;
mod state;
pub mod token;

use std::sync::Arc;

use bandwidth_fixtures::{
    AccountScope,
    profile::{EmailCase, UsernameCase},
    seed::SeedAccount,
};
use dashmap::DashMap;
use parking_lot::{Mutex, MutexGuard};
use thiserror::Error;

#[cfg(feature = "traffic")]
pub use self::state::Saved;
pub use self::{
    seed::seed_user,
    state::{AccountState, Origin},
};
use crate::{
    clock::Clock,
    domain::{
        Account, Actor, Credential, CredentialError, EventKind, NamesInUse, UserNumber, same_name,
    },
    generate,
};

/// All accounts.
#[derive(Debug, Default)]
pub struct Store {
    /// By the id of each account of the domain.
    accounts: DashMap<Arc<str>, Arc<AccountState>>,
    /// Names of API logins and the accounts they open.
    logins: DashMap<Arc<str>, Arc<str>>,
    /// Names of domains without case, and their main accounts.
    domains: DashMap<Arc<str>, Arc<str>>,
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
    /// Its id is in use.
    #[error("there is an account `{0}` already; choose another accountId, or leave it out")]
    Account(Box<str>),
    /// The name of its login is in use.
    #[error("the login `{0}` belongs to another account already")]
    Login(Box<str>),
    /// The name of its domain is in use, ignoring case.
    #[error("the domain `{0}` belongs to another account already; choose another domainName")]
    Domain(Box<str>),
    /// One of its client ids is in use.
    #[error("the client id `{0}` belongs to another account already")]
    Client(Box<str>),
}

/// Settings of a new credential.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// Free text.
    pub description: String,
    /// The accounts that it can reach.
    pub scope: AccountScope,
    /// Display names of its roles; at least one.
    pub roles: Vec<String>,
    /// Ids of the accounts that it opens; at least one.
    pub accounts: Vec<String>,
}

/// Decides whether an operation takes effect.
#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// It does. If users have a log, it names this one.
    Commit(Option<&'a Actor>),
    /// Changes only a copy, so the response is the same.
    DryRun,
}

impl Mode<'_> {
    /// Does this to the account, or to a copy of it.
    pub fn on<T>(self, state: &AccountState, change: impl FnOnce(&mut Account) -> T) -> T {
        let mut account = state.account();
        match self {
            Self::Commit(None) => change(&mut account),
            Self::Commit(Some(actor)) => account.logging(actor, change),
            Self::DryRun => change(&mut account.clone()),
        }
    }

    /// Logs that a change of a user failed, if users have a log.
    pub fn log_failure(self, state: &AccountState, user: UserNumber, kind: EventKind) {
        if let Self::Commit(Some(actor)) = self {
            state.account().log_failure(actor, user, kind);
        }
    }

    fn takes_effect(self) -> bool {
        matches!(self, Self::Commit(_))
    }
}

fn domain_key(state: &AccountState) -> Arc<str> {
    state.domain_name.to_ascii_lowercase().into()
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
        self.require_free(&state)?;
        Ok(self.index(state))
    }

    /// Puts another state of an account in its place. What requests that are under way do to the
    /// old one is lost.
    pub fn replace(&self, state: AccountState) -> Result<Arc<AccountState>, Exists> {
        let _guard = self.membership.lock();
        self.require_free(&state)?;
        let before = self.account(&state.id);
        let state = self.index(state);
        if let Some(before) = before {
            self.unindex(&before, Some(&state));
        }
        Ok(state)
    }

    /// Removes the account of that id, with the other accounts of its domain.
    pub fn remove(&self, id: &str) -> Option<Arc<AccountState>> {
        let _guard = self.membership.lock();
        let state = self.account(id)?;
        self.unindex(&state, None);
        Some(state)
    }

    /// Rejects ids and names that another domain has.
    fn require_free(&self, state: &AccountState) -> Result<(), Exists> {
        let other = |index: &DashMap<Arc<str>, Arc<str>>, name: &str| {
            index.get(name).is_some_and(|holder| *holder != state.id)
        };
        for company in &*state.companies {
            let holder = self.account(&company.id);
            if holder.is_some_and(|holder| holder.id != state.id) {
                return Err(Exists::Account((*company.id).into()));
            }
        }
        if other(&self.logins, &state.login) {
            return Err(Exists::Login((*state.login).into()));
        }
        if other(&self.domains, &domain_key(state)) {
            return Err(Exists::Domain((*state.domain_name).into()));
        }
        match client_ids(state).iter().find(|id| other(&self.clients, id)) {
            Some(taken) => Err(Exists::Client((**taken).into())),
            None => Ok(()),
        }
    }

    /// Has all ids and names of a domain find it.
    fn index(&self, state: AccountState) -> Arc<AccountState> {
        let state = Arc::new(state);
        for company in &*state.companies {
            let id = Arc::clone(&company.id);
            self.accounts.insert(id, Arc::clone(&state));
        }
        let main = || Arc::clone(&state.id);
        for client in client_ids(&state) {
            self.clients.insert(client, main());
        }
        self.domains.insert(domain_key(&state), main());
        // Last: who can log in finds an account.
        self.logins.insert(Arc::clone(&state.login), main());
        state
    }

    /// Forgets the ids and names of a domain that `now` lacks.
    fn unindex(&self, state: &AccountState, now: Option<&AccountState>) {
        let lacks = |has: &dyn Fn(&AccountState) -> bool| !now.is_some_and(has);
        for company in &*state.companies {
            if lacks(&|now| now.company(&company.id).is_some()) {
                self.accounts.remove(&company.id);
            }
        }
        for client in client_ids(state) {
            if lacks(&|now| client_ids(now).contains(&client)) {
                self.clients.remove(&client);
            }
        }
        if lacks(&|now| domain_key(now) == domain_key(state)) {
            self.domains.remove(&domain_key(state));
        }
        if lacks(&|now| now.login == state.login) {
            self.logins.remove(&state.login);
        }
    }

    /// State of the account with that id.
    pub fn account(&self, id: &str) -> Option<Arc<AccountState>> {
        self.accounts.get(id).map(|state| Arc::clone(&state))
    }

    /// The account whose API login has that name.
    pub fn account_of_login(&self, username: &str) -> Option<Arc<AccountState>> {
        let id = self.logins.get(username).map(|id| Arc::clone(&id))?;
        self.account(&id)
    }

    /// The account whose domain has that name, ignoring case.
    pub fn account_of_domain(&self, name: &str) -> Option<Arc<AccountState>> {
        let key = name.to_ascii_lowercase();
        let id = self.domains.get(&*key).map(|id| Arc::clone(&id))?;
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
        mode: Mode<'_>,
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
        if mode.takes_effect() {
            self.clients.insert(client_id, Arc::clone(&state.id));
        }
        mode.on(state, |account| account.add_credential(credential))
    }

    /// Revokes a credential.
    pub fn delete_credential(
        &self,
        state: &AccountState,
        client_id: &str,
        mode: Mode<'_>,
    ) -> Result<(), CredentialError> {
        mode.on(state, |account| account.delete_credential(client_id))?;
        if mode.takes_effect() {
            self.clients.remove(client_id);
        }
        Ok(())
    }

    /// All main accounts, by id.
    pub fn accounts(&self) -> Vec<Arc<AccountState>> {
        let mut accounts: Vec<Arc<AccountState>> = self
            .accounts
            .iter()
            .filter(|entry| *entry.key() == entry.id)
            .map(|entry| Arc::clone(entry.value()))
            .collect();
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        accounts
    }

    /// Number of main accounts.
    pub fn len(&self) -> usize {
        self.logins.len()
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

    /// Runs an operation that may give names to the account, or to a copy of it.
    pub fn with_names<T>(
        &self,
        state: &AccountState,
        mode: Mode<'_>,
        change: impl FnOnce(&mut Account, &dyn NamesInUse) -> T,
    ) -> T {
        let (_guard, others) = self.naming(state);
        mode.on(state, |account| change(account, &others))
    }

    /// The lock and the other domains that are needed to give a name. A throwaway account shares
    /// names with no other: tests that run side by side do not meet.
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
    fn shares(&self, other: &AccountState) -> bool {
        other.id != self.state.id && !other.throwaway && !self.state.throwaway
    }

    fn any(&self, has: impl Fn(&Account) -> bool) -> bool {
        !self.state.throwaway
            && self
                .store
                .accounts()
                .iter()
                .any(|other| self.shares(other) && has(&other.account()))
    }
}

impl NamesInUse for Others<'_> {
    fn login(&self, username: &str, case: UsernameCase) -> bool {
        let has = |state: &Arc<AccountState>| {
            self.shares(state) && same_name(&state.login, username, case)
        };
        match case {
            UsernameCase::Sensitive => self
                .store
                .account_of_login(username)
                .is_some_and(|it| has(&it)),
            UsernameCase::Insensitive => self.store.accounts().iter().any(has),
        }
    }

    fn username(&self, username: &str, case: UsernameCase) -> bool {
        self.any(|account| account.username_taken(username, None, case))
    }

    fn email(&self, email: &str, case: EmailCase) -> bool {
        self.any(|account| account.email_taken(email, None, case))
    }
}
