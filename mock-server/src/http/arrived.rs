//! Quotes the header that a refusal is about: the client's author may not know what its library
//! sends.

use axum::http::{
    HeaderMap,
    header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, TRANSFER_ENCODING},
};
use bandwidth_fixtures::ApiError;

use crate::text::title_case;

/// The schemes that a refusal names (IANA, HTTP authentication schemes, and two in wide use). Another
/// word can be a secret that was sent without a scheme.
const SCHEMES: [&str; 14] = [
    "Basic",
    "Bearer",
    "Digest",
    "DPoP",
    "GNAP",
    "HOBA",
    "Mutual",
    "Negotiate",
    "NTLM",
    "OAuth",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "AWS4-HMAC-SHA256",
    "vapid",
];

/// A sentence that follows the words of the refusal.
pub(super) fn sentence(error: ApiError, headers: &HeaderMap) -> Option<String> {
    let name = match error {
        ApiError::SchemeNotTaken => {
            let scheme = scheme(headers)?;
            return Some(format!(" This request has the scheme {scheme}."));
        }
        ApiError::UnsupportedMediaType
        | ApiError::UnsupportedCharset
        | ApiError::JsonRequired
        | ApiError::XmlRequired => CONTENT_TYPE,
        ApiError::UnsupportedEncoding => CONTENT_ENCODING,
        ApiError::TransferEncodingUnsupported => TRANSFER_ENCODING,
        ApiError::ExpectationFailed => EXPECT,
        _ => return None,
    };
    let shown = title_case(name.as_str());
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(format!(" This request has no {shown}.")),
        (Some(value), None) => {
            let value = value.to_str().ok().filter(|value| is_plain(value))?;
            Some(format!(" This request has {shown}: {value}."))
        }
        (Some(_), Some(_)) => Some(format!(" This request has more than one {shown}.")),
    }
}

/// The scheme of the only `Authorization`, where it is known.
fn scheme(headers: &HeaderMap) -> Option<&'static str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let given = value.split(' ').next()?;
    let mut schemes = SCHEMES.into_iter();
    schemes.find(|known| known.eq_ignore_ascii_case(given))
}

/// True if a value is short, and has only characters of types, codings and expectations.
fn is_plain(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&^_.+-/;=,\" ".contains(&byte);
    !value.is_empty() && value.len() <= 80 && value.bytes().all(plain)
}
