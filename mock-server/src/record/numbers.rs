//! Placeholders of secrets: `password-1`, `token-2`, `secret-1`, equal where the values
//! were equal within the run.

use std::collections::HashMap;

use parking_lot::Mutex;
use ring::hmac;

/// Maximum number of distinct values. All others are 0.
const MOST: usize = 1_000_000;

/// Gives each secret its number. It stores no secret, only keyed digests, whose key ends with the
/// run.
pub struct Numbers {
    key: hmac::Key,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_digest: HashMap<[u8; 16], (Kind, u32)>,
    /// Number of values of each kind.
    counts: [u32; 3],
}

/// Kind of a secret, by the name of the field that it was first seen in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Password,
    Secret,
    Token,
}

impl Kind {
    pub fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        if name.contains("pass") || name.contains("pwd") {
            Self::Password
        } else if name.contains("secret") {
            Self::Secret
        } else {
            Self::Token
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Secret => "secret",
            Self::Token => "token",
        }
    }
}

impl Numbers {
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            known: Mutex::default(),
        })
    }

    /// Instead of that value.
    pub fn of(&self, kind: Kind, value: &str) -> String {
        let tag = hmac::sign(&self.key, value.as_bytes());
        let mut digest = [0; 16];
        digest.copy_from_slice(&tag.as_ref()[..16]);
        let mut known = self.known.lock();
        let known = &mut *known;
        let (kind, number) = match known.by_digest.get(&digest) {
            Some(found) => *found,
            None if known.by_digest.len() >= MOST => (kind, 0),
            None => {
                let count = &mut known.counts[kind as usize];
                *count += 1;
                known.by_digest.insert(digest, (kind, *count));
                (kind, *count)
            }
        };
        format!("{}-{number}", kind.word())
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Numbers};

    #[test]
    fn equal_values_have_equal_numbers_whatever_field_they_are_in() {
        let numbers = Numbers::new().unwrap();
        assert_eq!(numbers.of(Kind::of("NewPassword"), "a"), "password-1");
        assert_eq!(numbers.of(Kind::of("access_token"), "t"), "token-1");
        assert_eq!(numbers.of(Kind::of("passwd"), "b"), "password-2");
        assert_eq!(numbers.of(Kind::of("clientSecret"), "a"), "password-1");
        assert_eq!(numbers.of(Kind::of("clientSecret"), "c"), "secret-1");
    }
}
