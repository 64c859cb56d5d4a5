//! The target of a run, ready for requests.

use std::io::{self, Write as _};
use std::{
    any::Any,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bandwidth_fixtures::{
    NamedProfile,
    profile::{IdentityRemoval, OptionValue as _},
};

use crate::target::har;
use crate::{
    cli::AimArgs,
    dialogue::run::{Run, Setup},
    error::ConformanceError,
    limits::{LimitArgs, Limits, Surface},
    login::Credentials,
    surroundings::Surroundings,
    target::{Scheme, Target},
    transport::{Endpoint, tls},
};

/// The target that is a mock inside this process.
pub const MOCK: &str = "mock";
/// Time that the mock in this process may need to show a write.
const MOCK_SETTLE: Duration = Duration::from_millis(200);

/// A target, the login, and the limits.
pub struct Aim {
    pub setup: Setup,
    /// The target.
    pub place: Place,
}

/// A target, in words.
pub struct Place {
    pub description: String,
    /// A message before the first case.
    pub note: &'static str,
    /// `mock`, or the host.
    pub name: String,
    /// True if its users end with this process.
    pub private: bool,
    /// The file for the exchanges.
    har: Option<PathBuf>,
    /// Keeps the built-in mock running.
    _server: Option<Box<dyn Any>>,
}

impl Place {
    /// True if users of a run could outlive it.
    pub fn needs_ledger(&self, run: &Run) -> bool {
        !self.private && run.limits().may_write()
    }

    /// Writes each exchange from now on, if that was asked for.
    pub fn record(&self, run: &Run) -> Result<(), ConformanceError> {
        if let Some(path) = &self.har {
            let wrong = |error: &str| {
                // Without a place to write to, the file has to do.
                let _ = writeln!(
                    io::stderr(),
                    "bandwidth-conformance: --har {error}; not every exchange is in it"
                );
            };
            let tap = har::tap(path, Arc::clone(&run.dispatch().redactor), wrong)
                .map_err(|error| ConformanceError::Usage(format!("--har {error}")))?;
            run.dispatch().tap(tap);
        }
        Ok(())
    }
}

/// Why a plan has no `--har`.
pub const PLANNED: &str = "with a plan, which sends nothing to the target; leave it out";

/// Rejects `--har` where it would record nothing.
pub fn without_har(arguments: &AimArgs, why: &str) -> Result<(), ConformanceError> {
    match arguments.har {
        Some(_) => Err(ConformanceError::Usage(format!(
            "--har has no effect {why}"
        ))),
        None => Ok(()),
    }
}

impl Aim {
    /// Reads the arguments and the environment. It sends nothing.
    pub fn read(
        arguments: &AimArgs,
        read_only: bool,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, ConformanceError> {
        let expected = NamedProfile::load(&arguments.profile)?;
        let named = (surroundings.variable)("BW_DOMAIN").filter(|name| !name.is_empty());
        let domain = arguments.domain.clone().or(named);
        let asked = LimitArgs {
            read_only,
            ..arguments.limits.clone()
        };
        if arguments.target == MOCK {
            let useless = |flag: &str, why: &str| {
                Err(ConformanceError::Usage(format!(
                    "{flag} has no effect on the built-in mock, {why}; leave it out, or name a server with --target URL"
                )))
            };
            if arguments.credentials.is_some() {
                return useless("--credentials", "which has a login of its own");
            }
            if arguments.ca_file.is_some() {
                return useless(
                    "--ca-file",
                    "which is in this process and has no certificate",
                );
            }
            let mut aim = Self::embedded(expected, arguments.clock)?;
            aim.place.har.clone_from(&arguments.har);
            let setup = &mut aim.setup;
            setup.credentials.name_domain(domain);
            setup.limits = Limits::of(
                &asked,
                &setup.endpoint.target,
                &setup.credentials.account_id,
            )?;
            if asked.settle.is_none() {
                setup.limits.settle = MOCK_SETTLE;
            }
            (surroundings.adjust)(&mut setup.limits);
            return Ok(aim);
        }
        if arguments.clock.is_some() {
            return Err(ConformanceError::Usage(
                "--clock moves only the clock of the built-in mock; leave it out, and move the clock of your mock with its own --clock".to_owned(),
            ));
        }
        let target = Target::parse(&arguments.target)?;
        let (mut credentials, note) = credentials(
            arguments.credentials.as_deref(),
            &target,
            surroundings.variable,
        )?;
        credentials.name_domain(domain);
        let mut limits = Limits::of(&asked, &target, &credentials.account_id)?;
        limits.protect_others(&asked);
        (surroundings.adjust)(&mut limits);
        Ok(Self {
            place: Place {
                description: target.to_string(),
                note,
                name: target.host.clone(),
                private: false,
                har: arguments.har.clone(),
                _server: None,
            },
            setup: Setup {
                endpoint: endpoint(target, &credentials, arguments.ca_file.as_deref())?,
                credentials,
                expected,
                emulators: None,
                limits,
            },
        })
    }

    /// Writes on that surface only, if one is named.
    pub fn write_on(&mut self, surface: Option<Surface>) -> Result<(), ConformanceError> {
        let target = &self.setup.endpoint.target;
        let here = target.is_loopback();
        let removal = self.setup.expected.options().identity_removal;
        let removes = removal == IdentityRemoval::Deletes;
        let prepared = self.setup.limits.prepared_user.is_some();
        if surface == Some(Surface::Identity) && !(here || removes || prepared) {
            return Err(ConformanceError::Refused(format!(
                "--surface identity: the expected profile deletes no users of domains (identity.removal={}), so each user of the run would stay on {}; name a user with --prepared-user KEY, or a target on this machine; nothing was sent",
                removal.name(),
                target.host
            )));
        }
        if surface == Some(Surface::Management) && !here {
            return Err(ConformanceError::Refused(format!(
                "--surface management: as far as is known, today's API deactivates users and deletes none, so each user of the run would stay on {}; leave it out, or name a target on this machine; nothing was sent",
                target.host
            )));
        }
        let limits = &mut self.setup.limits;
        // Where nothing is said, users are created where the expected profile lets them be removed.
        let guarded = limits.surface.is_some();
        let unnamed = Limits {
            surface: None,
            ..limits.clone()
        };
        let home = unnamed.home(self.setup.expected.options());
        let usual = (guarded && (here || removes || prepared)).then_some(home);
        limits.surface = surface.or(usual).or(limits.surface);
        Ok(())
    }

    /// A mock inside this process that behaves as is expected.
    pub fn embedded(
        expected: NamedProfile,
        clock: Option<SystemTime>,
    ) -> Result<Self, ConformanceError> {
        use crate::commands::emulators::Inside;
        use crate::target::embedded::Embedded;

        let server = Embedded::for_suite(expected.clone(), &[], clock)
            .map_err(ConformanceError::Unreachable)?;
        let credentials = server.credentials(&expected);
        Ok(Self {
            setup: Setup {
                endpoint: Endpoint::local(server.address()),
                credentials,
                expected,
                emulators: Some(Arc::new(Inside { clock })),
                limits: Limits::none(),
            },
            place: Place {
                description: "embedded mock".to_owned(),
                note: "",
                name: MOCK.to_owned(),
                private: true,
                har: None,
                _server: Some(Box::new(server)),
            },
        })
    }
}

/// Reads the login from a file, else from the environment; on loopback the default is the demo
/// login.
pub fn credentials(
    file: Option<&Path>,
    target: &Target,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(Credentials, &'static str), ConformanceError> {
    if let Some(path) = file {
        return Ok((Credentials::from_file(path)?, ""));
    }
    match Credentials::from_variables(variable)? {
        Some(credentials) => Ok((credentials, "")),
        None if target.is_loopback() => Ok((
            Credentials::demo(),
            "; no login is set, so it is the demo seed's",
        )),
        None => Err(ConformanceError::Usage(format!(
            "there is no login for {}; set BW_ACCOUNT_ID, and BW_USERNAME and BW_PASSWORD or BW_CLIENT_ID and BW_CLIENT_SECRET, or name a file with --credentials",
            target.host
        ))),
    }
}

/// The address of the target, and the certificates that it trusts.
pub fn endpoint(
    target: Target,
    credentials: &Credentials,
    ca_file: Option<&Path>,
) -> Result<Endpoint, ConformanceError> {
    let encrypted =
        target.scheme == Scheme::Https || credentials.token_url(&target).starts_with("https://");
    let trust = match ca_file {
        Some(path) => tls::Trust::File(path),
        None if encrypted => tls::Trust::System,
        None => tls::Trust::None,
    };
    let tls = tls::config(trust)?;
    Ok(Endpoint { target, tls })
}
