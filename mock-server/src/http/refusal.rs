//! Why a request is refused, and what its answer says: status, code and words in one place.

mod rule;

use std::borrow::Cow;

use axum::http::StatusCode;
use bandwidth_fixtures::{
    Consultation,
    profile::{
        AuthSchemes, ConflictStatus, JsonSupport, MissingUser, OtherAccount, PasswordErrors,
    },
};

use super::token::TokenError;
use crate::{
    codec::DecodeError,
    domain::{DomainError, PasswordRule},
    journal::RefusalNote,
};

/// A request that is not fulfilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No such path.
    UnknownPath,
    /// The path exists; these are its methods.
    MethodNotAllowed(&'static str),
    /// `Accept` names no format, where `format.unacceptable` refuses that.
    NotAcceptable,
    /// No credentials, or wrong ones.
    Unauthenticated,
    /// Credentials with an empty name or password.
    BlankCredentials,
    /// Too many failed logins.
    LockedOut,
    /// A bearer token that this server did not make, or that a reset has ended.
    InvalidToken,
    /// A bearer token whose time is over.
    ExpiredToken,
    /// No token is given.
    Token(TokenError),
    /// Right credentials, of another account.
    AccessDenied,
    /// Only its owner may change a password.
    NotPasswordOwner,
    /// `Content-Type` is not one that is read.
    UnsupportedMediaType,
    /// `Content-Type` names a charset other than UTF-8.
    UnsupportedCharset,
    /// The body is larger than 1 MiB.
    BodyTooLarge,
    /// The body broke off.
    BrokenBody,
    /// The body did not come in time.
    SlowBody,
    /// The body cannot be read.
    UnreadableBody(DecodeError),
    /// Too many requests; the next one is allowed at this time, in seconds since the Unix epoch.
    RateLimited {
        /// Epoch seconds.
        reset: u64,
    },
    /// A fault was asked for.
    Fault(StatusCode),
    /// A list has nothing in it, where `list.empty` makes that an error body.
    NoResults,
    /// A rule of the API.
    Domain(DomainError),
}

impl From<DomainError> for Refusal {
    fn from(error: DomainError) -> Self {
        Self::Domain(error)
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::UnreadableBody(error)
    }
}

/// What an error body says, and the status it goes with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) status: StatusCode,
    pub(super) code: u32,
    pub(super) description: Cow<'static, str>,
}

/// What a request without a right login is told to send.
fn login_wanted(rules: &Consultation) -> &'static str {
    match rules.auth_schemes() {
        AuthSchemes::Basic => "The credentials are missing or wrong; send the account's API login.",
        AuthSchemes::BasicAndBearer => {
            "The credentials are missing or wrong; send the account's API login, or a token."
        }
        AuthSchemes::Bearer => {
            "A token is missing, and Basic logins are not taken; POST /api/v1/oauth2/token gives \
             one for the account's API login."
        }
    }
}

fn verdict(status: StatusCode, code: u32, description: impl Into<Cow<'static, str>>) -> Verdict {
    Verdict {
        status,
        code,
        description: description.into(),
    }
}

