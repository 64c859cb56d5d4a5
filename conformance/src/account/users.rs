//! The users of one run: the requests that may create or change one, and their state.

use std::{
    collections::HashSet,
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    absence::{Absence, Holder},
    change::{Change, surface_of},
    file::Event,
    keys,
    ledger::{Entry, Ledger, State as Known},
    snapshot::Prepared,
};
use crate::{
    dispatch::{Dispatch, SendError, Sent},
    exchange::{Log, Purpose},
    limits::{Surface, Writes},
    random,
    target::{DOMAINS, MANAGED},
    transport::{Response, TransportError},
};

/// Why a request is not sent.
#[derive(Debug)]
pub enum Refusal {
    /// It would write, which is not allowed. The text names the flag that allows it.
    NotAllowed(String),
    /// Its method or its path is unknown, and so is its effect.
    Unknown,
    /// It concerns a user that is not the run's, or the target does not show whose user it is.
    NotOurs(String),
    /// The target kept the run from finding out.
    Distress(SendError),
    /// The ledger cannot be written.
    Ledger(io::Error),
}

impl From<SendError> for Refusal {
    fn from(error: SendError) -> Self {
        Self::Distress(error)
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Ledger(error)
    }
}

/// The users of one run on the target.
pub struct Account {
    /// Sends its requests.
    pub dispatch: Dispatch,
    /// A part of the username or the email of each user of the run.
    pub prefix: String,
    /// True if the guard passes requests that it cannot read: an emulator of this process has
    /// nothing to protect.
    pub unguarded: bool,
    /// True if its users end with the target, and nothing has to remove them: an emulator of this
    /// process.
    pub ends_with_target: bool,
    /// Surface on which its users are read, listed and removed: account or identity domain.
    pub home: Surface,
    names: AtomicU64,
    users: AtomicU64,
    state: Mutex<State>,
}

/// State of the run's users.
#[derive(Default)]
pub(super) struct State {
    pub(super) ledger: Ledger,
    pub(super) absence: Absence,
    /// The list's error before the first create, if it had one: status and body.
    pub(super) before_first: Option<(u16, Vec<u8>)>,
    /// True if the list has pages by number.
    pub(super) paged: Option<bool>,
    /// The longest time that the target took to show a write.
    pub(super) lag: Duration,
    /// True if one user was still there after the longest wait.
    pub(super) waited: bool,
    /// Keys of users that were enabled when a delete of them was sent.
    pub(super) deleted_enabled: HashSet<String>,
    /// True if the first user is proved gone.
    pub(super) first_gone: bool,
    pub(super) prepared: Option<Prepared>,
    /// Differences from the original prepared user, after it was restored.
    pub(super) put_back: Option<Vec<String>>,
}

