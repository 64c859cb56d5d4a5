//! API credentials and their secrets. A credential is more than a user, so these cases run against
//! the built-in mock only.

use bandwidth_fixtures::{Secret, profile::OwnerGone};

use super::prelude::*;
use crate::{
    decode::{
        tolerant::{find, member, scalar},
        tree::Tree,
    },
    login::Client,
    target::MANAGED,
};

const DESCRIPTION: &str = "Of the conformance suite";
/// A role of credentials that is no role of users (CM).
const ROLE: &str = "Porting";

cases! {
    /// A credential is created with a description, a scope, roles and accounts, and reads back with
    /// them
    "credentials.create.reads-back" none,
    cites ["credential-create"], needs [Writing, Management, BuiltIn]
    |cx| {
        let api = credential(cx).await?;
        let reply = cx.read_managed(&api.path()).await?;
        let shown = reply.managed("a credential", 200)?;
        for (key, expected) in [("clientId", api.id.as_str()), ("description", DESCRIPTION), ("accountScope", "ACCOUNT")] {
            let found = member(&shown, key).and_then(scalar);
            reply.same(key, &Some(expected), &found)?;
        }
        let account = cx.account_id().to_owned();
        for (key, expected) in [("roles", ROLE), ("accounts", account.as_str())] {
            let holds = matches!(
                member(&shown, key),
                Some(Tree::List(items)) if items.iter().filter_map(Tree::text).eq([expected])
            );
            let what = format!("whether `{key}` is what was given");
            reply.same(&what, &true, &holds)?;
        }
        Ok(())
    }

    /// A credential without roles or without accounts is rejected
    "credentials.create.needs-a-role-and-an-account" none,
    cites ["credential-needs"], needs [Writing, Management, BuiltIn]
    |cx| {
        for key in ["roles", "accounts"] {
            let Tree::Object(mut members) = draft(cx.account_id(), ROLE, "ACCOUNT") else {
                continue;
            };
            members.retain(|(name, _)| name != key);
            let body = Tree::Object(members);
            let reply = cx.managed_call("POST", &format!("{MANAGED}/credentials"), &body).await?;
            reply.managed_refused().at(&format!("a credential without {key}"))?;
        }
        Ok(())
    }

    /// A secret is shown when it is made and never again, and opens the API
    "credentials.secret.is-shown-once" none,
    cites ["secret-once"], needs [AccountList, Writing, Management, BuiltIn]
    |cx| {
        let api = credential(cx).await?;
        let (client, id) = secret(cx, &api, None).await?;
        opens(cx, &client).await?;
        for path in [api.path(), api.secrets(), format!("{MANAGED}/credentials")] {
            let reply = cx.read_managed(&path).await?;
            reply.managed("what shows a secret", 200)?;
            let shown = reply.text().contains(client.secret.expose());
            reply.same("whether the secret is shown again", &false, &shown).at(&path)?;
        }
        let reply = cx.read_managed(&api.secrets()).await?;
        let listed = reply.text().contains(&id);
        reply.same("whether the list names the secret", &true, &listed)
    }

    /// A credential takes two active secrets and rejects a third one
    "credentials.secret.third-is-refused" none,
    cites ["two-secrets"], needs [Writing, Management, BuiltIn]
    |cx| {
        let api = credential(cx).await?;
        for _ in 0..2 {
            secret(cx, &api, None).await?;
        }
        let reply = cx.managed_call("POST", &api.secrets(), &Tree::Object(Vec::new())).await?;
        reply.managed_refused().at("a third active secret")
    }

    /// A secret does not give a token once its date is over
    "credentials.secret.expired-is-refused" none,
    cites ["secret-expires"], needs [AccountList, Writing, Management, BuiltIn]
    |cx| {
        let api = credential(cx).await?;
        let (valid, _) = secret(cx, &api, Some("2099-12-31T23:59:59Z")).await?;
        opens(cx, &valid).await.control("a secret before its date must give a token")?;
        let (expired, _) = secret(cx, &api, Some("2001-01-01T00:00:00Z")).await?;
        refused(cx, &expired).await.at("an expired secret")
    }

    /// A secret that is deleted gives no token any more
    "credentials.secret.revoked-is-refused" none,
    cites ["secret-deleted"], needs [AccountList, Writing, Management, BuiltIn]
    |cx| {
        let api = credential(cx).await?;
        let (client, id) = secret(cx, &api, None).await?;
        opens(cx, &client).await.control("the secret must give a token before")?;
        revoke(cx, &api, &id).await?;
        refused(cx, &client).await.at("a revoked secret")
    }

    /// A secret is rotated without a gap: the old and the new one both open, until the old one is
    /// deleted
    "credentials.secret.rotates-without-a-gap" none,
    cites ["two-secrets", "secret-deleted"], needs [AccountList, Writing, Management, BuiltIn]
    |cx| {
        let api = credential(cx).await?;
        let (old, id) = secret(cx, &api, None).await?;
        opens(cx, &old).await.at("the old secret before")?;
        let (new, _) = secret(cx, &api, None).await?;
        opens(cx, &old).await.at("the old secret beside the new one")?;
        opens(cx, &new).await.at("the new secret beside the old one")?;
        revoke(cx, &api, &id).await?;
        opens(cx, &new).await.at("the new secret alone")?;
        refused(cx, &old).await.at("the old secret afterwards")
    }

    /// A token without the role Credential Access does not manage credentials, and one without the
    /// scope ACCOUNT_ADMIN does not manage users
    "credentials.caller.needs-role-and-scope" none,
    cites ["credential-access", "managed-scope"], needs [Writing, Management, BuiltIn]
    |cx| {
        let api = credential(cx).await?;
        let (client, _) = secret(cx, &api, None).await?;
        let token = cx.token(&client, ClientIn::Header).await?;
        for path in ["credentials", "users"] {
            let path = format!("{MANAGED}/{path}");
            cx.read_managed(&path).await?.managed(&path, 200).control("an administrator must see it")?;
            let ask = cx.ask_with_token(&path, &token);
            let reply = cx.send(ask.accept(Format::Json)).await?;
            reply.managed_error("a token that lacks what this needs", 403).at(&path)?;
        }
        Ok(())
    }

    /// A caller cannot give a role that it does not have
    "credentials.caller.gives-only-roles-that-it-has" many,
    cites ["managed-own-only"], needs [Writing, ManagementWrites, BuiltIn]
    |cx| {
        let role = cx.managed_role().await?;
        let has = role.name.clone().unwrap_or_default();
        for (held, place) in [(has.as_str(), "a role that it has"), (ROLE, "a role that it lacks")] {
            let body = draft(cx.account_id(), held, "ACCOUNT_ADMIN");
            let api = created(cx, &body).await?;
            let (client, _) = secret(cx, &api, None).await?;
            let token = cx.token(&client, ClientIn::Header).await?;
            let draft = cx.managed_draft(&role);
            let ask = cx.ask_managed_create(&draft).bearer(&token);
            let reply = cx.send(ask).await?;
            if held == ROLE {
                reply.managed_refused().at(place)?;
            } else {
                reply.managed_created().control("a caller with the role must give it")?;
            }
        }
        Ok(())
    }

    /// A token ends with its credential or outlives it, as the profile says, and a deleted credential
    /// gives no new one
    "credentials.delete.ends-access-as-the-profile-says" none,
    cites ["credential-gone", "profile-choice"], measures ["auth.token_owner_gone"],
    needs [AccountList, Writing, Management, BuiltIn]
    |cx| {
        let api = credential(cx).await?;
        let (client, _) = secret(cx, &api, None).await?;
        let token = cx.token(&client, ClientIn::Header).await?;
        let before = cx.ask_with_token(&cx.users_path(), &token);
        cx.send(before.clone()).await?.let_in().control("the token must be seen to open the API")?;
        let ask = cx.ask_managed("DELETE", api.path());
        cx.send(ask).await?.is("a credential that is deleted", 204)?;
        refused(cx, &client).await.at("the secret of a deleted credential")?;
        let reply = cx.send(before).await?;
        token_of_gone_owner(cx, &reply)
    }
}

