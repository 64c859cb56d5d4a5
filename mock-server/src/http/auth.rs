//! Authentication of callers.

use std::sync::Arc;

use axum::http::{HeaderMap, header::AUTHORIZATION};
use bandwidth_fixtures::{
    ApiError, Consultation, Secret,
    operation::{Endpoint, Login},
    profile::{AuthSchemes, RolePermissions, UserLogins},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;

use crate::{
    domain::{Reach, Role, UserNumber},
    jwt::Signer,
    store::{
        AccountState, Store,
        token::{self, Grant, Owner, TokenError},
    },
    text::credentials,
};

/// The permission of a role to read (RAML).
const VIEW: &str = "VIEW";
/// The permission of a role to change (RAML).
const UPDATE: &str = "UPDATE";

/// The kinds of credentials that open the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Schemes {
    pub(super) basic: bool,
    pub(super) bearer: bool,
}

/// The schemes that `auth.schemes` accepts.
pub(super) fn schemes(rules: &Consultation) -> Schemes {
    let schemes = rules.auth_schemes();
    Schemes {
        basic: schemes != AuthSchemes::Bearer,
        bearer: schemes != AuthSchemes::Basic,
    }
}

/// A caller whose credentials are right.
#[derive(Debug)]
pub(super) struct Caller {
    /// State of the accounts that the credentials open.
    pub(super) slot: Arc<AccountState>,
    pub(super) kind: CallerKind,
    /// Its name.
    pub(super) login: Arc<str>,
    /// Permissions of its token; `None` for Basic.
    pub(super) grant: Option<Arc<Grant>>,
    /// Its reach: the account in the path alone, else all accounts that its credentials open.
    pub(super) reach: Reach,
}

impl Caller {
    /// The API login of that account.
    fn api_login(slot: Arc<AccountState>) -> Self {
        Self {
            login: Arc::clone(&slot.login),
            reach: slot.login_reach.clone(),
            slot,
            kind: CallerKind::ApiLogin,
            grant: None,
        }
    }

    /// The holder of a token, if it opens accounts.
    pub(super) fn with_token(slot: Arc<AccountState>, grant: Arc<Grant>) -> Self {
        Self {
            reach: grant.reach(&slot),
            slot,
            kind: match grant.owner {
                Owner::Credential => CallerKind::Client,
                Owner::ApiLogin => CallerKind::ApiLogin,
                Owner::User(number) => CallerKind::User(number),
            },
            login: grant.client_id.as_str().into(),
            grant: Some(grant),
        }
    }

    /// Rejects a user whose roles do not permit the operation. A role that lists no permissions
    /// permits reading.
    pub(super) fn permit(&self, endpoint: &Endpoint, rules: &Consultation) -> Result<(), ApiError> {
        let CallerKind::User(number) = self.kind else {
            return Ok(());
        };
        // It asks for a token, or changes its own password.
        let own = matches!(endpoint.login, Login::Client | Login::Own);
        if own || rules.auth_role_permissions() == RolePermissions::Ignored {
            return Ok(());
        }
        let account = self.slot.account();
        let held = |role: &&Role| {
            let user = account.find_number(number);
            user.is_some_and(|user| user.roles.contains(&role.id))
        };
        let mut roles = account.roles().iter().filter(held);
        let permitted = roles.any(
            |role| match (endpoint.changes, role.permissions.as_slice()) {
                (changes, []) => !changes,
                (true, listed) => listed.iter().any(|permission| permission == UPDATE),
                (false, listed) => listed.iter().any(|permission| permission == VIEW),
            },
        );
        if permitted {
            Ok(())
        } else {
            Err(ApiError::NotPermitted)
        }
    }

    /// The caller at the account that the path names, if it names one.
    fn at(self, account: Option<&str>) -> Result<Self, ApiError> {
        let Some(id) = account else { return Ok(self) };
        let company = self.slot.company(id);
        let opened = company.filter(|company| self.reach.opens(&company.id));
        let reach = opened.ok_or(ApiError::OtherAccount)?.reach();
        Ok(Self { reach, ..self })
    }
}

/// The owner of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallerKind {
    /// The account's API login.
    ApiLogin,
    /// A user of the account.
    User(UserNumber),
    /// API credentials.
    Client,
}

