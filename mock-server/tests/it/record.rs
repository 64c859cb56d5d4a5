//! `record` between a client and a server: what passes, what is rejected, and what the file has.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use bandwidth_mock::MockServer;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    program::{Serving, run},
    wire::{FORM, JSON, LOGIN, TOKEN, USERS, basic, request, user_xml},
};

/// A recorder in front of a server, with the file that it writes.
pub(crate) struct Recording {
    pub(crate) serving: Serving,
    folder: TempDir,
}

impl Recording {
    pub(crate) fn start(upstream: &str, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("traffic.har");
        let mut arguments = vec!["record", "--out", out.to_str().unwrap()];
        if !upstream.is_empty() {
            arguments.extend(["--upstream", upstream]);
        }
        let serving = Serving::start(&[&arguments, flags].concat());
        Self { serving, folder }
    }

    pub(crate) fn of(server: &MockServer, flags: &[&str]) -> Self {
        Self::start(&server.base_url(), flags)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("traffic.har")
    }

    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    pub(crate) fn entries(&self) -> Vec<Value> {
        let har: Value = serde_json::from_str(&self.text()).unwrap();
        har["log"]["entries"].as_array().unwrap().clone()
    }

    /// The response to these bytes, until the connection closes.
    pub(crate) fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut seen = Vec::new();
        let _ = stream.read_to_end(&mut seen);
        String::from_utf8_lossy(&seen).into_owned()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.serving.address()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
    }

    pub(crate) fn call(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        self.send(&request(method, path, headers, body))
    }
}

/// A server that gives the same bytes to each request, on a connection of its own, and returns what it
/// was sent.
fn canned(answer: &'static [u8]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, seen) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = Vec::new();
            let mut part = [0; 4096];
            while !is_whole(&String::from_utf8_lossy(&bytes)) {
                match stream.read(&mut part) {
                    Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
                    _ => break,
                }
            }
            let _ = stream.write_all(answer);
            if sender
                .send(String::from_utf8_lossy(&bytes).into_owned())
                .is_err()
            {
                break;
            }
        }
    });
    (format!("http://{address}/api"), seen)
}

/// True if these are the bytes of a whole request.
fn is_whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let head = head.to_ascii_lowercase();
    if head.contains("transfer-encoding: chunked") {
        return body.ends_with("0\r\n\r\n");
    }
    let length = head.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next());
    length.is_none_or(|length| body.len() >= length.parse().unwrap())
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nX-oDD-Name: 1\r\n\
    Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 4\r\n\r\n<a/>";

#[test]
fn a_request_and_its_answer_pass_as_they_are_but_for_what_concerns_one_connection() {
    let (upstream, seen) = canned(OK);
    let recording = Recording::start(&upstream, &[]);
    let answer = recording.send(
        b"PUT /api/a%2Fb/../c?x=1&x=%20 HTTP/1.1\r\nHost: localhost\r\nX-oDD: a\r\nx-again: 1\r\n\
          Connection: close, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\nProxy-Authorization: Basic eA==\r\n\
          x-again: 2\r\nContent-Length: 5\r\n\r\n\x01b\xFFde",
    );
    let sent = seen.recv().unwrap();
    let authority = upstream
        .trim_start_matches("http://")
        .trim_end_matches("/api");
    assert_eq!(
        sent,
        format!(
            "PUT /api/a%2Fb/../c?x=1&x=%20 HTTP/1.1\r\nHost: {authority}\r\nX-oDD: a\r\n\
             x-again: 1\r\nx-again: 2\r\nContent-Length: 5\r\n\r\n\u{1}b\u{FFFD}de"
        )
    );
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "<a/>");
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nX-oDD-Name: 1\r\n"),
        "{head}"
    );
    assert!(
        !head.contains("Hop") && !head.contains("Keep-Alive"),
        "{head}"
    );
    let entries = recording.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        entries[0]["request"]["url"],
        format!("http://{authority}/api/a%2Fb/../c?x=1&x=%20")
    );
    assert_eq!(entries[0]["response"]["content"]["text"], "<a/>");
}

