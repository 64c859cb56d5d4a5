//! Cleans recorded exchanges: it removes secrets and, on request, names.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeMap, HashSet},
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::HeaderMap;

use super::{
    disguise::{Disguise, is_personal},
    features::{Owner, features},
    numbers::{Kind, Numbers},
};
use crate::{
    http::plain,
    journal::{
        Redacted, Secrets, StandIns, basic, is_secret_name, is_unread, redact_message, redact_url,
        unread,
    },
    text::title_case,
    traffic::{Answer, Exchange},
};

/// The longest body after its content encoding was undone, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// Shorter secrets are too common to be looked for in texts.
const SHORTEST: usize = 3;

/// An exchange as it was.
pub struct Raw {
    pub at: SystemTime,
    pub method: String,
    /// Absolute.
    pub url: String,
    pub request: Message,
    /// None if the connection broke.
    pub answer: Option<(u16, Message)>,
}

/// Headers and body.
pub struct Message {
    pub headers: HeaderMap,
    /// None if it is not known in full.
    pub body: Option<Bytes>,
    /// Its length until now, in bytes.
    pub length: usize,
}

/// The replacements of secrets and names in one run.
pub struct Cleaner {
    pub numbers: Numbers,
    pub disguise: Option<Disguise>,
    /// True if features are kept also of passwords that were accepted.
    pub all_features: bool,
}

impl Cleaner {
    /// The recorded form of an exchange.
    pub fn exchange(&self, raw: Raw) -> Exchange {
        let mut secrets = Secrets::default();
        let request = Cleaning::of(self, HashSet::new(), Vec::new());
        let sent = request.message(&raw.url, &raw.request, 0, &mut secrets);
        let fields = request.fields.take();
        let in_body: Vec<(String, String)> = secrets
            .iter()
            .filter(|(name, _)| raw.request.headers.get(*name).is_none())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let short = in_body.iter();
        let short = short
            .filter(|(_, value)| value.chars().count() >= SHORTEST)
            .map(|(name, value)| (value.clone(), self.numbers.of(Kind::of(name), value)));
        let answering = Cleaning::of(self, request.here.take(), short.collect());
        // What is not read may have a secret that is not found, and a response may quote it.
        let quotes_secrets = is_unread(&sent.body) && mentions_secret(&raw.request);
        let answer = raw.answer.map(|(status, message)| {
            let mut seen = answering.message("", &message, 1, &mut secrets);
            if quotes_secrets && !seen.body.is_empty() {
                seen.body = unread(message.length);
            }
            (status, seen)
        });
        let here = answering.here.take();
        let refused = answer.as_ref().is_some_and(|(status, seen)| {
            let text = seen.body_text().to_lowercase();
            matches!(status, 200 | 400 | 409 | 422)
                && (*status != 200 || text.contains("error"))
                && text.contains("password")
        });
        let passwords = if refused || self.all_features {
            self.features(&in_body, &Owner::of(&fields, raw.method == "POST"))
        } else {
            BTreeMap::new()
        };
        let named = |seen: Redacted| self.without_names(seen, &here);
        let sent = named(sent);
        Exchange {
            at: Some(raw.at),
            after_gap: false,
            method: raw.method,
            url: sent.target,
            request_headers: sent.headers,
            request_body: sent.body,
            answer: answer.map(|(status, seen)| {
                let seen = named(seen);
                Answer {
                    status,
                    headers: seen.headers,
                    body: seen.body,
                }
            }),
            passwords,
        }
    }

    /// Those of the passwords that a body sends.
    fn features(
        &self,
        in_body: &[(String, String)],
        owner: &Owner<'_>,
    ) -> BTreeMap<String, crate::traffic::PasswordFeatures> {
        let passwords = in_body.iter();
        let passwords = passwords.filter(|(name, _)| Kind::of(name) == Kind::Password);
        passwords
            .map(|(_, value)| {
                let placeholder = self.numbers.of(Kind::Password, value);
                (placeholder, features(value, owner))
            })
            .collect()
    }

    /// The target and the headers without names; those of the body have gone already.
    fn without_names(&self, mut seen: Redacted, here: &HashSet<String>) -> Redacted {
        if let Some(disguise) = &self.disguise {
            let mut here = here.clone();
            seen.target = disguise.path(&seen.target, &mut here);
            for (name, value) in &mut seen.headers {
                let kept = match name.to_ascii_lowercase().as_str() {
                    "authorization" | "host" | "content-type" | "accept" => continue,
                    "location" | "content-location" | "referer" | "link" => {
                        disguise.path(value, &mut here)
                    }
                    _ => disguise.text(value, &here),
                };
                *value = kept;
            }
        }
        for (name, _) in &mut seen.headers {
            *name = title_case(name);
        }
        seen
    }
}

