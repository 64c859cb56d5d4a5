//! HTTP: from a request to a route, a caller, a body and an operation, and from its result to a
//! response. The only place where a status of the emulated API is chosen.

mod accept;
mod answer;
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
mod refusal;
mod route;
mod token;
mod views;

use std::{net::SocketAddr, sync::Arc, time::Instant};

use hyper::{Request, body::Incoming};

use self::exchange::Exchange;
pub use self::{
    accept::names_html,
    answer::Reply,
    delivery::{Hangup, LINGER},
};
use crate::app::App;

/// Answers a request to the emulated API, unless a fault ends its connection. It does without a
/// router of its own: the profile decides which paths there are.
pub async fn emulate(
    app: Arc<App>,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Reply, Hangup> {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let body = body::read(&head, body, app.settings.read_timeout).await;
    let exchange = Exchange::new(app, head, body, started, peer);
    if !exchange.waits() {
        return exchange.perform();
    }
    // A task of its own: a client that gives up does not take its request back.
    match tokio::spawn(exchange.perform_with_delay()).await {
        Ok(reply) => reply,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
