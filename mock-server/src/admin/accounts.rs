//! Accounts: one for each test, and what can be done to any.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use bandwidth_fixtures::{
    Distinct, RateLimit, describe,
    seed::{SeedContents, SeedFurtherAccount},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    answer::{AdminError, OptionalBody, Path, none_one_or_many},
    authority,
    faults::{FaultRequest, read_fault},
};
use crate::{
    address::{reachable, token_url},
    app::App,
    clock::{parse_start, rfc3339},
    control::{FurtherAccounts, NewAccount, ProfileChoice, SeedChoice, read_options},
    peer::Peer,
    store::AccountState,
};

/// Maximum number of further accounts.
const MOST_FURTHER: u16 = 100;

/// Settings of a throwaway account. Everything may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AccountRequest {
    /// Its id: letters, digits, `-`, `.` and `_`. By default one that is free.
    account_id: Option<String>,
    /// The name of its identity domain, unique on the server, ignoring case. The default is
    /// `domain-` and its id.
    #[schema(example = "Example")]
    domain_name: Option<String>,
    /// Further accounts of the domain: how many, or a list of ids, or of objects with `accountId`
    /// and `companyName`. They share the users, the roles and all else.
    #[schema(value_type = Option<Value>, example = 1)]
    further_accounts: Option<Distinct>,
    /// A built-in profile's name, or an object as for PUT profile. By default the account follows
    /// the server's profile.
    #[schema(value_type = Option<Value>)]
    profile: Option<Distinct>,
    /// Options of single behaviours, as for PATCH profile.
    #[schema(value_type = Option<Value>)]
    set: Option<Distinct>,
    /// A built-in seed's name (its first account is copied), or an object with `roles`, `users`,
    /// `companyName` and `nextUserNumber` as in a seed file. By default the roles of the demo
    /// account and no users.
    #[schema(value_type = Option<Value>, example = "demo")]
    seed: Option<Distinct>,
    /// Rate limit, as `100/1m,burst=20`. The default is the profile's.
    #[schema(example = "100/1m,burst=20")]
    rate_limit: Option<String>,
    /// When its own clock starts, running (RFC 3339 in UTC). By default the account follows the
    /// server's clock until its own is set.
    #[schema(format = DateTime, example = "2030-01-31T12:00:00Z")]
    clock: Option<String>,
    /// Faults for this account only, each as for POST faults. A single fault needs no list.
    #[serde(default, deserialize_with = "none_one_or_many")]
    #[schema(value_type = Option<Vec<FaultRequest>>)]
    faults: Vec<Distinct>,
}

/// A throwaway account, and what opens it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedAccount {
    /// Its id.
    account_id: String,
    /// The name of its identity domain.
    domain_name: String,
    /// The further accounts of the domain.
    further_accounts: Vec<FurtherAccount>,
    /// The name of its login.
    username: String,
    /// The password of its login. It is shown once.
    password: String,
    /// The id of its API credential, for tokens.
    client_id: String,
    /// The secret of that. It is shown once.
    client_secret: String,
    /// The base of the emulated API.
    base_url: String,
    /// Token endpoint, if its profile has one.
    token_url: String,
    /// The ids of the faults that were armed for it, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<u64>,
}

/// A further account of a domain.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FurtherAccount {
    /// Its id.
    account_id: String,
    /// The company's name.
    company_name: String,
}

/// The main account of a domain, and what the domain shares.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// Its id.
    account_id: String,
    /// The company's name.
    company_name: String,
    /// The name of its identity domain.
    domain_name: String,
    /// The further accounts of the domain.
    further_accounts: Vec<FurtherAccount>,
    /// The name of its login.
    username: String,
    /// The ids of its API credentials, the oldest first.
    client_ids: Vec<String>,
    /// True if it was made for one test.
    throwaway: bool,
    /// Number of users.
    users: usize,
    /// Number of roles.
    roles: usize,
    /// The name of the profile that it behaves by.
    profile: String,
    /// True if it has a profile of its own, apart from the server's.
    own_profile: bool,
    /// Logins with failed attempts.
    failed_logins: Vec<FailedLogin>,
}

/// A login with failed attempts in a row.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedLogin {
    /// Its name.
    username: String,
    /// Number of failed attempts.
    failures: u32,
    /// When the last one did, on the account's clock (RFC 3339).
    #[schema(format = DateTime)]
    last: String,
    /// True if it is locked out.
    locked_out: bool,
}

/// Accounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountList {
    /// All of them, by id.
    accounts: Vec<AccountView>,
}

