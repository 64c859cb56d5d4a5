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
#[cfg(feature = "internals")]
pub(crate) mod internals;
mod refusal;
mod route;
mod token;
mod views;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, body::Body, response::Response};
use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::{Request, body::Incoming};
use tower::ServiceExt as _;

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

/// What is sent back: the emulated API's bodies are whole.
pub type Reply = Response<Either<Full<Bytes>, Body>>;

/// Answers the requests of a socket.
#[derive(Debug)]
pub struct Service {
    app: Arc<App>,
    serves: Serves,
    /// The control API, where it is served.
    admin: Option<Router>,
}

impl Service {
    /// What a socket serves.
    pub fn new(app: Arc<App>, serves: Serves) -> Self {
        let admin = (serves != Serves::Emulated).then(|| {
            let router = admin::router(&app).fallback(admin::elsewhere);
            router.with_state(Arc::clone(&app))
        });
        Self { app, serves, admin }
    }

    /// How long a TLS handshake or the head of a request may take.
    pub fn read_timeout(&self) -> Duration {
        self.app.settings.read_timeout
    }

    /// Answers one request, unless a fault ends its connection.
    pub async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Result<Reply, Hangup> {
        if matches!(request.uri().path(), "/" | admin::PREFIX | "/__admin/")
            && accept::names_html(request.headers())
            && let Some(welcome) = admin::welcome(&self.app, self.serves, &request, peer)
        {
            return Ok(welcome.map(Either::Right));
        }
        let only_admin = self.serves == Serves::Admin;
        let is_admin = || only_admin || admin::is_below(request.uri().path());
        let Some(admin) = self.admin.as_ref().filter(|_| is_admin()) else {
            return emulate(Arc::clone(&self.app), request, peer).await;
        };
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let Ok(response) = admin.clone().oneshot(request).await;
        Ok(response.map(Either::Right))
    }
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

/// The emulated API. It does without a router of its own: what it has is decided by the profile.
async fn emulate(app: Arc<App>, request: Request<Incoming>, peer: Peer) -> Result<Reply, Hangup> {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let body = body::read(&head, body, app.settings.read_timeout).await;
    let exchange = Exchange::new(app, head, body, started, peer.address);
    let delivery = if exchange.waits() {
        // A task of its own: a client that gives up does not take its request back.
        match tokio::spawn(exchange.perform_with_delay()).await {
            Ok(delivery) => delivery,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    } else {
        exchange.perform()
    };
    delivery.into_reply()
}
