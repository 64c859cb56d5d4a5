//! Responses, before they are the HTTP library's.

use std::time::{Duration, UNIX_EPOCH};

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, Response, StatusCode,
        header::{
            ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ALLOW,
            CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER,
            WWW_AUTHENTICATE,
        },
    },
};
use bandwidth_fixtures::{
    ApiError, Consultation,
    operation::Surface,
    profile::{Challenge, RateConnection, RateHeaders},
};
use bytes::Bytes;
use http_body_util::{Either, Full};
use serde_json::json;

use super::{
    auth,
    refusal::{Refusal, Verdict},
};
use crate::{
    codec::{self, Document, Format},
    fault::OwnAnswer,
    journal::Sent,
    text::title_case,
    wire::ErrorView,
};

/// A response as it is sent. Bodies of the emulated API are complete in memory.
pub type Reply = Response<Either<Full<Bytes>, Body>>;

/// Names and passwords are read as UTF-8 (RFC 7617, section 2.1).
const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"Bandwidth\", charset=\"UTF-8\"");

/// A whole response.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Answer {
    /// Without a body.
    pub(super) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// With a body in that format.
    pub(super) fn with(
        status: StatusCode,
        format: Format,
        document: &Document<'_>,
        rules: &Consultation,
    ) -> Self {
        Self::empty(status).body(format, codec::encode(format, document, rules))
    }

    /// Adds a body that is encoded already.
    fn body(self, format: Format, body: Vec<u8>) -> Self {
        self.content(format.media_type(), body)
    }

    /// Adds a body of any type.
    pub(super) fn content(mut self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE, HeaderValue::from_static(media_type))
    }

    /// True if its body is in that format.
    pub(super) fn has_content(&self, format: Format) -> bool {
        let mut headers = self.headers.iter();
        headers.any(|(name, value)| name == CONTENT_TYPE && value == format.media_type())
    }

    /// Names the charset of a body in XML.
    pub(super) fn with_charset(mut self) -> Self {
        self.headers.retain(|(name, _)| name != CONTENT_TYPE);
        self.header(
            CONTENT_TYPE,
            HeaderValue::from_static("application/xml; charset=utf-8"),
        )
    }

    /// Lets pages of every origin read it.
    pub(super) fn readable_anywhere(self) -> Self {
        let exposed =
            "Location, Link, Retry-After, WWW-Authenticate, X-RateLimit-Reset, Mock-Explain";
        self.header(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))
            .header(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(exposed),
            )
    }

    /// Says how long its connection may be idle, unless that is closed after it.
    pub(super) fn kept_for(self, idle: Duration) -> Self {
        if self.headers.iter().any(|(name, _)| name == CONNECTION) {
            return self;
        }
        match HeaderValue::try_from(format!("timeout={}", idle.as_secs())) {
            Ok(hint) => self.header(HeaderName::from_static("keep-alive"), hint),
            Err(_) => self,
        }
    }

    /// The response of a gateway in front of the API that cannot reach it.
    pub(super) fn gateway_page(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let title = status.canonical_reason().unwrap_or("Error");
        let page = format!(
            "<html>\r\n<head><title>{code} {title}</title></head>\r\n<body>\r\n<center><h1>{code} \
             {title}</h1></center>\r\n<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n",
            code = status.as_u16()
        );
        Self::empty(status).content("text/html", page)
    }

    /// Without the last byte of its body, which every format needs. An empty body becomes text that
    /// is in no format.
    pub(super) fn malformed(mut self) -> Self {
        self.body = match self.body.len() {
            0 => Bytes::from_static(b"<"),
            length => self.body.slice(..length - 1),
        };
        self
    }

    /// With the headers and the body that a fault gives it. A header replaces those of its name.
    pub(super) fn overridden(mut self, own: &OwnAnswer) -> Self {
        for (name, value) in own.headers() {
            self.headers.retain(|(known, _)| known != name);
            self.headers.push((name.clone(), value.clone()));
        }
        if let Some((body, media_type)) = own.body() {
            self.body = body.into();
            let stated = own.headers().iter().any(|(name, _)| name == CONTENT_TYPE);
            if !stated {
                self.headers.retain(|(known, _)| known != CONTENT_TYPE);
                self = self.header(CONTENT_TYPE, HeaderValue::from_static(media_type));
            }
        }
        self
    }

    /// Says when it was made, since the Unix epoch.
    pub(super) fn date(self, now: Duration) -> Self {
        match HeaderValue::from_str(&httpdate::fmt_http_date(UNIX_EPOCH + now)) {
            Ok(date) => self.header(DATE, date),
            Err(_) => self,
        }
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// JSON that no cache keeps (RFC 6749, section 5.1).
    pub(super) fn uncached_json(status: StatusCode, body: &serde_json::Value) -> Self {
        Self::empty(status)
            .content("application/json", body.to_string())
            .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }

    /// The answer to a request that is rejected, in the shape that the profile gives it. `body`
    /// writes an error; `now` is in seconds since the Unix epoch.
    pub(super) fn refuse(
        verdict: &Verdict,
        format: Format,
        body: impl FnOnce(ErrorView<'_>) -> Vec<u8>,
        now: u64,
        rules: &Consultation,
    ) -> Self {
        let description = &verdict.note.description;
        let mut answer = Self::empty(verdict.status);
        if let Some(error) = verdict.oauth {
            let body = json!({ "error": error, "error_description": description });
            answer = Self::uncached_json(verdict.status, &body);
        } else if verdict.has_body {
            let code = verdict.note.code;
            answer = answer.body(format, body(ErrorView { code, description }));
        }
        match &verdict.refusal {
            Refusal::MethodNotAllowed { allow, .. } => match HeaderValue::from_str(allow) {
                Ok(allow) => answer.header(ALLOW, allow),
                Err(_) => answer,
            },
            Refusal::RateLimited { reset } => answer.rate_limited(*reset, now, rules),
            refusal => match refusal.error() {
                // The HTTP library would read the rest of the body as the next request.
                ApiError::BodyTooLarge | ApiError::BodyBrokenOff | ApiError::BodyTooSlow => {
                    answer.header(CONNECTION, HeaderValue::from_static("close"))
                }
                // RFC 9110, section 12.5.3.
                ApiError::UnsupportedEncoding => {
                    answer.header(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate"))
                }
                _ if verdict.status == StatusCode::UNAUTHORIZED && verdict.oauth.is_some() => {
                    answer.header(WWW_AUTHENTICATE, BASIC)
                }
                error if verdict.status == StatusCode::UNAUTHORIZED => {
                    answer.challenge(error, verdict.surface, rules)
                }
                _ => answer,
            },
        }
    }

    fn challenge(
        mut self,
        error: ApiError,
        surface: Option<Surface>,
        rules: &Consultation,
    ) -> Self {
        // RFC 6750, section 3: the error only where a token was sent.
        let bearer = match error {
            ApiError::TokenInvalid | ApiError::TokenExpired => {
                "Bearer realm=\"Bandwidth\", error=\"invalid_token\""
            }
            _ => "Bearer realm=\"Bandwidth\"",
        };
        if rules.auth_challenge() == Challenge::Absent {
            return self;
        }
        let schemes = auth::schemes(rules);
        // Today's API takes tokens alone.
        if schemes.basic && surface != Some(Surface::Management) {
            self = self.header(WWW_AUTHENTICATE, BASIC);
        }
        if schemes.bearer {
            self = self.header(WWW_AUTHENTICATE, HeaderValue::from_static(bearer));
        }
        self
    }

    fn rate_limited(mut self, reset: u64, now: u64, rules: &Consultation) -> Self {
        self = match rules.rate_headers() {
            RateHeaders::None => self,
            RateHeaders::XRateLimitReset => {
                self.header(HeaderName::from_static("x-ratelimit-reset"), reset.into())
            }
            RateHeaders::RetryAfter => {
                self.header(RETRY_AFTER, reset.saturating_sub(now).max(1).into())
            }
        };
        match rules.rate_connection() {
            RateConnection::Kept => self,
            RateConnection::Closed => self.header(CONNECTION, HeaderValue::from_static("close")),
        }
    }

    /// Its body.
    pub(super) fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The form that the journal keeps.
    pub(super) fn sent(&self) -> Sent {
        self.sent_with(self.body.clone())
    }

    /// Without the body, as in a response to HEAD.
    pub(super) fn sent_head(&self) -> Sent {
        self.sent_with(Bytes::new())
    }

    /// With the part of the body that is sent before a break.
    pub(super) fn sent_half(&self) -> Sent {
        self.sent_with(self.half())
    }

    fn sent_with(&self, body: Bytes) -> Sent {
        Sent {
            status: self.status.as_u16(),
            headers: self.headers.clone(),
            body,
        }
    }

    /// The first half of its body.
    pub(super) fn half(&self) -> Bytes {
        self.body.slice(..self.body.len() / 2)
    }

    /// The head as bytes, with the length of the whole body.
    pub(super) fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status).into_bytes();
        let length = HeaderValue::from(self.body.len());
        let headers = self.headers.iter().map(|(name, value)| (name, value));
        for (name, value) in headers.chain([(&CONTENT_LENGTH, &length)]) {
            head.extend_from_slice(title_case(name.as_str()).as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// The head, and the body beside it.
    pub(super) fn into_parts(self) -> (Response<()>, Bytes) {
        let mut response = Response::new(());
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        (response, self.body)
    }

    /// The response as it is sent.
    pub(super) fn into_reply(self) -> Reply {
        let (mut response, body) = self.into_parts();
        if body.is_empty() && response.status() != StatusCode::NO_CONTENT {
            response.headers_mut().insert(CONTENT_LENGTH, 0.into());
        }
        response.map(|()| Either::Left(Full::new(body)))
    }
}
