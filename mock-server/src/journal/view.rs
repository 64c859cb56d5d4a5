//! The visible form of an entry, in JSON and in the library.

use std::time::Duration;

use bandwidth_fixtures::{BehaviourId, Evidence, EvidenceKind, NamedProfile, ReadBehaviours};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    answer_body,
    entry::{Entry, Sent},
};
use crate::{clock::rfc3339, fault::Effect, text::title_case};
use bandwidth_fixtures::{Operation, operation::Surface};

/// A request to the emulated API, its response, and the reasons.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordedRequest {
    /// Its place in the order of arrival; never used again.
    pub id: u64,
    /// Time of arrival, on the mock's clock (RFC 3339).
    #[schema(format = DateTime)]
    pub time: String,
    /// Duration in milliseconds, faults included; null while it is under way.
    pub duration_ms: Option<f64>,
    /// The account in the path, else the caller's.
    pub account_id: Option<String>,
    /// The operation, unless path or method belong to none.
    pub operation: Option<String>,
    /// The surface that the path belongs to, for example `identity`.
    pub surface: Option<&'static str>,
    /// The method.
    pub method: String,
    /// Path and query, without secrets.
    pub path: String,
    /// The status that was sent; null when none was.
    pub status: Option<u16>,
    /// The client's address and port.
    pub client: Option<String>,
    /// The caller, if the credentials were right.
    pub login: Option<String>,
    /// True if it changed something, also if the response was dropped.
    pub took_effect: bool,
    /// The request, without secrets.
    pub request: RecordedMessage,
    /// The response; null if there was none.
    pub response: Option<RecordedMessage>,
    /// The fault that was applied.
    pub fault: Option<RecordedFault>,
    /// The reasons for the response.
    pub why: RecordedWhy,
}

/// A request in one line: what a list shows of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordedSummary {
    /// Its place in the order of arrival; never used again.
    pub id: u64,
    /// Time of arrival, on the mock's clock (RFC 3339).
    #[schema(format = DateTime)]
    pub time: String,
    /// Duration in milliseconds, faults included; null while it is under way.
    pub duration_ms: Option<f64>,
    /// The account in the path, else the caller's.
    pub account_id: Option<String>,
    /// The operation, unless path or method belong to none.
    pub operation: Option<&'static str>,
    /// The surface that the path belongs to, for example `identity`.
    pub surface: Option<&'static str>,
    /// The method.
    pub method: String,
    /// Path and query, without secrets; only the start of a very long one.
    pub path: String,
    /// The status that was sent; null when none was.
    pub status: Option<u16>,
    /// The caller, if the credentials were right.
    pub login: Option<String>,
    /// True if it changed something, also if the response was dropped.
    pub took_effect: bool,
    /// The rule that the request broke, when it was rejected.
    pub refusal: Option<&'static str>,
    /// The code of the error body, when it was refused.
    pub code: Option<u32>,
    /// The id of the fault that was applied.
    pub fault: Option<u64>,
    /// Effect of that fault, for example `EMPTY_RESPONSE`, `status 503` or `delay`.
    pub fault_name: Option<String>,
}

/// Headers and body.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordedMessage {
    /// The headers in order.
    pub headers: Vec<Header>,
    /// The body as text, empty when there was none.
    pub body: String,
    /// Length of the body as it was on the wire, in bytes.
    pub body_bytes: usize,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value; `[removed]` replaces a secret.
    pub value: String,
}

/// A fault that was applied to a request.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordedFault {
    /// The id that arming it returned.
    pub id: u64,
    /// The rule as it was armed.
    #[schema(value_type = Object)]
    pub rule: Map<String, Value>,
    /// Time that it made the request wait, in milliseconds.
    pub delayed_ms: Option<u64>,
}

/// Reasons for a response.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordedWhy {
    /// The name of the profile.
    pub profile: String,
    /// The behaviours that were read for this response.
    pub behaviours: Vec<RecordedBehaviour>,
    /// The part of the response that is assumed.
    pub assumed: RecordedAssumed,
    /// The rule that the request broke, when it was rejected.
    pub refusal: Option<RecordedRefusal>,
}

/// The part of a response that is assumed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordedAssumed {
    /// Number of behaviours that are only assumed.
    pub behaviours: usize,
    /// Number of behaviours that were read.
    pub of: usize,
    /// True if no source shows the bodies of the operation in full.
    pub shape: bool,
}

