//! The ordinary way: reqwest, without redirects, proxies or retries. It adds `Accept: */*` to a
//! request that has no Accept.

use std::time::Duration;

use reqwest::{Method, redirect::Policy};

use super::{Endpoint, MAX_BODY, Request, Response, TransportError};

/// An idle connection is not used for longer than this. Servers close idle connections, some after
/// five seconds. Whether a request that meets the end had an effect is unknown.
const IDLE: Duration = Duration::from_secs(4);

/// A client that follows no redirects and uses no proxy.
#[derive(Debug)]
pub struct Client {
    inner: reqwest::Client,
    timeout: Duration,
}

impl Client {
    /// A client with the trust of `endpoint` and this user agent. `timeout` limits an exchange.
    pub fn new(endpoint: &Endpoint, user_agent: &str, timeout: Duration) -> Self {
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .redirect(Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .pool_idle_timeout(IDLE)
            .connect_timeout(timeout)
            .timeout(timeout)
            .http1_only()
            .tls_backend_preconfigured(endpoint.tls.as_ref().clone());
        if let Some(address) = endpoint.target.loopback {
            builder = builder.resolve(&endpoint.target.host, address);
        }
        let inner = builder.build();
        Self {
            inner: inner.expect("a client whose TLS settings are given has nothing to load"),
            timeout,
        }
    }

    /// Sends one request to `origin`.
    pub async fn send(&self, origin: &str, request: &Request) -> Result<Response, TransportError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|error| TransportError::NotHttp(error.to_string()))?;
        let url = format!("{origin}{}", request.path);
        let mut builder = self.inner.request(method, url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body.clone());
        }
        let mut response = builder.send().await.map_err(|error| self.explain(&error))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.explain(&error))?
        {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(TransportError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status,
            headers,
            body,
        })
    }

    /// reqwest's own text holds the URL; ours holds nothing that was sent.
    fn explain(&self, error: &reqwest::Error) -> TransportError {
        if error.is_timeout() {
            TransportError::Timeout(self.timeout)
        } else if error.is_connect() {
            TransportError::connect(error)
        } else if error.is_builder() {
            TransportError::NotHttp("the request cannot be built".to_owned())
        } else {
            TransportError::Closed
        }
    }
}
