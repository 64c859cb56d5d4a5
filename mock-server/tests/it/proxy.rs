//! `--proxy`: clients whose host is fixed, and sockets on both loopbacks.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use bandwidth_mock::MockServer;
use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};

use crate::{
    control::ok,
    program::Serving,
    secure::trusting,
    wire::{Connection, LOGIN, USERS, call, request, send},
};

const HOST: &str = "dashboard.bandwidth.com";

fn proxy() -> MockServer {
    MockServer::builder().proxy().start_blocking().unwrap()
}

fn connect(target: &str) -> String {
    format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n")
}

/// An open tunnel to that host, before its handshake.
fn tunnel(server: &MockServer, host: &str) -> TcpStream {
    let address: SocketAddr = server.uri().trim_start_matches("http://").parse().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
        .write_all(connect(&format!("{host}:443")).as_bytes())
        .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    stream
}

/// The connection in a tunnel, for a client that trusts the server's authority.
fn secured(
    server: &MockServer,
    tunnel: TcpStream,
    name: &str,
) -> StreamOwned<ClientConnection, TcpStream> {
    let config = trusting(server.ca_pem().unwrap());
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(client, tunnel)
}

#[test]
fn a_tunnel_leads_to_the_emulated_api_under_the_name_of_the_host() {
    let server = proxy();
    for host in [
        HOST,
        "api.bandwidth.com",
        "test.api.bandwidth.com",
        "test.dashboard.bandwidth.com",
        "id.bandwidth.com",
    ] {
        let mut stream = secured(&server, tunnel(&server, host), host);
        let headers = format!("{LOGIN}Connection: close\r\n");
        stream
            .write_all(&request("GET", USERS, &headers, ""))
            .unwrap();
        let mut seen = String::new();
        stream.read_to_string(&mut seen).unwrap();
        assert!(
            seen.starts_with("HTTP/1.1 200 OK\r\n") && seen.contains("jdoe"),
            "{host}: {seen}"
        );
    }
    let entries = ok(&server, "GET", "/requests?operation=list_users", "");
    let entries = entries["requests"].as_array().unwrap();
    assert_eq!(entries.len(), 5);
    assert_eq!(entries[0]["path"], USERS);
    assert_eq!(entries[0]["accountId"], "12345");
}

#[test]
fn a_host_has_a_certificate_for_its_own_name_alone() {
    let server = proxy();
    let mut stream = secured(&server, tunnel(&server, HOST), "api.bandwidth.com");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap_err();
}

#[test]
fn the_control_api_is_not_there_under_the_name_of_a_host() {
    let server = proxy();
    let mut stream = secured(&server, tunnel(&server, HOST), HOST);
    let health = request("GET", "/__admin/health", "Connection: close\r\n", "");
    stream.write_all(&health).unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).unwrap();
    assert!(seen.starts_with("HTTP/1.1 404 "), "{seen}");
    let path = format!("http://{HOST}/__admin/health");
    assert_eq!(call(&server, "GET", &path, "", "").status, 404);
}

#[test]
fn a_target_with_a_host_is_answered_without_a_tunnel() {
    let server = proxy();
    let path = format!("http://{}{USERS}", HOST.to_uppercase());
    assert_eq!(call(&server, "GET", &path, "", "").status, 200);
    // A client with a proxy asks the mock itself in this way too.
    let path = format!("{}/health", server.admin_url());
    assert_eq!(
        call(&server, "GET", &path, "", "").body,
        r#"{"status":"ok"}"#
    );
}

#[test]
fn other_hosts_and_ports_are_refused_and_the_connection_goes_on() {
    let server = proxy();
    let mut connection = Connection::to(&server);
    for (target, status, expected) in [
        (
            "example.com:443",
            403,
            "example.com:443 is not one of Bandwidth's hosts",
        ),
        (
            "127.0.0.1:443",
            403,
            "127.0.0.1:443 is not one of Bandwidth's hosts",
        ),
        (
            "dashboard.bandwidth.com.example.com:443",
            403,
            "is not one of",
        ),
        ("dashboard.bandwidth.com:8443", 403, "port 443 only"),
        ("dashboard.bandwidth.com:22", 403, "port 443 only"),
    ] {
        connection.write(connect(target).as_bytes());
        let reply = connection.read(true);
        assert_eq!(reply.status, status, "{target}");
        assert!(reply.body.contains(expected), "{target}: {}", reply.body);
    }
    connection.write(&request("GET", "http://example.com/api", "", ""));
    assert_eq!(connection.read(true).status, 403);
    assert_eq!(
        ok(&server, "GET", "/requests", "")["requests"],
        serde_json::json!([])
    );
}

#[test]
fn without_the_flag_no_tunnel_opens() {
    let server = MockServer::builder().tls([""; 0]).start_blocking().unwrap();
    let reply = send(&server, connect(&format!("{HOST}:443")).as_bytes());
    assert!(reply.status >= 400, "{}", reply.head);
}

#[test]
fn a_handshake_in_a_tunnel_has_a_time_limit() {
    let builder = MockServer::builder().proxy();
    let server = builder
        .read_timeout(Duration::from_millis(50))
        .start_blocking()
        .unwrap();
    let mut silent = tunnel(&server, HOST);
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_stop_closes_tunnels() {
    let server = proxy();
    let mut silent = tunnel(&server, HOST);
    let mut open = secured(&server, tunnel(&server, HOST), HOST);
    open.write_all(&request("GET", USERS, LOGIN, "")).unwrap();
    let mut seen = [0; 12];
    open.read_exact(&mut seen).unwrap();
    assert_eq!(&seen, b"HTTP/1.1 200");
    drop(server);
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    let mut rest = Vec::new();
    let _ = open.read_to_end(&mut rest);
    assert!(String::from_utf8_lossy(&rest).contains("jdoe"));
}

#[test]
fn the_program_writes_its_authority_and_announces_the_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let serving = Serving::start(&["--proxy", "--ca-out", file.to_str().unwrap()]);
    let pem = std::fs::read_to_string(&file).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n") && !pem.contains("PRIVATE"));
    let proxy = format!("http://{}", serving.address());
    assert_eq!(serving.announced["proxyUrl"], proxy.as_str());
}

#[test]
fn a_port_alone_is_on_both_loopbacks() {
    let serving = Serving::start(&[]);
    let address: SocketAddr = serving.address().parse().unwrap();
    assert!(address.is_ipv4());
    let other = SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, address.port()));
    // Not every machine has ::1.
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        TcpStream::connect(other).unwrap();
    }
}
