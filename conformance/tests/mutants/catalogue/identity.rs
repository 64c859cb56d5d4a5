//! Defects below identity domains.

use super::Mutant;
use crate::message::{Answer, Ask};

/// True if a path is below a domain and contains that text.
pub(super) fn below(ask: &Ask, part: &str) -> bool {
    ask.path.contains("/identitydomains/") && ask.path.contains(part)
}

/// An answer with the one status gets the other one.
pub(super) fn turn(ask: &Ask, answer: &mut Answer, part: &str, (from, to): (u16, u16)) {
    if below(ask, part) && answer.status == from {
        answer.status = to;
    }
}

/// An error gets another code.
fn other_code(answer: &mut Answer, from: &str, to: &str) {
    let code = |code: &str| format!("<ErrorCode>{code}</ErrorCode>");
    answer.body = answer.body.replace(&code(from), &code(to));
}

/// Each account below a domain is another one.
pub(super) fn other_account(ask: &Ask, answer: &mut Answer) {
    if below(ask, "/accounts") {
        answer.replace("AccountId", |_| "1".to_owned());
    }
}

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "domains-absent",
        "identity domains are not there",
        "identity.surface.as-the-profile-says",
        "the domain: expected status 200, got 404",
    )
    .published()
    .set(&["surface.identity=absent"]),
    Mutant::new(
        "domain-of-another-name",
        "a domain shows another name",
        "identity.domain.shows-its-name",
        "DomainName: expected \"Iris\", got \"Other\"",
    )
    .published()
    .after(|_, answer, _| { answer.replace("DomainName", |_| "Other".to_owned()); }),
    Mutant::new(
        "domain-unknown-code",
        "a domain that does not exist has another code",
        "identity.domain.unknown-is-404",
        "the code of a domain that does not exist (no such identity domain): expected \"12068\", got \"404\"",
    )
    .published()
    .after(|_, answer, _| { other_code(answer, "12068", "404"); }),
    Mutant::new(
        "domain-errors-are-200",
        "errors below domains have status 200",
        "identity.domain.unknown-is-404",
        "a domain that does not exist: expected status 404, got 200",
    )
    .published()
    .after(|ask, answer, _| { if below(ask, "") && !answer.is_ok() { answer.status = 200; } }),
    Mutant::new(
        "domain-in-any-case",
        "the case of a domain does not matter",
        "identity.domain.case-as-the-profile-says",
        "the domain in other case: expected status 404, got 200",
    )
    .published()
    .set(&["identity.domain_case=insensitive"]),
    Mutant::new(
        "domain-for-anybody",
        "a domain needs no login",
        "identity.missing-login.is-401",
        "without a login: expected status 401, got 200",
    )
    .published()
    .after(|_, answer, _| { if answer.status == 401 { answer.status = 200; } }),
    Mutant::new(
        "domain-without-tokens",
        "a token opens no domain",
        "identity.token.opens-the-domain",
        "the domain for a token: expected status 200, got 403",
    )
    .published()
    .after(|ask, answer, _| { if below(ask, "") && ask.headers.get("authorization").starts_with("Bearer") { answer.status = 403; } }),
    Mutant::new(
        "domain-of-other-accounts",
        "the accounts of a domain are others",
        "identity.accounts.hold-the-account",
        "how often the list holds the account: expected 1, got 0",
    )
    .published()
    .after(|ask, answer, _| { other_account(ask, answer); }),
    Mutant::new(
        "domain-account-changed",
        "an account is another one",
        "identity.accounts.read-by-id",
        "the id of the account: expected [\"12345\"], got [\"1\"]",
    )
    .published()
    .after(|ask, answer, _| { other_account(ask, answer); }),
    Mutant::new(
        "domain-account-unknown-is-403",
        "an account that does not exist is a 403",
        "identity.accounts.unknown-is-404",
        "an account that does not exist: expected status 404, got 403",
    )
    .published()
    .after(|ask, answer, _| { turn(ask, answer, "/accounts/", (404, 403)); }),
    Mutant::new(
        "domain-roles-without-names",
        "roles have a `Name`",
        "identity.roles.have-ids-and-names",
        "expected each Role with a RoleId and a RoleSimpleName",
    )
    .published()
    .after(|_, answer, _| { answer.body = answer.body.replace("RoleSimpleName", "Name"); }),
    Mutant::new(
        "domain-role-changed",
        "a role is another one",
        "identity.roles.read-by-id",
        "RoleId: expected \"Admin\", got \"Other\"",
    )
    .published()
    .after(|ask, answer, _| { if below(ask, "/roles/") { answer.replace("RoleId", |_| "Other".to_owned()); } }),
    Mutant::new(
        "domain-codes-of-2020",
        "a role that does not exist has an earlier code",
        "identity.roles.unknown-is-404",
        "the code of a role that does not exist (no such role): expected \"12073\"",
    )
    .published()
    .set(&["identity.codes=2020"]),
    Mutant::new(
        "domain-role-permission-changed",
        "a permission of a role is another one",
        "identity.permissions.of-a-role",
        "PermissionId: expected [\"VIEW\"], got [\"Other\"]",
    )
    .published()
    .after(|ask, answer, _| { if below(ask, "/permissions/") { answer.replace("PermissionId", |_| "Other".to_owned()); } }),
    Mutant::new(
        "domain-permission-lacking-is-400",
        "a permission that a role lacks is a 400",
        "identity.permissions.not-in-the-role-is-404",
        "a permission that the role lacks: expected status 404, got 400",
    )
    .published()
    .after(|ask, answer, _| { turn(ask, answer, "/permissions/", (404, 400)); }),
    Mutant::new(
        "domain-permission-codes-of-2020",
        "a permission that does not exist has an earlier code",
        "identity.permissions.unknown-is-404",
        "the code of a permission that does not exist (no such permission): expected \"12075\"",
    )
    .published()
    .set(&["identity.codes=2020"]),
    Mutant::new(
        "permitted-access-has-a-body",
        "the question for a permission gets a body",
        "identity.permitted-access.lacking-is-an-empty-404",
        "bytes in the body: expected 0, got 4",
    )
    .published()
    .after(|ask, answer, _| { if below(ask, "/permittedaccess") { "<x/>".clone_into(&mut answer.body); } }),
    Mutant::new(
        "domain-list-without-scope",
        "the list shows no scope",
        "identity.list.shows-a-user",
        "Scope: expected \"Account\", got nothing",
    )
    .published()
    .after(|ask, answer, _| { if below(ask, "/users?") { answer.strip("Scope"); } }),
    Mutant::new(
        "domain-pages-from-0",
        "pages count from 0",
        "identity.list.pages-count-from-1",
        "whether the second page repeats the first one: expected false, got true",
    )
    .published()
    .before(|ask, _| { ask.path = ask.path.replace("page=2", "page=1"); }),
    Mutant::new(
        "domain-small-pages",
        "a page has one user",
        "identity.list.page-size-as-the-profile-says",
        "users on the first page: expected",
    )
    .published()
    .set(&["identity.page_size=1"]),
    Mutant::new(
        "domain-last-page",
        "a page after the last one is the last one",
        "identity.list.page-beyond-as-the-profile-says",
        "users on a page after the last one: expected 0, got 1",
    )
    .published()
    .set(&["identity.page_beyond=last"]),
    Mutant::new(
        "domain-state-ignored",
        "isActive limits nothing",
        "identity.list.limited-by-state",
        "whether isActive=false shows the user: expected false, got true",
    )
    .published()
    .before(|ask, _| { ask.path = ask.path.replace("isActive=", "other="); }),
    Mutant::new(
        "domain-scope-ignored",
        "scope limits nothing",
        "identity.list.limited-by-scope",
        "whether scope=AccountAdmin shows the user: expected false, got true",
    )
    .published()
    .before(|ask, _| { ask.path = ask.path.replace("scope=", "other="); }),
    Mutant::new(
        "domain-user-differs-below-the-account",
        "the account shows another last name",
        "identity.list.same-user-below-the-account",
        "LastName: expected \"Nimble\", got \"Other\"",
    )
    .published()
    .after(|ask, answer, _| { if ask.path.contains("/api/accounts/") { answer.replace("LastName", |_| "Other".to_owned()); } }),
    Mutant::new(
        "domain-user-unknown-is-403",
        "a user that does not exist is a 403",
        "identity.get.unknown-is-404",
        "a user that does not exist: expected status 404, got 403",
    )
    .published()
    .after(|ask, answer, _| { turn(ask, answer, "/users/", (404, 403)); }),
    Mutant::new(
        "domain-short-ids",
        "an id may have one character",
        "identity.get.short-id-is-400",
        "an id that is too short: expected status 400, got 404",
    )
    .published()
    .set(&["identity.least_id=1"]),
    Mutant::new(
        "domain-user-shows-a-password",
        "a user shows its password",
        "identity.create.reads-back",
        "whether the user shows a password: expected false, got true",
    )
    .published()
    .after(|ask, answer, _| { if ask.method == "GET" { answer.body = answer.body.replace("<UserSettings>", "<Password>x</Password><UserSettings>"); } }),
    Mutant::new(
        "domain-id-of-the-path",
        "the id in the body does not matter",
        "identity.create.other-id-in-the-body-is-400",
        "another id in the body: expected status 400, got 201",
    )
    .published()
    .before(|ask, _| { if ask.method == "POST" { let key = ask.last().to_owned(); ask.body = crate::message::replace(&ask.body, "UserId", |_| key.clone()); } }),
    Mutant::new(
        "domain-id-taken-is-409",
        "an id that is taken is a 409",
        "identity.create.taken-id-is-refused",
        "an id that is taken: expected status 400, got 409",
    )
    .published()
    .set(&["identity.taken=409"]),
    Mutant::new(
        "domain-email-taken-is-409",
        "an email that is taken is a 409",
        "identity.create.taken-email-is-400",
        "an email that is taken: expected status 400, got 409",
    )
    .published()
    .after(|_, answer, _| { if answer.body.contains("<ErrorCode>12071<") { answer.status = 409; } }),
    Mutant::new(
        "domain-either-root",
        "a user may have a root around it",
        "identity.create.root-as-the-profile-says",
        "a user below a root: expected status 400, got 201",
    )
    .published()
    .set(&["identity.request_root=either"]),
    Mutant::new(
        "domain-new-users-are-active",
        "a new user is active",
        "identity.create.state-as-the-profile-says",
        "UserSettings/Active: expected \"false\", got \"true\"",
    )
    .published()
    .set(&["identity.new_active=active"]),
    Mutant::new(
        "domain-new-users-log-in",
        "a new user logs in to the API",
        "identity.create.origin-as-the-profile-says",
        "UserSettings/AllowedApiOrigin: expected \"GUI\", got \"BOTH\"",
    )
    .published()
    .set(&["identity.new_origin=both"]),
    Mutant::new(
        "domain-new-users-without-account",
        "a new user has no account",
        "identity.create.accounts-as-the-profile-says",
        "AccountList/Account/AccountId: expected \"12345\", got nothing",
    )
    .published()
    .set(&["identity.new_accounts=none"]),
    Mutant::new(
        "domain-phone-always",
        "a new user needs a number",
        "identity.create.phone-as-the-profile-says",
        "a user without a number: expected status 201, got 400",
    )
    .published()
    .set(&["identity.phone_required=always"]),
    Mutant::new(
        "domain-errors-without-user",
        "errors show no user",
        "identity.errors.echo-as-the-profile-says",
        "whether the error shows the user: expected true, got false",
    )
    .published()
    .set(&["identity.errors_echo=none"]),
    Mutant::new(
        "domain-errors-without-password",
        "errors show no password",
        "identity.errors.echo-as-the-profile-says",
        "whether the error shows the password: expected true, got false",
    )
    .published()
    .set(&["identity.errors_echo=user"]),
    Mutant::new(
        "domain-update-forgets",
        "an update keeps the first name",
        "identity.update.reads-back",
        "UserProfile/FirstName: expected \"Robin\", got \"Casey\"",
    )
    .published()
    .before(|ask, _| { if ask.method == "PUT" { ask.body = ask.body.replace("Robin", "Casey"); } }),
    Mutant::new(
        "domain-update-of-an-unknown-user-is-400",
        "an update of a user that does not exist is a 400",
        "identity.update.unknown-is-404",
        "a user that does not exist: expected status 404, got 400",
    )
    .published()
    .after(|ask, answer, _| { if ask.method == "PUT" { turn(ask, answer, "/users/", (404, 400)); } }),
    Mutant::new(
        "domain-absent-is-cleared",
        "what a PUT leaves out goes",
        "identity.update.absent-as-the-profile-says",
        "the company that a PUT leaves out: expected \"Nimble Works\", got nothing",
    )
    .published()
    .set(&["identity.put_absent=cleared"]),
    Mutant::new(
        "domain-empty-is-kept",
        "an empty field keeps the value",
        "identity.update.empty-as-the-profile-says",
        "the company that a PUT empties: expected nothing, got \"Nimble Works\"",
    )
    .published()
    .set(&["identity.put_empty=kept"]),
    Mutant::new(
        "domain-delete-absent",
        "there is no DELETE",
        "identity.delete.as-the-profile-says",
        "a DELETE that deletes: expected status 200, got 405",
    )
    .published()
    .set(&["identity.removal=absent"]),
    Mutant::new(
        "domain-delete-deactivates",
        "a DELETE deactivates",
        "identity.delete.as-the-profile-says",
        "a user that was deleted: a user that does not exist: expected status 404, got 200",
    )
    .published()
    .set(&["identity.removal=deactivates"]),
];
