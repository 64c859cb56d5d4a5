//! Users of an account: what no operation of the emulated API does, and what was done to them.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use bandwidth_fixtures::{Secret, seed::SeedUser};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{AdminError, Body, Path};
use crate::{
    app::App,
    clock::rfc3339,
    domain::{Company, Event, User},
    store::seed_user,
};

/// Resources of a user.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Their names. While there are any, `delete.with_resources` decides whether the user can be
    /// deleted.
    resources: Vec<String>,
}

/// A password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The profile's rules for passwords hold.
    #[schema(value_type = String, example = "Teal-Wagon.47")]
    password: Secret,
}

/// Events of a user, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserEvents {
    /// The account's log keeps the last 10,000 events of all users.
    events: Vec<UserEvent>,
}

/// Something that was done to a user, or was tried.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserEvent {
    /// Its id, which the identity surface shows too.
    event_id: u64,
    /// When, on the account's clock (RFC 3339).
    #[schema(format = DateTime)]
    time: String,
    /// The login of the caller.
    login: String,
    /// What, by its published name.
    #[schema(example = "USER_CREATE")]
    kind: &'static str,
    /// True if it took effect.
    success: bool,
    /// The user before, as in a seed file without its passwords. Null if the event changed nothing,
    /// or created the user.
    #[schema(value_type = Option<Object>)]
    before: Option<SeedUser>,
    /// The user after.
    #[schema(value_type = Option<Object>)]
    after: Option<SeedUser>,
}

impl UserEvent {
    fn of(event: &Event, main: &Company) -> Self {
        let shown = |user: &Arc<User>| SeedUser {
            password_digests: Vec::new(),
            ..seed_user(user, main)
        };
        let (before, after) = event
            .change
            .as_ref()
            .map_or((None, None), |(before, after)| {
                (before.as_ref().map(shown), Some(shown(after)))
            });
        Self {
            event_id: event.id,
            time: rfc3339(event.at),
            login: (*event.invoking).to_owned(),
            kind: event.kind.as_str(),
            success: event.success,
            before,
            after,
        }
    }
}

/// List the events of a user
///
/// The log of the identity surface, newest first, with the user before and after. It records
/// changes through every surface, but only while the profile has `surface.identity=served`.
#[utoipa::path(get, path = "/accounts/{accountId}/users/{userId}/events", tag = "accounts",
    params(("accountId" = String, Path), ("userId" = String, Path, description = "The internal id.")),
    responses(
    (status = 200, body = UserEvents),
    (status = 404, body = AdminError),
))]
pub async fn events(
    State(app): State<Arc<App>>,
    Path((id, user)): Path<(String, String)>,
) -> Result<Json<UserEvents>, AdminError> {
    let state = app.account(&id)?;
    let events = app.events_of(&id, &user)?;
    let main = &state.companies[0];
    Ok(Json(UserEvents {
        events: events
            .iter()
            .map(|event| UserEvent::of(event, main))
            .collect(),
    }))
}

/// Assign resources to a user
///
/// In place of those that it has. The emulated API has no operation for this.
#[utoipa::path(put, path = "/accounts/{accountId}/users/{userId}/resources", tag = "accounts",
    params(("accountId" = String, Path), ("userId" = String, Path, description = "The internal id.")),
    request_body = Resources, responses(
    (status = 200, body = Resources),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError),
))]
pub async fn resources(
    State(app): State<Arc<App>>,
    Path((id, user)): Path<(String, String)>,
    Body(request): Body<Resources>,
) -> Result<Json<Resources>, AdminError> {
    app.assign_resources(&id, &user, &request.resources)?;
    Ok(Json(request))
}

/// Set a user's password
///
/// Users of today's API are created without one. Bandwidth mails them a link to choose it; the mock
/// sends no mail. A user without a password cannot log in.
#[utoipa::path(put, path = "/accounts/{accountId}/users/{userId}/password", tag = "accounts",
    params(("accountId" = String, Path), ("userId" = String, Path, description = "The internal id.")),
    request_body = NewPassword, responses(
    (status = 204),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError),
))]
pub async fn password(
    State(app): State<Arc<App>>,
    Path((id, user)): Path<(String, String)>,
    Body(request): Body<NewPassword>,
) -> Result<StatusCode, AdminError> {
    app.set_password(&id, &user, &request.password)?;
    Ok(StatusCode::NO_CONTENT)
}
