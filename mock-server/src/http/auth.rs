//! Who is calling.

use std::sync::Arc;

use axum::http::{HeaderMap, header::AUTHORIZATION};
use bandwidth_fixtures::{
    Consultation, Secret,
    profile::{AuthSchemes, UserLogins},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::refusal::Refusal;
use crate::{
    domain::UserNumber,
    store::{Slot, Store},
};

/// A caller whose credentials are right.
#[derive(Debug)]
pub(super) struct Caller {
    /// The account that the credentials open.
    pub(super) slot: Arc<Slot>,
    pub(super) who: Who,
}

/// Whose credentials they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// The account's API login.
    ApiLogin,
    /// A user of the account.
    User(UserNumber),
}

/// Username and password of `Authorization: Basic`.
struct Credentials {
    username: String,
    password: Secret,
}

/// The caller, who must have access to `account` where the path names one.
pub(super) fn authenticate(
    store: &Store,
    headers: &HeaderMap,
    account: Option<&str>,
    rules: &Consultation,
) -> Result<Caller, Refusal> {
    let credentials = basic(headers, rules)?;
    let caller = log_in(store, &credentials, account, rules)?;
    if account.is_some_and(|id| *id != *caller.slot.id) {
        return Err(Refusal::AccessDenied);
    }
    Ok(caller)
}

fn basic(headers: &HeaderMap, rules: &Consultation) -> Result<Credentials, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Refusal::Unauthenticated);
    };
    let encoded = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Basic"))
        .map(|(_, encoded)| encoded.trim())
        .ok_or(Refusal::Unauthenticated)?;
    if rules.auth_schemes() == AuthSchemes::Bearer {
        return Err(Refusal::Unauthenticated);
    }
    let decoded = STANDARD
        .decode(encoded)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or(Refusal::Unauthenticated)?;
    let (username, password) = decoded.split_once(':').ok_or(Refusal::Unauthenticated)?;
    if username.trim().is_empty() || password.trim().is_empty() {
        return Err(Refusal::BlankCredentials);
    }
    Ok(Credentials {
        username: username.to_owned(),
        password: Secret::new(password),
    })
}

fn log_in(
    store: &Store,
    credentials: &Credentials,
    account: Option<&str>,
    rules: &Consultation,
) -> Result<Caller, Refusal> {
    let username = credentials.username.as_str();
    let password = credentials.password.expose();
    let lockout = rules.auth_lockout();
    let mut named = Vec::new();
    if let Some(slot) = store.account_of_login(username) {
        let locked_out = lockout > 0 && slot.failures(username) >= lockout;
        let right = {
            let account = slot.account();
            let present = account.login_password(username);
            present.is_some_and(|present| present.matches(&account.digest(password)))
        };
        if locked_out {
            return Err(Refusal::LockedOut);
        }
        if right {
            slot.forget_failures(username);
            return Ok(Caller {
                slot,
                who: Who::ApiLogin,
            });
        }
        named.push(slot);
    }
    if rules.auth_user_logins() == UserLogins::Accepted {
        for slot in slots_by_preference(store, account) {
            if !slot.account().has_username(username) {
                continue;
            }
            if lockout > 0 && slot.failures(username) >= lockout {
                return Err(Refusal::LockedOut);
            }
            let user = slot.account().user_login(username, password);
            if let Some(user) = user {
                slot.forget_failures(username);
                return Ok(Caller {
                    slot,
                    who: Who::User(user.number),
                });
            }
            named.push(slot);
        }
    }
    for slot in named {
        slot.count_failure(username);
    }
    Err(Refusal::Unauthenticated)
}

/// The account in the path first: the same username may exist in several.
fn slots_by_preference(store: &Store, account: Option<&str>) -> Vec<Arc<Slot>> {
    let mut slots = store.accounts();
    slots.sort_by_key(|slot| (account != Some(&*slot.id), Arc::clone(&slot.id)));
    slots
}
