//! From seeds to accounts, and back for snapshots.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bandwidth_fixtures::{
    Secret,
    seed::{
        PasswordDigest, Salt, SeedAccount, SeedCredential, SeedFurtherAccount, SeedLogin, SeedRole,
        SeedSecret, SeedUser, Timestamp,
    },
};

use super::state::{AccountState, Origin};
use crate::{
    domain::{Account, ClientSecret, Company, Credential, Digest, Login, Role, User, number_in},
    generate,
    random::sixteen_bytes,
};

impl Account {
    /// The account of an origin, at that time of its clock.
    pub(super) fn seeded(origin: &Origin, companies: Arc<[Company]>, now: Duration) -> Self {
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
            scope: seeded.login.account_scope,
        };
        let next = seeded.next_user_number;
        let mut account = Self::new(companies, salt, login, roles, next);
        let mut place = 0;
        for user in &seeded.users {
            let ahead = number_in(&user.user_id).filter(|number| *number >= next);
            let ahead = ahead.filter(|number| account.find_number(*number).is_none());
            let roles = user.roles.iter();
            let user = User {
                number: ahead.unwrap_or_else(|| {
                    place += 1;
                    place
                }),
                id: user.user_id.as_str().into(),
                username: user.username.as_str().into(),
                texts: user.texts().convert(),
                scope: user.account_scope,
                accounts: account.shared_accounts(&seeded.accounts_of(user)),
                roles: roles
                    .filter_map(|id| role_ids.get(id.as_str()).cloned())
                    .collect(),
                enabled: user.enabled,
                passwords: passwords(user.password.as_ref(), &user.password_digests).into(),
                resources: user.resources.iter().map(|name| (**name).into()).collect(),
                details: user.details.clone(),
            };
            match ahead {
                Some(_) => account.put_ahead(user),
                None => drop(account.put(user)),
            }
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
        generate::add_users(&mut account, origin.generated);
        account.forget_last_change();
        account
    }
}

impl From<&AccountState> for SeedAccount {
    fn from(state: &AccountState) -> Self {
        let account = state.account();
        Self {
            account_id: (*state.id).to_owned(),
            company_name: (*state.companies[0].name).to_owned(),
            domain_name: (*state.domain_name).to_owned(),
            further_accounts: further_accounts(&state.companies),
            throwaway: state.throwaway,
            salt: Some(Salt(*account.salt())),
            login: SeedLogin {
                username: (*state.login).to_owned(),
                password: None,
                password_digests: digests(&account.login().passwords),
                account_scope: account.login().scope,
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
                .map(|user| seed_user(user, &state.companies[0]))
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
            domain_id: role.domain_id().into(),
            description: role.description.as_deref().map(Into::into),
            internal: role.internal,
            customer_visible: role.customer_visible,
        }
    }
}

impl From<&Role> for SeedRole {
    fn from(role: &Role) -> Self {
        Self {
            role_id: (*role.id).to_owned(),
            role_name: (*role.name).to_owned(),
            permissions: role.permissions.clone(),
            domain_id: Some((*role.domain_id).to_owned()),
            description: role.description.as_deref().map(str::to_owned),
            internal: role.internal,
            customer_visible: role.customer_visible,
        }
    }
}

/// A user of a domain whose main account is that one.
pub fn seed_user(user: &User, main: &Company) -> SeedUser {
    let usual: &[Arc<str>] = if user.scope.is_system_wide() {
        &[]
    } else {
        main.alone()
    };
    let texts = |list: &[Arc<str>]| list.iter().map(|text| (**text).to_owned()).collect();
    SeedUser {
        account_scope: user.scope,
        accounts: (*user.accounts != *usual).then(|| texts(&user.accounts)),
        roles: texts(&user.roles),
        enabled: user.enabled,
        password_digests: digests(&user.passwords),
        resources: user
            .resources
            .iter()
            .map(|name| (**name).to_owned())
            .collect(),
        details: user.details.clone(),
        ..SeedUser::new(&user.id, &user.username, user.texts.convert())
    }
}

fn further_accounts(companies: &[Company]) -> Vec<SeedFurtherAccount> {
    let further = companies[1..].iter().map(|company| SeedFurtherAccount {
        account_id: (*company.id).to_owned(),
        company_name: (*company.name).to_owned(),
    });
    further.collect()
}

fn digests(digests: &[Digest]) -> Vec<PasswordDigest> {
    let bytes = digests.iter().map(|digest| digest.to_bytes());
    bytes.map(PasswordDigest).collect()
}
