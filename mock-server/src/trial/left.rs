//! The users that a run leaves behind, and how they differ from those of the baseline.
//!
//! Users are compared by meaning. What the server makes does not count, nor does what differs
//! between two runs of the baseline. A password counts where both runs have the same salt.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use bandwidth_fixtures::seed::{PasswordDigest, SeedAccount};
use serde_json::Value;

use crate::{embedded::MockServer, store::AccountState};

/// The name of the field that is shown first, and by which users are found again.
const USERNAME: &str = "username";
/// A field of which no value is shown.
const PASSWORD: &str = "password";

/// A user: its fields by the names of seeds, those of `details` too.
type Fields = BTreeMap<String, String>;

/// A position before a run: accounts with a later mark belong to the run.
#[derive(Debug, Clone, Copy)]
pub struct Mark(u64);

/// The accounts that a run leaves: those of the seed, and those that it made.
#[derive(Debug, Clone, Default)]
pub struct Left(Vec<LeftAccount>);

#[derive(Debug, Clone)]
struct LeftAccount {
    id: String,
    throwaway: bool,
    /// By what passwords of the account can be compared.
    salt: [u8; 16],
    users: Vec<Fields>,
}

/// The users that the baseline leaves.
#[derive(Debug)]
pub struct Expected(Vec<ExpectedAccount>);

#[derive(Debug)]
struct ExpectedAccount {
    account: LeftAccount,
    users: Vec<ExpectedUser>,
}

#[derive(Debug)]
struct ExpectedUser {
    fields: Fields,
    /// Fields that differ between two runs of the baseline.
    random: BTreeSet<String>,
    /// True if the baseline left it unchanged.
    untouched: bool,
}

/// The difference of one user from the baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In words.
    pub text: String,
    /// True if it was changed or deleted, and the baseline never touched it.
    pub harms: bool,
}

/// The mark of this moment.
pub fn mark(server: &MockServer) -> Mark {
    let accounts = server.app().all_accounts();
    let newest = accounts.iter().map(|state| state.incarnation).max();
    Mark(newest.unwrap_or_default())
}

impl Left {
    /// The current users, with the accounts that were made since the mark and deleted.
    pub fn of(server: &MockServer, since: Mark) -> Self {
        let mut accounts = server.app().all_accounts();
        let store = server.app().store();
        accounts.retain(|state| {
            let is_there = store
                .account(&state.id)
                .is_some_and(|there| there.incarnation == state.incarnation);
            state.incarnation > since.0 || is_there && !state.throwaway
        });
        Self(
            accounts
                .iter()
                .map(|state| LeftAccount::of(state))
                .collect(),
        )
    }
}

impl LeftAccount {
    fn of(state: &AccountState) -> Self {
        let seed = SeedAccount::from(state);
        let role = |id: &String| {
            let known = seed.roles.iter().find(|role| role.role_id == *id);
            known.map_or(id.as_str(), |role| &role.role_name).to_owned()
        };
        let users = seed.users.iter().map(|user| {
            let mut fields = Fields::new();
            let shown = serde_json::to_value(user).unwrap_or_default();
            flatten("", &shown, &mut fields);
            fields.retain(|name, _| !name.starts_with("passwordDigests"));
            fields.remove("userId");
            let roles: Vec<String> = user.roles.iter().map(role).collect();
            fields.insert("roles".to_owned(), roles.join(", "));
            fields.insert("enabled".to_owned(), user.enabled.to_string());
            if let Some(present) = user.password_digests.first() {
                fields.insert(PASSWORD.to_owned(), comparable(present));
            }
            fields
        });
        Self {
            id: seed.account_id.clone(),
            throwaway: seed.throwaway,
            salt: *state.account().salt(),
            users: users.collect(),
        }
    }

    /// The place of its users, for accounts that a command made.
    fn place(&self) -> String {
        if self.throwaway {
            format!(" (account {})", self.id)
        } else {
            String::new()
        }
    }
}

/// Distinguishes equal passwords from others, and reveals nothing else.
fn comparable(digest: &PasswordDigest) -> String {
    let mut hasher = DefaultHasher::new();
    digest.0.hash(&mut hasher);
    hasher.finish().to_string()
}

/// The texts in a value, by their places in it. Lists of texts are one text.
fn flatten(place: &str, value: &Value, fields: &mut Fields) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let place = match place {
                    "" | "details" => name.clone(),
                    place => format!("{place}.{name}"),
                };
                flatten(&place, member, fields);
            }
        }
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(text).collect();
            fields.insert(place.to_owned(), texts.join(", "));
        }
        value => {
            fields.insert(place.to_owned(), text(value));
        }
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The names of the fields by which two users differ.
fn differing<'f>(one: &'f Fields, other: &'f Fields) -> BTreeSet<&'f String> {
    let names = one.keys().chain(other.keys());
    names
        .filter(|name| one.get(*name) != other.get(*name))
        .collect()
}

