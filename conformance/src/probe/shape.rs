//! Experiments that only read: formats, names, errors and paths.

use bandwidth_fixtures::profile::{ErrorShape, OptionValue};

use super::{
    seen::{Seen, letter_case},
    state::Probe,
};
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

    /// GET in the probe's own format.
    pub(super) async fn read(&mut self, path: &str) -> Result<Seen, Stop> {
        self.get(path, Some(self.format.media_type())).await
    }
}

pub(super) async fn formats(probe: &mut Probe) -> Result<(), Stop> {
    let users = probe.cx.users_path();
    let usual = probe.get(&users, None).await?;
    let Some(default) = usual.format.filter(|_| usual.status == 200) else {
        return Err(Stop::Skip(format!(
            "the list of users is neither XML nor JSON (status {})",
            usual.status
        )));
    };
    probe.default_format = Some(default);
    let json = probe.get(&users, Some("application/json")).await?;
    let has_json = json.status == 200 && json.format == Some(Format::Json);
    let support = match (default, json.format) {
        _ if json.status != 200 => {
            let status = json.status;
            Err(format!("a request for JSON returns {status}"))
        }
        (Format::Xml, Some(Format::Json)) => Ok("negotiated"),
        (Format::Json, Some(Format::Json)) => {
            let xml = probe.get(&users, Some("application/xml")).await?;
            if xml.status == 200 && xml.format == Some(Format::Xml) {
                Ok("negotiated")
            } else {
                let why = "there is JSON, and a request for XML does not get any (status ";
                Err(format!("{why}{})", xml.status))
            }
        }
        (_, Some(Format::Xml)) => Ok("never"),
        (_, None) => Err("a request for JSON gets a body that is neither JSON nor XML".to_owned()),
    };
    if default == Format::Xml && support == Ok("never") {
        let note = "where there is no JSON, no answer can be JSON by default";
        probe.likely("format.default", "xml", &["json"], note);
    } else {
        probe.observed("format.default", default.as_str());
    }
    if support == Ok("negotiated") {
        probe.other_format = Some(Format::Xml);
    }
    probe.settle("format.json", support);
    if has_json {
        probe.format = Format::Json;
    }
    let list = if has_json { json } else { usual };
    let case = match &list.tree {
        Some(tree) if has_json => {
            // For bodies until a user shows its names.
            let root = tree.members().and_then(<[_]>::first);
            let lower = root.is_some_and(|(name, _)| name.starts_with(char::is_lowercase));
            let assumed = if lower { "camelCase" } else { "PascalCase" };
            probe.assume("naming.json_case", assumed);
            letter_case(&[tree]).and_then(|case| {
                let case = case.filter(|_| !list.users().is_empty());
                case.ok_or_else(|| "there is no user to see names in".to_owned())
            })
        }
        _ => Err("there is no JSON to see the names in".to_owned()),
    };
    probe.settle("naming.json_case", case);
    empty_list(probe, &list);
    probe.list = Some(list);
    Ok(())
}

/// Decides the form of an empty list.
fn empty_list(probe: &mut Probe, list: &Seen) {
    let no_code = ErrorShape::ResponseStatusWithoutCode;
    let empty = match (list.error_shape(), list.code()) {
        _ if !list.users().is_empty() => {
            Err("the account has users, and only those of the probe may be deleted".to_owned())
        }
        (Some(_), Some(230)) => Ok("error_230"),
        (Some(shape), None) if shape == no_code => Ok("error_230"),
        (None, _) if is_list(list) => Ok("empty_list"),
        (shape, code) => Err(format!(
            "the list shows no users, and is neither empty nor error 230 (shape {shape:?}, code {code:?})"
        )),
    };
    probe.settle("list.empty", empty);
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

pub(super) async fn errors(probe: &mut Probe) -> Result<(), Stop> {
    let path = format!(
        "{}/nothing",
        probe.cx.users_path().trim_end_matches("/users")
    );
    let seen = probe.read(&path).await?;
    if probe
        .list
        .as_ref()
        .is_some_and(|list| is_same_error(list, &seen))
    {
        // Every path is answered so: it does not show where the list is.
        probe.list = None;
    }
    let shape = seen.error_shape().map(OptionValue::name);
    let why = "the error for a path that does not exist has none of the known shapes";
    probe.settle("errors.shape", shape.ok_or(why));
    Ok(())
}

pub(super) async fn unacceptable(probe: &mut Probe) -> Result<(), Stop> {
    let path = probe.cx.users_path();
    let seen = probe.get(&path, Some("text/vcard")).await?;
    let answer = match seen.status {
        406 => Ok("not_acceptable"),
        200 if is_users(probe, &seen) && seen.format == probe.default_format => {
            Ok("default_format")
        }
        200 => Err("it returns 200, and not the list in the default format".to_owned()),
        status => Err(format!("it returns {status}")),
    };
    probe.settle("format.unacceptable", answer);
    Ok(())
}

pub(super) async fn bases(probe: &mut Probe) -> Result<(), Stop> {
    let mut found = Vec::new();
    for base in ["/api/v1", "/v1.0"] {
        let path = probe.cx.users_path().replacen("/api", base, 1);
        let seen = probe.read(&path).await?;
        found.push((is_users(probe, &seen), seen.status));
    }
    let bases = match found.as_slice() {
        [(true, _), (true, _)] => Ok("api_and_versions"),
        [(false, 404), (false, 404)] => Ok("api"),
        other => Err(format!("the two other bases return {other:?}")),
    };
    probe.settle("paths.bases", bases);
    Ok(())
}

pub(super) async fn roles(probe: &mut Probe) -> Result<(), Stop> {
    let path = probe.cx.roles_path();
    let seen = probe.read(&path).await?;
    let roles: Vec<&Tree> = seen
        .tree
        .iter()
        .flat_map(|tree| objects_with(tree, "RoleName"))
        .collect();
    let Some(role) = roles.first().copied() else {
        let why = format!("there is no role to look at (status {})", seen.status);
        probe.leave_open("role.form", &why);
        return Ok(());
    };
    let text = |role, name| scalar(member(role, name)?).map(str::to_owned);
    probe.roles = roles
        .iter()
        .map(|role| Role {
            id: text(role, "RoleId"),
            name: text(role, "RoleName"),
            permissions: Vec::new(),
        })
        .collect();
    let form = match (member(role, "RoleId"), member(role, "Permissions")) {
        (Some(_), None) => Ok("id_and_name"),
        (None, _) => Ok("name_and_permissions"),
        (Some(_), Some(_)) => Err("a role has both an id and permissions"),
    };
    probe.settle("role.form", form);
    Ok(())
}
