//! What both readers produce: a tree that keeps repeated names, so that they can be refused.

use std::borrow::Cow;

/// A value of a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// JSON null, or an element with nothing in it.
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

const KNOWN: [&str; 13] = [
    "Username",
    "FirstName",
    "LastName",
    "Email",
    "EmailAddress",
    "Password",
    "Roles",
    "Role",
    "RoleId",
    "RoleName",
    "Enabled",
    "TelephoneNumber",
    "User",
];

/// A name that was read.
pub(super) fn name(text: &str) -> Name {
    let known = KNOWN.into_iter().find(|known| *known == text);
    known.map_or_else(|| Cow::Owned(text.to_owned()), Cow::Borrowed)
}