fn further_accounts(state: &AccountState) -> Vec<FurtherAccount> {
    let further = state.companies[1..].iter();
    let further = further.map(|company| FurtherAccount {
        account_id: (*company.id).to_owned(),
        company_name: (*company.name).to_owned(),
    });
    further.collect()
}

fn view(app: &App, state: &AccountState) -> AccountView {
    let own = state.profile();
    let own_profile = own.is_some();
    let profile = own.unwrap_or_else(|| app.profile());
    let (most, seconds) = {
        let options = profile.options();
        (options.auth_lockout, options.auth_lockout_seconds)
    };
    let now = state.now();
    let failed_logins = state
        .logins
        .lockouts()
        .into_iter()
        .map(|lockout| FailedLogin {
            locked_out: state
                .logins
                .is_locked_out(&lockout.login, most, seconds, now),
            username: lockout.login.into(),
            failures: lockout.failures,
            last: rfc3339(lockout.last),
        })
        .collect();
    let account = state.account();
    AccountView {
        account_id: (*state.id).to_owned(),
        company_name: (*state.companies[0].name).to_owned(),
        domain_name: (*state.domain_name).to_owned(),
        further_accounts: further_accounts(state),
        username: (*state.login).to_owned(),
        client_ids: account
            .credentials()
            .iter()
            .map(|credential| (*credential.client_id).to_owned())
            .collect(),
        throwaway: state.throwaway,
        users: account.users().len(),
        roles: account.roles().len(),
        profile: profile.name().to_owned(),
        own_profile,
        failed_logins,
    }
}

/// The base URL of the emulated API, as the client can reach it.
pub(super) fn base_url(app: &App, headers: &HeaderMap, peer: Option<&Peer>) -> String {
    let (start, authority) = (&app.settings, authority(headers));
    if let (Some(authority), Some(peer), None) = (&authority, peer, start.admin_apart) {
        let scheme = if peer.tls { "https" } else { "http" };
        return format!("{scheme}://{authority}/api");
    }
    let scheme = if start.tls { "https" } else { "http" };
    // Everywhere is no address; the name that the client has for this machine is.
    let named = authority.filter(|_| start.api.ip().is_unspecified());
    match named {
        Some(name) => format!("{scheme}://{}:{}/api", name.host(), start.api.port()),
        None => format!("{scheme}://{}/api", reachable(start.api)),
    }
}

/// List the accounts
#[utoipa::path(get, path = "/accounts", tag = "accounts", responses((status = 200, body = AccountList)))]
pub async fn list(State(app): State<Arc<App>>) -> Json<AccountList> {
    let accounts = app.store().accounts();
    Json(AccountList {
        accounts: accounts.iter().map(|state| view(&app, state)).collect(),
    })
}

/// Make a throwaway account
///
/// For one test: it has its own users, credentials, profile, limits, faults, clock and view of the
/// journal, and shares names with no other account.
#[utoipa::path(post, path = "/accounts", tag = "accounts", request_body = Option<AccountRequest>, responses(
    (status = 201, body = CreatedAccount),
    (status = 400, body = AdminError),
    (status = 409, body = AdminError, description = "There is such an account or login already."),
))]
pub async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    peer: Option<Extension<Peer>>,
    OptionalBody(request): OptionalBody<AccountRequest>,
) -> Result<(StatusCode, Json<CreatedAccount>), AdminError> {
    let faults = request.faults.into_iter().enumerate();
    let faults = faults.map(|(index, Distinct(fault))| {
        read_fault(fault).map_err(|error| error.at(&format!("faults[{index}]")))
    });
    let new = NewAccount {
        account_id: request.account_id,
        domain_name: request.domain_name,
        further_accounts: request
            .further_accounts
            .map(|Distinct(further)| read_further(further))
            .transpose()?
            .unwrap_or_default(),
        profile: read_profile(request.profile, request.set)?,
        seed: request
            .seed
            .map(|Distinct(seed)| seed_choice(seed))
            .transpose()?,
        rate_limit: request
            .rate_limit
            .map(|limit| limit.parse::<RateLimit>().map_err(AdminError::invalid))
            .transpose()?,
        clock: request.clock.map(|time| start(&time)).transpose()?,
        faults: faults.collect::<Result<_, _>>()?,
    };
    let made = app.create_account(new)?;
    let base_url = base_url(&app, &headers, peer.as_deref());
    let created = CreatedAccount {
        account_id: (*made.state.id).to_owned(),
        domain_name: (*made.state.domain_name).to_owned(),
        further_accounts: further_accounts(&made.state),
        username: (*made.state.login).to_owned(),
        password: made.password.expose().to_owned(),
        client_id: made.client_id.clone(),
        client_secret: made.client_secret.expose().to_owned(),
        token_url: token_url(&base_url),
        base_url,
        faults: made.faults.iter().map(|fault| fault.id).collect(),
    };
    Ok((StatusCode::CREATED, Json(created)))
}

