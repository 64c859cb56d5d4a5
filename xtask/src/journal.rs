//! `cargo xtask journal`: many large requests against a release mock; its journal stays within its
//! bytes, and its memory stays flat.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    memory,
    mock::{self, LOGIN},
};

/// How many requests, and how large
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many requests
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// Length of each body, in bytes
    #[arg(long, default_value_t = 65_536)]
    body: usize,
    /// How many connections
    #[arg(long, default_value_t = 4)]
    connections: u64,
}

/// The journal's limit in bytes, which is its default.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Sends the requests and prints the memory as it goes.
pub(crate) fn run(options: &Options) -> Result<()> {
    let binary = mock::build("release")?;
    let server = mock::Server::start(&binary, &[])?;
    let address = server.address()?;
    let request = request(options.body);
    println!("requests | journal, bytes | resident, KiB | requests/s");
    println!(
        "0 | {} | {} |",
        journal_bytes(address)?,
        memory::resident(server.id())?
    );
    let sent = AtomicU64::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..options.connections)
            .map(|_| scope.spawn(|| send(address, &request, options.requests, &sent)))
            .collect();
        let step = (options.requests / 10).max(1);
        let mut next = step;
        while workers.iter().any(|worker| !worker.is_finished()) {
            std::thread::sleep(Duration::from_millis(50));
            let done = sent.load(Ordering::Relaxed).min(options.requests);
            if done < next {
                continue;
            }
            next = (done / step + 1) * step;
            let bytes = journal_bytes(address)?;
            #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
            let rate = done as f64 / started.elapsed().as_secs_f64();
            println!(
                "{done} | {bytes} | {} | {rate:.0}",
                memory::resident(server.id())?
            );
            ensure!(
                bytes <= LIMIT,
                "the journal takes {bytes} bytes, more than {LIMIT}"
            );
        }
        for worker in workers {
            let result = worker.join();
            result.map_err(|_| anyhow::anyhow!("a client panicked"))??;
        }
        Ok(())
    })
}

/// A create that is refused for its long name, so that the accounts do not grow.
fn request(length: usize) -> Vec<u8> {
    let start = "<User><Username>";
    let end = "</Username><Password>Teal-Wagon.47</Password></User>";
    let name = "x".repeat(length.saturating_sub(start.len() + end.len()));
    let body = format!("{start}{name}{end}");
    format!(
        "POST /api/accounts/12345/users HTTP/1.1\r\nHost: localhost\r\nAuthorization: {LOGIN}\r\n\
         Content-Type: application/xml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn send(address: SocketAddr, request: &[u8], requests: u64, sent: &AtomicU64) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while sent.fetch_add(1, Ordering::Relaxed) < requests {
        stream.write_all(request)?;
        seen.clear();
        // The end of the error body.
        while !seen.ends_with(b"</UserResponse>") {
            let count = stream.read(&mut buffer)?;
            ensure!(count > 0, "the mock closed the connection");
            seen.extend_from_slice(&buffer[..count]);
        }
    }
    Ok(())
}

/// What the mock itself says about its journal.
fn journal_bytes(address: SocketAddr) -> Result<u64> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(
        b"GET /__admin/metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    text.lines()
        .find_map(|line| line.strip_prefix("bandwidth_mock_journal_bytes "))
        .and_then(|bytes| bytes.trim().parse().ok())
        .context("the metrics do not tell the size of the journal")
}
