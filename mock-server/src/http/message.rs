//! Errors in the HTTP message of a request, independent of the operation.

use axum::http::{
    HeaderMap, HeaderName, Method, Version,
    header::{CONTENT_TYPE, EXPECT, TRANSFER_ENCODING},
    request::Parts,
};
use bandwidth_fixtures::ApiError;

use super::route;
use crate::{host::host, text::media_type};

/// Rejects a message that no HTTP/1.1 server accepts, or that is for another kind of server.
pub(super) fn check(head: &Parts) -> Result<(), ApiError> {
    if head.method == Method::CONNECT {
        return Err(ApiError::ConnectRefused);
    }
    // RFC 9112, section 3.2.
    match host(&head.headers) {
        Ok(None) if head.version >= Version::HTTP_11 => return Err(ApiError::HostInvalid),
        Ok(_) => {}
        Err(_) => return Err(ApiError::HostInvalid),
    }
    // RFC 9112, section 6.1.
    if !only(&head.headers, &TRANSFER_ENCODING, "chunked") {
        return Err(ApiError::TransferEncodingUnsupported);
    }
    // RFC 9110, section 10.1.1.
    if !only(&head.headers, &EXPECT, "100-continue") {
        return Err(ApiError::ExpectationFailed);
    }
    Ok(())
}

/// True if each header with that name has exactly this value.
fn only(headers: &HeaderMap, name: &HeaderName, value: &str) -> bool {
    let mut given = headers.get_all(name).iter();
    given.all(|given| {
        given
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(value.as_bytes())
    })
}

/// True if the client waits for `100 Continue`, and the request can be judged before its body
/// arrives. If the path names no account, the form in the body decides the profile.
pub(super) fn waits(head: &Parts) -> bool {
    if !head.headers.contains_key(EXPECT) {
        return false;
    }
    let kind = head.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let form = media_type(kind).eq_ignore_ascii_case("application/x-www-form-urlencoded");
    !form || route::account_in(head.uri.path()).is_some()
}
