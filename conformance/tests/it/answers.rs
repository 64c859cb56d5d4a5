//! Servers that write a right answer in another way, and servers that mean harm: a proxy in front
//! of an emulator, which changes what comes back.

use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bandwidth_conformance::{report::document::Document, target::embedded::Embedded};

use crate::{
    against::{profile, server},
    canary::read,
    command_line::{Ran, run},
};

/// An answer as the emulator gave it.
struct Answer {
    status: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// With another value of a header, made from the one that it has.
    fn change(mut self, name: &str, change: impl Fn(&str) -> String) -> Self {
        for (known, value) in &mut self.headers {
            if known.eq_ignore_ascii_case(name) {
                *value = change(value);
            }
        }
        self
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.status);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

/// A server that answers one request on each connection, as `answer` does.
fn serve(answer: impl Fn(&[u8], &mut TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                let request = read(&mut stream);
                answer(&request, &mut stream);
            });
        }
    });
    address
}

/// What `server` answers to a request.
fn forward(server: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(server).unwrap();
    let line = request.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    stream.write_all(&request[..line]).unwrap();
    stream.write_all(b"Connection: close\r\n").unwrap();
    stream.write_all(&request[line..]).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.split("\r\n").map(str::to_owned);
    Answer {
        status: lines.next().unwrap(),
        headers: lines
            .filter_map(|line| {
                let (name, value) = line.split_once(": ")?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect(),
        body: answer[end + 4..].to_vec(),
    }
}

/// An emulator behind a proxy that changes its answers.
fn changed(change: impl Fn(Answer) -> Answer + Send + Sync + 'static) -> (Embedded, SocketAddr) {
    let server = server(profile("guide", &[]), &[]);
    let behind = server.address();
    let address = serve(move |request, stream| {
        let answer = change(forward(behind, request));
        let _ = stream.write_all(&answer.to_bytes());
    });
    (server, address)
}

/// An emulator behind a proxy that lets the first requests pass, and does this to the others.
fn after(
    passing: usize,
    harm: impl Fn(&[u8], &mut TcpStream) + Send + Sync + 'static,
) -> (Embedded, SocketAddr) {
    let server = server(profile("guide", &[]), &[]);
    let behind = server.address();
    let count = AtomicUsize::new(0);
    let address = serve(move |request, stream| {
        if count.fetch_add(1, Ordering::SeqCst) < passing {
            let _ = stream.write_all(&forward(behind, request).to_bytes());
        } else {
            harm(request, stream);
        }
    });
    (server, address)
}

fn run_at(address: SocketAddr, arguments: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let (url, ledger) = (format!("http://{address}"), ledger.to_str().unwrap());
    let first = ["run", "--target", &url, "--ledger", ledger];
    run(&[&first[..], arguments].concat(), &[])
}

#[test]
fn a_right_answer_that_is_written_in_another_way_passes() {
    let challenge = |challenge: &'static str| {
        move |answer: Answer| answer.change("www-authenticate", |_| challenge.to_owned())
    };
    let (_one, charset) = changed(|answer| {
        answer.change("content-type", |found| {
            format!(
                "{};charset=UTF-8",
                found.replace("application/", "Application/")
            )
        })
    });
    let (_two, reversed) = changed(|answer| {
        answer.change("allow", |found| {
            let methods: Vec<&str> = found.split(", ").collect();
            methods.into_iter().rev().collect::<Vec<_>>().join(" ,")
        })
    });
    let (_three, charset_first) = changed(challenge("Basic charset=\"UTF-8\", realm=\"api\""));
    let (_four, quoted) = changed(challenge(
        "Digest realm=\"Bearer, or Basic\", Basic realm=\"api\"",
    ));
    let (_five, old) = changed(|mut answer| {
        answer.status = answer.status.replacen("HTTP/1.1", "HTTP/1.0", 1);
        answer
    });
    for (name, address, arguments) in [
        ("charset", charset, &["--tag", "golden"][..]),
        ("Allow reversed", reversed, &["--filter", "method"]),
        (
            "a charset first",
            charset_first,
            &["--area", "authentication"],
        ),
        ("two challenges", quoted, &["--area", "authentication"]),
        ("HTTP/1.0", old, &["--tag", "raw"]),
    ] {
        let ran = run_at(address, &[arguments, &["--quiet"]].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{name}: {}", ran.out);
    }
}

#[test]
fn a_location_on_another_host_is_told() {
    let (_server, address) = changed(|answer| {
        answer.change("location", |path| {
            format!("http://internal-node-7.example:99{path}")
        })
    });
    let ran = run_at(address, &["--filter", "create.location"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let told = format!(
        "Location names http://internal-node-7.example:99; that is not the target, http://{address}"
    );
    assert_eq!(ran.out.matches(&told).count(), 1, "{}", ran.out);
    // One that is absolute and leads to the target is nothing to tell of.
    let own = Arc::new(std::sync::OnceLock::<SocketAddr>::new());
    let host = Arc::clone(&own);
    let (_server, address) = changed(move |answer| {
        answer.change("location", |path| {
            format!("http://{}{path}", host.get().unwrap())
        })
    });
    own.set(address).unwrap();
    let ran = run_at(address, &["--filter", "create.location"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(!ran.out.contains("Location names"), "{}", ran.out);
}

#[test]
fn patience_ends_whatever_a_429_asks_for() {
    for header in [
        "Retry-After: 0",
        "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT",
        "Retry-After: 18446744073709551615",
        "X-RateLimit-Reset: 1000000000",
        "X-RateLimit-Reset: 30",
    ] {
        let (_server, address) = after(1, move |_, stream| {
            let answer = format!(
                "HTTP/1.1 429 Too Many Requests\r\n{header}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes());
        });
        let started = Instant::now();
        let ran = run_at(address, &["--filter", "list.users", "--patience", "1"]);
        assert_eq!(ran.code, 3, "{header}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains("kept answering 429"), "{}", ran.out);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(15), "{header}: {took:?}");
    }
}

#[test]
fn an_answer_that_does_not_end_is_not_read_to_its_end() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n";
    fn endless(stream: &mut TcpStream, before: &str, part: &[u8]) {
        let _ = write!(stream, "{HEAD}{before}\r\n");
        while stream.write_all(part).is_ok() {}
    }
    let chunk = [b"100000\r\n", &vec![b'a'; 1 << 20][..], b"\r\n"].concat();
    let (_one, plain) = after(1, |_, stream| endless(stream, "", &[b'a'; 1 << 12]));
    let (_two, chunked) = after(1, move |_, stream| {
        endless(stream, "Transfer-Encoding: chunked\r\n", &chunk);
    });
    let (_three, wrong) = after(1, |_, stream| {
        let _ = write!(
            stream,
            "{HEAD}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc"
        );
    });
    let folder = tempfile::tempdir().unwrap();
    for (name, address, filter) in [
        ("plain", plain, "list.users.are-listed"),
        ("chunked", chunked, "list.users.are-listed"),
        ("plain, raw", plain, "errors.access_denied"),
        ("chunked, raw", chunked, "errors.access_denied"),
        ("a chunk of all memory, raw", wrong, "errors.access_denied"),
    ] {
        let json = folder.path().join("r.json");
        let report = format!("json={}", json.display());
        let ran = run_at(address, &["--filter", filter, "--report", &report]);
        assert_eq!(ran.code, 3, "{name}: {}{}", ran.out, ran.err);
        let result: Document = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
        let case = &result.cases[0];
        let reason = case.reason.as_deref().unwrap_or_default();
        assert!(reason.contains("longer than 64 MiB"), "{name}: {reason}");
        // To ask again would only fill the memory again.
        assert!(
            case.exchanges.iter().all(|one| one.repeated.is_none()),
            "{name}"
        );
    }
}

#[test]
fn a_token_that_is_valid_for_all_time_is_used() {
    let server = server(profile("guide", &["auth.schemes=basic_and_bearer"]), &[]);
    let behind = server.address();
    let address = serve(move |request, stream| {
        let mut answer = forward(behind, request);
        if request.starts_with(b"POST /api/v1/oauth2/token") {
            let mut grant: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            grant["expires_in"] = u64::MAX.into();
            answer.body = grant.to_string().into_bytes();
            let length = answer.body.len().to_string();
            answer = answer.change("content-length", |_| length.clone());
        }
        let _ = stream.write_all(&answer.to_bytes());
    });
    let url = format!("http://{address}");
    let login = [
        ("BW_ACCOUNT_ID", "12345"),
        ("BW_CLIENT_ID", "api-user"),
        ("BW_CLIENT_SECRET", "Api-Passw0rd!23"),
    ];
    let arguments = [
        "run",
        "--target",
        &url,
        "--read-only",
        "--filter",
        "list.users",
    ];
    let ran = run(&arguments, &login);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
}

#[test]
fn an_error_in_one_line_repeats_no_login_and_moves_no_cursor() {
    const PASSWORD: &str = "Sup3r-Secret!Pw99";
    let address = serve(|request, stream| {
        let text = String::from_utf8_lossy(request).into_owned();
        let login = text
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("authorization:"))
            .and_then(|line| line.split_once(": "))
            .map_or("", |(_, login)| login);
        let login = login.replace(' ', "%20").replace('=', "%3D");
        let _ = write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: /login?u={login}&pw={PASSWORD}&p={}\u{9b}2J\r\nContent-Length: 0\r\n\r\n",
            PASSWORD.replace('!', "%21")
        );
    });
    let url = format!("http://{address}");
    for name in ["ops-bot", "ops", "ops-b"] {
        let login = [
            ("BW_ACCOUNT_ID", "12345"),
            ("BW_USERNAME", name),
            ("BW_PASSWORD", PASSWORD),
        ];
        let ran = run(&["run", "--target", &url], &login);
        assert_eq!(ran.code, 3, "{}", ran.err);
        let line = ran.err.trim_end_matches('\n');
        assert!(
            line.contains("redirects, to /login?u=Basic%20[secret]"),
            "{line}"
        );
        assert!(line.contains("&pw=[secret]&p=[secret]\\u{9b}2J"), "{line}");
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn reports_are_refused_that_would_be_lost() {
    let (_server, address) = changed(|answer| answer);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r");
    let linked = folder.path().join("linked");
    std::os::unix::fs::symlink("r", &linked).unwrap();
    let named = |kind: &str, path: &std::path::Path| format!("{kind}={}", path.display());
    let (json, junit) = (named("json", &path), named("junit", &linked));
    let arguments = ["--filter", "list.users", "--report", &json];
    let ran = run_at(address, &[&arguments[..], &["--report", &junit]].concat());
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(
        ran.err.contains("another report goes to the same file"),
        "{}",
        ran.err
    );
    // A link that is there is kept, and its file written.
    let ran = run_at(address, &["--filter", "list.users", "--report", &junit]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(fs::read_to_string(&path).unwrap().contains("<testsuite"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
