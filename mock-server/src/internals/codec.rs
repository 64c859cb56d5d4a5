//! Bodies of usual sizes, and what the codec does with them.

use bandwidth_fixtures::{Consultation, Texts};

use crate::{
    codec::{self, Format},
    config::Config,
    wire::{RoleView, UserView},
};

/// A format with a user's body in it.
#[derive(Debug)]
pub struct Bench {
    format: Format,
    rules: Consultation,
    body: &'static str,
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<User>\n  <Username>jdoe</Username>\n  \
                   <FirstName>John</FirstName>\n  <LastName>Doe &amp; Sons</LastName>\n  \
                   <Email>jdoe@example.com</Email>\n  <Password>Secret123!</Password>\n  <Roles>\n    \
                   <Role><RoleId>r1</RoleId></Role>\n    <Role><RoleId>r2</RoleId></Role>\n  \
                   </Roles>\n</User>\n";
const JSON: &str = r#"{"Username":"jdoe","FirstName":"John","LastName":"Doe & Sons",
  "Email":"jdoe@example.com","Password":"Secret123!","Roles":[{"RoleId":"r1"},{"RoleId":"r2"}]}"#;

impl Bench {
    /// In XML.
    pub fn xml() -> Self {
        Self::of(Format::Xml, XML)
    }

    /// In JSON.
    pub fn json() -> Self {
        Self::of(Format::Json, JSON)
    }

    fn of(format: Format, body: &'static str) -> Self {
        let profile = Config::default().profile;
        Self {
            format,
            rules: Consultation::of(*profile.options()),
            body,
        }
    }

    /// Size of the body that [`Self::decode`] reads, in bytes.
    pub fn body_len(&self) -> usize {
        self.body.len()
    }

    /// Decodes the user of a request; whether that went well.
    pub fn decode(&self) -> bool {
        codec::user(self.format, self.body, &self.rules).is_ok()
    }

    /// Encodes a list with this number of users.
    pub fn encode(&self, users: usize) -> Vec<u8> {
        let view = UserView {
            user_id: Some("u12345"),
            username: "jdoe",
            texts: Texts {
                first_name: Some("John"),
                last_name: Some("Doe & Sons"),
                email: Some("jdoe@example.com"),
                ..Texts::default()
            },
            roles: Some(vec![RoleView {
                id: Some("r1"),
                name: "Administrator",
                permissions: None,
            }]),
            enabled: Some(true),
            accounts: None,
        };
        let views = std::iter::repeat_n(view, users);
        codec::list_items(self.format, views, &self.rules)
    }
}
