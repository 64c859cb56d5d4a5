//! The flags, variables and configuration file of `serve`, and the checked configuration that
//! results.

mod values;

use std::{collections::HashMap, convert::Infallible, path::PathBuf};

use bandwidth_fixtures::{
    FixtureError, NamedProfile, RateLimit, Secret, Seed, describe, text_file,
};
use clap::{ArgMatches, Args, builder::BoolishValueParser, parser::ValueSource};
use serde::{Deserialize, Deserializer};

pub(crate) use self::values::parse_address;
use self::values::{log_filter, parse_bytes};
use crate::{
    clock::parse_start,
    config::{Config, ConfigError},
    fault::FaultError,
    journal::Limits,
    tls::Certificate,
};

/// Prefix of the program's environment variables.
pub(crate) const PREFIX: &str = "BANDWIDTH_MOCK_";

/// The variable of a flag.
pub(crate) fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('-', "_").to_uppercase())
}

/// Form of the message that a server is ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Announce {
    /// For a person, on stderr
    #[default]
    Text,
    /// For a program: one line of JSON on stdout
    Json,
}

/// The server that `serve` runs, and its messages.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) config: Config,
    /// The options that were chosen next to the profile, for example `put.semantics=merge`.
    pub(crate) set: Vec<String>,
    pub(crate) announce: Announce,
    /// The filter of what is logged.
    pub(crate) log: tracing_subscriber::filter::Targets,
    pub(crate) until_stdin_closes: bool,
    /// File for the certificate that clients must trust.
    pub(crate) ca_out: Option<PathBuf>,
}

