//! What a run may do to its target. Away from this machine that is little, unless it is asked for
//! in so many words: reading, one request a second, and a budget.

use std::time::Duration;

use crate::{error::ConformanceError, target::Target};

/// Requests in a run against another machine, unless told otherwise.
const MAX_REQUESTS: u64 = 3_000;
/// Users that a run creates on another machine, unless told otherwise.
const MAX_USERS: u64 = 400;
/// Requests a second to another machine, unless told otherwise.
const RPS: f64 = 1.0;
/// How long a target on this machine may take to show what was written, unless told otherwise.
const SETTLE: Duration = Duration::from_secs(5);
/// The same on another machine.
const REMOTE_SETTLE: Duration = Duration::from_secs(30);
/// The domain of emails of created users, unless told otherwise. It receives no mail (RFC 2606).
const EMAIL_DOMAIN: &str = "example.com";

/// Whether users may be created, changed and deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writes {
    /// They may.
    Allowed,
    /// They may not, and this is what would allow it.
    Refused(&'static str),
}

/// How long to wait before a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest that the first wait can be; it doubles with each.
    pub base: Duration,
    /// The longest that any wait can be.
    pub cap: Duration,
    /// How long one request may wait altogether.
    pub patience: Duration,
}

/// What a run may do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a permission")]
pub struct Limits {
    /// Whether it may write.
    pub writes: Writes,
    /// Whether it may fail to log in with the name of its own login, or many times with another's:
    /// either could lock somebody out.
    pub failed_logins: bool,
    /// The time from one request to the next, at least.
    pub interval: Duration,
    /// How many requests, clean-up included.
    pub max_requests: Option<u64>,
    /// How many users may be created.
    pub max_users: Option<u64>,
    /// How long it waits for a target that limits or fails.
    pub backoff: Backoff,
    /// How long a target may take to show what was written.
    pub settle: Duration,
    /// Whether no second user may be created before the first one is gone.
    pub one_user_first: bool,
    /// Whether users may be created also where a deleted one stays.
    pub allow_leftovers: bool,
    /// The key of a user that is updated in place of one that the run creates. It is never deleted.
    pub prepared_user: Option<String>,
    /// The roles that users of the run may get.
    pub roles: Roles,
    /// Whether accounts that are not the login's own may be asked about.
    pub foreign_accounts: bool,
    /// The domain of emails of created users.
    pub email_domain: String,
    /// What usernames begin with, before the run's own prefix.
    pub name_prefix: String,
}

/// The roles that users of a run may get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roles {
    /// None: a role may give access to what is not the run's.
    Withheld,
    /// The one with this id or name.
    Only(String),
    /// Any: the built-in mock has nothing to protect.
    Any,
}

/// What was asked for.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct LimitArgs {
    /// `--read-only`
    pub read_only: bool,
    /// `--allow-writes`
    pub allow_writes: bool,
    /// `--confirm-account`
    pub confirm_account: Option<String>,
    /// `--allow-failed-logins`
    pub allow_failed_logins: bool,
    /// `--max-requests`
    pub max_requests: Option<u64>,
    /// `--max-users`
    pub max_users: Option<u64>,
    /// `--rps`
    pub rps: Option<f64>,
    /// `--patience`
    pub patience: Option<u64>,
    /// `--settle`
    pub settle: Option<f64>,
    /// `--allow-leftovers`
    pub allow_leftovers: bool,
    /// `--prepared-user`
    pub prepared_user: Option<String>,
    /// `--role`
    pub role: Option<String>,
    /// `--foreign-accounts`
    pub foreign_accounts: bool,
    /// `--email-domain`
    pub email_domain: Option<String>,
    /// `--name-prefix`
    pub name_prefix: Option<String>,
}

impl Limits {
    /// Everything, at once: for a target on this machine.
    pub fn none() -> Self {
        Self {
            writes: Writes::Allowed,
            failed_logins: true,
            interval: Duration::ZERO,
            max_requests: None,
            max_users: None,
            backoff: Backoff {
                base: Duration::from_millis(20),
                cap: Duration::from_secs(5),
                patience: Duration::from_mins(1),
            },
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
                cap: Duration::from_millis(10),
                patience: Duration::from_millis(200),
            },
            settle: Duration::from_millis(200),
            ..Self::none()
        }
    }

    /// What may be done to `target`, whose account is `account_id`.
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
                    "--confirm-account says {confirmed}, but the login is of account {account_id}; look which of the two is wrong; nothing was sent"
                ));
            }
            Some(_) if !asked.allow_writes => {
                return Err(ConformanceError::Usage(
                    "--confirm-account does nothing without --allow-writes; give both, or neither"
                        .to_owned(),
                ));
            }
            None if asked.allow_writes && !here => {
                return refused(format!(
                    "--allow-writes: {} is not on this machine, so say which account its users may be created in and deleted from: --confirm-account {account_id}; nothing was sent",
                    target.host
                ));
            }
            _ => {}
        }
        if asked.read_only {
            limits.writes = Writes::Refused("it would write, and --read-only was asked for");
        } else if !here && !asked.allow_writes {
            limits.writes = Writes::Refused(
                "it would write, and away from this machine that needs --allow-writes --confirm-account ID",
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
        limits.max_requests = asked.max_requests.or(limits.max_requests);
        limits.max_users = asked.max_users.or(limits.max_users);
        if let Some(rps) = asked.rps {
            limits.interval = interval(rps);
        }
        if let Some(seconds) = asked.patience {
            limits.backoff.patience = Duration::from_secs(seconds);
        }
        if let Some(seconds) = asked.settle {
            limits.settle = Duration::from_secs_f64(seconds);
        }
        limits.allow_leftovers = asked.allow_leftovers;
        limits.prepared_user.clone_from(&asked.prepared_user);
        if let Some(role) = &asked.role {
            limits.roles = Roles::Only(role.clone());
        }
        if let Some(domain) = &asked.email_domain {
            limits.email_domain.clone_from(domain);
        }
        if let Some(prefix) = &asked.name_prefix {
            limits.name_prefix.clone_from(prefix);
        }
        Ok(limits)
    }

    /// For every target but the mock inside: its users may be somebody's.
    pub fn protect_others(&mut self, asked: &LimitArgs) {
        self.one_user_first = true;
        self.foreign_accounts = asked.foreign_accounts;
        if asked.role.is_none() {
            self.roles = Roles::Withheld;
        }
    }

    /// Whether it may write.
    pub fn may_write(&self) -> bool {
        self.writes == Writes::Allowed
    }
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
