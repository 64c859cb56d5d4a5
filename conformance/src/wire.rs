//! The names that the expected profile gives to things, and bodies read and written with them.
//! Reading is strict: a field too many is as wrong as one that is missing.

use bandwidth_fixtures::{
    Profile,
    profile::{DefaultFormat, ErrorShape, JsonCase, RoleForm, UserKey, UserPaths},
};

use crate::decode::{json, tree::Tree, xml};

/// A format of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/xml`
    Xml,
    /// `application/json`
    Json,
}

impl Format {
    /// The format of answers to requests that ask for none.
    pub fn default_of(profile: &Profile) -> Self {
        match profile.format_default {
            DefaultFormat::Xml => Self::Xml,
            DefaultFormat::Json => Self::Json,
        }
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Json => "application/json",
        }
    }
}

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
    /// Whether it is active; left out means yes.
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

/// What an error body says.
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
    /// The format.
    pub format: Format,
    /// The expected profile.
    pub profile: Profile,
}

impl Reader {
    /// How a field is written in this format.
    fn key(self, name: &str) -> String {
        key(&self.profile, self.format, name)
    }

    /// Reads `body` and takes off the XML root, which is `root`.
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
            } else if is("Accounts") && self.profile.paths_users == UserPaths::AccountAndLogin {
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
                return Err(format!("`{name}` stands there twice"));
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

/// How a field is written in that format.
fn key(profile: &Profile, format: Format, name: &str) -> String {
    match (format, profile.naming_json_case) {
        (Format::Json, JsonCase::Camel) => {
            let mut characters = name.chars();
            characters.next().map_or_else(String::new, |first| {
                first.to_lowercase().chain(characters).collect()
            })
        }
        _ => name.to_owned(),
    }
}

/// The email field's name.
pub fn email_name(profile: &Profile) -> &'static str {
    profile.naming_email.field()
}

/// A value in a request body.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// Roles, each by id or by name.
    Roles(Vec<RoleRef>),
}

/// How a request names a role.
#[derive(Clone, PartialEq, Eq)]
pub enum RoleRef {
    /// Its id as plain text.
    Plain(String),
    /// An object with one field, `RoleId` or `RoleName`.
    Object(&'static str, String),
}

/// The body of a create or update in the making. There is no `Debug`: it holds a password.
#[derive(Clone, Default)]
pub struct Draft {
    fields: Vec<(String, Value)>,
}

/// The field that stands for the email, whatever the profile calls it.
pub const EMAIL: &str = "Email";

impl Draft {
    /// With a field of text; takes the place of an earlier one of that name.
    #[must_use]
    pub fn with(self, name: &str, text: impl Into<String>) -> Self {
        self.with_value(name, Value::Text(text.into()))
    }

    /// With any value.
    #[must_use]
    pub fn with_value(mut self, name: &str, value: Value) -> Self {
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.fields.push((name.to_owned(), value)),
        }
        self
    }

    /// Without a field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// The text of a field; empty when it has none.
    pub fn text(&self, name: &str) -> &str {
        self.given(name).unwrap_or("")
    }

    /// What a field holds, if it is there.
    pub fn value(&self, name: &str) -> Option<&Value> {
        let mut fields = self.fields.iter();
        fields.find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The text of a field, if it is there.
    pub fn given(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            Value::Flag(_) | Value::Roles(_) => None,
        }
    }

    /// A field that is true or false, if it is there.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Flag(flag) => Some(*flag),
            Value::Text(_) | Value::Roles(_) => None,
        }
    }

    /// The body in that format, with the profile's names.
    pub fn body(&self, profile: &Profile, format: Format) -> String {
        match format {
            Format::Json => {
                let members = self.fields.iter().map(|(name, value)| {
                    (name_of(profile, format, name), json_value(profile, value))
                });
                serde_json::Value::Object(members.collect()).to_string()
            }
            Format::Xml => element("User", &self.fields_as_xml(profile)),
        }
    }

    /// The fields as XML elements without a root around them.
    pub fn fields_as_xml(&self, profile: &Profile) -> String {
        self.fields
            .iter()
            .map(|(name, value)| element(&name_of(profile, Format::Xml, name), &xml_value(value)))
            .collect()
    }
}

/// The name of a draft's field on the wire.
fn name_of(profile: &Profile, format: Format, name: &str) -> String {
    match name {
        EMAIL => key(profile, format, email_name(profile)),
        other => key(profile, format, other),
    }
}

fn json_value(profile: &Profile, value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Roles(roles) => roles
            .iter()
            .map(|role| match role {
                RoleRef::Plain(id) => id.as_str().into(),
                RoleRef::Object(field, text) => {
                    serde_json::json!({ key(profile, Format::Json, field): text })
                }
            })
            .collect(),
    }
}

