//! Removes secrets, by value and in every encoding that is known here, from all output, and escapes
//! what a terminal would obey.

mod words;

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose};
use sha2::{Digest as _, Sha256};

use self::words::{MIN_LENGTH, Words};

/// Replacement of a secret.
pub(crate) const MARK: &str = "[secret]";

/// The secrets of a run.
#[derive(Default)]
pub struct Redactor {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    secrets: BTreeSet<String>,
    /// In text, also once escapes are undone.
    forms: Words,
    /// In the hexadecimal digits of a text, whatever separates them.
    digits: Words,
}

impl Redactor {
    /// Remembers a password.
    pub fn add(&self, secret: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.secrets.insert(secret.to_owned()) {
            return;
        }
        for form in forms(secret) {
            known.forms.add(form);
        }
        if secret.chars().count() >= MIN_LENGTH {
            for bytes in encodings(secret) {
                known.digits.add(hexadecimal(&bytes).into_bytes());
            }
        }
    }

    /// Remembers a login: its password, and the pair as in an Authorization header.
    pub fn add_login(&self, username: &str, password: &str) {
        if !password.is_empty() {
            self.add(password);
            self.add(&format!("{username}:{password}"));
        }
    }

    /// Remembers the login in the value of an Authorization header.
    pub fn add_authorization(&self, value: &str) {
        if let Some((username, password)) = basic_login(value) {
            self.add_login(&username, &password);
        }
    }

    /// `text` without secrets.
    pub fn clean(&self, text: &str) -> String {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = known.forms.in_text(text);
        found.extend(known.digits.in_digits(text));
        found.sort_by_key(|range| range.start);
        let mut cleaned = String::with_capacity(text.len());
        let mut end = 0;
        for range in found {
            // A form that is not UTF-8 may match a part of a character.
            let start = text.floor_char_boundary(range.start);
            if start >= end {
                cleaned.push_str(&text[end..start]);
                cleaned.push_str(MARK);
            }
            // What overlaps is secret from its first character to its last.
            end = end.max(text.ceil_char_boundary(range.end));
        }
        cleaned + &text[end..]
    }

    /// `text` without secrets, for a report: control characters but tabs and line feeds are escaped.
    pub fn text(&self, text: &str) -> String {
        escape(&self.clean(text), |character| {
            obeyed(character) && character != '\n'
        })
        .into_owned()
    }

    /// Without secrets, in one line: line feeds are escaped too.
    pub fn line(&self, text: &str) -> String {
        printable(&self.clean(text)).into_owned()
    }

    /// The body without secrets. For a body that is not text, only the length and a hash: a secret
    /// in it could not be recognised.
    pub fn body(&self, bytes: &[u8]) -> String {
        match text_of(bytes) {
            Some(text) => self.clean(text),
            None => format!(
                "[not text: {} bytes, SHA-256 {}]",
                bytes.len(),
                hexadecimal(&Sha256::digest(bytes))
            ),
        }
    }
}

/// A body as text: UTF-8 without control characters but tabs and line ends.
pub(crate) fn text_of(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let control = |character: char| character.is_control() && !"\t\n\r".contains(character);
    (!text.chars().any(control)).then_some(text)
}

/// The name and the password in the value of an Authorization header; `None` where there are none
/// that a server could read.
pub fn basic_login(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let login = general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let login = String::from_utf8(login).ok()?;
    let (username, password) = login.split_once(':')?;
    (!password.is_empty()).then(|| (username.to_owned(), password.to_owned()))
}

/// The value of an Authorization header without all that could be secret in it, known or not.
pub fn authorization(value: &str) -> String {
    match value.trim().split_once(' ') {
        Some((scheme, _)) => format!("{scheme} {MARK}"),
        // A scheme alone, or a word that is no credentials.
        None => value.to_owned(),
    }
}

/// `text` in one line, with every character escaped that a terminal would obey. Tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    escape(text, obeyed)
}

fn obeyed(character: char) -> bool {
    character.is_control() && character != '\t'
}

