//! Users as the API below identity domains manages them (2020 to 2022). They are the same users as
//! on the other surfaces; `UserId` is their login name here.

mod authority;
mod fields;

use std::sync::Arc;

use bandwidth_fixtures::{
    AccountScope, Consultation, Secret, TextField,
    profile::{
        DeleteEffect, IdentityPutAbsent, IdentityPutEmpty, NewAccounts, NewActive, NewOrigin,
        PhoneRequired, PutSemantics, UsernameUpdate,
    },
    seed::{ApiOrigin, Details},
};

pub use self::authority::{DomainAuthority, Target};
use self::fields::{
    Keeps, TELEPHONE, check_internal, given_list, has_account, least_length, require_account,
    require_phone, set_details, set_settings,
};
use super::{
    Account, ApiError, NamesInUse, Role, id,
    password::{self, Owner},
    update::{self, Fields, Manner},
    user::User,
};
use crate::wire::{DomainUserBody, ProfileBody, SettingsBody};

impl Account {
    /// The user of that login name. `other` rejects one that the caller does not manage.
    fn in_domain(&self, target: Target<'_>, other: ApiError) -> Result<&Arc<User>, ApiError> {
        let Target { key, by, rules } = target;
        if key.chars().count() < least_length(rules) {
            return Err(ApiError::UserIdTooShort);
        }
        let user = self.named(key, rules).ok_or(ApiError::UnknownUser)?;
        if by.manages(user) {
            Ok(user)
        } else {
            Err(other)
        }
    }

    /// The user of that login name that the caller sees.
    pub fn seen_in_domain(&self, target: Target<'_>) -> Result<&Arc<User>, ApiError> {
        self.in_domain(target, ApiError::UnknownUser)
    }

    /// The user of that login name that the caller changes.
    pub fn managed_in_domain(&self, target: Target<'_>) -> Result<&Arc<User>, ApiError> {
        self.in_domain(target, ApiError::UserNotManaged)
    }

    /// The role of that id in paths and bodies of the domain.
    pub fn domain_role(&self, id: &str, rules: &Consultation) -> Result<&Role, ApiError> {
        if id.chars().count() < least_length(rules) {
            return Err(ApiError::RoleIdTooShort);
        }
        let mut roles = self.roles().iter();
        roles
            .find(|role| *role.domain_id == *id)
            .ok_or(ApiError::UnknownDomainRole)
    }

    /// Creates a user with that login name.
    pub fn create_in_domain(
        &mut self,
        target: Target<'_>,
        body: &DomainUserBody,
        elsewhere: &dyn NamesInUse,
    ) -> Result<Arc<User>, ApiError> {
        let Target { key, by, rules } = target;
        if key.chars().count() < least_length(rules) {
            return Err(ApiError::UserIdTooShort);
        }
        if body.user_id.as_deref().is_some_and(|given| given != key) {
            return Err(ApiError::UserIdMismatch);
        }
        let no_profile = ProfileBody::default();
        let profile = body.profile.as_ref().unwrap_or(&no_profile);
        let mut texts = profile.texts.clone();
        texts.email.clone_from(&body.email);
        let fields = update::create(update::BodyFields::new(Some(key), &texts, None), || {
            TELEPHONE
        })?;
        let (number, id) = self.next_id(|number| id::new_id(number, &self.salt, rules));
        let mut user = User {
            number,
            id,
            username: key.into(),
            texts: fields.texts.convert(),
            scope: AccountScope::Account,
            accounts: Arc::default(),
            roles: Box::default(),
            enabled: false,
            passwords: Box::default(),
            resources: Box::default(),
            details: None,
        };
        user.edit_details(|details| set_details(details, profile, Keeps::ALL))?;
        require_phone(
            &user,
            rules.identity_phone_required() == PhoneRequired::Always,
        )?;
        if let Some(validated) = body.email_validated {
            user.edit_details(|details| {
                details.email_validated = validated;
                Ok(())
            })?;
        }
        let no_settings = SettingsBody::default();
        let settings = body.settings.as_ref().unwrap_or(&no_settings);
        set_settings(&mut user, settings, by, rules)?;
        if settings.origin.is_none() {
            let origin = match rules.identity_new_origin() {
                NewOrigin::Gui => ApiOrigin::Gui,
                NewOrigin::Both => ApiOrigin::Both,
            };
            user.edit_details(|details| {
                details.allowed_api_origin = Some(origin);
                Ok(())
            })?;
        }
        self.set_password(&mut user, body.password.as_ref(), rules)?;
        if let Some(roles) = &body.roles {
            user.roles = self.domain_roles(roles, &user, rules)?;
        }
        user.accounts = match &body.accounts {
            Some(given) => self.domain_accounts(given, &user, by)?,
            None if user.scope.is_system_wide() => Arc::default(),
            None => match rules.identity_new_accounts() {
                NewAccounts::Creators => by.reach.accounts(),
                NewAccounts::None => Arc::default(),
            },
        };
        user.enabled = settings.active.unwrap_or_else(|| {
            rules.identity_new_active() == NewActive::Active && has_account(&user)
        });
        require_account(&user)?;
        self.check_domain_names(&fields, None, elsewhere, rules)?;
        Ok(self.put(user))
    }

