//! Cases: one claim about the API each, where it comes from, and how it is tested.

use std::{borrow::Cow, fmt, pin::Pin, sync::Arc};

use bandwidth_fixtures::profile::{JsonSupport, UserKey, UserLogins, UserPaths};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{context::Context, outcome::CaseResult, run::Run, safety::Writes};

/// How much a claim may be held against a target.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A source says so: may fail.
    Documented,
    /// It follows from HTTP, or from the expected profile: may fail.
    Derived,
    /// No source: never fails, records what was observed.
    Characterise,
}

impl Level {
    /// The word used in flags and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Derived => "derived",
            Self::Characterise => "characterise",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a case cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It creates, changes or deletes users.
    Writing,
    /// A target that speaks JSON.
    Json,
    /// An account with at least one role.
    Role,
    /// Internal user ids.
    UserIds,
    /// Users whose own name and password open the API.
    UserLogins,
    /// The paths below `/users` that name no account.
    LoginPaths,
    /// A login with a name and a password.
    BasicLogin,
    /// Failed logins that could lock a login: the run's own, or many of one user.
    FailedLogins,
    /// Another account that exists and that the login may not touch.
    SecondAccount,
}

impl Need {
    /// What it asks for, in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Writing => "write access",
            Self::Json => "JSON",
            Self::Role => "a role in the account",
            Self::UserIds => "internal user ids",
            Self::UserLogins => "users that can log in to the API",
            Self::LoginPaths => "the paths below /users",
            Self::BasicLogin => "a login with name and password",
            Self::FailedLogins => "failed logins that could lock a login",
            Self::SecondAccount => "a second account",
        }
    }

    /// Why a run cannot give it; `None` when it can, or when only the target itself can tell.
    fn missing_in(self, run: &Run) -> Option<&'static str> {
        let profile = run.profile();
        let (missing, reason) = match self {
            Self::Role => return None,
            Self::Writing => match run.limits.writes {
                Writes::Allowed => return None,
                Writes::Refused(reason) => (true, reason),
            },
            Self::Json => (
                profile.format_json == JsonSupport::Never,
                "the expected profile has no JSON (format.json=never)",
            ),
            Self::UserIds => (
                profile.naming_user_key == UserKey::Username,
                "the expected profile names users by username (naming.user_key=Username)",
            ),
            Self::UserLogins => (
                profile.auth_user_logins == UserLogins::Refused,
                "users of the expected profile cannot log in (auth.user_logins=refused)",
            ),
            Self::LoginPaths => (
                profile.paths_users == UserPaths::AccountOnly,
                "the expected profile has no such paths (paths.users=account_only)",
            ),
            Self::BasicLogin => (
                run.credentials.basic().is_none(),
                "the run has OAuth credentials, and this is about a name and a password",
            ),
            Self::FailedLogins => (
                !run.limits.failed_logins,
                "it fails to log in on purpose, which could lock a login; --allow-failed-logins permits that",
            ),
            Self::SecondAccount => (
                run.credentials.second_account_id.is_none(),
                "it needs another account, one that the login may not touch; BW_SECOND_ACCOUNT_ID names it",
            ),
        };
        missing.then_some(reason)
    }
}

type Running<'a> = Pin<Box<dyn Future<Output = CaseResult> + 'a>>;
type Body = Box<dyn for<'a> Fn(&'a mut Context) -> Running<'a>>;

/// One claim.
pub struct Case {
    /// `area.topic.claim`; never means something else later.
    pub id: Cow<'static, str>,
    /// How much it may be held against a target.
    pub level: Level,
    /// What is claimed, in one sentence.
    pub claim: Cow<'static, str>,
    /// The document and place, or the reasoning.
    pub source: Cow<'static, str>,
    /// Ids of the behaviours that its outcome depends on.
    pub measures: &'static [&'static str],
    /// What it cannot do without.
    pub needs: &'static [Need],
    /// Words to choose it by.
    pub tags: &'static [&'static str],
    body: Body,
}