impl Refusal {
    /// Status, code and words. `fixtures/error-codes.toml` lists the same codes and statuses with
    /// their evidence, and a test keeps the two equal.
    pub(super) fn verdict(&self, rules: &Consultation) -> Verdict {
        use StatusCode as S;
        match self {
            Self::UnknownPath => verdict(
                S::NOT_FOUND,
                404,
                "Nothing is served at this path; below /api/accounts/{accountId} there are users, users/{userId} \
                 and roles.",
            ),
            Self::MethodNotAllowed(allow) => verdict(
                S::METHOD_NOT_ALLOWED,
                405,
                format!("This path takes {allow}."),
            ),
            Self::NotAcceptable => verdict(
                S::NOT_ACCEPTABLE,
                406,
                "Accept must allow application/xml or application/json.",
            ),
            Self::Unauthenticated => verdict(S::UNAUTHORIZED, 401, login_wanted(rules)),
            Self::InvalidToken | Self::ExpiredToken => verdict(
                S::UNAUTHORIZED,
                401,
                "The token is unknown or its time is over; POST /api/v1/oauth2/token gives another.",
            ),
            Self::BlankCredentials => verdict(
                S::UNAUTHORIZED,
                14505,
                "Basic authentication needs a username and a password that are not blank.",
            ),
            Self::LockedOut => verdict(
                S::UNAUTHORIZED,
                12093,
                "This login is locked out after too many failed attempts.",
            ),
            Self::Token(error) => verdict(
                error.status(),
                error.status().as_u16().into(),
                error.description(),
            ),
            Self::AccessDenied => match rules.auth_other_account() {
                OtherAccount::Forbidden | OtherAccount::ForbiddenEmpty => verdict(
                    S::FORBIDDEN,
                    1001,
                    "The login has no access to this account.",
                ),
                OtherAccount::NotFound => verdict(S::NOT_FOUND, 4018, "There is no such account."),
            },
            Self::NotPasswordOwner => verdict(
                S::FORBIDDEN,
                13087,
                "Only the owner of a password may change it.",
            ),
            Self::UnsupportedMediaType => verdict(
                S::UNSUPPORTED_MEDIA_TYPE,
                415,
                match rules.format_json() {
                    JsonSupport::Never => "Content-Type must be application/xml.",
                    JsonSupport::Negotiated => {
                        "Content-Type must be application/xml or application/json."
                    }
                },
            ),
            Self::UnsupportedCharset => verdict(
                S::UNSUPPORTED_MEDIA_TYPE,
                415,
                "The charset of Content-Type must be UTF-8.",
            ),
            Self::BodyTooLarge => verdict(
                S::PAYLOAD_TOO_LARGE,
                413,
                "The body is larger than 1048576 bytes.",
            ),
            Self::BrokenBody => verdict(S::BAD_REQUEST, 400, "The body broke off before its end."),
            Self::SlowBody => verdict(
                S::REQUEST_TIMEOUT,
                408,
                "The body did not arrive within 30 seconds.",
            ),
            Self::UnreadableBody(error) => verdict(S::BAD_REQUEST, 400, error.to_string()),
            Self::RateLimited { .. } => verdict(
                S::TOO_MANY_REQUESTS,
                429,
                "Too many requests; wait, and try again.",
            ),
            Self::Fault(status) => fault(*status),
            Self::NoResults => verdict(S::OK, 230, "There are no results."),
            Self::Domain(error) => domain(*error, rules),
        }
    }

    /// Whether nobody is logged in, so that the answer carries a challenge.
    pub(super) fn is_unauthenticated(&self) -> bool {
        matches!(
            self,
            Self::Unauthenticated
                | Self::BlankCredentials
                | Self::LockedOut
                | Self::InvalidToken
                | Self::ExpiredToken
        )
    }

    /// What the journal keeps of it.
    pub(super) fn note(&self, rules: &Consultation) -> RefusalNote {
        let verdict = self.verdict(rules);
        let (rule, field) = rule::of(self, rules);
        RefusalNote {
            rule,
            field,
            code: verdict.code,
            description: verdict.description.into_owned(),
        }
    }

    /// Whether the profile answers this without a body.
    pub(super) fn without_body(&self, rules: &Consultation) -> bool {
        use bandwidth_fixtures::profile::{FailureBody, RateResponse};
        match self {
            refusal if refusal.is_unauthenticated() => {
                rules.auth_failure_body() == FailureBody::Empty
            }
            Self::AccessDenied => rules.auth_other_account() == OtherAccount::ForbiddenEmpty,
            Self::RateLimited { .. } => rules.rate_response() == RateResponse::Empty,
            Self::Domain(DomainError::UnknownUser) => {
                rules.missing_user() == MissingUser::NotFoundEmpty
            }
            _ => false,
        }
    }
}

fn fault(status: StatusCode) -> Verdict {
    if status.is_server_error() {
        verdict(status, 1000, "The server failed, as a fault asked it to.")
    } else {
        verdict(
            status,
            u32::from(status.as_u16()),
            "The request failed, as a fault asked it to.",
        )
    }
}