    /// Updates a user. Its login name stays.
    pub fn update_in_domain(
        &mut self,
        target: Target<'_>,
        body: &DomainUserBody,
        elsewhere: &dyn NamesInUse,
    ) -> Result<Arc<User>, ApiError> {
        let Target { key, by, rules } = target;
        let before = Arc::clone(self.managed_in_domain(target)?);
        if body
            .user_id
            .as_deref()
            .is_some_and(|given| given != key && given != &*before.username)
        {
            return Err(ApiError::UserIdMismatch);
        }
        let mut user = User::clone(&before);
        let cleared = rules.identity_put_absent() == IdentityPutAbsent::Cleared;
        let no_profile = ProfileBody::default();
        let profile = body.profile.as_ref().or(cleared.then_some(&no_profile));
        if profile.is_some() || body.email.is_some() || cleared {
            let profile = profile.unwrap_or(&no_profile);
            self.set_profile(&mut user, profile, body.email.as_deref(), elsewhere, rules)?;
            require_phone(
                &user,
                rules.identity_phone_required() == PhoneRequired::Always,
            )?;
        }
        if body.email_validated.is_some() || cleared {
            user.edit_details(|details| {
                details.email_validated = body.email_validated.unwrap_or(false);
                Ok(())
            })?;
        }
        let no_settings = SettingsBody::default();
        if let Some(settings) = body.settings.as_ref().or(cleared.then_some(&no_settings)) {
            set_settings(&mut user, settings, by, rules)?;
        }
        self.set_password(&mut user, body.password.as_ref(), rules)?;
        if let Some(roles) = given_list(body.roles.as_deref(), cleared, rules) {
            user.roles = self.domain_roles(roles, &user, rules)?;
        }
        // An absent list of accounts stays: without accounts the user could not be active.
        if let Some(accounts) = given_list(body.accounts.as_deref(), false, rules) {
            user.accounts = self.domain_accounts(accounts, &before, by)?;
        }
        require_account(&user)?;
        Ok(self.users.put(user))
    }

    /// Updates scope and state of a user.
    pub fn update_settings(
        &mut self,
        target: Target<'_>,
        body: &SettingsBody,
    ) -> Result<Arc<User>, ApiError> {
        let Target { by, rules, .. } = target;
        self.edit(target, |_, user| {
            set_settings(user, body, by, rules)?;
            require_account(user)
        })
    }

    /// Updates names, address and telephone numbers of a user.
    pub fn update_profile(
        &mut self,
        target: Target<'_>,
        body: &ProfileBody,
        elsewhere: &dyn NamesInUse,
    ) -> Result<Arc<User>, ApiError> {
        let Target { rules, .. } = target;
        self.edit(target, |account, user| {
            let email = user.texts.email.clone();
            account.set_profile(user, body, email.as_deref(), elsewhere, rules)?;
            require_phone(
                user,
                rules.identity_phone_required() != PhoneRequired::Never,
            )
        })
    }

    /// Replaces the roles of a user.
    pub fn replace_roles(
        &mut self,
        target: Target<'_>,
        given: &[String],
    ) -> Result<Arc<User>, ApiError> {
        let Target { rules, .. } = target;
        self.edit(target, |account, user| {
            if let Some(given) = given_list(Some(given), false, rules) {
                user.roles = account.domain_roles(given, user, rules)?;
            }
            Ok(())
        })
    }

