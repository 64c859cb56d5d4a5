//! Reading XML into a tree, at event level.
//!
//! quick-xml skips a byte order mark, finds the tags and checks that they match. What it lets pass
//! is checked here: other characters than XML allows, names, space between attributes, what is
//! before and after the root, text beside elements, tags left open at the end, undeclared prefixes,
//! the declaration.

use std::collections::HashSet;

use quick_xml::{
    Reader,
    errors::{Error, IllFormedError},
    events::{BytesRef, BytesStart, Event},
    name::{NamespaceError, NamespaceResolver, QName, ResolveResult},
};

use super::{
    MAX_DEPTH,
    error::{DecodeError, Quoted},
    forbidden, is_xml_char,
    node::{self, Name, Node, sent_name},
};

/// A document: the name and content of its root, and the attributes that are neither XML's own nor
/// of XML Schema.
#[derive(Debug, PartialEq)]
pub(super) struct Document {
    pub(super) root: Name,
    pub(super) content: Node,
    pub(super) attributes: Vec<String>,
}

/// XML's own namespaces, which nothing else may be bound to. quick-xml looks for them where a
/// prefix is declared, in what is written and not in what it means.
const RESERVED_NAMESPACES: [&str; 2] = [
    "http://www.w3.org/XML/1998/namespace",
    "http://www.w3.org/2000/xmlns/",
];

/// The namespace of the attributes that any element may have, whatever its schema says of
/// attributes (XML Schema 1.0, part 1, section 2.6).
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const SCHEMA_ATTRIBUTES: [&str; 3] = ["type", "schemaLocation", "noNamespaceSchemaLocation"];

/// Reads a whole document.
pub(super) fn read(text: &str) -> Result<Document, DecodeError> {
    if text.trim_ascii().is_empty() {
        return Err(DecodeError::Empty);
    }
    if let Some(forbidden) = forbidden(text) {
        return Err(DecodeError::ForbiddenCharacter {
            code: forbidden.into(),
        });
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    Builder {
        text,
        ..Builder::default()
    }
    .run(&mut reader)
}

/// An element whose end tag was not seen yet.
struct Open {
    name: Name,
    /// It has `xsi:nil`.
    nil: bool,
    text: String,
    children: Vec<(Name, Node)>,
}

#[derive(Default)]
struct Builder<'t> {
    text: &'t str,
    position: usize,
    open: Vec<Open>,
    namespaces: Namespaces,
    /// The namespace of the root: an element of another one is another element.
    namespace: Option<Box<str>>,
    root: Option<(Name, Node)>,
    attributes: Vec<String>,
}

