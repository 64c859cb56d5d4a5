//! `record`: a proxy between a client and the real API, or any server of it, that keeps what both say,
//! without secrets, as HAR.

mod analysis;
mod clean;
mod disguise;
mod features;
mod forward;
mod keep;
mod log;
mod numbers;
mod operations;
mod pages;
mod recording;
mod tee;
mod upstream;

use std::{
    fmt::Write as _,
    io,
    path::PathBuf,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use bandwidth_fixtures::{NamedProfile, Secret};
use clap::Args;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::watch;

pub use self::recording::{Part, Recording};
use self::{
    analysis::Analyst,
    clean::Cleaner,
    disguise::Disguise,
    forward::{Forwarder, Front},
    keep::Keeper,
    numbers::Numbers,
    pages::Pages,
    upstream::Origin,
};
use crate::{
    address::{BANDWIDTH_HOSTS, Listen, reachable, token_url},
    arguments::{Announce, named, parse_address, secret},
    clock::rfc3339,
    config::{Config, ConfigError},
    server::{self, Addresses, BindError, Services, Sockets},
    tls::Certificates,
    traffic::{TrafficError, har::HarFile},
};

/// The flags of `record`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct RecordArguments {
    /// Forward requests to this URL, with the path of the API, for example
    /// <https://dashboard.bandwidth.com/api>. With --proxy, requests for Bandwidth's hosts go there
    /// too
    #[arg(long, value_name = "URL", required_unless_present = "proxy")]
    upstream: Option<String>,
    /// Write the recording to this HAR file, which must not exist yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Serve Bandwidth's hosts as an HTTP proxy, with generated certificates, for clients with a
    /// fixed host
    #[arg(long)]
    proxy: bool,
    /// Write the CA that clients must trust with --proxy to this file (PEM)
    #[arg(long, value_name = "FILE", requires = "proxy")]
    ca_out: Option<PathBuf>,
    /// Trust only the certificates in this file (PEM) when connecting to the upstream, instead of
    /// the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Reject requests that could change something; reads and token requests are sent
    #[arg(long)]
    read_only: bool,
    /// Replace names, logins, emails and telephone numbers with generated ones
    #[arg(long)]
    anonymize: bool,
    /// Keep features of every sent password, such as its length; by default, only of rejected
    /// passwords
    #[arg(long)]
    password_features: bool,
    /// Expect the server to behave as this profile: guide, published, or the path of a profile file
    /// [default: guide]
    #[arg(long, value_name = "PROFILE", env = "BANDWIDTH_MOCK_PROFILE")]
    profile: Option<String>,
    /// Listen on this address, on loopback unless --admin-token protects the pages; a port alone
    /// means 127.0.0.1 and, if available, `::1`; port 0 chooses a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = ":8081")]
    listen: String,
    /// Require this token for the pages below /__record, as Authorization: Bearer TOKEN
    #[arg(
        long,
        value_name = "TOKEN",
        env = "BANDWIDTH_MOCK_ADMIN_TOKEN",
        hide_env_values = true,
        value_parser = secret
    )]
    admin_token: Option<Secret>,
    /// Announce in this form that it is ready
    #[arg(long, value_name = "FORM", default_value = "text")]
    announce: Announce,
}

/// A recording that cannot begin.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The value of a flag.
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    File(#[from] TrafficError),
}

fn wrong(message: impl Into<String>) -> RecordError {
    ConfigError::Value(message.into()).into()
}

/// A recorder that listens.
pub struct Recorder {
    sockets: Sockets,
    certificates: Certificates,
    services: Services<Front>,
    keeper: Arc<Keeper>,
    stop: watch::Receiver<bool>,
    facts: Value,
    announce: Announce,
    out: PathBuf,
    token: Option<Secret>,
}

