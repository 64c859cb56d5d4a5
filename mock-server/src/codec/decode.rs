//! From bytes to the wire values of requests.

use std::collections::HashSet;

use bandwidth_fixtures::{
    Consultation, Secret, TextField,
    profile::{JsonCase, UnknownFields},
};

use super::{
    Format,
    error::{DecodeError, Quoted},
    json, names,
    node::{self, Name, Node},
    xml,
};
use crate::wire::{RoleReference, UserBody};

/// Reads the body of a create or an update: XML with the root `User`, or a JSON object.
pub fn user(format: Format, bytes: &[u8], rules: &Consultation) -> Result<UserBody, DecodeError> {
    let reader = Reader { format, rules };
    let fields = reader.document(bytes, "User", |content| reader.fields("User", content))?;
    let mut body = UserBody::default();
    for (name, value) in fields {
        let field = &*name;
        match field {
            "UserId" => body.user_id = Some(reader.text(field, value)?),
            "Username" => body.username = Some(reader.text(field, value)?),
            "Roles" => body.roles = Some(reader.roles(value)?),
            "Enabled" => body.enabled = Some(reader.boolean(field, &value)?),
            "AccountId" => body.account_id = Some(reader.text(field, value)?),
            "Password" => body.password = Some(Secret::new(reader.text(field, value)?)),
            name => match names::field_of(name, rules) {
                Some(field) => body.texts[field] = Some(reader.text(name, value)?),
                None => reader.unknown(name)?,
            },
        }
    }
    Ok(body)
}

/// Reads the body of a password change: XML with the root `Password` and text, or a JSON object
/// with that one key.
pub fn password(format: Format, bytes: &[u8], rules: &Consultation) -> Result<Secret, DecodeError> {
    const FIELD: &str = "Password";
    let reader = Reader { format, rules };
    reader.document(bytes, FIELD, |content| {
        let value = match format {
            Format::Xml => Some(content),
            Format::Json => {
                let mut password = None;
                for (name, value) in reader.fields(FIELD, content)? {
                    match &*name {
                        FIELD => password = Some(value),
                        other => reader.unknown(other)?,
                    }
                }
                password
            }
        };
        reader
            .text(FIELD, value.unwrap_or(Node::Empty))
            .map(Secret::new)
    })
}

/// A body that is there and is UTF-8.
pub(super) fn text_of(bytes: &[u8]) -> Result<&str, DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|error| DecodeError::NotUtf8 {
        offset: error.valid_up_to(),
    })?;
    if text.trim_ascii().is_empty() {
        return Err(DecodeError::Empty);
    }
    Ok(text)
}

/// The first name that stands twice.
pub(super) fn repeated(fields: &[(Name, Node)]) -> Option<&str> {
    /// Up to here, comparing each with each is quickest.
    const FEW: usize = 16;
    let mut names = fields.iter().map(|(name, _)| &**name);
    if fields.len() <= FEW {
        let mut names = names.enumerate();
        return names
            .find(|(index, name)| fields[..*index].iter().any(|(before, _)| before == name))
            .map(|(_, name)| name);
    }
    let mut seen = HashSet::with_capacity(fields.len());
    names.find(|name| !seen.insert(*name))
}

/// The name that was sent, of one that is kept apart from those of fields.
fn sent_name(name: &str) -> &str {
    name.strip_prefix("other:").unwrap_or(name)
}

/// What the formats read differently.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r> {
    pub(super) format: Format,
    pub(super) rules: &'r Consultation,
}

