//! Defects of reads.

use super::{Mutant, accept, is_create, refuse};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "missing-user-is-200",
        "an unknown user returns 200",
        "get.missing-user.is-refused",
        "error `unknown_user`: expected status 404, got 200",
    )
    .after(|ask, answer, _| {
        if answer.status == 404 && ask.method == "GET" && ask.is_user() {
            answer.status = 200;
        }
    }),
    Mutant::new(
        "only-the-list-below-accounts",
        "below an account there is only the list of users",
        "published.account.serves-what-the-profile-says",
        "the list of roles: expected status 200, got 404",
    )
    .set(&["surface.account=list_only"]),
    Mutant::new(
        "list-lacks-the-last",
        "the list of users lacks the newest",
        "list.created-user.is-found-by-name-and-email",
        "users in the list with that Username: expected 1, got 0",
    )
    .after(|ask, answer, _| {
        if ask.method == "GET" && ask.is_users() && answer.is_ok() {
            if answer.is_json() {
                if let Some(last) = answer.body.rfind(",{\"UserId\"") {
                    answer.body.truncate(last);
                    answer.body.push_str("]}");
                }
            } else if let Some(last) = answer.body.rfind("<User>") {
                answer.body.truncate(last);
                answer.body.push_str("</Users></UsersResponse>");
            }
        }
    }),
    Mutant::new(
        "list-in-json-lacks-emails",
        "the list in JSON has no emails",
        "list.parity.xml-and-json-tell-the-same",
        "the list as JSON after the list as XML: jdoe: Email: expected \"jdoe@example.com\", got nothing",
    )
    .after(|ask, answer, _| {
        if ask.is_users() && answer.is_json() {
            answer.strip("Email");
        }
    }),
    Mutant::new(
        "list-below-another-name",
        "the users are below another element than Users",
        "list.users.are-listed",
        "the body is not a list of users: expected `Users` and nothing else",
    )
    .after(|_, answer, _| {
        answer.body = answer
            .body
            .replace("<Users>", "<UserList>")
            .replace("</Users>", "</UserList>")
            .replace("\"Users\":", "\"UserList\":");
    }),
    Mutant::new(
        "list-is-stale",
        "the list stays as it was when it was first asked for",
        "scenarios.poll.sees-what-changed",
        "after a create: users in the list with that Username: expected 1, got 0",
    )
    .after(|ask, answer, memory| {
        if ask.method == "GET" && ask.is_users() && answer.is_ok() {
            let format = answer.headers.get("content-type").to_owned();
            let first = memory.texts.entry(format).or_insert(answer.body.clone());
            answer.body.clone_from(first);
        }
    }),
    Mutant::new(
        "list-keeps-the-deleted",
        "a user that was deleted stays in the list",
        "list.deleted-user.follows-delete-effect",
        "the deleted user in the list: expected \"not in it\", got \"in it, enabled\"",
    )
    .after(|ask, answer, memory| {
        if is_create(ask) && answer.is_ok() && !answer.is_json() {
            let id = answer.field("UserId").unwrap_or_default();
            let user = answer.body.split("<User>").nth(1).unwrap_or("");
            let user = user.split("</User>").next().unwrap_or("");
            let user = format!("<User>{user}</User>");
            memory.texts.insert(id, user);
        }
        if ask.method == "GET" && ask.is_users() && !answer.is_json() {
            for (id, user) in &memory.texts {
                if !answer.body.contains(&format!("<UserId>{id}</UserId>")) {
                    answer.body = answer.body.replace("</Users>", &format!("{user}</Users>"));
                }
            }
        }
    }),
    Mutant::new(
        "head-of-a-list-has-another-type",
        "HEAD of the list names another Content-Type than GET",
        "list.head.is-like-get",
        "Content-Type: expected \"application/xml\", got \"text/plain\"",
    )
    .after(|ask, answer, _| {
        if ask.method == "HEAD" && ask.is_users() {
            answer.headers.set("Content-Type", "text/plain");
        }
    }),
    Mutant::new(
        "head-of-a-user-is-405",
        "a user has no HEAD",
        "get.head.is-like-get",
        "HEAD of a user: expected status 200, got 405",
    )
    .after(|ask, answer, _| {
        if ask.method == "HEAD" && ask.is_user() {
            answer.status = 405;
        }
    }),
    Mutant::new(
        "truncated-xml",
        "XML bodies lack their end",
        "list.users.are-listed",
        "the body is not a list of users: syntax error: tag not closed",
    )
    .after(|_, answer, _| {
        if answer.body.starts_with('<') {
            let length = answer.body.len();
            answer.body.truncate(length - 3);
        }
    }),
    Mutant::new(
        "limits-hidden",
        "a request that was refused with 429 returns 201",
        "scenarios.sync.survives-429",
        "a sync that meets a 429: the answer names no new user",
    )
    .after(|ask, answer, _| {
        if answer.status == 429 {
            accept(ask, answer, 201);
        }
    }),
    Mutant::new(
        "user-without-email",
        "a user is shown without its email",
        "get.created-user.shows-what-was-sent",
        "Email: expected \"cf-",
    )
    .after(|ask, answer, _| {
        if ask.is_user() {
            answer.strip("Email");
        }
    }),
    Mutant::new(
        "email-of-another-name",
        "the email is called EmailAddress",
        "get.created-user.shows-what-was-sent",
        "a create that succeeds: expected status 201, got 400",
    )
    .set(&["naming.email=EmailAddress"]),
    Mutant::new(
        "names-in-upper-case-in-json",
        "a user in JSON has its first name in upper case",
        "get.parity.xml-and-json-tell-the-same",
        "the user as JSON after the user as XML: FirstName: expected \"Casey\", got \"CASEY\"",
    )
    .after(|ask, answer, _| {
        if ask.is_user() && answer.is_json() {
            answer.replace("FirstName", str::to_uppercase);
        }
    }),
    Mutant::new(
        "found-by-username",
        "the path takes a username",
        "get.by-username.is-refused",
        "GET by username: error `unknown_user`: expected status 404, got 200",
    )
    .set(&["missing.by_username=found"]),
    Mutant::new(
        "defaults-shown",
        "empty roles and Enabled true are shown",
        "get.default-fields.as-the-profile-says",
        "whether Enabled is shown: expected false, got true",
    )
    .set(&["user.default_fields=sent"]),
    Mutant::new(
        "every-create-refused",
        "no user can be created",
        "scenarios.provision.new-user-with-roles",
        "a create that succeeds: expected status 201, got 400",
    )
    .after(|ask, answer, _| {
        if is_create(ask) && answer.is_ok() {
            refuse(ask, answer, 400);
        }
    }),
    Mutant::new(
        "missing-is-403",
        "an unknown user is forbidden",
        "get.missing-user.is-refused",
        "error `unknown_user`: expected status 404, got 403",
    )
    .set(&["missing.user=forbidden"]),
];
