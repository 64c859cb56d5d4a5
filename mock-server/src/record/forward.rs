//! Forwards requests to the upstream, and responses to the client. Bodies are streamed; the
//! recorded exchange is in the file before its client has the end of the response.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::body::Body;
use bandwidth_fixtures::describe;
use http_body_util::Either;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Version,
    body::Incoming,
    header::{
        CONNECTION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    },
    http::uri::{Authority, Scheme},
};
use parking_lot::Mutex;

use super::{
    clean::{Message, Raw},
    keep::Keeper,
    operations, pages,
    tee::{Captured, Tee},
    upstream::{Client, Origin},
};
use crate::{
    address::BANDWIDTH_HOSTS,
    http::{Hangup, Reply},
    peer::Peer,
    proxy::{self, ProxyRequest},
    service::{Answering, Answers},
};

/// Time limit of a TLS handshake and of the head of a request.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Headers of one connection alone (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Forwards requests and records the exchanges.
pub struct Forwarder {
    pub client: Client,
    /// Target of requests that name no host of Bandwidth's; with `--proxy`, of those that do, too.
    pub upstream: Option<Origin>,
    pub proxy: bool,
    pub read_only: bool,
    /// Address of this server.
    pub own: std::net::SocketAddr,
    pub keeper: Arc<Keeper>,
    pub pages: pages::Pages,
}

/// The service of a socket or, with `in_tunnel`, of the tunnels to Bandwidth's hosts.
pub struct Front {
    pub forwarder: Arc<Forwarder>,
    pub in_tunnel: bool,
}

impl Answers for Front {
    const KEEPS_CASE: bool = true;

    fn read_timeout(&self) -> Duration {
        READ_TIMEOUT
    }

    fn answer(self: &Arc<Self>, request: Request<Incoming>, peer: Peer) -> Answering {
        let front = Arc::clone(self);
        Box::pin(async move { front.dispatch(request, peer).await })
    }
}

impl Front {
    async fn dispatch(&self, request: Request<Incoming>, peer: Peer) -> Result<Reply, Hangup> {
        let forwarder = &self.forwarder;
        if self.in_tunnel {
            return match host(request.headers()) {
                Some(host) => forwarder.forward(request, Scheme::HTTPS, host).await,
                None => Ok(text(
                    StatusCode::MISDIRECTED_REQUEST,
                    &format!("Host names none of {}", BANDWIDTH_HOSTS.join(", ")),
                )),
            };
        }
        let asked = if forwarder.proxy {
            proxy::classify(&request, forwarder.own, peer)
        } else {
            ProxyRequest::Direct
        };
        match asked {
            ProxyRequest::Tunnel(tunnel) => Ok(proxy::opened(tunnel).map(Either::Right)),
            ProxyRequest::Refused(refused) => Ok(refused.answer().map(Either::Right)),
            ProxyRequest::Host => {
                let uri = request.uri().clone();
                let scheme = uri.scheme().cloned().unwrap_or(Scheme::HTTP);
                match uri.into_parts().authority {
                    Some(authority) => forwarder.forward(request, scheme, authority).await,
                    None => Ok(text(StatusCode::BAD_REQUEST, "the target has no host")),
                }
            }
            ProxyRequest::Direct if pages::is_below(request.uri().path()) => {
                Ok(forwarder.pages.answer(&request).map(Either::Right))
            }
            ProxyRequest::Direct => match forwarder.upstream.clone() {
                Some(Origin { scheme, authority }) => {
                    forwarder.forward(request, scheme, authority).await
                }
                None => Ok(text(
                    StatusCode::NOT_FOUND,
                    "this is a proxy; give its address to your client as HTTPS_PROXY, or start it \
                     with --upstream",
                )),
            },
        }
    }
}

