//! Users by the hash of a text that they have: an id, a name, an email.
//!
//! An index keeps no text, so it is small and grows without reading any user. The caller compares
//! the text of the found users.

use std::{borrow::Cow, hash::BuildHasher as _};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::user::UserNumber;

/// Numbers of users by the hash of a text. Several users may have the same text.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    hasher: DefaultHashBuilder,
    entries: HashTable<(u64, UserNumber)>,
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
    /// The users that may have that text, and few others, oldest first.
    pub(super) fn candidates(&self, text: &str) -> Vec<UserNumber> {
        let hash = self.hasher.hash_one(text);
        let same = self.entries.iter_hash(hash).filter(|entry| entry.0 == hash);
        let mut numbers: Vec<UserNumber> = same.map(|entry| entry.1).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Adds a user, who must not be there with that text yet.
    pub(super) fn insert(&mut self, text: &str, number: UserNumber) {
        let hash = self.hasher.hash_one(text);
        self.entries
            .insert_unique(hash, (hash, number), |entry| entry.0);
    }

    pub(super) fn remove(&mut self, text: &str, number: UserNumber) {
        let hash = self.hasher.hash_one(text);
        let entry = self
            .entries
            .find_entry(hash, |entry| *entry == (hash, number));
        if let Ok(entry) = entry {
            entry.remove();
        }
    }
}
