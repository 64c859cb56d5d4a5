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

/// Shorter texts are words rather than values.
const LEAST: usize = 3;

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
    found.extend(texts.into_iter().flatten().map(ToString::to_string));
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

/// The words without these values; none if something that looks like a value is left.
pub(super) fn without(words: &str, values: &BTreeSet<String>) -> Option<String> {
    let mut longest: Vec<&String> = values.iter().filter(|value| value.len() >= LEAST).collect();
    longest.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let mut kept = words.to_owned();
    for value in longest {
        kept = kept.replace(value.as_str(), VALUE);
    }
    let numbers = kept.split(|c: char| !c.is_ascii_digit());
    let is_number = |digits: &str| digits.len() > 3;
    let has_values = kept.contains('@') || numbers.into_iter().any(is_number);
    (!has_values && !kept.trim().is_empty()).then_some(kept)
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
        let values = BTreeSet::from(["jdoe".to_owned(), "is".to_owned()]);
        assert_eq!(without(&words, &values).unwrap(), "User ... is taken");
        for words in ["ask ann@example.com", "account 5500123 is closed", " "] {
            assert_eq!(without(words, &values), None, "{words}");
        }
    }
}
