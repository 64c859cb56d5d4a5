//! Who may use the control API.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue,
        header::{AUTHORIZATION, HOST, ORIGIN, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use subtle::ConstantTimeEq as _;

use super::{
    PREFIX,
    answer::{AdminError, Code},
};
use crate::{app::App, text::credentials};

/// Whether a path below the control API's prefix needs the token, where there is one: a health
/// check has none, and learns nothing here but that the server is up, and a certificate is no
/// secret.
pub fn needs_token(path: &str) -> bool {
    !matches!(path, "/health" | "/ready" | "/ca.pem")
}

/// Lets a request through that has the token, where one is needed, and that no web page of
/// another origin sent: a page on the internet could else reach a mock on a laptop.
pub async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if let Some(token) = &app.settings.admin_token
        && request
            .uri()
            .path()
            .strip_prefix(PREFIX)
            .is_none_or(needs_token)
        && !has_token(request.headers(), token.expose())
    {
        let message = "the control API needs a token here; send Authorization: Bearer TOKEN, \
                       where TOKEN is what --admin-token gave or what was printed at the start";
        let mut response = AdminError::new(Code::TokenRequired, message).into_response();
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return response;
    }
    if is_foreign(request.headers()) {
        let message = "a web page of another origin may not use the control API";
        return AdminError::new(Code::ForeignOrigin, message).into_response();
    }
    next.run(request).await
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    headers
        .get(AUTHORIZATION)
        .and_then(|value| credentials(value.to_str().ok()?))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .is_some_and(|(_, given)| given.as_bytes().ct_eq(token.as_bytes()).into())
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    match (headers.contains_key(ORIGIN), text(ORIGIN), text(HOST)) {
        (false, _, _) => false,
        (true, Some(origin), Some(host)) => origin
            .split_once("://")
            .is_none_or(|(_, origin)| origin != host),
        (true, _, _) => true,
    }
}
