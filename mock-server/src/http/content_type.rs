//! In which format and charset a request's body is.

use axum::http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use bandwidth_fixtures::{
    ApiError, Consultation,
    profile::{JsonSupport, UntypedBody},
};

use crate::{
    charset::Charset,
    codec::Format,
    text::{charset, media_type},
};

/// The format of a `Content-Type`, and the charset if it names one.
pub(super) type Typed = (Format, Option<Charset>);

/// Reads `Content-Type`; without one, `format.body_without_type` decides.
pub(super) fn format(
    headers: &HeaderMap,
    body: &[u8],
    rules: &Consultation,
) -> Result<Typed, ApiError> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let typed = match (values.next(), values.next()) {
        (None, _) => (untyped(body, rules)?, None),
        (Some(value), None) => {
            let value = value.to_str().map_err(|_| ApiError::UnsupportedMediaType)?;
            typed(value)?
        }
        (Some(_), Some(_)) => return Err(ApiError::UnsupportedMediaType),
    };
    if typed.0 == Format::Json && rules.format_json() == JsonSupport::Never {
        return Err(ApiError::UnsupportedMediaType);
    }
    Ok(typed)
}

/// The charset in `Content-Type`, if it has one. Rejects a body in another format than this one.
pub(super) fn require(headers: &HeaderMap, format: Format) -> Result<Option<Charset>, ApiError> {
    let other = match format {
        Format::Xml => ApiError::XmlRequired,
        Format::Json => ApiError::JsonRequired,
    };
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => match typed(value) {
            Ok((given, charset)) if given == format => Ok(charset),
            Err(error @ ApiError::UnsupportedCharset) => Err(error),
            _ => Err(other),
        },
        _ => Err(other),
    }
}

/// True if there is one `Content-Type`, and it names JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map(HeaderValue::to_str);
    matches!(value, Some(Ok(value)) if matches!(typed(value), Ok((Format::Json, _))))
}

fn typed(value: &str) -> Result<Typed, ApiError> {
    let media_type = media_type(value);
    let is = |known: &str| media_type.eq_ignore_ascii_case(known);
    let format = if is("application/xml") || is("text/xml") {
        Format::Xml
    } else if is("application/json") {
        Format::Json
    } else {
        return Err(ApiError::UnsupportedMediaType);
    };
    let Some(name) = charset(value) else {
        return Ok((format, None));
    };
    match Charset::named(name) {
        Some(charset) if format == Format::Xml || charset.is_utf_8() => Ok((format, Some(charset))),
        _ => Err(ApiError::UnsupportedCharset),
    }
}

fn untyped(body: &[u8], rules: &Consultation) -> Result<Format, ApiError> {
    match rules.format_body_without_type() {
        UntypedBody::Xml => Ok(Format::Xml),
        UntypedBody::Detected => match body.trim_ascii_start().first() {
            Some(b'{' | b'[') => Ok(Format::Json),
            _ => Ok(Format::Xml),
        },
        UntypedBody::Refused => Err(ApiError::UnsupportedMediaType),
    }
}
