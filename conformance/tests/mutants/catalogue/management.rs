//! Defects of today's API.

use super::{Mutant, is_create, managed_success};
use crate::message::{Answer, Ask, Memory};

/// The response to a create that should be rejected.
fn creates_all_the_same(ask: &Ask, answer: &mut Answer, _: &mut Memory) {
    if is_create(ask) && !answer.is_ok() {
        managed_success(answer, "{\"userId\":\"u999\"}");
    }
}

fn is_managed_user(ask: &Ask) -> bool {
    ask.is_user() && !ask.path.contains("/accounts/")
}

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "management-absent",
        "today's API is not there",
        "management.surface.as-the-profile-says",
        "the list of accounts: expected status 200, got 404",
    )
    .published()
    .set(&["surface.management=absent"]),
    Mutant::new(
        "account-not-listed",
        "the list of accounts has others only",
        "management.accounts.hold-the-account",
        "whether the list holds the account: expected true, got false",
    )
    .published()
    .after(|_, answer, _| answer.replace("accountId", |_| "1".to_owned())),
    Mutant::new(
        "managed-roles-without-ids",
        "roles have an `id`",
        "management.roles.have-ids",
        "roles with a roleId: expected 2, got 0",
    )
    .published()
    .after(|_, answer, _| answer.body = answer.body.replace("\"roleId\"", "\"id\"")),
    Mutant::new(
        "no-envelope",
        "answers have no envelope",
        "management.roles.have-ids",
        "whether the answer has the envelope `links`, `data`, `errors`: expected true, got false",
    )
    .published()
    .set(&["management.envelope=bare"]),
    Mutant::new(
        "no-pages",
        "lists have no pages",
        "management.lists.page-as-the-profile-says",
        "roles with limit=1: expected 1, got 2",
    )
    .published()
    .set(&["management.pages=none"]),
    Mutant::new(
        "other-managed-error",
        "errors have another shape",
        "management.unknown-user.is-404",
        "a user that does not exist: expected an error with `type`, `description`, `code`",
    )
    .published()
    .set(&["management.errors=status"]),
    Mutant::new(
        "basic-opens-management",
        "a Basic login opens today's API",
        "management.basic.does-not-open-it",
        "a Basic login on today's API: expected status 401, got 200",
    )
    .published()
    .after(|_, answer, _| {
        if answer.status == 401 {
            managed_success(answer, "[]");
            answer.status = 200;
        }
    }),
    Mutant::new(
        "managed-create-is-200",
        "a create has another status",
        "management.create.has-the-status-of-the-profile",
        "a create of today's API: expected status 201, got 200",
    )
    .published()
    .set(&["management.create_status=200"]),
    Mutant::new(
        "managed-names",
        "users have other keys",
        "management.create.reads-back",
        "a create of today's API: expected status 201, got 400",
    )
    .published()
    .set(&["management.names=long"]),
    Mutant::new(
        "managed-password-shown",
        "a user shows a password",
        "management.create.reads-back",
        "whether the user shows a password: expected false, got true",
    )
    .published()
    .after(|ask, answer, _| {
        if is_managed_user(ask) {
            answer.body = answer.body.replace("\"userId\"", "\"password\":\"\",\"userId\"");
        }
    }),
    Mutant::new(
        "managed-role-ids",
        "roles are ids",
        "management.create.roles-and-accounts-in-their-form",
        "a create of today's API: expected status 201, got 400",
    )
    .published()
    .set(&["management.role_form=ids"]),
    Mutant::new(
        "managed-accounts-changed",
        "accounts of a user are not the given ones",
        "management.create.roles-and-accounts-in-their-form",
        "the accounts of the user: expected [\"12345\"], got [\"1\"]",
    )
    .published()
    .after(|ask, answer, _| {
        if is_managed_user(ask) {
            answer.replace("accountId", |_| "1".to_owned());
        }
    }),
    Mutant::new(
        "managed-user-is-another",
        "the account surface has another user",
        "management.create.is-the-same-user-on-the-account-surface",
        "LastName: expected \"Nimble\", got \"Other\"",
    )
    .published()
    .after(|ask, answer, _| {
        if !is_managed_user(ask) {
            answer.replace("LastName", |_| "Other".to_owned());
        }
    }),
    Mutant::new(
        "managed-nothing-required",
        "a create needs no accounts",
        "management.create.needs-accounts-roles-and-scope",
        "a create without accounts: a refused value: expected status 400, got 201",
    )
    .published()
    .after(creates_all_the_same),
    Mutant::new(
        "managed-422",
        "a refused value has another status",
        "management.create.needs-accounts-roles-and-scope",
        "a create without accounts: a refused value: expected status 400, got 422",
    )
    .published()
    .set(&["management.invalid=422"]),
    Mutant::new(
        "managed-phone-lost",
        "a phone is not kept",
        "management.create.phone-reads-back",
        "phone: expected \"+19195550142\", got nothing",
    )
    .published()
    .after(|_, answer, _| answer.strip("phone")),
    Mutant::new(
        "managed-username-twice",
        "a username may be taken twice",
        "management.create.username-is-unique",
        "a username that is taken: a refusal: expected status 400, 403, 409 or 422, got 201",
    )
    .published()
    .after(creates_all_the_same),
    Mutant::new(
        "managed-email-twice",
        "an email may be taken twice",
        "management.create.email-is-unique",
        "a email that is taken: a refusal: expected status 400, 403, 409 or 422, got 201",
    )
    .published()
    .after(creates_all_the_same),
    Mutant::new(
        "managed-password-taken",
        "a create may give a password",
        "management.create.gives-no-password",
        "the password of a create: a login that is missing or wrong: expected status 401, got 200",
    )
    .published()
    .after(|ask, answer, _| {
        if is_create(ask) && ask.body.contains("\"password\"") {
            managed_success(answer, "{\"userId\":\"u999\"}");
        } else if answer.status == 401 {
            answer.status = 200;
        }
    }),
    Mutant::new(
        "managed-accounts-of-others",
        "a caller gives accounts that it lacks",
        "management.create.gives-no-account-of-others",
        "an account that the caller does not have: a refusal: expected status 400, 403, 409 or 422, got 201",
    )
    .published()
    .after(creates_all_the_same),
    Mutant::new(
        "managed-by-username",
        "a username names a user in paths",
        "management.user.is-named-by-the-key-of-the-profile",
        "a user of today's API: expected status 200, got 404",
    )
    .published()
    .set(&["management.user_key=username"]),
    Mutant::new(
        "managed-put",
        "PUT updates in the place of PATCH",
        "management.update.has-the-method-of-the-profile",
        "PUT updates nothing: expected status 405, got 200",
    )
    .published()
    .set(&["management.update=put"]),
    Mutant::new(
        "managed-reset",
        "a key that an update leaves out is reset",
        "management.update.absent-key-as-the-profile-says",
        "the phone that an update leaves out: expected \"+19195550142\", got nothing",
    )
    .published()
    .set(&["management.absent_keys=reset"]),
    Mutant::new(
        "managed-rename",
        "an update changes the username",
        "management.update.username-never-changes",
        "the username after an update of it: expected \"cf-",
    )
    .published()
    .after(|ask, answer, memory| {
        if !is_managed_user(ask) {
            return;
        }
        if ask.method == "PATCH" {
            memory.texts.insert("patched".to_owned(), String::new());
        } else if memory.texts.contains_key("patched") {
            answer.replace("username", |_| "renamed".to_owned());
        }
    }),
    Mutant::new(
        "managed-status",
        "a user has a status",
        "management.update.deactivates",
        "the user does not show whether it is active",
    )
    .published()
    .set(&["management.state=status"]),
    Mutant::new(
        "managed-delete",
        "DELETE deletes",
        "management.delete.as-the-profile-says",
        "a DELETE where there is none: expected status 405, got 204",
    )
    .published()
    .set(&["management.removal=deletes"]),
];
