//! Every way in which a secret could be written that this test knows. It is a list of its own and
//! shares nothing with the code under test.

/// A secret as bytes, and as what encoding.
pub(super) type Encoded = (String, Vec<u8>);

/// Encodings whose result is text in ASCII or UTF-8.
pub(super) fn as_text(secret: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut push = |name: &str, text: String| all.push((name.to_owned(), text));
    push("plain", secret.to_owned());
    push("reversed", secret.chars().rev().collect());
    push("json", json(secret, |c| !matches!(c, '"' | '\\')));
    push(
        "json, slashes",
        json(secret, |c| !matches!(c, '"' | '\\' | '/')),
    );
    push(
        "json, ascii",
        json(secret, |c| c.is_ascii() && !matches!(c, '"' | '\\')),
    );
    push(
        "json, all \\u",
        each_unit(secret, |unit| format!("\\u{unit:04x}")),
    );
    push(
        "json, all \\U",
        each_unit(secret, |unit| format!("\\u{unit:04X}")),
    );
    push("xml", xml(secret));
    push(
        "xml, decimal",
        each_char(secret, |c| format!("&#{};", u32::from(c))),
    );
    push(
        "xml, hex",
        each_char(secret, |c| format!("&#x{:x};", u32::from(c))),
    );
    push(
        "xml, HEX",
        each_char(secret, |c| format!("&#x{:X};", u32::from(c))),
    );
    push("uri component", percent(secret, "-_.!~*'()", true));
    push("uri component, lower", percent(secret, "-_.!~*'()", false));
    push("unreserved", percent(secret, "-._~", true));
    push("form", percent(secret, "-._* ", true).replace(' ', "+"));
    push("percent, all", percent_all(secret.as_bytes(), true));
    push("percent, all, lower", percent_all(secret.as_bytes(), false));
    for (name, bytes) in as_bytes(secret) {
        for (separator, prefix) in [
            ("", ""),
            (" ", ""),
            (":", ""),
            ("-", ""),
            ("", "\\x"),
            (", ", "0x"),
        ] {
            let lower: Vec<String> = bytes.iter().map(|b| format!("{prefix}{b:02x}")).collect();
            push(
                &format!("{name}, hex {prefix}{separator}"),
                lower.join(separator),
            );
            let upper: Vec<String> = bytes.iter().map(|b| format!("{prefix}{b:02X}")).collect();
            push(
                &format!("{name}, HEX {prefix}{separator}"),
                upper.join(separator),
            );
        }
        for before in 0..3 {
            let mut shifted = b"xy:"[3 - before..].to_vec();
            shifted.extend(&bytes);
            for after in ["", "z", "zz"] {
                let whole = [&shifted, after.as_bytes()].concat();
                let text = base64(&whole, b'+', b'/');
                // The characters that others share with their neighbours say little; cut them.
                let start = (before * 8).div_ceil(6);
                let end = (before + bytes.len()) * 8 / 6;
                let core = text[start..end].to_owned();
                push(
                    &format!("{name}, url base64 at {before}"),
                    core.replace('+', "-").replace('/', "_"),
                );
                push(
                    &format!("{name}, base64 %2B at {before}"),
                    core.replace('+', "%2B").replace('/', "%2F"),
                );
                push(&format!("{name}, base64 at {before}"), core);
            }
        }
    }
    all
}

/// Encodings whose result may be other bytes.
pub(super) fn as_bytes(secret: &str) -> Vec<Encoded> {
    let wide =
        |order: fn(u16) -> [u8; 2]| -> Vec<u8> { secret.encode_utf16().flat_map(order).collect() };
    let wider = |order: fn(u32) -> [u8; 4]| -> Vec<u8> {
        secret.chars().flat_map(|c| order(u32::from(c))).collect()
    };
    [
        ("utf-8", secret.as_bytes().to_vec()),
        ("utf-8 reversed", secret.bytes().rev().collect()),
        ("utf-16le", wide(u16::to_le_bytes)),
        ("utf-16be", wide(u16::to_be_bytes)),
        ("utf-32le", wider(u32::to_le_bytes)),
        ("utf-32be", wider(u32::to_be_bytes)),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into()
}

/// The bytes as a program prints them that reads them as text.
pub(super) fn as_misread(secret: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, bytes) in as_bytes(secret) {
        let lossy = String::from_utf8_lossy(&bytes).into_owned();
        let latin: String = bytes.iter().copied().map(char::from).collect();
        for (how, text) in [("lossy", lossy), ("latin-1", latin)] {
            for (nul, shown) in [
                ("as it is", "\0"),
                ("in json", "\\u0000"),
                ("in c", "\\x00"),
                ("gone", ""),
            ] {
                all.push((
                    format!("{name}, {how}, NUL {nul}"),
                    text.replace('\0', shown),
                ));
            }
        }
    }
    all
}

fn each_char(text: &str, write: impl Fn(char) -> String) -> String {
    text.chars().map(write).collect()
}

fn each_unit(text: &str, write: impl Fn(u16) -> String) -> String {
    text.encode_utf16().map(write).collect()
}

fn json(text: &str, plain: impl Fn(char) -> bool) -> String {
    each_char(text, |c| match c {
        c if plain(c) => c.to_string(),
        '"' | '\\' | '/' => format!("\\{c}"),
        c => each_unit(&c.to_string(), |unit| format!("\\u{unit:04x}")),
    })
}

fn xml(text: &str) -> String {
    each_char(text, |c| match c {
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '&' => "&amp;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&apos;".to_owned(),
        c => c.to_string(),
    })
}

fn percent(text: &str, plain: &str, upper: bool) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || plain.as_bytes().contains(&byte) {
                char::from(byte).to_string()
            } else {
                percent_all(&[byte], upper)
            }
        })
        .collect()
}

fn percent_all(bytes: &[u8], upper: bool) -> String {
    let write = |byte: &u8| {
        if upper {
            format!("%{byte:02X}")
        } else {
            format!("%{byte:02x}")
        }
    };
    bytes.iter().map(write).collect()
}

/// RFC 4648, without padding.
fn base64(bytes: &[u8], plus: u8, slash: u8) -> String {
    let alphabet: Vec<u8> = (b'A'..=b'Z')
        .chain(b'a'..=b'z')
        .chain(b'0'..=b'9')
        .chain([plus, slash])
        .collect();
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut bits = 0_u32;
        for place in 0..3 {
            bits = bits << 8 | u32::from(group.get(place).copied().unwrap_or(0));
        }
        for place in 0..=group.len() {
            let sextet = bits >> (18 - 6 * place) & 63;
            text.push(char::from(alphabet[sextet as usize]));
        }
    }
    text
}

#[test]
fn the_list_is_what_it_says() {
    let text = as_text("a<é");
    let find = |name: &str| &text.iter().find(|(known, _)| known == name).unwrap().1;
    assert_eq!(find("json, ascii"), "a<\\u00e9");
    assert_eq!(find("xml, hex"), "&#x61;&#x3c;&#xe9;");
    assert_eq!(find("percent, all"), "%61%3C%C3%A9");
    assert_eq!(find("utf-16le, hex "), "61003c00e900");
    assert_eq!(find("utf-8, HEX \\x"), "\\x61\\x3C\\xC3\\xA9");
    assert_eq!(find("utf-8, base64 at 0"), "YTzDq");
    assert_eq!(base64(b"foobar", b'+', b'/'), "Zm9vYmFy");
    assert_eq!(base64(b"fooba", b'+', b'/'), "Zm9vYmE");
}
