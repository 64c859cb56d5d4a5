//! The exchanges that the page shows: the newest of them, as they are kept in the file.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::operations;
use crate::{clock::rfc3339, traffic::Exchange};

/// Maximum number of exchanges on the page.
const MOST: usize = 1_000;

/// Maximum size of their bodies.
const BYTES: usize = 16 * 1024 * 1024;

/// Number of changes that wait for a slow page.
const WAITING: usize = 1024;

/// An exchange as the page shows it.
#[derive(Debug)]
pub struct Shown {
    pub id: u64,
    took: Duration,
    exchange: Exchange,
}

/// The newest exchanges.
#[derive(Debug)]
pub struct Log {
    state: Mutex<State>,
    /// Ids: a slow page holds on to nothing that is no longer shown.
    changes: broadcast::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    shown: VecDeque<Arc<Shown>>,
    bytes: usize,
    count: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            changes: broadcast::Sender::new(WAITING),
        }
    }
}

impl Log {
    /// Adds an exchange.
    pub fn add(&self, exchange: Exchange, took: Duration) {
        let mut state = self.state.lock();
        state.count += 1;
        let id = state.count;
        let shown = Shown { id, took, exchange };
        state.bytes += shown.bytes();
        state.shown.push_back(Arc::new(shown));
        while state.shown.len() > MOST || state.bytes > BYTES {
            let Some(oldest) = state.shown.pop_front() else {
                break;
            };
            state.bytes -= oldest.bytes();
        }
        // Under the lock, so that a page that begins hears of each exchange once.
        let _ = self.changes.send(id);
    }

    /// The shown exchanges, and the ids of new ones.
    pub fn follow(&self) -> (Vec<Arc<Shown>>, broadcast::Receiver<u64>) {
        let state = self.state.lock();
        let shown = state.shown.iter().cloned().collect();
        (shown, self.changes.subscribe())
    }

    /// Number of exchanges that are no longer shown.
    pub fn dropped(&self) -> u64 {
        let state = self.state.lock();
        state.count - state.shown.len() as u64
    }

    /// The exchange of that id.
    pub fn find(&self, id: u64) -> Option<Arc<Shown>> {
        let state = self.state.lock();
        let first = state.shown.front()?.id;
        let index = usize::try_from(id.checked_sub(first)?).ok()?;
        state.shown.get(index).cloned()
    }

    /// Number of exchanges.
    pub fn count(&self) -> u64 {
        self.state.lock().count
    }
}

impl Shown {
    fn bytes(&self) -> usize {
        let answer = self.exchange.answer.as_ref();
        self.exchange.request_body.len() + answer.map_or(0, |answer| answer.body.len())
    }

    /// In one line, with a mark beside its path.
    pub fn row(&self, mark: Option<&str>) -> Value {
        let exchange = &self.exchange;
        let path = operations::path(&exchange.url);
        let operation = operations::of(&exchange.method, path);
        let at = exchange
            .at
            .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        json!({
            "id": self.id,
            "time": rfc3339(at.unwrap_or_default()),
            "durationMs": self.took.as_secs_f64() * 1e3,
            "method": exchange.method,
            "path": path,
            "status": exchange.answer.as_ref().map(|answer| answer.status),
            "operation": operation.map(|endpoint| endpoint.operation.as_str()),
            "surface": operation.map(|endpoint| endpoint.surface.as_str()),
            "accountId": null,
            "login": null,
            "refusal": null,
            "fault": null,
            "mark": mark,
        })
    }

    /// In full.
    pub fn whole(&self) -> Value {
        let exchange = &self.exchange;
        let mut whole = self.row(None);
        whole["url"] = exchange.url.as_str().into();
        whole["request"] = message(&exchange.request_headers, &exchange.request_body);
        let answer = exchange.answer.as_ref();
        whole["response"] =
            answer.map_or(Value::Null, |answer| message(&answer.headers, &answer.body));
        whole["passwords"] = json!(exchange.passwords);
        whole
    }
}

fn message(headers: &[(String, String)], body: &[u8]) -> Value {
    let headers = headers.iter();
    let headers: Vec<Value> = headers
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    json!({
        "headers": headers,
        "body": String::from_utf8_lossy(body),
        "bodyBytes": body.len(),
    })
}
