//! Today's API, the surface `management`: users, roles and accounts as JSON, for tokens.

use std::{borrow::Cow, sync::Arc, time::Duration};

use axum::http::{HeaderValue, StatusCode, header::LINK, request::Parts};
use bandwidth_fixtures::{
    AccountScope, ApiError, Consultation,
    error_code::JsonError,
    operation::{Login, Parameter},
    profile::{
        DeleteEffect, ManagedCreateStatus, ManagedEnvelope, ManagedErrors, ManagedPages,
        ManagedRemoval, ManagedUserKey,
    },
    seed::CREDENTIAL_ACCESS,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};

use super::{
    answer::Answer,
    handlers::{Context, Outcome},
    refusal::Refusal,
    views,
};
use crate::{
    clock::rfc3339,
    codec::{Format, management},
    domain::{Authority, Reach, Role, User},
    store::{AccountState, token::Grant},
    wire::{ErrorView, ManagedUserView, RoleView},
};

/// The largest page, and the page of a request that names no size (EUM).
const MOST: usize = 100;
const USUAL: usize = 10;

/// The requested part of a list.
struct Page {
    limit: usize,
    /// The key of the last item of the page before.
    after: Option<String>,
}

/// An item of a list with the key that a cursor has.
type Item = (String, Value);

/// Rejects a token that does not allow what the operation needs.
pub(super) fn admit(login: Login, grant: Option<&Grant>) -> Result<(), ApiError> {
    let scope = grant.map(|grant| grant.scope);
    match login {
        Login::Admin if scope < Some(AccountScope::AccountAdmin) => Err(ApiError::ScopeTooLow),
        Login::Credentials if !grant.is_some_and(|grant| holds(grant, CREDENTIAL_ACCESS)) => {
            Err(ApiError::RoleMissing)
        }
        _ => Ok(()),
    }
}

fn holds(grant: &Grant, role: &str) -> bool {
    grant.roles.iter().any(|held| held == role)
}

