//! Recordings as logs write them: one JSON object a line.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bandwidth_fixtures::describe;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, Exchange, PasswordFeatures, exchange::Numbered, time};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    time: Option<Time>,
    method: String,
    url: String,
    #[serde(default)]
    headers: Headers,
    #[serde(default)]
    body: Value,
    /// Absent or null if the connection broke.
    status: Option<u16>,
    #[serde(default)]
    answer_headers: Headers,
    /// Absent or null if the body did not arrive, or if there is none.
    answer: Option<Value>,
    #[serde(default)]
    passwords: BTreeMap<String, PasswordFeatures>,
}

/// RFC 3339, or seconds since the Unix epoch.
#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Text(String),
    Seconds(f64),
}

impl Time {
    fn read(&self) -> Option<SystemTime> {
        match self {
            Self::Text(text) => time::parse(text),
            Self::Seconds(seconds) => {
                UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(*seconds).ok()?)
            }
        }
    }
}

/// An object of names with one value or several, or a list of pairs.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "must be an object of names and values, or a list of pairs"
)]
enum Headers {
    Named(serde_json::Map<String, Value>),
    Pairs(Vec<(String, String)>),
    None(()),
}

impl Default for Headers {
    fn default() -> Self {
        Self::None(())
    }
}

impl Headers {
    fn pairs(self) -> Vec<(String, String)> {
        match self {
            Self::None(()) => Vec::new(),
            Self::Pairs(pairs) => pairs,
            Self::Named(named) => {
                let values = named.into_iter().flat_map(|(name, value)| {
                    let values = match value {
                        Value::Array(values) => values,
                        value => vec![value],
                    };
                    values
                        .into_iter()
                        .map(move |value| (name.clone(), text(value)))
                });
                values.collect()
            }
        }
    }
}

/// A text as it is, nothing for null, and JSON for a value that the logger parsed.
fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        value => value.to_string(),
    }
}

/// Reads one exchange a line, each with the number of its line. The error names the line.
pub(super) fn read(text: &str, keeps: impl Fn(&str) -> bool) -> Result<Numbered, String> {
    let count = text.lines().count();
    let lines = (1..).zip(text.trim_start_matches('\u{FEFF}').lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let exchanges = lines.map(|(number, line)| {
        let line: Line = describe::read_json(line).map_err(|error| {
            let error = error.strip_prefix("line 1").unwrap_or(&error);
            format!(
                "line {number}{error}; each line is one JSON object with method, url, headers, \
                 body, status and answer"
            )
        })?;
        if !keeps(&line.url) {
            return Ok(None);
        }
        let exchange = line.exchange();
        exchange
            .map(|exchange| Some((number, exchange)))
            .map_err(|wrong| format!("line {number}: {wrong}"))
    });
    let exchanges: Result<Vec<_>, String> = exchanges.filter_map(Result::transpose).collect();
    Ok((exchanges?, count))
}

impl Line {
    fn exchange(self) -> Result<Exchange, &'static str> {
        let has_no_body = matches!(self.status, Some(204 | 304)) || self.method == "HEAD";
        let answer = match (self.status, self.answer) {
            (None, Some(body)) if !text(body.clone()).is_empty() => {
                return Err(
                    "it has an answer and no status; log the status, or no answer if the connection broke",
                );
            }
            (Some(status), body) if body.is_some() || has_no_body => Some(Answer {
                status,
                headers: self.answer_headers.pairs(),
                body: Bytes::from(body.map_or_else(String::new, text)),
            }),
            // The response is not known in full.
            _ => None,
        };
        Ok(Exchange {
            at: self.time.and_then(|time| time.read()),
            after_gap: false,
            method: self.method,
            url: self.url,
            request_headers: self.headers.pairs(),
            request_body: Bytes::from(text(self.body)),
            answer,
            passwords: self.passwords,
        })
    }
}
