//! TLS beside plain HTTP on one port, and OAuth tokens.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
};

use bandwidth_mock::MockServer;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::{Value, json};

use crate::{
    control::{made, ok},
    wire::{LOGIN, Reply, USERS, basic, call, request, send, server},
};

/// Asks for the list of users by TLS, as a client that trusts this certificate does.
fn get_by_tls(server: &MockServer, ca: &str, name: &str) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(server.uri().trim_start_matches("http://"))?;
    let mut stream = StreamOwned::new(client, socket);
    stream.write_all(&request(
        "GET",
        USERS,
        &format!("{LOGIN}Connection: close\r\n"),
        "",
    ))?;
    let mut seen = String::new();
    stream.read_to_string(&mut seen)?;
    Ok(seen)
}

#[test]
fn tls_and_plain_http_share_a_port_and_the_certificate_is_for_the_real_hosts() {
    let server = MockServer::builder()
        .tls(["mock.test", "10.1.2.3"])
        .start_blocking()
        .unwrap();
    assert_eq!(call(&server, "GET", USERS, "", "").status, 200, "plain");
    let ca = send(&server, &request("GET", "/__admin/ca.pem", "", ""));
    assert_eq!(ca.header("content-type"), ["application/x-pem-file"]);
    assert_eq!(Some(ca.body.as_str()), server.ca_pem());
    for name in [
        "localhost",
        "127.0.0.1",
        "::1",
        "dashboard.bandwidth.com",
        "api.bandwidth.com",
        "mock.test",
        "10.1.2.3",
    ] {
        let seen = get_by_tls(&server, &ca.body, name).unwrap();
        assert!(
            seen.starts_with("HTTP/1.1 200 OK\r\n") && seen.contains("jdoe"),
            "{name}: {seen}"
        );
    }
    assert!(get_by_tls(&server, &ca.body, "example.com").is_err());
    let other = MockServer::builder().tls([""; 0]).start_blocking().unwrap();
    assert!(
        get_by_tls(&other, &ca.body, "localhost").is_err(),
        "each start makes its own"
    );
}

