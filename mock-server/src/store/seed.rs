//! From seeds to accounts, and back for snapshots.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bandwidth_fixtures::{
    Secret,
    seed::{
        PasswordDigest, Salt, SeedAccount, SeedCredential, SeedLogin, SeedRole, SeedSecret,
        SeedUser, Timestamp,
    },
};

use super::state::{AccountState, Origin};
use crate::{
    domain::{Account, ClientSecret, Credential, Digest, Login, Role, User},
    generate,
    random::sixteen_bytes,
};

impl Account {
    /// The account of an origin, at that time of its clock.
    pub(super) fn seeded(origin: &Origin, now: Duration) -> Self {
        let seeded = &origin.account;
        let salt = seeded
            .salt
            .map_or_else(|| sixteen_bytes(origin.random), |salt| salt.0);
        let passwords = |clear: Option<&Secret>, digests: &[PasswordDigest]| {
            let clear = clear.map(|password| Digest::of(&salt, password.expose()));
            let kept = digests.iter().map(|digest| Digest::from_bytes(digest.0));
            clear.into_iter().chain(kept).collect::<Vec<Digest>>()
        };
        let roles: Vec<Role> = seeded.roles.iter().map(Role::from).collect();
        let role_ids: HashMap<&str, Arc<str>> = seeded
            .roles
            .iter()
            .zip(&roles)
            .map(|(seed, role)| (seed.role_id.as_str(), Arc::clone(&role.id)))
            .collect();
        let login = Login {
            username: seeded.login.username.as_str().into(),
            passwords: passwords(
                seeded.login.password.as_ref(),
                &seeded.login.password_digests,
            ),
        };
        let next = seeded.next_user_number;
        let generated = origin.generated;
        let after = next + u64::from(generated);
        let mut account = Self::new(&seeded.account_id, salt, login, roles, after);
        for (number, user) in (1..).zip(&seeded.users) {
            let roles = user.roles.iter();
            account.put(User {
                number,
                id: user.user_id.as_str().into(),
                username: user.username.as_str().into(),
                texts: user.texts().convert(),
                scope: user.account_scope,
                roles: roles
                    .filter_map(|id| role_ids.get(id.as_str()).cloned())
                    .collect(),
                enabled: user.enabled,
                passwords: passwords(user.password.as_ref(), &user.password_digests).into(),
                resources: user.resources.iter().map(|name| (**name).into()).collect(),
            });
        }
        for credential in seeded.credentials.iter().flatten() {
            let clear = credential.client_secret.as_ref().map(|text| ClientSecret {
                id: "s1".into(),
                digest: Digest::of(&salt, text.expose()),
                created: now,
                expires: None,
            });
            let kept = credential.secrets.iter().map(ClientSecret::from);
            account.add_credential(Credential {
                client_id: credential.client_id.as_str().into(),
                description: credential.description.clone(),
                scope: credential.account_scope,
                roles: credential.roles.clone(),
                accounts: credential.accounts.clone(),
                created: credential.created.map_or(now, |created| created.0),
                secrets: clear.into_iter().chain(kept).collect(),
            });
        }
        let first = seeded.users.len() as u64 + 1;
        generate::add_users(&mut account, generated, first, next);
        account
    }
}

impl From<&AccountState> for SeedAccount {
    fn from(state: &AccountState) -> Self {
        let account = state.account();
        Self {
            account_id: (*state.id).to_owned(),
            company_name: (*state.company_name).to_owned(),
            throwaway: state.throwaway,
            salt: Some(Salt(*account.salt())),
            login: SeedLogin {
                username: (*state.login).to_owned(),
                password: None,
                password_digests: digests(&account.login().passwords),
            },
            credentials: Some(
                account
                    .credentials()
                    .iter()
                    .map(|credential| SeedCredential::from(&**credential))
                    .collect(),
            ),
            roles: account.roles().iter().map(SeedRole::from).collect(),
            users: account
                .users()
                .map(|user| SeedUser::from(&**user))
                .collect(),
            next_user_number: account.next_number(),
        }
    }
}

impl From<&SeedSecret> for ClientSecret {
    fn from(secret: &SeedSecret) -> Self {
        Self {
            id: secret.secret_id.as_str().into(),
            digest: Digest::from_bytes(secret.digest.0),
            created: secret.created.0,
            expires: secret.expires.map(|end| end.0),
        }
    }
}

impl From<&ClientSecret> for SeedSecret {
    fn from(secret: &ClientSecret) -> Self {
        Self {
            secret_id: (*secret.id).to_owned(),
            digest: PasswordDigest(secret.digest.to_bytes()),
            created: Timestamp(secret.created),
            expires: secret.expires.map(Timestamp),
        }
    }
}

impl From<&Credential> for SeedCredential {
    fn from(credential: &Credential) -> Self {
        Self {
            client_id: (*credential.client_id).to_owned(),
            client_secret: None,
            secrets: credential.secrets.iter().map(SeedSecret::from).collect(),
            description: credential.description.clone(),
            account_scope: credential.scope,
            roles: credential.roles.clone(),
            accounts: credential.accounts.clone(),
            created: Some(Timestamp(credential.created)),
        }
    }
}

impl From<&SeedRole> for Role {
    fn from(role: &SeedRole) -> Self {
        Self {
            id: role.role_id.as_str().into(),
            name: role.role_name.as_str().into(),
            permissions: role.permissions.clone(),
        }
    }
}

impl From<&Role> for SeedRole {
    fn from(role: &Role) -> Self {
        Self {
            role_id: (*role.id).to_owned(),
            role_name: (*role.name).to_owned(),
            permissions: role.permissions.clone(),
        }
    }
}

impl From<&User> for SeedUser {
    fn from(user: &User) -> Self {
        Self {
            roles: user.roles.iter().map(|id| (**id).to_owned()).collect(),
            enabled: user.enabled,
            password_digests: digests(&user.passwords),
            resources: user
                .resources
                .iter()
                .map(|name| (**name).to_owned())
                .collect(),
            ..Self::new(&user.id, &user.username, user.texts.convert())
        }
    }
}

fn digests(digests: &[Digest]) -> Vec<PasswordDigest> {
    let bytes = digests.iter().map(|digest| digest.to_bytes());
    bytes.map(PasswordDigest).collect()
}
