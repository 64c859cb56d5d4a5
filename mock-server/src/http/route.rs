//! Paths of the emulated API.

use std::borrow::Cow;

use axum::http::Method;
use bandwidth_fixtures::{
    Consultation, Operation,
    profile::{AuthSchemes, BasePaths, UserPaths},
};
use percent_encoding::percent_decode_str;

/// A path that leads somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route<'p> {
    /// What comes before the resource, as `/api`.
    pub(super) base: &'static str,
    pub(super) resource: Resource<'p>,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource<'p> {
    /// `/accounts/{accountId}/users`
    Users { account: Cow<'p, str> },
    /// `/accounts/{accountId}/users/{userId}`
    User {
        account: Cow<'p, str>,
        key: Cow<'p, str>,
    },
    /// `/accounts/{accountId}/roles`
    Roles { account: Cow<'p, str> },
    /// `/users`: those of the login's account
    LoginUsers,
    /// `/users/{userid}`: one of the login's account
    LoginUser { key: Cow<'p, str> },
    /// `/users/{username}/password`
    Password { username: Cow<'p, str> },
    /// `/api/v1/oauth2/token`
    Token,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action<'r> {
    ListUsers,
    GetUser {
        key: &'r str,
    },
    /// The same below `/users`, where the answer also names the account.
    GetLoginUser {
        key: &'r str,
    },
    CreateUser,
    UpdateUser {
        key: &'r str,
    },
    DeleteUser {
        key: &'r str,
    },
    ListRoles,
    ChangePassword {
        username: &'r str,
    },
    IssueToken,
}

impl Action<'_> {
    /// The operation that it is.
    pub(super) fn operation(self) -> Operation {
        match self {
            Self::ListUsers => Operation::ListUsers,
            Self::GetUser { .. } | Self::GetLoginUser { .. } => Operation::GetUser,
            Self::CreateUser => Operation::CreateUser,
            Self::UpdateUser { .. } => Operation::UpdateUser,
            Self::DeleteUser { .. } => Operation::DeleteUser,
            Self::ListRoles => Operation::ListRoles,
            Self::ChangePassword { .. } => Operation::ChangePassword,
            Self::IssueToken => Operation::IssueToken,
        }
    }

    /// Whether it changes the account when it succeeds.
    pub(super) fn changes(self) -> bool {
        match self {
            Self::CreateUser
            | Self::UpdateUser { .. }
            | Self::DeleteUser { .. }
            | Self::ChangePassword { .. } => true,
            Self::ListUsers
            | Self::GetUser { .. }
            | Self::GetLoginUser { .. }
            | Self::ListRoles
            | Self::IssueToken => false,
        }
    }
}

const API: &str = "/api";
/// How many segments the longest path has after that.
const LONGEST: usize = 4;
/// Longest first: `/api/v1` also starts with `/api`.
const VERSIONED: [&str; 2] = ["/api/v1", "/v1.0"];

/// The official SDKs ask for tokens at this path, whatever base they use for the rest.
const TOKEN: &str = "/api/v1/oauth2/token";

/// The account that a path names, whether or not a profile has that path. It decides whose
/// profile is asked.
pub(super) fn account_in(path: &str) -> Option<Cow<'_, str>> {
    let mut bases = VERSIONED.into_iter().chain([API]);
    let rest = bases.find_map(|base| below(path, base))?;
    let (account, _) = rest.strip_prefix("accounts/")?.split_once('/')?;
    decoded(account)
}

/// A segment of a path without its percent-encoding, where that is UTF-8.
fn decoded(segment: &str) -> Option<Cow<'_, str>> {
    if segment.contains('%') {
        percent_decode_str(segment).decode_utf8().ok()
    } else {
        Some(Cow::Borrowed(segment))
    }
}

impl<'p> Route<'p> {
    /// The route of a path, where the profile has it.
    pub(super) fn of(path: &'p str, rules: &Consultation) -> Option<Self> {
        if path == TOKEN && rules.auth_schemes() != AuthSchemes::Basic {
            return Some(Self {
                base: API,
                resource: Resource::Token,
            });
        }
        for base in VERSIONED {
            if let Some(rest) = below(path, base)
                && rules.paths_bases() == BasePaths::ApiAndVersions
            {
                let resource = Resource::of(rest, rules)?;
                return Some(Self { base, resource });
            }
        }
        let resource = Resource::of(below(path, API)?, rules)?;
        Some(Self {
            base: API,
            resource,
        })
    }
}

/// What follows `base/` in the path.
fn below<'p>(path: &'p str, base: &str) -> Option<&'p str> {
    path.strip_prefix(base)?.strip_prefix('/')
}

