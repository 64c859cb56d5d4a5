//! Access tokens: JWTs with their accounts, expiry and owner. The store does not keep them; an
//! account only remembers the last one that it verified.

use std::{sync::Arc, time::Duration};

use bandwidth_fixtures::{AccountScope, Consultation, profile::OwnerGone};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{AccountState, Store};
use crate::{
    domain::{Company, Credential, Reach, UserNumber},
    jwt::{self, Signer},
};

/// The claims of a token: its permissions and its owner. Bandwidth's command line client reads
/// `accounts`, `roles`, `express`, `iat` and `exp` (BAND).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Grant {
    /// Ids of the accounts that it opens; none for a system-wide scope of a login (BAND).
    pub accounts: Vec<String>,
    /// Display names of its roles.
    pub roles: Vec<String>,
    express: bool,
    /// Seconds since the Unix epoch.
    iat: u64,
    exp: u64,
    iss: String,
    sub: String,
    /// The client id, or the name of the login that asked for the token.
    pub client_id: String,
    /// The accounts that it can reach.
    pub scope: AccountScope,
    jti: String,
    /// The account that issued it.
    home: String,
    /// Its state then. A reset begins another, and ends the token.
    incarnation: u64,
    /// The owner of the token.
    pub owner: Owner,
}

/// The owner of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    Credential,
    ApiLogin,
    /// A user of the account.
    User(UserNumber),
}

/// A token that opens no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// This server did not make it, or a reset or the end of its owner has ended it.
    #[error("the token is unknown")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

impl Grant {
    /// Permissions of an account's credential, for that number of seconds.
    pub fn of_credential(home: &AccountState, credential: &Credential, seconds: u32) -> Self {
        Self {
            accounts: credential.accounts.clone(),
            roles: credential.roles.clone(),
            scope: credential.scope,
            ..Self::new(home, &credential.client_id, Owner::Credential, seconds)
        }
    }

    /// Permissions of a login of the domain.
    pub fn of_login(home: &AccountState, name: &str, owner: Owner, seconds: u32) -> Self {
        let account = home.account();
        let user = match owner {
            Owner::User(number) => account.find_number(number),
            Owner::Credential | Owner::ApiLogin => None,
        };
        let (scope, reach) = match user {
            Some(user) => (user.scope, user.reach()),
            None => (account.login().scope, home.login_reach.clone()),
        };
        Self {
            accounts: match reach {
                Reach::Domain => Vec::new(),
                Reach::Accounts(ids) => ids.iter().map(|id| (**id).to_owned()).collect(),
            },
            roles: account.role_names(),
            scope,
            ..Self::new(home, name, owner, seconds)
        }
    }

    fn new(home: &AccountState, name: &str, owner: Owner, seconds: u32) -> Self {
        let now = home.now();
        let ends = now + Duration::from_secs(seconds.into());
        Self {
            accounts: Vec::new(),
            roles: Vec::new(),
            express: false,
            iat: now.as_secs(),
            // Whole seconds, and not before the time given to the client.
            exp: ends.as_secs() + u64::from(ends.subsec_nanos() > 0),
            iss: "bandwidth-mock".to_owned(),
            sub: name.to_owned(),
            client_id: name.to_owned(),
            scope: AccountScope::AccountAdmin,
            jti: format!("{:016x}", home.fresh()),
            home: (*home.id).to_owned(),
            incarnation: home.incarnation,
            owner,
        }
    }

    /// Its reach there. A system-wide scope reaches all of the domain that issued it.
    pub fn reach(&self, state: &AccountState) -> Reach {
        if self.scope.is_system_wide() && self.home == *state.id {
            return Reach::Domain;
        }
        let opened = |company: &&Company| self.accounts.iter().any(|id| **id == *company.id);
        let mut companies = state.companies.iter().filter(opened);
        if let (Some(only), None) = (companies.next(), companies.next()) {
            return only.reach();
        }
        let companies = state.companies.iter().filter(opened);
        Reach::Accounts(companies.map(|company| Arc::clone(&company.id)).collect())
    }

    /// The domains that it reaches accounts of, in the order of its accounts.
    pub fn domains(&self, store: &Store) -> Vec<(Arc<AccountState>, Reach)> {
        let mut states: Vec<Arc<AccountState>> = Vec::new();
        let home = self.scope.is_system_wide().then_some(&self.home);
        for id in home.into_iter().chain(&self.accounts) {
            let known = |state: &Arc<AccountState>| states.iter().any(|one| one.id == state.id);
            states.extend(store.account(id).filter(|state| !known(state)));
        }
        let reached = states.into_iter().map(|state| {
            let reach = self.reach(&state);
            (state, reach)
        });
        reached.collect()
    }

    fn owner_is_there(&self, home: &AccountState) -> bool {
        let account = home.account();
        match self.owner {
            Owner::Credential => account.credential(&self.client_id).is_ok(),
            Owner::ApiLogin => true,
            Owner::User(number) => account.find_number(number).is_some_and(|user| user.enabled),
        }
    }
}

/// State of the first account that a token names, else of its issuer, without a check of the
/// signature.
pub fn account_of(store: &Store, token: &str) -> Option<Arc<AccountState>> {
    let grant: Grant = jwt::claims(token)?;
    let mut ids = grant.accounts.iter().chain([&grant.home]);
    ids.find_map(|id| store.account(id))
}

/// Verifies a token, and returns its permissions. `asked` is the account of the request.
pub fn check(
    store: &Store,
    signer: &Signer,
    token: &str,
    asked: Option<&AccountState>,
    rules: &Consultation,
) -> Result<Arc<Grant>, TokenError> {
    let verify = || signer.verify(token).map(Arc::new);
    let grant = match asked {
        Some(asked) => asked.verified(token, verify),
        None => verify(),
    };
    let grant = grant.ok_or(TokenError::Invalid)?;
    let home = store.account(&grant.home);
    let home = home.filter(|home| home.incarnation == grant.incarnation);
    let home = home.ok_or(TokenError::Invalid)?;
    if home.now() >= Duration::from_secs(grant.exp) {
        return Err(TokenError::Expired);
    }
    if rules.auth_token_owner_gone() == OwnerGone::Ends && !grant.owner_is_there(&home) {
        return Err(TokenError::Invalid);
    }
    Ok(grant)
}
