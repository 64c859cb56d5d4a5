//! The API below identity domains, from literal bytes: who sees, gives and changes what.

use bandwidth_mock::MockServer;
use serde_json::{Value, json};

use crate::{
    control::{admin, made, ok},
    wire::{
        CLIENT, CLIENT_SECRET, Connection, FORM, LOGIN, Reply, TOKEN, XML, basic, call, request,
        send, server,
    },
};

const USERS: &str = "/api/identitydomains/Iris/users";
const PASSWORD: &str = "Teal-Wagon.47";

/// The published seed with a login of that scope, and these users more, who have a password each.
fn world(set: &[&str], scope: &str, users: &[(&str, Value)]) -> MockServer {
    let server = server("published", set, "published");
    let mut snapshot = ok(&server, "GET", "/accounts/12345/snapshot", "");
    let account = &mut snapshot["accounts"][0];
    account["login"]["accountScope"] = json!(scope);
    for (number, (username, more)) in users.iter().enumerate() {
        let mut user = json!({
            "userId": format!("u{}", 800 + number), "username": username, "password": PASSWORD,
            "email": format!("{username}@example.com"), "roles": ["r1"],
        });
        let more = more.as_object().unwrap().clone();
        user.as_object_mut().unwrap().extend(more);
        account["users"].as_array_mut().unwrap().push(user);
    }
    ok(
        &server,
        "PUT",
        "/accounts/12345/snapshot",
        &snapshot.to_string(),
    );
    server
}

fn published() -> MockServer {
    world(&[], "ACCOUNT_ADMIN", &[])
}

/// A request of that user, or of the API login.
fn by(server: &MockServer, username: &str, method: &str, path: &str, body: &str) -> Reply {
    let login = match username {
        "api-user" => LOGIN.to_owned(),
        user => basic(user, PASSWORD),
    };
    send(
        server,
        &request(method, path, &format!("{login}{XML}"), body),
    )
}

/// Status and code of the response.
fn refused(reply: &Reply) -> (u16, Option<u32>) {
    (reply.status, reply.code())
}

/// The texts of the elements of that name.
fn texts<'b>(body: &'b str, name: &str) -> Vec<&'b str> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let parts = body.split(&*start).skip(1);
    parts
        .map(|part| part.split_once(&*end).unwrap().0)
        .collect()
}

fn listed(server: &MockServer, username: &str) -> Vec<String> {
    let reply = by(server, username, "GET", USERS, "");
    assert_eq!(reply.status, 200, "{}", reply.body);
    texts(&reply.body, "UserId")
        .into_iter()
        .map(str::to_owned)
        .collect()
}

fn user_body(email: &str, more: &str) -> String {
    format!(
        "<User><Email>{email}</Email><Password>{PASSWORD}</Password><UserProfile>\
         <FirstName>Anna</FirstName><LastName>Smith</LastName></UserProfile>{more}</User>"
    )
}

#[test]
fn a_scope_decides_who_is_seen_and_what_is_given() {
    let users = [
        ("aaron", json!({"accountScope": "ACCOUNT"})),
        (
            "berta",
            json!({"accountScope": "ACCOUNT_ADMIN", "accounts": ["12345", "67890"]}),
        ),
        ("carol", json!({"accountScope": "ALL"})),
        ("david", json!({"accounts": ["67890"]})),
    ];
    for (scope, caller, sees_second, code_all) in [
        ("ACCOUNT_ADMIN", "api-user", false, Some(12684)),
        ("SYSTEM", "api-user", true, None),
        ("ACCOUNT_ADMIN", "aaron", false, Some(12684)),
        ("ACCOUNT_ADMIN", "berta", true, Some(12684)),
        ("ACCOUNT_ADMIN", "carol", true, None),
    ] {
        let server = world(&[], scope, &users);
        let seen = listed(&server, caller);
        let who = format!("{caller} of {scope}");
        assert!(seen.contains(&"jdoe".to_owned()), "{who}: {seen:?}");
        assert_eq!(seen.contains(&"sjones".to_owned()), sees_second, "{who}");
        let david = by(&server, caller, "GET", &format!("{USERS}/david"), "");
        assert_eq!(david.status == 200, sees_second, "{who}: {}", david.body);
        if !sees_second {
            assert_eq!(refused(&david), (404, Some(12000)), "{who}");
            let settings = format!("{USERS}/david/settings");
            let body = "<UserSettings><Active>false</Active></UserSettings>";
            let changed = by(&server, caller, "PUT", &settings, body);
            assert_eq!(refused(&changed), (403, Some(12697)), "{who}");
        }
        let settings = format!("{USERS}/jdoe/settings");
        let body = "<UserSettings><Scope>All</Scope></UserSettings>";
        let given = by(&server, caller, "PUT", &settings, body);
        assert_eq!(given.code(), code_all, "{who}: {}", given.body);
        assert_eq!(
            given.status,
            if code_all.is_some() { 400 } else { 200 },
            "{who}"
        );
    }
}