fn escape(text: &str, which: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&which) {
        return Cow::Borrowed(text);
    }
    let escape = |mut text: String, character: char| {
        if which(character) {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
        text
    };
    Cow::Owned(text.chars().fold(String::new(), escape))
}

/// `secret` plain, as a form writes its spaces, reversed, in any encoding that was taken for UTF-8 or
/// Latin-1, and in Base64, by itself or within something longer. Without escapes and NULs.
fn forms(secret: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::from([
        secret.replace(' ', "+").into_bytes(),
        secret.chars().rev().collect::<String>().into_bytes(),
    ]);
    for bytes in encodings(secret) {
        forms.extend(in_base64(&bytes).into_iter().map(String::into_bytes));
        let bytes: Vec<u8> = bytes.into_iter().filter(|byte| *byte != 0).collect();
        let lossy = String::from_utf8_lossy(&bytes).replace(char::REPLACEMENT_CHARACTER, "");
        let latin: String = bytes.iter().copied().map(char::from).collect();
        forms.extend([lossy.into_bytes(), latin.into_bytes(), bytes]);
    }
    forms
}

/// The bytes of `text` in UTF-8, UTF-16 and UTF-32, in both orders, and those of UTF-8 reversed.
fn encodings(text: &str) -> Vec<Vec<u8>> {
    let units = || text.encode_utf16();
    let characters = || text.chars().map(u32::from);
    vec![
        text.as_bytes().to_vec(),
        text.bytes().rev().collect(),
        units().flat_map(u16::to_le_bytes).collect(),
        units().flat_map(u16::to_be_bytes).collect(),
        characters().flat_map(u32::to_le_bytes).collect(),
        characters().flat_map(u32::to_be_bytes).collect(),
    ]
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `bytes` in both alphabets of Base64, with and without padding, and what is the same wherever
/// they are within something longer.
fn in_base64(bytes: &[u8]) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    for engine in [general_purpose::STANDARD, general_purpose::URL_SAFE] {
        forms.insert(engine.encode(bytes));
        forms.insert(engine.encode(bytes).trim_end_matches('=').to_owned());
        forms.extend((0..3).map(|before| core(bytes, before, &engine)));
    }
    forms
}

