//! The ordinary way: reqwest, without redirects, proxies or retries. It adds `Accept: */*` to a
//! request that has no Accept.

use std::net::SocketAddr;

use reqwest::{Method, redirect::Policy};

use super::{Request, Response, TIMEOUT, TransportError};

/// A client of one address.
#[derive(Debug)]
pub struct Client {
    inner: reqwest::Client,
    address: SocketAddr,
}

impl Client {
    /// A client that talks to `address` and nothing else.
    pub fn new(address: SocketAddr) -> Self {
        let inner = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .connect_timeout(TIMEOUT)
            .timeout(TIMEOUT)
            .build()
            .expect("a client without TLS has nothing that can fail to load");
        Self { inner, address }
    }

    /// Sends one request.
    pub async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|error| TransportError::NotHttp(error.to_string()))?;
        let url = format!("http://{}{}", self.address, request.path);
        let mut builder = self.inner.request(method, url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body.clone());
        }
        let response = builder.send().await.map_err(|error| explain(&error))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        let body = response.bytes().await.map_err(|error| explain(&error))?;
        Ok(Response {
            status,
            headers,
            body: body.to_vec(),
        })
    }
}

/// reqwest's own text holds the URL; ours holds nothing that was sent.
fn explain(error: &reqwest::Error) -> TransportError {
    if error.is_timeout() {
        TransportError::Timeout
    } else if error.is_connect() {
        TransportError::Connect
    } else if error.is_builder() {
        TransportError::NotHttp("the request cannot be built".to_owned())
    } else {
        TransportError::Closed
    }
}
