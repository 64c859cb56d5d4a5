//! Updating users. What an update did is read back with GET; its own answer is not trusted.

use bandwidth_fixtures::profile::{IdMismatch, PutSemantics, UserKey, UsernameUpdate};

use crate::{
    case::{
        Case,
        Level::{Derived, Documented},
        Need::{Role, UserIds, UserLogins, Writing},
    },
    context::{Context, Created},
    outcome::{CaseResult, Stop},
    reply::Reply,
    wire::{Draft, EMAIL, Format, Value},
};

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "update.whole-user.reads-back",
            Documented,
            "A PUT of every field succeeds, and GET then shows the new values under the same key",
            "guide, Update User",
        )
        .needs(&[Writing])
        .run(whole_user),
        Case::new(
            "update.answer.is-what-get-shows",
            Derived,
            "The answer to a PUT is the user as GET shows it afterwards",
            "guide, Update User, response example",
        )
        .needs(&[Writing])
        .run(async |cx| {
            for format in cx.formats() {
                let created = cx.create(cx.draft(), format).await?;
                let draft = created.update().with("FirstName", "Robin");
                let reply = cx.put(&created.key, &draft, format).await?;
                let answered = reply.user()?;
                let shown = cx.get(&created.key, format).await?.user()?;
                reply.check(answered == shown, "GET shows another user")?;
            }
            Ok(())
        }),
        Case::new(
            "update.omitted-last-name.follows-put-semantics",
            Documented,
            "A PUT of FirstName and email alone clears LastName, keeps it or is refused, as the profile says",
            "guide, Update User: the example loses LastName; full PUT semantics may apply",
        )
        .needs(&[Writing])
        .measures(&["put.semantics"])
        .run(omitted_last_name),
        Case::new(
            "update.omitted-enabled.follows-put-semantics",
            Documented,
            "A PUT without Enabled makes a disabled user enabled again or, where PUT merges, leaves it disabled",
            "guide, Update User, Watch out for; User object: defaults to true",
        )
        .needs(&[Writing])
        .measures(&["put.semantics"])
        .run(omitted_enabled),
        Case::new(
            "update.omitted-roles.follow-put-semantics",
            Documented,
            "A PUT without Roles takes the roles away or, where PUT merges, leaves them",
            "guide, Update User, Watch out for",
        )
        .needs(&[Role, Writing])
        .measures(&["put.semantics"])
        .run(omitted_roles),
        Case::new(
            "update.omitted-username.stays",
            Documented,
            "A PUT without Username leaves the username as it is",
            "guide, Update User, response example",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let created = cx.new_user().await?;
            let draft = created.update().without("Username");
            let reply = put_and_get(cx, &created, &draft).await?;
            let expected = Some(created.username().to_owned());
            reply.check(reply.user()?.username == expected, "the username changed")
        }),
        Case::new(
            "update.omitted-password.stays",
            Derived,
            "A PUT without Password leaves the password as it is",
            "guide, User object: optional on update, never returned",
        )
        .needs(&[UserLogins, Writing])
        .run(async |cx| {
            let created = cx.new_user().await?;
            put_and_get(cx, &created, &created.update()).await?;
            let ask = cx.ask("GET", cx.users_path()).login(created.username(), created.password());
            cx.send(ask).await?.is(200)
        }),
        Case::new(
            "update.password.takes-effect",
            Documented,
            "After a PUT with a new Password the user's login works with it and no longer with the old one",
            "guide, User object: password, optional on update",
        )
        .needs(&[UserLogins, Writing])
        .run(async |cx| {
            let created = cx.new_user().await?;
            let new = cx.strong_password();
            let draft = created.update().with("Password", new.as_str());
            put_and_get(cx, &created, &draft).await?;
            let list = |cx: &Context| cx.ask("GET", cx.users_path());
            let old = list(cx).login(created.username(), created.password());
            cx.send(old).await?.unauthenticated()?;
            let new = list(cx).login(created.username(), &new);
            cx.send(new).await?.is(200)
        }),
        Case::new(
            "update.username.as-the-profile-says",
            Documented,
            "A PUT with another Username changes it, is refused, or leaves it, as the profile says",
            "guide, User object: optional on update; SUP: cannot be changed",
        )
        .needs(&[Writing])
        .measures(&["username.update"])
        .run(username),
        Case::new(
            "update.username.of-another-user-is-refused",
            Derived,
            "A PUT cannot give a user the username that another user has",
            "guide, User object: unique within the account",
        )
        .needs(&[Writing])
        .measures(&["username.update", "errors.conflict"])
        .run(async |cx| {
            if cx.profile().username_update != UsernameUpdate::Allowed {
                return Err(Context::skip("the expected profile never changes a username"));
            }
            let first = cx.new_user().await?;
            let second = cx.new_user().await?;
            let draft = second.update().with("Username", first.username());
            let reply = cx.put(&second.key, &draft, cx.default_format()).await?;
            reply.conflict("username_taken").map(drop)
        }),
        Case::new(
            "update.user-id.other-than-the-path",
            Documented,
            "A PUT whose UserId is not the one of the path is refused or, where the profile ignores it, changes no id; the same one is taken",
            "guide, User object: immutable; ERR 12688",
        )
        .needs(&[UserIds, Writing])
        .measures(&["put.id_mismatch"])
        .run(user_id),
        Case::new(
            "update.account-id.must-match-the-path",
            Documented,
            "A PUT whose AccountId is not the one of the path is refused and changes nothing",
            "guide, User object: immutable; ERR 12520",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let other = format!("{}9", cx.run.credentials.account_id);
            let wrong = |draft: Draft| draft.with("AccountId", other.as_str());
            refused_and_unchanged(cx, wrong, "account_id_mismatch").await
        }),
        Case::new(
            "update.invalid-field.changes-nothing",
            Derived,
            "A PUT that is refused for one field leaves the others as they were",
            "RFC 9110, section 9.3.4",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let wrong = |draft: Draft| draft.with("FirstName", "Robin").with(EMAIL, "nobody");
            refused_and_unchanged(cx, wrong, "email_invalid").await
        }),
        Case::new(
            "update.weak-password.is-400",
            Derived,
            "A PUT with a weak password is refused with 400 and changes nothing",
            "guide, Create User, Watch out for",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let created = cx.new_user().await?;
            let before = cx.get(&created.key, Format::Xml).await?.user()?;
            let draft = created.update().with("FirstName", "Robin").with("Password", "abc");
            cx.put(&created.key, &draft, Format::Xml).await?.error(400)?;
            let reply = cx.get(&created.key, Format::Xml).await?;
            reply.check(reply.user()? == before, "the refused PUT changed the user")
        }),
        Case::new(
            "update.missing-user.is-refused",
            Documented,
            "A PUT to a key that no user has is refused and creates nobody",
            "guide, Core endpoints; ERR 12000",
        )
        .needs(&[Writing])
        .measures(&["missing.user"])
        .run(async |cx| {
            let absent = cx.absent_key();
            for format in cx.formats() {
                let draft = cx.draft().with("Username", absent.as_str()).without("Password");
                cx.put(&absent, &draft, format).await?.missing_user()?;
                cx.get(&absent, format).await?.missing_user()?;
            }
            Ok(())
        }),
        Case::new(
            "update.enabled.can-be-switched",
            Documented,
            "A PUT with Enabled false disables a user, and one with true enables it again",
            "guide, User object: enabled, optional on update",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let created = cx.new_user().await?;
            for wanted in [false, true] {
                let draft = created.update().with_value("Enabled", Value::Flag(wanted));
                let reply = put_and_get(cx, &created, &draft).await?;
                reply.check(reply.user()?.is_enabled() == wanted, "Enabled was not taken over")?;
            }
            Ok(())
        }),
        Case::new(
            "update.twice.is-like-once",
            Derived,
            "The same PUT sent twice has the effect of one",
            "RFC 9110, section 9.2.2",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let created = cx.new_user().await?;
            let draft = created.update().with("FirstName", "Robin");
            let once = put_and_get(cx, &created, &draft).await?;
            let twice = put_and_get(cx, &created, &draft).await?;
            twice.check(once.user()? == twice.user()?, "the second PUT changed the user again")
        }),
    ]
}

