//! The inspector: a page in the browser that shows the control API's data. Its files are part of
//! the program and written by hand: there is no build step, and the page loads nothing from other
//! servers.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{OriginalUri, Path},
    http::{
        HeaderName, HeaderValue, Method, Request, Response, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, VARY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Redirect},
    routing::get,
};

use super::{PREFIX, authority, unknown, wrong_method};
use crate::{
    app::App,
    peer::{Peer, Serves},
};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal: $kind:expr,)+) => {
        /// The files beside the page.
        const FILES: &[(&str, &str, &str)] = &[
            $(($name, $kind, include_str!(concat!("ui/", $name))),)+
        ];
    };
}

const PAGE: &str = include_str!("ui/index.html");

files! {
    "icon.svg": "image/svg+xml",
    "style.css": CSS,
    "accounts.js": SCRIPT,
    "api.js": SCRIPT,
    "app.js": SCRIPT,
    "clock.js": SCRIPT,
    "copy.js": SCRIPT,
    "dom.js": SCRIPT,
    "faults.js": SCRIPT,
    "list.js": SCRIPT,
    "pretty.js": SCRIPT,
    "profile.js": SCRIPT,
    "reports.js": SCRIPT,
    "request.js": SCRIPT,
    "sources.js": SCRIPT,
    "text.js": SCRIPT,
}

/// Allows only the files of this page, and requests to its own server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The headers of the page and its files.
pub const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    // Another version may be served at the same address a minute later.
    (CACHE_CONTROL, "no-store"),
];

/// The page and its files.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/ui", get(page).fallback(wrong_method))
        .route(
            "/ui/",
            get(Redirect::permanent("../ui")).fallback(wrong_method),
        )
        .route("/ui/{file}", get(file).fallback(wrong_method))
}

async fn page() -> impl IntoResponse {
    ([(CONTENT_TYPE, HTML)], HEADERS, PAGE)
}

async fn file(Path(name): Path<String>, uri: OriginalUri) -> axum::response::Response {
    match file_named(&name) {
        Some(file) => file,
        None => unknown(uri).await.into_response(),
    }
}

/// The file of that name.
pub fn file_named(name: &str) -> Option<axum::response::Response> {
    let mut files = FILES.iter();
    let (_, kind, text) = files.find(|(known, ..)| *known == name)?;
    Some(([(CONTENT_TYPE, *kind)], HEADERS, *text).into_response())
}

/// Sends a browser that was pointed at the mock itself to the inspector, where that can be reached.
/// It is a person's visit and no request of a client under test, so the journal has nothing of it.
pub fn welcome<B>(
    app: &App,
    serves: Serves,
    request: &Request<B>,
    peer: Peer,
) -> Option<Response<Body>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return None;
    }
    let location = match app
        .settings
        .admin_apart
        .filter(|_| serves == Serves::Emulated)
    {
        None => format!("{PREFIX}/ui"),
        Some(admin) if admin.ip().is_unspecified() => {
            let authority = authority(request.headers())?;
            format!("http://{}:{}{PREFIX}/ui", authority.host(), admin.port())
        }
        // It listens on this machine only, and the browser is on another.
        Some(admin) if admin.ip().is_loopback() && !peer.address.ip().is_loopback() => return None,
        Some(admin) => format!("http://{admin}{PREFIX}/ui"),
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::try_from(location).ok()?);
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(response)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::http::{Request, header::LOCATION};

    use super::welcome;
    use crate::{
        config::Config,
        peer::{Peer, Serves},
        server::Addresses,
        tls::Certificates,
    };

    /// Redirect target for a browser at `peer`, if the control API listens at `admin`.
    fn sent(admin: &str, peer: &str) -> Option<String> {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let config = Config {
            admin_listen: Some(address(admin).into()),
            ..Config::default()
        };
        let addresses = Addresses {
            api: address("10.0.0.1:8080"),
            api_too: None,
            admin: address(admin),
        };
        let certificates = Certificates::load(None, false).unwrap();
        let app = config.app(&addresses, &certificates).unwrap();
        let request = Request::get("/").header("host", "mock:8080").body(());
        let peer = Peer {
            address: address(peer),
            tls: false,
        };
        let response = welcome(&app, Serves::Emulated, &request.unwrap(), peer)?;
        Some(response.headers()[LOCATION].to_str().unwrap().to_owned())
    }

    #[test]
    fn a_redirect_leads_only_to_addresses_that_the_browser_can_reach() {
        let ui = |host: &str| Some(format!("http://{host}:9000/__admin/ui"));
        assert_eq!(sent("127.0.0.1:9000", "127.0.0.1:1"), ui("127.0.0.1"));
        assert_eq!(sent("127.0.0.1:9000", "10.0.0.7:1"), None);
        assert_eq!(sent("10.0.0.2:9000", "10.0.0.7:1"), ui("10.0.0.2"));
        assert_eq!(sent("0.0.0.0:9000", "10.0.0.7:1"), ui("mock"));
    }
}
