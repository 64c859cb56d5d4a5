//! Roles and accounts of a user of a domain.

use bandwidth_fixtures::profile::IdentityEmptyList;

use crate::{
    decode::tolerant::all,
    dialogue::identity::{account_list, role_list},
    suites::prelude::*,
};

const ROLES: &str = "LdapUserRolesResponse";
const ACCOUNTS: &str = "UserAccountsResponse";

cases! {
    /// A PUT of roles replaces the roles of a user
    "identity.user-roles.are-replaced" one, cites ["domain-roles-replaced"],
    needs [IdentityWrites, AnyRole]
    |cx| {
        let roles = cx.domain_roles().await?;
        let user = cx.domain_subject().await?;
        for role in roles.iter().take(2) {
            let id = role.id.clone().unwrap_or_default();
            give(cx, &user.key, &[&id]).await?;
            let (reply, ids) = roles_of(cx, &user.key).await?;
            reply.same("the roles of the user", &vec![id], &ids)?;
        }
        Ok(())
    }

    /// An empty list of roles takes them away or keeps them, as the profile says
    "identity.user-roles.empty-list-as-the-profile-says" one,
    cites ["domain-roles-replaced", "profile-choice"], measures ["identity.empty_list"],
    needs [IdentityWrites, AnyRole]
    |cx| {
        let role = cx.domain_role().await?;
        let user = cx.domain_subject().await?;
        give(cx, &user.key, &[&role]).await.control("the user must have a role")?;
        give(cx, &user.key, &[]).await?;
        let expected = match cx.profile().identity_empty_list {
            IdentityEmptyList::Cleared => Vec::new(),
            IdentityEmptyList::Kept => vec![role],
        };
        let (reply, ids) = roles_of(cx, &user.key).await?;
        reply.same("the roles after an empty list", &expected, &ids)
    }

    /// A role that is given is a 201 when it is new and a 200 when it was there; one that is taken away
    /// is a 404 with the published code
    "identity.user-roles.given-and-taken-one-by-one" one, cites ["domain-role-given", "domain-role-lacks"],
    needs [IdentityWrites, AnyRole]
    |cx| {
        let role = cx.domain_role().await?;
        let user = cx.domain_subject().await?;
        let path = Context::domain_user(&user.key, &format!("/roles/{role}"));
        cx.domain_call("POST", &path, "").await?.is("a role that is new", 201)?;
        cx.domain_call("POST", &path, "").await?.is("a role that was there", 200)?;
        let reply = cx.read_domain(&path).await?;
        let body = reply.domain("a role of a user", 200, "LdapUserRoleResponse")?;
        reply.same("RoleId", &vec![role.as_str()], &all(&body, &["RoleId"]))?;
        cx.domain_call("DELETE", &path, "").await?.is("a role that is taken away", 200)?;
        let reply = cx.read_domain(&path).await?;
        reply.domain_error("a role that the user lacks", 404, "role_not_held_by_user").map(drop)
    }

    /// A role that does not exist is rejected in a body with the status that the profile says, and the
    /// user keeps its roles
    "identity.user-roles.unknown-in-a-body" one,
    cites ["domain-roles-unknown", "profile-choice"], measures ["identity.unknown_in_body"],
    needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let before = roles_of(cx, &user.key).await?.1;
        let path = Context::domain_user(&user.key, "/roles");
        let reply = cx.domain_call("PUT", &path, &role_list(&[&cx.fresh_username()])).await?;
        reply.unknown_in_body("roles that do not exist", "unknown_role")?;
        let (reply, ids) = roles_of(cx, &user.key).await?;
        reply.same("the roles after the refusal", &before, &ids)
    }

    /// A role that does not exist is a 404 in a path, with the published code
    "identity.user-roles.unknown-in-a-path-is-404" one,
    cites ["domain-role-unknown"], needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let role = format!("/roles/{}", cx.fresh_username());
        let path = Context::domain_user(&user.key, &role);
        let reply = cx.domain_call("POST", &path, "").await?;
        reply.domain_error("a role that does not exist", 404, "unknown_domain_role").map(drop)
    }

    /// A role id that is too short is a 400 with the published code
    "identity.user-roles.short-id-is-400" one,
    cites ["domain-id-short", "profile-choice"], measures ["identity.least_id"],
    needs [IdentityWrites]
    |cx| {
        let least = usize::try_from(cx.profile().identity_least_id).unwrap_or(usize::MAX);
        if least < 2 {
            return Err(Stop::skip("no id is too short (identity.least_id)"));
        }
        let user = cx.domain_subject().await?;
        let path = Context::domain_user(&user.key, "/roles");
        let short = "z".repeat(least - 1);
        let reply = cx.domain_call("PUT", &path, &role_list(&[&short])).await?;
        reply.domain_error("a role id that is too short", 400, "too_short").map(drop)
    }

    /// The accounts of a user hold the account that it was given, and it is read by its id
    "identity.user-accounts.read" one, cites ["domain-user-accounts"], needs [IdentityWrites, NewUser]
    |cx| {
        let user = cx.domain_subject().await?;
        let account = cx.account_id().to_owned();
        let (reply, ids) = accounts_of(cx, &user.key).await?;
        reply.same("the accounts of the user", &vec![account.clone()], &ids)?;
        let path = Context::domain_user(&user.key, &format!("/accounts/{account}"));
        let reply = cx.read_domain(&path).await?;
        let body = reply.domain("an account of a user", 200, "UserAccountResponse")?;
        reply.same("AccountId", &vec![account.as_str()], &all(&body, &["AccountId"]))
    }

    /// An account that does not exist is rejected in a body with the status that the profile says, and
    /// the user keeps its accounts
    "identity.user-accounts.unknown-in-a-body" one,
    cites ["domain-account-unknown", "profile-choice"], measures ["identity.unknown_in_body"],
    needs [IdentityWrites, ForeignAccounts]
    |cx| {
        let own = cx.account_id().to_owned();
        let unknown = format!("{own}9");
        refused_accounts(cx, &[&own, &unknown], |reply| {
            reply.unknown_in_body("an account that does not exist", "unknown_domain_account")
        })
        .await
    }

    /// An account that the caller does not manage is a 403 with the published code, and the user keeps
    /// its accounts
    "identity.user-accounts.not-managed-is-403" one, cites ["domain-accounts-managed"],
    needs [IdentityWrites, SecondAccount]
    |cx| {
        let own = cx.account_id().to_owned();
        let other = cx.second_account_id().unwrap_or_default().to_owned();
        refused_accounts(cx, &[&own, &other], |reply| {
            let what = "an account that the caller does not manage";
            reply.domain_error(what, 403, "account_not_managed").map(drop)
        })
        .await
    }

    /// An account is given to a user and taken from it, one by one
    "identity.user-accounts.given-and-taken-one-by-one" many, cites ["domain-user-accounts"],
    needs [IdentityWrites, BuiltIn]
    |cx| {
        let draft = cx.domain_draft().without("UserSettings/Active");
        let user = cx.domain_create(draft.with("UserSettings/Active", "false")).await?;
        let account = cx.account_id().to_owned();
        let path = Context::domain_user(&user.key, &format!("/accounts/{account}"));
        for (method, expected) in [("DELETE", Vec::new()), ("POST", vec![account.clone()])] {
            cx.domain_call(method, &path, "").await?.is(&format!("{method} of an account"), 200)?;
            let (reply, ids) = accounts_of(cx, &user.key).await?;
            reply.same(&format!("the accounts after a {method}"), &expected, &ids)?;
        }
        Ok(())
    }
}

