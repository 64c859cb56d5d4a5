//! The meaning of a response: the parts that are equal on two servers with the same behaviour.
//! Times and wording do not belong to it.

use std::{
    cmp::Ordering,
    collections::BTreeSet,
    fmt::{self, Write as _},
    hash::{Hash, Hasher},
    mem,
    ops::Range,
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

/// The outcome of a request, as a client judges it: errors may have any status and form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    Rejected,
    /// The response shows neither.
    Unclear,
}

impl Outcome {
    /// True for a success; if it is unclear, the status decides.
    pub(super) fn is_success(self, status: u16) -> bool {
        match self {
            Self::Accepted => true,
            Self::Rejected => false,
            Self::Unclear => status < 300,
        }
    }
}

/// A response in terms that can be compared one by one.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    pub(super) status: u16,
    /// The body; null if there is none or it is neither XML nor JSON.
    pub(super) tree: Value,
    facts: Facts,
    /// True if the headers are known.
    has_headers: bool,
}

/// Two that say the same have the same hash, whatever their status.
impl Hash for Meaning {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.facts.all().for_each(|fact| fact.hash(hasher));
    }
}

/// Facts as `place=value`, each once, in order. A list of users has thousands, so they share one
/// text.
#[derive(Debug, Clone, Default)]
struct Facts {
    text: String,
    places: Vec<Range<usize>>,
}

impl Facts {
    fn add(&mut self, fact: fmt::Arguments<'_>) {
        let from = self.text.len();
        let _ = self.text.write_fmt(fact);
        self.places.push(from..self.text.len());
    }

    /// Puts them in order.
    fn sort(&mut self) {
        let text = &self.text;
        let fact = |place: &Range<usize>| &text[place.clone()];
        self.places.sort_unstable_by(|a, b| fact(a).cmp(fact(b)));
        self.places.dedup_by(|a, b| fact(a) == fact(b));
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|place| &self.text[place.clone()])
    }

    /// Those that the other has not.
    fn without<'f>(&'f self, other: &'f Self) -> impl Iterator<Item = &'f str> {
        let mut others = other.all().peekable();
        self.all().filter(move |fact| {
            while others.next_if(|other| other < fact).is_some() {}
            others.peek() != Some(fact)
        })
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
        let mut facts = Facts {
            text: String::with_capacity(body.len()),
            ..Facts::default()
        };
        facts.add(format_args!("status={status}"));
        facts.add(format_args!("format={format}"));
        flatten(&mut "body".to_owned(), &tree, &mut facts);
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            // Without a body its type says nothing.
            if name != "content-type" || !text.is_empty() {
                header(&name, value, &mut facts);
            }
        }
        facts.sort();
        Self {
            status,
            tree,
            facts,
            has_headers,
        }
    }

    /// An outcome, and nothing else; `None` if it is unclear.
    pub(super) fn outcome(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Accepted => Some(Self::success(true)),
            Outcome::Rejected => Some(Self::success(false)),
            Outcome::Unclear => None,
        }
    }

    /// Whether the request succeeded, and nothing else.
    pub(super) fn success(is_success: bool) -> Self {
        let (status, outcome) = if is_success {
            (200, "accepted")
        } else {
            (400, "rejected")
        };
        let mut facts = Facts::default();
        facts.add(format_args!("{outcome}"));
        Self {
            status,
            tree: Value::Null,
            facts,
            has_headers: false,
        }
    }

    /// Number of places at which they differ. A value that is missing is no nearer than another
    /// one, so that a search does not end where nothing is said.
    pub(super) fn distance(&self, other: &Self) -> usize {
        let place = |(fact, _)| -> &str {
            let fact: &str = fact;
            fact.split_once('=').map_or(fact, |(place, _)| place)
        };
        let places: BTreeSet<&str> = self.differences(other).into_iter().map(place).collect();
        places.len()
    }

    /// Parts that only one of them has, the other's first: that is a response of the server. Headers
    /// count if both have them.
    pub(super) fn differences<'m>(&'m self, other: &'m Self) -> Vec<(&'m str, bool)> {
        let headers = self.has_headers && other.has_headers;
        let counts = |fact: &&str| headers || !fact.starts_with("header ");
        let missing = other.facts.without(&self.facts).filter(counts);
        let is_offer = |fact: &str| OFFERS.iter().any(|start| fact.starts_with(start));
        let extra = self.facts.without(&other.facts);
        let extra = extra.filter(|fact| counts(fact) && !is_offer(fact));
        let missing = missing.map(|fact| (fact, true));
        missing.chain(extra.map(|fact| (fact, false))).collect()
    }
}

/// A scheme in a challenge.
const SCHEME: &str = "header www-authenticate offers=";
/// Facts that a server may leave unsaid: it may take a scheme that no challenge names.
const OFFERS: [&str; 2] = [SCHEME, "header location="];

