//! Every fault as a raw TCP client sees it, byte for byte.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use bandwidth_mock::MockServer;

use crate::{
    control::{admin, ok},
    wire::{LOGIN, USERS, XML, call, guide, post_user, request, user_xml},
};

/// Everything that comes until the connection ends, and how it ends.
fn exchange(server: &MockServer, bytes: &[u8]) -> (Vec<u8>, Option<ErrorKind>) {
    let mut stream = open(server);
    stream.write_all(bytes).unwrap();
    read_to_end(&mut stream)
}

fn open(server: &MockServer) -> TcpStream {
    let stream = TcpStream::connect(server.uri().trim_start_matches("http://")).unwrap();
    let timeout = Some(Duration::from_secs(20));
    stream.set_read_timeout(timeout).unwrap();
    stream
}

fn read_to_end(stream: &mut TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let mut seen = Vec::new();
    let end = stream.read_to_end(&mut seen).err();
    (seen, end.map(|error| error.kind()))
}

fn get() -> Vec<u8> {
    request("GET", USERS, &format!("{LOGIN}Connection: close\r\n"), "")
}

fn create(username: &str) -> Vec<u8> {
    let headers = format!("{LOGIN}{XML}Connection: close\r\n");
    request("POST", USERS, &headers, &user_xml(username))
}

const LIST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><UsersResponse><Users><User><UserId>u1</UserId><Username>jdoe</Username><FirstName>John</FirstName><LastName>Doe</LastName><Email>jdoe@example.com</Email></User></Users></UsersResponse>";

/// Arms it for the next request, and returns its id.
fn arm(server: &MockServer, fault: &str) -> u64 {
    ok(server, "POST", "/faults", fault)["id"].as_u64().unwrap()
}

fn without_date(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let lines = text.split_inclusive("\r\n");
    lines.filter(|line| !line.starts_with("Date: ")).collect()
}

