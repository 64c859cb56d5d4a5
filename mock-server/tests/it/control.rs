//! The control API: accounts, snapshots, profiles, the clock, and who may use it.

use bandwidth_mock::MockServer;
use serde_json::{Value, json};

use crate::wire::{JSON, LOGIN, USERS, basic, call, guide, post_user, request, send};

/// Sends JSON to the control API and reads JSON.
pub(crate) fn admin(server: &MockServer, method: &str, path: &str, body: &str) -> (u16, Value) {
    let reply = send(
        server,
        &request(method, &format!("/__admin{path}"), "", body),
    );
    let read = serde_json::from_str(&reply.body).unwrap_or(Value::Null);
    (reply.status, read)
}

pub(crate) fn ok(server: &MockServer, method: &str, path: &str, body: &str) -> Value {
    let (status, read) = admin(server, method, path, body);
    assert!(status < 300, "{method} {path}: {status} {read}");
    read
}

/// An account made through the control API: its users' path and its login's header.
pub(crate) fn made(account: &Value) -> (String, String) {
    let text = |key: &str| account[key].as_str().unwrap().to_owned();
    let users = format!("/api/accounts/{}/users", text("accountId"));
    (users, basic(&text("username"), &text("password")))
}

#[test]
fn a_change_of_a_user_is_reported_with_before_and_after() {
    let server = guide();
    let served = r#"{"surface.identity":"served","put.semantics":"merge"}"#;
    ok(&server, "PATCH", "/profile", served);
    let user = format!("{USERS}/u1");
    for body in [r#"{"LastName":"Roe"}"#, r#"{"Password":"Teal-Wagon.47"}"#] {
        assert_eq!(call(&server, "PUT", &user, JSON, body).status, 200);
    }
    let answer = ok(&server, "GET", "/accounts/12345/users/u1/events", "");
    let events = answer["events"].as_array().unwrap();
    let kinds: Vec<_> = events.iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["PASSWORD_RESET", "USER_PROFILE_UPDATE"]);
    let update = &events[1];
    assert_eq!(update["login"], "api-user");
    assert_eq!(update["success"], true);
    assert_eq!(update["before"]["lastName"], "Doe");
    assert_eq!(update["after"]["lastName"], "Roe");
    let text = answer.to_string();
    assert!(
        !text.contains("assword") && !text.contains("Teal"),
        "{text}"
    );
    let (status, body) = admin(&server, "GET", "/accounts/12345/users/u99/events", "");
    assert_eq!((status, &body["error"]["code"]), (404, &json!("not_found")));
}