impl Recorder {
    /// Checks the flags, listens, and starts the file. `place` names the place of a flag's value. It
    /// serves until `stop` is true.
    pub fn start(
        arguments: &RecordArguments,
        place: impl Fn(&str) -> String,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, RecordError> {
        let listen = parse_address("--listen", &arguments.listen)?;
        if arguments.admin_token.is_none() && !listen.first().ip().is_loopback() {
            return Err(wrong(format!(
                "--listen {listen}: other machines can reach this address; add --admin-token, or \
                 listen on 127.0.0.1"
            )));
        }
        let profile = match &arguments.profile {
            Some(name) => {
                NamedProfile::load(name).map_err(|error| named(&place("--profile"), error))?
            }
            None => Config::default().profile,
        };
        let upstream = arguments.upstream.as_deref().map(upstream::parse);
        let upstream = upstream.transpose().map_err(wrong)?;
        let client = upstream::client(arguments.ca_file.as_deref()).map_err(wrong)?;
        let certificates = Certificates::load(None, arguments.proxy).map_err(ConfigError::from)?;
        let numbers = Numbers::new().map_err(|error| wrong(format!("no key: {error}")))?;
        let sockets = Sockets::bind(listen, None).map_err(|error| cannot_listen(listen, &error))?;
        let addresses = sockets
            .addresses()
            .map_err(|error| wrong(format!("--listen {listen}: {error}")))?;
        if let (Some(path), Some(pem)) = (&arguments.ca_out, certificates.ca_pem()) {
            std::fs::write(path, pem).map_err(|error| {
                let why = bandwidth_fixtures::describe::io(&error);
                wrong(format!("--ca-out {}: {why}", path.display()))
            })?;
        }
        let cleaner = Cleaner {
            numbers,
            disguise: arguments.anonymize.then(Disguise::default),
            all_features: arguments.password_features,
        };
        let facts = facts(arguments, &addresses, upstream.as_ref(), &profile);
        let file = HarFile::create(&arguments.out)?;
        let keeper = Arc::new(Keeper::new(cleaner, file, Analyst::start(profile)));
        let pages = Pages {
            token: arguments.admin_token.clone(),
            keeper: Arc::clone(&keeper),
            facts: facts.clone(),
            stop: stop.clone(),
        };
        let forwarder = Arc::new(Forwarder {
            client,
            upstream: upstream.map(|(origin, _)| origin),
            proxy: arguments.proxy,
            read_only: arguments.read_only,
            own: addresses.api,
            keeper: Arc::clone(&keeper),
            pages,
        });
        let front = |in_tunnel| {
            Arc::new(Front {
                forwarder: Arc::clone(&forwarder),
                in_tunnel,
            })
        };
        Ok(Self {
            sockets,
            certificates,
            services: Services {
                api: front(false),
                admin: front(false),
                hosts: front(true),
            },
            keeper,
            stop,
            facts,
            announce: arguments.announce,
            out: arguments.out.clone(),
            token: arguments.admin_token.clone(),
        })
    }

    /// The message that it listens: a line of JSON for stdout, or text for stderr.
    pub fn announcement(&self) -> (Announce, String) {
        let text = |key: &str| self.facts[key].as_str();
        if self.announce == Announce::Json {
            let mut line = self.facts.clone();
            if let Some(token) = &self.token {
                line["adminToken"] = token.expose().into();
            }
            return (Announce::Json, format!("{line}\n"));
        }
        let mut banner = format!("bandwidth-mock {} record\n\n", env!("CARGO_PKG_VERSION"));
        for (name, key) in [
            ("base URL", "baseUrl"),
            ("proxy", "proxyUrl"),
            ("upstream", "upstream"),
            ("inspector", "inspectorUrl"),
            ("file", "out"),
        ] {
            if let Some(text) = text(key) {
                let _ = writeln!(banner, "  {name:<9} {text}");
            }
        }
        banner += "\nCtrl-C stops it.\n";
        (Announce::Text, banner)
    }

    /// Serves until it is stopped, and returns the results.
    pub async fn serve(self) -> io::Result<String> {
        server::serve_with(self.sockets, self.services, self.certificates, self.stop).await?;
        Ok(self.keeper.result(&self.out.display().to_string()))
    }
}

/// Facts about the run, for the announcement and the page.
fn facts(
    arguments: &RecordArguments,
    addresses: &Addresses,
    upstream: Option<&(Origin, String)>,
    profile: &NamedProfile,
) -> Value {
    let own = format!("http://{}", reachable(addresses.api));
    let started = SystemTime::now().duration_since(UNIX_EPOCH);
    let mut facts = json!({
        "inspectorUrl": format!("{own}/__record/ui"),
        "out": arguments.out.display().to_string(),
        "profile": profile.name(),
        "version": env!("CARGO_PKG_VERSION"),
        "started": rfc3339(started.unwrap_or_default()),
        "readOnly": arguments.read_only,
        "anonymize": arguments.anonymize,
        "journal": true,
    });
    if let Some((origin, path)) = upstream {
        let base = format!("{own}{path}");
        facts["upstream"] = format!("{origin}{path}").into();
        facts["tokenUrl"] = token_url(&base).into();
        facts["baseUrl"] = base.into();
    }
    if arguments.proxy {
        facts["proxyUrl"] = own.into();
        facts["hosts"] = json!(BANDWIDTH_HOSTS);
    }
    facts
}

fn cannot_listen(listen: Listen, failed: &BindError) -> RecordError {
    wrong(format!(
        "--listen {listen}: {}; choose another port, or a free one with --listen :0",
        bandwidth_fixtures::describe::io(&failed.error)
    ))
}
