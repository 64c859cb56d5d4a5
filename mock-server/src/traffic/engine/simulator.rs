//! The emulator as a function: a world and a request in, an answer and the next world out.

use std::{
    cell::Cell,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::http::{HeaderName, HeaderValue, Method, Request, Uri, request::Parts};
use bandwidth_fixtures::{NamedProfile, profile::Profile, seed::SeedAccount};
use bytes::Bytes;

use crate::{
    app::{App, Settings, Start},
    charset::{self, Charset, Undecodable},
    clock::ClockChange,
    http::{self, Simulated},
    journal::Limits,
    jwt::{NoRandomNumbers, Signer},
    peer::Peer,
    store::{
        AccountState, Origin, Saved,
        token::{Grant, Owner},
    },
    text,
    traffic::Exchange,
};

/// An emulator without network, journal and running clock.
#[derive(Debug)]
pub(super) struct Simulator {
    app: Arc<App>,
    state: Arc<AccountState>,
    peer: Peer,
    /// Number of requests so far.
    requests: Cell<usize>,
}

/// Headers about the transfer of a request, which a recording has decoded.
const OF_THE_CONNECTION: [&str; 5] = [
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "transfer-encoding",
];

/// A request in the emulator's form.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    head: Parts,
    body: Bytes,
}

impl Prepared {
    /// The request of an exchange; `None` if no HTTP server would accept it.
    pub(super) fn of(exchange: &Exchange) -> Option<Self> {
        let mut builder = Request::builder()
            .method(Method::from_bytes(exchange.method.as_bytes()).ok()?)
            .uri(target(&exchange.url)?);
        let headers = builder.headers_mut()?;
        for (name, value) in &exchange.request_headers {
            if OF_THE_CONNECTION
                .iter()
                .any(|other| name.eq_ignore_ascii_case(other))
            {
                continue;
            }
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).ok()?,
                HeaderValue::from_bytes(value.as_bytes()).ok()?,
            );
        }
        let body = as_recorded(exchange)?;
        let length = body.len();
        if length > 0 {
            headers.insert("content-length", HeaderValue::from(length));
        }
        if !headers.contains_key("host") {
            let host = authority(&exchange.url).unwrap_or("localhost");
            headers.insert("host", HeaderValue::from_str(host).ok()?);
        }
        let (head, ()) = builder.body(()).ok()?.into_parts();
        Some(Self { head, body })
    }

    /// True if it can change nothing.
    pub(super) fn is_read(&self) -> bool {
        matches!(
            self.head.method,
            Method::GET | Method::HEAD | Method::OPTIONS
        )
    }
}

/// The body. A recording has the text of a body, in UTF-8. If its headers or its declaration still
/// name the encoding that it had, a byte order mark says that it is UTF-8 now. `None` if its
/// declaration names UTF-16 without a mark: many clients declare it and send UTF-8.
fn as_recorded(exchange: &Exchange) -> Option<Bytes> {
    let body = &exchange.request_body;
    let mut headers = exchange.request_headers.iter();
    let content_type = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let content_type = content_type.map_or("", |(_, value)| value);
    if !content_type.contains("xml") || body.contains(&0) {
        return Some(body.clone());
    }
    let charset = text::charset(content_type).and_then(Charset::named);
    let is_other = match charset::text(body, charset) {
        Ok(text) => text.as_bytes() != body,
        Err(Undecodable::NotUtf16) => return None,
        Err(error) => error == Undecodable::NoMark,
    };
    if is_other && std::str::from_utf8(body).is_ok() {
        Some([b"\xEF\xBB\xBF", &body[..]].concat().into())
    } else {
        Some(body.clone())
    }
}

/// The authority of an absolute URL.
fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', '?']).next()
}

/// Path and query of a URL.
pub(super) fn target(url: &str) -> Option<Uri> {
    let target = match url.split_once("://") {
        Some((_, rest)) => rest.find(['/', '?']).map_or("/", |at| &rest[at..]),
        None => url,
    };
    target.split('#').next()?.parse().ok()
}

impl Simulator {
    /// One whose world is that account, at that time.
    pub(super) fn new(
        account: SeedAccount,
        options: Profile,
        clock: Duration,
    ) -> Result<Self, NoRandomNumbers> {
        let id = account.account_id.clone();
        let origin = Arc::new(Origin {
            account,
            generated: 0,
            profile: None,
            clock: None,
            random: 0,
        });
        let start = Start {
            accounts: vec![origin],
            profile: Arc::new(NamedProfile::of(options)),
            faults: Vec::new(),
            clock: Some(clock),
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let settings = Settings {
            journal: Limits {
                entries: 0,
                bytes: 0,
            },
            random_seed: 0,
            explain: false,
            admin_token: None,
            admin_apart: None,
            api: address,
            read_timeout: Duration::from_secs(30),
            tls: false,
            proxy: false,
            ca_pem: None,
        };
        let app = App::new(start, settings, Signer::new()?).expect("it is the only account");
        app.clock
            .set(ClockChange::Freeze)
            .expect("freezing never fails");
        let state = app.store().account(&id).expect("it was added");
        Ok(Self {
            app: Arc::new(app),
            state,
            peer: Peer { address, tls: true },
            requests: Cell::new(0),
        })
    }

    /// A token of the API login that never expires.
    pub(super) fn token(&self) -> Result<String, NoRandomNumbers> {
        let grant = Grant::of_login(&self.state, &self.state.login, Owner::ApiLogin, u32::MAX);
        self.app.signer.sign(&grant)
    }

    /// The world as it is.
    pub(super) fn world(&self) -> Saved {
        self.state.save()
    }

    /// Moves the clock forward to that time.
    pub(super) fn advance_to(&self, time: Duration) {
        let behind = time.saturating_sub(self.app.clock.now());
        // A time beyond what a clock shows stays where it is.
        let _ = self.app.clock.set(ClockChange::Advance(behind));
    }

    /// Number of requests that it has had.
    pub(super) fn requests(&self) -> usize {
        self.requests.get()
    }

    fn simulate(&self, world: &Saved, options: Profile, request: &Prepared) -> Simulated {
        self.requests.update(|requests| requests + 1);
        self.state.restore(world);
        self.app.set_profile(Arc::new(NamedProfile::of(options)));
        let Prepared { head, body } = request.clone();
        http::simulate(Arc::clone(&self.app), head, body, self.peer)
    }

    /// The answer of that world under those options, and the world after it, if it is another one.
    pub(super) fn send(
        &self,
        world: &Saved,
        options: Profile,
        request: &Prepared,
    ) -> (Simulated, Option<Saved>) {
        let simulated = self.simulate(world, options, request);
        if request.is_read() && simulated.sent.status != 401 {
            return (simulated, None);
        }
        let after = self.state.save();
        let changed = (after != *world).then_some(after);
        (simulated, changed)
    }
}
