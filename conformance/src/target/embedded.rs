//! An emulator inside this process. All that it takes from the emulator's crate is a started
//! server's address.

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bandwidth_fixtures::{Golden, NamedProfile, Seed, profile::AuthSchemes};
use bandwidth_mock::{Builder, MockServer};

use crate::login::{Client, Credentials, Login};

/// The further account of the demo seed, which its login may not touch.
const SECOND_ACCOUNT: &str = "67890";

/// Default start of its clock, 2026-03-04T12:00:00Z: the cases are about the API before the days on
/// which Bandwidth ends parts of it.
fn usual_start() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(492_396)
}

/// A running emulator; stops when dropped.
pub struct Embedded {
    address: SocketAddr,
    start: SystemTime,
    _server: MockServer,
}

impl Embedded {
    /// Starts one on a free port of the loopback interface that lets requests fail, by rules such as `status=503,every=5`.
    pub fn failing(profile: NamedProfile, seed: Seed, faults: &[String]) -> Result<Self, String> {
        Self::start(profile, seed, faults, None)
    }

    fn start(
        profile: NamedProfile,
        seed: Seed,
        faults: &[String],
        clock: Option<SystemTime>,
    ) -> Result<Self, String> {
        let start = clock.unwrap_or_else(usual_start);
        let builder = MockServer::builder()
            .profile(profile)
            .seed(seed)
            .clock(start);
        let server = faults
            .iter()
            .fold(builder, Builder::fault)
            .start_blocking()
            .map_err(|error| format!("the embedded emulator does not start: {error}"))?;
        let uri = server.uri();
        let address = uri
            .trim_start_matches("http://")
            .parse()
            .map_err(|_| format!("the embedded emulator is at no address: {uri}"))?;
        Ok(Self {
            address,
            start,
            _server: server,
        })
    }

    /// Starts one with the demo seed that lets requests fail by these rules. Its clock starts at
    /// `clock`.
    pub fn for_suite(
        profile: NamedProfile,
        faults: &[&str],
        clock: Option<SystemTime>,
    ) -> Result<Self, String> {
        let seed = Seed::built_in("demo").ok_or("the demo seed is not built in")?;
        let faults: Vec<String> = faults.iter().map(|rule| (*rule).to_owned()).collect();
        Self::start(profile, seed, &faults, clock)
    }

    /// The login of the first account, in the profile's form at the start.
    pub fn credentials(&self, profile: &NamedProfile) -> Credentials {
        let mut credentials = Credentials::demo();
        credentials.second_account_id = Some(SECOND_ACCOUNT.to_owned());
        let options = profile.options();
        let ends = options.auth_basic_ends.map(|day| UNIX_EPOCH + day.start());
        let tokens_only = options.auth_schemes == AuthSchemes::Bearer
            || ends.is_some_and(|end| self.start >= end);
        if let Some(Client { id, secret }) = credentials.beside.take_if(|_| tokens_only) {
            credentials.login = Login::Client {
                id,
                secret,
                token_url: None,
            };
        }
        credentials
    }

    /// Starts one for a golden.
    pub fn of_golden(golden: &Golden) -> Result<Self, String> {
        let unknown =
            |what: &str, name: &str| format!("the golden's {what} `{name}` is not built in");
        let mut profile = NamedProfile::built_in(&golden.profile)
            .ok_or_else(|| unknown("profile", &golden.profile))?;
        profile
            .set(golden.set.iter().map(String::as_str))
            .map_err(|error| error.to_string())?;
        let seed = Seed::built_in(&golden.seed).ok_or_else(|| unknown("seed", &golden.seed))?;
        Self::failing(profile, seed, &golden.faults)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
