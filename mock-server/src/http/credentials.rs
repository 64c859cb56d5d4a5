//! API credentials in today's API: client ids with their secrets. A secret is shown once, when it is
//! created.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use bandwidth_fixtures::{ApiError, operation::Parameter, profile::ManagedAbsentKeys};

use super::{
    answer::Answer,
    handlers::{Context, Outcome},
};
use crate::{
    codec::management,
    domain::{ClientSecret, Credential, CredentialError},
    store::{AccountState, NewCredential},
    wire::{CredentialBody, CredentialView, Expiry, SecretView},
};

impl From<CredentialError> for ApiError {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Unknown => Self::UnknownCredential,
            CredentialError::UnknownSecret => Self::UnknownSecret,
            CredentialError::TooManySecrets => Self::TooManySecrets,
        }
    }
}

impl Context<'_> {
    pub(super) fn list_credentials(&self) -> Outcome {
        let mut items = Vec::new();
        let held = self.held_accounts()?;
        for (slot, _) in self.domains()? {
            let account = slot.account();
            let seen = account.credentials().iter();
            for credential in seen.filter(|credential| is_seen(credential, &held)) {
                let shown = management::credential(&credential_view(credential, slot.now()));
                items.push(((*credential.client_id).to_owned(), shown));
            }
        }
        self.list(items)
    }

    pub(super) fn get_credential(&self) -> Outcome {
        let (slot, credential) = self.credential()?;
        let shown = management::credential(&credential_view(&credential, slot.now()));
        Ok(self.json(StatusCode::OK, shown))
    }

    /// A credential has at least one role and one account (SUP2).
    pub(super) fn create_credential(&self) -> Outcome {
        let body = management::credential_body(&self.json_body()?, self.rules)?;
        let new = self.changed(body, None)?;
        let slot = &self.caller.slot;
        let credential = self.store.create_credential(slot, new, self.mode);
        let shown = management::credential(&credential_view(&credential, slot.now()));
        Ok(self.created(shown, &credential.client_id))
    }

    pub(super) fn update_credential(&self) -> Outcome {
        let body = management::credential_body(&self.json_body()?, self.rules)?;
        let (slot, credential) = self.credential()?;
        let new = self.changed(body, Some(&credential))?;
        let credential = self.mode.on(&slot, |account| {
            account.change_credential(&credential.client_id, |credential| {
                credential.description = new.description;
                credential.scope = new.scope;
                credential.roles = new.roles;
                credential.accounts = new.accounts;
            })
        });
        let credential = credential.map_err(ApiError::from)?;
        let shown = management::credential(&credential_view(&credential, slot.now()));
        Ok(self.json(StatusCode::OK, shown))
    }

    pub(super) fn revoke_credential(&self) -> Outcome {
        let (slot, credential) = self.credential()?;
        self.store
            .delete_credential(&slot, &credential.client_id, self.mode)
            .map_err(ApiError::from)?;
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    pub(super) fn list_secrets(&self) -> Outcome {
        let (slot, credential) = self.credential()?;
        let items = credential.secrets.iter().map(|secret| {
            let shown = management::secret(&secret_view(secret, slot.now()));
            ((*secret.id).to_owned(), shown)
        });
        self.list(items.collect())
    }

    pub(super) fn get_secret(&self) -> Outcome {
        let (slot, credential) = self.credential()?;
        let id = self.parameter(Parameter::SecretId);
        let mut secrets = credential.secrets.iter();
        let secret = secrets.find(|secret| *secret.id == *id);
        let secret = secret.ok_or(ApiError::UnknownSecret)?;
        let shown = management::secret(&secret_view(secret, slot.now()));
        Ok(self.json(StatusCode::OK, shown))
    }

    pub(super) fn create_secret(&self) -> Outcome {
        let expiry = match &*self.json_body()? {
            "" => Expiry::Unsaid,
            text => management::expiry(text, self.rules)?,
        };
        let (slot, credential) = self.credential()?;
        let expires = match expiry {
            Expiry::Unsaid | Expiry::Never => None,
            Expiry::At(end) => Some(end),
        };
        let issued = slot
            .issue_secret(&credential.client_id, expires, self.mode)
            .map_err(ApiError::from)?;
        let view = SecretView {
            value: Some(&issued.text),
            ..secret_view(&issued.secret, slot.now())
        };
        Ok(self.created(management::secret(&view), &issued.secret.id))
    }

    pub(super) fn update_secret(&self) -> Outcome {
        let expiry = management::expiry(&self.json_body()?, self.rules)?;
        let (slot, credential) = self.credential()?;
        let id = self.parameter(Parameter::SecretId);
        let now = slot.now();
        let secret = self.mode.on(&slot, |account| {
            let mut secrets = credential.secrets.iter();
            let present = secrets.find(|secret| *secret.id == *id);
            let present = present.filter(|_| self.keeps());
            let expires = match expiry {
                Expiry::Unsaid => present.and_then(|secret| secret.expires),
                Expiry::Never => None,
                Expiry::At(end) => Some(end),
            };
            account.expire_secret(&credential.client_id, &id, now, expires)
        });
        let secret = secret.map_err(ApiError::from)?;
        let shown = management::secret(&secret_view(&secret, now));
        Ok(self.json(StatusCode::OK, shown))
    }

    pub(super) fn revoke_secret(&self) -> Outcome {
        let (slot, credential) = self.credential()?;
        let id = self.parameter(Parameter::SecretId);
        self.mode
            .on(&slot, |account| {
                account.delete_secret(&credential.client_id, &id)
            })
            .map_err(ApiError::from)?;
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// True if an update keeps the fields that it leaves out.
    fn keeps(&self) -> bool {
        self.rules.management_absent_keys() == ManagedAbsentKeys::Kept
    }

    /// Applies a body to a credential. Like for users, a caller can give and take only its own
    /// roles and accounts.
    fn changed(
        &self,
        body: CredentialBody,
        present: Option<&Credential>,
    ) -> Result<NewCredential, ApiError> {
        let kept = present.filter(|_| self.keeps());
        let scope = body.scope.or(kept.map(|kept| kept.scope));
        let roles = body.roles.or_else(|| Some(kept?.roles.clone()));
        let accounts = body.accounts.or_else(|| Some(kept?.accounts.clone()));
        let filled = |list: Option<Vec<String>>| list.filter(|list| !list.is_empty());
        let new = NewCredential {
            description: body
                .description
                .or_else(|| Some(kept?.description.clone()))
                .unwrap_or_default(),
            scope: scope.ok_or(ApiError::AccountScopeRequired)?,
            roles: filled(roles).ok_or(ApiError::RolesRequired)?,
            accounts: filled(accounts).ok_or(ApiError::AccountsRequired)?,
        };
        let grant = self.grant()?;
        if new.scope > grant.scope {
            return Err(ApiError::ScopeNotHeld);
        }
        let present_roles = present.map_or(&[][..], |present| &present.roles);
        if !may_change(present_roles, &new.roles, &grant.roles) {
            return Err(ApiError::RoleNotHeld);
        }
        let present_accounts = present.map_or(&[][..], |present| &present.accounts);
        if !may_change(present_accounts, &new.accounts, &self.held_accounts()?) {
            return Err(ApiError::AccountNotHeld);
        }
        Ok(new)
    }

    /// The ids of the accounts that the token opens.
    fn held_accounts(&self) -> Result<Vec<String>, ApiError> {
        let mut held = self.grant()?.accounts.clone();
        for (slot, reach) in self.domains()? {
            let companies = slot.companies.iter();
            let opened = companies.filter(|company| reach.opens(&company.id));
            held.extend(opened.map(|company| (*company.id).to_owned()));
        }
        Ok(held)
    }

    /// The credential in the path, and what has it.
    fn credential(&self) -> Result<(Arc<AccountState>, Arc<Credential>), ApiError> {
        let client_id = self.parameter(Parameter::ClientId);
        let held = self.held_accounts()?;
        let found = self.domains()?.into_iter().find_map(|(slot, _)| {
            let credential = slot.account().credential(&client_id).ok().cloned();
            let credential = credential.filter(|credential| is_seen(credential, &held))?;
            Some((slot, credential))
        });
        found.ok_or(ApiError::UnknownCredential)
    }
}

/// True if one of its accounts is held.
fn is_seen(credential: &Credential, held: &[String]) -> bool {
    credential.accounts.iter().any(|id| held.contains(id))
}

/// True if every added or removed entry is held.
fn may_change(before: &[String], after: &[String], held: &[String]) -> bool {
    let changes = |item: &&String| before.contains(item) != after.contains(item);
    let mut changed = before.iter().chain(after).filter(changes);
    changed.all(|item| held.contains(item))
}

fn credential_view(credential: &Credential, now: Duration) -> CredentialView<'_> {
    let secrets = credential.secrets.iter();
    CredentialView {
        client_id: &credential.client_id,
        description: &credential.description,
        scope: credential.scope,
        roles: &credential.roles,
        accounts: &credential.accounts,
        created: credential.created,
        secrets: secrets.map(|secret| secret_view(secret, now)).collect(),
    }
}

fn secret_view(secret: &ClientSecret, now: Duration) -> SecretView<'_> {
    SecretView {
        id: &secret.id,
        value: None,
        active: secret.is_active(now),
        created: secret.created,
        expires: secret.expires,
    }
}
