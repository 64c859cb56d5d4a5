//! Today's API: users as JSON, written and read with the names of the expected profile.

use bandwidth_fixtures::{
    Profile,
    profile::{
        ManagedAccountForm, ManagedCreateStatus, ManagedEnvelope, ManagedErrors,
        ManagedInvalidStatus, ManagedNames, ManagedRoleForm, ManagedState, ManagedUpdate,
        ManagedUserKey, UserKey,
    },
};

use super::{ask::Ask, context::Context, reply::Reply};
use crate::{
    decode::{
        tolerant::{member, objects_with, scalar},
        tree::Tree,
    },
    limits::Roles,
    target::MANAGED,
    verdict::{CaseResult, Stop},
    wire::{Format, Role},
};

/// The published path of the list of accounts.
pub const ACCOUNTS: &str = "/api/v2/accounts";

/// The body of a create or an update in the making. Its keys are ours until it is written.
#[derive(Clone, Default)]
pub struct ManagedDraft(Vec<(&'static str, Tree)>);

impl ManagedDraft {
    /// Sets a key; it replaces an earlier one.
    #[must_use]
    pub fn with(self, key: &'static str, value: Tree) -> Self {
        let mut draft = self.without(key);
        draft.0.push((key, value));
        draft
    }

    /// With a key that holds text.
    #[must_use]
    pub fn with_text(self, key: &'static str, text: &str) -> Self {
        self.with(key, Tree::Text(text.to_owned()))
    }

    /// Without a key.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.0.retain(|(known, _)| *known != key);
        self
    }

    /// The text under a key; empty where there is none.
    pub fn text(&self, key: &str) -> &str {
        let mut members = self.0.iter();
        let found = members.find(|(known, _)| *known == key);
        found
            .and_then(|(_, value)| value.text())
            .unwrap_or_default()
    }

    fn body(&self, profile: &Profile) -> String {
        let members = self.0.iter();
        let members = members.map(|(key, value)| (wire(key, profile).to_owned(), value.clone()));
        Tree::Object(members.collect()).to_json().to_string()
    }
}

/// The name of a key on the wire.
fn wire(key: &'static str, profile: &Profile) -> &'static str {
    match (profile.management_names, key) {
        (ManagedNames::Long, "username") => "userName",
        (ManagedNames::Long, "email") => "emailAddress",
        (ManagedNames::Long, "phone") => "phoneNumber",
        (_, other) => other,
    }
}

/// A user that was created in today's API.
pub struct Managed {
    /// Its key in paths of today's API.
    pub key: String,
    /// Its internal id.
    pub id: String,
    /// Its key in paths of the account surface.
    pub account_key: String,
    /// The draft of its create.
    pub draft: ManagedDraft,
    /// The answer to the create.
    pub reply: Reply,
}

impl Context {
    /// A request to today's API, with a token.
    pub fn ask_managed(&self, method: &str, path: impl Into<String>) -> Ask {
        self.ask(method, path).accept(Format::Json).token()
    }

    /// Gets what has that path of today's API.
    pub async fn read_managed(&mut self, path: &str) -> Result<Reply, Stop> {
        self.send(self.ask_managed("GET", path)).await
    }

    /// Sends that body to a path of today's API.
    pub async fn managed_call(
        &mut self,
        method: &str,
        path: &str,
        body: &Tree,
    ) -> Result<Reply, Stop> {
        let ask = self.ask_managed(method, path);
        self.send(ask.body(Format::Json, body.to_json().to_string()))
            .await
    }

    /// The path of a user of today's API.
    pub fn managed_path(&self, key: &str) -> String {
        let own = self.user_path(key);
        let segment = own.rsplit('/').next().unwrap_or_default();
        format!("{MANAGED}/users/{segment}")
    }

    /// The role that users of the run may get, of those that today's API lists.
    pub async fn managed_role(&mut self) -> Result<Role, Stop> {
        let allowed = self.run.limits().roles.clone();
        if allowed == Roles::Withheld {
            return Err(Stop::skip(
                "today's API wants a role for each user, and --role ID names none",
            ));
        }
        let reply = self.read_managed(&format!("{MANAGED}/roles")).await?;
        let roles = reply.managed_list("roles")?;
        let mut roles = roles.iter().map(|role| {
            let text = |key| member(role, key).and_then(scalar).map(str::to_owned);
            Role {
                id: text("roleId"),
                name: text("roleName"),
                ..Role::default()
            }
        });
        let found = match &allowed {
            Roles::Only(name) => roles.find(|role| role.is_called(name)),
            _ => roles.next(),
        };
        found.ok_or_else(|| Stop::skip("today's API lists no role that users may get"))
    }

    /// The required fields of a user of today's API, with a name of its own, that role and the
    /// run's account.
    pub fn managed_draft(&self, role: &Role) -> ManagedDraft {
        let username = self.fresh_username();
        let email = self.email(&username);
        ManagedDraft::default()
            .with_text("username", &username)
            .with_text("firstName", "Casey")
            .with_text("lastName", "Nimble")
            .with_text("email", &email)
            .with_text("accountScope", "ACCOUNT")
            .with("roles", self.managed_roles(role))
            .with("accounts", self.managed_accounts(self.account_id()))
    }

    /// The value of `roles` with that role alone.
    pub fn managed_roles(&self, role: &Role) -> Tree {
        let id = Tree::Text(role.id.clone().unwrap_or_default());
        Tree::List(vec![match self.profile.management_role_form {
            ManagedRoleForm::Objects => Tree::Object(vec![("roleId".to_owned(), id)]),
            ManagedRoleForm::Ids => id,
            ManagedRoleForm::Names => Tree::Text(role.name.clone().unwrap_or_default()),
        }])
    }

    /// The name or id of that role in a response.
    pub fn managed_name<'a>(&self, role: &'a Role) -> &'a str {
        let name = match self.profile.management_role_form {
            ManagedRoleForm::Objects | ManagedRoleForm::Ids => &role.id,
            ManagedRoleForm::Names => &role.name,
        };
        name.as_deref().unwrap_or_default()
    }

    /// The value of `accounts` with that account alone.
    pub fn managed_accounts(&self, account_id: &str) -> Tree {
        let id = Tree::Text(account_id.to_owned());
        Tree::List(vec![match self.profile.management_account_form {
            ManagedAccountForm::Objects => Tree::Object(vec![("accountId".to_owned(), id)]),
            ManagedAccountForm::Ids => id,
        }])
    }

    /// That draft, with the state of a user that is active or not.
    pub fn managed_state(&self, draft: ManagedDraft, active: bool) -> ManagedDraft {
        match self.profile.management_state {
            ManagedState::Enabled => draft.with("enabled", Tree::Bool(active)),
            ManagedState::Status => {
                draft.with_text("status", if active { "ACTIVE" } else { "INACTIVE" })
            }
        }
    }

    /// A create of that user in today's API.
    pub fn ask_managed_create(&self, draft: &ManagedDraft) -> Ask {
        let ask = self.ask_managed_body("POST", &format!("{MANAGED}/users"), draft);
        ask.creates(draft.text("username"))
    }

    /// A request with that draft as its body.
    pub fn ask_managed_body(&self, method: &str, path: &str, draft: &ManagedDraft) -> Ask {
        let ask = self.ask_managed(method, path);
        ask.body(Format::Json, draft.body(&self.profile))
    }

    /// Tries to create a user in today's API.
    pub async fn managed_post(&mut self, draft: &ManagedDraft) -> Result<Reply, Stop> {
        self.send(self.ask_managed_create(draft)).await
    }

    /// Creates a user in today's API; anything but success fails the case.
    pub async fn managed_create(&mut self, draft: ManagedDraft) -> Result<Managed, Stop> {
        let reply = self.managed_post(&draft).await?;
        let user = reply.managed_created()?;
        let id = user.required("userId")?;
        let username = user.required("username")?;
        let key = match self.profile.management_user_key {
            ManagedUserKey::Id => id.clone(),
            ManagedUserKey::Username => username.clone(),
        };
        let account_key = match self.profile.naming_user_key {
            UserKey::UserId => id.clone(),
            UserKey::Username => username,
        };
        Ok(Managed {
            key,
            id,
            account_key,
            draft,
            reply,
        })
    }

    /// A user of no special kind, with the role that it has.
    pub async fn managed_user(&mut self) -> Result<(Managed, Role), Stop> {
        let role = self.managed_role().await?;
        let draft = self.managed_draft(&role);
        Ok((self.managed_create(draft).await?, role))
    }

    /// The method that updates in today's API, and the one that does not.
    pub fn managed_methods(&self) -> [&'static str; 2] {
        match self.profile.management_update {
            ManagedUpdate::Patch => ["PATCH", "PUT"],
            ManagedUpdate::Put => ["PUT", "PATCH"],
        }
    }

    /// Updates a user of today's API.
    pub async fn managed_put(&mut self, key: &str, draft: &ManagedDraft) -> Result<Reply, Stop> {
        let [method, _] = self.managed_methods();
        self.send(self.ask_managed_body(method, &self.managed_path(key), draft))
            .await
    }
}

