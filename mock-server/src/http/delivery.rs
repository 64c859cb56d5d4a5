//! Sends a response: as HTTP, in slow pieces, or broken deliberately.

use std::{convert::Infallible, fmt, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{Either, StreamBody};
use hyper::body::Frame;

use super::answer::{Answer, Reply};
use crate::{
    fault::{ConnectionFault, Dribble, Sending},
    random::mix,
};

/// A deliberate end of the connection. The HTTP library carries it as an error of the service; the
/// connection reads it from there.
#[derive(Debug)]
pub struct Hangup {
    /// Written as they are.
    pub bytes: Bytes,
    /// True for a TCP reset, false for an orderly close.
    pub reset: bool,
}

impl fmt::Display for Hangup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection ends on purpose")
    }
}

impl std::error::Error for Hangup {}

/// Sends an answer as a fault lets it through. `random` decides bytes that are generated.
pub(super) fn deliver(
    answer: Option<Answer>,
    sending: Sending,
    random: u64,
) -> Result<Reply, Hangup> {
    match (sending, answer) {
        (Sending::Hangup(fault), _) => Err(Hangup::new(fault, random)),
        (_, None) => Err(Hangup::new(ConnectionFault::EmptyResponse, random)),
        (Sending::Whole, Some(answer)) => Ok(answer.into_reply()),
        (Sending::Slowly(dribble), Some(answer)) => Ok(slowly(answer, dribble)),
        (Sending::Half, Some(answer)) => Err(truncated(&answer)),
    }
}

impl Hangup {
    fn new(fault: ConnectionFault, random: u64) -> Self {
        let bytes = match fault {
            ConnectionFault::EmptyResponse | ConnectionFault::ConnectionResetByPeer => Vec::new(),
            ConnectionFault::MalformedResponseChunk => {
                let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
                bytes.extend(noise(random));
                bytes
            }
            ConnectionFault::RandomDataThenClose => noise(random),
        };
        Self {
            bytes: bytes.into(),
            reset: fault == ConnectionFault::ConnectionResetByPeer,
        }
    }
}

/// Bytes that are neither HTTP nor a chunk: none of them is a letter, a digit or the end of a
/// line.
fn noise(random: u64) -> Vec<u8> {
    (0..8)
        .flat_map(|index| mix(random, index).to_le_bytes())
        .map(|byte| byte | 0x80)
        .collect()
}

/// The head promises the whole body, and half of it follows. Of an answer without a body the head
/// itself breaks off.
fn truncated(answer: &Answer) -> Hangup {
    let mut bytes = answer.head();
    if answer.bytes().is_empty() {
        bytes.truncate(bytes.len() / 2);
    } else {
        bytes.extend_from_slice(&answer.half());
    }
    Hangup {
        bytes: bytes.into(),
        reset: false,
    }
}

/// A body in `chunks` pieces, with equal waits between them.
fn slowly(answer: Answer, dribble: Dribble) -> Reply {
    let (response, body) = answer.into_parts();
    let count = usize::try_from(dribble.chunks).unwrap_or(usize::MAX);
    let size = body.len().div_ceil(count).max(1);
    let pieces = body.len().div_ceil(size).max(1);
    let gaps = u32::try_from(pieces - 1).unwrap_or(u32::MAX).max(1);
    let pause = dribble.over / gaps;
    let frames = stream::unfold((body, true), move |(mut rest, first)| async move {
        if rest.is_empty() {
            return None;
        }
        if !first {
            tokio::time::sleep(pause).await;
        }
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<_, Infallible>(Frame::data(piece)), (rest, false)))
    });
    response.map(|()| Either::Right(Body::new(StreamBody::new(frames))))
}

/// Time that a close waits for bytes that the client is still sending. A close with unread bytes is
/// a reset, which could discard the response.
pub const LINGER: Duration = Duration::from_millis(200);
