//! Selects requests by account, operation, method, path, status, body or time.

use std::{fmt, sync::Arc, time::Duration};

use bandwidth_fixtures::Operation;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, SchemaType, Type},
};

use super::entry::Entry;

/// Conditions on a request. An absent condition matches every request.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Pattern {
    /// The account in the path, else the main account of the caller's domain. The id of a main
    /// account finds the requests of its whole domain.
    pub account_id: Option<String>,
    /// The main account of its domain, whose view of the journal has its requests.
    #[serde(skip)]
    #[schema(ignore)]
    pub main: Option<Arc<str>>,
    /// The operation.
    #[serde(default, deserialize_with = "operation")]
    #[schema(schema_with = operations)]
    pub operation: Option<Operation>,
    /// The method, in capitals.
    pub method: Option<String>,
    /// The path with its query, whole.
    pub path: Option<String>,
    /// The status that was sent.
    pub status: Option<u16>,
    /// A text that the request's body contains.
    pub body_contains: Option<String>,
    /// Only requests after this time.
    #[schema(schema_with = since)]
    pub since: Option<Since>,
}

/// A place in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// After the request of that id.
    Id(u64),
    /// At or after this time on the mock's clock.
    Time(Duration),
}

impl Since {
    /// Reads an id or a time such as `2026-11-24T10:00:00Z`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let time = humantime::parse_rfc3339_weak(text).ok();
        time.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
            .map(Self::Time)
            .ok_or_else(|| {
                format!(
                    "since must be the id of a request, or a time such as 2026-11-24T10:00:00Z, not `{text}`"
                )
            })
    }
}

impl<'de> Deserialize<'de> for Since {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Id(u64),
            Text(String),
        }
        match Raw::deserialize(deserializer) {
            Ok(Raw::Id(id)) => Ok(Self::Id(id)),
            Ok(Raw::Text(text)) => Self::parse(&text).map_err(D::Error::custom),
            Err(_) => Err(D::Error::custom(
                "since must be the id of a request, or a time such as 2026-11-24T10:00:00Z",
            )),
        }
    }
}

/// The names of the operations, or null.
fn operations() -> Object {
    let names = Operation::ALL.map(|operation| Some(operation.as_str()));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("The operation."))
        .enum_values(Some(names.into_iter().chain([None])))
        .build()
}

/// The id of a request, a time, or null.
fn since() -> Object {
    // Of several types generators of clients make none.
    ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .description(Some(
            "Only what came after this: the id of a request, or a time (RFC 3339).",
        ))
        .build()
}

fn operation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Operation>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(D::Error::custom))
        .transpose()
}

/// The request that is nearest to a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Nearest {
    /// Its id.
    pub id: u64,
    /// One-line summary.
    pub request: String,
    /// Differences from the conditions.
    pub differences: Vec<String>,
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let differences = self.differences.join("; ");
        write!(f, "{}, but {differences}", self.request)
    }
}

/// A sent or expected value, quoted; `none` if there is none.
fn shown(value: Option<impl fmt::Display>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| format!("{value}"))
}

impl Pattern {
    /// True if the request matches.
    pub fn matches(&self, entry: &Entry) -> bool {
        self.differences(entry).next().is_none()
    }

    /// Describes each condition that the entry does not meet.
    fn differences<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = String> + 'a {
        let account = self.account_id.as_deref();
        let account = account.filter(|wanted| !entry.is_of(wanted));
        let operation = self
            .operation
            .filter(|wanted| entry.operation != Some(*wanted));
        let method = self.method.as_deref();
        let method = method.filter(|wanted| !entry.method.as_str().eq_ignore_ascii_case(wanted));
        let path = self.path.as_deref();
        let path = path.filter(|wanted| entry.request.seen().target != **wanted);
        let status = self.status.filter(|wanted| entry.status() != Some(*wanted));
        let body = self.body_contains.as_deref();
        let body = body.filter(|wanted| !entry.request.seen().body_text().contains(*wanted));
        let since = self.since.filter(|since| match since {
            Since::Id(id) => entry.id <= *id,
            Since::Time(time) => entry.at < *time,
        });
        [
            account.map(|wanted| {
                let seen = shown(entry.account.as_deref());
                format!("the account is {seen}, not {wanted}")
            }),
            operation
                .map(|wanted| format!("the operation is {}, not {wanted}", shown(entry.operation))),
            method.map(|wanted| format!("the method is {}, not {wanted}", entry.method)),
            path.map(|wanted| {
                let seen = entry.request.seen();
                format!("the path is {}, not {wanted}", seen.target)
            }),
            status.map(|wanted| format!("the status is {}, not {wanted}", shown(entry.status()))),
            body.map(|wanted| format!("the body does not contain `{wanted}`")),
            since.map(|_| "it came earlier".to_owned()),
        ]
        .into_iter()
        .flatten()
    }

    /// The entry with the fewest differences, the latest of several.
    pub(super) fn nearest(&self, entries: &[Arc<Entry>]) -> Option<Nearest> {
        let (differences, entry) = entries
            .iter()
            .map(|entry| (self.differences(entry).collect::<Vec<_>>(), entry))
            .min_by_key(|(differences, entry)| (differences.len(), std::cmp::Reverse(entry.id)))?;
        Some(Nearest {
            id: entry.id,
            request: entry.line(),
            differences,
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.operation
                .map(|operation| format!("operation {operation}")),
            self.method
                .as_ref()
                .map(|method| format!("method {method}")),
            self.path.as_ref().map(|path| format!("path {path}")),
            self.status.map(|status| format!("status {status}")),
            self.body_contains
                .as_ref()
                .map(|text| format!("`{text}` in its body")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            f.write_str("any request")
        } else {
            write!(f, "a request with {}", parts.join(", "))
        }
    }
}

impl Entry {
    /// The request in one line.
    pub fn line(&self) -> String {
        let answer = match (&self.sent, self.duration) {
            (Some(sent), _) => format!("answered {}", sent.status),
            (None, Some(_)) => "not answered".to_owned(),
            (None, None) => "not answered yet".to_owned(),
        };
        format!(
            "#{} {} {}, {answer}",
            self.id,
            self.method,
            self.request.seen().target
        )
    }
}
