//! OAuth 2 client credentials: `POST /api/v1/oauth2/token`, and the tokens that it gives.
//!
//! The official SDKs send the account's API login there, in a form or as Basic, and go on with
//! the token. What the real one answers to a refused request is not published; RFC 6749 is
//! followed.

use std::{sync::Arc, time::Duration};

use axum::http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE},
    request::Parts,
};
use bandwidth_fixtures::{Consultation, Secret};
use data_encoding::HEXLOWER;
use serde_json::json;

use super::{
    answer::Answer,
    auth::{self, Credentials},
    body::Received,
    refusal::Refusal,
};
use crate::{
    domain::Digest,
    store::{AccountState, Store},
};

/// Why no token is given, by the names of RFC 6749, section 5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// It is not a form with a grant type and credentials.
    InvalidRequest,
    /// The client is unknown, or its secret is wrong.
    InvalidClient,
    /// Another grant than client credentials.
    UnsupportedGrantType,
}

impl TokenError {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest | Self::UnsupportedGrantType => StatusCode::BAD_REQUEST,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
        }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Self::InvalidRequest => {
                "Send a form with grant_type=client_credentials, and client_id and client_secret \
                 in it or as Basic."
            }
            Self::InvalidClient => "The client is unknown or its secret is wrong.",
            Self::UnsupportedGrantType => "grant_type must be client_credentials.",
        }
    }

    pub(super) fn answer(self) -> Answer {
        let body = json!({ "error": self.name(), "error_description": self.description() });
        let answer = json_answer(self.status(), &body);
        match self {
            Self::InvalidClient => answer.header(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"Bandwidth\""),
            ),
            Self::InvalidRequest | Self::UnsupportedGrantType => answer,
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

fn json_answer(status: StatusCode, body: &serde_json::Value) -> Answer {
    Answer::empty(status)
        .content("application/json", body.to_string())
        .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// What the form says.
#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
}

impl Form {
    fn read(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let kind = kind.split(';').next()?.trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return None;
        }
        let mut form = Self::default();
        for (key, value) in form_urlencoded::parse(body) {
            match &*key {
                "grant_type" => form.grant_type = Some(value.into_owned()),
                "client_id" => form.client_id = Some(value.into_owned()),
                "client_secret" => form.client_secret = Some(Secret::new(value)),
                _ => {}
            }
        }
        Some(form)
    }
}

/// The account that asks for a token, if it says so in a form.
pub(super) fn claimed_account(
    store: &Store,
    head: &Parts,
    body: &Received,
) -> Option<Arc<AccountState>> {
    let form = Form::read(&head.headers, body.bytes())?;
    store.account_of_login(&form.client_id?)
}

/// Gives a token.
pub(super) fn issue(
    store: &Store,
    headers: &HeaderMap,
    body: &Received,
    rules: &Consultation,
) -> Result<(Arc<AccountState>, Answer), Refusal> {
    let bytes = match body {
        Received::Whole(bytes) => bytes,
        Received::TooLarge => return Err(Refusal::BodyTooLarge),
        Received::Broken => return Err(Refusal::BrokenBody),
        Received::TooSlow => return Err(Refusal::SlowBody),
    };
    let form = Form::read(headers, bytes).ok_or(TokenError::InvalidRequest)?;
    let grant = form.grant_type.ok_or(TokenError::InvalidRequest)?;
    if grant != "client_credentials" {
        return Err(TokenError::UnsupportedGrantType.into());
    }
    let credentials = match (
        Credentials::basic(headers),
        form.client_id,
        form.client_secret,
    ) {
        (Some(credentials), _, _) => credentials,
        (None, Some(username), Some(password)) => Credentials { username, password },
        (None, _, _) => return Err(TokenError::InvalidRequest.into()),
    };
    let slot = auth::api_login(store, &credentials, rules).ok_or(TokenError::InvalidClient)?;
    let seconds = rules.auth_token_seconds();
    let token = sign(&slot, slot.now() + Duration::from_secs(seconds.into()));
    let body = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": seconds,
    });
    Ok((slot, json_answer(StatusCode::OK, &body)))
}

/// A token says which account it opens, until when, and that this server made it. Nothing is kept
/// of it.
fn sign(slot: &AccountState, expires: Duration) -> String {
    let claim = format!("{}.{}", slot.id, expires.as_millis());
    let signature = HEXLOWER.encode(&slot.logins.sign(&claim).to_bytes());
    format!("{claim}.{signature}")
}

/// The account that a token says it is for, whether or not that is true.
pub(super) fn account_of(store: &Store, token: &str) -> Option<Arc<AccountState>> {
    let (claim, _signature) = token.rsplit_once('.')?;
    let (account, _expires) = claim.rsplit_once('.')?;
    store.account(account)
}

/// The account that a token opens.
pub(super) fn check(store: &Store, token: &str) -> Result<Arc<AccountState>, Refusal> {
    let slot = account_of(store, token).ok_or(Refusal::InvalidToken)?;
    let (claim, signature) = token.rsplit_once('.').ok_or(Refusal::InvalidToken)?;
    let signature = HEXLOWER.decode(signature.as_bytes()).ok();
    let signature = signature.and_then(|bytes| bytes.try_into().ok());
    let signature = Digest::from_bytes(signature.ok_or(Refusal::InvalidToken)?);
    if !slot.logins.sign(claim).matches(&signature) {
        return Err(Refusal::InvalidToken);
    }
    let expires = claim
        .rsplit_once('.')
        .and_then(|(_, expires)| expires.parse().ok());
    match expires.map(Duration::from_millis) {
        Some(expires) if slot.now() < expires => Ok(slot),
        _ => Err(Refusal::ExpiredToken),
    }
}
