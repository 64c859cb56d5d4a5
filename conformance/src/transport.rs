//! Sends requests and reads responses: through reqwest, or over raw TCP where a byte must be hostile
//! or a header absent. Neither follows redirects or proxies.

pub mod client;
pub mod raw;
pub mod tls;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rustls::ClientConfig;
use thiserror::Error;

use self::tls::Trust;
use crate::target::Target;

/// The longest body that is read, far above what any case asks for: a target that does not stop
/// must not fill this machine's memory.
pub(crate) const MAX_BODY: usize = 64 * 1024 * 1024;

/// The target's address, and the certificates that a connection to it trusts.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub target: Target,
    /// The settings of encrypted connections.
    pub tls: Arc<ClientConfig>,
}

impl Endpoint {
    /// Plain HTTP on this machine.
    pub fn local(address: SocketAddr) -> Self {
        let tls = tls::config(Trust::None);
        Self {
            target: Target::at(address),
            tls: tls.expect("an unencrypted connection needs no certificates"),
        }
    }
}

/// The way of sending a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// reqwest, as most clients send.
    Client,
    /// Bytes written to a TCP connection of their own, exactly as given.
    Raw,
}

#[derive(Clone)]
pub struct Request {
    pub method: String,
    /// The path from the root, with its query.
    pub path: String,
    /// Header names and values, without Host and Content-Length.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    pub route: Route,
}

impl Request {
    /// A request without headers or body.
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
            route: Route::Client,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// All values of a header, ignoring the case of its name.
    pub fn headers_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        named(&self.headers, name)
    }

    /// Takes a body as it is.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Goes over raw TCP, with no header but those given, Host, User-Agent, Content-Length and Connection.
    #[must_use]
    pub fn raw(mut self) -> Self {
        self.route = Route::Raw;
        self
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Header names and values, in order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// All values of a header, ignoring the case of its name.
    pub fn headers_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        named(&self.headers, name)
    }

    /// The first value of a header.
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers_named(name).next()
    }
}

fn named<'a>(headers: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .iter()
        .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// An exchange that came to no response.
#[derive(Debug, Error)]
pub enum TransportError {
    /// No connection, so nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// A certificate that cannot be trusted, so nothing was sent.
    #[error("{0}")]
    Untrusted(String),
    /// No answer in time.
    #[error("no answer within {} seconds", .0.as_secs_f64())]
    Timeout(Duration),
    /// The connection ended before the response did.
    #[error("the connection closed before the response was whole")]
    Closed,
    /// The body does not end where any of this API does.
    #[error("the body is longer than {} MiB, which no answer of this API is, so the rest was not read", MAX_BODY / 1024 / 1024)]
    TooLong,
    /// The response is not HTTP.
    #[error("what came is not an HTTP response: {0}")]
    NotHttp(String),
}

impl TransportError {
    /// Why there is no connection, in words that say what to do where that is known.
    fn connect(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut innermost = error;
        loop {
            if let Some(rustls::Error::InvalidCertificate(error)) = innermost.downcast_ref() {
                return Self::Untrusted(certificate(error));
            }
            // What an I/O error wraps is not among its sources.
            let wrapped = innermost.downcast_ref().and_then(io::Error::get_ref);
            innermost = match (wrapped, innermost.source()) {
                (Some(wrapped), _) => wrapped,
                (None, Some(source)) => source,
                (None, None) => break,
            };
        }
        let kind = innermost.downcast_ref().map(io::Error::kind);
        Self::Connect(match kind {
            Some(io::ErrorKind::ConnectionRefused) => "nothing listens there".to_owned(),
            Some(io::ErrorKind::TimedOut) => "no answer from there".to_owned(),
            _ => innermost.to_string(),
        })
    }
}

fn certificate(error: &rustls::CertificateError) -> String {
    use rustls::CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext,
        UnknownIssuer,
    };
    match error {
        UnknownIssuer | BadSignature => "its certificate is not trusted; pass its CA with --ca-file (a mock generates a CA at each start and serves it at /__admin/ca.pem)".to_owned(),
        Expired | ExpiredContext { .. } => "its certificate has expired; the operator of the target must renew it".to_owned(),
        NotValidForName | NotValidForNameContext { .. } => "its certificate is for another name; use that name in --target (a mock accepts more names with --tls-san)".to_owned(),
        other => format!("its certificate is refused: {other}"),
    }
}
