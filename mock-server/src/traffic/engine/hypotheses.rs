//! The possible worlds of a server, if the traffic does not show its state.
//!
//! A user may exist that no response showed, or another client may have changed one. These worlds
//! explain most responses: an option that none of them explains is contradicted.

use std::sync::Arc;

use super::{
    people::{Roles, Shown},
    subject::Subject,
};
use crate::{
    domain::{Account, User},
    store::Saved,
};

/// The user that was shown, in the account. What was not shown is as `before` has it, else made up.
pub(super) fn user(
    account: &Account,
    shown: &Shown,
    roles: &Roles,
    number: u64,
    before: Option<&User>,
) -> User {
    let text = |shown: &Option<String>, before: Option<&Option<Box<str>>>| {
        let shown = shown.as_deref().filter(|text| !text.is_empty());
        shown.map(Into::into).or_else(|| before?.clone())
    };
    let texts = before.map(|user| &user.texts);
    let key = shown.id.as_ref().or(shown.username.as_ref());
    let key = key.map_or_else(|| format!("somebody-{number}"), String::clone);
    let own: Vec<Arc<str>> = match (&shown.roles, before) {
        (Some(given), _) => given
            .iter()
            .filter_map(|role| roles.id_of(role))
            .map(Arc::from)
            .collect(),
        (None, Some(before)) => before.roles.to_vec(),
        (None, None) => Vec::new(),
    };
    let mut user = User {
        number,
        id: key.as_str().into(),
        username: shown.username.as_deref().unwrap_or(&key).into(),
        texts: bandwidth_fixtures::Texts::default(),
        scope: bandwidth_fixtures::AccountScope::Account,
        accounts: Arc::clone(account.companies()[0].alone()),
        roles: own.into(),
        enabled: shown
            .enabled
            .or_else(|| Some(before?.enabled))
            .unwrap_or(true),
        passwords: before.map_or_else(Box::default, |user| user.passwords.clone()),
        resources: before.map_or_else(Box::default, |user| user.resources.clone()),
        details: before.and_then(|user| user.details.clone()),
    };
    user.texts.first_name = text(&shown.first_name, texts.map(|texts| &texts.first_name));
    user.texts.last_name = text(&shown.last_name, texts.map(|texts| &texts.last_name));
    user.texts.email = text(&shown.email, texts.map(|texts| &texts.email));
    user.texts.telephone_number =
        text(&shown.telephone, texts.map(|texts| &texts.telephone_number));
    user
}

/// The user of that key.
pub(super) fn find<'a>(account: &'a Account, key: &str) -> Option<&'a Arc<User>> {
    let mut users = account.users();
    users.find(|user| *user.id == *key || *user.username == *key)
}

/// Numbers of users that are made up. Those of created users are above, those of users that were
/// there before below.
const MADE_UP: u64 = 900_000;

/// Users that a key may have. `known` is what is believed, `seen` is in the response.
fn of_key(
    account: &Account,
    key: &str,
    known: Option<&User>,
    seen: Option<&Shown>,
    roles: &Roles,
) -> Vec<User> {
    let number = known.map_or(MADE_UP, |user| user.number);
    let by_key = Shown {
        id: Some(key.to_owned()),
        ..Shown::default()
    };
    let id = |shown: &Shown| shown.id.clone().or_else(|| Some(key.to_owned()));
    let mut users = Vec::new();
    for shown in seen.into_iter().chain([&by_key]) {
        // Both as a key that is an id, and as one that is a username.
        let named = Shown {
            id: id(shown),
            ..shown.clone()
        };
        users.push(user(account, &named, roles, number, known));
        users.push(user(account, &named, roles, number, None));
    }
    if let Some(shown) = seen {
        // The request may have changed the username, which is the key.
        let renamed = Shown {
            id: id(shown),
            username: Some(key.to_owned()),
            ..shown.clone()
        };
        users.push(user(account, &renamed, roles, number, None));
    }
    let mut full = user(account, &by_key, roles, number, None);
    full.texts = bandwidth_fixtures::Texts::default();
    full.texts.first_name = Some("Some".into());
    full.texts.last_name = Some("Body".into());
    full.texts.email = Some("some.body@example.com".into());
    users.push(full);
    users
}