/// Replaces the roles of a user.
async fn give(cx: &mut Context, key: &str, roles: &[&str]) -> CaseResult {
    let path = Context::domain_user(key, "/roles");
    let reply = cx.domain_call("PUT", &path, &role_list(roles)).await?;
    reply
        .domain_ids("a PUT of roles", ROLES, "RoleList")
        .map(drop)
}

async fn roles_of(cx: &mut Context, key: &str) -> Result<(Reply, Vec<String>), Stop> {
    let reply = cx.read_domain(&Context::domain_user(key, "/roles")).await?;
    let ids = reply.domain_ids("the roles of a user", ROLES, "RoleList")?;
    Ok((reply, ids))
}

async fn accounts_of(cx: &mut Context, key: &str) -> Result<(Reply, Vec<String>), Stop> {
    let reply = cx
        .read_domain(&Context::domain_user(key, "/accounts"))
        .await?;
    let ids = reply.domain_ids("the accounts of a user", ACCOUNTS, "AccountList")?;
    Ok((reply, ids))
}

/// A PUT of these accounts is rejected so, and the user keeps those that it has.
async fn refused_accounts(
    cx: &mut Context,
    accounts: &[&str],
    refused: fn(&Reply) -> CaseResult,
) -> CaseResult {
    let user = cx.domain_subject().await?;
    let before = accounts_of(cx, &user.key).await?.1;
    let path = Context::domain_user(&user.key, "/accounts");
    let reply = cx
        .domain_call("PUT", &path, &account_list(accounts))
        .await?;
    refused(&reply)?;
    let (reply, after) = accounts_of(cx, &user.key).await?;
    reply.same("the accounts after the refusal", &before, &after)
}
