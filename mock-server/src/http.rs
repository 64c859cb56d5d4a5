//! HTTP: from a request to a route, a caller, a body and an operation, and from its result to a
//! response. The only place where a status is chosen.

mod accept;
mod answer;
mod auth;
mod body;
mod content_type;
mod exchange;
mod handlers;
mod refusal;
mod route;
mod views;

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
};

use crate::{admin, app::App};

/// All paths: the control API below `/__admin`, and the emulated API everywhere else.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .nest("/__admin", admin::router())
        .fallback(emulate)
        .with_state(app)
}

async fn emulate(State(app): State<Arc<App>>, request: Request) -> Response {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let body = body::read(&head, body).await;
    let exchanged = exchange::run(&app, &head, &body);
    let response = exchanged.answer.into_response();
    tracing::info!(
        method = %head.method,
        path = head.uri.path(),
        operation = exchanged.operation.map_or("none", |operation| operation.as_str()),
        status = response.status().as_u16(),
        micros = started.elapsed().as_micros(),
        "answered"
    );
    response
}
