//! Users that are made up, for a server with many of them.

use bandwidth_fixtures::Texts;

use crate::domain::{Account, User, UserNumber};

const FIRST_NAMES: [&str; 8] = ["Ada", "Ben", "Cleo", "Dana", "Emil", "Faye", "Gus", "Hana"];
const LAST_NAMES: [&str; 7] = [
    "Archer", "Baker", "Cooper", "Dyer", "Fisher", "Glover", "Mason",
];

/// Adds `count` users to the account, numbered from `first` in the order of creation and named
/// after the ids from `first_id` on. They have no password.
pub(crate) fn add_users(account: &mut Account, count: u32, first: UserNumber, first_id: u64) {
    for index in 0..u64::from(count) {
        let id = format!("u{}", first_id + index);
        let username = format!("user-{}", first_id + index);
        let email = format!("{username}@example.com");
        account.put(User {
            number: first + index,
            id: id.into(),
            username: username.into(),
            texts: Texts {
                first_name: Some(pick(&FIRST_NAMES, index)),
                last_name: Some(pick(&LAST_NAMES, index)),
                email: Some(email.into()),
                ..Texts::default()
            },
            roles: Box::default(),
            enabled: true,
            passwords: Box::default(),
            resources: Box::default(),
        });
    }
}

fn pick(names: &[&str], index: u64) -> Box<str> {
    let count = names.len() as u64;
    let index = usize::try_from(index % count).unwrap_or_default();
    names[index].into()
}
