//! Every option of every behaviour changes what a client sees.
//!
//! Each behaviour has a scenario of requests. It is played once per option, each time against a
//! server that differs in nothing else, and no two options may give the same replies.

use std::fmt::Write as _;

use bandwidth_fixtures::behaviours;
use bandwidth_mock::MockServer;

use crate::wire::{JSON, LOGIN, USERS, XML, basic, request, send, server};

struct Scenario {
    /// Other behaviours that the scenario needs.
    set: &'static [&'static str],
    seed: &'static str,
    requests: Vec<Vec<u8>>,
}

fn scenario(requests: Vec<Vec<u8>>) -> Scenario {
    Scenario {
        set: &[],
        seed: "demo",
        requests,
    }
}

fn get(path: &str) -> Vec<u8> {
    request("GET", path, LOGIN, "")
}

fn get_with(headers: &str) -> Vec<u8> {
    request("GET", USERS, &format!("{LOGIN}{headers}"), "")
}

fn post(body: &str) -> Vec<u8> {
    let headers = if body.starts_with('{') { JSON } else { XML };
    request("POST", USERS, &format!("{LOGIN}{headers}"), body)
}

fn put(path: &str, body: &str) -> Vec<u8> {
    request("PUT", path, &format!("{LOGIN}{XML}"), body)
}

fn delete(path: &str) -> Vec<u8> {
    request("DELETE", path, LOGIN, "")
}

fn user(username: &str, rest: &str) -> String {
    user_with_password(username, "Teal-Wagon.47", rest)
}

fn user_with_password(username: &str, password: &str, rest: &str) -> String {
    format!(
        "<User><Username>{username}</Username><FirstName>Anna</FirstName><LastName>Smith</LastName>\
         <Email>{username}@example.com</Email><Password>{password}</Password>{rest}</User>"
    )
}

fn token() -> Vec<u8> {
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let body = "grant_type=client_credentials";
    request(
        "POST",
        "/api/v1/oauth2/token",
        &format!("{LOGIN}{form}"),
        body,
    )
}

