//! Removing a secret by its value, wherever it is and however it is written.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::escape::escape;

use super::{SecretValue, Secrets, StandIns};

/// Shorter values would take away too much that is not one.
const LEAST: usize = 8;

/// Maximum number of values to search for: a body with more of them is not a request of this API.
const MOST: usize = 32;

/// The secrets in every encoding, longest first.
pub(super) fn forms(secrets: &Secrets) -> Vec<(String, &SecretValue)> {
    let long = secrets.0.iter();
    let long = long.filter(|secret| secret.value.chars().count() >= LEAST);
    let mut forms: Vec<(String, &SecretValue)> = long
        .take(MOST)
        .flat_map(|secret| {
            let value = secret.value.as_str();
            let json = serde_json::to_string(value).unwrap_or_default();
            [
                utf8_percent_encode(value, NON_ALPHANUMERIC).to_string(),
                json.trim_matches('"').to_owned(),
                escape(value).into_owned(),
                value.to_owned(),
            ]
            .map(|form| (form, secret))
        })
        .collect();
    forms.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.dedup_by(|(a, _), (b, _)| a == b);
    forms
}

/// True if the text contains one of them.
pub(super) fn contains_any(text: &str, values: &[(String, &SecretValue)]) -> bool {
    values
        .iter()
        .any(|(value, _)| text.contains(value.as_str()))
}

/// Takes them out of the text.
pub(super) fn remove(
    text: &mut String,
    values: &[(String, &SecretValue)],
    stand_ins: &dyn StandIns,
) {
    for (form, secret) in values {
        if text.contains(form.as_str())
            && let Some(stand_in) = stand_ins.secret(&secret.name, &secret.value, false)
        {
            *text = text.replace(form.as_str(), &stand_in);
        }
    }
}
