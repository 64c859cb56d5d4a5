//! Roles: listing them, and giving them to users.

use bandwidth_fixtures::{
    Profile,
    profile::{OptionValue, RoleField, RoleForm, UnknownFields, UnknownRole},
};

use super::prelude::*;

cases! {
    /// A list of roles is 200 with the roles below `Roles`, each in the profile's form and named once
    "roles.list.holds-the-roles" none,
    cites ["roles-body", "list-published"], measures ["role.form"], needs [AccountUsers]
    |cx, format| {
        let reply = cx.roles(format).await?;
        let roles = reply.roles()?;
        let twice = |(index, role): (usize, &Role)| {
            let same = |earlier: &&Role| {
                earlier.name == role.name || (role.id.is_some() && earlier.id == role.id)
            };
            roles[..index].iter().find(same).map(|earlier| format!("{earlier:?}, {role:?}"))
        };
        let twice: Vec<String> = roles.iter().enumerate().filter_map(twice).collect();
        reply.same("roles with one name or id", &Vec::new(), &twice)
    }

    /// The roles as XML and the roles as JSON are the same
    "roles.parity.xml-and-json-tell-the-same" none,
    cites ["rfc9110-representations"], needs [AccountUsers, Json], tags ["parity"]
    |cx| {
        let xml = cx.roles(Format::Xml).await?.roles()?;
        let reply = cx.roles(Format::Json).await?;
        reply.same("the roles as JSON after the roles as XML", &xml, &reply.roles()?)
    }

    /// A user created with a role has that role, shown as the list of roles shows it
    "roles.create.assigns-them" many,
    cites ["roles-optional"], measures ["role.form"], needs [AnyRole]
    |cx, format| {
        let role = cx.role().await?;
        let draft = cx.draft().with_value("Roles", Context::role_value(&role));
        let key = cx.create(draft, format).await?.key;
        has_roles(cx, &key, &[role]).await.at("after a create with a role")
    }

    /// Roles can be given to a user by an update after its create
    "roles.update.assigns-them" one, cites ["roles-optional", "provision"], needs [AnyRole]
    |cx, format| {
        let role = cx.role().await?;
        let created = cx.subject(format).await?;
        let given = update(cx, &created, format, Context::role_value(&role), &[role]).await;
        given.at("after an update with a role")
    }

    /// A request may name a role as a response does, by an object with its id or its name
    "roles.objects.are-taken" one, cites ["role-objects"], needs [AnyRole]
    |cx, format| {
        let role = cx.role().await?;
        let (field, text) = match cx.profile().role_form {
            RoleForm::IdAndName => ("RoleId", role.id.clone()),
            RoleForm::NameAndPermissions => ("RoleName", role.name.clone()),
        };
        let object = RoleRef::Object(field, text.unwrap_or_default());
        let created = cx.subject(format).await?;
        let given = update(cx, &created, format, Value::Roles(vec![object]), &[role]).await;
        given.at("a role named by an object")
    }

    /// Roles are in the field that the profile names, and the other name is an unknown field
    "roles.field.as-the-profile-says" one,
    cites ["profile-choice"], measures ["role.request_field"], needs [AnyRole]
    |cx, format| {
        let role = cx.role().await?;
        let created = cx.subject(format).await?;
        let draft = created.update().with_value("Roles", Context::role_value(&role));
        let expected = cx.profile().role_request_field;
        for field in [RoleField::Roles, RoleField::RoleIds] {
            let profile = Profile { role_request_field: field, ..cx.profile() };
            let ask = cx.ask("PUT", cx.user_path(&created.key)).accept(format);
            let reply = cx.send(ask.body(format, draft.body(&profile, format))).await?;
            let taken = [field, RoleField::Either].contains(&expected)
                || cx.profile().user_unknown_fields == UnknownFields::Ignored;
            if taken { reply.updated() } else { reply.error(400).map(drop) }
                .at(&field.name())?;
        }
        Ok(())
    }

    /// An update with an empty list of roles takes all roles away
    "roles.empty-list.takes-them-away" one, cites ["rfc9110-put"], needs [AnyRole]
    |cx, format| {
        let role = cx.role().await?;
        let created = cx.subject(format).await?;
        let given = update(cx, &created, format, Context::role_value(&role), &[role]).await;
        given.control("the user must be seen with the role")?;
        let none = Value::Roles(Vec::new());
        update(cx, &created, format, none, &[]).await.at("after an update with an empty list")
    }

    /// A create with a role that the account does not have is rejected, or the role is left out, as
    /// the profile says
    "roles.unknown.as-the-profile-says" many,
    cites ["roles-own", "err-12084"], measures ["role.unknown"]
    |cx, format| {
        let draft = cx.draft().with_value("Roles", unknown(cx));
        match cx.profile().role_unknown {
            UnknownRole::Refused | UnknownRole::Unprocessable => {
                let reply = cx.post(&draft, format).await?;
                reply.unknown_role().map(drop).at("a role that is not there")
            }
            UnknownRole::Ignored => {
                let key = cx.create(draft, format).await.at("a role that is not there")?.key;
                has_roles(cx, &key, &[]).await
            }
        }
    }

    /// An update with a role that the account does not have is rejected, or the role is left out, as
    /// the profile says
    "roles.unknown-on-update.as-the-profile-says" one,
    cites ["roles-own", "err-12084"], measures ["role.unknown"]
    |cx, format| {
        let created = cx.subject(format).await?;
        let draft = created.update().with_value("Roles", unknown(cx));
        let reply = cx.put(&created.key, &draft, format).await?;
        match cx.profile().role_unknown {
            UnknownRole::Refused | UnknownRole::Unprocessable => reply.unknown_role().map(drop),
            UnknownRole::Ignored => reply.updated(),
        }
        .at("a role that is not there")?;
        has_roles(cx, &created.key, &[]).await
    }
}

/// GET shows the user with exactly these roles, in each format.
async fn has_roles(cx: &mut Context, key: &str, roles: &[Role]) -> CaseResult {
    for format in cx.formats() {
        let reply = cx.get(key, format).await?;
        reply.same("Roles", &roles.to_vec(), &reply.user()?.roles().to_vec())?;
    }
    Ok(())
}

/// An update that gives a user these roles, and GET shows it with them.
async fn update(
    cx: &mut Context,
    created: &Created,
    format: Format,
    value: Value,
    roles: &[Role],
) -> CaseResult {
    let draft = created.update().with_value("Roles", value);
    cx.put(&created.key, &draft, format).await?.updated()?;
    has_roles(cx, &created.key, roles).await
}

/// A role that no account has.
fn unknown(cx: &Context) -> Value {
    Value::Roles(vec![match cx.profile().role_form {
        RoleForm::IdAndName => RoleRef::Plain("cf-no-such-role".to_owned()),
        RoleForm::NameAndPermissions => RoleRef::Object("RoleName", "CF_NO_SUCH_ROLE".to_owned()),
    }])
}