/// A credential that a case created.
pub(super) struct Api {
    id: String,
}

impl Api {
    fn path(&self) -> String {
        format!("{MANAGED}/credentials/{}", self.id)
    }

    fn secrets(&self) -> String {
        format!("{}/secrets", self.path())
    }
}

fn draft(account_id: &str, role: &str, scope: &str) -> Tree {
    let text = |text: &str| Tree::Text(text.to_owned());
    let members = [
        ("description", text(DESCRIPTION)),
        ("accountScope", text(scope)),
        ("roles", Tree::List(vec![text(role)])),
        ("accounts", Tree::List(vec![text(account_id)])),
    ];
    Tree::Object(members.map(|(key, value)| (key.to_owned(), value)).into())
}

/// A credential with the role and the scope that gives least.
async fn credential(cx: &mut Context) -> Result<Api, Stop> {
    let body = draft(cx.account_id(), ROLE, "ACCOUNT");
    created(cx, &body).await
}

async fn created(cx: &mut Context, body: &Tree) -> Result<Api, Stop> {
    let path = format!("{MANAGED}/credentials");
    let reply = cx.managed_call("POST", &path, body).await?;
    let shown = reply.managed_success("a new credential")?;
    let id = member(&shown, "clientId").and_then(scalar);
    let id = id
        .ok_or_else(|| reply.fail("expected a clientId"))?
        .to_owned();
    Ok(Api { id })
}

/// A new secret as a client, and its id.
async fn secret(
    cx: &mut Context,
    api: &Api,
    until: Option<&str>,
) -> Result<(Client, String), Stop> {
    let until = until.map(|date| ("expirationDate".to_owned(), Tree::Text(date.to_owned())));
    let body = Tree::Object(until.into_iter().collect());
    let reply = cx.managed_call("POST", &api.secrets(), &body).await?;
    let shown = reply.managed_success("a new secret")?;
    let text = |key| {
        let text = find(&shown, &[key]).map(str::to_owned);
        text.ok_or_else(|| reply.fail(&format!("expected a {key}")))
    };
    let client = Client {
        id: api.id.clone(),
        secret: Secret::new(text("clientSecret")?),
    };
    Ok((client, text("secretId")?))
}

async fn revoke(cx: &mut Context, api: &Api, id: &str) -> CaseResult {
    let path = format!("{}/{id}", api.secrets());
    let reply = cx.send(cx.ask_managed("DELETE", path)).await?;
    reply.is("a secret that is deleted", 204)
}

/// The client gets a token, and the token opens the account's users.
async fn opens(cx: &mut Context, client: &Client) -> CaseResult {
    let token = cx.token(client, ClientIn::Header).await?;
    let ask = cx.ask_with_token(&cx.users_path(), &token);
    cx.send(ask).await?.let_in()
}

async fn refused(cx: &mut Context, client: &Client) -> CaseResult {
    let reply = cx.send(cx.ask_token(client, ClientIn::Header)).await?;
    reply.token_refused(401, "invalid_client")
}

/// Checks the response to a token whose owner is gone, by the profile.
pub(super) fn token_of_gone_owner(cx: &Context, reply: &Reply) -> CaseResult {
    match cx.profile().auth_token_owner_gone {
        OwnerGone::Outlives => reply.let_in(),
        OwnerGone::Ends => reply.unauthenticated(),
    }
    .at("a token whose owner is gone")
}
