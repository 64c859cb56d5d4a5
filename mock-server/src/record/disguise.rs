//! Made-up names instead of real ones. A name keeps its length, its case and every character that
//! is neither a letter nor a digit, so that limits, forms and case are still seen. Equal names stay
//! equal within the run, and different ones different.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, Hasher as _, RandomState},
};

use parking_lot::Mutex;
use percent_encoding::percent_decode_str;

/// Parts of field names whose value is about a person, in lower case.
const FIELDS: [&str; 28] = [
    "username",
    "userid",
    "login",
    "owner",
    "createdby",
    "modifiedby",
    "updatedby",
    "firstname",
    "lastname",
    "middlename",
    "fullname",
    "displayname",
    "givenname",
    "familyname",
    "surname",
    "nickname",
    "initials",
    "contact",
    "email",
    "mail",
    "phone",
    "mobile",
    "fax",
    "address",
    "street",
    "city",
    "zip",
    "postal",
];

/// Segments after `users` in a path that are not users.
const NOT_USERS: [&str; 1] = ["permittedaccess"];

/// Maximum number of known words.
const MOST: usize = 1_000_000;

/// Makes names up, by a key that ends with the run.
#[derive(Debug, Default)]
pub struct Disguise {
    key: RandomState,
    /// Digests of the words of logins and emails so far: they may occur in any later text.
    known: Mutex<HashSet<u64>>,
}

/// True if a field of that name is about a person.
pub fn is_personal(name: &str) -> bool {
    let name: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect();
    let name = name.to_lowercase();
    name == "user" || name.ends_with(":user") || FIELDS.iter().any(|field| name.contains(field))
}

/// The words of a text, with what is between them: the first element is always in between.
fn words(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let is_word = first.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != is_word);
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some((is_word, part))
    })
}

impl Disguise {
    /// A made-up name instead of this one, of an email or of a telephone number.
    pub fn name(&self, name: &str) -> String {
        match name.rsplit_once('@') {
            None => self.every_word(name),
            Some((local, domain)) => {
                let top = domain.rfind('.').unwrap_or(domain.len());
                let (domain, top) = domain.split_at(top);
                format!(
                    "{}@{}{top}",
                    self.every_word(local),
                    self.every_word(domain)
                )
            }
        }
    }

    fn every_word(&self, text: &str) -> String {
        let parts = words(text);
        parts
            .map(|(is_word, part)| {
                if is_word {
                    self.word(part)
                } else {
                    part.to_owned()
                }
            })
            .collect()
    }

    /// Forwards, each character by those before it, then backwards by those behind it: two words of
    /// one form never become the same, and their letters show nothing.
    fn word(&self, word: &str) -> String {
        let mut letters: Vec<char> = word.chars().collect();
        for pass in 0..2 {
            let mut hasher = self.key.build_hasher();
            hasher.write_u8(pass);
            for letter in &mut letters {
                let turned = turned(*letter, hasher.finish());
                hasher.write_u32(folded(*letter));
                *letter = turned;
            }
            letters.reverse();
        }
        letters.into_iter().collect()
    }

    /// Remembers the words of a name, in `here` and, if `always`, for later texts too.
    pub fn notice(&self, name: &str, here: &mut HashSet<String>, always: bool) {
        let (local, _) = name.rsplit_once('@').unwrap_or((name, ""));
        for (is_word, part) in words(local) {
            let part = part.to_lowercase();
            if !is_word || part.chars().count() < 2 {
                continue;
            }
            if always {
                let mut known = self.known.lock();
                if known.len() < MOST {
                    known.insert(self.key.hash_one(&part));
                }
            }
            here.insert(part);
        }
    }

    /// A text with made-up names instead of emails and of known words.
    pub fn text(&self, text: &str, here: &HashSet<String>) -> String {
        let is_inside = |c: char| c.is_alphanumeric() || "@.!#$%&*+/=?^_`{|}~-".contains(c);
        let mut kept = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let inside = is_inside(first);
            let end = rest.find(|c| is_inside(c) != inside).unwrap_or(rest.len());
            let (token, after) = rest.split_at(end);
            let is_email = token.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && domain.chars().any(char::is_alphanumeric)
            });
            if is_email {
                kept += &self.name(token);
            } else {
                for (is_word, part) in words(token) {
                    if is_word && self.is_known(part, here) {
                        kept += &self.word(part);
                    } else {
                        kept += part;
                    }
                }
            }
            rest = after;
        }
        kept
    }

    /// True if the value has words, and all of them are known.
    pub fn is_name(&self, value: &str, here: &HashSet<String>) -> bool {
        let mut parts = words(value).filter(|(is_word, _)| *is_word).peekable();
        parts.peek().is_some() && parts.all(|(_, part)| self.is_known(part, here))
    }

    fn is_known(&self, word: &str, here: &HashSet<String>) -> bool {
        let word = word.to_lowercase();
        here.contains(&word) || self.known.lock().contains(&self.key.hash_one(&word))
    }

    /// A path or URL with a made-up name instead of each segment that is a user.
    pub fn path(&self, url: &str, here: &mut HashSet<String>) -> String {
        let path_ends = url.find(['?', '#']).unwrap_or(url.len());
        let (path, rest) = url.split_at(path_ends);
        let mut before = "";
        let mut kept = Vec::new();
        for segment in path.split('/') {
            let decoded = percent_decode_str(segment).decode_utf8_lossy();
            let is_user = before.eq_ignore_ascii_case("users") && !NOT_USERS.contains(&segment);
            if is_user {
                self.notice(&decoded, here, true);
            }
            let is_user = is_user || (decoded.contains('@') && !before.is_empty());
            kept.push(if is_user {
                as_written(segment, &self.name(&decoded))
            } else {
                segment.to_owned()
            });
            before = segment;
        }
        kept.join("/") + rest
    }
}