/// A user as today's API shows it.
pub struct ManagedUser {
    reply: Reply,
    profile: Profile,
    fields: Tree,
}

impl ManagedUser {
    /// The text under one of our keys.
    pub fn text(&self, key: &'static str) -> Option<&str> {
        let wire = wire(key, &self.profile);
        let mut members = self.fields.members()?.iter();
        let (_, value) = members.find(|(name, _)| name == wire)?;
        value.text()
    }

    fn required(&self, key: &'static str) -> Result<String, Stop> {
        let wire = wire(key, &self.profile);
        let text = self.text(key).filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| self.reply.fail(&format!("the user has no `{wire}`")))?;
        Ok(text.to_owned())
    }

    /// True if it is active.
    pub fn is_active(&self) -> Result<bool, Stop> {
        let found = match self.profile.management_state {
            ManagedState::Enabled => match member(&self.fields, "enabled") {
                Some(Tree::Bool(enabled)) => Some(*enabled),
                _ => None,
            },
            ManagedState::Status => match self.text("status") {
                Some("ACTIVE") => Some(true),
                Some("INACTIVE") => Some(false),
                _ => None,
            },
        };
        found.ok_or_else(|| {
            self.reply
                .fail("the user does not show whether it is active")
        })
    }

    /// Its roles, in the profile's form.
    pub fn roles(&self) -> Result<Vec<String>, Stop> {
        let key = match self.profile.management_role_form {
            ManagedRoleForm::Objects => Some("roleId"),
            ManagedRoleForm::Ids | ManagedRoleForm::Names => None,
        };
        self.items("roles", key)
    }

    /// The ids of its accounts.
    pub fn accounts(&self) -> Result<Vec<String>, Stop> {
        let key = match self.profile.management_account_form {
            ManagedAccountForm::Objects => Some("accountId"),
            ManagedAccountForm::Ids => None,
        };
        self.items("accounts", key)
    }

    /// The texts of a list, each as it is, or under `key` of an object.
    fn items(&self, list: &str, key: Option<&str>) -> Result<Vec<String>, Stop> {
        let text = |item: &Tree| match key {
            None => item.text().map(str::to_owned),
            Some(key) => Some(member(item, key)?.text()?.to_owned()),
        };
        let texts = match member(&self.fields, list) {
            Some(Tree::List(items)) => items.iter().map(text).collect(),
            _ => None,
        };
        let form = key.map_or_else(|| "texts".to_owned(), |key| format!("objects with `{key}`"));
        texts.ok_or_else(|| {
            self.reply
                .fail(&format!("expected `{list}` as a list of {form}"))
        })
    }
}