/// The part of a Base64 text of `bytes` that does not depend on the bytes around them, with
/// `before` bytes in front, modulo 3.
fn core(bytes: &[u8], before: usize, engine: &impl base64::Engine) -> String {
    let mut padded = vec![0; before];
    padded.extend_from_slice(bytes);
    let encoded = engine.encode(&padded);
    // A character encodes six bits.
    let (first, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    encoded.get(first..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use sha2::{Digest as _, Sha256};

    use super::{Redactor, authorization, printable};

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
    fn wide_hexadecimal_and_reversed_secrets_are_removed() {
        let redactor = Redactor::default();
        redactor.add("aB3$é");
        for text in [
            "x a\0B\x003\0$\0é\0 y",
            "x a\\u0000B\\u00003\\u0000$\\u0000\\u00e9 y",
            "x %61%00%42%00%33%00%24%00%E9%00 y",
            "x 61423324c3a9 y",
            "x 61 42 33 24 C3 A9 y",
            "x 0x61, 0x42, 0x33, 0x24, 0xc3, 0xa9 y",
            "x 610042003300 2400e900 y",
            "x 006100420033002400E9 y",
            "x 6100000042000000330000002400 0000e9000000 y",
            "x é$3Ba y",
            "x a9c324334261 y",
            "x YQBCADMAJADpAA== y",
            "x YQBCADMAJADpAA y",
        ] {
            let cleaned = redactor.clean(text);
            let cleaned = cleaned.replace("0x[", "[");
            assert!(
                cleaned.starts_with("x [secret]") && cleaned.ends_with(" y"),
                "{text:?} became {cleaned:?}"
            );
            assert!(cleaned.len() < "x [secret]6-more y".len(), "{cleaned:?}");
        }
    }

    #[test]
    fn what_is_not_text_is_a_length_and_a_hash() {
        let redactor = Redactor::default();
        redactor.add("secret");
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(
            redactor
                .body(b"\0abc")
                .starts_with("[not text: 4 bytes, SHA-256 ")
        );
        for bytes in [
            &b"\xffsecret"[..],
            b"a\x1bsecret",
            b"\x7f",
            "\u{9b}".as_bytes(),
        ] {
            let shown = redactor.body(bytes);
            assert!(shown.starts_with("[not text: "), "{shown}");
            assert!(!shown.contains("secret"), "{shown}");
        }
        assert_eq!(redactor.body(b"a\tsecret\r\n"), "a\t[secret]\r\n");
        assert_eq!(super::hexadecimal(&Sha256::digest(b"abc")), hash);
    }

    #[test]
    fn what_is_no_secret_stays() {
        let redactor = Redactor::default();
        redactor.add("abc");
        redactor.add_login("", "");
        assert_eq!(redactor.clean("abc: abcd"), "abc: abcd");
    }

    #[test]
    fn a_secret_is_removed_from_base64_at_any_offset() {
        let redactor = Redactor::default();
        let secret = "Sup3r-Secret!Pw99~>?";
        redactor.add(secret);
        for before in ["", "a", "ab", "abc", "OPS-BOT:"] {
            for after in ["", "z", "zz", "zzz"] {
                let encoded = STANDARD.encode(format!("{before}{secret}{after}"));
                for text in [
                    encoded.clone(),
                    encoded.replace('+', "-").replace('/', "_"),
                    encoded.replace('+', "%2B").replace('/', "%2F"),
                    encoded.replace('+', "%2b").replace('/', "%2f"),
                    encoded.replace('/', "\\/"),
                ] {
                    let cleaned = redactor.clean(&text);
                    let (start, end) = cleaned.split_once("[secret]").unwrap_or((&text, ""));
                    // At most four bits of its first and of its last character.
                    let rest = (before.len() + after.len()) * 8 / 6 + 6;
                    assert!(start.len() + end.len() <= rest, "{text} became {cleaned}");
                }
            }
        }
    }

    #[test]
    fn a_login_that_a_header_holds_is_removed_everywhere() {
        let redactor = Redactor::default();
        let header = format!("basic {}", STANDARD.encode("OPS-BOT:Canary:1"));
        redactor.add_authorization(&header);
        for other in ["Basic", "Basic !!!", "Bearer x", "Basic Og==", ""] {
            redactor.add_authorization(other);
        }
        assert_eq!(redactor.clean(&header), "basic [secret]");
        assert_eq!(redactor.clean("pw=Canary%3A1"), "pw=[secret]");
        assert_eq!(redactor.clean("pw=%43%61%6E%61%72%79%3A%31"), "pw=[secret]");
        assert_eq!(redactor.clean("Basic !!!"), "Basic !!!");
    }

    #[test]
    fn of_an_authorization_header_the_scheme_stays() {
        for (value, shown) in [
            ("Basic dXNlcjpwdw==", "Basic [secret]"),
            ("Digest username=\"x\"", "Digest [secret]"),
            ("Basic ", "Basic "),
            ("Basic", "Basic"),
        ] {
            assert_eq!(authorization(value), shown);
        }
    }

    #[test]
    fn a_terminal_gets_no_control_sequence() {
        assert_eq!(printable("a\tb é"), "a\tb é");
        assert_eq!(printable("a\x1b[2J\u{9b}b\n"), "a\\u{1b}[2J\\u{9b}b\\n");
    }

    #[test]
    fn secrets_that_overlap_and_come_one_by_one_are_all_removed() {
        let redactor = Redactor::default();
        let secrets: Vec<String> = (100..200).map(|n| format!("{n}-Canary-{n}")).collect();
        for secret in &secrets {
            redactor.add(secret);
            assert_eq!(redactor.clean(&format!("x {secret} y")), "x [secret] y");
        }
        let all = secrets.join(" ");
        assert_eq!(redactor.clean(&all), ["[secret]"; 100].join(" "));
        redactor.add("ary-100 101");
        assert_eq!(redactor.clean("100-Canary-100 101 é"), "[secret] é");
        assert_eq!(redactor.clean(""), "");
    }
}
