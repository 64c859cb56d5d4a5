//! A request as the journal holds it.
//!
//! Most requests are pushed out before a user looked at them, so what is secret is
//! removed when one does: the first look replaces what was sent by what may be seen, and
//! there is no other way to it.

use std::{
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use axum::http::HeaderMap;
use bytes::Bytes;
use parking_lot::Mutex;

use super::redact::{self, Redacted};

/// Stands instead of a body that alone would fill the journal.
const TOO_LARGE: &[u8] = b"[too large for the journal]";

/// The longest body that is copied, in bytes.
const SHORT: usize = 4096;

/// Target, headers and body of a request.
pub struct Request {
    kept: Mutex<Kept>,
    bytes: usize,
    body_bytes: usize,
}

enum Kept {
    /// As it was sent: the target in a line, then `name: value` in a line for each header, and an
    /// empty line. A short body follows, so that its entry does not keep a buffer of the
    /// connection.
    Sent {
        text: Box<[u8]>,
        body: Option<Bytes>,
    },
    /// The visible form, and the hash of the body.
    Seen { seen: Arc<Redacted>, body: u64 },
}

fn hash(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}

impl Request {
    /// Keeps these.
    pub fn new(target: &str, headers: &HeaderMap, body: &Bytes) -> Self {
        let lines = headers.iter();
        let length: usize = lines
            .map(|(name, value)| name.as_str().len() + value.len() + 3)
            .sum();
        let short = body.len() <= SHORT;
        let copied: &[u8] = if short { body } else { &[] };
        let mut text = Vec::with_capacity(target.len() + length + copied.len() + 2);
        text.extend_from_slice(target.as_bytes());
        text.push(b'\n');
        for (name, value) in headers {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value.as_bytes());
            text.push(b'\n');
        }
        text.push(b'\n');
        text.extend_from_slice(copied);
        Self {
            bytes: text.len() + headers.len() * 48 + body.len() - copied.len(),
            body_bytes: body.len(),
            kept: Mutex::new(Kept::Sent {
                text: text.into(),
                body: (!short).then(|| body.clone()),
            }),
        }
    }

    fn read_redacted<T>(&self, read: impl FnOnce(&Arc<Redacted>, u64) -> T) -> T {
        let mut kept = self.kept.lock();
        if let Kept::Sent { text, body } = &*kept {
            let (head, body) = parts(text, body.as_ref());
            let seen = Arc::new(redacted(head, &body));
            let body = hash(&body);
            *kept = Kept::Seen { seen, body };
        }
        match &*kept {
            Kept::Seen { seen, body } => read(seen, *body),
            Kept::Sent { .. } => unreachable!("it was replaced above"),
        }
    }

    /// The visible part, without secrets.
    pub fn seen(&self) -> Arc<Redacted> {
        self.read_redacted(|seen, _| Arc::clone(seen))
    }

    /// Distinguishes equal bodies from others.
    pub fn body_hash(&self) -> u64 {
        self.read_redacted(|_, body| body)
    }

    /// Length of the body as it was sent, in bytes.
    pub fn body_bytes(&self) -> usize {
        self.body_bytes
    }

    /// Size in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives up the body.
    pub(super) fn drop_body(&mut self) {
        let kept = self.kept.get_mut();
        if let Kept::Sent { text, body } = kept {
            self.bytes = self.bytes - self.body_bytes + TOO_LARGE.len();
            let (head, body) = parts(text, body.as_ref());
            let seen = Redacted {
                body: Bytes::from_static(TOO_LARGE),
                ..redacted(head, &body)
            };
            *kept = Kept::Seen {
                seen: Arc::new(seen),
                body: hash(&body),
            };
        }
    }
}

/// The lines of the head, and the body.
fn parts<'t>(text: &'t [u8], body: Option<&Bytes>) -> (&'t [u8], Bytes) {
    let end = text.windows(2).position(|pair| pair == b"\n\n");
    let (head, rest) = text.split_at(end.map_or(text.len(), |end| end + 2));
    let body = body.cloned();
    (head, body.unwrap_or_else(|| Bytes::copy_from_slice(rest)))
}

fn redacted(head: &[u8], body: &Bytes) -> Redacted {
    let mut lines = head.split(|byte| *byte == b'\n');
    let target = lines.next().unwrap_or_default();
    let headers = lines.filter_map(|line| {
        let colon = line.windows(2).position(|pair| pair == b": ")?;
        Some((
            std::str::from_utf8(&line[..colon]).ok()?,
            &line[colon + 2..],
        ))
    });
    redact::request(&String::from_utf8_lossy(target), headers, body)
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[request]")
    }
}
