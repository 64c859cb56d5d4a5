//! A client of literal bytes: what is sent is what is written here, and nothing is mended.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bandwidth_fixtures::{NamedProfile, Seed};
use bandwidth_mock::MockServer;

/// The demo login as `Authorization` sends it.
pub(crate) const LOGIN: &str = "Authorization: Basic YXBpLXVzZXI6QXBpLVBhc3N3MHJkITIz\r\n";
pub(crate) const JSON: &str = "Accept: application/json\r\nContent-Type: application/json\r\n";
pub(crate) const XML: &str = "Content-Type: application/xml\r\n";
/// The credential of the demo account, and its secret.
pub(crate) const CLIENT: &str = "CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913";
pub(crate) const CLIENT_SECRET: &str = "qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U";
pub(crate) const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
pub(crate) const TOKEN: &str = "/api/v1/oauth2/token";
pub(crate) const USERS: &str = "/api/accounts/12345/users";

/// A response, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    /// The values of a header, whatever the case of its name.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }

    /// The number in the error body.
    pub(crate) fn code(&self) -> Option<u32> {
        let after = |start: &str| self.body.split_once(start).map(|(_, rest)| rest);
        let digits = after("<ErrorCode>").or_else(|| after("\"ErrorCode\":"))?;
        digits
            .split(|c: char| !c.is_ascii_digit())
            .next()?
            .parse()
            .ok()
    }
}

/// How often a test repeats itself: `usual` times, or as often as that variable says.
pub(crate) fn repeats(variable: &str, usual: usize) -> usize {
    let asked = std::env::var(variable).ok();
    asked.map_or(usual, |text| {
        text.parse().expect("the variable is a number")
    })
}

/// A connection that can carry several exchanges.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn to(server: &MockServer) -> Self {
        let address: SocketAddr = server.uri().trim_start_matches("http://").parse().unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self(stream)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        // A server may close before it has read everything.
        let _ = self.0.write_all(bytes);
    }

    /// Reads one response; `with_body` is false after HEAD.
    pub(crate) fn read(&mut self, with_body: bool) -> Reply {
        let head = self.read_head();
        self.read_on(
            head.expect("the connection ended without an answer"),
            with_body,
        )
    }

    /// The same, unless the server closes the connection first.
    pub(crate) fn try_read(&mut self) -> Option<Reply> {
        let head = self.read_head()?;
        Some(self.read_on(head, true))
    }

    fn read_head(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(b"\r\n\r\n") {
            if !self.read_exact(&mut byte) {
                assert!(bytes.is_empty(), "the connection ended within a head");
                return None;
            }
            bytes.push(byte[0]);
        }
        Some(String::from_utf8(bytes).unwrap())
    }

    fn read_on(&mut self, head: String, with_body: bool) -> Reply {
        let mut reply = Reply {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: String::new(),
        };
        let length = reply
            .header("content-length")
            .first()
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; if with_body { length } else { 0 }];
        self.0.read_exact(&mut body).unwrap();
        reply.body = String::from_utf8(body).unwrap();
        reply
    }

    /// Reads all that comes, until the server closes it or is silent.
    pub(crate) fn drain(&mut self) {
        let _ = self.0.read_to_end(&mut Vec::new());
    }

    /// True if the server has closed it.
    pub(crate) fn is_closed(&mut self) -> bool {
        !self.read_exact(&mut [0])
    }

    /// False when the server closed the connection. A server that does neither fails the test.
    fn read_exact(&mut self, bytes: &mut [u8]) -> bool {
        // Unlike `read`, this continues after a signal.
        let Err(error) = self.0.read_exact(bytes) else {
            return true;
        };
        let kind = error.kind();
        assert!(
            matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset),
            "the server neither answers nor closes: {error}"
        );
        false
    }
}

/// Sends these bytes on a connection of their own.
pub(crate) fn send(server: &MockServer, bytes: &[u8]) -> Reply {
    let mut connection = Connection::to(server);
    connection.write(bytes);
    connection.read(!bytes.starts_with(b"HEAD"))
}

/// A request as bytes; `headers` are whole lines.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = if body.is_empty() {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n{body}")
        .into_bytes()
}

/// Sends a request with the demo login.
pub(crate) fn call(
    server: &MockServer,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Reply {
    send(
        server,
        &request(method, path, &format!("{LOGIN}{headers}"), body),
    )
}

/// 2026-03-04T12:00:00Z: before all days that `published` knows, so that no test depends on today's.
pub(crate) fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(492_396)
}

/// A server with some behaviours of a profile set otherwise.
pub(crate) fn server(profile: &str, set: &[&str], seed: &str) -> MockServer {
    let mut named = NamedProfile::built_in(profile).unwrap();
    named.set(set.iter().copied()).unwrap();
    let seed = Seed::built_in(seed).unwrap();
    MockServer::builder()
        .profile(named)
        .seed(seed)
        .clock(noon())
        .start_blocking()
        .unwrap()
}

/// A server of the guide with the demo seed.
pub(crate) fn guide() -> MockServer {
    server("guide", &[], "demo")
}

/// `Authorization` for a name and a password.
pub(crate) fn basic(username: &str, password: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    format!(
        "Authorization: Basic {}\r\n",
        STANDARD.encode(format!("{username}:{password}"))
    )
}

/// A user of that name, as XML.
pub(crate) fn user_xml(username: &str) -> String {
    format!(
        "<User><Username>{username}</Username><FirstName>Anna</FirstName><LastName>Smith</LastName>\
         <Email>{username}@example.com</Email><Password>Teal-Wagon.47</Password></User>"
    )
}

/// Creates a user of that name in the demo account.
pub(crate) fn post_user(server: &MockServer, username: &str) -> Reply {
    call(server, "POST", USERS, XML, &user_xml(username))
}
