//! What all requests of a server share.

use std::{
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock, atomic::AtomicU64},
    time::Duration,
};

use bandwidth_fixtures::{NamedProfile, Secret};
use tokio::sync::watch;

use crate::{
    clock::Clock,
    fault::{Fault, FaultSet},
    journal::{Journal, Limits, assumptions::Reliance},
    metrics::Metrics,
    store::{Exists, Origin, Store},
};

/// A server's world.
#[derive(Debug)]
pub struct App {
    store: RwLock<Arc<Store>>,
    profile: RwLock<Arc<NamedProfile>>,
    /// What fails on purpose.
    pub faults: FaultSet,
    /// What was asked and answered.
    pub journal: Journal,
    /// Which behaviours the traffic relied on.
    pub reliance: Reliance,
    /// Counts for Prometheus.
    pub metrics: Metrics,
    /// The time.
    pub clock: Clock,
    /// When it started, on the machine's clock, since the Unix epoch.
    pub started: Duration,
    /// What it started with.
    pub start: Start,
    /// How many throwaway accounts were made.
    pub(crate) made: AtomicU64,
    stop: watch::Sender<bool>,
}

/// What a server starts with, and returns to when it is reset.
#[derive(Debug)]
pub struct Start {
    /// The accounts.
    pub accounts: Vec<Arc<Origin>>,
    /// How it behaves.
    pub profile: Arc<NamedProfile>,
    /// What fails on purpose.
    pub faults: Vec<Fault>,
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
    /// The certificate that clients must trust, as PEM, where there is TLS.
    pub ca_pem: Option<String>,
}

impl App {
    /// The world as it starts.
    pub fn new(start: Start) -> Result<Self, Exists> {
        let clock = Clock::system();
        let store = Store::new(start.accounts.iter().cloned())?;
        Ok(Self {
            store: RwLock::new(Arc::new(store)),
            profile: RwLock::new(Arc::clone(&start.profile)),
            faults: FaultSet::new(start.faults.clone(), clock.now()),
            journal: Journal::new(start.journal),
            reliance: Reliance::default(),
            metrics: Metrics::default(),
            started: clock.now(),
            clock,
            start,
            made: AtomicU64::new(0),
            stop: watch::Sender::new(false),
        })
    }

    /// The accounts. A reset or a restore puts others in their place; what holds these goes on
    /// with these.
    pub fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_store(&self, store: Store) {
        *self.store.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(store);
    }

    /// How the server behaves, for accounts without a profile of their own.
    pub fn profile(&self) -> Arc<NamedProfile> {
        Arc::clone(&self.profile.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_profile(&self, profile: Arc<NamedProfile>) {
        *self.profile.write().unwrap_or_else(PoisonError::into_inner) = profile;
    }

    /// Tells the server to stop.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Changes when the server is to stop.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }
}
