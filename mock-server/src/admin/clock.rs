//! The mock's clocks over HTTP: the server's, and one account's.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{AdminError, Body, Path};
use crate::{
    app::App,
    clock::{Clock, ClockChange, rfc3339},
};

/// A change of the clock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct ClockRequest {
    /// `freeze`, `advance` or `resume`.
    action: ClockAction,
    /// With `advance`: how far, in milliseconds.
    #[schema(minimum = 1)]
    ms: Option<u64>,
}

/// A change of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockAction {
    /// Stand still.
    Freeze,
    /// Move forward, frozen or not.
    Advance,
    /// Run again from where it is.
    Resume,
}

/// The state of a clock.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClockView {
    /// RFC 3339.
    #[schema(format = DateTime)]
    now: String,
    /// Seconds since the Unix epoch.
    epoch_seconds: f64,
    /// True if it is frozen.
    frozen: bool,
}

fn view(clock: &Clock) -> Json<ClockView> {
    let reading = clock.read();
    Json(ClockView {
        now: rfc3339(reading.now),
        epoch_seconds: (reading.now.as_secs_f64() * 1e3).floor() / 1e3,
        frozen: reading.frozen,
    })
}

impl ClockRequest {
    fn change(&self) -> Result<ClockChange, AdminError> {
        match (self.action, self.ms) {
            (ClockAction::Freeze, None) => Ok(ClockChange::Freeze),
            (ClockAction::Resume, None) => Ok(ClockChange::Resume),
            (ClockAction::Advance, Some(ms)) if ms > 0 => {
                Ok(ClockChange::Advance(Duration::from_millis(ms)))
            }
            (ClockAction::Advance, _) => Err(AdminError::invalid(
                "advance needs ms, the milliseconds to move forward, at least 1",
            )),
            (_, Some(_)) => Err(AdminError::invalid("ms goes with advance only")),
        }
    }
}

/// Read the server's clock
#[utoipa::path(get, path = "/clock", tag = "clock", responses((status = 200, body = ClockView)))]
pub async fn read(State(app): State<Arc<App>>) -> Json<ClockView> {
    view(&app.clock)
}

/// Freeze, advance or resume the clocks of the server and of all accounts
///
/// Rate limits, lockouts, tokens, the time to live of faults, `Date` and the times in the journal
/// follow it. Delays of faults pass in real time.
#[utoipa::path(post, path = "/clock", tag = "clock",
    request_body(content = ClockRequest, example = json!({ "action": "advance", "ms": 60000 })),
    responses(
    (status = 200, body = ClockView),
    (status = 400, body = AdminError),
))]
pub async fn set(
    State(app): State<Arc<App>>,
    Body(request): Body<ClockRequest>,
) -> Result<Json<ClockView>, AdminError> {
    app.set_clocks(request.change()?)?;
    Ok(view(&app.clock))
}

/// Read an account's clock
///
/// The account follows the server's clock until its own is set.
#[utoipa::path(get, path = "/accounts/{accountId}/clock", tag = "clock",
    params(("accountId" = String, Path)), responses(
    (status = 200, body = ClockView),
    (status = 404, body = AdminError),
))]
pub async fn read_account(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<ClockView>, AdminError> {
    Ok(view(app.account(&id)?.clock.shown()))
}

/// Freeze, advance or resume the clock of one account
///
/// From then on the account has a clock of its own, also when that runs again. Its rate limit,
/// lockouts, tokens and faults, `Date` and the times of its requests in the journal follow it.
/// POST clock still moves it with all others; a reset of the account ends it.
#[utoipa::path(post, path = "/accounts/{accountId}/clock", tag = "clock",
    params(("accountId" = String, Path)),
    request_body(content = ClockRequest, example = json!({ "action": "advance", "ms": 60000 })),
    responses(
    (status = 200, body = ClockView),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError),
))]
pub async fn set_account(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Body(request): Body<ClockRequest>,
) -> Result<Json<ClockView>, AdminError> {
    let state = app.account(&id)?;
    app.set_clock(&state, request.change()?)?;
    Ok(view(state.clock.shown()))
}
