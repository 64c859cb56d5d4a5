//! Behaviour of clients after a 429, a 5xx or a dropped response.

use std::{collections::HashMap, fmt::Write as _, net::IpAddr, sync::Arc, time::Duration};

use bandwidth_fixtures::Operation;
use serde::Serialize;
use utoipa::ToSchema;

use super::entry::Entry;
use crate::clock::rfc3339;

/// A client that sends more attempts than this shows no limit.
const MOST_ATTEMPTS: usize = 10;

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Retries {
    /// Verdict on all sequences together.
    pub verdict: Verdict,
    /// One for each request that met trouble, in the order in which they began.
    pub sequences: Vec<Sequence>,
    /// Number of requests that the journal no longer keeps: sequences that they began are not seen.
    pub dropped: u64,
}

/// Verdict on retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No sequence has a problem.
    Good,
    /// A sequence has a problem.
    Bad,
    /// No request met trouble.
    NothingSeen,
}

/// A mistake of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// A wait was not longer than the one before, and no header asked for that.
    WaitsDidNotGrow,
    /// There were more than ten attempts.
    NoLimit,
    /// It repeated a create with an unknown result, without reading the users first.
    BlindCreate,
    /// It did not wait as long as a header asked.
    ResetIgnored,
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
    /// Ids of the requests that read the users after an attempt with an unknown result.
    pub looks: Vec<u64>,
    /// The end of the sequence.
    pub outcome: Outcome,
    /// Mistakes of the client.
    pub problems: Vec<Problem>,
    /// True if each wait was longer than the one before; null with fewer than two waits.
    pub waits_grew: Option<bool>,
    /// True if a create that had taken effect was sent again.
    pub repeated_create_that_took_effect: bool,
    /// True if the client waited as long as `X-RateLimit-Reset` or `Retry-After` asked; null if
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
    /// Time of arrival, on the mock's clock (RFC 3339).
    #[schema(format = DateTime)]
    pub time: String,
    /// Milliseconds from the end of the attempt before; null for the first.
    pub waited_ms: Option<u64>,
    /// The status that was sent; null when none was.
    pub status: Option<u16>,
    /// True if it changed something.
    pub took_effect: bool,
}

/// The end of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The last attempt succeeded.
    Recovered,
    /// The last attempt was rejected with another 4xx.
    Refused,
    /// The client could not know the result of the last attempt, and read the users.
    Reconciled,
    /// There was no other attempt after the last trouble, until now.
    GaveUp,
}

/// A client, by what distinguishes it.
#[derive(PartialEq, Eq, Hash)]
struct Client<'e> {
    domain: Option<&'e str>,
    address: Option<IpAddr>,
    agent: String,
}

/// Properties that make two requests the same request of the same client.
#[derive(PartialEq, Eq, Hash)]
struct Key<'e> {
    client: Client<'e>,
    method: &'e str,
    target: String,
    /// Several creates go to one path; their bodies distinguish them.
    body: Option<u64>,
}

