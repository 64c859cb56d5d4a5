//! OAuth tokens and the credentials that they are for.

use bandwidth_mock::MockServer;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::{
    control::ok,
    wire::{
        CLIENT, CLIENT_SECRET, FORM, LOGIN, Reply, TOKEN, USERS, XML, basic, call, request, send,
        server, user_xml,
    },
};

const GRANT: &str = "grant_type=client_credentials";

fn ask(server: &MockServer, headers: &str, body: &str) -> (Reply, Value) {
    let reply = send(server, &request("POST", TOKEN, headers, body));
    let read = serde_json::from_str(&reply.body).unwrap_or(Value::Null);
    (reply, read)
}

/// A token for that name and secret.
fn token(server: &MockServer, name: &str, secret: &str) -> String {
    let (_, read) = ask(server, &format!("{}{FORM}", basic(name, secret)), GRANT);
    read["access_token"].as_str().unwrap().to_owned()
}

fn get(server: &MockServer, path: &str, token: &str) -> Reply {
    let login = format!("Authorization: Bearer {token}\r\n");
    send(server, &request("GET", path, &login, ""))
}

fn advance(server: &MockServer, milliseconds: u64) {
    let change = json!({"action": "advance", "ms": milliseconds});
    ok(server, "POST", "/clock", &change.to_string());
}

fn last_rule(server: &MockServer) -> Value {
    let entry = ok(server, "GET", "/requests?limit=1", "");
    entry["requests"][0]["why"]["refusal"]["rule"].clone()
}

fn both() -> MockServer {
    server("guide", &["auth.schemes=basic_and_bearer"], "demo")
}

/// The claims, read as Bandwidth's command line client does: the second part, base64.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn bandwidths_own_client_gets_a_token_that_it_can_read() {
    let server = server("published", &[], "published");
    let freeze = r#"{"action":"freeze"}"#;
    ok(&server, "POST", "/clock", freeze);
    // `band auth login`: no Accept, Basic with id and secret as they are.
    let bytes = b"POST /api/v1/oauth2/token HTTP/1.1\r\nHost: 127.0.0.1\r\n\
        User-Agent: Go-http-client/1.1\r\nContent-Length: 29\r\n\
        Authorization: Basic Q0xJLTdjMWY1YTM0LTlkMmUtNGI2MC04ZjE3LTJhNWJlMGM0ZDkxMzpxVjdtVHoyTHI5WHdLYzROZkI4c0hkNllwSjNnRWE1VQ==\r\n\
        Content-Type: application/x-www-form-urlencoded\r\nAccept-Encoding: gzip\r\n\r\n\
        grant_type=client_credentials";
    let reply = send(&server, bytes);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.header("content-type"), ["application/json"]);
    assert_eq!(reply.header("cache-control"), ["no-store"]);
    let read: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(
        (&read["token_type"], &read["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    let token = read["access_token"].as_str().unwrap();
    let claims = claims(token);
    assert_eq!(claims["accounts"], json!(["12345"]));
    let roles = [
        "Credential Access",
        "Porting",
        "ROLE_USER",
        "ROLE_API_ACCOUNT",
        "ROLE_API_HISTORY",
        "ROLE_API_ORDERING",
    ];
    assert_eq!(claims["roles"], json!(roles));
    assert_eq!(claims["express"], false);
    assert_eq!(claims["scope"], "ACCOUNT_ADMIN");
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&json!(CLIENT), &json!(CLIENT))
    );
    let issued = claims["iat"].as_u64().unwrap();
    assert_eq!(
        (issued / 60, &claims["exp"]),
        (1_772_625_600 / 60, &json!(issued + 3601))
    );
    for path in [
        USERS,
        "/api/v2/accounts/12345/users",
        "/api/v1/accounts/12345/users",
    ] {
        assert_eq!(get(&server, path, token).status, 200, "{path}");
    }
}