#[test]
fn connection_faults_reach_through_tls() {
    let server = MockServer::builder().tls([""; 0]).start_blocking().unwrap();
    let ca = server.ca_pem().unwrap().to_owned();
    ok(
        &server,
        "POST",
        "/faults",
        r#"{"truncate_body":true,"times":1}"#,
    );
    let seen = get_by_tls(&server, &ca, "localhost").unwrap();
    assert!(
        seen.starts_with("HTTP/1.1 200 OK\r\n") && !seen.ends_with("</UsersResponse>"),
        "{seen}"
    );
    ok(
        &server,
        "POST",
        "/faults",
        r#"{"fault":"CONNECTION_RESET_BY_PEER","times":1}"#,
    );
    let error = get_by_tls(&server, &ca, "localhost").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_certificate_of_ones_own_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["own.test".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    let server = MockServer::builder()
        .tls_files(path("cert.pem"), path("key.pem"))
        .start_blocking()
        .unwrap();
    let ca = server.ca_pem().unwrap().to_owned();
    assert!(
        get_by_tls(&server, &ca, "own.test")
            .unwrap()
            .contains("jdoe")
    );
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const TOKEN: &str = "/api/v1/oauth2/token";

fn ask(server: &MockServer, headers: &str, body: &str) -> (Reply, Value) {
    let reply = send(server, &request("POST", TOKEN, headers, body));
    let read = serde_json::from_str(&reply.body).unwrap_or(Value::Null);
    (reply, read)
}

#[test]
fn client_credentials_give_a_token_that_ends_on_the_clock() {
    let server = server(
        "guide",
        &["auth.schemes=bearer", "auth.token_seconds=600"],
        "demo",
    );
    let secret = "client_id=api-user&client_secret=Api-Passw0rd%2123&grant_type=client_credentials";
    let get = |token: &str| {
        send(
            &server,
            &request(
                "GET",
                USERS,
                &format!("Authorization: Bearer {token}\r\n"),
                "",
            ),
        )
    };
    for (headers, body) in [
        (FORM.to_owned(), secret),
        (format!("{LOGIN}{FORM}"), "grant_type=client_credentials"),
    ] {
        let (reply, read) = ask(&server, &headers, body);
        assert_eq!(
            (reply.status, reply.header("cache-control")),
            (200, vec!["no-store"]),
            "{read}"
        );
        assert_eq!(
            (&read["token_type"], &read["expires_in"]),
            (&json!("Bearer"), &json!(600))
        );
        assert_eq!(get(read["access_token"].as_str().unwrap()).status, 200);
    }
    assert_eq!(
        send(&server, &request("GET", USERS, LOGIN, "")).status,
        401,
        "Basic is retired"
    );

    let (_, read) = ask(&server, FORM, secret);
    let token = read["access_token"].as_str().unwrap().to_owned();
    let forged = token.replacen("12345", "12346", 1);
    let last = if token.ends_with('0') { "1" } else { "0" };
    let bent = format!("{}{last}", &token[..token.len() - 1]);
    for wrong in [
        forged.as_str(),
        bent.as_str(),
        "",
        "a.b.c",
        "12345.9999999999999.",
    ] {
        let reply = get(wrong);
        assert_eq!(reply.status, 401, "{wrong}");
    }
    let challenge = get(&bent);
    assert_eq!(
        challenge.header("www-authenticate"),
        ["Bearer realm=\"Bandwidth\", error=\"invalid_token\""]
    );
    ok(
        &server,
        "POST",
        "/clock",
        r#"{"action":"advance","ms":590000}"#,
    );
    assert_eq!(get(&token).status, 200);
    ok(
        &server,
        "POST",
        "/clock",
        r#"{"action":"advance","ms":10000}"#,
    );
    assert_eq!(get(&token).status, 401);
    let entry = ok(&server, "GET", "/requests?limit=1", "");
    assert_eq!(
        entry["requests"][0]["why"]["refusal"]["rule"],
        "token_expired"
    );

    let (_, read) = ask(&server, FORM, secret);
    let token = read["access_token"].as_str().unwrap();
    assert_eq!(get(token).status, 200);
    ok(&server, "POST", "/accounts/12345/reset", "");
    assert_eq!(get(token).status, 401, "a reset ends tokens");
}

#[test]
fn wrong_token_requests_are_told_in_the_words_of_oauth() {
    let server = server("guide", &["auth.schemes=basic_and_bearer"], "demo");
    let grant = "grant_type=client_credentials";
    for (headers, body, status, error) in [
        (FORM, "", 400, "invalid_request"),
        (FORM, grant, 400, "invalid_request"),
        (
            "Content-Type: application/json\r\n",
            "{}",
            400,
            "invalid_request",
        ),
        (
            FORM,
            "grant_type=password&client_id=api-user&client_secret=x",
            400,
            "unsupported_grant_type",
        ),
        (
            FORM,
            "grant_type=client_credentials&client_id=api-user&client_secret=x",
            401,
            "invalid_client",
        ),
        (
            FORM,
            "grant_type=client_credentials&client_id=nobody&client_secret=x",
            401,
            "invalid_client",
        ),
        (
            &format!("{}{FORM}", basic("api-user", "x")),
            grant,
            401,
            "invalid_client",
        ),
    ] {
        let (reply, read) = ask(&server, headers, body);
        assert_eq!(
            (reply.status, &read["error"]),
            (status, &json!(error)),
            "{headers}{body}"
        );
    }
    let basic_only = crate::wire::guide();
    assert_eq!(ask(&basic_only, FORM, grant).0.status, 404);
    assert_eq!(call(&server, "GET", TOKEN, "", "").status, 405);
}

#[test]
fn a_throwaway_account_has_tokens_of_its_own() {
    let server = MockServer::start_blocking().unwrap();
    let account = ok(
        &server,
        "POST",
        "/accounts",
        r#"{"profile":{"set":{"auth.schemes":"bearer"}}}"#,
    );
    let (users, login) = made(&account);
    let (_, read) = ask(
        &server,
        &format!("{login}{FORM}"),
        "grant_type=client_credentials",
    );
    let token = format!(
        "Authorization: Bearer {}\r\n",
        read["access_token"].as_str().unwrap()
    );
    assert_eq!(
        send(&server, &request("GET", &users, &token, "")).status,
        200
    );
    // The demo account still takes Basic only.
    assert_eq!(
        send(&server, &request("GET", USERS, &token, "")).status,
        401
    );
}
