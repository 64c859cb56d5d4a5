//! The password policy, and how passwords are kept.

use std::fmt;

use bandwidth_fixtures::{
    Consultation, Secret, Texts,
    profile::{CommonWords, PasswordCharset, PasswordIdentity},
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::ApiError;

/// A password as it is kept: what is not there cannot come back in a response.
///
/// SHA-256 with a salt is fast to break by guessing, and fit for a test server only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a password under the salt of its account.
    pub fn of(salt: &[u8; 16], password: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(salt);
        hasher.update(password.as_bytes());
        Self(hasher.finalize().into())
    }

    /// A digest that was kept.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Digest of the password.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Compares in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[digest]")
    }
}

/// The user of a password.
#[derive(Debug)]
pub(super) struct Owner<'a> {
    username: &'a str,
    texts: Texts<Option<&'a str>>,
    /// Earlier passwords, the present one first.
    history: &'a [Digest],
}

impl<'a> Owner<'a> {
    /// A name, what the user has of texts, and the earlier passwords, the present one first.
    pub(super) fn new(
        username: &'a str,
        texts: Texts<Option<&'a str>>,
        history: &'a [Digest],
    ) -> Self {
        Self {
            username,
            texts,
            history,
        }
    }
}

/// The digest of a password that was given, is not empty and keeps the rules.
pub(super) fn accept(
    password: &Secret,
    owner: &Owner<'_>,
    salt: &[u8; 16],
    rules: &Consultation,
) -> Result<Digest, ApiError> {
    if password.expose().is_empty() {
        return Err(ApiError::PasswordRequired);
    }
    check(password, owner, salt, rules)
}

/// The passwords to keep after a change, the new one first.
pub(super) fn remember(earlier: &[Digest], present: Digest) -> Vec<Digest> {
    let all = std::iter::once(present).chain(earlier.iter().copied());
    all.take(KEPT).collect()
}

/// Checks a password against the policy of the profile; the first broken rule is the error.
/// Lengths are in characters, not bytes.
fn check(
    password: &Secret,
    owner: &Owner<'_>,
    salt: &[u8; 16],
    rules: &Consultation,
) -> Result<Digest, ApiError> {
    let text = password.expose();
    let length = text.chars().count();
    if length < as_count(rules.password_min_length()) {
        return Err(ApiError::PasswordTooShort);
    }
    if length > as_count(rules.password_max_length()) {
        return Err(ApiError::PasswordTooLong);
    }
    if rules.password_charset() == PasswordCharset::Simple
        && !text.chars().all(|c| c.is_ascii_graphic())
    {
        return Err(ApiError::PasswordCharacters);
    }
    if classes(text) < rules.password_classes() {
        return Err(ApiError::PasswordClasses);
    }
    if rules.password_identity() == PasswordIdentity::Refused && holds_identity(text, owner) {
        return Err(ApiError::PasswordIdentity);
    }
    let repeats = as_count(rules.password_repeats());
    if repeats > 0 && repeats_longer_than(text, repeats) {
        return Err(ApiError::PasswordRepeats);
    }
    if rules.password_common_words() == CommonWords::Refused && has_common_word(text) {
        return Err(ApiError::PasswordCommonWord);
    }
    let digest = Digest::of(salt, text);
    let remembered = as_count(rules.password_history());
    if owner
        .history
        .iter()
        .take(remembered)
        .any(|earlier| earlier.matches(&digest))
    {
        return Err(ApiError::PasswordReused);
    }
    Ok(digest)
}

/// Number of passwords kept per user: the maximum of `password.history`.
const KEPT: usize = 100;

fn as_count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Number of classes: upper case, lower case, digits, symbols. All other characters are symbols.
fn classes(text: &str) -> u32 {
    classes_of(text).map(u32::from).iter().sum()
}

/// True for each class that it contains: upper case, lower case, digits, symbols.
pub fn classes_of(text: &str) -> [bool; 4] {
    let has = |class: fn(char) -> bool| text.chars().any(class);
    [
        has(char::is_uppercase),
        has(char::is_lowercase),
        has(char::is_numeric),
        has(|c| !c.is_uppercase() && !c.is_lowercase() && !c.is_numeric()),
    ]
}

/// Names of one or two characters are in too many passwords to count.
fn holds_identity(text: &str, owner: &Owner<'_>) -> bool {
    let Texts {
        first_name,
        last_name,
        email,
        ..
    } = owner.texts;
    let local_part = email.and_then(|email| email.split('@').next());
    let text = text.to_lowercase();
    [
        Some(owner.username),
        first_name,
        last_name,
        email,
        local_part,
    ]
    .into_iter()
    .flatten()
    .any(|part| part.chars().count() > 2 && text.contains(&part.to_lowercase()))
}

/// True if `part` occurs in `text`, ignoring case.
pub fn holds(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// True if it contains a common word, ignoring case.
pub fn has_common_word(text: &str) -> bool {
    let lower = text.to_lowercase();
    COMMON_WORDS.iter().any(|word| lower.contains(word))
}

/// The longest string that occurs twice, overlapping or not, in characters.
#[cfg(feature = "traffic")]
pub fn longest_repeat(text: &str) -> usize {
    let mut longest = 0;
    while repeats_longer_than(text, longest) {
        longest += 1;
    }
    longest
}

/// True if a string longer than `allowed` occurs twice, overlapping or not.
fn repeats_longer_than(text: &str, allowed: usize) -> bool {
    let starts = text.char_indices().map(|(at, _)| at);
    let bounds: Vec<usize> = starts.chain([text.len()]).collect();
    let spans = bounds.windows(allowed + 2);
    let mut strings: Vec<&str> = spans
        .map(|span| &text[span[0]..span[allowed + 1]])
        .collect();
    strings.sort_unstable();
    strings.windows(2).any(|pair| pair[0] == pair[1])
}

/// Which words the real API rejects is not published (ERR 12726). A few that every such list has.
const COMMON_WORDS: [&str; 16] = [
    "password",
    "passw0rd",
    "qwerty",
    "letmein",
    "welcome",
    "admin",
    "iloveyou",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "secret",
    "123456",
    "bandwidth",
];
