//! Paths that only Bandwidth's own documents and SDKs show: those below `/users`, and other bases.

use bandwidth_fixtures::profile::{BasePaths, UserPaths};

use crate::{
    case::{
        Case,
        Level::Documented,
        Need::{LoginPaths, UserLogins, Writing},
    },
    context::{Ask, Context},
    outcome::CaseResult,
    wire::{Draft, Format},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "published.users.without-an-account",
            Documented,
            "`GET /users` lists the users of the login's account or, where the profile has no such path, is 404",
            "SDK: npm @bandwidth/numbers 2.0.0",
        )
        .measures(&["paths.users"])
        .run(users),
        Case::new(
            "published.user.without-an-account",
            Documented,
            "`GET /users/{userid}` shows a user as the path below the account does",
            "RAML, users resources",
        )
        .needs(&[LoginPaths, Writing])
        .measures(&["paths.users"])
        .run(async |cx| {
            let created = cx.new_user().await?;
            for format in cx.formats() {
                let shown = cx.get(&created.key, format).await?.user()?;
                let ask = cx.ask("GET", format!("/api/users/{}", created.key));
                let reply = cx.send(ask.accept(format)).await?;
                reply.check(reply.user()? == shown, "the path below the account shows another")?;
            }
            let absent = format!("/api/users/{}", cx.absent_key());
            let reply = cx.send(cx.ask("GET", absent).accept(Format::Xml)).await?;
            reply.missing_user()
        }),
        Case::new(
            "published.password.is-changed-by-its-owner",
            Documented,
            "A user changes its own password: 200 with an empty body, the old one stops working and the new one works; when the history allows it, the old one can be restored",
            "RAML: PUT /users/{username}/password; ERR 12730",
        )
        .needs(&[LoginPaths, UserLogins, Writing])
        .measures(&["paths.users", "password.history"])
        .run(owner_changes_password),
        Case::new(
            "published.password.is-not-changed-by-others",
            Documented,
            "Nobody changes the password of another user",
            "RAML: only the user itself; ERR 13087",
        )
        .needs(&[LoginPaths, Writing])
        .run(async |cx| {
            let created = cx.new_user().await?;
            for format in cx.formats() {
                let new = cx.strong_password();
                let reply = cx.send(change(cx, created.username(), &new, format)).await?;
                reply.error_named(403, "not_password_owner")?;
            }
            Ok(())
        }),
        Case::new(
            "published.password.short-is-400",
            Documented,
            "A new password that is too short is refused with 400 and the old one keeps working",
            "RAML: 400 with 12504",
        )
        .needs(&[LoginPaths, UserLogins, Writing])
        .run(async |cx| {
            let created = cx.new_user().await?;
            for format in cx.formats() {
                let ask = change(cx, created.username(), "a", format);
                let ask = ask.login(created.username(), created.password());
                cx.send(ask).await?.error(400)?;
            }
            works(cx, created.username(), created.password()).await
        }),
        Case::new(
            "published.bases.lead-to-the-same",
            Documented,
            "The bases /api/v1 and /v1.0 lead where /api leads or, where the profile does not have them, nowhere",
            "SDK: ruby and csharp bandwidth-iris use /v1.0; UM: /api/v1",
        )
        .measures(&["paths.bases"])
        .run(bases),
    ]
}

async fn users(cx: &mut Context) -> CaseResult {
    for format in cx.formats() {
        let listed = cx.list(format).await?.users()?;
        let reply = cx.send(cx.ask("GET", "/api/users").accept(format)).await?;
        match cx.profile().paths_users {
            UserPaths::AccountOnly => drop(reply.error(404)?),
            UserPaths::AccountAndLogin => {
                reply.check(reply.users()? == listed, "the account's own list differs")?;
            }
        }
    }
    Ok(())
}

async fn bases(cx: &mut Context) -> CaseResult {
    for format in cx.formats() {
        let listed = cx.list(format).await?.users()?;
        for base in ["/api/v1", "/v1.0"] {
            let path = cx.users_path().replacen("/api", base, 1);
            let reply = cx.send(cx.ask("GET", path).accept(format)).await?;
            match cx.profile().paths_bases {
                BasePaths::Api => drop(reply.error(404)?),
                BasePaths::ApiAndVersions => {
                    reply.check(reply.users()? == listed, "the list below /api differs")?;
                }
            }
        }
    }
    Ok(())
}

/// A change of a password, not yet from its owner.
fn change(cx: &Context, username: &str, new: &str, format: Format) -> Ask {
    cx.run.redactor.add_login(username, new);
    let body = match format {
        // A document of one field; the fields of a user are not around it.
        Format::Xml => Draft::default()
            .with("Password", new)
            .fields_as_xml(cx.run.profile()),
        Format::Json => Draft::default()
            .with("Password", new)
            .body(cx.run.profile(), format),
    };
    let ask = cx.ask("PUT", format!("/api/users/{username}/password"));
    ask.accept(format).body(format, body)
}

/// That login works.
async fn works(cx: &mut Context, username: &str, password: &str) -> CaseResult {
    let ask = cx.ask("GET", cx.users_path()).login(username, password);
    cx.send(ask).await?.is(200)
}

async fn owner_changes_password(cx: &mut Context) -> CaseResult {
    let format = cx.default_format();
    let created = cx.new_user().await?;
    let (name, first) = (created.username().to_owned(), created.password().to_owned());
    let mut present = first.clone();
    // One change more than the history is long forgets the first password.
    for _ in 0..cx.profile().password_history.max(1) {
        let next = cx.strong_password();
        let ask = change(cx, &name, &next, format).login(&name, &present);
        let reply = cx.send(ask).await?;
        reply.is(200)?;
        reply.has_no_body()?;
        let old = cx.ask("GET", cx.users_path()).login(&name, &present);
        cx.send(old).await?.unauthenticated()?;
        works(cx, &name, &next).await?;
        present = next;
    }
    let ask = change(cx, &name, &first, format).login(&name, &present);
    cx.send(ask).await?.is(200)?;
    works(cx, &name, &first).await
}
