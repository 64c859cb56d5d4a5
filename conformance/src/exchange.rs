//! What was sent and what came back, kept as evidence.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::transport::{Request, Response, TransportError};

/// What a request was sent for.
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

/// One request and what came of it. It holds secrets: only what a report makes of it may be shown.
pub struct Exchange {
    /// What for.
    pub purpose: Purpose,
    /// Where to: `https://HOST:PORT`.
    pub origin: String,
    /// When it was sent, from the start of the run.
    pub at: Duration,
    /// How long it took.
    pub took: Duration,
    /// What was sent.
    pub request: Request,
    /// What came back, or why nothing did.
    pub outcome: Result<Response, String>,
    /// Whether it was sent again, and why.
    pub repeated: Option<String>,
}

impl Exchange {
    /// What was sent at `sent`, in a run that started at `started`, and has just ended.
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
