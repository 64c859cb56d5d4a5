//! Cases: one claim about the API each, where it comes from, and how it is tested.

use std::{borrow::Cow, pin::Pin};

use bandwidth_fixtures::profile::{
    AuthSchemes, JsonSupport, ManagementSurface, TokenClients, UserKey, UserLogins, UserPaths,
};

use crate::{
    claims::{self, Claim, Kind},
    dialogue::Context,
    dialogue::run::Run,
    limits::{Surface, Writes},
    target::TOKEN_PATH,
    verdict::{CaseResult, Level},
    wire::Format,
};

/// The source of a case that cites nothing.
const NO_SOURCE: &str = "no source";

/// Writes the cases of a file: for each its sentence, its id, how many users it takes, what it cites,
/// measures and needs, and its body, which is judged in each format when it has a second argument.
macro_rules! cases {
    (@users none) => { $crate::case::Users::None };
    (@users one) => { $crate::case::Users::One };
    (@users last) => { $crate::case::Users::Last };
    (@users many) => { $crate::case::Users::Many };
    (@body $case:expr, $body:block, $cx:ident) => {{
        async fn body($cx: &mut $crate::dialogue::Context) -> $crate::verdict::CaseResult $body
        $case.once(|cx| Box::pin(body(cx)))
    }};
    (@body $case:expr, $body:block, $cx:ident, $format:ident) => {{
        async fn body(
            $cx: &mut $crate::dialogue::Context,
            $format: $crate::wire::Format,
        ) -> $crate::verdict::CaseResult $body
        $case.each_format(|cx, format| Box::pin(body(cx, format)))
    }};
    ($(
        $(#[doc = $says:literal])+
        $id:literal $users:ident $(, $fact:ident $values:tt)*
        |$cx:ident $(, $format:ident)?| $body:block
    )*) => {
        pub(super) fn cases() -> Vec<$crate::case::Case> {
            vec![$({
                let case = $crate::case::Case::new(
                    $id,
                    concat!($($says),+).trim_ascii(),
                    $crate::case::cases!(@users $users),
                )
                $(.$fact(&$values))*;
                $crate::case::cases!(@body case, $body, $cx $(, $format)?)
            }),*]
        }
    };
}
pub(crate) use cases;

/// How many users a case takes, which decides when it may run on an account where users stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Users {
    /// It creates and updates no user: it reads, or deletes a key that no user has.
    None,
    /// It works on [`Context::subject`], which it may update and must not delete.
    One,
    /// It deletes the subject. There is one such case.
    Last,
    /// It sends requests that create users, or could.
    Many,
}

impl Users {
    /// The word used in the reference.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::One => "one",
            Self::Last => "last",
            Self::Many => "many",
        }
    }
}

/// What a case cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It creates, changes or deletes users.
    Writing,
    /// Leave to create, change and delete users on the account surface.
    AccountWrites,
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
    /// API credentials, and the token endpoint on the target.
    Tokens,
    /// The surface of today's API.
    Management,
    /// Leave to create and change users in today's API.
    ManagementWrites,
    /// Users whose own name and password give a token.
    UserTokens,
    /// Failed logins that could lock a login: the run's own, or many of one user.
    FailedLogins,
    /// Leave to ask about accounts that are not the login's own.
    ForeignAccounts,
    /// Another account that exists and that the login may not touch.
    SecondAccount,
    /// A user that the run creates itself, whose create it looks at.
    NewUser,
    /// The built-in mock: it sends what must not be sent to an account of anybody's, or makes what
    /// is more than a user.
    Emulator,
}

