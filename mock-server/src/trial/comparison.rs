//! The first answer of a run that differs from the baseline. It broke the command, or follows from
//! what did.
//!
//! Requests are compared account by account, since tests that run side by side reach the mock in
//! any order. What differs between two runs of the baseline is random and does not count.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use bandwidth_fixtures::Operation;

use crate::journal::{Entry, answer_body};

/// The longest excerpt of an answer, in characters.
const EXCERPT: usize = 160;
/// Length of the text before the first difference.
const BEFORE: usize = 40;
/// The status of the response is in every answer; these headers say nothing more.
const IGNORED_HEADERS: [&str; 2] = ["content-length", "connection"];

/// A request and its answer.
#[derive(Debug, Clone)]
struct Exchange {
    /// The position in the whole run.
    at: usize,
    operation: Option<Operation>,
    method: String,
    target: String,
    status: Option<u16>,
    headers: String,
    body: String,
}

/// The exchanges of one account, in order.
#[derive(Debug, Clone)]
struct Thread {
    account: Option<Arc<str>>,
    exchanges: Vec<Exchange>,
}

/// Two runs under the same conditions.
#[derive(Debug)]
pub struct Baseline {
    first: Vec<Thread>,
    second: Vec<Thread>,
    /// For each thread of the first run, that of the second.
    pairs: Vec<Option<usize>>,
}

/// A text as its words; one that is random is `None`.
type Template<'t> = Vec<Option<&'t str>>;

/// A part of an exchange.
type Part = fn(&Exchange) -> &str;

impl Exchange {
    fn of(at: usize, entry: &Entry) -> Self {
        let (mut body, mut headers) = (String::new(), String::new());
        if let Some(sent) = &entry.sent {
            body = answer_body(entry.operation, &sent.body);
            for (name, value) in &sent.headers {
                if !IGNORED_HEADERS.contains(&name.as_str()) {
                    let value = String::from_utf8_lossy(value.as_bytes());
                    headers = headers + name.as_str() + ": " + &value + "; ";
                }
            }
        }
        Self {
            at,
            operation: entry.operation,
            method: entry.method.to_string(),
            target: entry.request.seen().target.clone(),
            status: entry.status(),
            headers,
            body,
        }
    }

    /// True if both send the same request. The target's keys may be random. A variant may not serve
    /// the operation.
    fn asks_like(&self, other: &Self) -> bool {
        self.method == other.method
            && (self.operation == other.operation || self.target == other.target)
    }

    fn answer(&self, text: &str, from: usize) -> String {
        let status = self
            .status
            .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        if text.is_empty() {
            return format!("{status} without a body");
        }
        let start = text.floor_char_boundary(from.saturating_sub(BEFORE));
        let start = if from < EXCERPT / 2 { 0 } else { start };
        let shown: String = text[start..].chars().take(EXCERPT).collect();
        let before = if start > 0 { "... " } else { "" };
        let after = if start + shown.len() < text.len() {
            " ..."
        } else {
            ""
        };
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{status} {before}{shown}{after}")
    }
}

impl Thread {
    /// The words of a text, without the account's own id.
    fn words<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let mut words = words(text);
        for word in &mut words {
            if Some(*word) == self.account.as_deref() {
                *word = "{account}";
            }
        }
        words
    }

    fn common(&self, other: &Self, same: impl Fn(&Exchange, &Exchange) -> bool) -> usize {
        let pairs = self.exchanges.iter().zip(&other.exchanges);
        pairs.take_while(|(one, two)| same(one, two)).count()
    }
}

impl Baseline {
    /// From the journals of both runs.
    pub fn of(first: &[Arc<Entry>], second: &[Arc<Entry>]) -> Self {
        Self::of_threads(threads(first), threads(second))
    }

    fn of_threads(first: Vec<Thread>, second: Vec<Thread>) -> Self {
        let pairs = matched(&first, &second);
        Self {
            first,
            second,
            pairs,
        }
    }

    /// The first difference of a run, in words; `None` if there is none.
    pub fn first_difference(&self, run: &[Arc<Entry>]) -> Option<String> {
        self.difference(&threads(run))
    }