#[test]
fn a_throwaway_account_has_everything_of_its_own_and_leaves_nothing() {
    let server = guide();
    let account = ok(
        &server,
        "POST",
        "/accounts",
        r#"{"accountId":"t-1","profile":{"profile":"published","set":{"create.status":"201","surface.account":"full"}},
            "seed":{"roles":[{"roleId":"x","roleName":"X"}],"users":[{"userId":"u4","username":"old"}]},
            "rateLimit":"3/1h","faults":[{"status":503,"operation":"delete_user"}]}"#,
    );
    assert_eq!(account["username"], "api-t-1");
    assert_eq!(account["baseUrl"], "http://localhost/api");
    let (users, login) = made(&account);
    let get = |path: &str| send(&server, &request("GET", path, &login, ""));
    // published has usernames for ids and no UserId.
    assert!(
        get(&format!("{users}/old"))
            .body
            .contains("<Username>old</Username>")
    );
    let delete = send(
        &server,
        &request("DELETE", &format!("{users}/old"), &login, ""),
    );
    assert_eq!(delete.status, 503);
    get(&users);
    get(&users);
    assert_eq!(get(&users).status, 429, "its own limit");
    // The demo account knows nothing of it.
    assert_eq!(send(&server, &request("GET", USERS, LOGIN, "")).status, 200);
    assert_eq!(
        send(&server, &request("GET", USERS, &login, "")).status,
        403
    );

    let seen = ok(&server, "GET", "/accounts/t-1", "");
    assert_eq!(
        (&seen["throwaway"], &seen["users"], &seen["profile"]),
        (&json!(true), &json!(1), &json!("published"))
    );
    assert_eq!(admin(&server, "DELETE", "/accounts/t-1", "").0, 204);
    assert_eq!(get(&users).status, 401);
    assert_eq!(ok(&server, "GET", "/faults", "")["faults"], json!([]));
    assert_eq!(
        ok(&server, "GET", "/requests?status=503", "")["requests"],
        json!([])
    );
    assert_eq!(
        ok(&server, "GET", "/accounts", "")["accounts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // Its id can be used again, and the next account starts empty.
    let again = ok(&server, "POST", "/accounts", r#"{"accountId":"t-1"}"#);
    let (users, login) = made(&again);
    let list = send(&server, &request("GET", &users, &login, ""));
    assert!(!list.body.contains("old"), "{}", list.body);
}

#[test]
fn a_reset_brings_back_the_start() {
    let server = MockServer::builder()
        .users(2)
        .fault("status=500,times=1,method=PATCH")
        .start_blocking()
        .unwrap();
    let list = || send(&server, &request("GET", USERS, LOGIN, ""));
    let before = list();
    assert_eq!(post_user(&server, "asmith").status, 201);
    ok(&server, "PATCH", "/profile", r#"{"put.semantics":"merge"}"#);
    ok(&server, "POST", "/faults", r#"{"status":503}"#);
    ok(&server, "POST", "/accounts", "");
    ok(&server, "POST", "/clock", r#"{"action":"freeze"}"#);
    assert_eq!(list().status, 503);
    ok(&server, "POST", "/reset", "");
    assert_eq!(list().body, before.body);
    assert_eq!(
        ok(&server, "GET", "/profile", "")["behaviours"]["put.semantics"]["option"],
        "replace"
    );
    let faults = ok(&server, "GET", "/faults", "");
    assert_eq!(faults["faults"][0]["rule"]["method"], "PATCH");
    assert_eq!(faults["faults"].as_array().unwrap().len(), 1);
    assert_eq!(ok(&server, "GET", "/clock", "")["frozen"], false);
    assert_eq!(
        ok(&server, "GET", "/requests", "")["requests"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        ok(&server, "GET", "/accounts", "")["accounts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    assert_eq!(post_user(&server, "asmith").status, 201);
    ok(&server, "POST", "/accounts/12345/reset", "");
    assert_eq!(list().body, before.body);
}

#[test]
fn a_snapshot_brings_everything_back_and_a_damaged_one_changes_nothing() {
    let server = MockServer::start_blocking().unwrap();
    let own = ok(
        &server,
        "POST",
        "/accounts",
        r#"{"accountId":"t-1","seed":"demo"}"#,
    );
    let (own_users, own_login) = made(&own);
    post_user(&server, "asmith");
    ok(
        &server,
        "PUT",
        "/accounts/12345/users/u1/resources",
        r#"{"resources":["site"]}"#,
    );
    let lists = || {
        [(USERS, LOGIN), (&own_users, &own_login)]
            .map(|(path, login)| send(&server, &request("GET", path, login, "")).body)
    };
    let before = lists();
    let snapshot = ok(&server, "GET", "/snapshot", "").to_string();
    assert!(
        !snapshot.contains("Teal-Wagon") && !snapshot.contains("Passw0rd"),
        "{snapshot}"
    );
    let one = ok(&server, "GET", "/accounts/12345/snapshot", "").to_string();

    let change = || {
        post_user(&server, "bjones");
        send(
            &server,
            &request("DELETE", &format!("{own_users}/u1"), &own_login, ""),
        );
        lists()
    };
    let changed = change();
    assert_ne!(changed, before);
    let digest = snapshot.find("passwordDigests").unwrap() + 20;
    let damaged = [
        snapshot[..snapshot.len() - 1].to_owned(),
        snapshot.replacen("\"u2\"", "\"u1\"", 1),
        snapshot.replacen("\"t-1\"", "\"12345\"", 1),
        snapshot.replacen("\"salt\"", "\"salty\"", 1),
        format!("{}zz{}", &snapshot[..digest], &snapshot[digest + 2..]),
        r#"{"format":2,"accounts":[]}"#.to_owned(),
        r#"{"format":1,"accounts":[]}"#.to_owned(),
        "null".to_owned(),
    ];
    for text in damaged {
        let (status, error) = admin(&server, "PUT", "/snapshot", &text);
        assert_eq!(status, 400, "{error} for {text}");
        assert_eq!(lists(), changed);
    }
    ok(&server, "PUT", "/snapshot", &snapshot);
    assert_eq!(lists(), before);
    // The login, the passwords, the resource and the next id are back too.
    assert_eq!(
        send(
            &server,
            &request("DELETE", &format!("{USERS}/u1"), LOGIN, "")
        )
        .status,
        409
    );
    assert!(
        post_user(&server, "bjones")
            .body
            .contains("<UserId>u3</UserId>")
    );

    change();
    assert_eq!(
        admin(&server, "PUT", "/accounts/t-1/snapshot", &one).0,
        400,
        "of another account"
    );
    ok(&server, "PUT", "/accounts/12345/snapshot", &one);
    let after = lists();
    assert_eq!(after[0], before[0]);
    assert_ne!(after[1], before[1], "the other account is left alone");
    // A reset brings back the start, not the snapshot.
    ok(&server, "POST", "/accounts/12345/reset", "");
    assert!(!lists()[0].contains("asmith"));
}

#[test]
fn profiles_can_be_chosen_changed_and_given_to_one_account() {
    let server = MockServer::start_blocking().unwrap();
    let account = ok(&server, "POST", "/accounts", r#"{"accountId":"t-1"}"#);
    let (users, login) = made(&account);
    let status = |path: &str, login: &str| {
        let body = r#"{"Username":"a","Password":"x"}"#;
        send(
            &server,
            &request("POST", path, &format!("{login}{JSON}"), body),
        )
        .status
    };
    let list = |path: &str, login: &str| send(&server, &request("GET", path, login, "")).head;
    ok(
        &server,
        "PATCH",
        "/accounts/t-1/profile",
        r#"{"format.default":"json","password.min_length":12}"#,
    );
    assert!(list(&users, &login).contains("application/json"));
    assert!(list(USERS, LOGIN).contains("application/xml"));
    assert_eq!(status(&users, &login), 400);
    ok(&server, "PUT", "/profile", r#""published""#);
    let toml = "format = 1\nname = \"mine\"\nbase = \"guide\"\n[create]\nstatus = \"200\"\n";
    let reply = send(
        &server,
        &request(
            "PUT",
            "/__admin/accounts/t-1/profile",
            "Content-Type: application/toml\r\n",
            toml,
        ),
    );
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(
        ok(&server, "GET", "/accounts/t-1/profile", "")["name"],
        "mine"
    );
    let object = json!({ "toml": toml, "set": { "put.semantics": "merge" } }).to_string();
    ok(&server, "PUT", "/profile", &object);
    assert_eq!(
        ok(&server, "GET", "/profile", "")["behaviours"]["put.semantics"]["option"],
        "merge"
    );
    let before = ok(&server, "GET", "/profile", "");
    let wrong = r#"{"put.semantics":"replace","put.id_mismatch":"maybe"}"#;
    assert_eq!(admin(&server, "PATCH", "/profile", wrong).0, 400);
    assert_eq!(ok(&server, "GET", "/profile", ""), before, "all or nothing");
}

#[test]
fn the_clock_moves_limits_lockouts_faults_and_dates() {
    let mut profile = bandwidth_fixtures::NamedProfile::built_in("guide").unwrap();
    profile
        .set([
            "rate.limit=2/1m",
            "rate.headers=x_ratelimit_reset",
            "auth.lockout=1",
            "auth.lockout_seconds=600",
        ])
        .unwrap();
    let server = MockServer::builder()
        .profile(profile)
        .start_blocking()
        .unwrap();
    let get = || send(&server, &request("GET", USERS, LOGIN, ""));
    let advance = |seconds: u64| {
        let body = json!({ "action": "advance", "ms": seconds * 1000 }).to_string();
        ok(&server, "POST", "/clock", &body)
    };
    let frozen = ok(&server, "POST", "/clock", r#"{"action":"freeze"}"#);
    let now = frozen["epochSeconds"].as_f64().unwrap();
    ok(
        &server,
        "POST",
        "/faults",
        r#"{"status":418,"operation":"list_roles","ttl_ms":30000}"#,
    );
    let roles = || {
        send(
            &server,
            &request("GET", "/api/accounts/12345/roles", LOGIN, ""),
        )
        .status
    };

    assert_eq!([get().status, get().status], [200, 200]);
    let limited = get();
    assert_eq!(limited.status, 429);
    let reset: f64 = limited.header("x-ratelimit-reset")[0].parse().unwrap();
    assert!((now + 29.0..now + 32.0).contains(&reset), "{now} {reset}");
    assert_eq!(roles(), 418);
    advance(29);
    assert_eq!(get().status, 429);
    let moved = advance(2);
    assert_eq!(get().status, 200);
    assert_eq!(roles(), 429, "the fault is over, the limit is not");
    let entries = ok(&server, "GET", "/requests?limit=1", "");
    assert_eq!(entries["requests"][0]["time"], moved["now"]);

    advance(600);
    send(
        &server,
        &request("GET", USERS, &basic("api-user", "wrong"), ""),
    );
    assert_eq!(get().status, 401, "locked out");
    let account = ok(&server, "GET", "/accounts/12345", "");
    assert_eq!(account["failedLogins"][0]["lockedOut"], true);
    advance(599);
    assert_eq!(get().status, 401);
    advance(1);
    assert_eq!(get().status, 200);
    send(
        &server,
        &request("GET", USERS, &basic("api-user", "wrong"), ""),
    );
    assert_eq!(get().status, 401);
    ok(&server, "POST", "/accounts/12345/unlock", "");
    let seen = get();
    assert_eq!(seen.status, 200, "an administrator unlocked it");
    let date = httpdate_of(&seen);
    assert!(date > now + 1000.0, "Date follows the clock: {date} {now}");
    ok(&server, "POST", "/clock", r#"{"action":"resume"}"#);
}

fn httpdate_of(reply: &crate::wire::Reply) -> f64 {
    let date = humantime_of(reply.header("date")[0]);
    date.duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

fn humantime_of(text: &str) -> std::time::SystemTime {
    httpdate::parse_http_date(text).unwrap()
}

#[test]
fn with_a_token_every_admin_path_needs_it_and_the_emulated_ones_do_not() {
    let server = MockServer::builder()
        .admin_token("4711-0815")
        .start_blocking()
        .unwrap();
    let paths = [
        "/",
        "/ready/",
        "/version",
        "/openapi.json",
        "/accounts",
        "/nothing",
    ];
    for path in paths {
        for header in [
            "",
            "Authorization: Bearer 4711-081\r\n",
            "Authorization: Basic 4711-0815\r\n",
            LOGIN,
        ] {
            let reply = send(
                &server,
                &request("GET", &format!("/__admin{path}"), header, ""),
            );
            assert_eq!(reply.status, 401, "{path} {header}");
            assert!(reply.body.contains("token_required"), "{}", reply.body);
        }
    }
    let token = "Authorization: bearer 4711-0815\r\n";
    assert_eq!(
        send(&server, &request("GET", "/__admin/version", token, "")).status,
        200
    );
    // Nor is a certificate a secret; this server has none.
    let reply = send(&server, &request("GET", "/__admin/ca.pem", "", ""));
    assert_eq!(reply.status, 404);
    // A health check has no token.
    for path in ["/health", "/ready"] {
        let reply = send(&server, &request("GET", &format!("/__admin{path}"), "", ""));
        assert_eq!(reply.status, 200, "{path}");
    }
    assert_eq!(send(&server, &request("GET", USERS, LOGIN, "")).status, 200);
}

#[test]
fn a_foreign_web_page_cannot_reach_it() {
    let server = MockServer::start_blocking().unwrap();
    let reset = |origin: &str| send(&server, &request("POST", "/__admin/reset", origin, "")).status;
    assert_eq!(reset("Origin: http://localhost\r\n"), 200);
    assert_eq!(reset("Origin: https://evil.example\r\n"), 403);
    assert_eq!(reset("Origin: null\r\n"), 403);
}

#[test]
fn on_another_address_than_loopback_a_token_is_needed_and_made_up() {
    let everywhere = "0.0.0.0:0".parse().unwrap();
    let server = MockServer::builder()
        .listen(everywhere)
        .start_blocking()
        .unwrap();
    for path in ["/", "/version", "/reset", "/requests", "/nothing"] {
        for method in ["GET", "POST"] {
            let bytes = request(method, &format!("/__admin{path}"), "", "");
            assert_eq!(send(&server, &bytes).status, 401, "{method} {path}");
        }
    }
    assert_eq!(send(&server, &request("GET", USERS, LOGIN, "")).status, 200);
}

#[test]
fn the_program_shows_the_token_and_keeps_the_control_api_apart() {
    use crate::program::Serving;
    let serving = Serving::start(&["--admin-listen", "0.0.0.0:0"]);
    let text = |key: &str| serving.announced[key].as_str().unwrap().to_owned();
    let ask = |address: &str, headers: &str, path: &str| {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let headers = format!("{headers}Connection: close\r\n");
        stream
            .write_all(&request("GET", path, &headers, ""))
            .unwrap();
        let mut seen = String::new();
        stream.read_to_string(&mut seen).unwrap();
        seen[9..12].to_owned()
    };
    let admin = text("adminUrl")
        .replace("http://", "")
        .replace("/__admin", "");
    let token = format!("Authorization: Bearer {}\r\n", text("adminToken"));
    assert_eq!(ask(&admin, "", "/__admin/version"), "401");
    assert_eq!(ask(&admin, &token, "/__admin/version"), "200");
    assert_eq!(ask(&admin, "", "/__admin/ready"), "200");
    assert_eq!(
        ask(&admin, LOGIN, USERS),
        "404",
        "nothing else is served there"
    );
    assert_eq!(ask(&serving.address(), &token, "/__admin/ready"), "404");
    assert_eq!(ask(&serving.address(), LOGIN, USERS), "200");
}

#[test]
fn shutdown_ends_the_program_with_0() {
    use crate::program::Serving;
    let serving = Serving::start(&["--fault", "delay.fixed_ms=60000"]);
    let address = serving.address();
    let mut pending = std::net::TcpStream::connect(&address).unwrap();
    std::io::Write::write_all(&mut pending, &request("GET", USERS, LOGIN, "")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    std::io::Write::write_all(&mut stream, &request("POST", "/__admin/shutdown", "", "")).unwrap();
    let started = std::time::Instant::now();
    assert_eq!(serving.wait(), Some(0));
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn null_is_the_same_as_absent_and_an_account_has_its_token_url() {
    let server = guide();
    let account = ok(
        &server,
        "POST",
        "/accounts",
        r#"{"accountId":null,"domainName":null,"furtherAccounts":null,"profile":null,"seed":null,
            "rateLimit":null,"clock":null,"faults":null}"#,
    );
    assert_eq!(account["tokenUrl"], "http://localhost/api/v1/oauth2/token");
    ok(&server, "POST", "/accounts", "null");
    ok(&server, "POST", "/requests/count", "null");
    ok(
        &server,
        "POST",
        "/faults",
        r#"{"status":503,"times":null,"accountId":null,"operation":null}"#,
    );
}

#[test]
fn a_key_given_twice_is_rejected() {
    let server = guide();
    for (method, path, body) in [
        ("POST", "/faults", r#"{"status":503,"status":500}"#),
        ("POST", "/faults", r#""{\"status\":503,\"status\":500}""#),
        (
            "PATCH",
            "/profile",
            r#"{"put.semantics":"merge","put.semantics":"replace"}"#,
        ),
        (
            "PUT",
            "/profile",
            r#"{"profile":"guide","profile":"published"}"#,
        ),
        ("POST", "/accounts", r#"{"accountId":"a","accountId":"b"}"#),
        (
            "POST",
            "/accounts",
            r#"{"profile":{"set":{"create.status":"201","create.status":"200"}}}"#,
        ),
        (
            "POST",
            "/accounts",
            r#"{"faults":[{"status":503,"status":500}]}"#,
        ),
    ] {
        let (status, answer) = admin(&server, method, path, body);
        let message = answer["error"]["message"].as_str().unwrap();
        assert_eq!(status, 400, "{path} {body}");
        assert!(
            message.contains("is given twice"),
            "{path} {body}: {message}"
        );
    }
}

#[test]
fn an_empty_query_value_is_refused() {
    let server = guide();
    for path in [
        "/requests?operation=",
        "/requests?accountId=",
        "/requests?since=",
        "/assumptions?fail_on=",
        "/faults?accountId=",
    ] {
        let method = if path.starts_with("/faults") {
            "DELETE"
        } else {
            "GET"
        };
        let (status, answer) = admin(&server, method, path, "");
        let message = answer["error"]["message"].as_str().unwrap();
        assert_eq!(status, 400, "{path}");
        assert!(
            message.contains("is empty; give a value"),
            "{path}: {message}"
        );
    }
}

#[test]
fn an_account_id_is_none_that_a_client_takes_out_of_its_url() {
    let server = guide();
    for id in [".", ".."] {
        let body = json!({ "accountId": id }).to_string();
        assert_eq!(admin(&server, "POST", "/accounts", &body).0, 400, "{id}");
    }
}
