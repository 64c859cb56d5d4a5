//! A password that was sent never comes back: in no response, and in no log at any level.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use crate::{
    program::Serving,
    wire::{LOGIN, USERS, basic, request},
};

const CANARY: &str = "Canary-Bird.7913";

/// Everything that could make a server repeat what it was sent.
fn requests(email: &str, key: &str) -> Vec<Vec<u8>> {
    let xml = "Content-Type: application/xml\r\n";
    let json = "Content-Type: application/json\r\n";
    let accept = "Accept: application/json\r\n";
    let own_path = "/api/users/api-user/password".to_owned();
    let user = format!("{USERS}/{key}");
    let fields = |password: &str| {
        format!(
            "<User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName>\
             <{email}>asmith@example.com</{email}>{password}</User>"
        )
    };
    let whole = fields(&format!("<Password>{CANARY}</Password>"));
    let bodies: Vec<(&str, String)> = vec![
        (xml, format!("<Password>{CANARY}</Password>")),
        (xml, whole.clone()),
        // Taken, too long, unreadable in many ways.
        (xml, whole.clone()),
        (xml, whole.replace(CANARY, &CANARY.repeat(20))),
        (xml, whole[..whole.len() - 20].to_owned()),
        (xml, format!("{whole}{CANARY}")),
        (xml, format!("{CANARY}{whole}")),
        (
            xml,
            fields(&format!("<Password><b>{CANARY}</b></Password>")),
        ),
        (
            xml,
            fields(&format!(
                "<Password>{CANARY}</Password><Password>{CANARY}</Password>"
            )),
        ),
        (xml, fields(&format!("<Enabled>{CANARY}</Enabled>"))),
        (xml, fields(&format!("<{CANARY}/>"))),
        (
            xml,
            fields(&format!(
                "<Password {CANARY}='{CANARY}'>{CANARY}</Password>"
            )),
        ),
        (xml, fields(&format!("&{CANARY};"))),
        (
            xml,
            format!("<!DOCTYPE User [<!ENTITY x \"{CANARY}\">]>{whole}"),
        ),
        (xml, format!("<{CANARY}>")),
        (json, format!("{{\"Password\":\"{CANARY}\"}}")),
        (json, format!("{{\"Password\":\"{CANARY}\"")),
        (json, format!("{{\"Password\":[\"{CANARY}\"]}}")),
        (json, format!("{{\"{CANARY}\":1}}")),
        (json, format!("{{\"Password\":{CANARY}}}")),
        (json, format!("{{\"Enabled\":\"{CANARY}\"}}")),
        (json, format!("\"{CANARY}\"")),
        ("Content-Type: text/plain\r\n", CANARY.to_owned()),
        ("", format!("{{\"Password\":\"{CANARY}\"}}")),
    ];
    let canary_login = basic("api-user", CANARY);
    let mut requests = Vec::new();
    let mut send_bodies = |method: &str, path: &str, login: &str| {
        for (content_type, body) in &bodies {
            for accept in ["", accept] {
                let headers = format!("{login}{content_type}{accept}");
                requests.push(request(method, path, &headers, body));
            }
        }
    };
    send_bodies("POST", USERS, LOGIN);
    send_bodies("PUT", &user, LOGIN);
    // From the first of these that succeeds the login's password is the canary.
    send_bodies("PUT", &own_path, LOGIN);
    send_bodies("PUT", &own_path, &canary_login);
    for accept in ["", accept] {
        for (method, path) in [
            ("GET", USERS),
            ("GET", &user),
            ("GET", "/api/users"),
            ("DELETE", &user),
        ] {
            requests.push(request(
                method,
                path,
                &format!("{canary_login}{accept}"),
                "",
            ));
        }
    }
    requests.push(
        format!("GET {USERS} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {CANARY}\r\n\r\n")
            .into_bytes(),
    );
    requests.push(
        format!("GET {USERS} HTTP/1.1\r\nHost: x\r\nAuthorization {CANARY}\r\n\r\n").into_bytes(),
    );
    requests
}

