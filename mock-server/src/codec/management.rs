//! Today's API as JSON, the surface `management`. Its keys and forms are behaviours. What is read is
//! held to the same strictness as on the other surfaces.

use std::borrow::Cow;

use bandwidth_fixtures::{
    Consultation, TextField,
    profile::{
        ManagedAccountForm, ManagedEnvelope, ManagedNames, ManagedRoleForm, ManagedState,
        UnknownFields,
    },
};
use serde_json::{Map, Value, json};

use super::{
    decode::{repeated, text_of},
    error::{DecodeError, Quoted},
    json,
    node::{Name, Node},
};
use crate::{
    clock::{parse_rfc3339, rfc3339},
    wire::{
        AccountView, CredentialBody, CredentialView, Expiry, ManagedUserBody, ManagedUserView,
        RoleReference, RoleView, SecretView,
    },
};

/// The key of a field.
pub fn key(field: TextField, names: ManagedNames) -> Cow<'static, str> {
    match (field, names) {
        (TextField::Email, ManagedNames::Short) => "email".into(),
        (TextField::Email, ManagedNames::Long) => "emailAddress".into(),
        (TextField::TelephoneNumber, ManagedNames::Short) => "phone".into(),
        (TextField::TelephoneNumber, ManagedNames::Long) => "phoneNumber".into(),
        (other, _) => {
            let (first, rest) = other.wire_name().split_at(1);
            format!("{}{rest}", first.to_ascii_lowercase()).into()
        }
    }
}

/// The key of the login name.
pub fn username_key(names: ManagedNames) -> &'static str {
    match names {
        ManagedNames::Short => "username",
        ManagedNames::Long => "userName",
    }
}

/// The words of an error with the keys of this surface in the place of the names that other
/// surfaces have.
pub fn keyed(words: &str, rules: &Consultation) -> String {
    let mut keyed = words.replace("{naming.email}", TextField::Email.wire_name());
    for field in TextField::ALL.iter().copied() {
        if keyed.contains(field.wire_name()) {
            let key = key(field, rules.management_names());
            keyed = keyed.replace(field.wire_name(), &key);
        }
    }
    if keyed.contains("Username") {
        keyed = keyed.replace("Username", username_key(rules.management_names()));
    }
    keyed.replace("Roles", "roles").replace("UserId", "userId")
}

/// A user as answers show it.
pub fn user(view: &ManagedUserView<'_>, rules: &Consultation) -> Value {
    let names = rules.management_names();
    let mut user = Map::new();
    let mut put = |key: &str, value: Value| user.insert(key.to_owned(), value);
    put("userId", view.id.into());
    put(username_key(names), view.username.into());
    for field in TextField::ALL.iter().copied() {
        if let Some(text) = view.texts[field] {
            put(&key(field, names), text.into());
        }
    }
    put("accountScope", view.scope.as_str().into());
    let form = rules.management_role_form();
    let roles = view.roles.iter().map(|shown| match form {
        ManagedRoleForm::Objects => role(shown),
        ManagedRoleForm::Ids => shown.id.into(),
        ManagedRoleForm::Names => shown.name.into(),
    });
    put("roles", roles.collect());
    let form = rules.management_account_form();
    let accounts = view.accounts.iter().map(|shown| match form {
        ManagedAccountForm::Objects => account(shown),
        ManagedAccountForm::Ids => shown.id.into(),
    });
    put("accounts", accounts.collect());
    match rules.management_state() {
        ManagedState::Enabled => put("enabled", view.enabled.into()),
        ManagedState::Status => {
            let status = if view.enabled { ACTIVE } else { INACTIVE };
            put("status", status.into())
        }
    };
    user.into()
}

const ACTIVE: &str = "ACTIVE";
const INACTIVE: &str = "INACTIVE";

/// A role as answers show it.
pub fn role(view: &RoleView<'_>) -> Value {
    json!({ "roleId": view.id, "roleName": view.name })
}

/// An account as answers show it.
pub fn account(view: &AccountView<'_>) -> Value {
    json!({ "accountId": view.id, "accountName": view.company_name })
}

