//! One run: the target, what is expected of it, and everything the cases share.

use std::{
    any::Any,
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Instant,
};

use bandwidth_fixtures::{
    NamedProfile, Profile,
    profile::{AuthSchemes, UserKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use thiserror::Error;
use tokio::sync::watch;

use crate::{
    cleanup::shown,
    exchange::{Exchange, Log, Purpose},
    exit::ConformanceError,
    ledger::Ledger,
    login::{Credentials, Login},
    politeness::{OUTAGE, Pace, Patience, Reason, only_reads, reason},
    random,
    redact::Redactor,
    safety::Limits,
    target::BASE,
    token::Tokens,
    transport::{Endpoint, Request, Response, Route, TransportError, client::Client, raw},
    wire::Format,
};

/// Why a run ended that somebody asked to end.
const INTERRUPTED: &str = "interrupted";

/// How goldens are compared, and whether a case may start an emulator of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoldenMode {
    /// Byte for byte, each against an emulator of its own.
    Exact,
    /// By meaning, with the target's own ids put in.
    Symbolic,
}

/// What a run starts from.
pub struct Setup {
    /// Where requests go.
    pub endpoint: Endpoint,
    /// Who asks.
    pub credentials: Credentials,
    /// What is expected of the target.
    pub expected: NamedProfile,
    /// How goldens are compared.
    pub goldens: GoldenMode,
    /// What may be done.
    pub limits: Limits,
}

/// Puts something between a case and an emulator of its own: tells where that listens, and gives
/// what keeps it there. Tests of the suite break servers so.
pub type Between = Box<dyn Fn(SocketAddr) -> Passage + Send + Sync>;

/// A way to an emulator, and what keeps it open.
pub type Passage = (SocketAddr, Box<dyn Any + Send>);

/// Why a request got no response that could be judged.
#[derive(Debug, Error)]
pub enum Halt {
    /// The exchange came to nothing.
    #[error("{0}")]
    Transport(TransportError),
    /// What came is an answer, and no help.
    #[error("status {0}")]
    Answer(u16),
    /// What came is no list of users.
    #[error("status {0}, and no list of users in the answer")]
    NoList(u16),
    /// The run has to end: its budget is spent, or the target is out.
    #[error("{0}")]
    Ended(String),
}

/// Everything that the cases of one run share.
pub struct Run {
    /// What is expected of the target.
    pub expected: NamedProfile,
    /// Who asks.
    pub credentials: Credentials,
    /// How goldens are compared.
    pub goldens: GoldenMode,
    /// What may be done.
    pub limits: Limits,
    /// Removes the run's secrets from what is printed.
    pub redactor: Arc<Redactor>,
    /// What every username of this run starts with.
    pub prefix: String,
    /// Where requests go.
    pub endpoint: Endpoint,
    /// When it started.
    pub started: Instant,
    client: Client,
    tokens: Option<Tokens>,
    pace: Pace,
    ledger: Mutex<Ledger>,
    requests: AtomicU64,
    users: AtomicU64,
    names: AtomicU64,
    unanswered: AtomicU32,
    between: OnceLock<Between>,
    ended: Mutex<Option<String>>,
    /// Keys that the target has said nobody has.
    nobody: Mutex<HashSet<String>>,
    /// Whether somebody asked for an end. Runs beside this one end with it.
    interrupted: Arc<watch::Sender<bool>>,
}

impl Run {
    /// A run of that setup.
    pub fn new(setup: Setup) -> Result<Self, ConformanceError> {
        let Setup {
            credentials,
            expected,
            ..
        } = &setup;
        let tokens_only = expected.options().auth_schemes == AuthSchemes::Bearer;
        if tokens_only && credentials.basic().is_some() {
            return Err(ConformanceError::Usage(
                "the expected profile takes bearer tokens only (auth.schemes=bearer); set BW_CLIENT_ID and BW_CLIENT_SECRET in the place of BW_USERNAME and BW_PASSWORD".to_owned(),
            ));
        }
        let redactor = Arc::new(Redactor::default());
        match &credentials.login {
            Login::Basic { username, password } => {
                redactor.add_login(username, password.expose());
            }
            Login::Client { id, secret, .. } => redactor.add_login(id, secret.expose()),
        }
        Ok(Self::of(setup, redactor))
    }

    fn of(setup: Setup, redactor: Arc<Redactor>) -> Self {
        let Setup {
            endpoint,
            credentials,
            expected,
            goldens,
            limits,
        } = setup;
        let tokens = match &credentials.login {
            Login::Basic { .. } => None,
            Login::Client { id, secret, .. } => {
                let url = credentials.token_url(&endpoint.target);
                Some(Tokens::new(url, id.clone(), secret.clone()))
            }
        };
        Self {
            expected,
            credentials,
            goldens,
            redactor,
            prefix: format!("cf-{}-", random::hex()),
            started: Instant::now(),
            client: Client::new(&endpoint),
            endpoint,
            tokens,
            pace: Pace::new(limits.interval, limits.backoff),
            limits,
            ledger: Mutex::default(),
            requests: AtomicU64::new(0),
            users: AtomicU64::new(0),
            names: AtomicU64::new(0),
            unanswered: AtomicU32::new(0),
            between: OnceLock::new(),
            ended: Mutex::new(None),
            nobody: Mutex::default(),
            interrupted: Arc::default(),
        }
    }

    /// A run of the same kind against another place on this machine, whose secrets this one knows
    /// too.
    #[must_use]
    pub fn beside(&self, address: SocketAddr) -> Self {
        let setup = Setup {
            endpoint: Endpoint::local(address),
            credentials: self.credentials.clone(),
            expected: self.expected.clone(),
            goldens: GoldenMode::Symbolic,
            limits: self.limits.clone(),
        };
        Self {
            interrupted: Arc::clone(&self.interrupted),
            ..Self::of(setup, Arc::clone(&self.redactor))
        }
    }

    /// Puts something between cases and emulators of their own, from here on.
    pub fn put_between(&self, between: Between) {
        let _ = self.between.set(between);
    }

    /// The way to an emulator of a case's own.
    pub fn way_to(&self, emulator: SocketAddr) -> Passage {
        match self.between.get() {
            Some(between) => between(emulator),
            None => (emulator, Box::new(())),
        }
    }

    /// Requests that were sent to an emulator of a case's own count as sent by this run.
    pub fn count_elsewhere(&self, requests: u64) {
        self.requests.fetch_add(requests, Ordering::Relaxed);
    }

    /// Writes the ledger to a file from here on.
    pub fn keep_ledger(&self, ledger: Ledger) {
        *self.ledger() = ledger;
    }

    /// The expected options.
    pub fn profile(&self) -> &Profile {
        self.expected.options()
    }

    /// How many requests were sent.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How many users were created, or may have been.
    pub fn users(&self) -> u64 {
        self.users.load(Ordering::Relaxed)
    }

    /// Why no other case can be run, if none can.
    pub fn ended(&self) -> Option<String> {
        let ended = self.ended.lock();
        ended.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Nothing more is sent for a case, for that reason.
    pub fn end(&self, why: String) -> Halt {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        Halt::Ended(ended.get_or_insert(why).clone())
    }

    /// Somebody asked for an end. The request at hand comes to its own end, because what it does
    /// must be known; no other is sent but to clean up.
    pub fn interrupt(&self) {
        self.end(INTERRUPTED.to_owned());
        self.interrupted.send_replace(true);
    }

    /// Whether somebody asked for an end.
    pub fn is_interrupted(&self) -> bool {
        *self.interrupted.borrow()
    }

    /// Waits for `wait`, but not when somebody asks for an end.
    pub async fn unless_interrupted(&self, wait: impl Future<Output = ()>) {
        let mut interrupted = self.interrupted.subscribe();
        tokio::select! {
            biased;
            _ = interrupted.wait_for(|interrupted| *interrupted) => {}
            () = wait => {}
        }
    }

    /// Whether the target has said that nobody has that key.
    pub fn is_nobody(&self, key: &str) -> bool {
        let nobody = self.nobody.lock().unwrap_or_else(PoisonError::into_inner);
        nobody.contains(key)
    }

    /// The target said that nobody has that key.
    pub fn note_nobody(&self, key: &str) {
        let mut nobody = self.nobody.lock().unwrap_or_else(PoisonError::into_inner);
        nobody.insert(key.to_owned());
    }

    /// A username that nobody has.
    pub fn fresh_username(&self) -> String {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        format!("{}{number}", self.prefix)
    }

    /// The path of the account's users.
    pub fn users_path(&self) -> String {
        format!("{BASE}/accounts/{}/users", self.credentials.account_id)
    }

    /// The value of an Authorization header.
    pub fn basic(username: &str, password: &str) -> String {
        format!(
            "Basic {}",
            STANDARD.encode(format!("{username}:{password}"))
        )
    }

    /// The run's own Authorization header. A token is got where one is needed.
    pub async fn authorization(&self) -> Result<String, Halt> {
        match (&self.tokens, self.credentials.basic()) {
            (Some(tokens), _) => {
                let token = tokens
                    .get(&self.client)
                    .await
                    .map_err(|error| self.end(format!("{}: {error}", tokens.place())))?;
                self.redactor.add(&token);
                Ok(format!("Bearer {token}"))
            }
            (None, login) => {
                let (username, password) = login.unwrap_or_default();
                Ok(Self::basic(username, password))
            }
        }
    }

    /// One more user is about to be created, if the budget allows it.
    pub fn count_user(&self) -> Result<(), Halt> {
        let used = self.users.fetch_add(1, Ordering::Relaxed);
        match self.limits.max_users {
            Some(most) if used >= most => {
                self.users.fetch_sub(1, Ordering::Relaxed);
                Err(self.end(format!(
                    "the budget of {most} users is spent; --max-users raises it"
                )))
            }
            _ => Ok(()),
        }
    }

    /// A create was refused, and so is none.
    pub fn uncount_user(&self) {
        self.users.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts a request, if it may be sent. Those of a case leave enough of the budget to remove
    /// what it created; those of a clean-up may go beyond it by no more than that.
    fn count_request(&self, purpose: Purpose) -> Result<(), Halt> {
        if purpose == Purpose::Case {
            if self.is_interrupted() {
                return Err(self.end(INTERRUPTED.to_owned()));
            }
            if let Some(why) = self.ended() {
                return Err(Halt::Ended(why));
            }
        }
        let used = self.requests.fetch_add(1, Ordering::Relaxed);
        let Some(most) = self.limits.max_requests else {
            return Ok(());
        };
        let reserve = {
            let ledger = self.ledger();
            match ledger.remaining().len() as u64 {
                _ if !ledger.has_entries() => 0,
                // A last look at the list.
                0 => 1,
                // A delete of each, and a look at the list before and after.
                users => users + 2,
            }
        };
        let spent = match purpose {
            Purpose::Case => used + reserve >= most,
            Purpose::CleanUp => used >= most + reserve,
        };
        if spent {
            self.requests.fetch_sub(1, Ordering::Relaxed);
            return Err(self.end(format!(
                "the budget of {most} requests is spent; --max-requests raises it"
            )));
        }
        Ok(())
    }

    /// Sends a request of the suite, at the run's pace. A 429 is waited out; a connection that did
    /// not come about is tried again; a request that changes nothing is repeated when the target
    /// failed. Anything else is sent once: it may have taken effect.
    pub async fn send(
        &self,
        request: &Request,
        purpose: Purpose,
        log: &mut Log,
    ) -> Result<Response, Halt> {
        let mut patience = Patience::new(self.limits.backoff);
        loop {
            self.wait(purpose, self.pace.turn()).await;
            self.count_request(purpose)?;
            let (outcome, mut exchange) = self.attempt(request, purpose).await;
            let reason = reason(&outcome);
            let out = self.note_answer(reason);
            self.pace.note(reason == Some(Reason::Limited)).await;
            let response = outcome.as_ref().ok();
            let wait = match reason {
                Some(Reason::Failed) if !only_reads(request) && purpose == Purpose::Case => None,
                Some(_) if out => None,
                Some(reason) => patience.wait(reason, response),
                None => None,
            };
            let why = match &outcome {
                Ok(response) => format!("status {}", response.status),
                Err(error) => error.to_string(),
            };
            exchange.repeated =
                wait.map(|wait| format!("{why}; sent again after {:.2} s", wait.as_secs_f64()));
            log.exchanges.push(exchange);
            match (wait, reason) {
                (Some(wait), reason) => {
                    log.repeated_an_effect |=
                        !only_reads(request) && reason != Some(Reason::NotSent);
                    self.wait(purpose, tokio::time::sleep(wait)).await;
                }
                (None, Some(_)) if out => {
                    return Err(self.end(format!(
                        "{OUTAGE} requests in a row got no answer from the API, the last {why}; the target is out, and the run ends here"
                    )));
                }
                (None, Some(Reason::Limited)) => {
                    let patience = self.limits.backoff.patience.as_secs();
                    return Err(self.end(format!(
                        "the target kept answering 429 for {patience} seconds, and the run ends here; --patience waits longer, --rps asks more slowly"
                    )));
                }
                _ => return outcome.map_err(Halt::Transport),
            }
        }
    }

    /// A pause before a request. One that will not be sent is not waited for.
    async fn wait(&self, purpose: Purpose, pause: impl Future<Output = ()>) {
        match purpose {
            Purpose::Case => self.unless_interrupted(pause).await,
            Purpose::CleanUp => pause.await,
        }
    }

    /// Sends a request once, by the way that it takes.
    async fn attempt(
        &self,
        request: &Request,
        purpose: Purpose,
    ) -> (Result<Response, TransportError>, Exchange) {
        for login in request.headers_named("authorization") {
            self.redactor.add_authorization(login);
        }
        let sent = Instant::now();
        let origin = self.endpoint.target.origin();
        let outcome = match request.route {
            Route::Client => self.client.send(&origin, request).await,
            Route::Raw => {
                let bytes = raw::to_bytes(request, &self.endpoint.target.authority());
                raw::send(&self.endpoint, &request.method, &bytes).await
            }
        };
        let times = (self.started, sent);
        let exchange = Exchange::new(purpose, origin, times, request.clone(), &outcome);
        (outcome, exchange)
    }

    /// Sends a request of a burst: at once, and once.
    pub async fn send_once(&self, request: &Request, log: &mut Log) -> Result<Response, Halt> {
        self.count_request(Purpose::Case)?;
        let (outcome, exchange) = self.attempt(request, Purpose::Case).await;
        log.exchanges.push(exchange);
        outcome.map_err(Halt::Transport)
    }

    /// How long the token at hand is valid, as its endpoint says; `None` where there is none.
    pub async fn token_seconds(&self) -> Option<u64> {
        self.tokens.as_ref()?.seconds().await
    }

    /// Keeps count of requests without an answer. Tells whether there is an outage.
    fn note_answer(&self, reason: Option<Reason>) -> bool {
        match reason {
            None | Some(Reason::Limited) => {
                self.unanswered.store(0, Ordering::Relaxed);
                false
            }
            Some(Reason::NotSent | Reason::Failed) => {
                self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= OUTAGE
            }
        }
    }

    /// The run's ledger.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of a user that was just created: its username or, where there are internal ids,
    /// the end of Location, else the id in the body.
    pub fn key_of(&self, username: &str, user_key: UserKey, response: &Response) -> Option<String> {
        if user_key == UserKey::Username {
            return Some(username.to_owned());
        }
        let located = response
            .header("location")
            .and_then(|location| location.rsplit('/').next())
            .filter(|id| !id.is_empty())
            .map(str::to_owned);
        located.or_else(|| {
            let users = shown(&response.body).unwrap_or_default();
            let user = users.iter().find(|user| user.username == username)?;
            Some(user.key().to_owned())
        })
    }

    /// Asks once whether the target answers this login.
    pub async fn preflight(&self, log: &mut Log) -> Result<(), ConformanceError> {
        let place = &self.endpoint.target;
        // A target may send back, for instance in Location, what it was sent.
        let unreachable = |what: String| ConformanceError::Unreachable(self.redactor.clean(&what));
        let authorization = self.authorization().await;
        let request = Request::new("GET", self.users_path())
            .header(
                "Authorization",
                authorization.map_err(|error| unreachable(error.to_string()))?,
            )
            .header("Accept", Format::Xml.media_type());
        let answer = self.send(&request, Purpose::Case, log).await.map_err(|error| {
            let hint = match &error {
                Halt::Transport(TransportError::Connect(_)) if place.is_loopback() => {
                    "; is the target running? `cargo mock` starts one, and `--target mock` needs none"
                }
                _ => "",
            };
            unreachable(format!("{place}: {error}{hint}"))
        })?;
        match answer.status {
            401 => Err(unreachable(format!(
                "{place} refuses the login of account {}; check its name and password",
                self.credentials.account_id
            ))),
            403 => Err(unreachable(format!(
                "{place}: the login has no access to account {}; check BW_ACCOUNT_ID",
                self.credentials.account_id
            ))),
            300..=399 => Err(unreachable(format!(
                "{place} redirects, to {}; redirects are not followed, so name the place itself",
                answer.header("location").unwrap_or("nowhere")
            ))),
            _ => Ok(()),
        }
    }
}