#[test]
fn a_token_is_signed_by_the_key_that_the_server_shows() {
    let server = both();
    let token = token(&server, CLIENT, CLIENT_SECRET);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let header = URL_SAFE_NO_PAD
        .decode(signed.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let keys = ok(&server, "GET", "/jwks.json", "");
    let key = &keys["keys"][0];
    assert_eq!(
        (&header["alg"], &header["typ"], &header["kid"]),
        (&json!("ES256"), &json!("JWT"), &key["kid"])
    );
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let point = [vec![4], part("x"), part("y")].concat();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(signed.as_bytes(), &signature)
        .unwrap();
    // The key outlives a reset, and is another one on another server.
    ok(&server, "POST", "/reset", "");
    assert_eq!(ok(&server, "GET", "/jwks.json", ""), keys);
    let other = both();
    assert_ne!(ok(&other, "GET", "/jwks.json", ""), keys);
    assert_eq!(get(&other, USERS, &token).status, 401);
}

#[test]
fn each_way_of_sending_id_and_secret_gives_a_token() {
    let seed = r#"{"format":1,"accounts":[{"accountId":"12345",
        "login":{"username":"api","password":"Api-Passw0rd!23"},
        "credentials":[{"clientId":"a+b c","clientSecret":"p%41+&=:\u00fc","accountScope":"ACCOUNT",
            "roles":["Porting"],"accounts":["12345"]}]}]}"#;
    let mut profile = bandwidth_fixtures::NamedProfile::built_in("guide").unwrap();
    profile.set(["auth.schemes=bearer"]).unwrap();
    let server = MockServer::builder()
        .profile(profile)
        .seed(bandwidth_fixtures::Seed::parse("seed", seed).unwrap())
        .start_blocking()
        .unwrap();
    let raw = basic("a+b c", "p%41+&=:ü");
    let encoded = basic("a%2Bb+c", "p%2541%2B%26%3D%3A%C3%BC");
    let in_form =
        "client_id=a%2Bb+c&client_secret=p%2541%2B%26%3D%3A%C3%BC&grant_type=client_credentials";
    for (headers, body) in [(raw, GRANT), (encoded, GRANT), (String::new(), in_form)] {
        for path in [TOKEN, "/api/v2/oauth2/token"] {
            let headers = format!("{headers}{FORM}");
            let reply = send(&server, &request("POST", path, &headers, body));
            assert_eq!(reply.status, 200, "{headers}{body}: {}", reply.body);
        }
    }
    let half = basic("a%2Bb+c", "p%41+&=:ü");
    assert_eq!(ask(&server, &format!("{half}{FORM}"), GRANT).0.status, 401);
}

#[test]
fn a_token_ends_on_the_clock_and_with_a_reset() {
    let server = server(
        "guide",
        &["auth.schemes=bearer", "auth.token_seconds=600"],
        "demo",
    );
    let issued = token(&server, CLIENT, CLIENT_SECRET);
    assert_eq!(get(&server, USERS, &issued).status, 200);
    assert_eq!(
        send(&server, &request("GET", USERS, LOGIN, "")).status,
        401,
        "Basic is retired"
    );
    let (signed, signature) = issued.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let mut other = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let place = other.windows(5).position(|part| part == b"12345").unwrap();
    other[place] = b'2';
    let forged = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(other));
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let bent = format!("{signed}.{first}{}", &signature[1..]);
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let unsigned = format!("{none}.{claims}.");
    let other_header = format!("{none}.{claims}.{signature}");
    for wrong in [
        forged.as_str(),
        &bent,
        &unsigned,
        &other_header,
        signed,
        "",
        "a.b.c",
        "..",
    ] {
        let reply = get(&server, USERS, wrong);
        assert_eq!(reply.status, 401, "{wrong}");
    }
    assert_eq!(
        get(&server, USERS, &bent).header("www-authenticate"),
        ["Bearer realm=\"Bandwidth\", error=\"invalid_token\""]
    );
    // A token that was verified a moment ago is not verified again, and still expires.
    advance(&server, 590_000);
    assert_eq!(get(&server, USERS, &issued).status, 200);
    advance(&server, 11_000);
    assert_eq!(get(&server, USERS, &issued).status, 401);
    assert_eq!(last_rule(&server), "token_expired");

    let issued = token(&server, CLIENT, CLIENT_SECRET);
    assert_eq!(get(&server, USERS, &issued).status, 200);
    ok(&server, "POST", "/accounts/12345/reset", "");
    assert_eq!(get(&server, USERS, &issued).status, 401);
}