impl Forwarder {
    /// Sends a request on that is for that host.
    async fn forward(
        &self,
        request: Request<Incoming>,
        scheme: Scheme,
        authority: Authority,
    ) -> Result<Reply, Hangup> {
        let (mut head, body) = request.into_parts();
        if head.method == Method::CONNECT {
            return Ok(text(
                StatusCode::METHOD_NOT_ALLOWED,
                "CONNECT needs a proxy; start it with --proxy",
            ));
        }
        let path = head.uri.path_and_query().cloned();
        let path = path.unwrap_or_else(|| hyper::http::uri::PathAndQuery::from_static("/"));
        if self.read_only && operations::is_write(&head.method, path.path()) {
            self.keeper.refused();
            return Ok(text(
                StatusCode::FORBIDDEN,
                &format!(
                    "with --read-only, {} {} is not sent: it could change something. Reads and \
                     requests for tokens are",
                    head.method,
                    path.path()
                ),
            ));
        }
        let url = format!("{scheme}://{authority}{path}");
        let to_host = self.proxy && BANDWIDTH_HOSTS.contains(&authority.host());
        let named = Origin { scheme, authority };
        let origin = self.upstream.as_ref().filter(|_| to_host).unwrap_or(&named);
        let Some(uri) = origin.uri(path) else {
            return Ok(text(StatusCode::BAD_REQUEST, "the target is not a URL"));
        };
        head.uri = uri;
        head.version = Version::HTTP_11;
        head.headers = end_to_end(&head.headers);
        if let Ok(host) = HeaderValue::from_str(named.authority.as_str()) {
            head.headers.insert(HOST, host);
        }
        let sent = Arc::new(Mutex::new(None));
        let mut exchange = Underway {
            keeper: Arc::clone(&self.keeper),
            at: SystemTime::now(),
            started: Instant::now(),
            method: head.method.as_str().to_owned(),
            url,
            headers: head.headers.clone(),
            body: Arc::clone(&sent),
            is_kept: false,
        };
        let body = Tee::new(
            body,
            Arc::clone(&self.keeper.held),
            Box::new(move |captured| *sent.lock() = Some(captured)),
        );
        let answer = match self.client.request(Request::from_parts(head, body)).await {
            Ok(answer) => answer,
            Err(error) => {
                exchange.keep(None);
                if !error.is_connect() {
                    tracing::warn!("the upstream closed a connection before its response");
                    let (bytes, reset) = (bytes::Bytes::new(), false);
                    return Err(Hangup { bytes, reset });
                }
                let why = unreachable(&error);
                tracing::warn!("{origin} cannot be reached: {why}");
                let message = format!("{origin} cannot be reached: {why}");
                return Ok(text(StatusCode::BAD_GATEWAY, &message));
            }
        };
        let (mut head, body) = answer.into_parts();
        head.version = Version::HTTP_11;
        head.headers = end_to_end(&head.headers);
        let (status, headers) = (head.status.as_u16(), head.headers.clone());
        let end = Box::new(move |captured: Captured| {
            let whole = captured.is_complete();
            exchange.keep(whole.then(|| (status, message(headers, Some(&captured)))));
        });
        let body = Tee::new(body, Arc::clone(&self.keeper.held), end);
        Ok(Response::from_parts(head, Either::Right(Body::new(body))))
    }
}

/// An exchange that has not ended.
struct Underway {
    keeper: Arc<Keeper>,
    at: SystemTime,
    started: Instant,
    method: String,
    url: String,
    headers: HeaderMap,
    body: Arc<Mutex<Option<Captured>>>,
    is_kept: bool,
}

impl Underway {
    /// Keeps it with this answer; none if the connection broke.
    fn keep(&mut self, answer: Option<(u16, Message)>) {
        self.is_kept = true;
        let body = self.body.lock().take();
        let raw = Raw {
            at: self.at,
            method: std::mem::take(&mut self.method),
            url: std::mem::take(&mut self.url),
            request: message(std::mem::take(&mut self.headers), body.as_ref()),
            answer,
        };
        self.keeper.keep(raw, self.started.elapsed());
    }
}

impl Drop for Underway {
    /// The client went away before there was an answer.
    fn drop(&mut self) {
        if !self.is_kept {
            self.keep(None);
        }
    }
}

fn message(headers: HeaderMap, body: Option<&Captured>) -> Message {
    Message {
        headers,
        body: body.and_then(Captured::whole),
        length: body.map_or(0, |body| body.length),
    }
}

/// The headers without those that concern one connection alone, in their order.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let connection: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let stays = |name: &HeaderName| {
        !HOP_BY_HOP.contains(name) && !connection.iter().any(|named| named == name.as_str())
    };
    let mut kept = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter().filter(|(name, _)| stays(name)) {
        kept.append(name, value.clone());
    }
    kept
}

/// The host that a request in a tunnel is for, if it is one of Bandwidth's.
fn host(headers: &HeaderMap) -> Option<Authority> {
    let host: Authority = headers.get(HOST)?.to_str().ok()?.parse().ok()?;
    let name = host.host().to_ascii_lowercase();
    let known = BANDWIDTH_HOSTS.into_iter().find(|known| *known == name)?;
    Some(Authority::from_static(known))
}

/// The reason why there is no connection, and what to do.
fn unreachable(error: &hyper_util::client::legacy::Error) -> String {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    let mut why = "no connection comes about".to_owned();
    while let Some(inner) = cause {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return match tls {
                rustls::Error::InvalidMessage(_) => {
                    "it does not speak TLS; if it serves plain HTTP, begin --upstream with http://"
                        .to_owned()
                }
                _ => format!(
                    "{tls}; if its certificate is of an authority of your own, pass that with --ca-file"
                ),
            };
        }
        // The source of an error of the system leaves out what it wraps.
        cause = if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            why = describe::io(io);
            io.get_ref()
                .map(|wrapped| wrapped as &(dyn Error + 'static))
        } else {
            inner.source()
        };
    }
    format!("{why}; check --upstream")
}

/// An answer of our own.
fn text(status: StatusCode, message: &str) -> Reply {
    let mut response = Response::new(Body::from(format!("bandwidth-mock record: {message}.\n")));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response.map(Either::Right)
}
