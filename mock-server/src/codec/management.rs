//! Today's API as JSON, the surface `management`. Its keys and forms are behaviours. What is read is
//! held to the same strictness as on the other surfaces.

use std::borrow::Cow;

use bandwidth_fixtures::{
    AccountScope, BehaviourId, Consultation, TextField,
    profile::{
        ManagedAccountForm, ManagedEnvelope, ManagedNames, ManagedRoleForm, ManagedState,
        UnknownFields,
    },
};
use serde_json::{Map, Value, json};

use super::{
    decode::{given, repeated},
    error::{DecodeError, Quoted},
    json,
    names::profile_has,
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

/// The words of an error with the keys of this surface instead of the names that other
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
pub fn user_body(sent: &str, rules: &Consultation) -> Result<ManagedUserBody, DecodeError> {
    let mut body = ManagedUserBody::default();
    let names = rules.management_names();
    for (name, value) in object("user", json::read(sent)?)? {
        let text_field = || {
            let mut fields = TextField::ALL.iter().copied();
            fields.find(|field| key(*field, names) == name)
        };
        match &*name {
            "userId" => body.user_id = text(&name, value, rules)?,
            name if name == username_key(names) => body.username = text(name, value, rules)?,
            "accountScope" => body.scope = scope(value, rules)?,
            "roles" => body.roles = roles(value, rules)?,
            "accounts" => body.accounts = accounts(value, rules)?,
            "enabled" if rules.management_state() == ManagedState::Enabled => {
                body.enabled = match given(&name, value, rules)? {
                    None => None,
                    Some(Node::Empty) => Some(true),
                    Some(Node::Boolean(enabled)) => Some(enabled),
                    Some(_) => return Err(wrong_type(&name, "true or false")),
                };
            }
            "status" if rules.management_state() == ManagedState::Status => {
                body.enabled = match given(&name, value, rules)? {
                    None => None,
                    Some(Node::Empty) => Some(true),
                    Some(Node::Text(status)) if status == ACTIVE => Some(true),
                    Some(Node::Text(status)) if status == INACTIVE => Some(false),
                    Some(_) => return Err(wrong_type(&name, "ACTIVE or INACTIVE")),
                };
            }
            name => match text_field() {
                Some(field) => body.texts[field] = text(name, value, rules)?,
                None => unknown(name, rules)?,
            },
        }
    }
    Ok(body)
}

/// Reads the body of a create or an update of a credential.
pub fn credential_body(sent: &str, rules: &Consultation) -> Result<CredentialBody, DecodeError> {
    let mut body = CredentialBody::default();
    for (name, value) in object("credential", json::read(sent)?)? {
        match &*name {
            "description" => body.description = text(&name, value, rules)?,
            "accountScope" => body.scope = scope(value, rules)?,
            "roles" => body.roles = texts(&name, value, "a list of names", rules)?,
            "accounts" => body.accounts = texts(&name, value, "a list of ids", rules)?,
            name => unknown(name, rules)?,
        }
    }
    Ok(body)
}

/// Reads the body of a create or an update of a secret.
pub fn expiry(sent: &str, rules: &Consultation) -> Result<Expiry, DecodeError> {
    let mut expiry = Expiry::Unsaid;
    for (name, value) in object("secret", json::read(sent)?)? {
        if name != "expirationDate" {
            unknown(&name, rules)?;
            continue;
        }
        expiry = match given(&name, value, rules)? {
            None => Expiry::Unsaid,
            Some(Node::Empty) => Expiry::Never,
            Some(Node::Text(time)) if let Some(time) = parse_rfc3339(&time) => Expiry::At(time),
            Some(_) => {
                let form = "a time in UTC, for example 2026-12-31T23:59:59Z";
                return Err(wrong_type(&name, form));
            }
        };
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

fn text(key: &str, node: Node, rules: &Consultation) -> Result<Option<String>, DecodeError> {
    match given(key, node, rules)? {
        None => Ok(None),
        Some(Node::Text(text)) => Ok(Some(text)),
        Some(Node::Empty) => Ok(Some(String::new())),
        Some(_) => Err(wrong_type(key, "a string")),
    }
}

fn scope(node: Node, rules: &Consultation) -> Result<Option<AccountScope>, DecodeError> {
    let scope = text("accountScope", node, rules)?.map(|scope| scope.parse());
    let scope = scope.transpose();
    scope.map_err(|()| wrong_type("accountScope", "ACCOUNT, ACCOUNT_ADMIN, ALL or SYSTEM"))
}

fn items(
    key: &str,
    node: Node,
    form: &'static str,
    rules: &Consultation,
) -> Result<Option<Vec<Node>>, DecodeError> {
    match given(key, node, rules)? {
        None => Ok(None),
        Some(Node::List(items)) => Ok(Some(items)),
        Some(Node::Empty) => Ok(Some(Vec::new())),
        Some(_) => Err(wrong_type(key, form)),
    }
}

fn texts(
    key: &str,
    node: Node,
    form: &'static str,
    rules: &Consultation,
) -> Result<Option<Vec<String>>, DecodeError> {
    let text = |item| match item {
        Node::Text(text) => Ok(text),
        _ => Err(wrong_type(key, form)),
    };
    let items = items(key, node, form, rules)?;
    let texts = items.map(|items| items.into_iter().map(text).collect());
    texts.transpose()
}

/// The ids in a list of objects, which may also have what answers show next to the id.
fn ids(
    key: &str,
    node: Node,
    form: &'static str,
    [id, shown]: [&str; 2],
    rules: &Consultation,
) -> Result<Option<Vec<String>>, DecodeError> {
    let Some(items) = items(key, node, form, rules)? else {
        return Ok(None);
    };
    let mut ids = Vec::new();
    for item in items {
        if !matches!(item, Node::Fields(_)) {
            return Err(wrong_type(key, form));
        }
        let before = ids.len();
        for (name, value) in object(key, item)? {
            match &*name {
                name if name == id => ids.extend(text(name, value, rules)?),
                name if name == shown => {}
                name => unknown(name, rules)?,
            }
        }
        if ids.len() == before {
            return Err(wrong_type(key, form));
        }
    }
    Ok(Some(ids))
}

fn roles(node: Node, rules: &Consultation) -> Result<Option<Vec<RoleReference>>, DecodeError> {
    let by_id = |id| RoleReference {
        id: Some(id),
        name: None,
    };
    let by_name = |name| RoleReference {
        id: None,
        name: Some(name),
    };
    let form = rules.management_role_form();
    let given = match form {
        ManagedRoleForm::Objects => {
            let form = "a list of objects with a roleId";
            ids("roles", node, form, ["roleId", "roleName"], rules)?
        }
        ManagedRoleForm::Ids => texts("roles", node, "a list of ids", rules)?,
        ManagedRoleForm::Names => texts("roles", node, "a list of names", rules)?,
    };
    Ok(given.map(|given| {
        let given = given.into_iter();
        match form {
            ManagedRoleForm::Names => given.map(by_name).collect(),
            ManagedRoleForm::Objects | ManagedRoleForm::Ids => given.map(by_id).collect(),
        }
    }))
}

fn accounts(node: Node, rules: &Consultation) -> Result<Option<Vec<String>>, DecodeError> {
    match rules.management_account_form() {
        ManagedAccountForm::Objects => {
            let form = "a list of objects with an accountId";
            ids("accounts", node, form, ["accountId", "accountName"], rules)
        }
        ManagedAccountForm::Ids => texts("accounts", node, "a list of ids", rules),
    }
}

/// Suggests a key in place of an unknown one that is a field's name in other case or in the other
/// form; a sentence that follows others.
fn hint(sent: &str, rules: &Consultation) -> String {
    let names = rules.management_names();
    let keys = |names| {
        let texts = TextField::ALL.iter().map(move |field| key(*field, names));
        texts.chain([username_key(names).into()])
    };
    let others = [
        "userId",
        "accountScope",
        "roles",
        "accounts",
        "enabled",
        "status",
    ];
    let others = others.into_iter().map(|other| (other.into(), other.into()));
    let all = [ManagedNames::Short, ManagedNames::Long].into_iter();
    let mut all = all.flat_map(|any| keys(any).zip(keys(names))).chain(others);
    match all.find(|(known, _)| known.eq_ignore_ascii_case(sent)) {
        Some((known, right)) if right != sent => {
            let why = if known == right {
                String::new()
            } else {
                profile_has(BehaviourId::ManagementNames, rules)
            };
            format!(" It is written `{right}` here.{why}")
        }
        _ => String::new(),
    }
}

fn unknown(key: &str, rules: &Consultation) -> Result<(), DecodeError> {
    match rules.user_unknown_fields() {
        UnknownFields::Ignored => Ok(()),
        UnknownFields::Refused => Err(DecodeError::UnknownField {
            field: Quoted::new(key),
            hint: hint(key, rules),
        }),
    }
}

fn wrong_type(key: &str, expected: &'static str) -> DecodeError {
    DecodeError::WrongType {
        field: Quoted::new(key),
        expected,
    }
}
