//! Snapshots: all accounts or one, as a document that can be put back.

use std::sync::Arc;

use axum::{Json, extract::State, http::header::CONTENT_TYPE, response::IntoResponse};
use bandwidth_fixtures::Seed;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AdminError, Path, Text};
use crate::app::App;

/// Result of a restore.
#[derive(Debug, Serialize, ToSchema)]
pub struct Restored {
    /// Number of accounts after it, or 1.
    accounts: usize,
}

fn document(seed: &Seed) -> impl IntoResponse + use<> {
    ([(CONTENT_TYPE, "application/json")], seed.to_json())
}

fn parse(text: &str) -> Result<Seed, AdminError> {
    Ok(Seed::parse("snapshot", text)?)
}

/// All accounts
///
/// The document has the form of a seed file. Passwords are in it as salted digests; faults,
/// profiles, the journal and the clock are not in it.
#[utoipa::path(get, path = "/snapshot", tag = "snapshots", responses(
    (status = 200, body = Object),
    (status = 400, body = AdminError, description = "There is no account."),
))]
pub async fn get(State(app): State<Arc<App>>) -> Result<impl IntoResponse, AdminError> {
    Ok(document(&app.snapshot()?))
}

/// Restore all accounts
///
/// Takes a response of GET, or a seed file. Tokens end, limits and lockouts are cleared. A document
/// that is not whole is rejected, and nothing changes.
#[utoipa::path(put, path = "/snapshot", tag = "snapshots", request_body = Object, responses(
    (status = 200, body = Restored),
    (status = 400, body = AdminError),
    (status = 409, body = AdminError),
))]
pub async fn put(
    State(app): State<Arc<App>>,
    Text(text): Text,
) -> Result<Json<Restored>, AdminError> {
    let accounts = app.restore(parse(&text)?)?;
    Ok(Json(Restored { accounts }))
}

/// One account
#[utoipa::path(get, path = "/accounts/{accountId}/snapshot", tag = "snapshots",
    params(("accountId" = String, Path)), responses(
    (status = 200, body = Object),
    (status = 404, body = AdminError),
))]
pub async fn get_account(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, AdminError> {
    Ok(document(&app.account_snapshot(&id)?))
}

/// Restore one account
#[utoipa::path(put, path = "/accounts/{accountId}/snapshot", tag = "snapshots",
    params(("accountId" = String, Path)), request_body = Object, responses(
    (status = 200, body = Restored),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError),
    (status = 409, body = AdminError),
))]
pub async fn put_account(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Text(text): Text,
) -> Result<Json<Restored>, AdminError> {
    app.restore_account(&id, parse(&text)?)?;
    Ok(Json(Restored { accounts: 1 }))
}
