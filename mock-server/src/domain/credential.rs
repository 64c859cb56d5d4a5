//! API credentials of an account: client ids with their secrets, and what their tokens allow.

use std::{sync::Arc, time::Duration};

use bandwidth_fixtures::{AccountScope, Secret};
use thiserror::Error;

use super::{account::Account, password::Digest};

/// The most active secrets of a credential: two, so that one can be rotated (SUP2).
pub const MOST_SECRETS: usize = 2;

/// A client id, what its tokens allow, and its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Unique on the server.
    pub client_id: Arc<str>,
    /// Free text.
    pub description: String,
    /// The accounts that it can reach.
    pub scope: AccountScope,
    /// Display names of its roles.
    pub roles: Vec<String>,
    /// Ids of the accounts that it opens.
    pub accounts: Vec<String>,
    /// On the account's clock, since the Unix epoch.
    pub created: Duration,
    /// The oldest first.
    pub secrets: Vec<ClientSecret>,
}

/// A secret of a credential. The text itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSecret {
    /// Unique in its credential.
    pub id: Box<str>,
    /// Digest of the secret.
    pub digest: Digest,
    /// On the account's clock, since the Unix epoch.
    pub created: Duration,
    /// When it ends, on the same clock.
    pub expires: Option<Duration>,
}

impl ClientSecret {
    /// True if it can be used at that time.
    pub fn is_active(&self, now: Duration) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

/// Why a change of credentials was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CredentialError {
    /// The account has no such client id.
    #[error("the account has no credential of that client id")]
    Unknown,
    /// The credential has no such secret.
    #[error("the credential has no secret of that id")]
    UnknownSecret,
    /// It has as many active secrets as it may have.
    #[error("the credential has two active secrets; delete one first")]
    TooManySecrets,
}

impl Account {
    /// The credentials, the oldest first.
    pub fn credentials(&self) -> &[Arc<Credential>] {
        &self.credentials
    }

    /// The credential of that client id.
    pub fn credential(&self, client_id: &str) -> Result<&Arc<Credential>, CredentialError> {
        let mut all = self.credentials.iter();
        let found = all.find(|credential| *credential.client_id == *client_id);
        found.ok_or(CredentialError::Unknown)
    }

    /// Adds a credential.
    pub fn add_credential(&mut self, credential: Credential) -> Arc<Credential> {
        let credential = Arc::new(credential);
        self.credentials.push(Arc::clone(&credential));
        credential
    }

    /// Changes a credential.
    pub fn change_credential(
        &mut self,
        client_id: &str,
        change: impl FnOnce(&mut Credential),
    ) -> Result<Arc<Credential>, CredentialError> {
        let credential = self.credential_mut(client_id)?;
        change(Arc::make_mut(credential));
        Ok(Arc::clone(credential))
    }

    /// Revokes a credential with its secrets.
    pub fn delete_credential(&mut self, client_id: &str) -> Result<(), CredentialError> {
        self.credential(client_id)?;
        self.credentials
            .retain(|credential| *credential.client_id != *client_id);
        Ok(())
    }

    /// Adds a secret to a credential.
    pub fn add_secret(
        &mut self,
        client_id: &str,
        id: &str,
        text: &Secret,
        now: Duration,
        expires: Option<Duration>,
    ) -> Result<ClientSecret, CredentialError> {
        let secret = ClientSecret {
            id: id.into(),
            digest: self.digest(text.expose()),
            created: now,
            expires,
        };
        let secrets = &mut Arc::make_mut(self.credential_mut(client_id)?).secrets;
        let active = secrets.iter().filter(|secret| secret.is_active(now));
        if secret.is_active(now) && active.count() >= MOST_SECRETS {
            return Err(CredentialError::TooManySecrets);
        }
        secrets.push(secret.clone());
        Ok(secret)
    }

