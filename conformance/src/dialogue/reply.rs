//! A reply that can be questioned: each question either has the expected answer or stops the case
//! with what was seen instead.

use std::{fmt::Write as _, sync::Arc};

use bandwidth_fixtures::{
    Profile, error_codes,
    profile::{
        Challenge, ConflictStatus, CreateStatus, DeleteStatus, FailureBody, MissingUser,
        OtherAccount, PasswordErrors, RolePermissions, UnknownRole,
    },
};

use crate::{
    challenges::challenges,
    decode::users::error_code,
    decode::{
        json,
        tolerant::{member, objects_with, scalar},
        tree::Tree,
        users::NO_RESULTS,
        xml,
    },
    redact::Redactor,
    transport::Response,
    verdict::{CaseResult, Stop},
    wire::{ErrorBody, Format, Reader, Role, User},
};

/// Longest part of a body in a message, in characters.
const EXCERPT: usize = 300;

/// A response, with what is expected of it.
#[derive(Clone)]
pub struct Reply {
    pub response: Response,
    profile: Profile,
    redactor: Arc<Redactor>,
    line: String,
    format: Format,
}

impl Reply {
    pub(super) fn new(
        profile: Profile,
        redactor: Arc<Redactor>,
        line: String,
        format: Format,
        response: Response,
    ) -> Self {
        Self {
            response,
            profile,
            redactor,
            line,
            format,
        }
    }

    /// The expected options.
    pub(super) fn profile(&self) -> &Profile {
        &self.profile
    }

    pub fn status(&self) -> u16 {
        self.response.status
    }

