//! The API below identity domains, the surface `identity` (2020 to 2022): users, roles and accounts
//! as XML. `UserId` is a login name here.

mod catalogue;
mod echo;
mod log;
mod pages;
mod parts;
mod preferences;
mod shapes;
mod tokens;

use std::{borrow::Cow, sync::Arc};

use axum::http::StatusCode;
use bandwidth_fixtures::{
    AccountScope, ApiError, Consultation,
    operation::Parameter,
    profile::{DeleteEffect, DomainCase, IdentityRemoval, PasswordShown},
    seed::ApiOrigin,
};

use self::pages::Page;
use super::{
    answer::Answer,
    auth::CallerKind,
    handlers::{Context, Outcome},
    refusal::Refusal,
};
use crate::{
    codec::{
        Format,
        identity::{self, Content},
    },
    domain::{Account, DomainAuthority, EventKind, NamesInUse, Role, Target, User},
};

impl Context<'_> {
    /// Performs a request below a domain. A refusal repeats the request, under
    /// `identity.errors_echo`.
    pub(super) fn in_domain(&self, perform: impl FnOnce() -> Outcome) -> Outcome {
        let outcome = self.check_domain().and_then(|()| perform());
        outcome.map_err(|refusal| match refusal {
            Refusal::Rule(error) => Refusal::Echoed(error, self.echo()),
            other => other,
        })
    }

    /// Authority of the caller.
    fn domain_authority(&self) -> DomainAuthority {
        self.domain_authority_in(&self.caller.slot.account())
    }

    fn domain_authority_in(&self, account: &Account) -> DomainAuthority {
        let caller = self.caller;
        let scope = match caller.kind {
            CallerKind::ApiLogin => Some(account.login().scope),
            CallerKind::User(number) => account.find_number(number).map(|user| user.scope),
            CallerKind::Client => caller.grant.as_deref().map(|grant| grant.scope),
        };
        DomainAuthority {
            scope: scope.unwrap_or(AccountScope::Account),
            reach: caller.reach.clone(),
        }
    }

    fn check_domain(&self) -> Result<(), Refusal> {
        let name = self.parameter(Parameter::DomainName);
        let own = &*self.caller.slot.domain_name;
        let same = *name == *own
            || (name.eq_ignore_ascii_case(own)
                && self.rules.identity_domain_case() == DomainCase::Insensitive);
        if same {
            Ok(())
        } else {
            Err(ApiError::UnknownDomain.into())
        }
    }

    pub(super) fn list_identity_users(&self) -> Outcome {
        let by = self.domain_authority();
        let page = Page::of(self.head, Some(self.rules.identity_page_size()))?;
        let query = pages::query(self.head);
        let wanted = |user: &User| {
            by.manages(user)
                && query
                    .get("scope")
                    .is_none_or(|scope| AccountScope::on_identity(scope) == Some(user.scope))
                && query
                    .get("isActive")
                    .is_none_or(|active| active.eq_ignore_ascii_case("true") == user.enabled)
                && query
                    .get("suggestions")
                    .is_none_or(|text| suggests(user, text))
        };
        let users: Vec<Arc<User>> = {
            let account = self.caller.slot.account();
            account
                .users()
                .filter(|user| wanted(user))
                .cloned()
                .collect()
        };
        let shown = page.cut(&users, self.rules)?;
        let list = Content::of(|list| {
            list.text("totalCount", &users.len().to_string());
            for user in shown {
                list.element("User", shapes::short_user(user));
            }
        });
        Ok(tree(
            "LdapUsersResponse",
            Content::of(|c| c.element("UserList", list)),
        ))
    }

    pub(super) fn get_identity_user(&self) -> Outcome {
        let account = self.caller.slot.account();
        let user = self.seen(&account)?;
        let content = shapes::user(user, account.roles(), account.companies(), self.shows());
        Ok(user_tree("LdapUserResponse", content))
    }

    pub(super) fn create_identity_user(&self) -> Outcome {
        let body = identity::user_body(&self.xml_body()?, self.rules)?;
        let origin = body
            .settings
            .as_ref()
            .and_then(|settings| settings.origin.as_deref());
        let is_gui = origin.is_none_or(|origin| origin == ApiOrigin::Gui.as_str());
        if !is_gui && self.api_users_ended(Consultation::auth_api_users_created_until) {
            return Err(ApiError::ApiUserNotCreated.into());
        }
        let by = self.domain_authority();
        let key = self.user_id();
        let target = Target {
            key: &key,
            by: &by,
            rules: self.rules,
        };
        let slot = &self.caller.slot;
        let user = self.store.with_names(slot, self.mode, |account, others| {
            account.create_in_domain(target, &body, others)
        })?;
        let scope = body
            .settings
            .as_ref()
            .is_some_and(|settings| settings.scope.is_some());
        Ok(self.written_user(StatusCode::CREATED, &user, scope))
    }

    pub(super) fn update_identity_user(&self) -> Outcome {
        let body = identity::user_body(&self.xml_body()?, self.rules)?;
        let user = self.change(EventKind::UserProfileUpdate, |account, target, others| {
            account.update_in_domain(target, &body, others)
        })?;
        let scope = body
            .settings
            .as_ref()
            .is_some_and(|settings| settings.scope.is_some());
        Ok(self.written_user(StatusCode::OK, &user, scope))
    }

    /// The examples of a create and an update show no scope, and their requests are unknown
    /// (IRIS20); a scope that was sent is shown.
    fn written_user(&self, status: StatusCode, user: &User, with_scope: bool) -> Answer {
        let account = self.caller.slot.account();
        let shows = shapes::Shows {
            scope: with_scope,
            ..self.shows()
        };
        let content = shapes::user(user, account.roles(), account.companies(), shows);
        let content = Content::of(|c| c.element("User", content));
        tree_with(status, "LdapUserResponse", content)
    }

    pub(super) fn delete_identity_user(&self) -> Outcome {
        let effect = match self.rules.identity_removal() {
            IdentityRemoval::Deletes => DeleteEffect::Removed,
            IdentityRemoval::Deactivates | IdentityRemoval::Absent => DeleteEffect::Deactivated,
        };
        self.attempt(EventKind::UserSettingsUpdate, |account, target, _| {
            account.remove_in_domain(target, effect)
        })?;
        let key = self.user_id();
        let content = Content::of(|c| c.text("UserId", &key));
        Ok(user_tree("LdapUserResponse", content))
    }

    /// Only the user itself may do it.
    pub(super) fn change_identity_password(&self) -> Outcome {
        let key = self.user_id();
        let slot = &self.caller.slot;
        if !self.is_caller(&key) {
            return Err(ApiError::NotOwnLogin.into());
        }
        let password = crate::codec::password(Format::Xml, &self.xml_body()?, self.rules)?;
        let changed = self.mode.on(slot, |account| match self.caller.kind {
            CallerKind::ApiLogin => account.change_login_password(&password, self.rules),
            CallerKind::User(number) => account.change_user_password(number, &password, self.rules),
            CallerKind::Client => Err(ApiError::NotOwnLogin),
        });
        changed.map_err(|error| match error {
            ApiError::PasswordTooShort => ApiError::DomainPasswordTooShort,
            other => other,
        })?;
        let content = Content::of(|user| {
            user.text("UserId", &key);
            if self.rules.identity_password_shown() == PasswordShown::Shown {
                user.text("Password", password.expose());
            }
        });
        Ok(user_tree("LdapUserPasswordResponse", content))
    }

    /// Returns 200 if the caller has a permission, else 404, without a body.
    pub(super) fn check_permitted_access(&self) -> Answer {
        let query = pages::query(self.head);
        let permission = query.get("permission").map_or("", |text| text.as_str());
        let account = self.caller.slot.account();
        let has = |role: &Role| role.permissions.iter().any(|own| own == permission);
        let mut roles = account.roles().iter();
        let permitted = match self.caller.kind {
            CallerKind::ApiLogin => roles.any(has),
            CallerKind::User(number) => account
                .find_number(number)
                .is_some_and(|user| roles.any(|role| user.roles.contains(&role.id) && has(role))),
            CallerKind::Client => {
                let grant = self.caller.grant.as_deref();
                let held = grant.map_or(&[][..], |grant| &grant.roles);
                roles.any(|role| held.iter().any(|name| **name == *role.name) && has(role))
            }
        };
        let status = if permitted {
            StatusCode::OK
        } else {
            StatusCode::NOT_FOUND
        };
        Answer::empty(status)
    }

    /// The login name in the path.
    fn user_id(&self) -> String {
        self.parameter(Parameter::UserId).into_owned()
    }

    /// True if the path names the caller.
    fn is_caller(&self, key: &str) -> bool {
        self.caller.kind != CallerKind::Client && *self.caller.login == *key
    }

    /// The user that the path names and the caller sees.
    fn seen<'s>(&self, account: &'s Account) -> Result<&'s Arc<User>, ApiError> {
        account.seen_in_domain(Target {
            key: &self.parameter(Parameter::UserId),
            by: &self.domain_authority_in(account),
            rules: self.rules,
        })
    }

    /// Changes the user that the path names. From the end of updates of API users on, only those of
    /// the web interface change.
    fn change<T>(
        &self,
        kind: EventKind,
        change: impl FnOnce(&mut Account, Target<'_>, &dyn NamesInUse) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.attempt(kind, |account, target, others| {
            let user = account.managed_in_domain(target)?;
            let has_api = user.details().origin().has_api();
            if has_api && self.api_users_ended(Consultation::auth_api_users_updated_until) {
                return Err(ApiError::ApiUserNotUpdated);
            }
            change(account, target, others)
        })
    }

    /// Applies an operation to the user in the path. A failure goes into the user's log.
    fn attempt<T>(
        &self,
        kind: EventKind,
        change: impl FnOnce(&mut Account, Target<'_>, &dyn NamesInUse) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let slot = &self.caller.slot;
        let target = Target {
            key: &self.parameter(Parameter::UserId),
            by: &self.domain_authority(),
            rules: self.rules,
        };
        let number = slot.account().managed_in_domain(target)?.number;
        let changed = self.store.with_names(slot, self.mode, |account, others| {
            change(account, target, others)
        });
        if changed.is_err() {
            self.mode.log_failure(slot, number, kind);
        }
        changed
    }

    fn shows(&self) -> shapes::Shows {
        shapes::Shows::of(self.rules)
    }

    fn xml_body(&self) -> Result<Cow<'_, str>, Refusal> {
        self.body_in(Format::Xml)
    }
}

/// A response below a root.
fn tree(root: &str, content: Content) -> Answer {
    tree_with(StatusCode::OK, root, content)
}

fn tree_with(status: StatusCode, root: &str, content: Content) -> Answer {
    let body = identity::document(root, content);
    Answer::empty(status).content(Format::Xml.media_type(), body)
}

/// A response with a `User` below a root.
fn user_tree(root: &str, user: Content) -> Answer {
    tree(root, Content::of(|c| c.element("User", user)))
}

/// True if a part of a user's names starts with the text, ignoring case.
fn suggests(user: &User, text: &str) -> bool {
    let text = text.to_lowercase();
    let texts = [
        Some(&*user.username),
        user.texts.first_name.as_deref(),
        user.texts.last_name.as_deref(),
        user.texts.email.as_deref(),
    ];
    let mut texts = texts.into_iter().flatten();
    texts.any(|own| own.to_lowercase().starts_with(&text))
}
