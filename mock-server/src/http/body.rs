//! Reading a request's body, up to a limit.

use std::time::Duration;

use axum::http::{
    header::{CONTENT_LENGTH, EXPECT},
    request::Parts,
};
use bandwidth_fixtures::ApiError;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

/// The largest body that is accepted, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// How much of a body that is too large is read and dropped. A client that is still sending does
/// not see an answer that comes before the end, only a reset connection.
const MAX_DRAINED: usize = 64 * 1024 * 1024;

/// What came of a body.
#[derive(Debug)]
pub(super) enum Received {
    /// All of it.
    Whole(Bytes),
    /// It is larger than [`MAX_BODY`].
    TooLarge,
    /// It broke off or its framing is wrong.
    Broken,
    /// It did not come in time.
    TooSlow,
}

impl Received {
    /// All of it, or why there is not all of it.
    pub(super) fn whole(&self) -> Result<&Bytes, ApiError> {
        match self {
            Self::Whole(bytes) => Ok(bytes),
            Self::TooLarge => Err(ApiError::BodyTooLarge),
            Self::Broken => Err(ApiError::BodyBrokenOff),
            Self::TooSlow => Err(ApiError::BodyTooSlow),
        }
    }

    /// What was received, where that is all of it.
    pub(super) fn bytes(&self) -> &Bytes {
        static NOTHING: Bytes = Bytes::new();
        self.whole().unwrap_or(&NOTHING)
    }
}

/// Reads the body to its end or to the limits, of which one is the time that all of it may take.
pub(super) async fn read(head: &Parts, body: Incoming, timeout: Duration) -> Received {
    if body.is_end_stream() {
        return Received::Whole(Bytes::new());
    }
    let announced = head
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    // A client that waits for `100 Continue` has sent nothing yet and need not.
    if head.headers.contains_key(EXPECT) && announced.is_some_and(|length| length > MAX_BODY as u64)
    {
        return Received::TooLarge;
    }
    let whole = tokio::time::timeout(timeout, read_on(body));
    whole.await.unwrap_or(Received::TooSlow)
}

async fn read_on(mut body: Incoming) -> Received {
    let mut kept = BytesMut::new();
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Received::Broken;
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        seen = seen.saturating_add(data.len());
        if seen == data.len() && body.is_end_stream() && seen <= MAX_BODY {
            return Received::Whole(data);
        }
        if seen <= MAX_BODY {
            kept.extend_from_slice(&data);
        } else {
            kept = BytesMut::new();
            if seen > MAX_DRAINED {
                break;
            }
        }
    }
    if seen > MAX_BODY {
        Received::TooLarge
    } else {
        Received::Whole(kept.freeze())
    }
}
