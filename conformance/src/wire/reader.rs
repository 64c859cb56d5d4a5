//! Bodies of responses, read with the names of the expected profile. Reading is strict: a field too
//! many is as wrong as one that is missing.

use bandwidth_fixtures::{
    Profile,
    profile::{ErrorShape, LoginSurface, RoleForm, UserKey},
};

use super::format::{Format, email_name, key};
use crate::decode::{json, tree::Tree, xml};

/// A user as a response shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// `UserId`
    pub id: Option<String>,
    /// `Username`
    pub username: Option<String>,
    /// `FirstName`
    pub first_name: Option<String>,
    /// `LastName`
    pub last_name: Option<String>,
    /// `Email` or `EmailAddress`
    pub email: Option<String>,
    /// `TelephoneNumber`
    pub telephone: Option<String>,
    /// `Roles`
    pub roles: Option<Vec<Role>>,
    /// `Enabled`
    pub enabled: Option<bool>,
}

impl User {
    /// True if it is active; an absent field means active.
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// Its roles; left out means none.
    pub fn roles(&self) -> &[Role] {
        self.roles.as_deref().unwrap_or(&[])
    }
}

/// A role as a response shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// `RoleId`
    pub id: Option<String>,
    /// `RoleName`
    pub name: Option<String>,
    /// `PermissionName` of its `Permissions`
    pub permissions: Vec<String>,
}

impl Role {
    /// True if the text is its id or its name.
    pub fn is_called(&self, text: &str) -> bool {
        let is = |field: &Option<String>| field.as_deref() == Some(text);
        is(&self.id) || is(&self.name)
    }
}

/// The content of an error body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorBody {
    /// The number, where the shape has one.
    pub code: Option<u32>,
    /// The text.
    pub description: String,
}

/// Reads bodies of one format as the profile names things.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    pub format: Format,
    /// The expected profile.
    pub profile: Profile,
}

impl Reader {
    /// The name of a field in this format.
    fn key(self, name: &str) -> String {
        key(&self.profile, self.format, name)
    }

    /// Reads `body` below the XML root `root`.
    fn content(self, root: &str, body: &[u8]) -> Result<Tree, String> {
        match self.format {
            Format::Json => json::read(body),
            Format::Xml => {
                let document = xml::read(body)?;
                if document.root != root {
                    return Err(format!(
                        "the root element is <{}>, expected <{root}>",
                        document.root
                    ));
                }
                Ok(document.content)
            }
        }
    }

    /// A list of `item`s below `name`: `<Users><User/>..</Users>` or `{"Users":[..]}`.
    fn items(self, list: &Tree, item: &str) -> Result<Vec<Tree>, String> {
        match (self.format, list) {
            (Format::Json, Tree::List(items)) => Ok(items.clone()),
            (Format::Json, other) => Err(format!("expected a list, found {}", other.kind())),
            (Format::Xml, tree) => tree
                .members()
                .ok_or_else(|| format!("expected <{item}> elements, found text"))?
                .iter()
                .map(|(name, value)| {
                    if name == item {
                        Ok(value.clone())
                    } else {
                        Err(format!("expected <{item}>, found <{name}>"))
                    }
                })
                .collect(),
        }
    }

    /// The answer to a list of users.
    pub fn users(self, body: &[u8]) -> Result<Vec<User>, String> {
        let content = self.content("UsersResponse", body)?;
        let list = content
            .only(&self.key("Users"))
            .ok_or_else(|| format!("expected `{}` and nothing else", self.key("Users")))?;
        self.items(list, "User")?
            .iter()
            .map(|user| self.user_of(user))
            .collect()
    }

    /// The answer that is one user.
    pub fn user(self, body: &[u8]) -> Result<User, String> {
        let content = self.content("UserResponse", body)?;
        match self.format {
            Format::Json => self.user_of(&content),
            Format::Xml => {
                let user = content
                    .only("User")
                    .ok_or("expected <User> and nothing else")?;
                self.user_of(user)
            }
        }
    }

    /// The answer to a list of roles.
    pub fn roles(self, body: &[u8]) -> Result<Vec<Role>, String> {
        let content = self.content("RolesResponse", body)?;
        let list = content
            .only(&self.key("Roles"))
            .ok_or_else(|| format!("expected `{}` and nothing else", self.key("Roles")))?;
        self.roles_of(list)
    }

    /// The answer to a delete: nothing in an object.
    pub fn nothing(self, body: &[u8]) -> Result<(), String> {
        match self.content("UserResponse", body)?.members() {
            Some([]) => Ok(()),
            _ => Err("expected an object with nothing in it".to_owned()),
        }
    }

    fn user_of(self, tree: &Tree) -> Result<User, String> {
        let mut user = User::default();
        for (name, value) in self.members(tree)? {
            let is = |field: &str| *name == self.key(field);
            let slot = if is("UserId") && self.profile.naming_user_key == UserKey::UserId {
                &mut user.id
            } else if is("Username") {
                &mut user.username
            } else if is("FirstName") {
                &mut user.first_name
            } else if is("LastName") {
                &mut user.last_name
            } else if is(email_name(&self.profile)) {
                &mut user.email
            } else if is("TelephoneNumber") {
                &mut user.telephone
            } else if is("Roles") {
                user.roles = Some(self.roles_of(value)?);
                continue;
            } else if is("Enabled") {
                user.enabled = Some(self.flag(name, value)?);
                continue;
            } else if is("Accounts") && self.profile.surface_login == LoginSurface::Served {
                continue;
            } else {
                return Err(format!("the user has an unexpected field `{name}`"));
            };
            *slot = Some(text_of(name, value)?);
        }
        Ok(user)
    }

