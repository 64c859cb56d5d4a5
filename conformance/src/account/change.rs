//! The effect of a request on users, by its method and path.

use super::keys;
use crate::{
    dispatch::politeness::only_reads,
    limits::Surface,
    target::{BASE, MANAGED, TOKEN_PATH},
};

/// The effect of a request on users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// It may create one, whose name is in its body.
    Create,
    /// It may create the one with that key, whose URL is `path`.
    CreateAt {
        /// The key, decoded.
        key: String,
        /// The URL's path.
        path: String,
    },
    /// It updates the one with that key, whose URL is `path`.
    Update {
        /// The key, decoded.
        key: String,
        /// The URL's path.
        path: String,
    },
    /// It deletes the one with that key, whose URL is `path`.
    Delete {
        /// The key, decoded.
        key: String,
        /// The URL's path.
        path: String,
    },
    /// Unknown: its method or its path does not belong to this API.
    Unknown,
}

impl Change {
    /// Classifies a request with that method and path on that account and in that domain.
    pub fn of(method: &str, path: &str, account_id: &str, domain: &str) -> Self {
        // To get a token changes no user.
        if only_reads(method) || (method, path) == ("POST", TOKEN_PATH) {
            return Self::None;
        }
        if let Some(below) = below_domains(path) {
            return Self::in_domain(method, path, below, domain);
        }
        let Some(rest) = below_users(path, account_id) else {
            return Self::Unknown;
        };
        let (segment, sub) = rest.split_once('/').unwrap_or((rest, ""));
        let key = keys::decode(segment);
        // A password has a path of its own below the user's.
        let own = path.strip_suffix("/password").filter(|_| sub == "password");
        match (method, segment, sub, own) {
            ("POST", "", "", None) if !path.ends_with('/') => Self::Create,
            ("PUT", _, "" | "password", own) if is_one_user(path, segment) => Self::Update {
                key,
                path: own.unwrap_or(path).to_owned(),
            },
            ("PATCH", _, "", None) if is_managed(path) && is_one_user(path, segment) => {
                Self::Update {
                    key,
                    path: path.to_owned(),
                }
            }
            ("DELETE", _, "", None) if is_one_user(path, segment) => Self::Delete {
                key,
                path: path.to_owned(),
            },
            _ => Self::Unknown,
        }
    }

    /// Classifies a path below identity domains. The parts of a user have paths of their own there.
    fn in_domain(method: &str, path: &str, below: &str, domain: &str) -> Self {
        let segments: Vec<&str> = below.split('/').collect();
        let [name, "users", segment, part @ ..] = segments.as_slice() else {
            return Self::Unknown;
        };
        let escapes = |segment: &&&str| keys::escapes(segment);
        let is_plain = !path.contains(['?', '#'])
            && ![segment].into_iter().chain(part).any(|one| escapes(&one));
        if keys::decode(name) != domain || !is_plain {
            return Self::Unknown;
        }
        let key = keys::decode(segment);
        let below_user: usize = part.iter().map(|part| part.len() + 1).sum();
        let path = path[..path.len() - below_user].to_owned();
        match (method, part) {
            ("POST", []) => Self::CreateAt { key, path },
            ("DELETE", []) => Self::Delete { key, path },
            (
                "PUT",
                []
                | ["settings" | "profile" | "roles" | "accounts" | "preferences" | "password"]
                | ["preferences", _],
            )
            | ("POST", ["preferences"] | ["roles" | "accounts", _])
            | ("DELETE", ["roles" | "accounts" | "preferences", _]) => Self::Update { key, path },
            _ => Self::Unknown,
        }
    }
}

/// The surface that a path of users is on.
pub(super) fn surface_of(path: &str) -> Surface {
    if below_domains(path).is_some() {
        Surface::Identity
    } else if is_managed(path) {
        Surface::Management
    } else {
        Surface::Account
    }
}

/// True for paths of users in today's API, for tokens.
fn is_managed(path: &str) -> bool {
    let below = path.strip_prefix(MANAGED);
    below.is_some_and(|below| below == "/users" || below.starts_with("/users/"))
}

/// True if a segment names one user, and the path ends after it.
fn is_one_user(path: &str, segment: &str) -> bool {
    !path.ends_with('/') && !keys::escapes(segment)
}

/// Returns the rest of the path after the base, with or without a version.
fn below_base(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(BASE)?.strip_prefix('/')?;
    let Some((version, after)) = rest.split_once('/') else {
        return Some(rest);
    };
    let is_number = |number: &str| {
        !number.is_empty()
            && number
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let is_version = version.strip_prefix('v').is_some_and(is_number);
    Some(if is_version { after } else { rest })
}

/// Returns the rest of the path after identity domains.
fn below_domains(path: &str) -> Option<&str> {
    below_base(path)?.strip_prefix("identitydomains/")
}

/// Returns the rest of the path after users, in each published form: below the account or not, with
/// a version or not.
fn below_users<'a>(path: &'a str, account_id: &str) -> Option<&'a str> {
    if path.contains(['?', '#']) {
        return None;
    }
    let mut rest = below_base(path)?;
    if let Some(after) = rest.strip_prefix("accounts/") {
        rest = after.strip_prefix(account_id)?.strip_prefix('/')?;
    }
    let rest = rest.strip_prefix("users")?;
    match rest.strip_prefix('/') {
        Some(rest) => Some(rest),
        None => rest.is_empty().then_some(""),
    }
}

