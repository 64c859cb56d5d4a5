//! The operations: read the body, call the domain, show the result.

use std::{borrow::Cow, fmt, sync::Arc};

use axum::http::{
    HeaderValue, StatusCode,
    header::{HOST, LOCATION},
    request::Parts,
    uri::Authority,
};
use bandwidth_fixtures::{
    ApiError, Consultation, Date, NamedProfile, Secret,
    operation::{Action, Parameter, Surface},
    profile::{CreateResponse, CreateStatus, DeleteStatus, EmptyList, LocationForm, UserLogins},
};
use serde_json::json;

use super::{
    answer::Answer,
    auth::{Caller, CallerKind},
    body::Received,
    content_type,
    refusal::Refusal,
    route::Route,
    views,
};
use crate::{
    codec::{self, Document, Format},
    domain::{Changes, Company, Role, User, same_name},
    jwt::{NoRandomNumbers, Signer},
    store::{Mode, Store},
    wire::UserBody,
};

/// Data for every operation.
pub(super) struct Context<'a> {
    pub(super) store: &'a Store,
    pub(super) head: &'a Parts,
    pub(super) body: &'a Received,
    pub(super) route: &'a Route,
    pub(super) signer: &'a Signer,
    pub(super) caller: &'a Caller,
    pub(super) mode: Mode<'a>,
    pub(super) format: Format,
    /// True if the request came by TLS.
    pub(super) tls: bool,
    pub(super) profile: &'a Arc<NamedProfile>,
    pub(super) rules: &'a Consultation,
}

pub(super) type Outcome = Result<Answer, Refusal>;

/// True if that is the user's name, under `username.case`.
fn is_called(user: &User, name: &str, rules: &Consultation) -> bool {
    *user.username == *name || same_name(&user.username, name, rules.username_case())
}

