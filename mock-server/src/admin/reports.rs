//! Reports: the behaviours, what the traffic relied on, and how clients retried.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use axum::{
    Json,
    extract::{RawQuery, State},
};
use bandwidth_fixtures::{Evidence, NamedProfile, Values, behaviours as all_behaviours};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    answer::{AdminError, query},
    journal::is_on,
};
use crate::{
    app::App,
    journal::{
        assumptions::{Assumptions, FAIL_ON},
        retries::{self, Retries},
    },
    store::AccountState,
};

/// The behaviours.
#[derive(Debug, Serialize, ToSchema)]
pub struct BehaviourList {
    /// All of them.
    behaviours: Vec<BehaviourView>,
}

/// An open question about the real API.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BehaviourView {
    /// Its id, as `put.semantics`.
    id: &'static str,
    /// The question.
    question: String,
    /// The plausible answers.
    options: Vec<OptionView>,
    /// Accepted values, as `a number from 1 to 1000`; null if only the options are accepted.
    values: Option<String>,
    /// The option of each built-in profile, by its name.
    built_in: BTreeMap<&'static str, String>,
}

/// A plausible answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct OptionView {
    /// Its name.
    name: String,
    /// Meaning of the option.
    meaning: String,
    /// Evidence, strongest first.
    #[schema(value_type = Vec<Object>)]
    evidence: Vec<Evidence>,
}

/// List the behaviours: every open question, its options, and how each is known
#[utoipa::path(get, path = "/behaviours", tag = "reports", responses((status = 200, body = BehaviourList)))]
pub async fn behaviours() -> Json<BehaviourList> {
    let options = |behaviour: &bandwidth_fixtures::Behaviour| {
        let options = behaviour.options.iter();
        options
            .map(|option| OptionView {
                name: option.name.to_owned(),
                meaning: option.meaning.to_owned(),
                evidence: option.evidence.to_vec(),
            })
            .collect()
    };
    let built_in: Vec<(&str, NamedProfile)> = NamedProfile::BUILT_IN
        .into_iter()
        .filter_map(|name| Some((name, NamedProfile::built_in(name)?)))
        .collect();
    Json(BehaviourList {
        behaviours: all_behaviours()
            .iter()
            .map(|behaviour| BehaviourView {
                id: behaviour.id.as_str(),
                question: behaviour.question.to_owned(),
                options: options(behaviour),
                values: (behaviour.values != Values::Listed).then(|| behaviour.expected()),
                built_in: built_in
                    .iter()
                    .map(|(name, profile)| (*name, profile.options().get(behaviour.id)))
                    .collect(),
            })
            .collect(),
    })
}

/// List the behaviours that the traffic so far relied on, with their evidence
///
/// With `fail_on=assumed` the report has an `ok`. It is false if anything depends on `assumed`, or
/// if there was no request. `fail_on=guide`, `fail_on=published` and `fail_on=support` are stricter
/// in this order: `ok` is false if anything has no better evidence than that. The status is 200
/// either way. The report over all accounts counts deleted ones.
#[utoipa::path(get, path = "/assumptions", tag = "reports", params(
    ("accountId" = Option<String>, Query, description = "Only the traffic of the domain of this account."),
    ("fail_on" = Option<String>, Query, description = "assumed, guide, published or support."),
), responses(
    (status = 200, body = Assumptions),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError),
))]
pub async fn assumptions(
    State(app): State<Arc<App>>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Assumptions>, AdminError> {
    let query = query(raw.as_deref(), &["accountId", "fail_on"])?;
    let fail_on = match query.get("fail_on") {
        None => None,
        Some(text) => {
            let kind = FAIL_ON.iter().find(|kind| kind.as_str() == text);
            Some(*kind.ok_or_else(|| {
                let kinds: Vec<&str> = FAIL_ON.iter().map(|kind| kind.as_str()).collect();
                let kinds = kinds.join(", ");
                AdminError::invalid(format!("fail_on must be one of {kinds}, not `{text}`"))
            })?)
        }
    };
    let account = of_account(&app, &query)?;
    Ok(Json(
        app.reliance
            .report(account.as_ref().map(|state| &*state.id), fail_on),
    ))
}

/// The main account of the report's domain. An unknown account is an error.
fn of_account(
    app: &App,
    query: &HashMap<String, String>,
) -> Result<Option<Arc<AccountState>>, AdminError> {
    let account = query.get("accountId").map(|id| app.account(id));
    Ok(account.transpose()?)
}

/// Report how clients behaved after a 429, a 5xx or a dropped response
///
/// The verdict is `good` if waits grow or follow the header, attempts have a limit, and a create is
/// repeated only after the client read the users. Requests that the journal no longer keeps are not
/// considered.
#[utoipa::path(get, path = "/retries", tag = "reports",
    params(("accountId" = Option<String>, Query, description = "Only requests of this account; of its whole domain if it is the main one.")), responses(
    (status = 200, body = Retries),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError, description = "There is no such account, or the journal is off."),
))]
pub async fn retries(
    State(app): State<Arc<App>>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Retries>, AdminError> {
    let query = query(raw.as_deref(), &["accountId"])?;
    is_on(&app)?;
    let account = of_account(&app, &query)?;
    let main = account.as_ref().map(|state| &*state.id);
    let (mut entries, dropped) = app.journal.seen_by(main);
    if let Some(id) = query.get("accountId") {
        entries.retain(|entry| entry.is_of(id));
    }
    Ok(Json(retries::report(&entries, dropped)))
}
