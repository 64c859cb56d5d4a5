//! The parsers of headers, for the laws that the fuzz targets check.

use axum::http::HeaderMap;
use bandwidth_fixtures::Consultation;

use super::{accept, auth::Authenticator, content_type};
use crate::{codec::Format, jwt::Signer, store::Store};

/// The format for `Accept`, and whether it was requested.
pub(crate) fn negotiated(headers: &HeaderMap, rules: &Consultation) -> (Format, bool) {
    let negotiated = accept::negotiate(headers, rules);
    (negotiated.format, negotiated.acceptable)
}

/// The format of a body, where `Content-Type` is one that is read.
pub(crate) fn body_format(
    headers: &HeaderMap,
    body: &[u8],
    rules: &Consultation,
) -> Option<Format> {
    let typed = content_type::format(headers, body, rules).ok();
    typed.map(|(format, _)| format)
}

/// True if the credentials open the account.
pub(crate) fn opens(
    store: &Store,
    signer: &Signer,
    headers: &HeaderMap,
    account: &str,
    rules: &Consultation,
) -> bool {
    let slot = store.account(account);
    let authenticator = Authenticator {
        store,
        signer,
        rules,
    };
    authenticator
        .caller(headers, Some(account), slot.as_ref())
        .is_ok()
}