impl Context<'_> {
    /// Performs the operation.
    pub(super) fn perform(&self, action: Action) -> Outcome {
        match self.route.surface() {
            Surface::Identity => self.in_domain(|| self.dispatch(action)),
            _ => self.dispatch(action),
        }
    }

    fn dispatch(&self, action: Action) -> Outcome {
        match action {
            Action::ListUsers | Action::ListUsersOfLogin => self.list_users(),
            Action::GetUser => self.get_user(&self.parameter(Parameter::UserId)),
            Action::GetUserOfLogin => self.get_user_of_login(&self.parameter(Parameter::UserId)),
            Action::CreateUser => self.create_user(),
            Action::UpdateUser => self.update_user(&self.parameter(Parameter::UserId)),
            Action::DeleteUser => self.delete_user(&self.parameter(Parameter::UserId)),
            Action::ListRoles => Ok(self.list_roles()),
            Action::ChangePassword => self.change_password(&self.parameter(Parameter::Username)),
            Action::IssueToken => self.issue_token(),
            Action::GetDomain => Ok(self.get_domain()),
            Action::ListIdentityUsers => self.list_identity_users(),
            Action::CheckPermittedAccess => Ok(self.check_permitted_access()),
            Action::GetIdentityUser => self.get_identity_user(),
            Action::CreateIdentityUser => self.create_identity_user(),
            Action::UpdateIdentityUser => self.update_identity_user(),
            Action::DeleteIdentityUser => self.delete_identity_user(),
            Action::GetUserSettings => self.get_user_settings(),
            Action::UpdateUserSettings => self.update_user_settings(),
            Action::GetUserProfile => self.get_user_profile(),
            Action::UpdateUserProfile => self.update_user_profile(),
            Action::ListUserRoles => self.list_user_roles(),
            Action::ReplaceUserRoles => self.replace_user_roles(),
            Action::GetUserRole => self.get_user_role(),
            Action::AddUserRole => self.add_user_role(),
            Action::RemoveUserRole => self.remove_user_role(),
            Action::ListUserAccounts => self.list_user_accounts(),
            Action::ReplaceUserAccounts => self.replace_user_accounts(),
            Action::GetUserAccount => self.get_user_account(),
            Action::AddUserAccount => self.add_user_account(),
            Action::RemoveUserAccount => self.remove_user_account(),
            Action::ChangeIdentityPassword => self.change_identity_password(),
            Action::ListUserEvents => self.list_user_events(),
            Action::GetUserEvent => self.get_user_event(),
            Action::ListUserPreferences => self.list_user_preferences(),
            Action::ReplaceUserPreferences => self.replace_user_preferences(),
            Action::CreateUserPreference => self.create_user_preference(),
            Action::GetUserPreference => self.get_user_preference(),
            Action::UpdateUserPreference => self.update_user_preference(),
            Action::DeleteUserPreference => self.delete_user_preference(),
            Action::ListIdentityRoles => Ok(self.list_identity_roles()),
            Action::GetRole => self.get_role(),
            Action::ListRolePermissions => self.list_role_permissions(),
            Action::GetRolePermission => self.get_role_permission(),
            Action::ListPermissions => Ok(self.list_permissions()),
            Action::GetPermission => self.get_permission(),
            Action::ListIdentityAccounts => self.list_identity_accounts(),
            Action::GetAccount => self.get_account(),
            Action::ListPreferences => Ok(Self::list_preferences()),
            Action::ListTokens => Ok(self.list_tokens()),
            Action::CreateToken => self.create_token(),
            Action::GetToken => self.get_token(),
            Action::DeleteToken => self.delete_token(),
            Action::ListManagedUsers => self.list_managed_users(),
            Action::GetManagedUser => self.get_managed_user(),
            Action::CreateManagedUser => self.create_managed_user(),
            Action::UpdateManagedUser | Action::PatchManagedUser => self.update_managed_user(),
            Action::RemoveManagedUser => self.remove_managed_user(),
            Action::ListManagedRoles => self.list_managed_roles(),
            Action::ListAccounts => self.list_accounts(),
            Action::ListCredentials => self.list_credentials(),
            Action::GetCredential => self.get_credential(),
            Action::CreateCredential => self.create_credential(),
            Action::UpdateCredential | Action::PatchCredential => self.update_credential(),
            Action::RevokeCredential => self.revoke_credential(),
            Action::ListSecrets => self.list_secrets(),
            Action::GetSecret => self.get_secret(),
            Action::CreateSecret => self.create_secret(),
            Action::UpdateSecret | Action::PatchSecret => self.update_secret(),
            Action::RevokeSecret => self.revoke_secret(),
        }
    }

    pub(super) fn parameter(&self, parameter: Parameter) -> Cow<'_, str> {
        self.route.parameter(self.head.uri.path(), parameter)
    }

    /// The account in the path, else the main one.
    fn company(&self) -> &Company {
        let slot = &self.caller.slot;
        let named = slot.company(&self.parameter(Parameter::AccountId));
        named.unwrap_or(&slot.companies[0])
    }

    fn list_users(&self) -> Outcome {
        let encode = |users: &[Arc<User>], roles: &[Role]| {
            let rules = Consultation::of(*self.profile.options());
            let views = users.iter().map(|user| views::user(user, roles, &rules));
            let items = codec::list_items(self.format, views, &rules);
            (items, rules.read())
        };
        let frame = || codec::list_frame(self.format, self.rules);
        let slot = &self.caller.slot;
        match slot.list(self.format, self.profile, &self.caller.reach, frame, encode) {
            Some(listed) => {
                self.rules.add_read(listed.behaviours);
                let answer = Answer::empty(StatusCode::OK);
                Ok(answer.content(self.format.media_type(), listed.body))
            }
            None if self.rules.list_empty() == EmptyList::Error230 => {
                Err(ApiError::NoResults.into())
            }
            None => Ok(self.answer(StatusCode::OK, &Document::NoUsers)),
        }
    }

    fn get_user(&self, key: &str) -> Outcome {
        let account = self.caller.slot.account();
        let user = account.find(key, &self.caller.reach, self.rules)?;
        let view = views::user(user, account.roles(), self.rules);
        Ok(self.answer(StatusCode::OK, &Document::User(view)))
    }

    /// `/users/{userid}` also names the user's accounts (RAML).
    fn get_user_of_login(&self, key: &str) -> Outcome {
        let slot = &self.caller.slot;
        let account = slot.account();
        let user = account.find(key, &self.caller.reach, self.rules)?;
        let mut view = views::user(user, account.roles(), self.rules);
        view.accounts = Some(views::accounts_of(user, &slot.companies));
        Ok(self.answer(StatusCode::OK, &Document::User(view)))
    }

    /// True if users made here are API users, and that day has begun. From then on they cannot be
    /// created, or changed.
    pub(super) fn api_users_ended(&self, day: impl Fn(&Consultation) -> Option<Date>) -> bool {
        self.rules.auth_user_logins() == UserLogins::Accepted
            && self.caller.slot.has_come(day(self.rules))
    }

    fn create_user(&self) -> Outcome {
        if self.api_users_ended(Consultation::auth_api_users_created_until) {
            return Err(ApiError::ApiUserNotCreated.into());
        }
        let body = self.user_body()?;
        let slot = &self.caller.slot;
        let company = self.company();
        let user = self.store.with_names(slot, self.mode, |account, others| {
            account.create(&body, company, others, self.rules)
        })?;
        let status = match self.rules.create_status() {
            CreateStatus::Created => StatusCode::CREATED,
            CreateStatus::Ok => StatusCode::OK,
        };
        let answer = match self.rules.create_response() {
            CreateResponse::Empty => Answer::empty(status),
            shown => {
                let account = slot.account();
                let mut view = views::user(&user, account.roles(), self.rules);
                if shown == CreateResponse::WithoutEmail {
                    view.texts.email = None;
                }
                self.answer(status, &Document::User(view))
            }
        };
        let key = views::key(&user, self.rules);
        // Ids and usernames are made of characters that need no encoding in a path.
        let path = format_args!("{}/accounts/{}/users/{key}", self.route.base, company.id);
        Ok(self.located(answer, path))
    }

    /// Adds the location of the created resource.
    pub(super) fn located(&self, answer: Answer, path: fmt::Arguments<'_>) -> Answer {
        // The target of the request, where it names a host, comes first (RFC 9112, section 3.2.2).
        // `Host` was checked before the operation.
        let target = self.head.uri.authority().map(Authority::as_str);
        let host = target.or_else(|| self.head.headers.get(HOST)?.to_str().ok());
        let location = match (self.rules.create_location(), host) {
            (LocationForm::Url, Some(host)) => {
                let scheme = if self.tls { "https" } else { "http" };
                format!("{scheme}://{host}{path}")
            }
            _ => path.to_string(),
        };
        match HeaderValue::try_from(location) {
            Ok(location) => answer.header(LOCATION, location),
            Err(_) => answer,
        }
    }

    fn update_user(&self, key: &str) -> Outcome {
        let body = self.user_body()?;
        let slot = &self.caller.slot;
        let changes = if self.api_users_ended(Consultation::auth_api_users_updated_until) {
            Changes::PasswordOnly
        } else {
            Changes::All
        };
        let user = self.store.with_names(slot, self.mode, |account, others| {
            account.update(key, &body, self.company(), changes, others, self.rules)
        })?;
        let account = slot.account();
        let view = views::user(&user, account.roles(), self.rules);
        Ok(self.answer(StatusCode::OK, &Document::User(view)))
    }

    fn delete_user(&self, key: &str) -> Outcome {
        let slot = &self.caller.slot;
        self.mode.on(slot, |account| {
            account.delete(key, &self.caller.reach, self.rules)
        })?;
        Ok(match self.rules.delete_status() {
            DeleteStatus::Ok => self.answer(StatusCode::OK, &Document::Nothing),
            DeleteStatus::NoContent => Answer::empty(StatusCode::NO_CONTENT),
        })
    }

    fn list_roles(&self) -> Answer {
        let account = self.caller.slot.account();
        let views = account
            .roles()
            .iter()
            .map(|role| views::role(role, self.rules))
            .collect();
        self.answer(StatusCode::OK, &Document::Roles(views))
    }

    /// Only the login itself may do it; 200 with an empty body (RAML).
    fn change_password(&self, username: &str) -> Outcome {
        let slot = &self.caller.slot;
        let own = {
            let account = slot.account();
            match self.caller.kind {
                CallerKind::ApiLogin => account.login_password(username).is_some(),
                CallerKind::User(number) => account
                    .find_number(number)
                    .is_some_and(|user| is_called(user, username, self.rules)),
                CallerKind::Client => false,
            }
        };
        if !own {
            return Err(ApiError::NotPasswordOwner.into());
        }
        let password = self.password_body()?;
        self.mode.on(slot, |account| match self.caller.kind {
            CallerKind::ApiLogin => account.change_login_password(&password, self.rules),
            CallerKind::User(number) => account.change_user_password(number, &password, self.rules),
            CallerKind::Client => Err(ApiError::NotPasswordOwner),
        })?;
        Ok(Answer::empty(StatusCode::OK))
    }

    fn answer(&self, status: StatusCode, document: &Document<'_>) -> Answer {
        Answer::with(status, self.format, document, self.rules)
    }

    fn user_body(&self) -> Result<UserBody, Refusal> {
        let (format, text) = self.body()?;
        Ok(codec::user(format, &text, self.rules)?)
    }

    fn password_body(&self) -> Result<Secret, Refusal> {
        let (format, text) = self.body()?;
        Ok(codec::password(format, &text, self.rules)?)
    }

    fn body(&self) -> Result<(Format, Cow<'_, str>), Refusal> {
        let bytes = self.body.whole()?;
        let (format, charset) = content_type::format(&self.head.headers, bytes, self.rules)?;
        Ok((format, codec::text(format, bytes, charset)?))
    }

    /// The body, which is in that format.
    pub(super) fn body_in(&self, format: Format) -> Result<Cow<'_, str>, Refusal> {
        let bytes = self.body.whole()?;
        let charset = content_type::require(&self.head.headers, format)?;
        Ok(codec::text(format, bytes, charset)?)
    }

    fn issue_token(&self) -> Outcome {
        let token = self.signer.sign(&self.caller.grant.as_deref());
        let token =
            token.map_err(|NoRandomNumbers| Refusal::Fault(StatusCode::INTERNAL_SERVER_ERROR))?;
        let body = json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.rules.auth_token_seconds(),
        });
        Ok(Answer::uncached_json(StatusCode::OK, &body))
    }
}