/// A credential as answers show it.
pub fn credential(view: &CredentialView<'_>) -> Value {
    json!({
        "clientId": view.client_id,
        "description": view.description,
        "accountScope": view.scope.as_str(),
        "roles": view.roles,
        "accounts": view.accounts,
        "createdDate": rfc3339(view.created),
        "secrets": view.secrets.iter().map(secret).collect::<Vec<_>>(),
    })
}

/// A secret as answers show it: its value only where it was just made.
pub fn secret(view: &SecretView<'_>) -> Value {
    let mut secret = Map::new();
    secret.insert("secretId".to_owned(), view.id.into());
    if let Some(value) = view.value {
        secret.insert("clientSecret".to_owned(), value.expose().into());
    }
    secret.insert("active".to_owned(), view.active.into());
    secret.insert("createdDate".to_owned(), rfc3339(view.created).into());
    if let Some(expires) = view.expires {
        secret.insert("expirationDate".to_owned(), rfc3339(expires).into());
    }
    secret.into()
}

/// A whole body. `next` leads to the next page of a list.
pub fn document(data: Value, next: Option<&str>, envelope: ManagedEnvelope) -> Vec<u8> {
    let links: Vec<Value> = next
        .map(|href| json!({ "href": href, "rel": "next", "method": "GET" }))
        .into_iter()
        .collect();
    let document = match envelope {
        ManagedEnvelope::LinksDataErrors => json!({ "links": links, "data": data, "errors": [] }),
        ManagedEnvelope::Bare => data,
    };
    document.to_string().into_bytes()
}

/// Reads the body of a create or an update of a user.
pub fn user_body(bytes: &[u8], rules: &Consultation) -> Result<ManagedUserBody, DecodeError> {
    let mut body = ManagedUserBody::default();
    let names = rules.management_names();
    for (name, value) in object("user", json::read(text_of(bytes)?)?)? {
        let text_field = || {
            let mut fields = TextField::ALL.iter().copied();
            fields.find(|field| key(*field, names) == name)
        };
        match &*name {
            "userId" => body.user_id = Some(text(&name, value)?),
            name if name == username_key(names) => body.username = Some(text(name, value)?),
            "accountScope" => body.scope = Some(scope(value)?),
            "roles" => body.roles = Some(roles(value, rules)?),
            "accounts" => body.accounts = Some(accounts(value, rules)?),
            "enabled" if rules.management_state() == ManagedState::Enabled => {
                let Node::Boolean(enabled) = value else {
                    return Err(wrong_type(&name, "true or false"));
                };
                body.enabled = Some(enabled);
            }
            "status" if rules.management_state() == ManagedState::Status => {
                body.enabled = match &*text(&name, value)? {
                    ACTIVE => Some(true),
                    INACTIVE => Some(false),
                    _ => return Err(wrong_type(&name, "ACTIVE or INACTIVE")),
                };
            }
            name => match text_field() {
                Some(field) => body.texts[field] = Some(text(name, value)?),
                None => unknown(name, rules)?,
            },
        }
    }
    Ok(body)
}

/// Reads the body of a create or an update of a credential.
pub fn credential_body(bytes: &[u8], rules: &Consultation) -> Result<CredentialBody, DecodeError> {
    let mut body = CredentialBody::default();
    for (name, value) in object("credential", json::read(text_of(bytes)?)?)? {
        match &*name {
            "description" => body.description = Some(text(&name, value)?),
            "accountScope" => body.scope = Some(scope(value)?),
            "roles" => body.roles = Some(texts(&name, value, "a list of names")?),
            "accounts" => body.accounts = Some(texts(&name, value, "a list of ids")?),
            name => unknown(name, rules)?,
        }
    }
    Ok(body)
}

/// Reads the body of a create or an update of a secret.
pub fn expiry(bytes: &[u8], rules: &Consultation) -> Result<Expiry, DecodeError> {
    let mut expiry = Expiry::Unsaid;
    for (name, value) in object("secret", json::read(text_of(bytes)?)?)? {
        match (&*name, value) {
            ("expirationDate", Node::Empty) => expiry = Expiry::Never,
            ("expirationDate", value) => {
                let time = parse_rfc3339(&text(&name, value)?);
                let form = "a time in UTC, for example 2026-12-31T23:59:59Z";
                expiry = Expiry::At(time.ok_or_else(|| wrong_type(&name, form))?);
            }
            (name, _) => unknown(name, rules)?,
        }
    }
    Ok(expiry)
}

