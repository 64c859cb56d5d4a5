//! The values that travel: what a request's body said, and what a response's body will say.
//!
//! They are plain data between the codec, which turns them into bytes, and the domain, which
//! decides. Neither knows the other.

use bandwidth_fixtures::{Secret, Texts};

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
    pub account: Option<AccountView<'a>>,
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

/// The account of a user.
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