/// Pairs each of `one` with one of `other`: those first that are `same`, the rest in order. Then
/// the rest of `other`.
fn paired(
    one: usize,
    other: usize,
    same: impl Fn(usize, usize) -> bool,
    fits: impl Fn(usize, usize) -> bool,
) -> (Vec<Option<usize>>, Vec<usize>) {
    let mut pairs = vec![None; one];
    let mut rest: Vec<usize> = (0..other).collect();
    for matches in [&same as &dyn Fn(usize, usize) -> bool, &fits] {
        for (left, pair) in pairs
            .iter_mut()
            .enumerate()
            .filter(|(_, pair)| pair.is_none())
        {
            if let Some(at) = rest.iter().position(|right| matches(left, *right)) {
                *pair = Some(rest.remove(at));
            }
        }
    }
    (pairs, rest)
}

impl Expected {
    /// From what was there at the start and two runs of the baseline; none if they leave different
    /// numbers of accounts or users.
    pub fn of(start: &Left, one: &Left, other: &Left) -> Option<Self> {
        let (pairs, rest) = paired(
            one.0.len(),
            other.0.len(),
            |a, b| {
                let (one, other) = (&one.0[a], &other.0[b]);
                !one.throwaway && one.id == other.id || one.throwaway && one.users == other.users
            },
            |a, b| {
                let (one, other) = (&one.0[a], &other.0[b]);
                one.throwaway && other.throwaway && one.users.len() == other.users.len()
            },
        );
        let accounts = one.0.iter().zip(&pairs).map(|(account, pair)| {
            let other = &other.0[(*pair)?];
            let before = start.0.iter().find(|before| before.id == account.id);
            let users = expected_users(before, account, other)?;
            Some(ExpectedAccount {
                account: account.clone(),
                users,
            })
        });
        let accounts: Option<Vec<_>> = accounts.collect();
        accounts.filter(|_| rest.is_empty()).map(Self)
    }

    /// Differences of a run's end state.
    pub fn differences(&self, run: &Left) -> Vec<Difference> {
        let between = |a: usize, b: usize| self.0[a].differences(&run.0[b]);
        let (pairs, rest) = paired(
            self.0.len(),
            run.0.len(),
            |a, b| {
                let (one, other) = (&self.0[a].account, &run.0[b]);
                !one.throwaway && one.id == other.id
                    || one.throwaway && other.throwaway && between(a, b).is_empty()
            },
            |a, b| self.0[a].account.throwaway && run.0[b].throwaway,
        );
        let mut found = Vec::new();
        for (index, pair) in pairs.iter().enumerate() {
            match pair {
                Some(pair) => found.extend(between(index, *pair)),
                None => found.push(Difference {
                    text: format!(
                        "account {} was not made, or is gone",
                        self.0[index].account.id
                    ),
                    harms: false,
                }),
            }
        }
        found.extend(rest.into_iter().map(|index| Difference {
            text: format!(
                "account {} is there, and the baseline has no such account",
                run.0[index].id
            ),
            harms: false,
        }));
        found
    }
}

fn expected_users(
    before: Option<&LeftAccount>,
    one: &LeftAccount,
    other: &LeftAccount,
) -> Option<Vec<ExpectedUser>> {
    let (pairs, rest) = paired(
        one.users.len(),
        other.users.len(),
        |a, b| one.users[a].get(USERNAME) == other.users[b].get(USERNAME),
        |_, _| true,
    );
    if !rest.is_empty() {
        return None;
    }
    let users = one.users.iter().zip(pairs).map(|(user, pair)| {
        let other = &other.users[pair?];
        let random = differing(user, other).into_iter().cloned().collect();
        let untouched = before.is_some_and(|before| before.users.contains(user));
        Some(ExpectedUser {
            fields: user.clone(),
            random,
            untouched,
        })
    });
    users.collect()
}

impl ExpectedAccount {
    fn differences(&self, run: &LeftAccount) -> Vec<Difference> {
        let place = run.place();
        let named = |user: &ExpectedUser| !user.random.contains(USERNAME);
        let (pairs, rest) = paired(
            self.users.len(),
            run.users.len(),
            |a, b| {
                let user = &self.users[a];
                named(user) && user.fields.get(USERNAME) == run.users[b].get(USERNAME)
            },
            |a, _| !named(&self.users[a]),
        );
        let has_salt = self.account.salt == run.salt;
        let mut found = Vec::new();
        for (user, pair) in self.users.iter().zip(pairs) {
            let name = &user.fields[USERNAME];
            let text = match pair {
                None => format!("{name} is missing{place}"),
                Some(pair) => match user.changes(&run.users[pair], has_salt) {
                    Some(changes) => format!("{name} is changed{place}: {changes}"),
                    None => continue,
                },
            };
            found.push(Difference {
                text,
                harms: user.untouched,
            });
        }
        for user in rest.into_iter().map(|index| &run.users[index]) {
            let like = self.users.iter().find(|other| other.is_like(user));
            let text = match like {
                Some(other) => format!(
                    "{} is there, as a double of {}{place}",
                    user[USERNAME], other.fields[USERNAME]
                ),
                None => format!("{} is there, and should not be{place}", user[USERNAME]),
            };
            found.push(Difference { text, harms: false });
        }
        found
    }
}

