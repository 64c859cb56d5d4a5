//! Users by a text that they have: an id, a name, an email.
//!
//! An index keeps hashes and not the texts, so that it is small and grows without looking at any
//! user. Whether a user has a text is asked of the user, by `has`.

use std::{borrow::Cow, hash::BuildHasher as _};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table};

use super::user::UserNumber;

/// What users are looked up by, with those who have it, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
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

impl Entry {
    /// Whether it is that of the text with this hash that `has` asks for.
    fn is_of(&self, hash: u64, has: impl Fn(UserNumber) -> bool) -> bool {
        self.hash == hash && self.holders.as_slice().first().copied().is_some_and(has)
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
    /// The users with that text, oldest first.
    pub(super) fn get(&self, text: &str, has: impl Fn(UserNumber) -> bool) -> &[UserNumber] {
        let hash = self.hasher.hash_one(text);
        let entry = self.entries.find(hash, |entry| entry.is_of(hash, &has));
        entry.map_or(&[], |entry| entry.holders.as_slice())
    }

    /// Adds a user, who need not be there to be asked.
    pub(super) fn insert(
        &mut self,
        text: &str,
        number: UserNumber,
        has: impl Fn(UserNumber) -> bool,
    ) {
        let hash = self.hasher.hash_one(text);
        let is_of = |entry: &Entry| entry.is_of(hash, &has);
        match self.entries.entry(hash, is_of, |entry| entry.hash) {
            hash_table::Entry::Vacant(vacant) => {
                let holders = Holders::One(number);
                vacant.insert(Entry { hash, holders });
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

    /// Takes a user away, who is still there to be asked.
    pub(super) fn remove(
        &mut self,
        text: &str,
        number: UserNumber,
        has: impl Fn(UserNumber) -> bool,
    ) {
        let hash = self.hasher.hash_one(text);
        let is_of = |entry: &Entry| entry.is_of(hash, &has);
        let Ok(mut entry) = self.entries.find_entry(hash, is_of) else {
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
    use std::collections::BTreeMap;

    use super::{Index, UserNumber};

    /// Users with one text each.
    #[derive(Default)]
    struct Users {
        texts: BTreeMap<UserNumber, &'static str>,
        index: Index,
    }

    impl Users {
        fn insert(&mut self, number: UserNumber, text: &'static str) {
            let Self { texts, index } = self;
            index.insert(text, number, |other| texts.get(&other) == Some(&text));
            texts.insert(number, text);
        }

        fn remove(&mut self, number: UserNumber, text: &'static str) {
            let Self { texts, index } = self;
            index.remove(text, number, |other| texts.get(&other) == Some(&text));
        }

        fn get(&self, text: &'static str) -> &[UserNumber] {
            let has = |number| self.texts.get(&number) == Some(&text);
            self.index.get(text, has)
        }
    }

    #[test]
    fn holders_come_oldest_first() {
        let mut users = Users::default();
        let inserted = [
            (3, "ann"),
            (1, "ann"),
            (2, "ann"),
            (4, "eva"),
            (4, "eva"),
            (1, "ann"),
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
        assert_eq!(users.get("ann"), [1]);
        users.remove(1, "ann");
        assert!(users.get("ann").is_empty());
        assert_eq!(users.index.entries.len(), 1);
    }

    #[test]
    fn many_users_are_told_apart_as_the_index_grows() {
        let mut users = Users::default();
        let texts: Vec<&'static str> = (0..3_000)
            .map(|number| &*format!("user-{number}").leak())
            .collect();
        for (number, text) in (0..).zip(&texts) {
            users.insert(number, text);
        }
        for (number, text) in (0..).zip(&texts) {
            assert_eq!(users.get(text), [number]);
        }
        assert!(users.get("user-3000").is_empty());
    }
}
