//! Taken names and emails.

use bandwidth_fixtures::{
    Consultation,
    profile::{EmailCase, EmailUnique, UsernameCase, UsernameScope},
};

use super::{
    ApiError,
    index::folded,
    update::Fields,
    user::{User, UserNumber},
    users::Users,
};

/// Names that the other domains of the server use.
pub trait NamesInUse {
    /// True if one of them has an API login of that name. Logins are unique on the server.
    fn login(&self, username: &str, case: UsernameCase) -> bool;
    /// True if one of them has the username.
    fn username(&self, username: &str, case: UsernameCase) -> bool;
    /// True if one of them has the email.
    fn email(&self, email: &str, case: EmailCase) -> bool;
}

/// True if both are the same username.
pub fn same_name(one: &str, other: &str, case: UsernameCase) -> bool {
    match case {
        UsernameCase::Sensitive => one == other,
        UsernameCase::Insensitive => folded(one) == folded(other),
    }
}

/// The names of one domain. Its API login has one too.
pub(super) struct Names<'a> {
    pub(super) users: &'a Users,
    pub(super) login: &'a str,
}

impl Names<'_> {
    /// Rejects a name or an email that a user gets and another one has.
    pub(super) fn check(
        &self,
        fields: &Fields<'_>,
        own: Option<&User>,
        elsewhere: &dyn NamesInUse,
        rules: &Consultation,
    ) -> Result<(), ApiError> {
        let number = own.map(|user| user.number);
        let renamed = own.is_none_or(|user| *user.username != *fields.username);
        if renamed {
            let case = rules.username_case();
            let taken = self.has_username(fields.username, number, case)
                || elsewhere.login(fields.username, case)
                || (rules.username_scope() == UsernameScope::Global
                    && elsewhere.username(fields.username, case));
            if taken {
                return Err(ApiError::UsernameTaken);
            }
        }
        let Some(email) = fields.texts.email else {
            return Ok(());
        };
        if own.is_some_and(|user| user.texts.email.as_deref() == Some(email)) {
            return Ok(());
        }
        let taken = match rules.email_unique() {
            EmailUnique::None => false,
            EmailUnique::Account => self.has_email(email, number, rules.email_case()),
            EmailUnique::Global => {
                let case = rules.email_case();
                self.has_email(email, number, case) || elsewhere.email(email, case)
            }
        };
        if taken {
            Err(ApiError::EmailTaken)
        } else {
            Ok(())
        }
    }

    /// True if a user other than `except`, or the API login, has that username.
    pub(super) fn has_username(
        &self,
        username: &str,
        except: Option<UserNumber>,
        case: UsernameCase,
    ) -> bool {
        let same = |other: &str| same_name(other, username, case);
        let others = || self.users.named(username);
        same(self.login) || others().any(|user| Some(user.number) != except && same(&user.username))
    }

    /// True if a user other than `except` has that email.
    pub(super) fn has_email(
        &self,
        email: &str,
        except: Option<UserNumber>,
        case: EmailCase,
    ) -> bool {
        let same = |user: &User| {
            case == EmailCase::Insensitive || user.texts.email.as_deref() == Some(email)
        };
        let mut holders = self.users.with_email(email);
        holders.any(|user| Some(user.number) != except && same(user))
    }
}
