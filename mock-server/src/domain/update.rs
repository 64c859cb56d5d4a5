//! The fields that a create or an update gives a user, checked.

use bandwidth_fixtures::{
    TextField, Texts,
    profile::{PutSemantics, Telephone, UsernameUpdate},
};

use super::{ApiError, input, user::User};
use crate::wire::{ManagedUserBody, UserBody};

/// Fields of a body that every surface has.
#[derive(Clone, Copy)]
pub(super) struct BodyFields<'a> {
    username: Option<&'a str>,
    texts: &'a Texts<Option<String>>,
    enabled: Option<bool>,
}

impl<'a> BodyFields<'a> {
    pub(super) fn new(
        username: Option<&'a str>,
        texts: &'a Texts<Option<String>>,
        enabled: Option<bool>,
    ) -> Self {
        Self {
            username,
            texts,
            enabled,
        }
    }
}

impl<'a> From<&'a UserBody> for BodyFields<'a> {
    fn from(body: &'a UserBody) -> Self {
        Self {
            username: body.username.as_deref(),
            texts: &body.texts,
            enabled: body.enabled,
        }
    }
}

impl<'a> From<&'a ManagedUserBody> for BodyFields<'a> {
    fn from(body: &'a ManagedUserBody) -> Self {
        Self {
            username: body.username.as_deref(),
            texts: &body.texts,
            enabled: body.enabled,
        }
    }
}

/// Fields that an update may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changes {
    /// Everything that the API can change.
    All,
    PasswordOnly,
}

/// Rules of a surface for updates. They are read only if they matter.
pub(super) struct Manner<U, T> {
    /// The effect of absent fields.
    pub(super) semantics: PutSemantics,
    /// The effect of another username.
    pub(super) username: U,
    /// The form of a telephone number.
    pub(super) telephone: T,
}

/// The fields of a user that a client writes, checked. Role ids and the password come later: they
/// need the account.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    pub(super) username: &'a str,
    pub(super) texts: Texts<Option<&'a str>>,
    pub(super) enabled: bool,
    /// True if the user keeps the fields that the body leaves out.
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

fn require_texts(texts: &Texts<Option<String>>) -> Result<(), ApiError> {
    REQUIRED
        .into_iter()
        .try_for_each(|(field, error)| input::required(texts[field].as_deref(), error).map(drop))
}

/// The fields of a new user. Roles, `Enabled` and all texts that are not [`REQUIRED`] may be left
/// out.
pub(super) fn create(
    given: BodyFields<'_>,
    telephone: impl FnOnce() -> Telephone,
) -> Result<Fields<'_>, ApiError> {
    let username = input::required(given.username, ApiError::UsernameRequired)?;
    require_texts(given.texts)?;
    let fields = Fields {
        username,
        texts: Texts::from_fn(|field| filled(given.texts[field].as_deref())),
        enabled: given.enabled.unwrap_or(true),
        merged: false,
    };
    check(&fields, given.texts, telephone)?;
    input::username(username)?;
    Ok(fields)
}

/// The fields of an updated user.
pub(super) fn update<'a, U, T>(
    user: &'a User,
    given: BodyFields<'a>,
    manner: Manner<U, T>,
) -> Result<Fields<'a>, ApiError>
where
    U: FnOnce() -> UsernameUpdate,
    T: FnOnce() -> Telephone,
{
    if manner.semantics == PutSemantics::ReplaceRequiringFields {
        require_texts(given.texts)?;
    }
    let merged = manner.semantics == PutSemantics::Merge;
    let username = match given.username {
        None => &*user.username,
        Some("") => return Err(ApiError::UsernameRequired),
        Some(given) if given == &*user.username => &*user.username,
        Some(given) => match (manner.username)() {
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
        texts: Texts::from_fn(|field| match given.texts[field].as_deref() {
            None if merged => user.texts[field].as_deref(),
            given => filled(given),
        }),
        enabled: match given.enabled {
            None if merged => user.enabled,
            given => given.unwrap_or(true),
        },
        merged,
    };
    check(&fields, given.texts, manner.telephone)?;
    Ok(fields)
}

/// Checks what the body gave; what stays from before was checked then, or came with the seed.
fn check(
    fields: &Fields<'_>,
    given: &Texts<Option<String>>,
    telephone: impl FnOnce() -> Telephone,
) -> Result<(), ApiError> {
    for (field, error) in LIMITED {
        if let Some(text) = &given[field] {
            input::length(text, error)?;
        }
    }
    if let Some(text) = filled(given.email.as_deref()) {
        input::email(text)?;
    }
    let form = telephone();
    if form == Telephone::TenDigitsRequired {
        input::required(fields.texts.telephone_number, ApiError::TelephoneRequired)?;
    }
    match filled(given.telephone_number.as_deref()) {
        Some(text) => input::telephone(text, form),
        None => Ok(()),
    }
}

fn filled(value: Option<&str>) -> Option<&str> {
    value.filter(|text| !text.is_empty())
}
