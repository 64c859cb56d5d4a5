//! `cargo xtask hostile`: how long a well-behaved client waits for a release mock while others hold
//! on to thousands of connections, or send and read as slowly as they can.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::bench::{
    self, Subject,
    load::{self, Load, Refusals},
    work::{Format, Step, Work},
};

/// How many there are
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Connections that say nothing
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// Connections of each other kind
    #[arg(long, default_value_t = 1_000)]
    slow: usize,
    /// The released mock; set by the chore itself, which builds and calls itself in release
    #[arg(long, hide = true)]
    mock: Option<PathBuf>,
}

/// What a hostile client does with its connection.
#[derive(Debug, Clone, Copy)]
enum Attack {
    SaysNothing,
    SlowHead,
    SlowBody,
    ReadsNothing,
    DeepBody,
}

impl Attack {
    fn name(self) -> &'static str {
        match self {
            Self::SaysNothing => "say nothing",
            Self::SlowHead => "send a head, a byte a second",
            Self::SlowBody => "send a body, a byte a second",
            Self::ReadsNothing => "ask for lists and read none",
            Self::DeepBody => "sent 1 MiB of nested elements each",
        }
    }

    /// What is sent at once.
    fn first(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::SaysNothing => {}
            Self::SlowHead => bytes.extend_from_slice(b"GET /api HTTP/1.1\r\nX-Slow: "),
            Self::SlowBody => {
                Step::Create.write(Format::Xml, None, &mut bytes);
                bytes.truncate(bytes.len() - 60);
            }
            Self::ReadsNothing => {
                for _ in 0..50 {
                    Step::List.write(Format::Xml, None, &mut bytes);
                }
            }
            Self::DeepBody => {
                let body = "<a>".repeat(349_000);
                let mut head = Vec::new();
                Step::Create.write(Format::Xml, None, &mut head);
                let head = String::from_utf8_lossy(&head);
                let head = head.split("Content-Length").next().unwrap_or_default();
                let length = body.len();
                bytes = format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes();
            }
        }
        bytes
    }

    fn goes_on(self) -> bool {
        matches!(self, Self::SlowHead | Self::SlowBody)
    }
}

fn open(address: SocketAddr, attack: Attack, count: usize) -> Result<Vec<TcpStream>> {
    let first = attack.first();
    (0..count)
        .map(|number| {
            let connection = TcpStream::connect(address).with_context(|| {
                format!("connection {number}; `ulimit -n` must be above {count}")
            })?;
            connection.set_nonblocking(true)?;
            // As much as fits: the rest would wait for a reader.
            let _ = (&connection).write(&first);
            Ok(connection)
        })
        .collect()
}

/// Prints how long others wait during each attack.
pub(crate) fn run(options: &Options) -> Result<()> {
    let Some(mock) = &options.mock else {
        return bench::again_in_release();
    };
    println!(
        "| connections | what they do | p50, \u{b5}s | p99, \u{b5}s | p50 beside quiet | resident, MiB |"
    );
    println!("|---:|---|---:|---:|---:|---:|");
    let mut quiet = None;
    for (attack, count) in [
        (None, 0),
        (Some(Attack::SaysNothing), options.idle),
        (Some(Attack::SlowHead), options.slow),
        (Some(Attack::SlowBody), options.slow),
        (Some(Attack::ReadsNothing), options.slow),
        (Some(Attack::DeepBody), 50),
    ] {
        let subject = Subject::mock(mock, &["--seed", "empty", "--users", "100"])?;
        let connections = match attack {
            Some(attack) => open(subject.address, attack, count)?,
            None => Vec::new(),
        };
        let over = AtomicBool::new(false);
        let outcome = thread::scope(|scope| {
            if attack.is_some_and(Attack::goes_on) {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        for mut connection in &connections {
                            let _ = connection.write(b"x");
                        }
                        thread::sleep(Duration::from_secs(1));
                    }
                });
            }
            let load = Load {
                work: Work::GetUser,
                format: Format::Xml,
                connections: 1,
                time: Duration::from_secs(4),
                refusals: Refusals::Errors,
            };
            let outcome = load::run(subject.address, load);
            over.store(true, Ordering::Relaxed);
            outcome
        })?;
        let p50 = f64::from(outcome.quantile(500));
        let beside = p50 / *quiet.get_or_insert(p50);
        println!(
            "| {count} | {} | {p50:.0} | {} | {beside:.2} | {:.1} |",
            attack.map_or("quiet", Attack::name),
            outcome.quantile(990),
            bench::mebibytes(subject.resident()?)
        );
        drop(connections);
    }
    Ok(())
}
