//! Options of a server.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, SystemTime},
};

use bandwidth_fixtures::{NamedProfile, RateLimit, Secret, Seed};

use super::{MockServer, StartError};
#[cfg(feature = "tls")]
use crate::tls::Certificate;
use crate::{
    clock::start_at,
    config::{Config, ConfigError},
};

/// Options of a server: what the flags of `bandwidth-mock serve` choose.
#[derive(Debug)]
#[must_use]
pub struct Builder {
    config: Config,
    faults: Vec<String>,
    domain_name: Option<String>,
    rate_limit: Option<RateLimit>,
    clock: Option<SystemTime>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            config: Config {
                listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into(),
                ..Config::default()
            },
            faults: Vec::new(),
            domain_name: None,
            rate_limit: None,
            clock: None,
        }
    }
}

impl Builder {
    /// Sets the address to listen on; a free port of 127.0.0.1 by default.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.config.listen = address.into();
        self
    }

    /// Sets the profile; `guide` by default.
    pub fn profile(mut self, profile: NamedProfile) -> Self {
        self.config.profile = profile;
        self
    }

    /// The accounts it starts with; the demo seed by default.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.config.seed = seed;
        self
    }

    /// Sets the name of the first account's identity domain; the seed's by default.
    ///
    /// ```
    /// use bandwidth_mock::MockServer;
    ///
    /// let server = MockServer::builder().domain_name("Example").start_blocking()?;
    /// assert_eq!(server.domain_name(), "Example");
    /// # Ok::<(), bandwidth_mock::StartError>(())
    /// ```
    pub fn domain_name(mut self, name: impl Into<String>) -> Self {
        self.domain_name = Some(name.into());
        self
    }

    /// Adds made-up users to each account.
    pub fn users(mut self, count: u32) -> Self {
        self.config.users = count;
        self
    }

    /// Lets requests fail, as `--fault` does: `status=503,every=5`.
    pub fn fault(mut self, rule: impl Into<String>) -> Self {
        self.faults.push(rule.into());
        self
    }

    /// Limits the requests of each account.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// When the server's clock starts; the machine's time by default.
    pub fn clock(mut self, start: SystemTime) -> Self {
        self.clock = Some(start);
        self
    }

    /// Sets the seed of pseudo-random values, which makes them repeatable; 0 by default.
    pub fn random_seed(mut self, seed: u64) -> Self {
        self.config.random_seed = seed;
        self
    }

    /// Sets the number of requests and bytes that the journal keeps; 0 turns it off.
    pub fn journal(mut self, entries: usize, bytes: usize) -> Self {
        self.config.journal = crate::journal::Limits { entries, bytes };
        self
    }

    /// Adds the header `Mock-Explain` to each response.
    pub fn explain(mut self) -> Self {
        self.config.explain = true;
        self
    }

    /// Sets an address for the control API; by default it shares that of the emulated API.
    pub fn admin_listen(mut self, address: SocketAddr) -> Self {
        self.config.admin_listen = Some(address.into());
        self
    }

    /// Sets the token that clients of the control API must send.
    pub fn admin_token(mut self, token: impl Into<String>) -> Self {
        self.config.admin_token = Some(Secret::new(token));
        self
    }

    /// Takes TLS beside plain HTTP, with a certificate made now, also for these names.
    /// Needs the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.config.tls = Some(Certificate::Generated(names));
        self
    }

    /// Answers as a proxy for Bandwidth's hosts, for clients whose host is fixed in their code.
    /// Clients trust [`MockServer::ca_pem`]. Needs the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn proxy(mut self) -> Self {
        self.config.proxy = true;
        self
    }

    /// Takes TLS with a certificate and a key from PEM files. Needs the feature
    /// `tls`.
    #[cfg(feature = "tls")]
    pub fn tls_files(
        mut self,
        certificate: impl Into<std::path::PathBuf>,
        key: impl Into<std::path::PathBuf>,
    ) -> Self {
        self.config.tls = Some(Certificate::Files {
            certificate: certificate.into(),
            key: key.into(),
        });
        self
    }

    /// Sets the time limit of handshakes, heads and bodies; 30 seconds by default.
    #[doc(hidden)]
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.config.read_timeout = timeout;
        self
    }

    /// Starts the server. It is bound when this returns.
    pub fn start_blocking(mut self) -> Result<MockServer, StartError> {
        let faults = self.faults.iter().map(|rule| rule.parse());
        self.config.faults = faults
            .collect::<Result<_, _>>()
            .map_err(ConfigError::Fault)?;
        if let Some(name) = self.domain_name {
            let named = self.config.seed.with_domain_name(name);
            self.config.seed = named.map_err(ConfigError::Fixture)?;
        }
        if let Some(limit) = self.rate_limit {
            let assignment = format!("rate.limit={limit}");
            let set = self.config.profile.set([assignment.as_str()]);
            set.map_err(ConfigError::Fixture)?;
        }
        let clock = self.clock.map(start_at).transpose();
        self.config.clock = clock.map_err(|error| ConfigError::Value(format!("clock: {error}")))?;
        self.config.require_token()?;
        MockServer::launch(&self.config)
    }

    /// Starts the server, for async callers. Nothing here waits, so it does not block the runtime.
    #[expect(clippy::unused_async, reason = "room to wait for something later")]
    pub async fn start(self) -> Result<MockServer, StartError> {
        self.start_blocking()
    }
}
