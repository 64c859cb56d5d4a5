//! HTTP itself: order of checks, limits, methods, connections, faults and rate limits.

use std::time::UNIX_EPOCH;

use bandwidth_mock::MockServer;

use crate::wire::{
    Connection, JSON, LOGIN, Reply, USERS, XML, basic, call, guide, noon, request, send, server,
};

const LIST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><UsersResponse><Users>\
    <User><UserId>u1</UserId><Username>jdoe</Username><FirstName>John</FirstName>\
    <LastName>Doe</LastName><Email>jdoe@example.com</Email></User></Users></UsersResponse>";

fn list(server: &MockServer) -> Reply {
    call(server, "GET", USERS, "", "")
}

#[test]
fn a_connection_carries_many_exchanges_and_pipelined_ones() {
    let server = guide();
    let mut connection = Connection::to(&server);
    let one = request("GET", USERS, LOGIN, "");
    connection.write(&[one.clone(), one.clone()].concat());
    assert_eq!(connection.read(true).body, LIST);
    assert_eq!(connection.read(true).body, LIST);
    connection.write(&one);
    assert_eq!(connection.read(true).body, LIST);
}

#[test]
fn head_has_the_head_of_get_and_no_body() {
    let server = guide();
    let mut connection = Connection::to(&server);
    connection.write(&request("HEAD", USERS, LOGIN, ""));
    let head = connection.read(false);
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, vec![LIST.len().to_string().as_str()])
    );
    // Nothing of a body precedes the next response.
    connection.write(&request("GET", USERS, LOGIN, ""));
    assert_eq!(connection.read(true).body, LIST);
}

#[test]
fn other_methods_get_a_list_of_the_right_ones() {
    let server = guide();
    for (method, path, allow) in [
        ("PATCH", USERS, "GET, HEAD, POST"),
        ("OPTIONS", USERS, "GET, HEAD, POST"),
        ("DELETE", "/api/accounts/12345/roles", "GET, HEAD"),
        (
            "POST",
            "/api/accounts/12345/users/u1",
            "GET, HEAD, PUT, DELETE",
        ),
        ("BREW", USERS, "GET, HEAD, POST"),
    ] {
        let reply = call(&server, method, path, "", "");
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, vec![allow]),
            "{method} {path}"
        );
        assert_eq!(reply.code(), Some(405));
    }
}

#[test]
fn what_bandwidth_does_not_have_is_404() {
    let server = guide();
    for path in [
        "/",
        "/api",
        "/api/accounts/12345/",
        "/scim/v2/Users",
        "/api/accounts/12345/webhooks",
        "/api/accounts/12345/users/u1/disable",
    ] {
        let reply = call(&server, "GET", path, "", "");
        assert_eq!((reply.status, reply.code()), (404, Some(404)), "{path}");
    }
    // There is no pagination: a query changes nothing.
    assert_eq!(
        call(&server, "GET", &format!("{USERS}?page=2&size=0"), "", "").body,
        LIST
    );
}

#[test]
fn authentication_comes_before_validation_and_the_format_before_both() {
    let server = guide();
    let garbage = "{\"Username\":";
    let reply = send(&server, &request("POST", USERS, JSON, garbage));
    assert_eq!(reply.status, 401);
    assert!(reply.body.starts_with('{'), "{}", reply.body);
    let reply = send(
        &server,
        &request("POST", USERS, "Content-Type: text/plain\r\n", garbage),
    );
    assert_eq!(reply.status, 401);
    let huge = "x".repeat(2 * 1024 * 1024);
    let reply = send(&server, &request("POST", USERS, XML, &huge));
    assert_eq!(reply.status, 401);
    let reply = call(&server, "POST", USERS, JSON, garbage);
    assert_eq!((reply.status, reply.code()), (400, Some(400)));
}

