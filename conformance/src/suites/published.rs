//! Paths that only Bandwidth's own documents and SDKs show: those below `/users`, and other bases.

use bandwidth_fixtures::profile::{AccountSurface, BasePaths, LoginSurface};

use super::{get::with_password, prelude::*};

cases! {
    /// Below an account there are its users and roles, the list of users alone, or nothing, as the
    /// profile says
    "published.account.serves-what-the-profile-says" none,
    cites ["endpoints", "list-published", "profile-choice"], measures ["surface.account"]
    |cx| {
        let served = |yes| if yes { 200 } else { 404 };
        let account = cx.profile().surface_account;
        let expected = served(account != AccountSurface::Absent);
        cx.list(cx.default_format()).await?.is("the list of users", expected)?;
        cx.roles(cx.default_format()).await?.is("the list of roles", served(cx.has_account_users()))
    }

    /// `GET /users` lists the users of the login's account or, where the profile has no such path, is
    /// 404
    "published.users.without-an-account" none,
    cites ["users-published"], measures ["surface.login"], needs [AccountList]
    |cx, format| {
        let listed = cx.list(format).await?.users()?;
        let reply = cx.read("/api/users", format).await?;
        match cx.profile().surface_login {
            LoginSurface::Absent => reply.error(404).map(drop).at("GET /api/users"),
            LoginSurface::Served => {
                reply.same("the list below no account", &listed, &reply.users()?)
            }
        }
    }

    /// `GET /users/{userid}` shows a user as the path below the account does
    "published.user.without-an-account" one,
    cites ["user-published"], measures ["surface.login"], needs [LoginPaths]
    |cx, format| {
        let created = cx.subject(format).await?;
        let shown = cx.get(&created.key, format).await?.user()?;
        let reply = cx.read(&below_no_account(cx, &created.key), format).await?;
        reply.same("the user below no account", &shown, &reply.user()?)?;
        let absent = cx.unused_key().await?;
        cx.read(&below_no_account(cx, &absent), format).await?.missing_user()
    }

    /// A user changes its own password: 200 with an empty body, the old one stops working and the new
    /// one works; when the history allows it, the old one can be restored
    "published.password.is-changed-by-its-owner" one,
    cites ["password-change", "err-12730"], measures ["surface.login", "password.history"],
    needs [AccountList, LoginPaths, OurUser, UserLogins]
    |cx| {
        let format = cx.default_format();
        let created = with_password(cx, format).await?;
        let (name, first) = (created.username(), created.password());
        works(cx, name, first).await.control("the first password must be seen to log in")?;
        let mut present = first.to_owned();
        // One change more than the history is long forgets the first password.
        for _ in 0..cx.profile().password_history.max(1) {
            let next = cx.strong_password();
            let ask = change(cx, name, &next, format).login(name, &present);
            let reply = cx.send(ask).await?;
            reply.is("a password changed by its owner", 200)?;
            cx.note_password(&created.key, &next);
            reply.has_no_body()?;
            let old = cx.list_as(name, &present);
            cx.send(old).await?.unauthenticated().at("the old password")?;
            works(cx, name, &next).await.at("the new password")?;
            present = next;
        }
        let ask = change(cx, name, first, format).login(name, &present);
        cx.send(ask).await?.is("the first password, which the history forgot", 200)?;
        cx.note_password(&created.key, first);
        works(cx, name, first).await.at("the first password")
    }

    /// A user cannot change the password of another user
    "published.password.is-not-changed-by-others" one, cites ["password-change"],
    needs [AccountList, LoginPaths, OurUser]
    |cx, format| {
        let created = cx.our_subject(format).await?;
        let new = cx.strong_password();
        let reply = cx.send(change(cx, created.username(), &new, format)).await?;
        reply.error_named(403, "not_password_owner").map(drop)
    }

    /// A new password that is too short is rejected with 400 and the old one keeps working
    "published.password.short-is-400" one,
    cites ["password-change-short"],
    needs [AccountList, LoginPaths, OurUser, PasswordPolicy, UserLogins]
    |cx, format| {
        let created = with_password(cx, format).await?;
        let ask = change(cx, created.username(), "a", format);
        let ask = ask.login(created.username(), created.password());
        cx.send(ask).await?.error(400).at("a new password that is too short")?;
        works(cx, created.username(), created.password()).await.at("the old password")
    }

    /// The bases /api/v1 and /v1.0 lead where /api leads or, where the profile does not have them,
    /// nowhere
    "published.bases.lead-to-the-same" none, cites ["bases"], measures ["paths.bases"],
    needs [AccountList]
    |cx, format| {
        let listed = cx.list(format).await?.users()?;
        for base in ["/api/v1", "/v1.0"] {
            let path = cx.users_path().replacen("/api", base, 1);
            let reply = cx.read(&path, format).await?;
            match cx.profile().paths_bases {
                BasePaths::Api => drop(reply.error(404).at(base)?),
                BasePaths::ApiAndVersions => {
                    reply.same(&format!("the list below {base}"), &listed, &reply.users()?)?;
                }
            }
        }
        Ok(())
    }
}

/// The path of a user that names no account.
fn below_no_account(cx: &Context, key: &str) -> String {
    let account = format!("/accounts/{}", cx.account_id());
    cx.user_path(key).replacen(&account, "", 1)
}

/// A change of a password, not yet from its owner.
fn change(cx: &Context, username: &str, new: &str, format: Format) -> Ask {
    cx.keep_secret(username, new);
    let draft = Draft::default().with("Password", new);
    let body = match format {
        // A document of one field; the fields of a user are not around it.
        Format::Xml => draft.fields_as_xml(&cx.profile()),
        Format::Json => cx.body(&draft, format),
    };
    let ask = cx.ask("PUT", format!("/api/users/{username}/password"));
    ask.accept(format).body(format, body)
}

/// That login works.
async fn works(cx: &mut Context, username: &str, password: &str) -> CaseResult {
    cx.send(cx.list_as(username, password)).await?.user_let_in()
}
