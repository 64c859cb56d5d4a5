//! Removing secrets from requests before they are seen: passwords, client secrets, tokens and
//! credentials, in headers, targets and bodies. What is not secret stays as it was sent, byte for
//! byte, so that people can debug with it.

mod json;
mod value;
mod xml;

use std::{borrow::Cow, ops::Range};

use bandwidth_fixtures::Operation;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use percent_encoding::percent_decode_str;

use crate::{
    charset::{self, Charset},
    text,
};

/// What stands in the place of a secret.
pub const REMOVED: &str = "[removed]";

/// What the name of a field holds when its value is secret, in lower case.
const WORDS: [&str; 8] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "credential",
    "authoriz",
    "api-key",
    "apikey",
];

/// A request as it may be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// Path and query.
    pub target: String,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Redacted {
    /// The body as text.
    pub fn body_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// What a reading of a text found: the places of secrets, in order and apart, and the secrets as
/// the client means them.
#[derive(Debug, Default)]
struct Found {
    places: Vec<Place>,
    values: Vec<String>,
}

/// A part of a text that is replaced.
#[derive(Debug, Clone)]
struct Place {
    range: Range<usize>,
    replacement: Cow<'static, str>,
}

impl Found {
    fn place(&mut self, range: Range<usize>, replacement: impl Into<Cow<'static, str>>) {
        let replacement = replacement.into();
        self.places.push(Place { range, replacement });
    }

    /// The text without the secrets; none when there are none in it.
    fn apply(&self, text: &str) -> Option<String> {
        if self.places.is_empty() {
            return None;
        }
        let mut kept = String::with_capacity(text.len());
        let mut from = 0;
        for place in &self.places {
            kept.push_str(&text[from..place.range.start]);
            kept.push_str(&place.replacement);
            from = place.range.end;
        }
        kept.push_str(&text[from..]);
        Some(kept)
    }
}

/// A request without its secrets.
pub fn request<'h>(
    target: &str,
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
    body: &Bytes,
) -> Redacted {
    let mut values = Vec::new();
    let mut content_type = String::new();
    let mut headers: Vec<(String, String)> = headers
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value);
            if name.eq_ignore_ascii_case("content-type") {
                content_type = value.to_ascii_lowercase();
            }
            (name.to_owned(), header(name, &value, &mut values))
        })
        .collect();
    let (mut target, found) = query(target);
    values.extend(found);
    let (mut body, found) = read_body(body, &content_type);
    values.extend(found);
    let values = value::forms(values);
    if !values.is_empty() {
        value::remove(&mut target, &values);
        for (_, text) in &mut headers {
            value::remove(text, &values);
        }
        if let Ok(text) = std::str::from_utf8(&body)
            && value::stands_in(text, &values)
        {
            let mut text = text.to_owned();
            value::remove(&mut text, &values);
            body = text.into();
        }
    }
    Redacted {
        target,
        headers,
        body,
    }
}

/// The body of an answer without the secrets in it.
pub fn answer_body(operation: Option<Operation>, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let found = match operation {
        Some(Operation::IssueToken | Operation::CreateSecret) => json::read(&text),
        // Below identity domains: a new password, or one that was sent, in an error. The root has
        // the name of the operation.
        _ if text.starts_with('<') && is_secret_name(&text) => xml::read(&text, 1),
        _ => return text.into_owned(),
    };
    match found {
        Some(found) => found.apply(&text).unwrap_or_else(|| text.into_owned()),
        None => REMOVED.to_owned(),
    }
}

/// The value of a header as it may be seen. Secrets in it are added to `values`.
fn header(name: &str, value: &str, values: &mut Vec<String>) -> String {
    let name = name.to_ascii_lowercase();
    if name == "cookie" {
        return REMOVED.to_owned();
    }
    if !is_secret_name(&name) {
        return value.to_owned();
    }
    let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
    values.push(rest.trim().to_owned());
    if let Ok(decoded) = STANDARD.decode(rest.trim())
        && let Ok(decoded) = String::from_utf8(decoded)
    {
        // A name that stands elsewhere is no secret.
        let password = decoded.split_once(':').map_or("", |(_, password)| password);
        values.push(password.to_owned());
    }
    let known = ["basic", "bearer"].contains(&scheme.to_ascii_lowercase().as_str());
    if known {
        format!("{scheme} {REMOVED}")
    } else {
        REMOVED.to_owned()
    }
}

/// A target without the secrets of its query, and these.
fn query(target: &str) -> (String, Vec<String>) {
    let Some((path, query)) = target.split_once('?') else {
        return (target.to_owned(), Vec::new());
    };
    let found = form(query);
    let query = found.apply(query).unwrap_or_else(|| query.to_owned());
    (format!("{path}?{query}"), found.values)
}

/// Reads `key=value&...`.
fn form(text: &str) -> Found {
    let mut found = Found::default();
    let mut start = 0;
    for pair in text.split('&') {
        let end = start + pair.len();
        if let Some((key, value)) = pair.split_once('=') {
            let decode = |part: &str| {
                let part = part.replace('+', " ");
                percent_decode_str(&part).decode_utf8_lossy().into_owned()
            };
            if is_secret_name(&decode(key)) && !value.is_empty() {
                found.place(end - value.len()..end, REMOVED);
                found.values.push(decode(value));
            }
        }
        start = end + 1;
    }
    found
}

/// A body without its secrets, and these. One in UTF-8 without secrets is not copied; others become
/// UTF-8. Of one that cannot be read, only the length stays.
fn read_body(body: &Bytes, content_type: &str) -> (Bytes, Vec<String>) {
    if body.is_empty() {
        return (body.clone(), Vec::new());
    }
    let read = |text: &str| match text
        .trim_start_matches('\u{FEFF}')
        .trim_start()
        .bytes()
        .next()
    {
        Some(b'{' | b'[' | b'"') => json::read(text),
        Some(b'<') => xml::read(text, 0),
        _ if content_type.starts_with("application/x-www-form-urlencoded") => Some(form(text)),
        _ => None,
    };
    let charset = text::charset(content_type).and_then(Charset::named);
    let text = charset::text(body, charset).ok();
    let Some((text, found)) = text.and_then(|text| {
        let found = read(&text)?;
        Some((text, found))
    }) else {
        return (format!("[{} bytes]", body.len()).into(), Vec::new());
    };
    let kept = match (found.apply(&text), text) {
        (Some(kept), _) | (None, Cow::Owned(kept)) => kept.into(),
        (None, Cow::Borrowed(_)) => body.clone(),
    };
    (kept, found.values)
}

#[cfg(test)]
mod tests;
