//! The way to the server that is recorded: plain HTTP or TLS, without redirects, proxies or headers of
//! its own. reqwest adds `Accept: */*` where a client sent none, so it is not used here.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use bandwidth_fixtures::text_file;
use hyper::{
    Uri,
    http::uri::{Authority, PathAndQuery, Scheme},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::tee::Tee;

/// An idle connection is not used for longer than this: servers close idle connections, some after
/// five seconds.
const IDLE: Duration = Duration::from_secs(4);

/// Time limit of a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Sends requests.
pub type Client = legacy::Client<HttpsConnector<HttpConnector>, Tee>;

/// A client that trusts the certificates of this file, or those of the system.
pub fn client(ca_file: Option<&Path>) -> Result<Client, String> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            let place = format!("--ca-file {}", path.display());
            let pem = text_file::read(path, text_file::SMALL)
                .map_err(|error| format!("{place}: {error}"))?;
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let added = certificate
                    .ok()
                    .and_then(|certificate| roots.add(certificate).ok());
                added.ok_or_else(|| {
                    format!("{place}: it has something that is not a certificate in PEM")
                })?;
            }
            if roots.is_empty() {
                return Err(format!(
                    "{place}: it has no certificate; it must contain `-----BEGIN CERTIFICATE-----`"
                ));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be used: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .http1_preserve_header_case(true)
        .http1_title_case_headers(true)
        .set_host(false)
        .build(connector))
}

/// Target of requests.
#[derive(Debug, Clone)]
pub struct Origin {
    pub scheme: Scheme,
    pub authority: Authority,
}

impl Origin {
    /// This path there.
    pub fn uri(&self, path: PathAndQuery) -> Option<Uri> {
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone());
        uri.path_and_query(path).build().ok()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

/// The URL of `--upstream`: its origin, and the path at which the API is there.
pub fn parse(text: &str) -> Result<(Origin, String), String> {
    let wrong = |what: &str| {
        format!("--upstream: {what}; write a URL, for example https://dashboard.bandwidth.com/api")
    };
    let uri: Uri = text.parse().map_err(|_| wrong("it is not a URL"))?;
    let parts = uri.into_parts();
    let scheme = parts
        .scheme
        .filter(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme));
    let (Some(scheme), Some(authority)) = (scheme, parts.authority) else {
        return Err(wrong("it has no http:// or https://"));
    };
    if authority.as_str().contains('@') {
        return Err(wrong(
            "it contains a login; clients send their own, so remove it",
        ));
    }
    let path = parts
        .path_and_query
        .unwrap_or(PathAndQuery::from_static("/"));
    if path.query().is_some() {
        return Err(wrong("it has a query"));
    }
    let path = path.path().trim_end_matches('/').to_owned();
    Ok((Origin { scheme, authority }, path))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_upstream_is_an_origin_with_a_path() {
        for (text, origin, path) in [
            ("https://h/api", "https h", "/api"),
            ("http://127.0.0.1:80/", "http 127.0.0.1:80", ""),
            ("https://h", "https h", ""),
        ] {
            let (parsed, rest) = parse(text).unwrap();
            assert_eq!(format!("{} {}", parsed.scheme, parsed.authority), origin);
            assert_eq!(rest, path);
        }
        for text in [
            "",
            "/api",
            "h/api",
            "ftp://h/api",
            "https://u:p@h/api",
            "https://h/api?a=b",
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                error.contains("https://dashboard.bandwidth.com/api"),
                "{error}"
            );
        }
    }
}
