//! The service of a socket: the emulated API, the control API, or both.

use std::{future::ready, pin::Pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http_body_util::Either;
use hyper::{Request, Response, body::Incoming};
use tower::ServiceExt as _;

use crate::{
    admin,
    app::App,
    http::{self, Hangup, Reply},
    peer::{Peer, Serves},
    proxy::{self, ProxyRequest},
};

/// The answer to one request, or the end of its connection. Boxed here and not by the caller: the
/// smaller the state of a request is, the less is copied for each.
pub type Answering = Pin<Box<dyn Future<Output = Result<Reply, Hangup>> + Send>>;

/// Answers the requests of a socket.
pub trait Answers: Send + Sync + 'static {
    /// True if the names of headers keep their case when they are forwarded.
    const KEEPS_CASE: bool = false;

    /// Time limit of a TLS handshake and of the head of a request.
    fn read_timeout(&self) -> Duration;

    /// Answers one request, unless its connection is to end.
    fn answer(self: &Arc<Self>, request: Request<Incoming>, peer: Peer) -> Answering;
}

/// The emulated API and the control API.
#[derive(Debug)]
pub struct Service {
    app: Arc<App>,
    serves: Serves,
    /// The control API, if this socket serves it.
    admin: Option<Router>,
}

impl Service {
    /// Builds the service of a socket.
    pub fn new(app: Arc<App>, serves: Serves) -> Self {
        let admin = matches!(serves, Serves::Both | Serves::Admin).then(|| {
            let router = admin::router(&app).fallback(admin::elsewhere);
            router.with_state(Arc::clone(&app))
        });
        Self { app, serves, admin }
    }

    /// Answers a request for the server itself.
    fn answer_itself(&self, request: Request<Incoming>, peer: Peer) -> Answering {
        if matches!(request.uri().path(), "/" | admin::PREFIX | "/__admin/")
            && http::names_html(request.headers())
            && let Some(welcome) = admin::welcome(&self.app, self.serves, &request, peer)
        {
            return answered(welcome);
        }
        let only_admin = self.serves == Serves::Admin;
        let is_admin = || only_admin || admin::is_below(request.uri().path());
        let Some(admin) = self.admin.as_ref().filter(|_| is_admin()) else {
            return Box::pin(http::emulate(Arc::clone(&self.app), request, peer));
        };
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let answering = admin.clone().oneshot(request);
        Box::pin(async {
            let Ok(response) = answering.await;
            Ok(response.map(Either::Right))
        })
    }
}

/// A response that is there already.
fn answered(response: Response<Body>) -> Answering {
    Box::pin(ready(Ok(response.map(Either::Right))))
}

impl Answers for Service {
    fn read_timeout(&self) -> Duration {
        self.app.settings.read_timeout
    }

    fn answer(self: &Arc<Self>, request: Request<Incoming>, peer: Peer) -> Answering {
        let asked = match self.serves {
            Serves::Hosts => ProxyRequest::Host,
            Serves::Both | Serves::Emulated if self.app.settings.proxy => {
                proxy::classify(&request, self.app.settings.api, peer)
            }
            Serves::Both | Serves::Emulated | Serves::Admin => ProxyRequest::Direct,
        };
        match asked {
            ProxyRequest::Direct => self.answer_itself(request, peer),
            ProxyRequest::Host => Box::pin(http::emulate(Arc::clone(&self.app), request, peer)),
            ProxyRequest::Tunnel(tunnel) => answered(proxy::opened(tunnel)),
            ProxyRequest::Refused(refused) => answered(refused.answer()),
        }
    }
}
