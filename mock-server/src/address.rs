//! Addresses: where a server listens, which of its addresses clients use, and Bandwidth's hosts.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

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

/// The address that a server listens on. Port 0 means a free port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// On 127.0.0.1, and on `::1` where the machine has it: `localhost` means either.
    Loopback(u16),
    /// On this address.
    At(SocketAddr),
}

impl Listen {
    #[cfg(feature = "cli")]
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

/// Token endpoint for a base URL of the emulated API. Profiles without tokens return 404 there.
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

#[cfg(test)]
mod tests {
    use super::{reachable, token_url};

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
