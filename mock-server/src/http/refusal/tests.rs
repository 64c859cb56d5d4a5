//! The codes and statuses in the code are those of fixtures/error-codes.toml.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use bandwidth_fixtures::{Consultation, NamedProfile, error_codes};

use super::Refusal;
use crate::{
    codec::DecodeError,
    domain::{DomainError as D, PasswordRule as P},
};

/// Every refusal under the name that the data file has for it.
const ALL: &[(&str, Refusal)] = &[
    ("unknown_path", Refusal::UnknownPath),
    ("method_not_allowed", Refusal::MethodNotAllowed("GET")),
    ("not_acceptable", Refusal::NotAcceptable),
    ("unauthenticated", Refusal::Unauthenticated),
    ("blank_credentials", Refusal::BlankCredentials),
    ("locked_out", Refusal::LockedOut),
    ("access_denied", Refusal::AccessDenied),
    ("not_password_owner", Refusal::NotPasswordOwner),
    ("unsupported_media_type", Refusal::UnsupportedMediaType),
    ("unsupported_media_type", Refusal::UnsupportedCharset),
    ("body_too_large", Refusal::BodyTooLarge),
    ("unreadable_body", Refusal::BrokenBody),
    ("body_too_slow", Refusal::SlowBody),
    (
        "unreadable_body",
        Refusal::UnreadableBody(DecodeError::Empty),
    ),
    ("rate_limited", Refusal::RateLimited { reset: 0 }),
    (
        "internal",
        Refusal::Fault(StatusCode::INTERNAL_SERVER_ERROR),
    ),
    ("no_results", Refusal::NoResults),
    ("username_required", Refusal::Domain(D::UsernameRequired)),
    ("username_too_long", Refusal::Domain(D::UsernameTooLong)),
    (
        "username_characters",
        Refusal::Domain(D::UsernameCharacters),
    ),
    ("username_taken", Refusal::Domain(D::UsernameTaken)),
    ("not_allowed", Refusal::Domain(D::UsernameImmutable)),
    ("first_name_required", Refusal::Domain(D::FirstNameRequired)),
    ("first_name_too_long", Refusal::Domain(D::FirstNameTooLong)),
    ("last_name_required", Refusal::Domain(D::LastNameRequired)),
    ("last_name_too_long", Refusal::Domain(D::LastNameTooLong)),
    ("email_required", Refusal::Domain(D::EmailRequired)),
    ("email_invalid", Refusal::Domain(D::EmailInvalid)),
    ("email_too_long", Refusal::Domain(D::EmailTooLong)),
    ("email_taken", Refusal::Domain(D::EmailTaken)),
    ("telephone_required", Refusal::Domain(D::TelephoneRequired)),
    ("telephone_invalid", Refusal::Domain(D::TelephoneInvalid)),
    ("account_id_mismatch", Refusal::Domain(D::AccountIdMismatch)),
    ("user_id_mismatch", Refusal::Domain(D::UserIdMismatch)),
    ("unknown_role", Refusal::Domain(D::UnknownRole)),
    ("unknown_user", Refusal::Domain(D::UnknownUser)),
    ("has_resources", Refusal::Domain(D::HasResources)),
    ("password_required", Refusal::Domain(D::PasswordRequired)),
    (
        "password_too_short",
        Refusal::Domain(D::Password(P::TooShort)),
    ),
    (
        "password_too_long",
        Refusal::Domain(D::Password(P::TooLong)),
    ),
    (
        "password_characters",
        Refusal::Domain(D::Password(P::Characters)),
    ),
    (
        "password_common_word",
        Refusal::Domain(D::Password(P::CommonWord)),
    ),
    ("password_classes", Refusal::Domain(D::Password(P::Classes))),
    (
        "password_identity",
        Refusal::Domain(D::Password(P::Identity)),
    ),
    ("password_repeats", Refusal::Domain(D::Password(P::Repeats))),
    ("password_reused", Refusal::Domain(D::Password(P::Reused))),
];

fn rules(set: &[&str]) -> Consultation {
    let mut profile = NamedProfile::built_in("guide").unwrap();
    profile.set(set.iter().copied()).unwrap();
    Consultation::of(*profile.options())
}

#[test]
fn codes_and_statuses_are_those_of_the_data_file() {
    let named = rules(&["password.errors=named"]);
    let mut in_code: BTreeMap<&str, (u32, u16)> = BTreeMap::new();
    for (name, refusal) in ALL {
        let verdict = refusal.verdict(&named);
        let seen = (verdict.code, verdict.status.as_u16());
        assert_eq!(*in_code.entry(name).or_insert(seen), seen, "{name}");
    }
    let opaque = Refusal::Domain(D::Password(P::TooShort)).verdict(&rules(&[]));
    in_code.insert("password_refused", (opaque.code, opaque.status.as_u16()));
    let unknown = Refusal::AccessDenied.verdict(&rules(&["auth.other_account=not_found"]));
    in_code.insert("unknown_account", (unknown.code, unknown.status.as_u16()));

    let in_file: BTreeMap<&str, (u32, u16)> = error_codes()
        .iter()
        .filter_map(|row| Some((row.name.as_deref()?, (row.code, row.status?))))
        .collect();
    assert_eq!(in_code, in_file);
}

#[test]
fn opaque_passwords_all_answer_the_same() {
    let verdicts: Vec<_> = ALL
        .iter()
        .filter(|(_, refusal)| matches!(refusal, Refusal::Domain(D::Password(_))))
        .map(|(_, refusal)| refusal.verdict(&rules(&[])))
        .collect();
    assert_eq!(verdicts.len(), 8);
    assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]));
}
