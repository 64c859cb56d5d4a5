//! OAuth 2 client credentials, as `POST /api/v1/oauth2/token` reads them.
//!
//! The official SDKs send the account's API login there, in a form or as Basic, and go on with
//! the token. The answers of the real one to a refused request are not published; RFC 6749 is
//! followed.

use std::sync::Arc;

use axum::http::{HeaderMap, header::CONTENT_TYPE, request::Parts};
use bandwidth_fixtures::{ApiError, Consultation, Secret};

use super::{
    auth::{self, Caller, Credentials},
    body::Received,
};
use crate::{
    store::{AccountState, Store},
    text::media_type,
};

/// What the form says.
#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
}

impl Form {
    fn read(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let kind = media_type(headers.get(CONTENT_TYPE)?.to_str().ok()?);
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

/// The client that the request names, where its credentials are right.
pub(super) fn client(
    store: &Store,
    headers: &HeaderMap,
    body: &Received,
    rules: &Consultation,
) -> Result<Caller, ApiError> {
    let form = Form::read(headers, body.whole()?).ok_or(ApiError::TokenRequestInvalid)?;
    let grant = form.grant_type.ok_or(ApiError::TokenRequestInvalid)?;
    if grant != "client_credentials" {
        return Err(ApiError::GrantTypeUnsupported);
    }
    let credentials = match (
        Credentials::basic(headers),
        form.client_id,
        form.client_secret,
    ) {
        (Some(credentials), _, _) => credentials,
        (None, Some(username), Some(password)) => Credentials { username, password },
        (None, _, _) => return Err(ApiError::TokenRequestInvalid),
    };
    auth::api_login(store, &credentials, rules).ok_or(ApiError::ClientInvalid)
}
