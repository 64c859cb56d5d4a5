//! The server inside a process, for tests.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    thread::JoinHandle,
};

use bandwidth_fixtures::{NamedProfile, Seed};
use thiserror::Error;
use tokio::sync::watch;

use crate::{
    config::{Config, ConfigError},
    server,
};

/// A running server. It has a thread and a runtime of its own, so it works from any test, with
/// or without an async runtime. Dropping it stops it.
#[derive(Debug)]
pub struct MockServer {
    address: SocketAddr,
    stop: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a server did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// No port, thread or runtime.
    #[error("the mock server did not start: {0}")]
    Io(#[from] std::io::Error),
    /// An option that cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Options of a server.
#[derive(Debug, Default)]
#[must_use]
pub struct Builder {
    profile: Option<NamedProfile>,
    seed: Option<Seed>,
    faults: Vec<String>,
}

impl Builder {
    /// How it behaves; `guide` by default.
    pub fn profile(mut self, profile: NamedProfile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// The accounts it starts with; the demo seed by default.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Lets requests fail, as `--fault` does: `status=503,every=5`.
    pub fn fault(mut self, rule: impl Into<String>) -> Self {
        self.faults.push(rule.into());
        self
    }

    /// Starts the server on a free port of 127.0.0.1. It is bound when this returns.
    pub fn start_blocking(self) -> Result<MockServer, StartError> {
        let mut config = Config::default();
        if let Some(profile) = self.profile {
            config.profile = profile;
        }
        if let Some(seed) = self.seed {
            config.seed = seed;
        }
        config.faults = self.faults;
        MockServer::launch(&config)
    }

    /// The same for async callers. Nothing here waits, so it does not block the runtime.
    #[expect(clippy::unused_async, reason = "room to wait for something later")]
    pub async fn start(self) -> Result<MockServer, StartError> {
        self.start_blocking()
    }
}

impl MockServer {
    /// A server with the profile `guide` and the demo seed.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// The same without async.
    pub fn start_blocking() -> Result<Self, StartError> {
        Self::builder().start_blocking()
    }

    /// Options.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens, as `http://127.0.0.1:40123`.
    pub fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base of the emulated API, as `http://127.0.0.1:40123/api`.
    pub fn base_url(&self) -> String {
        format!("{}/api", self.uri())
    }

    fn launch(config: &Config) -> Result<Self, StartError> {
        let listener = server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let app = Arc::new(config.app()?);
        let (stop, stopped) = watch::channel(());
        let thread = std::thread::Builder::new()
            .name("bandwidth-mock".to_owned())
            .spawn(move || {
                // The listener is bound, so only a broken runtime could fail here.
                if let Err(error) = runtime.block_on(server::serve(listener, app, stopped)) {
                    tracing::error!(%error, "the mock server stopped");
                }
            })?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