impl Account {
    /// The account of `dispatch`, for users with that prefix.
    pub fn new(dispatch: Dispatch, prefix: String) -> Self {
        Self {
            dispatch,
            prefix,
            unguarded: false,
            ends_with_target: false,
            home: Surface::Account,
            names: AtomicU64::new(0),
            users: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// A prefix that no other run has.
    pub fn new_prefix() -> String {
        format!("cf-{}-", random::hex())
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps these books from here on.
    pub fn keep(&self, ledger: Ledger) {
        self.state().ledger = ledger;
    }

    /// Reads the books.
    pub fn ledger<T>(&self, read: impl FnOnce(&Ledger) -> T) -> T {
        read(&self.state().ledger)
    }

    /// Removes the ledger's file.
    pub fn discard_ledger(&self) -> io::Result<()> {
        self.state().ledger.discard()
    }

    /// The number of users that were created, or may have been.
    pub fn users(&self) -> u64 {
        self.users.load(Ordering::Relaxed)
    }

    /// A username of the run that was not used yet.
    pub fn fresh_username(&self) -> String {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        let before = &self.dispatch.limits.name_prefix;
        format!("{before}{}{number}", self.prefix)
    }

    /// The path of the account's identity domain.
    pub fn domain_path(&self) -> String {
        format!(
            "{DOMAINS}/{}",
            keys::encode(&self.dispatch.credentials.domain)
        )
    }

    /// The path of a user among the run's users; the key is in the form of bodies.
    pub(super) fn user_path(&self, key: &str) -> String {
        self.user_path_on(self.home, key)
    }

    /// The path of a user on that surface.
    pub fn user_path_on(&self, surface: Surface, key: &str) -> String {
        format!("{}/{}", self.users_path_on(surface), keys::encode(key))
    }

    /// The path of the list that shows the run's users.
    pub(super) fn users_path(&self) -> String {
        self.users_path_on(self.home)
    }

    fn users_path_on(&self, surface: Surface) -> String {
        match surface {
            Surface::Account => self.dispatch.users_path(),
            Surface::Identity => format!("{}/users", self.domain_path()),
            Surface::Management => format!("{MANAGED}/users"),
        }
    }

    /// True for names that this run gives.
    pub fn is_own_name(&self, name: &str) -> bool {
        name.to_lowercase().contains(&self.prefix.to_lowercase())
    }

    /// The longest time that the target took to show a write.
    pub fn lag(&self) -> Duration {
        self.state().lag
    }

    /// Records the time that the target took to show a write.
    pub(super) fn note_lag(&self, lag: Duration) {
        let mut state = self.state();
        state.lag = state.lag.max(lag);
    }

    /// Looks whether a change may be sent, just before it is. Asks the target whose user it
    /// concerns. Returns the number of a request that may create a user.
    pub async fn admit(
        &self,
        change: &Change,
        username: &str,
        log: &mut Log,
    ) -> Result<Option<u64>, Refusal> {
        if *change == Change::None {
            return Ok(None);
        }
        if let Writes::Refused(reason) = self.dispatch.limits.writes {
            return Err(Refusal::NotAllowed(reason.to_owned()));
        }
        let (key, path) = match change {
            Change::Unknown if self.unguarded => return Ok(None),
            Change::None | Change::Unknown => return Err(Refusal::Unknown),
            Change::Create => return self.admit_create(username, log).await.map(Some),
            Change::CreateAt { key, path }
            | Change::Update { key, path }
            | Change::Delete { key, path } => (key, path),
        };
        let creates = matches!(change, Change::CreateAt { .. });
        if creates && !self.is_own_name(key) {
            return Err(Refusal::NotOurs(
                "the create would give a user a key that is not a name of this run".to_owned(),
            ));
        }
        let in_domain = surface_of(path) == Surface::Identity;
        let deletes = matches!(change, Change::Delete { .. });
        if deletes && self.deletes_nothing() {
            return Err(Refusal::NotAllowed(
                "a prepared user is never deleted".to_owned(),
            ));
        }
        match self.holder_just_before(path, key, log).await? {
            Holder::Ours(user) => {
                if !deletes && !creates && self.deletes_nothing() {
                    self.write_down_prepared()?;
                }
                if deletes {
                    self.look_for_in_list(key, Purpose::Check, log).await?;
                    if user.enabled {
                        self.state().deleted_enabled.insert(key.clone());
                    }
                }
                Ok(None)
            }
            Holder::Other(user) if !deletes && !creates && self.is_prepared(key, &user) => {
                self.write_down_prepared()?;
                Ok(None)
            }
            // A domain does not show the users of accounts that the login does not manage.
            Holder::Unused if in_domain && !self.is_own_name(key) => Err(Refusal::NotOurs(
                format!("GET {path} shows no user, and the key is not a name of this run"),
            )),
            // An update of an unused key may create a user.
            Holder::Unused if !deletes && in_domain => self.admit_create(key, log).await.map(Some),
            Holder::Unused if !deletes => self.admit_create(username, log).await.map(Some),
            Holder::Unused => Ok(None),
            Holder::Other(_) => Err(Refusal::NotOurs(format!(
                "GET {path} shows a user that this run did not create"
            ))),
            Holder::Unclear(why) => Err(Refusal::NotOurs(format!(
                "GET {path} does not show whose user it is ({why})"
            ))),
        }
    }

    /// Counts a request that may create a user and writes it down, if it may be sent.
    async fn admit_create(&self, username: &str, log: &mut Log) -> Result<u64, Refusal> {
        let limits = &self.dispatch.limits;
        if let Some(key) = &limits.prepared_user {
            return Err(Refusal::NotAllowed(format!(
                "the run may change only the prepared user {key}, and creates none"
            )));
        }
        if limits.one_user_first && !limits.allow_leftovers && !self.state().first_gone {
            self.settle_refused(log).await?;
            if self.may_have_another(username) {
                return Err(Refusal::NotAllowed(
                    "the first user of the run is not proved gone, and --allow-leftovers is not given".to_owned(),
                ));
            }
        }
        if self.ledger(Ledger::creates) == 0 {
            self.note_list_before_first(log).await?;
        }
        let used = self.users.fetch_add(1, Ordering::Relaxed);
        if let Some(most) = limits.max_users
            && used >= most
        {
            self.users.fetch_sub(1, Ordering::Relaxed);
            let why = format!("the budget of {most} users is spent; --max-users raises it");
            return Err(self.dispatch.end(why).into());
        }
        let create = self.state().ledger.sent(username)?;
        self.keep_back();
        Ok(create)
    }

    /// Records the result of a request to `path` that may have created the user of that name.
    /// Returns the keys in its response, most likely first.
    pub fn note_create(&self, create: u64, username: &str, path: &str, sent: &Sent) -> Vec<String> {
        let mut state = self.state();
        if !sent.delivered {
            let _ = state.ledger.note(Event::Settled { create });
            self.users.fetch_sub(1, Ordering::Relaxed);
            return Vec::new();
        }
        let now = Instant::now();
        let mut named = Vec::new();
        // What cannot be written is known here, and a clean-up from the file finds users by their
        // prefix.
        let ends = match &sent.outcome {
            Ok(response) => {
                match response.status {
                    200..300 => {
                        named = self.keys_in(response, username);
                        let mut keys = named.clone();
                        if surface_of(path) != Surface::Account || self.home != Surface::Account {
                            // The answer names what the user has for a key on this surface, and it is
                            // deleted on another one. Below a domain the name is the key.
                            keys.clear();
                        }
                        if keys.is_empty() && !username.is_empty() {
                            // Where the answer names none, the name may be the key.
                            keys.push(username.to_owned());
                        }
                        for key in keys {
                            let _ = state.ledger.note(Event::Named { create, key });
                        }
                    }
                    408 => {}
                    400..500 if !sent.repeated => {
                        let _ = state.ledger.note(Event::Refused { create });
                        self.users.fetch_sub(1, Ordering::Relaxed);
                    }
                    _ => {}
                }
                now + self.ends_after(response.status)
            }
            // It was never let in. That is a refusal like any other.
            Err(SendError::Ended(_)) if sent.limited => {
                let _ = state.ledger.note(Event::Refused { create });
                self.users.fetch_sub(1, Ordering::Relaxed);
                now
            }
            Err(SendError::Transport(TransportError::Timeout(_)) | SendError::Ended(_)) => {
                now + self.dispatch.limits.under_way
            }
            // A target that closes a connection has mostly finished what came over it.
            Err(SendError::Transport(_)) => now + self.dispatch.limits.backoff.cap,
        };
        if let Some(open) = state.ledger.open_mut(create) {
            open.ends = ends;
        }
        drop(state);
        self.keep_back();
        named
    }

    /// Keys in the response to a create, most likely first.
    fn keys_in(&self, response: &Response, username: &str) -> Vec<String> {
        let ours = |name: &str| name == username || self.is_own_name(name);
        let mut keys = keys::named_by(response, ours);
        // A target that echoes logins may name one, or a part of one. A file must not hold it.
        let location = response.header("location").unwrap_or_default();
        let places = [location.to_owned(), keys::decode(location)];
        let leaks = places.iter().any(|place| self.is_secret(place));
        let from_there = |key: &str| places.iter().any(|place| place.contains(key));
        keys.retain(|key| !(self.is_secret(key) || leaks && from_there(key)));
        keys
    }

    pub(super) fn is_secret(&self, text: &str) -> bool {
        self.dispatch.redactor.clean(text) != text
    }

    /// Records a successful update of a username. If the old name was the key, the new one may be
    /// the key now.
    pub fn note_rename(&self, key: &str, username: &str) {
        let is_key = |entry: &Entry| entry.username.as_deref() == Some(key);
        if self.ledger(|ledger| ledger.find(key).is_some_and(is_key)) {
            self.note_moved(username);
        }
    }

    /// Records that an update may have given a user of the run that key.
    pub fn note_moved(&self, key: &str) {
        let mut state = self.state();
        if state.ledger.find(key).is_none() {
            state.ledger.set(key, Known::Present);
        }
    }

    /// True if a user of the run with another name is on the target, or may be. A create without a
    /// response may be repeated.
    fn may_have_another(&self, username: &str) -> bool {
        let state = self.state();
        let gone = |entry: &Entry| entry.state == Known::Gone;
        let mut open = state.ledger.open().iter();
        !state.ledger.entries().iter().all(gone) || open.any(|open| open.username != username)
    }

    /// Reserves requests of the budget for the clean-up: four for each user, and four more; two
    /// without users.
    pub(super) fn keep_back(&self) {
        let pending = self.state().ledger.pending() as u64;
        let reserve = if pending == 0 { 2 } else { 4 * pending + 4 };
        self.dispatch.keep_back(reserve);
    }

    /// Time after a response with that status in which a create may still take effect. A gateway
    /// may time out while the target continues.
    fn ends_after(&self, status: u16) -> Duration {
        match status {
            502 | 504 => self.dispatch.limits.under_way,
            _ => Duration::ZERO,
        }
    }
}
