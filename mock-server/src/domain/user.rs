//! A user of an account.

use std::{borrow::Cow, sync::Arc};

use bandwidth_fixtures::{
    AccountScope, Texts,
    seed::{DetailField, Details},
};

use super::{ApiError, Reach, password::Digest};

/// The place of a user in the order of creation, from 1. Never used twice in an account.
pub type UserNumber = u64;

/// A user. Immutable: an update puts another one in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Place in the order of creation.
    pub number: UserNumber,
    /// Internal id, as `u1`.
    pub id: Box<str>,
    /// Login name.
    pub username: Box<str>,
    /// The text fields.
    pub texts: Texts<Option<Box<str>>>,
    /// The accounts that it can reach. The account and login surfaces do not show it.
    pub scope: AccountScope,
    /// Ids of its accounts; none for a system-wide scope. Users of one account alone share the list.
    pub accounts: Arc<[Arc<str>]>,
    /// Ids of its roles, in the order in which they were given.
    pub roles: Box<[Arc<str>]>,
    /// True if it is active.
    pub enabled: bool,
    /// Its passwords, the present one first; empty for a seeded user without one.
    pub passwords: Box<[Digest]>,
    /// Names of resources that keep it from being deleted.
    pub resources: Box<[Box<str>]>,
    /// Properties on the identity surface only.
    pub details: Option<Box<Details>>,
}

impl User {
    /// The accounts that its login reaches.
    pub fn reach(&self) -> Reach {
        if self.scope.is_system_wide() {
            Reach::Domain
        } else {
            Reach::Accounts(Arc::clone(&self.accounts))
        }
    }

    /// True if both are the same except for their passwords.
    pub fn differs_in_password_only(&self, other: &Self) -> bool {
        let passwords = self.passwords.clone();
        *self
            == Self {
                passwords,
                ..other.clone()
            }
    }

    /// Properties on the identity surface only.
    pub fn details(&self) -> Cow<'_, Details> {
        self.details
            .as_deref()
            .map_or_else(|| Cow::Owned(Details::default()), Cow::Borrowed)
    }

    /// Changes what it has on the identity surface alone.
    pub fn edit_details(
        &mut self,
        edit: impl FnOnce(&mut Details) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let mut details = self.details().into_owned();
        edit(&mut details)?;
        self.details = (details != Details::default()).then(|| Box::new(details));
        Ok(())
    }

    /// True if both have the same names, email, address and telephone numbers.
    pub fn has_profile_of(&self, other: &Self) -> bool {
        let (own, others) = (self.details(), other.details());
        let same = |field: &DetailField| own.text(*field) == others.text(*field);
        self.texts == other.texts
            && own.email_validated == others.email_validated
            && DetailField::ALL.iter().all(same)
    }
}
