//! Reads recordings: the exchanges of the API in files.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use bandwidth_fixtures::text_file;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{
    TrafficError,
    engine::{self, PLACEHOLDER},
    exchange::{Exchange, Numbered},
    har, lines,
};
use crate::{journal::basic, text};

/// Bytes of a recording that are read at most: 10,000 exchanges are about 20 MiB.
const LARGEST: u64 = 1 << 30;

/// Exchanges of the API in files.
#[derive(Debug, Default)]
pub struct Recordings {
    pub(super) exchanges: Vec<Exchange>,
    /// The place of each among all entries or lines of the files, from 1.
    places: Vec<usize>,
}

impl Recordings {
    /// Reads files, in order. Requests to other paths are left out; a browser's HAR has many.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self, TrafficError> {
        let mut all = Self::default();
        let mut passwords = Passwords::default();
        let mut before = 0;
        for file in files {
            let (found, count) = numbered(file, engine::is_of_api)?;
            if found.is_empty() {
                let message = "it has no request to the API: each path begins with /api or /v1.0";
                return Err(TrafficError::new(file, message));
            }
            let (places, mut own): (Vec<usize>, Vec<Exchange>) = found.into_iter().unzip();
            if files.len() > 1 {
                passwords.renumber(&mut own);
                own[0].after_gap = before > 0;
            }
            all.places.extend(places.iter().map(|place| before + place));
            all.exchanges.extend(own);
            before += count;
        }
        Ok(all)
    }

    /// An exchange that the engine counts from 1, with its place.
    pub(super) fn exchange(&self, number: usize) -> (usize, &Exchange) {
        (self.places[number - 1], &self.exchanges[number - 1])
    }

    /// The places of exchanges.
    pub(super) fn places<'r>(&'r self, numbers: &'r [usize]) -> impl Iterator<Item = usize> + 'r {
        numbers.iter().map(|number| self.places[number - 1])
    }
}

/// Reads a recording: HAR, or one JSON object a line. Exchanges whose URL `keeps` rejects are left
/// out.
pub fn read(path: &Path, keeps: impl Fn(&str) -> bool) -> Result<Vec<Exchange>, TrafficError> {
    let (found, _) = numbered(path, keeps)?;
    Ok(found.into_iter().map(|(_, exchange)| exchange).collect())
}

/// The exchanges of a recording.
fn numbered(path: &Path, keeps: impl Fn(&str) -> bool) -> Result<Numbered, TrafficError> {
    let wrong = |message: String| TrafficError::new(path, message);
    let text = text_file::read(path, LARGEST).map_err(wrong)?;
    if text.trim().is_empty() {
        return Err(wrong("it is empty; record some traffic first".to_owned()));
    }
    let read = if har::is_har(&text) {
        har::read(&text, keeps)
    } else {
        lines::read(&text, keeps)
    };
    read.map_err(wrong)
}

/// Numbers for the passwords of several recordings: equal numbers mean equal values in one of them
/// only.
#[derive(Default)]
struct Passwords {
    /// The last number.
    last: usize,
    /// What stands for the passwords of logins, by username. They are the same in each recording.
    logins: BTreeMap<String, String>,
}

impl Passwords {
    /// Gives the passwords of a recording numbers that no earlier one has.
    fn renumber(&mut self, exchanges: &mut [Exchange]) {
        let logins = of_logins(exchanges);
        let mut names = BTreeMap::new();
        for (username, old) in &logins {
            if let Some(kept) = self.logins.get(username) {
                names.insert(old.clone(), kept.clone());
            }
        }
        for exchange in exchanges {
            let own = engine::placeholders(exchange);
            for old in &own {
                names.entry(old.clone()).or_insert_with(|| {
                    self.last += 1;
                    format!("{PLACEHOLDER}{}", self.last)
                });
            }
            let renamed = |text: &str| own.contains(text).then(|| names[text].clone());
            rename(exchange, &renamed);
        }
        for (username, old) in logins {
            if let Some(new) = names.get(&old) {
                self.logins.entry(username).or_insert_with(|| new.clone());
            }
        }
    }
}

/// The usernames and passwords that opened the API, those that did most often last. Of several
/// passwords of a login, only the last counts.
fn of_logins(exchanges: &[Exchange]) -> Vec<(String, String)> {
    let logins = engine::logins(exchanges).into_iter();
    let mut logins: Vec<_> = logins
        .filter(|(_, worth)| *worth >= engine::SUCCESS)
        .collect();
    logins.sort_by_key(|(_, worth)| *worth);
    let mut last: Vec<(String, String)> = Vec::new();
    for (login, _) in logins {
        last.retain(|(username, _)| *username != login.0);
        last.push(login);
    }
    last
}

/// Renames the passwords of an exchange.
fn rename(exchange: &mut Exchange, renamed: &dyn Fn(&str) -> Option<String>) {
    let in_body = |body: &mut Bytes| {
        let text = std::str::from_utf8(body).ok();
        if let Some(text) = text.and_then(|text| in_text(text, renamed)) {
            *body = text.into();
        }
    };
    in_body(&mut exchange.request_body);
    if let Some(answer) = &mut exchange.answer {
        in_body(&mut answer.body);
    }
    for (name, value) in &mut exchange.request_headers {
        if name.eq_ignore_ascii_case("authorization")
            && let Some((scheme, login)) = text::credentials(value)
            && scheme.eq_ignore_ascii_case("basic")
            && let Some((username, password)) = basic(login)
            && let Some(new) = renamed(&password)
        {
            *value = format!("Basic {}", STANDARD.encode(format!("{username}:{new}")));
        }
    }
    let passwords = std::mem::take(&mut exchange.passwords).into_iter();
    let passwords = passwords.map(|(old, features)| (renamed(&old).unwrap_or(old), features));
    exchange.passwords = passwords.collect();
}

/// The text with other names of passwords; `None` if it has none.
fn in_text(text: &str, renamed: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut whole = String::new();
    let mut from = 0;
    for (start, _) in text.match_indices(PLACEHOLDER) {
        let digits = text[start + PLACEHOLDER.len()..].bytes();
        let digits = digits.take_while(u8::is_ascii_digit).count();
        let end = start + PLACEHOLDER.len() + digits;
        let before = text[..start].chars().next_back();
        let is_part = before.is_some_and(|c| c.is_alphanumeric() || c == '-');
        if let Some(new) = renamed(&text[start..end]).filter(|_| !is_part) {
            whole += &text[from..start];
            whole += &new;
            from = end;
        }
    }
    (from > 0).then(|| whole + &text[from..])
}
