//! Access control of the control API.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    http::{
        HeaderMap, HeaderValue, Request, Version,
        header::{AUTHORIZATION, ORIGIN, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bandwidth_fixtures::Secret;
use subtle::ConstantTimeEq as _;

use super::{
    PREFIX,
    answer::{AdminError, Code},
};
use crate::{
    app::App,
    host::{BadHost, host, host_name},
    text::credentials,
};

/// True if a path below the control API's prefix needs the token, if the server has one. Health
/// checks do not: they have no token and only learn that the server is up. A certificate is not
/// secret.
pub fn needs_token(path: &str) -> bool {
    !matches!(path, "/health" | "/ready" | "/ca.pem")
}

/// Lets a request through that has the token, where one is needed, and that no web page of
/// another origin sent: a page on the internet could else reach a mock on a laptop.
pub async fn check(State(app): State<Arc<App>>, request: Request<Body>, next: Next) -> Response {
    let path = request.uri().path().strip_prefix(PREFIX);
    let token = app.settings.admin_token.as_ref();
    let refused = refusal(&request, token, path.is_none_or(needs_token));
    match refused {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}

/// The answer to a request that may not have what `token` protects. `needs_token` is false for what
/// everybody may have.
pub fn refusal<B>(
    request: &Request<B>,
    token: Option<&Secret>,
    needs_token: bool,
) -> Option<Response> {
    if let Some(token) = token
        && needs_token
        && !has_token(request.headers(), token.expose())
    {
        let message = "the control API needs a token here; send Authorization: Bearer TOKEN, \
                       where TOKEN is what --admin-token gave or what was printed at the start";
        let mut response = AdminError::new(Code::TokenRequired, message).into_response();
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return Some(response);
    }
    let host = match host(request.headers()) {
        Ok(None) if request.version() >= Version::HTTP_11 => None,
        Ok(host) => Some(host),
        Err(BadHost) => None,
    };
    let Some(host) = host else {
        let message = "send one Host header: the name or the address of this server, with its port";
        return Some(AdminError::new(Code::InvalidHost, message).into_response());
    };
    if token.is_none() && !host.is_none_or(is_local) {
        let message = "without a token the control API is for this machine only, where its name is \
                       localhost or an address: use one of these, or start the mock with \
                       --admin-token";
        return Some(AdminError::new(Code::ForeignHost, message).into_response());
    }
    if is_foreign(request.headers(), host) {
        let message = "a web page of another origin may not use the control API";
        return Some(AdminError::new(Code::ForeignOrigin, message).into_response());
    }
    None
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    headers
        .get(AUTHORIZATION)
        .and_then(|value| credentials(value.to_str().ok()?))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .is_some_and(|(_, given)| given.as_bytes().ct_eq(token.as_bytes()).into())
}

/// True if a host is this machine, by a name that cannot be bought. A web page can let any other
/// name resolve to this address, and would then have the same origin (DNS rebinding). Containers
/// reach their host as `host.docker.internal` or `host.containers.internal`; `internal` is
/// reserved.
fn is_local(host: &str) -> bool {
    let name = host_name(host);
    let top = name.trim_end_matches('.').rsplit('.').next();
    name.parse::<IpAddr>().is_ok()
        || top.is_some_and(|top| {
            top.eq_ignore_ascii_case("localhost") || top.eq_ignore_ascii_case("internal")
        })
}

fn is_foreign(headers: &HeaderMap, host: Option<&str>) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter().map(HeaderValue::to_str);
    match (origins.next(), origins.next(), host) {
        (None, ..) => false,
        (Some(Ok(origin)), None, Some(host)) => origin
            .split_once("://")
            .is_none_or(|(_, origin)| origin != host),
        _ => true,
    }
}
