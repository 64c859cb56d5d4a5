//! The run's users on the target, and their removal.
//!
//! A user is the run's when its username or its email holds the run's random prefix. Nothing else is
//! ever updated or deleted, except a user that was prepared for it, which is never deleted. A user is
//! gone when its own URL says so; that a list does not show it proves nothing.

mod absence;
mod change;
pub mod file;
mod gate;
pub mod keys;
pub mod ledger;
mod listing;
mod prepared;
mod removal;
mod settling;
mod snapshot;
mod users;

pub use self::{
    absence::Holder,
    change::Change,
    file::cleanup_command,
    users::{Account, Refusal},
};
