//! Authentication: who is let in, and how the others are turned away.

use bandwidth_fixtures::profile::{AuthSchemes, Challenge, UserLogins as LoginsOption};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    case::{
        Case,
        Level::{Derived, Documented},
        Need::{BasicLogin, FailedLogins, SecondAccount, UserLogins, Writing},
    },
    challenges::challenges,
    context::{Ask, Context},
    outcome::CaseResult,
    run::Run,
    wire::{Format, Value},
};

/// More wrong passwords than this are not tried, whatever the profile says.
const MOST_FAILURES: u32 = 20;

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "authentication.missing.is-401",
            Documented,
            "Every operation without credentials is refused with 401, a challenge, and the body that the profile says",
            "guide, Authentication; RFC 9110, section 15.5.2; SDK: java bandwidth-iris needs the challenge",
        )
        .measures(&["auth.failure_body", "auth.challenge"])
        .run(missing),
        Case::new(
            "authentication.malformed.is-401",
            Derived,
            "An Authorization header that cannot be read is refused with 401",
            "RFC 9110, section 11.6.2; RFC 7617, section 2",
        )
        .measures(&["auth.failure_body"])
        .run(malformed),
        Case::new(
            "authentication.unknown-login.is-401",
            Documented,
            "A name that no login has is refused with 401",
            "guide, Authentication",
        )
        .measures(&["auth.failure_body"])
        .run(async |cx| {
            for format in cx.formats() {
                let (name, password) = (cx.run.fresh_username(), cx.strong_password());
                let ask = cx.ask("GET", cx.users_path()).accept(format);
                cx.send(ask.login(&name, &password)).await?.unauthenticated()?;
            }
            Ok(())
        }),
        Case::new(
            "authentication.wrong-password.is-401",
            Documented,
            "The right name with a wrong password is refused with 401, and the right password still works",
            "guide, Authentication",
        )
        .needs(&[BasicLogin, FailedLogins])
        .run(async |cx| {
            let (name, _) = cx.basic_login();
            // One failure, then a success: a login that locks after several is not harmed.
            let wrong = cx.ask("GET", cx.users_path()).login(&name, &cx.strong_password());
            let refused = cx.send(wrong).await;
            cx.list(cx.default_format()).await?.users()?;
            refused?.unauthenticated()
        }),
        Case::new(
            "authentication.username.is-case-sensitive",
            Documented,
            "The login's name in other case is another name, refused with 401",
            "SUP: credentials are case-sensitive",
        )
        .needs(&[BasicLogin, FailedLogins])
        .run(async |cx| {
            let (own, password) = cx.basic_login();
            let mut name = own.to_uppercase();
            if name == own {
                name = name.to_lowercase();
            }
            if name == own {
                return Err(Context::skip("the login's name has no letters"));
            }
            let other = cx.ask("GET", cx.users_path());
            let refused = cx.send(other.login(&name, password.expose())).await;
            cx.list(cx.default_format()).await?.users()?;
            refused?.unauthenticated()
        }),
        Case::new(
            "authentication.scheme-name.ignores-case",
            Derived,
            "The name of the scheme may be written in any case",
            "RFC 9110, section 11.1",
        )
        .needs(&[BasicLogin])
        .run(async |cx| {
            let (name, password) = cx.basic_login();
            for scheme in ["basic", "BASIC"] {
                let header = Run::basic(&name, password.expose()).replacen("Basic", scheme, 1);
                let ask = cx.ask("GET", cx.users_path()).authorization(Some(&header));
                cx.send(ask).await?.users()?;
            }
            Ok(())
        }),
        Case::new(
            "authentication.other-account.is-refused",
            Documented,
            "A right login that asks for another account is refused, on every path and in both formats",
            "guide, Authentication: scoped to an account; ERR 1001",
        )
        .measures(&["auth.other_account"])
        .run(other_account),
        Case::new(
            "authentication.other-account.tells-nothing",
            Derived,
            "The refusal of one other account reads like that of the next, so that it tells nothing about which exist",
            "RFC 9110, section 15.5.4",
        )
        .measures(&["auth.other_account"])
        .run(async |cx| {
            let account = cx.run.credentials.account_id.clone();
            let mut earlier = None;
            for other in [format!("{account}9"), format!("9{account}")] {
                let ask = cx.ask("GET", format!("/api/accounts/{other}/users"));
                let reply = cx.send(ask.accept(Format::Xml)).await?;
                reply.other_account()?;
                let text = reply.text().replace(&other, "{accountId}");
                reply.check(earlier.is_none_or(|known| known == text), "the bodies differ")?;
                earlier = Some(text);
            }
            Ok(())
        }),
        Case::new(
            "authentication.second-account.is-refused-like-an-unknown-one",
            Derived,
            "An account that exists, and that the login may not touch, is refused exactly as one that does not exist",
            "guide, Authentication: scoped to an account; RFC 9110, section 15.5.4",
        )
        .needs(&[SecondAccount])
        .measures(&["auth.other_account"])
        .run(second_account),
        Case::new(
            "authentication.validation.comes-after-it",
            Derived,
            "A request that is wrong in other ways too is refused for its missing credentials first",
            "RFC 9110, section 15.5.2",
        )
        .needs(&[Writing])
        .run(async |cx| {
            for ask in [
                cx.ask("POST", cx.users_path()).body(Format::Xml, "<broken"),
                cx.ask("POST", cx.users_path()).typed("text/plain", "x"),
                cx.ask("PUT", cx.user_path(&cx.absent_key())).body(Format::Xml, "<User/>"),
            ] {
                cx.send(ask.authorization(None)).await?.unauthenticated()?;
            }
            Ok(())
        }),
        Case::new(
            "authentication.unknown-token.is-401",
            Derived,
            "A bearer token that nobody issued is refused with 401, whether or not tokens are taken",
            "RFC 6750, section 3.1; CRED",
        )
        .run(async |cx| {
            for format in cx.formats() {
                let ask = cx.ask("GET", cx.users_path()).accept(format);
                let ask = ask.authorization(Some("Bearer cf.no-such.token"));
                cx.send(ask).await?.unauthenticated()?;
            }
            Ok(())
        }),
        Case::new(
            "authentication.challenge.names-the-schemes",
            Documented,
            "The challenge of a 401 names Basic, and Bearer where tokens are taken",
            "SDK: java bandwidth-iris; CRED; RFC 9110, section 11.6.1",
        )
        .measures(&["auth.schemes", "auth.challenge"])
        .run(challenge),
        Case::new(
            "authentication.created-user.as-the-profile-says",
            Documented,
            "A created user's own name and password open the API or do not, as the profile says",
            "RAML: only the user itself may change its password; ERR 13086",
        )
        .needs(&[Writing])
        .measures(&["auth.user_logins"])
        .run(async |cx| {
            let created = cx.new_user().await?;
            let ask = cx.ask("GET", cx.users_path());
            let ask = ask.login(created.username(), created.password());
            let reply = cx.send(ask).await?;
            match cx.profile().auth_user_logins {
                LoginsOption::Refused => reply.unauthenticated(),
                LoginsOption::Accepted => reply.users().map(drop),
            }
        }),
        Case::new(
            "authentication.disabled-user.is-401",
            Derived,
            "A user that is not enabled cannot log in",
            "guide, User object: whether the user account is active",
        )
        .needs(&[UserLogins, Writing])
        .measures(&["auth.user_logins"])
        .run(async |cx| {
            let draft = cx.draft().with_value("Enabled", Value::Flag(false));
            let created = cx.create(draft, cx.default_format()).await?;
            let ask = cx.ask("GET", cx.users_path());
            let ask = ask.login(created.username(), created.password());
            cx.send(ask).await?.unauthenticated()
        }),
        Case::new(
            "authentication.lockout.after-failures",
            Documented,
            "After as many failed logins in a row as the profile says, even the right password is refused; one fewer does no harm",
            "SUP: locked after 6 failed logins",
        )
        .needs(&[FailedLogins, UserLogins, Writing])
        .measures(&["auth.lockout"])
        .run(lockout),
    ]
}

