//! Limits of a run. For remote targets the defaults are read-only, one request a second, and a
//! budget.

use std::time::Duration;

use bandwidth_fixtures::{
    Profile,
    profile::{AccountSurface, IdentitySurface},
};
use clap::Args;

use crate::{error::ConformanceError, target::Target};

/// Requests in a run against a remote target, by default.
const MAX_REQUESTS: u64 = 3_000;
/// Users that a run creates on a remote target, by default.
const MAX_USERS: u64 = 400;
/// Requests a second to a remote target, by default.
const RPS: f64 = 1.0;
/// Default of `settle` for a loopback target.
const SETTLE: Duration = Duration::from_secs(5);
/// Default of `settle` for a remote target.
const REMOTE_SETTLE: Duration = Duration::from_secs(30);
/// Time limit of a response.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Time in which a create may still take effect after its client gave up: servers and gateways end
/// longer requests.
const UNDER_WAY: Duration = Duration::from_mins(1);
/// The domain of emails of created users, by default. It receives no mail (RFC 2606).
const EMAIL_DOMAIN: &str = "example.com";

/// Permission to create, change and delete users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writes {
    /// They may.
    Allowed,
    /// They may not, and this is what would allow it.
    Refused(&'static str),
}

/// The surface on which users are created and changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Surface {
    /// The paths below the account
    Account,
    /// The paths below the identity domain
    Identity,
    /// Today's API, for tokens; on this machine only
    Management,
}

/// Waits before a request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest that the first wait can be; it doubles with each.
    pub base: Duration,
    /// The longest that any wait can be.
    pub cap: Duration,
    /// Total wait for one request.
    pub patience: Duration,
}

/// Limits of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a permission")]
pub struct Limits {
    pub writes: Writes,
    /// The surface of its writes; `None` means both.
    pub surface: Option<Surface>,
    /// Allows failed logins with its own name, and many with another's. Either could lock a user
    /// out.
    pub failed_logins: bool,
    /// The time from one request to the next, at least.
    pub interval: Duration,
    /// Requests, clean-up included.
    pub max_requests: Option<u64>,
    /// Users that it may create.
    pub max_users: Option<u64>,
    /// Waits for a target that limits or fails.
    pub backoff: Backoff,
    /// Time limit of a response.
    pub timeout: Duration,
    /// Time in which a create may still take effect after its client gave up.
    pub under_way: Duration,
    /// Longest time until a target shows a write.
    pub settle: Duration,
    /// If true, a second user is created only after the first one is gone.
    pub one_user_first: bool,
    /// Allows to create users if deleted ones stay.
    pub allow_leftovers: bool,
    /// The key of a user that is updated in place of one that the run creates. It is never deleted.
    pub prepared_user: Option<String>,
    /// The roles that users of the run may get.
    pub roles: Roles,
    /// Allows requests for accounts that are not the login's own.
    pub foreign_accounts: bool,
    /// The domain of emails of created users.
    pub email_domain: String,
    /// Beginning of usernames, before the run's own prefix.
    pub name_prefix: String,
}

/// The roles that users of a run may get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roles {
    /// None: a role may give access to resources that are not the run's.
    Withheld,
    /// The one with this id or name.
    Only(String),
    /// Any: the built-in mock has nothing to protect.
    Any,
}

impl Roles {
    /// The roles on a mock in place of the target: the account's own roles are not those of the
    /// mock.
    #[must_use]
    pub fn rehearsed(&self) -> Self {
        match self {
            Self::Withheld => Self::Withheld,
            Self::Only(_) | Self::Any => Self::Any,
        }
    }
}