#[test]
fn credentials_that_are_not_right_are_401_with_a_challenge() {
    let server = guide();
    for headers in [
        String::new(),
        "Authorization: Basic\r\n".to_owned(),
        "Authorization: Basic !!!\r\n".to_owned(),
        "Authorization: Basic YXBpLXVzZXI=\r\n".to_owned(),
        "Authorization: Bearer YXBpLXVzZXI6QXBpLVBhc3N3MHJkITIz\r\n".to_owned(),
        "Authorization: \u{FF}\r\n".to_owned(),
        format!("{LOGIN}{LOGIN}"),
        basic("api-user", "wrong"),
        basic("api-user", "api-passw0rd!23"),
        basic("API-USER", "Api-Passw0rd!23"),
        basic("nobody", "Api-Passw0rd!23"),
        basic("", ""),
        basic("jdoe", ""),
    ] {
        let reply = send(&server, &request("GET", USERS, &headers, ""));
        assert_eq!(reply.status, 401, "{headers:?}");
        assert_eq!(
            reply.header("www-authenticate"),
            ["Basic realm=\"Bandwidth\", charset=\"UTF-8\""],
            "{headers:?}"
        );
    }
    for scheme in ["basic", "BASIC", "Basic "] {
        let headers = LOGIN.replace("Basic", scheme);
        assert_eq!(
            send(&server, &request("GET", USERS, &headers, "")).status,
            200,
            "{scheme}"
        );
    }
}

#[test]
fn another_account_is_403_whether_it_exists_or_not() {
    let seed = r#"{"format":1,"accounts":[
        {"accountId":"1","login":{"username":"one","password":"Pass-1-one"},"nextUserNumber":1},
        {"accountId":"2","login":{"username":"two","password":"Pass-2-two"},"nextUserNumber":1}]}"#;
    let seed = bandwidth_fixtures::Seed::parse("two.json", seed).unwrap();
    let server = MockServer::builder().seed(seed).start_blocking().unwrap();
    let ask = |account: &str, login: &str| {
        send(
            &server,
            &request("GET", &format!("/api/accounts/{account}/users"), login, ""),
        )
    };
    let one = basic("one", "Pass-1-one");
    assert_eq!(ask("1", &one).status, 200);
    let (existing, missing) = (ask("2", &one), ask("3", &one));
    assert_eq!((existing.status, &existing.body), (403, &missing.body));
    assert_eq!(missing.status, 403);
    assert_eq!(ask("2", &basic("one", "Pass-2-two")).status, 401);
}

#[test]
fn a_body_over_1_mib_is_413_and_one_of_1_mib_is_read() {
    let server = guide();
    for (length, status) in [
        (1024 * 1024, 400),
        (1024 * 1024 + 1, 413),
        (20 * 1024 * 1024, 413),
    ] {
        let reply = call(&server, "POST", USERS, XML, &" ".repeat(length));
        assert_eq!(reply.status, status, "{length}");
    }
    // Chunked, so that no length is announced.
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let body = format!("{}0\r\n\r\n", chunk.repeat(17));
    let head = format!(
        "POST {USERS} HTTP/1.1\r\nHost: x\r\n{LOGIN}{XML}Transfer-Encoding: chunked\r\n\r\n"
    );
    assert_eq!(
        send(&server, format!("{head}{body}").as_bytes()).status,
        413
    );
    assert_eq!(list(&server).body, LIST);
}

#[test]
fn content_types() {
    let server = guide();
    let json = r#"{"FirstName":"Jane"}"#;
    let xml = "<User><FirstName>Jane</FirstName></User>";
    let put = |content_type: &str, body: &str| {
        let path = format!("{USERS}/u1");
        call(
            &server,
            "PUT",
            &path,
            &format!("Content-Type: {content_type}\r\n"),
            body,
        )
        .status
    };
    for content_type in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
    ] {
        assert_eq!(put(content_type, json), 200, "{content_type}");
    }
    for content_type in [
        "application/xml",
        "text/xml; charset=utf-8",
        "application/xml; charset=iso-8859-1",
    ] {
        assert_eq!(put(content_type, xml), 200, "{content_type}");
    }
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml; charset=utf-99",
        "application/json; charset=iso-8859-1",
        "json",
        "application/jsonx",
        "application/json, application/xml",
    ] {
        assert_eq!(put(content_type, xml), 415, "{content_type}");
    }
    assert_eq!(put("application/xml", json), 400);
    assert_eq!(put("application/json", xml), 400);
}

