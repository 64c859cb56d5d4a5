//! One exchange: from a request to its response and its journal entry.
//!
//! The order is part of the contract: the format of errors, a fault that prevents the operation,
//! errors in the message, path and method, the login, the rate limit, `Accept`, and only then the
//! body. The operation itself is synchronous, so no lock is held across an await.

mod admission;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_REQUEST_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONNECTION, ORIGIN,
    },
    request::Parts,
};
use bandwidth_fixtures::{
    ApiError, Consultation, NamedProfile, Operation, ReadBehaviours,
    operation::{Endpoint, Surface},
    profile::{Cors, IdentitySurface, KeepAliveHint, TypeCharset},
};

use self::admission::Admission;
use super::{
    accept::{self, Negotiated},
    answer::{Answer, Reply},
    arrived,
    auth::{self, CallerKind},
    body::Received,
    content_type,
    delivery::{Hangup, deliver},
    handlers::Context,
    management,
    refusal::{Refusal, Verdict},
    route::{self, Route},
    token::Form,
};
use crate::{
    app::App,
    clock::Clock,
    codec::{
        self, Document, Format,
        identity::{self, Content},
    },
    domain::Actor,
    fault::{AppliedFault, Execution, Now, Plan, Reshape, Sending, Subject},
    journal::{self, Entry, RecordedAssumed, RefusalNote},
    peer::Peer,
    store::{AccountState, Mode, Store},
    wire::ErrorView,
};

/// A request that was read, and what was found out about it once.
pub(super) struct Exchange {
    app: Arc<App>,
    head: Parts,
    body: Received,
    /// Content of a form, if the path names no account.
    form: Result<Form, ApiError>,
    /// Its place in the journal.
    id: u64,
    /// Time of arrival, on its account's clock.
    at: Duration,
    started: Instant,
    peer: Peer,
    store: Arc<Store>,
    /// The account in the path, else the main one of the caller's domain.
    account: Option<Arc<str>>,
    /// Its domain, if there is such an account.
    slot: Option<Arc<AccountState>>,
    profile: Arc<NamedProfile>,
    rules: Consultation,
    negotiated: Negotiated,
    /// Resource of the path under this profile.
    route: Option<Route>,
    fault: Option<AppliedFault>,
    plan: Plan,
    /// The decision before the body was read.
    admission: Option<Admission>,
    /// True if the body was not read, because the head alone is rejected.
    unread: bool,
}

