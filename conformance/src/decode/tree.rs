//! The tree of a body, independent of its format.

use quick_xml::escape::partial_escape;

/// A decoded value. Objects keep their order and, from XML, repeated names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// JSON `null`.
    Null,
    /// JSON `true` or `false`.
    Bool(bool),
    /// A JSON number, as written.
    Number(String),
    /// A JSON string, or the text of an XML element without child elements.
    Text(String),
    /// A JSON array.
    List(Vec<Tree>),
    /// A JSON object, or an XML element with child elements.
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// The kind of the value, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The members of an object. An empty XML element reads as empty text and counts as an
    /// object without members.
    pub fn members(&self) -> Option<&[(String, Tree)]> {
        match self {
            Self::Object(members) => Some(members),
            Self::Text(text) if text.is_empty() => Some(&[]),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(digits) => {
                serde_json::from_str(digits).unwrap_or_else(|_| digits.as_str().into())
            }
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(members) => {
                let members = members.iter();
                let members = members.map(|(name, value)| (name.clone(), value.to_json()));
                serde_json::Value::Object(members.collect())
            }
        }
    }

    /// As the content of an XML element.
    pub fn to_xml(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Number(text) | Self::Text(text) => partial_escape(text.as_str()).into_owned(),
            Self::List(items) => items.iter().map(Self::to_xml).collect(),
            Self::Object(members) => {
                let element =
                    |(name, value): &(String, Self)| format!("<{name}>{}</{name}>", value.to_xml());
                members.iter().map(element).collect()
            }
        }
    }

    /// The only member, if its name is `name`.
    pub fn only(&self, name: &str) -> Option<&Tree> {
        match self.members()? {
            [(known, value)] if known == name => Some(value),
            _ => None,
        }
    }
}