/// A PUT that succeeds, and the answer to a GET after it.
async fn put_and_get(cx: &mut Context, created: &Created, draft: &Draft) -> Result<Reply, Stop> {
    let format = cx.default_format();
    cx.put(&created.key, draft, format).await?.is(200)?;
    cx.get(&created.key, format).await
}

/// A PUT that is refused by `error`, after which GET shows what it showed before.
async fn refused_and_unchanged(
    cx: &mut Context,
    wrong: impl Fn(Draft) -> Draft,
    error: &str,
) -> CaseResult {
    for format in cx.formats() {
        let created = cx.create(cx.draft(), format).await?;
        let before = cx.get(&created.key, format).await?.user()?;
        let reply = cx
            .put(&created.key, &wrong(created.update()), format)
            .await?;
        reply.refused(error)?;
        let reply = cx.get(&created.key, format).await?;
        reply.check(reply.user()? == before, "the refused PUT changed the user")?;
    }
    Ok(())
}

async fn whole_user(cx: &mut Context) -> CaseResult {
    for format in cx.formats() {
        let created = cx.create(cx.draft(), format).await?;
        let email = format!("new-{}", created.draft.text(EMAIL));
        let draft = created
            .update()
            .with("FirstName", "Robin")
            .with("LastName", "Quick")
            .with(EMAIL, email.as_str());
        cx.put(&created.key, &draft, format).await?.is(200)?;
        let after = Created { draft, ..created };
        for shown in cx.formats() {
            let reply = cx.get(&after.key, shown).await?;
            super::get::shows(cx, &reply, &after)?;
        }
    }
    Ok(())
}

