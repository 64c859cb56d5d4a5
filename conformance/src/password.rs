//! Makes passwords: random, and breaking no known rule but the one that a case wants broken.

use std::collections::HashSet;

use bandwidth_fixtures::Profile;

use crate::random;

/// A class of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Lower-case letters.
    Lower,
    /// Upper-case letters.
    Upper,
    /// Digits.
    Digit,
    /// Symbols of ASCII.
    Symbol,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Lower, Self::Upper, Self::Digit, Self::Symbol];

    /// Without vowels no word comes about by chance, and no name of ours.
    fn alphabet(self) -> &'static [u8] {
        match self {
            Self::Lower => b"bcdfghjkmnpqrstvwxz",
            Self::Upper => b"BCDFGHJKMNPQRSTVWXZ",
            Self::Digit => b"23456789",
            Self::Symbol => b"!#$%*+=?@^~",
        }
    }
}

/// A password with `length` characters, spread evenly over these classes. It repeats as few pairs
/// of characters as possible.
pub fn of(length: usize, classes: &[Class]) -> String {
    /// Number of draws for a character before a repetition is accepted.
    const DRAWS: usize = 200;
    assert!(
        !classes.is_empty(),
        "a password needs a class of characters"
    );
    let mut text = Vec::with_capacity(length);
    // There are too few pairs for a long one.
    let shortest = if length > 900 { 3 } else { 2 };
    for repeated in shortest.. {
        let mut seen = HashSet::new();
        text.clear();
        while text.len() < length {
            let turn = text.len();
            let fresh = (0..DRAWS).any(|draw| {
                // Each class in its turn; where that leads nowhere, any of them.
                let class = if draw < DRAWS / 4 {
                    turn
                } else {
                    random::below(classes.len())
                };
                let alphabet = classes[class % classes.len()].alphabet();
                text.push(alphabet[random::below(alphabet.len())]);
                let start = text.len().saturating_sub(repeated);
                if text.len() < repeated || seen.insert(text[start..].to_vec()) {
                    return true;
                }
                text.pop();
                false
            });
            if !fresh {
                break;
            }
        }
        if text.len() == length {
            break;
        }
    }
    text.into_iter().map(char::from).collect()
}

/// A password that every profile with sensible limits takes: 16 characters of all classes, more or
/// fewer where the expected profile wants that.
pub fn strong(profile: &Profile) -> String {
    let minimum = usize::try_from(profile.password_min_length).unwrap_or(usize::MAX);
    let maximum = usize::try_from(profile.password_max_length).unwrap_or(usize::MAX);
    of(16.max(minimum).min(maximum), &Class::ALL)
}

/// A password that most policies reject.
pub const WEAK: &str = "abc";

/// True if the profile accepts [`WEAK`].
pub fn accepts_weak(profile: &Profile) -> bool {
    profile.password_min_length <= 3 && profile.password_classes <= 1
}

/// True if the same `length` characters appear twice in `text`.
pub fn repeats(text: &str, length: usize) -> bool {
    let bytes = text.as_bytes();
    bytes
        .windows(length)
        .enumerate()
        .any(|(at, window)| bytes[at + 1..].windows(length).any(|other| other == window))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use bandwidth_fixtures::NamedProfile;

    use super::{Class, of, repeats, strong};

    #[test]
    fn strong_passwords_fit_both_profiles_and_differ() {
        let mut seen = HashSet::new();
        for name in NamedProfile::BUILT_IN {
            let profile = NamedProfile::built_in(name).unwrap();
            for _ in 0..200 {
                let password = strong(profile.options());
                assert_eq!(password.len(), 16);
                for class in Class::ALL {
                    let has = |byte: u8| class.alphabet().contains(&byte);
                    assert!(password.bytes().any(has), "{class:?}");
                }
                assert!(!repeats(&password, 4));
                assert!(seen.insert(password), "a password came twice");
            }
        }
    }

    #[test]
    fn has_only_the_classes_asked_for() {
        let password = of(9, &[Class::Lower, Class::Digit]);
        assert_eq!(password.len(), 9);
        assert!(
            password
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        );
    }

    #[test]
    fn repeats_are_seen_even_when_they_overlap() {
        assert!(repeats("aaaaa", 4));
        assert!(repeats("abcdxabcd", 4));
        assert!(!repeats("abcdabc", 4));
    }
}
