//! From the domain's users and roles to what responses show of them.

use std::sync::Arc;

use bandwidth_fixtures::{
    Consultation,
    profile::{DefaultFields, RoleForm, UserKey},
};

use crate::{
    domain::{Company, Role, User},
    wire::{AccountView, RoleView, UserView},
};

/// True if users have an id beside their username.
fn has_user_id(rules: &Consultation) -> bool {
    rules.naming_user_key() == UserKey::UserId
}

/// The key of a user in paths.
pub(super) fn key<'a>(user: &'a User, rules: &Consultation) -> &'a str {
    if has_user_id(rules) {
        &user.id
    } else {
        &user.username
    }
}

/// The visible fields of a user. It reads only behaviours that make a difference for this user.
pub(super) fn user<'a>(user: &'a User, roles: &'a [Role], rules: &Consultation) -> UserView<'a> {
    let shows_defaults = || rules.user_default_fields() == DefaultFields::Sent;
    UserView {
        user_id: has_user_id(rules).then_some(&*user.id),
        username: &user.username,
        texts: user.texts.convert(),
        roles: (!user.roles.is_empty() || shows_defaults())
            .then(|| roles_of(&user.roles, roles, rules)),
        enabled: (!user.enabled || shows_defaults()).then_some(user.enabled),
        accounts: None,
    }
}

/// The user's accounts among these.
pub(super) fn accounts_of<'a>(user: &User, companies: &'a [Company]) -> Vec<AccountView<'a>> {
    let has = |company: &&Company| user.accounts.contains(&company.id);
    companies.iter().filter(has).map(account).collect()
}

/// The visible fields of an account.
pub(super) fn account(company: &Company) -> AccountView<'_> {
    AccountView {
        id: &company.id,
        company_name: &company.name,
    }
}

fn roles_of<'a>(ids: &[Arc<str>], roles: &'a [Role], rules: &Consultation) -> Vec<RoleView<'a>> {
    ids.iter()
        .filter_map(|id| roles.iter().find(|role| role.id == *id))
        .map(|known| role(known, rules))
        .collect()
}

/// The visible fields of a role.
pub(super) fn role<'a>(role: &'a Role, rules: &Consultation) -> RoleView<'a> {
    match rules.role_form() {
        RoleForm::IdAndName => RoleView {
            id: Some(&role.id),
            name: &role.name,
            permissions: None,
        },
        RoleForm::NameAndPermissions => RoleView {
            id: None,
            name: &role.name,
            permissions: Some(&role.permissions),
        },
    }
}