#[test]
fn nothing_is_added_to_a_request() {
    let (upstream, seen) = canned(OK);
    let recording = Recording::start(&upstream, &[]);
    recording.send(b"GET /api HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let sent = seen.recv().unwrap();
    assert_eq!(sent.lines().count(), 3, "{sent}");
}

#[test]
fn chunks_pass_as_they_come() {
    let (upstream, seen) = canned(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<a/\r\n1\r\n>\r\n0\r\n\r\n",
    );
    let recording = Recording::start(&upstream, &[]);
    let answer = recording.send(
        b"POST /api HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
          Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    );
    assert!(
        answer.ends_with("3\r\n<a/\r\n1\r\n>\r\n0\r\n\r\n"),
        "{answer}"
    );
    let sent = seen.recv().unwrap();
    assert!(
        sent.to_lowercase().contains("transfer-encoding: chunked"),
        "{sent}"
    );
    let entries = recording.entries();
    assert_eq!(entries[0]["request"]["postData"]["text"], "{}");
    assert_eq!(entries[0]["response"]["content"]["text"], "<a/>");
}

#[test]
fn answers_without_a_body_have_none() {
    for (method, answer) in [
        (
            "HEAD",
            &b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\nConnection: close\r\n\r\n"[..],
        ),
        (
            "DELETE",
            b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
        ),
        (
            "GET",
            b"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nConnection: close\r\n\r\n",
        ),
    ] {
        let (upstream, _seen) = canned(answer);
        let recording = Recording::start(&upstream, &[]);
        let got = recording.call(method, "/api", "Connection: close\r\n", "");
        let line = String::from_utf8_lossy(answer);
        let line = line.lines().next().unwrap().to_owned();
        assert!(got.starts_with(&line) && got.ends_with("\r\n\r\n"), "{got}");
        assert_eq!(
            method == "HEAD",
            got.contains("Content-Length: 400"),
            "{got}"
        );
        let entries = recording.entries();
        assert_eq!(entries[0]["response"]["content"]["size"], 0, "{method}");
    }
}

#[test]
fn a_long_body_is_forwarded_before_its_end_and_only_its_length_is_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (go_on, wait) = channel::<()>();
    let part = vec![b' '; 1024 * 1024];
    let sending = part.clone();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 20971520\r\nConnection: close\r\n\r\n";
        stream.write_all(head).unwrap();
        stream.write_all(&sending).unwrap();
        wait.recv().unwrap();
        for _ in 1..20 {
            stream.write_all(&sending).unwrap();
        }
    });
    let recording = Recording::start(&format!("http://{address}/api"), &[]);
    let mut stream = recording.connect();
    let get = request("GET", "/api", "Connection: close\r\n", "");
    stream.write_all(&get).unwrap();
    let mut first = vec![0; part.len()];
    stream.read_exact(&mut first).unwrap();
    go_on.send(()).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(first.len() + rest.len() > 20 * part.len());
    let entries = recording.entries();
    assert_eq!(
        entries[0]["response"]["content"]["text"],
        "[20971520 bytes]"
    );
}

#[test]
fn without_an_upstream_a_client_gets_502_and_a_reason() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let recording = Recording::start(&format!("http://{free}/api"), &[]);
    let answer = recording.call("GET", USERS, LOGIN, "");
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    assert!(
        answer.contains(&format!("http://{free} cannot be reached")),
        "{answer}"
    );
    assert!(
        answer.contains("refused") && answer.contains("--upstream"),
        "{answer}"
    );
    assert_eq!(recording.entries()[0]["response"]["status"], 0);
}

#[test]
fn a_connection_that_the_upstream_drops_is_dropped() {
    let (upstream, _seen) = canned(b"");
    let recording = Recording::start(&upstream, &[]);
    assert_eq!(recording.call("POST", USERS, LOGIN, "{}"), "");
    assert_eq!(recording.entries()[0]["response"]["status"], 0);
}

#[test]
fn a_certificate_is_trusted_with_its_authority_only() {
    let server = MockServer::builder().tls([""; 0]).start_blocking().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, server.ca_pem().unwrap()).unwrap();
    let upstream = server.base_url().replace("http://", "https://");
    let recording = Recording::start(&upstream, &["--ca-file", file.to_str().unwrap()]);
    let answer = recording.call("GET", USERS, LOGIN, "");
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains("jdoe"),
        "{answer}"
    );
    let recording = Recording::start(&upstream, &[]);
    let answer = recording.call("GET", USERS, LOGIN, "");
    assert!(
        answer.starts_with("HTTP/1.1 502 ") && answer.contains("--ca-file"),
        "{answer}"
    );
}