    fn roles_of(self, list: &Tree) -> Result<Vec<Role>, String> {
        self.items(list, "Role")?
            .iter()
            .map(|role| self.role_of(role))
            .collect()
    }

    fn role_of(self, tree: &Tree) -> Result<Role, String> {
        let mut role = Role::default();
        let by_id = self.profile.role_form == RoleForm::IdAndName;
        for (name, value) in self.members(tree)? {
            if *name == self.key("RoleName") {
                role.name = Some(text_of(name, value)?);
            } else if *name == self.key("RoleId") && by_id {
                role.id = Some(text_of(name, value)?);
            } else if *name == self.key("Permissions") && !by_id {
                for permission in self.items(value, "Permission")? {
                    let key = self.key("PermissionName");
                    let value = permission
                        .only(&key)
                        .ok_or_else(|| format!("a permission is not just `{key}`"))?;
                    role.permissions.push(text_of(&key, value)?);
                }
            } else {
                return Err(format!("a role has an unexpected field `{name}`"));
            }
        }
        if role.name.is_none() || role.id.is_some() != by_id {
            return Err("a role lacks its name or its id".to_owned());
        }
        Ok(role)
    }

    /// An error body of the expected shape, below any root that is named `...Response`.
    pub fn error(self, body: &[u8]) -> Result<ErrorBody, String> {
        let content = match self.format {
            Format::Json => json::read(body)?,
            Format::Xml => {
                let document = xml::read(body)?;
                if !document.root.ends_with("Response") {
                    return Err(format!("the root element is <{}>", document.root));
                }
                document.content
            }
        };
        let below = |tree: &Tree, name: &str| {
            let key = self.key(name);
            tree.only(&key)
                .cloned()
                .ok_or_else(|| format!("expected `{key}` and nothing else in the error body"))
        };
        let shape = self.profile.errors_shape;
        let (error, code) = match shape {
            ErrorShape::ResponseStatus => (below(&content, "ResponseStatus")?, Some("ErrorCode")),
            ErrorShape::ResponseStatusWithoutCode => (below(&content, "ResponseStatus")?, None),
            ErrorShape::Error => (below(&content, "Error")?, Some("Code")),
            ErrorShape::IrisStatus => (below(&content, "irisStatus")?, Some("Code")),
            ErrorShape::ErrorList | ErrorShape::Errors => {
                let name = if shape == ErrorShape::Errors {
                    "Errors"
                } else {
                    "ErrorList"
                };
                let list = below(&content, name)?;
                let first = match (self.format, shape) {
                    // In XML the element itself is repeated, and one is what there is.
                    (Format::Xml, ErrorShape::Errors) => Some(list),
                    _ => self.items(&list, "Error")?.into_iter().next(),
                };
                (first.ok_or("the list of errors is empty")?, Some("Code"))
            }
        };
        self.error_of(&error, code)
    }

    fn error_of(self, tree: &Tree, code_name: Option<&str>) -> Result<ErrorBody, String> {
        let mut code = None;
        let mut description = None;
        for (name, value) in self.members(tree)? {
            if code_name.is_some_and(|known| *name == self.key(known)) {
                let digits = match value {
                    Tree::Number(digits) if self.format == Format::Json => digits,
                    Tree::Text(digits) if self.format == Format::Xml => digits,
                    other => return Err(format!("`{name}` is {}", other.kind())),
                };
                let number = digits.parse::<u32>();
                code = Some(number.map_err(|_| format!("`{name}` is `{digits}`"))?);
            } else if *name == self.key("Description") {
                description = Some(text_of(name, value)?);
            } else {
                return Err(format!("the error has an unexpected field `{name}`"));
            }
        }
        let description = description
            .filter(|text| !text.trim().is_empty())
            .ok_or("the error has no description")?;
        if code.is_some() != code_name.is_some() {
            return Err("the error has no code".to_owned());
        }
        Ok(ErrorBody { code, description })
    }

    fn members(self, tree: &Tree) -> Result<&[(String, Tree)], String> {
        let members = match (self.format, tree) {
            (Format::Json, Tree::Text(_)) => None,
            _ => tree.members(),
        };
        let members =
            members.ok_or_else(|| format!("expected an object, found {}", tree.kind()))?;
        for (index, (name, _)) in members.iter().enumerate() {
            if members[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(format!("`{name}` is given twice"));
            }
        }
        Ok(members)
    }

    fn flag(self, name: &str, value: &Tree) -> Result<bool, String> {
        match (self.format, value) {
            (Format::Json, Tree::Bool(flag)) => Ok(*flag),
            (Format::Xml, Tree::Text(text)) if text == "true" => Ok(true),
            (Format::Xml, Tree::Text(text)) if text == "false" => Ok(false),
            _ => Err(format!("`{name}` is neither true nor false")),
        }
    }
}

fn text_of(name: &str, value: &Tree) -> Result<String, String> {
    value
        .text()
        .map(str::to_owned)
        .ok_or_else(|| format!("`{name}` is {}, expected text", value.kind()))
}
