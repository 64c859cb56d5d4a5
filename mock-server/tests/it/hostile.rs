//! Clients that mean harm: slow, endless, malformed and ambiguous requests. Whatever they send,
//! they are answered or cut off, and others are answered as ever.

use std::{
    thread,
    time::{Duration, Instant},
};

use bandwidth_mock::MockServer;

use crate::wire::{Connection, JSON, LOGIN, USERS, XML, call, guide, request, send};

/// Another client, who has done nothing wrong.
fn serves_others(server: &MockServer) {
    let reply = call(server, "GET", &format!("{USERS}/u1"), "", "");
    assert_eq!(reply.status, 200, "{}", reply.head);
}

/// The status of the one answer to these bytes, after which the connection ends.
fn status(server: &MockServer, bytes: &[u8]) -> u16 {
    let mut connection = Connection::to(server);
    connection.write(bytes);
    let reply = connection.read(true);
    assert!(connection.is_closed());
    reply.status
}

#[test]
fn slow_heads_and_slow_bodies_time_out_and_keep_no_other_client_waiting() {
    let timeout = Duration::from_secs(1);
    let builder = MockServer::builder().read_timeout(timeout);
    let server = builder.start_blocking().unwrap();
    let start = format!("POST {USERS} HTTP/1.1\r\nHost: localhost\r\n{LOGIN}{XML}");
    let mut heads: Vec<Connection> = Vec::new();
    let mut bodies: Vec<Connection> = Vec::new();
    for _ in 0..50 {
        let mut head = Connection::to(&server);
        head.write(start.as_bytes());
        heads.push(head);
        let mut body = Connection::to(&server);
        body.write(format!("{start}Content-Length: 1000\r\n\r\n<User>").as_bytes());
        bodies.push(body);
    }
    let began = Instant::now();
    let mut longest = Duration::ZERO;
    while began.elapsed() < timeout * 2 {
        for slow in &mut heads {
            slow.write(b"X");
        }
        for slow in &mut bodies {
            slow.write(b" ");
        }
        let asked = Instant::now();
        serves_others(&server);
        longest = longest.max(asked.elapsed());
        thread::sleep(Duration::from_millis(50));
    }
    assert!(longest < Duration::from_secs(5), "{longest:?}");
    for head in &mut heads {
        assert_eq!(head.try_read(), None);
    }
    for body in &mut bodies {
        let reply = body.read(true);
        assert_eq!(reply.status, 408);
        assert_eq!(reply.header("connection"), ["close"]);
        assert_eq!(
            reply.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><UserResponse>\
             <ResponseStatus><ErrorCode>408</ErrorCode><Description>The body did not arrive within \
             30 seconds.</Description></ResponseStatus></UserResponse>"
        );
    }
}

#[test]
fn five_hundred_requests_in_one_piece_get_as_many_answers_in_their_order() {
    let server = guide();
    let mut bytes = Vec::new();
    for number in 0..500 {
        let key = if number % 2 == 0 { "u1" } else { "u9" };
        bytes.extend(request("GET", &format!("{USERS}/{key}"), LOGIN, ""));
    }
    let mut connection = Connection::to(&server);
    connection.write(&bytes);
    for number in 0..500 {
        let expected = if number % 2 == 0 { 200 } else { 404 };
        assert_eq!(connection.read(true).status, expected, "{number}");
    }
}

#[test]
fn malformed_heads_are_refused() {
    let server = guide();
    let get = format!("GET {USERS}/u1 HTTP/1.1\r\nHost: localhost\r\n{LOGIN}");
    let many = "X-More: more\r\n".repeat(500);
    let long = "x".repeat(1 << 20);
    for (bytes, expected) in [
        (format!("{get}{many}\r\n"), 431),
        (format!("{get}X-Long: {long}\r\n\r\n"), 431),
        (
            format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            431,
        ),
        (format!("{get}no colon here\r\n\r\n"), 400),
        (format!("{get}X-Nul: a\0b\r\n\r\n"), 400),
        (format!("{get}X Space: a\r\n\r\n"), 400),
        (format!("{get}X-Fold: a\r\n b\r\n\r\n"), 400),
        ("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n".to_owned(), 400),
        (
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\r\n\r\n".to_owned(),
            400,
        ),
        ("hello\r\n\r\n".to_owned(), 400),
    ] {
        let shown: String = bytes.chars().take(200).collect();
        assert_eq!(status(&server, bytes.as_bytes()), expected, "{shown:?}");
        serves_others(&server);
    }
}

