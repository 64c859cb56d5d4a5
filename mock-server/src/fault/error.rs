//! Why a fault cannot be armed.

use std::fmt;

use thiserror::Error;

/// A fault that cannot be armed: what is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct FaultError(pub(super) String);

pub(super) fn wrong<T>(message: impl fmt::Display) -> Result<T, FaultError> {
    Err(FaultError(message.to_string()))
}
