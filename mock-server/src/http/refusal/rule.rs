//! The names of the rules that requests break, and the fields they are about, for the journal.
//! They say more than the answer does: which rule a password broke, for one.

use bandwidth_fixtures::Consultation;

use super::{Refusal, TokenError};
use crate::domain::{DomainError, PasswordRule};

/// The rule, and the field or header that it is about.
pub(super) fn of(refusal: &Refusal, rules: &Consultation) -> (&'static str, Option<String>) {
    let (rule, field) = match refusal {
        Refusal::UnknownPath => ("unknown_path", None),
        Refusal::MethodNotAllowed(_) => ("method_not_allowed", None),
        Refusal::NotAcceptable => ("not_acceptable", Some("Accept")),
        Refusal::Unauthenticated => ("credentials_missing_or_wrong", Some("Authorization")),
        Refusal::BlankCredentials => ("credentials_blank", Some("Authorization")),
        Refusal::LockedOut => ("locked_out", Some("Authorization")),
        Refusal::InvalidToken => ("token_invalid", Some("Authorization")),
        Refusal::ExpiredToken => ("token_expired", Some("Authorization")),
        Refusal::Token(TokenError::InvalidRequest) => ("token_request_invalid", Some("grant_type")),
        Refusal::Token(TokenError::InvalidClient) => ("client_invalid", Some("client_id")),
        Refusal::Token(TokenError::UnsupportedGrantType) => {
            ("grant_type_unsupported", Some("grant_type"))
        }
        Refusal::AccessDenied => ("other_account", Some("accountId")),
        Refusal::NotPasswordOwner => ("not_password_owner", Some("username")),
        Refusal::UnsupportedMediaType => ("unsupported_media_type", Some("Content-Type")),
        Refusal::UnsupportedCharset => ("unsupported_charset", Some("Content-Type")),
        Refusal::BodyTooLarge => ("body_too_large", None),
        Refusal::BrokenBody => ("body_broken_off", None),
        Refusal::SlowBody => ("body_too_slow", None),
        Refusal::UnreadableBody(error) => {
            return (
                error.rule(),
                error.field().map(|field| field.name().to_owned()),
            );
        }
        Refusal::RateLimited { .. } => ("rate_limited", None),
        Refusal::Fault(_) => ("fault", None),
        Refusal::NoResults => ("no_results", None),
        Refusal::Domain(error) => domain(*error, rules),
    };
    (rule, field.map(str::to_owned))
}

fn domain(error: DomainError, rules: &Consultation) -> (&'static str, Option<&'static str>) {
    use DomainError as E;
    let email = rules.naming_email().field();
    match error {
        E::UsernameRequired => ("username_required", Some("Username")),
        E::UsernameTooLong => ("username_too_long", Some("Username")),
        E::UsernameCharacters => ("username_characters", Some("Username")),
        E::UsernameTaken => ("username_taken", Some("Username")),
        E::UsernameImmutable => ("username_immutable", Some("Username")),
        E::FirstNameRequired => ("first_name_required", Some("FirstName")),
        E::FirstNameTooLong => ("first_name_too_long", Some("FirstName")),
        E::LastNameRequired => ("last_name_required", Some("LastName")),
        E::LastNameTooLong => ("last_name_too_long", Some("LastName")),
        E::EmailRequired => ("email_required", Some(email)),
        E::EmailInvalid => ("email_invalid", Some(email)),
        E::EmailTooLong => ("email_too_long", Some(email)),
        E::EmailTaken => ("email_taken", Some(email)),
        E::TelephoneRequired => ("telephone_required", Some("TelephoneNumber")),
        E::TelephoneInvalid => ("telephone_invalid", Some("TelephoneNumber")),
        E::AccountIdMismatch => ("account_id_mismatch", Some("AccountId")),
        E::UserIdMismatch => ("user_id_mismatch", Some("UserId")),
        E::UnknownRole => ("unknown_role", Some("Roles")),
        E::UnknownUser => ("unknown_user", Some("userId")),
        E::HasResources => ("has_resources", Some("userId")),
        E::PasswordRequired => ("password_required", Some("Password")),
        E::Password(rule) => (password(rule), Some("Password")),
    }
}

fn password(rule: PasswordRule) -> &'static str {
    match rule {
        PasswordRule::TooShort => "password_too_short",
        PasswordRule::TooLong => "password_too_long",
        PasswordRule::Characters => "password_characters",
        PasswordRule::Classes => "password_classes",
        PasswordRule::Identity => "password_identity",
        PasswordRule::Repeats => "password_repeats",
        PasswordRule::CommonWord => "password_common_word",
        PasswordRule::Reused => "password_reused",
    }
}