impl Builder<'_> {
    fn run(mut self, reader: &mut Reader<&[u8]>) -> Result<Document, DecodeError> {
        loop {
            self.position = offset(reader.buffer_position());
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.describe(&error, offset(reader.error_position()))),
            };
            match event {
                Event::Start(tag) => self.start(&tag)?,
                Event::Empty(tag) => {
                    self.start(&tag)?;
                    self.end()?;
                }
                Event::End(_) => self.end()?,
                Event::Text(text) => self.text(&text.xml10_content())?,
                Event::CData(text) => self.cdata(&text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let resolved = self.resolve(&reference)?;
                    self.characters(resolved)?;
                }
                Event::Comment(_) => {}
                Event::PI(instruction) => {
                    let target = instruction.target();
                    if !is_name(target) || target.eq_ignore_ascii_case("xml") {
                        return Err(self.malformed("a processing instruction has no proper name"));
                    }
                }
                Event::Decl(declaration) => {
                    if self.position != 0 {
                        return Err(DecodeError::Declaration(
                            "must be the first thing in the body",
                        ));
                    }
                    check_declaration(&declaration)?;
                }
                Event::DocType(_) => return Err(DecodeError::Doctype),
                Event::Eof => return self.finish(),
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), DecodeError> {
        if self.root.is_some() {
            return Err(DecodeError::AfterRoot);
        }
        if self.open.len() == MAX_DEPTH {
            return Err(DecodeError::TooDeep);
        }
        if let Some(parent) = self.open.last_mut() {
            if !parent.text.chars().all(is_space) {
                return Err(DecodeError::StrayText(Quoted::new(&parent.name)));
            }
            // White space between elements is layout.
            parent.text.clear();
        }
        let qualified = tag.name();
        // The prefix `xmlns` is for attributes, and no element of `xml` exists. Not all readers
        // agree on the second.
        let reserved = ["xml:", "xmlns:"];
        if !is_qualified_name(qualified.0) || reserved.iter().any(|p| qualified.0.starts_with(p)) {
            return Err(self.malformed("an element has no proper name"));
        }
        self.namespaces
            .enter(tag)
            .map_err(|_| self.malformed("a namespace is declared wrongly"))?;
        let nil = self.attributes(tag)?;
        let name = match self.namespaces.of(tag) {
            Resolved::Undeclared => {
                return Err(self.malformed("a namespace prefix is not declared"));
            }
            Resolved::In(namespace) if self.open.is_empty() => {
                self.namespace = namespace.map(Box::from);
                node::name(qualified.local_name().into_inner())
            }
            Resolved::In(namespace) if namespace == self.namespace.as_deref() => {
                node::name(qualified.local_name().into_inner())
            }
            // Not the element that the local name suggests: kept apart, so it is unknown.
            Resolved::In(_) => format!("other:{}", qualified.local_name().into_inner()).into(),
        };
        self.open.push(Open {
            name,
            nil,
            text: String::new(),
            children: Vec::new(),
        });
        Ok(())
    }

    /// Returns true if one of them is `xsi:nil`.
    fn attributes(&mut self, tag: &BytesStart<'_>) -> Result<bool, DecodeError> {
        let raw = tag.attributes_raw();
        if raw.is_empty() {
            return Ok(false);
        }
        if !are_spaced(raw) {
            return Err(self.malformed("two attributes have no space between them"));
        }
        let mut seen = HashSet::new();
        let mut nil = false;
        for attribute in tag.attributes() {
            let Ok(attribute) = attribute else {
                return Err(self.malformed(
                    "an attribute is not written as name=\"value\", or is given twice",
                ));
            };
            let name = attribute.key;
            if !is_qualified_name(name.0) || attribute.value.contains('<') {
                return Err(self.malformed("an attribute has no proper name or value"));
            }
            let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0);
            let Some(value) = value.ok().filter(|value| forbidden(value).is_none()) else {
                return Err(self.malformed("an attribute has a value that cannot be read"));
            };
            if name.as_namespace_binding().is_some() {
                let reserved = name.0 != "xmlns:xml" && RESERVED_NAMESPACES.contains(&&*value);
                if reserved || (value.is_empty() && name.0 != "xmlns") {
                    return Err(self.malformed("a namespace is declared wrongly"));
                }
                continue;
            }
            if name.0.starts_with("xml:") {
                continue;
            }
            let Resolved::In(namespace) = self.namespaces.of_attribute(name) else {
                return Err(self.malformed("a namespace prefix is not declared"));
            };
            let local = name.local_name().into_inner();
            if !seen.insert((namespace, local)) {
                return Err(self.malformed("an attribute is given twice, with two prefixes"));
            }
            let of_schema = namespace == Some(SCHEMA_INSTANCE);
            if of_schema && local == "nil" {
                nil = match value.trim_ascii() {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    _ => return Err(self.malformed("xsi:nil is neither true nor false")),
                };
            } else if !(of_schema && SCHEMA_ATTRIBUTES.contains(&local)) {
                self.attributes.push(name.0.to_owned());
            }
        }
        Ok(nil)
    }

    fn end(&mut self) -> Result<(), DecodeError> {
        // quick-xml has matched the tags, so one is open.
        let Some(Open {
            name,
            nil,
            text,
            children,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        self.namespaces.leave();
        let node = match (children.is_empty(), text.is_empty()) {
            (true, _) if nil && text.chars().all(is_space) => Node::Null,
            _ if nil => return Err(DecodeError::NilWithContent(Quoted::new(sent_name(&name)))),
            (true, true) => Node::Empty,
            (true, false) => Node::Text(text),
            (false, _) => Node::Fields(children),
        };
        match self.open.last_mut() {
            Some(parent) => parent.children.push((name, node)),
            None => self.root = Some((name, node)),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), DecodeError> {
        // Nearly no text has a `>`, which is found faster than three characters.
        if text.contains('>') && text.contains("]]>") {
            return Err(self.malformed("`]]>` is not allowed in text"));
        }
        self.characters_or_layout(text)
    }

    fn cdata(&mut self, text: &str) -> Result<(), DecodeError> {
        match self.open.last_mut() {
            Some(_) => self.characters_or_layout(text),
            None => Err(self.outside_root()),
        }
    }

    fn characters_or_layout(&mut self, text: &str) -> Result<(), DecodeError> {
        let layout = text.chars().all(is_space);
        match self.open.last_mut() {
            None if layout => Ok(()),
            None => Err(self.outside_root()),
            Some(open) if !open.children.is_empty() && layout => Ok(()),
            Some(_) => self.open_text(text),
        }
    }

    fn characters(&mut self, c: char) -> Result<(), DecodeError> {
        if self.open.is_empty() {
            return Err(self.outside_root());
        }
        self.open_text(c.encode_utf8(&mut [0; 4]))
    }

    fn open_text(&mut self, text: &str) -> Result<(), DecodeError> {
        if let Some(open) = self.open.last_mut() {
            if !open.children.is_empty() {
                return Err(DecodeError::StrayText(Quoted::new(&open.name)));
            }
            open.text.push_str(text);
        }
        Ok(())
    }

    fn resolve(&self, reference: &BytesRef<'_>) -> Result<char, DecodeError> {
        let resolved = match reference.resolve_char_ref() {
            Ok(Some(c)) => c,
            Ok(None) => match &*reference.xml10_content() {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                name if is_name(name) => return Err(DecodeError::UnknownEntity),
                _ => return Err(self.malformed("`&` starts no reference")),
            },
            Err(_) => return Err(self.malformed("a character reference names no character")),
        };
        if is_xml_char(resolved) {
            Ok(resolved)
        } else {
            Err(DecodeError::ForbiddenCharacter {
                code: resolved.into(),
            })
        }
    }

    fn finish(self) -> Result<Document, DecodeError> {
        if !self.open.is_empty() {
            return Err(self.malformed("it ends before its last end tag"));
        }
        match self.root {
            Some((root, content)) => Ok(Document {
                root,
                content,
                attributes: self.attributes,
            }),
            None => Err(self.malformed("it has no element")),
        }
    }

    fn outside_root(&self) -> DecodeError {
        if self.root.is_some() {
            DecodeError::AfterRoot
        } else {
            self.malformed("it starts with text, not with an element")
        }
    }

    fn describe(&self, error: &Error, position: usize) -> DecodeError {
        let what = match error {
            Error::IllFormed(
                IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_),
            ) => "an end tag does not match its start tag",
            Error::IllFormed(IllFormedError::UnclosedReference) => "`&` starts no reference",
            Error::IllFormed(IllFormedError::DoubleHyphenInComment) => {
                "`--` is not allowed in a comment"
            }
            Error::IllFormed(IllFormedError::MissingDoctypeName) => return DecodeError::Doctype,
            Error::Syntax(_) => "a tag, comment or section is not closed",
            Error::Namespace(_) => "a namespace is declared wrongly",
            _ => "a tag is not written properly",
        };
        DecodeError::MalformedXml {
            what,
            line: line(self.text, position),
        }
    }

    fn malformed(&self, what: &'static str) -> DecodeError {
        DecodeError::MalformedXml {
            what,
            line: line(self.text, self.position),
        }
    }
}

/// The namespaces that are declared where the reader is. Bodies have none as a rule, and then this
/// does nothing. There is a resolver from the first element on that has an attribute or a prefix;
/// it takes what was open before that for its outermost level.
#[derive(Default)]
struct Namespaces(Option<NamespaceResolver>);

/// The meaning of the name of an element or attribute.
enum Resolved<'n> {
    /// One of that namespace, or of none.
    In(Option<&'n str>),
    /// Its prefix is not declared.
    Undeclared,
}

impl Namespaces {
    fn enter(&mut self, tag: &BytesStart<'_>) -> Result<(), NamespaceError> {
        let name = tag.name().0;
        if self.0.is_none() && tag.attributes_raw().is_empty() && is_letters(name) {
            return Ok(());
        }
        self.0.get_or_insert_default().push(tag)
    }

    fn leave(&mut self) {
        if let Some(resolver) = &mut self.0 {
            resolver.pop();
        }
    }

    fn of<'n>(&'n self, tag: &BytesStart<'_>) -> Resolved<'n> {
        let resolver = self.0.as_ref();
        Resolved::from(resolver.map(|resolver| resolver.resolve_element(tag.name()).0))
    }

    fn of_attribute<'n>(&'n self, name: QName<'_>) -> Resolved<'n> {
        let resolver = self.0.as_ref();
        Resolved::from(resolver.map(|resolver| resolver.resolve_attribute(name).0))
    }
}

impl<'n> From<Option<ResolveResult<'n>>> for Resolved<'n> {
    fn from(resolved: Option<ResolveResult<'n>>) -> Self {
        match resolved {
            None | Some(ResolveResult::Unbound) => Self::In(None),
            Some(ResolveResult::Bound(namespace)) => Self::In(Some(namespace.0)),
            Some(ResolveResult::Unknown(_)) => Self::Undeclared,
        }
    }
}

