//! Changes to a running server, by the control API or the library.

mod profile_choice;

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bandwidth_fixtures::{
    AccountScope, Consultation, FixtureError, NamedProfile, RateLimit, Secret, Seed, describe,
    seed::{SeedAccount, SeedContents, SeedDomain, SeedFurtherAccount, SeedLogin},
};
use thiserror::Error;

pub use self::profile_choice::{ProfileChoice, read_options};
use crate::{
    app::App,
    clock::{Clock, ClockChange, Reading, TooFar},
    domain::{ApiError, Event, User},
    fault::{ArmedFault, Fault, FaultError, TooManyFaults},
    generate::{client_of, with_credential},
    random::mix,
    store::{AccountState, Exists, Origin, Store},
};

/// A change that the control API rejected. Nothing has changed.
#[derive(Debug, Error)]
pub enum ControlError {
    /// No such account.
    #[error("there is no account `{0}`; GET /__admin/accounts lists them")]
    NoAccount(String),
    /// No such user.
    #[error(
        "account `{account}` has no user `{user}`; GET /__admin/accounts/{account}/snapshot lists its users"
    )]
    NoUser {
        account: String,
        /// The user's id.
        user: String,
    },
    /// An account or login that is there already.
    #[error(transparent)]
    Exists(#[from] Exists),
    /// A profile, seed or snapshot that cannot be used.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// A fault that cannot be armed.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// No room for another fault.
    #[error(transparent)]
    TooManyFaults(#[from] TooManyFaults),
    /// An advance that is too long.
    #[error(transparent)]
    TooFar(#[from] TooFar),
    /// Anything else that is not as it must be.
    #[error("{0}")]
    Invalid(String),
}

impl ControlError {
    fn no_user(account: &str, user: &str) -> Self {
        Self::NoUser {
            account: account.to_owned(),
            user: user.to_owned(),
        }
    }
}

/// Settings of a throwaway account.
#[derive(Debug, Default)]
pub struct NewAccount {
    /// Its id; one that is free by default.
    pub account_id: Option<String>,
    /// The name of its identity domain; `domain-` and its id by default.
    pub domain_name: Option<String>,
    /// Further accounts of the domain.
    pub further_accounts: FurtherAccounts,
    /// Its own profile; by default it follows the server's.
    pub profile: Option<ProfileChoice>,
    /// Its roles and users; by default the roles of the demo account and no users.
    pub seed: Option<SeedChoice>,
    /// Rate limit; the profile's by default.
    pub rate_limit: Option<RateLimit>,
    /// When its own clock starts, since the Unix epoch; by default it follows the server's clock.
    pub clock: Option<Duration>,
    /// Faults for this account only.
    pub faults: Vec<Fault>,
}

/// The further accounts of a throwaway account's domain.
#[derive(Debug)]
pub enum FurtherAccounts {
    /// This number of accounts, with free ids.
    Count(u16),
    /// These.
    Listed(Vec<SeedFurtherAccount>),
}

impl Default for FurtherAccounts {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl NewAccount {
    /// True if the request named the existing thing.
    fn names_existing(&self, exists: &Exists) -> bool {
        match (exists, &self.further_accounts) {
            (Exists::Domain(_), _) if self.domain_name.is_some() => true,
            (Exists::Account(id), FurtherAccounts::Listed(listed))
                if listed.iter().any(|one| *one.account_id == **id) =>
            {
                true
            }
            (Exists::Account(id), _) => self.account_id.as_deref() == Some(&**id),
            _ => self.account_id.is_some(),
        }
    }
}

/// The first users of a throwaway account.
#[derive(Debug)]
pub enum SeedChoice {
    /// The first account of a built-in seed.
    Named(String),
    /// These roles and users.
    Contents(SeedContents),
}

/// A throwaway account that was made, and what opens it.
#[derive(Debug)]
pub struct MadeAccount {
    /// The account.
    pub state: Arc<AccountState>,
    /// The password of its login.
    pub password: Secret,
    /// The id of its credential.
    pub client_id: String,
    pub client_secret: Secret,
    /// The faults that were armed for it, in order.
    pub faults: Vec<Arc<ArmedFault>>,
}

impl App {
    /// The account of that id.
    pub fn account(&self, id: &str) -> Result<Arc<AccountState>, ControlError> {
        let state = self.store().account(id);
        state.ok_or_else(|| ControlError::NoAccount(id.to_owned()))
    }

    /// Restores the state at the start: accounts, profile, faults, clock and an empty journal.
    /// Throwaway accounts are deleted.
    pub fn reset(&self) -> Result<(), ControlError> {
        let store = Store::new(&self.start.accounts, &self.clock)?;
        self.clock.reset();
        self.set_store(store);
        self.set_profile(Arc::clone(&self.start.profile));
        self.faults.reset(self.clock.now());
        self.journal.clear();
        self.reliance.clear();
        Ok(())
    }

    /// Makes an account for one test. It shares names, limits and its view of the journal with no
    /// other.
    pub fn create_account(&self, mut new: NewAccount) -> Result<MadeAccount, ControlError> {
        let mut profile = new
            .profile
            .take()
            .map(|choice| choice.profile(&self.profile()))
            .transpose()?;
        if let Some(limit) = new.rate_limit {
            let own = profile.get_or_insert_with(|| (*self.profile()).clone());
            own.set([format!("rate.limit={limit}").as_str()])?;
        }
        let profile = profile.map(Arc::new);
        let contents = match new.seed.take() {
            None => contents_of("empty")?,
            Some(SeedChoice::Named(name)) => contents_of(&name)?,
            Some(SeedChoice::Contents(contents)) => contents,
        };
        let store = self.store();
        let (state, password, client) = loop {
            let number = self.made.fetch_add(1, Ordering::Relaxed);
            let random = mix(!self.settings.random_seed, number);
            let chosen = new.account_id.clone();
            let id = chosen.unwrap_or_else(|| format!("{}", 9_000_001 + number));
            let further_accounts = match &new.further_accounts {
                FurtherAccounts::Listed(listed) => listed.clone(),
                FurtherAccounts::Count(count) => (0..*count).map(|_| self.further()).collect(),
            };
            let domain = SeedDomain {
                name: new.domain_name.clone(),
                further_accounts,
            };
            let password = Secret::new(format!("Mock-{random:016x}!A"));
            let login = SeedLogin {
                username: format!("api-{id}"),
                password: Some(password.clone()),
                password_digests: Vec::new(),
                account_scope: AccountScope::AccountAdmin,
            };
            let mut account = contents
                .clone()
                .into_account("account", &id, domain, login)?;
            account.throwaway = true;
            let account = with_credential(account, self.settings.random_seed);
            let client = client_of(&account).expect("one was made");
            let origin = Arc::new(Origin {
                account,
                generated: 0,
                profile: profile.clone(),
                clock: new.clock,
                random,
            });
            match store.add(AccountState::new(origin, &self.clock)) {
                Ok(state) => break (state, password, client),
                Err(exists) if new.names_existing(&exists) => return Err(exists.into()),
                // A seed has taken an id; the next one may be free.
                Err(_) => {}
            }
        };
        let armed = new.faults.into_iter().map(|fault| {
            let account = Some((*state.id).to_owned());
            let now = state.now();
            self.faults.arm(Fault { account, ..fault }, now)
        });
        match armed.collect::<Result<_, _>>() {
            Ok(faults) => Ok(MadeAccount {
                state,
                password,
                client_id: client.0,
                client_secret: client.1,
                faults,
            }),
            Err(error) => {
                self.forget(&state.id);
                Err(error.into())
            }
        }
    }

    /// A further account with an id that no other throwaway account has.
    fn further(&self) -> SeedFurtherAccount {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        SeedFurtherAccount {
            account_id: format!("{}", 9_000_001 + number),
            company_name: String::new(),
        }
    }

    /// The account of that id, which must be the main one of its domain.
    fn main_account(&self, id: &str) -> Result<Arc<AccountState>, ControlError> {
        let state = self.account(id)?;
        if *state.id != *id {
            return Err(ControlError::Invalid(format!(
                "account `{id}` belongs to the domain of account `{}`; name that one",
                state.id
            )));
        }
        Ok(state)
    }

    /// Deletes an account with its domain, its faults and its requests in the journal.
    pub fn delete_account(&self, id: &str) -> Result<(), ControlError> {
        let state = self.main_account(id)?;
        self.forget(&state.id);
        Ok(())
    }

    fn forget(&self, id: &str) {
        let removed = self.store().remove(id);
        self.keep_gone(|| removed);
        self.faults.disarm_account(id);
        self.journal.forget(id);
        self.reliance.retire(id);
    }

    /// An account as it was when it was made, with its faults of then and no requests.
    pub fn reset_account(&self, id: &str) -> Result<(), ControlError> {
        let state = self.main_account(id)?;
        let anew = AccountState::new(Arc::clone(&state.origin), &self.clock);
        let anew = self.store().replace(anew)?;
        self.keep_gone(|| [state]);
        self.faults.reset_account(id, anew.now());
        self.journal.forget(id);
        self.reliance.forget(id);
        Ok(())
    }

    /// All accounts, at one moment.
    pub fn snapshot(&self) -> Result<Seed, ControlError> {
        let accounts = self.store().export();
        if accounts.is_empty() {
            let message = "there is no account to make a snapshot of; POST /__admin/reset brings \
                           back those of the start";
            return Err(ControlError::Invalid(message.to_owned()));
        }
        Ok(Seed::snapshot(accounts))
    }

    /// One account.
    pub fn account_snapshot(&self, id: &str) -> Result<Seed, ControlError> {
        Ok(Seed::snapshot(vec![SeedAccount::from(
            &*self.main_account(id)?,
        )]))
    }

    /// Puts the accounts of a snapshot instead of all accounts. Limits, lockouts and tokens
    /// start again. What a later reset brings back does not change.
    pub fn restore(&self, snapshot: Seed) -> Result<usize, ControlError> {
        let before = self.store();
        let restored = Store::default();
        for account in snapshot.accounts {
            let present = before.account(&account.account_id);
            restored.add(self.restored(account, present.as_deref()))?;
        }
        let count = restored.len();
        let gone = before.accounts();
        let gone = gone
            .iter()
            .filter(|state| restored.account(&state.id).is_none());
        let gone: Vec<Arc<str>> = gone.map(|state| Arc::clone(&state.id)).collect();
        self.set_store(restored);
        for id in gone {
            self.forget(&id);
        }
        Ok(count)
    }

    /// Puts one account of a snapshot instead of that account.
    pub fn restore_account(&self, id: &str, snapshot: Seed) -> Result<(), ControlError> {
        let present = self.main_account(id)?;
        let mut accounts = snapshot.accounts.into_iter();
        let (account, None) = (accounts.next(), accounts.next()) else {
            let message = "the snapshot has more than one account; PUT /__admin/snapshot takes it";
            return Err(ControlError::Invalid(message.to_owned()));
        };
        let account = account.filter(|account| account.account_id == id);
        let account = account.ok_or_else(|| {
            ControlError::Invalid(format!("the snapshot is of another account than `{id}`"))
        })?;
        let account = SeedAccount {
            throwaway: present.throwaway,
            ..account
        };
        self.store()
            .replace(self.restored(account, Some(&present)))?;
        Ok(())
    }

    /// An account in the state of a snapshot. Its clock continues, and a reset restores the same
    /// state as before.
    fn restored(&self, account: SeedAccount, present: Option<&AccountState>) -> AccountState {
        let random = mix(self.settings.random_seed, 0);
        let account = with_credential(account, self.settings.random_seed);
        let profile = present.and_then(AccountState::profile);
        let origin = Origin {
            account,
            generated: 0,
            profile,
            clock: None,
            random,
        };
        let state = AccountState::new(Arc::new(origin), &self.clock);
        match present {
            Some(present) => state.replacing(present),
            None => state,
        }
    }

    /// Assigns resources to a user.
    pub fn assign_resources(
        &self,
        id: &str,
        user: &str,
        resources: &[String],
    ) -> Result<Arc<User>, ControlError> {
        let state = self.account(id)?;
        let resources = resources.iter().map(|name| name.as_str().into()).collect();
        let assigned = state.account().assign_resources(user, resources);
        assigned.map_err(|_| ControlError::no_user(id, user))
    }

    /// Events of a user, newest first.
    pub fn events_of(&self, id: &str, user: &str) -> Result<Vec<Arc<Event>>, ControlError> {
        let state = self.account(id)?;
        let events = state.account().events_of_id(user);
        events.map_err(|_| ControlError::no_user(id, user))
    }

    /// Sets a user's password, which must meet the profile's rules. Users of today's API get none
    /// when they are created.
    pub fn set_password(
        &self,
        id: &str,
        user: &str,
        password: &Secret,
    ) -> Result<(), ControlError> {
        let state = self.account(id)?;
        let rules = Consultation::of(*self.profile_of(Some(id))?.options());
        let set = state.account().set_user_password(user, password, &rules);
        set.map_err(|error| match error {
            ApiError::UnknownUser => ControlError::no_user(id, user),
            refused => ControlError::Invalid(format!(
                "the password breaks the rule `{}` of the account's profile; GET \
                 /__admin/accounts/{id}/profile shows its password.* behaviours",
                refused.facts().rule
            )),
        })
    }

    /// The profile that an account, or the server, behaves by.
    pub fn profile_of(&self, account: Option<&str>) -> Result<Arc<NamedProfile>, ControlError> {
        let own = account.map(|id| self.account(id)).transpose()?;
        let own = own.and_then(|state| state.profile());
        Ok(own.unwrap_or_else(|| self.profile()))
    }

    /// The profile that an account, or the server, started with.
    pub fn profile_at_start(
        &self,
        account: Option<&str>,
    ) -> Result<Arc<NamedProfile>, ControlError> {
        let own = account.map(|id| self.account(id)).transpose()?;
        let own = own.and_then(|state| state.origin.profile.clone());
        Ok(own.unwrap_or_else(|| Arc::clone(&self.start.profile)))
    }

    /// Has an account, or the server, behave by a profile.
    pub fn choose_profile(
        &self,
        account: Option<&str>,
        profile: NamedProfile,
    ) -> Result<Arc<NamedProfile>, ControlError> {
        let profile = Arc::new(profile);
        match account {
            None => self.set_profile(Arc::clone(&profile)),
            Some(id) => self.account(id)?.set_profile(Arc::clone(&profile)),
        }
        Ok(profile)
    }

    /// Changes the options of some behaviours.
    pub fn change_profile(
        &self,
        account: Option<&str>,
        options: &BTreeMap<String, String>,
    ) -> Result<Arc<NamedProfile>, ControlError> {
        let mut profile = (*self.profile_of(account)?).clone();
        profile_choice::set(&mut profile, options)?;
        self.choose_profile(account, profile)
    }

    /// Arms a fault. One for an account is for all of its domain.
    pub fn arm(&self, fault: Fault) -> Result<Arc<ArmedFault>, ControlError> {
        let now = self.clock_of(fault.account.as_deref()).now;
        let state = fault.account.as_ref().map(|id| self.account(id));
        let account = state.transpose()?.map(|state| (*state.id).to_owned());
        Ok(self.faults.arm(Fault { account, ..fault }, now)?)
    }

    /// The account's clock, or else the server's.
    pub fn clock_of(&self, account: Option<&str>) -> Reading {
        let state = account.and_then(|id| self.store().account(id));
        state.map_or_else(|| self.clock.read(), |state| state.clock.shown().read())
    }

    /// Sets the clocks of the server and of all accounts, or none.
    pub fn set_clocks(&self, change: ClockChange) -> Result<(), ControlError> {
        let _guard = self.setting_clocks.lock();
        let accounts = self.store().accounts();
        let own = accounts.iter().filter_map(|state| state.clock.own());
        let clocks: Vec<&Clock> = own.chain([&*self.clock]).collect();
        clocks.iter().try_for_each(|clock| clock.allows(change))?;
        Ok(clocks.iter().try_for_each(|clock| clock.set(change))?)
    }

    /// Sets the clock of one account, which is its own from then on.
    pub fn set_clock(&self, state: &AccountState, change: ClockChange) -> Result<(), ControlError> {
        let _guard = self.setting_clocks.lock();
        Ok(state.clock.set(change)?)
    }
}

/// The roles and users of the first account of a built-in seed.
fn contents_of(name: &str) -> Result<SeedContents, ControlError> {
    let seed = Seed::built_in(name).ok_or_else(|| {
        let known: Vec<&str> = Seed::built_in_names().collect();
        let or = describe::or_one_of(name, "built in are", &known);
        ControlError::Invalid(format!(
            "there is no seed `{name}`{or}; an object with roles and users is accepted too"
        ))
    })?;
    let first = seed.accounts.into_iter().next();
    let account = first.expect("a seed has an account");
    Ok(SeedContents::from(account))
}