/// The result of a request.
struct Performed {
    /// None if the connection ends without one.
    answer: Option<Answer>,
    behaviours: ReadBehaviours,
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
        peer: Peer,
    ) -> Self {
        let store = app.store();
        let in_path = route::account_in(head.uri.path());
        let form = match in_path {
            Some(_) => Err(ApiError::TokenRequestInvalid),
            None => Form::read(&head, &body),
        };
        let slot = match &in_path {
            Some(id) => store.account(id),
            None => auth::claimed_account(&store, &head.headers)
                .or_else(|| form.as_ref().ok()?.claimed_account(&store))
                .or_else(|| store.account_of_domain(&route::domain_in(head.uri.path())?)),
        };
        let account = match (&slot, in_path) {
            (Some(slot), None) => Some(Arc::clone(&slot.id)),
            (Some(slot), Some(id)) => slot.company(&id).map(|company| Arc::clone(&company.id)),
            (None, Some(id)) => Some(Arc::from(&*id)),
            (None, None) => None,
        };
        let own = slot.as_ref().and_then(|slot| slot.profile());
        let profile = own.unwrap_or_else(|| app.profile());
        let clock = slot.as_ref().map_or(&*app.clock, |slot| slot.clock.shown());
        let at = clock.at(started);
        let rules = Consultation::of(*profile.options());
        let route = Route::of(head.uri.path(), &head.method, &rules);
        let media = route.as_ref().map(|route| route.surface().facts().media);
        let negotiated = match media {
            Some(["application/json"]) => Negotiated::only(Format::Json),
            Some(["application/xml"]) => Negotiated::only(Format::Xml),
            _ => accept::negotiate(&head.headers, &rules),
        };
        let mut exchange = Self {
            id: app.journal.next_id(),
            app,
            head,
            body,
            form,
            at,
            started,
            peer,
            store,
            account,
            slot,
            profile,
            rules,
            negotiated,
            route,
            fault: None,
            plan: Plan::default(),
            admission: None,
            unread: false,
        };
        let faults = &exchange.app.faults;
        if !faults.is_empty() {
            let subject = Subject {
                operation: exchange.operation(),
                method: exchange.head.method.as_str(),
                account: exchange.main().map(|id| &**id),
                changes: exchange.changes(),
                authorization: exchange
                    .head
                    .headers
                    .get(AUTHORIZATION)
                    .map(HeaderValue::as_bytes),
            };
            let now = Now {
                account: at,
                server: exchange.app.clock.at(started),
            };
            exchange.fault = faults.decide(&subject, now, exchange.app.settings.random_seed);
            exchange.plan = exchange
                .fault
                .as_ref()
                .map(AppliedFault::plan)
                .unwrap_or_default();
        }
        exchange
    }

    /// The main account of its domain, or else the account in the path.
    fn main(&self) -> Option<&Arc<str>> {
        let slot = self.slot.as_ref();
        slot.map(|slot| &slot.id).or(self.account.as_ref())
    }

    pub(super) fn head(&self) -> &Parts {
        &self.head
    }

    /// Takes the body that was not there yet.
    pub(super) fn receive(&mut self, body: Received) {
        self.body = body;
    }

    /// The clock of its account, else the server's.
    fn clock(&self) -> &Clock {
        let slot = self.slot.as_ref();
        slot.map_or(&self.app.clock, |slot| slot.clock.shown())
    }

    fn endpoint(&self) -> Option<&'static Endpoint> {
        self.route.as_ref()?.endpoint
    }

    fn operation(&self) -> Option<Operation> {
        Some(self.endpoint()?.operation)
    }

    /// True if the operation changes something.
    fn changes(&self) -> bool {
        self.endpoint().is_some_and(|endpoint| endpoint.changes)
    }

    /// True if it waits before or after the operation.
    pub(super) fn waits(&self) -> bool {
        self.fault
            .as_ref()
            .is_some_and(|fault| fault.waited.is_some())
    }

    /// Performs it at once.
    pub(super) fn perform(mut self) -> Result<Reply, Hangup> {
        let performed = self.run();
        self.deliver(performed)
    }

    /// Performs it without sending or keeping anything.
    #[cfg(feature = "traffic")]
    pub(super) fn simulate(mut self) -> super::Simulated {
        let performed = self.run();
        let answer = performed
            .answer
            .unwrap_or_else(|| Answer::empty(StatusCode::INTERNAL_SERVER_ERROR));
        super::Simulated {
            sent: if self.head.method == Method::HEAD {
                answer.sent_head()
            } else {
                answer.sent()
            },
            behaviours: performed.behaviours,
        }
    }

    /// Performs it with the delay of a fault. The journal has it meanwhile.
    pub(super) async fn perform_with_delay(mut self) -> Result<Reply, Hangup> {
        let Plan {
            wait_before,
            wait_after,
            ..
        } = self.plan;
        self.record(self.entry());
        tokio::time::sleep(wait_before).await;
        let performed = self.run();
        if !wait_after.is_zero() {
            let entry = self.entry_of(&performed);
            self.record(entry);
        }
        tokio::time::sleep(wait_after).await;
        self.deliver(performed)
    }

    fn run(&mut self) -> Performed {
        let mut login = None;
        let (ran, took_effect) = match self.plan.run {
            Execution::Skip => (None, false),
            Execution::DryRun => (Some(self.outcome(false, &mut login)), false),
            Execution::Commit => {
                let outcome = self.outcome(true, &mut login);
                let took_effect = self.changes() && outcome.is_ok();
                (Some(outcome), took_effect)
            }
        };
        let (answer, verdict) = match ran {
            None => (None, None),
            Some(Ok(answer)) => (Some(answer), None),
            Some(Err(refusal)) => self.refuse(refusal),
        };
        let (answer, verdict) = match self.plan.reshape {
            Reshape::Own => (answer, verdict),
            // The journal names the rule that the operation refused, if it did.
            Reshape::Status(status) => {
                let (answer, fault) = self.refuse(refusal_of(status, self.clock().now()));
                (answer, verdict.or(fault))
            }
            Reshape::Refusal(error) => {
                let (answer, fault) = self.refuse(error.into());
                (answer, verdict.or(fault))
            }
            Reshape::GatewayPage(status) => (Some(Answer::gateway_page(status)), verdict),
            Reshape::CutLastByte => (answer.map(Answer::malformed), verdict),
        };
        let answer = answer.map(|answer| self.with_headers(answer));
        let behaviours = self.rules.read();
        let answer = answer.map(|mut answer| {
            if let Some(fault) = &self.fault {
                answer = answer.overridden(&fault.armed.fault.answer);
            }
            // `Date` follows the mock's clock once that differs from the machine's; until then
            // the HTTP library writes it.
            if let Some(now) = self.clock().moved() {
                answer = answer.date(now);
            }
            if self.app.settings.explain {
                answer = self.explain(answer, behaviours);
            }
            answer
        });
        Performed {
            answer,
            behaviours,
            login,
            refusal: verdict.map(|verdict| verdict.note),
            took_effect,
        }
    }

    /// Adds the headers that the profile requires in every response.
    fn with_headers(&self, mut answer: Answer) -> Answer {
        if answer.has_content(Format::Xml) && self.rules.format_charset() == TypeCharset::Utf8 {
            answer = answer.with_charset();
        }
        if self.unread {
            answer = answer.header(CONNECTION, HeaderValue::from_static("close"));
        }
        let headers = &self.head.headers;
        if headers.contains_key(ORIGIN) && self.rules.http_cors() == Cors::AnyOrigin {
            answer = answer.readable_anywhere();
        }
        // What a client gets done does not rest on it, so that no request is said to.
        if self.profile.options().http_keep_alive == KeepAliveHint::Sent {
            answer = answer.kept_for(self.app.settings.read_timeout);
        }
        answer
    }

    /// The response to a CORS preflight request.
    fn preflight(&self) -> Option<Answer> {
        let headers = &self.head.headers;
        let asks = self.head.method == Method::OPTIONS
            && headers.contains_key(ORIGIN)
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let route = self.route.as_ref().filter(|_| asks)?;
        if self.rules.http_cors() == Cors::Absent {
            return None;
        }
        let methods = HeaderValue::try_from(route.allow(&self.rules)).ok()?;
        let answer = Answer::empty(StatusCode::NO_CONTENT);
        let answer = answer.header(ACCESS_CONTROL_ALLOW_METHODS, methods);
        Some(match headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            Some(asked) => answer.header(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone()),
            None => answer,
        })
    }

    fn refuse(&self, refusal: Refusal) -> (Option<Answer>, Option<Verdict>) {
        let now = self.clock().now();
        let route = self.route.as_ref();
        let sent = if content_type::is_json(&self.head.headers) {
            Format::Json
        } else {
            Format::Xml
        };
        let mut verdict = refusal.verdict(route.map(Route::surface), sent, &self.rules);
        let arrived = arrived::sentence(verdict.refusal.error(), &self.head.headers);
        verdict.note.description += arrived.as_deref().unwrap_or_default();
        if let Some(observed) = self.profile.wording(verdict.note.code) {
            observed.clone_into(&mut verdict.note.description);
        }
        let format = self.negotiated.format;
        let body = |error: ErrorView<'_>| {
            let root = route.and_then(Route::error_root).unwrap_or("ErrorResponse");
            match verdict.surface {
                Some(Surface::Management) => {
                    management::error(&error, verdict.status, &self.head, now, &self.rules)
                }
                Some(Surface::Identity) => {
                    let echo = match &verdict.refusal {
                        Refusal::Echoed(_, echo) => echo.clone(),
                        _ => Content::default(),
                    };
                    identity::error(root, &error, echo)
                }
                _ => codec::encode(format, &Document::Error { root, error }, &self.rules),
            }
        };
        let answer = Answer::refuse(&verdict, format, body, now.as_secs(), &self.rules);
        (Some(answer), Some(verdict))
    }

    /// Response of the operation, even if it does not take effect; `login` becomes the caller's.
    fn outcome(
        &mut self,
        takes_effect: bool,
        login: &mut Option<Arc<str>>,
    ) -> Result<Answer, Refusal> {
        if let Some(answer) = self.preflight() {
            return Ok(answer);
        }
        let admission = self.admission.take().unwrap_or_else(|| self.admit());
        *login = admission.login;
        let mut caller = admission.caller?;
        if let Some(view) = self.plan.view {
            caller.slot = Arc::new(caller.slot.seen_as(view));
        }
        let (route, endpoint) = self.target()?;
        let actor = self.has_log().then(|| Actor {
            login: Arc::clone(&caller.login),
            at: caller.slot.now(),
        });
        let mode = if takes_effect {
            Mode::Commit(actor.as_ref())
        } else {
            Mode::DryRun
        };
        if let (CallerKind::User(number), Mode::Commit(Some(actor))) = (caller.kind, mode)
            && caller.grant.is_none()
        {
            caller.slot.account().log_login(actor, number);
        }
        let context = Context {
            store: &self.store,
            head: &self.head,
            body: &self.body,
            route,
            signer: &self.app.signer,
            caller: &caller,
            mode,
            format: self.negotiated.format,
            tls: self.peer.tls,
            profile: &self.profile,
            rules: &self.rules,
        };
        context.perform(endpoint.action)
    }

    /// True if users have a log: only the identity surface shows it.
    fn has_log(&self) -> bool {
        self.profile.options().surface_identity == IdentitySurface::Served
    }

    fn deliver(self, performed: Performed) -> Result<Reply, Hangup> {
        let ended = Instant::now();
        let took = ended.saturating_duration_since(self.started);
        let mut entry = self.entry_of(&performed);
        entry.duration = Some(took);
        entry.ended = Some(self.clock().at(ended));
        let status = entry.status();
        let operation = self.operation();
        tracing::info!(
            method = %self.head.method,
            path = %entry.request.seen().target,
            operation = operation.map_or("none", Operation::as_str),
            status,
            micros = took.as_micros(),
            "answered"
        );
        let failed = self.fault.is_some();
        self.app.metrics.count(operation, status, took, failed);
        if !self.is_gone() {
            let known = self.slot.as_ref().map(|slot| &slot.id);
            let reliance = &self.app.reliance;
            reliance.count(known, &self.profile, performed.behaviours);
        }
        self.record(entry);
        let random = self.app.settings.random_seed ^ self.id;
        deliver(performed.answer, self.plan.sending, random)
    }

    fn record(&self, entry: Entry) {
        if !self.is_gone() {
            self.app.journal.record(entry);
        }
    }

    /// True if a throwaway account was deleted during the request, together with its view of the
    /// journal.
    fn is_gone(&self) -> bool {
        let throwaway = self.slot.as_ref().filter(|slot| slot.throwaway);
        throwaway.is_some_and(|slot| self.app.store().account(&slot.id).is_none())
    }

    /// The entry of a request that is under way.
    fn entry(&self) -> Entry {
        let uri = &self.head.uri;
        let target = match (uri.path_and_query(), uri.authority()) {
            (Some(target), _) => target.as_str(),
            // Of CONNECT.
            (None, Some(target)) => target.as_str(),
            (None, None) => "/",
        };
        let body = self.body.bytes();
        let throwaway = self.slot.as_ref().filter(|slot| slot.throwaway);
        Entry {
            id: self.id,
            view: throwaway.map(|slot| Arc::clone(&slot.id)),
            at: self.at,
            duration: None,
            ended: None,
            account: self.account.clone(),
            main: self.main().cloned(),
            operation: self.operation(),
            surface: self.route.as_ref().map(Route::surface),
            method: self.head.method.clone(),
            request: journal::Request::new(target, &self.head.headers, body),
            peer: Some(self.peer.address),
            login: None,
            sent: None,
            fault: self.fault.clone(),
            profile: Arc::clone(&self.profile),
            behaviours: ReadBehaviours::default(),
            shape_assumed: self.shape_assumed(),
            refusal: None,
            took_effect: false,
        }
    }

    fn shape_assumed(&self) -> bool {
        self.endpoint()
            .is_some_and(|endpoint| endpoint.shape_assumed)
    }

    /// Adds a header with the behaviours that were read, their options and their evidence, and the
    /// part that is assumed.
    fn explain(&self, answer: Answer, behaviours: ReadBehaviours) -> Answer {
        let profile = &*self.profile;
        let mut parts: Vec<String> = behaviours
            .iter()
            .map(|id| {
                let option = profile.options().get(id);
                format!("{id}={option} ({})", profile.evidence_kind(id))
            })
            .collect();
        let assumed = RecordedAssumed::of(profile, behaviours, self.shape_assumed());
        parts.push(format!("assumed={}/{}", assumed.behaviours, assumed.of));
        if assumed.shape {
            parts.push("shape=assumed".to_owned());
        }
        match HeaderValue::from_str(&parts.join("; ")) {
            Ok(value) => answer.header(HeaderName::from_static("mock-explain"), value),
            Err(_) => answer,
        }
    }

    fn entry_of(&self, performed: &Performed) -> Entry {
        let mut entry = self.entry();
        entry.login.clone_from(&performed.login);
        entry.sent = performed
            .answer
            .as_ref()
            .and_then(|answer| match self.plan.sending {
                Sending::Hangup(_) => None,
                Sending::Half => Some(answer.sent_half()),
                _ if self.head.method == Method::HEAD => Some(answer.sent_head()),
                Sending::Whole | Sending::Slowly(_) => Some(answer.sent()),
            });
        entry.behaviours = performed.behaviours;
        entry.refusal.clone_from(&performed.refusal);
        entry.took_effect = performed.took_effect;
        entry
    }
}

/// The refusal of a fault, in the profile's shape for its status.
fn refusal_of(status: u16, now: Duration) -> Refusal {
    match StatusCode::from_u16(status) {
        Ok(StatusCode::TOO_MANY_REQUESTS) => {
            let reset = seconds_up(now + Duration::from_secs(1));
            Refusal::RateLimited { reset }
        }
        Ok(StatusCode::UNAUTHORIZED) => ApiError::CredentialsMissingOrWrong.into(),
        Ok(status) => Refusal::Fault(status),
        Err(_) => Refusal::Fault(StatusCode::INTERNAL_SERVER_ERROR),
    }
}
