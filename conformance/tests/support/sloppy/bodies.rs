//! Bodies as the guide has them: what is read from a request, and what an answer shows, in XML and
//! in JSON.

use std::fmt::Write as _;

use bandwidth_conformance::fuzz::model::FIELDS;
use quick_xml::{Reader, events::Event};
use serde_json::{Map, Value};

use super::modes::Keys;

/// The fields of a request in their order: a text, or roles.
pub(crate) type Fields = Map<String, Value>;

/// The characters of a body in UTF-8, or in UTF-16 as its first bytes show it.
fn text(body: &[u8]) -> Option<String> {
    let units = |unit: fn([u8; 2]) -> u16, from: usize| {
        let pairs = body[from..]
            .chunks_exact(2)
            .map(|pair| unit([pair[0], pair[1]]));
        String::from_utf16(&pairs.collect::<Vec<_>>()).ok()
    };
    match body {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes, 2),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes, 2),
        [b'<', 0, ..] => units(u16::from_le_bytes, 0),
        [0, b'<', ..] => units(u16::from_be_bytes, 0),
        _ => String::from_utf8(body.to_vec()).ok(),
    }
}

/// The fields of a user in a body, whatever they are called; `None` where it cannot be read.
pub(crate) fn read(kind: &str, body: &[u8]) -> Option<Fields> {
    let text = &text(body)?;
    let read = if kind.contains("json") {
        serde_json::from_str(text).ok()?
    } else {
        element(text, "User")?
    };
    match read {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

/// The fields, if a user has each of them; case-insensitive if the mode is.
pub(super) fn known(fields: Fields, in_any_case: bool) -> Option<Fields> {
    let named = |(name, value): (String, Value)| {
        let is =
            |field: &&str| **field == name || (in_any_case && field.eq_ignore_ascii_case(&name));
        Some((FIELDS.into_iter().find(is)?.to_owned(), value))
    };
    fields.into_iter().map(named).collect()
}

/// More elements in each other than any user has.
const DEPTH: usize = 8;

/// A document of elements in elements; text is a string, repeated elements are a list.
fn element(text: &str, root: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, Map<String, Value>, String)> = Vec::new();
    let mut whole = None;
    loop {
        let event = reader.read_event().ok()?;
        let closed = match event {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                if whole.is_some() || open.len() > DEPTH || (open.is_empty() && name != root) {
                    return None;
                }
                open.push((name, Map::new(), String::new()));
                None
            }
            Event::Empty(start) => {
                let name = start.local_name().as_ref().to_owned();
                if whole.is_some() || (open.is_empty() && name != root) {
                    return None;
                }
                Some((name, Map::new(), String::new()))
            }
            Event::End(_) => open.pop(),
            Event::Text(part) => {
                let part = part.xml10_content().into_owned();
                match open.last_mut() {
                    Some((_, _, text)) => text.push_str(&part),
                    None if !part.trim().is_empty() => return None,
                    None => {}
                }
                None
            }
            Event::CData(part) => {
                let part = part.xml10_content().into_owned();
                open.last_mut()?.2.push_str(&part);
                None
            }
            Event::GeneralRef(name) => {
                let character = match name.resolve_char_ref().ok()? {
                    Some(character) => character,
                    None => match name.xml10_content().as_ref() {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => return None,
                    },
                };
                open.last_mut()?.2.push(character);
                None
            }
            Event::DocType(_) => return None,
            Event::Eof => return whole.filter(|_| open.is_empty()),
            _ => None,
        };
        if let Some((name, members, text)) = closed {
            let value = match (members.is_empty(), text.trim().is_empty()) {
                (true, _) => Value::String(text),
                (false, true) => Value::Object(members),
                (false, false) => return None,
            };
            match (open.last_mut(), value) {
                (Some((_, siblings, _)), value) => add(siblings, name, value)?,
                // A user without fields.
                (None, Value::String(text)) if text.trim().is_empty() => {
                    whole = Some(Value::Object(Map::new()));
                }
                (None, value) => whole = Some(value),
            }
        }
    }
}

fn add(siblings: &mut Map<String, Value>, name: String, value: Value) -> Option<()> {
    if name == "Role" {
        let list = siblings
            .entry(name)
            .or_insert_with(|| Value::Array(Vec::new()));
        list.as_array_mut()?.push(value);
        return Some(());
    }
    siblings.insert(name, value).is_none().then_some(())
}

/// The role ids of a field `Roles`.
pub(crate) fn roles(field: &Value) -> Option<Vec<String>> {
    let list = match field {
        Value::Array(list) => list.as_slice(),
        Value::Object(members) => members.get("Role")?.as_array()?,
        Value::String(text) if text.trim().is_empty() => &[],
        Value::Null => &[],
        _ => return None,
    };
    let id = |role: &Value| match role {
        Value::String(id) => Some(id.clone()),
        Value::Object(members) => {
            let mut members = members.iter();
            let (_, id) = members.find(|(name, _)| name.eq_ignore_ascii_case("RoleId"))?;
            id.as_str().map(str::to_owned)
        }
        _ => None,
    };
    list.iter().map(id).collect()
}

/// JSON with the names of that style.
pub(crate) fn to_json(value: &Value, keys: Keys) -> String {
    renamed(value, keys, false).to_string()
}

fn renamed(value: &Value, keys: Keys, in_user: bool) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|one| renamed(one, keys, true)).collect(),
        Value::Object(members) => {
            let in_user = in_user || members.contains_key("UserId");
            let name = |name: &str| match keys {
                Keys::Camel => camel(name),
                Keys::CamelInUsers if in_user => camel(name),
                Keys::LowerInUsers if in_user => name.to_lowercase(),
                _ => name.to_owned(),
            };
            let members = members.iter();
            members
                .map(|(key, value)| (name(key), renamed(value, keys, in_user)))
                .collect()
        }
        other => other.clone(),
    }
}

fn camel(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_lowercase() + rest
}

/// XML below that root.
pub(crate) fn to_xml(value: &Value, root: &str) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>".to_owned();
    write_xml(&mut text, root, value);
    text
}

fn write_xml(text: &mut String, name: &str, value: &Value) {
    let start = text.len() + name.len() + 2;
    let _ = write!(text, "<{name}>");
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                write_xml(text, name, value);
            }
        }
        Value::Array(items) => {
            for item in items {
                write_xml(text, name.trim_end_matches('s'), item);
            }
        }
        Value::String(content) => text.push_str(&quick_xml::escape::escape(content.as_str())),
        Value::Null => {}
        other => text.push_str(&other.to_string()),
    }
    if text.len() == start {
        text.truncate(start - 1);
        text.push_str("/>");
    } else {
        let _ = write!(text, "</{name}>");
    }
}
