//! Reading a request's body, up to a limit.

use std::{io::Read as _, time::Duration};

use axum::http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, EXPECT},
    request::Parts,
};
use bandwidth_fixtures::ApiError;
use bytes::{Bytes, BytesMut};
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

/// The largest body that is accepted, in bytes, also after it was decompressed.
pub const MAX_BODY: usize = 1024 * 1024;

/// Maximum size of a too large body that is read and dropped. A client that is still sending does
/// not see an early response, only a reset connection.
const MAX_DRAINED: usize = 64 * 1024 * 1024;

/// Result of reading a body.
#[derive(Debug)]
pub(super) enum Received {
    /// All of it.
    Whole(Bytes),
    /// It is larger than [`MAX_BODY`].
    TooLarge,
    /// It broke off or its framing is wrong.
    Broken,
    /// It did not arrive in time.
    TooSlow,
    /// It is in a coding that is not read.
    OtherCoding,
    /// It is not in the coding that its head names.
    Miscoded,
}

impl Default for Received {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl Received {
    /// All of it, or why there is not all of it.
    pub(super) fn whole(&self) -> Result<&Bytes, ApiError> {
        match self {
            Self::Whole(bytes) => Ok(bytes),
            Self::TooLarge => Err(ApiError::BodyTooLarge),
            Self::Broken => Err(ApiError::BodyBrokenOff),
            Self::TooSlow => Err(ApiError::BodyTooSlow),
            Self::OtherCoding => Err(ApiError::UnsupportedEncoding),
            Self::Miscoded => Err(ApiError::BodyMiscoded),
        }
    }

    /// The received bytes, if the body is complete.
    pub(super) fn bytes(&self) -> &Bytes {
        static NOTHING: Bytes = Bytes::new();
        self.whole().unwrap_or(&NOTHING)
    }
}

/// Reads the body to its end, or to the limits of size and time.
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
    match whole.await.unwrap_or(Received::TooSlow) {
        Received::Whole(bytes) => decoded(&head.headers, bytes, MAX_BODY),
        other => other,
    }
}

/// A whole body, decoded by its `Content-Encoding`, up to a limit in bytes.
pub(super) fn decoded(headers: &HeaderMap, bytes: Bytes, most: usize) -> Received {
    match coding(headers) {
        Ok(None) => Received::Whole(bytes),
        Ok(Some(coding)) => coding.decode(&bytes, most),
        Err(OtherCoding) => Received::OtherCoding,
    }
}

/// A content coding (RFC 9110, section 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
}

/// A content coding that is not read, or more than one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OtherCoding;

/// The coding of the body, if it has one.
pub(super) fn coding(headers: &HeaderMap) -> Result<Option<Coding>, OtherCoding> {
    let mut found = None;
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in value.to_str().map_err(|_| OtherCoding)?.split(',') {
            let is = |known: &str| name.trim().eq_ignore_ascii_case(known);
            let coding = if is("gzip") || is("x-gzip") {
                Coding::Gzip
            } else if is("deflate") {
                Coding::Deflate
            } else if is("identity") || is("") {
                continue;
            } else {
                return Err(OtherCoding);
            };
            if found.replace(coding).is_some() {
                return Err(OtherCoding);
            }
        }
    }
    Ok(found)
}

impl Coding {
    /// The decompressed body, up to a limit in bytes.
    fn decode(self, bytes: &[u8], most: usize) -> Received {
        // Deflate is zlib's format; some clients leave out its head and its sum (RFC 9110, section
        // 8.4.1.2).
        let has_zlib_head = matches!(bytes, [first, second, ..]
            if first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0);
        let mut decoded = Vec::new();
        let limit = most as u64 + 1;
        let read = match self {
            Self::Gzip => MultiGzDecoder::new(bytes)
                .take(limit)
                .read_to_end(&mut decoded),
            Self::Deflate if has_zlib_head => ZlibDecoder::new(bytes)
                .take(limit)
                .read_to_end(&mut decoded),
            Self::Deflate => DeflateDecoder::new(bytes)
                .take(limit)
                .read_to_end(&mut decoded),
        };
        match read {
            Err(_) => Received::Miscoded,
            Ok(length) if length > most => Received::TooLarge,
            Ok(_) => Received::Whole(decoded.into()),
        }
    }
}

/// Decodes a body; `None` on an error. An empty body stays empty, also in an unknown coding.
#[cfg(feature = "traffic")]
pub fn plain(headers: &HeaderMap, bytes: Bytes, most: usize) -> Option<Bytes> {
    if bytes.is_empty() {
        return Some(bytes);
    }
    match decoded(headers, bytes, most) {
        Received::Whole(bytes) => Some(bytes),
        _ => None,
    }
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
