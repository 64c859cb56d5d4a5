//! Identity domains: users, roles and accounts as XML, as published from 2020 to 2022. What is
//! published is documented, and each assumption of the profile is measured.

mod catalogue;
mod log;
mod members;
mod pages;
mod parts;
mod users;

use crate::case::Case;

pub(super) fn cases() -> Vec<Case> {
    catalogue::cases()
        .into_iter()
        .chain(pages::cases())
        .chain(users::cases())
        .chain(parts::cases())
        .chain(members::cases())
        .chain(log::cases())
        .collect()
}
