//! Asking a server whether it is ready, without a client library: this also runs as the health
//! check of an image that holds nothing but this binary.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{TcpStream, ToSocketAddrs as _},
    time::Duration,
};

use super::SecretArgument;

const TIMEOUT: Duration = Duration::from_secs(2);

/// Why the answer is no.
pub(super) enum NotReady {
    /// The URL cannot be used.
    Usage(String),
    /// The server is not there or says no.
    No(String),
}

pub(super) fn check(url: &str, token: Option<&SecretArgument>) -> Result<(), NotReady> {
    let usage = || {
        NotReady::Usage(format!(
            "--url `{url}`: write http://ADDRESS:PORT, as http://127.0.0.1:8080"
        ))
    };
    let authority = url.strip_prefix("http://").ok_or_else(usage)?;
    let authority = authority.split('/').next().unwrap_or("");
    let mut addresses = authority.to_socket_addrs().map_err(|_| usage())?;
    let address = addresses.next().ok_or_else(usage)?;
    let no = |error: std::io::Error| {
        let why = match error.kind() {
            ErrorKind::ConnectionRefused => "nothing listens there; is the server running?",
            ErrorKind::TimedOut | ErrorKind::WouldBlock => "no answer within two seconds",
            ErrorKind::UnexpectedEof => "it closed the connection without an answer",
            _ => return NotReady::No(format!("{authority}: {error}")),
        };
        NotReady::No(format!("{authority}: {why}"))
    };
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).map_err(no)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(no)?;
    let token = token.map_or(String::new(), |token| {
        format!("Authorization: Bearer {}\r\n", token.0.expose())
    });
    let request = format!(
        "GET /__admin/ready HTTP/1.1\r\nHost: {authority}\r\n{token}Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).map_err(no)?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).map_err(no)?;
    match &status {
        b"HTTP/1.1 200" => Ok(()),
        b"HTTP/1.1 401" => Err(NotReady::No(format!(
            "{authority} wants a token; give it with --admin-token or BANDWIDTH_MOCK_ADMIN_TOKEN"
        ))),
        _ => Err(NotReady::No(format!(
            "{authority} answers, but not as this server does; is it another one?"
        ))),
    }
}
