//! The journal as it grows: server-sent events.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::{
    broadcast::error::{RecvError, TryRecvError},
    watch,
};
use utoipa::{OpenApi, ToSchema};

use super::accounts::base_url;
use crate::{
    app::App,
    clock::rfc3339,
    journal::{Change, RecordedSummary, Watcher},
    peer::Peer,
};

/// Maximum number of older requests in one event.
const PER_EVENT: usize = 200;

/// Time in which requests are collected for one event.
const GATHER: Duration = Duration::from_millis(20);

/// Pause before a reader that missed an event receives everything again.
const PAUSE: Duration = Duration::from_millis(500);

/// After so much silence a comment is sent: a reader that has gone is noticed when it is written to.
const SILENCE: Duration = Duration::from_secs(10);

/// `event: start`: events before it no longer count, and what the journal keeps follows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartEvent {
    /// When the server started (RFC 3339): another time means another server.
    started: String,
    /// Its version.
    version: &'static str,
    /// The base of the emulated API.
    base_url: String,
    /// True if there is a journal.
    journal: bool,
    /// Number of requests that it keeps.
    kept: usize,
    /// Number of requests that it no longer keeps.
    dropped: u64,
}

/// `event: requests`: requests that arrived or changed, and those that are no longer kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestsEvent {
    /// Each in one line.
    requests: Vec<RecordedSummary>,
    /// Ids.
    gone: Vec<u64>,
    /// Number of requests that the journal no longer keeps.
    dropped: u64,
}

/// Schemas of the events. The description of the stream itself cannot contain them.
#[derive(OpenApi)]
#[openapi(components(schemas(StartEvent, RequestsEvent)))]
pub struct Schemas;

/// Follow the journal
///
/// A stream of server-sent events that ends with the server. `start` means that the journal is sent
/// again: at the beginning, after it was cleared, and if the reader was too slow. `requests` has
/// the kept requests first, newest first. Then it has each request that arrives or changes, within
/// a fraction of a second. Comments are sent in between.
#[utoipa::path(get, path = "/events", tag = "journal", responses(
    (status = 200, body = String, content_type = "text/event-stream",
     description = "Events `start` (StartEvent) and `requests` (RequestsEvent)."),
))]
pub async fn follow(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    peer: Option<Extension<Peer>>,
) -> Response {
    let feed = Feed {
        base_url: base_url(&app, &headers, peer.as_deref()),
        changes: app.journal.watch(),
        stop: app.stopping(),
        anew: Some(Duration::ZERO),
        kept: VecDeque::new(),
        app,
    };
    let events = stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok::<_, std::convert::Infallible>(event), feed))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(events)).into_response()
}

/// The events that one reader has not received yet.
struct Feed {
    app: Arc<App>,
    base_url: String,
    changes: Watcher,
    stop: watch::Receiver<bool>,
    /// Wait before everything is sent again.
    anew: Option<Duration>,
    /// Requests that were kept at the start and are yet to be sent, the newest first. Their ids
    /// only: a slow reader holds on to nothing that the journal has given up.
    kept: VecDeque<u64>,
}

impl Feed {
    /// The next event; none when the server stops.
    async fn next(&mut self) -> Option<Bytes> {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            // An error means that the app is gone, which is the same.
            _ = stop.wait_for(|stop| *stop) => None,
            event = self.event() => Some(event),
        }
    }

    async fn event(&mut self) -> Bytes {
        let mut ids = BTreeSet::new();
        if self.anew.is_none() && self.kept.is_empty() {
            match tokio::time::timeout(SILENCE, self.changes.recv()).await {
                Err(_) => return Bytes::from_static(b":\n\n"),
                Ok(Ok(Change::Entry(id))) => {
                    ids.insert(id);
                    tokio::time::sleep(GATHER).await;
                }
                Ok(Ok(Change::All)) => self.anew = Some(Duration::ZERO),
                Ok(Err(RecvError::Lagged(_) | RecvError::Closed)) => self.anew = Some(PAUSE),
            }
        }
        self.gather(&mut ids);
        if let Some(wait) = self.anew.take() {
            tokio::time::sleep(wait).await;
            return self.begin();
        }
        let next = self.kept.len().min(PER_EVENT);
        ids.extend(self.kept.drain(..next));
        self.requests(ids)
    }

    /// Adds changes from the meantime.
    fn gather(&mut self, ids: &mut BTreeSet<u64>) {
        while self.anew.is_none() {
            match self.changes.try_recv() {
                Ok(Change::Entry(id)) => {
                    ids.insert(id);
                }
                Ok(Change::All) => self.anew = Some(Duration::ZERO),
                Err(TryRecvError::Lagged(_)) => self.anew = Some(PAUSE),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
    }

    fn begin(&mut self) -> Bytes {
        // The journal has all changes until now.
        self.changes = self.app.journal.watch();
        self.kept = self.app.journal.ids().into_iter().rev().collect();
        let (kept, _, dropped) = self.app.journal.size();
        event(
            "start",
            &StartEvent {
                started: rfc3339(self.app.started),
                version: env!("CARGO_PKG_VERSION"),
                base_url: self.base_url.clone(),
                journal: self.app.journal.is_on(),
                kept,
                dropped,
            },
        )
    }

    fn requests(&self, ids: impl IntoIterator<Item = u64>) -> Bytes {
        let journal = &self.app.journal;
        let mut data = RequestsEvent {
            requests: Vec::new(),
            gone: Vec::new(),
            dropped: journal.size().2,
        };
        for id in ids {
            match journal.find(id) {
                Some(entry) => data.requests.push(RecordedSummary::from(&*entry)),
                None => data.gone.push(id),
            }
        }
        event("requests", &data)
    }
}

/// An event of that name.
pub fn event(name: &str, data: &impl Serialize) -> Bytes {
    // What is reported is text and numbers; none of it cannot be written.
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n").into()
}
