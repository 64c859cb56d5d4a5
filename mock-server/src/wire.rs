//! The values that travel: what a request's body said, and what a response's body will say.
//!
//! They are plain data between the codec, which turns them into bytes, and the domain, which
//! decides. Neither knows the other.

use std::time::Duration;

use bandwidth_fixtures::{AccountScope, Secret, TextField, Texts, seed::DetailField};

/// A user as a request gave it. `None` means that the field was left out; an empty string, a JSON
/// null and an empty element all mean that it was given and is empty.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct UserBody {
    /// `UserId`
    pub user_id: Option<String>,
    /// `Username`
    pub username: Option<String>,
    /// The fields that are text
    pub texts: Texts<Option<String>>,
    /// `Roles`
    pub roles: Option<Vec<RoleReference>>,
    /// `Enabled`; an empty one is its default, true
    pub enabled: Option<bool>,
    /// `AccountId`
    pub account_id: Option<String>,
    /// `Password`
    pub password: Option<Secret>,
}

/// A role as a request names it: a plain id, or an object with an id, a name or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleReference {
    /// `RoleId`, or the plain text
    pub id: Option<String>,
    /// `RoleName`
    pub name: Option<String>,
}

/// A user as a response shows it. `None` means that the field is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserView<'a> {
    /// `UserId`
    pub user_id: Option<&'a str>,
    /// `Username`
    pub username: &'a str,
    /// The fields that are text
    pub texts: Texts<Option<&'a str>>,
    /// `Roles`
    pub roles: Option<Vec<RoleView<'a>>>,
    /// `Enabled`
    pub enabled: Option<bool>,
    /// `Accounts`, only below `/users/{userid}`
    pub accounts: Option<Vec<AccountView<'a>>>,
}

/// A role as a response shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleView<'a> {
    /// `RoleId`
    pub id: Option<&'a str>,
    /// `RoleName`
    pub name: &'a str,
    /// `Permissions`
    pub permissions: Option<&'a [String]>,
}

/// An account of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView<'a> {
    /// `AccountId`
    pub id: &'a str,
    /// `CompanyName`
    pub company_name: &'a str,
}

/// An error as a response shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorView<'a> {
    /// `ErrorCode` or `Code`
    pub code: u32,
    /// `Description`
    pub description: &'a str,
}

/// A user as a request of today's API gave it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ManagedUserBody {
    /// `userId`
    pub user_id: Option<String>,
    /// `username`
    pub username: Option<String>,
    /// The fields that are text
    pub texts: Texts<Option<String>>,
    /// `accountScope`
    pub scope: Option<AccountScope>,
    /// `roles`
    pub roles: Option<Vec<RoleReference>>,
    /// Ids of `accounts`
    pub accounts: Option<Vec<String>>,
    /// `enabled` or `status`
    pub enabled: Option<bool>,
}

/// A user as an answer of today's API shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedUserView<'a> {
    /// `userId`
    pub id: &'a str,
    /// `username`
    pub username: &'a str,
    /// The fields that are text
    pub texts: Texts<Option<&'a str>>,
    /// `accountScope`
    pub scope: AccountScope,
    /// `roles`
    pub roles: Vec<RoleView<'a>>,
    /// `accounts`
    pub accounts: Vec<AccountView<'a>>,
    /// `enabled` or `status`
    pub enabled: bool,
}

/// A credential as a request gave it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct CredentialBody {
    /// `description`
    pub description: Option<String>,
    /// `accountScope`
    pub scope: Option<AccountScope>,
    /// Names of `roles`
    pub roles: Option<Vec<String>>,
    /// Ids of `accounts`
    pub accounts: Option<Vec<String>>,
}

/// A credential as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialView<'a> {
    /// `clientId`
    pub client_id: &'a str,
    /// `description`
    pub description: &'a str,
    /// `accountScope`
    pub scope: AccountScope,
    /// Names of `roles`
    pub roles: &'a [String],
    /// Ids of `accounts`
    pub accounts: &'a [String],
    /// `createdDate`, since the Unix epoch
    pub created: Duration,
    /// `secrets`
    pub secrets: Vec<SecretView<'a>>,
}

/// When a secret ends, as a request gave it in `expirationDate`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It was left out.
    #[default]
    Unsaid,
    /// It was null.
    Never,
    /// Since the Unix epoch.
    At(Duration),
}

/// A secret as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretView<'a> {
    /// `secretId`
    pub id: &'a str,
    /// `clientSecret`, where it was just made
    pub value: Option<&'a Secret>,
    /// `active`
    pub active: bool,
    /// `createdDate`, since the Unix epoch
    pub created: Duration,
    /// `expirationDate`, since the Unix epoch
    pub expires: Option<Duration>,
}

/// A user as a request below an identity domain gave it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct DomainUserBody {
    /// `UserId`, the login name
    pub user_id: Option<String>,
    /// `Email`
    pub email: Option<String>,
    /// `EmailValidated`
    pub email_validated: Option<bool>,
    /// `Password`
    pub password: Option<Secret>,
    /// `UserSettings`
    pub settings: Option<SettingsBody>,
    /// `UserProfile`
    pub profile: Option<ProfileBody>,
    /// Ids of `RoleList`
    pub roles: Option<Vec<String>>,
    /// Ids of `AccountList`
    pub accounts: Option<Vec<String>>,
}

/// `UserSettings` as a request gave them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct SettingsBody {
    /// `Scope`
    pub scope: Option<String>,
    /// `Active`
    pub active: Option<bool>,
    /// `AllowedApiOrigin`
    pub origin: Option<String>,
    /// `UserState`
    pub state: Option<String>,
}

impl SettingsBody {
    /// True if all fields are present.
    pub fn is_whole(&self) -> bool {
        self.scope.is_some()
            && self.active.is_some()
            && self.origin.is_some()
            && self.state.is_some()
    }
}

/// `UserProfile` as a request gave it. `WorkPhone` is the telephone number that all surfaces have.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ProfileBody {
    /// The texts that all surfaces have
    pub texts: Texts<Option<String>>,
    /// The others
    pub details: Vec<(DetailField, String)>,
}

impl ProfileBody {
    /// A field that only this surface has.
    pub fn detail(&self, field: DetailField) -> Option<&str> {
        let mut details = self.details.iter();
        let (_, text) = details.find(|(given, _)| *given == field)?;
        Some(text)
    }

    /// True if one of its fields is empty.
    pub fn has_empty(&self) -> bool {
        let mut texts = TextField::ALL.iter();
        texts.any(|field| self.texts[*field].as_deref() == Some(""))
            || self.details.iter().any(|(_, text)| text.is_empty())
    }
}
