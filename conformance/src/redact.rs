//! Removes secrets, by value and in every encoding they may come in, from all that is printed.

use std::sync::{Mutex, PoisonError};

use base64::{Engine as _, engine::general_purpose};

const MARK: &str = "[secret]";
/// Shorter strings stand in ordinary text by chance.
const MIN_LENGTH: usize = 4;

/// The secrets of a run.
#[derive(Default)]
pub struct Redactor {
    /// Every form of every secret, longest first.
    forms: Mutex<Vec<String>>,
}

impl Redactor {
    /// Remembers a password.
    pub fn add(&self, secret: &str) {
        self.add_forms(forms(secret));
    }

    /// Remembers a login, as itself and as it stands in an Authorization header.
    pub fn add_login(&self, username: &str, password: &str) {
        if !password.is_empty() {
            self.add(password);
            self.add(&format!("{username}:{password}"));
        }
    }

    fn add_forms(&self, new: Vec<String>) {
        let mut known = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
        for form in new {
            if form.chars().count() >= MIN_LENGTH && !known.contains(&form) {
                known.push(form);
            }
        }
        known.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// `text` without secrets.
    pub fn clean(&self, text: &str) -> String {
        let known = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = text.to_owned();
        for form in known.iter() {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), MARK);
            }
        }
        text
    }
}

/// `secret` plain, percent-encoded, in Base64, and as JSON and XML escape it.
pub fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let json = serde_json::Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let xml = secret.replace('&', "&amp;").replace('<', "&lt;");
    let xml = xml.replace('>', "&gt;");
    let quoted = xml.replace('"', "&quot;");
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
    let mut forms = vec![
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
    ];
    for keep in [&b"-._~"[..], b"-._~!$&'()*+,;=:@/?", b""] {
        forms.push(percent(keep, true));
        forms.push(percent(keep, false));
    }
    forms.sort();
    forms.dedup();
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
