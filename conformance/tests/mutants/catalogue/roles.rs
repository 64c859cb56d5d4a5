//! Defects of roles.

use super::{Mutant, is_create, refuse};
use crate::message;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "roles-without-ids",
        "roles are shown by their names only",
        "roles.list.holds-the-roles",
        "the body is not a list of roles: a role lacks its name or its id",
    )
    .after(|_, answer, _| answer.strip("RoleId")),
    Mutant::new(
        "role-missing",
        "the list of roles lacks one",
        "roles.parity.xml-and-json-tell-the-same",
        "the roles as JSON after the roles as XML: expected [\"r1 Admin\", \"r2 ReadOnly\"], got [\"r1 Admin\"]",
    )
    .after(|ask, answer, _| {
        if ask.path.ends_with("/roles")
            && answer.is_json()
            && let Some(end) = answer.body.rfind(",{")
        {
            answer.body.truncate(end);
            answer.body.push_str("]}");
        }
    }),
    Mutant::new(
        "roles-not-assigned",
        "the roles of a create are dropped",
        "roles.create.assigns-them",
        "after a create with a role: Roles: expected [\"r1 Admin\"], got []",
    )
    .before(|ask, _| {
        if is_create(ask) {
            ask.body = message::strip(&ask.body, "Roles");
        }
    }),
    Mutant::new(
        "roles-not-updated",
        "the roles of an update are dropped",
        "roles.update.assigns-them",
        "after an update with a role: Roles: expected [\"r1 Admin\"], got []",
    )
    .before(|ask, _| {
        if ask.method == "PUT" {
            ask.body = message::strip(&ask.body, "Roles");
        }
    }),
    Mutant::new(
        "roles-stay",
        "an empty list of roles takes none away",
        "roles.empty-list.takes-them-away",
        "after an update with an empty list: Roles: expected [], got [\"r1 Admin\"]",
    )
    .before(|ask, _| {
        if ask.method == "PUT" {
            let some = "<Roles><Role><RoleId>r1</RoleId></Role></Roles>";
            ask.body = ask
                .body
                .replace("<Roles/>", some)
                .replace("<Roles></Roles>", some);
            ask.body = ask
                .body
                .replace("\"Roles\":[]", "\"Roles\":[{\"RoleId\":\"r1\"}]");
        }
    }),
    Mutant::new(
        "role-objects-refused",
        "a role that is named by an object is refused",
        "roles.objects.are-taken",
        "a role named by an object: an update that succeeds: expected status 200, got 400",
    )
    .after(|ask, answer, _| {
        if ask.body.contains("RoleId") || ask.body.contains("RoleName") {
            refuse(ask, answer, 400);
        }
    }),
    Mutant::new(
        "role-ids-are-roles",
        "RoleIds gives roles too",
        "roles.field.as-the-profile-says",
        "RoleIds: a refusal: expected status 400, got 200",
    )
    .set(&["role.request_field=either"]),
    Mutant::new(
        "unknown-role-dropped",
        "a role that does not exist is left out",
        "roles.unknown.as-the-profile-says",
        "a role that is not there: error `unknown_role`: expected status 400, got 201",
    )
    .set(&["role.unknown=ignored"]),
];
