//! The validated configuration of a server. What is here can be started.

use std::{sync::Arc, time::Duration};

use bandwidth_fixtures::{FixtureError, NamedProfile, Secret, Seed, seed::SeedAccount};
use data_encoding::HEXLOWER;
use thiserror::Error;

use crate::{
    address::Listen,
    app::{App, Settings, Start},
    fault::{Fault, FaultError},
    generate::with_credential,
    journal::Limits,
    jwt::{NoRandomNumbers, Signer},
    random::mix,
    server::Addresses,
    store::{Exists, Origin},
    tls::{Certificate, Certificates, TlsError},
};

/// What a server is started with.
#[derive(Debug)]
pub struct Config {
    /// Where it listens.
    pub listen: Listen,
    /// How it behaves.
    pub profile: NamedProfile,
    /// The accounts it starts with.
    pub seed: Seed,
    /// How many users are generated for each account.
    pub users: u32,
    /// Fault rules.
    pub(crate) faults: Vec<Fault>,
    /// Where the control API listens, when not next to the emulated API.
    pub admin_listen: Option<Listen>,
    /// What opens the control API.
    pub admin_token: Option<Secret>,
    /// How much the journal keeps.
    pub(crate) journal: Limits,
    /// Whether it takes TLS beside plain HTTP, and with which certificate.
    pub tls: Option<Certificate>,
    /// Whether it answers as a proxy for Bandwidth's hosts.
    pub proxy: bool,
    /// When the server's clock starts, since the Unix epoch; the machine's time by default.
    pub(crate) clock: Option<Duration>,
    /// Decides what looks random.
    pub random_seed: u64,
    /// Whether responses say which behaviours shaped them.
    pub explain: bool,
    /// How long a TLS handshake, the head of a request or its body may take.
    pub(crate) read_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Listen::Loopback(8080),
            profile: NamedProfile::built_in("guide").expect("it is built in"),
            seed: Seed::built_in("demo").expect("it is built in"),
            users: 0,
            faults: Vec::new(),
            admin_listen: None,
            admin_token: None,
            journal: Limits::default(),
            tls: None,
            proxy: false,
            clock: None,
            random_seed: 0,
            explain: false,
            read_timeout: Duration::from_secs(30),
        }
    }
}

/// A configuration that cannot be used. The text says what is wrong and what would be right.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A profile, seed or behaviour.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// A fault.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// A certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Two accounts that cannot be there together.
    #[error(transparent)]
    Exists(#[from] Exists),
    /// A value of a flag, variable or configuration file.
    #[error("{0}")]
    Value(String),
}

impl Config {
    /// Makes up a token for the control API where it can be reached from other machines and none
    /// was given.
    pub(crate) fn require_token(&mut self) -> Result<(), ConfigError> {
        let address = self.admin_listen.unwrap_or(self.listen);
        if self.admin_token.is_none() && !address.first().ip().is_loopback() {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).map_err(|error| {
                ConfigError::Value(format!(
                    "no token for the control API can be made without random numbers ({error}); \
                     give one with --admin-token"
                ))
            })?;
            self.admin_token = Some(Secret::new(HEXLOWER.encode(&bytes)));
        }
        Ok(())
    }

    /// The certificates for TLS and for tunnels.
    pub(crate) fn certificates(&self) -> Result<Certificates, TlsError> {
        Certificates::load(self.tls.as_ref(), self.proxy)
    }

    /// The accounts that it starts with; those that have no credentials are given one.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = SeedAccount> {
        let accounts = self.seed.accounts.iter().cloned();
        accounts.map(|account| with_credential(account, self.random_seed))
    }

    /// The fault, for the domain of its account if it has one.
    fn of_domain(&self, fault: &Fault) -> Result<Fault, ConfigError> {
        let Some(id) = &fault.account else {
            return Ok(fault.clone());
        };
        let mut accounts = self.seed.accounts.iter();
        let domain = accounts.find(|account| account.account_ids().any(|known| known == id));
        let domain = domain.ok_or_else(|| {
            ConfigError::Value(format!(
                "a fault is for account `{id}`, and the seed has no such account; a throwaway \
                 account gets its faults when it is made"
            ))
        })?;
        Ok(Fault {
            account: Some(domain.account_id.clone()),
            ..fault.clone()
        })
    }

    /// The world that the configuration describes, for a server that listens at these addresses.
    pub(crate) fn app(
        &self,
        addresses: &Addresses,
        certificates: &Certificates,
    ) -> Result<App, ConfigError> {
        let accounts = (0_u64..).zip(self.accounts());
        let accounts = accounts.map(|(index, account)| {
            Arc::new(Origin {
                account,
                generated: self.users,
                profile: None,
                clock: None,
                random: mix(mix(self.random_seed, 0), index),
            })
        });
        let faults = self.faults.iter().map(|fault| self.of_domain(fault));
        let start = Start {
            accounts: accounts.collect(),
            profile: Arc::new(self.profile.clone()),
            faults: faults.collect::<Result<_, _>>()?,
            clock: self.clock,
        };
        let settings = Settings {
            journal: self.journal,
            random_seed: self.random_seed,
            explain: self.explain,
            admin_token: self.admin_token.clone(),
            admin_apart: self.admin_listen.map(|_| addresses.admin),
            tls: certificates.own().is_some(),
            proxy: self.proxy,
            ca_pem: certificates.ca_pem().map(str::to_owned),
            api: addresses.api,
            read_timeout: self.read_timeout,
        };
        let signer = Signer::new().map_err(|NoRandomNumbers| {
            let message = "no key for tokens can be made: the machine gives no random numbers";
            ConfigError::Value(message.to_owned())
        })?;
        Ok(App::new(start, settings, signer)?)
    }
}