async fn missing(cx: &mut Context) -> CaseResult {
    let absent = cx.absent_key();
    for format in cx.formats() {
        let draft = cx.draft();
        let body = draft.body(cx.run.profile(), format);
        let user = cx.user_path(&absent);
        for ask in [
            cx.ask("GET", cx.users_path()),
            cx.ask("GET", user.as_str()),
            cx.ask("POST", cx.users_path())
                .body(format, body.as_str())
                .creates(draft.text("Username")),
            cx.ask("PUT", user.as_str()).body(format, body),
            cx.ask("DELETE", user.as_str()),
            cx.ask("GET", cx.roles_path()),
        ] {
            let ask: Ask = ask.accept(format).authorization(None);
            cx.send(ask).await?.unauthenticated()?;
        }
    }
    Ok(())
}

async fn malformed(cx: &mut Context) -> CaseResult {
    let no_colon = format!("Basic {}", STANDARD.encode("no-colon"));
    let not_text = format!("Basic {}", STANDARD.encode([0xff, b':', 0xfe]));
    for header in [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic Zg",
        no_colon.as_str(),
        not_text.as_str(),
        &Run::basic("", ""),
        "Digest username=\"x\"",
        "x",
    ] {
        let ask = cx.ask("GET", cx.users_path()).raw();
        let ask = ask.accept(Format::Xml).authorization(Some(header));
        cx.send(ask).await?.unauthenticated()?;
    }
    Ok(())
}

