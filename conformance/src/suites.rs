//! The cases, one file per area. A file's name is the first part of the ids of its cases.

mod authentication;
mod bodies;
mod create;
mod credentials;
mod delete;
mod errors;
mod formats;
mod get;
mod golden;
mod http;
mod identity;
mod leaving;
mod limits;
mod list;
mod management;
mod passwords;
mod prelude;
mod published;
mod refusal;
mod roles;
mod scenarios;
mod tokens;
mod update;

use crate::case::Case;

/// All cases, goldens first.
pub(crate) fn all() -> Vec<Case> {
    golden::cases()
        .into_iter()
        .chain(list::cases())
        .chain(get::cases())
        .chain(create::cases())
        .chain(create::refused())
        .chain(update::cases())
        .chain(update::refused())
        .chain(delete::cases())
        .chain(roles::cases())
        .chain(formats::cases())
        .chain(bodies::cases())
        .chain(http::cases())
        .chain(authentication::cases())
        .chain(errors::cases())
        .chain(errors::unreadable_bodies())
        .chain(limits::cases())
        .chain(passwords::cases())
        .chain(passwords::identity())
        .chain(published::cases())
        .chain(tokens::cases())
        .chain(credentials::cases())
        .chain(management::cases())
        .chain(identity::cases())
        .chain(leaving::cases())
        .chain(scenarios::cases())
        .collect()
}
