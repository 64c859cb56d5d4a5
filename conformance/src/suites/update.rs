//! Updating users. What an update did is read back with GET; its own answer is not trusted.

use bandwidth_fixtures::profile::{IdMismatch, PutSemantics, UserKey, UsernameUpdate};

use super::{
    get::{reads_back, seen, with_password},
    prelude::*,
    refusal::{As, Refusal, refusals},
};

cases! {
    /// A PUT of FirstName and email alone clears LastName, keeps it or is rejected, as the profile
    /// says
    "update.omitted-last-name.follows-put-semantics" one,
    cites ["put-example", "put-may-replace", "names", "siblings-replace"],
    measures ["put.semantics"]
    |cx, format| {
        let created = cx.subject(format).await?;
        seen(cx, &created, format).await?;
        let draft = Draft::default()
            .with("FirstName", "Jane")
            .with(EMAIL, format!("jane-{}", created.draft.text(EMAIL)));
        // Where a user needs a number, a PUT without one is another error.
        let draft = match created.draft.given("TelephoneNumber") {
            Some(number) => draft.with("TelephoneNumber", number),
            None => draft,
        };
        let reply = cx.put(&created.key, &draft, format).await?;
        let semantics = cx.profile().put_semantics;
        let last_name = created.draft.text("LastName");
        let (first_name, last_name) = match semantics {
            PutSemantics::Replace => ("Jane", None),
            PutSemantics::Merge => ("Jane", Some(last_name)),
            PutSemantics::ReplaceRequiringFields => {
                (created.draft.text("FirstName"), Some(last_name))
            }
        };
        match semantics {
            PutSemantics::ReplaceRequiringFields => reply.refused("last_name_required").map(drop),
            _ => reply.updated(),
        }
        .at("a PUT without LastName")?;
        let reply = cx.get(&created.key, format).await?;
        let user = reply.user()?;
        reply.same("the LastName that was left out", &last_name, &user.last_name.as_deref())?;
        reply.same("FirstName", &Some(first_name), &user.first_name.as_deref())
    }

    /// A PUT without Enabled makes a disabled user enabled again or, where PUT merges, leaves it
    /// disabled
    "update.omitted-enabled.follows-put-semantics" one,
    cites ["put-may-replace", "enabled", "siblings-replace"], measures ["put.semantics"]
    |cx| {
        let created = cx.subject(cx.default_format()).await?;
        let disabled = created.update().with_value("Enabled", Value::Flag(false));
        let reply = put_and_get(cx, &created, &disabled).await?;
        let control = reply.same("Enabled", &false, &reply.user()?.is_enabled());
        control.control("the user must be seen disabled")?;
        let reply = put_and_get(cx, &created, &created.update().without("Enabled")).await?;
        let expected = cx.profile().put_semantics != PutSemantics::Merge;
        let found = reply.user()?.is_enabled();
        reply.same("Enabled after a PUT without it", &expected, &found)
    }

    /// A PUT without Roles takes the roles away or, where PUT merges, leaves them
    "update.omitted-roles.follow-put-semantics" one,
    cites ["put-may-replace"], measures ["put.semantics"], needs [AnyRole]
    |cx| {
        let role = cx.role().await?;
        let created = cx.subject(cx.default_format()).await?;
        let with_role = created.update().with_value("Roles", Context::role_value(&role));
        let reply = put_and_get(cx, &created, &with_role).await?;
        let control = reply.same("Roles", &vec![role.clone()], &reply.user()?.roles().to_vec());
        control.control("the user must be seen with the role")?;
        let reply = put_and_get(cx, &created, &created.update().without("Roles")).await?;
        let kept = cx.profile().put_semantics == PutSemantics::Merge;
        let expected = if kept { vec![role] } else { Vec::new() };
        let found = reply.user()?.roles().to_vec();
        reply.same("Roles after a PUT without them", &expected, &found)
    }

    /// A PUT of every field succeeds, and GET then shows the new values under the same key
    "update.whole-user.reads-back" one, cites ["endpoints", "email"]
    |cx, format| {
        let created = cx.subject(format).await?;
        let email = format!("new-{}", created.draft.text(EMAIL));
        let draft = created
            .update()
            .with("FirstName", "Robin")
            .with("LastName", "Quick")
            .with(EMAIL, email.as_str());
        cx.put(&created.key, &draft, format).await?.updated()?;
        let after = Created { draft, ..created };
        for shown in cx.formats() {
            reads_back(cx, &after, shown).await?;
        }
        Ok(())
    }

    /// The answer to a PUT is the user as GET shows it afterwards
    "update.answer.is-what-get-shows" one, cites ["put-answers-user"]
    |cx, format| {
        let created = cx.subject(format).await?;
        let draft = created.update().with("FirstName", "Robin");
        let answered = cx.put(&created.key, &draft, format).await?;
        let user = answered.user()?;
        let reply = cx.get(&created.key, format).await?;
        reply.same("the user that GET shows after the answer to a PUT", &user, &reply.user()?)
    }

    /// A PUT without Username leaves the username as it is
    "update.omitted-username.stays" one, cites ["username"]
    |cx| {
        let created = cx.subject(cx.default_format()).await?;
        let draft = created.update().without("Username");
        let reply = put_and_get(cx, &created, &draft).await?;
        let found = reply.user()?.username;
        reply.same("Username", &Some(created.username()), &found.as_deref())
    }

    /// A PUT without Password leaves the password as it is
    "update.omitted-password.stays" one, cites ["password-kept"], needs [UserLogins]
    |cx| {
        let created = with_password(cx, cx.default_format()).await?;
        let login = cx.list_as(created.username(), created.password());
        let before = cx.send(login.clone()).await?.user_let_in();
        before.control("the password must be seen to log in")?;
        put_and_get(cx, &created, &created.update()).await?.user()?;
        cx.send(login).await?.user_let_in().at("after a PUT without Password")
    }

    /// After a PUT with a new Password the user's login works with it and no longer with the old one
    "update.password.takes-effect" one, cites ["password"], needs [UserLogins]
    |cx| {
        let created = with_password(cx, cx.default_format()).await?;
        let old = cx.list_as(created.username(), created.password());
        let before = cx.send(old.clone()).await?.user_let_in();
        before.control("the old password must be seen to log in")?;
        let new = cx.strong_password();
        let draft = created.update().with("Password", new.as_str());
        put_and_get(cx, &created, &draft).await?.user()?;
        cx.send(old).await?.unauthenticated().at("the old password")?;
        let new = cx.list_as(created.username(), &new);
        cx.send(new).await?.user_let_in().at("the new password")
    }

    /// A PUT with another Username changes it, is rejected, or leaves it, as the profile says
    "update.username.as-the-profile-says" one,
    cites ["username", "username-fixed"], measures ["username.update"]
    |cx| {
        username(cx).await
    }

    /// A PUT cannot give a user the username that another user has
    "update.username.of-another-user-is-refused" many,
    cites ["username", "err-12001"], measures ["username.update", "errors.conflict"]
    |cx| {
        if cx.profile().username_update != UsernameUpdate::Allowed {
            return Err(Stop::skip("the expected profile never changes a username"));
        }
        let first = cx.new_user().await?;
        let second = cx.new_user().await?;
        let draft = second.update().with("Username", first.username());
        let reply = cx.put(&second.key, &draft, cx.default_format()).await?;
        reply.conflict("username_taken").map(drop)
    }

    /// A PUT whose UserId is not the one of the path is rejected or, where the profile ignores it,
    /// changes no id; the same one is taken
    "update.user-id.other-than-the-path" one,
    cites ["id-fixed", "err-12688"], measures ["put.id_mismatch"], needs [UserIds]
    |cx, format| {
        let created = cx.subject(format).await?;
        let same = created.update().with("UserId", created.key.as_str());
        cx.put(&created.key, &same, format).await?.updated().at("the UserId of the path")?;
        let other = created.update().with("UserId", cx.unused_key().await?);
        let reply = cx.put(&created.key, &other, format).await?;
        match cx.profile().put_id_mismatch {
            IdMismatch::Refused => drop(reply.refused("user_id_mismatch")?),
            IdMismatch::Ignored => reply.updated()?,
        }
        reads_back(cx, &created, format).await
    }

    /// A PUT to a key that no user has is rejected and creates none
    "update.missing-user.is-refused" many,
    cites ["missing-404", "err-12000"], measures ["missing.user"]
    |cx, format| {
        let absent = cx.unused_key().await?;
        let draft = cx.draft().without("Password");
        cx.put(&absent, &draft, format).await?.missing_user()?;
        let reply = cx.get(&absent, format).await?;
        reply.missing_user().at("after the PUT")
    }

    /// A PUT with Enabled false disables a user, and one with true enables it again
    "update.enabled.can-be-switched" one, cites ["enabled", "no-disabling"]
    |cx| {
        let created = cx.subject(cx.default_format()).await?;
        for wanted in [false, true] {
            let draft = created.update().with_value("Enabled", Value::Flag(wanted));
            let reply = put_and_get(cx, &created, &draft).await?;
            reply.same("Enabled after a PUT", &wanted, &reply.user()?.is_enabled())?;
        }
        Ok(())
    }

    /// The same PUT sent twice has the effect of one
    "update.twice.is-like-once" one, cites ["rfc9110-idempotent"]
    |cx| {
        let created = cx.subject(cx.default_format()).await?;
        let draft = created.update().with("FirstName", "Robin");
        let once = put_and_get(cx, &created, &draft).await?.user()?;
        let twice = put_and_get(cx, &created, &draft).await.at("the second PUT")?;
        twice.same("the user after the second PUT", &once, &twice.user()?)
    }
}

