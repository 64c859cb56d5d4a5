//! Requirements of a case, and the reason if a run cannot meet one.

use bandwidth_fixtures::{
    Profile,
    profile::{
        AccountSurface, AuthSchemes, IdentitySurface, JsonSupport, LoginSurface, ManagementSurface,
        TokenClients, UserKey, UserLogins,
    },
};

use crate::{
    dialogue::run::Run,
    limits::{Surface, Writes},
    password,
    target::TOKEN_PATH,
};

/// Why a case does not apply that reads below an account.
const NOTHING_BELOW_ACCOUNTS: &str =
    "the expected profile has nothing below an account (surface.account=absent)";

/// A requirement of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It creates, changes or deletes users.
    Writing,
    /// The list of the users of the account, below the account.
    AccountList,
    /// Users one by one and roles, below the account.
    AccountUsers,
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
    /// Leave to create users where the run has them: below the account, or below the domain.
    OurUser,
    /// The surface of identity domains.
    Identity,
    /// Leave to create and change users of the identity domain.
    IdentityWrites,
    /// The surface of today's API.
    Management,
    /// Leave to create and change users in today's API.
    ManagementWrites,
    /// Users whose own name and password give a token.
    UserTokens,
    /// A policy that rejects the weak password of the cases.
    PasswordPolicy,
    /// Failed logins that could lock a login: the run's own, or many of one user.
    FailedLogins,
    /// Leave to ask about accounts that are not the login's own.
    ForeignAccounts,
    /// Another account that exists and that the login may not touch.
    SecondAccount,
    /// A user that the run creates itself, whose create it looks at.
    NewUser,
    /// The built-in mock: it sends what must not be sent to a real account, or makes what
    /// is more than a user.
    Emulator,
}

impl Need {
    /// Describes the requirement.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Writing => "write access",
            Self::AccountList => "the list of users below the account",
            Self::AccountUsers => "users and roles below the account",
            Self::AccountWrites => "write access on the account surface",
            Self::Json => "JSON",
            Self::Role => "a role in the account",
            Self::UserIds => "internal user ids",
            Self::UserLogins => "users that can log in to the API",
            Self::LoginPaths => "the paths below /users",
            Self::BasicLogin => "a login with name and password",
            Self::OurUser => "a user of the run's own, on any surface",
            Self::Identity => "identity domains",
            Self::IdentityWrites => "write access below the identity domain",
            Self::Management => "today's API",
            Self::ManagementWrites => "write access in today's API",
            Self::UserTokens => "users that can get a token",
            Self::Tokens => "API credentials and a token endpoint",
            Self::PasswordPolicy => "a policy that rejects weak passwords",
            Self::FailedLogins => "failed logins that could lock a login",
            Self::ForeignAccounts => "leave to ask about other accounts",
            Self::SecondAccount => "a second account",
            Self::NewUser => "a user of the run's own",
            Self::Emulator => "the built-in mock",
        }
    }

    /// Why a run cannot give it; `None` when it can, or when only the target shows it.
    pub(super) fn missing_in(self, run: &Run) -> Option<&'static str> {
        let profile = run.profile();
        let (missing, reason) = match self {
            Self::Role => return None,
            Self::Writing => match run.limits().writes {
                Writes::Allowed => return None,
                Writes::Refused(reason) => (true, reason),
            },
            Self::AccountList => (
                profile.surface_account == AccountSurface::Absent,
                NOTHING_BELOW_ACCOUNTS,
            ),
            Self::AccountUsers => return users_missing(profile),
            Self::AccountWrites if users_missing(profile).is_some() => {
                return users_missing(profile);
            }
            Self::AccountWrites => (
                !run.limits().may_write_on(Surface::Account),
                "--surface names another surface than `account`",
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
                profile.surface_login == LoginSurface::Absent,
                "the expected profile has no such paths (surface.login=absent)",
            ),
            Self::BasicLogin => (
                run.credentials().basic().is_none(),
                "a name and a password are needed, and the run has OAuth credentials",
            ),
            Self::Tokens => return tokens_missing(run),
            Self::OurUser if run.account.home == Surface::Identity => {
                return Self::IdentityWrites.missing_in(run);
            }
            Self::OurUser => return Self::AccountWrites.missing_in(run),
            Self::Identity => (
                profile.surface_identity == IdentitySurface::Absent,
                "the expected profile has no such surface (surface.identity=absent)",
            ),
            Self::IdentityWrites if run.limits().may_write_on(Surface::Identity) => {
                return Self::Identity.missing_in(run);
            }
            Self::IdentityWrites => (
                true,
                "writes below the identity domain need --surface identity",
            ),
            Self::Management if profile.surface_management == ManagementSurface::Served => {
                return Self::Tokens.missing_in(run);
            }
            Self::Management => (
                true,
                "the expected profile has no such surface (surface.management=absent)",
            ),
            Self::ManagementWrites => return management_writes_missing(run),
            Self::UserTokens => return user_tokens_missing(run),
            Self::PasswordPolicy => (
                password::accepts_weak(profile),
                "the expected profile accepts weak passwords (password.min_length, password.classes)",
            ),
            Self::FailedLogins => (
                !run.limits().failed_logins,
                "failed logins could lock a login, so they need --allow-failed-logins",
            ),
            Self::ForeignAccounts => (
                !run.limits().foreign_accounts,
                "requests for other accounts need --foreign-accounts",
            ),
            Self::SecondAccount if !run.limits().foreign_accounts => {
                return Self::ForeignAccounts.missing_in(run);
            }
            Self::NewUser => (
                run.limits().prepared_user.is_some(),
                "--prepared-user creates no user",
            ),
            Self::Emulator => (
                run.emulators.is_none(),
                "only the built-in mock may receive its data",
            ),
            Self::SecondAccount => (
                run.credentials().second_account_id.is_none(),
                "a second account is needed, which the login cannot access; set BW_SECOND_ACCOUNT_ID",
            ),
        };
        missing.then_some(reason)
    }
}

