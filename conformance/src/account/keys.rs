//! Keys: what names a user in a path, as it is in bodies, and how a path writes it.

use std::collections::HashSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{decode::users::shown, random, transport::Response};

/// Characters that need no escape in a path segment: the unreserved ones of RFC 3986, and `@`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@');

/// The path segment for a key.
pub fn encode(key: &str) -> String {
    utf8_percent_encode(key, SEGMENT).to_string()
}

/// Decodes a path segment to the key.
pub fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// True if a path with that key can reach another resource, even if it is decoded or normalised
/// several times on its way.
pub fn escapes(key: &str) -> bool {
    let mut text = key.to_owned();
    loop {
        let mut segments = text.split(['/', '\\']);
        if text.is_empty() || segments.any(|segment| matches!(segment, "." | "..")) {
            return true;
        }
        let decoded = decode(&text);
        if decoded == text {
            return false;
        }
        text = decoded;
    }
}

/// Possible keys of a new user from the response to its create, most likely first: the id of a user
/// in the body that `is_new`, then the last segment of Location, decoded and undecoded.
pub fn named_by(response: &Response, is_new: impl Fn(&str) -> bool) -> Vec<String> {
    let mut keys = Vec::new();
    let users = shown(&response.body).unwrap_or_default();
    keys.extend(
        users
            .into_iter()
            .filter(|user| is_new(&user.username))
            .filter_map(|user| user.id),
    );
    let location = response.header("location").unwrap_or_default();
    let end = location
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    if !end.is_empty() {
        keys.push(decode(end));
        keys.push(end.to_owned());
    }
    let mut seen = HashSet::new();
    keys.retain(|key| seen.insert(key.clone()));
    keys
}

/// A random key of the form of `key`: a UUID for a UUID, other digits for its last digits, and
/// letters after a key without any.
pub fn random_like(key: &str) -> String {
    if is_uuid(key) {
        let (a, b) = (random::hex(), random::hex());
        return format!(
            "{a}-{}-4{}-8{}-{}{}",
            &b[..4],
            &b[4..7],
            &a[..3],
            random::hex(),
            &b[..4]
        );
    }
    let digits = format!("4{:09}", random::number() % 1_000_000_000);
    let is_digit = |character: char| character.is_ascii_digit();
    match key.rfind(is_digit) {
        None => format!("{key}{}", random::hex()),
        Some(last) => {
            let first = key[..last].rfind(|character| !is_digit(character));
            let first = first.map_or(0, |at| {
                at + key[at..].chars().next().map_or(1, char::len_utf8)
            });
            format!("{}{digits}{}", &key[..first], &key[last + 1..])
        }
    }
}

fn is_uuid(key: &str) -> bool {
    key.len() == 36
        && key.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The form of a key: keys of one form are rejected alike when no user has them.
pub fn form(key: &str) -> String {
    if is_uuid(key) {
        return "uuid".to_owned();
    }
    let mut form = String::new();
    for character in key.chars() {
        let kind = match character {
            '0'..='9' => '0',
            character if character.is_alphabetic() => 'a',
            other => other,
        };
        if !form.ends_with(kind) {
            form.push(kind);
        }
    }
    form
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, escapes, form, is_uuid, named_by, random_like};
    use crate::transport::Response;

    #[test]
    fn a_key_is_one_segment_of_a_path_and_comes_back() {
        for (key, segment) in [
            ("u7", "u7"),
            ("%751", "%25751"),
            ("u?4", "u%3F4"),
            ("a b?4#x", "a%20b%3F4%23x"),
            ("../users/u1", "..%2Fusers%2Fu1"),
            ("zoë@x.example", "zo%C3%AB@x.example"),
        ] {
            assert_eq!(encode(key), segment);
            assert_eq!(decode(segment), key);
        }
    }

    #[test]
    fn a_key_that_could_reach_another_path_is_known_however_it_is_written() {
        for key in [
            "",
            ".",
            "..",
            "../users/u1",
            "a/../u1",
            "..%2fu1",
            "%2e%2e",
            "%252e%252e/u1",
            "..\\u1",
        ] {
            assert!(escapes(key), "{key}");
        }
        for key in ["u1", "u.1", "...", "%751", "a/b", "cf-1.x"] {
            assert!(!escapes(key), "{key}");
        }
    }

    #[test]
    fn the_answer_to_a_create_names_keys_in_its_body_and_in_location() {
        let keys = |location: &str, body: &str| {
            let response = Response {
                status: 201,
                headers: vec![("Location".to_owned(), location.to_owned())],
                body: body.as_bytes().to_vec(),
            };
            named_by(&response, |username| username == "new")
        };
        assert_eq!(keys("/api/users/u7", ""), ["u7"]);
        assert_eq!(keys("https://h/users/%25751/", ""), ["%751", "%25751"]);
        assert_eq!(keys("", r#"{"Username":"new","UserId":"%751"}"#), ["%751"]);
        assert_eq!(keys("/u/u7", r#"{"Username":"new","UserId":"u7"}"#), ["u7"]);
        assert_eq!(keys("", r#"{"Username":"other","UserId":"u1"}"#), [""; 0]);
    }

    #[test]
    fn a_random_key_has_the_form_of_the_one_that_it_is_made_from() {
        let uuid = "0b1f9a5e-0000-4000-8000-000000000000";
        for key in ["u7", "17", "a b?4#x", "%751", "abc", "ü7", uuid] {
            let random = random_like(key);
            assert_ne!(random, key);
            assert_eq!(is_uuid(&random), is_uuid(key), "{random}");
            if key != "abc" {
                assert_eq!(form(&random), form(key), "{random}");
            }
        }
    }
}