/// The flags of `serve`. Each has an environment variable; a flag beats its variable, and a
/// variable beats the configuration file.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct ServeArguments {
    /// Listen on this address; a port alone means 127.0.0.1 and, if available, `::1`; port 0
    /// chooses a free port [default: :8080]
    #[arg(
        long,
        alias = "port",
        value_name = "ADDRESS:PORT",
        env = "BANDWIDTH_MOCK_LISTEN"
    )]
    listen: Option<String>,
    /// Behave as this profile: guide, published, or the path of a profile file [default: guide]
    #[arg(long, value_name = "PROFILE", env = "BANDWIDTH_MOCK_PROFILE")]
    profile: Option<String>,
    /// Choose another option for one behaviour, for example put.semantics=merge (repeatable; `;` between
    /// several in the variable)
    #[arg(
        long,
        value_name = "BEHAVIOUR=OPTION",
        env = "BANDWIDTH_MOCK_SET",
        value_delimiter = ';'
    )]
    #[serde(deserialize_with = "values::options")]
    set: Vec<String>,
    /// Start with the accounts of this seed: demo, empty, published, or the path of a seed file
    /// [default: demo]
    #[arg(long, value_name = "SEED", env = "BANDWIDTH_MOCK_SEED")]
    seed: Option<String>,
    /// Add this number of generated users to each account
    #[arg(long, value_name = "N", env = "BANDWIDTH_MOCK_USERS")]
    users: Option<u32>,
    /// Limit the requests of each account, for example to 100/1m or 100/1m,burst=20
    #[arg(
        long,
        value_name = "N/PERIOD[,burst=N]",
        env = "BANDWIDTH_MOCK_RATE_LIMIT"
    )]
    rate_limit: Option<String>,
    #[expect(clippy::doc_markdown, reason = "this is what --help shows")]
    /// Make requests fail, for example `status=429,every=5,operation=create_user`,
    /// `delay.fixed_ms=500` or `fault=EMPTY_RESPONSE,when=after,times=1`. Effects: status, fault,
    /// delay, chunked_dribble, truncate_body, malformed_body, wrong_content_type, refuse, view,
    /// headers, body. Conditions: operation, method, accountId, every, after, times, then,
    /// probability, seed, ttl_ms, when (repeatable; `;` between several in the variable)
    #[arg(
        long,
        alias = "faults",
        value_name = "KEY=VALUE,..",
        env = "BANDWIDTH_MOCK_FAULT",
        value_delimiter = ';'
    )]
    #[serde(alias = "faults", deserialize_with = "values::faults")]
    fault: Vec<String>,
    /// Start the clock at this time, for example 2030-01-31T12:00:00Z (RFC 3339 in UTC); it runs
    /// from there [default: the machine's time]
    #[arg(long, value_name = "TIME", env = "BANDWIDTH_MOCK_CLOCK")]
    clock: Option<String>,
    /// Make random values repeatable: UUIDs, and probabilities and delays of faults
    #[arg(long, value_name = "N", env = "BANDWIDTH_MOCK_RANDOM_SEED")]
    random_seed: Option<u64>,
    /// Accept TLS and plain HTTP on the same port, with a generated certificate for localhost and
    /// Bandwidth's hosts; GET /__admin/ca.pem returns the CA that clients must trust
    #[arg(long, env = "BANDWIDTH_MOCK_TLS", value_parser = BoolishValueParser::new())]
    tls: bool,
    /// Accept TLS with this certificate (PEM, with its intermediate certificates)
    #[arg(long, value_name = "FILE", env = "BANDWIDTH_MOCK_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// Use this private key for the certificate (PEM)
    #[arg(long, value_name = "FILE", env = "BANDWIDTH_MOCK_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// Add this name or address to the certificate of --tls (repeatable; `;` between several in the
    /// variable)
    #[arg(
        long,
        value_name = "NAME",
        env = "BANDWIDTH_MOCK_TLS_SAN",
        value_delimiter = ';'
    )]
    tls_san: Vec<String>,
    /// Serve Bandwidth's hosts as an HTTP proxy, with generated certificates, for clients with a
    /// fixed host; requests to other hosts are rejected
    #[arg(long, env = "BANDWIDTH_MOCK_PROXY", value_parser = BoolishValueParser::new())]
    proxy: bool,
    /// Write the CA that clients must trust with --tls or --proxy to this file (PEM)
    #[arg(long, value_name = "FILE", env = "BANDWIDTH_MOCK_CA_OUT")]
    ca_out: Option<PathBuf>,
    /// Serve the control API on this address instead of next to the emulated API
    #[arg(long, value_name = "ADDRESS:PORT", env = "BANDWIDTH_MOCK_ADMIN_LISTEN")]
    admin_listen: Option<String>,
    /// Require this token for the control API, as Authorization: Bearer TOKEN; outside of loopback,
    /// the default is a generated token, which is printed
    #[arg(
        long,
        value_name = "TOKEN",
        env = "BANDWIDTH_MOCK_ADMIN_TOKEN",
        hide_env_values = true,
        value_parser = secret
    )]
    admin_token: Option<Secret>,
    /// Keep this number of requests in the journal; 0 turns it off [default: 1000]
    #[arg(long, value_name = "N", env = "BANDWIDTH_MOCK_JOURNAL_ENTRIES")]
    journal_entries: Option<usize>,
    /// Limit the size of the journal, for example to 16MiB; 0 turns it off [default: 16MiB]
    #[arg(long, value_name = "BYTES", env = "BANDWIDTH_MOCK_JOURNAL_BYTES")]
    #[serde(deserialize_with = "number_or_text")]
    journal_bytes: Option<String>,
    /// Announce in this form that the server is ready [default: text]
    #[arg(long, value_name = "FORM", env = "BANDWIDTH_MOCK_ANNOUNCE")]
    announce: Option<Announce>,
    /// Log this on stderr: error, warn, info (each request), debug or trace [default: warn]
    #[arg(long, value_name = "FILTER", env = "BANDWIDTH_MOCK_LOG")]
    log: Option<String>,
    /// Add a header Mock-Explain to each response, with the behaviours that shaped it and their
    /// evidence
    #[arg(long, env = "BANDWIDTH_MOCK_EXPLAIN", value_parser = BoolishValueParser::new())]
    explain: bool,
    /// Stop when standard input closes; give the mock a pipe, and it stops with the process that
    /// started it
    #[arg(long, env = "BANDWIDTH_MOCK_UNTIL_STDIN_CLOSES", value_parser = BoolishValueParser::new())]
    until_stdin_closes: bool,
    /// Read settings not given by flag or variable from this TOML file; its keys are the flags'
    /// names
    #[arg(long, value_name = "FILE", env = "BANDWIDTH_MOCK_CONFIG")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Source of each value.
    #[arg(skip)]
    #[serde(skip)]
    places: HashMap<String, String>,
}

