//! Everything that is looked at before the body.

use std::sync::Arc;

use axum::http::Method;
use bandwidth_fixtures::{
    ApiError,
    operation::{Endpoint, Login, Surface},
};

use super::{Exchange, seconds_up};
use crate::{
    codec::Format,
    fault::Execution,
    http::{
        auth::{Authenticator, Caller, Credentials},
        body::{self, OtherCoding},
        content_type, management, message,
        refusal::Refusal,
        route::{self, Route},
    },
};

/// The decision whether a request's body is read.
pub(super) struct Admission {
    pub(super) login: Option<Arc<str>>,
    pub(super) caller: Result<Caller, Refusal>,
}

impl Exchange {
    /// True if the head alone is rejected, so that the body is not needed.
    pub(in crate::http) fn is_refused_unread(&mut self) -> bool {
        if self.plan.run == Execution::Skip {
            return false;
        }
        let mut admission = self.admit();
        if admission.caller.is_ok()
            && let Err(error) = self.check_content()
        {
            admission.caller = Err(error.into());
        }
        self.unread = admission.caller.is_err();
        self.admission = Some(admission);
        self.unread
    }

    /// The resource of the path, and the endpoint of its method.
    pub(super) fn target(&self) -> Result<(&Route, &'static Endpoint), Refusal> {
        let elsewhere = |has_path| {
            let path = self.head.uri.path();
            Route::elsewhere(path, &self.head.method, has_path, self.profile.options())
        };
        let route = self.route.as_ref().ok_or_else(|| Refusal::UnknownPath {
            elsewhere: elsewhere(false),
        })?;
        let endpoint = route.endpoint.ok_or_else(|| Refusal::MethodNotAllowed {
            allow: route.allow(&self.rules),
            elsewhere: elsewhere(true),
        })?;
        Ok((route, endpoint))
    }

    /// Everything that is looked at before the body.
    pub(super) fn admit(&self) -> Admission {
        let mut login = None;
        let caller = self.admitted(&mut login);
        Admission { login, caller }
    }

    /// The caller, unless it is rejected; `login` becomes its name.
    fn admitted(&self, login: &mut Option<Arc<str>>) -> Result<Caller, Refusal> {
        message::check(&self.head)?;
        let (_, endpoint) = self.target()?;
        let caller = self.caller(endpoint)?;
        *login = Some(Arc::clone(&caller.login));
        management::admit(endpoint.login, caller.grant.as_deref())?;
        caller.permit(endpoint, &self.rules)?;
        if endpoint.login != Login::Client {
            if let Some(limit) = self.rules.rate_limit() {
                caller
                    .slot
                    .logins
                    .spend(limit, caller.slot.now())
                    .map_err(|reset| Refusal::RateLimited {
                        reset: seconds_up(reset),
                    })?;
            }
            if !self.negotiated.acceptable {
                return Err(ApiError::NotAcceptable.into());
            }
        }
        Ok(caller)
    }

    /// Rejects a body for its headers, if the operation reads a body. Some PUTs below an identity
    /// domain read none.
    fn check_content(&self) -> Result<(), ApiError> {
        if !matches!(self.head.method, Method::POST | Method::PUT | Method::PATCH) {
            return Ok(());
        }
        let headers = &self.head.headers;
        body::coding(headers).map_err(|OtherCoding| ApiError::UnsupportedEncoding)?;
        match self.route.as_ref().map(Route::surface) {
            Some(Surface::Account | Surface::Login) => {
                content_type::format(headers, &[], &self.rules).map(drop)
            }
            Some(Surface::Management) => content_type::require(headers, Format::Json).map(drop),
            _ => Ok(()),
        }
    }

    fn caller(&self, endpoint: &Endpoint) -> Result<Caller, ApiError> {
        let (store, headers, rules) = (&*self.store, &self.head.headers, &self.rules);
        let authenticator = Authenticator {
            store,
            signer: &self.app.signer,
            rules,
        };
        match endpoint.login {
            Login::Client => {
                let form = self.form.as_ref().map_err(|error| *error)?;
                form.client(store, headers, rules)
            }
            Login::Read | Login::Write | Login::Own => {
                let account = route::account_in(self.head.uri.path());
                authenticator.caller(headers, account.as_deref(), self.slot.as_ref())
            }
            Login::Token | Login::Admin | Login::Credentials => {
                if Credentials::basic(headers).is_some() {
                    return Err(ApiError::BearerRequired);
                }
                authenticator.caller(headers, None, self.slot.as_ref())
            }
        }
    }
}
