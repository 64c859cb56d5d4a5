//! Faults: arm, look at their hits, disarm.

use std::sync::Arc;

use axum::{
    Json,
    extract::{RawQuery, State},
    http::StatusCode,
};
use bandwidth_fixtures::Distinct;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::answer::{AdminError, Code, Path, Text, object, query, read};
use crate::{
    app::App,
    fault::{ArmedFault, Fault},
};

/// A fault that is armed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultView {
    /// Its id; never used again.
    id: u64,
    /// Number of requests that it was applied to.
    hits: u64,
    /// True if its time to live is over.
    expired: bool,
    /// The rule as it was armed.
    #[schema(value_type = Object)]
    rule: Map<String, Value>,
}

/// Faults.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultList {
    /// In order: the first one that is due applies.
    faults: Vec<FaultView>,
}

/// Result of disarming.
#[derive(Debug, Serialize, ToSchema)]
pub struct Disarmed {
    /// Number of faults.
    disarmed: usize,
}

fn view(app: &App, fault: &ArmedFault) -> FaultView {
    FaultView {
        id: fault.id,
        hits: fault.hits(),
        expired: fault.expired(app.clock_of(fault.fault.account.as_deref()).now),
        rule: fault.fault.to_json(),
    }
}

/// A fault, as for `POST faults`: the keys of `--fault`, nested. The text of a `--fault` flag is
/// accepted too, as a string.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what read_fault takes")]
pub struct FaultRequest(Map<String, Value>);

/// Reads a fault from JSON: an object, or the text of a `--fault` flag.
pub(super) fn read_fault(fault: Value) -> Result<Fault, AdminError> {
    if let Value::String(text) = fault {
        return Ok(text.parse::<Fault>()?);
    }
    let form = "a fault is an object, for example {\"status\":503}, or text, for example \"status=503,times=1\"";
    Ok(Fault::from_json(&object(fault, form)?)?)
}

fn none(id: &str) -> AdminError {
    AdminError::new(
        Code::NotFound,
        format!("no fault `{id}` is armed; GET /__admin/faults lists them"),
    )
}

/// List the faults with their hits
#[utoipa::path(get, path = "/faults", tag = "faults", responses((status = 200, body = FaultList)))]
pub async fn list(State(app): State<Arc<App>>) -> Json<FaultList> {
    let faults = app.faults.list();
    Json(FaultList {
        faults: faults.iter().map(|fault| view(&app, fault)).collect(),
    })
}

/// Arm a fault
///
/// A fault has one of `status`, `fault` (`EMPTY_RESPONSE`, `MALFORMED_RESPONSE_CHUNK`,
/// `RANDOM_DATA_THEN_CLOSE`, `CONNECTION_RESET_BY_PEER`), `chunked_dribble`, `truncate_body`,
/// `malformed_body`, `wrong_content_type`, `refuse` (`basic_ended`, `client_invalid`, `locked_out`,
/// `token_expired`) and `view` (`empty`, `stale`), with or without a `delay`. With `status` or
/// `wrong_content_type`, `headers` (an object of texts) and `body` (text, or a JSON object or
/// array) set those of the response. These keys select the requests: `operation`, `method`,
/// `accountId`, `every`, `after`, `times`, `probability`, `seed`, `ttl_ms`, and `then`, which
/// selects requests after the first hit (`all`, `same_login`, `same_scheme`). `when` is `before`
/// (the default) or `after` the operation takes effect. The body can also be the text of a
/// `--fault` flag, with or without quotes: `status=503,times=1`.
#[utoipa::path(post, path = "/faults", tag = "faults", request_body(content = FaultRequest, example = json!({
    "fault": "EMPTY_RESPONSE", "when": "after", "operation": "create_user", "times": 1
})), responses(
    (status = 201, body = FaultView),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError, description = "There is no such account."),
))]
pub async fn arm(
    State(app): State<Arc<App>>,
    Text(text): Text,
) -> Result<(StatusCode, Json<FaultView>), AdminError> {
    let is_json = text.trim_start().starts_with(['{', '"', '[']);
    let fault = if is_json || text.trim().is_empty() {
        read_fault(read::<Distinct>(&text)?.0)?
    } else {
        text.trim().parse::<Fault>()?
    };
    let fault = app.arm(fault)?;
    Ok((StatusCode::CREATED, Json(view(&app, &fault))))
}

/// Disarm all faults, or those of one account
#[utoipa::path(delete, path = "/faults", tag = "faults",
    params(("accountId" = Option<String>, Query, description = "Only faults for the domain of this account.")),
    responses(
    (status = 200, body = Disarmed),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError, description = "There is no such account."),
))]
pub async fn disarm_all(
    State(app): State<Arc<App>>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Disarmed>, AdminError> {
    let query = query(raw.as_deref(), &["accountId"])?;
    let disarmed = match query.get("accountId") {
        Some(account) => app.faults.disarm_account(&app.account(account)?.id),
        None => app.faults.disarm_all(),
    };
    Ok(Json(Disarmed { disarmed }))
}

/// Look at a fault
#[utoipa::path(get, path = "/faults/{id}", tag = "faults", params(("id" = u64, Path)), responses(
    (status = 200, body = FaultView),
    (status = 404, body = AdminError),
))]
pub async fn get(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<FaultView>, AdminError> {
    let fault = id.parse().ok().and_then(|id| app.faults.find(id));
    let fault = fault.ok_or_else(|| none(&id))?;
    Ok(Json(view(&app, &fault)))
}

/// Disarm a fault
#[utoipa::path(delete, path = "/faults/{id}", tag = "faults", params(("id" = u64, Path)), responses(
    (status = 200, body = FaultView),
    (status = 404, body = AdminError),
))]
pub async fn disarm(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<FaultView>, AdminError> {
    let fault = id.parse().ok().and_then(|id| app.faults.find(id));
    let fault = fault.ok_or_else(|| none(&id))?;
    app.faults.disarm(fault.id);
    Ok(Json(view(&app, &fault)))
}