/// A name and a password.
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: Secret,
}

impl Credentials {
    /// Reads `Authorization: Basic`, if possible.
    pub(super) fn basic(headers: &HeaderMap) -> Option<Self> {
        match authorization(headers) {
            Some(("basic", encoded)) => Self::decode(encoded),
            _ => None,
        }
    }

    fn decode(encoded: &str) -> Option<Self> {
        let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (username, password) = decoded.split_once(':')?;
        Some(Self {
            username: username.to_owned(),
            password: Secret::new(password),
        })
    }

    /// The same with each part decoded as in a form, if that changes anything.
    pub(super) fn form_decoded(&self) -> Option<Self> {
        let parts = [self.username.as_str(), self.password.expose()];
        if !parts.iter().any(|part| part.contains(['%', '+'])) {
            return None;
        }
        let decoded = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8_lossy().into_owned()
        };
        Some(Self {
            username: decoded(&self.username),
            password: Secret::new(decoded(self.password.expose())),
        })
    }

    fn are_blank(&self) -> bool {
        self.username.trim().is_empty() || self.password.expose().trim().is_empty()
    }
}

/// The scheme in lower case, and what follows it. Two such headers are none.
fn authorization(headers: &HeaderMap) -> Option<(&'static str, &str)> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, rest) = credentials(value.to_str().ok()?)?;
    let scheme = ["basic", "bearer"]
        .into_iter()
        .find(|known| scheme.eq_ignore_ascii_case(known))?;
    Some((scheme, rest))
}

/// True if the request authenticates with a scheme that no profile accepts, or with a token that
/// this profile rejects.
fn names_other_scheme(headers: &HeaderMap, rules: &Consultation) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let scheme = value
        .to_str()
        .ok()
        .and_then(|value| value.split(' ').next());
    scheme.is_some_and(|scheme| {
        let is = |known: &str| scheme.eq_ignore_ascii_case(known);
        !scheme.is_empty() && !is("basic") && (!is("bearer") || !schemes(rules).bearer)
    })
}

/// The account of the API login, client id or token in the request, even if the credentials are
/// wrong. Its profile applies if the path names no account.
pub(super) fn claimed_account(store: &Store, headers: &HeaderMap) -> Option<Arc<AccountState>> {
    match authorization(headers)? {
        ("bearer", text) => token::account_of(store, text),
        (_, encoded) => account_named(store, &Credentials::decode(encoded)?.username),
    }
}

/// The account whose API login, client id or user has that name. A user of a throwaway account is
/// found by the account in the path only.
pub(super) fn account_named(store: &Store, name: &str) -> Option<Arc<AccountState>> {
    let slot = store.account_of_login(name);
    slot.or_else(|| store.account_of_client(name)).or_else(|| {
        let mut slots = slots_by_preference(store, None).into_iter();
        slots.find(|slot| slot.account().is_claimed_by(name))
    })
}

/// Data that is needed to identify a caller.
#[derive(Clone, Copy)]
pub(super) struct Authenticator<'a> {
    pub(super) store: &'a Store,
    pub(super) signer: &'a Signer,
    pub(super) rules: &'a Consultation,
}

impl Authenticator<'_> {
    /// Authenticates the caller, who must have access to `account` if the path names one. `slot` is
    /// that account, or else the claimed one, if there is one.
    pub(super) fn caller(
        self,
        headers: &HeaderMap,
        account: Option<&str>,
        slot: Option<&Arc<AccountState>>,
    ) -> Result<Caller, ApiError> {
        let Self {
            store,
            signer,
            rules,
        } = self;
        let caller = match authorization(headers) {
            Some(("bearer", text)) if schemes(rules).bearer => {
                let asked = slot.map(|slot| &**slot);
                let grant = token::check(store, signer, text, asked, rules);
                let grant = grant.map_err(|error| match error {
                    TokenError::Invalid => ApiError::TokenInvalid,
                    TokenError::Expired => ApiError::TokenExpired,
                })?;
                let slot = slot.ok_or(ApiError::OtherAccount)?;
                Caller::with_token(Arc::clone(slot), grant)
            }
            Some(("basic", encoded)) if schemes(rules).basic => {
                // What was right a moment ago, letter for letter, need not be decoded and hashed.
                if let Some(slot) = slot.filter(|slot| slot.opened_before_by(encoded)) {
                    settle(slot, &slot.login, true, rules)?;
                    return Caller::api_login(Arc::clone(slot)).at(account);
                }
                let credentials =
                    Credentials::decode(encoded).ok_or(ApiError::CredentialsMissingOrWrong)?;
                if credentials.are_blank() {
                    return Err(ApiError::CredentialsBlank);
                }
                let named = account.or_else(|| slot.map(|slot| &*slot.id));
                let caller = log_in(store, &credentials, named, true, rules)?;
                if caller.kind == CallerKind::ApiLogin {
                    let password = &credentials.password;
                    caller.slot.remember_opened_by(encoded, password);
                }
                caller
            }
            _ if names_other_scheme(headers, rules) => return Err(ApiError::SchemeNotTaken),
            _ => return Err(ApiError::CredentialsMissingOrWrong),
        };
        caller.at(account)
    }
}

