//! Responses about a domain, its roles with their permissions, and its accounts.

use bandwidth_fixtures::{ApiError, operation::Parameter, profile::RolesListed};

use super::{
    super::{
        answer::Answer,
        handlers::{Context, Outcome},
    },
    pages::{self, Page},
    shapes, tree,
};
use crate::{
    codec::identity::Content,
    domain::{Account, Company, Role},
};

/// Description of every domain.
const DESCRIPTION: &str = "Users of the API and of the web interface";

impl Context<'_> {
    pub(in crate::http) fn get_domain(&self) -> Answer {
        let domain = Content::of(|domain| {
            domain.text("DomainName", &self.caller.slot.domain_name);
            domain.text("DomainDescription", DESCRIPTION);
            domain.element("DomainSettings", Content::default());
        });
        tree(
            "DomainResponse",
            Content::of(|c| c.element("Domain", domain)),
        )
    }

    pub(in crate::http) fn list_identity_roles(&self) -> Answer {
        let account = self.caller.slot.account();
        let listed = |role: &&Role| {
            role.customer_visible || self.rules.identity_roles_listed() == RolesListed::All
        };
        let list = Content::of(|list| {
            for role in account.roles().iter().filter(listed) {
                list.element("Role", shapes::role(role));
            }
        });
        tree(
            "LdapRolesResponse",
            Content::of(|c| c.element("RoleList", list)),
        )
    }

    pub(in crate::http) fn get_role(&self) -> Outcome {
        let account = self.caller.slot.account();
        // The example of this operation alone has the earlier code (IRIS20, PR684).
        let role = self.role(&account).map_err(|error| match error {
            ApiError::UnknownDomainRole => ApiError::RoleItselfUnknown,
            other => other,
        })?;
        let role = shapes::role(role);
        Ok(tree(
            "LdapRoleResponse",
            Content::of(|c| c.element("Role", role)),
        ))
    }

    pub(in crate::http) fn list_role_permissions(&self) -> Outcome {
        let account = self.caller.slot.account();
        let role = self.role(&account)?;
        let list = permissions(role.permissions.iter(), account.roles());
        let role = Content::of(|c| c.element("PermissionList", list));
        let content = Content::of(|c| c.element("Role", role));
        Ok(tree("LdapRolePermissionsResponse", content))
    }

    pub(in crate::http) fn get_role_permission(&self) -> Outcome {
        let account = self.caller.slot.account();
        let role = self.role(&account)?;
        let wanted = self.parameter(Parameter::PermissionId);
        let held = role.permissions.iter().filter(|own| **own == *wanted);
        let list = permissions(held, account.roles());
        if list == Content::default() {
            return Err(ApiError::PermissionNotInRole.into());
        }
        let role = Content::of(|c| {
            c.text("RoleId", &role.domain_id);
            c.element("PermissionList", list);
        });
        let content = Content::of(|c| c.element("Role", role));
        Ok(tree("LdapRolePermissionResponse", content))
    }

    pub(in crate::http) fn list_permissions(&self) -> Answer {
        let account = self.caller.slot.account();
        let list = permissions(
            all_permissions(account.roles()).into_iter(),
            account.roles(),
        );
        let content = Content::of(|c| c.element("PermissionList", list));
        tree("LdapPermissionsResponse", content)
    }

    pub(in crate::http) fn get_permission(&self) -> Outcome {
        let account = self.caller.slot.account();
        let wanted = self.parameter(Parameter::PermissionId);
        let all = all_permissions(account.roles());
        if !all.iter().any(|known| **known == *wanted) {
            return Err(ApiError::UnknownPermission.into());
        }
        let permission = shapes::permission(&wanted, account.roles());
        let content = Content::of(|c| c.element("Permission", permission));
        Ok(tree("LdapPermissionResponse", content))
    }

    pub(in crate::http) fn list_identity_accounts(&self) -> Outcome {
        let page = Page::of(self.head, None)?;
        let query = pages::query(self.head);
        let by = self.domain_authority();
        let account = self.caller.slot.account();
        let suggested = |company: &Company| {
            query.get("suggestions").is_none_or(|text| {
                let text = text.to_lowercase();
                company.id.starts_with(&*text) || company.name.to_lowercase().starts_with(&text)
            })
        };
        let companies: Vec<&Company> = account
            .companies()
            .iter()
            .filter(|company| by.reach.opens(&company.id) && suggested(company))
            .collect();
        let shown = page.cut(&companies, self.rules)?;
        let list = Content::of(|list| {
            list.text("totalCount", &companies.len().to_string());
            for company in shown {
                list.element("Account", shapes::account(company));
            }
        });
        let content = Content::of(|c| c.element("AccountList", list));
        Ok(tree("LdapAccountsResponse", content))
    }

    pub(in crate::http) fn get_account(&self) -> Outcome {
        let id = self.parameter(Parameter::AccountId);
        let by = self.domain_authority();
        let account = self.caller.slot.account();
        let mut companies = account.companies().iter();
        let company = companies.find(|company| *company.id == *id && by.reach.opens(&id));
        let company = company.ok_or(ApiError::UnknownDomainAccount)?;
        let content = Content::of(|c| c.element("Account", shapes::account(company)));
        Ok(tree("LdapAccountResponse", content))
    }

    fn role<'s>(&self, account: &'s Account) -> Result<&'s Role, ApiError> {
        account.domain_role(&self.parameter(Parameter::RoleId), self.rules)
    }
}

fn permissions<'p>(names: impl Iterator<Item = &'p String>, roles: &[Role]) -> Content {
    Content::of(|list| {
        for name in names {
            list.element("Permission", shapes::permission(name, roles));
        }
    })
}

/// The permissions of all roles, each once.
fn all_permissions(roles: &[Role]) -> Vec<&String> {
    let mut all = Vec::new();
    for permission in roles.iter().flat_map(|role| &role.permissions) {
        if !all.contains(&permission) {
            all.push(permission);
        }
    }
    all
}
