//! The rules of the API: accounts, users, roles, passwords. Pure and synchronous; it knows neither
//! HTTP nor the formats. What is open about the real API it asks the profile.

mod account;
mod api_token;
mod company;
mod credential;
mod events;
mod id;
mod identity;
mod index;
mod input;
mod managed;
mod password;
mod unique;
mod update;
mod user;
mod users;

pub use account::{Account, Login, Role};
pub use api_token::ApiToken;
pub use bandwidth_fixtures::ApiError;
pub use company::{Company, Reach};
pub use credential::{ClientSecret, Credential, CredentialError};
pub use events::{Actor, Event, EventKind};
pub use id::number_in;
pub use identity::{DomainAuthority, Target};
pub use managed::Authority;
pub use password::Digest;
#[cfg(feature = "traffic")]
pub use password::{classes_of, has_common_word, holds, longest_repeat};
pub use unique::{NamesInUse, same_name};
pub use update::Changes;
pub use user::{User, UserNumber};

#[cfg(test)]
mod tests;
