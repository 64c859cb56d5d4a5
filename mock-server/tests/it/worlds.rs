//! Clocks of accounts: tests side by side freeze and advance time, each its own.

use std::time::{Duration, UNIX_EPOCH};

use bandwidth_mock::MockServer;
use serde_json::{Value, json};

use crate::{
    control::{admin, made, ok},
    program::program,
    wire::{LOGIN, Reply, USERS, basic, request, send},
};

const FREEZE: &str = r#"{"action":"freeze"}"#;

fn advance(server: &MockServer, path: &str, seconds: u64) -> Value {
    let body = json!({ "action": "advance", "ms": seconds * 1000 }).to_string();
    ok(server, "POST", path, &body)
}

fn get(server: &MockServer, (users, login): &(String, String)) -> Reply {
    send(server, &request("GET", users, login, ""))
}

fn account(server: &MockServer, body: &Value) -> (String, String) {
    made(&ok(server, "POST", "/accounts", &body.to_string()))
}

#[test]
fn an_account_has_a_clock_of_its_own_once_it_is_set() {
    let server = MockServer::start_blocking().unwrap();
    ok(&server, "POST", "/clock", FREEZE);
    let start = ok(&server, "GET", "/clock", "");
    ok(&server, "POST", "/accounts", r#"{"accountId":"a"}"#);
    assert_eq!(ok(&server, "GET", "/accounts/a/clock", ""), start);
    let moved = advance(&server, "/accounts/a/clock", 60);
    let seconds = |clock: &Value| clock["epochSeconds"].as_f64().unwrap();
    assert!((seconds(&moved) - seconds(&start) - 60.0).abs() < 0.01);
    assert_eq!(moved["frozen"], true);
    for path in ["/clock", "/accounts/12345/clock"] {
        assert_eq!(ok(&server, "GET", path, ""), start, "{path}");
    }
    // The server's clock is that of all worlds.
    let all = advance(&server, "/clock", 60);
    assert_eq!(ok(&server, "GET", "/accounts/12345/clock", ""), all);
    let own = ok(&server, "GET", "/accounts/a/clock", "");
    assert!((seconds(&own) - seconds(&start) - 120.0).abs() < 0.01);
    ok(&server, "POST", "/clock", r#"{"action":"resume"}"#);
    assert_eq!(ok(&server, "GET", "/accounts/a/clock", "")["frozen"], false);
    // A reset of the account ends it.
    ok(&server, "POST", "/accounts/a/clock", FREEZE);
    ok(&server, "POST", "/accounts/a/reset", "");
    assert_eq!(ok(&server, "GET", "/accounts/a/clock", "")["frozen"], false);
}

#[test]
fn an_unknown_account_has_no_clock() {
    let server = MockServer::start_blocking().unwrap();
    for (method, body) in [("GET", ""), ("POST", FREEZE)] {
        assert_eq!(admin(&server, method, "/accounts/none/clock", body).0, 404);
    }
    let (status, error) = admin(&server, "POST", "/accounts", r#"{"clock":"noon"}"#);
    assert_eq!(
        (status, &error["error"]["code"]),
        (400, &json!("invalid_value"))
    );
    assert_eq!(admin(&server, "POST", "/accounts/12345/clock", "{}").0, 400);
}

#[test]
fn an_advance_that_is_too_long_for_one_account_moves_none() {
    let server = MockServer::start_blocking().unwrap();
    ok(&server, "POST", "/clock", FREEZE);
    let late = json!({ "accountId": "a", "clock": "2499-06-01T00:00:00Z" });
    account(&server, &late);
    let before = ok(&server, "GET", "/clock", "");
    let years = json!({ "action": "advance", "ms": 2_u64 * 366 * 86_400_000 }).to_string();
    assert_eq!(admin(&server, "POST", "/clock", &years).0, 400);
    assert_eq!(ok(&server, "GET", "/clock", ""), before);
}

#[test]
fn limits_lockouts_and_faults_follow_the_clock_of_their_account_alone() {
    let server = MockServer::start_blocking().unwrap();
    let options = json!({
        "rateLimit": "1/1m",
        "profile": { "set": { "auth.lockout": 1, "auth.lockout_seconds": 60 } },
        "faults": [{ "status": 418, "method": "DELETE", "ttl_ms": 30_000 }],
    });
    let [one, two] = ["one", "two"].map(|id| {
        let mut options = options.clone();
        options["accountId"] = id.into();
        let made = account(&server, &options);
        ok(&server, "POST", &format!("/accounts/{id}/clock"), FREEZE);
        made
    });
    let delete = |(users, login): &(String, String)| {
        send(
            &server,
            &request("DELETE", &format!("{users}/u1"), login, ""),
        )
        .status
    };
    for account in [&one, &two] {
        assert_eq!(get(&server, account).status, 200);
        assert_eq!(get(&server, account).status, 429);
        assert_eq!(delete(account), 418);
    }
    advance(&server, "/accounts/one/clock", 60);
    assert_eq!(get(&server, &one).status, 200);
    assert_eq!(get(&server, &two).status, 429);
    assert_eq!((delete(&one), delete(&two)), (429, 418));

    let wrong = |id: &str, users: &str| {
        let login = basic(&format!("api-{id}"), "wrong");
        send(&server, &request("GET", users, &login, "")).status
    };
    assert_eq!((wrong("one", &one.0), wrong("two", &two.0)), (401, 401));
    advance(&server, "/accounts/one/clock", 60);
    assert_eq!(get(&server, &one).status, 200);
    assert_eq!(get(&server, &two).status, 401, "still locked out");
}

#[test]
fn a_wrong_login_on_a_path_of_another_account_counts_on_its_own_clock() {
    let server = MockServer::start_blocking().unwrap();
    let lockout = json!({ "set": { "auth.lockout": 1, "auth.lockout_seconds": 60 } });
    let one = account(&server, &json!({ "accountId": "one", "profile": lockout }));
    account(
        &server,
        &json!({ "accountId": "two", "clock": "2040-01-01T00:00:00Z", "profile": lockout }),
    );
    ok(&server, "POST", "/accounts/one/clock", FREEZE);
    let wrong = basic("api-one", "wrong");
    send(
        &server,
        &request("GET", "/api/accounts/two/users", &wrong, ""),
    );
    assert_eq!(get(&server, &one).status, 401);
    advance(&server, "/accounts/one/clock", 60);
    assert_eq!(get(&server, &one).status, 200);
}

#[test]
fn a_clock_starts_at_the_given_time_and_a_reset_returns_there() {
    let server = MockServer::builder()
        .clock(UNIX_EPOCH + Duration::from_hours(525_960))
        .start_blocking()
        .unwrap();
    let options = json!({ "accountId": "a", "clock": "2040-01-01T00:00:00Z" });
    let own = account(&server, &options);
    let year = |path: &str| ok(&server, "GET", path, "")["now"].as_str().unwrap()[..4].to_owned();
    let years = || ["/clock", "/accounts/12345/clock", "/accounts/a/clock"].map(year);
    assert_eq!(years(), ["2030", "2030", "2040"]);
    let date = get(&server, &own).header("date")[0].to_owned();
    assert!(date.contains(" 2040 "), "{date}");
    let date = send(&server, &request("GET", USERS, LOGIN, "")).header("date")[0].to_owned();
    assert!(date.contains(" 2030 "), "{date}");
    let entries = ok(&server, "GET", "/requests?accountId=a", "");
    let time = entries["requests"][0]["time"].as_str().unwrap();
    assert!(time.starts_with("2040-01-01T00:0"), "{time}");

    advance(&server, "/clock", 2 * 366 * 86_400);
    assert_eq!(years(), ["2032", "2032", "2042"]);
    ok(&server, "POST", "/accounts/a/reset", "");
    assert_eq!(years(), ["2032", "2032", "2040"]);
    ok(&server, "POST", "/reset", "");
    assert_eq!(year("/clock"), "2030");
}

#[test]
fn a_restored_account_keeps_its_clock() {
    let server = MockServer::start_blocking().unwrap();
    account(
        &server,
        &json!({ "accountId": "a", "clock": "2040-01-01T00:00:00Z" }),
    );
    let frozen = ok(&server, "POST", "/accounts/a/clock", FREEZE);
    for path in ["/accounts/a/snapshot", "/snapshot"] {
        let snapshot = ok(&server, "GET", path, "");
        ok(&server, "PUT", path, &snapshot.to_string());
        assert_eq!(
            ok(&server, "GET", "/accounts/a/clock", ""),
            frozen,
            "{path}"
        );
    }
}

#[test]
fn the_library_sets_one_clock_or_all() {
    let server = MockServer::start_blocking().unwrap();
    let limit = || "1/1m".parse().unwrap();
    let builder = || server.account_builder().rate_limit(limit());
    let (one, two) = (builder().create().unwrap(), builder().create().unwrap());
    let status = |account: &bandwidth_mock::Account| {
        let users = format!("/api/accounts/{}/users", account.id());
        let login = basic(account.username(), account.password());
        send(&server, &request("GET", &users, &login, "")).status
    };
    for account in [&one, &two] {
        account.freeze_clock();
        assert_eq!((status(account), status(account)), (200, 429));
    }
    one.advance_clock(Duration::from_mins(1)).unwrap();
    assert_eq!((status(&one), status(&two)), (200, 429));
    server.advance_clock(Duration::from_mins(1)).unwrap();
    assert_eq!((status(&one), status(&two)), (200, 200));
    let wrong = server
        .account_builder()
        .clock(UNIX_EPOCH - Duration::from_secs(1));
    let error = wrong.create().unwrap_err().to_string();
    assert!(error.contains("2030-01-31T12:00:00Z"), "{error}");
}

#[test]
fn the_flag_takes_a_time_and_says_what_one_is() {
    for time in ["noon", "2600-01-01T00:00:00Z"] {
        let output = program(&["serve", "--clock", time]).output().unwrap();
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{printed}");
        let expected = format!("--clock `{time}`: write a time in UTC as RFC 3339");
        assert!(printed.contains(&expected), "{printed}");
    }
}
