//! Reads recordings: the exchanges of the API in files.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use bandwidth_fixtures::text_file;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{
    TrafficError, engine,
    exchange::{Exchange, Numbered},
    har, lines,
};

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
        let mut before = 0;
        for (file, earlier) in files.iter().zip(0..) {
            let (found, count) = numbered(file, engine::is_of_api)?;
            if found.is_empty() {
                let message = "it has no request to the API: each path begins with /api or /v1.0";
                return Err(TrafficError::new(file, message));
            }
            let from = all.exchanges.len();
            for (number, exchange) in found {
                all.places.push(before + number);
                all.exchanges.push(exchange);
            }
            before += count;
            all.separate(from, earlier);
        }
        Ok(all)
    }

    /// Separates the exchanges from `from` on from those of `recordings` earlier ones: what happened in
    /// between is not known, and equal numbers of passwords mean equal values in one recording only.
    fn separate(&mut self, from: usize, recordings: u64) {
        let (earlier, own) = self.exchanges.split_at_mut(from);
        let Some(first) = own.first_mut().filter(|_| !earlier.is_empty()) else {
            return;
        };
        first.after_gap = true;
        // A login is the same in each recording.
        let kept = passwords_of_logins(earlier);
        let kept = passwords_of_logins(own)
            .into_iter()
            .filter_map(|(name, own)| Some((own, *kept.get(&name)?)))
            .collect();
        let numbers = Renumbering {
            kept,
            above: recordings << 32,
        };
        for exchange in own {
            numbers.exchange(exchange);
        }
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

/// What stands for a password in a recording, before its number.
const PLACEHOLDER: &str = "password-";

/// The numbers of the passwords of logins, by username. If a login had several, the one that opened
/// the API most often.
fn passwords_of_logins(exchanges: &[Exchange]) -> BTreeMap<String, u64> {
    let mut logins: Vec<_> = engine::logins(exchanges).into_iter().collect();
    logins.sort_by_key(|(_, times)| *times);
    let numbers = logins.into_iter().filter_map(|((name, password), _)| {
        let number = password.strip_prefix(PLACEHOLDER)?.parse().ok()?;
        Some((name, number))
    });
    numbers.collect()
}

/// Numbers for the passwords of another recording.
struct Renumbering {
    /// Those of logins.
    kept: BTreeMap<u64, u64>,
    /// The others begin above this one, which no recording has.
    above: u64,
}

impl Renumbering {
    /// Renumbers the passwords wherever a recording may have them.
    fn exchange(&self, exchange: &mut Exchange) {
        self.body(&mut exchange.request_body);
        if let Some(answer) = &mut exchange.answer {
            self.body(&mut answer.body);
        }
        for (_, value) in &mut exchange.request_headers {
            let Some(("Basic", login)) = value.split_once(' ') else {
                continue;
            };
            let login = STANDARD.decode(login).ok();
            let login = login.and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some(text) = login.and_then(|text| self.text(&text)) {
                *value = format!("Basic {}", STANDARD.encode(text));
            }
        }
        let passwords = std::mem::take(&mut exchange.passwords).into_iter();
        let renamed =
            passwords.map(|(name, features)| (self.text(&name).unwrap_or(name), features));
        exchange.passwords = renamed.collect();
    }

    fn body(&self, body: &mut Bytes) {
        if let Some(text) = self.text(&String::from_utf8_lossy(body)) {
            *body = text.into();
        }
    }

    /// The text with other numbers; `None` if it has none.
    fn text(&self, text: &str) -> Option<String> {
        let mut parts = text.split(PLACEHOLDER);
        let mut whole = parts.next()?.to_owned();
        let mut has_some = false;
        for part in parts {
            let end = part.find(|c: char| !c.is_ascii_digit());
            let (number, rest) = part.split_at(end.unwrap_or(part.len()));
            whole += PLACEHOLDER;
            match number.parse() {
                Ok(number) => {
                    has_some = true;
                    whole += &self.number(number).to_string();
                }
                Err(_) => whole += number,
            }
            whole += rest;
        }
        has_some.then_some(whole)
    }

    fn number(&self, number: u64) -> u64 {
        let kept = self.kept.get(&number).copied();
        kept.unwrap_or_else(|| number.saturating_add(self.above))
    }
}
