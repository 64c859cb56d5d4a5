//! Bytes to wire values and back, in XML and JSON. Strict: what is not exactly right is rejected
//! with an error that says what is wrong. Knows neither HTTP nor the domain.

mod decode;
mod encode;
mod error;
pub mod identity;
mod json;
pub mod management;
mod names;
mod node;
mod xml;

pub use decode::{password, text, user};
pub use encode::{Document, ListFrame, encode, list_frame, list_items};
pub use error::DecodeError;
pub use names::{name_of, spelled};
#[cfg(feature = "traffic")]
pub use node::known_names;

/// Maximum nesting of elements, objects and arrays.
pub const MAX_DEPTH: usize = 32;

/// A format of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/xml`
    Xml,
    /// `application/json`
    Json,
}

impl Format {
    /// The value of `Content-Type` in responses.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Json => "application/json",
        }
    }
}

/// True if XML 1.0 allows the character in a document. JSON could carry the others, but a value
/// that only one format can carry is rejected in both.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The first character of a text that XML does not allow.
fn forbidden(text: &str) -> Option<char> {
    // Most texts are plain ASCII, which is recognized many bytes at a time where none ends the look.
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        return None;
    }
    text.chars().find(|c| !is_xml_char(*c))
}

#[cfg(test)]
mod tests;
