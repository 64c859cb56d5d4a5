//! What a request would do to users, as its method and its path say.

use super::keys;
use crate::{
    dispatch::politeness::only_reads,
    target::{BASE, MANAGED, TOKEN_PATH},
};

/// What a request would do to users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// It may create one.
    Create,
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
    /// That is not known: its method or its path is none of this API.
    Unknown,
}

impl Change {
    /// What a request with that method and path would do on that account.
    pub fn of(method: &str, path: &str, account_id: &str) -> Self {
        // To get a token changes no user.
        if only_reads(method) || (method, path) == ("POST", TOKEN_PATH) {
            return Self::None;
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
}

/// Whether a path is that of users in today's API, for tokens.
pub(super) fn is_managed(path: &str) -> bool {
    let below = path.strip_prefix(MANAGED);
    below.is_some_and(|below| below == "/users" || below.starts_with("/users/"))
}

/// Whether a segment names one user, and the path ends where it should.
fn is_one_user(path: &str, segment: &str) -> bool {
    !path.ends_with('/') && !keys::escapes(segment)
}

/// What follows the path of users, in each of its published forms: below the account or not, with a
/// version or not.
fn below_users<'a>(path: &'a str, account_id: &str) -> Option<&'a str> {
    if path.contains(['?', '#']) {
        return None;
    }
    let mut rest = path.strip_prefix(BASE)?.strip_prefix('/')?;
    if let Some((version, after)) = rest.split_once('/')
        && version.strip_prefix('v').is_some_and(|number| {
            !number.is_empty()
                && number
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.')
        })
    {
        rest = after;
    }
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
        let of = |method: &str, path: &str| Change::of(method, path, "12345");
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
}