#[test]
fn wrong_token_requests_get_errors_of_oauth() {
    let server = both();
    let right = format!("client_id={CLIENT}&client_secret={CLIENT_SECRET}");
    let header = format!("{}{FORM}", basic(CLIENT, CLIENT_SECRET));
    let form = |rest: &str| format!("{GRANT}&{rest}");
    for (headers, body, status, error) in [
        (FORM, String::new(), 400, "invalid_request"),
        (FORM, GRANT.to_owned(), 400, "invalid_request"),
        (
            "Content-Type: application/json\r\n",
            "{}".to_owned(),
            400,
            "invalid_request",
        ),
        (
            FORM,
            format!("grant_type=password&{right}"),
            400,
            "unsupported_grant_type",
        ),
        (
            FORM,
            form(&format!("client_id={CLIENT}&client_secret=x")),
            401,
            "invalid_client",
        ),
        (
            FORM,
            form("client_id=nobody&client_secret=x"),
            401,
            "invalid_client",
        ),
        (
            FORM,
            form("client_id=api-user&client_secret=Api-Passw0rd%2123"),
            401,
            "invalid_client",
        ),
        (
            &format!("{}{FORM}", basic(CLIENT, "x")),
            GRANT.to_owned(),
            401,
            "invalid_client",
        ),
        (
            &format!("{LOGIN}{FORM}"),
            GRANT.to_owned(),
            401,
            "invalid_client",
        ),
        // Two ways in one request, and a parameter that is given twice.
        (&header, form(&right), 400, "invalid_request"),
        (
            FORM,
            form(&format!("{GRANT}&{right}")),
            400,
            "invalid_request",
        ),
        (
            FORM,
            form(&format!("client_secret=x&{right}")),
            400,
            "invalid_request",
        ),
    ] {
        let (reply, read) = ask(&server, headers, &body);
        assert_eq!(
            (reply.status, &read["error"]),
            (status, &json!(error)),
            "{headers}{body}"
        );
        assert_eq!(reply.header("cache-control"), ["no-store"]);
        let challenge = reply.header("www-authenticate");
        assert_eq!(challenge.len(), usize::from(status == 401), "{challenge:?}");
    }
    let basic_only = crate::wire::guide();
    assert_eq!(ask(&basic_only, FORM, GRANT).0.status, 404);
    assert_eq!(call(&server, "GET", TOKEN, "", "").status, 405);
}

#[test]
fn a_login_gets_a_token_where_the_profile_takes_it_and_it_is_the_logins() {
    let set = [
        "auth.schemes=basic_and_bearer",
        "auth.token_clients=credentials_and_login",
        "auth.user_logins=accepted",
        "auth.token_owner_gone=ends",
        "surface.login=served",
    ];
    let server = server("guide", &set, "demo");
    let own = token(&server, "api-user", "Api-Passw0rd!23");
    assert_eq!(claims(&own)["accounts"], json!(["12345"]));
    let change = |name: &str, token: &str| {
        let headers = format!("Authorization: Bearer {token}\r\n{XML}");
        let body = "<Password>Teal-Wagon.99</Password>";
        let path = format!("/api/users/{name}/password");
        send(&server, &request("PUT", &path, &headers, body)).status
    };
    let created = call(&server, "POST", USERS, XML, &user_xml("asmith"));
    assert_eq!(created.status, 201);
    let users = token(&server, "asmith", "Teal-Wagon.47");
    let client = token(&server, CLIENT, CLIENT_SECRET);
    assert_eq!(
        (change("api-user", &users), change("api-user", &client)),
        (403, 403)
    );
    assert_eq!(
        (change("asmith", &users), change("api-user", &own)),
        (200, 200)
    );
    // Leaving ends access.
    assert_eq!(get(&server, USERS, &users).status, 200);
    let path = format!("{USERS}/u2");
    let gone = send(
        &server,
        &request("DELETE", &path, &basic("api-user", "Teal-Wagon.99"), ""),
    );
    assert_eq!(gone.status, 200);
    assert_eq!(get(&server, USERS, &users).status, 401);
    assert_eq!(last_rule(&server), "token_invalid");
}

