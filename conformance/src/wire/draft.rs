//! Bodies of creates and updates, written with the names of the expected profile.

use bandwidth_fixtures::{
    Profile,
    profile::{RequestRoot, RoleField},
};

use super::format::{Format, email_name, key};
use crate::decode::tree::Tree;

/// A value in a request body.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// Roles, each by id or by name.
    Roles(Vec<RoleRef>),
    /// A JSON null.
    Null,
}

/// The form in which a request names a role.
#[derive(Clone, PartialEq, Eq)]
pub enum RoleRef {
    /// Its id as plain text.
    Plain(String),
    /// An object with one field, `RoleId` or `RoleName`.
    Object(&'static str, String),
}

/// The body of a create or update in the making. There is no `Debug`: it holds a password.
#[derive(Clone, Default)]
pub struct Draft {
    fields: Vec<(String, Value)>,
}

/// The email field, under any name in the profile.
pub const EMAIL: &str = "Email";

/// The field of roles, under any name in the profile.
const ROLES: &str = "Roles";

impl Draft {
    /// Sets a field of text; it replaces an earlier one of that name.
    #[must_use]
    pub fn with(self, name: &str, text: impl Into<String>) -> Self {
        self.with_value(name, Value::Text(text.into()))
    }

    /// With any value.
    #[must_use]
    pub fn with_value(mut self, name: &str, value: Value) -> Self {
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.fields.push((name.to_owned(), value)),
        }
        self
    }

    /// Without a field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// The text of a field; empty when it has none.
    pub fn text(&self, name: &str) -> &str {
        self.given(name).unwrap_or("")
    }

    /// The names of its fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    /// The value of a field, if it is present.
    pub fn value(&self, name: &str) -> Option<&Value> {
        let mut fields = self.fields.iter();
        fields.find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The text of a field, if it is there.
    pub fn given(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            Value::Flag(_) | Value::Roles(_) | Value::Null => None,
        }
    }

    /// A field that is true or false, if it is there.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Flag(flag) => Some(*flag),
            Value::Text(_) | Value::Roles(_) | Value::Null => None,
        }
    }

    /// The body in that format, with the profile's names.
    pub fn body(&self, profile: &Profile, format: Format) -> String {
        self.enclosed(
            profile,
            format,
            profile.user_request_root == RequestRoot::Wrapped,
        )
    }

    /// The body with the user below `UserRequest`, or without.
    pub fn enclosed(&self, profile: &Profile, format: Format, wrapped: bool) -> String {
        let user = self.tree(profile, format);
        match (format, wrapped) {
            (Format::Json, false) => user.to_json().to_string(),
            (Format::Json, true) => {
                let user = vec![(key(profile, format, "User"), user)];
                Tree::Object(user).to_json().to_string()
            }
            (Format::Xml, false) => format!("<User>{}</User>", user.to_xml()),
            (Format::Xml, true) => {
                format!("<UserRequest><User>{}</User></UserRequest>", user.to_xml())
            }
        }
    }

    /// The fields as XML elements without a root around them.
    pub fn fields_as_xml(&self, profile: &Profile) -> String {
        self.tree(profile, Format::Xml).to_xml()
    }

    fn tree(&self, profile: &Profile, format: Format) -> Tree {
        let fields = self.fields.iter();
        let fields = fields.map(|(name, value)| {
            let name = name_of(profile, format, name);
            (name, tree_of(profile, format, value))
        });
        Tree::Object(fields.collect())
    }
}

/// The name of a draft's field on the wire.
fn name_of(profile: &Profile, format: Format, name: &str) -> String {
    match name {
        EMAIL => key(profile, format, email_name(profile)),
        ROLES if profile.role_request_field == RoleField::RoleIds => {
            key(profile, format, "RoleIds")
        }
        other => key(profile, format, other),
    }
}

fn tree_of(profile: &Profile, format: Format, value: &Value) -> Tree {
    let role = |role: &RoleRef| match role {
        RoleRef::Plain(id) => Tree::Text(id.clone()),
        RoleRef::Object(field, text) => {
            let field = key(profile, format, field);
            Tree::Object(vec![(field, Tree::Text(text.clone()))])
        }
    };
    match (value, format) {
        (Value::Text(text), _) => Tree::Text(text.clone()),
        (Value::Flag(flag), _) => Tree::Bool(*flag),
        (Value::Roles(roles), Format::Json) => Tree::List(roles.iter().map(role).collect()),
        (Value::Roles(roles), Format::Xml) => {
            let item = match profile.role_request_field {
                RoleField::RoleIds => "RoleId",
                RoleField::Roles | RoleField::Either => "Role",
            };
            let roles = roles.iter().map(|one| (item.to_owned(), role(one)));
            Tree::Object(roles.collect())
        }
        (Value::Null, _) => Tree::Null,
    }
}
