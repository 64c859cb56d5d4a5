//! Events of the users of a world: the log of the identity surface.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bandwidth_fixtures::ApiError;

use super::{
    Account,
    user::{User, UserNumber},
    users::Change,
};

/// Maximum number of events; the oldest are dropped first.
const MOST: usize = 10_000;

/// The caller of an operation, and the time on the world's clock.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The name of its login.
    pub login: Arc<str>,
    /// Since the Unix epoch.
    pub at: Duration,
}

/// Kinds of events (IRIS20).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A user logged in with its own name.
    Login,
    /// Its password changed.
    PasswordReset,
    /// It was created.
    UserCreate,
    /// Its names, email, address or telephone numbers changed.
    UserProfileUpdate,
    /// Its scope, state or where it logs in changed.
    UserSettingsUpdate,
    /// Its roles changed.
    UserRolesUpdate,
    /// Its accounts changed.
    UserAccountsUpdate,
}

impl EventKind {
    /// Its name (IRIS20).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "LOGIN",
            Self::PasswordReset => "PASSWORD_RESET",
            Self::UserCreate => "USER_CREATE",
            Self::UserProfileUpdate => "USER_PROFILE_UPDATE",
            Self::UserSettingsUpdate => "USER_SETTINGS_UPDATE",
            Self::UserRolesUpdate => "USER_ROLES_UPDATE",
            Self::UserAccountsUpdate => "USER_ACCOUNTS_UPDATE",
        }
    }
}

/// Something that was done to a user, or was tried.
#[derive(Debug, Clone)]
pub struct Event {
    /// Counts from 1 in a world.
    pub id: u64,
    /// When, since the Unix epoch.
    pub at: Duration,
    /// The login of the caller.
    pub invoking: Arc<str>,
    /// What.
    pub kind: EventKind,
    /// True if it took effect.
    pub success: bool,
    /// The user before it, unless that was created, and after it, where its fields changed.
    pub change: Option<Change>,
    user: UserNumber,
}

impl Event {
    /// True if it lists the changes. Events never show a password.
    pub fn has_details(&self) -> bool {
        self.change.is_some() && self.kind != EventKind::PasswordReset
    }
}

/// The events of a world, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Events {
    count: u64,
    kept: VecDeque<Arc<Event>>,
}

impl Events {
    /// Those of a user, newest first.
    pub(super) fn of(&self, user: UserNumber) -> impl Iterator<Item = &Arc<Event>> {
        self.kept
            .iter()
            .rev()
            .filter(move |event| event.user == user)
    }

    /// Adds what happened to a user. One change can be several events.
    pub(super) fn add_change(&mut self, actor: &Actor, change: &Change) {
        let (before, after) = change;
        for kind in kinds(before.as_deref(), after) {
            self.add(actor, after.number, kind, true, Some(change.clone()));
        }
    }

    /// Adds an event without a change.
    pub(super) fn add_plain(
        &mut self,
        actor: &Actor,
        user: UserNumber,
        kind: EventKind,
        success: bool,
    ) {
        self.add(actor, user, kind, success, None);
    }

    fn add(
        &mut self,
        actor: &Actor,
        user: UserNumber,
        kind: EventKind,
        success: bool,
        change: Option<Change>,
    ) {
        self.count += 1;
        if self.kept.len() == MOST {
            self.kept.pop_front();
        }
        self.kept.push_back(Arc::new(Event {
            id: self.count,
            at: actor.at,
            invoking: Arc::clone(&actor.login),
            kind,
            success,
            change,
            user,
        }));
    }
}

fn kinds(before: Option<&User>, after: &User) -> Vec<EventKind> {
    let Some(before) = before else {
        return vec![EventKind::UserCreate];
    };
    let settings = |user: &User| {
        let details = user.details();
        (user.scope, user.enabled, details.origin(), details.state())
    };
    let changed = [
        (
            EventKind::PasswordReset,
            before.passwords != after.passwords,
        ),
        (
            EventKind::UserSettingsUpdate,
            settings(before) != settings(after),
        ),
        (EventKind::UserProfileUpdate, !before.has_profile_of(after)),
        (EventKind::UserRolesUpdate, before.roles != after.roles),
        (
            EventKind::UserAccountsUpdate,
            before.accounts != after.accounts,
        ),
    ];
    let changed = changed.into_iter().filter(|(_, changed)| *changed);
    changed.map(|(kind, _)| kind).collect()
}

impl Account {
    /// Makes a change, and logs what it does to users.
    pub fn logging<T>(&mut self, actor: &Actor, change: impl FnOnce(&mut Self) -> T) -> T {
        self.users.watch();
        let done = change(self);
        for change in self.users.unwatch() {
            self.events.add_change(actor, &change);
        }
        done
    }

    /// Logs that a change of a user failed.
    pub fn log_failure(&mut self, actor: &Actor, user: UserNumber, kind: EventKind) {
        self.events.add_plain(actor, user, kind, false);
    }

    /// Logs a login. With Basic each request is one; one entry covers all of them until the next
    /// event of the user.
    pub fn log_login(&mut self, actor: &Actor, user: UserNumber) {
        let last = self.events.of(user).next();
        if last.is_none_or(|event| event.kind != EventKind::Login) {
            self.events.add_plain(actor, user, EventKind::Login, true);
        }
    }

    /// Events of a user, newest first.
    pub fn events_of(&self, user: &User) -> impl Iterator<Item = &Arc<Event>> {
        self.events.of(user.number)
    }

    /// Events of the user with that id, newest first.
    pub fn events_of_id(&self, id: &str) -> Result<Vec<Arc<Event>>, ApiError> {
        let user = self.users.with_id(id).ok_or(ApiError::UnknownUser)?;
        Ok(self.events_of(user).cloned().collect())
    }
}