async fn omitted_last_name(cx: &mut Context) -> CaseResult {
    for format in cx.formats() {
        let created = cx.create(cx.draft(), format).await?;
        let draft = Draft::default()
            .with("FirstName", "Jane")
            .with(EMAIL, format!("jane-{}", created.draft.text(EMAIL)));
        let reply = cx.put(&created.key, &draft, format).await?;
        let semantics = cx.profile().put_semantics;
        if semantics == PutSemantics::ReplaceRequiringFields {
            reply.refused("last_name_required")?;
        } else {
            reply.is(200)?;
        }
        let reply = cx.get(&created.key, format).await?;
        let user = reply.user()?;
        let last_name = user.last_name.as_deref();
        let first_name = user.first_name.as_deref();
        match semantics {
            PutSemantics::Replace => {
                reply.check(last_name.is_none(), "the omitted LastName is still there")?;
                reply.check(first_name == Some("Jane"), "FirstName was not taken over")?;
            }
            PutSemantics::Merge => {
                reply.check(
                    last_name == Some("Nimble"),
                    "the omitted LastName did not stay",
                )?;
                reply.check(first_name == Some("Jane"), "FirstName was not taken over")?;
            }
            PutSemantics::ReplaceRequiringFields => {
                reply.check(
                    first_name == Some("Casey"),
                    "the refused PUT changed the user",
                )?;
            }
        }
    }
    Ok(())
}

async fn omitted_enabled(cx: &mut Context) -> CaseResult {
    let draft = cx.draft().with_value("Enabled", Value::Flag(false));
    let created = cx.create(draft, cx.default_format()).await?;
    let reply = put_and_get(cx, &created, &created.update().without("Enabled")).await?;
    let expected = cx.profile().put_semantics != PutSemantics::Merge;
    reply.check(
        reply.user()?.is_enabled() == expected,
        if expected {
            "after a PUT without Enabled the user is still disabled"
        } else {
            "after a PUT without Enabled the user is enabled"
        },
    )
}

async fn omitted_roles(cx: &mut Context) -> CaseResult {
    let role = cx.some_roles().await?.remove(0);
    let draft = cx.draft().with_value("Roles", Context::role_value(&role));
    let created = cx.create(draft, cx.default_format()).await?;
    let reply = put_and_get(cx, &created, &created.update().without("Roles")).await?;
    let kept = cx.profile().put_semantics == PutSemantics::Merge;
    reply.check(
        reply.user()?.roles().is_empty() != kept,
        if kept {
            "after a PUT without Roles the role is gone"
        } else {
            "after a PUT without Roles the role is still there"
        },
    )
}

async fn username(cx: &mut Context) -> CaseResult {
    let format = cx.default_format();
    let created = cx.new_user().await?;
    let wish = cx.run.fresh_username();
    let draft = created.update().with("Username", wish.as_str());
    let reply = cx.put(&created.key, &draft, format).await?;
    let mut key = created.key.clone();
    let expected = match cx.profile().username_update {
        UsernameUpdate::Allowed => {
            reply.is(200)?;
            if cx.profile().naming_user_key == UserKey::Username {
                let _ = cx.run.ledger().renamed(&key, &wish);
                key.clone_from(&wish);
            }
            wish
        }
        UsernameUpdate::Ignored => {
            reply.is(200)?;
            created.username().to_owned()
        }
        UsernameUpdate::Refused => {
            reply.refused("not_allowed")?;
            created.username().to_owned()
        }
    };
    let reply = cx.get(&key, format).await?;
    let message = format!("expected the username {expected}");
    reply.check(reply.user()?.username == Some(expected), &message)
}

async fn user_id(cx: &mut Context) -> CaseResult {
    for format in cx.formats() {
        let created = cx.create(cx.draft(), format).await?;
        let same = created.update().with("UserId", created.key.as_str());
        cx.put(&created.key, &same, format).await?.is(200)?;
        let other = created.update().with("UserId", cx.absent_key());
        let reply = cx.put(&created.key, &other, format).await?;
        match cx.profile().put_id_mismatch {
            IdMismatch::Refused => drop(reply.refused("user_id_mismatch")?),
            IdMismatch::Ignored => reply.is(200)?,
        }
        let reply = cx.get(&created.key, format).await?;
        super::get::shows(cx, &reply, &created)?;
    }
    Ok(())
}
