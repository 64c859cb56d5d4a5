//! Asking a running server, without a client library: this also runs as the health check of an image
//! that holds nothing but this binary.

use std::{
    ffi::OsString,
    io::{ErrorKind, Read as _, Write as _},
    net::{TcpStream, ToSocketAddrs as _},
    time::Duration,
};

use bandwidth_fixtures::Secret;

use super::errors;
use crate::{address::reachable, arguments::parse_address};

const TIMEOUT: Duration = Duration::from_secs(2);

/// The reason why there is no response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The URL cannot be used.
    Usage(String),
    /// The server is not there, or it is another one.
    Unavailable(String),
}

/// Response of the server.
#[derive(Debug)]
pub(super) struct Answer {
    /// The server, as `127.0.0.1:8080`.
    pub(super) authority: String,
    pub(super) status: u16,
    pub(super) body: String,
}

/// The variables with the address of a server in the same environment, for example in a container.
/// Requests go to its control API.
const LISTENS: [&str; 2] = ["BANDWIDTH_MOCK_ADMIN_LISTEN", "BANDWIDTH_MOCK_LISTEN"];

/// Gets a path of the control API, as `ready`, of the server at the URL, or else of the one that the
/// environment describes. `words` are the arguments.
pub(super) fn get(
    url: Option<&str>,
    words: &[OsString],
    path: &str,
    token: Option<&Secret>,
) -> Result<Answer, Failure> {
    let place = errors::place("--url", words);
    match url {
        Some(url) => ask(url, &place, path, token),
        None => ask(
            &default_url(|name| std::env::var(name).ok())?,
            &place,
            path,
            token,
        ),
    }
}

fn default_url(variable: impl Fn(&str) -> Option<String>) -> Result<String, Failure> {
    let set = LISTENS.into_iter().find_map(|name| {
        let text = variable(name).filter(|text| !text.is_empty())?;
        Some((name, text))
    });
    let Some((name, text)) = set else {
        return Ok("http://127.0.0.1:8080".to_owned());
    };
    let address = parse_address(name, &text).map_err(|error| Failure::Usage(error.to_string()))?;
    if address.port() == 0 {
        return Err(Failure::Usage(format!(
            "{name} `{text}`: port 0 is not an address; give the address of the server with --url"
        )));
    }
    Ok(format!("http://{}", reachable(address.first())))
}

fn ask(url: &str, place: &str, path: &str, token: Option<&Secret>) -> Result<Answer, Failure> {
    let usage = || {
        Failure::Usage(format!(
            "{place} `{url}`: write http://ADDRESS:PORT, for example http://127.0.0.1:8080, also for a \
             server with TLS"
        ))
    };
    let authority = url.strip_prefix("http://").ok_or_else(usage)?;
    let authority = authority.split('/').next().unwrap_or("");
    let no = |error: std::io::Error| {
        let why = match error.kind() {
            ErrorKind::ConnectionRefused => "nothing listens there; is the server running?",
            ErrorKind::TimedOut | ErrorKind::WouldBlock => "no answer within two seconds",
            ErrorKind::UnexpectedEof => "it closed the connection without an answer",
            _ => return Failure::Unavailable(format!("{authority}: {error}")),
        };
        Failure::Unavailable(format!("{authority}: {why}"))
    };
    let mut addresses = authority
        .to_socket_addrs()
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => usage(),
            // A name that is not known, perhaps not yet.
            _ => no(error),
        })?;
    let address = addresses.next().ok_or_else(usage)?;
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).map_err(no)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(no)?;
    let authorization = token.map_or_else(String::new, |token| {
        format!("Authorization: Bearer {}\r\n", token.expose())
    });
    let request = format!(
        "GET /__admin/{path} HTTP/1.1\r\nHost: {authority}\r\n{authorization}Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).map_err(no)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(no)?;
    if bytes.is_empty() {
        return Err(no(ErrorKind::UnexpectedEof.into()));
    }
    let text = String::from_utf8_lossy(&bytes);
    let answer = text.split_once("\r\n\r\n").and_then(|(head, body)| {
        let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        Some(Answer {
            authority: authority.to_owned(),
            status,
            body: body.to_owned(),
        })
    });
    answer.ok_or_else(|| Failure::another(authority))
}

impl Failure {
    /// The problem, and what to do.
    pub(super) fn message(self) -> String {
        match self {
            Self::Usage(message) | Self::Unavailable(message) => message,
        }
    }

    /// Something else listens there.
    pub(super) fn another(authority: &str) -> Self {
        Self::Unavailable(format!(
            "{authority} answers, but not as this server does; is it another one?"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, default_url};

    fn url(variables: &[(&str, &str)]) -> Result<String, Failure> {
        default_url(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn it_asks_where_the_variables_of_the_server_say() {
        let listen = ("BANDWIDTH_MOCK_LISTEN", "0.0.0.0:9000");
        let admin = ("BANDWIDTH_MOCK_ADMIN_LISTEN", "[::]:9001");
        for (variables, expected) in [
            (&[][..], "http://127.0.0.1:8080"),
            (&[listen], "http://127.0.0.1:9000"),
            (&[listen, admin], "http://[::1]:9001"),
        ] {
            assert_eq!(url(variables), Ok(expected.to_owned()));
        }
    }
}