#[test]
fn with_read_only_no_write_is_sent() {
    let server = MockServer::builder().start_blocking().unwrap();
    let recording = Recording::of(&server, &["--read-only"]);
    for (method, path) in [
        ("POST", USERS),
        ("PUT", "/api/accounts/12345/users/u1"),
        ("DELETE", "/x"),
        ("PATCH", USERS),
    ] {
        let answer = recording.call(method, path, LOGIN, "{}");
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(
            answer.contains(&format!("--read-only, {method} {path} is not sent")),
            "{answer}"
        );
    }
    let client = basic(crate::wire::CLIENT, crate::wire::CLIENT_SECRET);
    let body = "grant_type=client_credentials";
    let answer = recording.call("POST", TOKEN, &format!("{FORM}{client}"), body);
    assert!(!answer.contains("--read-only"), "{answer}");
    assert!(recording.call("GET", USERS, LOGIN, "").contains("jdoe"));
    assert_eq!(recording.entries().len(), 2);
    let (code, printed) = recording.serving.terminate();
    assert_eq!(code, Some(0));
    assert!(
        printed.contains("2 exchanges in ") && printed.contains("4 not sent"),
        "{printed}"
    );
    assert!(printed.contains("bandwidth-mock learn "), "{printed}");
}

#[test]
fn the_announcement_keeps_the_path_of_the_upstream() {
    let recording = Recording::start("http://127.0.0.1:9/gateway/api/", &[]);
    let announced = &recording.serving.announced;
    let base = announced["baseUrl"].as_str().unwrap();
    assert!(
        base.starts_with("http://127.0.0.1:") && base.ends_with("/gateway/api"),
        "{base}"
    );
    assert_eq!(announced["upstream"], "http://127.0.0.1:9/gateway/api");
}

#[test]
fn other_machines_need_a_token_for_the_pages() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("t.har");
    let arguments = [
        "record",
        "--upstream",
        "http://127.0.0.1:9",
        "--out",
        out.to_str().unwrap(),
        "--listen",
        "0.0.0.0:0",
    ];
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(2));
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(printed.contains("--admin-token"), "{printed}");
    assert!(!out.exists());
    let server = MockServer::builder().start_blocking().unwrap();
    let recording = Recording::of(&server, &["--admin-token", "4711"]);
    recording.call("GET", USERS, LOGIN, "");
    let page = |headers: &str| recording.call("GET", "/__record/requests/1", headers, "");
    assert!(page("").starts_with("HTTP/1.1 401 "));
    assert!(page("Authorization: Bearer 4711\r\n").contains("jdoe"));
    assert!(
        page("Authorization: Bearer 4711\r\nOrigin: http://example.com\r\n")
            .starts_with("HTTP/1.1 403 ")
    );
}

#[test]
fn each_exchange_comes_to_the_page() {
    let server = MockServer::builder().start_blocking().unwrap();
    let recording = Recording::of(&server, &[]);
    recording.call("GET", USERS, LOGIN, "");
    let mut events = recording.connect();
    events
        .write_all(&request("GET", "/__record/events", "", ""))
        .unwrap();
    recording.call("GET", "/api/accounts/12345/users/u1", LOGIN, "");
    let mut seen = String::new();
    while !seen.contains("users/u1") {
        let mut part = [0; 4096];
        let count = events.read(&mut part).unwrap();
        assert!(count > 0, "{seen}");
        seen += &String::from_utf8_lossy(&part[..count]);
    }
    assert!(
        seen.contains("event: start") && seen.contains("\"operation\":\"list_users\""),
        "{seen}"
    );
    for file in ["ui", "ui/record.js", "ui/style.css", "ui/list.js"] {
        let answer = recording.call("GET", &format!("/__record/{file}"), "", "");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{file}: {answer}");
    }
    assert!(
        recording
            .call("GET", "/__record/requests/9", "", "")
            .starts_with("HTTP/1.1 404 ")
    );
}

