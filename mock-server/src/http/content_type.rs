//! In which format a request's body is.

use axum::http::{HeaderMap, header::CONTENT_TYPE};
use bandwidth_fixtures::{
    Consultation,
    profile::{JsonSupport, UntypedBody},
};

use super::refusal::Refusal;
use crate::codec::Format;

/// The format that `Content-Type` names, or what `format.body_without_type` says without one.
pub(super) fn format(
    headers: &HeaderMap,
    body: &[u8],
    rules: &Consultation,
) -> Result<Format, Refusal> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let format = match (values.next(), values.next()) {
        (None, _) => untyped(body, rules)?,
        (Some(value), None) => {
            let value = value.to_str().map_err(|_| Refusal::UnsupportedMediaType)?;
            typed(value)?
        }
        (Some(_), Some(_)) => return Err(Refusal::UnsupportedMediaType),
    };
    if format == Format::Json && rules.format_json() == JsonSupport::Never {
        return Err(Refusal::UnsupportedMediaType);
    }
    Ok(format)
}

fn typed(value: &str) -> Result<Format, Refusal> {
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or("").to_ascii_lowercase();
    let format = match kind.as_str() {
        "application/xml" | "text/xml" => Format::Xml,
        "application/json" => Format::Json,
        _ => return Err(Refusal::UnsupportedMediaType),
    };
    for parameter in parts {
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("charset")
            && !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        {
            return Err(Refusal::UnsupportedCharset);
        }
    }
    Ok(format)
}

fn untyped(body: &[u8], rules: &Consultation) -> Result<Format, Refusal> {
    match rules.format_body_without_type() {
        UntypedBody::Xml => Ok(Format::Xml),
        UntypedBody::Detected => match body.trim_ascii_start().first() {
            Some(b'{' | b'[') => Ok(Format::Json),
            _ => Ok(Format::Xml),
        },
        UntypedBody::Refused => Err(Refusal::UnsupportedMediaType),
    }
}