impl Reply {
    /// It has that status, and the data that its envelope holds, if the profile has one.
    pub fn managed(&self, what: &str, status: u16) -> Result<Tree, Stop> {
        let body = self.json(what, status)?;
        let members = body.members().unwrap_or_default();
        let has = |key| members.iter().any(|(name, _)| name == key);
        let enveloped = ["links", "data", "errors"].into_iter().all(has);
        let expected = self.profile().management_envelope == ManagedEnvelope::LinksDataErrors;
        let what = "whether the answer has the envelope `links`, `data`, `errors`";
        self.same(what, &expected, &enveloped)?;
        Ok(match member(&body, "data") {
            Some(data) if enveloped => data.clone(),
            _ => body,
        })
    }

    /// It is a success of any status, with the data that it holds.
    pub fn managed_success(&self, what: &str) -> Result<Tree, Stop> {
        let status = match self.status() {
            status @ 200..300 => status,
            _ => 200,
        };
        self.managed(what, status)
    }

    /// It is 200 with a list.
    pub fn managed_list(&self, what: &str) -> Result<Vec<Tree>, Stop> {
        match self.managed(&format!("a list of {what}"), 200)? {
            Tree::List(items) => Ok(items),
            other => Err(self.fail(&format!("expected a list of {what}, got {}", other.kind()))),
        }
    }

