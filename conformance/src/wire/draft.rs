//! Bodies of creates and updates, written with the names of the expected profile.

use bandwidth_fixtures::Profile;

use super::format::{Format, email_name, key};

/// A value in a request body.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// Roles, each by id or by name.
    Roles(Vec<RoleRef>),
}

/// How a request names a role.
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

/// The field that stands for the email, whatever the profile calls it.
pub const EMAIL: &str = "Email";

impl Draft {
    /// With a field of text; takes the place of an earlier one of that name.
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

    /// What a field holds, if it is there.
    pub fn value(&self, name: &str) -> Option<&Value> {
        let mut fields = self.fields.iter();
        fields.find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The text of a field, if it is there.
    pub fn given(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            Value::Flag(_) | Value::Roles(_) => None,
        }
    }

    /// A field that is true or false, if it is there.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Flag(flag) => Some(*flag),
            Value::Text(_) | Value::Roles(_) => None,
        }
    }

    /// The body in that format, with the profile's names.
    pub fn body(&self, profile: &Profile, format: Format) -> String {
        match format {
            Format::Json => {
                let members = self.fields.iter().map(|(name, value)| {
                    (name_of(profile, format, name), json_value(profile, value))
                });
                serde_json::Value::Object(members.collect()).to_string()
            }
            Format::Xml => element("User", &self.fields_as_xml(profile)),
        }
    }

    /// The fields as XML elements without a root around them.
    pub fn fields_as_xml(&self, profile: &Profile) -> String {
        self.fields
            .iter()
            .map(|(name, value)| element(&name_of(profile, Format::Xml, name), &xml_value(value)))
            .collect()
    }
}

/// The name of a draft's field on the wire.
fn name_of(profile: &Profile, format: Format, name: &str) -> String {
    match name {
        EMAIL => key(profile, format, email_name(profile)),
        other => key(profile, format, other),
    }
}

fn json_value(profile: &Profile, value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Roles(roles) => roles
            .iter()
            .map(|role| match role {
                RoleRef::Plain(id) => id.as_str().into(),
                RoleRef::Object(field, text) => {
                    serde_json::json!({ key(profile, Format::Json, field): text })
                }
            })
            .collect(),
    }
}

fn xml_value(value: &Value) -> String {
    match value {
        Value::Text(text) => escape(text),
        Value::Flag(flag) => flag.to_string(),
        Value::Roles(roles) => roles
            .iter()
            .map(|role| match role {
                RoleRef::Plain(id) => element("Role", &escape(id)),
                RoleRef::Object(field, text) => element("Role", &element(field, &escape(text))),
            })
            .collect(),
    }
}

fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
