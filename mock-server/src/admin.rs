//! The control API below `/__admin`, JSON only. It tells whether the server is there.

use std::sync::Arc;

use axum::{
    Json, Router,
    http::{StatusCode, Uri},
    routing::get,
};
use serde_json::{Value, json};

use crate::app::App;

/// The paths below `/__admin`.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(async || Json(json!({ "status": "ok" }))))
        .route("/ready", get(async || Json(json!({ "status": "ready" }))))
        .route(
            "/version",
            get(async || Json(json!({ "version": env!("CARGO_PKG_VERSION") }))),
        )
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
}

async fn unknown(uri: Uri) -> (StatusCode, Json<Value>) {
    error(
        StatusCode::NOT_FOUND,
        "unknown_path",
        &format!(
            "/__admin{} is not served; GET health, ready and version are",
            uri.path()
        ),
    )
}

async fn wrong_method() -> (StatusCode, Json<Value>) {
    error(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path takes GET",
    )
}

fn error(status: StatusCode, code: &str, message: &str) -> (StatusCode, Json<Value>) {
    (
        status,
        Json(json!({ "error": { "code": code, "message": message } })),
    )
}
