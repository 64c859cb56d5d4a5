//! The reason for a rejected request, and its response.
//!
//! Status, code, field and words of an error are a row of `fixtures/error-codes.toml`. Here they
//! become the verdict on one request, under its profile.

use std::borrow::Cow;

use axum::http::StatusCode;
use bandwidth_fixtures::{
    ApiError, BehaviourId, Consultation,
    error_code::{Change, JsonError},
    operation::Surface,
    profile::ManagedInvalidStatus,
};

use crate::{
    codec::{self, DecodeError, Format, identity::Content, management},
    journal::RefusalNote,
};

/// A request that is not fulfilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A rule of the API, without details.
    Rule(ApiError),
    /// The same, with what the error shows of the request.
    Echoed(ApiError, Content),
    /// Nothing has the path.
    UnknownPath {
        /// Other places of the operation, as a sentence that follows others; empty if there are
        /// none.
        elsewhere: String,
    },
    /// The path exists, without that method.
    MethodNotAllowed {
        /// Its methods.
        allow: String,
        /// Other places of the operation.
        elsewhere: String,
    },
    /// The body cannot be read.
    UnreadableBody(DecodeError),
    /// Too many requests; the next one is allowed at this time, in seconds since the Unix epoch.
    RateLimited {
        /// Epoch seconds.
        reset: u64,
    },
    /// A fault.
    Fault(StatusCode),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Rule(error)
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::UnreadableBody(error)
    }
}

/// A refusal under one profile: the answer's status, what the journal keeps, and whether the
/// answer has a body.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) refusal: Refusal,
    pub(super) status: StatusCode,
    pub(super) note: RefusalNote,
    pub(super) has_body: bool,
    /// The surface that rejects, if the path belongs to one.
    pub(super) surface: Option<Surface>,
    /// The error by the names of RFC 6749, for the token endpoint.
    pub(super) oauth: Option<&'static str>,
}

impl Refusal {
    pub(super) fn error(&self) -> ApiError {
        match self {
            Self::Rule(error) | Self::Echoed(error, _) => *error,
            Self::UnknownPath { .. } => ApiError::UnknownPath,
            Self::MethodNotAllowed { .. } => ApiError::MethodNotAllowed,
            Self::UnreadableBody(_) => ApiError::UnreadableBody,
            Self::RateLimited { .. } => ApiError::RateLimited,
            Self::Fault(_) => ApiError::Fault,
        }
    }

    /// The refusal under the profile on a surface, if its path belongs to one. The words name
    /// fields in the format of the request.
    pub(super) fn verdict(
        self,
        surface: Option<Surface>,
        sent: Format,
        rules: &Consultation,
    ) -> Verdict {
        let facts = self.error().facts();
        let (mut code, mut status, mut words) = (facts.code, facts.status, facts.words);
        let mut has_body = true;
        for change in facts.overrides {
            if rules.option(change.behaviour) != change.option {
                continue;
            }
            match change.change {
                Change::Words(other) => words = other,
                Change::Status(other) => status = other,
                Change::NoBody => has_body = false,
                Change::Becomes(other) => {
                    let other = other.facts();
                    (code, status, words) = (other.code, other.status, other.words);
                }
            }
        }
        let managed = surface == Some(Surface::Management);
        let says = |text: &str| {
            if managed {
                management::keyed(text, rules)
            } else if surface == Some(Surface::Identity) {
                filled(&text.replace("{naming.email}", "Email"), rules).into_owned()
            } else {
                codec::spelled(&filled(text, rules), sent, rules)
            }
        };
        let mut note = RefusalNote {
            rule: facts.rule,
            field: facts.field.map(says),
            code,
            description: says(words),
        };
        let mut status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        match &self {
            Self::Rule(_) | Self::Echoed(..) | Self::RateLimited { .. } => {}
            Self::UnknownPath { elsewhere } => note.description += elsewhere,
            Self::MethodNotAllowed { allow, elsewhere } => {
                note.description = note.description.replace("{allow}", allow) + elsewhere;
            }
            Self::UnreadableBody(error) => {
                note.rule = error.rule();
                note.field = error.field().map(|field| field.name().to_owned());
                note.description = error.to_string();
            }
            Self::Fault(asked) => {
                status = *asked;
                if !status.is_server_error() {
                    note.code = status.as_u16().into();
                    note.description = note.description.replace("server", "request");
                }
            }
        }
        if managed {
            let invalid = [status.as_u16(), facts.status].contains(&400);
            if matches!(self, Self::Rule(_)) && invalid {
                status = invalid_status(rules);
            }
            if let Some(error) = JsonError::of(status.as_u16()) {
                note.code = error.code;
            }
        }
        // A client of the token endpoint reads errors in the form of RFC 6749 alone.
        let on_purpose = matches!(self, Self::Fault(_) | Self::RateLimited { .. });
        let oauth = facts.oauth.or_else(|| {
            let is_refused = status.is_client_error() && !on_purpose;
            is_refused.then_some("invalid_request")
        });
        Verdict {
            oauth: oauth.filter(|_| surface == Some(Surface::Token)),
            refusal: self,
            surface,
            status,
            note,
            has_body,
        }
    }
}

/// The status of a value that today's API rejects.
fn invalid_status(rules: &Consultation) -> StatusCode {
    match rules.management_invalid() {
        ManagedInvalidStatus::BadRequest => StatusCode::BAD_REQUEST,
        ManagedInvalidStatus::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The text with the options of the behaviours that it names: `{naming.email}`.
fn filled<'t>(text: &'t str, rules: &Consultation) -> Cow<'t, str> {
    let place = text.split_once('{').and_then(|(before, rest)| {
        let (name, after) = rest.split_once('}')?;
        let id = name.parse::<BehaviourId>().ok()?;
        Some(format!("{before}{}{after}", rules.option(id)))
    });
    place.map_or(Cow::Borrowed(text), Cow::Owned)
}
