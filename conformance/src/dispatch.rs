//! Sends one request: waits for its turn, keeps to the budget, and repeats it if that cannot have a
//! second effect.

pub mod politeness;

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use thiserror::Error;
use tokio::sync::watch;

use self::politeness::{OUTAGE, Pace, Patience, Reason, only_reads, reason};
use crate::{
    decode::{json, tolerant},
    exchange::{Exchange, Log, Purpose},
    limits::Limits,
    login::{Credentials, basic_header},
    redact::Redactor,
    target::BASE,
    token::Tokens,
    transport::{Endpoint, Request, Response, Route, TransportError, client::Client, raw},
    verdict::Stop,
};

/// Why a run ended that a signal ended.
const INTERRUPTED: &str = "interrupted";
/// Scheme of a token in the Authorization header.
const BEARER: &str = "Bearer ";
/// Names of fields with a secret that the target has just made.
const ISSUED: [&str; 4] = [
    "access_token",
    "refresh_token",
    "clientSecret",
    "client_secret",
];

/// Why a request got no response that could be judged.
#[derive(Debug, Error)]
pub enum SendError {
    /// The exchange failed.
    #[error("{0}")]
    Transport(TransportError),
    /// The run has to end: its budget is spent, or the target is out.
    #[error("{0}")]
    Ended(String),
}

impl From<SendError> for Stop {
    fn from(error: SendError) -> Self {
        Self::Inconclusive(error.to_string())
    }
}

/// The result of sending a request.
pub struct Sent {
    /// The last response, or why there is none.
    pub outcome: Result<Response, SendError>,
    /// An earlier try of the same request may have taken effect.
    pub repeated: bool,
    /// At least one try may have reached the target.
    pub delivered: bool,
    /// Every try that reached the target returned 429.
    pub limited: bool,
}

/// Authorization of a request with the run's own login.
#[derive(Debug, Clone, Copy)]
pub enum Own {
    /// With the run's login.
    Login,
    /// With a token, for every login.
    Token,
}

/// Receives each exchange, and when it was sent.
pub type Tap = Arc<dyn Fn(SystemTime, &Exchange) + Send + Sync>;

/// Sends the requests of one run.
pub struct Dispatch {
    pub endpoint: Endpoint,
    /// The login of the run.
    pub credentials: Credentials,
    pub limits: Limits,
    /// Removes the run's secrets from what is printed.
    pub redactor: Arc<Redactor>,
    /// Time zero of all exchanges.
    pub started: Instant,
    user_agent: String,
    client: Client,
    tokens: Option<Tokens>,
    pace: Pace,
    requests: AtomicU64,
    /// Requests that are kept back from cases, for the clean-up.
    reserve: AtomicU64,
    unanswered: AtomicU32,
    tap: OnceLock<Tap>,
    ended: Mutex<Option<String>>,
    /// Runs beside this one end with it.
    interrupted: Arc<watch::Sender<bool>>,
}

impl Dispatch {
    /// For the run of that name, which the target reads in `User-Agent`.
    pub fn new(endpoint: Endpoint, credentials: Credentials, limits: Limits, run: &str) -> Self {
        let redactor = Arc::new(Redactor::default());
        let version = env!("CARGO_PKG_VERSION");
        let user_agent = format!("bandwidth-conformance/{version} (run {run})");
        if let Some((username, password)) = credentials.basic() {
            redactor.add_login(username, password);
        }
        let tokens = credentials.client().map(|client| {
            redactor.add_login(&client.id, client.secret.expose());
            Tokens::new(credentials.token_url(&endpoint.target), client)
        });
        Self {
            client: Client::new(&endpoint, &user_agent, limits.timeout),
            endpoint,
            credentials,
            redactor,
            started: Instant::now(),
            user_agent,
            tokens,
            pace: Pace::new(limits.interval, limits.backoff),
            limits,
            requests: AtomicU64::new(0),
            reserve: AtomicU64::new(0),
            unanswered: AtomicU32::new(0),
            tap: OnceLock::new(),
            ended: Mutex::new(None),
            interrupted: Arc::default(),
        }
    }

    /// For another place on this machine. It shares the secrets of this one, and ends with it.
    #[must_use]
    pub fn beside(&self, endpoint: Endpoint, run: &str) -> Self {
        let (credentials, limits) = (self.credentials.clone(), self.limits.clone());
        Self {
            redactor: Arc::clone(&self.redactor),
            interrupted: Arc::clone(&self.interrupted),
            ..Self::new(endpoint, credentials, limits, run)
        }
    }

