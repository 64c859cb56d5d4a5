//! State that the cases of one run share: the expected profile, and the account.

use std::{
    any::Any,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use bandwidth_fixtures::{
    Golden, NamedProfile, Profile,
    profile::{AccountSurface, AuthSchemes, IdentityRemoval},
};

use super::{created::Created, domain_draft::DomainUser};
use crate::{
    account::{
        Account,
        file::{Header, LedgerFile},
        ledger::Ledger,
    },
    challenges::challenges,
    dispatch::{Dispatch, Own, SendError},
    error::ConformanceError,
    exchange::{Log, Purpose},
    limits::{Limits, Surface},
    login::Credentials,
    redact::Redactor,
    transport::{Endpoint, Request, TransportError},
    wire::Format,
};

/// Another cause of a refused Basic login.
const BASIC_ENDS: &str = "; from 2026-12-02 Bandwidth rejects Basic logins of API users; then use BW_CLIENT_ID and BW_CLIENT_SECRET instead, or client_id and client_secret in the file of --credentials";

/// Settings of a run.
pub struct Setup {
    pub endpoint: Endpoint,
    /// The login of the run.
    pub credentials: Credentials,
    /// The expected profile.
    pub expected: NamedProfile,
    pub limits: Limits,
    /// Starts separate emulators for single cases, if the target is the built-in mock.
    pub emulators: Option<Arc<dyn Emulators>>,
}

/// An emulator for a single case, with what keeps it running.
pub struct Emulator {
    pub address: SocketAddr,
    /// Ends it when dropped.
    pub keep: Box<dyn Any>,
}

/// Starts emulators for single cases.
pub trait Emulators: Send + Sync {
    /// One with the demo seed and a second account, which lets requests fail by these rules. Its
    /// clock starts at `clock`, or where that of the target does.
    fn for_case(
        &self,
        profile: &NamedProfile,
        faults: &[&str],
        clock: Option<SystemTime>,
    ) -> Result<Emulator, String>;

    /// Starts one for a golden.
    fn for_golden(&self, golden: &Golden) -> Result<Emulator, String>;
}

/// State that the cases of one run share.
pub struct Run {
    /// The expected profile.
    pub expected: NamedProfile,
    /// The users of the run on the target.
    pub account: Account,
    /// Starts separate emulators for single cases.
    pub emulators: Option<Arc<dyn Emulators>>,
    /// The user that cases share which need one.
    first: Mutex<First>,
    /// True while cases share one user.
    shares_first: AtomicBool,
}

/// The user that cases share.
#[derive(Default)]
pub(super) struct First {
    pub(super) user: Option<Created>,
    /// The same where users are created below the domain.
    pub(super) domain_user: Option<DomainUser>,
    /// True if it may differ from its draft.
    pub(super) changed: bool,
}

impl Run {
    /// A run of that setup.
    pub fn new(setup: Setup) -> Result<Self, ConformanceError> {
        let tokens_only = setup.expected.options().auth_schemes == AuthSchemes::Bearer;
        if tokens_only && setup.credentials.basic().is_some() {
            return Err(ConformanceError::Usage(
                "the expected profile takes bearer tokens only (auth.schemes=bearer); set BW_CLIENT_ID and BW_CLIENT_SECRET in the place of BW_USERNAME and BW_PASSWORD".to_owned(),
            ));
        }
        Ok(Self::with_prefix(setup, Account::new_prefix()))
    }

    /// A run whose users hold that prefix: another run, which a clean-up finishes.
    pub fn with_prefix(setup: Setup, prefix: String) -> Self {
        let name = prefix.trim_end_matches('-');
        let dispatch = Dispatch::new(setup.endpoint, setup.credentials, setup.limits, name);
        let unguarded = setup.emulators.is_some();
        Self {
            emulators: setup.emulators,
            ..Self::of(setup.expected, dispatch, prefix, unguarded)
        }
    }

    fn of(expected: NamedProfile, dispatch: Dispatch, prefix: String, unguarded: bool) -> Self {
        let mut account = Account::new(dispatch, prefix);
        account.unguarded = unguarded;
        account.home = account.dispatch.limits.home(expected.options());
        let options = expected.options();
        account.ends_with_target = unguarded
            && match account.home {
                Surface::Identity => options.identity_removal != IdentityRemoval::Deletes,
                Surface::Account | Surface::Management => {
                    options.surface_account != AccountSurface::Full
                }
            };
        Self {
            expected,
            account,
            emulators: None,
            first: Mutex::default(),
            shares_first: AtomicBool::new(false),
        }
    }

    /// A run against an emulator of a case's own. It shares the secrets of this one, and ends with
    /// it.
    #[must_use]
    pub fn beside(&self, address: SocketAddr) -> Self {
        let prefix = Account::new_prefix();
        let name = prefix.trim_end_matches('-');
        let dispatch = self.dispatch().beside(Endpoint::local(address), name);
        Self::of(self.expected.clone(), dispatch, prefix, true)
    }

    /// Sends its requests.
    pub fn dispatch(&self) -> &Dispatch {
        &self.account.dispatch
    }

    pub fn limits(&self) -> &Limits {
        &self.dispatch().limits
    }

    /// Its login.
    pub fn credentials(&self) -> &Credentials {
        &self.dispatch().credentials
    }

    /// Removes its secrets from what is printed.
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.dispatch().redactor
    }

    /// The expected options.
    pub fn profile(&self) -> &Profile {
        self.expected.options()
    }

    /// Sets whether the following cases share the first user.
    pub fn share_first(&self, shared: bool) {
        self.shares_first.store(shared, Ordering::Relaxed);
    }

    pub(super) fn shares_first(&self) -> bool {
        self.shares_first.load(Ordering::Relaxed)
    }

    pub(super) fn first(&self) -> MutexGuard<'_, First> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the books of the run in a new file from here on.
    pub fn keep_ledger(
        &self,
        path: &std::path::Path,
        target: &str,
    ) -> Result<(), ConformanceError> {
        let header = Header::new(
            target.to_owned(),
            self.credentials().account_id.clone(),
            self.account.prefix.clone(),
        );
        let header = match self.account.home {
            Surface::Identity => header.in_domain(self.credentials().domain.clone()),
            Surface::Account | Surface::Management => header,
        };
        self.account
            .keep(Ledger::in_file(LedgerFile::create(path, &header)?));
        Ok(())
    }

    /// Asks once whether the target answers this login.
    pub async fn preflight(&self, log: &mut Log) -> Result<(), ConformanceError> {
        let dispatch = self.dispatch();
        let place = &dispatch.endpoint.target;
        // A target may repeat in its answer, for example in Location, what was sent.
        let unreachable =
            |what: String| ConformanceError::Unreachable(self.redactor().clean(&what));
        // Why there is no token is reported without the target: its endpoint may be elsewhere.
        let authorization = dispatch.authorization(Own::Login).await;
        authorization.map_err(|error| unreachable(error.to_string()))?;
        let in_domain = self.account.home == Surface::Identity;
        let path = if in_domain {
            self.account.domain_path()
        } else {
            dispatch.users_path()
        };
        let request = Request::new("GET", path).header("Accept", Format::Xml.media_type());
        let sent = dispatch
            .send_own(Own::Login, request, Purpose::Case, log)
            .await;
        let answer = sent.outcome.map_err(|error| {
            let hint = match &error {
                SendError::Transport(TransportError::Connect(_)) if place.is_loopback() => {
                    "; is the target running? `cargo mock` starts one, and `--target mock` needs none"
                }
                _ => "",
            };
            unreachable(format!("{place}: {error}{hint}"))
        })?;
        let account = &self.credentials().account_id;
        match answer.status {
            401 => {
                let offered = challenges(&answer);
                let offered: Vec<&str> = offered.iter().map(|one| one.scheme.as_str()).collect();
                let advice = login_advice(&offered, self.credentials().basic().is_some());
                let end = self.credentials().basic().map_or("", |_| BASIC_ENDS);
                Err(unreachable(format!(
                    "{place} rejects the login of account {account}; {advice}{end}"
                )))
            }
            403 => Err(unreachable(format!(
                "{place}: the login has no access to account {account}; check BW_ACCOUNT_ID"
            ))),
            300..=399 => Err(unreachable(format!(
                "{place} redirects to {}; redirects are not followed, so give the final URL",
                answer.header("location").unwrap_or("nowhere")
            ))),
            404 if in_domain => Err(unreachable(format!(
                "{place} has no identity domain {}; name the account's domain with --domain or BW_DOMAIN",
                self.credentials().domain
            ))),
            _ => Ok(()),
        }
    }
}