#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct LimitArgs {
    /// `--read-only`, of commands that have it.
    #[arg(skip)]
    pub read_only: bool,
    /// Create, change and delete users on a remote target; requires --confirm-account
    #[arg(long)]
    pub allow_writes: bool,
    /// The login's account, repeated, as a confirmation of --allow-writes
    #[arg(long, value_name = "ID")]
    pub confirm_account: Option<String>,
    /// On a remote target, send wrong passwords with the login's own name, and many with a created
    /// user's. Both can lock a login, or make the target block this machine
    #[arg(long)]
    pub allow_failed_logins: bool,
    /// End the run before it sends more requests than this [default: none; remote: 3000]
    #[arg(long, value_name = "N")]
    pub max_requests: Option<u64>,
    /// End the run before it creates more users than this [default: none; remote: 400]
    #[arg(long, value_name = "N")]
    pub max_users: Option<u64>,
    /// Most requests a second [default: unlimited; remote: 1]
    #[arg(long, value_name = "N", value_parser = rps)]
    pub rps: Option<f64>,
    /// Total time for which one request is sent again while the target returns 429 or fails
    /// [default: 60; remote: 300]
    #[arg(long, value_name = "SECONDS")]
    pub patience: Option<u64>,
    /// Longest delay until a write is visible to reads [default: 5; remote: 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub settle: Option<f64>,
    /// Create further users even if a deleted user stays on the target; users that stay are listed
    #[arg(long)]
    pub allow_leftovers: bool,
    /// Create and delete no user: update this one, and put it back at the end. Its password cannot
    /// be put back
    #[arg(long, value_name = "KEY", conflicts_with = "allow_leftovers")]
    pub prepared_user: Option<String>,
    /// Give this role to users where a case needs one [default: no roles; the built-in mock: its own]
    #[arg(long, value_name = "ID")]
    pub role: Option<String>,
    /// Also send requests about accounts that are not the login's own
    #[arg(long)]
    pub foreign_accounts: bool,
    /// Domain of the emails of created users [default: example.com]
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    pub email_domain: Option<String>,
    /// Text before the run's own prefix in created usernames [example: --name-prefix zz-test-]
    #[arg(long, value_name = "TEXT", value_parser = name_prefix)]
    pub name_prefix: Option<String>,
}

impl Limits {
    /// Everything, at once: for a target on this machine.
    pub fn none() -> Self {
        Self {
            writes: Writes::Allowed,
            surface: None,
            failed_logins: true,
            interval: Duration::ZERO,
            max_requests: None,
            max_users: None,
            backoff: Backoff {
                base: Duration::from_millis(20),
                cap: Duration::from_secs(5),
                patience: Duration::from_mins(1),
            },
            timeout: TIMEOUT,
            under_way: UNDER_WAY,
            settle: SETTLE,
            one_user_first: false,
            allow_leftovers: false,
            prepared_user: None,
            roles: Roles::Any,
            foreign_accounts: true,
            email_domain: EMAIL_DOMAIN.to_owned(),
            name_prefix: String::new(),
        }
    }

    /// The same, and no waiting: for an emulator in this process, whose failures are made.
    pub fn impatient() -> Self {
        Self {
            backoff: Backoff {
                base: Duration::from_millis(1),
                cap: Duration::from_millis(2),
                patience: Duration::from_millis(200),
            },
            settle: Duration::from_millis(200),
            ..Self::none()
        }
    }

    /// The limits for `target`, whose account is `account_id`.
    pub fn of(
        asked: &LimitArgs,
        target: &Target,
        account_id: &str,
    ) -> Result<Self, ConformanceError> {
        let refused = |text: String| Err(ConformanceError::Refused(text));
        let mut limits = Self::none();
        let here = target.is_loopback();
        if asked.read_only && asked.allow_writes {
            return Err(ConformanceError::Usage(
                "--read-only and --allow-writes contradict each other; leave one out".to_owned(),
            ));
        }
        match &asked.confirm_account {
            Some(confirmed) if confirmed != account_id => {
                return refused(format!(
                    "--confirm-account is {confirmed}, but the login is for account {account_id}; correct one of them; nothing was sent"
                ));
            }
            Some(_) if !asked.allow_writes => {
                return Err(ConformanceError::Usage(
                    "--confirm-account has no effect without --allow-writes; give both, or neither"
                        .to_owned(),
                ));
            }
            None if asked.allow_writes && !here => {
                return refused(format!(
                    "--allow-writes: {} is a remote target; confirm the account in which users are created and deleted: --confirm-account {account_id}; nothing was sent",
                    target.host
                ));
            }
            _ => {}
        }
        if asked.read_only {
            limits.writes = Writes::Refused("--read-only forbids writes");
        } else if !here && !asked.allow_writes {
            limits.writes = Writes::Refused(
                "writes to a remote target need --allow-writes --confirm-account ID",
            );
        }
        if !here {
            limits.failed_logins = asked.allow_failed_logins;
            limits.max_requests = Some(MAX_REQUESTS);
            limits.max_users = Some(MAX_USERS);
            limits.interval = interval(RPS);
            limits.settle = REMOTE_SETTLE;
            limits.backoff = Backoff {
                base: Duration::from_secs(1),
                cap: Duration::from_mins(1),
                patience: Duration::from_mins(5),
            };
        }
        let patience = asked.patience.map(Duration::from_secs);
        let asked = asked.clone();
        Ok(Self {
            interval: asked.rps.map_or(limits.interval, interval),
            max_requests: asked.max_requests.or(limits.max_requests),
            max_users: asked.max_users.or(limits.max_users),
            backoff: Backoff {
                patience: patience.unwrap_or(limits.backoff.patience),
                ..limits.backoff
            },
            settle: asked.settle.map_or(limits.settle, Duration::from_secs_f64),
            allow_leftovers: asked.allow_leftovers,
            prepared_user: asked.prepared_user,
            roles: asked.role.map_or(limits.roles, Roles::Only),
            email_domain: asked.email_domain.unwrap_or(limits.email_domain),
            name_prefix: asked.name_prefix.unwrap_or(limits.name_prefix),
            ..limits
        })
    }