#[test]
fn a_token_opens_the_accounts_of_its_credential_and_no_others() {
    let seed = r#"{"format":1,"accounts":[
        {"accountId":"1","login":{"username":"one","password":"Api-Passw0rd!23"}},
        {"accountId":"2","login":{"username":"two","password":"Api-Passw0rd!23"},
         "credentials":[{"clientId":"CLI-2","clientSecret":"s","accountScope":"ACCOUNT_ADMIN",
             "roles":["Porting"],"accounts":["2","3"]}]},
        {"accountId":"3","login":{"username":"three","password":"Api-Passw0rd!23"}}]}"#;
    let mut profile = bandwidth_fixtures::NamedProfile::built_in("guide").unwrap();
    profile.set(["auth.schemes=bearer"]).unwrap();
    let server = MockServer::builder()
        .profile(profile)
        .seed(bandwidth_fixtures::Seed::parse("seed", seed).unwrap())
        .start_blocking()
        .unwrap();
    let token = token(&server, "CLI-2", "s");
    for (account, status) in [("1", 403), ("2", 200), ("3", 200), ("4", 403), ("2", 200)] {
        let path = format!("/api/accounts/{account}/roles");
        assert_eq!(get(&server, &path, &token).status, status, "{account}");
    }
}

#[test]
fn a_throwaway_account_has_a_credential_and_tokens_of_its_own() {
    let server = MockServer::start_blocking().unwrap();
    let account = ok(
        &server,
        "POST",
        "/accounts",
        r#"{"profile":{"set":{"auth.schemes":"bearer"}}}"#,
    );
    let text = |key: &str| account[key].as_str().unwrap();
    assert!(text("clientId").starts_with("CLI-"), "{account}");
    let token = token(&server, text("clientId"), text("clientSecret"));
    let users = format!("/api/accounts/{}/users", text("accountId"));
    assert_eq!(get(&server, &users, &token).status, 200);
    // The demo account still takes Basic only.
    assert_eq!(get(&server, USERS, &token).status, 401);
    // The secret is reported once, and a snapshot has its digest only.
    for path in ["/accounts", "/snapshot", "/requests"] {
        let shown = ok(&server, "GET", path, "").to_string();
        assert!(!shown.contains(text("clientSecret")), "{path}: {shown}");
        assert!(
            path == "/requests" || shown.contains(text("clientId")),
            "{path}: {shown}"
        );
    }
}

#[test]
fn credentials_survive_a_snapshot_and_its_restore() {
    let server = both();
    let snapshot = ok(&server, "GET", "/snapshot", "");
    let kept = &snapshot["accounts"][0]["credentials"][0];
    assert_eq!(kept["clientId"], CLIENT);
    assert_eq!(kept["secrets"][0]["digest"].as_str().unwrap().len(), 64);
    let before = token(&server, CLIENT, CLIENT_SECRET);
    ok(&server, "PUT", "/snapshot", &snapshot.to_string());
    assert_eq!(ok(&server, "GET", "/snapshot", ""), snapshot);
    assert_eq!(
        get(&server, USERS, &before).status,
        401,
        "a restore ends tokens"
    );
    let after = token(&server, CLIENT, CLIENT_SECRET);
    assert_eq!(get(&server, USERS, &after).status, 200);
}

#[test]
fn basic_ends_for_the_api_login_on_its_day_and_tokens_go_on() {
    let server = server("published", &["auth.failure_body=error"], "published");
    let mroe = basic("mroe", "Teal-Wagon.47");
    let list = |login: &str| send(&server, &request("GET", USERS, login, "")).status;
    assert_eq!((list(LOGIN), list(&mroe)), (200, 200));
    // To one minute before 2026-12-02T00:00:00Z.
    advance(&server, 23_543_940_000);
    assert_eq!((list(LOGIN), list(&mroe)), (200, 200));
    advance(&server, 60_000);
    assert_eq!((list(LOGIN), list(&mroe)), (401, 200));
    let refused = send(&server, &request("GET", USERS, LOGIN, ""));
    assert_eq!(refused.header("www-authenticate").len(), 2);
    let entry = ok(&server, "GET", "/requests?limit=1", "");
    let why = &entry["requests"][0]["why"];
    assert_eq!(why["refusal"]["rule"], "basic_ended");
    let description = why["refusal"]["description"].as_str().unwrap();
    assert!(
        description.contains("2026-12-02") && description.contains("--set auth.basic_ends=never"),
        "{description}"
    );
    assert!(
        why["behaviours"].to_string().contains("auth.basic_ends"),
        "{why}"
    );
    let token = token(&server, CLIENT, CLIENT_SECRET);
    assert_eq!(get(&server, USERS, &token).status, 200);
    assert_eq!(
        call(&server, "PUT", "/api/users/api-user/password", XML, "").status,
        401
    );
}