impl Context<'_> {
    pub(super) fn list_managed_users(&self) -> Outcome {
        let page = self.page()?;
        let domains = self.domains()?;
        let (first, after) = match &page.after {
            None => (0, 0),
            Some(key) => user_place(key, &domains).ok_or(ApiError::CursorInvalid)?,
        };
        let mut items = Vec::new();
        for (index, (slot, reach)) in domains.iter().enumerate().skip(first) {
            let account = slot.account();
            let after = if index == first { after } else { 0 };
            // One more shows whether there is another page.
            let wanted = page.limit.saturating_add(1) - items.len();
            let later = account
                .users_after(after)
                .filter(|user| reach.includes(user));
            for user in later.take(wanted) {
                let key = format!("{}:{}", slot.id, user.number);
                items.push((key, self.managed_user(user, account.roles(), slot)));
            }
        }
        Ok(self.shown(items, &page))
    }

    pub(super) fn get_managed_user(&self) -> Outcome {
        let key = self.parameter(Parameter::UserId);
        let (slot, reach) = self.domain_of_user(&key)?;
        let account = slot.account();
        let user = account.find_managed(&key, &reach, self.rules)?;
        let data = self.managed_user(user, account.roles(), &slot);
        Ok(self.json(StatusCode::OK, data))
    }

    pub(super) fn create_managed_user(&self) -> Outcome {
        let body = management::user_body(&self.json_body()?, self.rules)?;
        let domains = self.domains()?.into_iter();
        let named = body.accounts.as_deref().unwrap_or_default();
        let system_wide = body.scope.is_some_and(AccountScope::is_system_wide);
        let mut domains = domains.filter(|(slot, reach)| match named {
            [] => true,
            [first, ..] => slot.company(first).is_some() && reach.opens(first),
        });
        let (slot, reach) = match (domains.next(), named) {
            (_, []) if !system_wide => return Err(ApiError::AccountsRequired.into()),
            (None, _) => return Err(ApiError::AccountNotHeld.into()),
            (Some(found), _) => found,
        };
        let authority = self.authority(&reach)?;
        let user = self.store.with_names(&slot, self.mode, |account, others| {
            account.create_managed(&body, &authority, others, self.rules)
        })?;
        let key = match self.rules.management_user_key() {
            ManagedUserKey::Id => &user.id,
            ManagedUserKey::Username => &user.username,
        };
        let data = self.managed_user(&user, slot.account().roles(), &slot);
        Ok(self.created(data, key))
    }

    pub(super) fn update_managed_user(&self) -> Outcome {
        let body = management::user_body(&self.json_body()?, self.rules)?;
        let key = self.parameter(Parameter::UserId);
        let (slot, reach) = self.domain_of_user(&key)?;
        let authority = self.authority(&reach)?;
        let user = self.store.with_names(&slot, self.mode, |account, others| {
            account.update_managed(&key, &body, &authority, others, self.rules)
        })?;
        let data = self.managed_user(&user, slot.account().roles(), &slot);
        Ok(self.json(StatusCode::OK, data))
    }

    pub(super) fn remove_managed_user(&self) -> Outcome {
        let key = self.parameter(Parameter::UserId);
        let (slot, reach) = self.domain_of_user(&key)?;
        let effect = match self.rules.management_removal() {
            ManagedRemoval::Deletes => DeleteEffect::Removed,
            ManagedRemoval::None | ManagedRemoval::Deactivates => DeleteEffect::Deactivated,
        };
        self.mode.on(&slot, |account| {
            account.remove_managed(&key, &reach, effect, self.rules)
        })?;
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    pub(super) fn list_managed_roles(&self) -> Outcome {
        let account = self.caller.slot.account();
        let items = account.roles().iter().map(|role| {
            let shown = management::role(&role_view(role));
            ((*role.id).to_owned(), shown)
        });
        self.list(items.collect())
    }

    pub(super) fn list_accounts(&self) -> Outcome {
        let mut items = Vec::new();
        for (slot, reach) in self.domains()? {
            let companies = slot.companies.iter();
            for company in companies.filter(|company| reach.opens(&company.id)) {
                let shown = management::account(&views::account(company));
                items.push(((*company.id).to_owned(), shown));
            }
        }
        self.list(items)
    }

    fn managed_user(&self, user: &User, roles: &[Role], slot: &AccountState) -> Value {
        let known = |id: &Arc<str>| roles.iter().find(|role| role.id == *id);
        let view = ManagedUserView {
            id: &user.id,
            username: &user.username,
            texts: user.texts.convert(),
            scope: user.scope,
            roles: user.roles.iter().filter_map(known).map(role_view).collect(),
            accounts: views::accounts_of(user, &slot.companies),
            enabled: user.enabled,
        };
        management::user(&view, self.rules)
    }

    /// Permissions of the token.
    pub(super) fn grant(&self) -> Result<&Grant, ApiError> {
        let grant = self.caller.grant.as_deref();
        grant.ok_or(ApiError::BearerRequired)
    }

    /// The domains that the token reaches accounts of, and what it reaches there.
    pub(super) fn domains(&self) -> Result<Vec<(Arc<AccountState>, Reach)>, ApiError> {
        Ok(self.grant()?.domains(self.store))
    }

    fn domain_of_user(&self, key: &str) -> Result<(Arc<AccountState>, Reach), ApiError> {
        let mut domains = self.domains()?.into_iter();
        let has = |(slot, reach): &(Arc<AccountState>, Reach)| {
            slot.account().find_managed(key, reach, self.rules).is_ok()
        };
        domains.find(has).ok_or(ApiError::UnknownUser)
    }

    /// Authority of the token's owner.
    fn authority<'a>(&'a self, reach: &'a Reach) -> Result<Authority<'a>, ApiError> {
        let grant = self.grant()?;
        Ok(Authority {
            reach,
            scope: grant.scope,
            roles: &grant.roles,
        })
    }

    pub(super) fn json_body(&self) -> Result<Cow<'_, str>, Refusal> {
        self.body_in(Format::Json)
    }

    pub(super) fn json(&self, status: StatusCode, data: Value) -> Answer {
        let body = management::document(data, None, self.rules.management_envelope());
        Answer::empty(status).content(Format::Json.media_type(), body)
    }

    /// A response for a created resource, with its location below the path of the request.
    pub(super) fn created(&self, data: Value, key: &str) -> Answer {
        let status = match self.rules.management_create_status() {
            ManagedCreateStatus::Created => StatusCode::CREATED,
            ManagedCreateStatus::Ok => StatusCode::OK,
        };
        let answer = self.json(status, data);
        self.located(answer, format_args!("{}/{key}", self.head.uri.path()))
    }

    fn page(&self) -> Result<Page, ApiError> {
        let whole = Page {
            limit: usize::MAX,
            after: None,
        };
        if self.rules.management_pages() == ManagedPages::None {
            return Ok(whole);
        }
        let mut page = Page {
            limit: USUAL,
            ..whole
        };
        let query = self.head.uri.query().unwrap_or_default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "limit" => {
                    let limit = value
                        .parse()
                        .ok()
                        .filter(|limit| (1..=MOST).contains(limit));
                    page.limit = limit.ok_or(ApiError::LimitInvalid)?;
                }
                "afterCursor" => {
                    let key = BASE64URL_NOPAD.decode(value.as_bytes()).ok();
                    let key = key.and_then(|key| String::from_utf8(key).ok());
                    page.after = Some(key.ok_or(ApiError::CursorInvalid)?);
                }
                _ => {}
            }
        }
        Ok(page)
    }

    /// The requested part of a list.
    pub(super) fn list(&self, mut items: Vec<Item>) -> Outcome {
        let page = self.page()?;
        if let Some(after) = &page.after {
            let last = items.iter().position(|(key, _)| key == after);
            items.drain(..=last.ok_or(ApiError::CursorInvalid)?);
        }
        Ok(self.shown(items, &page))
    }

    /// A page of a list of which all items follow, or one more than the page has.
    fn shown(&self, mut items: Vec<Item>, page: &Page) -> Answer {
        let more = items.len() > page.limit;
        items.truncate(page.limit);
        let next = items.last().filter(|_| more).map(|(key, _)| {
            let cursor = BASE64URL_NOPAD.encode(key.as_bytes());
            let (path, limit) = (self.head.uri.path(), page.limit);
            format!("{path}?limit={limit}&afterCursor={cursor}")
        });
        let data = items.into_iter().map(|(_, item)| item).collect();
        let envelope = self.rules.management_envelope();
        let body = management::document(data, next.as_deref(), envelope);
        let answer = Answer::empty(StatusCode::OK).content(Format::Json.media_type(), body);
        match next.filter(|_| envelope == ManagedEnvelope::Bare) {
            Some(next) => match HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")) {
                Ok(link) => answer.header(LINK, link),
                Err(_) => answer,
            },
            None => answer,
        }
    }
}

