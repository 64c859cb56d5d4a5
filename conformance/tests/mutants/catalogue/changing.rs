//! What goes wrong with updating and deleting users.

use super::{Mutant, accept, refuse};
use crate::message;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "put-merges",
        "PUT keeps what a request leaves out",
        "update.omitted-last-name.follows-put-semantics",
        "put.semantics",
    )
    .set(&["put.semantics=merge"]),
    Mutant::new(
        "put-requires-fields",
        "PUT refuses a request that leaves fields out",
        "update.omitted-last-name.follows-put-semantics",
        "put.semantics",
    )
    .set(&["put.semantics=replace_requiring_fields"]),
    Mutant::new(
        "put-does-nothing",
        "an update is answered and not done",
        "update.enabled.can-be-switched",
        "Enabled was not taken over",
    )
    .before(|ask, _| {
        if ask.method == "PUT" {
            "GET".clone_into(&mut ask.method);
            ask.body.clear();
            ask.headers.remove("Content-Type");
            ask.headers.remove("Content-Length");
        }
    }),
    Mutant::new(
        "put-creates",
        "an update of nobody is answered like a create",
        "update.missing-user.is-refused",
        "201",
    )
    .after(|ask, answer, _| {
        if ask.method == "PUT" && answer.status == 404 {
            accept(ask, answer, 201);
        }
    }),
    Mutant::new(
        "refused-updates-are-answered-200",
        "an update that ought to be refused is answered with 200",
        "update.account-id.must-match-the-path",
        "200",
    )
    .after(|ask, answer, _| {
        if ask.method == "PUT" && [400, 409].contains(&answer.status) {
            accept(ask, answer, 200);
        }
    }),
    Mutant::new(
        "refused-updates-are-half-done",
        "an update that is refused has changed the names",
        "update.invalid-field.changes-nothing",
        "the refused PUT changed the user",
    )
    .after(|ask, answer, memory| {
        if ask.method == "PUT" && answer.status == 400 {
            let mut half = ask.clone();
            for field in ["Email", "Password", "Username"] {
                half.body = message::strip(&half.body, field);
            }
            memory.also(&half);
        }
    }),
    Mutant::new(
        "put-id-ignored",
        "an update may name another user than its path",
        "update.user-id.other-than-the-path",
        "put.id_mismatch",
    )
    .set(&["put.id_mismatch=ignored"]),
    Mutant::new(
        "put-username-refused",
        "an update cannot change the username",
        "update.username.as-the-profile-says",
        "username.update",
    )
    .set(&["username.update=refused"]),
    Mutant::new(
        "second-put-conflicts",
        "the same update a second time is a conflict",
        "update.twice.is-like-once",
        "409",
    )
    .after(|ask, answer, memory| {
        if ask.method == "PUT" {
            let seen = memory.texts.insert(ask.path.clone(), ask.body.clone());
            if seen.as_ref() == Some(&ask.body) {
                refuse(ask, answer, 409);
            }
        }
    }),
    Mutant::new(
        "delete-does-nothing",
        "a delete is answered and not done",
        "delete.then-get.follows-delete-effect",
        "status",
    )
    .before(|ask, _| {
        if ask.method == "DELETE" {
            "GET".clone_into(&mut ask.method);
        }
    })
    .after(|ask, answer, _| {
        if ask.method == "DELETE" && answer.is_ok() {
            let nothing = if answer.is_json() {
                "{}"
            } else {
                "<UserResponse/>"
            };
            nothing.clone_into(&mut answer.body);
        }
    }),
    Mutant::new(
        "delete-deactivates",
        "a deleted user stays, disabled",
        "delete.then-get.follows-delete-effect",
        "delete.effect",
    )
    .set(&["delete.effect=deactivated"]),
    Mutant::new(
        "delete-is-204",
        "a delete is answered with 204",
        "delete.user.is-answered",
        "delete.status",
    )
    .set(&["delete.status=204"]),
    Mutant::new(
        "delete-again-succeeds",
        "a second delete succeeds too",
        "delete.again.finds-nobody",
        "200",
    )
    .after(|ask, answer, _| {
        if ask.method == "DELETE" && answer.status == 404 {
            accept(ask, answer, 200);
        }
    }),
    Mutant::new(
        "delete-takes-another",
        "a delete makes another user unreachable",
        "delete.others.stay",
        "404",
    )
    .after(|ask, answer, memory| {
        if ask.method == "DELETE" && answer.is_ok() {
            memory.count += 1;
        }
        if memory.count > 0 && ask.method == "GET" && ask.is_user() && answer.is_ok() {
            refuse(ask, answer, 404);
        }
    }),
    Mutant::new(
        "put-resets-the-password",
        "an update that leaves out the password sets another one",
        "update.omitted-password.stays",
        "401",
    )
    .published()
    .before(|ask, _| {
        if ask.method == "PUT" && ask.is_user() && message::field(&ask.body, "Password").is_none() {
            let other = "<Password>Other-Wagon.47</Password></User>";
            ask.body = ask.body.replace("</User>", other);
            if ask.body.starts_with('{') {
                ask.body = ask
                    .body
                    .replacen('{', "{\"Password\":\"Other-Wagon.47\",", 1);
            }
        }
    }),
];
