//! The tested server: an address, or an emulator inside this process.

pub mod embedded;
pub mod har;

use std::{
    fmt,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
};

use reqwest::Url;

use crate::error::ConformanceError;

/// The path below which the API lives.
pub const BASE: &str = "/api";
/// The path below which today's API has users, roles and credentials.
pub const MANAGED: &str = "/api/v1";
/// The path below which identity domains are.
pub const DOMAINS: &str = "/api/identitydomains";
/// The path of the token endpoint.
pub const TOKEN_PATH: &str = "/api/v1/oauth2/token";

/// Scheme of a URL: `https` is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An address that answers HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub scheme: Scheme,
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
    /// The address, if it is on loopback. Another one is looked up for each connection.
    pub loopback: Option<SocketAddr>,
}

impl Target {
    /// Plain HTTP on this machine.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            scheme: Scheme::Http,
            host: address.ip().to_string(),
            port: address.port(),
            loopback: Some(address),
        }
    }

    /// Reads `--target URL`. Plain HTTP is allowed on loopback only.
    pub fn parse(text: &str) -> Result<Self, ConformanceError> {
        const FORM: &str =
            "write `mock`, http://127.0.0.1:PORT or https://HOST, with or without /api";
        let usage = |what: &str| ConformanceError::Usage(format!("--target: {what}; {FORM}"));
        let url = Url::parse(text).map_err(|_| {
            usage(if text.contains("://") {
                "it is not a URL"
            } else {
                "it does not start with http:// or https://"
            })
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(usage(
                "the URL contains a login; give the login in the environment or in --credentials",
            ));
        }
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(usage("it is not an HTTP address")),
        };
        let shown = url.host_str().ok_or_else(|| usage("the URL has no host"))?;
        let host = shown.trim_start_matches('[').trim_end_matches(']');
        if !matches!(url.path().trim_end_matches('/'), "" | BASE)
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(usage("only the path /api may follow the host"));
        }
        let port = url.port().unwrap_or(scheme.default_port());
        let loopback = loopback_address(host, port);
        if scheme == Scheme::Http && loopback.is_none() {
            let mut safe = url.clone();
            let _ = safe.set_scheme("https");
            return Err(ConformanceError::Refused(format!(
                "--target: {shown} is a remote target, and http:// would send the login unencrypted; write {}",
                safe.as_str().trim_end_matches('/')
            )));
        }
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
            loopback,
        })
    }

    /// True if requests stay on this machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback.is_some()
    }

    /// The value of a Host header.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == self.scheme.default_port() {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// `https://HOST:PORT`
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme.as_str(), self.authority())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{BASE}", self.origin())
    }
}

/// The address, if requests to that host cannot leave this machine. Of names only `localhost` may
/// be looked up for that: it is this machine's own.
fn loopback_address(host: &str, port: u16) -> Option<SocketAddr> {
    let addresses: Vec<SocketAddr> = match (host.parse::<IpAddr>(), host) {
        (Ok(address), _) => vec![SocketAddr::new(address, port)],
        (Err(_), "localhost") => ("localhost", port).to_socket_addrs().ok()?.collect(),
        (Err(_), _) => return None,
    };
    if !addresses.iter().all(|known| known.ip().is_loopback()) {
        return None;
    }
    // An emulator listens on IPv4 by default.
    let ipv4 = addresses.iter().copied().find(SocketAddr::is_ipv4);
    ipv4.or_else(|| addresses.first().copied())
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn addresses_of_this_machine_are_known_as_such() {
        for (text, display, loopback) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api", true),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/api", true),
            ("http://127.9.9.9:1/api", "http://127.9.9.9:1/api", true),
            ("http://[::1]:8080/api/", "http://[::1]:8080/api", true),
            ("http://127.1", "http://127.0.0.1/api", true),
            ("http://localhost:81", "http://localhost:81/api", true),
            ("https://localhost:81", "https://localhost:81/api", true),
            (
                "https://dashboard.bandwidth.com/api",
                "https://dashboard.bandwidth.com/api",
                false,
            ),
            ("https://10.0.0.1:8443", "https://10.0.0.1:8443/api", false),
            (
                "https://[::ffff:127.0.0.1]:1/",
                "https://[::ffff:7f00:1]:1/api",
                false,
            ),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!(
                (target.to_string().as_str(), target.is_loopback()),
                (display, loopback)
            );
        }
    }
}