impl Need {
    /// What it asks for, in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Writing => "write access",
            Self::AccountWrites => "write access on the account surface",
            Self::Json => "JSON",
            Self::Role => "a role in the account",
            Self::UserIds => "internal user ids",
            Self::UserLogins => "users that can log in to the API",
            Self::LoginPaths => "the paths below /users",
            Self::BasicLogin => "a login with name and password",
            Self::Management => "today's API",
            Self::ManagementWrites => "write access in today's API",
            Self::UserTokens => "users that can get a token",
            Self::Tokens => "API credentials and a token endpoint",
            Self::FailedLogins => "failed logins that could lock a login",
            Self::ForeignAccounts => "leave to ask about other accounts",
            Self::SecondAccount => "a second account",
            Self::NewUser => "a user of the run's own",
            Self::Emulator => "the built-in mock",
        }
    }

    /// Why a run cannot give it; `None` when it can, or when only the target itself can tell.
    fn missing_in(self, run: &Run) -> Option<&'static str> {
        let profile = run.profile();
        let (missing, reason) = match self {
            Self::Role => return None,
            Self::Writing => match run.limits().writes {
                Writes::Allowed => return None,
                Writes::Refused(reason) => (true, reason),
            },
            Self::AccountWrites => (
                !run.limits().may_write_on(Surface::Account),
                "it writes on the account surface, and --surface management leaves that alone",
            ),
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
                run.credentials().basic().is_none(),
                "the run has OAuth credentials, and this is about a name and a password",
            ),
            Self::Tokens if profile.auth_schemes == AuthSchemes::Basic => (
                true,
                "the expected profile has no tokens (auth.schemes=basic)",
            ),
            Self::Tokens if run.credentials().client().is_none() => (
                true,
                "it is about tokens, and the run has no API credentials; set BW_CLIENT_ID and BW_CLIENT_SECRET",
            ),
            Self::Tokens => {
                let target = &run.dispatch().endpoint.target;
                let own = format!("{}{TOKEN_PATH}", target.origin());
                (
                    run.credentials().token_url(target) != own,
                    "tokens come from another host, and only the target itself is asked for some",
                )
            }
            Self::Management if profile.surface_management == ManagementSurface::Served => {
                return Self::Tokens.missing_in(run);
            }
            Self::Management => (
                true,
                "the expected profile has no such surface (surface.management=absent)",
            ),
            Self::ManagementWrites if run.limits().may_write_on(Surface::Management) => {
                return Self::Management.missing_in(run);
            }
            Self::ManagementWrites => (
                true,
                "it writes in today's API, and --surface management permits that",
            ),
            Self::UserTokens if profile.auth_token_clients == TokenClients::Credentials => (
                true,
                "users of the expected profile get no tokens (auth.token_clients=credentials)",
            ),
            Self::UserTokens => {
                return Self::UserLogins
                    .missing_in(run)
                    .or_else(|| Self::Tokens.missing_in(run));
            }
            Self::FailedLogins => (
                !run.limits().failed_logins,
                "it fails to log in on purpose, which could lock a login; --allow-failed-logins permits that",
            ),
            Self::ForeignAccounts => (
                !run.limits().foreign_accounts,
                "it asks about an account that is not the login's own; --foreign-accounts permits that",
            ),
            Self::SecondAccount if !run.limits().foreign_accounts => {
                return Self::ForeignAccounts.missing_in(run);
            }
            Self::NewUser => (
                run.limits().prepared_user.is_some(),
                "it looks at the create of a user, and --prepared-user creates none",
            ),
            Self::Emulator => (
                run.emulators.is_none(),
                "it sends what no account of anybody's should be sent, so it needs the built-in mock",
            ),
            Self::SecondAccount => (
                run.credentials().second_account_id.is_none(),
                "it needs another account, one that the login may not touch; BW_SECOND_ACCOUNT_ID names it",
            ),
        };
        missing.then_some(reason)
    }
}

/// What a case's body does, once it is started.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = CaseResult> + 'a>>;

/// How much a case that cites these claims may be held against a target.
pub fn level_of(claims: &[&Claim]) -> Level {
    if claims.iter().any(|claim| claim.kind == Kind::Said) {
        Level::Documented
    } else if claims.is_empty() {
        Level::Characterise
    } else {
        Level::Derived
    }
}

/// What a case does.
type Body = dyn for<'a> Fn(&'a mut Context, Format) -> Running<'a>;

/// One check of the suite.
pub struct Case {
    /// `area.topic.claim`; never means something else later.
    pub id: Cow<'static, str>,
    /// How much it may be held against a target; follows from what it cites.
    pub level: Level,
    /// What is checked, in one sentence.
    pub claim: Cow<'static, str>,
    /// Where that is known from.
    pub source: Cow<'static, str>,
    /// The claims that it checks.
    pub cites: Vec<&'static Claim>,
    /// Ids of the behaviours that its outcome depends on.
    pub measures: &'static [&'static str],
    /// What it cannot do without, beside write access where it takes users.
    pub needs: &'static [Need],
    /// How many users it takes.
    pub users: Users,
    /// Words to choose it by.
    pub tags: &'static [&'static str],
    /// Whether it is judged in each format of the expected profile, with a verdict for each.
    each_format: bool,
    body: Box<Body>,
}

impl Case {
    /// A case that cites nothing, needs nothing and does nothing.
    pub(crate) fn new(
        id: impl Into<Cow<'static, str>>,
        claim: impl Into<Cow<'static, str>>,
        users: Users,
    ) -> Self {
        Self {
            id: id.into(),
            level: Level::Characterise,
            claim: claim.into(),
            source: NO_SOURCE.into(),
            cites: Vec::new(),
            measures: &[],
            needs: &[],
            users,
            tags: &[],
            each_format: false,
            body: Box::new(|_, _| Box::pin(std::future::ready(Ok(())))),
        }
    }

