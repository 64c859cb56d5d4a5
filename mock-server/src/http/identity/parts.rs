//! Parts of a user that have a path of their own: settings, profile, roles and accounts.

use axum::http::StatusCode;
use bandwidth_fixtures::{ApiError, operation::Parameter, seed::UserState};

use super::{
    super::{
        answer::Answer,
        handlers::{Context, Outcome},
    },
    shapes, tree_with, user_tree,
};
use crate::{
    codec::identity::{self, Content},
    domain::{Account, EventKind, User},
};

impl Context<'_> {
    pub(in crate::http) fn get_user_settings(&self) -> Outcome {
        let account = self.caller.slot.account();
        let user = self.seen(&account)?;
        let settings = shapes::settings(user, self.shows());
        let content = Content::of(|c| c.element("UserSettings", settings));
        Ok(user_tree("UserSettingsResponse", content))
    }

    pub(in crate::http) fn update_user_settings(&self) -> Outcome {
        let body = identity::settings_body(&self.xml_body()?, self.rules)?;
        let user = self.change(EventKind::UserSettingsUpdate, |account, target, _| {
            account.update_settings(target, &body)
        })?;
        if body.state.as_deref() == Some(UserState::Unlocked.as_str()) {
            self.caller.slot.logins.forget_failures(&user.username);
        }
        let content = Content::of(|c| {
            c.text("UserId", &user.username);
            c.element("UserSettings", shapes::settings(&user, self.shows()));
        });
        Ok(user_tree("UserSettingsResponse", content))
    }

    pub(in crate::http) fn get_user_profile(&self) -> Outcome {
        let account = self.caller.slot.account();
        let user = self.seen(&account)?;
        let content = Content::of(|c| c.element("UserProfile", shapes::profile(user)));
        Ok(user_tree("UserProfileResponse", content))
    }

    pub(in crate::http) fn update_user_profile(&self) -> Outcome {
        let body = identity::profile_body(&self.xml_body()?, self.rules)?;
        let user = self.change(EventKind::UserProfileUpdate, |account, target, others| {
            account.update_profile(target, &body, others)
        })?;
        let content = Content::of(|c| {
            c.text("UserId", &user.username);
            c.element("UserProfile", shapes::profile(&user));
        });
        Ok(user_tree("UserProfileResponse", content))
    }

    pub(in crate::http) fn list_user_roles(&self) -> Outcome {
        let account = self.caller.slot.account();
        let user = self.seen(&account)?;
        let content = Content::of(|c| c.element("RoleList", role_list(user, &account)));
        Ok(user_tree("LdapUserRolesResponse", content))
    }

    /// Its response shows whether a role is internal (IRIS20).
    pub(in crate::http) fn replace_user_roles(&self) -> Outcome {
        let given = identity::roles_body(&self.xml_body()?, self.rules)?;
        let user = self.change(EventKind::UserRolesUpdate, |account, target, _| {
            account.replace_roles(target, &given)
        })?;
        let account = self.caller.slot.account();
        let list = Content::of(|list| {
            for role in shapes::roles_of(&user, account.roles()) {
                list.element("Role", shapes::role(role));
            }
        });
        let content = Content::of(|c| {
            c.text("UserId", &user.username);
            c.element("RoleList", list);
        });
        Ok(user_tree("LdapUserRolesResponse", content))
    }

    pub(in crate::http) fn get_user_role(&self) -> Outcome {
        let account = self.caller.slot.account();
        let user = self.seen(&account)?;
        let role = account.role_of(user, &self.parameter(Parameter::RoleId), self.rules)?;
        let list = Content::of(|list| list.element("Role", shapes::short_role(role)));
        let content = Content::of(|c| c.element("RoleList", list));
        Ok(user_tree("LdapUserRoleResponse", content))
    }

    pub(in crate::http) fn add_user_role(&self) -> Outcome {
        let role = self.parameter(Parameter::RoleId);
        let (user, is_new) = self.change(EventKind::UserRolesUpdate, |account, target, _| {
            account.add_role(target, &role)
        })?;
        let status = if is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok(self.with_roles(status, &user))
    }

    pub(in crate::http) fn remove_user_role(&self) -> Outcome {
        let role = self.parameter(Parameter::RoleId);
        let user = self.change(EventKind::UserRolesUpdate, |account, target, _| {
            account.remove_role(target, &role)
        })?;
        Ok(self.with_roles(StatusCode::OK, &user))
    }

    fn with_roles(&self, status: StatusCode, user: &User) -> Answer {
        let account = self.caller.slot.account();
        let content = Content::of(|c| {
            c.text("UserId", &user.username);
            c.element("RoleList", role_list(user, &account));
        });
        let content = Content::of(|c| c.element("User", content));
        tree_with(status, "LdapUserRoleResponse", content)
    }

    pub(in crate::http) fn list_user_accounts(&self) -> Outcome {
        let account = self.caller.slot.account();
        let user = self.seen(&account)?;
        if user.scope.is_system_wide() {
            return Err(ApiError::SystemWideScope.into());
        }
        let list = shapes::accounts(user, account.companies());
        let content = Content::of(|c| c.element("AccountList", list));
        Ok(user_tree("UserAccountsResponse", content))
    }

    pub(in crate::http) fn replace_user_accounts(&self) -> Outcome {
        let given = identity::accounts_body(&self.xml_body()?, self.rules)?;
        let user = self.change(EventKind::UserAccountsUpdate, |account, target, _| {
            account.replace_accounts(target, &given)
        })?;
        Ok(self.with_accounts("UserAccountsResponse", &user))
    }

    pub(in crate::http) fn get_user_account(&self) -> Outcome {
        let account = self.caller.slot.account();
        let user = self.seen(&account)?;
        if user.scope.is_system_wide() {
            return Err(ApiError::SystemWideScope.into());
        }
        let id = self.parameter(Parameter::AccountId);
        let mut companies = account.companies().iter();
        let company =
            companies.find(|company| *company.id == *id && user.accounts.contains(&company.id));
        let company = company.ok_or(ApiError::UnknownDomainAccount)?;
        let list = Content::of(|list| list.element("Account", shapes::account(company)));
        let content = Content::of(|c| c.element("AccountList", list));
        Ok(user_tree("UserAccountResponse", content))
    }

    pub(in crate::http) fn add_user_account(&self) -> Outcome {
        let id = self.parameter(Parameter::AccountId);
        let user = self.change(EventKind::UserAccountsUpdate, |account, target, _| {
            account.add_account(target, &id)
        })?;
        Ok(self.with_accounts("UserAccountResponse", &user))
    }

    pub(in crate::http) fn remove_user_account(&self) -> Outcome {
        let id = self.parameter(Parameter::AccountId);
        let user = self.change(EventKind::UserAccountsUpdate, |account, target, _| {
            account.remove_account(target, &id)
        })?;
        Ok(self.with_accounts("UserAccountResponse", &user))
    }

    fn with_accounts(&self, root: &str, user: &User) -> Answer {
        let account = self.caller.slot.account();
        let content = Content::of(|c| {
            c.text("UserId", &user.username);
            c.element("AccountList", shapes::accounts(user, account.companies()));
        });
        user_tree(root, content)
    }
}

fn role_list(user: &User, account: &Account) -> Content {
    Content::of(|list| {
        for role in shapes::roles_of(user, account.roles()) {
            list.element("Role", shapes::short_role(role));
        }
    })
}
