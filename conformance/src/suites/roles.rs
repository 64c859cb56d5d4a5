//! Roles: listing them, and giving them to users.

use bandwidth_fixtures::profile::{RoleForm, UnknownRole};

use crate::{
    case::{
        Case,
        Level::{Derived, Documented},
        Need::{Json, Role as AnyRole, Writing},
    },
    context::Context,
    outcome::CaseResult,
    wire::{Format, Role, RoleRef, Value},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "roles.list.holds-the-roles",
            Documented,
            "A list of roles is 200 with the roles below `Roles`, each in the profile's form and named once",
            "guide, List Roles; RAML, roles of a user",
        )
        .measures(&["role.form"])
        .run(listed),
        Case::new(
            "roles.parity.xml-and-json-tell-the-same",
            Derived,
            "The roles as XML and the roles as JSON are the same",
            "guide, List Roles: XML or JSON of one resource",
        )
        .needs(&[Json])
        .tags(&["parity"])
        .run(async |cx| {
            let ask = cx.ask("GET", cx.roles_path()).accept(Format::Xml);
            let xml = cx.send(ask).await?.roles()?;
            let ask = cx.ask("GET", cx.roles_path()).accept(Format::Json);
            let reply = cx.send(ask).await?;
            reply.check(reply.roles()? == xml, "the roles as XML differ")
        }),
        Case::new(
            "roles.create.assigns-them",
            Documented,
            "A user created with a role has that role, shown as the list of roles shows it",
            "guide, User object: roles, optional on create",
        )
        .needs(&[AnyRole, Writing])
        .measures(&["role.form"])
        .run(async |cx| {
            let role = cx.some_roles().await?.remove(0);
            for format in cx.formats() {
                let draft = cx.draft().with_value("Roles", Context::role_value(&role));
                let key = cx.create(draft, format).await?.key;
                has_roles(cx, &key, std::slice::from_ref(&role)).await?;
            }
            Ok(())
        }),
        Case::new(
            "roles.update.assigns-them",
            Documented,
            "Roles can be given to a user by an update after its create",
            "guide, Provision a new user",
        )
        .needs(&[AnyRole, Writing])
        .run(async |cx| {
            let roles = cx.some_roles().await?;
            for format in cx.formats() {
                let created = cx.create(cx.draft(), format).await?;
                let all = Value::Roles(roles.iter().map(Context::role_ref).collect());
                let draft = created.update().with_value("Roles", all);
                cx.put(&created.key, &draft, format).await?.is(200)?;
                has_roles(cx, &created.key, &roles).await?;
            }
            Ok(())
        }),
        Case::new(
            "roles.objects.are-taken",
            Derived,
            "A request may name a role as a response does, by an object with its id or its name",
            "guide, List Roles; RAML, roles of a user",
        )
        .needs(&[AnyRole, Writing])
        .run(objects),
        Case::new(
            "roles.empty-list.takes-them-away",
            Derived,
            "An update with an empty list of roles takes all roles away",
            "RFC 9110, section 9.3.4",
        )
        .needs(&[AnyRole, Writing])
        .run(async |cx| {
            let role = cx.some_roles().await?.remove(0);
            for format in cx.formats() {
                let draft = cx.draft().with_value("Roles", Context::role_value(&role));
                let created = cx.create(draft, format).await?;
                let none = created.update().with_value("Roles", Value::Roles(Vec::new()));
                cx.put(&created.key, &none, format).await?.is(200)?;
                has_roles(cx, &created.key, &[]).await?;
            }
            Ok(())
        }),
        Case::new(
            "roles.unknown.as-the-profile-says",
            Documented,
            "A role that the account does not have is refused or left out, as the profile says",
            "ERR 12084; guide, List Roles: roles are account-specific",
        )
        .needs(&[Writing])
        .measures(&["role.unknown"])
        .run(unknown),
    ]
}

/// GET shows the user with exactly these roles.
async fn has_roles(cx: &mut Context, key: &str, roles: &[Role]) -> CaseResult {
    for format in cx.formats() {
        let reply = cx.get(key, format).await?;
        let user = reply.user()?;
        let same = user.roles().len() == roles.len()
            && roles.iter().all(|role| user.roles().contains(role));
        reply.check(
            same,
            "the user does not have exactly the roles it was given",
        )?;
    }
    Ok(())
}

async fn listed(cx: &mut Context) -> CaseResult {
    for format in cx.formats() {
        let ask = cx.ask("GET", cx.roles_path()).accept(format);
        let reply = cx.send(ask).await?;
        let roles = reply.roles()?;
        for (index, role) in roles.iter().enumerate() {
            let twice = roles[..index].iter().any(|earlier| {
                earlier.name == role.name || (role.id.is_some() && earlier.id == role.id)
            });
            reply.check(!twice, "a role's name or id stands there twice")?;
        }
    }
    Ok(())
}

async fn objects(cx: &mut Context) -> CaseResult {
    let role = cx.some_roles().await?.remove(0);
    let (field, text) = match cx.profile().role_form {
        RoleForm::IdAndName => ("RoleId", role.id.clone()),
        RoleForm::NameAndPermissions => ("RoleName", role.name.clone()),
    };
    let object = RoleRef::Object(field, text.unwrap_or_default());
    for format in cx.formats() {
        let draft = cx
            .draft()
            .with_value("Roles", Value::Roles(vec![object.clone()]));
        let key = cx.create(draft, format).await?.key;
        has_roles(cx, &key, std::slice::from_ref(&role)).await?;
    }
    Ok(())
}

async fn unknown(cx: &mut Context) -> CaseResult {
    let value = match cx.profile().role_form {
        RoleForm::IdAndName => RoleRef::Plain("cf-no-such-role".to_owned()),
        RoleForm::NameAndPermissions => RoleRef::Object("RoleName", "CF_NO_SUCH_ROLE".to_owned()),
    };
    let value = Value::Roles(vec![value]);
    for format in cx.formats() {
        let created = cx.create(cx.draft(), format).await?;
        let draft = cx.draft().with_value("Roles", value.clone());
        let on_create = cx.post(&draft, format).await?;
        let draft = created.update().with_value("Roles", value.clone());
        let on_update = cx.put(&created.key, &draft, format).await?;
        match cx.profile().role_unknown {
            UnknownRole::Refused => {
                on_create.refused("unknown_role")?;
                on_update.refused("unknown_role")?;
            }
            UnknownRole::Ignored => {
                on_create.is(cx.created_status())?;
                on_update.is(200)?;
            }
        }
        has_roles(cx, &created.key, &[]).await?;
    }
    Ok(())
}
