//! The one user of a domain that cases share where a deleted user may stay.

use super::{super::context::Context, DomainDraft, DomainUser};
use crate::{
    decode::{
        tolerant::{member, scalar},
        users::Shown,
    },
    exchange::Purpose,
    limits::Surface,
    verdict::Stop,
};

/// Number of times that the first create is sent if its response is lost.
const TRIES: usize = 4;

/// Parts that a restored user has empty.
const EMPTY: [&str; 10] = [
    "UserProfile/StreetAddress/HouseNumber",
    "UserProfile/StreetAddress/StreetName",
    "UserProfile/StreetAddress/City",
    "UserProfile/StreetAddress/State",
    "UserProfile/StreetAddress/PostalCode",
    "UserProfile/TelephoneNumbers/HomePhone",
    "UserProfile/TelephoneNumbers/CellPhone",
    "UserProfile/TelephoneNumbers/OtherPhone",
    "UserProfile/CompanyName",
    "RoleList",
];

impl Context {
    /// The user that cases of a run share, on the surface where the run has its users.
    pub async fn first_subject(&mut self) -> Result<(), Stop> {
        if self.run.account.home == Surface::Identity {
            self.domain_subject().await.map(drop)
        } else {
            self.subject(self.default_format()).await.map(drop)
        }
    }

    /// A user of the domain that the case may update and must not delete, in the state of its
    /// draft.
    pub async fn domain_subject(&mut self) -> Result<DomainUser, Stop> {
        if !self.run.shares_first() {
            return self.domain_create(self.domain_draft()).await;
        }
        let user = self.run.first().domain_user.clone();
        let user = match (user, self.run.limits().prepared_user.clone()) {
            (Some(user), _) => user,
            (None, Some(key)) => self.prepared_domain_user(key).await?,
            (None, None) => self.first_domain_user().await?,
        };
        let changed = {
            let mut first = self.run.first();
            first.domain_user = Some(user.clone());
            first.changed
        };
        if changed {
            return self.restore_domain_user(user).await;
        }
        Ok(user)
    }

    /// Creates the first user of a run. Its key is the run's own choice, so that a dropped response loses
    /// nothing.
    async fn first_domain_user(&mut self) -> Result<DomainUser, Stop> {
        let draft = self.domain_draft();
        let key = draft.text("UserId").to_owned();
        for _ in 0..TRIES {
            let reply = match self.domain_post(&draft).await {
                Ok(reply) => reply,
                Err(Stop::Inconclusive(_)) if self.run.dispatch().ended().is_none() => continue,
                Err(stop) => return Err(stop),
            };
            let account = &self.run.account;
            let readable = account.wait_readable(&key, Purpose::Check, &mut self.log);
            if readable.await?.is_some() {
                return Ok(DomainUser { key, draft, reply });
            }
            if matches!(reply.status(), 400 | 403 | 409 | 415 | 422) {
                self.run.dispatch().end(format!(
                    "the target refuses a well-formed user of a domain with status {}; --profile, --email-domain and --name-prefix change what is sent",
                    reply.status()
                ));
                return Err(reply.fail("a well-formed user of a domain is refused"));
            }
            return Err(reply.inconclusive("a user was created, and its URL does not show it"));
        }
        Err(Stop::Inconclusive(format!(
            "the first user could not be created: {TRIES} requests got no conclusive response"
        )))
    }

    /// The user that the operator has prepared, with what is shown of it for a draft.
    async fn prepared_domain_user(&mut self, key: String) -> Result<DomainUser, Stop> {
        let reply = self.read_domain(&Self::domain_user(&key, "")).await?;
        let shown = reply.domain_user()?;
        let mut draft = DomainDraft::default().with("UserId", &key);
        for path in [
            "Email",
            "UserSettings/Scope",
            "UserSettings/Active",
            "UserProfile/FirstName",
            "UserProfile/LastName",
            "UserProfile/TelephoneNumbers/WorkPhone",
        ] {
            if let Some(text) = super::reply::text(&shown, path) {
                draft = draft.with(path, text);
            }
        }
        Ok(DomainUser { key, draft, reply })
    }

    /// Restores the shared user to its draft. Other fields of the operator's own user are restored
    /// at the end of the run.
    async fn restore_domain_user(&mut self, user: DomainUser) -> Result<DomainUser, Stop> {
        let prepared = self.run.limits().prepared_user.is_some();
        let mut draft = user.draft.clone();
        for path in EMPTY.iter().filter(|_| !prepared) {
            draft = draft.with(path, "");
        }
        let reply = self.domain_put(&user.key, &draft).await?;
        let is_back = |shown: &Shown| {
            let same = |part: &str, name: &str, path: &str| {
                let found = member(&shown.fields, part).unwrap_or(&shown.fields);
                let found = member(found, name).and_then(scalar);
                found.unwrap_or_default() == user.draft.text(path)
            };
            same("UserProfile", "FirstName", "UserProfile/FirstName")
                && same("UserProfile", "LastName", "UserProfile/LastName")
                && same("UserSettings", "Active", "UserSettings/Active")
                && same("", "Email", "Email")
        };
        let account = &self.run.account;
        let back = account.wait_until_shown(&user.key, &mut self.log, is_back);
        if !back.await? {
            return Err(reply.inconclusive(
                "the first user cannot be brought back to what it was before the case",
            ));
        }
        self.run.first().changed = false;
        Ok(user)
    }
}
