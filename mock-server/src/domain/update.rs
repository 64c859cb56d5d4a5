//! What PUT makes of a user, as `put.semantics` says.

use bandwidth_fixtures::{
    Consultation,
    profile::{PutSemantics, Telephone, UsernameUpdate},
};

use super::{error::DomainError, input, user::User};
use crate::wire::UserBody;

/// The fields of a user that a client writes, checked. Role ids and the password come later: they
/// need the account.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    pub(super) username: &'a str,
    pub(super) first_name: Option<&'a str>,
    pub(super) last_name: Option<&'a str>,
    pub(super) email: Option<&'a str>,
    pub(super) telephone_number: Option<&'a str>,
    pub(super) enabled: bool,
}

/// The fields of a new user. All but telephone, roles and `Enabled` are required.
pub(super) fn create<'a>(
    body: &'a UserBody,
    rules: &Consultation,
) -> Result<Fields<'a>, DomainError> {
    let username = input::required(body.username.as_deref(), DomainError::UsernameRequired)?;
    let first_name = input::required(body.first_name.as_deref(), DomainError::FirstNameRequired)?;
    let last_name = input::required(body.last_name.as_deref(), DomainError::LastNameRequired)?;
    let email = input::required(body.email.as_deref(), DomainError::EmailRequired)?;
    let fields = Fields {
        username,
        first_name: Some(first_name),
        last_name: Some(last_name),
        email: Some(email),
        telephone_number: filled(body.telephone_number.as_deref()),
        enabled: body.enabled.unwrap_or(true),
    };
    check(&fields, body, rules)?;
    input::username(username)?;
    Ok(fields)
}

/// The fields of an updated user.
pub(super) fn update<'a>(
    user: &'a User,
    body: &'a UserBody,
    rules: &Consultation,
) -> Result<Fields<'a>, DomainError> {
    let semantics = rules.put_semantics();
    if semantics == PutSemantics::ReplaceRequiringFields {
        input::required(body.first_name.as_deref(), DomainError::FirstNameRequired)?;
        input::required(body.last_name.as_deref(), DomainError::LastNameRequired)?;
        input::required(body.email.as_deref(), DomainError::EmailRequired)?;
    }
    let merge = semantics == PutSemantics::Merge;
    let after = |given: Option<&'a str>, before: Option<&'a str>| match given {
        None if merge => before,
        other => filled(other),
    };
    let username = match body.username.as_deref() {
        None => &*user.username,
        Some("") => return Err(DomainError::UsernameRequired),
        Some(given) if given == &*user.username => &*user.username,
        Some(given) => match rules.username_update() {
            UsernameUpdate::Allowed => {
                input::username(given)?;
                given
            }
            UsernameUpdate::Refused => return Err(DomainError::UsernameImmutable),
            UsernameUpdate::Ignored => &*user.username,
        },
    };
    let fields = Fields {
        username,
        first_name: after(body.first_name.as_deref(), user.first_name.as_deref()),
        last_name: after(body.last_name.as_deref(), user.last_name.as_deref()),
        email: after(body.email.as_deref(), user.email.as_deref()),
        telephone_number: after(
            body.telephone_number.as_deref(),
            user.telephone_number.as_deref(),
        ),
        enabled: match body.enabled {
            None if merge => user.enabled,
            given => given.unwrap_or(true),
        },
    };
    check(&fields, body, rules)?;
    Ok(fields)
}

/// Checks what the body gave; what stays from before was checked then, or came with the seed.
fn check(fields: &Fields<'_>, body: &UserBody, rules: &Consultation) -> Result<(), DomainError> {
    if let Some(text) = &body.first_name {
        input::length(text, DomainError::FirstNameTooLong)?;
    }
    if let Some(text) = &body.last_name {
        input::length(text, DomainError::LastNameTooLong)?;
    }
    if let Some(text) = filled(body.email.as_deref()) {
        input::email(text)?;
    }
    let form = rules.user_telephone();
    if form == Telephone::TenDigitsRequired {
        input::required(fields.telephone_number, DomainError::TelephoneRequired)?;
    }
    match filled(body.telephone_number.as_deref()) {
        Some(text) => input::telephone(text, form),
        None => Ok(()),
    }
}

fn filled(value: Option<&str>) -> Option<&str> {
    value.filter(|text| !text.is_empty())
}
