//! In which format a request's body is.

use axum::http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use bandwidth_fixtures::{
    ApiError, Consultation,
    profile::{JsonSupport, UntypedBody},
};

use crate::{codec::Format, text::media_type};

/// The format that `Content-Type` names, or what `format.body_without_type` says without one.
pub(super) fn format(
    headers: &HeaderMap,
    body: &[u8],
    rules: &Consultation,
) -> Result<Format, ApiError> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let format = match (values.next(), values.next()) {
        (None, _) => untyped(body, rules)?,
        (Some(value), None) => {
            let value = value.to_str().map_err(|_| ApiError::UnsupportedMediaType)?;
            typed(value)?
        }
        (Some(_), Some(_)) => return Err(ApiError::UnsupportedMediaType),
    };
    if format == Format::Json && rules.format_json() == JsonSupport::Never {
        return Err(ApiError::UnsupportedMediaType);
    }
    Ok(format)
}

/// Refuses a body that says it is in another format than this one.
pub(super) fn require(headers: &HeaderMap, format: Format) -> Result<(), ApiError> {
    let other = match format {
        Format::Xml => ApiError::XmlRequired,
        Format::Json => ApiError::JsonRequired,
    };
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => Ok(()),
        (Some(Ok(value)), None) => match typed(value) {
            Ok(given) if given == format => Ok(()),
            Err(error @ ApiError::UnsupportedCharset) => Err(error),
            _ => Err(other),
        },
        _ => Err(other),
    }
}

fn typed(value: &str) -> Result<Format, ApiError> {
    let is = |known: &str| media_type(value).eq_ignore_ascii_case(known);
    let format = if is("application/xml") || is("text/xml") {
        Format::Xml
    } else if is("application/json") {
        Format::Json
    } else {
        return Err(ApiError::UnsupportedMediaType);
    };
    for parameter in value.split(';').skip(1) {
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("charset")
            && !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        {
            return Err(ApiError::UnsupportedCharset);
        }
    }
    Ok(format)
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
