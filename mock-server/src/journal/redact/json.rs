//! Secrets in JSON.

use serde::de::IgnoredAny;

use super::{Found, Written, is_secret_name};

/// The secrets of a text that is JSON.
pub(super) fn read(text: &str, found: Found) -> Option<Found> {
    let json = text.trim_start_matches('\u{FEFF}');
    // With this the scan below can trust the form.
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    let mut scan = Scan {
        text,
        at: text.len() - json.len(),
        depth: 0,
        found,
    };
    scan.value("", false);
    (scan.depth == 0).then_some(scan.found)
}

/// Goes through JSON that is known to be valid.
struct Scan<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    found: Found,
}

/// Deeper than any body that the API takes, and no danger to the stack.
const DEEPEST: usize = 128;

impl Scan<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    /// Goes over a string and gives what it means.
    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while self.at < self.text.len() && self.peek() != b'"' {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let raw = &self.text[start..self.at.min(self.text.len())];
        serde_json::from_str(raw).unwrap_or_default()
    }

    /// Goes over a value. Inside a secret one nothing is replaced: it goes as a whole.
    fn value(&mut self, name: &str, secret: bool) {
        self.skip_space();
        let start = self.at;
        match self.peek() {
            b'{' => self.items(b'}', true, name, secret),
            b'[' => self.items(b']', false, name, secret),
            b'"' => {
                let text = self.string();
                if secret {
                    self.found.secrets.add(name, text);
                } else {
                    self.found.other(start..self.at, name, &text, Written::Json);
                }
            }
            _ => {
                while !matches!(
                    self.peek(),
                    b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' | 0
                ) {
                    self.at += 1;
                }
                if secret {
                    self.found.secrets.add(name, &self.text[start..self.at]);
                }
            }
        }
        self.skip_space();
    }

    /// Notes the secret value that begins there and ends here.
    fn hide(&mut self, start: usize, name: &str) {
        let raw = self.text[start..self.at].trim_end();
        let range = start..start + raw.len();
        match raw.bytes().next() {
            Some(b'"') => {
                let value: String = serde_json::from_str(raw).unwrap_or_default();
                self.found.secret(range, name, &value, Written::Json);
            }
            Some(b'{' | b'[') => self.found.secret(range, name, raw, Written::Json),
            _ => self.found.secret(range, name, raw, Written::Literal),
        }
    }

    /// Goes over an object or a list.
    fn items(&mut self, end: u8, keyed: bool, name: &str, secret: bool) {
        if self.depth == DEEPEST {
            // The end: nothing more is read, and the depth says why.
            self.at = self.text.len();
            return;
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        while self.peek() != end && self.peek() != 0 {
            let key = keyed.then(|| {
                let key = self.string();
                self.skip_space();
                // The colon.
                self.at += 1;
                self.skip_space();
                key
            });
            let hidden = key.as_deref().is_some_and(is_secret_name);
            let start = self.at;
            self.value(key.as_deref().unwrap_or(name), secret || hidden);
            if let Some(key) = key.filter(|_| hidden && !secret) {
                self.hide(start, &key);
            }
            if self.peek() == b',' {
                self.at += 1;
                self.skip_space();
            }
        }
        if self.at < self.text.len() {
            self.depth -= 1;
            self.at += 1;
        }
    }
}
