//! Cases: one claim about the API each, its source, and its test.

mod need;

use std::{borrow::Cow, pin::Pin};

pub use self::need::Need;
use crate::{
    claims::{self, Claim, Kind},
    dialogue::Context,
    dialogue::run::Run,
    limits::Surface,
    verdict::{CaseResult, Level},
    wire::Format,
};

/// The source of a case that cites nothing.
const NO_SOURCE: &str = "no source";

/// Defines the cases of a file. Each has a sentence, an id, the users that it needs, the claims
/// that it cites, the behaviours that it measures, its requirements, and its body. A body with a
/// second argument runs in each format.
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

/// The users that a case or an experiment needs. They decide when it may run on an account where
/// users stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Users {
    /// It creates and updates no user: it reads, or deletes a key that no user has.
    None,
    /// It works on the first user, which it may update and must not delete: in a case, on
    /// [`Context::subject`].
    One,
    /// It deletes the first user. There is one such case, and one such experiment.
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

/// A started case.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = CaseResult> + 'a>>;

/// The level of a case that cites these claims.
pub fn level_of(claims: &[&Claim]) -> Level {
    if claims.iter().any(|claim| claim.kind == Kind::Said) {
        Level::Documented
    } else if claims.is_empty() {
        Level::Characterise
    } else {
        Level::Derived
    }
}

/// The code of a case.
type Body = dyn for<'a> Fn(&'a mut Context, Format) -> Running<'a>;

/// One check of the suite.
pub struct Case {
    /// `area.topic.claim`; never means something else later.
    pub id: Cow<'static, str>,
    /// Decides whether a deviation is a failure; follows from the claims that it cites.
    pub level: Level,
    /// One sentence.
    pub claim: Cow<'static, str>,
    /// Documents that support the claim.
    pub source: Cow<'static, str>,
    /// The claims that it checks.
    pub cites: Vec<&'static Claim>,
    /// Ids of the behaviours that its outcome depends on.
    pub measures: &'static [&'static str],
    /// Requirements, beside write access if it needs users.
    pub needs: &'static [Need],
    pub users: Users,
    /// Words to choose it by.
    pub tags: &'static [&'static str],
    /// True if it runs once in each format of the expected profile, with a verdict for each.
    each_format: bool,
    /// True if, with the built-in mock, it gets a server of its own for every profile.
    own_server: bool,
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
            own_server: false,
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

    pub(crate) fn own_server(mut self) -> Self {
        self.own_server = true;
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

    /// True if it creates, changes or deletes users, or tries to.
    pub fn writes(&self) -> bool {
        self.users != Users::None || self.needs.contains(&Need::Writing)
    }

    /// The surface of its writes.
    pub fn surface(&self) -> Surface {
        let managed = [Need::Management, Need::ManagementWrites];
        if managed.iter().any(|need| self.needs.contains(need)) {
            Surface::Management
        } else if [Need::Identity, Need::IdentityWrites]
            .iter()
            .any(|need| self.needs.contains(need))
        {
            Surface::Identity
        } else {
            Surface::Account
        }
    }

    /// Sort key in a run that begins with one user: cases without users, then the meaning of PUT,
    /// the other cases of one user, the delete of that user, and all others.
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
        let apart = self.own_server && run.emulators.is_some();
        let writing: &[Need] = match self.surface() {
            _ if !self.writes() => &[],
            Surface::Account if !apart && !self.needs.contains(&Need::OurUser) => {
                &[Need::Writing, Need::AccountWrites]
            }
            Surface::Account | Surface::Identity | Surface::Management => &[Need::Writing],
        };
        let mut needs: Vec<Need> = self.needs.iter().chain(writing).copied().collect();
        // First the reason that no flag removes, last the one that two flags remove.
        needs.sort_by_key(|need| match need {
            Need::Emulator => 0,
            Need::Writing => 2,
            _ => 1,
        });
        needs.into_iter().find_map(|need| need.missing_in(run))
    }

    /// Runs the case, in `format` if it is a case of each format.
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
        missing_in(Users::None, need, set, change)
    }

    fn missing_in(
        users: Users,
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
        let case = Case::new("a.b.c", "claim", users).needs(need);
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
                "surface.login=served",
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
        // Only the target shows it.
        assert_eq!(missing(&[Need::Role], &[], keep), None);
        assert_eq!(missing(&[], &[], keep), None);
    }

    #[test]
    fn one_rule_is_enough_to_reject_a_weak_password() {
        let keep: fn(&mut Setup) = |_| {};
        let lax = ["password.min_length=3", "password.classes=1"];
        let policy = &[Need::PasswordPolicy];
        let why = missing(policy, &lax, keep).unwrap();
        assert!(why.contains("password.min_length"), "{why}");
        for one in lax {
            assert_eq!(missing(policy, &[one], keep), None, "{one}");
        }
    }

    #[test]
    fn a_reason_that_a_flag_removes_comes_last() {
        let refused: fn(&mut Setup) = |setup| setup.limits.writes = Writes::Refused("read only");
        let needs = &[Need::Writing, Need::Management, Need::Emulator];
        for (need, reason) in [
            (&needs[..], "built-in mock"),
            (&needs[..2], "surface.management"),
            (&needs[..1], "read only"),
        ] {
            let why = missing_in(Users::Many, need, &[], refused).unwrap();
            assert!(why.contains(reason), "{why}");
        }
    }

    #[test]
    fn a_case_about_users_needs_a_profile_that_serves_them() {
        let why = |need, option| missing(need, &[option], |_| {}).unwrap_or_default();
        let [list, absent] = ["surface.account=list_only", "surface.account=absent"];
        assert!(why(&[Need::AccountUsers], list).contains("only the list"));
        assert!(why(&[Need::AccountWrites], list).contains("only the list"));
        assert!(why(&[Need::AccountList], absent).contains("nothing below an account"));
        assert_eq!(why(&[Need::AccountList], list), "");
        assert_eq!(why(&[Need::AccountUsers], "surface.account=full"), "");
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
