//! The holder of a key, and the target's response to keys that no user has.

use std::collections::HashSet;

use crate::{
    decode::users::{Shown, error_code},
    limits::Surface,
    transport::Response,
};

/// The target's response to a key that no user has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    status: u16,
    code: Option<String>,
    empty: bool,
}

impl Signature {
    /// `None` for a response that proves nothing: a failure, or a success without an error in it.
    pub(super) fn of(response: &Response) -> Option<Self> {
        let code = error_code(&response.body);
        let says_something = match response.status {
            200..=299 => code.is_some(),
            401 | 429 | 500.. => false,
            _ => true,
        };
        says_something.then_some(Self {
            status: response.status,
            code,
            empty: response.body.is_empty(),
        })
    }
}

/// The learned responses to keys that no user has.
#[derive(Debug, Default)]
pub struct Absence {
    pub(super) signatures: Vec<(Surface, Signature)>,
    /// The forms of keys that were tried.
    pub(super) forms: HashSet<(Surface, String)>,
    /// A key of the run's own choice that no user has below the account.
    pub(super) key: Option<String>,
}

/// The holder of a key, according to the target.
#[derive(Debug, Clone)]
pub enum Holder {
    /// A user of this run.
    Ours(Box<Shown>),
    /// A user that is not of this run.
    Other(Box<Shown>),
    /// The target reports no such user.
    Unused,
    /// The response is unclear, for this reason.
    Unclear(String),
}