    /// Changes when a secret ends.
    pub fn expire_secret(
        &mut self,
        client_id: &str,
        id: &str,
        now: Duration,
        expires: Option<Duration>,
    ) -> Result<ClientSecret, CredentialError> {
        let secrets = &mut Arc::make_mut(self.credential_mut(client_id)?).secrets;
        let place = secrets.iter().position(|secret| *secret.id == *id);
        let place = place.ok_or(CredentialError::UnknownSecret)?;
        let changed = ClientSecret {
            expires,
            ..secrets[place].clone()
        };
        let others = secrets.iter().filter(|secret| *secret.id != *id);
        let active = others.filter(|secret| secret.is_active(now));
        if changed.is_active(now) && active.count() >= MOST_SECRETS {
            return Err(CredentialError::TooManySecrets);
        }
        secrets[place] = changed.clone();
        Ok(changed)
    }

    /// Deletes a secret.
    pub fn delete_secret(&mut self, client_id: &str, id: &str) -> Result<(), CredentialError> {
        let secrets = &mut Arc::make_mut(self.credential_mut(client_id)?).secrets;
        let before = secrets.len();
        secrets.retain(|secret| *secret.id != *id);
        if secrets.len() == before {
            return Err(CredentialError::UnknownSecret);
        }
        Ok(())
    }

    /// The credential of that client id, if this is an active secret of it.
    pub fn client(&self, client_id: &str, text: &Secret, now: Duration) -> Option<Arc<Credential>> {
        let credential = self.credential(client_id).ok()?;
        let digest = self.digest(text.expose());
        let right = |secret: &ClientSecret| secret.is_active(now) & secret.digest.matches(&digest);
        let opens = credential.secrets.iter().any(right);
        opens.then(|| Arc::clone(credential))
    }

    fn credential_mut(&mut self, client_id: &str) -> Result<&mut Arc<Credential>, CredentialError> {
        let mut all = self.credentials.iter_mut();
        let found = all.find(|credential| *credential.client_id == *client_id);
        found.ok_or(CredentialError::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use bandwidth_fixtures::{AccountScope, Secret};

    use super::{Account, Credential, CredentialError};
    use crate::domain::{Company, Login};

    fn account() -> Account {
        let login = Login {
            username: "api".into(),
            passwords: Vec::new(),
            scope: AccountScope::AccountAdmin,
        };
        let companies = Arc::new([Company::new("1", "")]);
        let mut account = Account::new(companies, [7; 16], login, Vec::new(), 1);
        account.add_credential(Credential {
            client_id: "CLI-1".into(),
            description: String::new(),
            scope: AccountScope::Account,
            roles: vec!["Porting".to_owned()],
            accounts: vec!["1".to_owned()],
            created: Duration::ZERO,
            secrets: Vec::new(),
        });
        account
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn two_secrets_are_active_at_once_and_an_expired_one_does_not_count() {
        let mut account = account();
        let mut add = |id: &str, now: u64, expires: Option<u64>| {
            let text = Secret::new(format!("secret {id}"));
            let expires = expires.map(at);
            account
                .add_secret("CLI-1", id, &text, at(now), expires)
                .map(|secret| secret.id)
        };
        assert_eq!(add("a", 0, Some(10)), Ok("a".into()));
        assert_eq!(add("b", 1, None), Ok("b".into()));
        assert_eq!(add("c", 9, None), Err(CredentialError::TooManySecrets));
        assert_eq!(add("c", 10, None), Ok("c".into()));
        let opens = |account: &Account, text: &str, now: u64| {
            let text = Secret::new(text);
            account.client("CLI-1", &text, at(now)).is_some()
        };
        assert!(opens(&account, "secret a", 9) && !opens(&account, "secret a", 10));
        assert!(opens(&account, "secret b", 10) && opens(&account, "secret c", 10));
        assert!(!opens(&account, "secret d", 10) && !opens(&account, "", 10));
        let revived = account.expire_secret("CLI-1", "a", at(10), None);
        assert_eq!(revived.unwrap_err(), CredentialError::TooManySecrets);
        account.delete_secret("CLI-1", "b").unwrap();
        assert!(!opens(&account, "secret b", 10));
        let again = account.delete_secret("CLI-1", "b");
        assert_eq!(again, Err(CredentialError::UnknownSecret));
        account.expire_secret("CLI-1", "a", at(10), None).unwrap();
        assert!(opens(&account, "secret a", 10));
        account.delete_credential("CLI-1").unwrap();
        assert!(!opens(&account, "secret a", 10));
    }
}
