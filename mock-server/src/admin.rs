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
    routing::{MethodRouter, any},
};
use utoipa::{OpenApi as _, Path as _};
use utoipa_axum::{PathItemExt as _, router::OpenApiRouter, routes};

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

/// Makes `plain`, the handlers by path and method, and `documented`, which describes them too. To
/// describe all of them takes longer than the rest of the start, and 3 MiB. So it is done on request.
macro_rules! endpoints {
    ($( $( $module:ident :: $handler:ident ),+ ; )+) => {
        fn plain() -> Router<Arc<App>> {
            utoipa_axum::paste! {
                Router::new()
                    $( $( .route(
                        &$module::[<__path_ $handler>]::path(),
                        $module::[<__path_ $handler>]::methods().iter().fold(
                            MethodRouter::new(),
                            |router, method| router.on(method.to_method_filter(), $module::$handler),
                        ),
                    ) )+ )+
            }
        }

        fn documented() -> utoipa::openapi::OpenApi {
            OpenApiRouter::<Arc<App>>::with_openapi(events::Schemas::openapi())
                $( .routes(routes!($( $module::$handler ),+)) )+
                .into_openapi()
        }
    };
}

endpoints! {
    server::health;
    server::ready;
    server::version;
    openapi::show;
    server::ca_pem;
    server::jwks;
    server::metrics;
    server::reset;
    server::shutdown;
    accounts::list, accounts::create;
    accounts::get, accounts::delete;
    accounts::reset;
    accounts::unlock;
    users::resources;
    users::password;
    users::events;
    snapshot::get, snapshot::put;
    snapshot::get_account, snapshot::put_account;
    profile::get, profile::put, profile::patch;
    profile::get_account, profile::put_account, profile::patch_account;
    faults::list, faults::arm, faults::disarm_all;
    faults::get, faults::disarm;
    journal::list, journal::clear;
    journal::count;
    journal::get;
    events::follow;
    reports::behaviours;
    reports::assumptions;
    reports::retries;
    clock::read, clock::set;
    clock::read_account, clock::set_account;
}

/// The paths below `/__admin`.
pub fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let router = plain()
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