/// Framing that two servers could read in two ways: the body of one must never become a request
/// of its own.
#[test]
fn ambiguous_framing_smuggles_nothing() {
    let server = guide();
    let post = format!("POST {USERS} HTTP/1.1\r\nHost: localhost\r\n{LOGIN}{XML}");
    let smuggled = format!("DELETE {USERS}/u1 HTTP/1.1\r\nHost: localhost\r\n{LOGIN}\r\n");
    let length = smuggled.len();
    for bytes in [
        format!("{post}Content-Length: {length}\r\nContent-Length: 5\r\n\r\n{smuggled}"),
        format!("{post}Content-Length: +{length}\r\n\r\n{smuggled}"),
        format!("{post}Content-Length: {length}, {length}\r\n\r\n{smuggled}"),
        format!("{post}Content-Length: {length}\r\nTransfer-Encoding: xchunked\r\n\r\n{smuggled}"),
        format!(
            "{post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{smuggled}"
        ),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{smuggled}"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\n-5\r\n{smuggled}"),
        format!(
            "{post}Transfer-Encoding: chunked\r\n\r\n5;{}\r\n{smuggled}",
            "x".repeat(1 << 17)
        ),
        format!("{post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("{post}Content-Length: 0x10\r\n\r\n{smuggled}"),
    ] {
        let shown: String = bytes.chars().take(300).collect();
        assert_eq!(status(&server, bytes.as_bytes()), 400, "{shown:?}");
        serves_others(&server);
    }
}

#[test]
fn huge_and_deep_and_explosive_bodies_are_refused_soon() {
    let server = guide();
    let nested = |open: &str, close: &str, count: usize| {
        format!("{}{}", open.repeat(count), close.repeat(count))
    };
    let numbered = |count: usize, write: fn(usize) -> String| -> String {
        let written: Vec<String> = (0..count).map(write).collect();
        written.concat()
    };
    let many_fields = numbered(50_000, |number| format!("<F{number}/>"));
    let many_keys = numbered(50_000, |number| format!("\"k{number}\":1,"));
    let attributes = numbered(40_000, |number| format!(" a{number}=\"\""));
    let namespaces = numbered(20_000, |number| format!(" xmlns:n{number}=\"u\""));
    let bomb = "<!DOCTYPE b [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY c \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\
                <User><Username>&c;</Username></User>";
    for (headers, body) in [
        (XML, nested("<a>", "</a>", 100_000)),
        (JSON, nested("[", "]", 400_000)),
        (XML, bomb.to_owned()),
        (XML, format!("<User>{many_fields}</User>")),
        (JSON, format!("{{{many_keys}\"z\":1}}")),
        (XML, format!("<User{attributes}/>")),
        (XML, format!("<User{namespaces}/>")),
        (XML, format!("<User><!--{}--></User>", "-x".repeat(400_000))),
        (
            XML,
            format!(
                "<User><Username>{}</Username></User>",
                "&amp;".repeat(200_000)
            ),
        ),
        (XML, "<".repeat(1_000_000)),
        (XML, "&".repeat(1_000_000)),
    ] {
        let began = Instant::now();
        let reply = call(&server, "POST", USERS, headers, &body);
        let shown: String = body.chars().take(60).collect();
        assert_eq!(reply.status, 400, "{shown}");
        assert!(reply.body.len() < 1_000, "{shown}: {}", reply.body);
        // Generous, for a build without optimisation: what is quadratic takes minutes.
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{shown}: {:?}",
            began.elapsed()
        );
        serves_others(&server);
    }
}

#[test]
fn a_client_that_reads_nothing_takes_nothing_from_others() {
    let server = guide();
    let mut greedy: Vec<Connection> = (0..20).map(|_| Connection::to(&server)).collect();
    let list = request("GET", USERS, LOGIN, "");
    for connection in &mut greedy {
        connection.write(&list.repeat(200));
    }
    for _ in 0..50 {
        serves_others(&server);
    }
    let reply = send(&server, &request("GET", "/__admin/health", "", ""));
    assert_eq!(reply.status, 200);
}
