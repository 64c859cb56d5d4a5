//! The subject of a recorded request: its operation, its caller, and its users.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;

use super::{
    people::{self, Shown},
    simulator::target,
};
use crate::traffic::{Exchange, engine::meaning};

/// The subject of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// The list of users.
    List,
    /// The list of roles.
    Roles,
    /// A new user.
    Create,
    /// The user of that key.
    User(String),
    /// Nothing that the account has.
    Nothing,
    /// An operation that the engine does not follow.
    Unfollowed,
}

/// The bases of paths, longest first.
const BASES: [&str; 4] = ["/api/v1/", "/api/v2/", "/v1.0/", "/api/"];

/// The part of a URL below a base of the API; none if it is not of the API.
fn below_base(url: &str) -> Option<(&'static str, String)> {
    let target = target(url)?;
    let path = target.path();
    let base = BASES.into_iter().find(|base| path.starts_with(base))?;
    Some((base, path[base.len()..].to_owned()))
}

/// True for URLs of the API: Bandwidth has other resources below the same bases.
pub(in crate::traffic) fn is_of_api(url: &str) -> bool {
    let Some((_, rest)) = below_base(url) else {
        return false;
    };
    let segments: Vec<&str> = rest.split('/').collect();
    matches!(
        *segments,
        ["accounts"]
            | ["accounts", _, "users" | "roles", ..]
            | [
                "users" | "roles" | "credentials" | "oauth2" | "identitydomains",
                ..
            ]
    )
}

/// The account that a URL names.
pub(super) fn account_of(url: &str) -> Option<String> {
    let (_, rest) = below_base(url)?;
    let mut segments = rest.split('/');
    if segments.next()? != "accounts" {
        return None;
    }
    decoded(segments.next()?)
}

fn decoded(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    (!text.is_empty()).then(|| text.into_owned())
}

impl Subject {
    /// The subject of the request, on a server with that account.
    pub(super) fn of(exchange: &Exchange, account: &str) -> Self {
        Self::named(&exchange.method, &exchange.url, account)
    }

    /// The subject of a request with that method and URL.
    pub(super) fn named(method: &str, url: &str, account: &str) -> Self {
        let Some((base, rest)) = below_base(url) else {
            return Self::Nothing;
        };
        let segments: Vec<&str> = rest.split('/').collect();
        let reads = matches!(method, "GET" | "HEAD");
        let of_login = base == "/api/" || base == "/v1.0/";
        match *segments {
            ["accounts", named, ..] if decoded(named).as_deref() != Some(account) => Self::Nothing,
            ["accounts", _, "users"] if method == "POST" => Self::Create,
            ["accounts", _, "users"] if reads => Self::List,
            ["accounts", _, "users", key] => decoded(key).map_or(Self::Nothing, Self::User),
            ["accounts", _, "roles"] if reads => Self::Roles,
            ["users"] if reads && of_login => Self::List,
            ["users", key] if reads && of_login => decoded(key).map_or(Self::Nothing, Self::User),
            ["accounts"]
            | ["accounts", _, "users", _, _, ..]
            | [
                "users" | "identitydomains" | "roles" | "credentials" | "oauth2",
                ..,
            ] => Self::Unfollowed,
            _ => Self::Nothing,
        }
    }
}

/// The caller according to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// A name and a password.
    Basic(String, String),
    /// A token.
    Bearer,
    /// Nothing that could be right.
    Anonymous,
}

impl Caller {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let mut headers = exchange.request_headers.iter();
        let is = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("authorization");
        let Some((_, value)) = headers.find(is) else {
            return Self::Anonymous;
        };
        let Some((scheme, rest)) = crate::text::credentials(value) else {
            return Self::Anonymous;
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            return Self::Bearer;
        }
        let decoded = STANDARD.decode(rest).ok();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded.as_deref().and_then(|text| text.split_once(':')) {
            Some((name, password)) if scheme.eq_ignore_ascii_case("basic") => {
                Self::Basic(name.to_owned(), password.to_owned())
            }
            _ => Self::Anonymous,
        }
    }
}

/// The user that the request's body describes.
pub(super) fn sent_user(exchange: &Exchange) -> Option<Shown> {
    let text = String::from_utf8_lossy(&exchange.request_body);
    let tree = meaning::tree(&text);
    people::sent(&tree)
}

/// What stands for a password in a recording, before its number.
pub(in crate::traffic) const PLACEHOLDER: &str = "password-";

/// What stands for passwords in an exchange: of the caller, of the user in the body, and those with
/// features.
pub(in crate::traffic) fn placeholders(exchange: &Exchange) -> BTreeSet<String> {
    let caller = match Caller::of(exchange) {
        Caller::Basic(_, password) => Some(password),
        Caller::Bearer | Caller::Anonymous => None,
    };
    let user = sent_user(exchange).and_then(|user| user.password);
    let all = exchange.passwords.keys().cloned().chain(caller).chain(user);
    all.filter(|password| is_placeholder(password)).collect()
}

pub(super) fn is_placeholder(password: &str) -> bool {
    let number = password.strip_prefix(PLACEHOLDER);
    number.is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// What a success counts in [`logins`]. Other responses may come before the login is checked.
pub(in crate::traffic) const SUCCESS: usize = 1000;

/// The names and passwords that seem to have opened the API, and how often.
pub(in crate::traffic) fn logins(exchanges: &[Exchange]) -> BTreeMap<(String, String), usize> {
    let mut logins = BTreeMap::new();
    for exchange in exchanges {
        let status = exchange.answer.as_ref().map_or(401, |answer| answer.status);
        let worth = match status {
            200..300 => SUCCESS,
            401 => continue,
            _ if super::is_gateways(status) => continue,
            _ => 1,
        };
        if let Caller::Basic(name, password) = Caller::of(exchange) {
            *logins.entry((name, password)).or_default() += worth;
        }
    }
    logins
}