impl Reader<'_> {
    pub(super) fn document<T>(
        self,
        bytes: &[u8],
        root: &'static str,
        read: impl FnOnce(Node) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let text = text_of(bytes)?;
        match self.format {
            Format::Json => read(json::read(text)?),
            Format::Xml if text.trim_ascii_start().starts_with(['{', '[']) => {
                Err(DecodeError::JsonReadAsXml)
            }
            Format::Xml => {
                let document = xml::read(text)?;
                if document.root != root {
                    return Err(DecodeError::WrongRoot {
                        expected: root,
                        found: Quoted::new(&document.root),
                    });
                }
                if let Some(attribute) = document.attributes.first() {
                    self.unknown(attribute)?;
                }
                read(document.content)
            }
        }
    }

    /// The fields of an object, by the names that XML uses, each at most once.
    pub(super) fn fields(self, name: &str, node: Node) -> Result<Vec<(Name, Node)>, DecodeError> {
        let fields = match node {
            Node::Fields(fields) => fields,
            blank if self.is_blank_element(&blank) => Vec::new(),
            _ => {
                return Err(DecodeError::WrongType {
                    field: Quoted::new(name),
                    expected: match self.format {
                        Format::Xml => "an element with elements in it",
                        Format::Json => "an object",
                    },
                });
            }
        };
        if let Some(repeated) = repeated(&fields) {
            return Err(DecodeError::Repeated(Quoted::new(sent_name(repeated))));
        }
        Ok(fields
            .into_iter()
            .map(|(field, value)| (self.canonical(field), value))
            .collect())
    }

    /// An element with nothing but layout in it.
    fn is_blank_element(self, node: &Node) -> bool {
        self.format == Format::Xml
            && match node {
                Node::Empty => true,
                Node::Text(text) => text.trim_ascii().is_empty(),
                _ => false,
            }
    }

    /// `userId` to `UserId` where JSON keys are in camel case. A key in the wrong case gets a name
    /// that no field has.
    fn canonical(self, field: Name) -> Name {
        if self.format == Format::Xml || self.rules.naming_json_case() == JsonCase::Pascal {
            return field;
        }
        let mut characters = field.chars();
        match characters.next() {
            Some(first) if first.is_ascii_lowercase() => {
                let rest = characters.as_str();
                node::name(&format!("{}{rest}", first.to_ascii_uppercase()))
            }
            _ => format!("other:{field}").into(),
        }
    }

    pub(super) fn text(self, field: &str, node: Node) -> Result<String, DecodeError> {
        match node {
            Node::Text(text) => Ok(text),
            Node::Empty => Ok(String::new()),
            _ => Err(self.wrong_type(field, "a string", "an element with text in it")),
        }
    }

    /// XML has `true`, `false`, `1` and `0`, as XML Schema does.
    pub(super) fn boolean(self, field: &str, node: &Node) -> Result<bool, DecodeError> {
        match (self.format, node) {
            (_, Node::Empty) => Ok(true),
            (Format::Json, Node::Boolean(value)) => Ok(*value),
            (Format::Xml, Node::Text(text)) => match text.trim_ascii() {
                "true" | "1" => Ok(true),
                "false" | "0" => Ok(false),
                _ => Err(self.wrong_type(field, "", "true or false")),
            },
            _ => Err(self.wrong_type(field, "true or false", "true or false")),
        }
    }

    fn roles(self, node: Node) -> Result<Vec<RoleReference>, DecodeError> {
        let items = match (self.format, node) {
            (_, Node::Empty) => Vec::new(),
            (_, blank) if self.is_blank_element(&blank) => Vec::new(),
            (Format::Json, Node::List(items)) => items,
            (Format::Xml, node @ Node::Fields(_)) => self.items("Roles", "Role", node)?,
            _ => {
                return Err(self.wrong_type(
                    "Roles",
                    "a list",
                    "an element with `Role` elements in it",
                ));
            }
        };
        items.into_iter().map(|item| self.role(item)).collect()
    }

    /// The elements of that name in a list of XML.
    pub(super) fn items(
        self,
        list: &'static str,
        item: &str,
        node: Node,
    ) -> Result<Vec<Node>, DecodeError> {
        if self.is_blank_element(&node) {
            return Ok(Vec::new());
        }
        let Node::Fields(children) = node else {
            return Err(self.wrong_type(list, "a list", "an element with elements in it"));
        };
        let mut items = Vec::with_capacity(children.len());
        for (name, child) in children {
            if name == item {
                items.push(child);
            } else {
                self.unknown(&name)?;
            }
        }
        Ok(items)
    }

    fn role(self, node: Node) -> Result<RoleReference, DecodeError> {
        let mut reference = RoleReference {
            id: None,
            name: None,
        };
        match node {
            Node::Text(id) => reference.id = Some(id),
            Node::Fields(_) => {
                for (name, value) in self.fields("Role", node)? {
                    match &*name {
                        "RoleId" => reference.id = Some(self.text("RoleId", value)?),
                        "RoleName" => reference.name = Some(self.text("RoleName", value)?),
                        // What a client read in a response it may send back.
                        "Permissions" => {}
                        other => self.unknown(other)?,
                    }
                }
            }
            _ => {}
        }
        if reference.id.is_none() && reference.name.is_none() {
            return Err(DecodeError::WrongType {
                field: Quoted::new("Role"),
                expected: "an id, or hold a RoleId or a RoleName",
            });
        }
        Ok(reference)
    }

    pub(super) fn unknown(self, field: &str) -> Result<(), DecodeError> {
        match self.rules.user_unknown_fields() {
            UnknownFields::Ignored => Ok(()),
            UnknownFields::Refused => {
                let found = Quoted::new(sent_name(field));
                Err(match self.cased(field) {
                    Some(expected) => DecodeError::MiscasedField { found, expected },
                    None => DecodeError::UnknownField(found),
                })
            }
        }
    }

    /// The field that has the name in another case, as it is written here.
    fn cased(self, field: &str) -> Option<String> {
        const OTHERS: [&str; 5] = ["Username", "Password", "AccountId", "Roles", "Enabled"];
        let sent = sent_name(field);
        let texts = TextField::ALL.iter();
        let mut names = texts
            .filter_map(|field| names::name_of(*field, self.rules))
            .chain(OTHERS);
        let name = names.find(|name| name.eq_ignore_ascii_case(sent))?;
        let camel = self.format == Format::Json && self.rules.naming_json_case() == JsonCase::Camel;
        let expected = match name.split_at(1) {
            (first, rest) if camel => first.to_ascii_lowercase() + rest,
            _ => name.to_owned(),
        };
        (expected != sent).then_some(expected)
    }

    fn wrong_type(self, field: &str, json: &'static str, xml: &'static str) -> DecodeError {
        DecodeError::WrongType {
            field: Quoted::new(field),
            expected: match self.format {
                Format::Json => json,
                Format::Xml => xml,
            },
        }
    }
}
