//! One exchange, from a request that was read to what is sent back and what the journal keeps.
//!
//! The order is part of the contract: the format of errors first, then the path and method, what
//! was asked to fail, who is calling, the rate limit, and only then what was sent. The operation
//! itself is synchronous, so that no lock is ever held across an await.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::{HeaderName, HeaderValue, Method, StatusCode, request::Parts};
use bandwidth_fixtures::{Asked, Consultation, NamedProfile, Operation};

use super::{
    accept,
    answer::Answer,
    auth,
    body::Received,
    delivery::Delivery,
    handlers::Call,
    refusal::Refusal,
    route::{self, Action, Route},
    token,
};
use crate::{
    app::App,
    clock::Clock,
    fault::{ArmedFault, Effect, Hit, Now, Subject, When},
    journal::{self, AppliedFault, Entry, RefusalNote},
    store::{self, AccountState, Store},
};

/// A request that was read, and the world that it meets.
pub(super) struct Exchange {
    app: Arc<App>,
    head: Parts,
    body: Received,
    /// Its place in the journal.
    id: u64,
    /// When it came, on its account's clock.
    at: Duration,
    started: Instant,
    peer: SocketAddr,
    store: Arc<Store>,
    /// The account in the path, else the caller's.
    account: Option<Arc<str>>,
    /// The same, if there is such an account.
    slot: Option<Arc<AccountState>>,
    profile: Arc<NamedProfile>,
    hit: Option<Hit>,
    /// The fault of that hit, also when it is disarmed meanwhile.
    armed: Option<Arc<ArmedFault>>,
}

/// What came of a request, before a fault touched the answer.
struct Performed {
    answer: Answer,
    operation: Option<Operation>,
    asked: Asked,
    login: Option<Arc<str>>,
    refusal: Option<RefusalNote>,
    took_effect: bool,
}