fn domain(error: DomainError, rules: &Consultation) -> Verdict {
    use DomainError as E;
    let invalid =
        |code: u32, description: &'static str| verdict(StatusCode::BAD_REQUEST, code, description);
    let email = |code: u32, rest: &str| {
        let name = rules.naming_email().field();
        verdict(StatusCode::BAD_REQUEST, code, format!("{name} {rest}"))
    };
    let taken = |verdict: Verdict| Verdict {
        status: match rules.errors_conflict() {
            ConflictStatus::Conflict => StatusCode::CONFLICT,
            ConflictStatus::BadRequest => StatusCode::BAD_REQUEST,
        },
        ..verdict
    };
    match error {
        E::UsernameRequired => invalid(12501, "Username is required."),
        E::UsernameTooLong => invalid(12500, "Username has more than 100 characters."),
        E::UsernameCharacters => invalid(12502, "Username may have only A-Z a-z 0-9 @ . _ and -."),
        E::UsernameTaken => taken(invalid(12001, "Username is taken by another user.")),
        E::UsernameImmutable => invalid(1005, "Username cannot be changed."),
        E::FirstNameRequired => invalid(12505, "FirstName is required."),
        E::FirstNameTooLong => invalid(12506, "FirstName has more than 100 characters."),
        E::LastNameRequired => invalid(12507, "LastName is required."),
        E::LastNameTooLong => invalid(12508, "LastName has more than 100 characters."),
        E::EmailRequired => email(12509, "is required."),
        E::EmailInvalid => email(12510, "is not an email address."),
        E::EmailTooLong => email(12625, "has more than 100 characters."),
        E::EmailTaken => taken(email(12071, "is taken by another user.")),
        E::TelephoneRequired => invalid(12511, "TelephoneNumber is required."),
        E::TelephoneInvalid => invalid(12512, "TelephoneNumber is not of the accepted form."),
        E::AccountIdMismatch => invalid(
            12520,
            "AccountId in the body is not the account in the path; make them equal or leave it out.",
        ),
        E::UserIdMismatch => invalid(
            12688,
            "UserId in the body is not the user in the path; make them equal or leave it out.",
        ),
        E::UnknownRole => invalid(12084, "Roles names a role that this account does not have."),
        E::UnknownUser => match rules.missing_user() {
            MissingUser::NotFound | MissingUser::NotFoundEmpty => {
                verdict(StatusCode::NOT_FOUND, 12000, "There is no such user.")
            }
            MissingUser::Forbidden => {
                verdict(StatusCode::FORBIDDEN, 12000, "There is no such user.")
            }
        },
        E::HasResources => verdict(
            StatusCode::CONFLICT,
            409,
            "The user has resources assigned; take them away first.",
        ),
        E::PasswordRequired => invalid(12503, "Password is required."),
        E::Password(rule) => match rules.password_errors() {
            PasswordErrors::Opaque => invalid(1019, "Password does not meet the requirements."),
            PasswordErrors::Named => password(rule, rules),
        },
    }
}

fn password(rule: PasswordRule, rules: &Consultation) -> Verdict {
    use PasswordRule as R;
    let invalid =
        |code: u32, description: String| verdict(StatusCode::BAD_REQUEST, code, description);
    match rule {
        R::TooShort => {
            let least = rules.password_min_length();
            invalid(
                12504,
                format!("Password must have at least {least} characters."),
            )
        }
        R::TooLong => {
            let most = rules.password_max_length();
            invalid(
                12619,
                format!("Password may have at most {most} characters."),
            )
        }
        R::Characters => invalid(
            12725,
            "Password may have only letters, digits and simple special characters.".to_owned(),
        ),
        R::CommonWord => invalid(
            12726,
            "Password may not hold a common word or name.".to_owned(),
        ),
        R::Classes => {
            let least = rules.password_classes();
            invalid(
                12727,
                format!(
                    "Password must have {least} of upper case, lower case, digits and symbols."
                ),
            )
        }
        R::Identity => invalid(
            12728,
            "Password may not hold the username, a name or the email.".to_owned(),
        ),
        R::Repeats => {
            let most = rules.password_repeats();
            invalid(
                12729,
                format!("Password may not repeat a string of more than {most} characters."),
            )
        }
        R::Reused => {
            let last = rules.password_history();
            invalid(
                12730,
                format!("Password may not be one of the last {last}."),
            )
        }
    }
}

#[cfg(test)]
mod tests;
