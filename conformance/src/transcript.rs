//! An exchange as it may be shown: without secrets, and with nothing in it that is not text.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    exchange::{Exchange, Purpose},
    redact::{self, MARK, Redactor},
};

pub mod curl;

/// Bytes of a body that are kept.
const BODY: usize = 16 * 1024;

/// One request and its response, or the reason why there was none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Transcript {
    pub purpose: Purpose,
    /// When it was sent, in milliseconds from the start of the run.
    pub at_ms: u64,
    /// Milliseconds until the response, or until the attempt failed.
    pub took_ms: u64,
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The request's headers without Host and Content-Length.
    pub request_headers: Vec<Header>,
    /// The request's body; the length and a hash of a body that is not text.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub request_body: String,
    /// The status; absent if there was no response.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// The response's headers.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub response_headers: Vec<Header>,
    /// The response's body; the length and a hash of a body that is not text.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub response_body: String,
    /// Why there was no response.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// Why the request was sent again afterwards.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub repeated: Option<String>,
    /// A bash command that sends the request again; secrets are variables in it.
    pub curl: String,
}

/// One header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    pub name: String,
    pub value: String,
}

impl Transcript {
    /// True if a line of `text` is about this exchange: `METHOD PATH -> STATUS`, the form that
    /// replies use.
    pub fn is_named_in(&self, text: &str) -> bool {
        let Some(status) = self.status else {
            return false;
        };
        let path = self.url.split_once("://").map_or("", |(_, rest)| {
            rest.find('/').map_or("", |start| &rest[start..])
        });
        let line = format!("{} {path} -> {status}", self.method);
        text.lines().any(|found| {
            found
                .strip_prefix(line.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
        })
    }

    /// `exchange` without the secrets that `redactor` knows.
    pub fn of(exchange: &Exchange, redactor: &Redactor) -> Self {
        let request = &exchange.request;
        let response = exchange.outcome.as_ref().ok();
        let error = exchange.outcome.as_ref().err();
        Self {
            purpose: exchange.purpose,
            at_ms: milliseconds(exchange.at),
            took_ms: milliseconds(exchange.took),
            method: request.method.clone(),
            url: redactor.line(&format!("{}{}", exchange.origin, request.path)),
            request_headers: headers(&request.headers, redactor),
            request_body: body(&request.body, redactor),
            status: response.map(|response| response.status),
            response_headers: response
                .map_or_else(Vec::new, |response| headers(&response.headers, redactor)),
            response_body: response
                .map_or_else(String::new, |response| body(&response.body, redactor)),
            error: error.map(|error| redactor.text(error)),
            repeated: exchange.repeated.as_ref().map(|why| redactor.text(why)),
            curl: curl::line(exchange, redactor),
        }
    }

    /// The value of the response's first header with that name, in any case.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        let mut headers = self.response_headers.iter();
        let found = headers.find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value.as_str())
    }
}

/// Whole milliseconds.
pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn headers(headers: &[(String, String)], redactor: &Redactor) -> Vec<Header> {
    let shown = |(name, value): &(String, String)| Header {
        name: redactor.line(name),
        value: if name.eq_ignore_ascii_case("authorization") {
            redact::printable(&redact::authorization(value)).into_owned()
        } else if is_session(name) {
            MARK.to_owned()
        } else {
            redactor.line(value)
        },
    };
    headers.iter().map(shown).collect()
}

/// True for headers whose value can authenticate.
fn is_session(name: &str) -> bool {
    ["cookie", "set-cookie"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// The start of a body. Secrets are removed first: half of one would not be recognised.
fn body(bytes: &[u8], redactor: &Redactor) -> String {
    let text = redactor.body(bytes);
    if text.len() <= BODY {
        return text;
    }
    let end = text.floor_char_boundary(BODY);
    format!("{} ... ({} bytes in all)", &text[..end], bytes.len())
}