impl RecordedAssumed {
    pub(crate) fn of(profile: &NamedProfile, read: ReadBehaviours, shape: bool) -> Self {
        let assumed = |id: &BehaviourId| profile.evidence_kind(*id) == EvidenceKind::Assumed;
        Self {
            behaviours: read.iter().filter(assumed).count(),
            of: read.iter().count(),
            shape,
        }
    }
}

/// A behaviour that shaped an answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordedBehaviour {
    /// Its id, as `put.semantics`.
    pub id: String,
    /// The chosen option, as `replace`.
    pub option: String,
    /// Evidence for the choice, strongest first.
    #[schema(value_type = Vec<Object>)]
    pub evidence: Vec<Evidence>,
}

/// Why a request was rejected.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordedRefusal {
    /// A name as `username_taken`.
    pub rule: String,
    /// The field or header that it is about.
    pub field: Option<String>,
    /// The code of the error body.
    pub code: u32,
    /// The words of the error body, also where the answer had none.
    pub description: String,
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn message_of(sent: &Sent, operation: Option<Operation>) -> RecordedMessage {
    let headers = sent.headers.iter().map(|(name, value)| Header {
        name: title_case(name.as_str()),
        value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    });
    let body = answer_body(operation, &sent.body);
    RecordedMessage {
        headers: headers.collect(),
        body,
        body_bytes: sent.body.len(),
    }
}

/// Length of a path in a summary, in characters.
const SHOWN: usize = 300;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl From<&Entry> for RecordedSummary {
    fn from(entry: &Entry) -> Self {
        Self {
            id: entry.id,
            time: rfc3339(entry.at),
            duration_ms: entry.duration.map(milliseconds),
            account_id: entry.account.as_deref().map(shortened),
            operation: entry.operation.map(Operation::as_str),
            surface: entry.surface.map(Surface::as_str),
            method: entry.method.to_string(),
            path: shortened(&entry.request.seen().target),
            status: entry.status(),
            login: entry.login.as_deref().map(str::to_owned),
            took_effect: entry.took_effect,
            refusal: entry.refusal.as_ref().map(|refusal| refusal.rule),
            code: entry.refusal.as_ref().map(|refusal| refusal.code),
            fault: entry.fault.as_ref().map(|fault| fault.armed.id),
            fault_name: entry.fault.as_ref().map(|fault| {
                let effect = fault.armed.fault.effect;
                effect.map_or_else(|| "delay".to_owned(), Effect::name)
            }),
        }
    }
}

impl From<&Entry> for RecordedRequest {
    fn from(entry: &Entry) -> Self {
        let request = entry.request.seen();
        Self {
            id: entry.id,
            time: rfc3339(entry.at),
            duration_ms: entry.duration.map(milliseconds),
            account_id: entry.account.as_deref().map(str::to_owned),
            operation: entry.operation.map(|operation| operation.to_string()),
            surface: entry.surface.map(Surface::as_str),
            method: entry.method.to_string(),
            path: request.target.clone(),
            status: entry.status(),
            client: entry.peer.map(|peer| peer.to_string()),
            login: entry.login.as_deref().map(str::to_owned),
            took_effect: entry.took_effect,
            request: RecordedMessage {
                headers: request
                    .headers
                    .iter()
                    .map(|(name, value)| Header {
                        name: title_case(name),
                        value: value.clone(),
                    })
                    .collect(),
                body: request.body_text().into_owned(),
                body_bytes: entry.request.body_bytes(),
            },
            response: entry
                .sent
                .as_ref()
                .map(|sent| message_of(sent, entry.operation)),
            fault: entry.fault.as_ref().map(|fault| RecordedFault {
                id: fault.armed.id,
                rule: fault.armed.fault.to_json(),
                delayed_ms: fault
                    .waited
                    .map(|waited| u64::try_from(waited.as_millis()).unwrap_or(u64::MAX)),
            }),
            why: RecordedWhy {
                profile: entry.profile.name().to_owned(),
                behaviours: entry
                    .behaviours
                    .iter()
                    .map(|id| RecordedBehaviour {
                        id: id.to_string(),
                        option: entry.profile.options().get(id),
                        evidence: entry.profile.evidence(id).to_vec(),
                    })
                    .collect(),
                assumed: RecordedAssumed::of(&entry.profile, entry.behaviours, entry.shape_assumed),
                refusal: entry.refusal.as_ref().map(|refusal| RecordedRefusal {
                    rule: refusal.rule.to_owned(),
                    field: refusal.field.clone(),
                    code: refusal.code,
                    description: refusal.description.clone(),
                }),
            },
        }
    }
}
