//! Users that are made up, for a server with many of them.

use bandwidth_fixtures::{Seed, seed::SeedUser};

const FIRST_NAMES: [&str; 8] = ["Ada", "Ben", "Cleo", "Dana", "Emil", "Faye", "Gus", "Hana"];
const LAST_NAMES: [&str; 7] = [
    "Archer", "Baker", "Cooper", "Dyer", "Fisher", "Glover", "Mason",
];

/// Adds `count` users to each account. They have no password.
pub(crate) fn add_users(seed: &mut Seed, count: u32) {
    for account in &mut seed.accounts {
        for (index, number) in (0..count as usize).zip(account.next_user_number..) {
            let username = format!("user-{number}");
            account.users.push(SeedUser {
                user_id: format!("u{number}"),
                email: Some(format!("{username}@example.com")),
                username,
                first_name: Some(FIRST_NAMES[index % FIRST_NAMES.len()].to_owned()),
                last_name: Some(LAST_NAMES[index % LAST_NAMES.len()].to_owned()),
                telephone_number: None,
                roles: Vec::new(),
                enabled: true,
                password: None,
                resources: Vec::new(),
                username_reserved: true,
            });
        }
        account.next_user_number += u64::from(count);
    }
}
