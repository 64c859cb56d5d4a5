//! The rules for single fields, and for ids that the body and the path share.

use bandwidth_fixtures::{
    Consultation,
    profile::{AccountIdInBody, IdMismatch, Telephone, UserKey},
};

use super::ApiError;
use crate::wire::UserBody;

/// Longest username, first name, last name and email, in characters (ERR 12500, 12506, 12508,
/// 12625).
const MAX_LENGTH: usize = 100;

/// A required value that was given and is not empty; else the error.
pub(super) fn required(value: Option<&str>, error: ApiError) -> Result<&str, ApiError> {
    value.filter(|text| !text.is_empty()).ok_or(error)
}

/// The error when the value is too long.
pub(super) fn length(text: &str, error: ApiError) -> Result<(), ApiError> {
    require(text.chars().count() <= MAX_LENGTH, error)
}

/// The characters are published (ERR 12502).
pub(super) fn username(text: &str) -> Result<(), ApiError> {
    length(text, ApiError::UsernameTooLong)?;
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'.' | b'_' | b'-');
    require(text.bytes().all(allowed), ApiError::UsernameCharacters)
}

fn require(fulfilled: bool, error: ApiError) -> Result<(), ApiError> {
    if fulfilled { Ok(()) } else { Err(error) }
}

/// Text before one `@`, and a domain with a dot after it. The form that the real API accepts is not
/// published (ERR 12510).
pub(super) fn email(text: &str) -> Result<(), ApiError> {
    length(text, ApiError::EmailTooLong)?;
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
    let valid = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && local.chars().all(plain)
            && domain.chars().all(plain)
            && domain.contains('.')
            && domain.split('.').all(|label| !label.is_empty())
    });
    require(valid, ApiError::EmailInvalid)
}

/// Checks the form of a telephone number, as `user.telephone` states.
pub(super) fn telephone(text: &str, form: Telephone) -> Result<(), ApiError> {
    let digits = |text: &str, count: std::ops::RangeInclusive<usize>| {
        count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let valid = match form {
        // The codec lets no number through then.
        Telephone::Absent => true,
        Telephone::TenDigitsOptional | Telephone::TenDigitsRequired => digits(text, 10..=10),
        Telephone::E164Optional => text
            .strip_prefix('+')
            .is_some_and(|rest| digits(rest, 2..=15) && !rest.starts_with('0')),
    };
    require(valid, ApiError::TelephoneInvalid)
}

/// Checks that the ids in the body equal those in the path.
pub(super) fn ids(
    body: &UserBody,
    account_id: &str,
    user_id: Option<&str>,
    rules: &Consultation,
) -> Result<(), ApiError> {
    let create = user_id.is_none();
    match body.account_id.as_deref() {
        Some(given) if given != account_id => return Err(ApiError::AccountIdMismatch),
        None if create && rules.user_account_id() == AccountIdInBody::Required => {
            return Err(ApiError::AccountIdRequired);
        }
        _ => {}
    }
    // A create has no id in its path, so any id in its body is another one.
    let mismatch = body.user_id.is_some() && body.user_id.as_deref() != user_id;
    match mismatch && refuses_another_id(rules) {
        true if create => Err(ApiError::UserIdInCreate),
        true => Err(ApiError::UserIdMismatch),
        false => Ok(()),
    }
}

/// True if the body must have the same id as the path. If users have no ids, no other rule matters.
fn refuses_another_id(rules: &Consultation) -> bool {
    rules.naming_user_key() == UserKey::UserId && rules.put_id_mismatch() == IdMismatch::Refused
}