    /// Gives a user a role, and shows whether it is a new one.
    pub fn add_role(
        &mut self,
        target: Target<'_>,
        role: &str,
    ) -> Result<(Arc<User>, bool), ApiError> {
        let Target { rules, .. } = target;
        let mut is_new = false;
        let user = self.edit(target, |account, user| {
            let role = account.domain_role(role, rules)?;
            check_internal(role, user)?;
            is_new = !user.roles.contains(&role.id);
            if is_new {
                let roles = user.roles.iter().chain([&role.id]);
                user.roles = roles.cloned().collect();
            }
            Ok(())
        })?;
        Ok((user, is_new))
    }

    /// Takes a role from a user.
    pub fn remove_role(&mut self, target: Target<'_>, role: &str) -> Result<Arc<User>, ApiError> {
        let Target { rules, .. } = target;
        self.edit(target, |account, user| {
            let id = account.role_of(user, role, rules)?.id.clone();
            user.roles = user
                .roles
                .iter()
                .filter(|held| **held != id)
                .cloned()
                .collect();
            Ok(())
        })
    }

    /// The role of that id, which the user has.
    pub fn role_of(
        &self,
        user: &User,
        role: &str,
        rules: &Consultation,
    ) -> Result<&Role, ApiError> {
        let role = self.domain_role(role, rules)?;
        if user.roles.contains(&role.id) {
            Ok(role)
        } else {
            Err(ApiError::RoleNotHeldByUser)
        }
    }

    /// Replaces the accounts of a user.
    pub fn replace_accounts(
        &mut self,
        target: Target<'_>,
        given: &[String],
    ) -> Result<Arc<User>, ApiError> {
        let Target { by, rules, .. } = target;
        self.edit(target, |account, user| {
            if user.scope.is_system_wide() {
                return Err(ApiError::SystemWideScope);
            }
            if let Some(given) = given_list(Some(given), false, rules) {
                user.accounts = account.domain_accounts(given, user, by)?;
            }
            require_account(user)
        })
    }

    /// Gives a user an account.
    pub fn add_account(&mut self, target: Target<'_>, id: &str) -> Result<Arc<User>, ApiError> {
        let Target { by, .. } = target;
        self.edit(target, |account, user| {
            let known = account.known_account(id)?;
            if user.scope.is_system_wide() {
                return Err(ApiError::SystemWideScope);
            }
            if !by.reach.opens(id) {
                return Err(ApiError::AccountNotManaged);
            }
            if !user.accounts.contains(&known) {
                user.accounts = user.accounts.iter().cloned().chain([known]).collect();
            }
            Ok(())
        })
    }

    /// Takes an account from a user.
    pub fn remove_account(&mut self, target: Target<'_>, id: &str) -> Result<Arc<User>, ApiError> {
        let Target { by, .. } = target;
        self.edit(target, |_, user| {
            if user.scope.is_system_wide() {
                return Err(ApiError::SystemWideScope);
            }
            if !user.accounts.iter().any(|held| **held == *id) {
                return Err(ApiError::UnknownDomainAccount);
            }
            if !by.reach.opens(id) {
                return Err(ApiError::AccountNotManaged);
            }
            let others = user.accounts.iter().filter(|held| ***held != *id);
            user.accounts = others.cloned().collect();
            require_account(user)
        })
    }

    /// Changes the preferences of a user.
    pub fn change_preferences(
        &mut self,
        target: Target<'_>,
        change: impl FnOnce(&mut Details) -> Result<(), ApiError>,
    ) -> Result<Arc<User>, ApiError> {
        self.edit(target, |_, user| user.edit_details(change))
    }

    /// Deletes or deactivates a user.
    pub fn remove_in_domain(
        &mut self,
        target: Target<'_>,
        effect: DeleteEffect,
    ) -> Result<(), ApiError> {
        let Target { rules, .. } = target;
        let user = Arc::clone(self.managed_in_domain(target)?);
        self.remove(&user, || effect, rules)
    }

    fn edit(
        &mut self,
        target: Target<'_>,
        change: impl FnOnce(&Self, &mut User) -> Result<(), ApiError>,
    ) -> Result<Arc<User>, ApiError> {
        let before = self.managed_in_domain(target)?;
        let mut user = User::clone(before);
        change(self, &mut user)?;
        Ok(self.users.put(user))
    }

