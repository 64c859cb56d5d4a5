//! The load: requests as bytes, and the expected responses.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::mock::LOGIN;

/// An account that a connection works on.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// The path of its users.
    pub(super) users: String,
    /// Its `Authorization`.
    pub(super) login: String,
}

/// The one of every mock.
impl Default for World {
    fn default() -> Self {
        Self {
            users: "/api/accounts/12345/users".to_owned(),
            login: LOGIN.to_owned(),
        }
    }
}

/// Number of users that are updated in turn, from `u1` on.
const UPDATED: u64 = 100;

/// A format of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Xml,
    Json,
}

impl Format {
    pub(super) const ALL: [Self; 2] = [Self::Xml, Self::Json];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Xml => "XML",
            Self::Json => "JSON",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Json => "application/json",
        }
    }
}

/// The requests that one connection repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    GetUser,
    ListUsers,
    CreateUser,
    UpdateUser,
    /// An update, then a list: no list is as the one before.
    ListAfterUpdate,
    /// The life of a user: create, get, update, get, list, delete.
    Mixed,
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Get,
    List,
    Create,
    Update,
    Delete,
}

impl Work {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::GetUser => "get_user",
            Self::ListUsers => "list_users",
            Self::CreateUser => "create_user",
            Self::UpdateUser => "update_user",
            Self::ListAfterUpdate => "update, list_users",
            Self::Mixed => "mixed",
        }
    }

    pub(super) fn steps(self) -> &'static [Step] {
        match self {
            Self::GetUser => &[Step::Get],
            Self::ListUsers => &[Step::List],
            Self::CreateUser => &[Step::Create],
            Self::UpdateUser => &[Step::Update],
            Self::ListAfterUpdate => &[Step::Update, Step::List],
            Self::Mixed => &[
                Step::Create,
                Step::Get,
                Step::Update,
                Step::Get,
                Step::List,
                Step::Delete,
            ],
        }
    }
}

impl Step {
    pub(super) const ALL: [Self; 5] = [
        Self::Get,
        Self::List,
        Self::Create,
        Self::Update,
        Self::Delete,
    ];

    /// The status that the answer must have.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Create => 201,
            Self::Get | Self::List | Self::Update | Self::Delete => 200,
        }
    }

    /// The request as bytes. `user` is the path of the user that it is about, if there is one.
    pub(super) fn write(
        self,
        world: &World,
        format: Format,
        user: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        static UNIQUE: AtomicU64 = AtomicU64::new(1);
        let World { users, login } = world;
        let number = match self {
            Self::Create | Self::Update => UNIQUE.fetch_add(1, Ordering::Relaxed),
            Self::Get | Self::List | Self::Delete => 0,
        };
        let first = format!("{users}/u1");
        let turn = format!("{users}/u{}", number % UPDATED + 1);
        let (method, path, body) = match self {
            Self::Get => ("GET", user.unwrap_or(&first), None),
            Self::List => ("GET", users.as_str(), None),
            Self::Delete => ("DELETE", user.unwrap_or(&first), None),
            Self::Update => ("PUT", user.unwrap_or(&turn), Some(update(format, number))),
            Self::Create => ("POST", users.as_str(), Some(create(format, number))),
        };
        let media_type = format.media_type();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {login}\r\nAccept: \
             {media_type}\r\n"
        );
        if let Some(body) = &body {
            let length = body.len();
            let _ = write!(
                head,
                "Content-Type: {media_type}\r\nContent-Length: {length}\r\n"
            );
        }
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(body.unwrap_or_default().as_bytes());
    }
}

fn create(format: Format, number: u64) -> String {
    match format {
        Format::Xml => format!(
            "<User><Username>bench-{number:09}</Username><FirstName>Ada</FirstName>\
             <LastName>Archer</LastName><Email>bench-{number:09}@example.com</Email>\
             <Password>Teal-Wagon.47</Password><Roles><Role><RoleId>r1</RoleId></Role></Roles>\
             </User>"
        ),
        Format::Json => format!(
            r#"{{"Username":"bench-{number:09}","FirstName":"Ada","LastName":"Archer","Email":"bench-{number:09}@example.com","Password":"Teal-Wagon.47","Roles":[{{"RoleId":"r1"}}]}}"#
        ),
    }
}

fn update(format: Format, number: u64) -> String {
    match format {
        Format::Xml => format!(
            "<User><FirstName>Ada</FirstName><LastName>Archer</LastName>\
             <Email>bench-{number:09}@example.com</Email></User>"
        ),
        Format::Json => format!(
            r#"{{"FirstName":"Ada","LastName":"Archer","Email":"bench-{number:09}@example.com"}}"#
        ),
    }
}