#[test]
fn location_leads_to_the_created_user() {
    for (profile, email) in [("guide", "Email"), ("published", "EmailAddress")] {
        let server = server(profile, &["surface.account=full"], "demo");
        let body = format!(
            "<User><Username>a.smith@x-1</Username><FirstName>Anna</FirstName><LastName>Smith</LastName>\
             <{email}>a@example.com</{email}><Password>Teal-Wagon.47</Password></User>"
        );
        let reply = call(&server, "POST", USERS, XML, &body);
        assert_eq!(reply.status, 201, "{}", reply.body);
        let location = reply.header("location")[0].to_owned();
        let reply = call(&server, "GET", &location, "", "");
        assert!(
            reply.body.contains("<Username>a.smith@x-1</Username>"),
            "{location}: {}",
            reply.body
        );
    }
}

#[test]
fn the_rate_limit_holds_per_account_and_401_spends_nothing() {
    let server = server("guide", &["rate.limit=3/1h"], "demo");
    for _ in 0..5 {
        assert_eq!(
            send(
                &server,
                &request("GET", USERS, &basic("api-user", "wrong"), "")
            )
            .status,
            401
        );
    }
    let statuses: Vec<u16> = (0..5).map(|_| list(&server).status).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    let reply = list(&server);
    assert_eq!(reply.code(), Some(429));
    for header in ["retry-after", "x-ratelimit-reset", "x-ratelimit-limit"] {
        assert_eq!(reply.header(header), [""; 0], "{header}");
    }
}

#[test]
fn the_published_429_closes_and_says_when() {
    let server = server("published", &["rate.limit=1/1h"], "demo");
    let mut connection = Connection::to(&server);
    connection.write(&request("GET", USERS, LOGIN, ""));
    assert_eq!(connection.read(true).status, 200);
    connection.write(&request("GET", USERS, LOGIN, ""));
    let reply = connection.read(true);
    assert_eq!((reply.status, reply.body.as_str()), (429, ""));
    assert_eq!(reply.header("content-length"), ["0"]);
    assert_eq!(reply.header("connection"), ["close"]);
    assert_eq!(reply.header("content-type"), [""; 0]);
    assert_eq!(reply.header("retry-after"), [""; 0]);
    let reset: u64 = reply.header("x-ratelimit-reset")[0].parse().unwrap();
    let now = noon().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(
        (now + 3_500..=now + 3_601).contains(&reset),
        "{reset} is not an hour from {now}"
    );
    assert!(connection.is_closed());
}

#[test]
fn faults_have_the_shape_of_the_profile() {
    let with = |fault: &str| MockServer::builder().fault(fault).start_blocking().unwrap();
    let server = with("status=429,every=2,operation=list_users");
    let statuses: Vec<u16> = (0..4).map(|_| list(&server).status).collect();
    assert_eq!(statuses, [200, 429, 200, 429]);
    assert_eq!(
        call(&server, "GET", "/api/accounts/12345/roles", "", "").status,
        200
    );

    let server = with("status=503,times=1");
    let reply = call(&server, "GET", USERS, "Accept: application/json\r\n", "");
    assert_eq!((reply.status, reply.code()), (503, Some(1000)));
    assert_eq!(list(&server).status, 200);

    // A request that fails has no effect.
    let server = with("status=500,method=DELETE");
    assert_eq!(
        call(&server, "DELETE", &format!("{USERS}/u1"), "", "").status,
        500
    );
    assert_eq!(list(&server).body, LIST);
}

