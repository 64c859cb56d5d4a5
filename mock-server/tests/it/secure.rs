//! TLS beside plain HTTP on one port.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
};

use bandwidth_fixtures::NamedProfile;
use bandwidth_mock::MockServer;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::{
    control::ok,
    wire::{LOGIN, USERS, XML, call, post_user, request, send, user_xml},
};

/// Asks for the list of users by TLS, as a client that trusts this certificate does.
fn get_by_tls(server: &MockServer, ca: &str, name: &str) -> Result<String, std::io::Error> {
    let headers = format!("{LOGIN}Connection: close\r\n");
    by_tls(server, ca, name, &request("GET", USERS, &headers, ""))
}

/// Sends these bytes so.
fn by_tls(
    server: &MockServer,
    ca: &str,
    name: &str,
    bytes: &[u8],
) -> Result<String, std::io::Error> {
    let config = trusting(ca);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(server.uri().trim_start_matches("http://"))?;
    let mut stream = StreamOwned::new(client, socket);
    stream.write_all(bytes)?;
    let mut seen = String::new();
    stream.read_to_string(&mut seen)?;
    Ok(seen)
}

/// A client that trusts this certificate.
pub(crate) fn trusting(ca: &str) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
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
fn a_location_that_is_a_url_leads_back_the_same_way() {
    let mut profile = NamedProfile::built_in("guide").unwrap();
    profile.set(["create.location=url"]).unwrap();
    let builder = MockServer::builder().profile(profile).tls([""; 0]);
    let server = builder.start_blocking().unwrap();
    let reply = post_user(&server, "asmith");
    assert_eq!(
        reply.header("location"),
        ["http://localhost/api/accounts/12345/users/u2"]
    );
    let headers = format!("{LOGIN}{XML}Connection: close\r\n");
    let bytes = request("POST", USERS, &headers, &user_xml("bsmith"));
    let seen = by_tls(&server, server.ca_pem().unwrap(), "localhost", &bytes).unwrap();
    let location = "\r\nLocation: https://localhost/api/accounts/12345/users/u3\r\n";
    assert!(seen.contains(location), "{seen}");
    // The target of a request to a proxy is what the client wants.
    let target = "http://dashboard.bandwidth.com/api/accounts/12345/users";
    let reply = call(&server, "POST", target, XML, &user_xml("csmith"));
    let location = "http://dashboard.bandwidth.com/api/accounts/12345/users/u4";
    assert_eq!(reply.header("location"), [location]);
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
