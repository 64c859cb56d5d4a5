//! Authority of a caller below an identity domain.

use bandwidth_fixtures::{AccountScope, Consultation};

use crate::domain::{Reach, User};

/// The accounts, roles and scopes that a caller may see and give.
#[derive(Debug, Clone)]
pub struct DomainAuthority {
    pub scope: AccountScope,
    /// Its accounts.
    pub reach: Reach,
}

impl DomainAuthority {
    /// True if it manages the user: one of its accounts, or a user without accounts.
    pub fn manages(&self, user: &User) -> bool {
        let has_none = user.accounts.is_empty() && !user.scope.is_system_wide();
        has_none || self.reach.includes(user)
    }
}

/// The user that a request is about, the caller, and the profile.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The login name.
    pub key: &'a str,
    /// Authority of the caller.
    pub by: &'a DomainAuthority,
    /// The profile.
    pub rules: &'a Consultation,
}
