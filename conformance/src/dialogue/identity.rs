//! Identity domains: users, roles and accounts as XML below `/identitydomains/{domainName}`. The
//! login name of a user is its key there, and the caller chooses it.

pub mod reply;
mod subject;

pub use super::domain_draft::{DomainDraft, DomainUser, account_list, domain_root, role_list};
use super::{
    ask::Ask, context::Context, created::Created, domain_draft::in_domain, reply::Reply as Answer,
};
use crate::{
    account::keys,
    decode::{tolerant::all, xml},
    limits::{Roles, Surface},
    target::DOMAINS,
    verdict::Stop,
    wire::{Draft, EMAIL, Format, Role, Value},
};

impl Context {
    /// The name of the account's identity domain.
    pub fn domain_name(&self) -> &str {
        &self.run.credentials().domain
    }

    /// A request below the domain.
    pub fn ask_domain(&self, method: &str, below: &str) -> Ask {
        let path = format!("{}{below}", self.run.account.domain_path());
        self.ask(method, path).accept(Format::Xml)
    }

    /// Gets what is there below the domain.
    pub async fn read_domain(&mut self, below: &str) -> Result<Answer, Stop> {
        self.send(self.ask_domain("GET", below)).await
    }

    /// Gets a domain of that name.
    pub async fn other_domain(&mut self, name: &str) -> Result<Answer, Stop> {
        let path = format!("{DOMAINS}/{}", keys::encode(name));
        self.read(&path, Format::Xml).await
    }

    /// Sends that body to a path below the domain; an empty one is left out.
    pub async fn domain_call(
        &mut self,
        method: &str,
        below: &str,
        body: &str,
    ) -> Result<Answer, Stop> {
        let ask = self.ask_domain(method, below);
        let ask = if body.is_empty() {
            ask
        } else {
            ask.body(Format::Xml, body)
        };
        self.send(ask).await
    }

    /// The path of a user, or of a part of it, below the domain.
    pub fn domain_user(key: &str, part: &str) -> String {
        format!("/users/{}{part}", keys::encode(key))
    }

    /// The required fields of a user of a domain, with a name of its own. It has no password, so it
    /// cannot log in.
    pub fn domain_draft(&self) -> DomainDraft {
        let key = self.fresh_username();
        DomainDraft::default()
            .with("UserId", &key)
            .with("Email", &self.email(&key))
            .with("UserSettings/Scope", "Account")
            .with("UserSettings/Active", "true")
            .with("UserProfile/FirstName", "Casey")
            .with("UserProfile/LastName", "Nimble")
            .with("UserProfile/TelephoneNumbers/WorkPhone", "9195550100")
            .with("AccountList/Account/AccountId", self.account_id())
    }

    /// The same with a password, for a user that logs in to the API. It will not be printed.
    pub fn domain_login_draft(&self) -> DomainDraft {
        let password = self.strong_password();
        let draft = self.domain_draft();
        self.keep_secret(draft.text("UserId"), &password);
        draft
            .with("Password", &password)
            .with("UserSettings/AllowedApiOrigin", "BOTH")
    }

    /// A create of that user at that key.
    pub fn ask_domain_create(&self, key: &str, body: String) -> Ask {
        let ask = self.ask_domain("POST", &Self::domain_user(key, ""));
        ask.body(Format::Xml, body).creates(key)
    }

    /// A draft as a body, with the root of the expected profile.
    pub fn domain_body(&self, draft: &DomainDraft) -> String {
        draft.body(&self.profile)
    }

    /// Tries to create a user below the domain.
    pub async fn domain_post(&mut self, draft: &DomainDraft) -> Result<Answer, Stop> {
        let key = draft.text("UserId");
        let ask = self.ask_domain_create(key, self.domain_body(draft));
        self.send(ask).await
    }

    /// Creates a user below the domain; anything but success fails the case.
    pub async fn domain_create(&mut self, draft: DomainDraft) -> Result<DomainUser, Stop> {
        let reply = self.domain_post(&draft).await?;
        reply.domain("a create below a domain", 201, "LdapUserResponse")?;
        Ok(DomainUser {
            key: draft.text("UserId").to_owned(),
            draft,
            reply,
        })
    }

    /// Updates a user of the domain.
    pub async fn domain_put(&mut self, key: &str, draft: &DomainDraft) -> Result<Answer, Stop> {
        let body = self.domain_body(draft);
        self.domain_call("PUT", &Self::domain_user(key, ""), &body)
            .await
    }