/// Why there are no users one by one and no roles below an account.
fn users_missing(profile: &Profile) -> Option<&'static str> {
    match profile.surface_account {
        AccountSurface::Full => None,
        AccountSurface::ListOnly => Some(
            "the expected profile has only the list below an account (surface.account=list_only)",
        ),
        AccountSurface::Absent => Some(NOTHING_BELOW_ACCOUNTS),
    }
}

/// Why there are no tokens to ask for.
fn tokens_missing(run: &Run) -> Option<&'static str> {
    if run.profile().auth_schemes == AuthSchemes::Basic {
        return Some("the expected profile has no tokens (auth.schemes=basic)");
    }
    if run.credentials().client().is_none() {
        return Some("tokens need API credentials; set BW_CLIENT_ID and BW_CLIENT_SECRET");
    }
    let target = &run.dispatch().endpoint.target;
    let own = format!("{}{TOKEN_PATH}", target.origin());
    (run.credentials().token_url(target) != own).then_some(
        "tokens come from another host, and the suite tests only the target's own token endpoint",
    )
}

/// Why users have no tokens.
fn user_tokens_missing(run: &Run) -> Option<&'static str> {
    if run.profile().auth_token_clients == TokenClients::Credentials {
        return Some(
            "users of the expected profile get no tokens (auth.token_clients=credentials)",
        );
    }
    let logins = Need::UserLogins.missing_in(run);
    logins.or_else(|| tokens_missing(run))
}

/// Why nothing may be written in today's API.
fn management_writes_missing(run: &Run) -> Option<&'static str> {
    let home = run.account.home;
    if home == Surface::Account && users_missing(run.profile()).is_some() && run.emulators.is_none()
    {
        return Some(
            "the expected profile has no surface that removes users of today's API (surface.account, surface.identity)",
        );
    }
    if !run.limits().may_write_on(Surface::Management) {
        return Some(
            "writes in today's API need --surface management, which remote targets do not allow",
        );
    }
    Need::Management.missing_in(run)
}
