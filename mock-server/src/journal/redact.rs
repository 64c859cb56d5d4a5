//! Removing secrets from requests before they are seen: passwords, client secrets, tokens and
//! credentials, in headers, targets and bodies. What is not secret stays as it was sent, byte for
//! byte, so that people can debug with it.

mod json;
mod value;
mod xml;

use std::{borrow::Cow, fmt, ops::Range};

use bandwidth_fixtures::Operation;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{
    charset::{self, Charset},
    text,
};

/// The replacement of a secret.
pub const REMOVED: &str = "[removed]";

/// Parts of field names whose value is secret, in lower case.
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
    pub(crate) body: Bytes,
}

impl Redacted {
    /// The body as text.
    pub fn body_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// Supplies replacements for secrets.
pub trait StandIns {
    /// Replacement of a secret in a field or header with that name; `None` if it is not secret.
    /// `literal` is true for numbers, `true`, `false` and `null` of JSON.
    fn secret(&self, name: &str, value: &str, literal: bool) -> Option<Cow<'static, str>>;

    /// Replacement of a header's credentials of the scheme `Basic` or `Bearer`.
    fn credentials(&self, scheme: &str, value: &str) -> Cow<'static, str>;

    /// Records a value that is not secret, before any in that text is replaced.
    fn notice(&self, _name: &str, _value: &str) {}

    /// True if it needs values that are not secret too.
    fn wants_plain_values(&self) -> bool {
        false
    }

    /// Replacement of a value that is not secret; `None` to keep it.
    fn other(&self, _name: &str, _value: &str) -> Option<String> {
        None
    }
}

/// Replaces each secret by the same mark.
struct Removed;

impl StandIns for Removed {
    fn secret(&self, _name: &str, _value: &str, _literal: bool) -> Option<Cow<'static, str>> {
        Some(REMOVED.into())
    }

    fn credentials(&self, _scheme: &str, _value: &str) -> Cow<'static, str> {
        REMOVED.into()
    }
}

/// True for a name that holds a word for secrets.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// A secret as the client means it, with the name of its field or header. Its Debug shows the name
/// alone.
struct SecretValue {
    name: String,
    value: String,
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecretValue").field(&self.name).finish()
    }
}

/// The secrets of a message, as the client means them.
#[derive(Debug, Default)]
pub struct Secrets(Vec<SecretValue>);

impl Secrets {
    fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push(SecretValue {
            name: name.to_owned(),
            value: value.into(),
        });
    }

    /// Names of fields or headers, and what stood there.
    #[cfg(feature = "traffic")]
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let secrets = self.0.iter();
        secrets.map(|secret| (secret.name.as_str(), secret.value.as_str()))
    }
}

/// Result of reading a text: the secrets, and the places that may have to be removed, in order and
/// without overlap.
#[derive(Default)]
struct Found {
    /// True if values that are not secret are wanted too.
    all: bool,
    places: Vec<(Range<usize>, Place)>,
    secrets: Secrets,
}

/// A part of a text that may have to go.
enum Place {
    /// Replaced by this text.
    Gone(Cow<'static, str>),
    Value {
        name: String,
        value: String,
        is_secret: bool,
        written: Written,
    },
}

/// The syntax of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// A string of JSON.
    Json,
    /// A number of JSON, `true`, `false` or `null`.
    Literal,
    /// Text or an attribute of XML.
    Xml,
    /// In a query or a form.
    Form,
}

impl Written {
    fn write(self, value: &str) -> String {
        match self {
            Self::Json | Self::Literal => serde_json::Value::from(value).to_string(),
            Self::Xml => quick_xml::escape::escape(value).into_owned(),
            Self::Form => utf8_percent_encode(value, NON_ALPHANUMERIC).to_string(),
        }
    }
}

impl Found {
    fn of(stand_ins: &dyn StandIns) -> Self {
        Self {
            all: stand_ins.wants_plain_values(),
            ..Self::default()
        }
    }

    fn gone(&mut self, range: Range<usize>, replacement: impl Into<Cow<'static, str>>) {
        self.places.push((range, Place::Gone(replacement.into())));
    }

    fn secret(&mut self, range: Range<usize>, name: &str, value: &str, written: Written) {
        self.value(range, name, value, true, written);
    }

    fn other(&mut self, range: Range<usize>, name: &str, value: &str, written: Written) {
        if self.all && !value.is_empty() {
            self.value(range, name, value, false, written);
        }
    }

