//! Users that cases work with.

use super::reply::Reply;
use crate::wire::Draft;

/// A user that a case created.
#[derive(Clone)]
pub struct Created {
    /// Its key in paths.
    pub key: String,
    /// The draft of its create, with the password.
    pub draft: Draft,
    /// The answer to the create.
    pub reply: Reply,
}

impl Created {
    pub fn username(&self) -> &str {
        self.draft.text("Username")
    }

    pub fn password(&self) -> &str {
        self.draft.text("Password")
    }

    /// The body of an update that changes nothing and leaves the password out.
    pub fn update(&self) -> Draft {
        self.draft.clone().without("Password")
    }
}