#[test]
fn a_login_changes_its_own_password_and_the_old_one_stops() {
    let server = server("published", &[], "published");
    let change = |login: &str, name: &str, password: &str| {
        let headers = format!("{login}{XML}");
        let body = format!("<Password>{password}</Password>");
        send(
            &server,
            &request(
                "PUT",
                &format!("/api/users/{name}/password"),
                &headers,
                &body,
            ),
        )
    };
    let status = |login: &str| send(&server, &request("GET", USERS, login, "")).status;
    let new = basic("api-user", "Olive-Kite.93");

    let short = change(LOGIN, "api-user", "aB3-x");
    assert_eq!((short.status, short.code()), (400, Some(12504)));
    assert!(short.body.contains("<UserResponse><ResponseStatus>"));
    assert_eq!(change(LOGIN, "mroe", "Olive-Kite.93").status, 403);
    assert_eq!(change(LOGIN, "nobody", "Olive-Kite.93").status, 403);
    assert_eq!((status(LOGIN), status(&new)), (200, 401));

    let changed = change(LOGIN, "api-user", "Olive-Kite.93");
    assert_eq!((changed.status, changed.body.as_str()), (200, ""));
    assert_eq!((status(LOGIN), status(&new)), (401, 200));
    let reused = change(&new, "api-user", "Api-Passw0rd!23");
    assert_eq!(reused.status, 400);

    // A user's own login does the same, and is not in the way of the API login.
    let user = basic("mroe", "Teal-Wagon.47");
    assert_eq!(status(&user), 200);
    assert_eq!(change(&user, "mroe", "Olive-Kite.94").status, 200);
    assert_eq!(
        (status(&user), status(&basic("mroe", "Olive-Kite.94"))),
        (401, 200)
    );
}

#[test]
fn where_only_the_list_is_served_a_refusal_names_the_place_of_the_operation() {
    let server = server("published", &[], "demo");
    assert_eq!(list(&server).status, 200);
    let head = request("HEAD", USERS, &format!("{LOGIN}Connection: close\r\n"), "");
    assert_eq!(send(&server, &head).status, 200);
    for (method, path, status, expected) in [
        (
            "POST",
            USERS,
            405,
            "This path takes GET, HEAD. This profile has create_user at POST /api/v1/users; \
             POST /api/accounts/{accountId}/users needs surface.account=full.",
        ),
        (
            "GET",
            "/api/accounts/12345/users/u1",
            404,
            "This profile has get_user at GET /api/users/{userId}; ",
        ),
        (
            "DELETE",
            "/api/accounts/12345/users/u1",
            404,
            "This profile has delete_user at DELETE /api/identitydomains/{domainName}/users/{userId}; ",
        ),
        (
            "GET",
            "/api/accounts/12345/roles",
            404,
            "This profile has list_roles at GET /api/v1/roles; ",
        ),
        ("GET", "/api/accounts/12345/sites", 404, "there is users.<"),
    ] {
        let reply = call(&server, method, path, XML, "");
        assert_eq!(reply.status, status, "{method} {path}");
        assert!(
            reply.body.contains(expected),
            "{method} {path}: {}",
            reply.body
        );
        let allow: &[&str] = if status == 405 { &["GET, HEAD"] } else { &[] };
        assert_eq!(reply.header("allow"), allow, "{method} {path}");
    }
}

