//! The encoding of a body in XML, and its text.
//!
//! A byte order mark decides, then the charset of `Content-Type`, then the XML declaration (RFC
//! 7303, section 3). Without any of them the body is in UTF-8.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// An encoding by one of its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// ASCII alone; the Encoding Standard reads its names as Windows-1252.
    Ascii,
    /// ISO-8859-1: each byte is the character of its number. The Encoding Standard reads its names
    /// as Windows-1252, which has other characters from 0x80 to 0x9F; servers in Java do not.
    Latin1,
    /// UTF-16 in the order that the byte order mark says.
    Utf16,
    /// One that the Encoding Standard reads as its name says.
    Standard(&'static Encoding),
}

/// Why a body has no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecodable {
    /// The bytes are not what the encoding allows.
    Byte {
        encoding: &'static str,
        /// Bytes before the wrong one.
        offset: usize,
    },
    /// UTF-16, and nothing says in which order.
    NoMark,
    /// The declaration says UTF-16, and was read without it.
    NotUtf16,
    /// The declaration names an encoding that is not known.
    Unknown,
}

impl Charset {
    /// The encoding of that name, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        let encoding = Encoding::for_label_no_replacement(name.as_bytes())?;
        let name = name.trim().to_ascii_lowercase();
        Some(match &*name {
            "us-ascii" | "ascii" | "ansi_x3.4-1968" => Self::Ascii,
            "windows-1252" | "cp1252" | "x-cp1252" => Self::Standard(encoding),
            _ if encoding == WINDOWS_1252 => Self::Latin1,
            "utf-16le" => Self::Standard(encoding),
            _ if encoding == UTF_16LE => Self::Utf16,
            _ => Self::Standard(encoding),
        })
    }

    /// True if its text can be read as UTF-8 too.
    pub fn is_utf_8(self) -> bool {
        matches!(self, Self::Ascii) || self == Self::Standard(UTF_8)
    }

    fn is_utf_16(self) -> bool {
        self == Self::Utf16 || [UTF_16LE, UTF_16BE].map(Self::Standard).contains(&self)
    }

    fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, Undecodable> {
        let wrong = |encoding, offset| Undecodable::Byte { encoding, offset };
        match self {
            Self::Ascii => match Encoding::ascii_valid_up_to(bytes) {
                offset if offset < bytes.len() => Err(wrong("US-ASCII", offset)),
                _ => utf_8(bytes),
            },
            Self::Latin1 => Ok(encoding_rs::mem::decode_latin1(bytes)),
            Self::Utf16 => Err(Undecodable::NoMark),
            Self::Standard(encoding) if encoding == UTF_8 => utf_8(bytes),
            Self::Standard(encoding) => {
                let mut decoder = encoding.new_decoder_without_bom_handling();
                let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
                let mut text = String::with_capacity(room.unwrap_or(0));
                match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
                    (DecoderResult::InputEmpty, _) => Ok(text.into()),
                    (DecoderResult::OutputFull, read) => Err(wrong(encoding.name(), read)),
                    (DecoderResult::Malformed(length, after), read) => {
                        let before = read - usize::from(length) - usize::from(after);
                        Err(wrong(encoding.name(), before))
                    }
                }
            }
        }
    }
}

/// The text of a body in UTF-8.
pub fn utf_8(bytes: &[u8]) -> Result<Cow<'_, str>, Undecodable> {
    let text = std::str::from_utf8(bytes).map_err(|error| Undecodable::Byte {
        encoding: UTF_8.name(),
        offset: error.valid_up_to(),
    });
    text.map(Cow::Borrowed)
}

/// The text of a body in XML, whose `Content-Type` may name a charset. A byte order mark of UTF-8
/// stays.
pub fn text(bytes: &[u8], charset: Option<Charset>) -> Result<Cow<'_, str>, Undecodable> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return match Charset::Standard(encoding) {
            utf_8 if utf_8.is_utf_8() => utf_8.decode(bytes),
            utf_16 => utf_16
                .decode(&bytes[length..])
                .map_err(|error| match error {
                    Undecodable::Byte { encoding, offset } => Undecodable::Byte {
                        encoding,
                        offset: length + offset,
                    },
                    other => other,
                }),
        };
    }
    if let Some(charset) = charset {
        return charset.decode(bytes);
    }
    if bytes.starts_with(b"<\0") || bytes.starts_with(b"\0<") {
        return Err(Undecodable::NoMark);
    }
    match declared(bytes).map(Charset::named) {
        None => utf_8(bytes),
        Some(None) => Err(Undecodable::Unknown),
        Some(Some(charset)) if charset.is_utf_16() => Err(Undecodable::NotUtf16),
        Some(Some(charset)) => charset.decode(bytes),
    }
}

