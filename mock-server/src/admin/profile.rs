//! Profiles of the server and of accounts.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
    http::header::CONTENT_TYPE,
};
use bandwidth_fixtures::{BehaviourId, Distinct, Evidence, EvidenceKind, NamedProfile};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::{AdminError, AnyBody, Path, Text, read};
use crate::{
    app::App,
    control::{ProfileChoice, read_options},
    deadline::basic_ends,
    text::media_type,
};

/// A profile.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileView {
    /// Its name. A PATCH keeps the name.
    name: String,
    /// One-line summary.
    description: String,
    /// The end of Basic logins, in one line: the day, what this profile does, and how to change that.
    notice: String,
    /// The chosen options, by the ids of the behaviours.
    behaviours: BTreeMap<&'static str, ChoiceView>,
}

/// The option that a profile chose for a behaviour.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChoiceView {
    /// The option.
    option: String,
    /// The option that the server or the account started with.
    at_start: String,
    /// The strongest kind of evidence for it.
    #[schema(value_type = String, example = "assumed")]
    known_as: EvidenceKind,
    /// Evidence, strongest first.
    #[schema(value_type = Vec<Object>)]
    evidence: Vec<Evidence>,
}

impl ProfileView {
    fn new(profile: &NamedProfile, start: &NamedProfile) -> Self {
        let choice = |id: BehaviourId| ChoiceView {
            option: profile.options().get(id),
            at_start: start.options().get(id),
            known_as: profile.evidence_kind(id),
            evidence: profile.evidence(id).to_vec(),
        };
        Self {
            name: profile.name().to_owned(),
            description: profile.description().to_owned(),
            notice: basic_ends(profile.options()),
            behaviours: BehaviourId::all()
                .map(|id| (id.as_str(), choice(id)))
                .collect(),
        }
    }
}

type Shown = Result<Json<ProfileView>, AdminError>;

fn shown(app: &App, account: Option<&str>, profile: &NamedProfile) -> Shown {
    let start = app.profile_at_start(account)?;
    Ok(Json(ProfileView::new(profile, &start)))
}

fn show(app: &App, account: Option<&str>) -> Shown {
    shown(app, account, &*app.profile_of(account)?)
}

/// A profile as JSON, or as a profile file with `Content-Type: application/toml`.
async fn choose(app: &App, account: Option<&str>, request: Request) -> Shown {
    let kind = request.headers().get(CONTENT_TYPE);
    let toml = kind
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| media_type(kind).eq_ignore_ascii_case("application/toml"));
    let Text(text) = Text::from_request(request, &()).await?;
    let choice = if toml {
        ProfileChoice::toml(text)
    } else {
        ProfileChoice::from_json(&read::<Distinct>(&text)?.0)?
    };
    let profile = app.choose_profile(account, choice.profile(&app.profile())?)?;
    shown(app, account, &profile)
}

/// The options, or `set` with the options.
fn change(app: &App, account: Option<&str>, body: &Value) -> Shown {
    let alone = body.as_object().filter(|object| object.len() == 1);
    let options = read_options(alone.and_then(|object| object.get("set")).unwrap_or(body))?;
    shown(app, account, &*app.change_profile(account, &options)?)
}

/// Read the server's profile
#[utoipa::path(get, path = "/profile", tag = "profiles", responses((status = 200, body = ProfileView)))]
pub async fn get(State(app): State<Arc<App>>) -> Shown {
    show(&app, None)
}

/// Set the server's profile
///
/// The body is a name, for example `"published"`, or
/// `{"profile":"guide","set":{"put.semantics":"merge"}}` with options as for PATCH, or
/// `{"toml":"..."}` with the text of a profile file. With `Content-Type: application/toml` the body
/// is that file itself. Accounts with a profile of their own keep it.
#[utoipa::path(put, path = "/profile", tag = "profiles", request_body = Object, responses(
    (status = 200, body = ProfileView),
    (status = 400, body = AdminError),
))]
pub async fn put(State(app): State<Arc<App>>, request: Request) -> Shown {
    choose(&app, None, request).await
}

/// Change the options of some behaviours of the server
///
/// As `{"put.semantics":"merge","password.min_length":12}`, or by area, or as `{"set":...}`, or as the
/// text of `--set`: all of them or, on an error, none.
#[utoipa::path(patch, path = "/profile", tag = "profiles", request_body = Object, responses(
    (status = 200, body = ProfileView),
    (status = 400, body = AdminError),
))]
pub async fn patch(State(app): State<Arc<App>>, AnyBody(options): AnyBody) -> Shown {
    change(&app, None, &options)
}

/// Read an account's profile
#[utoipa::path(get, path = "/accounts/{accountId}/profile", tag = "profiles",
    params(("accountId" = String, Path)), responses(
    (status = 200, body = ProfileView),
    (status = 404, body = AdminError),
))]
pub async fn get_account(State(app): State<Arc<App>>, Path(id): Path<String>) -> Shown {
    show(&app, Some(&id))
}

/// Give an account a profile of its own
#[utoipa::path(put, path = "/accounts/{accountId}/profile", tag = "profiles",
    params(("accountId" = String, Path)), request_body = Object, responses(
    (status = 200, body = ProfileView),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError),
))]
pub async fn put_account(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Shown {
    choose(&app, Some(&id), request).await
}

/// Change the options of some behaviours of an account
#[utoipa::path(patch, path = "/accounts/{accountId}/profile", tag = "profiles",
    params(("accountId" = String, Path)), request_body = Object, responses(
    (status = 200, body = ProfileView),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError),
))]
pub async fn patch_account(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    AnyBody(options): AnyBody,
) -> Shown {
    change(&app, Some(&id), &options)
}
