//! The fields that a create or an update gives a user, checked.

use bandwidth_fixtures::{
    Consultation, TextField, Texts,
    profile::{PutSemantics, Telephone, UsernameUpdate},
};

use super::{ApiError, input, user::User};
use crate::wire::UserBody;

/// The fields of a user that a client writes, checked. Role ids and the password come later: they
/// need the account.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    pub(super) username: &'a str,
    pub(super) texts: Texts<Option<&'a str>>,
    pub(super) enabled: bool,
    /// Whether the user keeps what the body leaves out.
    pub(super) merged: bool,
}

/// Texts that a create must give, and some updates, in the order in which they are checked.
const REQUIRED: [(TextField, ApiError); 3] = [
    (TextField::FirstName, ApiError::FirstNameRequired),
    (TextField::LastName, ApiError::LastNameRequired),
    (TextField::Email, ApiError::EmailRequired),
];

/// Texts with no other rule than a longest length.
const LIMITED: [(TextField, ApiError); 2] = [
    (TextField::FirstName, ApiError::FirstNameTooLong),
    (TextField::LastName, ApiError::LastNameTooLong),
];

fn require_texts(body: &UserBody) -> Result<(), ApiError> {
    REQUIRED.into_iter().try_for_each(|(field, error)| {
        input::required(body.texts[field].as_deref(), error).map(drop)
    })
}

/// The fields of a new user. Roles, `Enabled` and all texts that are not [`REQUIRED`] may be left
/// out.
pub(super) fn create<'a>(body: &'a UserBody, rules: &Consultation) -> Result<Fields<'a>, ApiError> {
    let username = input::required(body.username.as_deref(), ApiError::UsernameRequired)?;
    require_texts(body)?;
    let fields = Fields {
        username,
        texts: Texts::from_fn(|field| filled(body.texts[field].as_deref())),
        enabled: body.enabled.unwrap_or(true),
        merged: false,
    };
    check(&fields, body, rules)?;
    input::username(username)?;
    Ok(fields)
}

/// The fields of an updated user, as `put.semantics` says.
pub(super) fn update<'a>(
    user: &'a User,
    body: &'a UserBody,
    rules: &Consultation,
) -> Result<Fields<'a>, ApiError> {
    let semantics = rules.put_semantics();
    if semantics == PutSemantics::ReplaceRequiringFields {
        require_texts(body)?;
    }
    let merged = semantics == PutSemantics::Merge;
    let username = match body.username.as_deref() {
        None => &*user.username,
        Some("") => return Err(ApiError::UsernameRequired),
        Some(given) if given == &*user.username => &*user.username,
        Some(given) => match rules.username_update() {
            UsernameUpdate::Allowed => {
                input::username(given)?;
                given
            }
            UsernameUpdate::Refused => return Err(ApiError::UsernameImmutable),
            UsernameUpdate::Ignored => &*user.username,
        },
    };
    let fields = Fields {
        username,
        texts: Texts::from_fn(|field| match body.texts[field].as_deref() {
            None if merged => user.texts[field].as_deref(),
            given => filled(given),
        }),
        enabled: match body.enabled {
            None if merged => user.enabled,
            given => given.unwrap_or(true),
        },
        merged,
    };
    check(&fields, body, rules)?;
    Ok(fields)
}

/// Checks what the body gave; what stays from before was checked then, or came with the seed.
fn check(fields: &Fields<'_>, body: &UserBody, rules: &Consultation) -> Result<(), ApiError> {
    for (field, error) in LIMITED {
        if let Some(text) = &body.texts[field] {
            input::length(text, error)?;
        }
    }
    if let Some(text) = filled(body.texts.email.as_deref()) {
        input::email(text)?;
    }
    let form = rules.user_telephone();
    if form == Telephone::TenDigitsRequired {
        input::required(fields.texts.telephone_number, ApiError::TelephoneRequired)?;
    }
    match filled(body.texts.telephone_number.as_deref()) {
        Some(text) => input::telephone(text, form),
        None => Ok(()),
    }
}

fn filled(value: Option<&str>) -> Option<&str> {
    value.filter(|text| !text.is_empty())
}
