//! The bodies of the API below identity domains (2020 to 2022): XML, many roots, and errors that
//! show what was sent. A response is a tree, because an error repeats the tree of its request.

use std::fmt;

use bandwidth_fixtures::{
    BehaviourId, Consultation, Secret, TextField,
    profile::IdentityRoot,
    seed::{DetailField, DetailGroup},
};

use super::{
    Format,
    decode::{Enclosing, Reader},
    encode::Xml,
    error::{DecodeError, Quoted},
    node::{Name, Node},
    xml,
};
use crate::wire::{DomainUserBody, ErrorView, ProfileBody, SettingsBody};

/// Content of an element. It can hold a password from the request, so its Debug shows only names.
#[derive(Clone, PartialEq, Default)]
pub struct Content(Vec<(Name, Node)>);

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Eq for Content {}

impl Content {
    /// An element with text.
    pub fn text(&mut self, name: &'static str, value: &str) {
        self.0.push((name.into(), Node::Text(value.to_owned())));
    }

    /// The same, if there is a text.
    pub fn optional(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str, value: bool) {
        self.text(name, if value { "true" } else { "false" });
    }

    /// An element with elements in it, or an empty one.
    pub fn element(&mut self, name: &'static str, content: Self) {
        let node = if content.0.is_empty() {
            Node::Empty
        } else {
            Node::Fields(content.0)
        };
        self.0.push((name.into(), node));
    }

    /// The same, unless it would be empty.
    pub fn element_unless_empty(&mut self, name: &'static str, content: Self) {
        if !content.0.is_empty() {
            self.element(name, content);
        }
    }

    /// Adds the content of another element.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Content of one element.
    pub fn of(build: impl FnOnce(&mut Self)) -> Self {
        let mut content = Self::default();
        build(&mut content);
        content
    }
}

/// A whole body.
pub fn document(root: &str, content: Content) -> Vec<u8> {
    let mut writer = Xml::document();
    writer.node(root, &Node::Fields(content.0));
    writer.out
}

/// An error below its root, and after it what was sent.
pub fn error(root: &str, error: &ErrorView<'_>, echo: Content) -> Vec<u8> {
    let status = Content::of(|status| {
        status.text("ErrorCode", &error.code.to_string());
        status.text("Description", error.description);
    });
    let mut content = Content::default();
    content.element("ResponseStatus", status);
    content.append(echo);
    document(root, content)
}

/// The element of a body that an error shows: its root, or what the root wraps. None where the body
/// cannot be read.
pub fn as_sent(text: &str, name: &'static str, with_password: bool) -> Option<Content> {
    let document = xml::read(text).ok()?;
    let mut node = document.content;
    if document.root != name {
        let Node::Fields(fields) = node else {
            return None;
        };
        let mut fields = fields.into_iter();
        (_, node) = fields.find(|(field, _)| field == name)?;
    }
    if let Node::Fields(fields) = &mut node
        && !with_password
    {
        fields.retain(|(field, _)| field != PASSWORD);
    }
    Some(Content(vec![(name.into(), node)]))
}

/// Content of the element that [`as_sent`] found.
pub fn within(sent: Content) -> Content {
    match sent.0.into_iter().next() {
        Some((_, Node::Fields(fields))) => Content(fields),
        _ => Content::default(),
    }
}

const PASSWORD: &str = "Password";

fn reader(rules: &Consultation) -> Reader<'_> {
    Reader {
        format: Format::Xml,
        rules,
    }
}

/// Reads the body of a create or an update of a user.
pub fn user_body(text: &str, rules: &Consultation) -> Result<DomainUserBody, DecodeError> {
    let reader = reader(rules);
    let root = rules.identity_request_root();
    let enclosing = Enclosing {
        wrapper: "LdapUserRequest",
        bare: root != IdentityRoot::Wrapped,
        wrapped: root != IdentityRoot::Bare,
        behaviour: BehaviourId::IdentityRequestRoot,
    };
    let node = reader.user(text, &enclosing)?;
    let mut body = DomainUserBody::default();
    for (name, value) in reader.fields("User", node)? {
        let field = &*name;
        match field {
            "UserId" => body.user_id = reader.text(field, value)?,
            "Email" => body.email = reader.text(field, value)?,
            "EmailValidated" => body.email_validated = flag(reader, field, value)?,
            PASSWORD => body.password = reader.text(field, value)?.map(Secret::new),
            "UserSettings" => body.settings = part(reader, field, value, settings)?,
            "UserProfile" => body.profile = part(reader, field, value, profile)?,
            "RoleList" => body.roles = part(reader, field, value, roles)?,
            "AccountList" => body.accounts = part(reader, field, value, accounts)?,
            // A client may send back a response that it read.
            "UserPreferences" => {}
            other => reader.unknown(other)?,
        }
    }
    Ok(body)
}

