//! Formats, names, errors and paths: what reading alone tells.

use bandwidth_fixtures::profile::OptionValue as _;

use super::{Probe, seen::Seen};
use crate::{
    decode::{
        tolerant::{member, objects_with},
        tree::Tree,
    },
    outcome::Stop,
    wire::Format,
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
    let asked = probe.get(&users, Some("application/json")).await?;
    let (Some(default), Some(for_json)) = (usual.format, asked.format) else {
        return Err(Stop::Skip(format!(
            "the list of users is neither XML nor JSON (status {})",
            usual.status
        )));
    };
    let name = |format| if format == Format::Xml { "xml" } else { "json" };
    if for_json == Format::Json {
        probe.observed("format.json", "negotiated");
        probe.observed("format.default", name(default));
        probe.format = Format::Json;
    } else {
        probe.observed("format.json", "never");
        probe.likely(
            "format.default",
            name(default),
            if default == Format::Xml {
                &["json"]
            } else {
                &[]
            },
            "where there is no JSON, no answer can be JSON by default",
        );
    }
    let list = if for_json == Format::Json {
        &asked
    } else {
        &usual
    };
    match list.tree.as_ref().and_then(Tree::members) {
        Some([(name, _), ..]) if for_json == Format::Json => {
            let camel = name.starts_with(|first: char| first.is_ascii_lowercase());
            let option = if camel { "camelCase" } else { "PascalCase" };
            probe.observed("naming.json_case", option);
        }
        _ => probe.leave_open("naming.json_case", "there is no JSON to see the names in"),
    }
    if !list.users().is_empty() {
        probe.leave_open(
            "list.empty",
            "the account has users, and only those of the probe may be deleted",
        );
    } else if list.error_shape().is_some() {
        probe.observed("list.empty", "error_230");
    } else {
        probe.observed("list.empty", "empty_list");
    }
    Ok(())
}

pub(super) async fn errors(probe: &mut Probe) -> Result<(), Stop> {
    let path = format!(
        "{}/nothing",
        probe.cx.users_path().trim_end_matches("/users")
    );
    let seen = probe.read(&path).await?;
    match seen.error_shape() {
        Some(shape) => probe.observed("errors.shape", shape.name()),
        None => probe.leave_open(
            "errors.shape",
            "the error for a path that does not exist has none of the known shapes",
        ),
    }
    Ok(())
}

pub(super) async fn unacceptable(probe: &mut Probe) -> Result<(), Stop> {
    let path = probe.cx.users_path();
    let seen = probe.get(&path, Some("text/vcard")).await?;
    match seen.status {
        406 => probe.observed("format.unacceptable", "not_acceptable"),
        200 => probe.observed("format.unacceptable", "default_format"),
        status => probe.leave_open(
            "format.unacceptable",
            &format!("it is answered with {status}"),
        ),
    }
    Ok(())
}

pub(super) async fn paths(probe: &mut Probe) -> Result<(), Stop> {
    let is_list = |seen: &Seen| {
        let list = seen.tree.as_ref().and_then(|tree| member(tree, "Users"));
        seen.status == 200 && (list.is_some() || seen.error_shape().is_some())
    };
    let seen = probe.read("/api/users").await?;
    match seen.status {
        200 if is_list(&seen) => probe.observed("paths.users", "account_and_login"),
        404 => probe.observed("paths.users", "account_only"),
        status => probe.leave_open(
            "paths.users",
            &format!("GET /api/users is answered with {status}"),
        ),
    }
    let mut found = Vec::new();
    for base in ["/api/v1", "/v1.0"] {
        let path = probe.cx.users_path().replacen("/api", base, 1);
        let seen = probe.read(&path).await?;
        found.push((is_list(&seen), seen.status));
    }
    match found.as_slice() {
        [(true, _), (true, _)] => probe.observed("paths.bases", "api_and_versions"),
        [(false, 404), (false, 404)] => probe.observed("paths.bases", "api"),
        other => probe.leave_open(
            "paths.bases",
            &format!("the two other bases are answered with {other:?}"),
        ),
    }
    Ok(())
}

pub(super) async fn roles(probe: &mut Probe) -> Result<(), Stop> {
    let path = probe.cx.roles_path();
    let seen = probe.read(&path).await?;
    let roles = seen
        .tree
        .as_ref()
        .map(|tree| objects_with(tree, "RoleName"));
    let Some(role) = roles.and_then(|roles| roles.first().copied()) else {
        probe.leave_open(
            "role.form",
            &format!("there is no role to look at (status {})", seen.status),
        );
        return Ok(());
    };
    match (member(role, "RoleId"), member(role, "Permissions")) {
        (Some(_), None) => probe.observed("role.form", "id_and_name"),
        (None, _) => probe.observed("role.form", "name_and_permissions"),
        (Some(_), Some(_)) => {
            probe.leave_open("role.form", "a role has both an id and permissions");
        }
    }
    Ok(())
}
