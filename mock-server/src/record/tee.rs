//! Streams a body, and keeps a copy.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// The longest body that is kept, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// All bodies that are kept at one time, in bytes.
const ALL: usize = 64 * 1024 * 1024;

/// Size of the bodies in memory, in bytes.
pub type Held = Arc<AtomicUsize>;

/// A copied body.
pub struct Captured {
    chunks: Vec<Bytes>,
    held: Held,
    holds: usize,
    /// Its length until now, in bytes.
    pub length: usize,
    is_complete: bool,
    is_too_long: bool,
}

impl Captured {
    fn new(held: Held) -> Self {
        Self {
            chunks: Vec::new(),
            held,
            holds: 0,
            length: 0,
            is_complete: false,
            is_too_long: false,
        }
    }

    fn add(&mut self, chunk: &Bytes) {
        self.length += chunk.len();
        if self.is_too_long {
            return;
        }
        let all = self.held.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len();
        self.holds += chunk.len();
        if self.length > LONGEST || all > ALL {
            self.is_too_long = true;
            self.let_go();
        } else {
            self.chunks.push(chunk.clone());
        }
    }

    fn let_go(&mut self) {
        self.chunks = Vec::new();
        self.held.fetch_sub(self.holds, Ordering::Relaxed);
        self.holds = 0;
    }

    /// The whole body; none if it did not end or was too long.
    pub fn whole(&self) -> Option<Bytes> {
        if !self.is_complete || self.is_too_long {
            return None;
        }
        Some(match &*self.chunks {
            [] => Bytes::new(),
            [only] => only.clone(),
            several => several.concat().into(),
        })
    }

    /// True if it was read to its end.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Called when a body has ended, before its last part is passed on, or when it breaks off.
type End = Box<dyn FnOnce(Captured) + Send + Sync>;

/// Passes a body on.
pub struct Tee {
    body: Incoming,
    captured: Option<Captured>,
    end: Option<End>,
}

impl Tee {
    pub fn new(body: Incoming, held: Held, end: End) -> Self {
        let mut tee = Self {
            body,
            captured: Some(Captured::new(held)),
            end: Some(end),
        };
        tee.end_if(tee.body.is_end_stream());
        tee
    }

    fn deliver(&mut self, captured: Captured) {
        if let Some(end) = self.end.take() {
            end(captured);
        }
    }

    fn end_if(&mut self, ended: bool) {
        if ended && let Some(mut captured) = self.captured.take() {
            captured.is_complete = true;
            self.deliver(captured);
        }
    }
}

impl Body for Tee {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let (Some(data), Some(captured)) = (frame.data_ref(), &mut self.captured) {
                    captured.add(data);
                }
                let ended = self.body.is_end_stream();
                self.end_if(ended);
            }
            Some(Err(_)) => {}
            None => self.end_if(true),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        if let Some(captured) = self.captured.take() {
            self.deliver(captured);
        }
    }
}