#[test]
fn the_permissions_of_roles_decide_what_a_login_of_a_user_does() {
    let set = [
        "auth.user_logins=accepted",
        "auth.role_permissions=enforced",
        "auth.schemes=basic_and_bearer",
        "surface.login=served",
    ];
    let server = server("guide", &set, "demo");
    for (name, role) in [("reader", "r2"), ("writer", "r1"), ("nothing", "")] {
        let roles = if role.is_empty() {
            String::new()
        } else {
            format!("<Roles><Role>{role}</Role></Roles>")
        };
        let body = format!(
            "<User><Username>{name}</Username><FirstName>Anna</FirstName><LastName>Smith</LastName>\
             <Email>{name}@example.com</Email><Password>Teal-Wagon.47</Password>{roles}</User>"
        );
        assert_eq!(
            call(&server, "POST", USERS, XML, &body).status,
            201,
            "{name}"
        );
    }
    let as_user = |name: &str, method: &str, path: &str, body: &str| {
        let headers = format!("{}{XML}", basic(name, "Teal-Wagon.47"));
        send(&server, &request(method, path, &headers, body))
    };
    for (name, read, write) in [
        ("reader", 200, 403),
        ("writer", 200, 404),
        ("nothing", 403, 403),
    ] {
        assert_eq!(as_user(name, "GET", USERS, "").status, read, "{name}");
        let unknown = as_user(name, "DELETE", "/api/accounts/12345/users/u9", "");
        assert_eq!(unknown.status, write, "{name}");
        assert_eq!(
            unknown.code(),
            Some(if write == 403 { 1001 } else { 12000 })
        );
    }
    // Its own password is its own.
    let path = "/api/users/nothing/password";
    let changed = as_user("nothing", "PUT", path, "<Password>Olive-Kite.93</Password>");
    assert_eq!(changed.status, 200, "{}", changed.body);
}

#[test]
fn a_user_that_is_not_enabled_never_gets_in() {
    let server = server("published", &["surface.account=full"], "published");
    let user = basic("mroe", "Teal-Wagon.47");
    assert_eq!(send(&server, &request("GET", USERS, &user, "")).status, 200);
    let body = "<User><FirstName>Mary</FirstName><LastName>Roe</LastName>\
        <EmailAddress>mroe@example.com</EmailAddress><Enabled>false</Enabled></User>";
    let reply = call(&server, "PUT", &format!("{USERS}/mroe"), XML, body);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.body.contains("<Enabled>false</Enabled>"));
    assert_eq!(send(&server, &request("GET", USERS, &user, "")).status, 401);
}

#[test]
fn failures_in_a_row_lock_a_login_and_a_success_resets_the_count() {
    let server = server("guide", &["auth.lockout=3"], "demo");
    let wrong = || {
        send(
            &server,
            &request("GET", USERS, &basic("api-user", "wrong"), ""),
        )
    };
    for _ in 0..3 {
        assert_eq!((wrong().code(), wrong().code()), (Some(401), Some(401)));
        assert_eq!(list(&server).status, 200);
    }
    // Names that no user has lock nothing.
    for _ in 0..5 {
        send(
            &server,
            &request("GET", USERS, &basic("nobody", "wrong"), ""),
        );
    }
    assert_eq!(list(&server).status, 200);
    assert_eq!(
        [wrong().code(), wrong().code(), wrong().code()],
        [Some(401); 3]
    );
    let locked = list(&server);
    assert_eq!((locked.status, locked.code()), (401, Some(12093)));
    assert_eq!(wrong().code(), Some(12093));
}

#[test]
fn the_api_login_is_not_in_the_list_of_users() {
    for profile in ["guide", "published"] {
        let reply = list(&server(profile, &[], "published"));
        assert!(
            reply.body.contains("jdoe") && !reply.body.contains("api-user"),
            "{}",
            reply.body
        );
    }
}

#[test]
fn the_admin_paths_speak_json_and_are_apart() {
    let server = guide();
    for path in ["health", "ready", "version"] {
        let reply = send(
            &server,
            &request("GET", &format!("/__admin/{path}"), "", ""),
        );
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, vec!["application/json"]),
            "{path}"
        );
    }
    let unknown = send(&server, &request("GET", "/__admin/nothing", "", ""));
    assert_eq!(unknown.status, 404);
    assert!(
        unknown
            .body
            .contains("\"message\":\"/__admin/nothing is not served"),
        "{}",
        unknown.body
    );
    assert_eq!(
        send(&server, &request("PUT", "/__admin/ready", "", "")).status,
        405
    );
    assert_eq!(
        send(&server, &request("GET", "/api/__admin/ready", "", "")).status,
        404
    );
}
