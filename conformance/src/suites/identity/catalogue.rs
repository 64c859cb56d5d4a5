//! Cases about a domain, its roles with their permissions, and its accounts.

use bandwidth_fixtures::profile::{CodesVintage, DomainCase, IdentitySurface};

use crate::{
    decode::tolerant::all,
    dialogue::identity::reply::{items, text},
    suites::prelude::*,
};

cases! {
    /// Identity domains are served or not, as the profile says
    "identity.surface.as-the-profile-says" none,
    cites ["profile-choice", "domain"], measures ["surface.identity"]
    |cx| {
        let reply = cx.read_domain("").await?;
        match cx.profile().surface_identity {
            IdentitySurface::Served => reply.is("the domain", 200),
            IdentitySurface::Absent => reply.is("a path of a surface that is absent", 404),
        }
    }

    /// A domain shows its name
    "identity.domain.shows-its-name" none, cites ["domain"], needs [Identity]
    |cx| {
        let reply = cx.read_domain("").await?;
        let domain = reply.domain_part("a domain", 200, "DomainResponse", "Domain")?;
        reply.same("DomainName", &Some(cx.domain_name()), &text(&domain, "DomainName"))
    }

    /// A domain that does not exist is a 404 with the published code
    "identity.domain.unknown-is-404" none, cites ["domain-unknown"], needs [Identity]
    |cx| {
        let reply = cx.other_domain(&cx.fresh_username()).await?;
        reply.domain_error("a domain that does not exist", 404, "unknown_domain").map(drop)
    }

    /// The case of a domain's name matters or not, as the profile says
    "identity.domain.case-as-the-profile-says" none,
    cites ["domain-case", "profile-choice"], measures ["identity.domain_case"], needs [Identity]
    |cx| {
        let name = cx.domain_name();
        let swapped = |letter: char| {
            if letter.is_ascii_uppercase() {
                letter.to_ascii_lowercase()
            } else {
                letter.to_ascii_uppercase()
            }
        };
        let other: String = name.chars().map(swapped).collect();
        if other == name {
            return Err(Stop::skip("the name of the domain has no letters"));
        }
        let reply = cx.other_domain(&other).await?;
        match cx.profile().identity_domain_case {
            DomainCase::Insensitive => reply.is("the domain in other case", 200),
            DomainCase::Sensitive => {
                reply.domain_error("the domain in other case", 404, "unknown_domain").map(drop)
            }
        }
    }

    /// A request without a login is rejected with 401 below a domain too
    "identity.missing-login.is-401" none, cites ["basic-opens", "domain"], needs [Identity]
    |cx| {
        for below in ["", "/users", "/roles", "/accounts"] {
            let ask = cx.ask_domain("GET", below).authorization(None);
            cx.send(ask).await?.is(&format!("GET {below} without a login"), 401)?;
        }
        Ok(())
    }

    /// A token opens a domain as it opens the paths below an account
    "identity.token.opens-the-domain" none, cites ["domain-token"], needs [Identity, Tokens]
    |cx| {
        let ask = cx.ask_domain("GET", "").token();
        let reply = cx.send(ask).await?;
        reply.domain("the domain for a token", 200, "DomainResponse").map(drop)
    }

    /// The accounts of a domain hold the run's account
    "identity.accounts.hold-the-account" none, cites ["domain-accounts"], needs [Identity]
    |cx| {
        let reply = cx.read_domain("/accounts").await?;
        let list = reply.domain_part("accounts", 200, "LdapAccountsResponse", "AccountList")?;
        let accounts = items(&list, "Account");
        let is_own = |account: &&&_| text(account, "AccountId") == Some(cx.account_id());
        let own = accounts.iter().filter(is_own).count();
        reply.same("how often the list holds the account", &1, &own)?;
        let total = text(&list, "totalCount").and_then(|total| total.parse::<usize>().ok());
        let total = total.ok_or_else(|| reply.fail("expected a number in totalCount"))?;
        reply.same("whether totalCount counts at least what is listed", &true, &(total >= accounts.len()))
    }

    /// An account of a domain is read by its id
    "identity.accounts.read-by-id" none, cites ["domain-accounts"], needs [Identity]
    |cx| {
        let account = cx.account_id().to_owned();
        let reply = cx.read_domain(&format!("/accounts/{account}")).await?;
        let body = reply.domain("an account", 200, "LdapAccountResponse")?;
        reply.same("the id of the account", &vec![account.as_str()], &all(&body, &["AccountId"]))
    }

    /// An account that does not exist is a 404 with the published code
    "identity.accounts.unknown-is-404" none,
    cites ["domain-account-unknown"], needs [Identity, ForeignAccounts]
    |cx| {
        let reply = cx.read_domain(&format!("/accounts/{}9", cx.account_id())).await?;
        reply.domain_error("an account that does not exist", 404, "unknown_domain_account").map(drop)
    }

    /// Each role of a domain has an id and a simple name
    "identity.roles.have-ids-and-names" none, cites ["domain-roles"], needs [Identity]
    |cx| {
        cx.read_domain("/roles").await?.domain_roles().map(drop)
    }

    /// A role of a domain is read by its id
    "identity.roles.read-by-id" none, cites ["domain-roles"], needs [Identity]
    |cx| {
        let id = some_role(cx).await?;
        let reply = cx.read_domain(&format!("/roles/{id}")).await?;
        let role = reply.domain_part("a role", 200, "LdapRoleResponse", "Role")?;
        reply.same("RoleId", &Some(id.as_str()), &text(&role, "RoleId"))
    }

    /// A role that does not exist is a 404 with the code that the profile says
    "identity.roles.unknown-is-404" none,
    cites ["domain-role-unknown", "profile-choice"], measures ["identity.codes"], needs [Identity]
    |cx| {
        let unknown = cx.fresh_username();
        cx.read_domain(&format!("/roles/{unknown}")).await?.unknown_domain_role()
    }

    /// Internal roles are listed or not: seen where a domain lists one
    "identity.roles.internal-ones" none, measures ["identity.roles_listed"], needs [Identity]
    |cx| {
        let roles = cx.read_domain("/roles").await?.domain_roles()?;
        let internal = roles.iter().filter(|(_, internal)| *internal).count();
        cx.observe(match internal {
            0 => "the domain lists no internal role: it has none, or does not list them".to_owned(),
            count => format!("the domain lists internal roles ({count})"),
        });
        Ok(())
    }

    /// The permissions of a role are listed, and each is read by its id
    "identity.permissions.of-a-role" none, cites ["domain-permissions"], needs [Identity]
    |cx| {
        let id = some_role(cx).await?;
        let reply = cx.read_domain(&format!("/roles/{id}/permissions")).await?;
        let path = "Role/PermissionList";
        let root = "LdapRolePermissionsResponse";
        let list = reply.domain_part("permissions of a role", 200, root, path)?;
        let permissions = items(&list, "Permission");
        let Some(permission) = permissions.first().and_then(|one| text(one, "PermissionId")) else {
            return Err(Stop::skip("the role has no permission"));
        };
        let reply = cx.read_domain(&format!("/roles/{id}/permissions/{permission}")).await?;
        let body = reply.domain("a permission of a role", 200, "LdapRolePermissionResponse")?;
        reply.same("PermissionId", &vec![permission], &all(&body, &["PermissionId"]))
    }

    /// A permission that a role does not have is a 404 with the published code
    "identity.permissions.not-in-the-role-is-404" none,
    cites ["domain-permission-not-in-role"], needs [Identity]
    |cx| {
        let id = some_role(cx).await?;
        let unknown = cx.fresh_username();
        let reply = cx.read_domain(&format!("/roles/{id}/permissions/{unknown}")).await?;
        reply
            .domain_error("a permission that the role lacks", 404, "permission_not_in_role")
            .map(drop)
    }

    /// A permission of the domain is read by its id, and one that does not exist is a 404 with the code
    /// that the profile says
    "identity.permissions.unknown-is-404" none,
    cites ["domain-permissions", "profile-choice"], measures ["identity.codes"], needs [Identity]
    |cx| {
        let reply = cx.read_domain("/permissions").await?;
        let root = "LdapPermissionsResponse";
        let list = reply.domain_part("permissions", 200, root, "PermissionList")?;
        if let Some(known) = items(&list, "Permission").first().and_then(|one| text(one, "PermissionId")) {
            let reply = cx.read_domain(&format!("/permissions/{known}")).await?;
            let body = reply.domain("a permission", 200, "LdapPermissionResponse")?;
            reply.same("PermissionId", &vec![known], &all(&body, &["PermissionId"]))?;
        }
        let unknown = cx.fresh_username();
        let reply = cx.read_domain(&format!("/permissions/{unknown}")).await?;
        let name = match cx.profile().identity_codes {
            CodesVintage::Later => "unknown_permission",
            CodesVintage::Earlier => "permission_not_in_role",
        };
        reply.domain_error("a permission that does not exist", 404, name).map(drop)
    }

    /// A check of a permission that the caller lacks returns 404 without a body
    "identity.permitted-access.lacking-is-an-empty-404" none,
    cites ["domain-permitted-access"], needs [Identity]
    |cx| {
        let unknown = cx.fresh_username();
        let path = format!("/users/permittedaccess?permission={unknown}");
        let reply = cx.read_domain(&path).await?;
        reply.is("a permission that the caller lacks", 404)?;
        reply.has_no_body()
    }
}

/// The id of a role that the domain lists.
async fn some_role(cx: &mut Context) -> Result<String, Stop> {
    let roles = cx.read_domain("/roles").await?.domain_roles()?;
    let id = roles.into_iter().find_map(|(role, _)| role.id);
    id.ok_or_else(|| Stop::skip("the domain lists no role"))
}