/// True if white space follows each value but the last.
fn are_spaced(attributes: &str) -> bool {
    let mut rest = attributes;
    while let Some(start) = rest.find(['"', '\'']) {
        let (quote, value) = rest[start..].split_at(1);
        let Some((_, after)) = value.split_once(quote) else {
            return true;
        };
        if !after.is_empty() && !after.starts_with(is_space) {
            return false;
        }
        rest = after;
    }
    true
}

/// `version`, then perhaps `encoding`, then perhaps `standalone` (XML 1.0, production 23).
/// quick-xml looks for these where it needs them, and at nothing else that is there.
fn check_declaration(declaration: &str) -> Result<(), DecodeError> {
    let mut rest = declaration.strip_prefix("xml").unwrap_or(declaration);
    if take_value(&mut rest, "version") != Some("1.0") {
        return Err(DecodeError::Declaration("must say version=\"1.0\""));
    }
    if let Some(encoding) = take_value(&mut rest, "encoding")
        && !is_encoding_name(encoding)
    {
        return Err(DecodeError::Declaration("has no proper name as encoding"));
    }
    if let Some(standalone) = take_value(&mut rest, "standalone")
        && !matches!(standalone, "yes" | "no")
    {
        return Err(DecodeError::Declaration(
            "may say standalone=\"yes\" or \"no\" only",
        ));
    }
    if rest.chars().all(is_space) {
        return Ok(());
    }
    Err(DecodeError::Declaration(
        "may say version, encoding and standalone only, in this order",
    ))
}

