//! Removing a secret by its value, wherever it stands and however it is written.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::escape::escape;

use super::REMOVED;

/// Shorter values would take away too much that is none.
const LEAST: usize = 8;

/// How many values are looked for: a body with more of them is no request of this API.
const MOST: usize = 32;

/// The values in every encoding, longest first.
pub(super) fn forms(values: Vec<String>) -> Vec<String> {
    let long = values
        .into_iter()
        .filter(|value| value.chars().count() >= LEAST);
    let mut forms: Vec<String> = long
        .take(MOST)
        .flat_map(|value| {
            let json = serde_json::to_string(&value).unwrap_or_default();
            [
                utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string(),
                json.trim_matches('"').to_owned(),
                escape(value.as_str()).into_owned(),
                value,
            ]
        })
        .collect();
    forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.dedup();
    forms
}

/// Whether one of them is in the text.
pub(super) fn stands_in(text: &str, values: &[String]) -> bool {
    values.iter().any(|value| text.contains(value.as_str()))
}

/// Takes them out of the text.
pub(super) fn remove(text: &mut String, values: &[String]) {
    for value in values {
        if text.contains(value.as_str()) {
            *text = text.replace(value.as_str(), REMOVED);
        }
    }
}
