//! The pages of `record`: the inspector's files with a script of their own, and its data.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{
        Method, Request, Response, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Redirect},
};
use bandwidth_fixtures::Secret;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::{
    broadcast::{Receiver, error::RecvError},
    watch,
};

use super::{analysis::Analysis, keep::Keeper, log::Shown};
use crate::admin;

const PREFIX: &str = "/__record";

const PAGE: &str = include_str!("ui/index.html");
const SCRIPT: &str = include_str!("ui/record.js");

/// After so much silence a comment is sent: a reader that has gone is noticed when it is written to.
const SILENCE: Duration = Duration::from_secs(10);

/// True if a path belongs to the pages.
pub fn is_below(path: &str) -> bool {
    path.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers requests for the pages.
pub struct Pages {
    pub token: Option<Secret>,
    pub keeper: Arc<Keeper>,
    /// Facts about the run.
    pub facts: Value,
    pub stop: watch::Receiver<bool>,
}

impl Pages {
    pub fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        let path = request.uri().path();
        let rest = path.strip_prefix(PREFIX).unwrap_or_default();
        let is_file = rest.starts_with("/ui");
        if let Some(refused) = admin::refusal(request, self.token.as_ref(), !is_file) {
            return refused;
        }
        if request.method() != Method::GET {
            return json_response(
                StatusCode::METHOD_NOT_ALLOWED,
                &json!({ "error": { "message": "only GET is for these pages" } }),
            );
        }
        let script = |text: &'static str, kind: &'static str| {
            ([(CONTENT_TYPE, kind)], admin::HEADERS, text).into_response()
        };
        let found = match rest {
            "" | "/" => Some(Redirect::temporary("/__record/ui").into_response()),
            "/ui" => Some(script(PAGE, "text/html; charset=utf-8")),
            "/ui/record.js" => Some(script(SCRIPT, "text/javascript; charset=utf-8")),
            "/events" => Some(self.events()),
            _ => rest
                .strip_prefix("/ui/")
                .and_then(admin::file_named)
                .or_else(|| {
                    let id = rest.strip_prefix("/requests/")?.parse().ok()?;
                    let shown = self.keeper.log.find(id)?;
                    let analyst = &self.keeper.analyst;
                    let mut whole = shown.whole();
                    whole["predicted"] = analyst.analysis().borrow().of(id, &analyst.profile);
                    Some(json_response(StatusCode::OK, &whole))
                }),
        };
        found.unwrap_or_else(|| {
            let message = "there is no such page, or the request is no longer shown";
            json_response(
                StatusCode::NOT_FOUND,
                &json!({ "error": { "message": message } }),
            )
        })
    }

    fn events(&self) -> Response<Body> {
        let feed = Feed {
            keeper: Arc::clone(&self.keeper),
            facts: self.facts.clone(),
            stop: self.stop.clone(),
            changes: None,
            analysis: self.keeper.analyst.analysis(),
        };
        let events = stream::unfold(feed, |mut feed| async move {
            let event = feed.next().await?;
            Some((Ok::<_, Infallible>(event), feed))
        });
        let headers = [
            (CONTENT_TYPE, "text/event-stream"),
            (CACHE_CONTROL, "no-store"),
        ];
        (headers, Body::from_stream(events)).into_response()
    }
}

fn json_response(status: StatusCode, value: &Value) -> Response<Body> {
    let json = [(CONTENT_TYPE, "application/json")];
    (status, json, admin::HEADERS, value.to_string()).into_response()
}

/// The events that a page has not received yet.
struct Feed {
    keeper: Arc<Keeper>,
    facts: Value,
    stop: watch::Receiver<bool>,
    /// None when all is to be reported from the beginning.
    changes: Option<Receiver<u64>>,
    analysis: watch::Receiver<Arc<Analysis>>,
}

impl Feed {
    /// The next events; none when the server stops.
    async fn next(&mut self) -> Option<Bytes> {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            // An error means that the server is gone, which is the same.
            _ = stop.wait_for(|stop| *stop) => None,
            event = self.event() => Some(event),
        }
    }

    async fn event(&mut self) -> Bytes {
        let Some(changes) = &mut self.changes else {
            let (shown, changes) = self.keeper.log.follow();
            self.changes = Some(changes);
            let mut facts = self.facts.clone();
            facts["kept"] = shown.len().into();
            facts["dropped"] = self.keeper.log.dropped().into();
            let start = admin::event("start", &facts);
            return [start, self.requests(&shown), self.summary()]
                .concat()
                .into();
        };
        tokio::select! {
            next = changes.recv() => match next {
                Ok(first) => {
                    let mut ids = vec![first];
                    while let Ok(next) = changes.try_recv() {
                        ids.push(next);
                    }
                    self.requests(&self.found(ids))
                }
                Err(RecvError::Lagged(_) | RecvError::Closed) => {
                    self.changes = None;
                    Bytes::from_static(b":\n\n")
                }
            },
            // The analyst lives as long as the keeper.
            _ = self.analysis.changed() => {
                let marked: Vec<u64> = self.analysis.borrow().marked().collect();
                [self.requests(&self.found(marked)), self.summary()].concat().into()
            }
            () = tokio::time::sleep(SILENCE) => Bytes::from_static(b":\n\n"),
        }
    }

    fn found(&self, ids: Vec<u64>) -> Vec<Arc<Shown>> {
        let ids = ids.into_iter();
        ids.filter_map(|id| self.keeper.log.find(id)).collect()
    }

    fn requests(&self, shown: &[Arc<Shown>]) -> Bytes {
        let analysis = self.analysis.borrow();
        let rows = shown.iter().map(|shown| shown.row(analysis.mark(shown.id)));
        let rows: Vec<Value> = rows.collect();
        let dropped = self.keeper.log.dropped();
        let data = json!({ "requests": rows, "gone": [], "dropped": dropped });
        admin::event("requests", &data)
    }

    fn summary(&mut self) -> Bytes {
        let analysis = self.analysis.borrow_and_update();
        admin::event("said", &analysis.summary(&self.keeper.analyst.profile))
    }
}
