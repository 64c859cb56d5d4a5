//! Passwords that could be sent, and their kinds, each about one rule.

/// The rule that a password is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Length,
    Classes,
    Charset,
    Identity,
    Repeats,
    Word,
    History,
}

impl Kind {
    pub(super) const ALL: [Self; 7] = [
        Self::Length,
        Self::Classes,
        Self::Charset,
        Self::Identity,
        Self::Repeats,
        Self::Word,
        Self::History,
    ];

    /// The behaviours of the rule.
    pub(super) fn behaviours(self) -> &'static [&'static str] {
        match self {
            Self::Length => &["password.min_length", "password.max_length"],
            Self::Classes => &["password.classes"],
            Self::Charset => &["password.charset"],
            Self::Identity => &["password.identity"],
            Self::Repeats => &["password.repeats"],
            Self::Word => &["password.common_words"],
            Self::History => &["password.history"],
        }
    }

    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Classes => "classes",
            Self::Charset => "characters",
            Self::Identity => "identity",
            Self::Repeats => "repeats",
            Self::Word => "common word",
            Self::History => "history",
        }
    }
}

/// A password that could be sent.
pub(super) struct Candidate {
    pub(super) kind: Kind,
    /// Equal for passwords that ask the same.
    pub(super) name: String,
    pub(super) password: String,
    /// The same characters in another order, where a refusal could be about them.
    pub(super) control: Option<String>,
}

impl Candidate {
    /// One without a control.
    pub(super) fn new(kind: Kind, name: impl Into<String>, password: String) -> Self {
        Self {
            kind,
            name: name.into(),
            password,
            control: None,
        }
    }
}
