//! Users by a text that they have: an id, a name, an email.
//!
//! An index keeps hashes and not the texts, so that it is small and grows without looking at any
//! user. Whether a user has a text is asked of the user.

use std::{borrow::Cow, hash::BuildHasher as _, sync::Arc};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table};

use super::{
    account::Users,
    user::{User, UserNumber},
};

/// What a user is found by; a user without it is not in the index.
type TextOf = fn(&User) -> Option<Cow<'_, str>>;

/// Users by a text, oldest first where several have it.
#[derive(Debug, Clone)]
pub(super) struct Index {
    text_of: TextOf,
    hasher: DefaultHashBuilder,
    entries: HashTable<Entry>,
}

/// A text that somebody has.
#[derive(Debug, Clone)]
struct Entry {
    hash: u64,
    holders: Holders,
}

/// Nearly always one; several when a profile lets names differ in case only, or be equal.
#[derive(Debug, Clone)]
enum Holders {
    One(UserNumber),
    Several(Vec<UserNumber>),
}

impl Holders {
    fn as_slice(&self) -> &[UserNumber] {
        match self {
            Self::One(number) => std::slice::from_ref(number),
            Self::Several(numbers) => numbers,
        }
    }
}

/// A text that is looked for among the texts of users.
struct Sought<'a> {
    text: &'a str,
    hash: u64,
    text_of: TextOf,
    users: &'a Users,
}

impl Sought<'_> {
    fn is_of(&self, entry: &Entry) -> bool {
        let holder = || self.users.get(entry.holders.as_slice().first()?);
        let has = |user: &Arc<User>| (self.text_of)(user).is_some_and(|own| own == self.text);
        self.hash == entry.hash && holder().is_some_and(has)
    }
}

/// Lower case, without a copy where it is that already. Names and emails are kept by it: whether
/// case matters is decided when one is looked up, so that the profile can change.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    let is_folded = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if text.bytes().all(is_folded) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

impl Index {
    pub(super) fn new(text_of: TextOf) -> Self {
        Self {
            text_of,
            hasher: DefaultHashBuilder::default(),
            entries: HashTable::new(),
        }
    }

    fn sought<'a>(&self, text: &'a str, users: &'a Users) -> Sought<'a> {
        Sought {
            text,
            hash: self.hasher.hash_one(text),
            text_of: self.text_of,
            users,
        }
    }

    /// The users with that text, oldest first.
    pub(super) fn get(&self, text: &str, users: &Users) -> &[UserNumber] {
        let sought = self.sought(text, users);
        let entry = self.entries.find(sought.hash, |entry| sought.is_of(entry));
        entry.map_or(&[], |entry| entry.holders.as_slice())
    }

    /// Adds a user, who need not be among `users` yet.
    pub(super) fn insert(&mut self, user: &User, users: &Users) {
        let Some(text) = (self.text_of)(user) else {
            return;
        };
        let number = user.number;
        let sought = self.sought(&text, users);
        let is_of = |entry: &Entry| sought.is_of(entry);
        match self.entries.entry(sought.hash, is_of, |entry| entry.hash) {
            hash_table::Entry::Vacant(vacant) => {
                vacant.insert(Entry {
                    hash: sought.hash,
                    holders: Holders::One(number),
                });
            }
            hash_table::Entry::Occupied(mut entry) => match &mut entry.get_mut().holders {
                Holders::One(one) if *one == number => {}
                holders @ Holders::One(_) => {
                    let mut numbers = [holders.as_slice(), &[number]].concat();
                    numbers.sort_unstable();
                    *holders = Holders::Several(numbers);
                }
                Holders::Several(numbers) => {
                    if let Err(place) = numbers.binary_search(&number) {
                        numbers.insert(place, number);
                    }
                }
            },
        }
    }

    /// Takes a user away, who is still among `users`.
    pub(super) fn remove(&mut self, user: &User, users: &Users) {
        let Some(text) = (self.text_of)(user) else {
            return;
        };
        let number = user.number;
        let sought = self.sought(&text, users);
        let is_of = |entry: &Entry| sought.is_of(entry);
        let Ok(mut entry) = self.entries.find_entry(sought.hash, is_of) else {
            return;
        };
        match &mut entry.get_mut().holders {
            Holders::One(one) if *one == number => {
                entry.remove();
            }
            Holders::One(_) => {}
            Holders::Several(numbers) => {
                if let Ok(place) = numbers.binary_search(&number) {
                    numbers.remove(place);
                }
                if let [one] = numbers[..] {
                    entry.get_mut().holders = Holders::One(one);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, sync::Arc};

    use super::{Index, User, UserNumber, Users};

    /// Users with their names.
    struct Named {
        users: Users,
        index: Index,
    }

    fn named(number: UserNumber, username: &str) -> User {
        User {
            number,
            id: "".into(),
            username: username.into(),
            first_name: None,
            last_name: None,
            email: None,
            telephone_number: None,
            roles: Box::default(),
            enabled: true,
            passwords: Box::default(),
            resources: Box::default(),
        }
    }

    impl Named {
        fn new() -> Self {
            Self {
                users: Users::new(),
                index: Index::new(|user| {
                    let text = Cow::Borrowed(&*user.username);
                    (!text.is_empty()).then_some(text)
                }),
            }
        }

        fn insert(&mut self, number: UserNumber, text: &str) {
            let user = named(number, text);
            self.index.insert(&user, &self.users);
            self.users.insert(number, Arc::new(user));
        }

        fn remove(&mut self, number: UserNumber, text: &str) {
            self.index.remove(&named(number, text), &self.users);
        }

        fn get(&self, text: &str) -> &[UserNumber] {
            self.index.get(text, &self.users)
        }
    }

    #[test]
    fn holders_come_oldest_first() {
        let mut users = Named::new();
        let inserted = [
            (3, "ann"),
            (1, "ann"),
            (2, "ann"),
            (4, "eva"),
            (4, "eva"),
            (1, "ann"),
            (5, ""),
        ];
        for (number, text) in inserted {
            users.insert(number, text);
        }
        assert_eq!(users.get("ann"), [1, 2, 3]);
        assert_eq!(users.get("eva"), [4]);
        users.remove(2, "ann");
        assert_eq!(users.get("ann"), [1, 3]);
        users.remove(3, "ann");
        users.remove(7, "ann");
        users.remove(7, "bob");
        users.remove(5, "");
        assert_eq!(users.get("ann"), [1]);
        users.remove(1, "ann");
        assert!(users.get("ann").is_empty());
        assert_eq!(users.index.entries.len(), 1);
    }

    #[test]
    fn many_users_are_told_apart_as_the_index_grows() {
        let mut users = Named::new();
        for number in 0..3_000 {
            users.insert(number, &format!("user-{number}"));
        }
        for number in 0..3_000 {
            assert_eq!(users.get(&format!("user-{number}")), [number]);
        }
        assert!(users.get("user-3000").is_empty());
    }
}
