//! The inspector as a client of bytes sees it: its page and files, who is sent there, and the stream
//! of events. What it does in a browser is tested in `tests/browser`.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use bandwidth_mock::MockServer;
use serde_json::{Value, json};

use crate::{
    control::{made, ok},
    program::Serving,
    wire::{LOGIN, USERS, XML, call, guide, post_user, request, send, user_xml},
};

/// The headers of a browser that opens an address.
const BROWSER: &str = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";

fn get(server: &MockServer, path: &str) -> crate::wire::Reply {
    send(server, &request("GET", path, "", ""))
}

/// The files that a text names, as `ui/app.js` or `./dom.js`.
fn named(text: &str, start: &str) -> Vec<String> {
    let parts = text.split(start).skip(1);
    parts
        .map(|part| part.split(['"', '\'']).next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_page_and_its_files_are_whole_and_the_browser_may_run_nothing_else() {
    let server = guide();
    let page = get(&server, "/__admin/ui");
    let mut files = named(&page.body, "\"ui/");
    let mut replies = vec![("text/html; charset=utf-8", page)];
    let mut next = 0;
    while let Some(file) = files.get(next).cloned() {
        next += 1;
        let reply = get(&server, &format!("/__admin/ui/{file}"));
        for import in named(&reply.body, "from './") {
            if !files.contains(&import) {
                files.push(import);
            }
        }
        let kind = match file.rsplit_once('.').unwrap().1 {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{other}"),
        };
        replies.push((kind, reply));
    }
    assert!(replies.len() > 10, "{files:?}");
    for (kind, reply) in &replies {
        assert_eq!(reply.status, 200, "{files:?}");
        assert_eq!(reply.header("content-type"), [*kind]);
        assert_eq!(
            reply.header("content-security-policy"),
            [
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
              img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ]
        );
        assert_eq!(reply.header("x-content-type-options"), ["nosniff"]);
        assert_eq!(reply.header("referrer-policy"), ["no-referrer"]);
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "DOMParser",
            "eval(",
            "new Function",
            "http://",
            "https://",
            " style=",
            " onclick=",
            "localStorage",
        ] {
            let body = reply
                .body
                .replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
            assert!(!body.contains(word), "{word} in {kind}: {body}");
        }
    }
    assert_eq!(
        get(&server, "/__admin/ui/").header("location"),
        ["../ui"],
        "the files are looked for beside the page"
    );
    let unknown = get(&server, "/__admin/ui/nothing.js");
    assert_eq!(unknown.status, 404);
    assert!(
        unknown
            .body
            .contains("/__admin/ui/nothing.js is not served")
    );
    assert_eq!(
        send(&server, &request("POST", "/__admin/ui", "", "")).status,
        405
    );
    assert_eq!(server.inspector_url(), format!("{}/ui", server.admin_url()));
}

#[test]
fn a_browser_at_the_root_is_sent_to_the_inspector_and_a_client_gets_its_error() {
    let server = guide();
    let root = |method: &str, headers: &str| send(&server, &request(method, "/", headers, ""));
    ok(&server, "POST", "/faults", "\"status=503,times=1\"");
    for method in ["GET", "HEAD"] {
        let sent = root(method, BROWSER);
        assert_eq!(
            (sent.status, sent.header("location")),
            (303, vec!["/__admin/ui"])
        );
    }
    assert_eq!(
        ok(&server, "GET", "/requests", "")["requests"],
        json!([]),
        "a person's visit is no request of a client"
    );
    assert_eq!(
        call(&server, "GET", USERS, "", "").status,
        503,
        "nor is it what a fault waits for"
    );
    let words = "Nothing is served at this path; below /api/accounts/{accountId} there are users, users/{userId} \
                 and roles.";
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><ErrorResponse>\
         <ResponseStatus><ErrorCode>404</ErrorCode><Description>{words}</Description>\
         </ResponseStatus></ErrorResponse>"
    );
    let json = format!("{{\"ResponseStatus\":{{\"ErrorCode\":404,\"Description\":\"{words}\"}}}}");
    for (headers, kind, body) in [
        ("", "application/xml", &xml),
        ("Accept: */*\r\n", "application/xml", &xml),
        ("Accept: text/*\r\n", "application/xml", &xml),
        ("Accept: text/html;q=0\r\n", "application/xml", &xml),
        ("Accept: application/json\r\n", "application/json", &json),
    ] {
        let reply = root("GET", headers);
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (404, vec![kind])
        );
        assert_eq!(&reply.body, body);
    }
    assert_eq!(root("POST", BROWSER).status, 404);
    assert_eq!(call(&server, "GET", "/api", BROWSER, "").status, 404);
    let counted = ok(&server, "POST", "/requests/count", r#"{"status":503}"#);
    assert_eq!(
        (&counted["count"], &counted["ids"]),
        (&json!(1), &json!([1]))
    );
    assert_eq!(ok(&server, "POST", "/requests/count", "")["count"], 8);
}

