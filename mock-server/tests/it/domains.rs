//! A domain with two accounts: who sees, changes and opens what.

use bandwidth_mock::MockServer;
use serde_json::{Value, json};

use crate::{
    control::{admin, ok},
    wire::{JSON, LOGIN, USERS, basic, call, request, send, server},
};

const SECOND: &str = "/api/accounts/67890/users";
const ASMITH: &str = r#"{"Username":"asmith","FirstName":"Anna","LastName":"Smith","Email":"asmith@example.com","Password":"Teal-Wagon.47"}"#;

/// The demo seed, where also u901 has the second account and u902 both, each with a password, and
/// u903 reaches the whole domain.
fn start(set: &[&str]) -> MockServer {
    let server = server("guide", set, "demo");
    let mut snapshot = ok(&server, "GET", "/accounts/12345/snapshot", "");
    let user = |number: u32, rest: Value| {
        let mut user = json!({
            "userId": format!("u{number}"), "username": format!("user{number}"),
            "password": "Teal-Wagon.47",
        });
        let object = user.as_object_mut().unwrap();
        object.extend(rest.as_object().unwrap().clone());
        user
    };
    snapshot["accounts"][0]["users"]
        .as_array_mut()
        .unwrap()
        .extend([
            user(901, json!({"accounts": ["67890"]})),
            user(902, json!({"accounts": ["12345", "67890"]})),
            user(903, json!({"accountScope": "SYSTEM"})),
        ]);
    let (status, answer) = admin(
        &server,
        "PUT",
        "/accounts/12345/snapshot",
        &snapshot.to_string(),
    );
    assert!((200..300).contains(&status), "{answer}");
    server
}

/// The usernames that a caller lists there, or the status of the refusal.
fn listed(server: &MockServer, authorization: &str, path: &str) -> Result<Vec<String>, u16> {
    let head = format!("{authorization}Accept: application/json\r\n");
    let reply = send(server, &request("GET", path, &head, ""));
    if reply.status != 200 {
        return Err(reply.status);
    }
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let users = body["Users"].as_array().unwrap().iter();
    Ok(users
        .map(|user| user["Username"].as_str().unwrap().to_owned())
        .collect())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn an_account_shows_its_own_users_alone_and_the_next_id_is_that_of_the_guide() {
    let server = server("guide", &[], "demo");
    assert_eq!(listed(&server, LOGIN, USERS), Ok(names(&["jdoe"])));
    let created = call(&server, "POST", USERS, JSON, ASMITH);
    assert_eq!(created.header("location"), ["/api/accounts/12345/users/u2"]);
    assert_eq!(
        listed(&server, LOGIN, USERS),
        Ok(names(&["jdoe", "asmith"]))
    );
    for method in ["GET", "DELETE"] {
        let missing = call(&server, method, &format!("{USERS}/u900"), JSON, "");
        assert_eq!(missing.status, 404, "{method}");
    }
    let missing = call(&server, "PUT", &format!("{USERS}/u900"), JSON, ASMITH);
    assert_eq!(missing.status, 404);
    let snapshot = ok(&server, "GET", "/accounts/12345/snapshot", "");
    assert_eq!(
        snapshot["accounts"][0]["users"][2]["accounts"],
        json!(["67890"])
    );
}

#[test]
fn the_api_login_opens_the_main_account_and_a_user_its_own_ones() {
    let server = start(&["auth.user_logins=accepted"]);
    let user = |number: u32| basic(&format!("user{number}"), "Teal-Wagon.47");
    let first = Ok(names(&["jdoe", "user902"]));
    let second = Ok(names(&["sjones", "user901", "user902"]));
    for (authorization, in_first, in_second) in [
        (LOGIN.to_owned(), first.clone(), Err(403)),
        (user(901), Err(403), second.clone()),
        (user(902), first.clone(), second.clone()),
        (user(903), first, second),
    ] {
        assert_eq!(listed(&server, &authorization, USERS), in_first);
        assert_eq!(listed(&server, &authorization, SECOND), in_second);
    }
}

#[test]
fn a_user_created_in_the_second_account_is_in_that_one() {
    let server = start(&["auth.user_logins=accepted"]);
    let head = format!("{}{JSON}", basic("user901", "Teal-Wagon.47"));
    let created = send(&server, &request("POST", SECOND, &head, ASMITH));
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(created.header("location"), ["/api/accounts/67890/users/u2"]);
    assert_eq!(
        listed(&server, LOGIN, USERS),
        Ok(names(&["jdoe", "user902"]))
    );
    let elsewhere = ASMITH
        .replace("asmith", "bsmith")
        .replace('{', r#"{"AccountId":"12345","#);
    let refused = send(&server, &request("POST", SECOND, &head, &elsewhere));
    assert_eq!(refused.status, 400);
}

#[test]
fn the_name_of_an_api_login_is_taken_for_users_of_other_domains() {
    let server = server("guide", &[], "demo");
    let mut seed = ok(&server, "GET", "/snapshot", "");
    let accounts = seed["accounts"].as_array_mut().unwrap();
    accounts.push(json!({"accountId": "5", "login": {"username": "other-api", "password": "p"}}));
    let (status, answer) = admin(&server, "PUT", "/snapshot", &seed.to_string());
    assert_eq!(status, 200, "{answer}");
    let taken = call(
        &server,
        "POST",
        USERS,
        JSON,
        &ASMITH.replace("asmith\"", "other-api\""),
    );
    assert_eq!(taken.status, 409, "{}", taken.body);
}

#[test]
fn the_control_api_makes_domains_and_wants_the_main_id() {
    let server = server("guide", &[], "demo");
    let body = r#"{"domainName":"Blue","furtherAccounts":["b2",{"accountId":"b3","companyName":"Third"}]}"#;
    let (status, made) = admin(&server, "POST", "/accounts", body);
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["domainName"], "Blue");
    assert_eq!(
        made["furtherAccounts"][1],
        json!({"accountId": "b3", "companyName": "Third"})
    );
    let main = made["accountId"].as_str().unwrap();
    assert_eq!(ok(&server, "GET", "/accounts/b2", "")["accountId"], main);
    let (status, refused) = admin(&server, "DELETE", "/accounts/b2", "");
    assert_eq!(status, 400);
    assert!(refused.to_string().contains(main), "{refused}");
    for taken in [r#"{"domainName":"BLUE"}"#, r#"{"furtherAccounts":["b3"]}"#] {
        assert_eq!(admin(&server, "POST", "/accounts", taken).0, 409, "{taken}");
    }
    let (_, counted) = admin(&server, "POST", "/accounts", r#"{"furtherAccounts":2}"#);
    let id = counted["accountId"].as_str().unwrap();
    assert_eq!(counted["domainName"], format!("domain-{id}"));
    assert_eq!(counted["furtherAccounts"].as_array().unwrap().len(), 2);
    assert_eq!(
        admin(&server, "DELETE", &format!("/accounts/{main}"), "").0,
        204
    );
    assert_eq!(admin(&server, "GET", "/accounts/b2", "").0, 404);
}
