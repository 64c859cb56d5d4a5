//! How clients behaved after a 429, a 5xx or an answer that never came.

use std::{collections::HashMap, fmt::Write as _, net::IpAddr, sync::Arc, time::Duration};

use bandwidth_fixtures::Operation;
use serde::Serialize;
use utoipa::ToSchema;

use super::entry::Entry;
use crate::clock::rfc3339;

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Retries {
    /// One for each request that met trouble, in the order in which they began.
    pub sequences: Vec<Sequence>,
    /// How many requests the journal no longer keeps: what they began is not seen.
    pub dropped: u64,
}

/// A request that met trouble, and what its client did then.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sequence {
    /// The account.
    pub account_id: Option<String>,
    /// The client: its address and its User-Agent.
    pub client: String,
    /// The operation.
    pub operation: Option<String>,
    /// Method and path.
    pub request: String,
    /// Every attempt, the first included.
    pub attempts: Vec<Attempt>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether each wait was longer than the one before; null with fewer than two waits.
    pub waits_grew: Option<bool>,
    /// Whether a create that had taken effect was sent again.
    pub repeated_create_that_took_effect: bool,
    /// Whether the client waited as long as `X-RateLimit-Reset` or `Retry-After` said; null when
    /// neither was sent before another attempt.
    pub respected_reset: Option<bool>,
    /// All of this in words.
    pub summary: String,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The id of the request in the journal.
    pub id: u64,
    /// When it came, on the mock's clock (RFC 3339).
    #[schema(format = DateTime)]
    pub time: String,
    /// Milliseconds from the end of the attempt before; null for the first.
    pub waited_ms: Option<u64>,
    /// The status that was sent; null when none was.
    pub status: Option<u16>,
    /// Whether it changed something.
    pub took_effect: bool,
}

/// How a sequence ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The last attempt succeeded.
    Recovered,
    /// The last attempt was refused with another 4xx.
    Refused,
    /// There was no other attempt after the last trouble, so far.
    GaveUp,
}

/// What makes two requests the same request of the same client.
#[derive(PartialEq, Eq, Hash)]
struct Key<'e> {
    account: Option<&'e str>,
    address: Option<IpAddr>,
    agent: String,
    method: &'e str,
    target: String,
    /// Several creates go to one path; their bodies tell them apart.
    body: Option<u64>,
}

impl<'e> Key<'e> {
    fn of(entry: &'e Entry) -> Self {
        Self {
            account: entry.account.as_deref(),
            address: entry.peer.map(|peer| peer.ip()),
            agent: agent(entry),
            method: entry.method.as_str(),
            target: entry.request.seen().target.clone(),
            body: (entry.operation == Some(Operation::CreateUser))
                .then(|| entry.request.body_hash()),
        }
    }
}