fn check_api_login(
    slot: &AccountState,
    credentials: &Credentials,
    rules: &Consultation,
) -> Result<bool, ApiError> {
    let username = credentials.username.as_str();
    let right = {
        let account = slot.account();
        let present = account.login_password(username);
        let digest = account.digest(credentials.password.expose());
        present.is_some_and(|present| present.matches(&digest))
    };
    settle(slot, username, right, rules)
}

/// A locked name does not get in, right or not, and none after the end of Basic; a right login ends
/// the row of failed ones.
fn settle(
    slot: &AccountState,
    username: &str,
    right: bool,
    rules: &Consultation,
) -> Result<bool, ApiError> {
    if is_locked_out(slot, username, rules) {
        return Err(ApiError::LockedOut);
    }
    if right {
        slot.logins.forget_failures(username);
        if slot.has_come(rules.auth_basic_ends()) {
            return Err(ApiError::BasicEnded);
        }
    }
    Ok(right)
}

fn is_locked_out(slot: &AccountState, login: &str, rules: &Consultation) -> bool {
    let most = rules.auth_lockout();
    most > 0
        && slot
            .logins
            .is_locked_out(login, most, rules.auth_lockout_seconds(), slot.now())
}

/// The login that these credentials open. Wrong ones count towards a lockout if `counts`.
pub(super) fn log_in(
    store: &Store,
    credentials: &Credentials,
    account: Option<&str>,
    counts: bool,
    rules: &Consultation,
) -> Result<Caller, ApiError> {
    let username = credentials.username.as_str();
    let mut named = Vec::new();
    if let Some(slot) = store.account_of_login(username) {
        if check_api_login(&slot, credentials, rules)? {
            return Ok(Caller::api_login(slot));
        }
        named.push(slot);
    }
    if rules.auth_user_logins() == UserLogins::Accepted {
        for slot in slots_by_preference(store, account) {
            if !slot.account().has_login(username, rules) {
                continue;
            }
            if is_locked_out(&slot, username, rules) {
                return Err(ApiError::LockedOut);
            }
            let password = credentials.password.expose();
            let user = slot.account().user_login(username, password, rules);
            if let Some(user) = user {
                user.admitted(rules)?;
                slot.logins.forget_failures(username);
                return Ok(Caller {
                    reach: user.reach(),
                    slot,
                    kind: CallerKind::User(user.number),
                    login: username.into(),
                    grant: None,
                });
            }
            named.push(slot);
        }
    }
    for slot in named.iter().filter(|_| counts) {
        slot.logins.count_failure(username, slot.now());
    }
    Err(ApiError::CredentialsMissingOrWrong)
}

/// Accounts that may have a user, in the order of the search: several accounts may have the same
/// username. The account in the path comes first. Throwaway accounts share no names, so they are
/// searched only if the path names them.
fn slots_by_preference(store: &Store, account: Option<&str>) -> Vec<Arc<AccountState>> {
    let in_path = account.and_then(|id| store.account(id));
    if let Some(slot) = in_path.filter(|slot| slot.throwaway) {
        return vec![slot];
    }
    let mut slots = store.accounts();
    slots.retain(|slot| !slot.throwaway);
    slots.sort_by_key(|slot| account.is_none_or(|id| slot.company(id).is_none()));
    slots
}
