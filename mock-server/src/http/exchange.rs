//! One exchange, from a request that was read to an answer. Synchronous, so that no lock is ever
//! held across an await.
//!
//! The order is part of the contract: the format of errors first, then the path and method, what
//! was asked to fail, who is calling, the rate limit, and only then what was sent.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode, request::Parts};
use bandwidth_fixtures::{Consultation, Operation};

use super::{
    accept,
    answer::Answer,
    auth,
    body::Received,
    handlers::Call,
    refusal::Refusal,
    route::{Action, Route},
};
use crate::{
    app::App,
    fault::{Fault, Subject},
};

/// What came of a request.
pub(super) struct Exchanged {
    pub(super) answer: Answer,
    pub(super) operation: Option<Operation>,
}

/// Answers a request.
pub(super) fn run(app: &App, head: &Parts, body: &Received) -> Exchanged {
    let rules = Consultation::of(*app.profile.options());
    let now = app.clock.now();
    let negotiated = accept::negotiate(&head.headers, &rules);
    let route = Route::of(head.uri.path(), &rules);
    let action = route
        .as_ref()
        .and_then(|route| route.resource.action(&head.method));
    let operation = action.map(Action::operation);
    let root = route.as_ref().map_or("ErrorResponse", |route| {
        route.resource.error_root(&head.method)
    });
    let pending = Pending {
        app,
        head,
        body,
        now,
        action,
        negotiated,
        rules: &rules,
    };
    let answer = pending.answer(route.as_ref()).unwrap_or_else(|refusal| {
        Answer::refuse(&refusal, negotiated.format, root, now.as_secs(), &rules)
    });
    Exchanged {
        answer: if app.explain {
            explain(app, answer, &rules)
        } else {
            answer
        },
        operation,
    }
}

struct Pending<'a> {
    app: &'a App,
    head: &'a Parts,
    body: &'a Received,
    now: Duration,
    action: Option<Action<'a>>,
    negotiated: accept::Negotiated,
    rules: &'a Consultation,
}

impl Pending<'_> {
    fn answer(&self, route: Option<&Route<'_>>) -> Result<Answer, Refusal> {
        let account = route.and_then(|route| route.resource.account());
        if let Some(Fault::Status(status)) = self.fault(account) {
            return Err(self.refusal_of(status));
        }
        let route = route.ok_or(Refusal::UnknownPath)?;
        let resource = &route.resource;
        let action = self
            .action
            .ok_or_else(|| Refusal::MethodNotAllowed(resource.allow()))?;
        let caller = auth::authenticate(&self.app.store, &self.head.headers, account, self.rules)?;
        if let Some(limit) = self.rules.rate_limit() {
            caller
                .slot
                .spend(limit, self.now)
                .map_err(|reset| Refusal::RateLimited {
                    reset: seconds_up(reset),
                })?;
        }
        if !self.negotiated.acceptable {
            return Err(Refusal::NotAcceptable);
        }
        let call = Call {
            app: self.app,
            head: self.head,
            body: self.body,
            route,
            caller: &caller,
            format: self.negotiated.format,
            rules: self.rules,
        };
        match action {
            Action::ListUsers => call.list_users(),
            Action::GetUser { key } => call.get_user(key),
            Action::GetLoginUser { key } => call.get_login_user(key),
            Action::CreateUser => call.create_user(),
            Action::UpdateUser { key } => call.update_user(key),
            Action::DeleteUser { key } => call.delete_user(key),
            Action::ListRoles => Ok(call.list_roles()),
            Action::ChangePassword { username } => call.change_password(username),
        }
    }

    fn fault(&self, account: Option<&str>) -> Option<Fault> {
        let subject = Subject {
            operation: self.action.map(Action::operation),
            method: self.head.method.as_str(),
            account,
        };
        // Every rule sees every request, so that its counts do not depend on the other rules.
        let decided: Vec<Fault> = self
            .app
            .faults
            .iter()
            .filter_map(|rule| rule.decide(&subject, self.app.random_seed))
            .collect();
        decided.first().copied()
    }

    /// A fault has the shape that the profile gives to its status.
    fn refusal_of(&self, status: u16) -> Refusal {
        match StatusCode::from_u16(status) {
            Ok(StatusCode::TOO_MANY_REQUESTS) => {
                let reset = seconds_up(self.now + Duration::from_secs(1));
                Refusal::RateLimited { reset }
            }
            Ok(StatusCode::UNAUTHORIZED) => Refusal::Unauthenticated,
            Ok(status) => Refusal::Fault(status),
            Err(_) => Refusal::Fault(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

fn seconds_up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Adds a header that names the behaviours that were asked, their options and their evidence.
fn explain(app: &App, answer: Answer, rules: &Consultation) -> Answer {
    let asked: Vec<String> = rules
        .asked()
        .map(|id| {
            let option = app.profile.options().get(id);
            format!("{id}={option} ({})", app.profile.evidence_kind(id))
        })
        .collect();
    match HeaderValue::from_str(&asked.join("; ")) {
        Ok(value) => answer.header(HeaderName::from_static("mock-explain"), value),
        Err(_) => answer,
    }
}
