//! Errors and bodies of the control API.

use std::borrow::Cow;

use axum::{
    Json,
    body::Bytes,
    extract::{self, FromRequest, FromRequestParts, Request},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use bandwidth_fixtures::{Distinct, FixtureError, describe};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{control::ControlError, fault::FaultError};

/// Error code of the control API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 404: no such path.
    UnknownPath,
    /// 405: the path does not have that method.
    MethodNotAllowed,
    /// 401: the token is missing or wrong.
    TokenRequired,
    /// 403: a request from a web page of another origin.
    ForeignOrigin,
    /// 400: `Host` is missing, there twice, or neither a name nor an address.
    InvalidHost,
    /// 403: `Host` is a name that a web page could have chosen.
    ForeignHost,
    /// 404: no such account, user, fault or request.
    NotFound,
    /// 409: there is one already.
    AlreadyExists,
    /// 413: the body is too large.
    TooLarge,
    /// 400: the body is not JSON of the right form.
    InvalidJson,
    /// 400: a value is not as it must be.
    InvalidValue,
}

impl Code {
    fn status(self) -> StatusCode {
        match self {
            Self::UnknownPath | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TokenRequired => StatusCode::UNAUTHORIZED,
            Self::ForeignOrigin | Self::ForeignHost => StatusCode::FORBIDDEN,
            Self::AlreadyExists => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::InvalidJson | Self::InvalidValue | Self::InvalidHost => StatusCode::BAD_REQUEST,
        }
    }
}

/// An error of the control API.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AdminError {
    error: ErrorBody,
}

/// An error of the control API.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorBody {
    /// The kind of error.
    code: Code,
    /// The problem, and what to do.
    message: Cow<'static, str>,
}

impl AdminError {
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self {
            error: ErrorBody { code, message },
        }
    }

    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidValue, message)
    }

    /// The same error, of that part of a body.
    pub fn at(self, place: &str) -> Self {
        let ErrorBody { code, message } = self.error;
        Self::new(code, format!("{place}: {message}"))
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        (self.error.code.status(), Json(self)).into_response()
    }
}

impl From<ControlError> for AdminError {
    fn from(error: ControlError) -> Self {
        let code = match &error {
            ControlError::NoAccount(_) | ControlError::NoUser { .. } => Code::NotFound,
            ControlError::Exists(_) => Code::AlreadyExists,
            ControlError::Fixture(_)
            | ControlError::Fault(_)
            | ControlError::TooManyFaults(_)
            | ControlError::TooFar(_)
            | ControlError::Invalid(_) => Code::InvalidValue,
        };
        Self::new(code, error.to_string())
    }
}

impl From<FixtureError> for AdminError {
    fn from(error: FixtureError) -> Self {
        ControlError::from(error).into()
    }
}

impl From<FaultError> for AdminError {
    fn from(error: FaultError) -> Self {
        ControlError::from(error).into()
    }
}

/// The parameters of a path.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AdminError> {
        match extract::Path::from_request_parts(parts, state).await {
            Ok(extract::Path(parameters)) => Ok(Self(parameters)),
            Err(_) => Err(AdminError::new(
                Code::UnknownPath,
                "the path is not UTF-8; escape it as UTF-8",
            )),
        }
    }
}

/// A body as text. `Content-Type` is not looked at: what people send with curl has another one.
pub struct Text(pub String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = AdminError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AdminError> {
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                AdminError::new(
                    Code::TooLarge,
                    "the body is larger than 512 MiB, which is all that is taken",
                )
            } else {
                AdminError::new(
                    Code::InvalidJson,
                    "the body broke off before its end; send it again",
                )
            }
        })?;
        match String::from_utf8(bytes.into()) {
            Ok(text) => Ok(Self(text)),
            Err(_) => Err(AdminError::new(
                Code::InvalidJson,
                "the body is not text in UTF-8; send JSON in UTF-8",
            )),
        }
    }
}

/// A JSON body that is an object. An error never repeats a value: it may be a password.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = AdminError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AdminError> {
        let Text(text) = Text::from_request(request, state).await?;
        read_object(&text).map(Self)
    }
}

/// White space around JSON (RFC 8259, section 2).
const JSON_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Any JSON as a body.
pub struct AnyBody(pub Value);

impl<S: Send + Sync> FromRequest<S> for AnyBody {
    type Rejection = AdminError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AdminError> {
        let Text(text) = Text::from_request(request, state).await?;
        let Distinct(value) = read(&text)?;
        Ok(Self(value))
    }
}

/// A list that may be left out, where null is the same, and a value alone is a list of one.
pub fn none_one_or_many<'de, D: Deserializer<'de>>(values: D) -> Result<Vec<Distinct>, D::Error> {
    Ok(match Distinct::deserialize(values)? {
        Distinct(Value::Null) => Vec::new(),
        Distinct(Value::Array(values)) => values.into_iter().map(Distinct).collect(),
        one => vec![one],
    })
}

/// A JSON object that may be left out.
pub struct OptionalBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalBody<T> {
    type Rejection = AdminError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AdminError> {
        let Text(text) = Text::from_request(request, state).await?;
        if matches!(text.trim_matches(JSON_SPACE), "" | "null") {
            return Ok(Self(T::default()));
        }
        read_object(&text).map(Self)
    }
}

pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, AdminError> {
    describe::read_json(text)
        .map_err(|message| AdminError::new(Code::InvalidJson, format!("the body: {message}")))
}

/// Reads an object. The derived code would accept a list of its values in order.
fn read_object<T: DeserializeOwned>(text: &str) -> Result<T, AdminError> {
    if text.trim_start().starts_with('[') {
        let message = "the body: it must be an object with keys, not a list";
        return Err(AdminError::new(Code::InvalidJson, message));
    }
    read(text)
}

/// The checked query of a request: an unknown key, a repeated key or an empty value is an error.
/// Otherwise a script with an empty variable would select everything.
pub fn query(
    raw: Option<&str>,
    known: &[&str],
) -> Result<std::collections::HashMap<String, String>, AdminError> {
    let mut query = std::collections::HashMap::new();
    for (key, value) in form_urlencoded::parse(raw.unwrap_or("").as_bytes()) {
        if !known.contains(&&*key) {
            let or = describe::or_one_of(&key, "it takes", known);
            let message = format!("unknown query parameter `{key}`{or}");
            return Err(AdminError::invalid(message));
        }
        if value.is_empty() {
            return Err(AdminError::invalid(format!(
                "`{key}` is empty; give a value, or leave it out"
            )));
        }
        if query.insert(key.to_string(), value.into_owned()).is_some() {
            return Err(AdminError::invalid(format!(
                "`{key}` is given twice; give it once"
            )));
        }
    }
    Ok(query)
}

/// A JSON object that was read from a body.
pub fn object(
    value: Value,
    form: &'static str,
) -> Result<serde_json::Map<String, Value>, AdminError> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(AdminError::invalid(form)),
    }
}