impl<'p> Resource<'p> {
    fn of(rest: &'p str, rules: &Consultation) -> Option<Self> {
        // No path is longer; what is not there is empty, as no segment may be.
        let mut segments: [Cow<'p, str>; LONGEST] = Default::default();
        for (index, segment) in rest.split('/').enumerate() {
            let decoded = decoded(segment)?;
            if decoded.is_empty() {
                return None;
            }
            *segments.get_mut(index)? = decoded;
        }
        let [first, second, third, fourth] = segments;
        let resource = match [&*first, &*second, &*third, &*fourth] {
            ["accounts", _, "users", ""] => Self::Users { account: second },
            ["accounts", _, "users", _] => Self::User {
                account: second,
                key: fourth,
            },
            ["accounts", _, "roles", ""] => Self::Roles { account: second },
            ["users", "", "", ""] => Self::LoginUsers,
            ["users", _, "", ""] => Self::LoginUser { key: second },
            ["users", _, "password", ""] => Self::Password { username: second },
            _ => return None,
        };
        match resource {
            Self::LoginUsers | Self::LoginUser { .. } | Self::Password { .. }
                if rules.paths_users() == UserPaths::AccountOnly =>
            {
                None
            }
            resource => Some(resource),
        }
    }

    /// The account in the path.
    pub(super) fn account(&self) -> Option<&str> {
        match self {
            Self::Users { account } | Self::User { account, .. } | Self::Roles { account } => {
                Some(account)
            }
            Self::LoginUsers | Self::LoginUser { .. } | Self::Password { .. } | Self::Token => None,
        }
    }

    /// What a method means here. HEAD is GET without its body (RFC 9110, section 9.3.2).
    pub(super) fn action(&self, method: &Method) -> Option<Action<'_>> {
        let get = method == Method::GET || method == Method::HEAD;
        match self {
            Self::Users { .. } | Self::LoginUsers if get => Some(Action::ListUsers),
            Self::Users { .. } if method == Method::POST => Some(Action::CreateUser),
            Self::User { key, .. } if get => Some(Action::GetUser { key }),
            Self::User { key, .. } if method == Method::PUT => Some(Action::UpdateUser { key }),
            Self::User { key, .. } if method == Method::DELETE => Some(Action::DeleteUser { key }),
            Self::Roles { .. } if get => Some(Action::ListRoles),
            Self::LoginUser { key } if get => Some(Action::GetLoginUser { key }),
            Self::Password { username } if method == Method::PUT => {
                Some(Action::ChangePassword { username })
            }
            Self::Token if method == Method::POST => Some(Action::IssueToken),
            _ => None,
        }
    }

    /// The value of `Allow`.
    pub(super) fn allow(&self) -> &'static str {
        match self {
            Self::Users { .. } => "GET, HEAD, POST",
            Self::User { .. } => "GET, HEAD, PUT, DELETE",
            Self::Roles { .. } | Self::LoginUsers | Self::LoginUser { .. } => "GET, HEAD",
            Self::Password { .. } => "PUT",
            Self::Token => "POST",
        }
    }

    /// Name of the XML root of an error.
    pub(super) fn error_root(&self, method: &Method) -> &'static str {
        match self {
            Self::Users { .. } if method == Method::POST => "UserResponse",
            Self::Users { .. } | Self::LoginUsers => "UsersResponse",
            Self::User { .. } | Self::LoginUser { .. } | Self::Password { .. } => "UserResponse",
            Self::Roles { .. } => "RolesResponse",
            Self::Token => "TokenResponse",
        }
    }
}

#[cfg(test)]
mod tests {
    use bandwidth_fixtures::{Consultation, NamedProfile};

    use super::{Resource, Route};

    fn route<'p>(profile: &str, path: &'p str) -> Option<Route<'p>> {
        Route::of(
            path,
            &Consultation::of(*NamedProfile::built_in(profile).unwrap().options()),
        )
    }

    #[test]
    fn paths_of_the_guide() {
        let found = route("guide", "/api/accounts/12345/users/u%31").unwrap();
        assert_eq!(
            found.resource,
            Resource::User {
                account: "12345".into(),
                key: "u1".into()
            }
        );
        for path in [
            "/",
            "/api",
            "/api/",
            "/api/accounts/12345/users/",
            "/api/accounts//users",
            "/api/accounts/12345",
            "/api/accounts/12345/users/u1/",
            "/api/accounts/12345/users/%FF",
            "/apix/accounts/12345/users",
            "/api/users",
            "/api/v1/accounts/12345/users",
            "/v1.0/accounts/12345/users",
        ] {
            assert_eq!(route("guide", path), None, "{path}");
        }
    }

    #[test]
    fn published_paths_have_more_bases_and_users_without_account() {
        for base in ["/api", "/api/v1", "/v1.0"] {
            let path = format!("{base}/users/jdoe%40example.com/password");
            let found = route("published", &path).unwrap();
            assert_eq!(found.base, base);
            assert_eq!(
                found.resource,
                Resource::Password {
                    username: "jdoe@example.com".into()
                }
            );
        }
    }
}
