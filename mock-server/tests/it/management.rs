//! Today's API, from literal bytes.

use bandwidth_mock::MockServer;
use serde_json::{Value, json};

use crate::{
    control::{admin, ok},
    wire::{
        CLIENT, CLIENT_SECRET, FORM, JSON, LOGIN, Reply, TOKEN, USERS, basic, call, request, send,
        server,
    },
};

const USER: &str = r#"{"username":"asmith","firstName":"Anna","lastName":"Smith","email":"asmith@example.com","phone":"+19195550100","accountScope":"ACCOUNT","roles":[{"roleId":"r2"}],"accounts":[{"accountId":"12345"}]}"#;

/// A server of the guide that also has today's API, and a token of the demo account.
struct Today {
    server: MockServer,
    token: String,
}

impl Today {
    fn with(set: &[&str]) -> Self {
        let always = ["surface.management=served", "auth.schemes=basic_and_bearer"];
        let set = [&always, set].concat();
        let server = server("guide", &set, "demo");
        let mut today = Self {
            server,
            token: String::new(),
        };
        today.token = today.authorization(CLIENT, CLIENT_SECRET);
        today
    }

    fn new() -> Self {
        Self::with(&[])
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Reply {
        self.call_with(&self.token, method, path, body)
    }

    fn call_with(&self, authorization: &str, method: &str, path: &str, body: &str) -> Reply {
        let headers = format!("{authorization}Content-Type: application/json\r\n");
        send(&self.server, &request(method, path, &headers, body))
    }

    /// `data` of the answer, which must have that status.
    fn data(&self, method: &str, path: &str, body: &str, status: u16) -> Value {
        let reply = self.call(method, path, body);
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.body);
        let mut read: Value = serde_json::from_str(&reply.body).unwrap();
        read["data"].take()
    }

    /// A token for that client.
    fn token(&self, client_id: &str, secret: &str) -> Reply {
        let form = format!("{}{FORM}", basic(client_id, secret));
        let body = "grant_type=client_credentials";
        send(&self.server, &request("POST", TOKEN, &form, body))
    }

    /// `Authorization` with a token for that client.
    fn authorization(&self, client_id: &str, secret: &str) -> String {
        let reply = self.token(client_id, secret);
        let read: Value = serde_json::from_str(&reply.body).unwrap();
        let token = read["access_token"].as_str();
        format!("Authorization: Bearer {}\r\n", token.unwrap())
    }

    /// The entry of the last request.
    fn last(&self) -> Value {
        let journal = ok(&self.server, "GET", "/requests", "");
        let entries = journal["requests"].as_array().unwrap();
        let last = entries.iter().max_by_key(|entry| entry["id"].as_u64());
        last.unwrap().clone()
    }

    /// A credential with a secret.
    fn credential(&self, body: &str) -> (String, String) {
        let created = self.data("POST", "/api/v1/credentials", body, 201);
        let client_id = text(&created, "clientId");
        let secrets = format!("/api/v1/credentials/{client_id}/secrets");
        let secret = self.data("POST", &secrets, "", 201);
        (client_id, text(&secret, "clientSecret"))
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap().to_owned()
}

#[test]
fn a_user_is_created_without_a_password_and_is_the_same_on_the_older_surface() {
    let today = Today::new();
    let created = today.call("POST", "/api/v1/users", USER);
    assert_eq!(
        (created.status, &*created.body),
        (
            201,
            r#"{"links":[],"data":{"userId":"u2","username":"asmith","firstName":"Anna","lastName":"Smith","email":"asmith@example.com","phone":"+19195550100","accountScope":"ACCOUNT","roles":[{"roleId":"r2","roleName":"ReadOnly"}],"accounts":[{"accountId":"12345","accountName":"Example Company"}],"enabled":true},"errors":[]}"#
        )
    );
    assert_eq!(created.header("location"), ["/api/v1/users/u2"]);
    assert_eq!(created.header("content-type"), ["application/json"]);
    let shown = today.call("GET", "/api/v2/users/u2", "");
    assert_eq!((shown.status, &shown.body), (200, &created.body));
    let older = call(&today.server, "GET", &format!("{USERS}/u2"), JSON, "");
    assert_eq!(
        older.body,
        r#"{"UserId":"u2","Username":"asmith","FirstName":"Anna","LastName":"Smith","Email":"asmith@example.com","Roles":[{"RoleId":"r2","RoleName":"ReadOnly"}]}"#
    );
    // And the other way round.
    let listed = today.data("GET", "/api/v1/users", "", 200);
    let names: Vec<String> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|user| text(user, "username"))
        .collect();
    assert_eq!(names, ["jdoe", "asmith"]);
}