fn header(name: &str, value: &str, facts: &mut Facts) {
    let said = match name {
        "content-type" => {
            let charset = text::charset(value).unwrap_or_default();
            format!("{};{charset}", text::media_type(value)).to_ascii_lowercase()
        }
        "www-authenticate" => {
            let words = value.split([' ', ',']).map(str::to_ascii_lowercase);
            for scheme in words.filter(|word| ["basic", "bearer"].contains(&&**word)) {
                facts.add(format_args!("{SCHEME}{scheme}"));
            }
            "sent".to_owned()
        }
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
    facts.add(format_args!("header {name}={said}"));
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
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Adds text; white space at its start does not count.
    fn write(&mut self, words: &str) {
        let words = if self.text.is_empty() {
            words.trim_start()
        } else {
            words
        };
        self.text += words;
    }

    /// Its children by name; its text where it has no children.
    fn value(mut self) -> Value {
        if self.children.is_empty() {
            self.text.truncate(self.text.trim_end().len());
            Value::String(self.text)
        } else {
            Value::Object(self.children)
        }
    }

    /// Adds a child: children of the same name are a list.
    fn add(&mut self, mut child: Self) {
        let name = mem::take(&mut child.name);
        let value = child.value();
        match self.children.get_mut(&name) {
            None => drop(self.children.insert(name, value)),
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
}

fn xml(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    let version = XmlVersion::Implicit1_0;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => open.push(Element::named(start.local_name().as_ref())),
            Event::Empty(start) => {
                let empty = Element::named(start.local_name().as_ref());
                open.last_mut()?.add(empty);
            }
            Event::End(_) => {
                let done = open.pop()?;
                open.last_mut()?.add(done);
            }
            Event::Text(words) => open.last_mut()?.write(&words.xml_content(version)),
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

/// The order of two trees, whatever the order of their fields and items, their wording and times.
fn order(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let (one, other) = (fields(one), fields(other));
            let field = |(a, one): &(&String, &Value), (b, other): &(&String, &Value)| {
                let wording = a == b && is_wording(a);
                let values = || {
                    if wording {
                        Ordering::Equal
                    } else {
                        order(one, other)
                    }
                };
                a.cmp(b).then_with(values)
            };
            let pairs = one.iter().zip(&other);
            let mut orders = pairs.map(|(one, other)| field(one, other));
            let first = orders.find(|order| order.is_ne());
            first.unwrap_or(one.len().cmp(&other.len()))
        }
        (Value::Array(one), Value::Array(other)) => {
            let (one, other) = (in_order(one), in_order(other));
            let mut orders = one.iter().zip(&other).map(|(one, other)| order(one, other));
            let first = orders.find(|order| order.is_ne());
            first.unwrap_or(one.len().cmp(&other.len()))
        }
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (one, other) => one.to_string().cmp(&other.to_string()),
    }
}

fn fields(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut fields: Vec<_> = map.iter().collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    fields
}

/// The items of a list, sorted: the order of users in a list is not part of its meaning.
fn in_order(items: &[Value]) -> Vec<&Value> {
    let mut items: Vec<&Value> = items.iter().collect();
    items.sort_by(|one, other| order(one, other));
    items
}

fn is_wording(name: &str) -> bool {
    WORDING.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Adds each leaf of a tree with its place.
fn flatten(place: &mut String, tree: &Value, facts: &mut Facts) {
    let length = place.len();
    match tree {
        Value::Object(fields) => {
            if fields.is_empty() {
                facts.add(format_args!("{place}={{}}"));
            }
            for (name, value) in fields {
                place.push('.');
                place.push_str(name);
                if is_wording(name) {
                    facts.add(format_args!("{place}=*"));
                } else {
                    flatten(place, value, facts);
                }
                place.truncate(length);
            }
        }
        Value::Array(items) => {
            facts.add(format_args!("{place}.length={}", items.len()));
            for (number, item) in in_order(items).into_iter().enumerate() {
                let _ = write!(place, "[{number}]");
                flatten(place, item, facts);
                place.truncate(length);
            }
        }
        leaf => facts.add(format_args!("{place}={leaf}")),
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

    #[test]
    fn a_server_may_leave_unsaid_which_schemes_it_takes_and_where_a_user_is() {
        let of = |headers: &[(&'static str, &'static str)]| {
            Meaning::of(401, headers.iter().copied(), b"")
        };
        let date = ("Date", "today");
        let plain = of(&[date, ("WWW-Authenticate", "Basic realm=\"x\"")]);
        let ours = of(&[
            ("WWW-Authenticate", "Basic realm=\"x\", Bearer"),
            ("Location", "/users/u1"),
        ]);
        assert_eq!(ours.differences(&plain), []);
        assert_eq!(
            plain.differences(&ours),
            [
                ("header location=path /users/u1", true),
                ("header www-authenticate offers=bearer", true),
            ]
        );
    }
}
