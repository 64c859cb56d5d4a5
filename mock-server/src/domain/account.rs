//! An account: its users, its roles, and the operations on them.

use std::sync::Arc;

use bandwidth_fixtures::{
    AccountScope, Consultation, Secret, Texts,
    profile::{
        DeleteEffect, DeleteWithResources, EmailCase, EmailLogin, MissingByUsername, UnknownRole,
        UserKey, UsernameCase,
    },
};

use super::{
    ApiError, ApiToken, Company, Credential, Reach,
    events::Events,
    id, input,
    password::{self, Digest, Owner},
    unique::{Names, NamesInUse},
    update::{self, Changes, Manner},
    user::{User, UserNumber},
    users::Users,
};
use crate::wire::{RoleReference, UserBody};

/// A role of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id, as `r1`.
    pub id: Arc<str>,
    pub name: Box<str>,
    /// For example `VIEW` and `UPDATE`.
    pub permissions: Vec<String>,
    /// Its id below an identity domain.
    pub domain_id: Box<str>,
    /// Free text.
    pub description: Option<Box<str>>,
    /// True if only users of a system-wide scope can have it, below an identity domain.
    pub internal: bool,
    /// True if customers see it in the list of an identity domain.
    pub customer_visible: bool,
}

/// The accounts of a domain with what they share: the users, the roles, the API login of the main
/// account, the credentials.
///
/// Every operation either happens whole or changes nothing. A clone is what an operation can be
/// tried on.
#[derive(Debug, Clone)]
pub struct Account {
    companies: Arc<[Company]>,
    pub(super) salt: [u8; 16],
    login: Login,
    roles: Arc<[Role]>,
    pub(super) users: Users,
    next_number: UserNumber,
    /// Numbers that the seed's users have and the next ones do not get.
    ahead: Vec<UserNumber>,
    pub(super) credentials: Vec<Arc<Credential>>,
    pub(super) events: Events,
    pub(super) api_tokens: Vec<ApiToken>,
}

/// The API login of an account. It is not one of its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Its name.
    pub username: Box<str>,
    /// Its passwords, the present one first.
    pub passwords: Vec<Digest>,
    /// The accounts that it can reach.
    pub scope: AccountScope,
}

impl Account {
    /// An account without users. The main one of the companies comes first.
    pub fn new(
        companies: Arc<[Company]>,
        salt: [u8; 16],
        login: Login,
        roles: Vec<Role>,
        next_number: UserNumber,
    ) -> Self {
        Self {
            users: Users::of(&companies[0]),
            companies,
            salt,
            login,
            roles: roles.into(),
            next_number,
            ahead: Vec::new(),
            credentials: Vec::new(),
            events: Events::default(),
            api_tokens: Vec::new(),
        }
    }

    /// The accounts of the domain, the main one first.
    pub fn companies(&self) -> &Arc<[Company]> {
        &self.companies
    }

    /// The list of these accounts that a user has, shared where it is one alone.
    pub fn shared_accounts(&self, ids: &[&str]) -> Arc<[Arc<str>]> {
        let known = |id: &&str| self.companies.iter().find(|company| *company.id == **id);
        match ids {
            [id] => known(id).map_or_else(Arc::default, |company| Arc::clone(company.alone())),
            ids => {
                let known = ids.iter().filter_map(known);
                known.map(|company| Arc::clone(&company.id)).collect()
            }
        }
    }

    /// The roles, in order.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The names of the roles, in order.
    pub fn role_names(&self) -> Vec<String> {
        let names = self.roles.iter().map(|role| (*role.name).to_owned());
        names.collect()
    }

    /// The roles, to keep.
    pub fn shared_roles(&self) -> &Arc<[Role]> {
        &self.roles
    }

    /// Another number after each change of a user.
    pub fn version(&self) -> u64 {
        self.users.version()
    }

    /// Removes all users.
    pub fn remove_users(&mut self) {
        self.users = Users::of(&self.companies[0]);
    }

    /// Takes back the last change of a user.
    pub fn undo_last_change(&mut self) {
        self.users.undo();
    }

    /// Has nothing to take back.
    pub fn forget_last_change(&mut self) {
        self.users.forget_last_change();
    }

