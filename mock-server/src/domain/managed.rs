//! Users as today's API manages them. They are the same users as on the other surfaces.

use std::sync::Arc;

use bandwidth_fixtures::{
    Consultation, Secret,
    profile::{
        DeleteEffect, IdMismatch, ManagedAbsentKeys, ManagedUserKey, PutSemantics, Telephone,
        UsernameUpdate,
    },
};

use super::{
    Account, ApiError, Taken, id,
    update::{self, Manner},
    user::User,
};
use crate::wire::ManagedUserBody;

/// Whether the caller has the role of that name. A role that it lacks it neither gives nor takes
/// (UM).
pub type Holds<'a> = &'a dyn Fn(&str) -> bool;

impl Account {
    /// The user that a path means by `key`, as `management.user_key` says.
    pub fn find_managed(&self, key: &str, rules: &Consultation) -> Result<&Arc<User>, ApiError> {
        let found = match rules.management_user_key() {
            ManagedUserKey::Id => self.users.with_id(key),
            ManagedUserKey::Username => self.exactly_named(key),
        };
        found.ok_or(ApiError::UnknownUser)
    }

    /// Creates a user without a password. Whether the caller has the account was asked before.
    pub fn create_managed(
        &mut self,
        body: &ManagedUserBody,
        holds: Holds<'_>,
        elsewhere: &dyn Taken,
        rules: &Consultation,
    ) -> Result<Arc<User>, ApiError> {
        check_id(body, None, rules)?;
        let fields = update::create(body.into(), || TELEPHONE)?;
        let scope = body.scope.ok_or(ApiError::AccountScopeRequired)?;
        let roles = self.managed_roles(body, &[], holds, rules)?;
        let roles = roles.ok_or(ApiError::RolesRequired)?;
        self.names().check(&fields, None, elsewhere, rules)?;
        let (number, id) = self.next_id(|number| id::new_id(number, &self.salt, rules));
        Ok(self.put(User {
            number,
            id,
            username: fields.username.into(),
            texts: fields.texts.convert(),
            scope,
            accounts: Arc::clone(self.companies()[0].alone()),
            roles,
            enabled: fields.enabled,
            passwords: Box::default(),
            resources: Box::default(),
            details: None,
        }))
    }

    /// Updates a user, as `management.absent_keys` says. Its account and its username stay.
    pub fn update_managed(
        &mut self,
        key: &str,
        body: &ManagedUserBody,
        holds: Holds<'_>,
        elsewhere: &dyn Taken,
        rules: &Consultation,
    ) -> Result<Arc<User>, ApiError> {
        let user = Arc::clone(self.find_managed(key, rules)?);
        check_id(body, Some(&user.id), rules)?;
        let manner = Manner {
            semantics: match rules.management_absent_keys() {
                ManagedAbsentKeys::Kept => PutSemantics::Merge,
                ManagedAbsentKeys::Reset => PutSemantics::ReplaceRequiringFields,
            },
            username: || UsernameUpdate::Refused,
            telephone: || TELEPHONE,
        };
        let fields = update::update(&user, body.into(), manner)?;
        let kept = fields.merged;
        let scope = body.scope.or_else(|| kept.then_some(user.scope));
        let scope = scope.ok_or(ApiError::AccountScopeRequired)?;
        let roles = self.managed_roles(body, &user.roles, holds, rules)?;
        let roles = roles.or_else(|| kept.then(|| user.roles.clone()));
        let roles = roles.ok_or(ApiError::RolesRequired)?;
        self.names().check(&fields, Some(&user), elsewhere, rules)?;
        Ok(self.users.put(User {
            texts: fields.texts.convert(),
            scope,
            roles,
            enabled: fields.enabled,
            ..User::clone(&user)
        }))
    }

    /// Sets the password of the user of that id, which must meet the rules.
    pub fn set_user_password(
        &mut self,
        id: &str,
        password: &Secret,
        rules: &Consultation,
    ) -> Result<(), ApiError> {
        let user = self.users.with_id(id).ok_or(ApiError::UnknownUser)?;
        self.change_user_password(user.number, password, rules)
    }

    /// Deletes or deactivates a user.
    pub fn remove_managed(
        &mut self,
        key: &str,
        effect: DeleteEffect,
        rules: &Consultation,
    ) -> Result<(), ApiError> {
        let user = Arc::clone(self.find_managed(key, rules)?);
        self.remove(&user, || effect, rules)
    }

    /// The roles that the body gives, if any, in the place of `before`.
    fn managed_roles(
        &self,
        body: &ManagedUserBody,
        before: &[Arc<str>],
        holds: Holds<'_>,
        rules: &Consultation,
    ) -> Result<Option<Box<[Arc<str>]>>, ApiError> {
        let Some(given) = &body.roles else {
            return Ok(None);
        };
        if given.is_empty() {
            return Err(ApiError::RolesRequired);
        }
        let roles = self.resolve_roles(given, rules)?;
        let changes = |id: &Arc<str>| roles.contains(id) != before.contains(id);
        let changed = || self.roles().iter().filter(|role| changes(&role.id));
        if changed().any(|role| !holds(&role.name)) {
            return Err(ApiError::RoleNotHeld);
        }
        Ok(Some(roles))
    }
}

/// SUP: a telephone number is optional, and E.164.
const TELEPHONE: Telephone = Telephone::E164Optional;

/// What the body says of its user must be what the path says. A create has no id in its path.
fn check_id(
    body: &ManagedUserBody,
    user_id: Option<&str>,
    rules: &Consultation,
) -> Result<(), ApiError> {
    let mismatch = body.user_id.is_some() && body.user_id.as_deref() != user_id;
    if mismatch && rules.put_id_mismatch() == IdMismatch::Refused {
        return Err(ApiError::UserIdMismatch);
    }
    Ok(())
}
