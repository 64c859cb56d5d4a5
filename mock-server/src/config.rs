//! The validated configuration of a server. What is here can be started.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use bandwidth_fixtures::{FixtureError, NamedProfile, RateLimit, Secret, Seed, describe};
use data_encoding::HEXLOWER;
use serde::Deserialize;
use thiserror::Error;

use crate::{
    app::{App, Start},
    cli::{Announce, ServeArguments},
    fault::{Fault, FaultError},
    journal::Limits,
    random::mix,
    server::Addresses,
    store::{Exists, Origin},
    tls::{Tls, TlsError},
};

/// What a server is started with.
#[derive(Debug)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How it behaves.
    pub profile: NamedProfile,
    /// What was chosen beside the profile, as `put.semantics=merge`.
    pub(crate) set: Vec<String>,
    /// The accounts it starts with.
    pub seed: Seed,
    /// How many users are made up for each account.
    pub users: u32,
    /// Fault rules.
    pub(crate) faults: Vec<Fault>,
    /// Where the control API listens, when not beside the emulated API.
    pub admin_listen: Option<SocketAddr>,
    /// What opens the control API.
    pub admin_token: Option<Secret>,
    /// How much the journal keeps.
    pub(crate) journal: Limits,
    /// Whether it takes TLS beside plain HTTP, and with which certificate.
    pub tls: Option<Certificate>,
    /// Decides what looks random.
    pub random_seed: u64,
    /// How it says that it is ready.
    pub announce: Announce,
    /// What is logged.
    pub log: String,
    /// Whether responses say which behaviours shaped them.
    pub explain: bool,
}

