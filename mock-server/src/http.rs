//! HTTP: from a request to a route, a caller, a body and an operation, and from its result to a
//! response. The only place where a status of the emulated API is chosen.

mod accept;
mod answer;
mod arrived;
mod auth;
mod body;
mod content_type;
mod credentials;
mod delivery;
mod exchange;
mod handlers;
mod identity;
#[cfg(feature = "internals")]
pub(crate) mod internals;
mod management;
mod message;
mod refusal;
mod route;
mod token;
mod views;

use std::{sync::Arc, time::Instant};

#[cfg(feature = "traffic")]
use axum::http::request::Parts;
#[cfg(feature = "traffic")]
use bandwidth_fixtures::ReadBehaviours;
#[cfg(feature = "traffic")]
use bytes::Bytes;
use hyper::{Request, body::Incoming};

#[cfg(feature = "traffic")]
pub use self::body::plain;
pub use self::{
    accept::names_html,
    answer::Reply,
    delivery::{Hangup, LINGER},
};
use self::{body::Received, exchange::Exchange};
#[cfg(feature = "traffic")]
use crate::journal::Sent;
use crate::{app::App, peer::Peer};

/// Answers a request to the emulated API, unless a fault ends its connection. It does without a
/// router of its own: the profile decides which paths there are.
pub async fn emulate(
    app: Arc<App>,
    request: Request<Incoming>,
    peer: Peer,
) -> Result<Reply, Hangup> {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let timeout = app.settings.read_timeout;
    let exchange = if message::waits(&head) {
        let mut exchange = Box::new(Exchange::new(app, head, Received::default(), started, peer));
        // To read the body is to send `100 Continue`.
        if !exchange.is_refused_unread() {
            let body = body::read(exchange.head(), body, timeout).await;
            exchange.receive(body);
        }
        *exchange
    } else {
        let body = body::read(&head, body, timeout).await;
        Exchange::new(app, head, body, started, peer)
    };
    if !exchange.waits() {
        return exchange.perform();
    }
    // A task of its own: a client that gives up does not take its request back.
    match tokio::spawn(exchange.perform_with_delay()).await {
        Ok(reply) => reply,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The response that the server would send, and the reasons.
#[cfg(feature = "traffic")]
#[derive(Debug)]
pub struct Simulated {
    /// The response.
    pub sent: Sent,
    /// The behaviours that were read.
    pub behaviours: ReadBehaviours,
}

/// Performs a request that no socket brought. It leaves no trace in journal and metrics.
#[cfg(feature = "traffic")]
pub fn simulate(app: Arc<App>, head: Parts, body: Bytes, peer: Peer) -> Simulated {
    let body = body::decoded(&head.headers, body, body::MAX_BODY);
    Exchange::new(app, head, body, Instant::now(), peer).simulate()
}
