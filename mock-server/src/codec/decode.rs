//! From the text of a body to the wire values of requests.

use std::{borrow::Cow, collections::HashSet};

use bandwidth_fixtures::{
    BehaviourId, Consultation, Secret,
    profile::{JsonCase, JsonNull, RequestRoot, RoleField, UnknownFields},
};

use super::{
    Format,
    error::{DecodeError, Quoted},
    json, names,
    node::{self, Name, Node, sent_name},
    xml,
};
use crate::{
    charset::{self, Charset},
    wire::{RoleReference, UserBody},
};

const USER: &str = "User";

/// The text of a body whose `Content-Type` may name a charset. JSON is UTF-8 (RFC 8259, section
/// 8.1).
pub fn text(
    format: Format,
    bytes: &[u8],
    charset: Option<Charset>,
) -> Result<Cow<'_, str>, DecodeError> {
    Ok(match format {
        Format::Xml => charset::text(bytes, charset)?,
        Format::Json => charset::utf_8(bytes)?,
    })
}

/// Reads the body of a create or an update: XML with the root `User`, or a JSON object, or what
/// encloses one of them.
pub fn user(format: Format, text: &str, rules: &Consultation) -> Result<UserBody, DecodeError> {
    let reader = Reader { format, rules };
    let root = rules.user_request_root();
    let enclosing = Enclosing {
        wrapper: "UserRequest",
        bare: root != RequestRoot::Wrapped,
        wrapped: root != RequestRoot::Bare,
        behaviour: BehaviourId::UserRequestRoot,
    };
    let mut body = UserBody::default();
    for (name, value) in reader.fields(USER, reader.user(text, &enclosing)?)? {
        let field = &*name;
        match field {
            "UserId" => body.user_id = reader.text(field, value)?,
            "Username" => body.username = reader.text(field, value)?,
            "Roles" | "RoleIds" if reader.gives_roles(field) => {
                if body.roles.is_some() {
                    return Err(DecodeError::Both(
                        reader.quoted("Roles"),
                        reader.quoted("RoleIds"),
                    ));
                }
                body.roles = reader.roles(field, value)?;
            }
            "Enabled" => body.enabled = reader.boolean(field, value)?,
            "AccountId" => body.account_id = reader.text(field, value)?,
            "Password" => body.password = reader.text(field, value)?.map(Secret::new),
            name => match names::field_of(name, rules) {
                Some(field) => body.texts[field] = reader.text(name, value)?,
                None => reader.unknown(name)?,
            },
        }
    }
    Ok(body)
}

/// Reads the body of a password change: XML with the root `Password` and text, or a JSON object
/// with that one key.
pub fn password(format: Format, text: &str, rules: &Consultation) -> Result<Secret, DecodeError> {
    const FIELD: &str = "Password";
    let reader = Reader { format, rules };
    reader.document(text, FIELD, |content| {
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
        let password = reader.text(FIELD, value.unwrap_or(Node::Empty))?;
        Ok(Secret::new(password.unwrap_or_default()))
    })
}

/// The value of a field in JSON, where a null may mean that there is none.
pub(super) fn given(
    field: &str,
    node: Node,
    rules: &Consultation,
) -> Result<Option<Node>, DecodeError> {
    match node {
        Node::Null => match rules.format_json_null() {
            JsonNull::Cleared => Ok(Some(Node::Empty)),
            JsonNull::Absent => Ok(None),
            JsonNull::Refused => Err(DecodeError::Null(Quoted::new(field))),
        },
        node => Ok(Some(node)),
    }
}

/// The first name that is given twice.
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

/// The element around a user in a body: none, the root `wrapper`, or either.
pub(super) struct Enclosing {
    pub(super) wrapper: &'static str,
    pub(super) bare: bool,
    pub(super) wrapped: bool,
    /// The behaviour that decides it.
    pub(super) behaviour: BehaviourId,
}

/// The format and the profile that a body is read with.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r> {
    pub(super) format: Format,
    pub(super) rules: &'r Consultation,
}