/// True unless the body is known and has no name of a secret.
fn mentions_secret(message: &Message) -> bool {
    let body = message.body.clone();
    let body = body.and_then(|body| plain(&message.headers, body, LONGEST));
    body.is_none_or(|body| is_secret_name(&String::from_utf8_lossy(&body)))
}

/// The replacements of the secrets and names in one message.
struct Cleaning<'c> {
    cleaner: &'c Cleaner,
    /// The words of names in this exchange.
    here: RefCell<HashSet<String>>,
    /// Names and values that are not secret.
    fields: RefCell<Vec<(String, String)>>,
    /// Secrets of the request, with what is in their place: an answer may repeat them.
    echoed: Vec<(String, String)>,
}

impl<'c> Cleaning<'c> {
    fn of(cleaner: &'c Cleaner, here: HashSet<String>, echoed: Vec<(String, String)>) -> Self {
        Self {
            cleaner,
            here: RefCell::new(here),
            fields: RefCell::default(),
            echoed,
        }
    }

    fn message(
        &self,
        url: &str,
        message: &Message,
        shown: usize,
        secrets: &mut Secrets,
    ) -> Redacted {
        let headers = &message.headers;
        let body = message.body.clone();
        let body = body.and_then(|body| plain(headers, body, LONGEST));
        let lines = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()));
        let known = body.clone().unwrap_or_default();
        let mut seen = redact_message(url, lines, &known, shown, self, secrets);
        if body.is_none() {
            seen.body = unread(message.length);
        }
        seen
    }

    /// A text of an answer without the secrets that it repeats.
    fn without_echoes(&self, text: &str) -> Option<String> {
        let mut kept = None;
        for (secret, stand_in) in &self.echoed {
            let text = kept.as_deref().unwrap_or(text);
            let mut at = 0;
            let mut replaced = String::new();
            for (found, _) in text.match_indices(secret.as_str()) {
                let end = found + secret.len();
                let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
                if is_apart(text[..found].chars().next_back())
                    && is_apart(text[end..].chars().next())
                {
                    replaced += &text[at..found];
                    replaced += stand_in;
                    at = end;
                }
            }
            if at > 0 {
                replaced += &text[at..];
                kept = Some(replaced);
            }
        }
        kept
    }
}

impl StandIns for Cleaning<'_> {
    fn secret(&self, name: &str, value: &str, literal: bool) -> Option<Cow<'static, str>> {
        // Nothing, a flag and the type of a token are no secrets.
        if value.is_empty()
            || (literal && ["null", "true", "false"].contains(&value))
            || name.eq_ignore_ascii_case("token_type")
        {
            return None;
        }
        Some(self.cleaner.numbers.of(Kind::of(name), value).into())
    }

    fn credentials(&self, scheme: &str, value: &str) -> Cow<'static, str> {
        let login = basic(value).filter(|_| scheme.eq_ignore_ascii_case("basic"));
        let Some((user, password)) = login else {
            return self.cleaner.numbers.of(Kind::Token, value).into();
        };
        let user = match &self.cleaner.disguise {
            Some(disguise) => disguise.name(&user),
            None => user,
        };
        let password = self
            .secret("password", &password, false)
            .unwrap_or_default();
        STANDARD.encode(format!("{user}:{password}")).into()
    }

    fn wants_plain_values(&self) -> bool {
        true
    }

    fn notice(&self, name: &str, value: &str) {
        self.fields
            .borrow_mut()
            .push((name.to_owned(), value.to_owned()));
        if let Some(disguise) = &self.cleaner.disguise
            && is_personal(name)
        {
            let name = name.to_lowercase();
            // Words such as May are names and more; a login is a login.
            let always = ["user", "login", "mail"]
                .iter()
                .any(|word| name.contains(word));
            disguise.notice(value, &mut self.here.borrow_mut(), always);
        }
    }

    fn other(&self, name: &str, value: &str) -> Option<String> {
        let mut kept = if self.echoed.is_empty() || is_personal(name) {
            None
        } else {
            self.without_echoes(value)
        };
        if value.contains("://") {
            let url = kept.as_deref().unwrap_or(value);
            let url = redact_url(url, self, &mut Secrets::default());
            kept = (url != value).then_some(url);
        }
        let Some(disguise) = &self.cleaner.disguise else {
            return kept;
        };
        let mut here = self.here.borrow_mut();
        let text = kept.as_deref().unwrap_or(value);
        let lower = name.to_lowercase();
        let named = if is_personal(name) {
            disguise.name(text)
        } else if lower.contains("role") || lower.contains("code") {
            text.to_owned()
        } else if text.contains("://") || text.starts_with('/') {
            disguise.path(text, &mut here)
        } else if text.contains(char::is_whitespace)
            || text.contains('@')
            || disguise.is_name(text, &here)
        {
            disguise.text(text, &here)
        } else {
            text.to_owned()
        };
        if named != value {
            kept = Some(named);
        }
        kept
    }
}
