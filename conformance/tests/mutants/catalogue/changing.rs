//! Defects of updates and deletes.

use super::{Mutant, accept, is_create, refuse};
use crate::message;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "put-merges",
        "PUT keeps what a request leaves out",
        "update.omitted-last-name.follows-put-semantics",
        "the LastName that was left out: expected nothing, got \"Nimble\"",
    )
    .set(&["put.semantics=merge"]),
    Mutant::new(
        "put-requires-fields",
        "PUT refuses a request that leaves fields out",
        "update.omitted-last-name.follows-put-semantics",
        "a PUT without LastName: an update that succeeds: expected status 200, got 400",
    )
    .set(&["put.semantics=replace_requiring_fields"]),
    Mutant::new(
        "put-does-nothing",
        "an update is answered and not done",
        "update.enabled.can-be-switched",
        "Enabled after a PUT: expected false, got true",
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
        "an update of an unknown user is answered like a create",
        "update.missing-user.is-refused",
        "error `unknown_user`: expected status 404, got 201",
    )
    .after(|ask, answer, _| {
        if ask.method == "PUT" && answer.status == 404 {
            accept(ask, answer, 201);
        }
    }),
    Mutant::new(
        "refused-updates-are-answered-200",
        "an update that ought to be refused returns 200",
        "update.account-id.must-match-the-path",
        "error `account_id_mismatch`: expected status 400, got 200",
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
        "the user after a PUT that is refused: FirstName: expected \"Casey\", got \"Robin\"",
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
        "error `user_id_mismatch`: expected status 400, got 200",
    )
    .set(&["put.id_mismatch=ignored"]),
    Mutant::new(
        "put-username-refused",
        "an update cannot change the username",
        "update.username.as-the-profile-says",
        "a PUT with another Username: an update that succeeds: expected status 200, got 400",
    )
    .set(&["username.update=refused"]),
    Mutant::new(
        "second-put-conflicts",
        "the same update a second time is a conflict",
        "update.twice.is-like-once",
        "the second PUT: an update that succeeds: expected status 200, got 409",
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
        "GET after the delete: error `unknown_user`: expected status 404, got 200",
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
        "GET after the delete: error `unknown_user`: expected status 404, got 200",
    )
    .set(&["delete.effect=deactivated"]),
    Mutant::new(
        "delete-is-204",
        "a delete returns 204",
        "delete.user.is-answered",
        "a delete that succeeds: expected status 200, got 204",
    )
    .set(&["delete.status=204"]),
    Mutant::new(
        "delete-again-succeeds",
        "a second delete succeeds too",
        "delete.again.finds-nobody",
        "the second delete: error `unknown_user`: expected status 404, got 200",
    )
    .after(|ask, answer, _| {
        if ask.method == "DELETE" && answer.status == 404 {
            accept(ask, answer, 200);
        }
    }),
    Mutant::new(
        "delete-takes-another",
        "a delete makes the users that were there before it unreachable",
        "delete.others.stay",
        "another user after a delete: a user: expected status 200, got 404",
    )
    .after(|ask, answer, memory| {
        if is_create(ask)
            && let Some(id) = answer.field("UserId")
        {
            memory.texts.insert(id, "there".to_owned());
        }
        if ask.method == "DELETE" && answer.is_ok() {
            for state in memory.texts.values_mut() {
                "unreachable".clone_into(state);
            }
        }
        let state = memory.texts.get(ask.last());
        if ask.method == "GET" && state.is_some_and(|state| state == "unreachable") {
            refuse(ask, answer, 404);
        }
    }),
    Mutant::new(
        "put-resets-the-password",
        "an update that leaves out the password sets another one",
        "update.omitted-password.stays",
        "after a PUT without Password: a login that is right: expected status 200, got 401",
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