    fn difference(&self, run: &[Thread]) -> Option<String> {
        let mut found: Option<(usize, String)> = None;
        let mut counts = None;
        for (index, pair) in matched(&self.first, run).into_iter().enumerate() {
            let before = &self.first[index];
            let again = self.pairs[index].map(|index| &self.second[index]);
            let Some(here) = pair.map(|index| &run[index]) else {
                continue;
            };
            match self.compare(before, again, here) {
                Some((at, text)) if found.as_ref().is_none_or(|(first, _)| at < *first) => {
                    found = Some((at, text));
                }
                _ => {}
            }
            let repeats =
                again.is_some_and(|again| again.exchanges.len() == before.exchanges.len());
            let (now, then) = (here.exchanges.len(), before.exchanges.len());
            if now != then && repeats && counts.is_none() {
                counts = Some(format!(
                    "{now} request(s){} here, {then} in the baseline, and up to there the same answers",
                    self.of_account(here)
                ));
            }
        }
        let (now, then) = (run.len(), self.first.len());
        let accounts = (now != then && then == self.second.len()).then(|| {
            format!(
                "requests to {now} accounts here, to {then} in the baseline, and the same answers"
            )
        });
        found.map(|(_, text)| text).or(counts).or(accounts)
    }

    fn of_account(&self, thread: &Thread) -> String {
        match &thread.account {
            Some(account) if self.first.len() > 1 => format!(" of account {account}"),
            _ => String::new(),
        }
    }

    /// The first difference between two threads, and its position in the run.
    fn compare(
        &self,
        before: &Thread,
        again: Option<&Thread>,
        here: &Thread,
    ) -> Option<(usize, String)> {
        // After the request by which the baseline itself differs, a comparison means nothing.
        let stable = again.map_or(usize::MAX, |again| {
            let common = before.common(again, |one, two| {
                one.asks_like(two) && one.status == two.status
            });
            if common == before.exchanges.len() {
                usize::MAX
            } else {
                common
            }
        });
        let pairs = before.exchanges.iter().zip(&here.exchanges).take(stable);
        for (index, (then, now)) in pairs.enumerate() {
            let again = again.and_then(|again| Some((again, again.exchanges.get(index)?)));
            let place = |text: Part| {
                let repeated = again.map(|(thread, exchange)| thread.words(text(exchange)));
                let template = template(before.words(text(then)), repeated.as_deref());
                first_other(&template?, &here.words(text(now)))
            };
            let number = format!("request {}{}", index + 1, self.of_account(here));
            let request = format!("{} {}", now.method, now.target);
            if !then.asks_like(now) || place(|exchange| &exchange.target).is_some() {
                let text = format!(
                    "{number} is {request}, and in the baseline it is {} {}",
                    then.method, then.target
                );
                return Some((now.at, text));
            }
            let [body, headers]: [Part; 2] =
                [|exchange| &exchange.body, |exchange| &exchange.headers];
            let shown = if then.status == now.status {
                let mut parts = [body, headers].into_iter();
                parts.find_map(|part| Some((part, place(part)?)))
            } else {
                Some((body, 0))
            };
            if let Some((text, word)) = shown {
                let line = |exchange: &Exchange| {
                    let text = text(exchange);
                    let before = words(text).into_iter().take(word);
                    exchange.answer(text, before.map(str::len).sum())
                };
                let text = format!(
                    "{number}, {request}\n  baseline  {}\n  here      {}",
                    line(then),
                    line(now)
                );
                return Some((now.at, text));
            }
        }
        None
    }
}

fn threads(entries: &[Arc<Entry>]) -> Vec<Thread> {
    let exchanges = entries.iter().enumerate();
    by_account(exchanges.map(|(at, entry)| (entry.account.clone(), Exchange::of(at, entry))))
}

fn by_account(exchanges: impl Iterator<Item = (Option<Arc<str>>, Exchange)>) -> Vec<Thread> {
    let mut threads: BTreeMap<_, Vec<Exchange>> = BTreeMap::new();
    for (account, exchange) in exchanges {
        threads.entry(account).or_default().push(exchange);
    }
    let threads = threads.into_iter();
    threads
        .map(|(account, exchanges)| Thread { account, exchanges })
        .collect()
}

/// Finds for each thread the one that it is most like: a throwaway account has another id in each
/// run.
fn matched(from: &[Thread], to: &[Thread]) -> Vec<Option<usize>> {
    let mut likeness = Vec::new();
    for (left, one) in from.iter().enumerate() {
        for (right, two) in to.iter().enumerate() {
            let score = (
                one.common(two, |a, b| a.asks_like(b) && a.status == b.status),
                one.common(two, Exchange::asks_like),
                Reverse(one.exchanges.len().abs_diff(two.exchanges.len())),
                one.account == two.account,
            );
            likeness.push((Reverse(score), left, right));
        }
    }
    likeness.sort_unstable();
    let mut pairs = vec![None; from.len()];
    let mut taken = vec![false; to.len()];
    for (_, left, right) in likeness {
        if pairs[left].is_none() && !taken[right] {
            pairs[left] = Some(right);
            taken[right] = true;
        }
    }
    pairs
}