#[test]
fn with_an_address_of_its_own_the_browser_is_sent_there() {
    let server = MockServer::builder()
        .admin_listen("127.0.0.1:0".parse().unwrap())
        .start_blocking()
        .unwrap();
    let sent = send(&server, &request("GET", "/", BROWSER, ""));
    assert_eq!(sent.header("location"), [server.inspector_url()]);
    let headers = format!("{BROWSER}Connection: close\r\n");
    let admin = server.admin_url().replace("/__admin", "");
    let mut sent = String::new();
    let mut stream = connect(&admin, &request("GET", "/", &headers, ""));
    stream.read_to_string(&mut sent).unwrap();
    assert!(sent.contains("\r\nLocation: /__admin/ui\r\n"), "{sent}");
    // Everywhere is no address; the one that the browser used is.
    let server = MockServer::builder()
        .admin_listen("0.0.0.0:0".parse().unwrap())
        .start_blocking()
        .unwrap();
    let port = server.admin_url().replace("http://127.0.0.1:", "");
    let root = |host: &str| {
        let bytes = format!("GET / HTTP/1.1\r\nHost: {host}\r\n{BROWSER}\r\n");
        let sent = send(&server, bytes.as_bytes());
        sent.header("location").join(",")
    };
    assert_eq!(
        root("mock.test:8080"),
        format!("http://mock.test:{port}/ui")
    );
    assert_eq!(root("[::1]:8080"), format!("http://[::1]:{port}/ui"));
    // And so for the API that is everywhere, as the page shows it.
    let server = MockServer::builder()
        .listen("0.0.0.0:0".parse().unwrap())
        .admin_listen("127.0.0.1:0".parse().unwrap())
        .start_blocking()
        .unwrap();
    let port = server.uri().replace("http://127.0.0.1:", "");
    let admin = server.admin_url().replace("/__admin", "");
    let (_, start) = Events::open(&admin, "").next();
    assert_eq!(start["baseUrl"], format!("http://localhost:{port}/api"));
}

#[test]
fn the_page_is_there_without_the_token_and_what_it_shows_is_not() {
    let server = MockServer::builder()
        .admin_token("4711-0815")
        .start_blocking()
        .unwrap();
    assert_eq!(get(&server, "/__admin/ui").status, 200);
    assert_eq!(get(&server, "/__admin/ui/app.js").status, 200);
    assert_eq!(get(&server, "/__admin/events").status, 401);
    assert_eq!(get(&server, "/__admin/events?token=4711-0815").status, 401);
    let foreign = "Authorization: Bearer 4711-0815\r\nOrigin: https://evil.example\r\n";
    let foreign = request("GET", "/__admin/events", foreign, "");
    assert_eq!(send(&server, &foreign).status, 403);
    let mut events = Events::open(
        &server.uri(),
        "Authorization: Bearer 4711-0815\r\nOrigin: http://localhost\r\n",
    );
    assert_eq!(events.next().0, "start");
}

