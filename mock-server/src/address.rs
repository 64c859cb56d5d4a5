//! Addresses: where a server listens, which of its addresses clients use, and Bandwidth's hosts.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use axum::http::{HeaderMap, header::HOST};
use bandwidth_fixtures::operation::{Operation, RESOURCES};

/// The hosts of Bandwidth for which `--proxy` answers. The guide and the SDKs fix the first, the SDKs
/// fix the second for tokens, BAND names `test.api`; the others are assumed.
pub const BANDWIDTH_HOSTS: [&str; 5] = [
    "dashboard.bandwidth.com",
    "api.bandwidth.com",
    "test.api.bandwidth.com",
    "test.dashboard.bandwidth.com",
    "id.bandwidth.com",
];

/// Where a server is to listen. Port 0 takes a free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// On 127.0.0.1, and on `::1` where the machine has it: `localhost` means either.
    Loopback(u16),
    /// On this address.
    At(SocketAddr),
}

impl Listen {
    pub fn port(self) -> u16 {
        self.first().port()
    }

    /// Its address, or the first of both.
    pub fn first(self) -> SocketAddr {
        match self {
            Self::Loopback(port) => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            Self::At(address) => address,
        }
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self::At(address)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback(port) => write!(f, "localhost:{port}"),
            Self::At(address) => address.fmt(f),
        }
    }
}

/// An address that a client can use: a server that listens everywhere is also on loopback.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Where a server gives tokens, by the base URL of its emulated API. A profile without tokens
/// serves nothing there.
pub fn token_url(base_url: &str) -> String {
    let tokens = RESOURCES.iter().find(|resource| {
        let mut endpoints = resource.endpoints.iter();
        endpoints.any(|endpoint| endpoint.operation == Operation::IssueToken)
    });
    let (base, path) = tokens.map_or(("", ""), |tokens| {
        (tokens.surface.facts().bases[0], tokens.path)
    });
    let server = base_url.strip_suffix("/api").unwrap_or(base_url);
    format!("{server}{base}{path}")
}

/// `Host` is there more than once, or is not a name or an address with an optional port.
#[derive(Debug, PartialEq, Eq)]
pub struct BadHost;

/// The value of `Host` (RFC 9112, section 3.2).
pub fn host(headers: &HeaderMap) -> Result<Option<&str>, BadHost> {
    let mut values = headers.get_all(HOST).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let host = value.to_str().map_err(|_| BadHost)?;
            if is_host(host) {
                Ok(Some(host))
            } else {
                Err(BadHost)
            }
        }
        (Some(_), Some(_)) => Err(BadHost),
    }
}

/// The value of `Host` without its port, and without the brackets of an IPv6 address.
pub fn host_name(host: &str) -> &str {
    let (name, _) = split_port(host);
    let inner = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    inner.unwrap_or(name)
}

fn split_port(host: &str) -> (&str, &str) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, ""),
    }
}

/// RFC 3986, section 3.2.2, without the address forms of the future.
fn is_host(host: &str) -> bool {
    let (name, port) = split_port(host);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
    let has_name = match name.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => !name.is_empty() && name.bytes().all(is_name),
    };
    has_name && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header::HOST};

    use super::{BadHost, host, host_name, reachable, token_url};

    #[test]
    fn one_host_that_is_a_name_or_an_address() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HOST, HeaderValue::from_str(value).unwrap());
            }
            host(&headers).map(|host| host.map(|host| host_name(host).to_owned()))
        };
        assert_eq!(read(&[]), Ok(None));
        for (value, name) in [
            ("localhost", "localhost"),
            ("localhost:", "localhost"),
            ("127.0.0.1:8080", "127.0.0.1"),
            ("[::1]", "::1"),
            ("[::1]:8080", "::1"),
            ("bandwidth_mock:80", "bandwidth_mock"),
        ] {
            assert_eq!(read(&[value]), Ok(Some(name.to_owned())), "{value}");
        }
        for values in [
            &[""] as &[&str],
            &[":80"],
            &["a b"],
            &["a b/c@d"],
            &["user@localhost"],
            &["localhost/"],
            &["localhost:8o"],
            &["[::1"],
            &["[x]"],
            &["::1"],
            &["a", "a"],
        ] {
            assert_eq!(read(values), Err(BadHost), "{values:?}");
        }
    }

    #[test]
    fn addresses_are_ones_that_a_client_can_use() {
        for (address, expected) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("10.1.2.3:80", "10.1.2.3:80"),
        ] {
            assert_eq!(reachable(address.parse().unwrap()).to_string(), expected);
        }
    }

    #[test]
    fn tokens_are_given_at_the_path_of_the_table() {
        assert_eq!(
            token_url("http://127.0.0.1:8080/api"),
            "http://127.0.0.1:8080/api/v1/oauth2/token"
        );
    }
}
