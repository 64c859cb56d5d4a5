//! The journal: what it shows, what it never holds, and how much it keeps; and the reports.

use bandwidth_mock::MockServer;
use serde_json::{Value, json};

use crate::{
    control::{admin, made, ok},
    wire::{
        CLIENT, CLIENT_SECRET, JSON, LOGIN, TOKEN, USERS, XML, basic, call, guide, post_user,
        request, send, server, user_xml,
    },
};

fn requests(server: &MockServer, query: &str) -> Vec<Value> {
    let list = ok(server, "GET", &format!("/requests{query}"), "");
    list["requests"].as_array().unwrap().clone()
}

#[test]
fn an_entry_has_request_response_and_reason() {
    let server = guide();
    let body = user_xml("asmith").replace("Teal-Wagon.47", "asmith");
    call(
        &server,
        "POST",
        USERS,
        &format!("{XML}X-Trace: 7\r\n"),
        &body,
    );
    let entry = requests(&server, "").remove(0);
    assert_eq!(entry["operation"], "create_user");
    assert_eq!(entry["surface"], "account");
    assert_eq!(
        (&entry["accountId"], &entry["login"]),
        (&json!("12345"), &json!("api-user"))
    );
    assert_eq!(
        (&entry["status"], &entry["tookEffect"]),
        (&json!(400), &json!(false))
    );
    let headers = entry["request"]["headers"].as_array().unwrap();
    assert!(headers.contains(&json!({ "name": "X-Trace", "value": "7" })));
    assert!(headers.contains(&json!({ "name": "Authorization", "value": "Basic [removed]" })));
    assert_eq!(
        entry["request"]["body"],
        body.replace("<Password>asmith", "<Password>[removed]")
    );
    assert_eq!(entry["request"]["bodyBytes"], body.len());
    assert!(
        entry["response"]["body"]
            .as_str()
            .unwrap()
            .contains("<ErrorCode>1019</ErrorCode>")
    );
    // The answer does not say which rule the password broke; the journal does.
    let refusal = &entry["why"]["refusal"];
    assert_eq!(
        (&refusal["rule"], &refusal["field"]),
        (&json!("password_too_short"), &json!("Password"))
    );
    let behaviours = entry["why"]["behaviours"].as_array().unwrap();
    let opaque = behaviours
        .iter()
        .find(|row| row["id"] == "password.errors")
        .unwrap();
    assert_eq!(opaque["option"], "opaque");
    assert!(
        opaque["evidence"][0]["source"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{opaque}"
    );
    assert!(opaque["evidence"][0]["kind"].is_string());
    let id = &entry["id"];
    assert_eq!(ok(&server, "GET", &format!("/requests/{id}"), ""), entry);
}

#[test]
fn an_answer_to_head_has_no_body_in_it_either() {
    let server = guide();
    let (users, missing) = (USERS.to_owned(), format!("{USERS}/u99"));
    for (path, status) in [(users, 200), (missing, 404)] {
        assert_eq!(call(&server, "HEAD", &path, "", "").status, status);
        let entry = requests(&server, "").pop().unwrap();
        let response = &entry["response"];
        assert_eq!(
            (&entry["method"], &entry["status"]),
            (&json!("HEAD"), &json!(status))
        );
        assert_eq!(
            (&response["body"], &response["bodyBytes"]),
            (&json!(""), &json!(0))
        );
    }
}

#[test]
fn every_refusal_names_its_rule_and_field() {
    let server = guide();
    let user = |change: (&str, &str)| user_xml("asmith").replace(change.0, change.1);
    let post = |body: &str| request("POST", USERS, &format!("{LOGIN}{XML}"), body);
    let sent = [
        (
            request("GET", "/api/nothing", LOGIN, ""),
            "unknown_path",
            None,
        ),
        (
            request("PATCH", USERS, LOGIN, ""),
            "method_not_allowed",
            None,
        ),
        (
            request("GET", USERS, "", ""),
            "credentials_missing_or_wrong",
            Some("Authorization"),
        ),
        (
            request("GET", USERS, &basic("", "x"), ""),
            "credentials_blank",
            Some("Authorization"),
        ),
        (
            request("GET", "/api/accounts/9/users", LOGIN, ""),
            "other_account",
            Some("accountId"),
        ),
        (
            request("GET", "/api/accounts/12345/users/u9", LOGIN, ""),
            "unknown_user",
            Some("userId"),
        ),
        (post("<User"), "malformed_xml", None),
        (
            post("<User><Colour/></User>"),
            "unknown_field",
            Some("Colour"),
        ),
        (
            post(&user(("<LastName>Smith", "<LastName>"))),
            "last_name_required",
            Some("LastName"),
        ),
        (
            post(&user(("asmith@example.com", "a"))),
            "email_invalid",
            Some("Email"),
        ),
        (
            post(&user(("Teal-Wagon.47", "lowercase"))),
            "password_classes",
            Some("Password"),
        ),
    ];
    for (bytes, rule, field) in sent {
        let reply = send(&server, &bytes);
        let entry = requests(&server, "?limit=1").remove(0);
        assert_eq!(entry["status"], reply.status);
        let refusal = &entry["why"]["refusal"];
        assert_eq!(
            (&refusal["rule"], &refusal["field"]),
            (&json!(rule), &json!(field))
        );
    }
}

#[test]
fn it_can_be_searched_counted_and_emptied_and_shows_what_comes_nearest() {
    let server = guide();
    post_user(&server, "asmith");
    post_user(&server, "asmith");
    call(&server, "GET", USERS, "", "");
    let count = |body: &str| ok(&server, "POST", "/requests/count", body);
    assert_eq!(count("")["count"], 3);
    assert_eq!(count(r#"{"operation":"create_user"}"#)["count"], 2);
    assert_eq!(
        count(r#"{"operation":"create_user","status":201}"#)["count"],
        1
    );
    assert_eq!(count(r#"{"bodyContains":"<Username>asmith"}"#)["count"], 2);
    assert_eq!(count(r#"{"accountId":"12345","method":"get"}"#)["count"], 1);
    assert_eq!(requests(&server, "?since=1&limit=1")[0]["id"], 2);
    assert_eq!(requests(&server, "?limit=1")[0]["id"], 3);
    assert_eq!(requests(&server, "?since=2000-01-01T00:00:00Z").len(), 3);
    assert_eq!(requests(&server, "?since=2400-01-01T00:00:00Z").len(), 0);
    let none = count(r#"{"operation":"create_user","status":503}"#);
    assert_eq!(
        none,
        json!({ "count": 0, "ids": [], "dropped": 0, "nearest": {
            "id": 2,
            "request": "#2 POST /api/accounts/12345/users, answered 409",
            "differences": ["the status is 409, not 503"],
        }})
    );
    let list = ok(&server, "GET", "/requests?operation=delete_user", "");
    assert_eq!(
        list["nearest"]["differences"],
        json!(["the operation is list_users, not delete_user"])
    );
    assert_eq!(
        ok(&server, "DELETE", "/requests", ""),
        json!({ "deleted": 3 })
    );
    assert_eq!(requests(&server, "").len(), 0);
}

#[test]
fn it_is_bounded_by_count_and_bytes_and_can_be_off() {
    let server = MockServer::builder()
        .journal(5, 1 << 20)
        .start_blocking()
        .unwrap();
    for _ in 0..8 {
        call(&server, "GET", USERS, "", "");
    }
    let list = ok(&server, "GET", "/requests", "");
    let ids: Vec<u64> = list["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["id"].as_u64().unwrap())
        .collect();
    assert_eq!((ids, &list["dropped"]), (vec![4, 5, 6, 7, 8], &json!(3)));

    let server = MockServer::builder()
        .journal(1_000, 100_000)
        .start_blocking()
        .unwrap();
    let large = format!("<User><Username>{}</Username></User>", "x".repeat(30_000));
    for _ in 0..10 {
        call(&server, "POST", USERS, XML, &large);
    }
    assert_eq!(requests(&server, "").len(), 3);
    let metrics = send(&server, &request("GET", "/__admin/metrics", "", "")).body;
    let bytes = metrics
        .lines()
        .find_map(|line| line.strip_prefix("bandwidth_mock_journal_bytes "));
    assert!(
        bytes.unwrap().parse::<u32>().unwrap() <= 100_000,
        "{metrics}"
    );
    // One that is too large by itself is kept without its bodies.
    call(&server, "POST", USERS, XML, &large.repeat(4));
    let entries = requests(&server, "");
    assert_eq!(
        entries.last().unwrap()["request"]["body"],
        "[too large for the journal]"
    );

    for (entries, bytes) in [(0, 1 << 20), (1_000, 0)] {
        let server = MockServer::builder()
            .journal(entries, bytes)
            .start_blocking()
            .unwrap();
        assert_eq!(call(&server, "GET", USERS, "", "").status, 200);
        assert_eq!(admin(&server, "GET", "/requests", "").0, 404);
    }
}

#[test]
fn no_secret_is_ever_in_it() {
    const CANARY: &str = "Canary-Bird.7913";
    let server = server(
        "published",
        &[
            "surface.account=full",
            "auth.schemes=basic_and_bearer",
            "auth.lockout=0",
        ],
        "published",
    );
    let wrong = basic("api-user", CANARY);
    for login in [LOGIN, wrong.as_str()] {
        for (kind, body) in [
            (XML, user_xml("asmith").replace("Teal-Wagon.47", CANARY)),
            (XML, format!("<Password>{CANARY}</Password>")),
            (XML, format!("<User><Password>{CANARY}</Pass")),
            (XML, format!("{{\"Password\":\"{CANARY}\"")),
            (JSON, format!("{{\"Password\":\"{CANARY}\",\"Roles\":[]}}")),
            (JSON, format!("{{\"P\\u0061ssword\":[\"{CANARY}\"]}}")),
            (
                "Content-Type: application/x-www-form-urlencoded\r\n",
                format!("client_secret={CANARY}&a=b"),
            ),
        ] {
            for (method, path) in [
                ("POST", USERS),
                ("PUT", "/api/users/api-user/password"),
                ("PUT", "/nowhere?password=Canary-Bird.7913"),
            ] {
                send(
                    &server,
                    &request(method, path, &format!("{login}{kind}"), &body),
                );
            }
        }
    }
    // The password was changed to it meanwhile; and a token that is in use.
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let body = format!("grant_type=client_credentials&client_id=api-user&client_secret={CANARY}");
    send(&server, &request("POST", TOKEN, form, &body));
    let headers = format!("{}{form}", basic(CLIENT, CLIENT_SECRET));
    let body = "grant_type=client_credentials";
    let issued = send(&server, &request("POST", TOKEN, &headers, body));
    let token: Value = serde_json::from_str(&issued.body).unwrap();
    let token = token["access_token"].as_str().unwrap();
    send(
        &server,
        &request(
            "GET",
            USERS,
            &format!("Authorization: Bearer {token}\r\n"),
            "",
        ),
    );
    for path in [
        "/requests",
        "/retries",
        "/assumptions",
        "/snapshot",
        "/accounts",
        "/metrics",
    ] {
        let text = send(&server, &request("GET", &format!("/__admin{path}"), "", "")).body;
        let encoded = wrong.split(' ').nth(2).unwrap().trim();
        let login = LOGIN.split(' ').nth(2).unwrap().trim();
        for secret in [CANARY, "Passw0rd", encoded, login, token, CLIENT_SECRET] {
            assert!(!text.contains(secret), "{path} holds {secret}: {text}");
        }
    }
    assert_eq!(requests(&server, "").len(), 45);
}

#[test]
fn the_assumptions_are_those_that_the_traffic_relied_on() {
    let server = guide();
    let report = |query: &str| ok(&server, "GET", &format!("/assumptions{query}"), "");
    let nothing = report("?fail_on=assumed");
    assert_eq!(
        (&nothing["ok"], &nothing["requests"]),
        (&json!(false), &json!(0))
    );
    assert_eq!(report("")["ok"], Value::Null);
    call(&server, "GET", USERS, "", "");
    let first = report("?fail_on=guide");
    assert_eq!(first["ok"], false);
    post_user(&server, "asmith");
    let after = report("?fail_on=assumed");
    assert_eq!(after["ok"], false);
    let rows = after["behaviours"].as_array().unwrap();
    let row = |id: &str| rows.iter().find(|row| row["id"] == id);
    assert!(row("put.semantics").is_none(), "nothing was updated");
    let length = row("password.min_length").unwrap();
    assert_eq!(
        (&length["knownAs"], &length["option"], &length["requests"]),
        (&json!("assumed"), &json!("8"), &json!(1))
    );
    assert_eq!(row("format.default").unwrap()["requests"], 2);
    assert!(rows.iter().all(|row| {
        !row["evidence"][0]["source"]
            .as_str()
            .unwrap_or("")
            .is_empty()
            || row["knownAs"] == "assumed"
    }));
    ok(&server, "DELETE", "/requests", "");
    assert_eq!(report("")["behaviours"], json!([]));
    // A request that rests on nothing assumed.
    send(&server, b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let known = report("?fail_on=assumed");
    assert_eq!(
        (&known["ok"], &known["requests"], &known["assumed"]),
        (&json!(true), &json!(1), &json!(0))
    );
}

#[test]
fn the_weaker_evidence_counts_where_accounts_know_an_option_differently() {
    let server = guide();
    let toml = "format = 1\nname = \"ours\"\nbase = \"guide\"\n\
                evidence.\"format.json\" = { kind = \"support\", by = \"Jo\", ticket = \"7\", date = \"2026-12-01\" }";
    for id in ["t-1", "t-2", "t-3", "t-4"] {
        let own = if id == "t-3" {
            json!("guide")
        } else {
            json!({ "toml": toml })
        };
        let body = json!({ "accountId": id, "profile": own }).to_string();
        let (users, login) = made(&ok(&server, "POST", "/accounts", &body));
        send(
            &server,
            &request(
                "GET",
                &users,
                &format!("{login}Accept: application/json\r\n"),
                "",
            ),
        );
    }
    let row = |query: &str| {
        let report = ok(&server, "GET", &format!("/assumptions{query}"), "");
        let rows = report["behaviours"].as_array().unwrap().clone();
        let row = rows.into_iter().find(|row| row["id"] == "format.json");
        (row.unwrap(), report["support"].clone())
    };
    let (answered, support) = row("?accountId=t-1");
    assert_eq!(
        (&answered["knownAs"], support),
        (&json!("support"), json!(1))
    );
    assert_eq!(answered["evidence"][0]["by"], "Jo");
    let (all, support) = row("");
    assert_eq!((&all["knownAs"], support), (&json!("guide"), json!(0)));
    assert_eq!(all["requests"], 4);
    let explained = ok(&server, "GET", "/requests/1", "").to_string();
    assert!(explained.contains(r#""ticket":"7""#), "{explained}");
}

#[test]
fn what_deleted_accounts_relied_on_is_not_forgotten() {
    let server = guide();
    let report = |query: &str| ok(&server, "GET", &format!("/assumptions{query}"), "");
    for id in ["t-1", "t-2"] {
        let body = json!({ "accountId": id }).to_string();
        let (users, login) = made(&ok(&server, "POST", "/accounts", &body));
        send(&server, &request("GET", &users, &login, ""));
    }
    let before = report("?fail_on=assumed");
    assert_eq!(
        (&before["ok"], &before["requests"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(report("?accountId=t-1")["requests"], 1);
    ok(&server, "DELETE", "/accounts/t-1", "");
    ok(&server, "DELETE", "/accounts/t-2", "");
    assert_eq!(report("?fail_on=assumed"), before);
    for path in ["/assumptions?accountId=t-1", "/retries?accountId=t-1"] {
        assert_eq!(admin(&server, "GET", path, "").0, 404);
    }
    ok(&server, "POST", "/reset", "");
    assert_eq!(report("")["requests"], 0);
}

#[test]
fn what_a_user_does_with_its_own_login_belongs_to_its_account() {
    let server = server(
        "published",
        &["auth.basic_ends=never", "surface.account=full"],
        "published",
    );
    let body = user_xml("ann").replace("Email>", "EmailAddress>");
    assert_eq!(call(&server, "POST", USERS, XML, &body).status, 201);
    let own = |password: &str| {
        let login = basic("ann", password);
        request(
            "PUT",
            "/api/users/ann/password",
            &format!("{login}{XML}"),
            "<Password>Blue-Tram.98</Password>",
        )
    };
    assert_eq!(send(&server, &own("Wrong-Tram.98")).status, 401);
    assert_eq!(send(&server, &own("Teal-Wagon.47")).status, 200);
    let entries = requests(&server, "?accountId=12345&operation=change_password");
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| (entry["status"].clone(), entry["login"].clone()))
        .collect();
    assert_eq!(
        seen,
        [(json!(401), Value::Null), (json!(200), json!("ann"))]
    );
    let count = r#"{"accountId":"12345","operation":"change_password"}"#;
    assert_eq!(ok(&server, "POST", "/requests/count", count)["count"], 2);
}

#[test]
fn an_entry_names_the_account_in_the_path_and_is_found_by_it_and_by_its_domain() {
    let server = guide();
    let second = USERS.replace("12345", "67890");
    for path in [USERS, &second, &second] {
        call(&server, "GET", path, "", "");
    }
    let found = |query: &str| -> Vec<Value> {
        let entries = requests(&server, query);
        entries
            .iter()
            .map(|entry| entry["accountId"].clone())
            .collect()
    };
    assert_eq!(found("?accountId=67890"), ["67890", "67890"]);
    assert_eq!(found("?accountId=12345"), ["12345", "67890", "67890"]);
    let deleted = ok(&server, "DELETE", "/requests?accountId=67890", "");
    assert_eq!(deleted["deleted"], 2);
    assert_eq!(found(""), ["12345"]);
}

#[test]
fn a_further_account_of_a_throwaway_one_is_in_the_view_of_that() {
    let server = guide();
    let account = ok(
        &server,
        "POST",
        "/accounts",
        r#"{"accountId":"t-1","furtherAccounts":["t-2"]}"#,
    );
    let (users, login) = made(&account);
    let second = users.replace("t-1", "t-2");
    send(&server, &request("GET", &second, &login, ""));
    for query in ["?accountId=t-2", "?accountId=t-1"] {
        assert_eq!(requests(&server, query)[0]["accountId"], "t-2", "{query}");
    }
}

#[test]
fn an_account_that_is_not_there_is_a_404_wherever_one_is_named() {
    let server = guide();
    for (method, path, body) in [
        ("GET", "/requests?accountId=typo", ""),
        ("DELETE", "/requests?accountId=typo", ""),
        ("POST", "/requests/count", r#"{"accountId":"typo"}"#),
        ("GET", "/retries?accountId=typo", ""),
        ("GET", "/assumptions?accountId=typo", ""),
        ("POST", "/faults", r#"{"status":503,"accountId":"typo"}"#),
        ("DELETE", "/faults?accountId=typo", ""),
        ("GET", "/accounts/typo", ""),
        ("GET", "/accounts/typo/clock", ""),
        ("GET", "/accounts/typo/profile", ""),
        ("GET", "/accounts/typo/snapshot", ""),
        ("POST", "/accounts/typo/unlock", ""),
        ("POST", "/accounts/typo/reset", ""),
    ] {
        let (status, answer) = admin(&server, method, path, body);
        assert_eq!(status, 404, "{method} {path}: {answer}");
        assert_eq!(answer["error"]["code"], "not_found", "{method} {path}");
    }
}