    /// The users, in the order of their creation.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &Arc<User>> {
        self.users.iter()
    }

    /// The users that a caller reaches, in the order of their creation.
    pub fn users_within(&self, reach: &Reach) -> impl Iterator<Item = &Arc<User>> {
        self.users.within(reach)
    }

    /// The users that were created after that one, in the order of their creation.
    pub fn users_after(&self, number: UserNumber) -> impl Iterator<Item = &Arc<User>> {
        self.users.after(number)
    }

    /// The salt of its passwords.
    pub fn salt(&self) -> &[u8; 16] {
        &self.salt
    }

    /// The API login.
    pub fn login(&self) -> &Login {
        &self.login
    }

    /// The number that the next user gets, unless a user of the seed has it.
    pub fn next_number(&self) -> UserNumber {
        self.next_number
    }

    /// The digest of a password under this account's salt.
    pub fn digest(&self, password: &str) -> Digest {
        Digest::of(&self.salt, password)
    }

    /// The present password of the API login, if that is its name.
    pub fn login_password(&self, username: &str) -> Option<Digest> {
        (*self.login.username == *username).then(|| self.login.passwords.first().copied())?
    }

    /// The user who logs in with that name and this password. Credentials are case-sensitive (SUP),
    /// and a user that is not enabled does not get in.
    pub fn user_login(
        &self,
        username: &str,
        password: &str,
        rules: &Consultation,
    ) -> Option<Arc<User>> {
        let digest = self.digest(password);
        let right = |user: &&Arc<User>| {
            let present = user.passwords.first();
            present.is_some_and(|present| present.matches(&digest)) && user.enabled
        };
        self.logging_in_as(username, rules).find(right).cloned()
    }

    /// True if a user logs in with that name.
    pub fn has_login(&self, username: &str, rules: &Consultation) -> bool {
        self.logging_in_as(username, rules).next().is_some()
    }

    /// True if a user has that name or that email, under any profile.
    pub fn is_claimed_by(&self, login: &str) -> bool {
        let has_email = || login.contains('@') && self.users.with_email(login).next().is_some();
        self.exactly_named(login).is_some() || has_email()
    }

    fn logging_in_as<'u>(
        &'u self,
        username: &'u str,
        rules: &Consultation,
    ) -> impl Iterator<Item = &'u Arc<User>> {
        let named = self.exactly_named(username);
        let by_email = named.is_none()
            && username.contains('@')
            && rules.auth_email_login() == EmailLogin::Accepted;
        let with_email = by_email.then(|| self.users.with_email(username));
        named.into_iter().chain(with_email.into_iter().flatten())
    }

    pub(super) fn exactly_named(&self, username: &str) -> Option<&Arc<User>> {
        let mut named = self.users.named(username);
        named.find(|user| *user.username == *username)
    }

    /// The user of that name, or of one that `username.case` makes the same.
    pub(super) fn named(&self, username: &str, rules: &Consultation) -> Option<&Arc<User>> {
        self.exactly_named(username).or_else(|| {
            let other = self.users.named(username).next()?;
            (rules.username_case() == UsernameCase::Insensitive).then_some(other)
        })
    }

    /// The user with the key of a path, under `naming.user_key` and `missing.by_username`. A user
    /// beyond the caller's reach is unknown.
    pub fn find(
        &self,
        key: &str,
        reach: &Reach,
        rules: &Consultation,
    ) -> Result<&Arc<User>, ApiError> {
        let found = match rules.naming_user_key() {
            UserKey::Username => self.named(key, rules),
            UserKey::UserId => match self.users.with_id(key) {
                Some(user) => Some(user),
                None if rules.missing_by_username() == MissingByUsername::Found => {
                    self.named(key, rules)
                }
                None => None,
            },
        };
        let found = found.filter(|user| reach.includes(user));
        found.ok_or(ApiError::UnknownUser)
    }

    /// The user of that number.
    pub fn find_number(&self, number: UserNumber) -> Option<&Arc<User>> {
        self.users.get(number)
    }

    /// Puts a user there as it is, without asking any rule.
    pub fn put(&mut self, user: User) -> Arc<User> {
        self.next_number = self.next_number.max(user.number + 1);
        self.users.put(user)
    }

    /// Puts a user there whose number the next ones skip when they get to it.
    pub fn put_ahead(&mut self, user: User) {
        self.ahead.push(user.number);
        self.users.put(user);
    }

    /// Takes a user away without asking any rule.
    #[cfg(feature = "traffic")]
    pub fn take_away(&mut self, number: UserNumber) {
        self.users.remove(number);
    }

    /// Puts these roles instead of those that are there.
    #[cfg(feature = "traffic")]
    pub fn set_roles(&mut self, roles: Vec<Role>) {
        self.roles = roles.into();
    }

    /// True if both would return the same responses to every request, apart from events.
    #[cfg(feature = "traffic")]
    pub fn is_equivalent(&self, other: &Self) -> bool {
        let users = self.users().len() == other.users().len()
            && self
                .users()
                .zip(other.users())
                .all(|(a, b)| Arc::ptr_eq(a, b) || a == b);
        users
            && self.next_number == other.next_number
            && self.login == other.login
            && self.roles == other.roles
            && self.credentials == other.credentials
            && self.api_tokens == other.api_tokens
    }

    /// The number and the id of the next user.
    pub fn next_id(&self, id_of: impl Fn(UserNumber) -> Box<str>) -> (UserNumber, Box<str>) {
        let mut number = self.next_number;
        loop {
            let id = id_of(number);
            if !self.ahead.contains(&number) && self.users.with_id(&id).is_none() {
                return (number, id);
            }
            number += 1;
        }
    }

    /// Creates a user of an account of the domain. `elsewhere` has the usernames and emails of
    /// other domains.
    pub fn create(
        &mut self,
        body: &UserBody,
        company: &Company,
        elsewhere: &dyn NamesInUse,
        rules: &Consultation,
    ) -> Result<Arc<User>, ApiError> {
        input::ids(body, &company.id, None, rules)?;
        let fields = update::create(body.into(), || rules.user_telephone())?;
        let password = body.password.as_ref().ok_or(ApiError::PasswordRequired)?;
        let owner = Owner::new(fields.username, fields.texts.convert(), &[]);
        let digest = password::accept(password, &owner, &self.salt, rules)?;
        let roles = self.resolve_roles(body.roles.as_deref().unwrap_or(&[]), rules)?;
        self.names().check(&fields, None, elsewhere, rules)?;
        let (number, id) = self.next_id(|number| id::new_id(number, &self.salt, rules));
        Ok(self.put(User {
            number,
            id,
            username: fields.username.into(),
            texts: fields.texts.convert(),
            scope: AccountScope::Account,
            accounts: Arc::clone(company.alone()),
            roles,
            enabled: fields.enabled,
            passwords: [digest].into(),
            resources: Box::default(),
            details: None,
        }))
    }

    /// Updates a user of an account of the domain.
    pub fn update(
        &mut self,
        key: &str,
        body: &UserBody,
        company: &Company,
        changes: Changes,
        elsewhere: &dyn NamesInUse,
        rules: &Consultation,
    ) -> Result<Arc<User>, ApiError> {
        let user = Arc::clone(self.find(key, &company.reach(), rules)?);
        input::ids(body, &company.id, Some(&user.id), rules)?;
        let manner = Manner {
            semantics: rules.put_semantics(),
            username: || rules.username_update(),
            telephone: || rules.user_telephone(),
        };
        let fields = update::update(&user, body.into(), manner)?;
        let passwords = match &body.password {
            None => user.passwords.clone(),
            Some(password) => {
                let owner = Owner::new(fields.username, fields.texts.convert(), &user.passwords);
                let digest = password::accept(password, &owner, &self.salt, rules)?;
                password::remember(&user.passwords, digest).into()
            }
        };
        let roles = match &body.roles {
            Some(given) => self.resolve_roles(given, rules)?,
            None if fields.merged => user.roles.clone(),
            None => Box::default(),
        };
        self.names().check(&fields, Some(&user), elsewhere, rules)?;
        let updated = User {
            number: user.number,
            id: user.id.clone(),
            username: fields.username.into(),
            texts: fields.texts.convert(),
            scope: user.scope,
            accounts: Arc::clone(&user.accounts),
            roles,
            enabled: fields.enabled,
            passwords,
            resources: user.resources.clone(),
            details: user.details.clone(),
        };
        if changes == Changes::PasswordOnly && !updated.differs_in_password_only(&user) {
            return Err(ApiError::ApiUserNotUpdated);
        }
        Ok(self.users.put(updated))
    }

    /// Deletes a user, or deactivates it, under `delete.effect`.
    pub fn delete(
        &mut self,
        key: &str,
        reach: &Reach,
        rules: &Consultation,
    ) -> Result<(), ApiError> {
        let user = Arc::clone(self.find(key, reach, rules)?);
        self.remove(&user, || rules.delete_effect(), rules)
    }

    /// Removes a user from the active ones.
    pub(super) fn remove(
        &mut self,
        user: &User,
        effect: impl FnOnce() -> DeleteEffect,
        rules: &Consultation,
    ) -> Result<(), ApiError> {
        if !user.resources.is_empty()
            && rules.delete_with_resources() == DeleteWithResources::Refused
        {
            return Err(ApiError::HasResources);
        }
        match effect() {
            DeleteEffect::Removed => drop(self.users.remove(user.number)),
            DeleteEffect::Deactivated => {
                self.users.put(User {
                    enabled: false,
                    ..User::clone(user)
                });
            }
        }
        Ok(())
    }

    /// Assigns resources to a user, which may keep it from being deleted. The API has no operation
    /// for this.
    pub fn assign_resources(
        &mut self,
        id: &str,
        resources: Box<[Box<str>]>,
    ) -> Result<Arc<User>, ApiError> {
        let user = self.users.with_id(id).ok_or(ApiError::UnknownUser)?;
        let changed = User {
            resources,
            ..User::clone(user)
        };
        Ok(self.users.put(changed))
    }

    /// Changes the password of the API login.
    pub fn change_login_password(
        &mut self,
        password: &Secret,
        rules: &Consultation,
    ) -> Result<(), ApiError> {
        let login = &self.login;
        let owner = Owner::new(&login.username, Texts::default(), &login.passwords);
        let digest = password::accept(password, &owner, &self.salt, rules)?;
        self.login.passwords = password::remember(&login.passwords, digest);
        Ok(())
    }

    /// Changes the password of a user.
    pub fn change_user_password(
        &mut self,
        number: UserNumber,
        password: &Secret,
        rules: &Consultation,
    ) -> Result<(), ApiError> {
        let user = self.users.get(number).ok_or(ApiError::UnknownUser)?;
        let owner = Owner::new(&user.username, user.texts.convert(), &user.passwords);
        let digest = password::accept(password, &owner, &self.salt, rules)?;
        let changed = User {
            passwords: password::remember(&user.passwords, digest).into(),
            ..User::clone(user)
        };
        self.users.put(changed);
        Ok(())
    }

    pub(super) fn resolve_roles(
        &self,
        references: &[RoleReference],
        rules: &Consultation,
    ) -> Result<Box<[Arc<str>]>, ApiError> {
        let mut ids: Vec<Arc<str>> = Vec::with_capacity(references.len());
        for reference in references {
            let matches = |role: &&Role| {
                reference.id.as_deref().is_none_or(|id| id == &*role.id)
                    && reference
                        .name
                        .as_deref()
                        .is_none_or(|name| name == &*role.name)
            };
            match self.roles.iter().find(matches) {
                Some(role) if ids.contains(&role.id) => {}
                Some(role) => ids.push(Arc::clone(&role.id)),
                None if rules.role_unknown() == UnknownRole::Ignored => {}
                None => return Err(ApiError::UnknownRole),
            }
        }
        Ok(ids.into())
    }

    pub(super) fn names(&self) -> Names<'_> {
        Names {
            users: &self.users,
            login: &self.login.username,
        }
    }

    /// True if a user other than `except`, or the API login, has that username.
    pub fn username_taken(
        &self,
        username: &str,
        except: Option<UserNumber>,
        case: UsernameCase,
    ) -> bool {
        self.names().has_username(username, except, case)
    }

    /// True if a user other than `except` has that email.
    pub fn email_taken(&self, email: &str, except: Option<UserNumber>, case: EmailCase) -> bool {
        self.names().has_email(email, except, case)
    }
}
