//! Defects of logins.

use super::{Mutant, OWN_LOGIN, refuse};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "roles-permit-nothing-less",
        "a user without roles reads the list, where the permissions of roles decide",
        "authentication.user-without-roles.as-the-profile-says",
        "the list for a user without roles: a refusal: expected status 403, got 200",
    )
    .expects(&["auth.user_logins=accepted", "auth.role_permissions=enforced"])
    .set(&["auth.role_permissions=ignored"]),
    Mutant::new(
        "email-opens",
        "a user logs in with its email too",
        "authentication.email-login.as-the-profile-says",
        "the login with the email of a user: a login that is missing or wrong: expected status 401, got 200",
    )
    .expects(&["auth.user_logins=accepted"])
    .set(&["auth.email_login=accepted"]),
    Mutant::new(
        "no-challenge",
        "a 401 comes without WWW-Authenticate",
        "authentication.missing.is-401",
        "without credentials: WWW-Authenticate: expected \"Basic realm=...\", got \"none\"",
    )
    .after(|_, answer, _| answer.headers.remove("WWW-Authenticate")),
    Mutant::new(
        "challenge-is-digest",
        "the challenge names another scheme",
        "authentication.challenge.names-the-schemes",
        "WWW-Authenticate: expected \"Basic realm=...\", got \"Digest realm=\\\"x\\\"\"",
    )
    .after(|_, answer, _| {
        if !answer.headers.get("www-authenticate").is_empty() {
            answer.headers.set("WWW-Authenticate", "Digest realm=\"x\"");
        }
    }),
    Mutant::new(
        "unauthenticated-is-403",
        "missing and wrong credentials are 403",
        "authentication.missing.is-401",
        "without credentials: a login that is missing or wrong: expected status 401, got 403",
    )
    .after(|_, answer, _| {
        if answer.status == 401 {
            answer.status = 403;
        }
    }),
    Mutant::new(
        "unauthenticated-without-body",
        "a 401 has no body",
        "authentication.missing.is-401",
        "without credentials: expected an error, got no body",
    )
    .set(&["auth.failure_body=empty"]),
    Mutant::new(
        "anonymous-reads",
        "reading needs no credentials",
        "authentication.missing.is-401",
        "without credentials: a login that is missing or wrong: expected status 401, got 200",
    )
    .before(|ask, _| {
        if ask.method == "GET" && ask.headers.get("authorization").is_empty() {
            ask.headers.set("Authorization", OWN_LOGIN);
        }
    }),
    Mutant::new(
        "any-password",
        "the password of the login is not looked at",
        "authentication.wrong-password.is-401",
        "a wrong password: a login that is missing or wrong: expected status 401, got 200",
    )
    .before(|ask, _| {
        // `api-user:` in Base64 begins so.
        if ask
            .headers
            .get("authorization")
            .starts_with("Basic YXBpLXVzZXI6")
        {
            ask.headers.set("Authorization", OWN_LOGIN);
        }
    }),
    Mutant::new(
        "any-login",
        "any name opens the account",
        "authentication.unknown-login.is-401",
        "an unknown name: a login that is missing or wrong: expected status 401, got 200",
    )
    .before(|ask, _| {
        if ask.headers.get("authorization").starts_with("Basic ") {
            ask.headers.set("Authorization", OWN_LOGIN);
        }
    }),
    Mutant::new(
        "login-in-any-case",
        "the login's name is taken in any case",
        "authentication.username.is-case-sensitive",
        "the name in other case: a login that is missing or wrong: expected status 401, got 200",
    )
    .before(|ask, _| {
        // `API-USER:` in Base64 begins so, and `Api-User:` so.
        let authorization = ask.headers.get("authorization");
        if ["Basic QVBJLVVTRVI6", "Basic QXBpLVVzZXI6"]
            .iter()
            .any(|start| authorization.starts_with(start))
        {
            ask.headers.set("Authorization", OWN_LOGIN);
        }
    }),
    Mutant::new(
        "scheme-in-one-case",
        "`basic` in lower case is no scheme",
        "authentication.scheme-name.ignores-case",
        "the scheme written as `basic`: a list of users: expected status 200, got 401",
    )
    .before(|ask, _| {
        let authorization = ask.headers.get("authorization").to_owned();
        if !authorization.starts_with("Basic ") {
            ask.headers.remove("Authorization");
        }
    }),
    Mutant::new(
        "malformed-credentials-are-400",
        "a 401 about credentials that were sent is a 400",
        "authentication.malformed.is-401",
        "Authorization: Basic: a login that is missing or wrong: expected status 401, got 400",
    )
    .after(|ask, answer, _| {
        if answer.status == 401 && !ask.headers.get("authorization").is_empty() {
            answer.status = 400;
        }
    }),
    Mutant::new(
        "any-token",
        "every bearer token is good",
        "authentication.unknown-token.is-401",
        "a token that was not issued: a login that is missing or wrong: expected status 401, got 200",
    )
    .before(|ask, _| {
        if ask.headers.get("authorization").starts_with("Bearer ") {
            ask.headers.set("Authorization", OWN_LOGIN);
        }
    }),
    Mutant::new(
        "cross-account-read",
        "the path may name any account",
        "authentication.other-account.is-refused",
        "/api/accounts/123459/users: error `access_denied`: expected status 403, got 200",
    )
    .before(|ask, _| {
        if let Some(rest) = ask.path.strip_prefix("/api/accounts/")
            && let Some((account, rest)) = rest.split_once('/')
            && account != "12345"
        {
            ask.path = format!("/api/accounts/12345/{rest}");
        }
    }),
    Mutant::new(
        "other-account-is-404",
        "another account is not found",
        "authentication.other-account.is-refused",
        "/api/accounts/123459/users: error `access_denied`: expected status 403, got 404",
    )
    .set(&["auth.other_account=not_found"]),
    Mutant::new(
        "other-account-named",
        "a refusal tells what kind of account was asked for",
        "authentication.other-account.tells-nothing",
        "the refusal of the next other account: expected ",
    )
    .after(|ask, answer, _| {
        if answer.status == 403 && ask.path.starts_with("/api/accounts/9") {
            answer.replace("Description", |text| format!("{text} It is a reseller's."));
        }
    }),
    Mutant::new(
        "existing-account-betrayed",
        "an account that exists is refused in other words than one that does not",
        "authentication.second-account.is-refused-like-an-unknown-one",
        "the refusal of an account that exists: expected ",
    )
    .after(|ask, answer, _| {
        if answer.status == 403 && ask.path.contains("/67890/") {
            answer.replace("Description", |_| "It is another owner's.".to_owned());
        }
    }),
    Mutant::new(
        "validated-before-login",
        "a body is judged before the credentials",
        "authentication.validation.comes-after-it",
        "a broken body without credentials: a login that is missing or wrong: expected status 401, got 400",
    )
    .after(|ask, answer, _| {
        if answer.status == 401 && !ask.body.is_empty() {
            refuse(ask, answer, 400);
        }
    }),
];
