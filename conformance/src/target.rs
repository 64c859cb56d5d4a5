//! What is tested: a loopback address with a login, or an emulator started inside this process.

#[cfg(feature = "embedded")]
pub mod embedded;

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

use bandwidth_fixtures::{Secret, Seed};
use reqwest::Url;

use crate::exit::ConformanceError;

/// The path below which the API lives.
pub const BASE: &str = "/api";

/// Names of the environment variables of a login.
pub const LOGIN_VARIABLES: [&str; 3] = ["BW_ACCOUNT_ID", "BW_USERNAME", "BW_PASSWORD"];

/// Who asks.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The account.
    pub account_id: String,
    /// The login's name.
    pub username: String,
    /// The login's password.
    pub password: Secret,
}

impl Credentials {
    /// The login of the first account of the demo seed.
    pub fn demo() -> Self {
        let seed = Seed::built_in("demo").expect("the demo seed is compiled in");
        let account = &seed.accounts[0];
        let password = account.login.password.clone();
        Self {
            account_id: account.account_id.clone(),
            username: account.login.username.clone(),
            password: password.expect("it is in the clear there"),
        }
    }

    /// The login that the environment names: all three variables, or none of them for `None`.
    pub fn from_variables(
        read: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ConformanceError> {
        let values = LOGIN_VARIABLES.map(|name| read(name).filter(|value| !value.is_empty()));
        match values {
            [None, None, None] => Ok(None),
            [Some(account_id), Some(username), Some(password)] => Ok(Some(Self {
                account_id,
                username,
                password: Secret::new(password),
            })),
            values => {
                let missing: Vec<&str> = LOGIN_VARIABLES
                    .into_iter()
                    .zip(&values)
                    .filter_map(|(name, value)| value.is_none().then_some(name))
                    .collect();
                Err(ConformanceError::Usage(format!(
                    "{} not set; set all of {}, or none of them for the demo login",
                    missing.join(" and "),
                    LOGIN_VARIABLES.join(", ")
                )))
            }
        }
    }
}

/// Reads `--target URL` and makes sure that it leads to this machine.
pub fn parse_url(text: &str) -> Result<SocketAddr, ConformanceError> {
    const FORM: &str = "write `mock`, http://127.0.0.1:PORT or http://127.0.0.1:PORT/api";
    let usage = |what: &str| ConformanceError::Usage(format!("--target: {what}; {FORM}"));
    let url = Url::parse(text).map_err(|_| usage("that is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(usage(
            "the URL holds a login, and a login comes only from BW_ACCOUNT_ID, BW_USERNAME and BW_PASSWORD",
        ));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(usage("that is not an HTTP address"));
    }
    let host = url.host_str().ok_or_else(|| usage("the URL has no host"))?;
    let port = url.port_or_known_default().unwrap_or(80);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<SocketAddr> = match (bare.parse::<IpAddr>(), bare) {
        (Ok(address), _) => vec![SocketAddr::new(address, port)],
        // The one name that may be looked up: it is this machine's own, and is checked below.
        (Err(_), "localhost") => ("localhost", port)
            .to_socket_addrs()
            .map_err(|_| usage("localhost has no address"))?
            .collect(),
        (Err(_), _) => Vec::new(),
    };
    let loopback = !addresses.is_empty() && addresses.iter().all(|known| known.ip().is_loopback());
    if !loopback {
        return Err(ConformanceError::Refused(format!(
            "--target: {host} is not a loopback address, and this version only runs against loopback addresses; {FORM}"
        )));
    }
    if url.scheme() == "https" {
        return Err(usage("this version speaks HTTP without TLS only"));
    }
    if !matches!(url.path().trim_end_matches('/'), "" | BASE)
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(usage("only the path /api may follow the port"));
    }
    // An emulator listens on IPv4 unless told otherwise.
    let ipv4 = addresses.iter().copied().find(SocketAddr::is_ipv4);
    Ok(ipv4.unwrap_or(addresses[0]))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{Credentials, parse_url};

    #[test]
    fn loopback_addresses_are_taken() {
        for (text, address) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
            ("http://127.9.9.9:1/api", "127.9.9.9:1"),
            ("http://[::1]:8080/api/", "[::1]:8080"),
            ("http://127.1", "127.0.0.1:80"),
        ] {
            assert_eq!(parse_url(text).unwrap().to_string(), address);
        }
        assert!(
            parse_url("http://localhost:8080")
                .unwrap()
                .ip()
                .is_loopback()
        );
    }

    #[test]
    fn anything_else_is_refused_in_one_line() {
        let mut errors = String::new();
        for text in [
            "mok",
            "ftp://127.0.0.1/",
            "http://127.0.0.1/v1.0",
            "http://127.0.0.1/api?x=y",
            "https://127.0.0.1/api",
            "http://me:Canary-1@127.0.0.1/api",
            "https://dashboard.bandwidth.com/api",
            "http://localhost.example.com/",
            "http://10.0.0.1:8080/api",
            "http://0.0.0.0:8080/api",
            "http://[::ffff:127.0.0.1]:1/",
        ] {
            let error = parse_url(text).unwrap_err();
            writeln!(errors, "{} {error}", error.code()).unwrap();
        }
        assert!(!errors.contains("Canary"), "{errors}");
        insta::assert_snapshot!(errors);
    }

    #[test]
    fn a_login_is_whole_or_absent() {
        let read = |set: &'static [&str]| {
            Credentials::from_variables(|name| set.contains(&name).then(|| "x".to_owned()))
        };
        assert!(read(&[]).unwrap().is_none());
        assert!(
            read(&["BW_ACCOUNT_ID", "BW_USERNAME", "BW_PASSWORD"])
                .unwrap()
                .is_some()
        );
        let error = read(&["BW_USERNAME"]).unwrap_err();
        assert_eq!(error.code(), 2);
        insta::assert_snapshot!(error);
    }
}