/// Reads a body with the root `UserSettings`.
pub fn settings_body(text: &str, rules: &Consultation) -> Result<SettingsBody, DecodeError> {
    let reader = reader(rules);
    reader.document(text, "UserSettings", |content| settings(reader, content))
}

/// Reads a body with the root `UserProfile`.
pub fn profile_body(text: &str, rules: &Consultation) -> Result<ProfileBody, DecodeError> {
    let reader = reader(rules);
    reader.document(text, "UserProfile", |content| profile(reader, content))
}

/// Reads a body with the root `RoleList` into ids.
pub fn roles_body(text: &str, rules: &Consultation) -> Result<Vec<String>, DecodeError> {
    let reader = reader(rules);
    reader.document(text, "RoleList", |content| roles(reader, content))
}

/// Reads a body with the root `AccountList` into ids.
pub fn accounts_body(text: &str, rules: &Consultation) -> Result<Vec<String>, DecodeError> {
    let reader = reader(rules);
    reader.document(text, "AccountList", |content| accounts(reader, content))
}

/// Reads a body with the root `UserPreferences` into names and values.
pub fn preferences_body(
    text: &str,
    rules: &Consultation,
) -> Result<Vec<(String, String)>, DecodeError> {
    let reader = reader(rules);
    reader.document(text, "UserPreferences", |content| {
        let items = reader.items("UserPreferences", "UserPreference", content)?;
        items
            .into_iter()
            .map(|item| preference(reader, item))
            .collect()
    })
}

/// Reads a body with the root `UserPreference` into its name and value.
pub fn preference_body(text: &str, rules: &Consultation) -> Result<(String, String), DecodeError> {
    let reader = reader(rules);
    reader.document(text, "UserPreference", |content| {
        preference(reader, content)
    })
}

/// Reads a body with the root `TokenScope` into the id of an account, if it names one.
pub fn token_scope_body(text: &str, rules: &Consultation) -> Result<Option<String>, DecodeError> {
    let reader = reader(rules);
    let mut account = None;
    let fields = reader.document(text, "TokenScope", |content| {
        reader.fields("TokenScope", content)
    })?;
    for (name, value) in fields {
        match &*name {
            "AccountScope" => account = reader.text("AccountScope", value)?,
            other => reader.unknown(other)?,
        }
    }
    Ok(account)
}

/// Reads the content of an optional element.
fn part<'r, T>(
    reader: Reader<'r>,
    field: &str,
    value: Node,
    read: impl FnOnce(Reader<'r>, Node) -> Result<T, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    let value = reader.value(field, value)?;
    value.map(|value| read(reader, value)).transpose()
}

/// True or false; an empty element is an absent one.
fn flag(reader: Reader<'_>, field: &str, value: Node) -> Result<Option<bool>, DecodeError> {
    match value {
        Node::Empty => Ok(None),
        value => reader.boolean(field, value),
    }
}

fn settings(reader: Reader<'_>, node: Node) -> Result<SettingsBody, DecodeError> {
    let mut body = SettingsBody::default();
    for (name, value) in reader.fields("UserSettings", node)? {
        let field = &*name;
        let word = |value| -> Result<Option<String>, DecodeError> {
            let text = reader.text(field, value)?;
            Ok(text.filter(|text| !text.is_empty()))
        };
        match field {
            "Scope" => body.scope = word(value)?,
            "Active" => body.active = flag(reader, field, value)?,
            "AllowedApiOrigin" => body.origin = word(value)?,
            "UserState" => body.state = word(value)?,
            other => reader.unknown(other)?,
        }
    }
    Ok(body)
}

/// Telephone numbers in the order of responses; `None` is the one that all surfaces have.
pub const PHONES: [Option<DetailField>; 4] = [
    Some(DetailField::HomePhone),
    Some(DetailField::CellPhone),
    None,
    Some(DetailField::OtherPhone),
];