impl ServeArguments {
    /// Notes which flags and variables gave a value.
    ///
    /// A `;` at the end of a variable, or two in a row, are ignored.
    pub(crate) fn note_places(&mut self, matches: &ArgMatches) {
        for (name, list) in [
            ("set", &mut self.set),
            ("fault", &mut self.fault),
            ("tls_san", &mut self.tls_san),
        ] {
            if matches.value_source(name) == Some(ValueSource::EnvVariable) {
                list.retain(|value| !value.trim().is_empty());
            }
        }
        for id in matches.ids() {
            let name = id.as_str().replace('_', "-");
            let place = match matches.value_source(id.as_str()) {
                Some(ValueSource::CommandLine) => format!("--{name}"),
                Some(ValueSource::EnvVariable) => variable(&name),
                _ => continue,
            };
            self.places.insert(name, place);
        }
    }

    /// Source of a value: the flag, its variable, or the configuration file.
    pub(crate) fn place(&self, name: &str) -> String {
        let given = self.places.get(name).cloned();
        given.unwrap_or_else(|| format!("--{name}"))
    }

    /// Adds values that only the configuration file has. A flag or variable overrides the file.
    pub(crate) fn with_file(self) -> Result<Self, ConfigError> {
        let Some(path) = &self.config else {
            return Ok(self);
        };
        let place = format!("configuration file {}", path.display());
        let wrong = |message| ConfigError::Value(format!("{place}: {message}"));
        let text = text_file::read(path, text_file::SMALL).map_err(wrong)?;
        let file: Self = describe::read_toml(&text).map_err(wrong)?;
        let keys: toml::Table = describe::read_toml(&text).map_err(wrong)?;
        let mut places: HashMap<_, _> = keys
            .into_iter()
            .map(|(key, _)| (key.clone(), format!("{place}: {key}")))
            .collect();
        places.extend(self.places);
        Ok(Self {
            listen: self.listen.or(file.listen),
            profile: self.profile.or(file.profile),
            set: either(self.set, file.set),
            seed: self.seed.or(file.seed),
            users: self.users.or(file.users),
            rate_limit: self.rate_limit.or(file.rate_limit),
            fault: either(self.fault, file.fault),
            clock: self.clock.or(file.clock),
            random_seed: self.random_seed.or(file.random_seed),
            tls: self.tls || file.tls,
            tls_cert: self.tls_cert.or(file.tls_cert),
            tls_key: self.tls_key.or(file.tls_key),
            tls_san: either(self.tls_san, file.tls_san),
            proxy: self.proxy || file.proxy,
            ca_out: self.ca_out.or(file.ca_out),
            admin_listen: self.admin_listen.or(file.admin_listen),
            admin_token: self.admin_token.or(file.admin_token),
            journal_entries: self.journal_entries.or(file.journal_entries),
            journal_bytes: self.journal_bytes.or(file.journal_bytes),
            announce: self.announce.or(file.announce),
            log: self.log.or(file.log),
            explain: self.explain || file.explain,
            until_stdin_closes: self.until_stdin_closes || file.until_stdin_closes,
            config: None,
            places,
        })
    }

    /// Checks the values.
    pub(crate) fn program(&self) -> Result<Program, ConfigError> {
        let mut config = Config::default();
        if let Some(text) = &self.listen {
            config.listen = parse_address(&self.place("listen"), text)?;
        }
        if let Some(text) = &self.admin_listen {
            config.admin_listen = Some(parse_address(&self.place("admin-listen"), text)?);
        }
        if let Some(name) = &self.profile {
            let profile = NamedProfile::load(name);
            config.profile = profile.map_err(|error| named(&self.place("profile"), error))?;
        }
        let set = self.options(&mut config.profile)?;
        if let Some(name) = &self.seed {
            config.seed = Seed::load(name).map_err(|error| named(&self.place("seed"), error))?;
        }
        config.users = self.users.unwrap_or(config.users);
        let faults = self.fault.iter().map(|fault| fault.parse());
        config.faults = faults
            .collect::<Result<_, FaultError>>()
            .map_err(|error| self.wrong("fault", "fault ", &error.to_string()))?;
        if let Some(text) = &self.journal_bytes {
            config.journal.bytes = parse_bytes(&self.place("journal-bytes"), text)?;
        }
        config.journal = Limits {
            entries: self.journal_entries.unwrap_or(config.journal.entries),
            ..config.journal
        };
        if let Some(text) = &self.clock {
            let start = parse_start(text).map_err(|error| {
                ConfigError::Value(format!("{} `{text}`: {error}", self.place("clock")))
            })?;
            config.clock = Some(start);
        }
        config.tls = self.certificate()?;
        config.proxy = self.proxy;
        config.admin_token.clone_from(&self.admin_token);
        if let Some(token) = &self.admin_token
            && !is_sendable(token)
        {
            return Err(ConfigError::Value(format!(
                "{}: a header cannot contain this token; give printable ASCII characters without \
                 spaces, or leave it out",
                self.place("admin-token")
            )));
        }
        // Without a source of randomness a fixed seed still serves.
        config.random_seed = self
            .random_seed
            .unwrap_or_else(|| getrandom::u64().unwrap_or(0));
        config.explain = self.explain;
        let log = self.log.as_deref().unwrap_or("warn");
        Ok(Program {
            config,
            set,
            announce: self.announce.unwrap_or_default(),
            log: log_filter(&self.place("log"), log)?,
            until_stdin_closes: self.until_stdin_closes,
            ca_out: self.ca_out.clone(),
        })
    }

