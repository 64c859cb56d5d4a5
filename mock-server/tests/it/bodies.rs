//! Bodies as clients of many languages write them: encodings, byte order marks, nulls, wrappers. The
//! bytes are literal, and none of their passwords is seen in the journal.

use bandwidth_mock::MockServer;

use crate::wire::{LOGIN, Reply, USERS, guide, send, server};

/// Sends a body of any bytes.
fn put(server: &MockServer, content_type: &str, body: &[u8]) -> Reply {
    let head = format!(
        "PUT {USERS}/u1 HTTP/1.1\r\nHost: localhost\r\n{LOGIN}Content-Type: {content_type}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    send(server, &[head.as_bytes(), body].concat())
}

fn utf_16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(unit);
    unit(0xFEFF).into_iter().chain(units).collect()
}

/// The last request as the journal shows it.
fn journal(server: &MockServer) -> String {
    let get = b"GET /__admin/requests HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    send(server, get).body
}

#[test]
fn each_encoding_is_read_and_its_password_is_not_shown() {
    let user = |name: &str| {
        format!(
            "<User><FirstName>{name}</FirstName><Email>j@example.com</Email><Password>Teal-Wagon.47</Password></User>"
        )
    };
    let declared = |encoding: &str, name: &str| {
        format!("<?xml version='1.0' encoding='{encoding}'?>{}", user(name))
    };
    let latin_1 = |text: String| -> Vec<u8> {
        let bytes = text.chars().map(|c| u8::try_from(u32::from(c)));
        bytes.collect::<Result<_, _>>().expect("it is Latin-1")
    };
    let cases: [(&str, Vec<u8>, &str); 13] = [
        (
            "application/xml",
            declared("us-ascii", "Ren&#233;").into(),
            "René",
        ),
        (
            "application/xml",
            declared("ASCII", "Ren&#233;").into(),
            "René",
        ),
        (
            "application/xml",
            latin_1(declared("ISO-8859-1", "René")),
            "René",
        ),
        (
            "application/xml; charset=iso-8859-1",
            latin_1(user("René")),
            "René",
        ),
        (
            "application/xml; charset=\"Windows-1252\"",
            b"<User><FirstName>\x80</FirstName><Password>Teal-Wagon.47</Password></User>".to_vec(),
            "€",
        ),
        ("application/xml", declared("utf8", "René").into(), "René"),
        ("application/xml; charset=utf8", user("René").into(), "René"),
        // The charset comes before the declaration.
        (
            "application/xml; charset=utf-8",
            declared("ISO-8859-1", "René").into(),
            "René",
        ),
        (
            "application/xml; charset=utf-8",
            declared("utf-16", "René").into(),
            "René",
        ),
        (
            "text/xml",
            utf_16(&declared("UTF-16", "René"), u16::to_le_bytes),
            "René",
        ),
        (
            "application/xml",
            utf_16(&user("René"), u16::to_be_bytes),
            "René",
        ),
        // The byte order mark comes before both.
        (
            "application/xml; charset=utf-8",
            utf_16(&declared("UTF-8", "René"), u16::to_le_bytes),
            "René",
        ),
        (
            "application/xml; charset=iso-8859-1",
            format!("\u{FEFF}{}", declared("us-ascii", "René")).into(),
            "René",
        ),
    ];
    for (content_type, body, name) in cases {
        let server = guide();
        let what = format!("{content_type}: {}", body.escape_ascii());
        let reply = put(&server, content_type, &body);
        assert_eq!(reply.status, 200, "{what}: {}", reply.body);
        let shown = format!("<FirstName>{name}</FirstName>");
        assert!(reply.body.contains(&shown), "{what}: {}", reply.body);
        let seen = journal(&server);
        assert!(!seen.contains("Teal-Wagon"), "{what}: {seen}");
        assert!(
            seen.contains("<Password>[removed]</Password>"),
            "{what}: {seen}"
        );
    }
}

