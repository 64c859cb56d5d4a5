//! The words of errors, without what belongs to the account.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::meaning;
use crate::{domain::User, traffic::Exchange};

/// Parts of URLs that are the same for every account.
const WORDS_OF_PATHS: [&str; 7] = ["https", "http", "api", "v1.0", "accounts", "users", "roles"];

/// The replacement of a value.
const VALUE: &str = "...";

/// Shorter texts are letters rather than values.
const LEAST: usize = 2;

/// Shorter values are looked for as whole words.
const NAME: usize = 5;

/// The code and the description of the error in a response, if there is one.
pub(super) fn error(tree: &Value) -> Option<(u32, String)> {
    match tree {
        Value::Object(fields) => {
            let text = |names: [&str; 2]| {
                let mut fields = fields.iter();
                let (_, value) = fields
                    .find(|(name, _)| names.iter().any(|known| name.eq_ignore_ascii_case(known)))?;
                match value {
                    Value::Array(items) => items.first()?.as_str().map(str::to_owned),
                    Value::Number(number) => Some(number.to_string()),
                    value => value.as_str().map(str::to_owned),
                }
            };
            let code = text(["ErrorCode", "Code"]).and_then(|code| code.parse().ok());
            match (code, text(["Description", "Message"])) {
                (Some(code), Some(words)) => Some((code, words)),
                _ => fields.values().find_map(error),
            }
        }
        Value::Array(items) => items.iter().find_map(error),
        _ => None,
    }
}

/// Every text in a request that may be a value of the account.
pub(super) fn values_of_request(exchange: &Exchange, found: &mut BTreeSet<String>) {
    let sent = meaning::tree(&String::from_utf8_lossy(&exchange.request_body));
    values(&sent, found);
    let parts = exchange.url.split(['/', '?', '&', '=', ':']);
    let parts = parts.filter(|part| !WORDS_OF_PATHS.contains(part));
    found.extend(parts.map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()));
}

/// The names of a user.
pub(super) fn values_of_user(user: &User, found: &mut BTreeSet<String>) {
    let texts = &user.texts;
    let texts = [&texts.first_name, &texts.last_name, &texts.email];
    for text in texts.into_iter().flatten() {
        found.extend(text.split_whitespace().map(str::to_owned));
        found.insert(text.to_string());
    }
    found.extend([user.id.to_string(), user.username.to_string()]);
}

fn values(tree: &Value, found: &mut BTreeSet<String>) {
    match tree {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Number(number) => drop(found.insert(number.to_string())),
        Value::Array(items) => items.iter().for_each(|item| values(item, found)),
        Value::Object(fields) => fields.values().for_each(|value| values(value, found)),
        _ => {}
    }
}

/// The words without these values and without what looks like a value: an address, a number, or a
/// name with digits or dots in it. None if nothing is left.
pub(super) fn without(words: &str, values: &BTreeSet<String>) -> Option<String> {
    let mut longest: Vec<String> = values
        .iter()
        .filter(|value| value.len() >= LEAST)
        .map(|value| value.to_lowercase())
        .collect();
    longest.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let mut kept = words.to_owned();
    for value in longest {
        kept = without_value(&kept, &value);
    }
    let words = kept
        .split(' ')
        .map(|word| if looks_like_value(word) { VALUE } else { word });
    let kept = words.collect::<Vec<_>>().join(" ");
    kept.chars().any(char::is_alphabetic).then_some(kept)
}

/// The text without the value, which is in lower case, ignoring case. A short one counts as a whole
/// word only: `Ann` is no part of `cannot`.
fn without_value(text: &str, value: &str) -> String {
    // Some letters have another length in lower case: each byte of it has the span of its letter.
    let (mut lower, mut spans) = (String::new(), Vec::new());
    for (start, letter) in text.char_indices() {
        lower.extend(letter.to_lowercase());
        spans.resize(lower.len(), (start, start + letter.len_utf8()));
    }
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (mut kept, mut at) = (String::new(), 0);
    for (found, _) in lower.match_indices(value) {
        let end = found + value.len();
        let is_part = value.len() < NAME
            && (is_word(lower[..found].chars().next_back())
                || is_word(lower[end..].chars().next()));
        if !is_part && !value.is_empty() {
            kept += &text[at..spans[found].0];
            kept += VALUE;
            at = spans[end - 1].1;
        }
    }
    kept + &text[at..]
}

/// True for a word with an `@`, or with a digit or a dot between other characters. Short numbers are
/// lengths and counts.
fn looks_like_value(word: &str) -> bool {
    let core = word.trim_matches(|c: char| !c.is_alphanumeric());
    let digits = core.chars().filter(char::is_ascii_digit).count();
    let is_count = digits == core.len() && digits < 4;
    word.contains('@') || (digits > 0 && !is_count) || core.contains(['.', '/', ':'])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::{error, without};

    #[test]
    fn values_of_the_request_and_what_looks_like_one_are_taken_out() {
        let tree = json!({"ResponseStatus": [{"ErrorCode": ["12001"], "Description": ["User jdoe is taken"]}]});
        let (code, words) = error(&tree).unwrap();
        assert_eq!(code, 12001);
        let values = BTreeSet::from(["jdoe", "is", "İbrahim"].map(str::to_owned));
        assert_eq!(without(&words, &values).unwrap(), "User ... ... taken");
        for (words, kept) in [
            ("ask ann@example.com", "ask ..."),
            ("account 5500123 is closed", "account ... ... closed"),
            ("User İBRAHIM is taken", "User ... ... taken"),
            ("User 'JDOE' is taken.", "User '...' ... taken."),
            (
                "taken by u2 (host db7.acme.example)",
                "taken by ... (host ...",
            ),
            ("Request 7f3a-99 from 203.0.113.77", "Request ... from ..."),
            (
                "from 8 to 128 characters, jdoes are no jdoe",
                "from 8 to 128 characters, jdoes are no ...",
            ),
        ] {
            assert_eq!(without(words, &values).as_deref(), Some(kept));
        }
        assert_eq!(without(" ", &values), None);
    }
}
