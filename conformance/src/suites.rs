//! The cases, one file per area. A file's name is the first part of the ids of its cases.

mod authentication;
mod create;
mod delete;
mod errors;
mod formats;
mod get;
mod golden;
mod limits;
mod list;
mod passwords;
mod published;
mod roles;
mod scenarios;
mod update;

use crate::case::Case;

/// All cases, goldens first.
pub(crate) fn all() -> Vec<Case> {
    [
        golden::cases(),
        list::cases(),
        get::cases(),
        create::cases(),
        update::cases(),
        delete::cases(),
        roles::cases(),
        formats::cases(),
        authentication::cases(),
        errors::cases(),
        limits::cases(),
        passwords::cases(),
        published::cases(),
        scenarios::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