#[test]
fn a_user_logs_in_with_the_password_that_the_control_api_set_until_it_is_deactivated() {
    let today = Today::with(&["auth.user_logins=accepted"]);
    today.data("POST", "/api/v1/users", USER, 201);
    let log_in = || {
        let login = basic("asmith", "Teal-Wagon.47");
        send(&today.server, &request("GET", USERS, &login, "")).status
    };
    assert_eq!(log_in(), 401);
    let path = "/accounts/12345/users/u2/password";
    let (status, refused) = admin(&today.server, "PUT", path, r#"{"password":"asmith"}"#);
    assert_eq!(status, 400);
    assert!(!refused.to_string().contains("\"asmith\""), "{refused}");
    let (status, _) = admin(
        &today.server,
        "PUT",
        path,
        r#"{"password":"Teal-Wagon.47"}"#,
    );
    assert_eq!(status, 204);
    assert_eq!(log_in(), 200);
    let changed = today.data("PATCH", "/api/v1/users/u2", r#"{"enabled":false}"#, 200);
    assert_eq!(changed["enabled"], false);
    assert_eq!(log_in(), 401);
    let path = "/accounts/12345/users/u9/password";
    let (status, _) = admin(
        &today.server,
        "PUT",
        path,
        r#"{"password":"Teal-Wagon.47"}"#,
    );
    assert_eq!(status, 404);
}

#[test]
fn an_error_names_the_key_in_the_shape_of_this_api() {
    let today = Today::new();
    let refused = today.call("POST", "/api/v1/users", &USER.replace("Anna", ""));
    assert_eq!(
        (refused.status, &*refused.body),
        (
            400,
            r#"{"links":[],"data":null,"errors":[{"type":"bad-request","description":"firstName is required.","code":205617}]}"#
        )
    );
    let refused = today.call("DELETE", "/api/v1/users/u1", "");
    assert_eq!(refused.header("allow"), ["GET, HEAD, PATCH"]);
    assert_eq!(
        (refused.status, &*refused.body),
        (
            405,
            r#"{"links":[],"data":null,"errors":[{"type":"http-method-not-supported","description":"This path takes GET, HEAD, PATCH. This profile has delete_user at DELETE /api/accounts/{accountId}/users/{userId}; DELETE /api/v1/users/{userId} needs management.removal=deactivates or deletes.","code":205621,"meta":{"method":"DELETE"}}]}"#
        )
    );
    today.data("POST", "/api/v1/users", USER, 201);
    let taken = today.call("POST", "/api/v1/users", USER);
    assert_eq!(
        (taken.status, &*taken.body),
        (
            409,
            r#"{"links":[],"data":null,"errors":[{"type":"conflict","description":"username is taken by another user.","code":12001}]}"#
        )
    );
}

#[test]
fn bodies_are_read_strictly() {
    let today = Today::new();
    let without = |key: &str| {
        let mut user: Value = serde_json::from_str(USER).unwrap();
        user.as_object_mut().unwrap().remove(key);
        user.to_string()
    };
    for (body, says) in [
        (String::new(), "The request has no body."),
        ("[]".to_owned(), "`user` must be an object."),
        (
            USER.replace("{\"roleId", "{\"colour\":1,\"roleId"),
            "`colour` is not a field of this request.",
        ),
        (
            USER.replace("phone", "username"),
            "`username` is given more than once.",
        ),
        (
            USER.replace("[{\"roleId\":\"r2\"}]", "[\"r2\"]"),
            "`roles` must be a list of objects with a roleId.",
        ),
        (
            USER.replace("\"ACCOUNT\"", "\"EVERY\""),
            "`accountScope` must be ACCOUNT, ACCOUNT_ADMIN, ALL or SYSTEM.",
        ),
        (
            USER.replace("+1919", "919"),
            "phone is not of the accepted form.",
        ),
        (
            USER.replace("r2", "r9"),
            "roles names a role that this account does not have.",
        ),
        (without("roles"), "roles is required and must not be empty."),
        (
            without("accounts"),
            "accounts is required and must not be empty.",
        ),
        (
            without("accountScope"),
            "accountScope is required: ACCOUNT or ACCOUNT_ADMIN.",
        ),
        (without("email"), "email is required."),
        (
            USER.replace("phone", "Phone"),
            "`Phone` is not a field of this request. It is written `phone` here.",
        ),
        (
            USER.replace("phone", "phoneNumber"),
            "`phoneNumber` is not a field of this request. It is written `phone` here. The profile \
             has management.names=short.",
        ),
        (
            format!("{}{}", "[".repeat(33), "]".repeat(33)),
            "The body nests deeper than 32 levels.",
        ),
    ] {
        let refused = today.call("POST", "/api/v1/users", &body);
        let read: Value = serde_json::from_str(&refused.body).unwrap();
        let description = &read["errors"][0]["description"];
        assert_eq!((refused.status, description), (400, &json!(says)), "{body}");
    }
    let xml = format!("{}Content-Type: application/xml\r\n", today.token);
    let refused = send(
        &today.server,
        &request("POST", "/api/v1/users", &xml, "<User/>"),
    );
    assert_eq!(refused.status, 415);
    let untyped = request("POST", "/api/v1/users", &today.token, USER);
    assert_eq!(send(&today.server, &untyped).status, 201);
    assert_eq!(ok(&today.server, "GET", "/accounts/12345", "")["users"], 3);
}

#[test]
fn a_basic_login_is_refused_and_the_journal_says_why() {
    let today = Today::new();
    let refused = today.call_with(LOGIN, "GET", "/api/v1/users", "");
    assert_eq!(refused.status, 401);
    assert_eq!(
        refused.header("www-authenticate"),
        ["Bearer realm=\"Bandwidth\""]
    );
    let entry = today.last();
    assert_eq!(entry["why"]["refusal"]["rule"], "bearer_required");
}

#[test]
fn the_journal_says_how_much_is_assumed() {
    let today = Today::new();
    today.call("GET", "/api/v1/users/u1", "");
    let entry = today.last();
    let why = &entry["why"];
    let behaviours = why["behaviours"].as_array().unwrap();
    let assumed = behaviours
        .iter()
        .filter(|one| one["evidence"][0]["kind"] == "assumed");
    assert_eq!(
        why["assumed"],
        json!({ "behaviours": assumed.count(), "of": behaviours.len(), "shape": true })
    );
    call(&today.server, "GET", USERS, "", "");
    let entry = today.last();
    assert_eq!(entry["why"]["assumed"]["shape"], false);
}

#[test]
fn pages_lead_through_all_users() {
    let today = Today::new();
    for number in 0..24 {
        today.data(
            "POST",
            "/api/v1/users",
            &USER.replace("asmith", &format!("user{number}")),
            201,
        );
    }
    let mut path = "/api/v1/users?limit=10".to_owned();
    let mut seen = Vec::new();
    loop {
        let reply = today.call("GET", &path, "");
        let page: Value = serde_json::from_str(&reply.body).unwrap();
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|user| text(user, "userId")),
        );
        let Some(next) = page["links"].get(0) else {
            break;
        };
        assert_eq!(next["rel"], "next");
        path = text(next, "href");
    }
    let all: Vec<String> = (1..=25).map(|number| format!("u{number}")).collect();
    assert_eq!(seen, all);
    assert_eq!(
        today
            .data("GET", "/api/v1/users", "", 200)
            .as_array()
            .unwrap()
            .len(),
        10
    );
    for query in ["limit=101", "limit=x", "afterCursor=%21", "afterCursor=eA"] {
        assert_eq!(
            today
                .call("GET", &format!("/api/v1/users?{query}"), "")
                .status,
            400,
            "{query}"
        );
    }
}