#[test]
fn a_system_wide_user_has_no_accounts_and_may_have_internal_roles() {
    let server = world(&[], "SYSTEM", &[]);
    let put = |path: &str, body: &str| {
        by(
            &server,
            "api-user",
            "PUT",
            &format!("{USERS}/jdoe/{path}"),
            body,
        )
    };
    let internal = "<RoleList><Role><RoleId>ROLE_INTERNAL</RoleId></Role></RoleList>";
    assert_eq!(refused(&put("roles", internal)), (403, Some(12085)));
    let scope = put(
        "settings",
        "<UserSettings><Scope>System</Scope></UserSettings>",
    );
    assert_eq!(texts(&scope.body, "Scope"), ["System"]);
    assert_eq!(put("roles", internal).status, 200);
    let accounts = "<AccountList><Account><AccountId>12345</AccountId></Account></AccountList>";
    assert_eq!(refused(&put("accounts", accounts)), (403, Some(12079)));
    let shown = by(
        &server,
        "api-user",
        "GET",
        &format!("{USERS}/jdoe/accounts"),
        "",
    );
    assert_eq!(refused(&shown), (403, Some(12079)));
}

#[test]
fn a_user_that_is_locked_inactive_or_of_the_web_interface_does_not_log_in() {
    let users = [
        ("open-user", json!({})),
        ("locked", json!({"details": {"userState": "LOCKED"}})),
        (
            "asks-unlock",
            json!({"details": {"userState": "UNLOCK_REQUEST"}}),
        ),
        ("gui-only", json!({"details": {"allowedApiOrigin": "GUI"}})),
        ("api-only", json!({"details": {"allowedApiOrigin": "API"}})),
        ("inactive", json!({"enabled": false})),
    ];
    let server = world(&[], "ACCOUNT_ADMIN", &users);
    let status = |user: &str| by(&server, user, "GET", USERS, "").status;
    for (user, expected) in [
        ("open-user", 200),
        ("locked", 401),
        ("asks-unlock", 401),
        ("gui-only", 401),
        ("api-only", 200),
        ("inactive", 401),
    ] {
        assert_eq!(status(user), expected, "{user}");
    }
    // The same on the other surfaces, and after a change of settings.
    assert_eq!(by(&server, "locked", "GET", "/api/users", "").status, 401);
    for (user, settings) in [
        ("locked", "<UserState>UNLOCKED</UserState>"),
        ("gui-only", "<AllowedApiOrigin>BOTH</AllowedApiOrigin>"),
        ("inactive", "<Active>true</Active>"),
    ] {
        let path = format!("{USERS}/{user}/settings");
        let body = format!("<UserSettings>{settings}</UserSettings>");
        let changed = by(&server, "api-user", "PUT", &path, &body);
        assert_eq!(changed.status, 200, "{}", changed.body);
        assert_eq!(status(user), 200, "{user}");
    }
}

#[test]
fn each_surface_shows_a_user_of_the_second_account_to_those_who_open_it() {
    let server = world(&[], "SYSTEM", &[("berta", json!({"accounts": ["67890"]}))]);
    let created = by(
        &server,
        "api-user",
        "POST",
        &format!("{USERS}/asmith"),
        &user_body(
            "asmith@example.com",
            "<AccountList><Account><AccountId>67890</AccountId></Account></AccountList>",
        ),
    );
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(texts(&created.body, "AccountId"), ["67890"]);
    let names = |user: &str, path: &str| {
        let reply = by(&server, user, "GET", path, "");
        assert_eq!(reply.status, 200, "{user} {path}: {}", reply.body);
        texts(&reply.body, "Username").join(" ")
    };
    assert_eq!(
        names("berta", "/api/accounts/67890/users"),
        "asmith berta sjones"
    );
    assert_eq!(names("berta", "/api/users"), "asmith berta sjones");
    assert_eq!(names("api-user", "/api/accounts/12345/users"), "jdoe mroe");
    assert_eq!(listed(&server, "berta"), ["asmith", "berta", "sjones"]);
    // Both accounts, then the first one alone.
    let path = format!("{USERS}/asmith/accounts/12345");
    assert_eq!(by(&server, "api-user", "POST", &path, "").status, 200);
    assert_eq!(
        names("api-user", "/api/accounts/12345/users"),
        "jdoe mroe asmith"
    );
    let second = format!("{USERS}/asmith/accounts/67890");
    assert_eq!(by(&server, "api-user", "DELETE", &second, "").status, 200);
    assert_eq!(listed(&server, "berta"), ["berta", "sjones"]);
    assert_eq!(names("berta", "/api/accounts/67890/users"), "berta sjones");
}