    /// Chooses the options that are next to the profile, and returns them.
    fn options(&self, profile: &mut NamedProfile) -> Result<Vec<String>, ConfigError> {
        let mut set = self.set.clone();
        profile.set_from(&self.place("set"), set.iter().map(String::as_str))?;
        if let Some(text) = &self.rate_limit {
            let limit: RateLimit = text
                .parse()
                .map_err(|error: String| self.wrong("rate-limit", "rate limit ", &error))?;
            let assignment = format!("rate.limit={limit}");
            profile.set_from(&self.place("rate-limit"), [assignment.as_str()])?;
            set.push(assignment);
        }
        Ok(set)
    }

    fn certificate(&self) -> Result<Option<Certificate>, ConfigError> {
        let wrong = |message: &str| Err(ConfigError::Value(message.to_owned()));
        let names = self.tls_san.clone();
        if self.proxy && self.tls_cert.is_some() {
            return wrong(
                "--proxy generates its certificates; give --tls instead of --tls-cert and --tls-key",
            );
        }
        if self.ca_out.is_some() && !self.proxy && !self.tls && self.tls_cert.is_none() {
            return wrong(
                "--ca-out: there is a certificate only with --tls or --proxy; add one of them",
            );
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), Some(_)) if !names.is_empty() => wrong(
                "--tls-san is for generated certificates; it cannot change the certificate in --tls-cert",
            ),
            (Some(certificate), Some(key)) => Ok(Some(Certificate::Files {
                certificate: certificate.clone(),
                key: key.clone(),
            })),
            (None, None) if self.tls => Ok(Some(Certificate::Generated(names))),
            (None, None) if names.is_empty() => Ok(None),
            (None, None) => {
                wrong("--tls-san is for the certificate that --tls generates; add --tls")
            }
            _ => wrong("--tls-cert and --tls-key belong together; give both"),
        }
    }

    /// An error that begins with its subject, which the place names already.
    fn wrong(&self, name: &str, subject: &str, error: &str) -> ConfigError {
        let rest = error.strip_prefix(subject).unwrap_or(error);
        ConfigError::Value(format!("{} {rest}", self.place(name)))
    }
}

/// Repeatable values: the arguments if any were given, otherwise the file's.
fn either(arguments: Vec<String>, file: Vec<String>) -> Vec<String> {
    if arguments.is_empty() {
        file
    } else {
        arguments
    }
}

/// Prefixes "unknown name" errors with their place; the errors of a file name the file already.
pub(crate) fn named(place: &str, error: FixtureError) -> ConfigError {
    match error {
        FixtureError::UnknownName { .. } => ConfigError::Value(format!("{place}: {error}")),
        _ => error.into(),
    }
}

/// True if `Authorization: Bearer` can carry it.
fn is_sendable(token: &Secret) -> bool {
    let token = token.expose();
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

#[expect(clippy::unnecessary_wraps, reason = "what clap asks for")]
pub(crate) fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// A size is written as `16777216` or as `"16MiB"`.
fn number_or_text<'de, D: Deserializer<'de>>(file: D) -> Result<Option<String>, D::Error> {
    Ok(Some(match toml::Value::deserialize(file)? {
        toml::Value::String(text) => text,
        other => other.to_string(),
    }))
}
