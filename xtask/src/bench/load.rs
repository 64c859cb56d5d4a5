//! The load generator: some connections that send one request after the other, over raw sockets.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use data_encoding::BASE64;
use serde_json::Value;

use super::work::{Format, Step, Work, World};

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

/// Requests to send, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) work: Work,
    pub(super) format: Format,
    pub(super) connections: usize,
    pub(super) time: Duration,
}

/// Result of a load.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    pub(super) seconds: f64,
    /// Response times in microseconds, sorted.
    pub(super) micros: Vec<u32>,
}

impl Outcome {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub(super) fn requests(&self) -> f64 {
        self.micros.len() as f64
    }

    /// Requests a second.
    pub(super) fn rate(&self) -> f64 {
        self.requests() / self.seconds
    }

    /// The time that this part of the requests, in thousandths, did not exceed.
    pub(super) fn quantile(&self, thousandths: usize) -> f64 {
        let index = self.micros.len().saturating_sub(1) * thousandths / 1000;
        self.micros.get(index).copied().unwrap_or_default().into()
    }
}

/// A connection that is kept open.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    world: World,
    buffer: Vec<u8>,
    filled: usize,
    request: Vec<u8>,
}

/// Positions of the parts of a response in the buffer.
struct Parts {
    head: usize,
    end: usize,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr, world: &World) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            world: world.clone(),
            buffer: vec![0; 64 * 1024],
            filled: 0,
            request: Vec::new(),
        })
    }

    /// Sends a request, and reads the answer to its end.
    async fn exchange(&mut self, step: Step, format: Format, user: Option<&str>) -> Result<Parts> {
        self.request.clear();
        step.write(&self.world, format, user, &mut self.request);
        self.send().await
    }

    /// Sends the request that was written, and reads the answer to its end.
    async fn send(&mut self) -> Result<Parts> {
        self.stream.write_all(&self.request).await?;
        self.filled = 0;
        let mut whole: Option<Parts> = None;
        loop {
            if let Some(parts) = &whole
                && self.filled >= parts.end
            {
                break;
            }
            if self.filled == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            let count = self.stream.read(&mut self.buffer[self.filled..]).await?;
            ensure!(count > 0, "the server closed the connection");
            self.filled += count;
            if whole.is_none() {
                whole = parts(&self.buffer[..self.filled])?;
            }
        }
        whole.context("an answer")
    }

    /// Rejects a response with an unexpected status.
    fn check(&self, step: Step) -> Result<()> {
        if status(&self.buffer)? == step.status() {
            return Ok(());
        }
        let shown = String::from_utf8_lossy(&self.buffer[..self.filled.min(2_000)]);
        bail!("{step:?} returned\n{shown}")
    }

    /// The same, with the answer taken apart.
    pub(super) async fn ask(
        &mut self,
        step: Step,
        format: Format,
        user: Option<&str>,
    ) -> Result<Answer> {
        let parts = self.exchange(step, format, user).await?;
        self.check(step)?;
        let head = std::str::from_utf8(&self.buffer[..parts.head])?;
        let headers = head.lines().skip(1).filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.to_owned()))
        });
        Ok(Answer {
            status: status(&self.buffer)?,
            headers: headers.collect(),
            body: self.buffer[parts.head..parts.end].to_vec(),
        })
    }
}

fn status(answer: &[u8]) -> Result<u16> {
    let digits = answer.get(9..12).context("a status line")?;
    Ok(std::str::from_utf8(digits)?.parse()?)
}

/// The length of the head, and that of all, once the head is there.
fn parts(seen: &[u8]) -> Result<Option<Parts>> {
    let Some(head) = seen.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = head + 4;
    let length = value(&seen[..head], b"content-length:").context("an answer without a length")?;
    let length: usize = std::str::from_utf8(length)?.trim().parse()?;
    Ok(Some(Parts {
        head,
        end: head + length,
    }))
}

/// Returns the rest of the line that begins with this name.
fn value<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (start, rest) = line.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then_some(rest)
    })
}

/// Sends one request after the other on each connection, for that time. Connections alternate
/// between the worlds.
pub(super) fn run(address: SocketAddr, load: Load, worlds: &[World]) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut opened = Vec::new();
        for world in worlds.iter().cycle().take(load.connections) {
            opened.push(Connection::open(address, world).await?);
        }
        let started = Instant::now();
        let end = started + load.time;
        // The generator has a core of its own and never sleeps on it: waking it would be the
        // server's work, and more of it the slower the server is.
        let spinning = tokio::spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        let mut workers = JoinSet::new();
        for connection in opened {
            workers.spawn(one(connection, load, end));
        }
        let mut outcome = Outcome::default();
        while let Some(done) = workers.join_next().await {
            let micros = done??;
            outcome.micros.extend(micros);
        }
        outcome.seconds = started.elapsed().as_secs_f64();
        spinning.abort();
        outcome.micros.sort_unstable();
        Ok(outcome)
    })
}

async fn one(mut connection: Connection, load: Load, end: Instant) -> Result<Vec<u32>> {
    let mut micros = Vec::new();
    let mut created: Option<String> = None;
    loop {
        for step in load.work.steps() {
            let sent = Instant::now();
            // A life is lived to its end, so that none is left behind.
            if sent >= end && created.is_none() {
                return Ok(micros);
            }
            let user = created.as_deref().filter(|_| load.work == Work::Mixed);
            let parts = connection.exchange(*step, load.format, user).await?;
            micros.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
            connection.check(*step)?;
            match step {
                Step::Create if load.work == Work::Mixed => {
                    let location = value(&connection.buffer[..parts.head], b"location:");
                    let location = location.context("a user was created without Location")?;
                    created = Some(std::str::from_utf8(location)?.trim().to_owned());
                }
                Step::Delete => created = None,
                _ => {}
            }
        }
    }
}

/// Creates this many accounts on a mock.
pub(super) fn make_worlds(address: SocketAddr, count: usize) -> Result<Vec<World>> {
    const REQUEST: &[u8] =
        b"POST /__admin/accounts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut connection = Connection::open(address, &World::default()).await?;
        let mut worlds = Vec::new();
        for _ in 0..count {
            connection.request = REQUEST.to_vec();
            let parts = connection.send().await?;
            let account: Value = serde_json::from_slice(&connection.buffer[parts.head..parts.end])?;
            let text = |key: &str| {
                account[key]
                    .as_str()
                    .with_context(|| format!("an account has no {key}"))
            };
            let login = format!("{}:{}", text("username")?, text("password")?);
            worlds.push(World {
                users: format!("/api/accounts/{}/users", text("accountId")?),
                login: format!("Basic {}", BASE64.encode(login.as_bytes())),
            });
        }
        Ok(worlds)
    })
}
