//! Servers that write a right answer in another way, and servers that mean harm: a proxy in front
//! of an emulator, which changes what comes back.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bandwidth_conformance::{outcome::RunReport, target::embedded::Embedded};

use crate::{
    against::{profile, server},
    command_line::{Ran, run},
    support::{
        at_once,
        http::{Answer, Server},
        proxy,
    },
};

/// An emulator behind a proxy that changes its answers.
fn changed(change: impl Fn(Answer) -> Answer + Send + Sync + 'static) -> (Embedded, Server) {
    let server = server(profile("guide", &[]), &[]);
    let proxy = proxy::start(server.address(), move |asked| change(asked.pass()));
    (server, proxy)
}

/// With another value of a header, where it has one, made from that.
fn with(mut answer: Answer, name: &str, change: impl Fn(&str) -> String) -> Answer {
    let value = answer.headers().get(name).to_owned();
    if !value.is_empty() {
        answer.set_header(name, &change(&value));
    }
    answer
}

/// An emulator behind a proxy that lets the first requests pass, and does this to the others.
fn after(passing: usize, harm: impl Fn() -> Answer + Send + Sync + 'static) -> (Embedded, Server) {
    let server = server(profile("guide", &[]), &[]);
    let count = AtomicUsize::new(0);
    let proxy = proxy::start(server.address(), move |asked| {
        if count.fetch_add(1, Ordering::SeqCst) < passing {
            asked.pass()
        } else {
            harm()
        }
    });
    (server, proxy)
}

fn run_at(target: &Server, arguments: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let (url, ledger) = (target.url(), ledger.to_str().unwrap());
    let first = ["run", "--target", &url, "--ledger", ledger];
    run(&[&first[..], arguments].concat(), &[])
}

#[test]
fn a_right_answer_that_is_written_in_another_way_passes() {
    let challenge = |challenge: &'static str| {
        move |answer| with(answer, "www-authenticate", |_| challenge.to_owned())
    };
    let (_one, charset) = changed(|answer| {
        with(answer, "content-type", |found| {
            format!(
                "{};charset=UTF-8",
                found.replace("application/", "Application/")
            )
        })
    });
    let (_three, charset_first) = changed(challenge("Basic charset=\"UTF-8\", realm=\"api\""));
    let (_four, quoted) = changed(challenge(
        "Digest realm=\"Bearer, or Basic\", Basic realm=\"api\"",
    ));
    let (_five, old) = changed(|answer| answer.of_version("HTTP/1.0"));
    for (name, target, arguments) in [
        ("charset", charset, &["--tag", "golden"][..]),
        (
            "a charset first",
            charset_first,
            &["--area", "authentication"],
        ),
        ("two challenges", quoted, &["--area", "authentication"]),
        ("HTTP/1.0", old, &["--tag", "raw"]),
    ] {
        let ran = run_at(&target, &[arguments, &["--quiet"]].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{name}: {}", ran.out);
    }
}