/// `EncName` (XML 1.0, production 81).
fn is_encoding_name(name: &str) -> bool {
    let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(goes_on)
}

/// The value of what is at the start, after white space, if it has that name.
fn take_value<'t>(rest: &mut &'t str, name: &str) -> Option<&'t str> {
    let after = rest
        .strip_prefix(is_space)?
        .trim_start_matches(is_space)
        .strip_prefix(name)?;
    let after = after.trim_start_matches(is_space).strip_prefix('=')?;
    let after = after.trim_start_matches(is_space);
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, after) = after[1..].split_once(quote)?;
    *rest = after;
    Some(value)
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn line(text: &str, position: usize) -> usize {
    text.as_bytes()[..position.min(text.len())]
        .split(|byte| *byte == b'\n')
        .count()
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn is_qualified_name(name: &str) -> bool {
    is_letters(name)
        || match name.split_once(':') {
            Some((prefix, local)) => is_name(prefix) && is_name(local),
            None => is_name(name),
        }
}

/// Nearly all names are letters, which are recognized a byte at a time.
fn is_letters(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// A name without a colon, as "Namespaces in XML 1.0" has it.
fn is_name(name: &str) -> bool {
    let starts = |c: char| {
        matches!(c,
            'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}'
            | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}'
            | '\u{200C}' | '\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}')
    };
    let goes_on = |c: char| {
        starts(c)
            || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}' | '\u{2040}')
    };
    is_letters(name) || name.starts_with(starts) && name.chars().all(goes_on)
}