/// Advice after a refused login, by the schemes that the target's challenges offer.
fn login_advice(offered: &[&str], is_basic: bool) -> String {
    let (used, what, check) = if is_basic {
        (
            "basic",
            "a name and a password",
            "check the name and the password",
        )
    } else {
        ("bearer", "a token", "check the client's id and secret")
    };
    let ways = offered.iter().map(|scheme| match *scheme {
        "basic" => "Basic (BW_USERNAME and BW_PASSWORD)".to_owned(),
        "bearer" => "Bearer (BW_CLIENT_ID and BW_CLIENT_SECRET)".to_owned(),
        other => format!("{other}, which this program does not speak"),
    });
    let ways: Vec<String> = ways.collect();
    if ways.is_empty() {
        return format!("it offers no scheme; {check}");
    }
    let ways = ways.join(" and ");
    if offered.contains(&used) {
        format!("{check}; it offers {ways}")
    } else {
        format!("it offers {ways}, and the login is {what}")
    }
}

#[cfg(test)]
mod tests {
    use super::login_advice;

    #[test]
    fn a_refused_login_names_what_the_target_offers_and_the_variables_for_it() {
        assert_eq!(
            login_advice(&["bearer"], true),
            "it offers Bearer (BW_CLIENT_ID and BW_CLIENT_SECRET), and the login is a name and a password"
        );
        assert_eq!(
            login_advice(&["basic"], false),
            "it offers Basic (BW_USERNAME and BW_PASSWORD), and the login is a token"
        );
        assert_eq!(
            login_advice(&["basic", "bearer"], false),
            "check the client's id and secret; it offers Basic (BW_USERNAME and BW_PASSWORD) and Bearer (BW_CLIENT_ID and BW_CLIENT_SECRET)"
        );
        let other = login_advice(&["digest"], true);
        assert!(other.contains("digest, which this program does not speak"));
        assert!(login_advice(&[], true).contains("offers no scheme"));
    }
}
