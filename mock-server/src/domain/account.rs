//! An account: its users, its roles, and the operations on them.

use std::{borrow::Cow, cell::OnceCell, collections::BTreeMap, sync::Arc};

use bandwidth_fixtures::{
    Consultation, Secret,
    profile::{
        DeleteEffect, DeleteWithResources, EmailUnique, IdStyle, MissingByUsername, PutSemantics,
        UnknownRole, UserKey, UsernameCase, UsernameScope,
    },
};

use super::{
    error::DomainError,
    index::{Index, folded},
    input,
    password::{self, Digest, Owner},
    update::{self, Fields},
    user::{User, UserNumber},
};
use crate::{
    random::mix,
    wire::{RoleReference, UserBody},
};

/// A role of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id, as `r1`.
    pub id: Arc<str>,
    /// Its name.
    pub name: Box<str>,
    /// What it allows.
    pub permissions: Vec<String>,
}

/// An account with its API login.
///
/// Every operation either happens whole or changes nothing. A clone is what an operation can be
/// tried on.
#[derive(Debug, Clone)]
pub struct Account {
    id: Arc<str>,
    salt: [u8; 16],
    login: Login,
    roles: Arc<[Role]>,
    users: Users,
    /// Another one after each change of a user.
    version: u64,
    next_number: UserNumber,
    ids: Index,
    usernames: Index,
    /// Made when somebody asks first: few profiles do.
    emails: OnceCell<Index>,
}

/// The users, in the order of their creation.
pub(super) type Users = BTreeMap<UserNumber, Arc<User>>;

/// The API login of an account. It is not one of its users.
#[derive(Debug, Clone)]
pub struct Login {
    /// Its name.
    pub username: Box<str>,
    /// Its passwords, the present one first.
    pub passwords: Vec<Digest>,
}

impl Account {
    /// An account without users.
    pub fn new(
        id: &str,
        salt: [u8; 16],
        login: Login,
        roles: Vec<Role>,
        next_number: UserNumber,
    ) -> Self {
        Self {
            id: id.into(),
            salt,
            login,
            roles: roles.into(),
            users: BTreeMap::new(),
            version: 0,
            next_number,
            ids: Index::new(id_to_find),
            usernames: Index::new(|user| Some(folded(&user.username))),
            emails: OnceCell::new(),
        }
    }

    /// The roles, in order.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The same, to keep.
    pub fn shared_roles(&self) -> &Arc<[Role]> {
        &self.roles
    }

    /// Another number after each change of a user.
    pub fn version(&self) -> u64 {
        self.version
    }

    fn users_to_change(&mut self) -> &mut Users {
        self.version += 1;
        &mut self.users
    }