impl Reader<'_> {
    /// Parses a body, and passes it to `read`. Its root has that name in XML.
    pub(super) fn document<T>(
        self,
        text: &str,
        root: &'static str,
        read: impl FnOnce(Node) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        match self.format {
            Format::Json => read(json::read(text)?),
            Format::Xml => read(self.xml(text, &[root], |_| String::new())?.content),
        }
    }

    /// A document in XML whose root has one of these names. The hint is about another name.
    fn xml(
        self,
        text: &str,
        roots: &[&'static str],
        hint: impl FnOnce(&str) -> String,
    ) -> Result<xml::Document, DecodeError> {
        if text.trim_ascii_start().starts_with(['{', '[']) {
            return Err(DecodeError::JsonReadAsXml);
        }
        let document = xml::read(text)?;
        if !roots.contains(&&*document.root) {
            return Err(DecodeError::WrongRoot {
                expected: roots[0],
                found: Quoted::new(&document.root),
                hint: hint(&document.root),
            });
        }
        match document.attributes.first() {
            Some(attribute) if self.rules.user_unknown_fields() == UnknownFields::Refused => {
                Err(DecodeError::UnknownAttribute(Quoted::new(attribute)))
            }
            _ => Ok(document),
        }
    }

    /// The user of a body, out of what encloses it.
    pub(super) fn user(self, text: &str, enclosing: &Enclosing) -> Result<Node, DecodeError> {
        let wrapper = enclosing.wrapper;
        let decides = || names::profile_has(enclosing.behaviour, self.rules);
        let (is_wrapped, content) = match self.format {
            Format::Xml => {
                let roots: &[&str] = match (enclosing.bare, enclosing.wrapped) {
                    (true, true) => &[USER, wrapper],
                    (true, false) => &[USER],
                    (false, _) => &[wrapper],
                };
                let document = self.xml(text, roots, |found| {
                    if [USER, wrapper].contains(&found) {
                        decides()
                    } else {
                        String::new()
                    }
                })?;
                (document.root == wrapper, document.content)
            }
            Format::Json => {
                let content = json::read(text)?;
                let is_wrapped =
                    enclosing.wrapped && (!enclosing.bare || self.encloses_user(&content));
                (is_wrapped, content)
            }
        };
        if !is_wrapped {
            return Ok(content);
        }
        let mut user = None;
        for (name, value) in self.fields(wrapper, content)? {
            match &*name {
                USER => user = Some(value),
                other => self.unknown_for(other, decides)?,
            }
        }
        user.ok_or(DecodeError::WrongType {
            field: self.quoted(USER),
            expected: "given: the fields of the user stand in it",
        })
    }

    /// True if a JSON object has the user below its one key.
    fn encloses_user(self, content: &Node) -> bool {
        let Node::Fields(fields) = content else {
            return false;
        };
        matches!(&fields[..], [(key, _)] if self.canonical(key.clone()) == USER)
    }

    /// The fields of an object, by the names that XML uses, each at most once.
    pub(super) fn fields(self, name: &str, node: Node) -> Result<Vec<(Name, Node)>, DecodeError> {
        let fields = match node {
            Node::Fields(fields) => fields,
            blank if self.is_blank_element(&blank) => Vec::new(),
            _ => return Err(self.wrong_type(name, "an object", "an element with elements in it")),
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
                Node::Null | Node::Empty => true,
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

    /// The name of a field as the client sends it.
    fn quoted(self, field: &str) -> Quoted {
        Quoted::new(&self.sent(field))
    }

    fn sent(self, field: &str) -> Cow<'_, str> {
        match field.strip_prefix("other:") {
            Some(sent) => sent.to_owned().into(),
            None => names::in_format(field, self.format, self.rules)
                .into_owned()
                .into(),
        }
    }

    /// The value of a field, if it has one. An element with `xsi:nil` has none.
    pub(super) fn value(self, field: &str, node: Node) -> Result<Option<Node>, DecodeError> {
        match (self.format, node) {
            (Format::Xml, Node::Null) => Ok(None),
            (Format::Json, Node::Null) => given(&self.sent(field), Node::Null, self.rules),
            (_, node) => Ok(Some(node)),
        }
    }

    pub(super) fn text(self, field: &str, node: Node) -> Result<Option<String>, DecodeError> {
        match self.value(field, node)? {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(Node::Empty) => Ok(Some(String::new())),
            Some(_) => Err(self.wrong_type(field, "a string", "an element with text in it")),
        }
    }

    /// XML has `true`, `false`, `1` and `0`, as XML Schema does. An empty value is the default.
    pub(super) fn boolean(self, field: &str, node: Node) -> Result<Option<bool>, DecodeError> {
        let value = match (self.format, self.value(field, node)?) {
            (_, None) => return Ok(None),
            (_, Some(Node::Empty)) => Some(true),
            (Format::Json, Some(Node::Boolean(value))) => Some(value),
            (Format::Xml, Some(Node::Text(text))) => match text.trim_ascii() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        };
        match value {
            Some(value) => Ok(Some(value)),
            None => Err(self.wrong_type(field, "true or false", "true or false")),
        }
    }

    /// True if the field of that name, `Roles` or `RoleIds`, contains roles.
    fn gives_roles(self, field: &str) -> bool {
        match self.rules.role_request_field() {
            RoleField::Roles => field == "Roles",
            RoleField::RoleIds => field == "RoleIds",
            RoleField::Either => true,
        }
    }

    fn roles(self, field: &str, node: Node) -> Result<Option<Vec<RoleReference>>, DecodeError> {
        let item = if field == "Roles" { "Role" } else { "RoleId" };
        let Some(node) = self.value(field, node)? else {
            return Ok(None);
        };
        let items = match (self.format, node) {
            (_, Node::Empty) => Vec::new(),
            (_, blank) if self.is_blank_element(&blank) => Vec::new(),
            (Format::Json, Node::List(items)) => items,
            (Format::Xml, node @ Node::Fields(_)) => self.items(field, item, node)?,
            _ => {
                return Err(self.wrong_type(
                    field,
                    "a list",
                    "an element with one element for each role in it",
                ));
            }
        };
        let roles = items.into_iter().map(|node| self.role(item, node));
        roles.collect::<Result<_, _>>().map(Some)
    }

    /// The elements of that name in a list of XML.
    pub(super) fn items(
        self,
        list: &str,
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
            if name != item {
                self.unknown(&name)?;
            } else if child != Node::Null {
                items.push(child);
            }
        }
        Ok(items)
    }

    fn role(self, item: &str, node: Node) -> Result<RoleReference, DecodeError> {
        let mut reference = RoleReference {
            id: None,
            name: None,
        };
        match node {
            Node::Text(id) => reference.id = Some(id),
            Node::Fields(_) => {
                for (name, value) in self.fields(item, node)? {
                    match &*name {
                        "RoleId" => reference.id = self.text("RoleId", value)?,
                        "RoleName" => reference.name = self.text("RoleName", value)?,
                        // A client may send back a response that it read.
                        "Permissions" => {}
                        other => self.unknown(other)?,
                    }
                }
            }
            _ => {}
        }
        if reference.id.is_none() && reference.name.is_none() {
            let expected = "an id, or have the id or the name of a role in it";
            return Err(self.wrong_type(item, expected, expected));
        }
        Ok(reference)
    }

    pub(super) fn unknown(self, field: &str) -> Result<(), DecodeError> {
        self.unknown_for(field, || {
            names::hint(&self.sent(field), self.format, self.rules)
        })
    }

    fn unknown_for(self, field: &str, hint: impl FnOnce() -> String) -> Result<(), DecodeError> {
        match self.rules.user_unknown_fields() {
            UnknownFields::Ignored => Ok(()),
            UnknownFields::Refused => Err(DecodeError::UnknownField {
                field: self.quoted(field),
                hint: hint(),
            }),
        }
    }

    fn wrong_type(self, field: &str, json: &'static str, xml: &'static str) -> DecodeError {
        DecodeError::WrongType {
            field: self.quoted(field),
            expected: match self.format {
                Format::Json => json,
                Format::Xml => xml,
            },
        }
    }
}