impl ExpectedUser {
    /// Describes the differences.
    fn changes(&self, here: &Fields, has_salt: bool) -> Option<String> {
        let names = differing(&self.fields, here).into_iter();
        let names = names.filter(|name| !self.random.contains(*name));
        let names = names.filter(|name| has_salt || *name != PASSWORD);
        let value = |fields: &Fields, name: &String| match fields.get(name).map(String::as_str) {
            None | Some("") => "absent".to_owned(),
            Some(value) => format!("`{value}`"),
        };
        let changes: Vec<String> = names
            .map(|name| match name.as_str() {
                PASSWORD => "another password".to_owned(),
                _ => format!(
                    "{name} {}, not {}",
                    value(here, name),
                    value(&self.fields, name)
                ),
            })
            .collect();
        (!changes.is_empty()).then(|| changes.join("; "))
    }

    /// True if both are the same person: by email, or by both names.
    fn is_like(&self, other: &Fields) -> bool {
        let same = |name: &str| {
            let known = self
                .fields
                .get(name)
                .filter(|_| !self.random.contains(name));
            known.is_some_and(|known| other.get(name) == Some(known))
        };
        same("email") || same("firstName") && same("lastName")
    }
}

#[cfg(test)]
mod tests {
    use super::{Expected, Fields, Left, LeftAccount};

    fn user(text: &str) -> Fields {
        let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn account(id: &str, throwaway: bool, users: &[&str]) -> LeftAccount {
        LeftAccount {
            id: id.to_owned(),
            throwaway,
            salt: [id.len().try_into().unwrap(); 16],
            users: users.iter().map(|text| user(text)).collect(),
        }
    }

    fn seeded(users: &[&str]) -> Left {
        Left(vec![account("1", false, users)])
    }

    fn compared(expected: &Expected, run: &Left) -> Vec<String> {
        let found = expected.differences(run).into_iter();
        found
            .map(|one| format!("{}{}", if one.harms { "! " } else { "" }, one.text))
            .collect()
    }

    const JO: &str = "username=jo lastName=Doe password=aa";

    #[test]
    fn missing_doubled_and_changed_users_are_named() {
        let start = seeded(&[JO]);
        let end = seeded(&[
            JO,
            "username=ines email=i@x firstName=I roles=ReadOnly password=bb",
        ]);
        let again = seeded(&[
            JO,
            "username=ines email=i@x firstName=I roles=ReadOnly password=cc",
        ]);
        let expected = Expected::of(&start, &end, &again).unwrap();
        assert!(compared(&expected, &again).is_empty());
        let run = seeded(&[
            "username=ines email=i@x firstName=I roles= password=dd",
            "username=ines2 email=i@x",
        ]);
        assert_eq!(
            compared(&expected, &run),
            [
                "! jo is missing",
                "ines is changed: roles absent, not `ReadOnly`",
                "ines2 is there, as a double of ines",
            ]
        );
        let run = seeded(&["username=jo lastName=Doe password=ff", "username=eve"]);
        assert_eq!(
            compared(&expected, &run),
            [
                "! jo is changed: another password",
                "ines is missing",
                "eve is there, and should not be"
            ]
        );
    }

    #[test]
    fn what_is_random_in_the_baseline_does_not_count() {
        let start = seeded(&[]);
        let left =
            |name: &str| seeded(&[&format!("username=u-{name} lastName=Doe email={name}@x")]);
        let expected = Expected::of(&start, &left("1a"), &left("2b")).unwrap();
        assert!(compared(&expected, &left("3c")).is_empty());
        assert_eq!(compared(&expected, &start), ["u-1a is missing"]);
        assert!(Expected::of(&start, &left("1a"), &start).is_none());
    }

    #[test]
    fn accounts_that_a_command_makes_are_compared_in_any_order() {
        let left = |accounts: &[(&str, &[&str])]| {
            let accounts = accounts.iter();
            Left(
                accounts
                    .map(|(id, users)| account(id, true, users))
                    .collect(),
            )
        };
        let (a, b): (&[&str], &[&str]) = (&["username=a password=11"], &["username=b"]);
        let baseline = left(&[("91", a), ("92", b)]);
        let expected =
            Expected::of(&seeded(&[]), &baseline, &left(&[("92", b), ("91", a)])).unwrap();
        assert!(
            compared(
                &expected,
                &left(&[("93", b), ("9400", &["username=a password=22"])])
            )
            .is_empty()
        );
        assert_eq!(
            compared(&expected, &left(&[("93", b), ("94", &[])])),
            ["a is missing (account 94)"]
        );
        assert_eq!(
            compared(&expected, &left(&[("93", b)])),
            ["account 91 was not made, or is gone"]
        );
    }
}