    /// The field that a refusal is about, by its code or its words.
    pub fn refused_field(&self) -> Option<&'static str> {
        const FIELDS: [(&str, &str); 7] = [
            ("firstname", "FirstName"),
            ("lastname", "LastName"),
            ("username", "Username"),
            ("mail", "Email"),
            ("phone", "TelephoneNumber"),
            ("password", "Password"),
            ("role", "Roles"),
        ];
        let code = error_code(&self.response.body).and_then(|code| code.parse::<u32>().ok());
        let known = error_codes().iter().find(|known| Some(known.code) == code);
        let name = known.and_then(|known| known.name);
        let words = format!("{} {}", name.unwrap_or_default(), self.text()).to_lowercase();
        let words = words.replace(['_', ' '], "");
        let named = FIELDS.iter().find(|(word, _)| words.contains(word));
        named.map(|(_, field)| *field)
    }

    /// Its body as text, for looking into.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.response.body).into_owned()
    }

    /// Stops the case with a failure that shows the response.
    pub fn fail(&self, message: &str) -> Stop {
        Stop::Fail(self.describe(message))
    }

    /// Stops the case without a judgement.
    pub fn inconclusive(&self, message: &str) -> Stop {
        Stop::Inconclusive(self.describe(message))
    }

    fn describe(&self, message: &str) -> String {
        let mut text = format!("{message}\n{} -> {}", self.line, self.status());
        for name in ["content-type", "location", "allow", "www-authenticate"] {
            for value in self.response.headers_named(name) {
                let _ = write!(text, ", {name}: {value}");
            }
        }
        // Secrets go first: a secret that is cut in two would no longer be recognised.
        let body = self.redactor.body(&self.response.body);
        if body.is_empty() {
            return text + "\n(no body)";
        }
        let shown: String = body.escape_debug().take(EXCERPT).collect();
        let rest = if body.len() > EXCERPT { " ..." } else { "" };
        // Debug escapes quotes too, which only clutters XML and JSON.
        text + "\n" + &shown.replace("\\\"", "\"").replace("\\'", "'") + rest
    }

    /// It has that status, as `what` has. A success must not hold an error: some targets answer
    /// every error with 200.
    pub fn is(&self, what: &str, status: u16) -> CaseResult {
        let found = self.status();
        if found != status {
            let message = format!("{what}: expected status {status}, got {found}");
            return Err(self.fail(&message));
        }
        if (200..300).contains(&status) && holds_error(&self.response.body) {
            let message =
                format!("{what}: expected status {status} without an error, got one in the body");
            return Err(self.fail(&message));
        }
        Ok(())
    }

    /// `what` is in it as expected.
    pub fn same<T: Compared + ?Sized>(&self, what: &str, expected: &T, found: &T) -> CaseResult {
        match expected.difference(found) {
            None => Ok(()),
            Some(difference) => Err(self.fail(&format!("{what}: {difference}"))),
        }
    }

    /// It has no body.
    pub fn has_no_body(&self) -> CaseResult {
        self.same("bytes in the body", &0, &self.response.body.len())
    }

    /// It has that status, as `what` has, and no body.
    fn is_empty(&self, what: &str, status: u16) -> CaseResult {
        self.is(what, status)?;
        self.has_no_body()
    }

    /// It has that status, and a JSON body.
    pub fn json(&self, what: &str, status: u16) -> Result<Tree, Stop> {
        self.is(what, status)?;
        self.has_format()?;
        json::read(&self.response.body)
            .map_err(|error| self.fail(&format!("the body of {what} is not JSON: {error}")))
    }

    /// The requested format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Its Content-Type is that of the expected format.
    pub fn has_format(&self) -> CaseResult {
        let found = self.response.header("content-type").unwrap_or("");
        let essence = found.split(';').next().unwrap_or("").trim();
        let essence = essence.to_ascii_lowercase();
        self.same("Content-Type", self.format.media_type(), essence.as_str())
    }

    fn read<T>(
        &self,
        what: &str,
        read: impl FnOnce(Reader, &[u8]) -> Result<T, String>,
    ) -> Result<T, Stop> {
        if self.response.body.is_empty() {
            return Err(self.fail(&format!("expected {what}, got no body")));
        }
        self.has_format()?;
        let reader = Reader {
            format: self.format,
            profile: self.profile,
        };
        read(reader, &self.response.body)
            .map_err(|error| self.fail(&format!("the body is not {what}: {error}")))
    }

    /// It is the success of a create.
    pub fn created(&self) -> CaseResult {
        let status = match self.profile.create_status {
            CreateStatus::Created => 201,
            CreateStatus::Ok => 200,
        };
        self.is("a create that succeeds", status)
    }

    /// It is the success of an update.
    pub fn updated(&self) -> CaseResult {
        self.is("an update that succeeds", 200)
    }

    /// It is what a login gets that is right.
    pub fn let_in(&self) -> CaseResult {
        self.is("a login that is right", 200)
    }

    /// It is what a user gets that logged in: 200 or, where the permissions of its roles decide, 403.
    pub fn user_let_in(&self) -> CaseResult {
        let enforced = self.profile.auth_role_permissions == RolePermissions::Enforced;
        if enforced && self.status() == 403 {
            return Ok(());
        }
        self.let_in()
    }

    /// It is 200 with one user.
    pub fn user(&self) -> Result<User, Stop> {
        self.is("a user", 200)?;
        self.user_body()
    }

    /// Checks that its body is one user, with any status.
    pub fn user_body(&self) -> Result<User, Stop> {
        self.read("a user", Reader::user)
    }

    /// It is 200 with a list of users.
    pub fn users(&self) -> Result<Vec<User>, Stop> {
        self.is("a list of users", 200)?;
        self.read("a list of users", Reader::users)
    }

    /// It is 200 with a list of roles.
    pub fn roles(&self) -> Result<Vec<Role>, Stop> {
        self.is("a list of roles", 200)?;
        self.read("a list of roles", Reader::roles)
    }

    /// It is the success of a delete.
    pub fn deleted(&self) -> CaseResult {
        const WHAT: &str = "a delete that succeeds";
        match self.profile.delete_status {
            DeleteStatus::Ok => {
                self.is(WHAT, 200)?;
                self.read("an empty object", Reader::nothing)
            }
            DeleteStatus::NoContent => self.is_empty(WHAT, 204),
        }
    }

    /// It has that status and an error body.
    pub fn error(&self, status: u16) -> Result<ErrorBody, Stop> {
        self.error_about("a refusal", status)
    }

    fn error_about(&self, what: &str, status: u16) -> Result<ErrorBody, Stop> {
        self.is(what, status)?;
        self.read("an error", Reader::error)
    }

    /// It has that status and an error body with the code that the error tables give `name`.
    pub fn error_named(&self, status: u16, name: &str) -> Result<ErrorBody, Stop> {
        let expected = error_codes()
            .iter()
            .find(|code| code.name == Some(name))
            .ok_or_else(|| Stop::Error(format!("no error code is named `{name}`")))?;
        let error = self.error_about(&format!("error `{name}`"), status)?;
        match error.code {
            Some(code) if code != expected.code => Err(self.fail(&format!(
                "error `{name}`: expected code {} ({}), got {code}",
                expected.code, expected.meaning
            ))),
            _ => Ok(error),
        }
    }

    /// It is a 400 with that code.
    pub fn refused(&self, name: &str) -> Result<ErrorBody, Stop> {
        self.error_named(400, name)
    }

    /// It rejects a role that the account does not have.
    pub fn unknown_role(&self) -> Result<ErrorBody, Stop> {
        let status = match self.profile.role_unknown {
            UnknownRole::Unprocessable => 422,
            UnknownRole::Refused | UnknownRole::Ignored => 400,
        };
        self.error_named(status, "unknown_role")
    }

    /// Checks for the error of a taken username or email.
    pub fn conflict(&self, name: &str) -> Result<ErrorBody, Stop> {
        let status = match self.profile.errors_conflict {
            ConflictStatus::Conflict => 409,
            ConflictStatus::BadRequest => 400,
        };
        self.error_named(status, name)
    }

    /// It rejects a password for breaking `rule`, naming the rule where the profile does.
    pub fn password_refused(&self, rule: &str) -> Result<ErrorBody, Stop> {
        match self.profile.password_errors {
            PasswordErrors::Named => self.refused(rule),
            PasswordErrors::Opaque => self.refused("password_refused"),
        }
    }

    /// Checks for the error of a missing user.
    pub fn missing_user(&self) -> CaseResult {
        const WHAT: &str = "a user that is not there";
        match self.profile.missing_user {
            MissingUser::NotFound => self.error_named(404, "unknown_user").map(drop),
            MissingUser::NotFoundEmpty => self.is_empty(WHAT, 404),
            MissingUser::Forbidden => self.error_about(WHAT, 403).map(drop),
        }
    }

    /// Checks for the error of a missing or wrong login.
    pub fn unauthenticated(&self) -> CaseResult {
        const WHAT: &str = "a login that is missing or wrong";
        self.is(WHAT, 401)?;
        self.challenge()?;
        match self.profile.auth_failure_body {
            FailureBody::Empty => self.has_no_body(),
            FailureBody::Error => self.error_about(WHAT, 401).map(drop),
        }
    }

    fn challenge(&self) -> CaseResult {
        let found: Vec<&str> = self.response.headers_named("www-authenticate").collect();
        let has_basic = challenges(&self.response)
            .iter()
            .any(|challenge| challenge.names_a_realm("basic"));
        let expected = match self.profile.auth_challenge {
            Challenge::Absent if found.is_empty() => return Ok(()),
            Challenge::Absent => "none",
            Challenge::Sent if has_basic => return Ok(()),
            Challenge::Sent => "Basic realm=...",
        };
        let found = if found.is_empty() {
            "none".to_owned()
        } else {
            found.join(", ")
        };
        self.same("WWW-Authenticate", expected, found.as_str())
    }

    /// It rejects another account.
    pub fn other_account(&self) -> CaseResult {
        match self.profile.auth_other_account {
            OtherAccount::Forbidden => self.error_named(403, "access_denied").map(drop),
            OtherAccount::ForbiddenEmpty => {
                self.is_empty("an account that is not the login's", 403)
            }
            OtherAccount::NotFound => self.error_named(404, "unknown_account").map(drop),
        }
    }
}

