//! Today's API: users, roles and accounts as JSON, for tokens. What is published is documented, and
//! each assumption of the profile is measured.

use bandwidth_fixtures::profile::{
    ManagedAbsentKeys, ManagedPages, ManagedRemoval, ManagedUserKey, ManagementSurface,
};

use super::{list, prelude::*};
use crate::{
    decode::tolerant::{all, member, scalar},
    dialogue::managed::{ACCOUNTS, ManagedDraft},
    target::MANAGED,
};

const PHONE: &str = "+19195550142";

cases! {
    /// Today's API is served or not, as the profile says
    "management.surface.as-the-profile-says" none,
    cites ["profile-choice", "accounts-list"], measures ["surface.management"], needs [Tokens]
    |cx| {
        let reply = cx.read_managed(ACCOUNTS).await?;
        match cx.profile().surface_management {
            ManagementSurface::Served => reply.is("the list of accounts", 200),
            ManagementSurface::Absent => reply.is("a path of a surface that is absent", 404),
        }
    }

    /// The list of accounts has the run's account under `accountId`
    "management.accounts.hold-the-account" none, cites ["accounts-list"], needs [Management]
    |cx| {
        let reply = cx.read_managed(ACCOUNTS).await?;
        let accounts = reply.managed_list("accounts")?;
        let ids = accounts.iter().filter_map(|account| scalar(member(account, "accountId")?));
        let own = ids.into_iter().any(|id| id == cx.account_id());
        reply.same("whether the list holds the account", &true, &own)
    }

    /// Each role in the list of roles has a `roleId`, and answers have the envelope that the profile
    /// says
    "management.roles.have-ids" none,
    cites ["newer-api", "roles-list"], measures ["management.envelope"], needs [Management]
    |cx| {
        let reply = cx.read_managed(&format!("{MANAGED}/roles")).await?;
        let roles = reply.managed_list("roles")?;
        let with = roles.iter().filter(|role| member(role, "roleId").is_some());
        reply.same("roles with a roleId", &roles.len(), &with.count())
    }

    /// A list has pages of `limit` items with a link to the next one, or is whole, as the profile says
    "management.lists.page-as-the-profile-says" none,
    cites ["profile-choice"], measures ["management.pages"], needs [Management]
    |cx| {
        let path = format!("{MANAGED}/roles");
        let whole = cx.read_managed(&path).await?.managed_list("roles")?;
        if whole.len() < 2 {
            return Err(Stop::skip("today's API lists fewer than two roles"));
        }
        let reply = cx.read_managed(&format!("{path}?limit=1")).await?;
        let page = reply.managed_list("roles")?;
        if cx.profile().management_pages == ManagedPages::None {
            return reply.same("roles with limit=1", &whole.len(), &page.len());
        }
        reply.same("roles with limit=1", &1, &page.len())?;
        let body = reply.json("a page", 200)?;
        let links = all(&body, &["href"]).into_iter().map(str::to_owned);
        let header = reply.response.headers_named("link").filter_map(|link| {
            Some(link.split_once('<')?.1.split_once('>')?.0.to_owned())
        });
        let next = links.chain(header).find(|link| link.contains("afterCursor="));
        let next = next.ok_or_else(|| reply.fail("expected a link to the next page"))?;
        let second = cx.read_managed(&next).await?.managed_list("roles")?;
        let next_is_second = second.first() == whole.get(1);
        reply.same("whether the next page goes on", &true, &next_is_second)
    }

    /// A user that does not exist is a 404 with the error that the profile says
    "management.unknown-user.is-404" none,
    cites ["rfc9110-404", "profile-choice"], measures ["management.errors"], needs [Management]
    |cx| {
        let unknown = cx.unused_key().await?;
        let reply = cx.read_managed(&cx.managed_path(&unknown)).await?;
        reply.managed_error("a user that does not exist", 404)
    }

    /// A Basic login does not open today's API, and a token does
    "management.basic.does-not-open-it" none, cites ["managed-token"], needs [Management, BasicLogin]
    |cx| {
        let path = format!("{MANAGED}/users");
        cx.read_managed(&path).await?.managed_list("users").control("a token must open it")?;
        let (name, password) = cx.basic_login();
        let ask = cx.ask("GET", path).accept(Format::Json).login(&name, password.expose());
        cx.send(ask).await?.is("a Basic login on today's API", 401)
    }

    /// A new user has the status and the Location that the profile says
    "management.create.has-the-status-of-the-profile" many,
    cites ["newer-api", "profile-choice"], measures ["management.create_status"], needs [ManagementWrites]
    |cx| {
        cx.managed_user().await.map(drop)
    }

    /// A user that is created without a phone and a password reads back under the keys of the profile
    "management.create.reads-back" many,
    cites ["managed-no-password", "managed-phone-optional", "profile-choice"],
    measures ["management.names"], needs [ManagementWrites]
    |cx| {
        let (created, _) = cx.managed_user().await?;
        let reply = cx.read_managed(&cx.managed_path(&created.key)).await?;
        let user = reply.managed_user()?;
        for key in ["username", "firstName", "lastName", "email", "accountScope"] {
            reply.same(key, &Some(created.draft.text(key)), &user.text(key))?;
        }
        let shown = reply.text().to_lowercase().contains("password");
        reply.same("whether the user shows a password", &false, &shown)
    }

    /// The roles and accounts of a user are shown in the form that a create takes
    "management.create.roles-and-accounts-in-their-form" many,
    cites ["managed-ids-suffice", "profile-choice"],
    measures ["management.role_form", "management.account_form"], needs [ManagementWrites]
    |cx| {
        let (created, role) = cx.managed_user().await?;
        let reply = cx.read_managed(&cx.managed_path(&created.key)).await?;
        let user = reply.managed_user()?;
        let named = cx.managed_name(&role).to_owned();
        reply.same("the roles of the user", &vec![named], &user.roles()?)?;
        reply.same("the accounts of the user", &vec![cx.account_id().to_owned()], &user.accounts()?)
    }

    /// A user of today's API is the same user on the account surface
    "management.create.is-the-same-user-on-the-account-surface" many,
    cites ["managed-same-users"], needs [AccountList, ManagementWrites]
    |cx| {
        let (created, _) = cx.managed_user().await?;
        let reply = cx.list(cx.default_format()).await?;
        let user = listed(&reply, &created)?;
        let text = |key| Some(created.draft.text(key));
        reply.same("LastName", &text("lastName"), &user.last_name.as_deref())?;
        reply.same("Email", &text("email"), &user.email.as_deref())
    }

    /// A create without accounts, without roles or without a scope is rejected
    "management.create.needs-accounts-roles-and-scope" many,
    cites ["managed-required", "newer-api"], measures ["management.invalid"],
    needs [ManagementWrites]
    |cx| {
        let role = cx.managed_role().await?;
        for key in ["accounts", "roles", "accountScope"] {
            let draft = cx.managed_draft(&role).without(key);
            let place = format!("a create without {key}");
            cx.managed_post(&draft).await?.managed_invalid().at(&place)?;
        }
        Ok(())
    }

    /// A phone number in E.164 is taken and reads back
    "management.create.phone-reads-back" many, cites ["managed-phone-optional"],
    needs [ManagementWrites]
    |cx| {
        let role = cx.managed_role().await?;
        let draft = cx.managed_draft(&role).with_text("phone", PHONE);
        let created = cx.managed_create(draft).await?;
        let reply = cx.read_managed(&cx.managed_path(&created.key)).await?;
        reply.same("phone", &Some(PHONE), &reply.managed_user()?.text("phone"))
    }

    /// A username that is taken is rejected
    "management.create.username-is-unique" many, cites ["unique-in-app"], needs [ManagementWrites]
    |cx| {
        taken(cx, "username").await
    }

    /// An email that is taken is rejected
    "management.create.email-is-unique" many, cites ["unique-in-app"], needs [ManagementWrites]
    |cx| {
        taken(cx, "email").await
    }

    /// A password in a create opens nothing: it is rejected, or the user has none
    "management.create.gives-no-password" many, cites ["managed-no-password"],
    needs [AccountList, ManagementWrites]
    |cx| {
        let role = cx.managed_role().await?;
        let password = cx.strong_password();
        let draft = cx.managed_draft(&role).with_text("password", &password);
        let reply = cx.managed_post(&draft).await?;
        if reply.managed_refused().is_ok() {
            return Ok(());
        }
        reply.managed_created()?;
        let ask = cx.list_as(draft.text("username"), &password);
        cx.send(ask).await?.unauthenticated().at("the password of a create")
    }

    /// An account that the caller does not have cannot be given
    "management.create.gives-no-account-of-others" many, cites ["managed-own-only"],
    needs [ManagementWrites, SecondAccount]
    |cx| {
        let second = cx.second_account_id().unwrap_or_default().to_owned();
        let role = cx.managed_role().await?;
        let draft = cx.managed_draft(&role).with("accounts", cx.managed_accounts(&second));
        let reply = cx.managed_post(&draft).await?;
        reply.managed_refused().at("an account that the caller does not have")
    }

    /// A user is named in paths by what the profile says
    "management.user.is-named-by-the-key-of-the-profile" many,
    cites ["profile-choice"], measures ["management.user_key"], needs [ManagementWrites]
    |cx| {
        let (created, _) = cx.managed_user().await?;
        let (id, name) = (created.id.as_str(), created.draft.text("username"));
        let [known, unknown] = match cx.profile().management_user_key {
            ManagedUserKey::Id => [id, name],
            ManagedUserKey::Username => [name, id],
        };
        cx.read_managed(&cx.managed_path(known)).await?.managed_user()?;
        cx.read_managed(&cx.managed_path(unknown)).await?.is("another key", 404)
    }

    /// The method of the profile updates, and the other one is a 405
    "management.update.has-the-method-of-the-profile" many,
    cites ["profile-choice"], measures ["management.update"], needs [ManagementWrites]
    |cx| {
        let (created, _) = cx.managed_user().await?;
        let [method, other] = cx.managed_methods();
        let draft = created.draft.clone().with_text("firstName", "Cassidy");
        let path = cx.managed_path(&created.key);
        let place = format!("{other} updates nothing");
        cx.send(cx.ask_managed_body(other, path.as_str(), &draft)).await?.is(&place, 405)?;
        cx.send(cx.ask_managed_body(method, path.as_str(), &draft)).await?.managed_user().at(method)?;
        let reply = cx.read_managed(&path).await?;
        reply.same("firstName", &Some("Cassidy"), &reply.managed_user()?.text("firstName"))
    }

    /// A key that an update leaves out stays as it was or is reset, as the profile says
    "management.update.absent-key-as-the-profile-says" many,
    cites ["profile-choice"], measures ["management.absent_keys"], needs [ManagementWrites]
    |cx| {
        let role = cx.managed_role().await?;
        let draft = cx.managed_draft(&role);
        let created = cx.managed_create(draft.clone().with_text("phone", PHONE)).await?;
        cx.managed_put(&created.key, &draft).await?.managed_user()?;
        let reply = cx.read_managed(&cx.managed_path(&created.key)).await?;
        let phone = match cx.profile().management_absent_keys {
            ManagedAbsentKeys::Kept => Some(PHONE),
            ManagedAbsentKeys::Reset => None,
        };
        let found = reply.managed_user()?;
        reply.same("the phone that an update leaves out", &phone, &found.text("phone"))
    }

    /// A username never changes: an update with another one is rejected, or leaves the name as it was
    "management.update.username-never-changes" many, cites ["username-fixed"],
    needs [ManagementWrites]
    |cx| {
        let (created, _) = cx.managed_user().await?;
        let draft = created.draft.clone().with_text("username", &cx.fresh_username());
        let refused = cx.managed_put(&created.key, &draft).await?;
        if refused.managed_refused().is_err() {
            refused.managed_user()?;
        }
        let reply = cx.read_managed(&cx.managed_path(&created.key)).await?;
        let user = reply.managed_user()?;
        let before = created.draft.text("username");
        reply.same("the username after an update of it", &Some(before), &user.text("username"))
    }

    /// An update deactivates a user, with the key that the profile says, and the account surface shows
    /// it
    "management.update.deactivates" many,
    cites ["deactivated", "profile-choice"], measures ["management.state"], needs [AccountList, ManagementWrites]
    |cx| {
        let (created, _) = cx.managed_user().await?;
        created.reply.managed_created()?.is_active()?;
        let draft = cx.managed_state(created.draft.clone(), false);
        cx.managed_put(&created.key, &draft).await?.managed_user()?;
        let reply = cx.read_managed(&cx.managed_path(&created.key)).await?;
        reply.same("whether it is active", &false, &reply.managed_user()?.is_active()?)?;
        let reply = cx.list(cx.default_format()).await?;
        reply.same("Enabled", &false, &listed(&reply, &created)?.enabled.unwrap_or(true))
    }

    /// A DELETE of a user is a 405, deactivates it or deletes it, as the profile says
    "management.delete.as-the-profile-says" many,
    cites ["profile-choice"], measures ["management.removal"], needs [ManagementWrites]
    |cx| {
        let (created, _) = cx.managed_user().await?;
        let path = cx.managed_path(&created.key);
        let reply = cx.send(cx.ask_managed("DELETE", path.as_str())).await?;
        let after = cx.read_managed(&path).await?;
        let active = match cx.profile().management_removal {
            ManagedRemoval::None => {
                reply.is("a DELETE where there is none", 405)?;
                true
            }
            ManagedRemoval::Deactivates => {
                reply.is("a DELETE that deactivates", 204)?;
                false
            }
            ManagedRemoval::Deletes => {
                reply.is("a DELETE that deletes", 204)?;
                return after.is("a user that was deleted", 404);
            }
        };
        after.same("whether it is active", &active, &after.managed_user()?.is_active()?)
    }
}

/// A user of today's API in the list below the account.
fn listed(reply: &Reply, created: &Managed) -> Result<User, Stop> {
    let name = created.draft.text("username");
    list::one(reply, "Username", name, |user| user.username.as_deref())
}

/// A second user with that value of the first one is rejected.
async fn taken(cx: &mut Context, key: &'static str) -> CaseResult {
    let (created, role) = cx.managed_user().await?;
    let draft: ManagedDraft = cx.managed_draft(&role);
    let draft = draft.with_text(key, created.draft.text(key));
    let reply = cx.managed_post(&draft).await?;
    reply
        .managed_refused()
        .at(&format!("a {key} that is taken"))
}
