//! Users of a domain: what a create, an update and a delete do, and which are rejected.

use bandwidth_fixtures::profile::{
    EmailUnique, ErrorsEcho, IdentityPutAbsent, IdentityPutEmpty, IdentityRemoval, IdentityRoot,
    IdentityTaken, NewAccounts, NewActive, NewOrigin, PhoneRequired,
};

use crate::{
    dialogue::identity::{
        DomainDraft, DomainUser,
        reply::{below, text},
    },
    random,
    suites::prelude::*,
};

/// A part of a profile that may be left out.
const COMPANY: &str = "UserProfile/CompanyName";

cases! {
    /// A user that does not exist is a 404 with the published code, itself and in its parts
    "identity.get.unknown-is-404" none, cites ["domain-user-unknown"], needs [Identity]
    |cx| {
        let unknown = cx.fresh_username();
        for part in ["", "/settings", "/profile", "/roles", "/accounts"] {
            let reply = cx.read_domain(&Context::domain_user(&unknown, part)).await?;
            reply.unknown_domain_user().at(&format!("users/{{id}}{part}"))?;
        }
        Ok(())
    }

    /// A user id that is shorter than the profile says is a 400, and one of that length is not
    "identity.get.short-id-is-400" none,
    cites ["domain-id-short", "profile-choice"], measures ["identity.least_id"], needs [Identity]
    |cx| {
        let least = usize::try_from(cx.profile().identity_least_id).unwrap_or(usize::MAX);
        let name = random::hex().repeat(least / 8 + 1);
        let reply = cx.read_domain(&Context::domain_user(&name[..least], "")).await?;
        reply.same("whether an id of the least length is refused", &false, &(reply.status() == 400))?;
        if least < 2 {
            return Ok(());
        }
        let reply = cx.read_domain(&Context::domain_user(&name[..least - 1], "")).await?;
        reply.domain_error("an id that is too short", 400, "too_short").map(drop)
    }

    /// A user that is created at the name that the caller chose reads back, without its password
    "identity.create.reads-back" many, cites ["domain-create", "domain-user"],
    needs [IdentityWrites]
    |cx| {
        let draft = cx.domain_login_draft();
        let user = cx.domain_create(draft).await?;
        let reply = read(cx, &user).await?;
        shows(&reply, &user.draft, &[
            "UserId",
            "Email",
            "UserSettings/Scope",
            "UserSettings/Active",
            "UserSettings/AllowedApiOrigin",
            "UserProfile/FirstName",
            "UserProfile/LastName",
            "UserProfile/TelephoneNumbers/WorkPhone",
            "AccountList/Account/AccountId",
        ])?;
        let password = below(&reply.domain_user()?, "Password").is_some();
        reply.same("whether the user shows a password", &false, &password)
    }

    /// Another id in the body than in the path is a 400 with the published code, and creates no user
    "identity.create.other-id-in-the-body-is-400" many, cites ["domain-id-matches"],
    needs [IdentityWrites]
    |cx| {
        let draft = cx.domain_draft();
        let key = cx.fresh_username();
        let ask = cx.ask_domain_create(&key, cx.domain_body(&draft));
        let reply = cx.send(ask).await?;
        reply.domain_error("another id in the body", 400, "user_id_mismatch")?;
        for key in [key.as_str(), draft.text("UserId")] {
            let reply = cx.read_domain(&Context::domain_user(key, "")).await?;
            reply.unknown_domain_user().at("after the refusal")?;
        }
        Ok(())
    }

    /// An id that is taken is rejected with the status that the profile says, and its user stays as it is
    "identity.create.taken-id-is-refused" many,
    cites ["domain-id-taken", "profile-choice"], measures ["identity.taken"], needs [IdentityWrites]
    |cx| {
        let draft = cx.domain_draft();
        let user = cx.domain_create(draft).await?;
        let again = user.draft.clone().with("Email", &cx.email(&cx.fresh_username()));
        let reply = cx.domain_post(&again).await?;
        let status = match cx.profile().identity_taken {
            IdentityTaken::BadRequest => 400,
            IdentityTaken::Conflict => 409,
        };
        reply.domain_error("an id that is taken", status, "user_id_taken")?;
        let reply = read(cx, &user).await?;
        shows(&reply, &user.draft, &["Email"])
    }

    /// An email that is taken is a 400 with the published code, in a create and in an update
    "identity.create.taken-email-is-400" many, cites ["domain-email-taken"], needs [IdentityWrites]
    |cx| {
        if cx.profile().email_unique == EmailUnique::None {
            return Err(Stop::skip("emails of the expected profile are not unique (email.unique=none)"));
        }
        let draft = cx.domain_draft();
        let first = cx.domain_create(draft).await?;
        let draft = cx.domain_draft();
        let taken = draft.clone().with("Email", first.draft.text("Email"));
        let reply = cx.domain_post(&taken).await?;
        reply.domain_error("a create with an email that is taken", 400, "email_taken")?;
        let second = cx.domain_create(draft).await?;
        let taken = second.draft.clone().with("Email", first.draft.text("Email"));
        let reply = cx.domain_put(&second.key, &taken).await?;
        reply.domain_error("an update with an email that is taken", 400, "email_taken").map(drop)
    }

    /// A user in a request has a root around it or not, as the profile says
    "identity.create.root-as-the-profile-says" many,
    cites ["domain-root", "profile-choice"], measures ["identity.request_root"],
    needs [IdentityWrites]
    |cx| {
        let root = cx.profile().identity_request_root;
        for (wrapped, taken) in [
            (false, root != IdentityRoot::Wrapped),
            (true, root != IdentityRoot::Bare),
        ] {
            let draft = cx.domain_draft();
            let body = if wrapped { draft.wrapped() } else { draft.bare() };
            let ask = cx.ask_domain_create(draft.text("UserId"), body);
            let reply = cx.send(ask).await?;
            let place = if wrapped { "a user below a root" } else { "a user that is the root" };
            reply.is(place, if taken { 201 } else { 400 })?;
        }
        Ok(())
    }

    /// A user that was created without saying so is active or not, as the profile says
    "identity.create.state-as-the-profile-says" many,
    cites ["domain-new-user", "profile-choice"], measures ["identity.new_active"],
    needs [IdentityWrites]
    |cx| {
        let active = match cx.profile().identity_new_active {
            NewActive::Active => "true",
            NewActive::Inactive => "false",
        };
        usual(cx, "UserSettings/Active", Some(active)).await
    }

    /// A user that was created without saying so logs in where the profile says
    "identity.create.origin-as-the-profile-says" many,
    cites ["domain-new-user", "profile-choice"], measures ["identity.new_origin"],
    needs [IdentityWrites]
    |cx| {
        let origin = match cx.profile().identity_new_origin {
            NewOrigin::Gui => "GUI",
            NewOrigin::Both => "BOTH",
        };
        usual(cx, "UserSettings/AllowedApiOrigin", Some(origin)).await
    }

    /// A user that was created without an account has its creator's or none, as the profile says
    "identity.create.accounts-as-the-profile-says" many,
    cites ["profile-choice"], measures ["identity.new_accounts"], needs [IdentityWrites]
    |cx| {
        let account = cx.account_id().to_owned();
        let expected = match cx.profile().identity_new_accounts {
            NewAccounts::Creators => Some(account.as_str()),
            NewAccounts::None => None,
        };
        usual(cx, "AccountList/Account/AccountId", expected).await
    }

    /// A user without a telephone number is created or not, as the profile says
    "identity.create.phone-as-the-profile-says" many,
    cites ["domain-phone", "profile-choice"], measures ["identity.phone_required"],
    needs [IdentityWrites]
    |cx| {
        let draft = cx.domain_draft().without("UserProfile/TelephoneNumbers");
        let reply = cx.domain_post(&draft).await?;
        if cx.profile().identity_phone_required == PhoneRequired::Always {
            return reply.domain_error("a user without a number", 400, "phone_required").map(drop);
        }
        reply.is("a user without a number", 201)
    }

    /// An error shows the user that was sent, with or without its password, or shows none, as the
    /// profile says
    "identity.errors.echo-as-the-profile-says" many,
    cites ["domain-errors-echo", "profile-choice"], measures ["identity.errors_echo"],
    needs [IdentityWrites]
    |cx| {
        let draft = cx.domain_login_draft();
        let key = cx.fresh_username();
        let ask = cx.ask_domain_create(&key, cx.domain_body(&draft));
        let reply = cx.send(ask).await?;
        let body = reply.domain_error("another id in the body", 400, "user_id_mismatch")?;
        let echo = cx.profile().identity_errors_echo;
        let user = below(&body, "User").is_some();
        reply.same("whether the error shows the user", &(echo != ErrorsEcho::None), &user)?;
        let password = below(&body, "User/Password").is_some();
        let expected = echo == ErrorsEcho::UserAndPassword;
        reply.same("whether the error shows the password", &expected, &password)
    }

    /// A PUT of a user changes it
    "identity.update.reads-back" one, cites ["domain-update"], needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let changed = user
            .draft
            .clone()
            .with("UserProfile/FirstName", "Robin")
            .with("UserProfile/TelephoneNumbers/WorkPhone", "9195550111");
        let reply = cx.domain_put(&user.key, &changed).await?;
        reply.domain_user()?;
        let reply = read(cx, &user).await?;
        let paths = ["Email", "UserProfile/FirstName", "UserProfile/TelephoneNumbers/WorkPhone"];
        shows(&reply, &changed, &paths)
    }

    /// A PUT of a user that does not exist is a 404 with the published code
    "identity.update.unknown-is-404" many, cites ["domain-user-unknown"], needs [IdentityWrites]
    |cx| {
        let draft = cx.domain_draft();
        let reply = cx.domain_put(draft.text("UserId"), &draft).await?;
        reply.unknown_domain_user()
    }

    /// A PUT of a user keeps or clears an absent field, as the profile says
    "identity.update.absent-as-the-profile-says" one,
    cites ["profile-choice"], measures ["identity.put_absent"], needs [IdentityWrites]
    |cx| {
        let user = with_company(cx).await?;
        let draft = user.draft.clone().without(COMPANY);
        cx.domain_put(&user.key, &draft).await?.domain_user()?;
        let expected = match cx.profile().identity_put_absent {
            IdentityPutAbsent::Kept => Some("Nimble Works"),
            IdentityPutAbsent::Cleared => None,
        };
        let reply = read(cx, &user).await?;
        let found = reply.domain_user()?;
        reply.same("the company that a PUT leaves out", &expected, &text(&found, COMPANY))
    }

    /// An empty field in a PUT of a profile deletes or keeps the value, as the profile says
    "identity.update.empty-as-the-profile-says" one,
    cites ["domain-empty-deletes", "profile-choice"], measures ["identity.put_empty"],
    needs [IdentityWrites]
    |cx| {
        let user = with_company(cx).await?;
        if (cx.profile().identity_put_empty, cx.profile().identity_put_absent)
            == (IdentityPutEmpty::Kept, IdentityPutAbsent::Cleared)
        {
            return Err(Stop::skip("what keeps an empty field, and clears an absent one, is unknown"));
        }
        let part = user.draft.clone().with(COMPANY, "").part("UserProfile");
        let path = Context::domain_user(&user.key, "/profile");
        cx.domain_call("PUT", &path, &part).await?.is("a PUT with an empty field", 200)?;
        let expected = match cx.profile().identity_put_empty {
            IdentityPutEmpty::Kept => Some("Nimble Works"),
            IdentityPutEmpty::Cleared => None,
        };
        let reply = read(cx, &user).await?;
        let found = reply.domain_user()?;
        let found = text(&found, COMPANY).filter(|text| !text.is_empty());
        reply.same("the company that a PUT empties", &expected, &found)
    }

    /// A DELETE of a user is a 405, deactivates it or deletes it, as the profile says
    "identity.delete.as-the-profile-says" many,
    cites ["domain-delete", "profile-choice"], measures ["identity.removal"],
    needs [IdentityWrites]
    |cx| {
        let draft = cx.domain_draft();
        let user = cx.domain_create(draft).await?;
        read(cx, &user).await?.domain_user().control("the user must be seen before")?;
        let reply = cx.domain_call("DELETE", &Context::domain_user(&user.key, ""), "").await?;
        let after = read(cx, &user).await?;
        let active = match cx.profile().identity_removal {
            IdentityRemoval::Absent => {
                reply.is("a DELETE where there is none", 405)?;
                "true"
            }
            IdentityRemoval::Deactivates => {
                reply.is("a DELETE that deactivates", 200)?;
                "false"
            }
            IdentityRemoval::Deletes => {
                reply.is("a DELETE that deletes", 200)?;
                return after.unknown_domain_user().at("a user that was deleted");
            }
        };
        let shown = after.domain_user()?;
        after.same("Active", &Some(active), &text(&shown, "UserSettings/Active"))
    }
}

