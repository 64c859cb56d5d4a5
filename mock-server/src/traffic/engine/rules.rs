//! The rules of passwords that an exchange tells of.

use bandwidth_fixtures::{
    BehaviourId,
    error_code::ErrorFacts,
    profile::{CommonWords, PasswordCharset, PasswordIdentity, Profile},
};

use super::{meaning, people::Shown, start::Start, wording};
use crate::traffic::{Answer, Exchange};

/// The rules of passwords that an exchange is about. Its password keeps the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    All,
    /// The one that the error names: another server may check the rules in another order.
    One(BehaviourId),
    None,
}

impl Rules {
    /// The rules of passwords that the exchange is about: none if the password is hidden, or if the
    /// request is rejected for another field, which the server may check first.
    pub(super) fn of(sent: Option<&Shown>, exchange: &Exchange, answer: &Answer) -> Self {
        if hides_password(sent, exchange) {
            return Self::None;
        }
        let has_password = sent.is_some_and(|sent| sent.password.is_some());
        if answer.status < 400 || !has_password {
            return Self::All;
        }
        match error_code(answer) {
            Some(code) if names_another_field(code) => Self::None,
            Some(code) => named_rule(code).map_or(Self::All, Self::One),
            None => Self::All,
        }
    }

    /// True for a behaviour of other areas, or of these rules.
    pub(super) fn allows(self, id: BehaviourId) -> bool {
        let is_rule = match self {
            Self::All => true,
            Self::One(only) => id == only || id == BehaviourId::PasswordErrors,
            Self::None => false,
        };
        is_rule || id.area() != "password"
    }

    /// Has the profile accept any password, apart from these rules.
    pub(super) fn loosen(self, options: &mut Profile) {
        if self == Self::All {
            return;
        }
        let own = *options;
        options.password_min_length = 1;
        options.password_max_length = u32::MAX;
        options.password_classes = 0;
        options.password_identity = PasswordIdentity::Allowed;
        options.password_repeats = 0;
        options.password_history = 0;
        options.password_common_words = CommonWords::Allowed;
        options.password_charset = PasswordCharset::Any;
        if let Self::One(only) = self {
            options.choose(only, &own.get(only));
        }
    }
}

/// True if the request has a password that the rules cannot be tried on.
pub(super) fn hides_password(sent: Option<&Shown>, exchange: &Exchange) -> bool {
    let password = sent.and_then(|sent| sent.password.as_ref());
    password.is_some_and(|password| Start::is_hidden(exchange, password))
}

/// The rule that a code names (ERR).
fn named_rule(code: u32) -> Option<BehaviourId> {
    Some(match code {
        12504 => BehaviourId::PasswordMinLength,
        12619 => BehaviourId::PasswordMaxLength,
        12725 => BehaviourId::PasswordCharset,
        12726 => BehaviourId::PasswordCommonWords,
        12727 => BehaviourId::PasswordClasses,
        12728 => BehaviourId::PasswordIdentity,
        12729 => BehaviourId::PasswordRepeats,
        12730 => BehaviourId::PasswordHistory,
        _ => return None,
    })
}

/// The code of an error.
pub(super) fn error_code(answer: &Answer) -> Option<u32> {
    let tree = meaning::tree(&String::from_utf8_lossy(&answer.body));
    wording::error(&tree).map(|(code, _)| code)
}

/// True if the code stands for rules of other fields than the password.
pub(super) fn names_another_field(code: u32) -> bool {
    let mut fields = ErrorFacts::of_code(code)
        .map(|facts| facts.field)
        .peekable();
    fields.peek().is_some() && fields.all(|field| field.is_some_and(|field| field != "Password"))
}