#[test]
fn from_that_day_on_the_login_gives_no_token_either() {
    let set = [
        "auth.schemes=basic_and_bearer",
        "auth.token_clients=credentials_and_login",
        "auth.basic_ends=2026-03-05",
    ];
    let server = server("guide", &set, "demo");
    let login = format!("{LOGIN}{FORM}");
    assert_eq!(ask(&server, &login, GRANT).0.status, 200);
    advance(&server, 12 * 3_600_000);
    let (reply, read) = ask(&server, &login, GRANT);
    assert_eq!(
        (reply.status, &read["error"]),
        (401, &json!("invalid_client"))
    );
    assert_eq!(last_rule(&server), "client_basic_ended");
}

#[test]
fn api_users_are_not_created_or_changed_from_their_days_on_except_their_password() {
    let ended = |logins: &str| {
        let logins = format!("auth.user_logins={logins}");
        let set = [
            logins.as_str(),
            "auth.api_users_created_until=2026-03-05",
            "auth.api_users_updated_until=2026-03-06",
            "put.semantics=merge",
        ];
        server("guide", &set, "demo")
    };
    let server = ended("accepted");
    let post = |name: &str| call(&server, "POST", USERS, XML, &user_xml(name)).status;
    let put = |body: &str| {
        let body = format!("<User>{body}</User>");
        call(&server, "PUT", &format!("{USERS}/u2"), XML, &body)
    };
    assert_eq!(post("asmith"), 201);
    advance(&server, 12 * 3_600_000);
    assert_eq!(post("bsmith"), 403);
    assert_eq!(last_rule(&server), "api_user_not_created");
    assert_eq!(put("<FirstName>Bea</FirstName>").status, 200);
    advance(&server, 24 * 3_600_000);
    let refused = put("<FirstName>Cleo</FirstName><Password>Teal-Wagon.48</Password>");
    assert_eq!((refused.status, refused.code()), (403, Some(403)));
    assert_eq!(last_rule(&server), "api_user_not_updated");
    let login = |password: &str| {
        let headers = basic("asmith", password);
        send(
            &server,
            &request("GET", &format!("{USERS}/u2"), &headers, ""),
        )
    };
    assert!(login("Teal-Wagon.47").body.contains("<FirstName>Bea<"));
    assert_eq!(
        put("<FirstName>Bea</FirstName><Password>Teal-Wagon.48</Password>").status,
        200
    );
    assert_eq!(
        (login("Teal-Wagon.47").status, login("Teal-Wagon.48").status),
        (401, 200)
    );
    assert_eq!(
        put("<FirstName>Bea</FirstName>").status,
        200,
        "it changes nothing"
    );

    // Without a login of their own, they are no API users.
    let server = ended("refused");
    advance(&server, 48 * 3_600_000);
    let created = call(&server, "POST", USERS, XML, &user_xml("asmith"));
    assert_eq!(created.status, 201);
}

#[test]
fn the_journal_reports_a_locked_login_at_the_token_endpoint_too() {
    let server = server(
        "guide",
        &[
            "auth.schemes=basic_and_bearer",
            "auth.token_clients=credentials_and_login",
            "auth.lockout=2",
        ],
        "demo",
    );
    let form = "grant_type=client_credentials";
    let wrong = format!("{FORM}{}", basic("api-user", "Wrong-Passw0rd!23"));
    for rule in ["client_invalid", "client_invalid", "locked_out"] {
        assert_eq!(ask(&server, &wrong, form).1["error"], "invalid_client");
        assert_eq!(last_rule(&server), rule);
    }
    let right = format!("{FORM}{LOGIN}");
    assert_eq!(ask(&server, &right, form).1["error"], "invalid_client");
    assert_eq!(last_rule(&server), "locked_out");
}

#[test]
fn both_readings_of_a_secret_are_one_attempt() {
    let server = server(
        "guide",
        &[
            "auth.schemes=basic_and_bearer",
            "auth.token_clients=credentials_and_login",
            "auth.lockout=2",
        ],
        "demo",
    );
    let form = "grant_type=client_credentials";
    let encoded = |password: &str| format!("{FORM}{}", basic("api-user", password));
    let ask = |password: &str| ask(&server, &encoded(password), form).0.status;
    assert_eq!(ask("Wrong-Passw0rd%2123"), 401);
    assert_eq!(ask("Api-Passw0rd%2123"), 200);
}
