//! HAR 1.2: what browsers, mitmproxy, Charles and Proxyman write, and what `record` writes.
//!
//! Reading ignores what the project does not need, and fields that start with `_`, apart from
//! `_bandwidth`, which has what a recording keeps of passwords.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use bandwidth_fixtures::describe;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Exchange, PasswordFeatures, TrafficError, exchange::Numbered, time};

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    started_date_time: String,
    request: Request,
    response: Response,
    #[serde(rename = "_bandwidth", default)]
    own: Own,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct PostData {
    text: Option<String>,
    encoding: Option<String>,
    #[serde(default)]
    params: Vec<Parameter>,
}

/// A field of a form, which some programs write in place of the text.
#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct Response {
    /// 0 if the connection broke.
    status: u16,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    content: Content,
}

#[derive(Default, Deserialize)]
struct Content {
    #[serde(default)]
    size: i64,
    text: Option<String>,
    encoding: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Pair {
    name: String,
    value: String,
}

/// Data that HAR has no field for.
#[derive(Default, Serialize, Deserialize)]
struct Own {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    passwords: BTreeMap<String, PasswordFeatures>,
}

/// True for a HAR, false for one object a line.
pub(super) fn is_har(text: &str) -> bool {
    let start = text.trim_start_matches('\u{FEFF}').trim_start();
    let inside = start.strip_prefix('{').map(str::trim_start);
    inside.is_some_and(|inside| inside.starts_with("\"log\""))
}

/// Reads a HAR, sorted by time, each entry with its number, from 1. The error names the entry.
pub(super) fn read(text: &str, keeps: impl Fn(&str) -> bool) -> Result<Numbered, String> {
    let har: Har = describe::read_json(text.trim_start_matches('\u{FEFF}'))
        .map_err(|error| format!("{error}; the file is to be HAR 1.2"))?;
    let mut exchanges = Vec::new();
    let count = har.log.entries.len();
    for (number, entry) in (1..).zip(har.log.entries) {
        let url = entry.pointer("/request/url").and_then(Value::as_str);
        if !url.is_none_or(&keeps) {
            continue;
        }
        let exchange = describe::read_value::<Entry>(entry).and_then(Entry::exchange);
        let exchange = exchange.map_err(|error| format!("entry {number}: {error}"))?;
        exchanges.push((number, exchange));
    }
    if exchanges.iter().all(|(_, exchange)| exchange.at.is_some()) {
        exchanges.sort_by_key(|(_, exchange)| exchange.at);
    }
    Ok((exchanges, count))
}

impl Entry {
    fn exchange(self) -> Result<Exchange, String> {
        let request_body = match self.request.post_data {
            None => Bytes::new(),
            Some(data) => match data.text {
                Some(text) => bytes(text, data.encoding.as_deref(), "request.postData.text")?,
                None => form(&data.params),
            },
        };
        let answer = match self.response.status {
            0 => None,
            status => Some(self.response.answer(status)?),
        };
        Ok(Exchange {
            at: time::parse(&self.started_date_time),
            after_gap: false,
            method: self.request.method,
            url: self.request.url,
            request_headers: headers(self.request.headers),
            request_body,
            answer,
            passwords: self.own.passwords,
        })
    }
}

impl Response {
    fn answer(self, status: u16) -> Result<Answer, String> {
        let Content {
            size,
            text,
            encoding,
        } = self.content;
        if text.is_none() && size > 0 {
            return Err(format!(
                "the response body of {size} bytes was not exported; export the HAR with content"
            ));
        }
        let body = text.unwrap_or_default();
        Ok(Answer {
            status,
            headers: headers(self.headers),
            body: bytes(body, encoding.as_deref(), "response.content.text")?,
        })
    }
}

/// The headers without those that describe bytes which the HAR has decoded, and without the
/// pseudo-headers of HTTP/2.
fn headers(pairs: Vec<Pair>) -> Vec<(String, String)> {
    let pairs = pairs.into_iter().filter(|pair| {
        let decoded = ["content-encoding", "transfer-encoding", "content-length"];
        let is = |name: &&str| pair.name.eq_ignore_ascii_case(name);
        !pair.name.starts_with(':') && !decoded.iter().any(is)
    });
    pairs.map(|pair| (pair.name, pair.value)).collect()
}

fn bytes(text: String, encoding: Option<&str>, place: &str) -> Result<Bytes, String> {
    match encoding {
        Some("base64") => STANDARD
            .decode(text.trim())
            .map(Bytes::from)
            .map_err(|_| format!("{place} is not Base64, as its encoding says; export it again")),
        _ => Ok(Bytes::from(text)),
    }
}

fn form(parameters: &[Parameter]) -> Bytes {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(parameters.iter().map(|pair| (&pair.name, &pair.value)));
    text.finish().into()
}

/// The end of the file.
const TAIL: &[u8] = b"\n]}}\n";

/// A HAR that grows. It is whole up to the last exchange at any moment, also after `kill -9`.
#[derive(Debug)]
pub struct HarFile {
    path: std::path::PathBuf,
    file: File,
    /// Position of the next entry.
    end: u64,
    is_empty: bool,
}

impl HarFile {
    /// Starts a file, which must not be there yet.
    pub fn create(path: &Path) -> Result<Self, TrafficError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // It has the users of an account.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path);
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => TrafficError::new(
                path,
                "there is such a file already; choose another name, or move it away",
            ),
            _ => TrafficError::io(path, &error),
        })?;
        let creator = json!({ "name": "bandwidth-mock", "version": env!("CARGO_PKG_VERSION") });
        let head = format!("{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"entries\":[");
        let mut har = Self {
            path: path.to_owned(),
            file,
            end: 0,
            is_empty: true,
        };
        har.write(&head)?;
        Ok(har)
    }

    /// Adds an exchange.
    pub fn append(&mut self, exchange: &Exchange) -> Result<(), TrafficError> {
        let comma = if self.is_empty { "" } else { "," };
        self.write(&format!("{comma}\n{}", entry(exchange)))?;
        self.is_empty = false;
        Ok(())
    }

    /// Writes the text and what closes the file at once, over what closed it before.
    fn write(&mut self, text: &str) -> Result<(), TrafficError> {
        let bytes = [text.as_bytes(), TAIL].concat();
        let place = self.file.seek(SeekFrom::Start(self.end));
        let written = place.and_then(|_| self.file.write_all(&bytes));
        written.map_err(|error| TrafficError::io(&self.path, &error))?;
        self.end += text.len() as u64;
        Ok(())
    }
}