fn seconds_up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl Exchange {
    /// Finds out what a request is about, and whether a fault hits it.
    pub(super) fn new(
        app: Arc<App>,
        head: Parts,
        body: Received,
        started: Instant,
        peer: SocketAddr,
    ) -> Self {
        let store = app.store();
        let in_path = route::account_in(head.uri.path());
        let slot = match &in_path {
            Some(id) => store.account(id),
            None => auth::claimed_account(&store, &head.headers)
                .or_else(|| token::claimed_account(&store, &head, &body)),
        };
        let account = match (&slot, in_path) {
            (Some(slot), _) => Some(Arc::clone(&slot.id)),
            (None, Some(id)) => Some(Arc::from(&*id)),
            (None, None) => None,
        };
        let own = slot.as_ref().and_then(|slot| slot.profile());
        let clock = slot.as_ref().map_or(&*app.clock, |slot| slot.clock.shown());
        let at = clock.at(started);
        let mut exchange = Self {
            id: app.journal.next_id(),
            profile: own.unwrap_or_else(|| app.profile()),
            app,
            head,
            body,
            at,
            started,
            peer,
            store,
            account,
            slot,
            hit: None,
            armed: None,
        };
        exchange.hit = exchange.fault();
        let faults = &exchange.app.faults;
        exchange.armed = exchange.hit.and_then(|hit| faults.find(hit.id));
        exchange
    }

    /// The clock of its account, else the server's.
    fn clock(&self) -> &Clock {
        let slot = self.slot.as_ref();
        slot.map_or(&self.app.clock, |slot| slot.clock.shown())
    }

    /// The fault that hits this request.
    fn fault(&self) -> Option<Hit> {
        let faults = &self.app.faults;
        if faults.is_empty() {
            return None;
        }
        let rules = Consultation::of(*self.profile.options());
        let route = Route::of(self.head.uri.path(), &rules);
        let action = route
            .as_ref()
            .and_then(|route| route.resource.action(&self.head.method));
        let subject = Subject {
            operation: action.map(Action::operation),
            method: self.head.method.as_str(),
            account: self.account.as_deref(),
        };
        let now = Now {
            account: self.at,
            server: self.app.clock.at(self.started),
        };
        faults.decide(&subject, now, self.app.settings.random_seed)
    }

    /// Whether it waits, on either side of the operation.
    pub(super) fn waits(&self) -> bool {
        self.hit.is_some_and(|hit| hit.delay.is_some())
    }

    /// Performs it at once.
    pub(super) fn perform(self) -> Delivery {
        let performed = self.run();
        self.deliver(performed)
    }

    /// Performs it with the wait that a fault asks for. The journal has it meanwhile.
    pub(super) async fn perform_with_delay(self) -> Delivery {
        let wait = |side| {
            let hit = self.hit.filter(|hit| hit.when == side);
            hit.and_then(|hit| hit.delay).unwrap_or_default()
        };
        let (before, after) = (wait(When::Before), wait(When::After));
        let rules = Consultation::of(*self.profile.options());
        let action = Route::of(self.head.uri.path(), &rules)
            .and_then(|route| Some(route.resource.action(&self.head.method)?.operation()));
        self.record(self.entry(action));
        tokio::time::sleep(before).await;
        let performed = self.run();
        if !after.is_zero() {
            let entry = self.entry_of(&performed);
            self.record(entry);
        }
        tokio::time::sleep(after).await;
        self.deliver(performed)
    }

    fn run(&self) -> Performed {
        let rules = Consultation::of(*self.profile.options());
        let clock = self.clock().read();
        let now = clock.now;
        let negotiated = accept::negotiate(&self.head.headers, &rules);
        let route = Route::of(self.head.uri.path(), &rules);
        let action = route
            .as_ref()
            .and_then(|route| route.resource.action(&self.head.method));
        let root = route.as_ref().map_or("ErrorResponse", |route| {
            route.resource.error_root(&self.head.method)
        });
        let mut pending = Pending {
            exchange: self,
            now,
            action,
            negotiated,
            rules: &rules,
            login: None,
            performed: false,
        };
        let outcome = pending.outcome(route.as_ref());
        let login = pending.login;
        let changes = pending.performed && action.is_some_and(Action::changes);
        let took_effect = outcome.is_ok() && changes && self.effect() == store::Effect::Kept;
        let refuse = |refusal: &Refusal| {
            Answer::refuse(refusal, negotiated.format, root, now.as_secs(), &rules)
        };
        let (answer, refusal) = match outcome {
            Ok(answer) => (answer, None),
            Err(refusal) => (refuse(&refusal), Some(refusal)),
        };
        let (answer, refusal) = match self.hit.and_then(|hit| hit.effect) {
            // The operation was refused in words of its own; the fault's answer hides that.
            Some(Effect::Status(status)) => {
                let fault = refusal_of(status, now);
                (refuse(&fault), refusal.or(Some(fault)))
            }
            Some(Effect::GatewayPage(status)) => (Answer::gateway_page(status), refusal),
            Some(Effect::MalformedBody) => (answer.malformed(), refusal),
            _ => (answer, refusal),
        };
        // `Date` follows the mock's clock once that differs from the machine's; until then the
        // HTTP library writes it.
        let answer = if clock.moved {
            answer.date(now)
        } else {
            answer
        };
        // Before the note, which asks for what the answer may not have needed.
        let asked = rules.asked();
        let answer = if self.app.settings.explain {
            explain(&self.profile, answer, &rules)
        } else {
            answer
        };
        Performed {
            answer,
            operation: action.map(Action::operation),
            asked,
            login,
            refusal: refusal.map(|refusal| refusal.note(&rules)),
            took_effect,
        }
    }

    /// Whether the operation is kept: a fault whose answer is the operation's own but broken, and
    /// that comes before the operation takes effect, tries it only.
    fn effect(&self) -> store::Effect {
        match self.hit {
            Some(Hit {
                effect: Some(Effect::TruncateBody | Effect::MalformedBody),
                when: When::Before,
                ..
            }) => store::Effect::Tried,
            _ => store::Effect::Kept,
        }
    }

    fn deliver(self, performed: Performed) -> Delivery {
        let took = self.started.elapsed();
        let mut entry = self.entry_of(&performed);
        entry.duration = Some(took);
        entry.ended = Some(self.clock().now());
        let status = entry.status();
        tracing::info!(
            method = %self.head.method,
            path = %entry.request.seen().target,
            operation = performed.operation.map_or("none", Operation::as_str),
            status,
            micros = took.as_micros(),
            "answered"
        );
        self.app
            .metrics
            .count(performed.operation, status, took, self.hit.is_some());
        if !self.is_gone() {
            let known = self.slot.as_ref().map(|slot| &slot.id);
            let reliance = &self.app.reliance;
            reliance.count(known, &self.profile, performed.asked);
        }
        self.record(entry);
        let random = self.app.settings.random_seed ^ self.id;
        let effect = self.hit.and_then(|hit| hit.effect);
        Delivery::of(performed.answer, effect, random)
    }

    fn record(&self, entry: Entry) {
        if !self.is_gone() {
            self.app.journal.record(entry);
        }
    }

    /// Whether a throwaway account has gone while the request was under way, and its view of the
    /// journal with it.
    fn is_gone(&self) -> bool {
        let throwaway = self.slot.as_ref().filter(|slot| slot.throwaway);
        throwaway.is_some_and(|slot| self.app.store().account(&slot.id).is_none())
    }

    /// The entry of a request that is under way.
    fn entry(&self, operation: Option<Operation>) -> Entry {
        let target = self.head.uri.path_and_query();
        let target = target.map_or("/", |target| target.as_str());
        let body = self.body.bytes();
        let throwaway = self.slot.as_ref().filter(|slot| slot.throwaway);
        Entry {
            id: self.id,
            view: throwaway.map(|slot| Arc::clone(&slot.id)),
            at: self.at,
            duration: None,
            ended: None,
            account: self.account.clone(),
            operation,
            method: self.head.method.clone(),
            request: journal::Request::new(target, &self.head.headers, body),
            peer: Some(self.peer),
            login: None,
            sent: None,
            fault: self.armed.as_ref().map(|armed| AppliedFault {
                armed: Arc::clone(armed),
                waited: self.hit.and_then(|hit| hit.delay),
            }),
            profile: Arc::clone(&self.profile),
            asked: Asked::default(),
            refusal: None,
            took_effect: false,
        }
    }

    fn entry_of(&self, performed: &Performed) -> Entry {
        let effect = self.hit.and_then(|hit| hit.effect);
        let mut entry = self.entry(performed.operation);
        entry.login.clone_from(&performed.login);
        entry.sent = match effect {
            Some(Effect::Connection(_)) => None,
            Some(Effect::TruncateBody) => Some(performed.answer.sent_half()),
            _ if self.head.method == Method::HEAD => Some(performed.answer.sent_head()),
            _ => Some(performed.answer.sent()),
        };
        entry.asked = performed.asked;
        entry.refusal.clone_from(&performed.refusal);
        entry.took_effect = performed.took_effect;
        entry
    }
}

