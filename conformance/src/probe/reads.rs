//! Experiments that only read: formats, names, errors and paths.

use super::{findings::Behaviours, seen::Seen, state::Probe};
use crate::{
    decode::{
        tolerant::{member, objects_with, scalar},
        tree::Tree,
    },
    verdict::Stop,
    wire::{Format, Role},
};

impl Probe {
    /// GET, asking for a format or for none at all.
    pub(super) async fn get(&mut self, path: &str, accept: Option<&str>) -> Result<Seen, Stop> {
        let mut ask = self.cx.ask("GET", path).raw();
        if let Some(accept) = accept {
            ask = ask.accepting(accept, Format::Xml);
        }
        Ok(Seen::of(&self.cx.send(ask).await?.response))
    }

    /// GET that is about these behaviours. If the same one succeeded before, it is not repeated.
    async fn get_once(
        &mut self,
        path: &str,
        accept: Option<&str>,
        about: Behaviours,
    ) -> Result<Seen, Stop> {
        let mut exchanges = self.cx.log.exchanges.iter().enumerate();
        let earlier = exchanges.find_map(|(place, one)| {
            let request = &one.request;
            let is_same = request.method == "GET"
                && request.path == path
                && request.headers_named("Accept").next() == accept;
            let seen = Seen::of(one.outcome.as_ref().ok().filter(|_| is_same)?);
            (seen.status == 200 && seen.format.is_some()).then_some((place, seen))
        });
        if let Some((place, seen)) = earlier {
            self.are_about(place..place + 1, about);
            return Ok(seen);
        }
        let seen = self.get(path, accept).await?;
        self.last_is_about(about);
        Ok(seen)
    }

    /// GET in the probe's own format.
    pub(super) async fn read(&mut self, path: &str) -> Result<Seen, Stop> {
        self.get(path, Some(self.format.media_type())).await
    }
}

pub(super) async fn formats(probe: &mut Probe) -> Result<(), Stop> {
    let users = probe.cx.users_path();
    let about = &["format.default", "list.empty"];
    let usual = probe.get_once(&users, None, about).await?;
    let Some(default) = usual.format.filter(|_| usual.status == 200) else {
        return Err(Stop::Skip(format!(
            "the list of users is neither XML nor JSON (status {})",
            usual.status
        )));
    };
    probe.default_format = Some(default);
    let json = probe.get(&users, Some("application/json")).await?;
    probe.last_is_about(&["format.json", "naming.json_case", "list.empty"]);
    let has_json = json.status == 200 && json.format == Some(Format::Json);
    let mut has_xml = default == Format::Xml;
    if !has_xml {
        let xml = probe.get(&users, Some("application/xml")).await?;
        probe.last_is_about(&["format.json"]);
        has_xml = xml.status == 200 && xml.format == Some(Format::Xml);
    }
    if has_json {
        probe.format = Format::Json;
        probe.other_format = has_xml.then_some(Format::Xml);
    }
    let list = if has_json { json } else { usual };
    if let Some(tree) = list.tree.as_ref().filter(|_| has_json) {
        // For bodies until a user shows its names.
        let root = tree.members().and_then(<[_]>::first);
        let is_camel = root.is_some_and(|(name, _)| name.starts_with(char::is_lowercase));
        let case = if is_camel { "camelCase" } else { "PascalCase" };
        probe.assume("naming.json_case", case);
    }
    probe.list = Some(list);
    Ok(())
}

/// True for a list of users, also an empty one.
fn is_list(seen: &Seen) -> bool {
    let list = seen.tree.as_ref().and_then(|tree| member(tree, "Users"));
    seen.status == 200 && list.is_some()
}

/// True for a list of users, or for an error body in place of an empty list: with the published
/// code, or equal to the response of the known path of the list.
pub(super) fn is_users(probe: &Probe, seen: &Seen) -> bool {
    let published = seen.code() == Some(230) && seen.status == 200;
    let same = |list: &Seen| is_same_error(list, seen);
    is_list(seen) || published || probe.list.as_ref().is_some_and(same)
}

/// True if both are the same error without a code, in any format.
fn is_same_error(one: &Seen, other: &Seen) -> bool {
    let of = |seen: &Seen| (seen.status, seen.error_shape(), seen.code(), seen.words());
    of(one) == of(other) && one.error_shape().is_some() && one.code().is_none()
}

