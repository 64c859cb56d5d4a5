//! `record` keeps no secret in any file, page or message, and with `--anonymize` no name.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use bandwidth_mock::MockServer;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    record::Recording,
    wire::{FORM, JSON, LOGIN, USERS, XML, basic, request, server},
};

const CANARY: &str = "Canary-Bird.7913";

/// A server that answers the request with the number in its path with that answer.
fn answering(answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = vec![0; 65536];
            let _ = stream.read(&mut bytes);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}/api")
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Requests with the canary in every place, and what a server that repeats it answers.
type Exchanges = Vec<(Vec<u8>, String)>;

fn ok(headers: &str, body: &str) -> String {
    answer("200 OK", headers, body)
}

fn refused(headers: &str, body: &str) -> String {
    answer("400 Bad Request", headers, body)
}

fn get(headers: &str) -> Vec<u8> {
    request("GET", USERS, headers, "")
}

fn post(headers: &str, body: &str) -> Vec<u8> {
    request("POST", USERS, headers, body)
}

fn json_body() -> String {
    format!(r#"{{"Username":"a","Password":"{CANARY}"}}"#)
}

fn in_heads() -> Exchanges {
    let encoded = STANDARD.encode(format!("api-user:{CANARY}"));
    let empty = ok("", "");
    vec![
        // Headers of requests.
        (
            get(&format!("Authorization: Basic {encoded}\r\n")),
            empty.clone(),
        ),
        (
            get(&format!("Authorization: Bearer {CANARY}\r\n")),
            empty.clone(),
        ),
        (
            get(&format!(
                "Authorization: Digest username=\"a\", response=\"{CANARY}\"\r\n"
            )),
            empty.clone(),
        ),
        (get(&format!("Authorization: {CANARY}\r\n")), empty.clone()),
        (
            get(&format!("Authorization: {CANARY} x\r\n")),
            empty.clone(),
        ),
        (
            get(&format!("Proxy-Authorization: Basic {encoded}\r\n")),
            empty.clone(),
        ),
        (
            get(&format!("Cookie: session={CANARY}; a=b\r\n")),
            empty.clone(),
        ),
        (
            get(&format!(
                "X-Api-Key: {CANARY}\r\nX-Auth-Token: {CANARY}\r\n"
            )),
            empty.clone(),
        ),
        (
            get(&format!("Referer: http://h/?token={CANARY}\r\n")),
            empty.clone(),
        ),
        (
            get(&format!(
                "Authorization: Bearer {CANARY}\r\nX-Note: it is {CANARY}\r\n"
            )),
            empty.clone(),
        ),
        // Targets.
        (
            request(
                "GET",
                &format!("{USERS}?password={CANARY}&access_token={CANARY}"),
                "",
                "",
            ),
            empty.clone(),
        ),
        (
            request(
                "GET",
                &format!("{USERS}/{CANARY}"),
                &format!("Authorization: Bearer {CANARY}\r\n"),
                "",
            ),
            empty.clone(),
        ),
    ]
}

fn in_xml_bodies() -> Exchanges {
    let empty = ok("", "");
    let xml_body = format!("<User><Username>a</Username><Password>{CANARY}</Password></User>");
    let xml_error = format!(
        "<R><ErrorCode>1</ErrorCode><Description>Password {CANARY} is refused</Description></R>"
    );
    vec![
        (post(XML, &xml_body), refused(XML, &xml_error)),
        (
            post(XML, &xml_body.replace("Password", "newPassword")),
            refused(XML, &xml_body),
        ),
        (
            post(XML, &format!("<Password>{CANARY}</Password>")),
            ok(XML, &format!("<Password>{CANARY}</Password>")),
        ),
        (
            post(
                XML,
                &format!("<User><Password><![CDATA[{CANARY}]]></Password></User>"),
            ),
            ok(XML, "<a/>"),
        ),
        (
            post(XML, &format!("<User password='{CANARY}'/>")),
            ok(XML, &format!("<User password='{CANARY}'/>")),
        ),
        (
            post(
                XML,
                &format!("<User><!-- the password is {CANARY} --><Password>{CANARY}"),
            ),
            refused(XML, &xml_error[..60]),
        ),
        (
            post(
                XML,
                &format!("<!DOCTYPE User [<!ENTITY x \"{CANARY}\">]><User/>"),
            ),
            empty.clone(),
        ),
    ]
}

fn in_other_bodies() -> Exchanges {
    let empty = ok("", "");
    let json_body = json_body();
    vec![
        (
            post(JSON, &json_body),
            refused(
                JSON,
                &format!(r#"{{"message":"the password '{CANARY}' is refused"}}"#),
            ),
        ),
        (
            post(JSON, &json_body),
            refused(
                "Content-Type: text/plain\r\n",
                &format!("password {CANARY} is refused"),
            ),
        ),
        (
            post(JSON, &json_body),
            refused(
                "Content-Type: text/html\r\n",
                &format!("<html><br>{CANARY}"),
            ),
        ),
        (post(JSON, &json_body[..json_body.len() - 1]), empty.clone()),
        (
            post(
                JSON,
                &format!(r#"{{"user":{{"passwords":["{CANARY}",{{"a":"{CANARY}"}}]}}}}"#),
            ),
            ok(JSON, &json_body),
        ),
        (
            post(
                JSON,
                &format!(
                    r#"{{"PASSWORD":"{CANARY}","note":"https://u:{CANARY}@h/?secret={CANARY}"}}"#
                ),
            ),
            empty.clone(),
        ),
        (
            post(
                JSON,
                &format!(r#"{{"note":"https://u:{CANARY}@h/?secret={CANARY}"}}"#),
            ),
            empty.clone(),
        ),
        (
            post(
                FORM,
                &format!("grant_type=password&username=a&password={CANARY}&client_secret={CANARY}"),
            ),
            ok(
                JSON,
                &format!(
                    r#"{{"access_token":"{CANARY}","token_type":"Bearer","refresh_token":"{CANARY}"}}"#
                ),
            ),
        ),
        (
            post("Content-Type: application/octet-stream\r\n", CANARY),
            empty.clone(),
        ),
    ]
}

fn in_answers() -> Exchanges {
    let json_body = json_body();
    vec![
        // Headers of answers.
        (get(""), ok(&format!("Set-Cookie: a={CANARY}\r\n"), "")),
        (
            get(""),
            answer(
                "302 Found",
                &format!("Location: http://u:{CANARY}@h/?token={CANARY}#access_token={CANARY}\r\n"),
                "",
            ),
        ),
        (
            get(&format!("Authorization: Bearer {CANARY}\r\n")),
            ok(&format!("X-Echo: {CANARY}\r\n"), ""),
        ),
        // Bodies of answers alone.
        (
            get(""),
            ok(
                JSON,
                &format!(
                    r#"{{"clientSecret":"{CANARY}","data":[{{"secrets":[{{"value":"{CANARY}"}}]}}]}}"#
                ),
            ),
        ),
        (
            get(""),
            ok(
                XML,
                &format!(
                    "<UserPasswordResponse><User><Password>{CANARY}</Password></User></UserPasswordResponse>"
                ),
            ),
        ),
        // A connection that breaks.
        (
            post(JSON, &json_body),
            format!("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{json_body}"),
        ),
        (post(JSON, &json_body), String::new()),
    ]
}

#[test]
fn no_secret_is_in_the_file_or_on_a_page_or_printed() {
    for flags in [&[][..], &["--anonymize", "--password-features"]] {
        let (requests, answers): (Vec<_>, Vec<_>) =
            [in_heads(), in_xml_bodies(), in_other_bodies(), in_answers()]
                .concat()
                .into_iter()
                .unzip();
        let mut pages = String::new();
        let (mut passed, mut shown) = (0, 0);
        let recording = Recording::start(&answering(answers), flags);
        for bytes in &requests {
            passed += 1;
            shown += usize::from(recording.send(bytes).contains(CANARY));
            pages += &recording.call("GET", &format!("/__record/requests/{passed}"), "", "");
        }
        // Else the test would prove nothing.
        assert!(shown >= 10, "{shown} answers show it to the client");
        let entries = recording.entries();
        assert_eq!(entries.len(), requests.len());
        let text = recording.text();
        let encoded = STANDARD.encode(format!("api-user:{CANARY}"));
        let (_, printed) = recording.serving.terminate();
        for (what, seen) in [
            ("the file", &text),
            ("a page", &pages),
            ("what is printed", &printed),
        ] {
            for secret in ["Canary", "Bird", &encoded] {
                let at = seen.find(secret);
                let around = at.map(|at| seen[..at].lines().last().unwrap_or_default().to_owned());
                assert!(at.is_none(), "{secret} is in {what}: {around:?}");
            }
        }
        assert!(text.contains("password-1") || text.contains("token-1"));
    }
}

#[test]
fn equal_secrets_have_equal_names_and_a_login_keeps_its_user() {
    let server = MockServer::builder().start_blocking().unwrap();
    let recording = Recording::of(&server, &[]);
    recording.call("GET", USERS, LOGIN, "");
    recording.call("GET", USERS, &basic("api-user", "Wrong-Passw0rd"), "");
    recording.call("GET", USERS, LOGIN, "");
    let logins: Vec<String> = recording
        .entries()
        .iter()
        .map(|entry| {
            let headers = entry["request"]["headers"].as_array().unwrap();
            let mut headers = headers.iter();
            let login = headers
                .find(|header| header["name"] == "Authorization")
                .unwrap();
            let encoded = login["value"]
                .as_str()
                .unwrap()
                .trim_start_matches("Basic ");
            String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
        })
        .collect();
    assert_eq!(
        logins,
        [
            "api-user:password-1",
            "api-user:password-2",
            "api-user:password-1"
        ]
    );
}

#[test]
fn of_a_refused_password_features_are_kept_and_of_an_accepted_one_none() {
    let set = ["password.min_length=10", "password.errors=specific"];
    let server = server("guide", &set[..1], "demo");
    let body = |name: &str, password: &str| {
        format!(
            "<User><Username>{name}</Username><FirstName>Anna</FirstName><LastName>Smith</LastName>\
             <Email>{name}@example.com</Email><Password>{password}</Password></User>"
        )
    };
    for (flags, kept) in [
        (&[][..], [true, false]),
        (&["--password-features"], [true, true]),
    ] {
        let recording = Recording::of(&server, flags);
        let headers = format!("{LOGIN}{XML}");
        let name = format!("user{}", flags.len());
        let refused = recording.call("POST", USERS, &headers, &body(&name, "aSmith7!"));
        assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
        let accepted = recording.call("POST", USERS, &headers, &body(&name, "Teal-Wagon.47"));
        assert!(accepted.starts_with("HTTP/1.1 201 "), "{accepted}");
        let entries = recording.entries();
        let features: Vec<_> = entries
            .iter()
            .map(|entry| &entry["_bandwidth"]["passwords"])
            .collect();
        assert_eq!(
            [!features[0].is_null(), !features[1].is_null()],
            kept,
            "{features:?}"
        );
        let refused = features[0].as_object().unwrap().values().next().unwrap();
        assert_eq!(refused["length"], 8);
        assert_eq!(refused["identity"], true);
    }
}

#[test]
fn a_short_password_that_an_error_repeats_goes_too() {
    let body = r#"{"message":"Password abc1 of user abc1x is too short"}"#;
    let upstream = answering(vec![answer("400 Bad Request", JSON, body)]);
    let recording = Recording::start(&upstream, &[]);
    recording.call(
        "POST",
        USERS,
        JSON,
        r#"{"Username":"abc1x","Password":"abc1"}"#,
    );
    let entries = recording.entries();
    assert_eq!(
        entries[0]["response"]["content"]["text"],
        r#"{"message":"Password password-1 of user abc1x is too short"}"#
    );
}

/// A user in requests and answers of every kind.
fn named() -> Exchanges {
    let xml = "<User><Username>wostrander</Username><FirstName>Wilhelmina</FirstName>\
        <LastName>Ostrander</LastName><Email>Wilhelmina.Ostrander@corp-example.com</Email>\
        <TelephoneNumber>9195557788</TelephoneNumber><Password>Teal-Wagon.47</Password></User>";
    let json = r#"{"user":{"userName":"wostrander","first_name":"Wilhelmina","lastName":"Ostr\u00e4nder","email":"wostrander@corp-example.com","phoneNumber":"9195557788","roles":[{"roleName":"Admin User"}]}}"#;
    vec![
        (
            request(
                "POST",
                USERS,
                &format!("{}{XML}", basic("wostrander", "x")),
                xml,
            ),
            answer(
                "400 Bad Request",
                XML,
                "<R><Code>1</Code><Description>User WOSTRANDER (Wilhelmina Ostrander, wostrander@corp-example.com) exists</Description></R>",
            ),
        ),
        (
            request("POST", USERS, JSON, json),
            answer(
                "201 Created",
                &format!("{JSON}Location: https://h/api/accounts/1/users/wostrander\r\n"),
                json,
            ),
        ),
        (
            request(
                "GET",
                &format!(
                    "{USERS}/wostrander%40corp-example.com/roles?email=wostrander@corp-example.com&page=2"
                ),
                "X-User: wostrander\r\n",
                "",
            ),
            answer(
                "404 Not Found",
                JSON,
                r#"{"errors":[{"description":"no wostrander","link":"/api/users/wostrander"}],"createdBy":"wostrander","by":"wostrander"}"#,
            ),
        ),
        (
            request("GET", USERS, "", ""),
            answer(
                "200 OK",
                XML,
                &format!("<Users>{xml}<User name='wostrander'/></Users>"),
            ),
        ),
    ]
}

#[test]
fn with_anonymize_no_name_is_kept_and_the_form_of_each_is() {
    let names = [
        "Wilhelmina",
        "Ostrander",
        "wostrander",
        "corp-example",
        "9195557788",
        "Ostr\u{e4}nder",
    ];
    let (requests, answers): (Vec<_>, Vec<_>) = named().into_iter().unzip();
    let recording = Recording::start(&answering(answers), &["--anonymize"]);
    let mut pages = String::new();
    for (bytes, number) in requests.iter().zip(1..) {
        recording.send(bytes);
        pages += &recording.call("GET", &format!("/__record/requests/{number}"), "", "");
    }
    let text = recording.text();
    for name in names {
        for seen in [&text, &pages] {
            let lower = seen.to_lowercase();
            assert!(!lower.contains(&name.to_lowercase()), "{name}: {text}");
        }
    }
    for encoded in ["\\u00e4", &STANDARD.encode("wostrander:")[..12]] {
        assert!(!text.contains(encoded), "{encoded}: {text}");
    }
    let entries = recording.entries();
    let at = |entry: usize, pointer: &str| {
        entries[entry]
            .pointer(pointer)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    let sent = at(0, "/request/postData/text");
    let part = |text: &str, start: &str| {
        text.split(start)
            .nth(1)
            .unwrap()
            .split(['<', '"'])
            .next()
            .unwrap()
            .to_owned()
    };
    let login = part(&sent, "<Username>");
    assert_eq!(login.len(), "wostrander".len());
    // The same user everywhere, in the case of each place.
    let text = at(0, "/response/content/text");
    assert!(
        text.contains(&format!("User {} (", login.to_uppercase())),
        "{text}"
    );
    assert!(text.ends_with("exists</Description></R>"), "{text}");
    assert!(at(1, "/request/postData/text").contains(&format!("\"userName\":\"{login}\"")));
    assert!(at(1, "/request/postData/text").contains("\"roleName\":\"Admin User\""));
    let url = at(2, "/request/url");
    assert!(
        url.contains(&format!("/users/{login}%40")) && url.ends_with("&page=2"),
        "{url}"
    );
    let error = at(2, "/response/content/text");
    assert_eq!(error.matches(&login).count(), 4, "{error}");
    assert!(sent.contains(&format!("<FirstName>{}", part(&sent, "<FirstName>"))));
    assert!(
        part(&sent, "<Email>").rsplit('.').next() == Some("com"),
        "{sent}"
    );
}
