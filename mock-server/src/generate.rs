//! Generates users, for a server with many of them, and credentials.

use std::sync::Arc;

use bandwidth_fixtures::{
    AccountScope, Secret, Texts,
    seed::{CREDENTIAL_ACCESS, SeedAccount, SeedCredential},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Builder;

use crate::{
    domain::{Account, User},
    random::{mix, sixteen_bytes},
};

const FIRST_NAMES: [&str; 8] = ["Ada", "Ben", "Cleo", "Dana", "Emil", "Faye", "Gus", "Hana"];
const LAST_NAMES: [&str; 7] = [
    "Archer", "Baker", "Cooper", "Dyer", "Fisher", "Glover", "Mason",
];

/// Adds `count` users to the main account, named after their ids. They have no password.
pub(crate) fn add_users(account: &mut Account, count: u32) {
    let accounts = Arc::clone(account.companies()[0].alone());
    for index in 0..u64::from(count) {
        let (number, id) = account.next_id(|number| format!("u{number}").into());
        let username = format!("user-{number}");
        let email = format!("{username}@example.com");
        account.put(User {
            number,
            id,
            username: username.into(),
            texts: Texts {
                first_name: Some(pick(&FIRST_NAMES, index)),
                last_name: Some(pick(&LAST_NAMES, index)),
                email: Some(email.into()),
                ..Texts::default()
            },
            scope: AccountScope::Account,
            accounts: Arc::clone(&accounts),
            roles: Box::default(),
            enabled: true,
            passwords: Box::default(),
            details: None,
            resources: Box::default(),
        });
    }
}

fn pick(names: &[&str], index: u64) -> Box<str> {
    let count = names.len() as u64;
    let index = usize::try_from(index % count).unwrap_or_default();
    names[index].into()
}

/// A client id as Bandwidth's own look (BAND).
pub(crate) fn client_id(random: u64) -> String {
    format!(
        "CLI-{}",
        Builder::from_random_bytes(sixteen_bytes(random)).into_uuid()
    )
}

/// The text of a secret.
pub(crate) fn client_secret(random: u64) -> Secret {
    let [first, second] = [0, 1].map(|index| sixteen_bytes(mix(random, index)));
    Secret::new(URL_SAFE_NO_PAD.encode([first, second].concat()))
}

/// The account with a credential, if its seed says nothing of credentials. The credential follows
/// from `random` and the account's id, so it is the same each time.
pub(crate) fn with_credential(mut account: SeedAccount, random: u64) -> SeedAccount {
    if account.credentials.is_none() {
        let bytes = account.account_id.bytes();
        let random = bytes.fold(random, |random, byte| mix(random, byte.into()));
        let roles = account.roles.iter().map(|role| role.role_name.as_str());
        let roles = [CREDENTIAL_ACCESS, "Porting"].into_iter().chain(roles);
        account.credentials = Some(vec![SeedCredential {
            client_id: client_id(mix(random, 0)),
            client_secret: Some(client_secret(mix(random, 1))),
            secrets: Vec::new(),
            description: String::new(),
            account_scope: AccountScope::AccountAdmin,
            roles: roles.map(str::to_owned).collect(),
            accounts: vec![account.account_id.clone()],
            created: None,
        }]);
    }
    account
}

/// The first client id of an account whose secret its seed has in the clear, and that secret.
pub(crate) fn client_of(account: &SeedAccount) -> Option<(String, Secret)> {
    account.credentials.iter().flatten().find_map(|credential| {
        let secret = credential.client_secret.clone()?;
        Some((credential.client_id.clone(), secret))
    })
}