#[test]
fn the_roles_of_a_user_permit_reading_and_changing() {
    let users = [
        ("viewer", json!({"roles": ["r2"]})),
        ("editor", json!({"roles": ["r1"]})),
        ("roleless", json!({"roles": []})),
    ];
    let path = format!("{USERS}/jdoe/settings");
    let body = "<UserSettings><Active>false</Active></UserSettings>";
    let server = world(&[], "ACCOUNT_ADMIN", &users);
    for (user, read, changed) in [
        ("viewer", 200, 403),
        ("editor", 200, 200),
        ("roleless", 403, 403),
    ] {
        assert_eq!(by(&server, user, "GET", USERS, "").status, read, "{user}");
        assert_eq!(
            by(&server, user, "PUT", &path, body).status,
            changed,
            "{user}"
        );
        // Its own password it changes without a role.
        let password = format!("{USERS}/{user}/password");
        let reply = by(
            &server,
            user,
            "PUT",
            &password,
            "<Password>Plum-Kettle.58</Password>",
        );
        assert_eq!(reply.status, 200, "{user}: {}", reply.body);
    }
    let server = world(&["auth.role_permissions=ignored"], "ACCOUNT_ADMIN", &users);
    assert_eq!(by(&server, "viewer", "PUT", &path, body).status, 200);
}

#[test]
fn a_user_of_a_throwaway_account_logs_in_below_its_own_domain_alone() {
    let server = published();
    let account = ok(
        &server,
        "POST",
        "/accounts",
        r#"{"domainName":"Blue","seed":{
        "roles":[{"roleId":"r1","roleName":"ROLE_USER","permissions":["VIEW"]}],
        "users":[{"userId":"u1","username":"berta","password":"Teal-Wagon.47","roles":["r1"]}]}}"#,
    );
    let (_, login) = made(&account);
    let get = |login: &str, domain: &str| {
        let path = format!("/api/identitydomains/{domain}/users");
        send(&server, &request("GET", &path, login, ""))
    };
    let user = basic("berta", PASSWORD);
    for login in [&login, &user] {
        let own = get(login, "Blue");
        assert_eq!(own.status, 200, "{}", own.body);
        assert_eq!(texts(&own.body, "UserId"), ["berta"]);
    }
    assert_eq!(refused(&get(&login, "Iris")), (404, Some(12068)));
    assert_eq!(refused(&get(LOGIN, "Blue")), (404, Some(12068)));
    assert_eq!(refused(&get(LOGIN, "Green")), (404, Some(12068)));
    assert_eq!(get(&user, "Iris").status, 401);
}

#[test]
fn a_log_has_pages_with_links_and_says_what_changed() {
    let server = published();
    let settings = format!("{USERS}/jdoe/settings");
    for active in ["false", "true", "false"] {
        let body = format!("<UserSettings><Active>{active}</Active></UserSettings>");
        assert_eq!(by(&server, "api-user", "PUT", &settings, &body).status, 200);
    }
    let logs = format!("{USERS}/jdoe/logs");
    let get = |query: &str| call(&server, "GET", &format!("{logs}{query}"), "", "");
    let first = get("?page=1&size=2");
    assert_eq!(texts(&first.body, "EventId"), ["3", "2"]);
    assert_eq!(
        texts(&first.body, "next"),
        [
            "Link=&lt;http://localhost/api/identitydomains/Iris/users/jdoe/logs?page=2&amp;size=2&gt;;rel=\"next\";"
        ]
    );
    let second = get("?page=2&size=2");
    assert_eq!(texts(&second.body, "EventId"), ["1"]);
    assert!(texts(&second.body, "next").is_empty(), "{}", second.body);
    assert!(texts(&get("?startDate=2026-03-05").body, "EventId").is_empty());
    assert_eq!(
        texts(
            &get("?startDate=2026-03-04&endDate=2026-03-04").body,
            "EventId"
        )
        .len(),
        3
    );
    assert_eq!(
        refused(&get("?startDate=2026-03-05&endDate=2026-03-04")),
        (400, Some(15509))
    );
    assert_eq!(get("?page=0").status, 400);
    let event = call(&server, "GET", &format!("{logs}/2"), "", "");
    assert_eq!(texts(&event.body, "Active"), ["false", "true"]);
    assert_eq!(
        refused(&call(&server, "GET", &format!("{logs}/4"), "", "")),
        (404, Some(12095))
    );
}

