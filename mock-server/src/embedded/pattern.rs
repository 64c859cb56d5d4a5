//! Selects requests in tests.

use bandwidth_fixtures::Operation;

use crate::journal::Pattern;

/// Conditions on a request. An absent condition matches every request.
///
/// ```
/// use bandwidth_mock::{Operation, RequestPattern};
///
/// let created = RequestPattern::new().operation(Operation::CreateUser).status(201);
/// ```
#[derive(Debug, Default, Clone)]
#[must_use]
pub struct RequestPattern {
    pub(super) pattern: Pattern,
}

impl RequestPattern {
    /// Any request.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requires this operation.
    pub fn operation(mut self, operation: Operation) -> Self {
        self.pattern.operation = Some(operation);
        self
    }

    /// With this method.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.pattern.method = Some(method.into());
        self
    }

    /// With this path and query, whole.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.pattern.path = Some(path.into());
        self
    }

    /// Requires this status of the response.
    pub fn status(mut self, status: u16) -> Self {
        self.pattern.status = Some(status);
        self
    }

    /// With this text somewhere in its body.
    pub fn body_contains(mut self, text: impl Into<String>) -> Self {
        self.pattern.body_contains = Some(text.into());
        self
    }
}

impl From<Operation> for RequestPattern {
    fn from(operation: Operation) -> Self {
        Self::new().operation(operation)
    }
}
