//! Finds words in a text, also behind escapes and in hexadecimal digits. A run cleans megabytes, in
//! tests without optimisation.

use std::{
    collections::BTreeSet,
    ops::{Bound, Range},
};

/// Shorter strings occur in ordinary text by chance.
pub(super) const MIN_LENGTH: usize = 4;

/// Words to search for. They can be added one by one at low cost.
pub(super) struct Words {
    words: BTreeSet<Vec<u8>>,
    /// True if a word may begin with bytes of that [`slot`]. Few positions of a text pass.
    may_begin: Vec<bool>,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            words: BTreeSet::new(),
            may_begin: vec![false; 1 << SLOT_BITS],
        }
    }
}

/// Some thousand words leave nearly all slots empty.
const SLOT_BITS: u32 = 18;

/// Index in the table for the first bytes of a word.
fn slot(start: u32) -> usize {
    // Multiplicative hashing: 2^32 divided by the golden ratio.
    (start.wrapping_mul(0x9E37_79B9) >> (u32::BITS - SLOT_BITS)) as usize
}

impl Words {
    /// Adds a word, if it is long enough.
    pub(super) fn add(&mut self, word: Vec<u8>) {
        if let Some(start) = word.first_chunk() {
            self.may_begin[slot(u32::from_be_bytes(*start))] = true;
            self.words.insert(word);
        }
    }

    /// Finds the words in a text, also after escapes are undone.
    pub(super) fn in_text(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = self.find(text.as_bytes());
        for (mark, unescape) in ESCAPES {
            let view = View::unescaped(text, mark, unescape);
            found.extend(view.iter().flat_map(|view| view.find(self)));
        }
        found
    }

    /// Finds the words in the hexadecimal digits of a text, with any separators.
    pub(super) fn in_digits(&self, text: &str) -> Vec<Range<usize>> {
        View::digits(text).find(self)
    }

    /// All occurrences in `bytes`, by where they begin.
    fn find(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut start = 0;
        for (last, byte) in bytes.iter().enumerate() {
            start = start << 8 | u32::from(*byte);
            if self.may_begin[slot(start)]
                && let Some(place) = (last + 1).checked_sub(MIN_LENGTH)
                && let Some(length) = self.longest(&bytes[place..])
            {
                found.push(place..place + length);
            }
        }
        found
    }

    /// The length of the longest word that `bytes` begin with.
    fn longest(&self, bytes: &[u8]) -> Option<usize> {
        let mut most = bytes.len();
        loop {
            let range = (Bound::Unbounded, Bound::Included(&bytes[..most]));
            let word = self.words.range::<[u8], _>(range).next_back()?;
            // A longer word that `bytes` begin with would come after this one.
            let common = word.iter().zip(bytes).take_while(|(a, b)| a == b).count();
            if common == word.len() {
                return Some(common);
            }
            most = common;
        }
    }
}

/// Decoded bytes of a text, and their positions in it.
#[derive(Default)]
struct View {
    bytes: Vec<u8>,
    parts: Vec<Part>,
}

/// Bytes of a view: those of the text from `place` on, or the result of an escape there.
struct Part {
    /// Their first position in the view.
    start: usize,
    place: usize,
    /// Bytes of the escape.
    escape: Option<usize>,
}

/// Undoes the escape at the start of a text; returns its result, and its length in bytes.
type Unescape = fn(&str) -> Option<(Vec<u8>, usize)>;

/// Bytes of `&#x10ffff;`.
const LONGEST_ENTITY: usize = 10;

/// First byte of [`char::REPLACEMENT_CHARACTER`].
const REPLACEMENT_STARTS: u8 = 0xEF;

/// Beginnings of escapes. One text has escapes of one kind: the others may be part of a secret.
const ESCAPES: [(u8, Unescape); 3] = [(b'%', percent), (b'\\', backslash), (b'&', entity)];

impl View {
    /// Adds a part. UTF-16 that was read as UTF-8 has NULs, which are left out.
    fn push(&mut self, bytes: &[u8], place: usize, escape: Option<usize>) {
        let start = self.bytes.len();
        self.bytes.extend(bytes.iter().filter(|byte| **byte != 0));
        if self.bytes.len() > start {
            self.parts.push(Part {
                start,
                place,
                escape,
            });
        }
    }