/// Runs of letters and digits, and each other character.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if first.is_alphanumeric() {
            rest.find(|c: char| !c.is_alphanumeric())
        } else {
            Some(first.len_utf8())
        };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(word);
        rest = after;
    }
    words
}

/// The common parts of two baseline runs; `None` if they differ in more than words.
fn template<'t>(first: Vec<&'t str>, second: Option<&[&'t str]>) -> Option<Template<'t>> {
    let Some(second) = second else {
        return Some(first.into_iter().map(Some).collect());
    };
    let pairs = first.iter().zip(second);
    (first.len() == second.len()).then(|| pairs.map(|(a, b)| (a == b).then_some(*a)).collect())
}

/// The first word that does not fit.
fn first_other(template: &[Option<&str>], words: &[&str]) -> Option<usize> {
    let fits = |(known, word): (Option<&str>, &&str)| known.is_none_or(|known| known == *word);
    let other = template
        .iter()
        .copied()
        .zip(words)
        .position(|pair| !fits(pair));
    let length = template.len().min(words.len());
    other.or((template.len() != words.len()).then_some(length))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bandwidth_fixtures::Operation;

    use super::{Baseline, Exchange, Thread, by_account};

    /// A run of `(account, request, status, body)`.
    fn run(exchanges: &[(&str, &str, u16, &str)]) -> Vec<Thread> {
        let exchange =
            |(at, (account, request, status, body)): (usize, &(&str, &str, u16, &str))| {
                let (method, target) = request.split_once(' ').unwrap_or_default();
                let exchange = Exchange {
                    at,
                    operation: None,
                    method: method.to_owned(),
                    target: target.to_owned(),
                    status: Some(*status),
                    headers: String::new(),
                    body: (*body).to_owned(),
                };
                (Some(Arc::from(*account)), exchange)
            };
        by_account(exchanges.iter().enumerate().map(exchange))
    }

    fn compared(first: &[Thread], second: &[Thread], variant: &[Thread]) -> String {
        let baseline = Baseline::of_threads(first.to_vec(), second.to_vec());
        let difference = baseline.difference(variant);
        difference.unwrap_or_else(|| "nothing".to_owned())
    }

    #[test]
    fn the_first_other_answer_is_shown_where_it_begins() {
        let long = "x".repeat(200);
        let list = ("1", "GET /u", 200, "a");
        let baseline = run(&[list, ("1", "POST /u", 201, "b")]);
        let long_list = run(&[("1", "GET /u", 200, &format!("{long} <One/> {long}"))]);
        let texts = [
            compared(
                &baseline,
                &baseline,
                &run(&[list, ("1", "POST /u", 200, "")]),
            ),
            compared(
                &baseline,
                &baseline,
                &run(&[list, ("1", "PUT /u", 201, "b")]),
            ),
            compared(&baseline, &baseline, &run(&[list])),
            compared(&baseline, &baseline, &baseline),
            compared(
                &long_list,
                &long_list,
                &run(&[("1", "GET /u", 200, &format!("{long} <Two/> {long}"))]),
            ),
        ];
        insta::assert_snapshot!(texts.join("\n\n"));
    }

    #[test]
    fn a_variant_that_does_not_serve_an_operation_answers_the_same_request() {
        let mut baseline = run(&[("1", "PATCH /u/1", 200, "a")]);
        baseline[0].exchanges[0].operation = Some(Operation::UpdateUser);
        let variant = run(&[("1", "PATCH /u/1", 405, "b")]);
        assert_eq!(
            compared(&baseline, &baseline, &variant),
            "request 1, PATCH /u/1\n  baseline  200 a\n  here      405 b"
        );
    }

    #[test]
    fn accounts_are_aligned_and_what_is_random_does_not_count() {
        let of = |first: &str, second: &str, name: &str, status: u16| {
            let user = format!("POST /{first}/users");
            let body = format!("<Id>{first}</Id><Name>{name}</Name>");
            let list = format!("GET /{second}/users");
            run(&[
                (first, &user, status, &body),
                (second, &list, 200, "<Users/>"),
            ])
        };
        let (first, second) = (of("1", "2", "anna", 201), of("2", "1", "bert", 201));
        assert_eq!(
            compared(&first, &second, &of("2", "1", "carl", 201)),
            "nothing"
        );
        assert_eq!(
            compared(&first, &second, &of("2", "1", "carl", 200)),
            "request 1 of account 2, POST /2/users\n  \
             baseline  201 <Id>1</Id><Name>anna</Name>\n  \
             here      200 <Id>2</Id><Name>carl</Name>"
        );
    }
}
