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

/// Settings of a server at its start.
#[derive(Debug)]
pub struct Config {
    pub listen: Listen,
    pub profile: NamedProfile,
    /// The accounts it starts with.
    pub seed: Seed,
    /// Number of users to generate for each account.
    pub users: u32,
    /// Fault rules.
    pub(crate) faults: Vec<Fault>,
    /// Address of the control API, if it has one of its own.
    pub admin_listen: Option<Listen>,
    /// Token of the control API.
    pub admin_token: Option<Secret>,
    /// Size limits of the journal.
    pub(crate) journal: Limits,
    /// The certificate, if it accepts TLS beside plain HTTP.
    pub tls: Option<Certificate>,
    /// True if it acts as a proxy for Bandwidth's hosts.
    pub proxy: bool,
    /// When the server's clock starts, since the Unix epoch; the machine's time by default.
    pub(crate) clock: Option<Duration>,
    /// Seed of pseudo-random values.
    pub random_seed: u64,
    /// True if a header of each response lists the behaviours that shaped it.
    pub explain: bool,
    /// Time limit of a TLS handshake, of the head of a request, and of its body.
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

/// A configuration that cannot be used. The text states the problem and the correction.
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
    /// Makes a token for the control API, if other machines can reach it and none was given.
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

    /// The accounts at the start; those without credentials get one.
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
