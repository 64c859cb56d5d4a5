//! Users as today's API manages them. They are the same users as on the other surfaces.

use std::sync::Arc;

use bandwidth_fixtures::{
    AccountScope, Consultation, Secret,
    profile::{
        DeleteEffect, IdMismatch, ManagedAbsentKeys, ManagedUserKey, PutSemantics, Telephone,
        UsernameUpdate,
    },
};

use super::{
    Account, ApiError, NamesInUse, Reach, id,
    update::{self, Manner},
    user::User,
};
use crate::wire::ManagedUserBody;

/// The roles that a caller has, and so may give and take (UM); by analogy also accounts and scopes.
#[derive(Debug, Clone, Copy)]
pub struct Authority<'a> {
    /// Its accounts.
    pub reach: &'a Reach,
    pub scope: AccountScope,
    /// The names of its roles.
    pub roles: &'a [String],
}

impl Authority<'_> {
    /// Rejects to give a scope that is wider than its own.
    fn gives_scope(
        &self,
        scope: AccountScope,
        before: Option<AccountScope>,
    ) -> Result<(), ApiError> {
        if scope > self.scope && before != Some(scope) {
            return Err(ApiError::ScopeNotHeld);
        }
        Ok(())
    }
}

impl Account {
    /// The user with the key of a path, under `management.user_key`.
    pub fn find_managed(
        &self,
        key: &str,
        reach: &Reach,
        rules: &Consultation,
    ) -> Result<&Arc<User>, ApiError> {
        let found = match rules.management_user_key() {
            ManagedUserKey::Id => self.users.with_id(key),
            ManagedUserKey::Username => self.named(key, rules),
        };
        let found = found.filter(|user| reach.includes(user));
        found.ok_or(ApiError::UnknownUser)
    }

    /// Creates a user without a password.
    pub fn create_managed(
        &mut self,
        body: &ManagedUserBody,
        authority: &Authority<'_>,
        elsewhere: &dyn NamesInUse,
        rules: &Consultation,
    ) -> Result<Arc<User>, ApiError> {
        check_id(body, None, rules)?;
        let fields = update::create(body.into(), || TELEPHONE)?;
        let scope = body.scope.ok_or(ApiError::AccountScopeRequired)?;
        authority.gives_scope(scope, None)?;
        let accounts = self.managed_accounts(body, scope, None, authority)?;
        let accounts = accounts.ok_or(ApiError::AccountsRequired)?;
        let roles = self.managed_roles(body, &[], authority, rules)?;
        let roles = roles.ok_or(ApiError::RolesRequired)?;
        self.names().check(&fields, None, elsewhere, rules)?;
        let (number, id) = self.next_id(|number| id::new_id(number, &self.salt, rules));
        Ok(self.put(User {
            number,
            id,
            username: fields.username.into(),
            texts: fields.texts.convert(),
            scope,
            accounts,
            roles,
            enabled: fields.enabled,
            passwords: Box::default(),
            resources: Box::default(),
            details: None,
        }))
    }

    /// Updates a user, under `management.absent_keys`. Its username stays.
    pub fn update_managed(
        &mut self,
        key: &str,
        body: &ManagedUserBody,
        authority: &Authority<'_>,
        elsewhere: &dyn NamesInUse,
        rules: &Consultation,
    ) -> Result<Arc<User>, ApiError> {
        let user = Arc::clone(self.find_managed(key, authority.reach, rules)?);
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
        authority.gives_scope(scope, Some(user.scope))?;
        let accounts = self.managed_accounts(body, scope, Some(&user), authority)?;
        let accounts = accounts.or_else(|| kept.then(|| Arc::clone(&user.accounts)));
        let accounts = accounts.ok_or(ApiError::AccountsRequired)?;
        let roles = self.managed_roles(body, &user.roles, authority, rules)?;
        let roles = roles.or_else(|| kept.then(|| user.roles.clone()));
        let roles = roles.ok_or(ApiError::RolesRequired)?;
        self.names().check(&fields, Some(&user), elsewhere, rules)?;
        Ok(self.users.put(User {
            texts: fields.texts.convert(),
            scope,
            accounts,
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
        reach: &Reach,
        effect: DeleteEffect,
        rules: &Consultation,
    ) -> Result<(), ApiError> {
        let user = Arc::clone(self.find_managed(key, reach, rules)?);
        self.remove(&user, || effect, rules)
    }

    /// The accounts that the body gives, if any, to a user of that scope. A user of a system-wide
    /// scope has none, and one that leaves such a scope needs some.
    fn managed_accounts(
        &self,
        body: &ManagedUserBody,
        scope: AccountScope,
        user: Option<&User>,
        authority: &Authority<'_>,
    ) -> Result<Option<Arc<[Arc<str>]>>, ApiError> {
        let named = body.accounts.as_deref();
        if scope.is_system_wide() {
            return match named {
                None | Some([]) => Ok(Some(Arc::default())),
                Some(_) => Err(ApiError::AccountsNotAllowed),
            };
        }
        let Some(named) = named else {
            let left = user.is_some_and(|user| user.scope.is_system_wide());
            return if left {
                Err(ApiError::AccountsRequired)
            } else {
                Ok(None)
            };
        };
        if named.is_empty() {
            return Err(ApiError::AccountsRequired);
        }
        let known = |id: &str| self.companies().iter().any(|company| *company.id == *id);
        let before = user.map_or(&[][..], |user| &user.accounts);
        let is = |id: &str| before.iter().any(|before| **before == *id);
        let holds = |id: &str| known(id) && authority.reach.opens(id);
        let gives = |id: &str| !is(id) && !holds(id);
        let takes = |id: &str| !named.iter().any(|named| named == id) && !authority.reach.opens(id);
        if named.iter().any(|id| gives(id)) || before.iter().any(|id| takes(id)) {
            return Err(ApiError::AccountNotHeld);
        }
        let mut ids: Vec<&str> = Vec::with_capacity(named.len());
        for id in named {
            if !ids.contains(&id.as_str()) {
                ids.push(id);
            }
        }
        Ok(Some(self.shared_accounts(&ids)))
    }

    /// The roles that the body gives, if any, instead of `before`.
    fn managed_roles(
        &self,
        body: &ManagedUserBody,
        before: &[Arc<str>],
        authority: &Authority<'_>,
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
        if changed().any(|role| !authority.roles.iter().any(|held| **held == *role.name)) {
            return Err(ApiError::RoleNotHeld);
        }
        Ok(Some(roles))
    }
}

/// SUP: a telephone number is optional, and E.164.
const TELEPHONE: Telephone = Telephone::E164Optional;

/// Checks that the body's user is the one of the path. A create has no id in its path.
fn check_id(
    body: &ManagedUserBody,
    user_id: Option<&str>,
    rules: &Consultation,
) -> Result<(), ApiError> {
    let mismatch = body.user_id.is_some() && body.user_id.as_deref() != user_id;
    match mismatch && rules.put_id_mismatch() == IdMismatch::Refused {
        true if user_id.is_none() => Err(ApiError::UserIdInCreate),
        true => Err(ApiError::UserIdMismatch),
        false => Ok(()),
    }
}
