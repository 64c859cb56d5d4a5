//! The meaning of a response: the parts that are equal on two servers with the same behaviour.
//! Times and wording do not belong to it.

use std::{
    collections::BTreeSet,
    hash::{Hash, Hasher},
};

use quick_xml::{Reader, XmlVersion, events::Event};
use serde_json::{Map, Value};

use crate::text;

/// Keys whose values are words for people or times, in lower case.
const WORDING: [&str; 8] = [
    "description",
    "error_description",
    "message",
    "detail",
    "details",
    "timestamp",
    "requestid",
    "date",
];

/// The parts of responses that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// Everything but times and wording.
    Everything,
    /// Whether a request succeeded: errors may have any form.
    Outcomes,
}

/// A response in terms that can be compared one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) status: u16,
    /// The body; null if there is none or it is neither XML nor JSON.
    pub(super) tree: Value,
    /// Each fact as `place=value`.
    facts: BTreeSet<String>,
    /// True if the headers are known.
    has_headers: bool,
}

/// Two that say the same have the same hash, whatever their status.
impl Hash for Meaning {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.facts.hash(hasher);
    }
}

impl Meaning {
    /// That of a response.
    pub(super) fn of<'h>(
        status: u16,
        headers: impl Iterator<Item = (&'h str, &'h str)> + Clone,
        body: &[u8],
    ) -> Self {
        Self::pruned(status, headers, body, |_| {})
    }

    /// That of a response whose tree is changed before it is compared.
    pub(super) fn pruned<'h>(
        status: u16,
        headers: impl Iterator<Item = (&'h str, &'h str)> + Clone,
        body: &[u8],
        prune: impl FnOnce(&mut Value),
    ) -> Self {
        let has_headers = headers.clone().next().is_some();
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{FEFF}').trim();
        let (format, mut tree) = read(text);
        prune(&mut tree);
        let mut facts = BTreeSet::from([format!("status={status}"), format!("format={format}")]);
        flatten("body", &tree, &mut facts);
        for (name, value) in headers {
            header(&name.to_ascii_lowercase(), value, &mut facts);
        }
        Self {
            status,
            tree,
            facts,
            has_headers,
        }
    }

    /// Whether the request succeeded, and nothing else.
    pub(super) fn outcome(status: u16) -> Self {
        let outcome = if status < 300 { "accepted" } else { "rejected" };
        Self {
            status,
            tree: Value::Null,
            facts: BTreeSet::from([outcome.to_owned()]),
            has_headers: false,
        }
    }

    /// Parts that only one of them has, the other's first. Headers count if both have them.
    pub(super) fn differences<'m>(&'m self, other: &'m Self) -> Vec<(&'m str, bool)> {
        let headers = self.has_headers && other.has_headers;
        let counts = |fact: &&String| headers || !fact.starts_with("header ");
        let missing = other.facts.difference(&self.facts).filter(counts);
        let extra = self.facts.difference(&other.facts).filter(counts);
        let missing = missing.map(|fact| (&**fact, true));
        missing.chain(extra.map(|fact| (&**fact, false))).collect()
    }
}

fn header(name: &str, value: &str, facts: &mut BTreeSet<String>) {
    let said = match name {
        "content-type" => {
            let charset = text::charset(value).unwrap_or_default();
            format!("{};{charset}", text::media_type(value)).to_ascii_lowercase()
        }
        "www-authenticate" => value
            .split([' ', ','])
            .map(str::to_ascii_lowercase)
            .filter(|word| ["basic", "bearer"].contains(&&**word))
            .collect::<Vec<_>>()
            .join(" "),
        "location" => match value.split_once("://") {
            Some((_, rest)) => format!("url {}", rest.find('/').map_or("", |at| &rest[at..])),
            None => format!("path {value}"),
        },
        "allow" => {
            let mut methods: Vec<&str> = value.split(',').map(str::trim).collect();
            methods.sort_unstable();
            methods.join(" ")
        }
        "link" | "access-control-allow-origin" => "sent".to_owned(),
        _ => return,
    };
    facts.insert(format!("header {name}={said}"));
}

/// The tree of a body.
pub(super) fn tree(text: &str) -> Value {
    read(text.trim_start_matches('\u{FEFF}').trim()).1
}