/// Moves the mock's clock forward.
fn advance(ms: u64) -> Vec<u8> {
    clock(&format!(r#"{{"action":"advance","ms":{ms}}}"#))
}

fn clock(body: &str) -> Vec<u8> {
    request("POST", "/__admin/clock", "", body)
}

fn wrong_login() -> Vec<u8> {
    request("GET", USERS, &basic("api-user", "wrong"), "")
}

fn change_password(username: &str, old: &str, new: &str) -> Vec<u8> {
    let path = format!("/api/users/{username}/password");
    let headers = format!("{}{XML}", basic(username, old));
    request(
        "PUT",
        &path,
        &headers,
        &format!("<Password>{new}</Password>"),
    )
}

#[expect(clippy::too_many_lines, reason = "one line per behaviour")]
fn scenario_of(id: &str) -> Scenario {
    let u1 = format!("{USERS}/u1");
    match id {
        "format.default" | "naming.email" | "user.default_fields" => scenario(vec![get(USERS)]),
        "format.json" => scenario(vec![get_with("Accept: application/json\r\n"), post("{}")]),
        "format.unacceptable" => scenario(vec![get_with("Accept: text/html\r\n")]),
        "format.body_without_type" => scenario(vec![
            request("POST", USERS, LOGIN, "{}"),
            request("POST", USERS, LOGIN, "<User/>"),
        ]),
        "paths.users" => scenario(vec![get("/api/users"), get("/api/users/u1")]),
        "paths.bases" => scenario(vec![get("/v1.0/accounts/12345/users")]),
        "naming.json_case" => scenario(vec![get_with("Accept: application/json\r\n")]),
        "naming.user_key" => scenario(vec![get(USERS), get(&u1), get(&format!("{USERS}/jdoe"))]),
        "user.id_style" | "create.status" | "create.response" => {
            scenario(vec![post(&user("asmith", ""))])
        }
        "user.unknown_fields" => scenario(vec![post(&user("asmith", "<Colour>red</Colour>"))]),
        "user.telephone" => Scenario {
            seed: "published",
            ..scenario(vec![
                get(USERS),
                post(&user("asmith", "")),
                post(&user(
                    "bsmith",
                    "<TelephoneNumber>9195550102</TelephoneNumber>",
                )),
                post(&user(
                    "csmith",
                    "<TelephoneNumber>+19195550103</TelephoneNumber>",
                )),
            ])
        },
        "role.form" => scenario(vec![get("/api/accounts/12345/roles")]),
        "role.unknown" => scenario(vec![post(&user(
            "asmith",
            "<Roles><Role>r9</Role></Roles>",
        ))]),
        "username.scope" => scenario(vec![post(&user("other-user", ""))]),
        "username.case" => scenario(vec![post(&user("asmith", "")), post(&user("ASmith", ""))]),
        "username.update" => scenario(vec![put(&u1, "<User><Username>other</Username></User>")]),
        "email.unique" => scenario(vec![
            post(&user("jdoe2", "").replace("jdoe2@", "jdoe@")),
            post(&user("other-user2", "").replace("other-user2@", "other@")),
        ]),
        "errors.conflict" => scenario(vec![post(&user("api-user", ""))]),
        "put.semantics" => scenario(vec![
            put(&u1, "<User><FirstName>Jane</FirstName></User>"),
            get(&u1),
        ]),
        "put.id_mismatch" => scenario(vec![put(&u1, "<User><UserId>u7</UserId></User>")]),
        "delete.effect" => scenario(vec![delete(&u1), get(&u1), get(USERS)]),
        "delete.status" => scenario(vec![delete(&u1)]),
        "delete.with_resources" => Scenario {
            seed: "published",
            ..scenario(vec![delete(&format!("{USERS}/u2"))])
        },
        "list.empty" => Scenario {
            seed: "empty",
            ..scenario(vec![get(USERS)])
        },
        "auth.schemes" => scenario(vec![get(USERS), wrong_login(), token()]),
        "auth.token_seconds" => Scenario {
            set: &["auth.schemes=basic_and_bearer"],
            ..scenario(vec![token()])
        },
        "auth.lockout_seconds" => Scenario {
            set: &["auth.lockout=1"],
            ..scenario(vec![
                wrong_login(),
                get(USERS),
                advance(900_000),
                get(USERS),
            ])
        },
        "auth.user_logins" => Scenario {
            seed: "published",
            ..scenario(vec![request(
                "GET",
                USERS,
                &basic("mroe", "Teal-Wagon.47"),
                "",
            )])
        },
        "auth.failure_body" | "auth.challenge" => scenario(vec![wrong_login()]),
        "auth.other_account" => scenario(vec![get("/api/accounts/99999/users")]),
        "auth.lockout" => scenario(
            std::iter::repeat_with(wrong_login)
                .take(6)
                .chain([get(USERS)])
                .collect(),
        ),
        "missing.user" | "errors.shape" => scenario(vec![get(&format!("{USERS}/u9"))]),
        "missing.by_username" => scenario(vec![get(&format!("{USERS}/jdoe"))]),
        "password.min_length" => scenario(vec![post(&user_with_password("asmith", "aB3-xyz", ""))]),
        "password.max_length" => scenario(vec![post(&user_with_password(
            "asmith",
            "aB3-xyz-aB3-xyz-aB3-xyz",
            "",
        ))]),
        "password.classes" => {
            scenario(vec![post(&user_with_password("asmith", "TealWagon47", ""))])
        }
        "password.identity" => scenario(vec![post(&user_with_password(
            "asmith",
            "Teal-Asmith.47",
            "",
        ))]),
        "password.repeats" => scenario(vec![post(&user_with_password(
            "asmith",
            "Wagon-Wagon.47",
            "",
        ))]),
        "password.history" => Scenario {
            set: &["paths.users=account_and_login"],
            ..scenario(vec![change_password(
                "api-user",
                "Api-Passw0rd!23",
                "Api-Passw0rd!23",
            )])
        },
        "password.common_words" => scenario(vec![post(&user_with_password(
            "asmith",
            "My-Qwerty.47",
            "",
        ))]),
        "password.charset" => scenario(vec![post(&user_with_password(
            "asmith",
            "Teal Wagon.47",
            "",
        ))]),
        "password.errors" => scenario(vec![post(&user_with_password("asmith", "weak", ""))]),
        "rate.limit" => scenario(std::iter::repeat_with(|| get(USERS)).take(870).collect()),
        "rate.response" | "rate.headers" | "rate.connection" => Scenario {
            set: &["rate.limit=1/1h"],
            ..scenario(vec![get(USERS), get(USERS)])
        },
        other => panic!("behaviour {other} has no scenario; add one"),
    }
}

/// A second account, for what must be unique among all.
const TWO_ACCOUNTS: &str = r#"{"format":1,"accounts":[
    {"accountId":"12345","login":{"username":"api-user","password":"Api-Passw0rd!23"},"nextUserNumber":2,
     "users":[{"userId":"u1","username":"jdoe","firstName":"John","lastName":"Doe","email":"jdoe@example.com"}]},
    {"accountId":"67890","login":{"username":"other-login","password":"Api-Passw0rd!24"},"nextUserNumber":2,
     "users":[{"userId":"u1","username":"other-user","email":"other@example.com"}]}]}"#;