#[test]
fn the_file_is_whole_after_a_kill() {
    let server = MockServer::builder().start_blocking().unwrap();
    for _ in 0..crate::wire::repeats("KILLS", 3) {
        let recording = Recording::of(&server, &[]);
        let address = recording.serving.address();
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let address = address.clone();
                thread::spawn(move || {
                    let mut answered = 0;
                    let mut stream = TcpStream::connect(address).unwrap();
                    let get = request("GET", USERS, LOGIN, "");
                    let mut buffer = vec![0; 65536];
                    let mut seen = String::new();
                    while stream.write_all(&get).is_ok() {
                        while !seen.contains("</UsersResponse>") {
                            match stream.read(&mut buffer) {
                                Ok(count) if count > 0 => {
                                    seen += &String::from_utf8_lossy(&buffer[..count]);
                                }
                                _ => return answered,
                            }
                        }
                        seen.clear();
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        while recording.text().matches("startedDateTime").count() < 50 {
            thread::yield_now();
        }
        recording.serving.kill();
        let answered: usize = clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum();
        let entries = recording.entries();
        assert!(entries.len() >= answered, "{} of {answered}", entries.len());
    }
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("t.har");
    std::fs::write(&out, "mine").unwrap();
    let output = run(&[
        "record",
        "--upstream",
        "http://127.0.0.1:9",
        "--out",
        out.to_str().unwrap(),
        "--listen",
        ":0",
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
}

#[test]
fn with_proxy_a_client_needs_no_change() {
    let server = MockServer::builder().start_blocking().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let recording = Recording::of(&server, &["--proxy", "--ca-out", ca.to_str().unwrap()]);
    let mut stream = recording.connect();
    let connect =
        "CONNECT dashboard.bandwidth.com:443 HTTP/1.1\r\nHost: dashboard.bandwidth.com:443\r\n\r\n";
    stream.write_all(connect.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let config = crate::secure::trusting(&std::fs::read_to_string(&ca).unwrap());
    let name = "dashboard.bandwidth.com".try_into().unwrap();
    let client = rustls::ClientConnection::new(std::sync::Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(client, stream);
    let get = format!(
        "GET {USERS} HTTP/1.1\r\nHost: dashboard.bandwidth.com\r\n{LOGIN}Connection: close\r\n\r\n"
    );
    stream.write_all(get.as_bytes()).unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).unwrap();
    assert!(
        seen.starts_with("HTTP/1.1 200 ") && seen.contains("jdoe"),
        "{seen}"
    );
    let plain = format!(
        "GET http://api.bandwidth.com{USERS} HTTP/1.1\r\nHost: api.bandwidth.com\r\n{LOGIN}\r\n"
    );
    assert!(recording.send(plain.as_bytes()).contains("jdoe"));
    let other = "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n";
    assert!(
        recording
            .send(other.as_bytes())
            .starts_with("HTTP/1.1 403 ")
    );
    let urls: Vec<Value> = recording
        .entries()
        .iter()
        .map(|entry| entry["request"]["url"].clone())
        .collect();
    assert_eq!(
        urls,
        [
            format!("https://dashboard.bandwidth.com{USERS}"),
            format!("http://api.bandwidth.com{USERS}")
        ]
    );
}

#[test]
fn what_is_recorded_is_what_was_said() {
    let server = MockServer::builder().start_blocking().unwrap();
    let recording = Recording::of(&server, &[]);
    let body = user_xml("asmith");
    let headers = format!("{LOGIN}Content-Type: application/xml\r\n");
    let created = recording.call("POST", USERS, &headers, &body);
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
    let json = recording.call("GET", USERS, &format!("{LOGIN}{JSON}"), "");
    let entries = recording.entries();
    let text =
        |entry: &Value, pointer: &str| entry.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let sent = text(&entries[0], "/request/postData/text");
    assert_eq!(sent, body.replace("Teal-Wagon.47", "password-2"));
    assert!(created.ends_with(&text(&entries[0], "/response/content/text")));
    assert!(json.ends_with(&text(&entries[1], "/response/content/text")));
}

#[test]
fn the_last_screen_names_the_fields_that_were_not_compared() {
    let list = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 88\r\n\r\n\
        {\"Users\":[{\"UserId\":\"u1\",\"Username\":\"jdoe\",\"Email\":\"j@example.com\",\"LastSeen\":\"today\"}]}";
    let (upstream, _seen) = canned(list);
    let recording = Recording::start(&upstream, &[]);
    let answer = recording.call("GET", USERS, &format!("{LOGIN}{JSON}"), "");
    assert!(answer.ends_with("]}"), "{answer}");
    let (code, screen) = recording.serving.terminate();
    assert_eq!(code, Some(0));
    assert!(
        screen.contains("Not compared, because the mock has no such field: LastSeen (1 time)\n"),
        "{screen}"
    );
}

#[test]
fn a_password_in_a_body_of_no_known_form_is_in_no_answer_that_quotes_it() {
    // As some servers do, it says what it could not read.
    for body in [
        r#"{"Username":"hm","Password":"broken5ecret13""#,
        "Password=plain5ecret12",
        "<User><Password>open5ecret11",
        r#"{"Password":"x&5ecret,a'b""#,
    ] {
        let quoting = format!("{{\"Message\":\"cannot read {}\"}}", body.replace('"', "'"));
        let answer = format!(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{quoting}",
            quoting.len()
        );
        let (upstream, _) = canned(Box::leak(answer.into_boxed_str()).as_bytes());
        let recording = Recording::start(&upstream, &[]);
        let sent = request("POST", USERS, "Content-Type: text/plain\r\n", body);
        assert!(recording.send(&sent).contains("5ecret"), "{body}");
        let file = recording.text();
        assert!(file.contains("\"status\":400"), "{file}");
        assert!(!file.contains("5ecret"), "{body}: {file}");
    }
}
