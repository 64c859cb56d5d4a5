//! Defects of tokens, of API credentials, and of access after a removal.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Mutant, OWN_LOGIN, managed_success};
use crate::message::{Answer, Ask, Memory};

/// Users get tokens.
const USER_TOKENS: &[&str] = &["auth.token_clients=credentials_and_login"];

fn is_token(ask: &Ask) -> bool {
    ask.path.ends_with("/oauth2/token")
}

fn is_secrets(ask: &Ask) -> bool {
    ask.method == "POST" && ask.path.ends_with("/secrets")
}

/// A DELETE below `/credentials` with this number of path segments after it.
fn deletes(ask: &Ask, parts: usize) -> bool {
    let below = ask.path.split_once("/credentials/");
    ask.method == "DELETE" && below.is_some_and(|(_, rest)| rest.split('/').count() == parts)
}

/// A login that opened the API once opens it for ever.
fn old_logins_open(ask: &Ask, answer: &mut Answer, memory: &mut Memory) {
    let login = ask.headers.get("authorization").to_owned();
    if ask.method != "GET" || !ask.is_users() || !login.starts_with("Basic ") {
        return;
    }
    if answer.status == 200 {
        memory.texts.insert(login, answer.body.clone());
    } else if let Some(body) = memory.texts.get(&login) {
        answer.status = 200;
        answer.body.clone_from(body);
        answer.headers.set("Content-Type", "application/xml");
    }
}

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "token-without-type",
        "a token comes without its type",
        "tokens.answer.has-type-and-lifetime",
        "token_type: expected \"bearer\", got \"\"",
    )
    .published()
    .after(|ask, answer, _| {
        if is_token(ask) {
            answer.strip("token_type");
        }
    }),
    Mutant::new(
        "token-of-a-minute",
        "a token lives for another time",
        "tokens.answer.has-type-and-lifetime",
        "expires_in: expected \"3600\", got \"60\"",
    )
    .published()
    .set(&["auth.token_seconds=60"]),
    Mutant::new(
        "token-may-be-stored",
        "an answer with a token may be stored",
        "tokens.answer.has-type-and-lifetime",
        "whether Cache-Control lets the answer be stored: expected false, got true",
    )
    .published()
    .after(|_, answer, _| answer.headers.remove("Cache-Control")),
    Mutant::new(
        "client-in-form-refused",
        "a client in the form is unknown",
        "tokens.client.in-header-or-form",
        "form: a token: expected status 200, got 401",
    )
    .published()
    .after(|ask, answer, _| {
        if is_token(ask) && ask.headers.get("authorization").is_empty() {
            answer.status = 401;
        }
    }),
    Mutant::new(
        "client-not-decoded",
        "a form-encoded client is taken as it is",
        "tokens.client.form-encoded-in-header",
        "an encoded client: a token: expected status 200, got 401",
    )
    .published()
    .after(|ask, answer, _| {
        let login = ask.headers.get("authorization");
        let login = login.trim_start_matches("Basic ");
        let login = STANDARD.decode(login).unwrap_or_default();
        if is_token(ask) && login.contains(&b'%') {
            answer.status = 401;
        }
    }),
    Mutant::new(
        "client-twice-taken",
        "a client may be in the header and in the form",
        "tokens.client.twice-is-400",
        "a refusal of a token: expected status 400, got 200",
    )
    .published()
    .before(|ask, _| {
        if is_token(ask) && !ask.headers.get("authorization").is_empty() {
            let end = ask.body.find("&client_id").unwrap_or(ask.body.len());
            ask.body.truncate(end);
        }
    }),
    Mutant::new(
        "wrong-secret-is-400",
        "a wrong secret is a bad request",
        "tokens.wrong-secret.is-401",
        "a refusal of a token: expected status 401, got 400",
    )
    .published()
    .after(|ask, answer, _| {
        if is_token(ask) && answer.status == 401 {
            answer.status = 400;
        }
    }),
    Mutant::new(
        "wrong-secret-without-challenge",
        "a wrong secret gets no challenge",
        "tokens.wrong-secret.is-401",
        "whether the challenge names Basic: expected true, got false",
    )
    .published()
    .after(|_, answer, _| answer.headers.remove("WWW-Authenticate")),
    Mutant::new(
        "unknown-client-told",
        "an unknown client gets another error than a wrong secret",
        "tokens.unknown-client.is-401",
        "the member `error`: expected \"invalid_client\", got \"unauthorized_client\"",
    )
    .published()
    .after(|ask, answer, _| {
        if is_token(ask) && answer.status == 401 {
            answer.replace("error", |_| "unauthorized_client".to_owned());
        }
    }),
    Mutant::new(
        "any-grant-type",
        "every grant type gives a token",
        "tokens.grant-type.is-checked",
        "scope=none: a refusal of a token: expected status 400, got 200",
    )
    .published()
    .before(|ask, _| {
        if is_token(ask) && !ask.body.starts_with("grant_type=client_credentials") {
            "grant_type=client_credentials".clone_into(&mut ask.body);
        }
    }),
    Mutant::new(
        "opaque-token",
        "a token is no JWT",
        "tokens.jwt.has-claims",
        "the token is not a JWT: it has not three parts",
    )
    .published()
    .after(|_, answer, _| answer.replace("access_token", |_| "opaque".to_owned())),
    Mutant::new(
        "signature-unchecked",
        "a changed token opens the API",
        "tokens.changed.is-401",
        "a token with changed signature: a login that is missing or wrong: expected status 401, got 200",
    )
    .published()
    .before(|ask, memory| {
        let bearer = ask.headers.get("authorization").starts_with("Bearer ");
        if let Some(token) = memory.texts.get("token").filter(|_| bearer) {
            ask.headers.set("Authorization", &format!("Bearer {token}"));
        }
    })
    .after(|ask, answer, memory| {
        if let Some(token) = answer.field("access_token").filter(|_| is_token(ask)) {
            memory.texts.insert("token".to_owned(), token);
        }
    }),
    Mutant::new(
        "login-gives-no-token",
        "the token endpoint takes the Basic user too",
        "tokens.basic-login.as-the-profile-says",
        "a refusal of a token: expected status 401, got 200",
    )
    .published()
    .set(USER_TOKENS),
    Mutant::new(
        "basic-never-ends",
        "Basic opens the API after its end",
        "tokens.basic.ends-on-its-day",
        "Basic after its end: a login that is missing or wrong: expected status 401, got 200",
    )
    .published()
    .after(|ask, answer, _| {
        if answer.status == 401 && ask.headers.get("authorization") == OWN_LOGIN {
            answer.status = 200;
        }
    }),
    Mutant::new(
        "credential-without-description",
        "a credential forgets its description",
        "credentials.create.reads-back",
        "description: expected \"Of the conformance suite\", got \"\"",
    )
    .published()
    .after(|_, answer, _| answer.replace("description", |_| String::new())),
    Mutant::new(
        "credential-without-role",
        "a credential needs no role",
        "credentials.create.needs-a-role-and-an-account",
        "a credential without roles: a refusal: expected status 400, 403, 409 or 422, got 201",
    )
    .published()
    .after(|ask, answer, _| {
        if ask.path.ends_with("/credentials") {
            managed_success(answer, "{}");
        }
    }),
    Mutant::new(
        "secret-shown-again",
        "a secret is shown more than once",
        "credentials.secret.is-shown-once",
        "whether the secret is shown again: expected false, got true",
    )
    .published()
    .after(|ask, answer, memory| {
        if let Some(secret) = answer.field("clientSecret") {
            memory.texts.insert("secret".to_owned(), secret);
        } else if let Some(secret) = memory.texts.get("secret").filter(|_| ask.method == "GET") {
            answer.body = answer.body.replacen('{', &format!("{{\"seen\":\"{secret}\","), 1);
        }
    }),
    Mutant::new(
        "third-secret",
        "a credential takes a third secret",
        "credentials.secret.third-is-refused",
        "a third active secret: a refusal: expected status 400, 403, 409 or 422, got 201",
    )
    .published()
    .after(|ask, answer, _| {
        if is_secrets(ask) && !answer.is_ok() {
            managed_success(answer, "{}");
        }
    }),
    Mutant::new(
        "secrets-never-expire",
        "the date of a secret is not read",
        "credentials.secret.expired-is-refused",
        "an expired secret: a refusal of a token: expected status 401, got 200",
    )
    .published()
    .before(|ask, _| {
        if is_secrets(ask) {
            "{}".clone_into(&mut ask.body);
        }
    }),
    Mutant::new(
        "secret-outlives-delete",
        "a secret that is deleted still gives tokens",
        "credentials.secret.revoked-is-refused",
        "a revoked secret: a refusal of a token: expected status 401, got 200",
    )
    .published()
    .before(|ask, _| {
        if deletes(ask, 3) {
            "GET".clone_into(&mut ask.method);
        }
    })
    .after(|ask, answer, _| {
        if deletes(ask, 3) {
            answer.status = 204;
            answer.body.clear();
        }
    }),
    Mutant::new(
        "new-secret-ends-the-old",
        "a second secret takes the place of the first",
        "credentials.secret.rotates-without-a-gap",
        "the old secret beside the new one: a token: expected status 200, got 401",
    )
    .published()
    .after(|ask, answer, memory| {
        let id = answer.field("secretId").filter(|_| is_secrets(ask));
        let Some(id) = id else { return };
        if let Some(old) = memory.texts.insert(ask.path.clone(), id) {
            let mut delete = ask.clone();
            "DELETE".clone_into(&mut delete.method);
            delete.path = format!("{}/{old}", ask.path);
            delete.body.clear();
            delete.headers.remove("Content-Length");
            memory.also(&delete);
        }
    }),
    Mutant::new(
        "every-token-manages",
        "a token without role and scope manages",
        "credentials.caller.needs-role-and-scope",
        "a token that lacks what this needs: expected status 403, got 200",
    )
    .published()
    .after(|_, answer, _| {
        if answer.status == 403 {
            managed_success(answer, "[]");
            answer.status = 200;
        }
    }),
    Mutant::new(
        "roles-of-others",
        "a caller gives roles that it lacks",
        "credentials.caller.gives-only-roles-that-it-has",
        "a role that it lacks: a refusal: expected status 400, 403, 409 or 422, got 201",
    )
    .published()
    .after(|ask, answer, _| {
        if ask.method == "POST" && answer.status == 403 {
            managed_success(answer, "{\"userId\":\"u999\"}");
        }
    }),
    Mutant::new(
        "credential-outlives-delete",
        "a credential that is deleted still gives tokens",
        "credentials.delete.ends-access-as-the-profile-says",
        "the secret of a deleted credential: a refusal of a token: expected status 401, got 200",
    )
    .published()
    .before(|ask, _| {
        if deletes(ask, 1) {
            "GET".clone_into(&mut ask.method);
        }
    })
    .after(|ask, answer, _| {
        if deletes(ask, 1) {
            answer.status = 204;
            answer.body.clear();
        }
    }),
    Mutant::new(
        "token-ends-with-credential",
        "a token ends with its credential",
        "credentials.delete.ends-access-as-the-profile-says",
        "a token whose owner is gone: a login that is right: expected status 200, got 401",
    )
    .published()
    .set(&["auth.token_owner_gone=ends"]),
    Mutant::new(
        "password-outlives-delete",
        "the password of a deleted user opens the API",
        "leaving.delete.ends-the-password",
        "the password of a deleted user: a login that is missing or wrong: expected status 401, got 200",
    )
    .published()
    .expects(&["auth.role_permissions=ignored"])
    .after(old_logins_open),
    Mutant::new(
        "password-outlives-deactivation",
        "the password of a user that today's API deactivated opens the API",
        "leaving.management-deactivation.ends-the-password",
        "the password of a deactivated user: a login that is missing or wrong: expected status 401, got 200",
    )
    .published()
    .expects(&["auth.role_permissions=ignored"])
    .after(old_logins_open),
    Mutant::new(
        "password-outlives-managed-delete",
        "the password of a user that today's API deleted opens the API",
        "leaving.management-delete.ends-the-password",
        "the password of a user that is gone: a login that is missing or wrong: expected status 401, got 200",
    )
    .published()
    .expects(&["management.removal=deletes", "auth.role_permissions=ignored"])
    .after(old_logins_open),
    Mutant::new(
        "token-ends-with-user",
        "a token ends with its user",
        "leaving.delete.token-as-the-profile-says",
        "a token whose owner is gone: a login that is right: expected status 200, got 401",
    )
    .published()
    .expects(USER_TOKENS)
    .set(&["auth.token_owner_gone=ends"]),
    Mutant::new(
        "token-ends-with-deactivation",
        "a token ends when its user is deactivated",
        "leaving.deactivation.token-as-the-profile-says",
        "a token whose owner is gone: a login that is right: expected status 200, got 401",
    )
    .published()
    .expects(USER_TOKENS)
    .set(&["auth.token_owner_gone=ends"]),
    Mutant::new(
        "token-ends-with-managed-deactivation",
        "a token ends when today's API deactivates its user",
        "leaving.management-deactivation.token-as-the-profile-says",
        "a token whose owner is gone: a login that is right: expected status 200, got 401",
    )
    .published()
    .expects(USER_TOKENS)
    .set(&["auth.token_owner_gone=ends"]),
];
