//! The header `Host` of a request (RFC 9112, section 3.2).

use std::net::Ipv6Addr;

use axum::http::{HeaderMap, header::HOST};

/// `Host` is there more than once, or is not a name or an address with an optional port.
#[derive(Debug, PartialEq, Eq)]
pub struct BadHost;

/// The value of `Host`.
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

    use super::{BadHost, host, host_name};

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
}
