//! Requests and answers as the proxy sees them, with what mutants do to them.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

/// Names and values, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers(Vec<(String, String)>);

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Headers,
    pub(crate) body: String,
    /// The body as it was sent, which may be no text.
    bytes: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: String,
}

/// State of a mutant between requests, and the server behind it.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) texts: HashMap<String, String>,
    pub(crate) server: Option<SocketAddr>,
}

impl Memory {
    /// Asks the server behind the mutant something that the client did not ask.
    pub(crate) fn also(&self, ask: &Ask) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.server?).ok()?;
        stream.write_all(&ask.to_bytes()).ok()?;
        let mut stream = BufReader::new(stream);
        let head = read_head(&mut stream).ok()??;
        Answer::read(&head, &mut stream, &ask.method).ok()
    }
}

/// Reads up to the empty line; nothing when the other side is done.
pub(crate) fn read_head(stream: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_until(b'\n', &mut head)? == 0 {
            return Ok(if head.is_empty() { None } else { Some(head) });
        }
    }
    Ok(Some(head))
}

impl Headers {
    fn read(lines: &str) -> Option<Self> {
        let lines = lines.split("\r\n").take_while(|line| !line.is_empty());
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        });
        headers.collect::<Option<_>>().map(Self)
    }

    fn find(&self, name: &str) -> Option<&str> {
        let mut headers = self.0.iter();
        let (_, value) = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// The first value of that name, or nothing.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or("")
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.0.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }
}

fn read_body(headers: &Headers, stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let length = headers
        .find("content-length")
        .map_or(Some(0), |length| length.parse().ok());
    let length = length.filter(|length: &usize| *length <= LARGEST);
    let mut body = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn lines(headers: &Headers, body: &[u8], with_body: bool) -> String {
    let mut text = String::new();
    for (name, value) in &headers.0 {
        if !name.eq_ignore_ascii_case("content-length") {
            let _ = write!(text, "{name}: {value}\r\n");
        }
    }
    if with_body {
        let _ = write!(text, "Content-Length: {}\r\n", body.len());
    }
    text + "\r\n"
}

/// The largest body that is looked at, in bytes.
const LARGEST: usize = 8 << 20;

impl Ask {
    /// Reads a head; nothing when it is not plain HTTP, which is then part of a test.
    pub(crate) fn of_head(head: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(head).ok()?;
        let (line, rest) = text.split_once("\r\n")?;
        let mut words = line.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        let headers = Headers::read(rest)?;
        let plain = headers.find("transfer-encoding").is_none() && words.next()? == "HTTP/1.1";
        plain.then(|| Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body: String::new(),
            bytes: Vec::new(),
        })
    }

    /// Reads the body, as far as that is plain too.
    pub(crate) fn read_body(&mut self, stream: &mut impl Read) -> io::Result<()> {
        self.bytes = read_body(&self.headers, stream)?;
        self.body = String::from_utf8_lossy(&self.bytes).into_owned();
        Ok(())
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let with_body = !self.body.is_empty() || self.headers.find("content-length").is_some();
        let start = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        let changed = String::from_utf8_lossy(&self.bytes) != self.body;
        let body = if changed {
            self.body.as_bytes()
        } else {
            &self.bytes
        };
        let head = start + &lines(&self.headers, body, with_body);
        [head.as_bytes(), body].concat()
    }

    /// The last part of the path.
    pub(crate) fn last(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or("")
    }

    /// True if it is about one user: the path ends in `/users/{key}`.
    pub(crate) fn is_user(&self) -> bool {
        let mut parts = self.path.rsplit('/');
        parts.next().is_some_and(|key| !key.is_empty()) && parts.next() == Some("users")
    }

    /// True if the path ends in `/users`.
    pub(crate) fn is_users(&self) -> bool {
        self.path.ends_with("/users")
    }

    /// True if Accept asks for JSON.
    pub(crate) fn wants_json(&self) -> bool {
        self.headers.get("accept").contains("json")
    }
}

impl Answer {
    pub(crate) fn read(head: &[u8], stream: &mut impl Read, method: &str) -> io::Result<Self> {
        let text = String::from_utf8_lossy(head);
        let (line, rest) = text.split_once("\r\n").unwrap_or_default();
        let status = line.get(9..12).and_then(|status| status.parse().ok());
        let headers = Headers::read(rest).unwrap_or_default();
        let body = if method == "HEAD" {
            String::new()
        } else {
            String::from_utf8_lossy(&read_body(&headers, stream)?).into_owned()
        };
        Ok(Self {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            headers,
            body,
        })
    }

    pub(crate) fn to_bytes(&self, method: &str) -> Vec<u8> {
        let start = format!("HTTP/1.1 {} Status\r\n", self.status);
        let head = start
            + &lines(
                &self.headers,
                self.body.as_bytes(),
                self.status != 204 && method != "HEAD",
            );
        [head.as_bytes(), self.body.as_bytes()].concat()
    }

    pub(crate) fn is_json(&self) -> bool {
        self.body.starts_with('{')
    }

    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The text of the first field of that name.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        field(&self.body, name)
    }

    /// Takes all fields of that name out, with their content.
    pub(crate) fn strip(&mut self, name: &str) {
        self.body = strip(&self.body, name);
    }

    /// Puts another text instead of each field of that name.
    pub(crate) fn replace(&mut self, name: &str, with: impl Fn(&str) -> String) {
        self.body = replace(&self.body, name, with);
    }
}

/// The text of the first field of that name, in XML or in JSON.
pub(crate) fn field(body: &str, name: &str) -> Option<String> {
    let (start, end) = if body.trim_start().starts_with('<') {
        (format!("<{name}>"), format!("</{name}>"))
    } else {
        (format!("\"{name}\":\""), "\"".to_owned())
    };
    let from = body.find(&start)? + start.len();
    let length = body[from..].find(&end)?;
    Some(body[from..from + length].to_owned())
}

/// Puts another text instead of each field of that name.
pub(crate) fn replace(body: &str, name: &str, with: impl Fn(&str) -> String) -> String {
    let (start, end) = if body.trim_start().starts_with('<') {
        (format!("<{name}>"), format!("</{name}>"))
    } else {
        (format!("\"{name}\":\""), "\"".to_owned())
    };
    let mut out = String::new();
    let mut rest = body;
    while let Some(from) = rest.find(&start) {
        let from = from + start.len();
        let Some(length) = rest[from..].find(&end) else {
            break;
        };
        out += &rest[..from];
        out += &with(&rest[from..from + length]);
        rest = &rest[from + length..];
    }
    out + rest
}

/// Takes all fields of that name out: elements with their content, or members of any kind.
pub(crate) fn strip(body: &str, name: &str) -> String {
    if body.trim_start().starts_with('<') {
        let mut text = body.replace(&format!("<{name}/>"), "");
        let (start, end) = (format!("<{name}>"), format!("</{name}>"));
        while let Some(from) = text.find(&start) {
            let Some(length) = text[from..].find(&end) else {
                break;
            };
            text.replace_range(from..from + length + end.len(), "");
        }
        return text;
    }
    match serde_json::from_str(body) {
        Ok(mut value) => {
            walk(&mut value, name);
            value.to_string()
        }
        Err(_) => body.to_owned(),
    }
}

fn walk(value: &mut serde_json::Value, name: &str) {
    match value {
        serde_json::Value::Object(members) => {
            members.shift_remove(name);
            for value in members.values_mut() {
                walk(value, name);
            }
        }
        serde_json::Value::Array(items) => {
            for value in items {
                walk(value, name);
            }
        }
        _ => {}
    }
}