/// The encoding that an XML declaration names. Its form is checked where XML is read.
fn declared(bytes: &[u8]) -> Option<&str> {
    let rest = bytes.strip_prefix(b"<?xml")?;
    let end = rest.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(&rest[..end]).ok()?;
    let (_, after) = declaration.split_once("encoding")?;
    let after = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    after[1..].split_once(quote).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::{Charset, Undecodable, text};

    fn read(bytes: &[u8], charset: Option<&str>) -> Result<String, Undecodable> {
        let charset = charset.map(|name| Charset::named(name).expect("it is known"));
        text(bytes, charset).map(std::borrow::Cow::into_owned)
    }

    fn byte<T>(encoding: &'static str, offset: usize) -> Result<T, Undecodable> {
        Err(Undecodable::Byte { encoding, offset })
    }

    #[test]
    fn a_mark_comes_before_the_charset_and_that_before_the_declaration() {
        let declared = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xC3\xA9</a>";
        let said = "<?xml version='1.0' encoding='ISO-8859-1'?>";
        assert_eq!(
            read(declared, None),
            Ok(format!("{said}<a>\u{C3}\u{A9}</a>"))
        );
        assert_eq!(read(declared, Some("utf-8")), Ok(format!("{said}<a>é</a>")));
        let marked = [b"\xEF\xBB\xBF", &declared[..]].concat();
        let expected = format!("\u{FEFF}{said}<a>é</a>");
        assert_eq!(read(&marked, Some("iso-8859-1")), Ok(expected));
        assert_eq!(read(b"\xFE\xFF\0a", Some("utf-8")), Ok("a".to_owned()));
        assert_eq!(read(b"\xFF\xFEa\0", Some("utf-16")), Ok("a".to_owned()));
        assert_eq!(read(b"a\0", Some("utf-16le")), Ok("a".to_owned()));
        assert_eq!(read(b"\0a", Some("UTF-16BE")), Ok("a".to_owned()));
    }

    #[test]
    fn names_mean_what_they_say() {
        for (name, bytes, expected) in [
            ("us-ascii", &b"e"[..], Ok("e".to_owned())),
            ("ASCII", b"a\xE9", byte("US-ASCII", 1)),
            ("utf8", b"\xC3\xA9", Ok("é".to_owned())),
            ("UTF-8", b"ab\xE9", byte("UTF-8", 2)),
            ("ISO-8859-1", b"\xE9\x80", Ok("é\u{80}".to_owned())),
            ("latin1", b"\xE9", Ok("é".to_owned())),
            ("windows-1252", b"\xE9\x80", Ok("é€".to_owned())),
            ("iso-8859-15", b"\xA4", Ok("€".to_owned())),
            ("Shift_JIS", b"\x93\xFA", Ok("日".to_owned())),
            ("euc-jp", b"ab\xFF", byte("EUC-JP", 2)),
        ] {
            assert_eq!(read(bytes, Some(name)), expected, "{name}");
            let declaration = format!("<?xml version=\"1.0\" encoding = \"{name}\"?>");
            let whole = [declaration.as_bytes(), bytes].concat();
            let expected = match expected {
                Ok(text) => Ok(declaration.clone() + &text),
                Err(Undecodable::Byte { encoding, offset }) => {
                    byte(encoding, declaration.len() + offset)
                }
                Err(other) => Err(other),
            };
            assert_eq!(read(&whole, None), expected, "{declaration}");
        }
        assert_eq!(Charset::named("utf-99"), None);
        assert_eq!(Charset::named("iso-2022-kr"), None);
    }

    #[test]
    fn what_is_not_what_it_says_has_no_text() {
        let declared = |name: &str| format!("<?xml version='1.0' encoding='{name}'?><a/>");
        for (bytes, charset, expected) in [
            (declared("utf-99").into_bytes(), None, Undecodable::Unknown),
            (declared("UTF-16").into_bytes(), None, Undecodable::NotUtf16),
            (b"<\0a\0/\0>\0".to_vec(), None, Undecodable::NoMark),
            (b"\0<\0a\0/\0>".to_vec(), None, Undecodable::NoMark),
            (
                b"<\0a\0/\0>\0".to_vec(),
                Some("utf-16"),
                Undecodable::NoMark,
            ),
        ] {
            assert_eq!(read(&bytes, charset), Err(expected));
        }
        // A surrogate alone, and half a unit.
        assert_eq!(read(b"\xFF\xFEa\0\x00\xD8b\0", None), byte("UTF-16LE", 4));
        assert_eq!(read(b"\xFF\xFEa\0b", None), byte("UTF-16LE", 4));
    }
}