#[test]
fn a_credential_gives_and_takes_only_what_it_has() {
    let today = Today::new();
    let narrow = r#"{"description":"HR sync","accountScope":"ACCOUNT_ADMIN","roles":["Credential Access","ReadOnly"],"accounts":["12345"]}"#;
    let (client, secret) = today.credential(narrow);
    let narrow = today.authorization(&client, &secret);
    let refused = |method: &str, path: &str, body: &str| {
        let reply = today.call_with(&narrow, method, path, body);
        let rule = today.last()["why"]["refusal"]["rule"].clone();
        (reply.status, rule.as_str().unwrap_or_default().to_owned())
    };
    let role = |name: &str| (403, name.to_owned());
    let admin = USER.replace("r2", "r1");
    assert_eq!(
        refused("POST", "/api/v1/users", &admin),
        role("role_not_held")
    );
    let elsewhere = USER.replace("12345", "67890");
    assert_eq!(
        refused("POST", "/api/v1/users", &elsewhere),
        role("account_not_held")
    );
    today.data("POST", "/api/v1/users", &admin, 201);
    // Taking the role Admin away is rejected too, and leaving it is not.
    let taking = r#"{"roles":[{"roleId":"r2"}]}"#;
    assert_eq!(
        refused("PATCH", "/api/v1/users/u2", taking),
        role("role_not_held")
    );
    let both = r#"{"roles":[{"roleId":"r1"},{"roleId":"r2"}]}"#;
    assert_eq!(refused("PATCH", "/api/v1/users/u2", both).0, 200);
    let wider = r#"{"accountScope":"ACCOUNT","roles":["Porting"],"accounts":["12345"]}"#;
    assert_eq!(
        refused("POST", "/api/v1/credentials", wider),
        role("role_not_held")
    );
    let renamed = r#"{"username":"other"}"#;
    assert_eq!(
        refused("PATCH", "/api/v1/users/u2", renamed),
        (400, "username_immutable".to_owned())
    );
}