#[test]
fn a_password_is_in_the_response_and_not_in_the_journal() {
    let server = world(&[], "ACCOUNT_ADMIN", &[("berta", json!({}))]);
    let change = by(
        &server,
        "berta",
        "PUT",
        &format!("{USERS}/berta/password"),
        "<Password>Canary-Bird.79</Password>",
    );
    assert_eq!(texts(&change.body, "Password"), ["Canary-Bird.79"]);
    // An error repeats the user that was sent.
    let body = user_body("berta@example.com", "").replace(PASSWORD, "Canary-Bird.79");
    let taken = by(
        &server,
        "api-user",
        "POST",
        &format!("{USERS}/asmith"),
        &body,
    );
    assert_eq!(refused(&taken), (400, Some(12071)));
    assert_eq!(texts(&taken.body, "Password"), ["Canary-Bird.79"]);
    let short = by(
        &server,
        "berta",
        "PUT",
        &format!("{USERS}/berta/password"),
        "<Password>Canary-Bird.79</Password>",
    );
    assert_eq!(short.status, 401, "the earlier password");
    let made = by(
        &server,
        "api-user",
        "POST",
        "/api/identitydomains/Iris/tokens",
        "<TokenScope/>",
    );
    let secret = texts(&made.body, "Secret")[0].to_owned();
    let form = format!("{}{FORM}", basic(CLIENT, CLIENT_SECRET));
    let token = send(
        &server,
        &request("POST", TOKEN, &form, "grant_type=client_credentials"),
    );
    let token: Value = serde_json::from_str(&token.body).unwrap();
    for path in [
        "/requests",
        "/accounts/12345/snapshot",
        "/events?follow=false",
    ] {
        let (_, view) = admin(&server, "GET", path, "");
        let view = view.to_string();
        for kept in [
            "Canary-Bird",
            &secret,
            token["access_token"].as_str().unwrap(),
        ] {
            assert!(!view.contains(kept), "{path} shows a secret");
        }
    }
}

