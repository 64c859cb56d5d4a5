//! What both readers produce: a tree that keeps repeated names, so that they can be refused.

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
    Fields(Vec<(String, Node)>),
}