/// The name here of the telephone number that all surfaces have.
pub const WORK_PHONE: &str = "WorkPhone";

fn profile(reader: Reader<'_>, node: Node) -> Result<ProfileBody, DecodeError> {
    let mut body = ProfileBody::default();
    for (name, value) in reader.fields("UserProfile", node)? {
        let field = &*name;
        match field {
            "FirstName" => body.texts[TextField::FirstName] = reader.text(field, value)?,
            "LastName" => body.texts[TextField::LastName] = reader.text(field, value)?,
            "CompanyName" => {
                let text = reader.text(field, value)?;
                let text = text.map(|text| (DetailField::CompanyName, text));
                body.details.extend(text);
            }
            "StreetAddress" => {
                group(reader, DetailGroup::StreetAddress, field, value, &mut body)?;
            }
            "TelephoneNumbers" => {
                group(
                    reader,
                    DetailGroup::TelephoneNumbers,
                    field,
                    value,
                    &mut body,
                )?;
            }
            other => reader.unknown(other)?,
        }
    }
    Ok(body)
}

/// The fields of a part of a profile. An empty part empties all of them.
fn group(
    reader: Reader<'_>,
    group: DetailGroup,
    name: &str,
    node: Node,
    body: &mut ProfileBody,
) -> Result<(), DecodeError> {
    let own = || {
        let all = DetailField::ALL.iter().copied();
        all.filter(move |field| field.group() == group)
    };
    let Some(node) = reader.value(name, node)? else {
        return Ok(());
    };
    let fields = reader.fields(name, node)?;
    if fields.is_empty() {
        body.details
            .extend(own().map(|field| (field, String::new())));
        if group == DetailGroup::TelephoneNumbers {
            body.texts.telephone_number = Some(String::new());
        }
    }
    for (name, value) in fields {
        let text = reader.text(&name, value)?;
        match own().find(|field| field.wire_name() == name) {
            Some(field) => body.details.extend(text.map(|text| (field, text))),
            None if group == DetailGroup::TelephoneNumbers && name == WORK_PHONE => {
                body.texts.telephone_number = text;
            }
            None => reader.unknown(&name)?,
        }
    }
    Ok(())
}

fn roles(reader: Reader<'_>, node: Node) -> Result<Vec<String>, DecodeError> {
    let shown = [
        "RoleSimpleName",
        "RoleDescription",
        "Internal",
        "CustomerVisible",
        "PermissionList",
    ];
    ids(reader, node, "RoleList", "Role", "RoleId", &shown)
}

fn accounts(reader: Reader<'_>, node: Node) -> Result<Vec<String>, DecodeError> {
    ids(
        reader,
        node,
        "AccountList",
        "Account",
        "AccountId",
        &["AccountName"],
    )
}

/// The ids of a list. What responses show beside an id may be sent back.
fn ids(
    reader: Reader<'_>,
    node: Node,
    list: &'static str,
    item: &'static str,
    key: &'static str,
    shown: &[&str],
) -> Result<Vec<String>, DecodeError> {
    let mut ids = Vec::new();
    for node in reader.items(list, item, node)? {
        let mut id = None;
        for (name, value) in reader.fields(item, node)? {
            match &*name {
                name if name == key => id = reader.text(key, value)?,
                name if shown.contains(&name) => {}
                other => reader.unknown(other)?,
            }
        }
        let id = id.filter(|id| !id.is_empty());
        ids.push(id.ok_or(DecodeError::WrongType {
            field: Quoted::new(item),
            expected: "an element with an id in it",
        })?);
    }
    Ok(ids)
}

fn preference(reader: Reader<'_>, node: Node) -> Result<(String, String), DecodeError> {
    let (mut preference, mut text) = (None, None);
    for (name, value) in reader.fields("UserPreference", node)? {
        let field = &*name;
        match field {
            "PreferenceName" => preference = reader.text(field, value)?,
            "PreferenceValue" => text = reader.text(field, value)?,
            "OptionalValues" => {}
            other => reader.unknown(other)?,
        }
    }
    let missing = |field| DecodeError::WrongType {
        field: Quoted::new("UserPreference"),
        expected: field,
    };
    Ok((
        preference.ok_or(missing("an element with a PreferenceName in it"))?,
        text.ok_or(missing("an element with a PreferenceValue in it"))?,
    ))
}