/// True for an error body in a known shape, in any format and with any status. The published
/// response for an empty list is not an error.
fn holds_error(body: &[u8]) -> bool {
    let tree = match body.trim_ascii_start().first() {
        Some(b'<') => xml::read(body).map(|document| document.content),
        Some(_) => json::read(body),
        None => return false,
    };
    let Ok(tree) = tree else { return false };
    let wrapped = ["ResponseStatus", "Errors", "ErrorList", "Error"];
    // Today's API has an empty list of errors in each success.
    let names_errors =
        |name: &&str| member(&tree, name).is_some_and(|errors| *errors != Tree::List(Vec::new()));
    wrapped.iter().any(names_errors)
        && !["ErrorCode", "Code"]
            .iter()
            .flat_map(|name| objects_with(&tree, name))
            .any(|error| {
                let code = member(error, "ErrorCode").or_else(|| member(error, "Code"));
                code.and_then(scalar) == Some(NO_RESULTS)
            })
}

/// A comparison whose failure shows both sides.
pub trait Compared {
    /// Describes the difference with both sides; `None` if there is none.
    fn difference(&self, found: &Self) -> Option<String>;
}

/// For what is shown whole.
macro_rules! shown_whole {
    ($($type:ty),+) => {$(
        impl Compared for $type {
            fn difference(&self, found: &Self) -> Option<String> {
                (self != found).then(|| format!("expected {self:?}, got {found:?}"))
            }
        }
    )+};
}
shown_whole!(str, String, bool, usize, u16, Vec<String>, Vec<&str>);

