//! Authentication: who is let in, and how the others are turned away.

use bandwidth_fixtures::profile::{
    AuthSchemes, Challenge, EmailLogin, RolePermissions, UserLogins as LoginsOption,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    get::{seen, with_password},
    prelude::*,
};
use crate::{challenges::challenges, login::basic_header};

/// More wrong passwords than this are not tried, whatever the profile says.
const MOST_FAILURES: u32 = 20;

cases! {
    /// Reading without credentials is rejected with 401, a challenge, and the body that the profile
    /// says
    "authentication.missing.is-401" none,
    cites ["basic-opens", "challenge", "401-empty"], measures ["auth.failure_body", "auth.challenge"],
    needs [AccountList]
    |cx, format| {
        let unused = cx.unused_key().await?;
        for path in cx.account_paths(&unused) {
            let ask = cx.ask("GET", path.as_str()).accept(format);
            let reply = cx.send(ask.authorization(None)).await?;
            reply.unauthenticated().at(&format!("GET {path} without credentials"))?;
        }
        Ok(())
    }

    /// Creating, updating and deleting without credentials is rejected with 401, a challenge, and the
    /// body that the profile says
    "authentication.missing-on-writes.is-401" many,
    cites ["basic-opens", "challenge", "401-empty"], measures ["auth.failure_body", "auth.challenge"]
    |cx, format| {
        let draft = cx.draft();
        let unused = cx.unused_key().await?;
        let user = cx.user_path(&unused);
        let body = cx.body(&draft, format);
        let create = cx.ask("POST", cx.users_path()).body(format, body.as_str());
        for (method, ask) in [
            ("POST", create.creates(draft.text("Username"))),
            ("PUT", cx.ask("PUT", user.as_str()).body(format, body)),
            ("DELETE", cx.ask("DELETE", user)),
        ] {
            let reply = cx.send(ask.accept(format).authorization(None)).await?;
            reply.unauthenticated().at(&format!("{method} without credentials"))?;
        }
        Ok(())
    }

    /// An Authorization header that cannot be read is rejected with 401
    "authentication.malformed.is-401" none,
    cites ["rfc9110-401", "rfc7617-form"], measures ["auth.failure_body"], needs [AccountList]
    |cx| {
        let no_colon = format!("Basic {}", STANDARD.encode("no-colon"));
        let not_text = format!("Basic {}", STANDARD.encode([0xff, b':', 0xfe]));
        for header in [
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic Zg",
            no_colon.as_str(),
            not_text.as_str(),
            &basic_header("", ""),
            "Digest username=\"x\"",
            "x",
        ] {
            let ask = cx.ask("GET", cx.users_path()).raw();
            let ask = ask.accept(Format::Xml).authorization(Some(header));
            let place = format!("Authorization: {header}");
            cx.send(ask).await?.unauthenticated().at(&place)?;
        }
        Ok(())
    }

    /// A name that no login has is rejected with 401
    "authentication.unknown-login.is-401" none,
    cites ["basic-opens"], measures ["auth.failure_body"], needs [AccountList]
    |cx, format| {
        let (name, password) = (cx.fresh_username(), cx.strong_password());
        let ask = cx.list_as(&name, &password).accept(format);
        cx.send(ask).await?.unauthenticated().at("an unknown name")
    }

    /// The right name with a wrong password is rejected with 401, and the right password still works
    "authentication.wrong-password.is-401" none,
    cites ["basic-opens"], needs [AccountList, BasicLogin, FailedLogins]
    |cx| {
        let (name, _) = cx.basic_login();
        // One failure, then a success: a login that locks after several is not harmed.
        let wrong = cx.list_as(&name, &cx.strong_password());
        let refused = cx.send(wrong).await;
        cx.list(cx.default_format()).await?.users()?;
        refused?.unauthenticated().at("a wrong password")
    }

    /// The login's name in other case is another name, refused with 401
    "authentication.username.is-case-sensitive" none,
    cites ["case-sensitive"], needs [AccountList, BasicLogin, FailedLogins]
    |cx| {
        let (own, password) = cx.basic_login();
        let mut name = own.to_uppercase();
        if name == own {
            name = name.to_lowercase();
        }
        if name == own {
            return Err(Stop::skip("the login's name has no letters"));
        }
        let refused = cx.send(cx.list_as(&name, password.expose())).await;
        cx.list(cx.default_format()).await?.users()?;
        refused?.unauthenticated().at("the name in other case")
    }

    /// The name of the scheme may be written in any case
    "authentication.scheme-name.ignores-case" none, cites ["rfc9110-scheme"], needs [AccountList, BasicLogin]
    |cx| {
        let (name, password) = cx.basic_login();
        for scheme in ["basic", "BASIC"] {
            let header = basic_header(&name, password.expose()).replacen("Basic", scheme, 1);
            let ask = cx.ask("GET", cx.users_path()).authorization(Some(&header));
            cx.send(ask).await?.users().at(&format!("the scheme written as `{scheme}`"))?;
        }
        Ok(())
    }

    /// A right login that asks for another account is rejected, on every path and in both formats
    "authentication.other-account.is-refused" none,
    cites ["one-account", "err-1001"], measures ["auth.other_account"], needs [AccountList, ForeignAccounts]
    |cx, format| {
        let unused = cx.unused_key().await?;
        let own = format!("/{}/", cx.account_id());
        let other = format!("/{}9/", cx.account_id());
        for path in cx.account_paths(&unused) {
            let path = path.replacen(&own, &other, 1);
            cx.read(&path, format).await?.other_account().at(&path)?;
        }
        Ok(())
    }

    /// The refusal of one other account reads like that of the next, so it shows nothing about
    /// which exist
    "authentication.other-account.tells-nothing" none,
    cites ["accounts-not-betrayed"], measures ["auth.other_account"], needs [AccountList, ForeignAccounts]
    |cx| {
        let account = cx.account_id().to_owned();
        let mut earlier = None;
        for other in [format!("{account}9"), format!("9{account}")] {
            let reply = cx.read(&format!("/api/accounts/{other}/users"), Format::Xml).await?;
            reply.other_account()?;
            let text = reply.text().replace(&other, "{accountId}");
            let first = earlier.get_or_insert_with(|| text.clone());
            reply.same("the refusal of the next other account", first, &text)?;
        }
        Ok(())
    }

    /// An account that exists, and that the login may not touch, is rejected exactly as one that does
    /// not exist
    "authentication.second-account.is-refused-like-an-unknown-one" none,
    cites ["accounts-not-betrayed"], measures ["auth.other_account"], needs [AccountList, SecondAccount]
    |cx, format| {
        let known = cx.second_account_id().unwrap_or_default().to_owned();
        let unknown = format!("{}9", cx.account_id());
        let unused = cx.unused_key().await?;
        let own = format!("/{}/", cx.account_id());
        for path in cx.account_paths(&unused) {
            let mut earlier = None;
            for account in [&unknown, &known] {
                let path = path.replacen(&own, &format!("/{account}/"), 1);
                let reply = cx.read(&path, format).await?;
                reply.other_account()?;
                let text = reply.text().replace(account.as_str(), "{accountId}");
                let first = earlier.get_or_insert_with(|| text.clone());
                reply.same("the refusal of an account that exists", first, &text)?;
            }
        }
        Ok(())
    }

    /// A request that is wrong in other ways too is rejected for its missing credentials first
    "authentication.validation.comes-after-it" many, cites ["rfc9110-401"]
    |cx| {
        let unused = cx.unused_key().await?;
        let absent = cx.user_path(&unused);
        for (what, ask) in [
            ("a broken body", cx.ask("POST", cx.users_path()).body(Format::Xml, "<broken")),
            ("an unknown type", cx.ask("POST", cx.users_path()).typed("text/plain", "x")),
            ("an empty update", cx.ask("PUT", absent).body(Format::Xml, "<User/>")),
        ] {
            let reply = cx.send(ask.authorization(None)).await?;
            reply.unauthenticated().at(&format!("{what} without credentials"))?;
        }
        Ok(())
    }

    /// An invented bearer token is rejected with 401, whether or not tokens are taken
    "authentication.unknown-token.is-401" none, cites ["rfc6750-invalid-token"], needs [AccountList]
    |cx, format| {
        let ask = cx.ask("GET", cx.users_path()).accept(format);
        let ask = ask.authorization(Some("Bearer cf.no-such.token"));
        cx.send(ask).await?.unauthenticated().at("a token that was not issued")
    }

    /// The challenge of a 401 names Basic, and Bearer where tokens are taken
    "authentication.challenge.names-the-schemes" none,
    cites ["challenge", "basic-ends"], measures ["auth.schemes", "auth.challenge"],
    needs [AccountList]
    |cx| {
        if cx.profile().auth_challenge == Challenge::Absent {
            return Err(Stop::skip(
                "the expected profile sends no challenge (auth.challenge=absent)",
            ));
        }
        let ask = cx.ask("GET", cx.users_path()).authorization(None);
        let reply = cx.send(ask).await?;
        reply.unauthenticated()?;
        let named = challenges(&reply.response);
        let bearer = named.iter().any(|challenge| challenge.scheme == "bearer");
        let expected = cx.profile().auth_schemes != AuthSchemes::Basic;
        reply.same("whether the challenge names Bearer", &expected, &bearer)
    }

    /// A created user's own name and password open the API or do not, as the profile says
    "authentication.created-user.as-the-profile-says" one,
    cites ["password-change", "err-13086"], measures ["auth.user_logins"], needs [AccountList, OurUser]
    |cx| {
        let created = with_password(cx, cx.default_format()).await?;
        seen(cx, &created, cx.default_format()).await?;
        let ask = cx.list_as(created.username(), created.password());
        let reply = cx.send(ask).await?;
        match cx.profile().auth_user_logins {
            LoginsOption::Refused => reply.unauthenticated(),
            LoginsOption::Accepted => reply.user_let_in(),
        }
        .at("the login of a created user")
    }

    /// The email of a user, in place of its username, opens the API or does not, as the profile says
    "authentication.email-login.as-the-profile-says" one,
    cites ["profile-choice"], measures ["auth.email_login"],
    needs [AccountList, OurUser, UserLogins]
    |cx| {
        let created = with_password(cx, cx.default_format()).await?;
        let named = cx.send(cx.list_as(created.username(), created.password())).await?;
        named.user_let_in().control("the user must be seen to log in with its username")?;
        let email = created.draft.text(EMAIL).to_owned();
        let reply = cx.send(cx.list_as(&email, created.password())).await?;
        match cx.profile().auth_email_login {
            EmailLogin::Refused => reply.unauthenticated(),
            EmailLogin::Accepted => reply.user_let_in(),
        }
        .at("the login with the email of a user")
    }

    /// A user without roles that logs in may read the list or, where the permissions of roles decide
    /// that, is rejected with 403
    "authentication.user-without-roles.as-the-profile-says" one,
    cites ["profile-choice"], measures ["auth.role_permissions"], needs [AccountList, NewUser, OurUser, UserLogins]
    |cx, format| {
        let created = with_password(cx, format).await?;
        let ask = cx.list_as(created.username(), created.password()).accept(format);
        let reply = cx.send(ask).await?;
        match cx.profile().auth_role_permissions {
            RolePermissions::Ignored => reply.users().map(drop),
            RolePermissions::Enforced => reply.error(403).map(drop),
        }
        .at("the list for a user without roles")
    }

    /// A user that is not enabled cannot log in
    "authentication.disabled-user.is-401" one,
    cites ["disabled-cannot-log-in"], measures ["auth.user_logins"], needs [AccountList, OurUser, UserLogins]
    |cx| {
        let format = cx.default_format();
        let created = with_password(cx, format).await?;
        let login = cx.list_as(created.username(), created.password());
        let before = cx.send(login.clone()).await?.user_let_in();
        before.control("the user must be seen to log in while it is enabled")?;
        cx.deactivate_ours(&created).await?;
        cx.send(login).await?.unauthenticated().at("a user that is not enabled")
    }

    /// After as many failed logins in a row as the profile says, even the right password is rejected;
    /// one fewer does no harm
    "authentication.lockout.after-failures" many,
    cites ["err-12093"], measures ["auth.lockout"], needs [AccountList, FailedLogins, OurUser, UserLogins]
    |cx| {
        let limit = cx.profile().auth_lockout;
        if limit > MOST_FAILURES {
            return Err(Stop::skip("that many failed logins are not tried"));
        }
        let created = cx.our_user().await?;
        let (name, failures) = (created.username(), limit.checked_sub(1).unwrap_or(MOST_FAILURES));
        for _ in 0..failures {
            let wrong = cx.list_as(name, &cx.strong_password());
            cx.send(wrong).await?.unauthenticated().at("a wrong password")?;
        }
        let right = cx.list_as(name, created.password());
        let reply = cx.send(right.clone()).await?;
        reply.user_let_in().at(&format!("after {failures} failures"))?;
        if limit == 0 {
            return Ok(());
        }
        for _ in 0..limit {
            let wrong = cx.list_as(name, &cx.strong_password());
            cx.send(wrong).await?.unauthenticated().at("a wrong password")?;
        }
        let reply = cx.send(right).await?;
        reply.unauthenticated().at(&format!("after {limit} failures"))
    }
}
