//! Features of a password that the rules need, in place of the password.

use crate::{
    domain::{classes_of, has_common_word, holds, longest_repeat},
    traffic::PasswordFeatures,
};

/// The user of a password, as far as the request shows it.
pub struct Owner<'f> {
    names: Vec<&'f str>,
    /// True if the request has all texts that a password may not contain.
    is_whole: bool,
}

impl<'f> Owner<'f> {
    /// The owner in these fields of a body. An update may leave names as they were.
    pub fn of(fields: &'f [(String, String)], is_new: bool) -> Self {
        let all = |wanted: &'static str| {
            let fields = fields.iter();
            fields.filter(move |(name, _)| name.to_lowercase().contains(wanted))
        };
        let wanted = ["username", "userid", "firstname", "lastname", "email"];
        let names = wanted.into_iter().flat_map(all);
        let has = |wanted| all(wanted).next().is_some();
        Self {
            names: names.map(|(_, value)| value.as_str()).collect(),
            is_whole: is_new
                && has("username")
                && has("firstname")
                && has("lastname")
                && has("email"),
        }
    }
}

/// Length of the part that is searched for repetitions, in characters.
const LOOKED_AT: usize = 1000;

/// The features of a password.
pub fn features(password: &str, owner: &Owner<'_>) -> PasswordFeatures {
    let [upper, lower, digit, symbol] = classes_of(password);
    let local_parts = owner
        .names
        .iter()
        .filter_map(|name| Some(name.split_once('@')?.0));
    let mut names = owner.names.iter().copied().chain(local_parts);
    let identity = names.any(|name| name.chars().count() > 2 && holds(password, name));
    let start: String = password.chars().take(LOOKED_AT).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    PasswordFeatures {
        length: count(password.chars().count()),
        upper,
        lower,
        digit,
        symbol,
        simple: password.chars().all(|c| c.is_ascii_graphic()),
        repeats: count(longest_repeat(&start)),
        common_word: has_common_word(password),
        identity: (identity || owner.is_whole).then_some(identity),
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, features};

    #[test]
    fn only_the_features_of_rules_are_kept() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = vec![
            field("Username", "jdoe"),
            field("FirstName", "John"),
            field("LastName", "Doe"),
        ];
        let seen = features("xJDOEx-abcabc", &Owner::of(&fields, true));
        assert_eq!(
            (seen.length, seen.repeats, seen.identity),
            (13, 3, Some(true))
        );
        assert_eq!(
            (seen.upper, seen.lower, seen.digit, seen.symbol),
            (true, true, false, true)
        );
        let seen = features("qwerty é", &Owner::of(&fields, true));
        assert_eq!(
            (seen.simple, seen.common_word, seen.identity),
            (false, true, None)
        );
        fields.push(field("EmailAddress", "jd@example.com"));
        assert_eq!(
            features("abc", &Owner::of(&fields, true)).identity,
            Some(false)
        );
        assert_eq!(features("abc", &Owner::of(&fields, false)).identity, None);
    }
}