impl Compared for Option<&str> {
    fn difference(&self, found: &Self) -> Option<String> {
        (self != found).then(|| {
            let shown = |text: &Self| text.map_or("nothing".to_owned(), |text| format!("{text:?}"));
            format!("expected {}, got {}", shown(self), shown(found))
        })
    }
}

impl Compared for User {
    fn difference(&self, found: &Self) -> Option<String> {
        let flag = |enabled: Option<bool>| enabled.map(|enabled| enabled.to_string());
        let fields = |user: &Self| {
            let user = user.clone();
            [
                ("UserId", user.id),
                ("Username", user.username),
                ("FirstName", user.first_name),
                ("LastName", user.last_name),
                ("Email", user.email),
                ("TelephoneNumber", user.telephone),
                ("Enabled", flag(user.enabled)),
            ]
        };
        let mut differences: Vec<String> = fields(self)
            .iter()
            .zip(fields(found))
            .filter_map(|((name, one), (_, other))| {
                let difference = one.as_deref().difference(&other.as_deref())?;
                Some(format!("{name}: {difference}"))
            })
            .collect();
        if self.roles != found.roles {
            let difference = names(self.roles()).difference(&names(found.roles()));
            let difference =
                difference.unwrap_or_else(|| "they are shown in another way".to_owned());
            differences.push(format!("Roles: {difference}"));
        }
        (!differences.is_empty()).then(|| differences.join("; "))
    }
}

impl Compared for Vec<User> {
    fn difference(&self, found: &Self) -> Option<String> {
        let differ = |(one, other): (&User, &User)| {
            let name = one.username.as_deref().unwrap_or("a user");
            Some(format!("{name}: {}", one.difference(other)?))
        };
        let first = self.iter().zip(found).find_map(differ);
        if self.len() == found.len() {
            return first;
        }
        let counts = format!("expected {} users, got {}", self.len(), found.len());
        Some(first.map_or(counts.clone(), |first| format!("{counts}; {first}")))
    }
}