#[cfg(test)]
mod tests {
    use super::Change;

    #[test]
    fn what_a_request_would_do_is_read_from_its_method_and_path() {
        let of = |method: &str, path: &str| Change::of(method, path, "12345", "Iris");
        let users = "/api/accounts/12345/users";
        assert_eq!(of("GET", "/anything?x"), Change::None);
        assert_eq!(of("POST", "/api/v1/oauth2/token"), Change::None);
        for path in [
            users,
            "/api/v1.0/accounts/12345/users",
            "/api/users",
            "/api/v2/users",
        ] {
            assert_eq!(of("POST", path), Change::Create, "{path}");
        }
        let user = |key: &str, path: &str| (key.to_owned(), path.to_owned());
        let (key, path) = user("%751", &format!("{users}/%25751"));
        assert_eq!(
            of("PUT", &path),
            Change::Update {
                key: key.clone(),
                path: path.clone()
            }
        );
        assert_eq!(of("DELETE", &path), Change::Delete { key, path });
        let (key, path) = user("jd", "/api/v1/users/jd");
        assert_eq!(
            of("PATCH", "/api/v1/users/jd"),
            Change::Update { key, path }
        );
        let (key, path) = user("jd", "/api/users/jd");
        assert_eq!(
            of("PUT", "/api/users/jd/password"),
            Change::Update { key, path }
        );
        for (method, path) in [
            ("PATCH", format!("{users}/u1")),
            ("DELETE", users.to_owned()),
            ("DELETE", format!("{users}/")),
            ("DELETE", format!("{users}/u1/roles")),
            ("DELETE", format!("{users}/u1?force=1")),
            ("DELETE", format!("{users}/..")),
            ("DELETE", format!("{users}/%2e%2e%2fu1")),
            ("PUT", format!("{users}/u1/")),
            ("POST", format!("{users}/")),
            ("POST", format!("{users}?x")),
            ("POST", format!("{users}/u1")),
            ("POST", "/api/accounts/123456/users".to_owned()),
            ("POST", "/api/accounts/67890/users".to_owned()),
            ("POST", "/api/accounts/12345/roles".to_owned()),
            ("POST", "/users".to_owned()),
        ] {
            assert_eq!(of(method, &path), Change::Unknown, "{method} {path}");
        }
    }

    #[test]
    fn below_a_domain_the_parts_of_a_user_have_paths_of_their_own() {
        let domain = "/api/identitydomains/Iris";
        let of = |method: &str, below: &str| {
            Change::of(method, &format!("{domain}{below}"), "12345", "Iris")
        };
        let key = || "cf-1-a".to_owned();
        let path = || format!("{domain}/users/cf-1-a");
        assert_eq!(
            of("POST", "/users/cf-1-a"),
            Change::CreateAt {
                key: key(),
                path: path()
            }
        );
        assert_eq!(
            of("DELETE", "/users/cf-1-a"),
            Change::Delete {
                key: key(),
                path: path()
            }
        );
        for (method, part) in [
            ("PUT", ""),
            ("PUT", "/settings"),
            ("PUT", "/profile"),
            ("PUT", "/password"),
            ("PUT", "/roles"),
            ("POST", "/roles/Admin"),
            ("DELETE", "/accounts/12345"),
            ("POST", "/preferences"),
            ("PUT", "/preferences/tnFormat"),
        ] {
            let expected = Change::Update {
                key: key(),
                path: path(),
            };
            let below = format!("/users/cf-1-a{part}");
            assert_eq!(of(method, &below), expected, "{method} {below}");
        }
        for (method, below) in [
            ("POST", "/users"),
            ("POST", "/users/"),
            ("POST", "/users/cf-1-a/"),
            ("POST", "/users/cf-1-a/settings"),
            ("DELETE", "/users/cf-1-a/settings"),
            ("DELETE", "/users/cf-1-a/roles"),
            ("DELETE", "/users/cf-1-a/roles/.."),
            ("DELETE", "/users/cf-1-a/roles/%2e%2e"),
            ("DELETE", "/users/.."),
            ("DELETE", "/users/cf-1-a?force=1"),
            ("PUT", "/users/cf-1-a/other"),
            ("POST", "/tokens"),
            ("DELETE", "/tokens/7"),
            ("DELETE", ""),
        ] {
            assert_eq!(of(method, below), Change::Unknown, "{method} {below}");
        }
        let elsewhere = "/api/identitydomains/iris/users/cf-1-a";
        assert_eq!(
            Change::of("PUT", elsewhere, "12345", "Iris"),
            Change::Unknown
        );
    }
}