/// The format of a body, and its tree.
fn read(text: &str) -> (&'static str, Value) {
    if text.is_empty() {
        return ("none", Value::Null);
    }
    if text.starts_with('<') {
        return match xml(text) {
            Some(tree) => ("xml", tree),
            None => ("other", Value::Null),
        };
    }
    match serde_json::from_str(text) {
        Ok(tree) => ("json", tree),
        Err(_) => ("other", Value::Null),
    }
}

/// An element of XML that is being read.
#[derive(Default)]
struct Element {
    name: String,
    children: Map<String, Value>,
    text: String,
}

impl Element {
    /// Its children by name, each with a list; its text where it has no children.
    fn value(self) -> Value {
        if self.children.is_empty() {
            Value::String(self.text.trim().to_owned())
        } else {
            Value::Object(self.children)
        }
    }

    fn add(&mut self, child: Self) {
        let list = self
            .children
            .entry(child.name.clone())
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(child.value());
        }
    }
}

fn xml(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    let version = XmlVersion::Implicit1_0;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => open.push(Element {
                name: start.local_name().as_ref().to_owned(),
                ..Element::default()
            }),
            Event::Empty(start) => {
                let name = start.local_name().as_ref().to_owned();
                open.last_mut()?.add(Element {
                    name,
                    ..Element::default()
                });
            }
            Event::End(_) => {
                let done = open.pop()?;
                open.last_mut()?.add(done);
            }
            Event::Text(words) => open.last_mut()?.text += &words.xml_content(version),
            Event::CData(words) => open.last_mut()?.text += &words.xml_content(version),
            Event::GeneralRef(reference) => {
                let text = &mut open.last_mut()?.text;
                if let Some(character) = reference.resolve_char_ref().ok()? {
                    text.push(character);
                } else {
                    let name = reference.xml_content(version);
                    text.push_str(quick_xml::escape::resolve_predefined_entity(&name)?);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let root = open.pop()?;
    open.is_empty().then(|| root.value())
}

/// The items of a list, sorted: the order of users in a list is not part of its meaning.
fn in_order(items: &[Value]) -> impl Iterator<Item = &Value> {
    let mut keyed: Vec<(BTreeSet<String>, &Value)> = Vec::with_capacity(items.len());
    for item in items {
        let mut facts = BTreeSet::new();
        if items.len() > 1 {
            flatten("", item, &mut facts);
        }
        keyed.push((facts, item));
    }
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    keyed.into_iter().map(|(_, item)| item)
}

/// Adds each leaf of a tree with its place.
fn flatten(place: &str, tree: &Value, facts: &mut BTreeSet<String>) {
    match tree {
        Value::Object(fields) => {
            if fields.is_empty() {
                facts.insert(format!("{place}={{}}"));
            }
            for (name, value) in fields {
                if WORDING.contains(&&*name.to_ascii_lowercase()) {
                    facts.insert(format!("{place}.{name}=*"));
                } else {
                    flatten(&format!("{place}.{name}"), value, facts);
                }
            }
        }
        Value::Array(items) => {
            facts.insert(format!("{place}.length={}", items.len()));
            for (number, item) in in_order(items).enumerate() {
                flatten(&format!("{place}[{number}]"), item, facts);
            }
        }
        leaf => {
            facts.insert(format!("{place}={leaf}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Meaning;

    fn of(content_type: &'static str, body: &str) -> Meaning {
        let headers = [("Content-Type", content_type)];
        Meaning::of(200, headers.into_iter(), body.as_bytes())
    }

    #[test]
    fn order_of_fields_wording_and_space_do_not_count() {
        let one = of(
            "application/xml",
            "<A><B>1&amp;&#50;</B><Description>x</Description></A>",
        );
        let other = of(
            "APPLICATION/XML",
            "<A>\n <Description>y</Description>\n <B>1&amp;2</B>\n</A>",
        );
        assert_eq!(one.differences(&other), []);
        let other = of("application/xml;charset=utf-8", "<A><B>2</B></A>");
        assert_eq!(one.differences(&other).len(), 5);
        let json = of("application/json", r#"{"a":[1,"b"],"message":"x"}"#);
        let same = of("application/json", r#"{"message":"y","a":[1,"b"]}"#);
        assert_eq!(json.differences(&same), []);
    }
}
