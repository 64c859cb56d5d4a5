//! A plain HTTP/1.1 server on a free port of this machine: one request on each connection, and a
//! handler that makes the answer. Heads are kept byte for byte, each byte as one character, so that
//! what passes on is what came.

use std::{
    fmt::Write as _,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use serde_json::Value;

/// The lines of a head after its first one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers(Vec<String>);

impl Headers {
    /// The first value of that name, or nothing.
    pub(crate) fn get(&self, name: &str) -> &str {
        let mut values = self.0.iter().filter_map(|line| value_of(line, name));
        values.next().unwrap_or("")
    }

    /// Each name with its value, in their order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter().filter_map(|line| line.split_once(':'));
        pairs.map(|(name, value)| (name, value.trim()))
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        let value = as_characters(value.as_bytes());
        self.0.push(format!("{name}: {value}"));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|line| value_of(line, name).is_none());
    }

    /// Takes the place of all values of that name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.add(name, value);
    }
}

fn value_of<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let (known, value) = line.split_once(':')?;
    known.eq_ignore_ascii_case(name).then(|| value.trim())
}

fn as_characters(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The bytes of a text whose characters stand for one byte each.
pub(crate) fn as_bytes(text: &str) -> Vec<u8> {
    let byte = |character| u8::try_from(character).unwrap_or(b'?');
    text.chars().map(byte).collect()
}

/// A first line, headers and a body.
#[derive(Debug, Clone, Default)]
struct Message {
    line: String,
    headers: Headers,
    body: Vec<u8>,
}

impl Message {
    /// A head; `None` when the other side closed the connection before its end.
    fn read_head(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut lines = Vec::new();
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            let line = as_characters(&line);
            match line.trim_end_matches(['\r', '\n']) {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        if lines.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            line: lines.remove(0),
            headers: Headers(lines),
            body: Vec::new(),
        }))
    }

    fn read_body(&mut self, stream: &mut BufReader<TcpStream>) -> io::Result<()> {
        let length = self.headers.get("content-length").parse().unwrap_or(0);
        self.body = vec![0; length];
        stream.read_exact(&mut self.body)
    }

    fn set_body(&mut self, body: Vec<u8>) {
        self.headers.set("Content-Length", &body.len().to_string());
        self.body = body;
    }

    /// With `Connection: close`.
    fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.line);
        for line in &self.headers.0 {
            if value_of(line, "connection").is_none() {
                let _ = write!(head, "{line}\r\n");
            }
        }
        head.push_str("Connection: close\r\n\r\n");
        [&as_bytes(&head), &self.body[..]].concat()
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request(Message);

impl Request {
    /// With those headers, and a body unless it is empty.
    pub(crate) fn new(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let mut message = Message {
            line: format!("{method} {path} HTTP/1.1"),
            ..Message::default()
        };
        for (name, value) in headers {
            message.headers.add(name, value);
        }
        if !body.is_empty() {
            message.set_body(body.as_bytes().to_vec());
        }
        Self(message)
    }

    pub(crate) fn method(&self) -> &str {
        self.0.line.split(' ').next().unwrap_or("")
    }

    /// The path with its query, each byte as one character.
    pub(crate) fn path(&self) -> &str {
        self.0.line.split(' ').nth(1).unwrap_or("")
    }

    pub(crate) fn headers(&self) -> &Headers {
        &self.0.headers
    }

    pub(crate) fn headers_mut(&mut self) -> &mut Headers {
        &mut self.0.headers
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.0.body
    }

    pub(crate) fn set_body(&mut self, body: impl Into<Vec<u8>>) {
        self.0.set_body(body.into());
    }

    /// With `Connection: close`.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// Makes it a request without a body, with the same headers.
    pub(crate) fn become_bare(&mut self, method: &str, path: &str) {
        self.0.line = format!("{method} {path} HTTP/1.1");
        self.0.headers.remove("Content-Length");
        self.0.body.clear();
    }