    /// The users, in the order of their creation.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &Arc<User>> {
        self.users.values()
    }

    /// The salt of its passwords.
    pub fn salt(&self) -> &[u8; 16] {
        &self.salt
    }

    /// The API login.
    pub fn login(&self) -> &Login {
        &self.login
    }

    /// The number that the next user gets.
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
    pub fn user_login(&self, username: &str, password: &str) -> Option<Arc<User>> {
        let digest = self.digest(password);
        self.users_named(username)
            .find(|user| {
                let matches = user
                    .passwords
                    .first()
                    .is_some_and(|present| present.matches(&digest));
                matches && user.enabled && *user.username == *username
            })
            .cloned()
    }

    /// Whether a user has exactly that name.
    pub fn has_username(&self, username: &str) -> bool {
        self.users_named(username)
            .any(|user| *user.username == *username)
    }

    /// The user that the path means by `key`, as `naming.user_key` and `missing.by_username` say.
    pub fn find(&self, key: &str, rules: &Consultation) -> Result<&Arc<User>, DomainError> {
        let by_name = || self.users_named(key).find(|user| *user.username == *key);
        let found = match rules.naming_user_key() {
            UserKey::Username => by_name(),
            UserKey::UserId => match self.with_id(key) {
                Some(user) => Some(user),
                None if rules.missing_by_username() == MissingByUsername::Found => by_name(),
                None => None,
            },
        };
        found.ok_or(DomainError::UnknownUser)
    }

    /// The user of that number.
    pub fn find_number(&self, number: UserNumber) -> Option<&Arc<User>> {
        self.users.get(&number)
    }

    /// Creates a user. `elsewhere` tells whether another account has a username or an email,
    /// where they must be unique among all.
    pub fn create(
        &mut self,
        body: &UserBody,
        elsewhere: &dyn Taken,
        rules: &Consultation,
    ) -> Result<Arc<User>, DomainError> {
        input::ids(body, &self.id, None, rules)?;
        let fields = update::create(body, rules)?;
        let password = body
            .password
            .as_ref()
            .ok_or(DomainError::PasswordRequired)?;
        let digest = self.check_password(password, &fields, &[], rules)?;
        let roles = self.resolve_roles(body.roles.as_deref().unwrap_or(&[]), rules)?;
        self.check_unique(&fields, None, elsewhere, rules)?;
        let number = self.next_number;
        let user = User {
            number,
            id: self.new_id(number, rules.user_id_style()),
            username: fields.username.into(),
            first_name: fields.first_name.map(Box::from),
            last_name: fields.last_name.map(Box::from),
            email: fields.email.map(Box::from),
            telephone_number: fields.telephone_number.map(Box::from),
            roles,
            enabled: fields.enabled,
            passwords: [digest].into(),
            resources: Box::default(),
            username_reserved: true,
        };
        Ok(self.put(user))
    }

    /// Updates a user.
    pub fn update(
        &mut self,
        key: &str,
        body: &UserBody,
        elsewhere: &dyn Taken,
        rules: &Consultation,
    ) -> Result<Arc<User>, DomainError> {
        let user = Arc::clone(self.find(key, rules)?);
        input::ids(body, &self.id, Some(&user.id), rules)?;
        let fields = update::update(&user, body, rules)?;
        let passwords = match &body.password {
            None => user.passwords.clone(),
            Some(password) => {
                let digest = self.check_password(password, &fields, &user.passwords, rules)?;
                remember(&user.passwords, digest).into()
            }
        };
        let roles = match &body.roles {
            Some(given) => self.resolve_roles(given, rules)?,
            None if rules.put_semantics() == PutSemantics::Merge => user.roles.clone(),
            None => Box::default(),
        };
        self.check_unique(&fields, Some(&user), elsewhere, rules)?;
        let renamed = *fields.username != *user.username;
        let changed = User {
            number: user.number,
            id: user.id.clone(),
            username: fields.username.into(),
            first_name: fields.first_name.map(Box::from),
            last_name: fields.last_name.map(Box::from),
            email: fields.email.map(Box::from),
            telephone_number: fields.telephone_number.map(Box::from),
            roles,
            enabled: fields.enabled,
            passwords,
            resources: user.resources.clone(),
            username_reserved: user.username_reserved || renamed,
        };
        self.unindex(&user);
        Ok(self.put(changed))
    }

    /// Deletes a user, or deactivates it, as `delete.effect` says.
    pub fn delete(&mut self, key: &str, rules: &Consultation) -> Result<(), DomainError> {
        let user = Arc::clone(self.find(key, rules)?);
        if !user.resources.is_empty()
            && rules.delete_with_resources() == DeleteWithResources::Refused
        {
            return Err(DomainError::HasResources);
        }
        match rules.delete_effect() {
            DeleteEffect::Removed => {
                self.unindex(&user);
                self.users_to_change().remove(&user.number);
            }
            DeleteEffect::Deactivated => {
                let mut deactivated = User::clone(&user);
                deactivated.enabled = false;
                self.users_to_change()
                    .insert(user.number, Arc::new(deactivated));
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
    ) -> Result<Arc<User>, DomainError> {
        let user = self.with_id(id).ok_or(DomainError::UnknownUser)?;
        let mut changed = User::clone(user);
        changed.resources = resources;
        let changed = Arc::new(changed);
        self.users_to_change()
            .insert(changed.number, Arc::clone(&changed));
        Ok(changed)
    }

    /// Changes the password of the API login.
    pub fn change_login_password(
        &mut self,
        password: &Secret,
        rules: &Consultation,
    ) -> Result<(), DomainError> {
        let owner = Owner {
            username: &self.login.username,
            first_name: None,
            last_name: None,
            email: None,
            history: &self.login.passwords,
        };
        let digest = accept(password, &owner, &self.salt, rules)?;
        self.login.passwords = remember(&self.login.passwords, digest);
        Ok(())
    }

    /// Changes the password of a user.
    pub fn change_user_password(
        &mut self,
        number: UserNumber,
        password: &Secret,
        rules: &Consultation,
    ) -> Result<(), DomainError> {
        let user = self.users.get(&number).ok_or(DomainError::UnknownUser)?;
        let owner = Owner {
            username: &user.username,
            first_name: user.first_name.as_deref(),
            last_name: user.last_name.as_deref(),
            email: user.email.as_deref(),
            history: &user.passwords,
        };
        let digest = accept(password, &owner, &self.salt, rules)?;
        let mut changed = User::clone(user);
        changed.passwords = remember(&user.passwords, digest).into();
        self.users_to_change().insert(number, Arc::new(changed));
        Ok(())
    }

    fn check_password(
        &self,
        password: &Secret,
        fields: &Fields<'_>,
        history: &[Digest],
        rules: &Consultation,
    ) -> Result<Digest, DomainError> {
        let owner = Owner {
            username: fields.username,
            first_name: fields.first_name,
            last_name: fields.last_name,
            email: fields.email,
            history,
        };
        accept(password, &owner, &self.salt, rules)
    }

    fn resolve_roles(
        &self,
        references: &[RoleReference],
        rules: &Consultation,
    ) -> Result<Box<[Arc<str>]>, DomainError> {
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
                None => return Err(DomainError::UnknownRole),
            }
        }
        Ok(ids.into())
    }

    fn check_unique(
        &self,
        fields: &Fields<'_>,
        own: Option<&User>,
        elsewhere: &dyn Taken,
        rules: &Consultation,
    ) -> Result<(), DomainError> {
        let number = own.map(|user| user.number);
        let renamed = own.is_none_or(|user| *user.username != *fields.username);
        if renamed {
            let case = rules.username_case();
            let taken = self.username_taken(fields.username, number, case)
                || (rules.username_scope() == UsernameScope::Global
                    && elsewhere.username(fields.username, case));
            if taken {
                return Err(DomainError::UsernameTaken);
            }
        }
        let Some(email) = fields.email else {
            return Ok(());
        };
        if own.is_some_and(|user| user.email.as_deref() == Some(email)) {
            return Ok(());
        }
        let taken = match rules.email_unique() {
            EmailUnique::None => false,
            EmailUnique::Account => self.email_taken(email, number),
            EmailUnique::Global => self.email_taken(email, number) || elsewhere.email(email),
        };
        if taken {
            Err(DomainError::EmailTaken)
        } else {
            Ok(())
        }
    }

    /// Whether a user other than `except`, or the API login, has that username.
    pub fn username_taken(
        &self,
        username: &str,
        except: Option<UserNumber>,
        case: UsernameCase,
    ) -> bool {
        let same = |other: &str| match case {
            UsernameCase::Sensitive => other == username,
            UsernameCase::Insensitive => folded(other) == folded(username),
        };
        same(&self.login.username)
            || self.users_named(username).any(|user| {
                Some(user.number) != except && user.username_reserved && same(&user.username)
            })
    }

    /// Whether a user other than `except` has that email, whatever the case.
    pub fn email_taken(&self, email: &str, except: Option<UserNumber>) -> bool {
        let emails = self.emails.get_or_init(|| self.index_of_emails());
        let holders = emails.get(&folded(email), &self.users);
        holders.iter().any(|number| Some(*number) != except)
    }

    fn index_of_emails(&self) -> Index {
        let mut index = Index::new(|user| user.email.as_deref().map(folded));
        for user in self.users.values() {
            index.insert(user, &self.users);
        }
        index
    }

    /// The user with that id.
    fn with_id(&self, id: &str) -> Option<&Arc<User>> {
        let said = number_in(id).and_then(|number| self.users.get(&number));
        said.filter(|user| *user.id == *id).or_else(|| {
            let holders = self.ids.get(id, &self.users);
            self.users.get(holders.first()?)
        })
    }

    /// The users whose name is that one, whatever the case, oldest first.
    fn users_named(&self, username: &str) -> impl Iterator<Item = &Arc<User>> {
        let holders = self.usernames.get(&folded(username), &self.users);
        holders.iter().filter_map(|number| self.users.get(number))
    }

    fn new_id(&self, number: UserNumber, style: IdStyle) -> Box<str> {
        match style {
            IdStyle::Prefixed => format!("u{number}").into(),
            IdStyle::Numeric => number.to_string().into(),
            IdStyle::Uuid => {
                let seed = self
                    .salt
                    .iter()
                    .fold(0, |seed, byte| seed << 8 | u64::from(*byte));
                let (high, low) = (mix(seed, number * 2), mix(seed, number * 2 + 1));
                // Version 4, variant 1.
                let high = high & !0xF000 | 0x4000;
                let low = low & !(0b11 << 62) | 0b10 << 62;
                format!(
                    "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                    high >> 32,
                    high >> 16 & 0xFFFF,
                    high & 0xFFFF,
                    low >> 48,
                    low & 0xFFFF_FFFF_FFFF
                )
                .into()
            }
        }
    }

    /// Puts a user there as it is, without asking any rule.
    pub fn put(&mut self, user: User) -> Arc<User> {
        self.next_number = self.next_number.max(user.number + 1);
        let (indexes, users) = self.indexes();
        indexes.for_each(|index| index.insert(&user, users));
        let user = Arc::new(user);
        self.users_to_change()
            .insert(user.number, Arc::clone(&user));
        user
    }

    fn indexes(&mut self) -> (impl Iterator<Item = &mut Index>, &Users) {
        let indexes = [&mut self.ids, &mut self.usernames].into_iter();
        (indexes.chain(self.emails.get_mut()), &self.users)
    }

    /// While the user is still there.
    fn unindex(&mut self, user: &User) {
        let (indexes, users) = self.indexes();
        indexes.for_each(|index| index.remove(user, users));
    }
}

/// The number that an id says: 7 of `u7` and of `7`.
fn number_in(id: &str) -> Option<UserNumber> {
    id.strip_prefix('u').unwrap_or(id).parse().ok()
}

/// An id that does not say its user's number.
fn id_to_find(user: &User) -> Option<Cow<'_, str>> {
    (number_in(&user.id) != Some(user.number)).then_some(Cow::Borrowed(&*user.id))
}

/// What the other accounts of the same world have.
pub trait Taken {
    /// Whether one of them has the username.
    fn username(&self, username: &str, case: UsernameCase) -> bool;
    /// Whether one of them has the email.
    fn email(&self, email: &str) -> bool;
}

/// A password that was given, is not empty and keeps the rules.
fn accept(
    password: &Secret,
    owner: &Owner<'_>,
    salt: &[u8; 16],
    rules: &Consultation,
) -> Result<Digest, DomainError> {
    if password.expose().is_empty() {
        return Err(DomainError::PasswordRequired);
    }
    password::check(password, owner, salt, rules)
}

fn remember(earlier: &[Digest], present: Digest) -> Vec<Digest> {
    std::iter::once(present)
        .chain(earlier.iter().copied())
        .take(password::KEPT)
        .collect()
}
