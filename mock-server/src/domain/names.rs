//! Users by a name or an email, whatever its case: whether case matters is decided when one is
//! looked up, so that the profile can change.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use super::user::UserNumber;

/// What users are looked up by, with those who have it, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(HashMap<Arc<str>, Holders>);

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

/// Lower case, without a copy where it is that already.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    let is_folded = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if text.bytes().all(is_folded) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

impl Names {
    /// The users with that name, oldest first.
    pub(super) fn get(&self, name: &str) -> impl Iterator<Item = UserNumber> + use<'_> {
        let holders = self.0.get(&*folded(name));
        let numbers = holders.map_or(&[][..], Holders::as_slice);
        numbers.iter().copied()
    }

    pub(super) fn insert(&mut self, name: &Arc<str>, number: UserNumber) {
        let key = match folded(name) {
            Cow::Borrowed(_) => Arc::clone(name),
            Cow::Owned(folded) => folded.into(),
        };
        match self.0.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(Holders::One(number));
            }
            Entry::Occupied(mut entry) => match entry.get_mut() {
                Holders::One(one) if *one == number => {}
                Holders::One(one) => {
                    let numbers = vec![number.min(*one), number.max(*one)];
                    entry.insert(Holders::Several(numbers));
                }
                Holders::Several(numbers) => {
                    if let Err(place) = numbers.binary_search(&number) {
                        numbers.insert(place, number);
                    }
                }
            },
        }
    }

    pub(super) fn remove(&mut self, name: &str, number: UserNumber) {
        let name = folded(name);
        let Some(holders) = self.0.get_mut(&*name) else {
            return;
        };
        match holders {
            Holders::One(one) if *one == number => {
                self.0.remove(&*name);
            }
            Holders::One(_) => {}
            Holders::Several(numbers) => {
                if let Ok(place) = numbers.binary_search(&number) {
                    numbers.remove(place);
                }
                if let [one] = numbers[..] {
                    *holders = Holders::One(one);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Names;

    #[test]
    fn holders_come_oldest_first_whatever_the_case() {
        let mut names = Names::default();
        for (name, number) in [
            ("Ann", 3),
            ("ann", 1),
            ("ANN", 2),
            ("\u{c9}va", 4),
            ("ann", 1),
        ] {
            names.insert(&Arc::from(name), number);
        }
        let of = |names: &Names, name| names.get(name).collect::<Vec<_>>();
        assert_eq!(of(&names, "aNN"), [1, 2, 3]);
        assert_eq!(of(&names, "\u{e9}VA"), [4]);
        names.remove("ann", 2);
        assert_eq!(of(&names, "ann"), [1, 3]);
        names.remove("ANN", 3);
        names.remove("ANN", 7);
        assert_eq!(of(&names, "ann"), [1]);
        names.remove("Ann", 1);
        assert!(of(&names, "ann").is_empty());
        assert_eq!(names.0.len(), 1);
    }
}
