//! The server inside a process, for tests.

mod account;
mod builder;
mod pattern;

use std::{fmt, sync::Arc, thread::JoinHandle};

#[cfg(feature = "trials")]
use bandwidth_fixtures::{NamedProfile, Secret};
use thiserror::Error;

pub use self::{
    account::{Account, AccountBuilder, ArmedFaultHandle, Times},
    builder::Builder,
    pattern::RequestPattern,
};
#[cfg(feature = "trials")]
use crate::generate::client_of;
use crate::{
    address::{reachable, token_url},
    app::App,
    clock::ClockChange,
    config::{Config, ConfigError},
    control::ControlError,
    journal::{Entry, RecordedRequest},
    server::{self, Addresses, BindError, Sockets},
    tls::TlsError,
};

/// A running server. It has a thread and a runtime of its own, so it works from any test, with
/// or without an async runtime. Dropping it stops it at once.
pub struct MockServer {
    addresses: Addresses,
    app: Arc<App>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for MockServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServer")
            .field("uri", &self.uri())
            .finish_non_exhaustive()
    }
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

impl From<TlsError> for StartError {
    fn from(error: TlsError) -> Self {
        Self::Config(error.into())
    }
}

/// An operation that the server rejected. The text states the correction.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct AccountError(#[from] ControlError);

impl MockServer {
    /// A server with the profile `guide` and the demo seed.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Starts it without async.
    pub fn start_blocking() -> Result<Self, StartError> {
        Self::builder().start_blocking()
    }

    /// Options.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Address, as `http://127.0.0.1:40123`.
    pub fn uri(&self) -> String {
        format!("http://{}", reachable(self.addresses.api))
    }

    /// The base of the emulated API, as `http://127.0.0.1:40123/api`.
    pub fn base_url(&self) -> String {
        format!("{}/api", self.uri())
    }

    /// Token endpoint, as `http://127.0.0.1:40123/api/v1/oauth2/token`. Profiles without tokens
    /// return 404 there.
    pub fn token_url(&self) -> String {
        token_url(&self.base_url())
    }

    /// The name of the identity domain of the first account it started with.
    pub fn domain_name(&self) -> &str {
        let first = self.app.start.accounts.first();
        first.map_or("", |origin| &origin.account.domain_name)
    }

    /// The control API, as `http://127.0.0.1:40123/__admin`.
    pub fn admin_url(&self) -> String {
        let address = reachable(self.addresses.admin);
        format!("http://{address}{}", crate::admin::PREFIX)
    }

    /// The inspector, a page for a browser: requests, responses and the reasons.
    pub fn inspector_url(&self) -> String {
        format!("{}/ui", self.admin_url())
    }

    /// The certificate that clients must trust, as PEM, if the server accepts TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.app.settings.ca_pem.as_deref()
    }

    /// An account for one test: its own id, credentials, limits, faults and journal, the roles of
    /// the demo account and no users. Dropping it deletes it.
    pub fn account(&self) -> Result<Account, AccountError> {
        self.account_builder().create()
    }

    /// An account for one test, with options.
    pub fn account_builder(&self) -> AccountBuilder {
        AccountBuilder::new(Arc::clone(&self.app), self.base_url())
    }

    /// The requests so far that the journal still has, of all accounts.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        let entries = self.journal_entries();
        entries.iter().map(|entry| (&**entry).into()).collect()
    }

    /// The server, for what the library has no method for.
    #[cfg(feature = "trials")]
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// The journal's entries, of all accounts, deleted ones included.
    pub(crate) fn journal_entries(&self) -> Vec<Arc<Entry>> {
        self.app.journal.all()
    }

    /// The client id of the first account, and its secret if the seed has it in plain text.
    #[cfg(feature = "trials")]
    pub(crate) fn first_client(&self) -> Option<(String, Secret)> {
        client_of(&self.app.start.accounts.first()?.account)
    }

    /// The profile at the start.
    #[cfg(feature = "trials")]
    pub(crate) fn profile_at_start(&self) -> Arc<NamedProfile> {
        Arc::clone(&self.app.start.profile)
    }

    /// Restores the state at the start. Throwaway accounts are deleted.
    pub fn reset(&self) -> Result<(), AccountError> {
        Ok(self.app.reset()?)
    }

    /// Stops the clocks of the server and of all its accounts.
    pub fn freeze_clock(&self) {
        // Only an advance can be rejected.
        let _ = self.app.set_clocks(ClockChange::Freeze);
    }

    /// Moves these clocks forward: rate limits, lockouts, tokens and the time to live of
    /// faults follow it.
    pub fn advance_clock(&self, by: std::time::Duration) -> Result<(), AccountError> {
        Ok(self.app.set_clocks(ClockChange::Advance(by))?)
    }

    /// Lets these clocks run again.
    pub fn resume_clock(&self) {
        let _ = self.app.set_clocks(ClockChange::Resume);
    }

    fn launch(config: &Config) -> Result<Self, StartError> {
        let certificates = config.certificates()?;
        let sockets =
            Sockets::bind(config.listen, config.admin_listen).map_err(BindError::into_io)?;
        let addresses = sockets.addresses()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let app = Arc::new(config.app(&addresses, &certificates)?);
        let served = Arc::clone(&app);
        let thread = std::thread::Builder::new()
            .name("bandwidth-mock".to_owned())
            .spawn(move || {
                // The listener is bound, so only a broken runtime could fail here.
                let outcome = runtime.block_on(server::serve(sockets, served, certificates));
                if let Err(error) = outcome {
                    tracing::error!(%error, "the mock server stopped");
                }
                // The end does not wait for responses that a fault delays.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            addresses,
            app,
            thread: Some(thread),
        })
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.app.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