    /// `text` without NULs, replacements for what is not UTF-8, and the escapes that begin with
    /// `mark`; `None` if that is `text` itself.
    fn unescaped(text: &str, mark: u8, unescape: Unescape) -> Option<Self> {
        let left_out = ['\0', char::REPLACEMENT_CHARACTER];
        if !text.contains(char::from(mark)) && !left_out.iter().any(|one| text.contains(*one)) {
            return None;
        }
        let may_end = |byte: &u8| *byte == mark || matches!(*byte, 0 | REPLACEMENT_STARTS);
        let (mut view, mut place) = (Self::default(), 0);
        while let Some(first) = text[place..].chars().next() {
            let (rest, own) = (&text[place..], first.len_utf8());
            let escape = (first == char::from(mark)).then(|| unescape(rest));
            place += if let Some((bytes, length)) = escape.flatten() {
                view.push(&bytes, place, Some(length));
                length
            } else if left_out.contains(&first) {
                own
            } else {
                let more = rest.as_bytes()[own..].iter().position(may_end);
                let plain = more.map_or(rest.len(), |more| own + more);
                view.push(&rest.as_bytes()[..plain], place, None);
                plain
            };
        }
        Some(view)
    }

    /// The hexadecimal digits of `text` in lower case, without the prefix `0x`.
    fn digits(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut view = Self::default();
        let mut goes_on = false;
        for (place, byte) in bytes.iter().enumerate() {
            let is_prefix = *byte == b'0' && matches!(bytes.get(place + 1), Some(b'x' | b'X'));
            let is_digit = byte.is_ascii_hexdigit() && !is_prefix;
            if is_digit && goes_on {
                view.bytes.push(byte.to_ascii_lowercase());
            } else if is_digit {
                view.push(&[byte.to_ascii_lowercase()], place, None);
            }
            goes_on = is_digit;
        }
        view
    }

    /// Range in the text that the byte of the view comes from.
    fn place(&self, byte: usize) -> Range<usize> {
        let after = self.parts.partition_point(|part| part.start <= byte);
        let part = &self.parts[after - 1];
        let (place, length) = match part.escape {
            Some(length) => (part.place, length),
            None => (part.place + byte - part.start, 1),
        };
        place..place + length
    }

    /// Finds the words in the text.
    fn find(&self, words: &Words) -> Vec<Range<usize>> {
        let mut found = words.find(&self.bytes);
        for range in &mut found {
            *range = self.place(range.start).start..self.place(range.end - 1).end;
        }
        found
    }
}

/// `%43`, in URLs.
fn percent(text: &str) -> Option<(Vec<u8>, usize)> {
    Some((vec![byte(text.get(1..3)?)?], 3))
}

/// `\u0043`, `\x43`, `\"` and the like, in JSON and other languages.
fn backslash(text: &str) -> Option<(Vec<u8>, usize)> {
    let unit = |from: usize| {
        let digits = text.get(from..from + 6)?.strip_prefix("\\u")?;
        let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u16::from_str_radix(digits, 16).ok().filter(|_| plain)
    };
    let utf8 = |units: &[u16]| Some(String::from_utf16(units).ok()?.into_bytes());
    let second = text[1..].chars().next()?;
    match (second, unit(0), unit(6)) {
        ('u', Some(high @ 0xD800..0xDC00), Some(low)) => Some((utf8(&[high, low])?, 12)),
        ('u', Some(unit), _) => Some((utf8(&[unit])?, 6)),
        ('u', None, _) => None,
        ('x', ..) => Some((vec![byte(text.get(2..4)?)?], 4)),
        ('n', ..) => Some((b"\n".to_vec(), 2)),
        ('r', ..) => Some((b"\r".to_vec(), 2)),
        ('t', ..) => Some((b"\t".to_vec(), 2)),
        ('0', ..) => Some((Vec::new(), 2)),
        (other, ..) => Some((other.to_string().into_bytes(), 1 + other.len_utf8())),
    }
}

/// `&#67;`, `&#x43;` and `&lt;`, in XML and HTML.
fn entity(text: &str) -> Option<(Vec<u8>, usize)> {
    let end = text
        .bytes()
        .take(LONGEST_ENTITY)
        .position(|byte| byte == b';')?;
    let name = &text[1..end];
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)?
        }
    };
    Some((character.to_string().into_bytes(), name.len() + 2))
}

fn byte(digits: &str) -> Option<u8> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| plain)
}