    /// The keys of the claims that it checks. Its level and its source follow from them.
    pub(crate) fn cites(mut self, keys: &[&str]) -> Self {
        self.cites = keys.iter().map(|key| claims::cited(key)).collect();
        self.level = level_of(&self.cites);
        let mut sources: Vec<&str> = Vec::new();
        for claim in &self.cites {
            if !sources.contains(&claim.source.as_str()) {
                sources.push(&claim.source);
            }
        }
        if !sources.is_empty() {
            self.source = sources.join("; ").into();
        }
        self
    }

    /// The level and the source of a case that is not written by hand.
    pub(crate) fn known_from(mut self, level: Level, source: impl Into<Cow<'static, str>>) -> Self {
        self.level = level;
        self.source = source.into();
        self
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

    /// Is judged once.
    pub(crate) fn once(
        mut self,
        body: impl for<'a> Fn(&'a mut Context) -> Running<'a> + 'static,
    ) -> Self {
        self.body = Box::new(move |cx, _| body(cx));
        self
    }

    /// Is judged in each format of the expected profile.
    pub(crate) fn each_format(
        mut self,
        body: impl for<'a> Fn(&'a mut Context, Format) -> Running<'a> + 'static,
    ) -> Self {
        self.each_format = true;
        self.body = Box::new(body);
        self
    }

    /// The first part of the id.
    pub fn area(&self) -> &str {
        self.id.split('.').next().unwrap_or("")
    }

    /// Whether it creates, changes or deletes users, or tries to.
    pub fn writes(&self) -> bool {
        self.users != Users::None || self.needs.contains(&Need::Writing)
    }

    /// Where it writes, if it does.
    pub fn surface(&self) -> Surface {
        if self.needs.contains(&Need::ManagementWrites) {
            Surface::Management
        } else {
            Surface::Account
        }
    }

    /// Where it comes in a run that begins with what one user can answer: cases without users, then
    /// what PUT means, the other cases of one user, the delete of that user, and all others.
    pub fn turn(&self) -> (Users, bool) {
        let put_first = self.measures.contains(&"put.semantics");
        (self.users, self.users == Users::One && !put_first)
    }

    /// The formats that it is judged in, each with a verdict of its own; one `None` for a case that
    /// is judged once.
    pub(crate) fn formats(&self, run: &Run) -> Vec<Option<Format>> {
        if !self.each_format {
            return vec![None];
        }
        let formats = Format::all_of(run.profile()).iter();
        formats.copied().map(Some).collect()
    }

    /// Why it does not apply to that run, if it does not.
    pub fn inapplicable(&self, run: &Run) -> Option<&'static str> {
        let writing: &[Need] = match (self.writes(), self.surface()) {
            (false, _) => &[],
            (true, Surface::Account) => &[Need::Writing, Need::AccountWrites],
            (true, Surface::Management) => &[Need::Writing],
        };
        writing
            .iter()
            .chain(self.needs)
            .find_map(|need| need.missing_in(run))
    }

    /// Does what it does, in `format` where it is a case of each format.
    pub(crate) async fn execute(&self, cx: &mut Context, format: Option<Format>) -> CaseResult {
        let format = format.unwrap_or_else(|| cx.default_format());
        (self.body)(cx, format).await
    }
}

#[cfg(test)]
mod tests {
    use bandwidth_fixtures::NamedProfile;

    use super::{Case, Level, Need, Users};
    use crate::{
        dialogue::run::{Run, Setup},
        limits::{Limits, Writes},
        login::{Credentials, Login},
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
            emulators: None,
            limits: Limits::none(),
        };
        change(&mut setup);
        let case = Case::new("a.b.c", "claim", Users::None).needs(need);
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
                &[Need::ForeignAccounts],
                "",
                "",
                |setup| setup.limits.foreign_accounts = false,
                "--foreign-accounts",
            ),
            (
                &[Need::SecondAccount],
                "",
                "",
                |setup| setup.limits.foreign_accounts = false,
                "--foreign-accounts",
            ),
            (
                &[Need::NewUser],
                "",
                "",
                |setup| setup.limits.prepared_user = Some("u7".to_owned()),
                "--prepared-user",
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
    fn the_level_follows_from_what_is_cited() {
        for (keys, expected) in [
            (&[][..], Level::Characterise),
            (&["rfc9110-404"], Level::Derived),
            (&["profile-choice", "rfc9110-404"], Level::Derived),
            (&["rfc9110-404", "no-scim"], Level::Documented),
        ] {
            let case = Case::new("a.b.c", "claim", Users::None).cites(keys);
            assert_eq!(case.level, expected, "{keys:?}");
        }
    }

    #[test]
    fn what_writes_says_so() {
        let case = |users| Case::new("a.b.c", "claim", users);
        assert!(
            case(Users::None)
                .needs(&[Need::Json, Need::Writing])
                .writes()
        );
        assert!(case(Users::One).writes() && case(Users::Many).writes());
        assert!(!case(Users::None).needs(&[Need::Json]).writes());
        assert_eq!(case(Users::None).area(), "a");
    }
}
