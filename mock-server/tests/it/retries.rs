//! The report on how clients retried.

use bandwidth_mock::MockServer;
use serde_json::{Value, json};

use crate::{
    control::{made, ok},
    wire::{Connection, LOGIN, USERS, XML, call, guide, request, send, server, user_xml},
};

const CLIENT: &str = "User-Agent: sync/1\r\n";

/// Creates a user, and returns the status; none if the connection ends without an answer.
fn create(server: &MockServer) -> Option<u16> {
    let headers = format!("{LOGIN}{XML}{CLIENT}");
    let mut connection = Connection::to(server);
    connection.write(&request("POST", USERS, &headers, &user_xml("asmith")));
    connection.try_read().map(|reply| reply.status)
}

fn list(server: &MockServer) -> u16 {
    call(server, "GET", USERS, CLIENT, "").status
}

fn fail_creates(server: &MockServer, how: &str) {
    let fault = format!("{how},operation=create_user");
    ok(server, "POST", "/faults", &fault);
}

fn advance(server: &MockServer, ms: u64) {
    let body = json!({ "action": "advance", "ms": ms }).to_string();
    ok(server, "POST", "/clock", &body);
}

/// The verdict, and of the only sequence the outcome and the problems.
fn judged(server: &MockServer) -> (Value, Value, Value) {
    let mut report = ok(server, "GET", "/retries", "");
    let sequences = report["sequences"].as_array().unwrap();
    assert_eq!(sequences.len(), 1, "{report}");
    let one = report["sequences"][0].take();
    (
        report["verdict"].take(),
        one["outcome"].clone(),
        one["problems"].clone(),
    )
}

#[test]
fn nothing_is_judged_where_nothing_went_wrong() {
    let server = guide();
    list(&server);
    assert_eq!(
        ok(&server, "GET", "/retries", "")["verdict"],
        "nothing_seen"
    );
}

#[test]
fn a_client_that_looks_at_the_list_after_a_dropped_response_has_reconciled() {
    let server = guide();
    fail_creates(&server, "fault=EMPTY_RESPONSE,when=after,times=1");
    assert_eq!((create(&server), list(&server)), (None, 200));
    assert_eq!(
        judged(&server),
        (json!("good"), json!("reconciled"), json!([]))
    );
    let report = ok(&server, "GET", "/retries", "");
    assert_eq!(report["sequences"][0]["looks"], json!([2]));
}

#[test]
fn a_create_after_a_look_is_not_blind() {
    let server = guide();
    fail_creates(&server, "fault=EMPTY_RESPONSE,when=before,times=1");
    assert_eq!(
        (create(&server), list(&server), create(&server)),
        (None, 200, Some(201))
    );
    assert_eq!(
        judged(&server),
        (json!("good"), json!("recovered"), json!([]))
    );
}

#[test]
fn a_look_before_the_trouble_or_of_another_client_does_not_count() {
    let server = guide();
    fail_creates(&server, "fault=EMPTY_RESPONSE,when=before,times=1");
    list(&server);
    assert_eq!(create(&server), None);
    call(&server, "GET", USERS, "User-Agent: other/1\r\n", "");
    assert_eq!(create(&server), Some(201));
    assert_eq!(
        judged(&server),
        (json!("bad"), json!("recovered"), json!(["blind_create"]))
    );
}

#[test]
fn a_create_after_a_429_is_not_blind() {
    let server = guide();
    fail_creates(&server, "status=429,times=1");
    assert_eq!((create(&server), create(&server)), (Some(429), Some(201)));
    let (_, outcome, problems) = judged(&server);
    assert_eq!(outcome, "recovered");
    assert!(
        !problems
            .as_array()
            .unwrap()
            .contains(&json!("blind_create")),
        "{problems}"
    );
}