fn start(scenario: &Scenario, id: &str, option: &str) -> MockServer {
    let choice = format!("{id}={option}");
    let set: Vec<&str> = scenario
        .set
        .iter()
        .copied()
        .chain([choice.as_str()])
        .collect();
    if matches!(id, "username.scope" | "email.unique") {
        let mut profile = bandwidth_fixtures::NamedProfile::built_in("guide").unwrap();
        profile.set(set).unwrap();
        let seed = bandwidth_fixtures::Seed::parse("two.json", TWO_ACCOUNTS).unwrap();
        return MockServer::builder()
            .profile(profile)
            .seed(seed)
            .start_blocking()
            .unwrap();
    }
    server("guide", &set, scenario.seed)
}

/// All replies of a scenario, without what differs from run to run, and what is repeated once.
fn transcript(id: &str, option: &str) -> String {
    let scenario = scenario_of(id);
    let server = start(&scenario, id, option);
    // A slow machine must not see a limit's tokens come back.
    send(&server, &clock(r#"{"action":"freeze"}"#));
    let mut shown: Vec<(String, usize)> = Vec::new();
    for bytes in &scenario.requests {
        let reply = send(&server, bytes);
        let mut exchange = format!("> {}\n", asked(bytes));
        if !bytes.starts_with(b"POST /__admin") {
            exchange += &steady_head(&reply.head);
            exchange += &steady_body(&reply.body);
            exchange += if reply.body.is_empty() { "" } else { "\n" };
        }
        match shown.last_mut() {
            Some((last, times)) if *last == exchange => *times += 1,
            _ => shown.push((exchange, 1)),
        }
    }
    let shown = shown.into_iter().map(|(exchange, times)| match times {
        1 => exchange,
        times => format!("{times} times\n{exchange}"),
    });
    shown.collect()
}

/// A request in a line: method, target, and body.
fn asked(request: &[u8]) -> String {
    let request = str::from_utf8(request).unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let (line, _) = head.split_once(" HTTP/1.1").unwrap();
    format!("{line} {body}").trim_end().to_owned()
}

/// Without the date and the body's length, and without the time when a limit ends.
fn steady_head(head: &str) -> String {
    let left_out = ["Date: ", "Content-Length: "];
    let lines = head
        .lines()
        .filter(|line| !left_out.iter().any(|name| line.starts_with(name)));
    lines
        .map(|line| match line.strip_prefix("X-Ratelimit-Reset: ") {
            Some(_) => "X-Ratelimit-Reset: T\n".to_owned(),
            None => format!("{line}\n"),
        })
        .collect()
}

/// Without a token, which names the time.
fn steady_body(body: &str) -> String {
    match body.split_once("\"access_token\":\"") {
        Some((before, rest)) => {
            let after = rest.split_once('"').map_or("", |(_, after)| after);
            format!("{before}\"access_token\":\"T\"{after}")
        }
        None => body.to_owned(),
    }
}

/// The snapshot is for a reader: two options that were swapped differ from each other no less than
/// before.
#[test]
fn each_option_of_each_behaviour_is_seen_on_the_wire() {
    let mut all = String::new();
    for behaviour in behaviours() {
        let id = behaviour.id.as_str();
        let transcripts: Vec<(&str, String)> = behaviour
            .options
            .iter()
            .map(|option| (option.name.as_str(), transcript(id, &option.name)))
            .collect();
        for (index, (option, replies)) in transcripts.iter().enumerate() {
            for (other, other_replies) in &transcripts[..index] {
                assert!(
                    replies != other_replies,
                    "{id}: {option} and {other} look the same"
                );
            }
            writeln!(all, "=== {id} = {option}\n{replies}").unwrap();
        }
    }
    insta::assert_snapshot!("each_option_of_each_behaviour", all);
}
