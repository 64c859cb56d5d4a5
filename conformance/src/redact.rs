//! Removes secrets, by value and in every encoding they may come in, from all that is printed, and
//! what a terminal would obey.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    mem,
    ops::Range,
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
    /// Those that no finder looks for yet.
    new: Vec<String>,
    /// To make one finder anew for each new secret would take longer than the run does, so each
    /// looks for some forms, and for at least twice as many as the next.
    finders: Vec<Finder>,
}

struct Finder {
    forms: Vec<String>,
    search: AhoCorasick,
}

impl Known {
    /// Has a finder look for every form.
    fn settle(&mut self) {
        let mut forms = mem::take(&mut self.new);
        if forms.is_empty() {
            return;
        }
        while let Some(small) = self
            .finders
            .pop_if(|finder| finder.forms.len() < 2 * forms.len())
        {
            forms.extend(small.forms);
        }
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&forms);
        let search = search.expect("secrets are few and short");
        self.finders.push(Finder { forms, search });
    }
}

impl Redactor {
    /// Remembers a password.
    pub fn add(&self, secret: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.forms.contains(secret) {
            return;
        }
        for form in forms(secret) {
            if form.chars().count() >= MIN_LENGTH && known.forms.insert(form.clone()) {
                known.new.push(form);
            }
        }
    }

    /// Remembers a login, as itself and as it stands in an Authorization header.
    pub fn add_login(&self, username: &str, password: &str) {
        if !password.is_empty() {
            self.add(password);
            self.add(&format!("{username}:{password}"));
        }
    }

    /// Remembers the login in an Authorization header, whoever's it is.
    pub fn add_authorization(&self, value: &str) {
        if let Some((username, password)) = basic_login(value) {
            self.add_login(&username, &password);
        }
    }

    /// `text` without secrets.
    pub fn clean(&self, text: &str) -> String {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.settle();
        let found = |finder: &Finder| -> Vec<Range<usize>> {
            let found = finder.search.find_iter(text);
            found.map(|found| found.range()).collect()
        };
        let mut found: Vec<_> = known.finders.iter().flat_map(found).collect();
        found.sort_by_key(|range| range.start);
        let mut cleaned = String::with_capacity(text.len());
        let mut end = 0;
        for range in found {
            if range.start >= end {
                cleaned.push_str(&text[end..range.start]);
                cleaned.push_str(MARK);
            }
            // What overlaps is secret from its first character to its last.
            end = end.max(range.end);
        }
        cleaned + &text[end..]
    }
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

/// `text` with every character escaped that a terminal would obey: a server chooses what stands in
/// its headers. Tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    let obeyed = |character: char| character.is_control() && character != '\t';
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let escape = |mut text: String, character: char| {
        if obeyed(character) {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
        text
    };
    Cow::Owned(text.chars().fold(String::new(), escape))
}

/// `secret` plain, in Base64 by itself or within something longer, and each of them as URLs, JSON,
/// XML and HTML escape it.
pub fn forms(secret: &str) -> BTreeSet<String> {
    let bytes = secret.as_bytes();
    let mut forms = escaped(secret);
    for engine in [general_purpose::STANDARD, general_purpose::URL_SAFE] {
        let whole = engine.encode(bytes);
        forms.insert(whole.replace('=', "%3D"));
        forms.insert(whole.replace('=', "%3d"));
        forms.insert(whole);
    }
    for engine in [
        general_purpose::STANDARD_NO_PAD,
        general_purpose::URL_SAFE_NO_PAD,
    ] {
        let whole = engine.encode(bytes);
        let cores = (0..3).map(|before| core(bytes, before, &engine));
        for encoded in cores.chain([whole]) {
            if encoded.contains(['+', '/', '-', '_']) {
                forms.extend(escaped(&encoded));
            } else {
                forms.insert(encoded);
            }
        }
    }
    forms
}

/// What Base64 makes of `bytes` that have `before` others in front, modulo 3, and any behind: the
/// characters that depend on none of the others.
fn core(bytes: &[u8], before: usize, engine: &impl base64::Engine) -> String {
    let mut padded = vec![0; before];
    padded.extend_from_slice(bytes);
    let encoded = engine.encode(&padded);
    // A character stands for six bits.
    let (first, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    encoded.get(first..end).unwrap_or_default().to_owned()
}

/// `secret` plain, and as URLs, JSON, XML and HTML escape it.
fn escaped(secret: &str) -> BTreeSet<String> {
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
    let percent = |keep: Option<&[u8]>, upper: bool| {
        bytes.iter().fold(String::new(), |text, byte| {
            if keep.is_some_and(|marks| byte.is_ascii_alphanumeric() || marks.contains(byte)) {
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
    // Encoders leave letters, digits and some marks as they are, or nothing.
    let marks = [&b"-._~"[..], b"-._*", b"-._~!$&'()*+,;=:@/?", b""];
    for keep in marks.map(Some).into_iter().chain([None]) {
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
    use base64::{Engine as _, engine::general_purpose::STANDARD};

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
    fn what_is_no_secret_stays() {
        let redactor = Redactor::default();
        redactor.add("abc");
        redactor.add_login("", "");
        assert_eq!(redactor.clean("abc: abcd"), "abc: abcd");
    }

    #[test]
    fn a_secret_is_removed_from_base64_wherever_it_stands_in_it() {
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
    fn a_terminal_is_told_nothing() {
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
        // Far apart in time, so that different finders look for them.
        redactor.add("ary-100 101");
        assert_eq!(redactor.clean("100-Canary-100 101 é"), "[secret] é");
        assert_eq!(redactor.clean(""), "");
    }
}