/// Sends these bytes to an address of a server.
fn connect(uri: &str, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(uri.trim_start_matches("http://")).unwrap();
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

/// A stream of events, read as bytes.
struct Events {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Events {
    fn of(server: &MockServer) -> Self {
        Self::open(&server.uri(), "")
    }

    fn open(uri: &str, headers: &str) -> Self {
        let mut events = Self {
            stream: connect(uri, &request("GET", "/__admin/events", headers, "")),
            unread: Vec::new(),
        };
        let head = events.until(b"\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(
            head.contains("Content-Type: text/event-stream\r\n"),
            "{head}"
        );
        events
    }

    fn until(&mut self, mark: &[u8]) -> String {
        let mut bytes = [0; 8192];
        loop {
            let mut places = self.unread.windows(mark.len());
            if let Some(place) = places.position(|part| part == mark) {
                let rest = self.unread.split_off(place + mark.len());
                return String::from_utf8(std::mem::replace(&mut self.unread, rest)).unwrap();
            }
            let count = self.stream.read(&mut bytes).unwrap();
            assert!(count > 0, "it ended");
            self.unread.extend(&bytes[..count]);
        }
    }

    /// Reads to the end, which must be that of a whole answer.
    fn end(mut self) {
        self.stream.read_to_end(&mut self.unread).unwrap();
        assert!(self.unread.ends_with(b"0\r\n\r\n"), "it broke off");
    }

    /// The next event, which comes as one chunk.
    fn next(&mut self) -> (String, Value) {
        let text = self.until(b"\n\n\r\n");
        let (size, text) = text.split_once("\r\n").unwrap();
        assert_eq!(usize::from_str_radix(size, 16).unwrap() + 2, text.len());
        let (name, data) = text
            .trim_end()
            .strip_prefix("event: ")
            .and_then(|text| text.split_once("\ndata: "))
            .unwrap();
        (name.to_owned(), serde_json::from_str(data).unwrap())
    }

    /// Reads `requests` events until they have sent this many ids. Returns the ids, and those that are gone.
    fn ids(&mut self, count: usize) -> (Vec<u64>, Vec<u64>) {
        let (mut sent, mut gone) = (Vec::new(), Vec::new());
        while sent.len() + gone.len() < count {
            let (name, data) = self.next();
            assert_eq!(name, "requests", "{data}");
            let requests = data["requests"].as_array().unwrap();
            sent.extend(
                requests
                    .iter()
                    .map(|request| request["id"].as_u64().unwrap()),
            );
            let ids = data["gone"].as_array().unwrap();
            gone.extend(ids.iter().map(|id| id.as_u64().unwrap()));
        }
        (sent, gone)
    }
}

#[test]
fn the_stream_sends_the_journal_and_then_each_change() {
    let server = guide();
    post_user(&server, "asmith");
    let mut events = Events::of(&server);
    let (name, start) = events.next();
    assert_eq!(name, "start");
    assert_eq!(
        (&start["journal"], &start["kept"], &start["dropped"]),
        (&json!(true), &json!(1), &json!(0))
    );
    assert_eq!(start["baseUrl"], "http://localhost/api");
    let (_, mut sent) = events.next();
    let summary = sent["requests"][0].as_object_mut().unwrap();
    summary.remove("time");
    summary.remove("durationMs");
    let description = ok(&server, "GET", "/openapi.json", "");
    let described = &description["components"]["schemas"]["RecordedSummary"]["properties"];
    for key in sent["requests"][0].as_object().unwrap().keys() {
        assert!(described.get(key).is_some(), "{key} is not described");
    }
    assert_eq!(
        sent,
        json!({ "requests": [{
            "id": 1, "accountId": "12345", "operation": "create_user", "surface": "account", "method": "POST",
            "path": "/api/accounts/12345/users", "status": 201, "login": "api-user",
            "tookEffect": true, "refusal": null, "code": null, "fault": null, "faultName": null,
        }], "gone": [], "dropped": 0 })
    );

    // One that comes is reported at once; a delay is reported twice.
    let sent = Instant::now();
    call(&server, "GET", USERS, "", "");
    assert_eq!(events.ids(1), (vec![2], vec![]));
    assert!(sent.elapsed() < Duration::from_secs(1));
    ok(
        &server,
        "POST",
        "/faults",
        "\"delay=300,status=503,times=1\"",
    );
    std::thread::scope(|scope| {
        scope.spawn(|| call(&server, "GET", "/api/accounts/12345/roles", "", ""));
        let (_, under_way) = events.next();
        let request = &under_way["requests"][0];
        assert_eq!(
            (&request["status"], &request["durationMs"]),
            (&json!(null), &json!(null))
        );
        assert_eq!((&request["id"], &request["fault"]), (&json!(3), &json!(1)));
        assert_eq!(request["faultName"], "status 503");
        assert_eq!(events.next().1["requests"][0]["status"], 503);
    });

    // A refusal comes with its code.
    call(&server, "GET", &format!("{USERS}/u77"), "", "");
    let refused = &events.next().1["requests"][0];
    assert_eq!(
        (&refused["refusal"], &refused["code"]),
        (&json!("unknown_user"), &json!(12000))
    );

    // Secrets are not in it, and a path is cut.
    let long = format!("{USERS}?password=geheim&{}", "x".repeat(5000));
    call(&server, "GET", &long, "", "");
    let path = events.next().1["requests"][0]["path"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        path.starts_with("/api/accounts/12345/users?password=[removed]&xxx"),
        "{path}"
    );
    assert!(
        path.ends_with("x…") && path.chars().count() == 301,
        "{path}"
    );

    // Dropped requests are reported by id, or all at once.
    let account = ok(&server, "POST", "/accounts", r#"{"accountId":"t-1"}"#);
    let (users, login) = made(&account);
    send(&server, &request("GET", &users, &login, ""));
    assert_eq!(events.ids(1), (vec![6], vec![]));
    ok(&server, "DELETE", "/accounts/t-1", "");
    assert_eq!(events.ids(1), (vec![], vec![6]));
    ok(&server, "DELETE", "/requests", "");
    let (name, start) = events.next();
    assert_eq!((name.as_str(), &start["kept"]), ("start", &json!(0)));
    ok(&server, "POST", "/reset", "");
    assert_eq!(events.next().0, "start");
}

#[test]
fn removed_requests_are_reported_and_a_journal_that_is_off_is_too() {
    let server = MockServer::builder()
        .journal(3, 1_000_000)
        .start_blocking()
        .unwrap();
    let mut events = Events::of(&server);
    events.next();
    let send = || call(&server, "GET", USERS, "", "").status;
    assert_eq!([send(), send(), send()], [200; 3]);
    let (mut sent, gone) = events.ids(3);
    sent.sort_unstable();
    assert_eq!((sent, gone), (vec![1, 2, 3], vec![]));
    send();
    assert_eq!(events.ids(2), (vec![4], vec![1]));
    let off = MockServer::builder()
        .journal(0, 0)
        .start_blocking()
        .unwrap();
    let (_, start) = Events::of(&off).next();
    assert_eq!(start["journal"], false);
}

#[test]
fn a_reader_that_missed_something_gets_everything_again() {
    let server = MockServer::builder()
        .journal(3_000, 16_000_000)
        .start_blocking()
        .unwrap();
    let account = ok(&server, "POST", "/accounts", r#"{"accountId":"t-1"}"#);
    let (users, login) = made(&account);
    call(&server, "GET", USERS, "", "");
    let mut connection = crate::wire::Connection::to(&server);
    for _ in 0..1100 {
        connection.write(&request("GET", &users, &login, ""));
        connection.read(true);
    }
    let mut events = Events::of(&server);
    assert_eq!(events.next().1["kept"], 1101);
    let (sent, _) = events.ids(1101);
    assert_eq!(
        (sent.len(), sent[..200].iter().min(), sent.last()),
        (1101, Some(&902), Some(&101))
    );
    // More changes at once than a watcher queues.
    ok(&server, "DELETE", "/accounts/t-1", "");
    let (name, start) = events.next();
    assert_eq!((name.as_str(), &start["kept"]), ("start", &json!(1)));
    assert_eq!(events.ids(1), (vec![1], vec![]));
}

#[test]
fn followers_that_come_and_go_and_do_not_read_hold_nothing_up() {
    let server = guide();
    let silent: Vec<Events> = (0..20).map(|_| Events::of(&server)).collect();
    for round in 0..300 {
        if round % 10 == 0 {
            drop(Events::of(&server));
        }
        let body = user_xml("nobody").replace("nobody", &"x".repeat(5000));
        assert_eq!(call(&server, "POST", USERS, XML, &body).status, 400);
    }
    let mut events = Events::of(&server);
    events.next();
    assert_eq!(events.ids(300).0.len(), 300);
    // It ends with its server, in good order.
    let begun = Instant::now();
    drop(server);
    assert!(begun.elapsed() < Duration::from_secs(1));
    events.end();
    drop(silent);
}

#[test]
fn a_follower_does_not_keep_the_program_from_stopping() {
    for apart in [false, true] {
        let flags: &[&str] = if apart {
            &["--admin-listen", "127.0.0.1:0"]
        } else {
            &[]
        };
        let serving = Serving::start(flags);
        let admin = serving.announced["adminUrl"]
            .as_str()
            .unwrap()
            .replace("/__admin", "");
        let mut events = Events::open(&admin, "");
        events.next();
        let login = format!("{LOGIN}Connection: close\r\n");
        connect(&serving.address(), &request("GET", USERS, &login, ""));
        assert_eq!(events.ids(1).0, [1]);
        let begun = Instant::now();
        assert_eq!(serving.terminate().0, Some(0));
        // Far above the 100 ms that it takes at the most, for machines that do much else.
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{:?}",
            begun.elapsed()
        );
        events.end();
    }
}

#[test]
fn a_profile_says_what_it_started_with_and_a_fault_may_be_text() {
    let server = guide();
    let changed = ok(&server, "PATCH", "/profile", r#"{"put.semantics":"merge"}"#);
    let choice = &changed["behaviours"]["put.semantics"];
    assert_eq!(
        (&choice["option"], &choice["atStart"]),
        (&json!("merge"), &json!("replace"))
    );
    ok(
        &server,
        "POST",
        "/accounts",
        r#"{"accountId":"t-1","profile":"published","faults":["status=503,times=1"]}"#,
    );
    let own = ok(
        &server,
        "PATCH",
        "/accounts/t-1/profile",
        r#"{"naming.email":"Email"}"#,
    );
    let choice = &own["behaviours"]["naming.email"];
    assert_eq!(
        (&choice["option"], &choice["atStart"]),
        (&json!("Email"), &json!("EmailAddress"))
    );
    let faults = ok(&server, "GET", "/faults", "");
    assert_eq!(
        faults["faults"][0]["rule"],
        json!({ "status": 503, "times": 1, "accountId": "t-1" })
    );
    let behaviours = ok(&server, "GET", "/behaviours", "");
    let of = |id: &str, key: &str| {
        let list = behaviours["behaviours"].as_array().unwrap();
        list.iter().find(|one| one["id"] == id).unwrap()[key].clone()
    };
    assert_eq!(of("put.semantics", "values"), Value::Null);
    assert_eq!(
        of("naming.email", "builtIn"),
        json!({ "guide": "Email", "published": "EmailAddress" })
    );
    assert_eq!(
        of("password.min_length", "values"),
        "a number from 1 to 1000"
    );
}
