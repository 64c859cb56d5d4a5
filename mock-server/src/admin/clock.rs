//! The mock's clock over HTTP.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{AdminError, Body};
use crate::{app::App, control::ControlError, journal::rfc3339};

/// What to do with the clock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct ClockRequest {
    /// `freeze`, `advance` or `resume`.
    action: ClockAction,
    /// With `advance`: how far, in milliseconds.
    #[schema(minimum = 1)]
    ms: Option<u64>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockAction {
    /// Stand still.
    Freeze,
    /// Move forward, frozen or not.
    Advance,
    /// Run again from where it stands.
    Resume,
}

/// What the clock shows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClockView {
    /// RFC 3339.
    #[schema(format = DateTime)]
    now: String,
    /// Seconds since the Unix epoch.
    epoch_seconds: f64,
    /// Whether it stands still.
    frozen: bool,
}

fn view(app: &App) -> Json<ClockView> {
    let reading = app.clock.read();
    Json(ClockView {
        now: rfc3339(reading.now),
        epoch_seconds: (reading.now.as_secs_f64() * 1e3).floor() / 1e3,
        frozen: reading.frozen,
    })
}

/// What the mock's clock shows
#[utoipa::path(get, path = "/clock", tag = "clock", responses((status = 200, body = ClockView)))]
pub async fn read(State(app): State<Arc<App>>) -> Json<ClockView> {
    view(&app)
}

/// Freeze, advance or resume the clock
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
    match (request.action, request.ms) {
        (ClockAction::Freeze, None) => app.clock.freeze(),
        (ClockAction::Resume, None) => app.clock.resume(),
        (ClockAction::Advance, Some(ms)) if ms > 0 => {
            let advanced = app.clock.advance(Duration::from_millis(ms));
            advanced.map_err(ControlError::from)?;
        }
        (ClockAction::Advance, _) => {
            let message = "advance needs ms, the milliseconds to move forward, at least 1";
            return Err(AdminError::invalid(message));
        }
        (_, Some(_)) => return Err(AdminError::invalid("ms goes with advance only")),
    }
    Ok(view(&app))
}
