//! Responses, before they are axum's.

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::Response,
};
use bandwidth_fixtures::{
    Consultation,
    profile::{AuthSchemes, Challenge, RateConnection, RateHeaders},
};

use super::refusal::Refusal;
use crate::{
    codec::{self, Document, Format},
    wire::ErrorView,
};

/// A whole response.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
}

impl Answer {
    /// Without a body.
    pub(super) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
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
    fn body(mut self, format: Format, body: Vec<u8>) -> Self {
        self.body = body;
        self.header(CONTENT_TYPE, HeaderValue::from_static(format.media_type()))
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer to a request that is refused, in the shape that the profile gives it. `now` is
    /// in seconds since the Unix epoch.
    pub(super) fn refuse(
        refusal: &Refusal,
        format: Format,
        root: &'static str,
        now: u64,
        rules: &Consultation,
    ) -> Self {
        let verdict = refusal.verdict(rules);
        let mut answer = Self::empty(verdict.status);
        if !refusal.without_body(rules) {
            let error = ErrorView {
                code: verdict.code,
                description: &verdict.description,
            };
            let document = Document::Error { root, error };
            answer = answer.body(format, codec::encode(format, &document, rules));
        }
        match refusal {
            Refusal::Unauthenticated | Refusal::BlankCredentials | Refusal::LockedOut => {
                answer.challenge(rules)
            }
            Refusal::MethodNotAllowed(allow) => {
                answer.header(ALLOW, HeaderValue::from_static(allow))
            }
            Refusal::RateLimited { reset } => answer.rate_limited(*reset, now, rules),
            // What is left of the body would be read as the next request.
            Refusal::BodyTooLarge | Refusal::BrokenBody => {
                answer.header(CONNECTION, HeaderValue::from_static("close"))
            }
            _ => answer,
        }
    }

    fn challenge(mut self, rules: &Consultation) -> Self {
        const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"Bandwidth\"");
        const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"Bandwidth\"");
        if rules.auth_challenge() == Challenge::Absent {
            return self;
        }
        let schemes = rules.auth_schemes();
        if schemes != AuthSchemes::Bearer {
            self = self.header(WWW_AUTHENTICATE, BASIC);
        }
        if schemes != AuthSchemes::Basic {
            self = self.header(WWW_AUTHENTICATE, BEARER);
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

    /// As axum's.
    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        if self.body.is_empty() && self.status != StatusCode::NO_CONTENT {
            response.headers_mut().insert(CONTENT_LENGTH, 0.into());
        }
        *response.body_mut() = Body::from(self.body);
        response
    }
}
