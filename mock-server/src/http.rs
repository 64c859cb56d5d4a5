//! HTTP: from a request to a route, a caller, a body and an operation, and from its result to a
//! response. The only place where a status of the emulated API is chosen.

mod accept;
mod answer;
mod auth;
mod body;
mod content_type;
mod delivery;
mod exchange;
mod handlers;
mod refusal;
mod route;
mod token;
mod views;

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
};

pub use self::delivery::{Hangup, LINGER};
use self::exchange::Exchange;
use crate::{admin, app::App};

/// What a socket serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    /// The control API below `/__admin`, and the emulated API everywhere else.
    Both,
    /// The emulated API.
    Emulated,
    /// The control API.
    Admin,
}

/// Who is at the other end, as an extension of its requests.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The client's address.
    pub address: SocketAddr,
    /// Whether it came by TLS.
    pub tls: bool,
}

/// The paths that a socket serves.
pub fn router(app: Arc<App>, serves: Serves) -> Router {
    match serves {
        Serves::Both => admin::router(&app).fallback(emulate),
        Serves::Emulated => Router::new().fallback(emulate),
        Serves::Admin => admin::router(&app).fallback(admin::elsewhere),
    }
    .with_state(app)
}

/// A header's name as HTTP/1.1 servers write it: `Content-Type`.
pub(crate) fn title_case(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|c| {
            let shown = if start { c.to_ascii_uppercase() } else { c };
            start = c == '-';
            shown
        })
        .collect()
}

async fn emulate(State(app): State<Arc<App>>, request: Request) -> Response {
    let started = Instant::now();
    let at = app.clock.now();
    let (head, body) = request.into_parts();
    let peer = head.extensions.get::<Peer>().map(|peer| peer.address);
    let body = body::read(&head, body).await;
    let exchange = Exchange::new(app, head, body, at, started, peer);
    let delivery = if exchange.waits() {
        // A task of its own: a client that gives up does not take its request back.
        match tokio::spawn(exchange.perform_with_delay()).await {
            Ok(delivery) => delivery,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    } else {
        exchange.perform()
    };
    delivery.into_response()
}