    /// The roles of the domain that users of the run may get: none that is internal.
    pub async fn domain_roles(&mut self) -> Result<Vec<Role>, Stop> {
        let allowed = self.run.limits().roles.clone();
        if allowed == Roles::Withheld {
            return Err(Stop::skip("roles of users need --role ID"));
        }
        let roles = self.read_domain("/roles").await?.domain_roles()?;
        let given = |role: &Role| match &allowed {
            Roles::Only(name) => role.is_called(name),
            _ => true,
        };
        let roles: Vec<Role> = roles
            .into_iter()
            .filter(|(role, internal)| !internal && given(role))
            .map(|(role, _)| role)
            .collect();
        if roles.is_empty() {
            return Err(Stop::skip("the domain lists no role that users may get"));
        }
        Ok(roles)
    }

    /// The id of a role that users of the run may get.
    pub async fn domain_role(&mut self) -> Result<String, Stop> {
        let role = self.domain_roles().await?.swap_remove(0);
        Ok(role.id.unwrap_or_default())
    }

    /// True if a body below a domain names a user that is not the run's, or cannot be read.
    pub(super) fn names_another(&self, body: &[u8]) -> bool {
        let account = &self.run.account;
        match xml::read(body) {
            Ok(document) => all(&document.content, &["UserId"])
                .into_iter()
                .any(|name| !account.is_own_name(name)),
            Err(_) => !account.is_own_name(&String::from_utf8_lossy(body)),
        }
    }

    /// True if the run creates and removes its users below the domain.
    pub fn has_users_in_domain(&self) -> bool {
        self.run.account.home == Surface::Identity
    }

    /// The user that cases share, with a password, for cases that are about a login. Below a domain,
    /// where the shared user has none, it is one of the case's own.
    pub async fn our_subject(&mut self, format: Format) -> Result<Created, Stop> {
        if self.has_users_in_domain() {
            self.our_user().await
        } else {
            self.subject(format).await
        }
    }

    /// Deletes a user of [`Context::our_user`].
    pub async fn delete_ours(&mut self, user: &Created) -> Result<(), Stop> {
        if self.has_users_in_domain() {
            let path = Self::domain_user(&user.key, "");
            let reply = self.domain_call("DELETE", &path, "").await?;
            return reply.is("a DELETE below a domain", 200);
        }
        let format = self.default_format();
        self.delete(&user.key, format).await?.deleted()
    }

    /// Deactivates a user of [`Context::our_user`].
    pub async fn deactivate_ours(&mut self, user: &Created) -> Result<(), Stop> {
        if self.has_users_in_domain() {
            let path = Self::domain_user(&user.key, "/settings");
            let inactive = "<UserSettings><Active>false</Active></UserSettings>";
            let reply = self.domain_call("PUT", &path, inactive).await?;
            return reply.is("a PUT of settings below a domain", 200);
        }
        let format = self.default_format();
        let draft = user.update().with_value("Enabled", Value::Flag(false));
        self.put(&user.key, &draft, format).await?.updated()
    }

    /// Gives a user of any surface a password, on the surface where the run has its users.
    pub async fn give_password(
        &mut self,
        key: &str,
        draft: &Draft,
        format: Format,
    ) -> Result<(), Stop> {
        if self.has_users_in_domain() {
            self.remember(draft);
            let user = in_domain(DomainDraft::default(), draft);
            let reply = self.domain_put(draft.text("Username"), &user).await?;
            return reply.domain_user().map(drop);
        }
        self.put(key, draft, format).await?.updated()
    }

    /// Tries to create a user where the run has its users. Below a domain there is XML alone.
    pub async fn post_ours(&mut self, draft: &Draft, format: Format) -> Result<Answer, Stop> {
        if !self.has_users_in_domain() {
            return self.post(draft, format).await;
        }
        if format != Format::Xml {
            return Err(Stop::skip("below an identity domain there is XML alone"));
        }
        self.remember(draft);
        let user = in_domain(self.domain_draft(), draft);
        self.domain_post(&user).await
    }

    /// A user of the run with a password, on the surface where the run has its users: for cases that
    /// are about a login, or about a list.
    pub async fn our_user(&mut self) -> Result<Created, Stop> {
        if !self.has_users_in_domain() {
            return self.new_user().await;
        }
        let user = self.domain_create(self.domain_login_draft()).await?;
        let text = |path| user.draft.text(path);
        let draft = Draft::default()
            .with("Username", text("UserId"))
            .with("FirstName", text("UserProfile/FirstName"))
            .with("LastName", text("UserProfile/LastName"))
            .with(EMAIL, text("Email"))
            .with("Password", text("Password"));
        Ok(Created {
            key: user.key,
            draft,
            reply: user.reply,
        })
    }
}