    pub(crate) fn set_path(&mut self, path: &str) {
        self.0.line = format!("{} {path} HTTP/1.1", self.method());
    }

    /// The response of `server`.
    pub(crate) fn forward(&self, server: SocketAddr) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(server)?;
        stream.write_all(&self.to_bytes())?;
        let mut stream = BufReader::new(stream);
        let message = Message::read_head(&mut stream)?;
        let mut message = message.ok_or(io::ErrorKind::UnexpectedEof)?;
        stream.read_to_end(&mut message.body)?;
        Ok(Answer {
            message,
            instead: None,
        })
    }
}

type Instead = Box<dyn FnOnce(&mut TcpStream) + Send>;

/// An answer, or what is done to the connection in its place.
pub(crate) struct Answer {
    message: Message,
    instead: Option<Instead>,
}

impl Answer {
    /// With a body of that media type.
    pub(crate) fn of(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut message = Message {
            line: format!("HTTP/1.1 {status} Status"),
            ..Message::default()
        };
        message.headers.add("Content-Type", kind);
        message.set_body(body.into());
        Self {
            message,
            instead: None,
        }
    }

    /// The page of something that is in front of the API.
    pub(crate) fn page(status: u16) -> Self {
        Self::of(status, "text/html", "<html><body>gateway</body></html>")
    }

    /// The connection is used so, whatever came.
    pub(crate) fn by(instead: impl FnOnce(&mut TcpStream) + Send + 'static) -> Self {
        Self {
            message: Message::default(),
            instead: Some(Box::new(instead)),
        }
    }

    /// Those bytes, and nothing else.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::by(move |stream| {
            let _ = stream.write_all(&bytes);
        })
    }

    /// The connection is closed without an answer.
    pub(crate) fn dropped() -> Self {
        Self::by(|_| ())
    }

    /// 0 where there is no answer.
    pub(crate) fn status(&self) -> u16 {
        let status = self.message.line.split(' ').nth(1);
        status.and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// In HTTP of another version, such as `HTTP/1.0`.
    pub(crate) fn of_version(mut self, version: &str) -> Self {
        let (_, rest) = self.message.line.split_once(' ').unwrap_or_default();
        self.message.line = format!("{version} {rest}");
        self
    }

    pub(crate) fn headers(&self) -> &Headers {
        &self.message.headers
    }

    pub(crate) fn headers_mut(&mut self) -> &mut Headers {
        &mut self.message.headers
    }

    /// Nothing takes the header away.
    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        self.message.headers.remove(name);
        if !value.is_empty() {
            self.message.headers.add(name, value);
        }
    }

    /// The body, where that is JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.message.body).unwrap_or_default()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.message.body).into_owned()
    }

    pub(crate) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.message.set_body(body.into());
        self
    }

    /// As an answer to HEAD: its headers, and no body.
    pub(crate) fn without_body(mut self) -> Self {
        self.message.body.clear();
        self
    }
}

/// A server; it ends when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    connections: Arc<AtomicU64>,
}

impl Server {
    /// Every request gets what `handler` makes of it.
    pub(crate) fn start(handler: impl Fn(Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            over: Arc::default(),
            connections: Arc::default(),
        };
        let handler = Arc::new(handler);
        let (over, connections) = (Arc::clone(&server.over), Arc::clone(&server.connections));
        thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                connections.fetch_add(1, Ordering::SeqCst);
                let handler = Arc::clone(&handler);
                thread::spawn(move || {
                    // A client that has gone is part of some tests.
                    let _ = client.and_then(|client| serve(client, &*handler));
                });
            }
        });
        server
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// As `--target` takes it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections it has had; each is for one request.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut client: TcpStream, handler: &dyn Fn(Request) -> Answer) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let Some(mut message) = Message::read_head(&mut reader)? else {
        return Ok(());
    };
    message.read_body(&mut reader)?;
    let answer = handler(Request(message));
    match answer.instead {
        Some(instead) => instead(&mut client),
        None => client.write_all(&answer.message.to_bytes())?,
    }
    Ok(())
}
