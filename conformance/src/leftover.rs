//! A user that a run made, or may have made, and that may still be on the target.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A user of the run that is not proved to be gone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Leftover {
    /// The username, as the target shows it if the target shows the user.
    pub username: String,
    /// The key in paths, not percent-encoded; absent if the target never named it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<String>,
    pub state: LeftoverState,
    /// One line: how to remove the user. Empty if the report's own command does it.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub remove: String,
}

/// State of a leftover.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LeftoverState {
    /// The target showed the user after the last attempt to delete it.
    Exists,
    /// The delete succeeded, and the target shows the user as deactivated.
    Deactivated,
    /// Neither presence nor absence is proved: the create or the delete has no clear result.
    Unconfirmed,
    /// It was prepared for the run, and is not as it was before.
    Changed,
}

impl LeftoverState {
    /// True if the target showed the user in that state.
    pub fn is_certain(self) -> bool {
        matches!(self, Self::Exists | Self::Deactivated)
    }

    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::Deactivated => "deactivated",
            Self::Unconfirmed => "unconfirmed",
            Self::Changed => "changed",
        }
    }
}

/// True if they do not change the exit code: there are none, or the operator allowed leftovers and
/// all of these are known to stay.
pub fn are_excused(leftovers: &[Leftover], allowed: bool) -> bool {
    let mut leftovers = leftovers.iter();
    leftovers.all(|user| allowed && user.state.is_certain())
}

/// The use of the clean-up command: it cannot remove users that a delete only deactivates.
pub fn use_of_cleanup(leftovers: &[Leftover]) -> &'static str {
    let stays = |user: &Leftover| user.state == LeftoverState::Deactivated;
    if leftovers.iter().all(stays) {
        "After that, remove the ledger with"
    } else {
        "Remove it with"
    }
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.as_str();
        match (&self.key, self.state) {
            (Some(key), LeftoverState::Exists) => write!(f, "{} (key {key})", self.username),
            (Some(key), _) => write!(f, "{} (key {key}, {state})", self.username),
            (None, _) => write!(f, "{} ({state})", self.username),
        }
    }
}