#[test]
fn a_password_never_comes_back() {
    for (profile, email, key) in [
        ("guide", "Email", "u1"),
        ("published", "EmailAddress", "jdoe"),
    ] {
        let serving = Serving::start(&[
            "--profile",
            profile,
            "--clock",
            "2026-03-04T12:00:00Z",
            "--log",
            "trace",
            "--explain",
            "--set",
            "surface.login=served",
            "--set",
            "surface.account=full",
            "--set",
            "auth.lockout=0",
        ]);
        let (mut succeeded, mut refused) = (0, 0);
        for bytes in requests(email, key) {
            let mut stream = TcpStream::connect(serving.address()).unwrap();
            stream.write_all(&bytes).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut response = String::new();
            let _ = stream.read_to_string(&mut response);
            assert!(
                !response.contains("Canary") && !response.contains("Bird"),
                "{response}"
            );
            if response.starts_with("HTTP/1.1 2") {
                succeeded += 1;
            } else {
                refused += 1;
            }
        }
        // Else the test would prove nothing.
        assert!(
            succeeded >= 9 && refused > 50,
            "{profile}: {succeeded} succeeded, {refused} refused"
        );
        let (_, log) = serving.terminate();
        assert!(log.contains("create_user"), "nothing was logged");
        let encoded = basic("api-user", CANARY)
            .trim()
            .rsplit(' ')
            .next()
            .unwrap()
            .to_owned();
        for secret in [
            "Canary",
            "Bird",
            &encoded,
            "Api-Passw0rd",
            "YXBpLXVzZXI6QXBp",
        ] {
            assert!(!log.contains(secret), "{secret} is in the log of {profile}");
        }
    }
}

#[test]
fn a_password_below_a_domain_comes_back_and_reaches_neither_log_nor_journal() {
    let serving = Serving::start(&[
        "--profile",
        "published",
        "--clock",
        "2026-03-04T12:00:00Z",
        "--log",
        "trace",
        "--explain",
    ]);
    let exchange = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(serving.address()).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut response = String::new();
        let _ = stream.read_to_string(&mut response);
        response
    };
    let headers = format!("{LOGIN}Content-Type: application/xml\r\n");
    let password = format!("<Password>{CANARY}</Password>");
    let users = "/api/identitydomains/Iris/users";
    let mut shown = 0;
    for (method, path, body) in [
        ("POST", "/asmith", format!("<User>{password}</User>")),
        (
            "POST",
            "/asmith",
            format!("<User><UserId>other</UserId>{password}</User>"),
        ),
        (
            "POST",
            "/asmith",
            format!("<User><Password><b>{CANARY}</b></Password></User>"),
        ),
        (
            "POST",
            "/asmith",
            format!("<User>{password}{password}</User>"),
        ),
        ("POST", "/asmith", format!("<User>{password}")),
        (
            "POST",
            "/asmith",
            format!("<User><Password a='{CANARY}'/></User>"),
        ),
        (
            "POST",
            "/asmith",
            format!("<LdapUserRequest><User>{password}</User></LdapUserRequest>"),
        ),
        (
            "PUT",
            "/jdoe",
            format!("<User><Email>sjones@example.com</Email>{password}</User>"),
        ),
        ("PUT", "/jdoe", format!("<User>{password}</User>")),
        (
            "PUT",
            "/jdoe/settings",
            format!("<UserSettings>{password}</UserSettings>"),
        ),
        ("PUT", "/jdoe/password", password.clone()),
        (
            "PUT",
            "/api-user/password",
            format!("<Password>{CANARY}<b/></Password>"),
        ),
        ("PUT", "/api-user/password", password.clone()),
    ] {
        let response = exchange(&request(method, &format!("{users}{path}"), &headers, &body));
        shown += usize::from(response.contains("Canary"));
    }
    // Else the test would prove nothing.
    assert!(shown >= 5, "{shown} responses show it");
    for view in ["/requests", "/snapshot"] {
        let request =
            format!("GET /__admin{view} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let seen = exchange(request.as_bytes());
        assert!(seen.starts_with("HTTP/1.1 200"), "{view}: {seen:.200}");
        assert!(!seen.contains("Canary"), "{view} shows it");
    }
    let (_, log) = serving.terminate();
    assert!(log.contains("create_user"), "nothing was logged");
    assert!(
        !log.contains("Canary") && !log.contains("Bird"),
        "the log shows it"
    );
}
