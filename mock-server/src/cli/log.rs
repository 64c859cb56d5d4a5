//! Log lines to stderr. Requests never wait for them: a separate thread writes them. Lines that
//! stderr does not accept in time are dropped and counted.

use std::{
    io::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

use super::system;

/// Maximum number of waiting lines.
const QUEUE: usize = 4096;
/// Maximum time that the end of the program waits for the queue.
const REST: Duration = Duration::from_millis(200);

enum Message {
    Line(Vec<u8>),
    /// Everything before this is written. The sender is dropped as the signal.
    Flush {
        _done: SyncSender<()>,
    },
}

/// Takes log lines.
#[derive(Clone)]
pub(super) struct Log {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl Log {
    /// Starts the thread that writes.
    pub(super) fn start() -> Self {
        let (queue, messages) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        thread::spawn(move || write(&messages, &lost));
        Self { queue, dropped }
    }

    /// Waits until all lines are written, for a moment.
    pub(super) fn flush(&self) {
        let (done, written) = sync_channel(0);
        if self.queue.try_send(Message::Flush { _done: done }).is_ok() {
            let _ = written.recv_timeout(REST);
        }
    }
}

fn write(messages: &Receiver<Message>, lost: &AtomicU64) {
    let Ok(mut stderr) = system::stderr() else {
        return;
    };
    for message in messages {
        let Message::Line(line) = message else {
            continue;
        };
        if stderr.write_all(&line).is_err() {
            lost.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let count = lost.swap(0, Ordering::Relaxed);
        if count > 0
            && writeln!(
                stderr,
                "{count} log lines were dropped: stderr did not take them"
            )
            .is_err()
        {
            lost.fetch_add(count, Ordering::Relaxed);
        }
    }
}

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Message::Line(line.to_owned())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
