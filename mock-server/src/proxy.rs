//! Requests to a forward proxy for Bandwidth's hosts: a tunnel (CONNECT), or a target with a host.

use std::net::SocketAddr;

use axum::{
    body::Body,
    http::{
        HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE, uri::Authority,
    },
};

use crate::{address::BANDWIDTH_HOSTS, peer::Peer};

/// The port of https, the only one that a tunnel may lead to.
const HTTPS: u16 = 443;

/// A request to the proxy.
#[derive(Debug)]
pub enum ProxyRequest {
    /// A request for the server itself.
    Direct,
    /// A request to one of Bandwidth's hosts.
    Host,
    /// A tunnel to one of them.
    Tunnel(Tunnel),
    /// Something else.
    Refused(Refused),
}

/// A tunnel to that host, as an extension of the answer that opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tunnel(pub &'static str);

/// Why there is no answer from that place.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// CONNECT without a host and a port.
    #[error("CONNECT needs HOST:443")]
    NoTarget,
    /// Another port.
    #[error("{0}: a tunnel leads to port 443 only")]
    Port(Authority),
    /// A host of another owner.
    #[error(
        "{0} is not one of Bandwidth's hosts; this proxy is for {hosts} alone. Name the hosts that \
         are to be reached without it in NO_PROXY",
        hosts = BANDWIDTH_HOSTS.join(", ")
    )]
    Host(Authority),
    /// A tunnel through a connection that is encrypted already.
    #[error("write the address of this proxy with http://; a tunnel is encrypted by itself")]
    InTls,
}

/// Classifies a request to a proxy that listens at `own`.
pub fn classify<B>(request: &Request<B>, own: SocketAddr, peer: Peer) -> ProxyRequest {
    let authority = request.uri().authority();
    let is_tunnel = request.method() == Method::CONNECT;
    let Some(authority) = authority else {
        return if is_tunnel {
            ProxyRequest::Refused(Refused::NoTarget)
        } else {
            ProxyRequest::Direct
        };
    };
    let host = BANDWIDTH_HOSTS
        .into_iter()
        .find(|known| authority.host().eq_ignore_ascii_case(known));
    match host {
        None if !is_tunnel && is_own(authority, own) => ProxyRequest::Direct,
        None => ProxyRequest::Refused(Refused::Host(authority.clone())),
        Some(_) if !is_tunnel => ProxyRequest::Host,
        Some(_) if authority.port_u16() != Some(HTTPS) => {
            ProxyRequest::Refused(Refused::Port(authority.clone()))
        }
        Some(_) if peer.tls => ProxyRequest::Refused(Refused::InTls),
        Some(host) => ProxyRequest::Tunnel(Tunnel(host)),
    }
}

/// True if this is the server itself: a client with a proxy sends requests to it with a host too.
fn is_own(authority: &Authority, own: SocketAddr) -> bool {
    let host = authority.host();
    let loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    loopback && authority.port_u16() == Some(own.port())
}

/// The answer that opens a tunnel.
pub fn opened(tunnel: Tunnel) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(tunnel);
    response
}

impl Refused {
    /// The answer of a proxy that does not do this.
    pub fn answer(&self) -> Response<Body> {
        tracing::warn!("--proxy rejected a request: {self}");
        let mut response = Response::new(Body::from(format!("bandwidth-mock --proxy: {self}.\n")));
        *response.status_mut() = match self {
            Self::NoTarget => StatusCode::BAD_REQUEST,
            Self::Port(_) | Self::Host(_) | Self::InTls => StatusCode::FORBIDDEN,
        };
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, text);
        response
    }
}
