//! One run: the target, what is expected of it, and everything the cases share.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bandwidth_fixtures::{
    NamedProfile, Profile,
    profile::{AuthSchemes, UserKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    exit::ConformanceError,
    ledger::{Ledger, Remaining},
    random,
    redact::Redactor,
    target::{BASE, Credentials},
    transport::{Request, Response, Route, TransportError, client::Client, raw},
    wire::{Format, Reader},
};

/// How goldens are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoldenMode {
    /// Byte for byte, each against an emulator of its own.
    Exact,
    /// By meaning, with the target's own ids put in.
    Symbolic,
}

/// Everything that the cases of one run share.
pub struct Run {
    /// What is expected of the target.
    pub expected: NamedProfile,
    /// The login.
    pub credentials: Credentials,
    /// How goldens are compared.
    pub goldens: GoldenMode,
    /// Removes the run's secrets from what is printed.
    pub redactor: Redactor,
    /// What every username of this run starts with.
    pub prefix: String,
    address: SocketAddr,
    client: Client,
    ledger: Mutex<Ledger>,
    requests: AtomicU64,
    names: AtomicU64,
}

impl Run {
    /// A run against `address`.
    pub fn new(
        address: SocketAddr,
        credentials: Credentials,
        expected: NamedProfile,
        goldens: GoldenMode,
    ) -> Result<Self, ConformanceError> {
        if expected.options().auth_schemes == AuthSchemes::Bearer {
            return Err(ConformanceError::Usage(
                "the expected profile takes bearer tokens only (auth.schemes=bearer), and this version logs in with Basic".to_owned(),
            ));
        }
        let redactor = Redactor::default();
        redactor.add_login(&credentials.username, credentials.password.expose());
        Ok(Self {
            expected,
            credentials,
            goldens,
            redactor,
            prefix: format!("cf-{}-", random::hex()),
            address,
            client: Client::new(address),
            ledger: Mutex::default(),
            requests: AtomicU64::new(0),
            names: AtomicU64::new(0),
        })
    }

    /// The expected options.
    pub fn profile(&self) -> &Profile {
        self.expected.options()
    }

    /// How many requests were sent.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
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

    /// The run's own Authorization header.
    pub fn authorization(&self) -> String {
        Self::basic(
            &self.credentials.username,
            self.credentials.password.expose(),
        )
    }

    /// Sends a request, and counts it.
    pub async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        match request.route {
            Route::Client => self.client.send(request).await,
            Route::Raw => {
                let bytes = raw::to_bytes(request, self.address);
                raw::send(self.address, &request.method, &bytes).await
            }
        }
    }

    /// Counts a request that goes to an emulator of a golden's own.
    pub fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// The run's ledger.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of a user that was just created: its username or, where there are internal ids,
    /// the end of Location, else the id in the body.
    pub fn key_of(&self, username: &str, response: &Response) -> Option<String> {
        if self.profile().naming_user_key == UserKey::Username {
            return Some(username.to_owned());
        }
        let located = response
            .header("location")
            .and_then(|location| location.rsplit('/').next())
            .filter(|id| !id.is_empty())
            .map(str::to_owned);
        located.or_else(|| {
            [Format::Json, Format::Xml].into_iter().find_map(|format| {
                let profile = *self.profile();
                Reader { format, profile }.user(&response.body).ok()?.id
            })
        })
    }

    /// Asks once whether the target answers this login.
    pub async fn preflight(&self) -> Result<(), ConformanceError> {
        let request = Request::new("GET", self.users_path())
            .header("Authorization", self.authorization())
            .header("Accept", Format::Xml.media_type());
        let address = self.address;
        let answer = self.send(&request).await.map_err(|error| {
            ConformanceError::Unreachable(format!(
                "{address}: {error}; is the target running? `cargo mock` starts one, and `--target mock` needs none"
            ))
        })?;
        match answer.status {
            401 => Err(ConformanceError::Unreachable(format!(
                "{address} refuses the login of account {}; check BW_USERNAME and BW_PASSWORD",
                self.credentials.account_id
            ))),
            403 => Err(ConformanceError::Unreachable(format!(
                "{address}: the login has no access to account {}; check BW_ACCOUNT_ID",
                self.credentials.account_id
            ))),
            _ => Ok(()),
        }
    }

    /// Deletes what the ledger says is still there. Returns what could not be deleted.
    pub async fn clean_up(&self) -> Vec<String> {
        let remaining = self.ledger().remaining();
        let mut left = Vec::new();
        let mut patience = Patience::default();
        for user in remaining {
            let keys = match &user.key {
                Some(key) => Some(vec![key.clone()]),
                None => self.look_for(&user, &mut patience).await,
            };
            let Some(keys) = keys else {
                left.push(format!("{} (perhaps)", user.username));
                continue;
            };
            for key in keys {
                if self.delete(&key, &mut patience).await {
                    self.ledger().deleted(&key);
                } else {
                    left.push(format!("{} (key {key})", user.username));
                }
            }
        }
        left.sort();
        left.dedup();
        left
    }

    async fn delete(&self, key: &str, patience: &mut Patience) -> bool {
        let path = format!("{}/{key}", self.users_path());
        let answer = self.insist("DELETE", &path, patience).await;
        answer.is_some_and(|answer| matches!(answer.status, 200 | 204 | 404))
    }

    /// Looks in the list for a user whose create was never answered; its name is this run's own.
    async fn look_for(&self, user: &Remaining, patience: &mut Patience) -> Option<Vec<String>> {
        let answer = self.insist("GET", &self.users_path(), patience).await?;
        let reader = Reader {
            format: Format::Xml,
            profile: *self.profile(),
        };
        let users = reader.users(&answer.body).ok()?;
        users
            .into_iter()
            .filter(|found| found.username.as_deref() == Some(user.username.as_str()))
            .map(|found| match self.profile().naming_user_key {
                UserKey::UserId => found.id,
                UserKey::Username => Some(user.username.clone()),
            })
            .collect()
    }

    /// Sends an idempotent request again while the target limits or fails, and patience lasts.
    async fn insist(&self, method: &str, path: &str, patience: &mut Patience) -> Option<Response> {
        let request = Request::new(method, path)
            .header("Authorization", self.authorization())
            .header("Accept", Format::Xml.media_type());
        loop {
            match self.send(&request).await {
                Ok(answer) if answer.status != 429 && answer.status < 500 => {
                    patience.restore();
                    return Some(answer);
                }
                _ => tokio::time::sleep(patience.spend()?).await,
            }
        }
    }
}

/// How often a clean-up tries again. Once it is spent it comes back only with a success, so that an
/// outage is waited out once and not again for every user.
#[derive(Default)]
struct Patience {
    spent: u32,
}

impl Patience {
    const TRIES: u32 = 5;

    /// How long to wait before the next try; `None` when there should be none.
    fn spend(&mut self) -> Option<Duration> {
        self.spent = (self.spent + 1).min(Self::TRIES);
        (self.spent < Self::TRIES).then(|| Duration::from_millis(25 << self.spent))
    }

    fn restore(&mut self) {
        self.spent = 0;
    }
}
