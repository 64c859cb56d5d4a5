//! A proxy in front of an emulator, for what no fault of the emulator does: it may answer in its
//! place, after it or never.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// A request on its way, and the server that it is for.
pub(crate) struct Passing {
    pub(crate) method: String,
    pub(crate) path: String,
    bytes: Vec<u8>,
    server: SocketAddr,
}

impl Passing {
    /// Whether it would create a user.
    pub(crate) fn creates(&self) -> bool {
        self.method == "POST" && self.path.ends_with("/users")
    }

    /// What the server answers.
    pub(crate) fn pass(&self) -> Vec<u8> {
        let mut answer = Vec::new();
        let mut server = TcpStream::connect(self.server).unwrap();
        server.write_all(&self.bytes).unwrap();
        server.read_to_end(&mut answer).unwrap();
        answer
    }
}

/// An answer with a status and a body of some type.
pub(crate) fn answer(status: u16, kind: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Some\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Whether an answer says that a user was created.
pub(crate) fn created(answer: &[u8]) -> bool {
    answer.starts_with(b"HTTP/1.1 201")
}

/// Where the proxy listens, and how many requests it has had.
pub(crate) struct Between {
    pub(crate) url: String,
    requests: Arc<AtomicU64>,
}

impl Between {
    /// In front of `server`; every request gets what `reply` makes of it.
    pub(crate) fn start(
        server: SocketAddr,
        reply: impl Fn(&Passing) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicU64::new(0));
        let (counted, reply) = (Arc::clone(&requests), Arc::new(reply));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (counted, reply) = (Arc::clone(&counted), Arc::clone(&reply));
                thread::spawn(move || {
                    let mut client = client.unwrap();
                    // A client that has gone is part of some tests.
                    if let Ok(Some(passing)) = read(&mut client, server) {
                        counted.fetch_add(1, Ordering::SeqCst);
                        let _ = client.write_all(&reply(&passing));
                    }
                });
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

/// One request, so written that the server closes the connection after its answer.
fn read(client: &mut TcpStream, server: SocketAddr) -> io::Result<Option<Passing>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        let mut more = [0; 4096];
        match client.read(&mut more)? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&more[..count]),
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = text
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let length = name.eq_ignore_ascii_case("content-length");
            length.then(|| value.trim().parse::<usize>().ok())?
        })
        .unwrap_or(0);
    let missing = (head + 4 + length).saturating_sub(bytes.len());
    let mut rest = vec![0; missing];
    client.read_exact(&mut rest)?;
    bytes.extend_from_slice(&rest);
    let lines = text
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let mut sent = lines.collect::<Vec<_>>().join("\r\n").into_bytes();
    sent.extend_from_slice(b"\r\nConnection: close");
    sent.extend_from_slice(&bytes[head..]);
    let mut words = text.split(' ').map(str::to_owned);
    Ok(Some(Passing {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        bytes: sent,
        server,
    }))
}
