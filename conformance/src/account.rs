//! The run's users on the target, and their removal.
//!
//! A user is the run's if its username or its email contains the run's random prefix. Nothing else
//! is ever updated or deleted, except a user that was prepared for it, which is never deleted. Only
//! a user's own URL proves that it is gone; its absence in a list proves nothing.

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