/// The keys of an object, each at most once.
fn object(name: &str, node: Node) -> Result<Vec<(Name, Node)>, DecodeError> {
    let Node::Fields(fields) = node else {
        return Err(wrong_type(name, "an object"));
    };
    match repeated(&fields) {
        Some(repeated) => Err(DecodeError::Repeated(Quoted::new(repeated))),
        None => Ok(fields),
    }
}

/// A text; null is an empty one.
fn text(key: &str, node: Node) -> Result<String, DecodeError> {
    match node {
        Node::Text(text) => Ok(text),
        Node::Empty => Ok(String::new()),
        _ => Err(wrong_type(key, "a string")),
    }
}

fn scope(node: Node) -> Result<bandwidth_fixtures::AccountScope, DecodeError> {
    let scope = text("accountScope", node)?.parse();
    scope.map_err(|()| wrong_type("accountScope", "ACCOUNT, ACCOUNT_ADMIN, ALL or SYSTEM"))
}

/// The items of a list; null is an empty one.
fn items(key: &str, node: Node, form: &'static str) -> Result<Vec<Node>, DecodeError> {
    match node {
        Node::List(items) => Ok(items),
        Node::Empty => Ok(Vec::new()),
        _ => Err(wrong_type(key, form)),
    }
}

fn texts(key: &str, node: Node, form: &'static str) -> Result<Vec<String>, DecodeError> {
    let items = items(key, node, form)?.into_iter();
    let texts = items.map(|item| match item {
        Node::Text(text) => Ok(text),
        _ => Err(wrong_type(key, form)),
    });
    texts.collect()
}

/// The ids in a list of objects, which may also have what answers show beside the id.
fn ids(
    key: &str,
    node: Node,
    form: &'static str,
    [id, shown]: [&str; 2],
    rules: &Consultation,
) -> Result<Vec<String>, DecodeError> {
    let mut ids = Vec::new();
    for item in items(key, node, form)? {
        if !matches!(item, Node::Fields(_)) {
            return Err(wrong_type(key, form));
        }
        let before = ids.len();
        for (name, value) in object(key, item)? {
            match &*name {
                name if name == id => ids.push(text(name, value)?),
                name if name == shown => {}
                name => unknown(name, rules)?,
            }
        }
        if ids.len() == before {
            return Err(wrong_type(key, form));
        }
    }
    Ok(ids)
}

fn roles(node: Node, rules: &Consultation) -> Result<Vec<RoleReference>, DecodeError> {
    let by_id = |id| RoleReference {
        id: Some(id),
        name: None,
    };
    let by_name = |name| RoleReference {
        id: None,
        name: Some(name),
    };
    Ok(match rules.management_role_form() {
        ManagedRoleForm::Objects => {
            let form = "a list of objects with a roleId";
            let ids = ids("roles", node, form, ["roleId", "roleName"], rules)?;
            ids.into_iter().map(by_id).collect()
        }
        ManagedRoleForm::Ids => {
            let ids = texts("roles", node, "a list of ids")?;
            ids.into_iter().map(by_id).collect()
        }
        ManagedRoleForm::Names => {
            let names = texts("roles", node, "a list of names")?;
            names.into_iter().map(by_name).collect()
        }
    })
}

fn accounts(node: Node, rules: &Consultation) -> Result<Vec<String>, DecodeError> {
    match rules.management_account_form() {
        ManagedAccountForm::Objects => {
            let form = "a list of objects with an accountId";
            ids("accounts", node, form, ["accountId", "accountName"], rules)
        }
        ManagedAccountForm::Ids => texts("accounts", node, "a list of ids"),
    }
}

fn unknown(key: &str, rules: &Consultation) -> Result<(), DecodeError> {
    match rules.user_unknown_fields() {
        UnknownFields::Ignored => Ok(()),
        UnknownFields::Refused => Err(DecodeError::UnknownField(Quoted::new(key))),
    }
}

fn wrong_type(key: &str, expected: &'static str) -> DecodeError {
    DecodeError::WrongType {
        field: Quoted::new(key),
        expected,
    }
}