fn entry(exchange: &Exchange) -> Value {
    let query = exchange.url.split_once('?').map_or("", |(_, query)| query);
    let query = form_urlencoded::parse(query.as_bytes());
    let query: Vec<Value> = query
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let mut request = json!({
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": pairs(&exchange.request_headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": exchange.request_body.len(),
    });
    if !exchange.request_body.is_empty() {
        request["postData"] = content(&exchange.request_headers, &exchange.request_body);
    }
    let (status, headers, body) = match &exchange.answer {
        Some(answer) => (answer.status, &*answer.headers, answer.body.clone()),
        None => (0, &[][..], Bytes::new()),
    };
    let mut answered = content(headers, &body);
    answered["size"] = body.len().into();
    let own = Own {
        passwords: exchange.passwords.clone(),
    };
    let mut entry = json!({
        "startedDateTime": time::written(exchange.at),
        "time": 0,
        "request": request,
        "response": {
            "status": status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": pairs(headers),
            "content": answered,
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": body.len(),
        },
        "cache": {},
        "timings": { "send": 0, "wait": 0, "receive": 0 },
    });
    if !own.passwords.is_empty() {
        entry["_bandwidth"] = json!(own);
    }
    entry
}

fn pairs(headers: &[(String, String)]) -> Vec<Pair> {
    let pairs = headers.iter().map(|(name, value)| Pair {
        name: name.clone(),
        value: value.clone(),
    });
    pairs.collect()
}

/// A body with its type; in Base64 if it is not text.
fn content(headers: &[(String, String)], body: &[u8]) -> Value {
    let mut types = headers.iter();
    let media = types.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let media = media.map_or("", |(_, value)| value);
    match std::str::from_utf8(body) {
        Ok(text) => json!({ "mimeType": media, "text": text }),
        Err(_) => {
            json!({ "mimeType": media, "text": STANDARD.encode(body), "encoding": "base64" })
        }
    }
}

#[cfg(test)]
mod tests;