/// Worlds like this one that differ in what the request touches. `seen` are the users in the
/// response, `sent` is the user in the request.
pub(super) fn around(
    world: &Saved,
    subject: &Subject,
    sent: Option<&Shown>,
    seen: &[Shown],
    roles: &Roles,
) -> Vec<Saved> {
    let mut worlds = Vec::new();
    let mut add = |change: &dyn Fn(&mut Account)| {
        let mut other = world.clone();
        change(&mut other.account);
        worlds.push(other);
    };
    match subject {
        Subject::List => {
            add(&|account| replace_all(account, seen, roles));
        }
        Subject::User(key) => {
            let known = find(&world.account, key).cloned();
            add(&|account| {
                if let Some(known) = &known {
                    account.take_away(known.number);
                }
            });
            let there = of_key(&world.account, key, known.as_deref(), seen.first(), roles);
            let mut variants = there.clone();
            for user in &there {
                variants.push(User {
                    enabled: !user.enabled,
                    ..user.clone()
                });
                variants.push(User {
                    resources: ["a resource".into()].into(),
                    ..user.clone()
                });
            }
            for user in &variants {
                add(&|account| drop(account.put(user.clone())));
            }
            if let Some(sent) = sent {
                for user in &variants[..1] {
                    add(&|account| {
                        account.put(user.clone());
                        take_names(account, sent);
                    });
                }
            }
        }
        Subject::Create => {
            let Some(sent) = sent else { return worlds };
            let names = |username: bool, email: bool| Shown {
                username: sent.username.clone().filter(|_| username),
                email: sent.email.clone().filter(|_| email),
                ..Shown::default()
            };
            for shown in [names(true, false), names(false, true), names(true, true)] {
                add(&|account| take_names(account, &shown));
            }
            // Neither name is taken, whatever is believed.
            add(&|account| {
                let same = |one: Option<&str>, other: Option<&String>| {
                    one.is_some_and(|one| {
                        other.is_some_and(|other| one.eq_ignore_ascii_case(other))
                    })
                };
                let taken: Vec<u64> = account
                    .users()
                    .filter(|user| {
                        same(Some(&user.username), sent.username.as_ref())
                            || same(user.texts.email.as_deref(), sent.email.as_ref())
                    })
                    .map(|user| user.number)
                    .collect();
                for number in taken {
                    account.take_away(number);
                }
            });
        }
        Subject::Roles | Subject::Nothing | Subject::Unfollowed => {}
    }
    worlds
}

/// These worlds, and the same in which the user has that password already.
pub(super) fn had(worlds: &[Saved], subject: &Subject, password: Option<&str>) -> Vec<Saved> {
    let mut all = worlds.to_vec();
    if let (Subject::User(key), Some(password)) = (subject, password) {
        for world in worlds {
            let mut other = world.clone();
            let account = &mut other.account;
            let Some(user) = find(account, key).cloned() else {
                continue;
            };
            account.put(User {
                passwords: [account.digest(password)].into(),
                ..(*user).clone()
            });
            all.push(other);
        }
    }
    all
}

/// Gives the names of `shown` to another user.
fn take_names(account: &mut Account, shown: &Shown) {
    let other = Shown {
        id: Some("another-user".to_owned()),
        username: Some(
            shown
                .username
                .clone()
                .unwrap_or_else(|| "another-user".to_owned()),
        ),
        email: shown.email.clone(),
        ..Shown::default()
    };
    let other = user(account, &other, &Roles::default(), MADE_UP + 1, None);
    account.put(other);
}

/// Replaces the users of the account by these.
pub(super) fn replace_all(account: &mut Account, seen: &[Shown], roles: &Roles) {
    let before: Vec<Arc<User>> = account.users().cloned().collect();
    for user in &before {
        account.take_away(user.number);
    }
    for (number, shown) in (1..).zip(seen) {
        let key = shown.id.as_ref().or(shown.username.as_ref());
        let known = key.and_then(|key| {
            before
                .iter()
                .find(|user| *user.id == **key || *user.username == **key)
        });
        let mut user = user(account, shown, roles, number, None);
        if let Some(known) = known {
            user.id = known.id.clone();
            user.passwords.clone_from(&known.passwords);
            user.resources.clone_from(&known.resources);
        }
        account.put(user);
    }
}