/// The domain and the number of the user that a cursor names.
fn user_place(key: &str, domains: &[(Arc<AccountState>, Reach)]) -> Option<(usize, u64)> {
    let (account, number) = key.rsplit_once(':')?;
    let mut slots = domains.iter().map(|(slot, _)| slot);
    let index = slots.position(|slot| *slot.id == *account)?;
    Some((index, number.parse().ok()?))
}

fn role_view(role: &Role) -> RoleView<'_> {
    RoleView {
        id: Some(&role.id),
        name: &role.name,
        permissions: None,
    }
}

/// The body of an error. `now` is since the Unix epoch.
pub(super) fn error(
    error: &ErrorView<'_>,
    status: StatusCode,
    head: &Parts,
    now: Duration,
    rules: &Consultation,
) -> Vec<u8> {
    let reason = status.canonical_reason().unwrap_or("Error");
    let body = match rules.management_errors() {
        ManagedErrors::List => {
            let kind = JsonError::of(status.as_u16()).map(|error| error.kind.to_owned());
            let kind = kind.unwrap_or_else(|| reason.to_ascii_lowercase().replace(' ', "-"));
            let mut shown = Map::new();
            shown.insert("type".to_owned(), kind.into());
            shown.insert("description".to_owned(), error.description.into());
            shown.insert("code".to_owned(), error.code.into());
            if status == StatusCode::METHOD_NOT_ALLOWED {
                let meta = json!({ "method": head.method.as_str() });
                shown.insert("meta".to_owned(), meta);
            }
            json!({ "links": [], "data": null, "errors": [shown] })
        }
        ManagedErrors::Status => json!({
            "timestamp": rfc3339(now),
            "status": status.as_u16(),
            "error": reason,
            "path": head.uri.path(),
        }),
    };
    body.to_string().into_bytes()
}
