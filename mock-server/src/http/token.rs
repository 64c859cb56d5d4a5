//! OAuth 2 client credentials, as `POST /api/v1/oauth2/token` reads them: a client id and its secret,
//! in a form or as Basic. The answers of the real one to a refused request are not published; RFC
//! 6749 is followed.

use std::sync::Arc;

use axum::http::{
    HeaderMap,
    header::{AUTHORIZATION, CONTENT_TYPE},
    request::Parts,
};
use bandwidth_fixtures::{ApiError, Consultation, Secret, profile::TokenClients};

use super::{
    auth::{self, Caller, CallerKind, Credentials},
    body::Received,
};
use crate::{
    store::{
        AccountState, Store,
        token::{Grant, Owner},
    },
    text::media_type,
};

/// Fields of the form.
#[derive(Debug, Default)]
pub(super) struct Form {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
}

impl Form {
    /// The form in the body.
    pub(super) fn read(head: &Parts, body: &Received) -> Result<Self, ApiError> {
        let body = body.whole()?;
        let kind = head.headers.get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !media_type(kind).eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(ApiError::TokenRequestInvalid);
        }
        let mut form = Self::default();
        for (key, value) in form_urlencoded::parse(body) {
            let value = value.into_owned();
            let twice = match &*key {
                "grant_type" => form.grant_type.replace(value).is_some(),
                "client_id" => form.client_id.replace(value).is_some(),
                "client_secret" => form.client_secret.replace(Secret::new(value)).is_some(),
                _ => false,
            };
            // RFC 6749, section 3.2.
            if twice {
                return Err(ApiError::TokenRequestRepeats);
            }
        }
        Ok(form)
    }

    /// The account in the form of a token request, if there is one.
    pub(super) fn claimed_account(&self, store: &Store) -> Option<Arc<AccountState>> {
        auth::account_named(store, self.client_id.as_deref()?)
    }

    /// The client of a token request, with the permissions of the token.
    pub(super) fn client(
        &self,
        store: &Store,
        headers: &HeaderMap,
        rules: &Consultation,
    ) -> Result<Caller, ApiError> {
        let grant = self.grant_type.as_ref();
        if grant.ok_or(ApiError::TokenRequestInvalid)? != "client_credentials" {
            return Err(ApiError::GrantTypeUnsupported);
        }
        // Only one way of authenticating (RFC 6749, section 2.3).
        match (headers.contains_key(AUTHORIZATION), &self.client_secret) {
            (true, Some(_)) => Err(ApiError::TokenRequestRepeats),
            (true, None) => {
                let sent = Credentials::basic(headers).ok_or(ApiError::TokenRequestInvalid)?;
                // As they are, which is what Bandwidth's own clients send, or form-encoded (RFC
                // 6749, section 2.3.1).
                match sent.form_decoded() {
                    // Together they are one attempt.
                    Some(decoded) => known(store, &sent, false, rules)
                        .or_else(|_| known(store, &decoded, true, rules)),
                    None => known(store, &sent, true, rules),
                }
            }
            (false, Some(secret)) => {
                let username = self.client_id.clone();
                let sent = Credentials {
                    username: username.ok_or(ApiError::TokenRequestInvalid)?,
                    password: secret.clone(),
                };
                known(store, &sent, true, rules)
            }
            (false, None) => Err(ApiError::TokenRequestInvalid),
        }
    }
}

/// The client of these credentials. Wrong ones of a login count towards its lockout if `counts`.
fn known(
    store: &Store,
    sent: &Credentials,
    counts: bool,
    rules: &Consultation,
) -> Result<Caller, ApiError> {
    let seconds = rules.auth_token_seconds();
    if let Some(slot) = store.account_of_client(&sent.username) {
        let now = slot.now();
        let client = slot.account().client(&sent.username, &sent.password, now);
        if let Some(client) = client {
            let grant = Grant::of_credential(&slot, &client, seconds);
            return Ok(Caller::with_token(slot, Arc::new(grant)));
        }
    }
    if rules.auth_token_clients() == TokenClients::Credentials {
        return Err(ApiError::ClientInvalid);
    }
    let login = auth::log_in(store, sent, None, counts, rules).map_err(|error| match error {
        ApiError::BasicEnded => ApiError::ClientBasicEnded,
        ApiError::LockedOut => ApiError::LockedOut,
        _ => ApiError::ClientInvalid,
    })?;
    let owner = match login.kind {
        CallerKind::User(number) => Owner::User(number),
        CallerKind::ApiLogin | CallerKind::Client => Owner::ApiLogin,
    };
    let grant = Grant::of_login(&login.slot, &login.login, owner, seconds);
    Ok(Caller::with_token(login.slot, Arc::new(grant)))
}
