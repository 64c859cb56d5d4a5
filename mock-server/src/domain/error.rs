//! What the domain refuses.

/// A rule that a password can break, in the order in which they are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRule {
    /// Shorter than `password.min_length`.
    TooShort,
    /// Longer than `password.max_length`.
    TooLong,
    /// A character that `password.charset` does not allow.
    Characters,
    /// Fewer classes than `password.classes`.
    Classes,
    /// Holds the username, a name or the email.
    Identity,
    /// Repeats a longer string than `password.repeats` allows.
    Repeats,
    /// Holds a common word.
    CommonWord,
    /// One of the last `password.history`.
    Reused,
}

/// Why an operation was refused. Nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainError {
    /// Username left out or empty.
    UsernameRequired,
    /// Username over 100 characters.
    UsernameTooLong,
    /// Username with a character that is not allowed.
    UsernameCharacters,
    /// Another user has the username.
    UsernameTaken,
    /// `username.update` refuses another username.
    UsernameImmutable,
    /// First name left out or empty.
    FirstNameRequired,
    /// First name over 100 characters.
    FirstNameTooLong,
    /// Last name left out or empty.
    LastNameRequired,
    /// Last name over 100 characters.
    LastNameTooLong,
    /// Email left out or empty.
    EmailRequired,
    /// Not an email address.
    EmailInvalid,
    /// Email over 100 characters.
    EmailTooLong,
    /// Another user has the email.
    EmailTaken,
    /// Telephone number left out or empty.
    TelephoneRequired,
    /// Not a telephone number of the form that `user.telephone` asks for.
    TelephoneInvalid,
    /// The body's account id is not the one in the path.
    AccountIdMismatch,
    /// The body's user id is not the one in the path.
    UserIdMismatch,
    /// A role that the account does not have.
    UnknownRole,
    /// No such user.
    UnknownUser,
    /// The user has resources assigned.
    HasResources,
    /// Password left out or empty.
    PasswordRequired,
    /// The password breaks a rule.
    Password(PasswordRule),
}
