//! The tree that both readers produce. It keeps repeated names, so that they can be rejected.

use std::borrow::Cow;

use bandwidth_fixtures::TextField;

/// A value of a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// JSON null, or an element with `xsi:nil`.
    Null,
    /// An element with nothing in it.
    Empty,
    /// A JSON string, or an element with text in it.
    Text(String),
    /// JSON true or false.
    Boolean(bool),
    /// A JSON number. No field of the API is one, so its value is not kept.
    Number,
    /// A JSON array.
    List(Vec<Node>),
    /// A JSON object, or an element with elements in it; in order, with repetitions.
    Fields(Vec<(Name, Node)>),
}

/// The name of a field. Those that the API has take no memory of their own.
pub(super) type Name = Cow<'static, str>;

/// Names that are no [`TextField`], and one that a profile gives to one.
const KNOWN: [&str; 12] = [
    "Username",
    "EmailAddress",
    "Password",
    "Roles",
    "RoleIds",
    "Role",
    "RoleId",
    "RoleName",
    "Enabled",
    "User",
    "UserId",
    "AccountId",
];

/// The names of fields that the API has.
pub fn known_names() -> impl Iterator<Item = &'static str> {
    let texts = TextField::ALL.iter().map(|field| field.wire_name());
    KNOWN.into_iter().chain(texts)
}

/// A name that was read.
pub(super) fn name(text: &str) -> Name {
    let known = known_names().find(|known| *known == text);
    known.map_or_else(|| Cow::Owned(text.to_owned()), Cow::Borrowed)
}

/// The name that was sent, of one that is kept apart from those of fields.
pub(super) fn sent_name(name: &str) -> &str {
    name.strip_prefix("other:").unwrap_or(name)
}
