//! The headers and the body that a fault gives to its answer.

use axum::http::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::error::{FaultError, wrong};

/// Maximum number of headers in a fault.
const MOST_HEADERS: usize = 20;
/// Maximum length of a header's value, in bytes.
const LONGEST_VALUE: usize = 4096;
/// Maximum length of a body, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// Headers that say how a message is sent, which the mock decides (RFC 9110, sections 7.6.1 and 8.6).
const FRAMING: [&str; 11] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers and a body.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OwnAnswer {
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Text, or any other JSON.
    body: Option<Value>,
}

impl OwnAnswer {
    /// True if it sets nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.body.is_none()
    }

    /// True if it sets a body.
    pub(super) fn has_body(&self) -> bool {
        self.body.is_some()
    }

    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The body and the type that it has, unless a header names another.
    pub fn body(&self) -> Option<(String, &'static str)> {
        Some(match self.body.as_ref()? {
            Value::String(text) => {
                let json = serde_json::from_str::<Value>(text);
                let json = json.is_ok_and(|value| value.is_object() || value.is_array());
                let media_type = if json {
                    "application/json"
                } else {
                    "text/plain"
                };
                (text.clone(), media_type)
            }
            value => (value.to_string(), "application/json"),
        })
    }

    pub(super) fn read_headers(&mut self, value: &Value) -> Result<(), FaultError> {
        const FORM: &str = "headers takes {\"Retry-After\":\"120\"}; in KEY=VALUE form, with a dot: \
                            headers.Retry-After=120";
        let Some(object) = value.as_object() else {
            return wrong(FORM);
        };
        if object.len() > MOST_HEADERS {
            return wrong(format_args!("headers takes at most {MOST_HEADERS} headers"));
        }
        for (name, value) in object {
            let Ok(known) = name.parse::<HeaderName>() else {
                return wrong("headers has a name that HTTP does not allow");
            };
            if FRAMING.contains(&known.as_str()) {
                return wrong(format_args!(
                    "headers.{known} cannot be set; the mock writes it"
                ));
            }
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return wrong(format_args!("headers.{known} must be text or a number")),
            };
            if text.len() > LONGEST_VALUE {
                return wrong(format_args!(
                    "headers.{known} is longer than {LONGEST_VALUE} bytes"
                ));
            }
            let Ok(value) = HeaderValue::from_str(&text) else {
                return wrong(format_args!(
                    "headers.{known} has a character that a header cannot have, such as a line break"
                ));
            };
            self.headers.push((known, value));
        }
        Ok(())
    }

    pub(super) fn read_body(&mut self, value: &Value) -> Result<(), FaultError> {
        if !matches!(value, Value::String(_) | Value::Object(_) | Value::Array(_)) {
            return wrong("body must be text, or a JSON object or array");
        }
        self.body = Some(value.clone());
        let length = self.body().map_or(0, |(text, _)| text.len());
        if length > LONGEST_BODY {
            return wrong(format_args!("body is longer than {LONGEST_BODY} bytes"));
        }
        Ok(())
    }

    /// The keys that it was read from.
    pub(super) fn write(&self, object: &mut Map<String, Value>) {
        if !self.headers.is_empty() {
            let headers = self.headers.iter().map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.to_string(), json!(value))
            });
            object.insert("headers".to_owned(), Value::Object(headers.collect()));
        }
        if let Some(body) = &self.body {
            object.insert("body".to_owned(), body.clone());
        }
    }
}
