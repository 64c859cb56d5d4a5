//! A reply that can be questioned: each question either has the expected answer or stops the case
//! with what was seen instead.

use std::{fmt::Write as _, sync::Arc};

use bandwidth_fixtures::{
    error_codes,
    profile::{
        Challenge, ConflictStatus, DeleteStatus, FailureBody, MissingUser, OtherAccount,
        PasswordErrors,
    },
};

use crate::{
    challenges::challenges,
    outcome::{CaseResult, Stop},
    run::Run,
    transport::Response,
    wire::{ErrorBody, Format, Reader, Role, User},
};

/// How much of a body a message shows.
const EXCERPT: usize = 300;

/// A response, with what is expected of it.
#[derive(Clone)]
pub struct Reply {
    /// The response.
    pub response: Response,
    run: Arc<Run>,
    line: String,
    format: Format,
}

impl Reply {
    pub(crate) fn new(run: Arc<Run>, line: String, format: Format, response: Response) -> Self {
        Self {
            response,
            run,
            line,
            format,
        }
    }

    /// Its status.
    pub fn status(&self) -> u16 {
        self.response.status
    }

    /// Its body as text, for looking into.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.response.body).into_owned()
    }

    /// Stops the case with a failure that shows what came.
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
        let body = self.run.redactor.clean(&self.text());
        if body.is_empty() {
            return text + "\n(no body)";
        }
        let shown: String = body.escape_debug().take(EXCERPT).collect();
        let rest = if body.len() > EXCERPT { " ..." } else { "" };
        // Debug escapes quotes too, which only clutters XML and JSON.
        text + "\n" + &shown.replace("\\\"", "\"").replace("\\'", "'") + rest
    }

    /// It has that status.
    pub fn is(&self, status: u16) -> CaseResult {
        if self.status() == status {
            return Ok(());
        }
        let message = format!("expected status {status}, got {}", self.status());
        Err(self.fail(&message))
    }

    /// What `holds` is true of it; `otherwise` says what is wrong.
    pub fn check(&self, holds: bool, otherwise: &str) -> CaseResult {
        holds.then_some(()).ok_or_else(|| self.fail(otherwise))
    }

    /// It has no body.
    pub fn has_no_body(&self) -> CaseResult {
        self.check(self.response.body.is_empty(), "expected no body")
    }

    /// Its Content-Type is that of the expected format.
    pub fn has_format(&self) -> CaseResult {
        let expected = self.format.media_type();
        let found = self.response.header("content-type").unwrap_or("");
        let essence = found.split(';').next().unwrap_or("").trim();
        self.check(
            essence.eq_ignore_ascii_case(expected),
            &format!("expected Content-Type {expected}"),
        )
    }

    fn read<T>(
        &self,
        what: &str,
        read: impl FnOnce(Reader, &[u8]) -> Result<T, String>,
    ) -> Result<T, Stop> {
        self.check(
            !self.response.body.is_empty(),
            &format!("expected {what}, and there is no body"),
        )?;
        self.has_format()?;
        let reader = Reader {
            format: self.format,
            profile: *self.run.profile(),
        };
        read(reader, &self.response.body)
            .map_err(|error| self.fail(&format!("the body is not {what}: {error}")))
    }

    /// It is 200 with one user.
    pub fn user(&self) -> Result<User, Stop> {
        self.is(200)?;
        self.user_body()
    }

    /// Its body is one user, whatever its status.
    pub fn user_body(&self) -> Result<User, Stop> {
        self.read("a user", Reader::user)
    }

    /// It is 200 with a list of users.
    pub fn users(&self) -> Result<Vec<User>, Stop> {
        self.is(200)?;
        self.read("a list of users", Reader::users)
    }

    /// It is 200 with a list of roles.
    pub fn roles(&self) -> Result<Vec<Role>, Stop> {
        self.is(200)?;
        self.read("a list of roles", Reader::roles)
    }

    /// It is the success of a delete.
    pub fn deleted(&self) -> CaseResult {
        match self.run.profile().delete_status {
            DeleteStatus::Ok => {
                self.is(200)?;
                self.read("an empty object", Reader::nothing)
            }
            DeleteStatus::NoContent => {
                self.is(204)?;
                self.has_no_body()
            }
        }
    }

    /// It has that status and an error body.
    pub fn error(&self, status: u16) -> Result<ErrorBody, Stop> {
        self.is(status)?;
        self.read("an error", Reader::error)
    }

    /// It has that status and an error body with the code that the error tables give `name`.
    pub fn error_named(&self, status: u16, name: &str) -> Result<ErrorBody, Stop> {
        let expected = error_codes()
            .iter()
            .find(|code| code.name.as_deref() == Some(name))
            .ok_or_else(|| Stop::Error(format!("no error code is named `{name}`")))?;
        let error = self.error(status)?;
        match error.code {
            Some(code) if code != expected.code => Err(self.fail(&format!(
                "expected error code {} ({}), got {code}",
                expected.code, expected.meaning
            ))),
            _ => Ok(error),
        }
    }

    /// It is a 400 with that code.
    pub fn refused(&self, name: &str) -> Result<ErrorBody, Stop> {
        self.error_named(400, name)
    }

    /// It says that a username or an email is taken.
    pub fn conflict(&self, name: &str) -> Result<ErrorBody, Stop> {
        let status = match self.run.profile().errors_conflict {
            ConflictStatus::Conflict => 409,
            ConflictStatus::BadRequest => 400,
        };
        self.error_named(status, name)
    }

    /// It refuses a password for breaking `rule`, naming the rule where the profile does.
    pub fn password_refused(&self, rule: &str) -> Result<ErrorBody, Stop> {
        match self.run.profile().password_errors {
            PasswordErrors::Named => self.refused(rule),
            PasswordErrors::Opaque => self.refused("password_refused"),
        }
    }

    /// It says that there is no such user.
    pub fn missing_user(&self) -> CaseResult {
        match self.run.profile().missing_user {
            MissingUser::NotFound => self.error_named(404, "unknown_user").map(drop),
            MissingUser::NotFoundEmpty => {
                self.is(404)?;
                self.has_no_body()
            }
            MissingUser::Forbidden => self.error(403).map(drop),
        }
    }

    /// It says that the login is missing or wrong.
    pub fn unauthenticated(&self) -> CaseResult {
        self.is(401)?;
        self.challenge()?;
        match self.run.profile().auth_failure_body {
            FailureBody::Empty => self.has_no_body(),
            FailureBody::Error => self.error(401).map(drop),
        }
    }

    fn challenge(&self) -> CaseResult {
        match self.run.profile().auth_challenge {
            Challenge::Absent => {
                let mut found = self.response.headers_named("www-authenticate");
                self.check(found.next().is_none(), "expected no WWW-Authenticate")
            }
            Challenge::Sent => self.check(
                challenges(&self.response)
                    .iter()
                    .any(|challenge| challenge.names_a_realm("basic")),
                "expected `WWW-Authenticate: Basic realm=...`",
            ),
        }
    }

    /// It refuses another account.
    pub fn other_account(&self) -> CaseResult {
        match self.run.profile().auth_other_account {
            OtherAccount::Forbidden => self.error_named(403, "access_denied").map(drop),
            OtherAccount::ForbiddenEmpty => {
                self.is(403)?;
                self.has_no_body()
            }
            OtherAccount::NotFound => self.error_named(404, "unknown_account").map(drop),
        }
    }
}
