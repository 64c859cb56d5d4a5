//! What all requests of a server share.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bandwidth_fixtures::{NamedProfile, Secret};
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use crate::{
    clock::Clock,
    fault::{Fault, FaultSet},
    journal::{Journal, Limits, assumptions::Reliance},
    jwt::Signer,
    metrics::Metrics,
    store::{AccountState, Exists, Origin, Store},
};

/// A running server.
#[derive(Debug)]
pub struct App {
    store: RwLock<Arc<Store>>,
    profile: RwLock<Arc<NamedProfile>>,
    /// What fails deliberately.
    pub faults: FaultSet,
    /// What was asked and answered.
    pub journal: Journal,
    /// Which behaviours the traffic relied on.
    pub reliance: Reliance,
    /// Signs tokens, with a key that a reset keeps.
    pub signer: Signer,
    /// Counts for Prometheus.
    pub metrics: Metrics,
    /// The time, for accounts without a clock of their own.
    pub clock: Arc<Clock>,
    /// Held while clocks are set, so that each change reaches each account once.
    pub(crate) setting_clocks: Mutex<()>,
    /// When the server started, on the machine's clock, since the Unix epoch.
    pub started: Duration,
    /// What a reset returns to.
    pub start: Start,
    /// What never changes.
    pub settings: Settings,
    /// How many throwaway accounts were made.
    pub(crate) made: AtomicU64,
    /// Accounts that are gone, for a reader that wants all of a run.
    gone: Mutex<Option<Vec<Arc<AccountState>>>>,
    stop: watch::Sender<bool>,
}

/// What a server starts with, and returns to when it is reset.
#[derive(Debug)]
pub struct Start {
    pub accounts: Vec<Arc<Origin>>,
    /// How the server behaves.
    pub profile: Arc<NamedProfile>,
    /// What fails deliberately.
    pub faults: Vec<Fault>,
    /// When the server's clock starts; the machine's time by default.
    pub clock: Option<Duration>,
}

/// What stays the same for as long as a server runs.
#[derive(Debug)]
pub struct Settings {
    /// How much the journal keeps.
    pub journal: Limits,
    /// Decides what looks random.
    pub random_seed: u64,
    /// Whether responses say in a header which behaviours shaped them.
    pub explain: bool,
    /// What opens the control API; none when it is open to everybody who can reach it.
    pub admin_token: Option<Secret>,
    /// Where the control API listens, when it has an address of its own.
    pub admin_apart: Option<SocketAddr>,
    /// Where the emulated API listens.
    pub api: SocketAddr,
    /// How long a TLS handshake, the head of a request or its body may take.
    pub read_timeout: Duration,
    /// Whether the API's socket takes TLS beside plain HTTP.
    pub tls: bool,
    /// Whether it answers as a proxy for Bandwidth's hosts.
    pub proxy: bool,
    /// The certificate that clients must trust, as PEM, where there is TLS or a proxy.
    pub ca_pem: Option<String>,
}

impl App {
    /// The server as it starts.
    pub fn new(start: Start, settings: Settings, signer: Signer) -> Result<Self, Exists> {
        let clock = Arc::new(Clock::new(start.clock));
        let store = Store::new(&start.accounts, &clock)?;
        let started = SystemTime::now().duration_since(UNIX_EPOCH);
        Ok(Self {
            store: RwLock::new(Arc::new(store)),
            profile: RwLock::new(Arc::clone(&start.profile)),
            faults: FaultSet::new(start.faults.clone(), clock.now()),
            journal: Journal::new(settings.journal),
            reliance: Reliance::default(),
            signer,
            metrics: Metrics::default(),
            clock,
            setting_clocks: Mutex::new(()),
            started: started.unwrap_or_default(),
            start,
            settings,
            made: AtomicU64::new(0),
            gone: Mutex::default(),
            stop: watch::Sender::new(false),
        })
    }

    /// The accounts. A reset or a restore puts others in their place; what holds these continues
    /// with these.
    pub fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store.read())
    }

    pub(crate) fn set_store(&self, store: Store) {
        let before = std::mem::replace(&mut *self.store.write(), Arc::new(store));
        self.keep_gone(|| before.accounts());
    }

    /// Remembers accounts that are gone, where that is wanted.
    pub(crate) fn keep_gone<I: IntoIterator<Item = Arc<AccountState>>>(
        &self,
        accounts: impl FnOnce() -> I,
    ) {
        if let Some(gone) = &mut *self.gone.lock() {
            gone.extend(accounts());
        }
    }

    /// From now on keeps what goes: requests of accounts that are deleted, and accounts.
    #[cfg(feature = "trials")]
    pub fn keep_what_goes(&self) {
        self.journal.keep_forgotten();
        self.gone.lock().get_or_insert_default();
    }

    /// All main accounts, those first that are gone and were kept.
    #[cfg(feature = "trials")]
    pub fn all_accounts(&self) -> Vec<Arc<AccountState>> {
        let mut all = self.gone.lock().clone().unwrap_or_default();
        all.extend(self.store().accounts());
        all
    }

    /// How the server behaves, for accounts without a profile of their own.
    pub fn profile(&self) -> Arc<NamedProfile> {
        Arc::clone(&self.profile.read())
    }

    pub(crate) fn set_profile(&self, profile: Arc<NamedProfile>) {
        *self.profile.write() = profile;
    }

    /// Asks the server to stop.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Changes when the server is to stop.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }
}