    /// It has that status and a user of today's API.
    fn managed_user_with(&self, what: &str, status: u16) -> Result<ManagedUser, Stop> {
        let fields = self.managed(what, status)?;
        if !matches!(fields, Tree::Object(_)) {
            return Err(self.fail(&format!("expected a user, got {}", fields.kind())));
        }
        Ok(ManagedUser {
            reply: self.clone(),
            profile: *self.profile(),
            fields,
        })
    }

    /// It is 200 with a user of today's API.
    pub fn managed_user(&self) -> Result<ManagedUser, Stop> {
        self.managed_user_with("a user of today's API", 200)
    }

    /// It is the success of a create in today's API.
    pub fn managed_created(&self) -> Result<ManagedUser, Stop> {
        let status = match self.profile().management_create_status {
            ManagedCreateStatus::Created => 201,
            ManagedCreateStatus::Ok => 200,
        };
        self.managed_user_with("a create of today's API", status)
    }

    /// It has that status, and an error of today's API.
    pub fn managed_error(&self, what: &str, status: u16) -> CaseResult {
        let body = self.json(what, status)?;
        let wanted = match self.profile().management_errors {
            ManagedErrors::List => ["type", "description", "code"],
            ManagedErrors::Status => ["timestamp", "error", "path"],
        };
        let object = match self.profile().management_errors {
            ManagedErrors::List => {
                let errors = member(&body, "errors");
                errors.and_then(|errors| objects_with(errors, "type").into_iter().next())
            }
            ManagedErrors::Status => Some(&body),
        };
        let has = |name: &&str| object.is_some_and(|object| member(object, name).is_some());
        if wanted.iter().all(has) {
            return Ok(());
        }
        let keys = wanted.join("`, `");
        Err(self.fail(&format!("{what}: expected an error with `{keys}`")))
    }

    /// It rejects a value in a body of today's API.
    pub fn managed_invalid(&self) -> CaseResult {
        let status = match self.profile().management_invalid {
            ManagedInvalidStatus::BadRequest => 400,
            ManagedInvalidStatus::Unprocessable => 422,
        };
        self.managed_error("a refused value", status)
    }

    /// Checks that it is a refusal, with a status that no source names.
    pub fn managed_refused(&self) -> CaseResult {
        match self.status() {
            400 | 403 | 409 | 422 => Ok(()),
            found => Err(self.fail(&format!(
                "a refusal: expected status 400, 403, 409 or 422, got {found}"
            ))),
        }
    }
}