fn xml_value(value: &Value) -> String {
    match value {
        Value::Text(text) => escape(text),
        Value::Flag(flag) => flag.to_string(),
        Value::Roles(roles) => roles
            .iter()
            .map(|role| match role {
                RoleRef::Plain(id) => element("Role", &escape(id)),
                RoleRef::Object(field, text) => element("Role", &element(field, &escape(text))),
            })
            .collect(),
    }
}

fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use bandwidth_fixtures::NamedProfile;

    use super::{Draft, EMAIL, ErrorBody, Format, Reader, RoleRef, Value};

    fn profile(set: &[&str]) -> NamedProfile {
        let mut profile = NamedProfile::built_in("guide").unwrap();
        profile.set(set.iter().copied()).unwrap();
        profile
    }

    #[test]
    fn bodies_are_written_with_the_names_of_the_profile() {
        let published = NamedProfile::built_in("published").unwrap();
        let guide = profile(&[]);
        let draft = Draft::default()
            .with(EMAIL, "a&b@example.com")
            .with_value("Enabled", Value::Flag(false))
            .with_value(
                "Roles",
                Value::Roles(vec![
                    RoleRef::Plain("r1".into()),
                    RoleRef::Object("RoleName", "A".into()),
                ]),
            );
        assert_eq!(
            draft.body(guide.options(), Format::Json),
            r#"{"Email":"a&b@example.com","Enabled":false,"Roles":["r1",{"RoleName":"A"}]}"#
        );
        assert_eq!(
            draft.body(published.options(), Format::Json),
            r#"{"emailAddress":"a&b@example.com","enabled":false,"roles":["r1",{"roleName":"A"}]}"#
        );
        assert_eq!(
            draft.body(published.options(), Format::Xml),
            "<User><EmailAddress>a&amp;b@example.com</EmailAddress><Enabled>false</Enabled>\
             <Roles><Role>r1</Role><Role><RoleName>A</RoleName></Role></Roles></User>"
        );
    }

    #[test]
    fn each_error_shape_is_read_and_no_other() {
        let shapes = [
            (
                "response_status",
                "<UserResponse><ResponseStatus><ErrorCode>7</ErrorCode><Description>d</Description></ResponseStatus></UserResponse>",
                r#"{"ResponseStatus":{"ErrorCode":7,"Description":"d"}}"#,
            ),
            (
                "response_status_without_code",
                "<UserResponse><ResponseStatus><Description>d</Description></ResponseStatus></UserResponse>",
                r#"{"ResponseStatus":{"Description":"d"}}"#,
            ),
            (
                "error_list",
                "<UserResponse><ErrorList><Error><Code>7</Code><Description>d</Description></Error></ErrorList></UserResponse>",
                r#"{"ErrorList":[{"Code":7,"Description":"d"}]}"#,
            ),
            (
                "error",
                "<UserResponse><Error><Code>7</Code><Description>d</Description></Error></UserResponse>",
                r#"{"Error":{"Code":7,"Description":"d"}}"#,
            ),
            (
                "errors",
                "<UserResponse><Errors><Code>7</Code><Description>d</Description></Errors></UserResponse>",
                r#"{"Errors":[{"Code":7,"Description":"d"}]}"#,
            ),
        ];
        for (expected, ..) in shapes {
            let profile = profile(&[&format!("errors.shape={expected}")]);
            let profile = *profile.options();
            for (shape, xml, json) in shapes {
                for (format, body) in [(Format::Xml, xml), (Format::Json, json)] {
                    let read = Reader { format, profile }.error(body.as_bytes());
                    assert_eq!(read.is_ok(), shape == expected, "{expected}: {body}");
                    if let Ok(ErrorBody { code, description }) = read {
                        assert_eq!(description, "d");
                        assert_eq!(code.is_none(), shape == "response_status_without_code");
                    }
                }
            }
        }
    }

    #[test]
    fn a_user_with_a_wrong_field_or_type_is_refused() {
        let profile = profile(&[]);
        let read = |body: &str| {
            Reader {
                format: Format::Json,
                profile: *profile.options(),
            }
            .user(body.as_bytes())
        };
        assert!(read(r#"{"UserId":"u1","Username":"x","Enabled":false}"#).is_ok());
        for body in [
            r#"{"userId":"u1"}"#,
            r#"{"UserId":1}"#,
            r#"{"UserId":null}"#,
            r#"{"Password":"x"}"#,
            r#"{"EmailAddress":"x"}"#,
            r#"{"Enabled":"false"}"#,
            r#"{"Roles":[{"RoleId":"r1"}]}"#,
            r#"{"Roles":{"RoleId":"r1"}}"#,
            r#"{"User":{"UserId":"u1"}}"#,
            "\"\"",
        ] {
            assert!(read(body).is_err(), "{body}");
        }
    }
}