#[test]
fn scope_and_role_decide_what_a_token_may() {
    let today = Today::new();
    let body =
        r#"{"description":"a","accountScope":"ACCOUNT","roles":["Porting"],"accounts":["12345"]}"#;
    let (client, secret) = today.credential(body);
    let token = today.authorization(&client, &secret);
    for (path, status) in [
        ("/api/v1/users", 403),
        ("/api/v1/credentials", 403),
        ("/api/v1/roles", 200),
        ("/api/v2/accounts", 200),
    ] {
        assert_eq!(
            today.call_with(&token, "GET", path, "").status,
            status,
            "{path}"
        );
    }
}

#[test]
fn a_secret_is_shown_once_and_rotated_without_a_gap() {
    let today = Today::new();
    let body = r#"{"description":"HR sync","accountScope":"ACCOUNT","roles":["Porting"],"accounts":["12345"]}"#;
    let (client, first) = today.credential(body);
    let path = format!("/api/v1/credentials/{client}");
    let secrets = format!("{path}/secrets");
    let second = today.data(
        "POST",
        &secrets,
        r#"{"expirationDate":"2126-12-31T23:59:59Z"}"#,
        201,
    );
    assert_eq!(second["expirationDate"], "2126-12-31T23:59:59.000Z");
    let third = today.call("POST", &secrets, "");
    assert_eq!(third.status, 409);
    let listed = today.data("GET", &path, "", 200);
    assert!(!listed.to_string().contains(&first), "{listed}");
    assert_eq!(listed["secrets"][1]["active"], true);
    let opens = |secret: &str| today.token(&client, secret).status;
    let newer = text(&second, "clientSecret");
    assert_eq!([opens(&first), opens(&newer)], [200, 200]);
    let old = text(&listed["secrets"][0], "secretId");
    assert_eq!(
        today.call("DELETE", &format!("{secrets}/{old}"), "").status,
        204
    );
    assert_eq!([opens(&first), opens(&newer)], [401, 200]);
    let present = format!("{secrets}/{}", text(&second, "secretId"));
    let ended = today.data(
        "PATCH",
        &present,
        r#"{"expirationDate":"2020-01-01T00:00:00Z"}"#,
        200,
    );
    assert_eq!(ended["active"], false);
    assert_eq!(opens(&newer), 401);
    assert_eq!(today.call("DELETE", &path, "").status, 204);
    assert_eq!(today.call("GET", &path, "").status, 404);
    let journal = ok(&today.server, "GET", "/requests", "").to_string();
    assert!(!journal.contains(&first) && !journal.contains(&newer));
}