struct Pending<'a> {
    exchange: &'a Exchange,
    now: Duration,
    action: Option<Action<'a>>,
    negotiated: accept::Negotiated,
    rules: &'a Consultation,
    login: Option<Arc<str>>,
    /// Whether the operation was reached.
    performed: bool,
}

impl Pending<'_> {
    fn outcome(&mut self, route: Option<&Route<'_>>) -> Result<Answer, Refusal> {
        if let Some(Hit {
            effect: Some(effect),
            when: When::Before,
            ..
        }) = self.exchange.hit
        {
            match effect {
                Effect::Status(status) => return Err(refusal_of(status, self.now)),
                // What would have been the answer is not sent.
                Effect::GatewayPage(_) | Effect::Connection(_) => {
                    return Ok(Answer::empty(StatusCode::OK));
                }
                Effect::TruncateBody | Effect::MalformedBody | Effect::Dribble(_) => {}
            }
        }
        let exchange = self.exchange;
        let route = route.ok_or(Refusal::UnknownPath)?;
        let action = self
            .action
            .ok_or_else(|| Refusal::MethodNotAllowed(route.resource.allow()))?;
        if action == Action::IssueToken {
            let (slot, answer) = token::issue(
                &exchange.store,
                &exchange.head.headers,
                &exchange.body,
                self.rules,
            )?;
            self.login = Some(slot.login.clone());
            return Ok(answer);
        }
        let caller = auth::authenticate(
            &exchange.store,
            &exchange.head.headers,
            route.resource.account(),
            exchange.slot.as_ref(),
            self.rules,
        )?;
        self.login = Some(caller.login.clone());
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
            return Err(Refusal::NotAcceptable);
        }
        let call = Call {
            store: &exchange.store,
            head: &exchange.head,
            body: &exchange.body,
            route,
            caller: &caller,
            effect: exchange.effect(),
            format: self.negotiated.format,
            profile: &exchange.profile,
            rules: self.rules,
        };
        self.performed = true;
        match action {
            Action::ListUsers => call.list_users(),
            Action::GetUser { key } => call.get_user(key),
            Action::GetLoginUser { key } => call.get_login_user(key),
            Action::CreateUser => call.create_user(),
            Action::UpdateUser { key } => call.update_user(key),
            Action::DeleteUser { key } => call.delete_user(key),
            Action::ListRoles | Action::IssueToken => Ok(call.list_roles()),
            Action::ChangePassword { username } => call.change_password(username),
        }
    }
}

/// A fault has the shape that the profile gives to its status.
fn refusal_of(status: u16, now: Duration) -> Refusal {
    match StatusCode::from_u16(status) {
        Ok(StatusCode::TOO_MANY_REQUESTS) => {
            let reset = seconds_up(now + Duration::from_secs(1));
            Refusal::RateLimited { reset }
        }
        Ok(StatusCode::UNAUTHORIZED) => Refusal::Unauthenticated,
        Ok(status) => Refusal::Fault(status),
        Err(_) => Refusal::Fault(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Adds a header that names the behaviours that were asked, their options and their evidence.
fn explain(profile: &NamedProfile, answer: Answer, rules: &Consultation) -> Answer {
    let asked: Vec<String> = rules
        .asked()
        .iter()
        .map(|id| {
            let option = profile.options().get(id);
            format!("{id}={option} ({})", profile.evidence_kind(id))
        })
        .collect();
    match HeaderValue::from_str(&asked.join("; ")) {
        Ok(value) => answer.header(HeaderName::from_static("mock-explain"), value),
        Err(_) => answer,
    }
}
