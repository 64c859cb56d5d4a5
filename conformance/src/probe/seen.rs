//! A response whose names are not known yet.

use bandwidth_fixtures::profile::{ErrorShape, JsonCase};

use crate::{
    decode::{
        json,
        tolerant::{find, member, objects_with, scalar},
        tree::Tree,
        users::{Shown, users_in},
        xml,
    },
    transport::Response,
    wire::{Format, RoleRef},
};

/// The body of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorBody {
    /// The API's own error body.
    Error,
    /// None at all.
    Empty,
}

/// The reason for a body that is not an [`ErrorBody`].
pub const OTHER_BODY: &str = "it has a body that is not the error body";

/// A response.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its status.
    pub status: u16,
    /// The format that its body is in.
    pub format: Option<Format>,
    /// The tree of its body, below the root of XML.
    pub tree: Option<Tree>,
    /// True if there is a body.
    pub has_body: bool,
}

impl Seen {
    /// Looks at a response.
    pub fn of(response: &Response) -> Self {
        let body = response.body.trim_ascii_start();
        let (format, tree) = match body.first() {
            Some(b'<') => match xml::read(body) {
                // A gateway's page is no answer of the API.
                Ok(document) if document.root.ends_with("Response") || document.root == "Error" => {
                    (Some(Format::Xml), Some(document.content))
                }
                _ => (None, None),
            },
            Some(b'{' | b'[') => match json::read(body) {
                Ok(tree) => (Some(Format::Json), Some(tree)),
                Err(_) => (None, None),
            },
            _ => (None, None),
        };
        Self {
            status: response.status,
            format,
            tree,
            has_body: !response.body.is_empty(),
        }
    }

    /// True for a success: the status, and no error body.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status) && self.error_shape().is_none()
    }

    /// True if it rejects the request, and not for a missing login, a limit or a failure. Some
    /// targets return an error body with a status of success.
    pub fn is_refusal(&self) -> bool {
        match self.status {
            400 | 409 | 415 | 422 => true,
            200..300 => match self.code() {
                Some(400 | 409 | 415 | 422 | 1000..) => self.error_shape().is_some(),
                _ => false,
            },
            _ => false,
        }
    }

    /// The body as an error body; `None` for other content, for example a gateway's page.
    pub fn error_body(&self) -> Option<ErrorBody> {
        match self.error_shape() {
            Some(_) => Some(ErrorBody::Error),
            None if self.has_body => None,
            None => Some(ErrorBody::Empty),
        }
    }

    /// The user that it shows.
    pub fn user(&self) -> Option<Shown> {
        self.users().into_iter().next()
    }

    /// All users that it shows.
    pub fn users(&self) -> Vec<Shown> {
        self.tree.as_ref().map(users_in).unwrap_or_default()
    }

    /// The shape of its error body.
    pub fn error_shape(&self) -> Option<ErrorShape> {
        let members = self.tree.as_ref()?.members()?;
        let [(name, value)] = members else {
            return None;
        };
        let has_code = |tree: &Tree| member(tree, "ErrorCode").is_some();
        match name.to_ascii_lowercase().as_str() {
            "responsestatus" if has_code(value) => Some(ErrorShape::ResponseStatus),
            "responsestatus" => Some(ErrorShape::ResponseStatusWithoutCode),
            "errorlist" => Some(ErrorShape::ErrorList),
            "error" => Some(ErrorShape::Error),
            "errors" => Some(ErrorShape::Errors),
            "irisstatus" => Some(ErrorShape::IrisStatus),
            _ => None,
        }
    }

    /// The code of its error body.
    pub fn code(&self) -> Option<u32> {
        find(self.tree.as_ref()?, &["ErrorCode", "Code"])?
            .parse()
            .ok()
    }

    /// The text of its error body, in lower case.
    pub fn words(&self) -> String {
        let tree = self.tree.as_ref();
        let found = tree.and_then(|tree| find(tree, &["Description"]));
        found.unwrap_or_default().to_lowercase()
    }
}

impl Shown {
    /// True if it has that field.
    pub fn has(&self, wanted: &str) -> bool {
        member(&self.fields, wanted).is_some()
    }

    /// The case of its names; `None` if they are written in a way that is not an option.
    pub fn case(&self) -> Option<JsonCase> {
        let has = |wanted: &str| {
            self.fields
                .members()?
                .iter()
                .find(|(name, _)| name == wanted)
        };
        match (has("FirstName"), has("firstName")) {
            (Some(_), None) => Some(JsonCase::Pascal),
            (None, Some(_)) => Some(JsonCase::Camel),
            _ => None,
        }
    }

    /// True if no field differs, apart from the first name.
    pub fn differs_in_name_alone(&self, other: &Self) -> bool {
        let rest = |user: &Self| {
            let mut members = user.fields.members().unwrap_or_default().to_vec();
            members.retain(|(name, _)| !name.eq_ignore_ascii_case("FirstName"));
            members
        };
        rest(self) == rest(other)
    }

    /// Its roles, as a request names them.
    pub fn role_refs(&self) -> Vec<RoleRef> {
        let roles = member(&self.fields, "Roles").into_iter();
        let roles = roles.flat_map(|roles| objects_with(roles, "RoleName"));
        let text = |role, name| member(role, name).and_then(scalar).map(str::to_owned);
        roles
            .filter_map(
                |role| match (text(role, "RoleId"), text(role, "RoleName")) {
                    (Some(id), _) => Some(RoleRef::Plain(id)),
                    (None, name) => Some(RoleRef::Object("RoleName", name?)),
                },
            )
            .collect()
    }

    /// The text of a field; `None` when it is absent or empty.
    pub fn text(&self, wanted: &str) -> Option<String> {
        let text = scalar(member(&self.fields, wanted)?)?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Number of roles that it shows.
    pub fn roles(&self) -> usize {
        match member(&self.fields, "Roles") {
            Some(Tree::List(items)) => items.len(),
            Some(Tree::Object(members)) => members.len(),
            _ => 0,
        }
    }
}