    fn value(
        &mut self,
        range: Range<usize>,
        name: &str,
        value: &str,
        is_secret: bool,
        written: Written,
    ) {
        let place = Place::Value {
            name: name.to_owned(),
            value: value.to_owned(),
            is_secret,
            written,
        };
        self.places.push((range, place));
    }

    /// The text without the secrets; none when it stays as it is.
    fn apply(&self, text: &str, stand_ins: &dyn StandIns) -> Option<String> {
        for (_, place) in &self.places {
            if let Place::Value {
                name,
                value,
                is_secret: false,
                ..
            } = place
            {
                stand_ins.notice(name, value);
            }
        }
        let mut kept = String::new();
        let mut from = 0;
        for (range, place) in &self.places {
            let replacement = match place {
                Place::Gone(replacement) => Some(replacement.clone()),
                Place::Value {
                    name,
                    value,
                    is_secret: true,
                    written,
                } => {
                    let literal = *written == Written::Literal;
                    let stand_in = stand_ins.secret(name, value, literal);
                    stand_in.map(|stand_in| match written {
                        Written::Json | Written::Literal => written.write(&stand_in).into(),
                        Written::Xml | Written::Form => stand_in,
                    })
                }
                Place::Value {
                    name,
                    value,
                    is_secret: false,
                    written,
                } => {
                    let stand_in = stand_ins.other(name, value);
                    stand_in.map(|stand_in| written.write(&stand_in).into())
                }
            };
            if let Some(replacement) = replacement {
                kept.push_str(&text[from..range.start]);
                kept.push_str(&replacement);
                from = range.end;
            }
        }
        if from == 0 {
            return None;
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
    let mut secrets = Secrets::default();
    message(target, headers, body, 0, &Removed, &mut secrets)
}

/// Redacts a request or a response, and adds its secrets to `secrets`. Secrets that are already
/// there are removed everywhere. The names of XML elements down to the depth `shown` make no secret
/// of the elements in them.
pub fn message<'h>(
    target: &str,
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
    body: &Bytes,
    shown: usize,
    stand_ins: &dyn StandIns,
    secrets: &mut Secrets,
) -> Redacted {
    let mut content_type = String::new();
    let mut headers: Vec<(String, String)> = headers
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value);
            if name.eq_ignore_ascii_case("content-type") {
                content_type = value.to_ascii_lowercase();
            }
            (name.to_owned(), header(name, &value, stand_ins, secrets))
        })
        .collect();
    let mut target = query(target, stand_ins, secrets);
    let mut body = read_body(body, &content_type, shown, stand_ins, secrets);
    let values = value::forms(secrets);
    if !values.is_empty() {
        value::remove(&mut target, &values, stand_ins);
        for (_, text) in &mut headers {
            value::remove(text, &values, stand_ins);
        }
        if let Ok(text) = std::str::from_utf8(&body)
            && value::contains_any(text, &values)
        {
            let mut text = text.to_owned();
            value::remove(&mut text, &values, stand_ins);
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
        Some(Operation::IssueToken | Operation::CreateSecret) => {
            json::read(&text, Found::default())
        }
        // Below identity domains: a new password, or one that was sent, in an error. The root has
        // the name of the operation.
        _ if text.starts_with('<') && is_secret_name(&text) => {
            xml::read(&text, 1, Found::default())
        }
        _ => return text.into_owned(),
    };
    match found {
        Some(found) => found
            .apply(&text, &Removed)
            .unwrap_or_else(|| text.into_owned()),
        None => REMOVED.to_owned(),
    }
}

/// The value of a header as it may be seen. Secrets in it are added to `secrets`.
fn header(name: &str, value: &str, stand_ins: &dyn StandIns, secrets: &mut Secrets) -> String {
    let name = name.to_ascii_lowercase();
    let gone = |value: &str| {
        let stand_in = stand_ins.secret(&name, value, false);
        stand_in.map_or_else(|| value.to_owned(), Cow::into_owned)
    };
    if name.contains("cookie") {
        return gone(value);
    }
    if !is_secret_name(&name) {
        return if name == "location" || value.contains("://") {
            query(value, stand_ins, secrets)
        } else {
            value.to_owned()
        };
    }
    let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
    let rest = rest.trim();
    secrets.add(&name, rest);
    if let Some((_, password)) = basic(rest) {
        // A name that is elsewhere is no secret.
        secrets.add(&name, password);
    }
    let known = ["basic", "bearer"].contains(&scheme.to_ascii_lowercase().as_str());
    if known {
        format!("{scheme} {}", stand_ins.credentials(scheme, rest))
    } else {
        gone(value)
    }
}