impl Case {
    /// A case of which everything but what it does is known.
    pub(crate) fn new(
        id: impl Into<Cow<'static, str>>,
        level: Level,
        claim: impl Into<Cow<'static, str>>,
        source: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            id: id.into(),
            level,
            claim: claim.into(),
            source: source.into(),
            measures: &[],
            needs: &[],
            tags: &[],
            body: Box::new(|_| Box::pin(std::future::ready(Ok(())))),
        }
    }

    pub(crate) fn measures(mut self, behaviours: &'static [&'static str]) -> Self {
        self.measures = behaviours;
        self
    }

    pub(crate) fn needs(mut self, needs: &'static [Need]) -> Self {
        self.needs = needs;
        self
    }

    pub(crate) fn tags(mut self, tags: &'static [&'static str]) -> Self {
        self.tags = tags;
        self
    }

    pub(crate) fn run<F>(mut self, body: F) -> Self
    where
        F: AsyncFn(&mut Context) -> CaseResult + 'static,
    {
        fn erased<F>(body: F) -> Body
        where
            F: for<'a> Fn(&'a mut Context) -> Running<'a> + 'static,
        {
            Box::new(body)
        }
        let body = Arc::new(body);
        self.body = erased(move |cx| {
            let body = Arc::clone(&body);
            Box::pin(async move { body(cx).await })
        });
        self
    }

    /// The first part of the id.
    pub fn area(&self) -> &str {
        self.id.split('.').next().unwrap_or("")
    }

    /// Whether it creates, changes or deletes users.
    pub fn writes(&self) -> bool {
        self.needs.contains(&Need::Writing)
    }

    /// Why it does not apply to that run, if it does not.
    pub fn inapplicable(&self, run: &Run) -> Option<&'static str> {
        self.needs.iter().find_map(|need| need.missing_in(run))
    }

    /// Does what it does.
    pub(crate) async fn execute(&self, cx: &mut Context) -> CaseResult {
        (self.body)(cx).await
    }
}

#[cfg(test)]
mod tests {
    use bandwidth_fixtures::NamedProfile;

    use super::{Case, Level, Need};
    use crate::{
        login::{Credentials, Login},
        run::{GoldenMode, Run, Setup},
        safety::{Limits, Writes},
        transport::Endpoint,
    };

    /// Why a case with that need does not apply to a run that expects the guide with `set`.
    fn missing(
        need: &'static [Need],
        set: &[&str],
        change: fn(&mut Setup),
    ) -> Option<&'static str> {
        let mut expected = NamedProfile::built_in("guide").unwrap();
        expected.set(set.iter().copied()).unwrap();
        let mut credentials = Credentials::demo();
        credentials.second_account_id = Some("67890".to_owned());
        let mut setup = Setup {
            endpoint: Endpoint::local("127.0.0.1:1".parse().unwrap()),
            credentials,
            expected,
            goldens: GoldenMode::Symbolic,
            limits: Limits::none(),
        };
        change(&mut setup);
        let case = Case::new("a.b.c", Level::Derived, "claim", "source").needs(need);
        case.inapplicable(&Run::new(setup).unwrap())
    }

    #[test]
    fn a_case_applies_where_all_that_it_needs_is_there() {
        let keep: fn(&mut Setup) = |_| {};
        for (need, without, with, lacks, reason) in [
            (
                &[Need::Writing][..],
                "",
                "",
                (|setup| setup.limits.writes = Writes::Refused("read only")) as fn(&mut Setup),
                "read only",
            ),
            (&[Need::Json], "format.json=never", "", keep, "no JSON"),
            (
                &[Need::UserIds],
                "naming.user_key=Username",
                "",
                keep,
                "by username",
            ),
            (
                &[Need::UserLogins],
                "",
                "auth.user_logins=accepted",
                keep,
                "cannot log in",
            ),
            (
                &[Need::LoginPaths],
                "",
                "paths.users=account_and_login",
                keep,
                "no such paths",
            ),
            (
                &[Need::BasicLogin],
                "",
                "",
                |setup| {
                    setup.credentials.login = Login::Client {
                        id: "id".to_owned(),
                        secret: bandwidth_fixtures::Secret::new("secret"),
                        token_url: None,
                    };
                },
                "OAuth credentials",
            ),
            (
                &[Need::FailedLogins],
                "",
                "",
                |setup| setup.limits.failed_logins = false,
                "--allow-failed-logins",
            ),
            (
                &[Need::SecondAccount],
                "",
                "",
                |setup| setup.credentials.second_account_id = None,
                "BW_SECOND_ACCOUNT_ID",
            ),
        ] {
            let set = |option: &'static str| {
                if option.is_empty() {
                    vec![]
                } else {
                    vec![option]
                }
            };
            let why = missing(need, &set(without), lacks);
            assert!(
                why.is_some_and(|why| why.contains(reason)),
                "{need:?}: {why:?}"
            );
            assert_eq!(missing(need, &set(with), keep), None, "{need:?}");
        }
        // Only the target can tell.
        assert_eq!(missing(&[Need::Role], &[], keep), None);
        assert_eq!(missing(&[], &[], keep), None);
    }

    #[test]
    fn what_writes_says_so() {
        let case = || Case::new("a.b.c", Level::Derived, "claim", "source");
        assert!(case().needs(&[Need::Json, Need::Writing]).writes());
        assert!(!case().needs(&[Need::Json]).writes());
        assert_eq!(case().area(), "a");
    }

    #[test]
    fn levels_have_the_names_that_flags_and_reports_use() {
        let names = [Level::Documented, Level::Derived, Level::Characterise].map(|l| l.to_string());
        assert_eq!(names, ["documented", "derived", "characterise"]);
    }
}