impl Compared for Vec<Role> {
    fn difference(&self, found: &Self) -> Option<String> {
        (self != found).then(|| {
            let difference = names(self).difference(&names(found));
            difference.unwrap_or_else(|| format!("expected {self:?}, got {found:?}"))
        })
    }
}

impl Compared for Option<User> {
    fn difference(&self, found: &Self) -> Option<String> {
        match (self, found) {
            (None, None) => None,
            (Some(one), Some(other)) => one.difference(other),
            (Some(_), None) => Some("expected the user, got nothing".to_owned()),
            (None, Some(_)) => Some("expected nothing, got the user".to_owned()),
        }
    }
}

/// Sorted names of the roles: their order has no meaning.
fn names(roles: &[Role]) -> Vec<String> {
    let mut names: Vec<String> = roles
        .iter()
        .map(|role| {
            let names = [role.id.as_deref(), role.name.as_deref()];
            names.map(Option::unwrap_or_default).join(" ")
        })
        .collect();
    names.sort_unstable();
    names
}

/// Says where in a case a failure was.
pub trait At<T> {
    /// Puts `place` before the text of a failure.
    ///
    /// # Errors
    ///
    /// The same one.
    fn at(self, place: &str) -> Result<T, Stop>;

    /// Turns a failure into no judgement: what it was to show is what the case needs to see before
    /// it can judge.
    ///
    /// # Errors
    ///
    /// The same one, as [`Stop::Inconclusive`].
    fn control(self, needed: &str) -> Result<T, Stop>;
}

impl<T> At<T> for Result<T, Stop> {
    fn at(self, place: &str) -> Self {
        self.map_err(|stop| match stop {
            Stop::Fail(text) => Stop::Fail(format!("{place}: {text}")),
            other => other,
        })
    }

    fn control(self, needed: &str) -> Self {
        self.map_err(|stop| match stop {
            Stop::Fail(text) => {
                Stop::Inconclusive(format!("{needed}, or there is no verdict: {text}"))
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Compared, User, holds_error};

    #[test]
    fn an_error_is_seen_in_any_known_shape() {
        for error in [
            r#"{"ResponseStatus":{"ErrorCode":404,"Description":"No."}}"#,
            r#"{"responseStatus":{"description":"No."}}"#,
            r#"{"Errors":[{"Code":1,"Description":"No."}]}"#,
            "<UserResponse><ResponseStatus><ErrorCode>404</ErrorCode></ResponseStatus></UserResponse>",
            "<UserResponse><ErrorList><Error><Code>7</Code></Error></ErrorList></UserResponse>",
            "<R><Error><Code>7</Code><Description>No.</Description></Error></R>",
        ] {
            assert!(holds_error(error.as_bytes()), "{error}");
        }
        for other in [
            "",
            "{}",
            "<html>",
            r#"{"Username":"a","FirstName":"Error"}"#,
            r#"{"links":[],"data":{"username":"a"},"errors":[]}"#,
            "<UserResponse><User><Username>a</Username></User></UserResponse>",
            "<UsersResponse><ResponseStatus><ErrorCode>230</ErrorCode></ResponseStatus></UsersResponse>",
        ] {
            assert!(!holds_error(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_difference_shows_both_sides() {
        let user = |name: Option<&str>, enabled| User {
            username: Some("cf-1".to_owned()),
            last_name: name.map(str::to_owned),
            enabled,
            ..User::default()
        };
        let one = user(Some("Nimble"), None);
        assert_eq!(one.difference(&one), None);
        assert_eq!(
            one.difference(&user(None, Some(false))).unwrap(),
            "LastName: expected \"Nimble\", got nothing; Enabled: expected nothing, got \"false\""
        );
        assert_eq!(
            vec![one].difference(&Vec::new()).unwrap(),
            "expected 1 users, got 0"
        );
        assert_eq!("a".difference("b").unwrap(), "expected \"a\", got \"b\"");
    }
}
