//! Bodies that clients send, as examples in the description.

use bandwidth_fixtures::{
    Consultation,
    operation::Action,
    profile::{
        AccountIdInBody, IdentityRoot, JsonCase, ManagedAccountForm, ManagedNames, ManagedRoleForm,
        RequestRoot, RoleField, Telephone,
    },
};
use serde_json::{Map, Value, json};

use super::shapes::camel_case;

/// A body in the formats that its surface has.
pub(super) struct Example {
    pub(super) xml: String,
    pub(super) json: Value,
}

/// Example request of an operation.
pub(super) fn of(action: Action, rules: &Consultation) -> Example {
    if let Some(json) = managed(action, rules) {
        let xml = String::new();
        return Example { xml, json };
    }
    if let Some(xml) = domain(action) {
        let xml = match wrapper(action, rules) {
            Some(name) => format!("<{name}>{xml}</{name}>"),
            None => xml.to_owned(),
        };
        let json = Value::Null;
        return Example { xml, json };
    }
    if action == Action::ChangePassword {
        let xml = "<Password>Plum-Kettle.58</Password>".to_owned();
        let json = cased(json!({ "Password": "Plum-Kettle.58" }), rules);
        return Example { xml, json };
    }
    let mut user = user(action == Action::CreateUser, rules);
    let mut root = "User";
    if let Some(name) = wrapper(action, rules) {
        user = json!({ "User": user });
        root = name;
    }
    let mut xml = String::new();
    element(root, &user, &mut xml);
    let json = cased(user, rules);
    Example { xml, json }
}

/// The root of XML around a user, if the profile accepts no other.
pub(super) fn wrapper(action: Action, rules: &Consultation) -> Option<&'static str> {
    let (name, wraps) = match action {
        Action::CreateIdentityUser | Action::UpdateIdentityUser => (
            "LdapUserRequest",
            rules.identity_request_root() == IdentityRoot::Wrapped,
        ),
        Action::CreateUser | Action::UpdateUser => (
            "UserRequest",
            rules.user_request_root() == RequestRoot::Wrapped,
        ),
        _ => return None,
    };
    wraps.then_some(name)
}

fn user(is_new: bool, rules: &Consultation) -> Value {
    let mut user = json!({ "FirstName": "Anna", "LastName": "Smith" });
    user[rules.naming_email().field()] = "asmith@example.com".into();
    match rules.user_telephone() {
        Telephone::Absent => {}
        Telephone::TenDigitsOptional | Telephone::TenDigitsRequired => {
            user["TelephoneNumber"] = "9195550123".into();
        }
        Telephone::E164Optional => user["TelephoneNumber"] = "+19195550123".into(),
    }
    if is_new {
        user["Username"] = "asmith".into();
        user["Password"] = "Teal-Wagon.47".into();
        match rules.role_request_field() {
            RoleField::Roles | RoleField::Either => {
                user["Roles"] = json!([{ "RoleName": "ReadOnly" }]);
            }
            RoleField::RoleIds => user["RoleIds"] = json!(["r2"]),
        }
        if rules.user_account_id() == AccountIdInBody::Required {
            user["AccountId"] = "12345".into();
        }
    }
    user
}

/// With the keys of JSON.
fn cased(value: Value, rules: &Consultation) -> Value {
    match value {
        Value::Object(fields) if rules.naming_json_case() == JsonCase::Camel => {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| (camel_case(&name), cased(value, rules)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(|item| cased(item, rules)).collect(),
        other => other,
    }
}

/// Writes a value as XML. No text of an example needs an escape.
fn element(name: &str, value: &Value, xml: &mut String) {
    xml.extend(["<", name, ">"]);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                element(name, value, xml);
            }
        }
        Value::Array(items) => {
            for item in items {
                element(name.trim_end_matches('s'), item, xml);
            }
        }
        other => *xml += other.as_str().unwrap_or_default(),
    }
    xml.extend(["</", name, ">"]);
}

/// Below an identity domain.
fn domain(action: Action) -> Option<&'static str> {
    Some(match action {
        Action::CreateIdentityUser => {
            "<User><Email>jdoe@example.com</Email><Password>Teal-Wagon.47</Password>\
             <UserProfile><FirstName>John</FirstName><LastName>Doe</LastName>\
             <TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile></User>"
        }
        Action::UpdateIdentityUser => "<User><Email>john@example.com</Email></User>",
        Action::UpdateUserSettings => "<UserSettings><Active>false</Active></UserSettings>",
        Action::UpdateUserProfile => {
            "<UserProfile><FirstName>Jack</FirstName>\
             <TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile>"
        }
        Action::ReplaceUserRoles => "<RoleList><Role><RoleId>Admin</RoleId></Role></RoleList>",
        Action::ReplaceUserAccounts => {
            "<AccountList><Account><AccountId>12345</AccountId></Account></AccountList>"
        }
        Action::ChangeIdentityPassword => "<Password>Plum-Kettle.58</Password>",
        Action::ReplaceUserPreferences => {
            "<UserPreferences><UserPreference><PreferenceName>tnFormat</PreferenceName>\
             <PreferenceValue>E.164</PreferenceValue></UserPreference></UserPreferences>"
        }
        Action::CreateUserPreference | Action::UpdateUserPreference => {
            "<UserPreference><PreferenceName>tnFormat</PreferenceName>\
             <PreferenceValue>E.164</PreferenceValue></UserPreference>"
        }
        Action::CreateToken => "<TokenScope><AccountScope>12345</AccountScope></TokenScope>",
        _ => return None,
    })
}

/// To today's API.
fn managed(action: Action, rules: &Consultation) -> Option<Value> {
    Some(match action {
        Action::CreateManagedUser => {
            let roles = match rules.management_role_form() {
                ManagedRoleForm::Objects => json!([{ "roleId": "r2" }]),
                ManagedRoleForm::Ids => json!(["r2"]),
                ManagedRoleForm::Names => json!(["ReadOnly"]),
            };
            let accounts = match rules.management_account_form() {
                ManagedAccountForm::Objects => json!([{ "accountId": "12345" }]),
                ManagedAccountForm::Ids => json!(["12345"]),
            };
            let (username, email) = match rules.management_names() {
                ManagedNames::Short => ("username", "email"),
                ManagedNames::Long => ("userName", "emailAddress"),
            };
            json!({
                username: "asmith", "firstName": "Anna", "lastName": "Smith",
                email: "asmith@example.com", "accountScope": "ACCOUNT", "roles": roles,
                "accounts": accounts,
            })
        }
        Action::UpdateManagedUser | Action::PatchManagedUser => json!({ "firstName": "Jane" }),
        Action::CreateCredential | Action::UpdateCredential | Action::PatchCredential => json!({
            "description": "HR sync", "accountScope": "ACCOUNT", "roles": ["Porting"],
            "accounts": ["12345"],
        }),
        Action::CreateSecret | Action::UpdateSecret | Action::PatchSecret => {
            json!({ "expirationDate": "2126-12-31T23:59:59Z" })
        }
        _ => return None,
    })
}