#[test]
fn empty_response_closes_without_a_byte() {
    let server = guide();
    arm(&server, r#"{"fault":"EMPTY_RESPONSE"}"#);
    assert_eq!(exchange(&server, &get()), (Vec::new(), None));
}

#[test]
fn connection_reset_by_peer_is_a_tcp_reset() {
    let server = guide();
    arm(&server, r#"{"fault":"CONNECTION_RESET_BY_PEER"}"#);
    let reset = (Vec::new(), Some(ErrorKind::ConnectionReset));
    assert_eq!(exchange(&server, &get()), reset);
}

#[test]
fn malformed_response_chunk_is_a_good_head_and_then_no_chunk() {
    let server = guide();
    arm(&server, r#"{"fault":"MALFORMED_RESPONSE_CHUNK"}"#);
    let (seen, end) = exchange(&server, &get());
    assert_eq!(end, None);
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let rest = seen.strip_prefix(head).unwrap();
    assert_eq!(rest.len(), 64);
    assert!(rest.iter().all(|byte| *byte >= 0x80), "{rest:?}");
}

#[test]
fn random_data_then_close_is_no_http() {
    let server = guide();
    arm(&server, r#"{"fault":"RANDOM_DATA_THEN_CLOSE"}"#);
    let (first, end) = exchange(&server, &get());
    assert_eq!((first.len(), end), (64, None));
    let (second, _) = exchange(&server, &get());
    assert_ne!(first, second);
}

#[test]
fn truncated_bodies_have_the_whole_length_and_half_the_bytes() {
    let server = guide();
    arm(&server, r#"{"truncate_body":true}"#);
    let (seen, end) = exchange(&server, &get());
    let length = LIST.len();
    let half = &LIST[..length / 2];
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\r\n"
    );
    assert_eq!((without_date(&seen), end), (head + half, None));
    // The journal has what was sent, and no more.
    let entry = &ok(&server, "GET", "/requests", "")["requests"][0];
    assert_eq!(entry["response"]["body"], half);
    assert_eq!(entry["response"]["bodyBytes"], half.len());
}

#[test]
fn malformed_bodies_lack_their_last_character() {
    let server = guide();
    arm(&server, r#"{"malformed_body":true}"#);
    let (seen, _) = exchange(&server, &get());
    let body = &LIST[..LIST.len() - 1];
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let seen = without_date(&seen);
    assert!(seen.ends_with(&format!("\r\n\r\n{body}")), "{seen}");
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_ascii_lowercase).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&seen), sorted(&(head + body)));
}

#[test]
fn a_gateway_page_is_html() {
    let server = guide();
    arm(&server, r#"{"wrong_content_type":true,"times":1}"#);
    let page = call(&server, "GET", USERS, "", "");
    assert_eq!(
        (page.status, page.header("content-type")),
        (502, vec!["text/html"])
    );
    assert!(
        page.body.contains("<h1>502 Bad Gateway</h1>"),
        "{}",
        page.body
    );
    arm(&server, r#"{"wrong_content_type":true,"status":200}"#);
    let page = call(&server, "GET", USERS, "", "");
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, vec!["text/html"])
    );
}

#[test]
fn a_dribbled_answer_comes_in_pieces_over_the_time() {
    let server = guide();
    arm(&server, r#"{"chunked_dribble":{"chunks":4,"over_ms":300}}"#);
    let started = Instant::now();
    let (seen, end) = exchange(&server, &get());
    let took = started.elapsed();
    assert!(
        (Duration::from_millis(300)..Duration::from_secs(10)).contains(&took),
        "{took:?}"
    );
    assert_eq!(end, None);
    let seen = String::from_utf8(seen).unwrap();
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Transfer-Encoding: chunked"), "{head}");
    let size = LIST.len().div_ceil(4);
    let pieces: Vec<String> = LIST
        .as_bytes()
        .chunks(size)
        .map(|piece| {
            format!(
                "{:X}\r\n{}\r\n",
                piece.len(),
                String::from_utf8_lossy(piece)
            )
        })
        .collect();
    assert_eq!(pieces.len(), 4);
    assert_eq!(body, pieces.concat() + "0\r\n\r\n");
}

#[test]
fn a_status_after_the_operation_hides_that_it_took_effect() {
    let server = guide();
    let id = arm(
        &server,
        r#"{"status":503,"when":"after","operation":"create_user","times":1}"#,
    );
    assert_eq!(post_user(&server, "asmith").status, 503);
    assert_eq!(post_user(&server, "asmith").status, 409);
    assert_eq!(ok(&server, "GET", &format!("/faults/{id}"), "")["hits"], 1);
    arm(
        &server,
        r#"{"status":503,"operation":"create_user","times":1}"#,
    );
    assert_eq!(post_user(&server, "bjones").status, 503);
    assert_eq!(post_user(&server, "bjones").status, 201);
}

#[test]
fn a_create_whose_answer_was_lost_has_taken_effect() {
    for (fault, when, exists) in [
        ("\"fault\":\"EMPTY_RESPONSE\"", "after", true),
        ("\"fault\":\"EMPTY_RESPONSE\"", "before", false),
        ("\"fault\":\"CONNECTION_RESET_BY_PEER\"", "after", true),
        ("\"fault\":\"CONNECTION_RESET_BY_PEER\"", "before", false),
        ("\"fault\":\"RANDOM_DATA_THEN_CLOSE\"", "after", true),
        ("\"fault\":\"MALFORMED_RESPONSE_CHUNK\"", "before", false),
        ("\"truncate_body\":true", "after", true),
        ("\"truncate_body\":true", "before", false),
        ("\"malformed_body\":true", "after", true),
        ("\"malformed_body\":true", "before", false),
        ("\"wrong_content_type\":true", "after", true),
        ("\"wrong_content_type\":true", "before", false),
    ] {
        let server = guide();
        arm(
            &server,
            &format!("{{{fault},\"when\":\"{when}\",\"operation\":\"create_user\"}}"),
        );
        let (seen, _) = exchange(&server, &create("asmith"));
        if fault.contains("_body") {
            assert!(
                seen.starts_with(b"HTTP/1.1 201 Created\r\n"),
                "{fault} {when}"
            );
        }
        let list = call(&server, "GET", USERS, "", "");
        assert_eq!(list.body.contains("asmith"), exists, "{fault} {when}");
        let entries = ok(&server, "GET", "/requests?operation=create_user", "");
        let entry = &entries["requests"][0];
        assert_eq!(entry["tookEffect"], exists, "{entry}");
        assert_eq!(entry["fault"]["id"], 1);
    }
}

#[test]
fn a_delay_is_before_or_after_as_given_and_a_client_that_gives_up_undoes_nothing() {
    let server = guide();
    arm(
        &server,
        r#"{"delay":{"fixed_ms":400},"operation":"create_user","when":"after"}"#,
    );
    let mut stream = open(&server);
    stream.write_all(&create("asmith")).unwrap();
    std::thread::sleep(Duration::from_millis(150));
    // Nothing was answered, and it has taken effect.
    assert!(call(&server, "GET", USERS, "", "").body.contains("asmith"));
    let pending = ok(&server, "GET", "/requests?operation=create_user", "");
    assert_eq!(pending["requests"][0]["status"], 201);
    drop(stream);

    let fault = arm(&server, r#"{"delay":300,"operation":"delete_user"}"#);
    let mut stream = open(&server);
    let path = format!("{USERS}/u1");
    stream
        .write_all(&request("DELETE", &path, LOGIN, ""))
        .unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(call(&server, "GET", &path, "", "").status, 200);
    let pending = ok(&server, "GET", "/requests?operation=delete_user", "");
    assert_eq!(
        pending["requests"][0]["durationMs"],
        serde_json::Value::Null
    );
    // Requests in flight were hit, and the journal continues to say so.
    ok(&server, "DELETE", &format!("/faults/{fault}"), "");
    drop(stream);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(call(&server, "GET", &path, "", "").status, 404);
    let done = ok(&server, "GET", "/requests?operation=delete_user", "");
    assert_eq!(done["requests"].as_array().unwrap().len(), 1);
    assert_eq!(done["requests"][0]["fault"]["delayedMs"], 300);
}

#[test]
fn neither_a_reset_nor_the_end_waits_for_a_delay() {
    let server = guide();
    arm(&server, r#"{"delay":{"fixed_ms":60000}}"#);
    let mut streams: Vec<TcpStream> = (0..10).map(|_| open(&server)).collect();
    for stream in &mut streams {
        stream.write_all(&get()).unwrap();
    }
    std::thread::sleep(Duration::from_millis(100));
    let started = Instant::now();
    ok(&server, "POST", "/reset", "");
    assert_eq!(call(&server, "GET", USERS, "", "").status, 200);
    drop(server);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    for stream in &mut streams {
        assert_eq!(read_to_end(stream).0, b"");
    }
}

#[test]
fn reads_show_no_users_or_those_before_the_last_change() {
    let server = guide();
    let listed = || -> Vec<bool> {
        let (seen, _) = exchange(&server, &get());
        let text = without_date(&seen);
        ["jdoe", "ines"].map(|name| text.contains(name)).to_vec()
    };
    // The seed is not a change.
    arm(&server, r#"{"view":"stale","times":1}"#);
    assert_eq!(listed(), [true, false]);
    arm(&server, r#"{"view":"stale","times":1}"#);
    assert!(without_date(&exchange(&server, &create("ines")).0).starts_with("HTTP/1.1 201"));
    assert_eq!(listed(), [true, false]);
    assert_eq!(listed(), [true, true]);
    let delete = request(
        "DELETE",
        &format!("{USERS}/u1"),
        &format!("{LOGIN}Connection: close\r\n"),
        "",
    );
    exchange(&server, &delete);
    arm(&server, r#"{"view":"stale","times":1}"#);
    assert_eq!(listed(), [true, true]);
    assert_eq!(listed(), [false, true]);
    arm(&server, r#"{"view":"empty","times":1}"#);
    assert_eq!(listed(), [false, false]);
    assert_eq!(listed(), [false, true]);
}

#[test]
fn a_login_is_refused_as_the_api_does_until_another_comes() {
    let server = guide();
    let rule = r#"{"refuse":"basic_ended","operation":"list_users","then":"same_login"}"#;
    arm(&server, rule);
    let roles = request(
        "GET",
        &USERS.replace("users", "roles"),
        &format!("{LOGIN}Connection: close\r\n"),
        "",
    );
    let status = |bytes: &[u8]| without_date(&exchange(&server, bytes).0)[9..12].to_owned();
    assert_eq!(status(&roles), "200");
    let refused = without_date(&exchange(&server, &get()).0);
    assert!(
        refused.contains("Basic logins of API users ended"),
        "{refused}"
    );
    assert!(refused.contains("Www-Authenticate: Basic"), "{refused}");
    assert_eq!(status(&roles), "401");
    let anonymous = request("GET", USERS, "Connection: close\r\n", "");
    let other = without_date(&exchange(&server, &anonymous).0);
    assert!(
        other.contains("The credentials are missing or wrong"),
        "{other}"
    );
}

#[test]
fn a_delay_and_a_status_go_together() {
    let server = guide();
    arm(
        &server,
        r#"{"delay":{"uniform_ms":[100,120]},"status":503,"times":1}"#,
    );
    let started = Instant::now();
    assert_eq!(call(&server, "GET", USERS, "", "").status, 503);
    assert!(started.elapsed() >= Duration::from_millis(100));
    assert_eq!(call(&server, "GET", USERS, "", "").status, 200);
}

#[test]
fn faults_of_one_account_leave_the_others_alone_and_can_be_disarmed() {
    let server = guide();
    let id = arm(&server, r#"{"status":503,"accountId":"12345"}"#);
    ok(&server, "POST", "/accounts", r#"{"accountId":"t-1"}"#);
    arm(&server, r#"{"status":503,"accountId":"t-1"}"#);
    assert_eq!(call(&server, "GET", USERS, "", "").status, 503);
    ok(&server, "DELETE", &format!("/faults/{id}"), "");
    assert_eq!(call(&server, "GET", USERS, "", "").status, 200);
    assert_eq!(ok(&server, "DELETE", "/faults", "")["disarmed"], 1);
    assert_eq!(admin(&server, "GET", "/faults/2", "").0, 404);
}

#[test]
fn a_rule_sets_headers_and_body_of_its_answer() {
    let server = guide();
    arm(
        &server,
        r#"{"status":503,"times":1,"headers":{"Retry-After":120,"x-gateway":"a, b"},"body":{"message":"later"}}"#,
    );
    let (seen, end) = exchange(&server, &get());
    let text = without_date(&seen).to_ascii_lowercase();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        (lines, body, end),
        (
            vec![
                "connection: close",
                "content-length: 19",
                "content-type: application/json",
                "http/1.1 503 service unavailable",
                "retry-after: 120",
                "x-gateway: a, b",
            ],
            r#"{"message":"later"}"#,
            None
        )
    );
    let entry = &ok(&server, "GET", "/requests", "")["requests"][0];
    assert_eq!(entry["fault"]["rule"]["headers"]["retry-after"], "120");
    assert_eq!(entry["fault"]["rule"]["body"]["message"], "later");
    assert_eq!(entry["response"]["body"], r#"{"message":"later"}"#);

    arm(
        &server,
        "wrong_content_type=true,times=1,headers.Content-Type=text/csv,body=a,b",
    );
    let page = call(&server, "GET", USERS, "", "");
    assert_eq!((page.status, page.body.as_str()), (502, "a,b"));
    assert_eq!(page.header("content-type"), ["text/csv"]);
    // Headers alone leave the profile's body.
    arm(&server, "status=429,times=1,headers.Retry-After=7");
    let limited = call(&server, "GET", USERS, "", "");
    assert_eq!(limited.header("retry-after"), ["7"]);
    assert!(
        limited.body.contains("<ErrorCode>429</ErrorCode>"),
        "{}",
        limited.body
    );
}

#[test]
fn a_fault_wins_over_unknown_paths_and_methods_unless_it_names_an_operation() {
    for (fault, expected) in [
        (r#"{"status":503}"#, [503, 503]),
        (r#"{"status":503,"when":"after"}"#, [503, 503]),
        (r#"{"wrong_content_type":true}"#, [502, 502]),
        (r#"{"malformed_body":true}"#, [404, 405]),
        (r#"{"status":503,"operation":"list_users"}"#, [404, 405]),
    ] {
        let server = guide();
        arm(&server, fault);
        let statuses = [("GET", "/api/nowhere"), ("PATCH", USERS)]
            .map(|(method, path)| call(&server, method, path, "", "").status);
        assert_eq!(statuses, expected, "{fault}");
    }
}

#[test]
fn headers_and_bodies_that_cannot_be_sent_are_refused() {
    let server = guide();
    let long = "x".repeat(70_000);
    for (rule, expected) in [
        (
            r#"{"status":503,"headers":{"Connection":"close"}}"#.to_owned(),
            "headers.connection cannot be set",
        ),
        (
            r#"{"status":503,"headers":{"Content-Length":"1"}}"#.to_owned(),
            "headers.content-length cannot be set",
        ),
        (
            r#"{"status":503,"headers":{"a b":"1"}}"#.to_owned(),
            "a name that HTTP does not allow",
        ),
        (
            r#"{"status":503,"headers":{"X-A":"1\r\nX-B: 2"}}"#.to_owned(),
            "headers.x-a has a character",
        ),
        (
            r#"{"status":503,"headers":{"X-A":true}}"#.to_owned(),
            "headers.x-a must be text",
        ),
        (
            r#"{"status":503,"headers":"X-A"}"#.to_owned(),
            "headers takes",
        ),
        (r#"{"status":503,"body":7}"#.to_owned(), "body must be text"),
        (
            format!(r#"{{"status":503,"body":"{long}"}}"#),
            "body is longer than 65536 bytes",
        ),
        (
            format!(
                r#"{{"status":503,"headers":{{"X-A":"{}"}}}}"#,
                &long[..5000]
            ),
            "headers.x-a is longer than 4096 bytes",
        ),
        (
            r#"{"truncate_body":true,"body":"x"}"#.to_owned(),
            "headers and body need status",
        ),
        (
            r#"{"wrong_content_type":true,"status":204,"body":"x"}"#.to_owned(),
            "status 204 has no body",
        ),
    ] {
        let (status, answer) = admin(&server, "POST", "/faults", &rule);
        assert_eq!(status, 400, "{expected}");
        let answer = answer.to_string();
        assert!(answer.contains(expected), "{expected}: {answer}");
        assert!(!answer.contains("X-B"), "{answer}");
    }
}