fn agent(entry: &Entry) -> String {
    let seen = entry.request.seen();
    let mut headers = seen.headers.iter();
    let found = headers.find(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
    found.map_or_else(|| "no User-Agent".to_owned(), |(_, value)| value.clone())
}

/// Whether a client should try again.
fn is_trouble(entry: &Entry) -> bool {
    match entry.status() {
        Some(status) => status == 429 || status >= 500,
        // Under way is not lost.
        None => entry.duration.is_some(),
    }
}

/// Reads the report from the entries of a journal, in their order.
pub fn report(entries: &[Arc<Entry>], dropped: u64) -> Retries {
    let mut open: HashMap<Key<'_>, usize> = HashMap::new();
    let mut sequences: Vec<Vec<&Entry>> = Vec::new();
    for entry in entries {
        let key = Key::of(entry);
        let trouble = is_trouble(entry);
        match open.get(&key).copied() {
            Some(index) => {
                sequences[index].push(entry);
                if !trouble {
                    open.remove(&key);
                }
            }
            None if trouble => {
                open.insert(key, sequences.len());
                sequences.push(vec![entry]);
            }
            None => {}
        }
    }
    Retries {
        sequences: sequences.iter().map(|entries| sequence(entries)).collect(),
        dropped,
    }
}

fn waited(before: &Entry, after: &Entry) -> Duration {
    let ended = before.ended.unwrap_or(before.at);
    after.at.saturating_sub(ended)
}

fn sequence(entries: &[&Entry]) -> Sequence {
    let first = entries[0];
    let last = entries[entries.len() - 1];
    let waits: Vec<Duration> = entries
        .windows(2)
        .map(|pair| waited(pair[0], pair[1]))
        .collect();
    let outcome = match last.status() {
        _ if is_trouble(last) => Outcome::GaveUp,
        Some(status) if status < 400 => Outcome::Recovered,
        Some(_) => Outcome::Refused,
        None => Outcome::GaveUp,
    };
    let repeated = entries[..entries.len() - 1]
        .iter()
        .any(|entry| entry.took_effect && entry.operation == Some(Operation::CreateUser));
    let resets: Vec<bool> = entries
        .windows(2)
        .filter_map(|pair| Some(pair[1].at >= allowed_at(pair[0])?))
        .collect();
    let mut sequence = Sequence {
        account_id: first.account.as_deref().map(str::to_owned),
        client: format!(
            "{} ({})",
            first
                .peer
                .map_or_else(|| "unknown".to_owned(), |peer| peer.ip().to_string()),
            agent(first)
        ),
        operation: first.operation.map(|operation| operation.to_string()),
        request: format!("{} {}", first.method, first.request.seen().target),
        attempts: entries
            .iter()
            .enumerate()
            .map(|(index, entry)| Attempt {
                id: entry.id,
                time: rfc3339(entry.at),
                waited_ms: index
                    .checked_sub(1)
                    .map(|before| u64::try_from(waits[before].as_millis()).unwrap_or(u64::MAX)),
                status: entry.status(),
                took_effect: entry.took_effect,
            })
            .collect(),
        outcome,
        waits_grew: (waits.len() >= 2).then(|| waits.windows(2).all(|pair| pair[1] > pair[0])),
        repeated_create_that_took_effect: repeated,
        respected_reset: (!resets.is_empty()).then(|| resets.iter().all(|kept| *kept)),
        summary: String::new(),
    };
    sequence.summary = sequence.words();
    sequence
}

/// When the next request was allowed, as the answer said.
fn allowed_at(entry: &Entry) -> Option<Duration> {
    let number = |name| entry.sent_header(name)?.parse::<u64>().ok();
    if let Some(reset) = number("x-ratelimit-reset") {
        return Some(Duration::from_secs(reset));
    }
    let ended = entry.ended.unwrap_or(entry.at);
    number("retry-after").map(|seconds| ended + Duration::from_secs(seconds))
}

impl Sequence {
    fn words(&self) -> String {
        let answered = |attempt: &Attempt| match attempt.status {
            Some(status) => format!("answered {status}"),
            None => "not answered".to_owned(),
        };
        let mut words = format!("{} was {}", self.request, answered(&self.attempts[0]));
        if self.attempts[0].took_effect {
            words.push_str(" although it took effect");
        }
        match &self.attempts[1..] {
            [] => words.push_str(", and was not tried again"),
            again => {
                let waits: Vec<String> = again
                    .iter()
                    .map(|attempt| seconds(attempt.waited_ms.unwrap_or_default()))
                    .collect();
                let tries = if again.len() == 1 {
                    "once".to_owned()
                } else {
                    format!("{} times", again.len())
                };
                let last = &again[again.len() - 1];
                let _ = write!(
                    words,
                    ", then tried again {tries}, after {}; the last was {}",
                    waits.join(", "),
                    answered(last)
                );
            }
        }
        words.push('.');
        match self.waits_grew {
            Some(true) => words.push_str(" The waits grew."),
            Some(false) => words.push_str(" The waits did not grow each time."),
            None => {}
        }
        match self.respected_reset {
            Some(true) => words.push_str(" The client waited as long as it was told."),
            Some(false) => words.push_str(" The client did not wait as long as it was told."),
            None => {}
        }
        if self.repeated_create_that_took_effect {
            words.push_str(" It repeated a create that had taken effect.");
        }
        words
    }
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03} s", milliseconds / 1_000, milliseconds % 1_000)
}