/// Updates with one thing wrong.
static REFUSED: [Refusal; 3] = refusals! { As::Update;
    /// A PUT whose AccountId is not the one of the path is rejected and changes nothing
    "update.account-id.must-match-the-path" cites ["account-fixed", "err-12520"]
    needs [ForeignAccounts]
    wrong [|cx, draft| draft.with("AccountId", format!("{}9", cx.account_id()))]
    as ["account_id_mismatch"]

    /// A PUT that is rejected for one field leaves the others as they were
    "update.invalid-field.changes-nothing" cites ["rfc9110-400"]
    wrong [|_, draft| draft.with("FirstName", "Robin").with(EMAIL, "nobody")]
    as ["email_invalid"]

    /// A PUT with a weak password is rejected with 400 and changes nothing
    "update.weak-password.is-400" cites ["password-rules-on-update"]
    needs [PasswordPolicy]
    wrong [|_, draft| draft.with("FirstName", "Robin").with("Password", WEAK)] as []
};

pub(super) fn refused() -> impl Iterator<Item = Case> {
    REFUSED.iter().map(Refusal::case)
}

/// A PUT that succeeds, and the answer to a GET after it.
async fn put_and_get(cx: &mut Context, created: &Created, draft: &Draft) -> Result<Reply, Stop> {
    let format = cx.default_format();
    cx.put(&created.key, draft, format).await?.updated()?;
    cx.get(&created.key, format).await
}

async fn username(cx: &mut Context) -> CaseResult {
    let format = cx.default_format();
    let created = cx.subject(format).await?;
    let old = created.username();
    let new = cx.fresh_username();
    let draft = created.update().with("Username", new.as_str());
    let reply = cx.put(&created.key, &draft, format).await?;
    let by_name = cx.profile().naming_user_key == UserKey::Username;
    let (expected, key) = match cx.profile().username_update {
        UsernameUpdate::Allowed => {
            reply.updated().at("a PUT with another Username")?;
            (new.as_str(), if by_name { &new } else { &created.key })
        }
        UsernameUpdate::Ignored => {
            reply.updated().at("a PUT with another Username")?;
            (old, &created.key)
        }
        UsernameUpdate::Refused => {
            reply.refused("not_allowed")?;
            (old, &created.key)
        }
    };
    let reply = cx.get(key, format).await?;
    let found = reply.user()?.username;
    reply.same("Username", &Some(expected), &found.as_deref())?;
    if *key != created.key {
        // Other cases know the user by its first name.
        cx.put(key, &created.update(), format).await?.updated()?;
    }
    Ok(())
}