#[test]
fn a_location_on_another_host_is_reported() {
    let (_server, target) = changed(|answer| {
        with(answer, "location", |path| {
            format!("http://internal-node-7.example:99{path}")
        })
    });
    let ran = run_at(&target, &["--filter", "create.location.leads"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let line = format!(
        "Location names http://internal-node-7.example:99; that is not the target, {}",
        target.url()
    );
    // Once for each format.
    assert_eq!(ran.out.matches(&line).count(), 2, "{}", ran.out);
    // One that is absolute and leads to the target needs no report.
    let own = Arc::new(std::sync::OnceLock::<SocketAddr>::new());
    let host = Arc::clone(&own);
    let (_server, target) = changed(move |answer| {
        with(answer, "location", |path| {
            format!("http://{}{path}", host.get().unwrap())
        })
    });
    own.set(target.address()).unwrap();
    let ran = run_at(&target, &["--filter", "create.location.leads"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(!ran.out.contains("Location names"), "{}", ran.out);
}

#[test]
fn patience_ends_whatever_a_429_asks_for() {
    let headers = [
        "Retry-After: 0",
        "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT",
        "Retry-After: 18446744073709551615",
        "X-RateLimit-Reset: 1000000000",
        "X-RateLimit-Reset: 30",
    ];
    at_once(&headers, |header| {
        let answer = format!(
            "HTTP/1.1 429 Too Many Requests\r\n{header}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let (_server, target) = after(1, move || Answer::raw(answer.clone()));
        let started = Instant::now();
        let ran = run_at(&target, &["--filter", "list.users", "--patience", "1"]);
        assert_eq!(ran.code, 3, "{header}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains("kept answering 429"), "{}", ran.out);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(15), "{header}: {took:?}");
    });
}

#[test]
fn an_answer_that_does_not_end_is_not_read_to_its_end() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n";
    fn endless(before: &'static str, part: &[u8]) -> Answer {
        let part = part.to_vec();
        Answer::by(move |stream| {
            let _ = write!(stream, "{HEAD}{before}\r\n");
            while stream.write_all(&part).is_ok() {}
        })
    }
    let chunk = [b"100000\r\n", &vec![b'a'; 1 << 20][..], b"\r\n"].concat();
    let (_one, plain) = after(1, || endless("", &[b'a'; 1 << 12]));
    let (_two, chunked) = after(1, move || endless("Transfer-Encoding: chunked\r\n", &chunk));
    let (_three, wrong) = after(1, || {
        Answer::raw(format!(
            "{HEAD}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc"
        ))
    });
    let folder = tempfile::tempdir().unwrap();
    for (name, target, filter) in [
        ("plain", &plain, "list.users.are-listed"),
        ("chunked", &chunked, "list.users.are-listed"),
        ("plain, raw", &plain, "golden.list_roles.xml"),
        ("chunked, raw", &chunked, "golden.list_roles.xml"),
        (
            "a chunk of all memory, raw",
            &wrong,
            "golden.list_roles.xml",
        ),
    ] {
        let json = folder.path().join("r.json");
        let report = format!("json={}", json.display());
        let ran = run_at(target, &["--filter", filter, "--report", &report]);
        assert_eq!(ran.code, 3, "{name}: {}{}", ran.out, ran.err);
        let result: RunReport = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
        let case = &result.cases[0];
        let reason = case.reason.as_deref().unwrap_or_default();
        assert!(reason.contains("longer than 64 MiB"), "{name}: {reason}");
        // To ask again would only fill the memory again.
        assert!(!case.exchanges.is_empty(), "{name}");
        assert!(
            case.exchanges.iter().all(|one| one.repeated.is_none()),
            "{name}"
        );
    }
}

/// API credentials of the demo account.
const CLIENT: [(&str, &str); 3] = [
    ("BW_ACCOUNT_ID", "12345"),
    ("BW_CLIENT_ID", "CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913"),
    ("BW_CLIENT_SECRET", "qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U"),
];

#[test]
fn a_token_that_is_valid_for_all_time_is_used() {
    let server = server(profile("guide", &["auth.schemes=basic_and_bearer"]), &[]);
    let target = proxy::start(server.address(), |asked| {
        let answer = asked.pass();
        if !asked.is("POST", "/api/v1/oauth2/token") {
            return answer;
        }
        let mut grant = answer.json();
        grant["expires_in"] = u64::MAX.into();
        answer.with_body(grant.to_string())
    });
    let url = target.url();
    let arguments = [
        "run",
        "--target",
        &url,
        "--read-only",
        "--filter",
        "list.users",
    ];
    let ran = run(&arguments, &CLIENT);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
}

#[test]
fn a_token_that_the_target_refuses_before_its_end_is_renewed_once() {
    let server = server(profile("guide", &["auth.schemes=basic_and_bearer"]), &[]);
    for (refused, code) in [(1, 0), (usize::MAX, 3)] {
        let issued = Arc::new(AtomicUsize::new(0));
        let (counted, seen) = (Arc::clone(&issued), AtomicUsize::new(0));
        let target = proxy::start(server.address(), move |asked| {
            if asked.is("POST", "/api/v1/oauth2/token") {
                counted.fetch_add(1, Ordering::Relaxed);
                return asked.pass();
            }
            // The run begins with a request that only looks whether it is let in.
            let number = seen.fetch_add(1, Ordering::Relaxed);
            if (1..=refused).contains(&number) {
                return Answer::of(401, "text/plain", "");
            }
            asked.pass()
        });
        let url = target.url();
        let arguments = ["run", "--target", &url, "--read-only", "--filter"];
        let ran = run(
            &[&arguments[..], &["list.users.are-listed"]].concat(),
            &CLIENT,
        );
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        if code == 0 {
            assert_eq!(issued.load(Ordering::Relaxed), 2);
        } else {
            let words = "the run's own login was refused";
            assert!(ran.out.contains(words), "{}", ran.out);
        }
    }
}

#[test]
fn an_error_in_one_line_repeats_no_login_and_moves_no_cursor() {
    const PASSWORD: &str = "Sup3r-Secret!Pw99";
    let target = Server::start(|request| {
        let login = request.headers().get("authorization");
        let login = login.replace(' ', "%20").replace('=', "%3D");
        Answer::raw(format!(
            "HTTP/1.1 302 Found\r\nLocation: /login?u={login}&pw={PASSWORD}&p={}\u{9b}2J\r\nContent-Length: 0\r\n\r\n",
            PASSWORD.replace('!', "%21")
        ))
    });
    let url = target.url();
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
            line.contains("redirects to /login?u=Basic%20[secret]"),
            "{line}"
        );
        assert!(line.contains("&pw=[secret]&p=[secret]\\u{9b}2J"), "{line}");
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn reports_are_refused_that_would_be_lost() {
    let (_server, target) = changed(|answer| answer);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r");
    let linked = folder.path().join("linked");
    std::os::unix::fs::symlink("r", &linked).unwrap();
    let named = |kind: &str, path: &std::path::Path| format!("{kind}={}", path.display());
    let (json, junit) = (named("json", &path), named("junit", &linked));
    let arguments = ["--filter", "list.users", "--report", &json];
    let ran = run_at(&target, &[&arguments[..], &["--report", &junit]].concat());
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(
        ran.err.contains("another report goes to the same file"),
        "{}",
        ran.err
    );
    // A link that is there is kept, and its file written.
    let ran = run_at(&target, &["--filter", "list.users", "--report", &junit]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(fs::read_to_string(&path).unwrap().contains("<testsuite"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