    fn set_profile(
        &self,
        user: &mut User,
        profile: &ProfileBody,
        email: Option<&str>,
        elsewhere: &dyn NamesInUse,
        rules: &Consultation,
    ) -> Result<(), ApiError> {
        let keeps = Keeps {
            absent: rules.identity_put_absent() == IdentityPutAbsent::Kept,
            empty: profile.has_empty() && rules.identity_put_empty() == IdentityPutEmpty::Kept,
        };
        let mut texts = profile.texts.clone();
        texts.email = email.map(str::to_owned);
        if keeps.empty {
            for field in TextField::ALL.iter().copied() {
                texts[field] = texts[field].take().filter(|text| !text.is_empty());
            }
        }
        let manner = Manner {
            semantics: if keeps.absent {
                PutSemantics::Merge
            } else {
                PutSemantics::ReplaceRequiringFields
            },
            username: || UsernameUpdate::Refused,
            telephone: || TELEPHONE,
        };
        let before = user.clone();
        let fields = update::update(
            &before,
            update::BodyFields::new(None, &texts, Some(before.enabled)),
            manner,
        )?;
        self.check_domain_names(&fields, Some(&before), elsewhere, rules)?;
        user.texts = fields.texts.convert();
        user.edit_details(|details| set_details(details, profile, keeps))
    }

    fn set_password(
        &self,
        user: &mut User,
        password: Option<&Secret>,
        rules: &Consultation,
    ) -> Result<(), ApiError> {
        let Some(password) = password else {
            return Ok(());
        };
        let owner = Owner::new(&user.username, user.texts.convert(), &user.passwords);
        let digest = password::accept(password, &owner, &self.salt, rules)?;
        user.passwords = password::remember(&user.passwords, digest).into();
        Ok(())
    }

    /// The roles of these ids for a user.
    fn domain_roles(
        &self,
        given: &[String],
        user: &User,
        rules: &Consultation,
    ) -> Result<Box<[Arc<str>]>, ApiError> {
        let mut ids: Vec<Arc<str>> = Vec::with_capacity(given.len());
        for id in given {
            let role = self.domain_role(id, rules).map_err(|error| match error {
                ApiError::UnknownDomainRole => ApiError::UnknownRolesGiven,
                other => other,
            })?;
            check_internal(role, user)?;
            if !ids.contains(&role.id) {
                ids.push(Arc::clone(&role.id));
            }
        }
        Ok(ids.into())
    }

    /// The accounts of these ids for a user. What changes the caller must manage.
    fn domain_accounts(
        &self,
        given: &[String],
        user: &User,
        by: &DomainAuthority,
    ) -> Result<Arc<[Arc<str>]>, ApiError> {
        if user.scope.is_system_wide() && !given.is_empty() {
            return Err(ApiError::SystemWideScope);
        }
        let mut ids: Vec<Arc<str>> = Vec::with_capacity(given.len());
        for id in given {
            let known = self
                .known_account(id)
                .map_err(|_| ApiError::UnknownAccountGiven)?;
            if !ids.contains(&known) {
                ids.push(known);
            }
        }
        let given = ids.iter().filter(|id| !user.accounts.contains(id));
        let taken = user.accounts.iter().filter(|id| !ids.contains(id));
        if given.chain(taken).any(|id| !by.reach.opens(id)) {
            return Err(ApiError::AccountNotManaged);
        }
        Ok(ids.into())
    }

    /// The account of that id, if it is in this world.
    fn known_account(&self, id: &str) -> Result<Arc<str>, ApiError> {
        let mut companies = self.companies().iter();
        let known = companies.find(|company| *company.id == *id);
        let id = known.map(|company| Arc::clone(&company.id));
        id.ok_or(ApiError::UnknownDomainAccount)
    }

    fn check_domain_names(
        &self,
        fields: &Fields<'_>,
        own: Option<&User>,
        elsewhere: &dyn NamesInUse,
        rules: &Consultation,
    ) -> Result<(), ApiError> {
        let checked = self.names().check(fields, own, elsewhere, rules);
        checked.map_err(|error| match error {
            ApiError::UsernameTaken => ApiError::UserIdTaken,
            ApiError::EmailTaken => ApiError::DomainEmailTaken,
            other => other,
        })
    }
}
