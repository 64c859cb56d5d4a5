//! What a body says, whichever format said it.

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
    /// What kind of value it is, for messages.
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

    /// The only member, if its name is `name`.
    pub fn only(&self, name: &str) -> Option<&Tree> {
        match self.members()? {
            [(known, value)] if known == name => Some(value),
            _ => None,
        }
    }
}