async fn other_account(cx: &mut Context) -> CaseResult {
    let other = format!("/api/accounts/{}9", cx.run.credentials.account_id);
    for format in cx.formats() {
        for path in ["users", "users/u1", "roles"] {
            let ask = cx.ask("GET", format!("{other}/{path}")).accept(format);
            cx.send(ask).await?.other_account()?;
        }
    }
    Ok(())
}

async fn second_account(cx: &mut Context) -> CaseResult {
    let known = cx
        .run
        .credentials
        .second_account_id
        .clone()
        .unwrap_or_default();
    let unknown = format!("{}9", cx.run.credentials.account_id);
    for format in cx.formats() {
        for path in ["users", "users/u1", "roles"] {
            let mut earlier = None;
            for account in [&unknown, &known] {
                let ask = cx.ask("GET", format!("/api/accounts/{account}/{path}"));
                let reply = cx.send(ask.accept(format)).await?;
                reply.other_account()?;
                let text = reply.text().replace(account.as_str(), "{accountId}");
                let same = *earlier.get_or_insert_with(|| text.clone()) == text;
                reply.check(
                    same,
                    "the refusal of an account that exists reads differently",
                )?;
            }
        }
    }
    Ok(())
}

async fn challenge(cx: &mut Context) -> CaseResult {
    if cx.profile().auth_challenge == Challenge::Absent {
        return Err(Context::skip(
            "the expected profile sends no challenge (auth.challenge=absent)",
        ));
    }
    let ask = cx.ask("GET", cx.users_path()).authorization(None);
    let reply = cx.send(ask).await?;
    reply.unauthenticated()?;
    let bearer = challenges(&reply.response)
        .iter()
        .any(|challenge| challenge.scheme == "bearer");
    let expected = cx.profile().auth_schemes != AuthSchemes::Basic;
    let message = if expected {
        "the challenge does not name Bearer"
    } else {
        "the challenge names Bearer"
    };
    reply.check(bearer == expected, message)
}

async fn lockout(cx: &mut Context) -> CaseResult {
    let limit = cx.profile().auth_lockout;
    if limit > MOST_FAILURES {
        return Err(Context::skip("that many failed logins are not tried"));
    }
    let created = cx.new_user().await?;
    let attempt = |cx: &Context, password: &str| {
        cx.ask("GET", cx.users_path())
            .login(created.username(), password)
    };
    let failures = if limit == 0 { MOST_FAILURES } else { limit - 1 };
    for _ in 0..failures {
        let wrong = attempt(cx, &cx.strong_password());
        cx.send(wrong).await?.unauthenticated()?;
    }
    let right = attempt(cx, created.password());
    cx.send(right.clone()).await?.is(200)?;
    if limit == 0 {
        return Ok(());
    }
    for _ in 0..limit {
        let wrong = attempt(cx, &cx.strong_password());
        cx.send(wrong).await?.unauthenticated()?;
    }
    cx.send(right).await?.unauthenticated()
}