#[test]
fn waits_that_stay_the_same_and_have_no_limit_are_problems() {
    let server = guide();
    ok(&server, "POST", "/clock", r#"{"action":"freeze"}"#);
    ok(
        &server,
        "POST",
        "/faults",
        "status=503,operation=list_users",
    );
    for _ in 0..11 {
        assert_eq!(list(&server), 503);
        advance(&server, 100);
    }
    assert_eq!(
        judged(&server),
        (
            json!("bad"),
            json!("gave_up"),
            json!(["waits_did_not_grow", "no_limit"])
        )
    );
}

#[test]
fn waits_that_grow_up_to_a_limit_are_good() {
    let server = guide();
    ok(&server, "POST", "/clock", r#"{"action":"freeze"}"#);
    ok(
        &server,
        "POST",
        "/faults",
        "status=503,operation=list_users",
    );
    for attempt in 0..10 {
        assert_eq!(list(&server), 503);
        advance(&server, 100 << attempt);
    }
    assert_eq!(
        judged(&server),
        (json!("good"), json!("gave_up"), json!([]))
    );
}

#[test]
fn the_retries_show_how_a_client_waited() {
    let server = server(
        "published",
        &["surface.account=full", "rate.limit=1/10s"],
        "published",
    );
    let advance = |ms: u64| {
        let body = json!({ "action": "advance", "ms": ms }).to_string();
        ok(&server, "POST", "/clock", &body);
    };
    ok(&server, "POST", "/clock", r#"{"action":"freeze"}"#);
    let account = ok(
        &server,
        "POST",
        "/accounts",
        r#"{"accountId":"t-1","profile":{"set":{"rate.limit":"none"}}}"#,
    );
    let (users, login) = made(&account);
    let client = "User-Agent: sync/1\r\n";
    let get = || call(&server, "GET", USERS, client, "").status;
    assert_eq!([get(), get()], [200, 429]);
    advance(1_000);
    assert_eq!(get(), 429);
    advance(10_000);
    assert_eq!(get(), 200);
    // A create that took effect, whose answer was lost, and that is sent again.
    ok(
        &server,
        "POST",
        "/faults",
        r#"{"fault":"EMPTY_RESPONSE","when":"after","times":1,"accountId":"t-1"}"#,
    );
    let body = user_xml("asmith").replace("Email>", "EmailAddress>");
    let create = request("POST", &users, &format!("{login}{XML}{client}"), &body);
    let mut connection = crate::wire::Connection::to(&server);
    connection.write(&create);
    assert!(connection.is_closed());
    advance(500);
    assert_eq!(send(&server, &create).status, 400);
    // Another body is another request.
    ok(
        &server,
        "POST",
        "/faults",
        r#"{"status":503,"times":1,"accountId":"t-1"}"#,
    );
    let other = body.replace("asmith", "bjones");
    send(
        &server,
        &request("POST", &users, &format!("{login}{XML}{client}"), &other),
    );

    let report = ok(&server, "GET", "/retries", "");
    let summaries: Vec<&str> = report["sequences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["summary"].as_str().unwrap())
        .collect();
    assert_eq!(
        summaries,
        [
            "GET /api/accounts/12345/users was answered 429, then tried again 2 times, after 1.000 s, 10.000 s; \
             the last was answered 200. The waits grew. The client did not wait as long as the response asked.",
            "POST /api/accounts/t-1/users was not answered although it took effect, then tried again once, after \
             0.500 s; the last was answered 400. It sent a create again without a look at the users. It repeated a create that \
             had taken effect.",
            "POST /api/accounts/t-1/users was answered 503, and was not tried again.",
        ]
    );
    let first = &report["sequences"][0];
    assert_eq!(
        (&first["client"], &first["outcome"]),
        (&json!("127.0.0.1 (sync/1)"), &json!("recovered"))
    );
    assert_eq!(
        (&first["waitsGrew"], &first["respectedReset"]),
        (&json!(true), &json!(false))
    );
    let second = &report["sequences"][1];
    assert_eq!(
        (&second["repeatedCreateThatTookEffect"], &second["outcome"]),
        (&json!(true), &json!("refused"))
    );
    let problems = |index: usize| &report["sequences"][index]["problems"];
    assert_eq!(*problems(0), json!(["reset_ignored"]));
    assert_eq!(*problems(1), json!(["blind_create"]));
    assert_eq!(*problems(2), json!([]));
    assert_eq!(report["verdict"], "bad");
    let own = ok(&server, "GET", "/retries?accountId=t-1", "");
    assert_eq!(own["sequences"].as_array().unwrap().len(), 2);
}
