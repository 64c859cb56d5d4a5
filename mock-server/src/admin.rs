//! The control API below `/__admin`, JSON only. It is never part of the emulated API: what a
//! client under test sends there is no request to Bandwidth.

mod accounts;
mod answer;
mod clock;
mod events;
mod faults;
mod guard;
mod journal;
mod metrics;
pub mod openapi;
mod profile;
mod reports;
mod server;
mod snapshot;
mod ui;
mod users;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, OriginalUri},
    http::{HeaderMap, Uri, header::HOST, uri::Authority},
    middleware,
    routing::any,
};
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::answer::{AdminError, Code};
pub use self::ui::welcome;
#[cfg(feature = "traffic")]
pub use self::{
    events::event,
    guard::refusal,
    ui::{HEADERS, file_named},
};
use crate::app::App;

/// Path prefix of the control API.
pub const PREFIX: &str = "/__admin";

/// True if a path belongs to the control API.
pub fn is_below(path: &str) -> bool {
    path.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Under which name and port the client knows the server that it asks.
fn authority(headers: &HeaderMap) -> Option<Authority> {
    headers.get(HOST)?.to_str().ok()?.parse().ok()
}

/// The largest body, in bytes: a snapshot of a million users is about half of it.
const MAX_BODY: usize = 512 * 1024 * 1024;

/// Every path with its handlers and its documentation, from the same place.
fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(events::Schemas::openapi())
        .routes(routes!(server::health))
        .routes(routes!(server::ready))
        .routes(routes!(server::version))
        .routes(routes!(openapi::show))
        .routes(routes!(server::ca_pem))
        .routes(routes!(server::jwks))
        .routes(routes!(server::metrics))
        .routes(routes!(server::reset))
        .routes(routes!(server::shutdown))
        .routes(routes!(accounts::list, accounts::create))
        .routes(routes!(accounts::get, accounts::delete))
        .routes(routes!(accounts::reset))
        .routes(routes!(accounts::unlock))
        .routes(routes!(users::resources))
        .routes(routes!(users::password))
        .routes(routes!(users::events))
        .routes(routes!(snapshot::get, snapshot::put))
        .routes(routes!(snapshot::get_account, snapshot::put_account))
        .routes(routes!(profile::get, profile::put, profile::patch))
        .routes(routes!(
            profile::get_account,
            profile::put_account,
            profile::patch_account
        ))
        .routes(routes!(faults::list, faults::arm, faults::disarm_all))
        .routes(routes!(faults::get, faults::disarm))
        .routes(routes!(journal::list, journal::clear))
        .routes(routes!(journal::count))
        .routes(routes!(journal::get))
        .routes(routes!(events::follow))
        .routes(routes!(reports::behaviours))
        .routes(routes!(reports::assumptions))
        .routes(routes!(reports::retries))
        .routes(routes!(clock::read, clock::set))
        .routes(routes!(clock::read_account, clock::set_account))
}

/// The paths below `/__admin`.
pub fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let router = Router::from(documented())
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY));
    let guard = middleware::from_fn_with_state(Arc::clone(app), guard::check);
    // The path with a slash and nothing after it is not part of what is nested.
    Router::new()
        .nest(PREFIX, router)
        .route(&format!("{PREFIX}/"), any(unknown))
        .layer(guard)
        // The page itself shows no private data, so it can be there to ask for the token.
        .nest(PREFIX, ui::router())
}

async fn unknown(OriginalUri(uri): OriginalUri) -> AdminError {
    AdminError::new(
        Code::UnknownPath,
        format!(
            "{} is not served; GET {PREFIX}/openapi.json lists the paths; the inspector \
             is at {PREFIX}/ui",
            uri.path()
        ),
    )
}

/// Response for other paths on a socket that serves only the control API.
pub async fn elsewhere(uri: Uri) -> AdminError {
    AdminError::new(
        Code::UnknownPath,
        format!(
            "{} is not served here, only {PREFIX}; the emulated API listens at another address",
            uri.path()
        ),
    )
}

async fn wrong_method() -> AdminError {
    AdminError::new(
        Code::MethodNotAllowed,
        format!("the path does not allow this method; GET {PREFIX}/openapi.json lists its methods"),
    )
}
