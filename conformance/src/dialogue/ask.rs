//! Requests in the making.

use crate::{
    dispatch::Own,
    login::{Credentials, basic_header},
    transport::Request,
    wire::Format,
};

/// The login of a request.
#[derive(Clone)]
pub(super) enum Login {
    /// The run's own.
    Own(Own),
    /// Anything else, `None` for no Authorization header at all.
    Other(Option<String>),
}

/// A request that is being built. By default it has the run's login and no `Accept`.
#[must_use = "a request does nothing until it is sent"]
#[derive(Clone)]
pub struct Ask {
    pub(super) request: Request,
    pub(super) login: Login,
    pub(super) format: Format,
    pub(super) creates: Option<String>,
}

impl Ask {
    /// Asks for a format, and expects the answer in it.
    pub fn accept(self, format: Format) -> Self {
        self.accepting(format.media_type(), format)
    }

    /// With an Accept header as written, and the format that it should lead to.
    pub fn accepting(mut self, accept: &str, expected: Format) -> Self {
        self.request = self.request.header("Accept", accept);
        self.format = expected;
        self
    }

    /// Without an Accept header, and the format that the answer should have.
    pub fn expecting(mut self, expected: Format) -> Self {
        self.format = expected;
        self
    }

    /// With a further header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Sends it over raw TCP, so that no header is added: without [`Ask::accept`] it has no
    /// `Accept`.
    pub fn raw(mut self) -> Self {
        self.request = self.request.raw();
        self
    }

    /// With a body and its Content-Type.
    pub fn typed(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.header("Content-Type", content_type).body(body);
        self
    }

    /// With a body in that format.
    pub fn body(self, format: Format, body: impl Into<Vec<u8>>) -> Self {
        self.typed(format.media_type(), body)
    }

    /// Sets a body without a header that describes it.
    pub fn untyped(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.raw().body(body);
        self
    }

    /// Uses a token of the run, for any login.
    pub fn token(mut self) -> Self {
        self.login = Login::Own(Own::Token);
        self
    }

    /// With that token.
    pub fn bearer(self, token: &str) -> Self {
        self.authorization(Some(&format!("Bearer {token}")))
    }

    /// With an Authorization header as written, or none.
    pub fn authorization(mut self, value: Option<&str>) -> Self {
        self.login = Login::Other(value.map(str::to_owned));
        self
    }

    /// From another login.
    pub fn login(self, username: &str, password: &str) -> Self {
        self.authorization(Some(&basic_header(username, password)))
    }

    /// Says that success would create that user.
    pub fn creates(mut self, username: &str) -> Self {
        self.creates = Some(username.to_owned());
        self
    }

    /// The request as a run of that login would send it; a stand-in takes the place of a token.
    pub fn preview(&self, credentials: &Credentials) -> Request {
        let authorization = match (&self.login, credentials.basic()) {
            (Login::Other(value), _) => value.clone(),
            (Login::Own(Own::Login), Some((name, password))) => Some(basic_header(name, password)),
            (Login::Own(_), _) => Some("Bearer preview".to_owned()),
        };
        let request = self.request.clone();
        match authorization {
            Some(value) => request.header("Authorization", value),
            None => request,
        }
    }
}