    /// The path of the account's users.
    pub fn users_path(&self) -> String {
        format!("{BASE}/accounts/{}/users", self.credentials.account_id)
    }

    /// From now on that tap receives each exchange. There can be only one.
    pub fn tap(&self, tap: Tap) {
        let _ = self.tap.set(tap);
    }

    /// Number of requests sent.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Keeps that many requests of the budget back from cases.
    pub fn keep_back(&self, requests: u64) {
        self.reserve.store(requests, Ordering::Relaxed);
    }

    /// Why no other case can be run, if none can.
    pub fn ended(&self) -> Option<String> {
        let ended = self.ended.lock();
        ended.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends nothing more for a case, for that reason.
    pub fn end(&self, why: String) -> SendError {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        SendError::Ended(ended.get_or_insert(why).clone())
    }

    /// Ends the run on request. The current request is awaited, because its effect must be known;
    /// after it only the clean-up sends.
    pub fn interrupt(&self) {
        self.end(INTERRUPTED.to_owned());
        self.interrupted.send_replace(true);
    }

    /// True if the run was interrupted.
    pub fn is_interrupted(&self) -> bool {
        *self.interrupted.borrow()
    }

    /// Waits for `wait`, or until the run is interrupted.
    pub async fn unless_interrupted(&self, wait: impl Future<Output = ()>) {
        let mut interrupted = self.interrupted.subscribe();
        tokio::select! {
            biased;
            _ = interrupted.wait_for(|interrupted| *interrupted) => {}
            () = wait => {}
        }
    }

    /// Waits for that time, or until the run is interrupted.
    pub async fn sleep(&self, time: Duration) {
        self.unless_interrupted(tokio::time::sleep(time)).await;
    }

    /// Sends a request with the run's own login. A target may end a token before its time: if it
    /// rejects one with 401, the request had no effect, and is sent again with a new token.
    pub async fn send_own(
        &self,
        own: Own,
        request: Request,
        purpose: Purpose,
        log: &mut Log,
    ) -> Sent {
        let mut renewed = false;
        loop {
            let authorization = match self.authorization(own).await {
                Ok(authorization) => authorization,
                Err(error) => {
                    return Sent {
                        outcome: Err(error),
                        repeated: false,
                        delivered: false,
                        limited: false,
                    };
                }
            };
            let own = request
                .clone()
                .header("Authorization", authorization.as_str());
            let sent = self.send(&own, purpose, log).await;
            let refused = matches!(&sent.outcome, Ok(response) if response.status == 401);
            let token = authorization.strip_prefix(BEARER);
            let (Some(tokens), Some(token), true) = (&self.tokens, token, refused) else {
                return sent;
            };
            if renewed || !tokens.forget(token).await {
                return sent;
            }
            renewed = true;
        }
    }

    /// The run's own Authorization header. It requests a token if needed.
    pub async fn authorization(&self, own: Own) -> Result<String, SendError> {
        match (own, self.credentials.basic(), &self.tokens) {
            (Own::Login, Some((username, password)), _) => Ok(basic_header(username, password)),
            (_, _, Some(tokens)) => {
                let token = tokens
                    .get(&self.client, self.limits.backoff)
                    .await
                    .map_err(|error| self.end(format!("{}: {error}", tokens.place())))?;
                self.redactor.add(&token);
                Ok(format!("{BEARER}{token}"))
            }
            (_, _, None) => Err(self.end("the run has no client credentials".to_owned())),
        }
    }

    /// Lifetime of the current token in seconds, as its endpoint states.
    pub async fn token_seconds(&self) -> Option<u64> {
        self.tokens.as_ref()?.seconds().await
    }

    /// Counts a request, if it may be sent. Those of a case leave enough of the budget for the
    /// clean-up, and those of the clean-up exceed the budget by no more than that.
    fn count_request(&self, purpose: Purpose) -> Result<(), SendError> {
        if purpose != Purpose::CleanUp {
            if self.is_interrupted() {
                return Err(self.end(INTERRUPTED.to_owned()));
            }
            if let Some(why) = self.ended() {
                return Err(SendError::Ended(why));
            }
        }
        let used = self.requests.fetch_add(1, Ordering::Relaxed);
        let Some(most) = self.limits.max_requests else {
            return Ok(());
        };
        let reserve = self.reserve.load(Ordering::Relaxed);
        let spent = match purpose {
            Purpose::Case | Purpose::Check => used + reserve >= most,
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

    /// Sends a request at the run's pace. After a 429 it waits, and a failed connection is retried.
    /// A request that changes nothing is repeated if the target failed. Other requests are sent
    /// once, because they may have taken effect.
    pub async fn send(&self, request: &Request, purpose: Purpose, log: &mut Log) -> Sent {
        let mut patience = Patience::new(self.limits.backoff);
        let mut sent = Sent {
            outcome: Err(SendError::Ended(String::new())),
            repeated: false,
            delivered: false,
            limited: true,
        };
        loop {
            self.wait(purpose, self.pace.turn()).await;
            if let Err(error) = self.count_request(purpose) {
                sent.outcome = Err(error);
                return sent;
            }
            let (outcome, mut exchange) = self.attempt(request, purpose).await;
            let reason = reason(&outcome);
            let out = self.note_answer(reason);
            self.pace.note(reason == Some(Reason::Limited)).await;
            let delivered = !matches!(
                outcome,
                Err(TransportError::Connect(_) | TransportError::Untrusted(_))
            );
            sent.delivered |= delivered;
            sent.limited &= !delivered || reason == Some(Reason::Limited);
            let response = outcome.as_ref().ok();
            let once = !only_reads(&request.method);
            let wait = match reason {
                Some(Reason::Failed) if once => None,
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
            sent.outcome = match (wait, reason) {
                (Some(wait), reason) => {
                    sent.repeated |= reason != Some(Reason::NotSent);
                    self.wait(purpose, tokio::time::sleep(wait)).await;
                    continue;
                }
                (None, Some(_)) if out => Err(self.end(format!(
                    "{OUTAGE} requests in a row got no answer from the API, the last {why}; the target is out, and the run ends here"
                ))),
                (None, Some(Reason::Limited)) => {
                    let patience = self.limits.backoff.patience.as_secs();
                    Err(self.end(format!(
                        "the target kept answering 429 for {patience} seconds, and the run ends here; --patience waits longer, --rps asks more slowly"
                    )))
                }
                _ => outcome.map_err(SendError::Transport),
            };
            return sent;
        }
    }

    /// A pause before a request of that purpose.
    async fn wait(&self, purpose: Purpose, pause: impl Future<Output = ()>) {
        match purpose {
            Purpose::Case | Purpose::Check => self.unless_interrupted(pause).await,
            Purpose::CleanUp => pause.await,
        }
    }

    async fn attempt(
        &self,
        request: &Request,
        purpose: Purpose,
    ) -> (Result<Response, TransportError>, Exchange) {
        for login in request.headers_named("authorization") {
            self.redactor.add_authorization(login);
        }
        let (sent, at) = (Instant::now(), SystemTime::now());
        let target = &self.endpoint.target;
        let outcome = match request.route {
            Route::Client => self.client.send(&target.origin(), request).await,
            Route::Raw => {
                let bytes = raw::to_bytes(request, &target.authority(), &self.user_agent);
                raw::send(&self.endpoint, &request.method, &bytes, self.limits.timeout).await
            }
        };
        if let Ok(response) = &outcome {
            for secret in issued(&response.body) {
                self.redactor.add(&secret);
            }
        }
        let times = (self.started, sent);
        let exchange = Exchange::new(purpose, target.origin(), times, request.clone(), &outcome);
        if let Some(tap) = self.tap.get() {
            tap(at, &exchange);
        }
        (outcome, exchange)
    }

    /// Sends a request of a burst: at once, and once.
    pub async fn send_once(&self, request: &Request, log: &mut Log) -> Result<Response, SendError> {
        self.count_request(Purpose::Case)?;
        let (outcome, exchange) = self.attempt(request, Purpose::Case).await;
        log.exchanges.push(exchange);
        outcome.map_err(SendError::Transport)
    }

    /// Counts requests without a response. Returns true for an outage.
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
}

/// New secrets in a response: no report shows them.
fn issued(body: &[u8]) -> Vec<String> {
    let hints = ["ecret", "_token"];
    let text = str::from_utf8(body).unwrap_or_default();
    let Some(tree) = hints
        .iter()
        .any(|hint| text.contains(hint))
        .then(|| json::read(body).ok())
        .flatten()
    else {
        return Vec::new();
    };
    let found = tolerant::all(&tree, &ISSUED).into_iter();
    found.map(str::to_owned).collect()
}