#[test]
fn a_password_stays_hidden_where_the_body_is_not_read() {
    let body = "<User><Password>Teal-Wagon.47</Password></User>";
    let without_mark = &utf_16(body, u16::to_le_bytes)[2..];
    let declared = format!("<?xml version='1.0' encoding='UTF-16'?>{body}");
    let wrapped = format!("<UserRequest>{body}</UserRequest>");
    for (content_type, sent, status) in [
        ("application/xml", without_mark, 400),
        ("application/xml", declared.as_bytes(), 400),
        (
            "application/xml",
            b"<User><Password>Teal-Wagon.47\xE9</Password></User>",
            400,
        ),
        (
            "application/xml; charset=us-ascii",
            b"<User><Password>Teal-Wagon.47\xE9</Password></User>",
            400,
        ),
        ("application/xml; charset=utf-99", body.as_bytes(), 415),
        (
            "application/json; charset=utf-16",
            &utf_16("{\"Password\":\"Teal-Wagon.47\"}", u16::to_le_bytes),
            415,
        ),
        (
            "application/json",
            &utf_16("{\"Password\":\"Teal-Wagon.47\"}", u16::to_le_bytes),
            400,
        ),
        ("application/xml", wrapped.as_bytes(), 400),
        (
            "application/json",
            b"{\"User\":{\"Password\":\"Teal-Wagon.47\"}}",
            400,
        ),
    ] {
        let server = guide();
        let reply = put(&server, content_type, sent);
        let what = format!("{content_type}: {}", sent.escape_ascii());
        assert_eq!(reply.status, status, "{what}: {}", reply.body);
        let seen = journal(&server);
        assert!(!seen.contains("Teal-Wagon"), "{what}: {seen}");
        assert!(!reply.body.contains("Teal-Wagon"), "{what}");
    }
}

#[test]
fn json_may_start_with_a_byte_order_mark() {
    let server = guide();
    let reply = put(
        &server,
        "application/json; charset=utf8",
        "\u{FEFF}{\"FirstName\":\"René\"}".as_bytes(),
    );
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.body.contains("<FirstName>René</FirstName>"));
}

#[test]
fn a_wrapper_is_read_where_the_profile_says_so_and_hides_its_password() {
    let server = server("guide", &["user.request_root=either"], "demo");
    for (content_type, body) in [
        (
            "application/xml",
            "<UserRequest><User><FirstName>Ann</FirstName><Password>Teal-Wagon.47</Password></User></UserRequest>",
        ),
        (
            "application/json",
            "{\"User\":{\"FirstName\":\"Ann\",\"Password\":\"Plum-Kettle.58\"}}",
        ),
    ] {
        let reply = put(&server, content_type, body.as_bytes());
        assert_eq!(reply.status, 200, "{body}: {}", reply.body);
        assert!(reply.body.contains("<FirstName>Ann</FirstName>"));
    }
    let seen = journal(&server);
    assert!(
        !seen.contains("Teal-Wagon") && !seen.contains("Plum-Kettle"),
        "{seen}"
    );
}

#[test]
fn messages_name_fields_as_the_body_does() {
    let server = server(
        "guide",
        &["naming.json_case=camelCase", "naming.email=EmailAddress"],
        "demo",
    );
    for (content_type, body, description) in [
        (
            "application/json",
            "{\"password\":1}",
            "`password` must be a string.",
        ),
        (
            "application/json",
            "{\"emailAddress\":\"x\"}",
            "emailAddress is not an email address.",
        ),
        (
            "application/json",
            "{\"username\":\"\"}",
            "username is required.",
        ),
        (
            "application/xml",
            "<User><Username/></User>",
            "Username is required.",
        ),
    ] {
        let reply = put(&server, content_type, body.as_bytes());
        let expected = format!("<Description>{description}</Description>");
        assert!(reply.body.contains(&expected), "{body}: {}", reply.body);
    }
}

#[test]
fn a_username_in_other_case_is_the_same_in_paths_where_the_profile_says_so() {
    let set = ["username.case=insensitive", "naming.user_key=Username"];
    let server = server("guide", &set, "demo");
    let get =
        format!("GET {USERS}/JDoe HTTP/1.1\r\nHost: localhost\r\n{LOGIN}Connection: close\r\n\r\n");
    let reply = send(&server, get.as_bytes());
    assert!(
        reply.body.contains("<Username>jdoe</Username>"),
        "{}",
        reply.body
    );
}