/// Gets a user.
async fn read(cx: &mut Context, user: &DomainUser) -> Result<Reply, Stop> {
    cx.read_domain(&Context::domain_user(&user.key, "")).await
}

/// It is 200 with a user that has what a draft has.
fn shows(reply: &Reply, draft: &DomainDraft, paths: &[&str]) -> CaseResult {
    let user = reply.domain_user()?;
    for path in paths {
        reply.same(path, &Some(draft.text(path)), &text(&user, path))?;
    }
    Ok(())
}

/// Creates a user whose create says nothing of state, origin and accounts, and looks what it has.
async fn usual(cx: &mut Context, path: &str, expected: Option<&str>) -> CaseResult {
    let draft = cx
        .domain_draft()
        .without("UserSettings")
        .without("AccountList");
    let user = cx.domain_create(draft).await?;
    let reply = read(cx, &user).await?;
    let shown = reply.domain_user()?;
    reply.same(path, &expected, &text(&shown, path))
}

/// The subject, which was seen with a company.
async fn with_company(cx: &mut Context) -> Result<DomainUser, Stop> {
    let user = cx.domain_subject().await?;
    let draft = user.draft.clone().with(COMPANY, "Nimble Works");
    cx.domain_put(&user.key, &draft).await?.domain_user()?;
    let reply = read(cx, &user).await?;
    shows(&reply, &draft, &[COMPANY]).control("the user must be seen with a company")?;
    Ok(user)
}
