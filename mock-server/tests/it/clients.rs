//! HTTP as real clients send it: compressed bodies, Expect, odd targets and headers.

use std::io::Write as _;

use bandwidth_mock::MockServer;
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};

use crate::{
    control::ok,
    wire::{
        Connection, FORM, JSON, LOGIN, Reply, TOKEN, USERS, XML, basic, call, guide, request, send,
        server, user_xml,
    },
};

const JANE: &[u8] = br#"{"FirstName":"Jane","Password":"Teal-Wagon.47"}"#;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// PUT of a user with a body in that coding.
fn put(server: &MockServer, coding: &str, body: &[u8]) -> Reply {
    let head = format!(
        "PUT {USERS}/u1 HTTP/1.1\r\nHost: localhost\r\n{LOGIN}{JSON}Content-Encoding: {coding}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    send(server, &[head.as_bytes(), body].concat())
}

#[test]
fn compressed_bodies_are_read_and_the_journal_has_them_as_they_were() {
    let server = guide();
    let twice = [gzip(&JANE[..10]), gzip(&JANE[10..])].concat();
    for (coding, body) in [
        ("gzip", gzip(JANE)),
        ("GZIP", gzip(JANE)),
        ("x-gzip", gzip(JANE)),
        ("gzip", twice),
        ("deflate", zlib(JANE)),
        ("deflate", raw_deflate(JANE)),
        ("identity", JANE.to_vec()),
        ("identity, gzip", gzip(JANE)),
    ] {
        let reply = put(&server, coding, &body);
        assert_eq!(reply.status, 200, "{coding}: {}", reply.body);
        assert!(reply.body.contains("Jane"), "{}", reply.body);
    }
    let kept = ok(&server, "GET", "/requests?limit=1", "");
    let body = kept["requests"][0]["request"]["body"].as_str().unwrap();
    assert!(body.contains("Jane"), "{body}");
    assert!(!body.contains("Teal-Wagon"), "{body}");
    // Of a body that is not read, nothing is kept: it could hold a password in another coding.
    put(&server, "br", &gzip(JANE));
    let kept = ok(&server, "GET", "/requests?limit=1", "");
    assert_eq!(kept["requests"][0]["request"]["body"], "");
}

#[test]
fn other_codings_are_415_and_say_which_are_read() {
    let server = guide();
    for coding in ["br", "zstd", "gzip, gzip", "deflate, br"] {
        let reply = put(&server, coding, &gzip(JANE));
        assert_eq!(reply.status, 415, "{coding}");
        assert_eq!(reply.header("accept-encoding"), ["gzip, deflate"]);
        assert!(
            reply
                .body
                .contains(&format!("This request has Content-Encoding: {coding}.")),
            "{}",
            reply.body
        );
    }
    for (coding, body) in [
        ("gzip", JANE.to_vec()),
        ("gzip", gzip(JANE)[..20].to_vec()),
        ("gzip", [gzip(JANE), b"and more".to_vec()].concat()),
        ("deflate", b"x".to_vec()),
    ] {
        let reply = put(&server, coding, &body);
        assert_eq!(reply.status, 400, "{coding}");
        assert!(
            reply.body.contains("Content-Encoding names"),
            "{}",
            reply.body
        );
    }
    // A body that is not there is in no coding.
    let headers = format!("{LOGIN}Content-Encoding: br\r\n");
    assert_eq!(
        send(&server, &request("GET", USERS, &headers, "")).status,
        200
    );
}

#[test]
fn a_decompression_bomb_is_413() {
    let server = guide();
    for zeros in [1024 * 1024 + 1, 512 * 1024 * 1024] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let block = vec![b' '; 1 << 20];
        for _ in 0..zeros / block.len() {
            encoder.write_all(&block).unwrap();
        }
        encoder.write_all(&block[..zeros % block.len()]).unwrap();
        let reply = put(&server, "gzip", &encoder.finish().unwrap());
        assert_eq!(reply.status, 413, "{zeros}");
    }
    let most = [JANE, " ".repeat(1024 * 1024 - JANE.len()).as_bytes()].concat();
    assert_eq!(put(&server, "gzip", &gzip(&most)).status, 200);
}