impl<'e> Key<'e> {
    fn of(entry: &'e Entry) -> Self {
        Self {
            client: Client {
                domain: entry.main.as_deref(),
                address: entry.peer.map(|peer| peer.ip()),
                agent: agent(entry),
            },
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

/// True if a client should try again.
fn is_trouble(entry: &Entry) -> bool {
    match entry.status() {
        Some(status) => status == 429 || status >= 500,
        // Under way is not lost.
        None => entry.duration.is_some(),
    }
}

/// True if its client cannot know the result.
fn is_ambiguous(entry: &Entry) -> bool {
    is_trouble(entry) && entry.status() != Some(429) && !entry.method.is_safe()
}

fn is_create(entry: &Entry) -> bool {
    entry.operation == Some(Operation::CreateUser)
}

/// True if it shows users.
fn reads_users(entry: &Entry) -> bool {
    let shows = matches!(
        entry.operation,
        Some(Operation::ListUsers | Operation::GetUser)
    );
    shows && entry.status().is_some_and(|status| status < 400)
}

/// The attempts of a request, and the looks at the users that followed ambiguous ones.
struct Attempts<'e> {
    all: Vec<&'e Entry>,
    /// After how many attempts, and by which request.
    looks: Vec<(usize, u64)>,
}

impl Attempts<'_> {
    fn last_is_ambiguous(&self) -> bool {
        self.all.last().is_some_and(|entry| is_ambiguous(entry))
    }

    /// True if the client read the users between that number of attempts and the next.
    fn read_users_after(&self, attempts: usize) -> bool {
        self.looks.iter().any(|(after, _)| *after == attempts)
    }
}

/// Reads the report from the entries of a journal, in their order.
pub fn report(entries: &[Arc<Entry>], dropped: u64) -> Retries {
    let mut open: HashMap<Key<'_>, usize> = HashMap::new();
    let mut sequences: Vec<Attempts<'_>> = Vec::new();
    for entry in entries {
        let key = Key::of(entry);
        let trouble = is_trouble(entry);
        if reads_users(entry) {
            let of_client = open.iter().filter(|(other, _)| other.client == key.client);
            for (_, index) in of_client {
                let attempts = &mut sequences[*index];
                if attempts.last_is_ambiguous() {
                    attempts.looks.push((attempts.all.len(), entry.id));
                }
            }
        }
        match open.get(&key).copied() {
            Some(index) => {
                sequences[index].all.push(entry);
                if !trouble {
                    open.remove(&key);
                }
            }
            None if trouble => {
                open.insert(key, sequences.len());
                sequences.push(Attempts {
                    all: vec![entry],
                    looks: Vec::new(),
                });
            }
            None => {}
        }
    }
    let sequences: Vec<Sequence> = sequences.iter().map(sequence).collect();
    let verdict = match sequences.iter().all(|one| one.problems.is_empty()) {
        _ if sequences.is_empty() => Verdict::NothingSeen,
        true => Verdict::Good,
        false => Verdict::Bad,
    };
    Retries {
        verdict,
        sequences,
        dropped,
    }
}

fn waited(before: &Entry, after: &Entry) -> Duration {
    let ended = before.ended.unwrap_or(before.at);
    after.at.saturating_sub(ended)
}

fn sequence(attempts: &Attempts<'_>) -> Sequence {
    let entries = &attempts.all;
    let first = entries[0];
    let last = entries[entries.len() - 1];
    let waits: Vec<Duration> = entries
        .windows(2)
        .map(|pair| waited(pair[0], pair[1]))
        .collect();
    let outcome = match last.status() {
        _ if attempts.read_users_after(entries.len()) => Outcome::Reconciled,
        _ if is_trouble(last) => Outcome::GaveUp,
        Some(status) if status < 400 => Outcome::Recovered,
        Some(_) => Outcome::Refused,
        None => Outcome::GaveUp,
    };
    let repeated = entries[..entries.len() - 1]
        .iter()
        .any(|entry| entry.took_effect && is_create(entry));
    let resets: Vec<bool> = entries
        .windows(2)
        .filter_map(|pair| Some(pair[1].at >= allowed_at(pair[0])?))
        .collect();
    let waits_grew = (waits.len() >= 2).then(|| waits.windows(2).all(|pair| pair[1] > pair[0]));
    let respected_reset = (!resets.is_empty()).then(|| resets.iter().all(|kept| *kept));
    let blind = (1..entries.len()).any(|count| {
        let before = entries[count - 1];
        is_create(before) && is_ambiguous(before) && !attempts.read_users_after(count)
    });
    let problems = [
        (
            Problem::WaitsDidNotGrow,
            waits_grew == Some(false) && respected_reset != Some(true),
        ),
        (Problem::NoLimit, entries.len() > MOST_ATTEMPTS),
        (Problem::BlindCreate, blind),
        (Problem::ResetIgnored, respected_reset == Some(false)),
    ];
    let problems = problems.into_iter().filter(|(_, found)| *found);
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
        looks: attempts.looks.iter().map(|(_, id)| *id).collect(),
        outcome,
        problems: problems.map(|(problem, _)| problem).collect(),
        waits_grew,
        repeated_create_that_took_effect: repeated,
        respected_reset,
        summary: String::new(),
    };
    sequence.summary = sequence.words();
    sequence
}

/// The time of the next allowed request, according to the response.
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
            Some(true) => words.push_str(" The client waited as long as the response asked."),
            Some(false) => {
                words.push_str(" The client did not wait as long as the response asked.");
            }
            None => {}
        }
        if !self.looks.is_empty() {
            words.push_str(" The client looked at the users after that.");
        }
        if self.problems.contains(&Problem::BlindCreate) {
            words.push_str(" It sent a create again without a look at the users.");
        }
        if self.problems.contains(&Problem::NoLimit) {
            let _ = write!(words, " It made more than {MOST_ATTEMPTS} attempts.");
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