/// The name and the password of Basic credentials.
pub fn basic(encoded: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (name, password) = decoded.split_once(':').unwrap_or((&decoded, ""));
    Some((name.to_owned(), password.to_owned()))
}

/// A target without the password of its host and the secrets of its query and fragment.
pub fn query(target: &str, stand_ins: &dyn StandIns, secrets: &mut Secrets) -> String {
    let path_ends = target.find(['?', '#']).unwrap_or(target.len());
    let (path, rest) = target.split_at(path_ends);
    let mut kept = without_userinfo(path, stand_ins, secrets);
    for part in rest.split_inclusive(['?', '#']) {
        let (pairs, end) = match part.strip_suffix(['?', '#']) {
            Some(pairs) => (pairs, &part[pairs.len()..]),
            None => (part, ""),
        };
        let found = form(pairs, Found::of(stand_ins));
        let replaced = found.apply(pairs, stand_ins);
        secrets.0.extend(found.secrets.0);
        kept += replaced.as_deref().unwrap_or(pairs);
        kept += end;
    }
    kept
}

/// A URL without the password of `//user:password@host`.
fn without_userinfo(url: &str, stand_ins: &dyn StandIns, secrets: &mut Secrets) -> String {
    let userinfo = url.split_once("//").and_then(|(scheme, rest)| {
        let authority = rest.split('/').next()?;
        let (userinfo, _) = authority.rsplit_once('@')?;
        let (user, password) = userinfo.split_once(':')?;
        Some((scheme.len() + 2 + user.len() + 1, password))
    });
    let Some((start, password)) = userinfo else {
        return url.to_owned();
    };
    let decoded = percent_decode_str(password).decode_utf8_lossy();
    let stand_in = stand_ins.secret("password", &decoded, false);
    let stand_in = stand_in.unwrap_or_default();
    secrets.add("userinfo", decoded);
    let (before, after) = (&url[..start], &url[start + password.len()..]);
    format!("{before}{stand_in}{after}")
}

/// Reads `key=value&...`.
fn form(text: &str, mut found: Found) -> Found {
    let mut start = 0;
    for pair in text.split('&') {
        let end = start + pair.len();
        if let Some((key, value)) = pair.split_once('=') {
            let decode = |part: &str| {
                let part = part.replace('+', " ");
                percent_decode_str(&part).decode_utf8_lossy().into_owned()
            };
            let (key, decoded) = (decode(key), decode(value));
            let range = end - value.len()..end;
            if is_secret_name(&key) && !value.is_empty() {
                found.secret(range, &key, &decoded, Written::Form);
                found.secrets.add(&key, decoded);
            } else {
                found.other(range, &key, &decoded, Written::Form);
            }
        }
        start = end + 1;
    }
    found
}

/// A body without its secrets. One in UTF-8 without secrets is not copied; others become UTF-8. Of one
/// that cannot be read, only the length stays.
fn read_body(
    body: &Bytes,
    content_type: &str,
    shown: usize,
    stand_ins: &dyn StandIns,
    secrets: &mut Secrets,
) -> Bytes {
    if body.is_empty() {
        return body.clone();
    }
    let found = Found::of(stand_ins);
    let read = |text: &str| match text
        .trim_start_matches('\u{FEFF}')
        .trim_start()
        .bytes()
        .next()
    {
        Some(b'{' | b'[' | b'"') => json::read(text, found),
        Some(b'<') => xml::read(text, shown, found),
        _ if content_type.starts_with("application/x-www-form-urlencoded") => {
            Some(form(text, found))
        }
        _ => None,
    };
    let charset = text::charset(content_type).and_then(Charset::named);
    let text = charset::text(body, charset).ok();
    let Some((text, found)) = text.and_then(|text| {
        let found = read(&text)?;
        Some((text, found))
    }) else {
        return unread(body.len());
    };
    let kept = match (found.apply(&text, stand_ins), text) {
        (Some(kept), _) | (None, Cow::Owned(kept)) => kept.into(),
        (None, Cow::Borrowed(_)) => body.clone(),
    };
    secrets.0.extend(found.secrets.0);
    kept
}

/// Instead of a body that cannot be read.
pub fn unread(bytes: usize) -> Bytes {
    format!("[{bytes} bytes]").into()
}

/// True for what [`unread`] returns.
pub fn is_unread(body: &[u8]) -> bool {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let number = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(" bytes]"));
    number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
