//! Users, roles and accounts in responses below an identity domain.

use std::sync::Arc;

use bandwidth_fixtures::{
    Consultation,
    profile::UserStateShown,
    seed::{DetailField, DetailGroup},
};

use crate::{
    codec::identity::{Content, PHONES, WORK_PHONE},
    domain::{Company, Role, User},
};

/// Selects the settings that are shown.
#[derive(Clone, Copy)]
pub(super) struct Shows {
    pub(super) scope: bool,
    pub(super) state: bool,
}

impl Shows {
    /// All of them.
    pub(super) const ALL: Self = Self {
        scope: true,
        state: true,
    };

    pub(super) fn of(rules: &Consultation) -> Self {
        Self {
            scope: true,
            state: rules.identity_user_state() == UserStateShown::Shown,
        }
    }
}

/// A user with all that it has. Empty lists are left out, as in the examples (IRIS20).
pub(super) fn user(user: &User, roles: &[Role], companies: &[Company], shows: Shows) -> Content {
    Content::of(|content| {
        content.text("UserId", &user.username);
        content.optional("Email", user.texts.email.as_deref());
        content.flag("EmailValidated", user.details().email_validated);
        content.element("UserSettings", settings(user, shows));
        content.element_unless_empty("UserProfile", profile(user));
        let roles = Content::of(|list| {
            for role in roles_of(user, roles) {
                list.element("Role", short_role(role));
            }
        });
        content.element_unless_empty("RoleList", roles);
        content.element_unless_empty("AccountList", accounts(user, companies));
    })
}

/// A user of a list.
pub(super) fn short_user(user: &User) -> Content {
    Content::of(|content| {
        content.optional("FirstName", user.texts.first_name.as_deref());
        content.optional("LastName", user.texts.last_name.as_deref());
        content.text("UserId", &user.username);
        content.optional("Email", user.texts.email.as_deref());
        content.text("Scope", user.scope.identity_name());
        content.flag("EmailValidated", user.details().email_validated);
        content.flag("Active", user.enabled);
    })
}

pub(super) fn settings(user: &User, shows: Shows) -> Content {
    let details = user.details();
    Content::of(|content| {
        if shows.scope {
            content.text("Scope", user.scope.identity_name());
        }
        content.flag("Active", user.enabled);
        content.text("AllowedApiOrigin", details.origin().as_str());
        if shows.state {
            content.text("UserState", details.state().as_str());
        }
    })
}

pub(super) fn profile(user: &User) -> Content {
    let details = user.details();
    let group = |content: &mut Content, group: DetailGroup| {
        let fields = DetailField::ALL.iter().copied();
        for field in fields.filter(|field| field.group() == group) {
            content.optional(field.wire_name(), details.text(field));
        }
    };
    Content::of(|content| {
        content.optional("FirstName", user.texts.first_name.as_deref());
        content.optional("LastName", user.texts.last_name.as_deref());
        let address = Content::of(|address| group(address, DetailGroup::StreetAddress));
        content.element_unless_empty("StreetAddress", address);
        let phones = Content::of(|phones| {
            for phone in PHONES {
                match phone {
                    Some(field) => phones.optional(field.wire_name(), details.text(field)),
                    None => phones.optional(WORK_PHONE, user.texts.telephone_number.as_deref()),
                }
            }
        });
        content.element_unless_empty("TelephoneNumbers", phones);
        group(content, DetailGroup::Profile);
    })
}

/// The roles of a user, in the order in which they were given.
pub(super) fn roles_of<'r>(user: &User, roles: &'r [Role]) -> impl Iterator<Item = &'r Role> {
    let known = |id: &Arc<str>| roles.iter().find(move |role| role.id == *id);
    user.roles
        .iter()
        .filter_map(known)
        .collect::<Vec<_>>()
        .into_iter()
}

/// A role as its user has it.
pub(super) fn short_role(role: &Role) -> Content {
    Content::of(|content| {
        content.text("RoleId", &role.domain_id);
        content.text("RoleSimpleName", &role.name);
        content.optional("RoleDescription", role.description.as_deref());
    })
}

/// A role of the domain.
pub(super) fn role(role: &Role) -> Content {
    let mut content = short_role(role);
    content.flag("Internal", role.internal);
    content
}

/// A permission with whether only internal roles have it.
pub(super) fn permission(name: &str, roles: &[Role]) -> Content {
    let holds = |role: &&Role| role.permissions.iter().any(|own| own == name);
    Content::of(|content| {
        content.text("PermissionId", name);
        let internal = roles.iter().filter(holds).all(|role| role.internal);
        content.flag("Internal", internal);
    })
}

/// The accounts of a user.
pub(super) fn accounts(user: &User, companies: &[Company]) -> Content {
    Content::of(|list| {
        for id in user.accounts.iter() {
            if let Some(company) = companies.iter().find(|company| company.id == *id) {
                list.element("Account", account(company));
            }
        }
    })
}

pub(super) fn account(company: &Company) -> Content {
    Content::of(|content| {
        content.text("AccountId", &company.id);
        content.text("AccountName", &company.name);
    })
}
