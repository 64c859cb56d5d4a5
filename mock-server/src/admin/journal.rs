//! The journal over HTTP.

use std::sync::Arc;

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AdminError, Code, OptionalBody, Path, query};
use crate::{
    app::App,
    journal::{Nearest, Pattern, RecordedRequest, Since},
};

/// Requests of the journal.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestList {
    /// In order of arrival.
    requests: Vec<RecordedRequest>,
    /// Number of requests that the journal no longer keeps.
    dropped: u64,
    /// If nothing matches: the nearest request, and its differences.
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<Nearest>,
}

/// Number of matching requests.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestCount {
    /// Number of matches among the kept requests.
    count: usize,
    /// Their ids, in order of arrival.
    ids: Vec<u64>,
    /// Number of requests that the journal no longer keeps: they may have matched.
    dropped: u64,
    /// If nothing matches: the nearest request, and its differences.
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<Nearest>,
}

/// Result of a deletion.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deleted {
    /// Number of requests.
    deleted: usize,
}

const KEYS: [&str; 8] = [
    "accountId",
    "operation",
    "method",
    "path",
    "status",
    "bodyContains",
    "since",
    "limit",
];

/// The pattern and the limit in a query.
fn read_query(app: &App, raw: Option<&str>) -> Result<(Pattern, usize), AdminError> {
    let mut query = query(raw, &KEYS)?;
    let limit = match query.remove("limit") {
        None => usize::MAX,
        Some(text) => text.parse().map_err(|_| {
            AdminError::invalid(format!("limit must be a whole number, not `{text}`"))
        })?,
    };
    let status = match query.remove("status") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            AdminError::invalid(format!("status must be a number such as 404, not `{text}`"))
        })?),
    };
    let operation = query.remove("operation").map(|text| text.parse());
    let since = query.remove("since").map(|text| Since::parse(&text));
    let pattern = Pattern {
        account_id: query.remove("accountId"),
        main: None,
        operation: operation.transpose().map_err(AdminError::invalid)?,
        method: query.remove("method"),
        path: query.remove("path"),
        status,
        body_contains: query.remove("bodyContains"),
        since: since.transpose().map_err(AdminError::invalid)?,
    };
    Ok((of_account(app, pattern)?, limit))
}

/// The pattern with the main account of the domain that it names.
fn of_account(app: &App, pattern: Pattern) -> Result<Pattern, AdminError> {
    let state = pattern.account_id.as_ref().map(|id| app.account(id));
    let main = state.transpose()?.map(|state| Arc::clone(&state.id));
    Ok(Pattern { main, ..pattern })
}

pub(super) fn is_on(app: &App) -> Result<(), AdminError> {
    if app.journal.is_on() {
        return Ok(());
    }
    let message = "the journal is off; start the server with --journal-entries and \
                   --journal-bytes above 0";
    Err(AdminError::new(Code::NotFound, message))
}

/// List requests to the emulated API
///
/// Each with its response and the reasons, without secrets.
#[utoipa::path(get, path = "/requests", tag = "journal", params(
    ("accountId" = Option<String>, Query, description = "Only requests of this account; of its whole domain if it is the main one."),
    ("operation" = Option<String>, Query, description = "Only this operation, for example create_user."),
    ("method" = Option<String>, Query),
    ("path" = Option<String>, Query, description = "Path and query, whole."),
    ("status" = Option<u16>, Query, description = "Only requests that were answered so."),
    ("bodyContains" = Option<String>, Query, description = "Only requests with this text in their body."),
    ("since" = Option<String>, Query, description = "Only what came after the request of this id, or from this time (RFC 3339) on."),
    ("limit" = Option<usize>, Query, description = "How many at most: the newest, or with `since` the oldest."),
), responses(
    (status = 200, body = RequestList),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError, description = "There is no such account, or the journal is off."),
))]
pub async fn list(
    State(app): State<Arc<App>>,
    RawQuery(raw): RawQuery,
) -> Result<Json<RequestList>, AdminError> {
    let (pattern, limit) = read_query(&app, raw.as_deref())?;
    is_on(&app)?;
    let selection = app.journal.select(&pattern, limit);
    let nearest = match selection.entries.len() {
        0 if limit > 0 => app.journal.nearest(&pattern),
        _ => None,
    };
    let entries = selection.entries.iter();
    Ok(Json(RequestList {
        requests: entries
            .map(|entry| RecordedRequest::from(&**entry))
            .collect(),
        dropped: selection.dropped,
        nearest,
    }))
}

/// Look at a request
#[utoipa::path(get, path = "/requests/{id}", tag = "journal", params(("id" = u64, Path)), responses(
    (status = 200, body = RecordedRequest),
    (status = 404, body = AdminError),
))]
pub async fn get(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<RecordedRequest>, AdminError> {
    is_on(&app)?;
    let entry = id.parse().ok().and_then(|id| app.journal.find(id));
    let entry = entry.ok_or_else(|| {
        AdminError::new(
            Code::NotFound,
            format!("the journal does not have request `{id}`; it may have been removed"),
        )
    })?;
    Ok(Json(RecordedRequest::from(&*entry)))
}

/// Count requests
#[utoipa::path(post, path = "/requests/count", tag = "journal",
    request_body(content = Option<Pattern>, example = json!({ "operation": "create_user", "status": 201 })),
    responses(
    (status = 200, body = RequestCount),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError, description = "There is no such account, or the journal is off."),
))]
pub async fn count(
    State(app): State<Arc<App>>,
    OptionalBody(pattern): OptionalBody<Pattern>,
) -> Result<Json<RequestCount>, AdminError> {
    is_on(&app)?;
    let pattern = of_account(&app, pattern)?;
    let selection = app.journal.select(&pattern, usize::MAX);
    let count = selection.entries.len();
    let nearest = match count {
        0 => app.journal.nearest(&pattern),
        _ => None,
    };
    Ok(Json(RequestCount {
        count,
        ids: selection.entries.iter().map(|entry| entry.id).collect(),
        dropped: selection.dropped,
        nearest,
    }))
}

/// Delete all requests from the journal, or those of one account
///
/// The reports are cleared too. The report on assumptions covers a whole domain.
#[utoipa::path(delete, path = "/requests", tag = "journal",
    params(("accountId" = Option<String>, Query, description = "Only requests of this account; of its whole domain if it is the main one.")), responses(
    (status = 200, body = Deleted),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError, description = "There is no such account."),
))]
pub async fn clear(
    State(app): State<Arc<App>>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Deleted>, AdminError> {
    let mut query = query(raw.as_deref(), &["accountId"])?;
    let deleted = if let Some(account) = query.remove("accountId") {
        app.reliance.forget(&app.account(&account)?.id);
        app.journal.forget(&account)
    } else {
        app.reliance.clear();
        app.journal.clear()
    };
    Ok(Json(Deleted { deleted }))
}
