//! Finds the surfaces of a target with GET. It comes first, because the experiments write below the
//! account.

use super::{seen::Seen, state::Probe};
use crate::{
    decode::{
        domain,
        users::{error_code, listed, shown},
    },
    target::{BASE, MANAGED},
    transport::Response,
    verdict::Stop,
    wire::Format,
};

/// A name that no resource has.
const NOTHING: &str = "no-such-resource";
const ACCOUNT: &str = "surface.account";
const LOGIN: &str = "surface.login";
const IDENTITY: &str = "surface.identity";
const MANAGEMENT: &str = "surface.management";

/// The published code of a domain that does not exist.
const UNKNOWN_DOMAIN: &str = "12068";

/// An answer, or why it shows nothing.
type Shown<T> = Result<T, String>;

pub(super) async fn surfaces(probe: &mut Probe) -> Result<(), Stop> {
    let nothing = get(probe, &format!("{BASE}/{NOTHING}")).await?;
    if nothing.status != 404 {
        let why = format!("a path that should not exist returns {}", nothing.status);
        return Err(Stop::Skip(why));
    }
    let users = probe.cx.users_path();
    // The default format shows, too. A target may have none.
    let ask = probe.cx.ask("GET", &users).raw();
    let mut list = probe.cx.send(ask).await?.response;
    if list.status != 404 && listed(&list).is_none() {
        list = get(probe, &users).await?;
    }
    let account = match has_users(&users, &list) {
        Ok(true) => Ok(below_account(probe, &list).await?),
        other => other.map(|_| Found::sure("absent")),
    };
    let login = served(probe, &format!("{BASE}/users")).await?;
    let identity = identity(probe).await?;
    let management = management(probe).await?;
    let is_there = |shown: &Shown<bool>| *shown == Ok(true);
    let below = account.as_ref().is_ok_and(|found| found.option != "absent");
    if !below && ![&login, &identity, &management].into_iter().any(is_there) {
        return Err(Stop::skip(
            "no surface was found; check the host, the account and the domain",
        ));
    }
    match account {
        Ok(found) => probe.likely(ACCOUNT, found.option, found.alternatives, found.note),
        Err(why) => probe.leave_open(ACCOUNT, &why),
    }
    let option = |shown: Shown<bool>| shown.map(|is| if is { "served" } else { "absent" });
    probe.settle(LOGIN, option(login));
    probe.settle(IDENTITY, option(identity));
    probe.settle(MANAGEMENT, option(management));
    Ok(())
}

/// Findings about the account surface.
struct Found {
    option: &'static str,
    alternatives: &'static [&'static str],
    note: &'static str,
}

impl Found {
    const fn sure(option: &'static str) -> Self {
        Self {
            option,
            alternatives: &[],
            note: "",
        }
    }
}

async fn get(probe: &mut Probe, path: &str) -> Result<Response, Stop> {
    let ask = probe.cx.ask("GET", path).raw().accept(Format::Xml);
    Ok(probe.cx.send(ask).await?.response)
}

/// True if the response to a list shows that the path exists. A list without users may be an error.
/// A page of a gateway shows nothing.
fn has_users(path: &str, answer: &Response) -> Shown<bool> {
    match answer.status {
        200..300 if Seen::of(answer).format.is_some() => Ok(true),
        404 => Ok(listed(answer).is_some()),
        status => Err(format!("GET {path} returns {status}")),
    }
}

async fn served(probe: &mut Probe, path: &str) -> Result<Shown<bool>, Stop> {
    let answer = get(probe, path).await?;
    Ok(has_users(path, &answer))
}

/// True if identity domains exist. The code for an unknown domain shows it too.
async fn identity(probe: &mut Probe) -> Result<Shown<bool>, Stop> {
    let path = format!("{}/users", probe.cx.run.account.domain_path());
    let answer = get(probe, &path).await?;
    let unknown = error_code(&answer.body).as_deref() == Some(UNKNOWN_DOMAIN);
    Ok(match answer.status {
        200..300 if domain::listed(&answer).is_some() => Ok(true),
        404 => Ok(unknown),
        status => Err(format!("GET {path} returns {status}")),
    })
}

/// True if the account has more than the list: its roles, or a user of the list.
async fn below_account(probe: &mut Probe, list: &Response) -> Result<Found, Stop> {
    const READ: &str = "as far as reading shows";
    let roles = probe.cx.roles_path();
    let full = Found {
        note: READ,
        ..Found::sure("full")
    };
    if get(probe, &roles).await?.status == 200 {
        return Ok(full);
    }
    let user = listed(list).and_then(|users| users.into_iter().next());
    let Some(user) = user else {
        let fresh = probe.cx.fresh_username();
        let unused = probe.cx.user_path(&fresh);
        let unused = get(probe, &unused).await?;
        let unknown = get(probe, &format!("{roles}/{NOTHING}")).await?;
        let of = |answer: &Response| {
            let code = error_code(&answer.body);
            (answer.status, code, answer.body.is_empty())
        };
        return Ok(if of(&unused) == of(&unknown) {
            Found {
                alternatives: &["full"],
                note: "the account has no user to ask for",
                ..Found::sure("list_only")
            }
        } else {
            full
        });
    };
    for key in [user.id.as_deref(), Some(user.username.as_str())] {
        let Some(key) = key else { continue };
        let path = probe.cx.user_path(key);
        let answer = get(probe, &path).await?;
        if answer.status == 200 && shown(&answer.body).is_some_and(|users| users.len() == 1) {
            return Ok(full);
        }
    }
    Ok(Found::sure("list_only"))
}

/// True if today's API exists: it rejects a request without a token.
async fn management(probe: &mut Probe) -> Result<Shown<bool>, Stop> {
    if anonymous(probe, "roles").await? == 404 {
        return Ok(Ok(false));
    }
    Ok(match anonymous(probe, NOTHING).await? {
        404 => Ok(true),
        status => Err(format!("a path that should not exist returns {status}")),
    })
}

/// The status of a GET without a login, below today's API.
async fn anonymous(probe: &mut Probe, name: &str) -> Result<u16, Stop> {
    let ask = probe.cx.ask("GET", format!("{MANAGED}/{name}")).raw();
    let reply = probe.cx.send(ask.authorization(None)).await?;
    Ok(reply.response.status)
}
