//! State that all requests of a server share.

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
    pub faults: FaultSet,
    pub journal: Journal,
    /// Behaviours that the traffic relied on.
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
    /// The state that a reset restores.
    pub start: Start,
    pub settings: Settings,
    /// Number of throwaway accounts that were made.
    pub(crate) made: AtomicU64,
    /// Deleted accounts, for a reader that needs all accounts of a run.
    gone: Mutex<Option<Vec<Arc<AccountState>>>>,
    stop: watch::Sender<bool>,
}

/// The state that a server starts with, and that a reset restores.
#[derive(Debug)]
pub struct Start {
    pub accounts: Vec<Arc<Origin>>,
    pub profile: Arc<NamedProfile>,
    pub faults: Vec<Fault>,
    /// When the server's clock starts; the machine's time by default.
    pub clock: Option<Duration>,
}

/// Settings that stay the same while a server runs.
#[derive(Debug)]
pub struct Settings {
    /// Size limits of the journal.
    pub journal: Limits,
    /// Seed of pseudo-random values.
    pub random_seed: u64,
    /// True if a header of each response lists the behaviours that shaped it.
    pub explain: bool,
    /// Token of the control API; if there is none, every client that can reach it has access.
    pub admin_token: Option<Secret>,
    /// Address of the control API, if it has one of its own.
    pub admin_apart: Option<SocketAddr>,
    /// Address of the emulated API.
    pub api: SocketAddr,
    /// Time limit of a TLS handshake, of the head of a request, and of its body.
    pub read_timeout: Duration,
    /// True if the API's socket accepts TLS beside plain HTTP.
    pub tls: bool,
    /// True if it acts as a proxy for Bandwidth's hosts.
    pub proxy: bool,
    /// The certificate that clients must trust, as PEM, with TLS or a proxy.
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

    /// Keeps deleted accounts, if a reader needs them.
    pub(crate) fn keep_gone<I: IntoIterator<Item = Arc<AccountState>>>(
        &self,
        accounts: impl FnOnce() -> I,
    ) {
        if let Some(gone) = &mut *self.gone.lock() {
            gone.extend(accounts());
        }
    }

    /// Keeps, from now on, deleted accounts and their requests.
    #[cfg(feature = "trials")]
    pub fn keep_what_goes(&self) {
        self.journal.keep_forgotten();
        self.gone.lock().get_or_insert_default();
    }

    /// All main accounts; deleted ones that were kept come first.
    #[cfg(feature = "trials")]
    pub fn all_accounts(&self) -> Vec<Arc<AccountState>> {
        let mut all = self.gone.lock().clone().unwrap_or_default();
        all.extend(self.store().accounts());
        all
    }

    /// Profile of accounts without one of their own.
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