#[test]
fn an_operation_that_does_not_run_changes_and_logs_nothing() {
    let server = published();
    let before = ok(&server, "GET", "/accounts/12345/snapshot", "");
    let writes = [
        ("POST", "/asmith", user_body("asmith@example.com", "")),
        (
            "PUT",
            "/jdoe",
            "<User><Email>john@example.com</Email></User>".to_owned(),
        ),
        (
            "PUT",
            "/jdoe/settings",
            "<UserSettings><Active>false</Active></UserSettings>".to_owned(),
        ),
        ("PUT", "/jdoe/roles", "<RoleList/>".to_owned()),
        ("POST", "/jdoe/roles/ROLE_API_HISTORY", String::new()),
        ("DELETE", "/jdoe/accounts/12345", String::new()),
        ("DELETE", "/mroe", String::new()),
        ("POST", "/jdoe", user_body("another@example.com", "")),
    ];
    for (fault, whole) in [
        (r#"{"status":503,"times":100}"#, true),
        (r#"{"malformed_body":true,"times":100}"#, true),
        (r#"{"truncate_body":true,"times":100}"#, false),
        (r#"{"fault":"CONNECTION_RESET_BY_PEER","times":100}"#, false),
    ] {
        ok(&server, "POST", "/faults", fault);
        for (method, path, body) in &writes {
            let path = format!("{USERS}{path}");
            if whole {
                by(&server, "api-user", method, &path, body);
            } else {
                let head = format!("{LOGIN}{XML}");
                let mut connection = Connection::to(&server);
                connection.write(&request(method, &path, &head, body));
                connection.drain();
            }
        }
        ok(&server, "DELETE", "/faults", "");
    }

    assert_eq!(ok(&server, "GET", "/accounts/12345/snapshot", ""), before);
    let log = call(&server, "GET", &format!("{USERS}/jdoe/logs"), "", "");
    assert!(texts(&log.body, "EventId").is_empty(), "{}", log.body);
}

#[test]
fn a_snapshot_keeps_what_only_this_surface_shows() {
    let server = published();
    let profile = "<UserProfile><FirstName>John</FirstName><LastName>Doe</LastName><StreetAddress><City>Durham</City></StreetAddress>\
                   <TelephoneNumbers><HomePhone>9195550111</HomePhone></TelephoneNumbers><CompanyName>Elm Ltd</CompanyName></UserProfile>";
    let settings = "<UserSettings><UserState>LOCKED</UserState><AllowedApiOrigin>API</AllowedApiOrigin></UserSettings>";
    let preference = "<UserPreference><PreferenceName>tnFormat</PreferenceName><PreferenceValue>10D</PreferenceValue></UserPreference>";
    for (method, path, body, status) in [
        ("PUT", "profile", profile, 200),
        ("PUT", "settings", settings, 200),
        ("POST", "preferences", preference, 201),
    ] {
        let reply = by(
            &server,
            "api-user",
            method,
            &format!("{USERS}/jdoe/{path}"),
            body,
        );
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
    }
    let shown = || {
        ["", "/preferences"].map(|path| {
            let reply = call(&server, "GET", &format!("{USERS}/jdoe{path}"), "", "");
            assert_eq!(reply.status, 200);
            reply.body
        })
    };
    let before = shown();
    assert!(before[0].contains("<HomePhone>9195550111</HomePhone>"));
    let snapshot = ok(&server, "GET", "/accounts/12345/snapshot", "");
    let deleted = call(&server, "DELETE", &format!("{USERS}/jdoe"), "", "");
    assert_eq!(deleted.status, 200);
    ok(
        &server,
        "PUT",
        "/accounts/12345/snapshot",
        &snapshot.to_string(),
    );
    assert_eq!(shown(), before);
}

#[test]
fn a_hostile_body_is_refused_and_changes_nothing() {
    let server = published();
    let before = ok(&server, "GET", "/accounts/12345/snapshot", "");
    let path = format!("{USERS}/asmith");
    let deep = format!("{}{}", "<User>".repeat(20_000), "</User>".repeat(20_000));
    let many = format!(
        "<User>{}</User>",
        "<Email>a@example.com</Email>".repeat(5_000)
    );
    for body in [
        deep.as_str(),
        &many,
        "<!DOCTYPE User [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><User><Email>&b;</Email></User>",
        "<!DOCTYPE User SYSTEM \"file:///etc/passwd\"><User/>",
        "<User><Email>&nope;</Email></User>",
        "<User><UserId>asmith</UserId>",
        "<User/><User/>",
        "<Userx/>",
        "<User>\u{1}</User>",
        "\u{0}",
        "<User><RoleList><Role/></RoleList></User>",
        "<User><UserSettings><Active>perhaps</Active></UserSettings></User>",
        "<User><UserSettings><Scope>Everything</Scope></UserSettings></User>",
    ] {
        let reply = by(&server, "api-user", "POST", &path, body);
        assert_eq!(reply.status, 400, "{body:.60}: {:.300}", reply.body);
        assert!(reply.body.contains("<ErrorCode>"), "{body:.60}");
        assert!(
            reply.body.len() < 300_000,
            "{body:.60}: {} bytes",
            reply.body.len()
        );
    }
    let large = user_body(&"a".repeat(2_000_000), "");
    assert_eq!(by(&server, "api-user", "POST", &path, &large).status, 413);
    let head = format!("{LOGIN}Content-Type: application/json\r\n");
    assert_eq!(
        send(&server, &request("POST", &path, &head, "{}")).status,
        415
    );
    assert_eq!(ok(&server, "GET", "/accounts/12345/snapshot", ""), before);
}

#[test]
fn what_a_created_user_is_given_holds_on_all_surfaces() {
    let server = published();
    let body = user_body(
        "asmith@example.com",
        "<UserSettings><Active>true</Active><AllowedApiOrigin>BOTH</AllowedApiOrigin></UserSettings>\
         <RoleList><Role><RoleId>ROLE_USER</RoleId></Role></RoleList>",
    );
    let path = format!("{USERS}/asmith");
    let created = by(&server, "api-user", "POST", &path, &body);
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(listed(&server, "asmith"), ["jdoe", "mroe", "asmith"]);
    let log = by(&server, "asmith", "GET", &format!("{path}/logs"), "");
    let events = texts(&log.body, "Event");
    assert_eq!(events.last(), Some(&"USER_CREATE"));
    assert!(events.contains(&"LOGIN"), "{events:?}");
    let list = call(&server, "GET", "/api/accounts/12345/users", "", "");
    assert_eq!(texts(&list.body, "EmailAddress")[2], "asmith@example.com");
    let taken = by(
        &server,
        "asmith",
        "POST",
        &path,
        &user_body("b@example.com", ""),
    );
    assert_eq!(refused(&taken), (400, Some(12074)));
}