fn read_profile(
    profile: Option<Distinct>,
    set: Option<Distinct>,
) -> Result<Option<ProfileChoice>, AdminError> {
    let choice = profile
        .map(|Distinct(profile)| ProfileChoice::from_json(&profile))
        .transpose()?;
    let Some(Distinct(set)) = set else {
        return Ok(choice);
    };
    let options = read_options(&set)?;
    Ok(Some(choice.unwrap_or_default().and_set(options)))
}

fn start(time: &str) -> Result<Duration, AdminError> {
    parse_start(time).map_err(|error| AdminError::invalid(format!("clock: {error}")))
}

fn read_further(value: Value) -> Result<FurtherAccounts, AdminError> {
    let by_id = |id: &Value| {
        Some(SeedFurtherAccount {
            account_id: id.as_str()?.to_owned(),
            company_name: String::new(),
        })
    };
    let read = |one: Value| match by_id(&one) {
        Some(further) => Ok(further),
        None => describe::read_value(one),
    };
    match value {
        Value::Array(items) => {
            let items = items.into_iter().enumerate().map(|(index, one)| {
                read(one).map_err(|message| {
                    AdminError::invalid(format!("furtherAccounts[{index}]: {message}"))
                })
            });
            Ok(FurtherAccounts::Listed(items.collect::<Result<_, _>>()?))
        }
        value => {
            let count = value.as_u64().and_then(|count| u16::try_from(count).ok());
            let count = count.filter(|count| *count <= MOST_FURTHER);
            count.map(FurtherAccounts::Count).ok_or_else(|| {
                AdminError::invalid(format!(
                    "furtherAccounts must be a number up to {MOST_FURTHER}, or a list of ids or of \
                     objects with accountId and companyName"
                ))
            })
        }
    }
}

fn seed_choice(seed: Value) -> Result<SeedChoice, AdminError> {
    match seed {
        Value::String(name) => Ok(SeedChoice::Named(name)),
        Value::Object(_) => {
            let contents: SeedContents = describe::read_value(seed)
                .map_err(|message| AdminError::invalid(format!("seed: {message}")))?;
            Ok(SeedChoice::Contents(contents))
        }
        _ => Err(AdminError::invalid(
            "a seed is a name such as \"demo\", or an object with roles and users",
        )),
    }
}

/// Look at an account
///
/// The id of a further account leads to its domain.
#[utoipa::path(get, path = "/accounts/{accountId}", tag = "accounts",
    params(("accountId" = String, Path)), responses(
    (status = 200, body = AccountView),
    (status = 404, body = AdminError),
))]
pub async fn get(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<AccountView>, AdminError> {
    let state = app.account(&id)?;
    Ok(Json(view(&app, &state)))
}

/// Delete an account
///
/// With the other accounts of its domain, the users, the faults and the requests in the journal. The
/// id must be that of the main account.
#[utoipa::path(delete, path = "/accounts/{accountId}", tag = "accounts",
    params(("accountId" = String, Path)), responses(
    (status = 204),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError),
))]
pub async fn delete(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<StatusCode, AdminError> {
    app.delete_account(&id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// An account as it was when it was made
///
/// Its users, profile, limits, lockouts and clock as then; its faults of then; no requests in its
/// journal; its tokens end.
#[utoipa::path(post, path = "/accounts/{accountId}/reset", tag = "accounts",
    params(("accountId" = String, Path)), responses(
    (status = 200, body = AccountView),
    (status = 400, body = AdminError),
    (status = 404, body = AdminError),
))]
pub async fn reset(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<AccountView>, AdminError> {
    app.reset_account(&id)?;
    let state = app.account(&id)?;
    Ok(Json(view(&app, &state)))
}

/// Unlock the logins of an account, as an administrator would
#[utoipa::path(post, path = "/accounts/{accountId}/unlock", tag = "accounts",
    params(("accountId" = String, Path)), responses(
    (status = 200, body = AccountView),
    (status = 404, body = AdminError),
))]
pub async fn unlock(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<AccountView>, AdminError> {
    let state = app.account(&id)?;
    state.logins.unlock();
    Ok(Json(view(&app, &state)))
}
