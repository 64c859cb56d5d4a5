//! Reading JSON into a tree. `serde_json` finds the tokens; the tree keeps repeated keys, which
//! its own values would drop.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::error::Category;

use super::{
    MAX_DEPTH,
    error::DecodeError,
    forbidden,
    node::{self, Name, Node},
};

/// Reads a whole document.
pub(super) fn read(text: &str) -> Result<Node, DecodeError> {
    // A reader may skip a byte order mark (RFC 8259, section 8.1).
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err(DecodeError::Empty);
    }
    if deeper_than_allowed(text) {
        return Err(DecodeError::TooDeep);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let node = Node::deserialize(&mut deserializer).map_err(|error| malformed(&error))?;
    deserializer.end().map_err(|_| DecodeError::AfterRoot)?;
    // Where the whole text has no forbidden character, only an escape can bring one.
    if text.contains('\\') || forbidden(text).is_some() {
        check_characters(&node)?;
    }
    Ok(node)
}

fn malformed(error: &serde_json::Error) -> DecodeError {
    let what = match &*error.to_string() {
        _ if error.classify() == Category::Eof => "is not JSON: it ends too early",
        text if text.starts_with("number out of range") => {
            "has a number that is larger than a double can hold"
        }
        text if text.contains("hex escape") => {
            "has a \\u escape that is cut short, or names one half of a surrogate pair alone"
        }
        _ => "is not JSON: this is not what JSON allows here",
    };
    DecodeError::MalformedJson {
        what,
        line: error.line(),
        column: error.column(),
    }
}

/// Counts brackets outside strings, before anything is built.
fn deeper_than_allowed(text: &str) -> bool {
    let opens = |byte: u8| matches!(byte, b'[' | b'{');
    // So few need no look at where they are.
    if text.bytes().filter(|byte| opens(*byte)).count() <= MAX_DEPTH {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            byte if opens(byte) && !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

fn check_characters(node: &Node) -> Result<(), DecodeError> {
    let check = |text: &str| match forbidden(text) {
        Some(c) => Err(DecodeError::ForbiddenCharacter { code: c.into() }),
        None => Ok(()),
    };
    match node {
        Node::Null | Node::Empty | Node::Boolean(_) | Node::Number => Ok(()),
        Node::Text(text) => check(text),
        Node::List(items) => items.iter().try_for_each(check_characters),
        Node::Fields(fields) => fields.iter().try_for_each(|(name, value)| {
            check(name)?;
            check_characters(value)
        }),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Boolean(value))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some((Key(name), value)) = entries.next_entry()? {
            fields.push((name, value));
        }
        Ok(Node::Fields(fields))
    }
}

/// The name of a field, which is not copied first.
struct Key(Name);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        Ok(Key(node::name(name)))
    }
}
