//! Removes secrets, by value and in every encoding they may come in, from all that is printed.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{Engine as _, engine::general_purpose};

/// What stands in the place of a secret.
pub(crate) const MARK: &str = "[secret]";
/// Shorter strings stand in ordinary text by chance.
const MIN_LENGTH: usize = 4;

/// The secrets of a run.
#[derive(Default)]
pub struct Redactor {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Every form of every secret.
    forms: BTreeSet<String>,
    /// Finds them; made anew after a secret was added.
    finder: Option<AhoCorasick>,
}

impl Redactor {
    /// Remembers a password.
    pub fn add(&self, secret: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.forms.len();
        let long = forms(secret)
            .into_iter()
            .filter(|form| form.chars().count() >= MIN_LENGTH);
        known.forms.extend(long);
        if known.forms.len() != before {
            known.finder = None;
        }
    }

    /// Remembers a login, as itself and as it stands in an Authorization header.
    pub fn add_login(&self, username: &str, password: &str) {
        if !password.is_empty() {
            self.add(password);
            self.add(&format!("{username}:{password}"));
        }
    }

    /// `text` without secrets.
    pub fn clean(&self, text: &str) -> String {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.finder.is_none() {
            let finder = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(&known.forms);
            known.finder = Some(finder.expect("secrets are few and short"));
        }
        match &known.finder {
            Some(finder) if finder.is_match(text) => {
                let marks = vec![MARK; finder.patterns_len()];
                finder.replace_all(text, &marks)
            }
            _ => text.to_owned(),
        }
    }
}

/// `secret` plain, percent-encoded, in Base64, and as JSON and XML escape it.
pub fn forms(secret: &str) -> BTreeSet<String> {
    let bytes = secret.as_bytes();
    let json = serde_json::Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let xml = secret.replace('&', "&amp;").replace('<', "&lt;");
    let xml = xml.replace('>', "&gt;");
    let quoted = xml.replace('"', "&quot;");
    let by_unit = |escape: &dyn Fn(char) -> Option<String>| -> String {
        secret
            .chars()
            .map(|character| escape(character).unwrap_or_else(|| character.to_string()))
            .collect()
    };
    let plain = |character: char| character.is_ascii_alphanumeric();
    let in_units = |character: char, upper: bool| {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        units.iter().fold(String::new(), |text, unit| {
            text + &if upper {
                format!("\\u{unit:04X}")
            } else {
                format!("\\u{unit:04x}")
            }
        })
    };
    let percent = |keep: &[u8], upper: bool| {
        bytes.iter().fold(String::new(), |text, byte| {
            if byte.is_ascii_alphanumeric() || keep.contains(byte) {
                text + &char::from(*byte).to_string()
            } else if upper {
                text + &format!("%{byte:02X}")
            } else {
                text + &format!("%{byte:02x}")
            }
        })
    };
    let mut forms = BTreeSet::from([
        secret.to_owned(),
        general_purpose::STANDARD.encode(bytes),
        general_purpose::STANDARD_NO_PAD.encode(bytes),
        general_purpose::URL_SAFE.encode(bytes),
        general_purpose::URL_SAFE_NO_PAD.encode(bytes),
        json.replace('/', "\\/"),
        json,
        quoted.replace('\'', "&apos;"),
        quoted.replace('\'', "&#39;"),
        xml.replace('"', "&#34;").replace('\'', "&#39;"),
        quoted,
        xml,
        by_unit(&|c| (!plain(c)).then(|| format!("&#{};", u32::from(c)))),
        by_unit(&|c| (!plain(c)).then(|| format!("&#x{:x};", u32::from(c)))),
        by_unit(&|c| (!plain(c)).then(|| format!("&#x{:X};", u32::from(c)))),
    ]);
    for upper in [false, true] {
        // Everything that is no letter, what HTML could misread, what is not ASCII.
        forms.insert(by_unit(&|c| (!plain(c)).then(|| in_units(c, upper))));
        let html = |c: char| "<>&'".contains(c) || !c.is_ascii();
        forms.insert(by_unit(&|c| {
            html(c).then(|| in_units(c, upper)).or(match c {
                '"' => Some("\\\"".to_owned()),
                '\\' => Some("\\\\".to_owned()),
                _ => None,
            })
        }));
    }
    for keep in [&b"-._~"[..], b"-._*", b"-._~!$&'()*+,;=:@/?", b""] {
        for upper in [false, true] {
            let encoded = percent(keep, upper);
            forms.insert(encoded.replace("%20", "+"));
            forms.insert(encoded);
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::Redactor;

    #[test]
    fn every_encoding_of_a_secret_is_removed() {
        let redactor = Redactor::default();
        redactor.add_login("me", "aB3$ <&\"'/é");
        for text in [
            "x aB3$ <&\"'/é y",
            "x YUIzJCA8JiInL8Op y",
            "x bWU6YUIzJCA8JiInL8Op y",
            "x aB3$ <&\\\"'/é y",
            "x aB3$ &lt;&amp;&quot;&apos;/é y",
            "x aB3$ &lt;&amp;&#34;&#39;/é y",
            "x aB3$ &lt;&amp;\"'/é y",
            "x aB3%24%20%3C%26%22%27%2F%C3%A9 y",
            "x aB3%24%20%3c%26%22%27%2f%c3%a9 y",
            "x aB3$%20%3C&%22'/%C3%A9 y",
            "x aB3%24+%3C%26%22%27%2F%C3%A9 y",
            "x aB3$ \\u003c\\u0026\\\"\\u0027/\\u00e9 y",
            "x aB3\\u0024\\u0020\\u003C\\u0026\\u0022\\u0027\\u002F\\u00E9 y",
            "x aB3&#36;&#32;&#60;&#38;&#34;&#39;&#47;&#233; y",
            "x aB3&#x24;&#x20;&#x3C;&#x26;&#x22;&#x27;&#x2F;&#xE9; y",
        ] {
            assert_eq!(redactor.clean(text), "x [secret] y");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let redactor = Redactor::default();
        redactor.add("abc");
        redactor.add_login("", "");
        assert_eq!(redactor.clean("abc: abcd"), "abc: abcd");
    }
}
