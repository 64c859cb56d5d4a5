//! Users and roles in the trees of responses and requests, with any names of fields.

use std::collections::BTreeMap;

use serde_json::Value;

/// The fields of a user in a tree. Each may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) id: Option<String>,
    pub(super) username: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) telephone: Option<String>,
    pub(super) enabled: Option<bool>,
    pub(super) roles: Option<Vec<ShownRole>>,
    pub(super) password: Option<String>,
}

/// The fields of a role in a tree: its id, its name, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ShownRole {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) permissions: Vec<String>,
}

/// The value of a field, ignoring the case of its name. In XML it is a list of one.
fn field<'t>(tree: &'t Value, name: &str) -> Option<&'t Value> {
    let fields = tree.as_object()?;
    let mut fields = fields.iter();
    let (_, value) = fields.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some(match value {
        Value::Array(items) if items.len() == 1 => &items[0],
        value => value,
    })
}

fn text(tree: &Value, name: &str) -> Option<String> {
    match field(tree, name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn boolean(tree: &Value, name: &str) -> Option<bool> {
    match field(tree, name)? {
        Value::Bool(value) => Some(*value),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The objects that `is` accepts, in order, none inside of another.
fn objects<'t>(tree: &'t Value, is: fn(&Value) -> bool, found: &mut Vec<&'t Value>) {
    if is(tree) {
        found.push(tree);
        return;
    }
    match tree {
        Value::Array(items) => items.iter().for_each(|item| objects(item, is, found)),
        Value::Object(fields) => fields.values().for_each(|value| objects(value, is, found)),
        _ => {}
    }
}

const OF_USERS: [&str; 7] = [
    "UserId",
    "Username",
    "FirstName",
    "LastName",
    "Email",
    "EmailAddress",
    "Password",
];

fn is_user(tree: &Value) -> bool {
    OF_USERS.iter().any(|name| text(tree, name).is_some())
}

/// Fields of a user that an update may have alone. A list of roles has some of them, too.
const OF_UPDATES: [&str; 4] = ["Roles", "RoleIds", "Enabled", "TelephoneNumber"];

/// The user in the body of a request.
pub(super) fn sent(tree: &Value) -> Option<Shown> {
    let is_sent =
        |tree: &Value| is_user(tree) || OF_UPDATES.iter().any(|name| field(tree, name).is_some());
    let mut found = Vec::new();
    objects(tree, is_sent, &mut found);
    found.into_iter().map(user).next()
}

fn is_role(tree: &Value) -> bool {
    ["RoleId", "RoleName"]
        .iter()
        .any(|name| text(tree, name).is_some())
}

/// The users in a tree, in order.
pub(super) fn users(tree: &Value) -> Vec<Shown> {
    let mut found = Vec::new();
    objects(tree, is_user, &mut found);
    found.into_iter().map(user).collect()
}

fn user(tree: &Value) -> Shown {
    let given = field(tree, "Roles").or_else(|| field(tree, "RoleIds"));
    Shown {
        id: text(tree, "UserId"),
        username: text(tree, "Username"),
        first_name: text(tree, "FirstName"),
        last_name: text(tree, "LastName"),
        email: text(tree, "Email").or_else(|| text(tree, "EmailAddress")),
        telephone: text(tree, "TelephoneNumber"),
        enabled: boolean(tree, "Enabled"),
        roles: given.map(roles),
        password: text(tree, "Password"),
    }
}

/// The roles in a tree: objects, or texts that are ids.
pub(super) fn roles(tree: &Value) -> Vec<ShownRole> {
    let mut found = Vec::new();
    objects(tree, is_role, &mut found);
    if found.is_empty() {
        let mut ids = Vec::new();
        texts(tree, &mut ids);
        let ids = ids.into_iter().map(|id| ShownRole {
            id: Some(id),
            ..ShownRole::default()
        });
        return ids.collect();
    }
    let found = found.into_iter().map(|role| {
        let mut permissions = Vec::new();
        if let Some(listed) = field(role, "Permissions") {
            texts(listed, &mut permissions);
        }
        ShownRole {
            id: text(role, "RoleId"),
            name: text(role, "RoleName"),
            permissions,
        }
    });
    found.collect()
}

fn texts(tree: &Value, found: &mut Vec<String>) {
    match tree {
        Value::String(text) if !text.is_empty() => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// The roles that responses show, by id; a role that is only named is its own id.
#[derive(Debug, Default)]
pub(super) struct Roles(pub(super) BTreeMap<String, ShownRole>);

impl Roles {
    /// Takes in what one response shows.
    pub(super) fn learn(&mut self, shown: ShownRole) {
        let Some(id) = shown.id.clone() else {
            let name = shown.name.clone().unwrap_or_default();
            let mut known = self.0.values_mut();
            match known.find(|role| role.name.as_ref() == Some(&name)) {
                Some(role) if role.permissions.is_empty() => role.permissions = shown.permissions,
                Some(_) => {}
                None => drop(self.0.insert(name, shown)),
            }
            return;
        };
        let known = self.0.entry(id).or_default();
        known.id = shown.id;
        known.name = shown.name.or(known.name.take());
    }

    /// The id of a role that a response or request shows, if it is known.
    pub(super) fn id_of(&self, shown: &ShownRole) -> Option<&str> {
        let same = |(id, role): &(&String, &ShownRole)| match (&shown.id, &shown.name) {
            (Some(wanted), _) => *id == wanted,
            (None, Some(name)) => role.name.as_ref() == Some(name),
            (None, None) => false,
        };
        self.0.iter().find(same).map(|(id, _)| id.as_str())
    }
}
