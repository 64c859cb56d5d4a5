//! Why a body cannot be read, in words for the response.

use std::fmt;

use thiserror::Error;

use super::MAX_DEPTH;
use crate::charset::Undecodable;

/// A body that is rejected. The text goes into the response: it names fields, never values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Nothing was sent.
    #[error("The request has no body.")]
    Empty,
    /// JSON where XML is expected: the trap that the guide warns of.
    #[error("The body is JSON but was read as XML; send Content-Type: application/json with it.")]
    JsonReadAsXml,
    /// The bytes are not what their encoding allows.
    #[error("The body is not valid {encoding} (first wrong byte at offset {offset}).")]
    Undecodable {
        /// The declared encoding, or UTF-8.
        encoding: &'static str,
        /// Bytes before the wrong one.
        offset: usize,
    },
    /// UTF-16 in an undeclared byte order.
    #[error(
        "The body is UTF-16 without a byte order mark; start it with one, or name UTF-16LE or \
         UTF-16BE as charset in Content-Type."
    )]
    NoByteOrderMark,
    /// A character that XML 1.0 does not allow, as such or by reference or escape.
    #[error("The body has the character U+{code:04X}, which XML does not allow.")]
    ForbiddenCharacter {
        /// Its code point.
        code: u32,
    },
    /// Nested too deep.
    #[error("The body nests deeper than {MAX_DEPTH} levels.")]
    TooDeep,
    /// A DOCTYPE or an entity declaration.
    #[error("The body has a document type declaration, which is not accepted.")]
    Doctype,
    /// A reference to an entity other than the predefined ones.
    #[error("The body refers to an entity that is not one of amp, lt, gt, quot, apos.")]
    UnknownEntity,
    /// The XML declaration is misplaced, or is not for XML 1.0 in the encoding of the body.
    #[error("The XML declaration {0}.")]
    Declaration(&'static str),
    /// Not well-formed XML.
    #[error("The body is not well-formed XML: {what} (line {line}).")]
    MalformedXml {
        /// The problem.
        what: &'static str,
        /// Line, from 1.
        line: usize,
    },
    /// Not JSON, or JSON that no reader can keep.
    #[error("The body {what} (line {line}, column {column}).")]
    MalformedJson {
        /// The problem.
        what: &'static str,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// The root element has another name.
    #[error("The root element is {found}; it must be `{expected}`.{hint}")]
    WrongRoot {
        /// The name it must have.
        expected: &'static str,
        /// The name it has.
        found: Quoted,
        /// Advice, as a sentence that follows others; empty if there is none.
        hint: String,
    },
    /// Something other than comments and white space after the root.
    #[error("The body continues after its end.")]
    AfterRoot,
    /// An element or key is given twice.
    #[error("{0} is given more than once.")]
    Repeated(Quoted),
    /// Text beside elements.
    #[error("There is text between the elements of {0}.")]
    StrayText(Quoted),
    /// A field that the API does not have.
    #[error("{field} is not a field of this request.{hint}")]
    UnknownField {
        /// Its name.
        field: Quoted,
        /// Advice, as a sentence that follows others; empty if there is none.
        hint: String,
    },
    /// An unknown XML attribute.
    #[error("{0} is not an attribute of this request.")]
    UnknownAttribute(Quoted),
    /// An element with `xsi:nil` and content.
    #[error("{0} has content beside xsi:nil.")]
    NilWithContent(Quoted),
    /// A JSON null where the profile has none.
    #[error("{0} must not be null; leave it out.")]
    Null(Quoted),
    /// Two fields with the same meaning.
    #[error("{0} and {1} mean the same; send one of them.")]
    Both(Quoted, Quoted),
    /// A value of another type.
    #[error("{field} must be {expected}.")]
    WrongType {
        field: Quoted,
        /// The type, in words.
        expected: &'static str,
    },
}

impl From<Undecodable> for DecodeError {
    fn from(error: Undecodable) -> Self {
        match error {
            Undecodable::Byte { encoding, offset } => Self::Undecodable { encoding, offset },
            Undecodable::NoMark => Self::NoByteOrderMark,
            Undecodable::NotUtf16 => {
                Self::Declaration("says UTF-16, which the body is not; name the encoding it has")
            }
            Undecodable::Unknown => {
                Self::Declaration("names an encoding that is not known; UTF-8 always works")
            }
        }
    }
}

impl DecodeError {
    /// A short name of what is wrong.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Empty => "body_empty",
            Self::JsonReadAsXml => "json_read_as_xml",
            Self::Undecodable { .. } => "body_undecodable",
            Self::NoByteOrderMark => "no_byte_order_mark",
            Self::ForbiddenCharacter { .. } => "forbidden_character",
            Self::TooDeep => "body_too_deep",
            Self::Doctype => "doctype",
            Self::UnknownEntity => "unknown_entity",
            Self::Declaration(_) => "xml_declaration",
            Self::MalformedXml { .. } => "malformed_xml",
            Self::MalformedJson { .. } => "malformed_json",
            Self::WrongRoot { .. } => "wrong_root",
            Self::AfterRoot => "body_goes_on",
            Self::Repeated(_) => "field_repeated",
            Self::StrayText(_) => "stray_text",
            Self::UnknownField { .. } => "unknown_field",
            Self::UnknownAttribute(_) => "unknown_attribute",
            Self::NilWithContent(_) => "nil_with_content",
            Self::Null(_) => "null_refused",
            Self::Both(..) => "field_given_twice",
            Self::WrongType { .. } => "wrong_type",
        }
    }

    /// The field that it is about.
    pub fn field(&self) -> Option<&Quoted> {
        match self {
            Self::Repeated(field)
            | Self::StrayText(field)
            | Self::UnknownField { field, .. }
            | Self::UnknownAttribute(field)
            | Self::NilWithContent(field)
            | Self::Null(field)
            | Self::Both(field, _)
            | Self::WrongRoot { found: field, .. }
            | Self::WrongType { field, .. } => Some(field),
            _ => None,
        }
    }
}

/// A name that a client sent, fit to be shown: quoted when it is a plain name, else replaced, since
/// a client that garbles its body can put anything there, a password too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    pub(super) fn new(name: &str) -> Self {
        let plain = name.len() <= 64
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_'));
        Self(if plain {
            name.to_owned()
        } else {
            String::new()
        })
    }
}

impl Quoted {
    /// The name, where it can be shown.
    pub fn name(&self) -> &str {
        match self.0.as_str() {
            "" => "(not shown)",
            name => name,
        }
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            f.write_str("`(not shown)`")
        } else {
            write!(f, "`{}`", self.0)
        }
    }
}
