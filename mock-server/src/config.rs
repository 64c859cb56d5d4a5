//! The validated configuration of a server. What is here can be started.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    str::FromStr,
};

use bandwidth_fixtures::{FixtureError, NamedProfile, RateLimit, Seed};
use serde::Deserialize;
use thiserror::Error;

use crate::{
    app::App,
    cli::{Announce, ServeArguments},
    clock::Clock,
    fault::FaultRule,
    generate,
    random::mix,
    store::Store,
};

/// What a server is started with.
#[derive(Debug)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How it behaves.
    pub profile: NamedProfile,
    /// The accounts it starts with.
    pub seed: Seed,
    /// Fault rules, as written.
    pub faults: Vec<String>,
    /// Decides what looks random.
    pub random_seed: u64,
    /// How it says that it is ready.
    pub announce: Announce,
    /// What is logged.
    pub log: String,
    /// Whether responses say which behaviours shaped them.
    pub explain: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            profile: NamedProfile::built_in("guide").expect("it is built in"),
            seed: Seed::built_in("demo").expect("it is built in"),
            faults: Vec::new(),
            random_seed: 0,
            announce: Announce::Text,
            log: "warn".to_owned(),
            explain: false,
        }
    }
}

/// A configuration that cannot be used. The text says what is wrong and what would be right.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A profile, seed or behaviour.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// A value of a flag, variable or configuration file.
    #[error("{0}")]
    Value(String),
    /// The configuration file.
    #[error("configuration file {file}: {message}")]
    File {
        /// Its path.
        file: String,
        /// What is wrong.
        message: String,
    },
}

/// The configuration file: the flags by their long names.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    listen: Option<String>,
    profile: Option<String>,
    #[serde(default)]
    set: Vec<String>,
    seed: Option<String>,
    users: Option<u32>,
    rate_limit: Option<String>,
    #[serde(default)]
    fault: Vec<String>,
    random_seed: Option<u64>,
    announce: Option<String>,
    log: Option<String>,
    explain: Option<bool>,
}

impl File {
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let wrong = |message: String| ConfigError::File {
            file: path.display().to_string(),
            message,
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| wrong(format!("cannot be read: {error}")))?;
        toml::from_str(&text).map_err(|error| wrong(error.message().replace('\n', ", ")))
    }
}

impl Config {
    /// Checks what was given. A flag or variable beats the configuration file.
    pub fn from_arguments(arguments: &ServeArguments) -> Result<Self, ConfigError> {
        let file = arguments
            .config
            .as_deref()
            .map_or(Ok(File::default()), File::read)?;
        let default = Self::default();

        let mut profile = match arguments.profile.as_ref().or(file.profile.as_ref()) {
            Some(name) => NamedProfile::load(name)?,
            None => default.profile,
        };
        let given = |flags: &[String], file: Vec<String>| {
            if flags.is_empty() {
                file
            } else {
                flags.to_vec()
            }
        };
        let mut assignments = given(&arguments.set, file.set);
        if let Some(limit) = arguments.rate_limit.as_ref().or(file.rate_limit.as_ref()) {
            let limit = RateLimit::from_str(limit).map_err(ConfigError::Value)?;
            assignments.push(format!("rate.limit={limit}"));
        }
        profile.set(assignments.iter().map(String::as_str))?;

        let mut seed = match arguments.seed.as_ref().or(file.seed.as_ref()) {
            Some(name) => Seed::load(name)?,
            None => default.seed,
        };
        if let Some(count) = arguments.users.or(file.users) {
            generate::add_users(&mut seed, count);
        }

        let announce = match (arguments.announce, file.announce) {
            (Some(announce), _) => announce,
            (None, Some(text)) => Announce::from_str(&text).map_err(ConfigError::Value)?,
            (None, None) => default.announce,
        };
        let log = arguments.log.clone().or(file.log).unwrap_or(default.log);
        tracing_subscriber::EnvFilter::try_new(&log).map_err(|error| {
            ConfigError::Value(format!(
                "log filter `{log}`: {error}; write error, warn, info, debug or trace"
            ))
        })?;

        Ok(Self {
            listen: match arguments.listen.as_ref().or(file.listen.as_ref()) {
                Some(text) => parse_address(text)?,
                None => default.listen,
            },
            profile,
            seed,
            faults: given(&arguments.fault, file.fault),
            random_seed: match arguments.random_seed.or(file.random_seed) {
                Some(seed) => seed,
                None => fresh_seed(),
            },
            announce,
            log,
            explain: arguments.explain || file.explain.unwrap_or(default.explain),
        })
    }

    /// The world that the configuration describes.
    pub(crate) fn app(&self) -> Result<App, ConfigError> {
        Ok(App {
            store: Store::from_seed(&self.seed, mix(self.random_seed, 0)),
            profile: self.profile.clone(),
            faults: self
                .faults
                .iter()
                .map(|fault| FaultRule::from_str(fault).map_err(ConfigError::Value))
                .collect::<Result<_, _>>()?,
            clock: Clock::system(),
            random_seed: self.random_seed,
            explain: self.explain,
        })
    }
}

/// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` and `8080`, where 0 is a free port.
fn parse_address(text: &str) -> Result<SocketAddr, ConfigError> {
    let wrong = || {
        ConfigError::Value(format!(
            "address `{text}`: write ADDRESS:PORT, as 127.0.0.1:8080; port 0 takes a free one"
        ))
    };
    let port = |digits: &str| digits.parse::<u16>().map_err(|_| wrong());
    let loopback = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    match text.rsplit_once(':') {
        None => port(text).map(loopback),
        Some(("" | "localhost", digits)) => port(digits).map(loopback),
        Some(_) => Err(wrong()),
    }
}

fn fresh_seed() -> u64 {
    // Without a source of randomness a fixed seed still serves.
    getrandom::u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::parse_address;

    #[test]
    fn addresses_people_write() {
        for (text, expected) in [
            ("127.0.0.1:0", "127.0.0.1:0"),
            (":0", "127.0.0.1:0"),
            ("9000", "127.0.0.1:9000"),
            ("localhost:9000", "127.0.0.1:9000"),
            ("[::1]:9000", "[::1]:9000"),
            ("0.0.0.0:80", "0.0.0.0:80"),
        ] {
            assert_eq!(parse_address(text).unwrap().to_string(), expected);
        }
        for text in [
            "",
            "127.0.0.1",
            "127.0.0.1:x",
            "example.com:80",
            "1.2.3.4:70000",
            "-1",
        ] {
            let error = parse_address(text).unwrap_err().to_string();
            assert!(error.contains("127.0.0.1:8080"), "{error}");
        }
    }
}