/// `name` with the characters escaped that are escaped in `segment`, which is as long.
fn as_written(segment: &str, name: &str) -> String {
    use std::fmt::Write as _;

    let mut written = String::new();
    let mut rest = segment.as_bytes();
    for letter in name.chars() {
        let mut bytes = [0; 4];
        for byte in letter.encode_utf8(&mut bytes).bytes() {
            let escaped = rest.first() == Some(&b'%') && rest.len() >= 3;
            rest = rest.get(if escaped { 3 } else { 1 }..).unwrap_or_default();
            if escaped || !byte.is_ascii() {
                let _ = write!(written, "%{byte:02X}");
            } else {
                written.push(char::from(byte));
            }
        }
    }
    written
}

/// Another character of the same kind, by `by`.
fn turned(letter: char, by: u64) -> char {
    let within = |first: u32, count: u32| {
        let by = u32::try_from(by % u64::from(count)).unwrap_or(0);
        let turned = first + (u32::from(letter) - first + by) % count;
        char::from_u32(turned).unwrap_or(letter)
    };
    match letter {
        'a'..='z' => within(u32::from('a'), 26),
        'A'..='Z' => within(u32::from('A'), 26),
        // No telephone number starts with 0 or 1, and an area has neither as its first digit.
        '2'..='9' => within(u32::from('2'), 8),
        '\u{C0}'.. if letter.is_alphabetic() => within(u32::from(letter) & !31, 32),
        _ => letter,
    }
}

/// The same for a letter in either case.
fn folded(letter: char) -> u32 {
    letter.to_lowercase().next().map_or(0, u32::from)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::{Disguise, is_personal};

    #[test]
    fn a_name_keeps_its_form() {
        let disguise = Disguise::default();
        for name in [
            "Anna",
            "o'Neill-SMITH",
            "j.doe@example.com",
            "+1 (919) 555-1234",
            "José",
        ] {
            let made_up = disguise.name(name);
            assert_ne!(made_up, name);
            assert_eq!(made_up.len(), name.len());
            for (made_up, c) in made_up
                .chars()
                .zip(name.chars())
                .filter(|(_, c)| c.is_ascii())
            {
                assert_eq!(made_up.is_ascii_uppercase(), c.is_ascii_uppercase());
                assert_eq!(made_up.is_ascii_lowercase(), c.is_ascii_lowercase());
                assert!(made_up == c || c.is_ascii_alphanumeric());
            }
        }
        assert_eq!(
            disguise.name("j@example.com").rsplit('.').next(),
            Some("com")
        );
    }

    #[test]
    fn a_name_is_the_same_in_a_path_a_text_and_either_case() {
        let disguise = Disguise::default();
        let mut here = HashSet::new();
        let path = disguise.path(
            "https://h/api/users/jos%C3%A9%40example.com/password?a",
            &mut here,
        );
        let made_up = disguise.name("josé@example.com");
        let (local, domain) = made_up.split_once('@').unwrap();
        let escaped: String =
            percent_encoding::utf8_percent_encode(local, percent_encoding::NON_ALPHANUMERIC)
                .to_string();
        assert_eq!(
            path,
            format!("https://h/api/users/{escaped}%40{domain}/password?a")
        );
        assert_eq!(
            disguise.text("User 'JOSÉ@EXAMPLE.COM' exists; josé.", &here),
            format!(
                "User '{}' exists; {local}.",
                disguise.name("JOSÉ@EXAMPLE.COM")
            )
        );
        assert_eq!(disguise.name("JDOE"), disguise.name("jdoe").to_uppercase());
    }

    #[test]
    fn fields_about_a_person_are_known_by_their_names() {
        for name in [
            "Username",
            "user_name",
            "UserId",
            "EmailAddress",
            "phoneNumber",
            "User",
        ] {
            assert!(is_personal(name), "{name}");
        }
        for name in [
            "RoleName",
            "name",
            "Code",
            "Description",
            "accountId",
            "Enabled",
        ] {
            assert!(!is_personal(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn different_names_stay_different(one in "[a-cA-C2-3]{1,3}", other in "[a-cA-C2-3]{1,3}") {
            let disguise = Disguise::default();
            prop_assert_eq!(one == other, disguise.name(&one) == disguise.name(&other));
            let (low, other_low) = (one.to_lowercase(), other.to_lowercase());
            let made_up = [one, other].map(|name| disguise.name(&name).to_lowercase());
            prop_assert_eq!(low == other_low, made_up[0] == made_up[1]);
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,30}") {
            let disguise = Disguise::default();
            let mut here = HashSet::new();
            disguise.path(&text, &mut here);
            disguise.text(&text, &here);
            prop_assert_eq!(disguise.name(&text).chars().count(), text.chars().count());
        }
    }
}