#[test]
fn other_transfer_codings_than_chunked_are_501() {
    let server = guide();
    let chunked = |coding: &str| {
        let body = user_xml("asmith");
        let bytes = format!(
            "POST {USERS} HTTP/1.1\r\nHost: localhost\r\n{LOGIN}{XML}Transfer-Encoding: {coding}\r\n\r\n\
             {:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        );
        send(&server, bytes.as_bytes())
    };
    let reply = chunked("gzip, chunked");
    assert_eq!((reply.status, reply.code()), (501, Some(501)));
    assert!(
        reply
            .body
            .contains("This request has Transfer-Encoding: gzip, chunked."),
        "{}",
        reply.body
    );
    assert_eq!(chunked("Chunked").status, 201);
}

#[test]
fn a_request_names_one_host() {
    let server = guide();
    let ask = |version: &str, hosts: &str| {
        let bytes =
            format!("GET {USERS} HTTP/{version}\r\n{hosts}{LOGIN}Connection: close\r\n\r\n");
        send(&server, bytes.as_bytes())
    };
    for hosts in ["Host: dashboard.bandwidth.com\r\n", "Host: [::1]:8080\r\n"] {
        assert_eq!(ask("1.1", hosts).status, 200, "{hosts}");
    }
    assert_eq!(ask("1.0", "").status, 200);
    for hosts in [
        "",
        "Host:\r\n",
        "Host: a b/c@d\r\n",
        "Host: user@localhost\r\n",
        "Host: localhost\r\nHost: localhost\r\n",
    ] {
        let reply = ask("1.1", hosts);
        assert_eq!(reply.status, 400, "{hosts}");
        assert!(reply.body.contains("one Host header"), "{}", reply.body);
    }
    assert_eq!(ask("1.0", "Host: a\r\nHost: b\r\n").status, 400);
}

#[test]
fn the_control_api_is_for_this_machine_and_its_own_pages() {
    let server = MockServer::start_blocking().unwrap();
    let reset = |headers: &str| {
        let bytes = format!("POST /__admin/reset HTTP/1.1\r\n{headers}Content-Length: 0\r\n\r\n");
        send(&server, bytes.as_bytes()).status
    };
    for host in [
        "localhost",
        "LocalHost:1",
        "mock.localhost",
        "127.0.0.1:8080",
        "[::1]:8080",
        "10.1.2.3",
        "host.docker.internal:8080",
    ] {
        assert_eq!(reset(&format!("Host: {host}\r\n")), 200, "{host}");
        let same = format!("Host: {host}\r\nOrigin: http://{host}\r\n");
        assert_eq!(reset(&same), 200, "{host}");
    }
    for (headers, status) in [
        ("", 400),
        ("Host: localhost\r\nHost: localhost\r\n", 400),
        (
            "Host: evil.example\r\nHost: localhost\r\nOrigin: http://evil.example\r\n",
            400,
        ),
        ("Host: evil.example\r\n", 403),
        (
            "Host: evil.example:80\r\nOrigin: http://evil.example:80\r\n",
            403,
        ),
        ("Host: localhost.evil.example\r\n", 403),
        ("Host: 127.0.0.1.evil.example\r\n", 403),
        (
            "Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\n",
            403,
        ),
        (
            "Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://localhost\r\n",
            403,
        ),
    ] {
        assert_eq!(reset(headers), status, "{headers}");
    }
    // With a token, any name leads here.
    let server = MockServer::builder()
        .admin_token("4711")
        .start_blocking()
        .unwrap();
    let bytes = "GET /__admin/version HTTP/1.1\r\nHost: mock.example\r\n\
                 Authorization: Bearer 4711\r\n\r\n";
    assert_eq!(send(&server, bytes.as_bytes()).status, 200);
}

/// The first response to a request whose client waits for `100 Continue`.
fn expecting(server: &MockServer, headers: &str) -> (u16, Connection) {
    let mut connection = Connection::to(server);
    let head = format!(
        "POST {USERS} HTTP/1.1\r\nHost: localhost\r\n{headers}Expect: 100-continue\r\n\r\n"
    );
    connection.write(head.as_bytes());
    (connection.read(true).status, connection)
}

#[test]
fn no_client_is_asked_for_a_body_that_is_refused_unread() {
    let server = guide();
    let body = user_xml("asmith");
    let length = format!("Content-Length: {}\r\n", body.len());
    for (headers, status) in [
        (format!("{XML}{length}"), 401),
        (format!("{}{XML}{length}", basic("api-user", "wrong")), 401),
        (format!("{LOGIN}{XML}Content-Length: 1048577\r\n"), 413),
        (format!("{LOGIN}Content-Type: text/plain\r\n{length}"), 415),
        (format!("{LOGIN}{XML}{length}Content-Encoding: br\r\n"), 415),
    ] {
        let (first, mut connection) = expecting(&server, &headers);
        assert_eq!(first, status, "{headers}");
        assert!(connection.is_closed(), "{headers}");
    }
    // A client that does not wait after all reads the refusal, and not a reset.
    let bytes = format!(
        "POST {USERS} HTTP/1.1\r\nHost: localhost\r\n{XML}Expect: 100-continue\r\n\
         Content-Length: 600000\r\n\r\n{}",
        " ".repeat(600_000)
    );
    for _ in 0..20 {
        assert_eq!(send(&server, bytes.as_bytes()).status, 401);
    }
    let (first, mut connection) = expecting(&server, &format!("{LOGIN}{XML}{length}"));
    assert_eq!(first, 100);
    connection.write(body.as_bytes());
    assert_eq!(connection.read(true).status, 201);
    connection.write(&request("GET", USERS, LOGIN, ""));
    assert_eq!(connection.read(true).status, 200);
}

#[test]
fn expecting_a_body_counts_a_failed_login_once() {
    let server = server("published", &["surface.account=full"], "demo");
    let wrong = format!("{}{XML}Content-Length: 9\r\n", basic("api-user", "wrong"));
    assert_eq!(expecting(&server, &wrong).0, 401);
    let account = ok(&server, "GET", "/accounts/12345", "");
    assert_eq!(account["failedLogins"][0]["failures"], 1, "{account}");
}

#[test]
fn another_expectation_is_417() {
    let server = guide();
    let headers = format!("{LOGIN}Expect: a-miracle\r\n");
    let reply = send(&server, &request("GET", USERS, &headers, ""));
    assert_eq!((reply.status, reply.code()), (417, Some(417)));
    assert!(
        reply.body.contains("has Expect: a-miracle."),
        "{}",
        reply.body
    );
}

#[test]
fn a_404_says_what_the_path_may_mean() {
    let hint = |profile: &str, method: &str, path: &str| {
        let server = server(profile, &[], "demo");
        let reply = call(&server, method, path, "", "");
        assert_eq!(reply.status, 404, "{path}");
        let (_, words) = reply.body.split_once("<Description>").unwrap();
        let (words, _) = words.split_once('<').unwrap();
        format!("{profile} {method} {path}: {words}")
    };
    insta::assert_snapshot!(
        [
            hint("guide", "GET", "/api/accounts/12345/users/"),
            hint("guide", "GET", "/api//accounts/12345/users"),
            hint("guide", "GET", "/api/users"),
            hint("guide", "GET", "/api/users/"),
            hint("guide", "GET", "/v1.0/users"),
            hint("guide", "GET", "/api/v1/users"),
            hint("guide", "GET", "/v1.0/accounts/12345/users"),
            hint("guide", "POST", TOKEN),
            hint("guide", "GET", TOKEN),
            hint("guide", "POST", "/api/v1/users"),
            hint("guide", "GET", "/api/identitydomains/Iris/users"),
            hint("guide", "GET", "/api/nothing/"),
            hint("published", "GET", "/api/accounts/12345/users/u1"),
            hint("published", "GET", "/api/accounts/12345/users/u1/"),
        ]
        .join("\n")
    );
}

#[test]
fn a_client_of_a_proxy_or_of_http_2_gets_an_explanation() {
    let server = guide();
    let bytes = "CONNECT dashboard.bandwidth.com:443 HTTP/1.1\r\n\
                 Host: dashboard.bandwidth.com:443\r\n\r\n";
    let reply = send(&server, bytes.as_bytes());
    assert_eq!((reply.status, reply.code()), (501, Some(501)));
    assert!(reply.body.contains("not a proxy"), "{}", reply.body);
    let kept = ok(&server, "GET", "/requests?limit=1", "");
    assert_eq!(
        kept["requests"][0]["path"], "dashboard.bandwidth.com:443",
        "{kept}"
    );
    let mut connection = Connection::to(&server);
    connection.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    let reply = connection.read(false);
    assert_eq!(reply.status, 505);
}

#[test]
fn refusals_name_what_arrived() {
    let server = guide();
    let post = |headers: &str| {
        let headers = format!("{LOGIN}{headers}");
        let reply = send(&server, &request("POST", USERS, &headers, "x=1"));
        assert_eq!(reply.status, 415, "{headers}");
        reply.body
    };
    for (headers, words) in [
        (
            "Content-Type: application/x-www-form-urlencoded\r\n",
            "This request has Content-Type: application/x-www-form-urlencoded.",
        ),
        (
            "Content-Type: application/json;charset=utf-16\r\n",
            "This request has Content-Type: application/json;charset=utf-16.",
        ),
        (
            "Content-Type: text/plain\r\nContent-Type: text/html\r\n",
            "more than one Content-Type.",
        ),
    ] {
        let body = post(headers);
        assert!(body.contains(words), "{body}");
    }
    for scheme in ["Digest username=\"x\"", "NTLM TlRMTVNTUAAB", "Bearer abc"] {
        let headers = format!("Authorization: {scheme}\r\n");
        let reply = send(&server, &request("GET", USERS, &headers, ""));
        let name = scheme.split(' ').next().unwrap();
        assert_eq!(reply.status, 401);
        let words = format!("This request has the scheme {name}.");
        assert!(reply.body.contains(&words), "{}", reply.body);
        let kept = ok(&server, "GET", "/requests?limit=1", "");
        assert_eq!(
            kept["requests"][0]["why"]["refusal"]["rule"], "scheme_not_taken",
            "{kept}"
        );
    }
    // A secret without a scheme is not repeated.
    let reply = send(
        &server,
        &request("GET", USERS, "Authorization: s3cret x\r\n", ""),
    );
    assert_eq!(reply.status, 401);
    assert!(!reply.body.contains("s3cret"), "{}", reply.body);
    let reply = send(
        &server,
        &request("GET", USERS, &basic("api-user", "wrong"), ""),
    );
    assert!(!reply.body.contains("This request"), "{}", reply.body);
}

#[test]
fn a_length_that_no_body_has_is_a_client_error() {
    let server = guide();
    for (length, status) in [("18446744073709551613", 413), ("99999999999999999999", 400)] {
        let bytes = format!(
            "POST {USERS} HTTP/1.1\r\nHost: localhost\r\n{LOGIN}{XML}Expect: 100-continue\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        assert_eq!(send(&server, bytes.as_bytes()).status, status, "{length}");
    }
}

#[test]
fn every_error_of_the_token_endpoint_is_json() {
    let server = server("published", &[], "demo");
    let form = |length: usize| format!("grant_type=client_credentials&x={}", "x".repeat(length));
    for (method, headers, body, status) in [
        ("GET", "", String::new(), 405),
        ("POST", FORM, form(1024 * 1024), 413),
        ("POST", FORM, form(1), 401),
        ("POST", "Expect: a-miracle\r\n", String::new(), 417),
    ] {
        let headers = format!("{}{headers}", basic("nobody", "x"));
        let reply = send(&server, &request(method, TOKEN, &headers, &body));
        assert_eq!(reply.status, status, "{method}");
        assert_eq!(reply.header("content-type"), ["application/json"]);
        let error: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        assert!(error["error"].is_string(), "{error}");
        let allow: &[&str] = if status == 405 { &["POST"] } else { &[] };
        assert_eq!(reply.header("allow"), allow, "{method}");
    }
}