    /// For every target except the built-in mock: its users may be real.
    pub fn protect_others(&mut self, asked: &LimitArgs) {
        self.one_user_first = true;
        self.surface = Some(Surface::Account);
        self.foreign_accounts = asked.foreign_accounts;
        if asked.role.is_none() {
            self.roles = Roles::Withheld;
        }
    }

    /// The surface on which users of the run are read, listed and removed, by the expected profile.
    pub fn home(&self, expected: &Profile) -> Surface {
        let only_there = expected.surface_account != AccountSurface::Full
            && expected.surface_identity == IdentitySurface::Served;
        match self.surface {
            Some(Surface::Identity) => Surface::Identity,
            Some(Surface::Management) | None if only_there => Surface::Identity,
            Some(Surface::Account | Surface::Management) | None => Surface::Account,
        }
    }

    /// True if it may write on that surface, provided that it may write.
    pub fn may_write_on(&self, surface: Surface) -> bool {
        self.surface.is_none_or(|chosen| chosen == surface)
    }

    /// True if it may write.
    pub fn may_write(&self) -> bool {
        self.writes == Writes::Allowed
    }
}

pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    number
        .filter(|seconds: &f64| (0.0..=3_600.0).contains(seconds))
        .ok_or_else(|| "write a number of seconds from 0 to 3600, such as 0.5 or 30".to_owned())
}

fn domain(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if text.len() <= 60 && text.contains('.') && text.split('.').all(label) {
        return Ok(text.to_owned());
    }
    Err("write a domain of at most 60 characters, such as test.example.com".to_owned())
}

fn name_prefix(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if text.len() <= 20 && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err("write at most 20 letters, digits, `.`, `_` or `-`".to_owned())
}

fn rps(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    number
        .filter(|rps: &f64| rps.is_finite() && *rps >= 0.001)
        .ok_or_else(|| "write a number of at least 0.001, such as 0.5 or 10".to_owned())
}

fn interval(rps: f64) -> Duration {
    Duration::from_secs_f64(1.0 / rps)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LimitArgs, Limits};
    use crate::target::Target;

    fn limits(target: &str, asked: &LimitArgs) -> Result<Limits, String> {
        let target = Target::parse(target).unwrap();
        Limits::of(asked, &target, "12345").map_err(|error| format!("{} {error}", error.code()))
    }

    const AWAY: &str = "https://dashboard.bandwidth.com/api";
    const HERE: &str = "http://127.0.0.1:8080";

    #[test]
    fn away_from_this_machine_little_is_allowed() {
        let usual = limits(AWAY, &LimitArgs::default()).unwrap();
        assert!(!usual.may_write() && !usual.failed_logins);
        assert_eq!(usual.interval, Duration::from_secs(1));
        assert!(usual.max_requests.is_some() && usual.max_users.is_some());
        let here = limits(HERE, &LimitArgs::default()).unwrap();
        assert_eq!(here, Limits::none());
        let read_only = LimitArgs {
            read_only: true,
            ..LimitArgs::default()
        };
        assert!(!limits(HERE, &read_only).unwrap().may_write());
    }

    #[test]
    fn writing_away_from_this_machine_is_allowed_by_both_flags() {
        let asked = LimitArgs {
            allow_writes: true,
            confirm_account: Some("12345".to_owned()),
            ..LimitArgs::default()
        };
        let both = limits(AWAY, &asked).unwrap();
        assert!(both.may_write() && !both.failed_logins);
    }
}