/// Where a server's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// Made at the start, also for these names and addresses.
    Generated(Vec<String>),
    /// From PEM files.
    Files {
        /// The certificate, and those that lead to its root.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            profile: NamedProfile::built_in("guide").expect("it is built in"),
            set: Vec::new(),
            seed: Seed::built_in("demo").expect("it is built in"),
            users: 0,
            faults: Vec::new(),
            admin_listen: None,
            admin_token: None,
            journal: Limits::default(),
            tls: None,
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
    admin_listen: Option<String>,
    admin_token: Option<Secret>,
    journal_entries: Option<usize>,
    journal_bytes: Option<toml::Value>,
    tls: Option<bool>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    #[serde(default)]
    tls_san: Vec<String>,
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
        let text = std::fs::read_to_string(path).map_err(|error| wrong(describe::io(&error)))?;
        describe::read_toml(&text).map_err(wrong)
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
        // What is wrong with a value is told with where it was given.
        let place = |name: &str, in_arguments: bool| arguments.place(name, in_arguments);

        let (profile, set) = profile(arguments, &file)?;
        let seed = match arguments.seed.as_ref().or(file.seed.as_ref()) {
            Some(name) => Seed::load(name)
                .map_err(|error| named(&place("seed", arguments.seed.is_some()), error))?,
            None => default.seed,
        };
        let fault_place = place("fault", !arguments.fault.is_empty());
        let faults = given(&arguments.fault, &file.fault)
            .iter()
            .map(|fault| fault.parse())
            .collect::<Result<_, FaultError>>()
            .map_err(|error| told(&fault_place, "fault ", &error.to_string()))?;
        let file_bytes = file.journal_bytes.map(|bytes| match bytes {
            toml::Value::String(text) => text,
            other => other.to_string(),
        });
        let journal = Limits {
            entries: arguments
                .journal_entries
                .or(file.journal_entries)
                .unwrap_or(default.journal.entries),
            bytes: match arguments.journal_bytes.as_ref().or(file_bytes.as_ref()) {
                Some(text) => parse_bytes(
                    &place("journal-bytes", arguments.journal_bytes.is_some()),
                    text,
                )?,
                None => default.journal.bytes,
            },
        };
        let tls = certificate(
            arguments.tls || file.tls.unwrap_or(false),
            arguments.tls_cert.clone().or(file.tls_cert),
            arguments.tls_key.clone().or(file.tls_key),
            given(&arguments.tls_san, &file.tls_san).to_vec(),
        )?;
        let token_place = place("admin-token", arguments.admin_token.is_some());
        let admin_token = arguments.admin_token.clone().map(|token| token.0);
        let admin_token = admin_token.or(file.admin_token);
        if admin_token
            .as_ref()
            .is_some_and(|token| token.expose().trim().is_empty())
        {
            return Err(ConfigError::Value(format!(
                "{token_place}: the token is empty; give one, or leave it out"
            )));
        }

        let announce = match (arguments.announce, &file.announce) {
            (Some(announce), _) => announce,
            (None, Some(text)) => Announce::from_str(text).map_err(|()| {
                let place = place("announce", false);
                ConfigError::Value(format!("{place} `{text}`: write text or json"))
            })?,
            (None, None) => default.announce,
        };
        let log = match arguments.log.as_ref().or(file.log.as_ref()) {
            Some(text) => log_filter(&place("log", arguments.log.is_some()), text)?,
            None => default.log,
        };
        let listen = match arguments.listen.as_ref().or(file.listen.as_ref()) {
            Some(text) => parse_address(&place("listen", arguments.listen.is_some()), text)?,
            None => default.listen,
        };
        let admin_place = place("admin-listen", arguments.admin_listen.is_some());
        let admin_listen = arguments
            .admin_listen
            .as_ref()
            .or(file.admin_listen.as_ref());

        Ok(Self {
            listen,
            profile,
            set,
            seed,
            users: arguments.users.or(file.users).unwrap_or(default.users),
            faults,
            admin_listen: admin_listen
                .map(|text| parse_address(&admin_place, text))
                .transpose()?,
            admin_token,
            journal,
            tls,
            random_seed: match arguments.random_seed.or(file.random_seed) {
                Some(seed) => seed,
                None => fresh_seed(),
            },
            announce,
            log,
            explain: arguments.explain || file.explain.unwrap_or(default.explain),
        })
    }

    /// Makes up a token for the control API where it can be reached from other machines and none
    /// was given.
    pub(crate) fn require_token(&mut self) -> Result<(), ConfigError> {
        let address = self.admin_listen.unwrap_or(self.listen);
        if self.admin_token.is_none() && !address.ip().is_loopback() {
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

    /// The certificate, where there is TLS.
    pub(crate) fn certificate(&self) -> Result<Option<Tls>, ConfigError> {
        Ok(match &self.tls {
            None => None,
            Some(Certificate::Generated(names)) => Some(Tls::generated(names)?),
            Some(Certificate::Files { certificate, key }) => {
                Some(Tls::from_files(certificate, key)?)
            }
        })
    }

    /// The world that the configuration describes, for a server that listens at these addresses.
    pub(crate) fn app(&self, addresses: &Addresses, tls: Option<&Tls>) -> Result<App, ConfigError> {
        let accounts = (0_u64..).zip(&self.seed.accounts);
        let accounts = accounts.map(|(index, account)| {
            Arc::new(Origin {
                account: account.clone(),
                generated: self.users,
                profile: None,
                random: mix(mix(self.random_seed, 0), index),
            })
        });
        Ok(App::new(Start {
            accounts: accounts.collect(),
            profile: Arc::new(self.profile.clone()),
            faults: self.faults.clone(),
            journal: self.journal,
            random_seed: self.random_seed,
            explain: self.explain,
            admin_token: self.admin_token.clone(),
            admin_apart: self.admin_listen.map(|_| addresses.admin),
            ca_pem: tls.map(|tls| tls.ca_pem().to_owned()),
            api: addresses.api,
        })?)
    }
}

/// Of what may stand several times, what the arguments say, else what the file says.
fn given<'a>(arguments: &'a [String], file: &'a [String]) -> &'a [String] {
    if arguments.is_empty() {
        file
    } else {
        arguments
    }
}

/// The profile with what is chosen beside it, and that.
fn profile(
    arguments: &ServeArguments,
    file: &File,
) -> Result<(NamedProfile, Vec<String>), ConfigError> {
    let mut profile = match arguments.profile.as_ref().or(file.profile.as_ref()) {
        Some(name) => NamedProfile::load(name).map_err(|error| {
            let place = arguments.place("profile", arguments.profile.is_some());
            named(&place, error)
        })?,
        None => Config::default().profile,
    };
    let mut set = given(&arguments.set, &file.set).to_vec();
    profile.set_from(
        &arguments.place("set", !arguments.set.is_empty()),
        set.iter().map(String::as_str),
    )?;
    if let Some(text) = arguments.rate_limit.as_ref().or(file.rate_limit.as_ref()) {
        let place = arguments.place("rate-limit", arguments.rate_limit.is_some());
        let limit =
            RateLimit::from_str(text).map_err(|error| told(&place, "rate limit ", &error))?;
        let assignment = format!("rate.limit={limit}");
        profile.set_from(&place, [assignment.as_str()])?;
        set.push(assignment);
    }
    Ok((profile, set))
}

/// An error that begins with what it is about, which the place has said.
fn told(place: &str, subject: &str, error: &str) -> ConfigError {
    let rest = error.strip_prefix(subject).unwrap_or(error);
    ConfigError::Value(format!("{place} {rest}"))
}

/// A file's own errors name the file; a name that nothing has is told with where it was given.
pub(crate) fn named(place: &str, error: FixtureError) -> ConfigError {
    match error {
        FixtureError::UnknownName { .. } => ConfigError::Value(format!("{place}: {error}")),
        _ => error.into(),
    }
}

fn certificate(
    tls: bool,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    names: Vec<String>,
) -> Result<Option<Certificate>, ConfigError> {
    let wrong = |message: &str| Err(ConfigError::Value(message.to_owned()));
    match (certificate, key) {
        (Some(_), Some(_)) if !names.is_empty() => wrong(
            "--tls-san is for a certificate that is made; it cannot change the one of --tls-cert",
        ),
        (Some(certificate), Some(key)) => Ok(Some(Certificate::Files { certificate, key })),
        (None, None) if tls => Ok(Some(Certificate::Generated(names))),
        (None, None) if names.is_empty() => Ok(None),
        (None, None) => wrong("--tls-san is for the certificate that --tls makes; give both"),
        _ => wrong("--tls-cert and --tls-key belong together; give both"),
    }
}

/// A level, or one for a part of the program. The filter itself takes any word for a part of some
/// program, and then logs nothing.
fn log_filter(place: &str, text: &str) -> Result<String, ConfigError> {
    let is_level = |word: &str| {
        word.parse::<tracing_subscriber::filter::LevelFilter>()
            .is_ok()
    };
    let mut parts = text.split(',').map(str::trim);
    let known = parts.all(|part| part.contains('=') || is_level(part));
    if known && tracing_subscriber::EnvFilter::try_new(text).is_ok() {
        return Ok(text.to_owned());
    }
    Err(ConfigError::Value(format!(
        "{place} `{text}`: write error, warn, info, debug or trace, or one of them for a part of \
         the program, as warn,bandwidth_mock=debug"
    )))
}

/// `16777216`, `16MiB`, `512KiB`; also `0`.
fn parse_bytes(place: &str, text: &str) -> Result<usize, ConfigError> {
    let units = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("", 1),
    ];
    let read = |(unit, factor): (&str, usize)| {
        let digits = text.trim().strip_suffix(unit)?.trim_end();
        digits.parse::<usize>().ok()?.checked_mul(factor)
    };
    units.into_iter().find_map(read).ok_or_else(|| {
        ConfigError::Value(format!(
            "{place} `{text}`: write a number of bytes, as 16777216 or 16MiB"
        ))
    })
}

/// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` and `8080`, where 0 is a free port.
pub(crate) fn parse_address(place: &str, text: &str) -> Result<SocketAddr, ConfigError> {
    let wrong = || {
        ConfigError::Value(format!(
            "{place} `{text}`: write ADDRESS:PORT, as 127.0.0.1:8080; port 0 takes a free one"
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
    use super::{parse_address, parse_bytes};

    #[test]
    fn sizes_people_write() {
        for (text, expected) in [
            ("0", 0),
            ("16777216", 16_777_216),
            ("16MiB", 16_777_216),
            ("512 KiB", 524_288),
        ] {
            assert_eq!(parse_bytes("--journal-bytes", text).unwrap(), expected);
        }
        for text in ["", "MiB", "-1", "16MB", "99999999999GiB", "1.5MiB"] {
            let error = parse_bytes("--journal-bytes", text)
                .unwrap_err()
                .to_string();
            assert!(error.contains("16MiB"), "{error}");
        }
    }

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
            assert_eq!(
                parse_address("--listen", text).unwrap().to_string(),
                expected
            );
        }
        for text in [
            "",
            "127.0.0.1",
            "127.0.0.1:x",
            "example.com:80",
            "1.2.3.4:70000",
            "-1",
        ] {
            let error = parse_address("--listen", text).unwrap_err().to_string();
            assert!(error.contains("127.0.0.1:8080"), "{error}");
        }
    }
}
