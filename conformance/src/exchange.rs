//! Requests with their responses, kept as evidence.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::transport::{Request, Response, TransportError};

/// The purpose of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// It is a step of a case.
    Case,
    /// It shows whose user a change would concern.
    Check,
    /// It removes what a case created.
    CleanUp,
}

impl Purpose {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Check => "check",
            Self::CleanUp => "clean-up",
        }
    }
}

/// One request and its result. It holds secrets: only reports may show it.
pub struct Exchange {
    pub purpose: Purpose,
    /// `https://HOST:PORT`.
    pub origin: String,
    /// When it was sent, from the start of the run.
    pub at: Duration,
    pub took: Duration,
    pub request: Request,
    /// The response, or the reason why there is none.
    pub outcome: Result<Response, String>,
    /// The reason for a repetition, if it was repeated.
    pub repeated: Option<String>,
}

impl Exchange {
    /// Records an exchange that was sent at `sent`, in a run that started at `started`, and has
    /// just ended.
    pub fn new(
        purpose: Purpose,
        origin: String,
        (started, sent): (Instant, Instant),
        request: Request,
        outcome: &Result<Response, TransportError>,
    ) -> Self {
        Self {
            purpose,
            origin,
            at: sent.duration_since(started),
            took: sent.elapsed(),
            request,
            outcome: outcome.as_ref().map_err(ToString::to_string).cloned(),
            repeated: None,
        }
    }
}

/// The exchanges of one case.
#[derive(Default)]
pub struct Log {
    /// In the order in which they were sent.
    pub exchanges: Vec<Exchange>,
}
