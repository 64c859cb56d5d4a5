//! Secrets in a text that is neither JSON nor XML nor a form: it is cut where one may begin.

use super::{Found, WORDS};

/// What could hide the name of a field, or what a document type could declare.
const ESCAPES: [&str; 4] = ["\\u", "&#", "%", "<!doctype"];

pub(super) fn read(text: &str) -> Found {
    let mut found = Found::default();
    let lower = text.to_ascii_lowercase();
    let signs = WORDS.iter().chain(&ESCAPES);
    let Some(first) = signs.filter_map(|sign| lower.find(sign)).min() else {
        return found;
    };
    // What stands before the first sign stays, unless it is one of the values after it.
    for (at, _) in lower
        .match_indices("pass")
        .chain(lower.match_indices("secret"))
    {
        found.values.extend(guess(&text[at..]));
    }
    let rest = text.len() - first;
    found.place(
        first..text.len(),
        format!("[the rest, {rest} bytes, was removed]"),
    );
    found
}

/// The value that probably follows the name of a field: up to where XML, JSON or a form ends one.
fn guess(text: &str) -> Option<String> {
    let name = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let rest = &text[name..];
    let rest = rest.trim_start_matches(['"', '\'', ':', '=', '>', ' ', '\t', '\n', '\r']);
    let end = rest
        .find(['"', '\'', '<', '&', ',', '}', '\n'])
        .unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}
