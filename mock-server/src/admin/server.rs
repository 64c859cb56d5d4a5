//! The server itself: whether it is there, its version, metrics, certificate, reset and end.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::{AdminError, Code};
use crate::app::App;

/// One word.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// `ok`, `ready`, `reset` or `stopping`.
    status: &'static str,
}

/// Name and version of the program.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// `bandwidth-mock`.
    name: &'static str,
    /// As 0.1.0.
    version: &'static str,
}

/// Check that the server runs
#[utoipa::path(get, path = "/health", tag = "server", responses((status = 200, body = Status)))]
pub async fn health() -> Json<Status> {
    Json(Status { status: "ok" })
}

/// Check that the server is ready
#[utoipa::path(get, path = "/ready", tag = "server", responses((status = 200, body = Status)))]
pub async fn ready() -> Json<Status> {
    Json(Status { status: "ready" })
}

/// The version of the server
#[utoipa::path(get, path = "/version", tag = "server", responses((status = 200, body = Version)))]
pub async fn version() -> Json<Version> {
    Json(Version {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// The certificate that clients must trust
///
/// With `--tls` and `--proxy` it is the mock's own authority, made at the start; with `--tls-cert`
/// the last certificate of that file.
#[utoipa::path(get, path = "/ca.pem", tag = "server", responses(
    (status = 200, body = String, content_type = "application/x-pem-file"),
    (status = 404, body = AdminError, description = "There is no TLS and no proxy.")
))]
pub async fn ca_pem(State(app): State<Arc<App>>) -> Result<Response, AdminError> {
    match &app.settings.ca_pem {
        Some(pem) => Ok(([(CONTENT_TYPE, "application/x-pem-file")], pem.clone()).into_response()),
        None => Err(AdminError::new(
            Code::NotFound,
            "this server has no certificate; start it with --tls or --proxy",
        )),
    }
}

/// The key that signs tokens
///
/// A JSON Web Key Set (RFC 7517). The key is made when the server starts; a reset keeps it.
#[utoipa::path(get, path = "/jwks.json", tag = "server", responses((status = 200, body = Object)))]
pub async fn jwks(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.signer.jwks())
}

/// Metrics for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "server", responses(
    (status = 200, body = String, content_type = "text/plain; version=0.0.4")
))]
pub async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4")],
        super::metrics::text(&app),
    )
}

/// Everything as it was at the start
///
/// Accounts, users, profile, faults and clock as at the start; throwaway accounts and the journal
/// are gone, tokens end.
#[utoipa::path(post, path = "/reset", tag = "server", responses((status = 200, body = Status)))]
pub async fn reset(State(app): State<Arc<App>>) -> Result<Json<Status>, AdminError> {
    app.reset()?;
    Ok(Json(Status { status: "reset" }))
}

/// Stop the server
///
/// It answers, then stops as on Ctrl-C.
#[utoipa::path(post, path = "/shutdown", tag = "server", responses((status = 202, body = Status)))]
pub async fn shutdown(State(app): State<Arc<App>>) -> (StatusCode, Json<Status>) {
    app.stop();
    (StatusCode::ACCEPTED, Json(Status { status: "stopping" }))
}
