//! The fields of a user that only identity domains have, checked, and who gets in because of them.

use std::sync::Arc;

use bandwidth_fixtures::{
    AccountScope, Consultation,
    profile::{GuiLogins, IdentityEmptyList, IdentityPutAbsent, ScopeAbove, Telephone},
    seed::{ApiOrigin, DetailField, DetailGroup, Details, UserState},
};

use super::authority::DomainAuthority;
use crate::{
    domain::{ApiError, Role, User, input},
    wire::{ProfileBody, SettingsBody},
};

impl User {
    /// Rejects a user whose name and password are right, and who does not get in.
    pub fn admitted(&self, rules: &Consultation) -> Result<(), ApiError> {
        let details = self.details();
        if details.state() != UserState::Unlocked {
            return Err(ApiError::LockedOut);
        }
        if !details.origin().has_api() && rules.identity_gui_logins() == GuiLogins::Refused {
            return Err(ApiError::CredentialsMissingOrWrong);
        }
        Ok(())
    }
}

/// The published examples have ten digits (IRIS20).
pub(super) const TELEPHONE: Telephone = Telephone::TenDigitsOptional;

pub(super) fn least_length(rules: &Consultation) -> usize {
    rules.identity_least_id() as usize
}

/// The fields that an update keeps.
#[derive(Clone, Copy)]
pub(super) struct Keeps {
    pub(super) absent: bool,
    pub(super) empty: bool,
}

impl Keeps {
    pub(super) const ALL: Self = Self {
        absent: true,
        empty: false,
    };
}

pub(super) fn set_details(
    details: &mut Details,
    profile: &ProfileBody,
    keeps: Keeps,
) -> Result<(), ApiError> {
    for field in DetailField::ALL.iter().copied() {
        match profile.detail(field) {
            None if keeps.absent => {}
            Some("") if keeps.empty => {}
            given => {
                let text = given.filter(|text| !text.is_empty());
                if let Some(text) = text
                    && field.group() == DetailGroup::TelephoneNumbers
                {
                    input::telephone(text, TELEPHONE)?;
                }
                details.set_text(field, text.map(Into::into));
            }
        }
    }
    Ok(())
}

/// Gives a user the settings of a body. What the body leaves out stays, or returns to its default.
pub(super) fn set_settings(
    user: &mut User,
    body: &SettingsBody,
    by: &DomainAuthority,
    rules: &Consultation,
) -> Result<(), ApiError> {
    let kept = body.is_whole() || rules.identity_put_absent() == IdentityPutAbsent::Kept;
    let scope = match &body.scope {
        Some(text) => Some(AccountScope::on_identity(text).ok_or(ApiError::ScopeInvalid)?),
        None => (!kept).then_some(AccountScope::Account),
    };
    if let Some(scope) = scope {
        if scope > by.scope && rules.identity_scope_above() == ScopeAbove::Refused {
            return Err(ApiError::ScopeTooHigh);
        }
        if scope.is_system_wide() {
            user.accounts = Arc::default();
        }
        user.scope = scope;
    }
    if let Some(active) = body.active.or((!kept).then_some(false)) {
        user.enabled = active;
    }
    let origin = match &body.origin {
        Some(text) => Some(ApiOrigin::parse(text).ok_or(ApiError::OriginInvalid)?),
        None => None,
    };
    let state = match &body.state {
        Some(text) => Some(UserState::parse(text).ok_or(ApiError::StateInvalid)?),
        None => None,
    };
    user.edit_details(|details| {
        if origin.is_some() || !kept {
            details.allowed_api_origin = origin;
        }
        if state.is_some() || !kept {
            details.user_state = state;
        }
        Ok(())
    })
}

/// A list that a PUT gives, if it gives any. `cleared` is what an absent one does.
pub(super) fn given_list<'a>(
    given: Option<&'a [String]>,
    cleared: bool,
    rules: &Consultation,
) -> Option<&'a [String]> {
    match given {
        Some([]) if rules.identity_empty_list() == IdentityEmptyList::Kept => None,
        None if cleared => Some(&[]),
        given => given,
    }
}

pub(super) fn has_account(user: &User) -> bool {
    user.scope.is_system_wide() || !user.accounts.is_empty()
}

/// An active user has an account, unless it reaches all of them (ERR 12102).
pub(super) fn require_account(user: &User) -> Result<(), ApiError> {
    if user.enabled && !has_account(user) {
        return Err(ApiError::AccountNeeded);
    }
    Ok(())
}

pub(super) fn require_phone(user: &User, required: bool) -> Result<(), ApiError> {
    let details = user.details();
    let mut fields = DetailField::ALL.iter();
    let has = user.texts.telephone_number.is_some()
        || fields.any(|field| {
            field.group() == DetailGroup::TelephoneNumbers && details.text(*field).is_some()
        });
    if required && !has {
        Err(ApiError::PhoneRequired)
    } else {
        Ok(())
    }
}

pub(super) fn check_internal(role: &Role, user: &User) -> Result<(), ApiError> {
    if role.internal && !user.scope.is_system_wide() {
        return Err(ApiError::InternalRole);
    }
    Ok(())
}