/// A path below the account that does not exist.
pub(super) async fn errors(probe: &mut Probe) -> Result<(), Stop> {
    let path = format!(
        "{}/nothing",
        probe.cx.users_path().trim_end_matches("/users")
    );
    let seen = probe.read(&path).await?;
    probe.last_is_about(&["errors.shape"]);
    if probe
        .list
        .as_ref()
        .is_some_and(|list| is_same_error(list, &seen))
    {
        // Every path is answered so: it does not show where the list is.
        probe.list = None;
    }
    Ok(())
}

pub(super) async fn unacceptable(probe: &mut Probe) -> Result<(), Stop> {
    let path = probe.cx.users_path();
    probe.get(&path, Some("text/vcard")).await?;
    probe.last_is_about(&["format.unacceptable"]);
    Ok(())
}

/// What axios accepts.
const AXIOS: &str = "application/json, text/plain, */*";
/// An origin that no target allows by name.
const ORIGIN: &str = "https://probe.example";

/// GET as a page in a browser sends it.
pub(super) async fn headers(probe: &mut Probe) -> Result<(), Stop> {
    let from = probe.sent();
    // Some servers send Keep-Alive only if the connection may stay open: it is not a raw request.
    let ask = probe.cx.ask("GET", probe.cx.users_path());
    let both = ask.clone().accepting(AXIOS, Format::Xml);
    let mut response = probe.cx.send(both.header("Origin", ORIGIN)).await?.response;
    probe.last_is_about(&["format.accept_tie", "http.cors"]);
    if response.status != 200 {
        // One of the headers may be the reason.
        probe.leave_out_since(from);
        probe
            .cx
            .send(ask.clone().accepting(AXIOS, Format::Xml))
            .await?;
        probe.last_is_about(&["format.accept_tie"]);
        let other = ask.accept(probe.format).header("Origin", ORIGIN);
        response = probe.cx.send(other).await?.response;
        probe.last_is_about(&["http.cors"]);
    }
    if response.status != 200 {
        return Ok(());
    }
    // The emulator has no connection that could stay open.
    let keep_alive = response.header("keep-alive").unwrap_or_default();
    let is_sent = keep_alive.to_ascii_lowercase().contains("timeout=");
    probe.observed("http.keep_alive", if is_sent { "sent" } else { "absent" });
    Ok(())
}

pub(super) async fn bases(probe: &mut Probe) -> Result<(), Stop> {
    for base in ["/api/v1", "/v1.0"] {
        let path = probe.cx.users_path().replacen("/api", base, 1);
        probe.read(&path).await?;
        probe.last_is_about(&["paths.bases"]);
    }
    Ok(())
}

pub(super) async fn anonymous(probe: &mut Probe) -> Result<(), Stop> {
    let path = probe.cx.users_path();
    let ask = probe.cx.ask("GET", path).accept(probe.format);
    let reply = probe.cx.send(ask.authorization(None)).await?;
    probe.last_is_about(&["auth.failure_body", "auth.challenge", "auth.schemes"]);
    if reply.status() != 401 {
        let why = format!("a request without a login returns {}", reply.status());
        return Err(Stop::Skip(why));
    }
    let seconds = probe.cx.run.dispatch().token_seconds().await;
    let seconds = seconds.ok_or("the login is Basic and uses no token");
    probe.settle("auth.token_seconds", seconds);
    Ok(())
}

pub(super) async fn other_account(probe: &mut Probe) -> Result<(), Stop> {
    if !probe.cx.run.limits().foreign_accounts {
        return Err(Stop::skip(
            "requests for other accounts need --foreign-accounts",
        ));
    }
    let path = format!("/api/accounts/{}9/users", probe.cx.account_id());
    probe.read(&path).await?;
    probe.last_is_about(&["auth.other_account"]);
    Ok(())
}

pub(super) async fn roles(probe: &mut Probe) -> Result<(), Stop> {
    let path = probe.cx.roles_path();
    let is_xml = |format: &Format| *format == Format::Xml;
    let format = probe.formats().into_iter().find(is_xml);
    let accept = format.unwrap_or(probe.format).media_type();
    let seen = probe.get_once(&path, Some(accept), &["role.form"]).await?;
    let roles: Vec<&Tree> = seen
        .tree
        .iter()
        .flat_map(|tree| objects_with(tree, "RoleName"))
        .collect();
    let text = |role, name| scalar(member(role, name)?).map(str::to_owned);
    probe.roles = roles
        .iter()
        .map(|role| Role {
            id: text(role, "RoleId"),
            name: text(role, "RoleName"),
            permissions: Vec::new(),
        })
        .collect();
    // With the list and the roles, the emulator can follow.
    probe.inquiry().map(drop)
}
