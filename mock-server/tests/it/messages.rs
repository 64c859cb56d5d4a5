//! Every error that a person can meet, with the input that leads to it: one snapshot for the
//! command line and its files, one for the control API. A message says what is wrong, where, and
//! what to do, on one line, and repeats no secret: `Canary` stands for a password.

mod files;
mod values;

use std::{fmt::Write as _, net::TcpListener, path::Path};

use bandwidth_mock::MockServer;

use crate::{control::admin, program::program};

/// Commands and requests, each with its message.
struct Review {
    folder: tempfile::TempDir,
    text: String,
}

impl Review {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            text: String::new(),
        }
    }

    fn heading(&mut self, words: &str) {
        let _ = write!(self.text, "\n=== {words}\n\n");
    }

    /// A file next to the program.
    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// A start with these arguments that ends with one line on stderr and exit code 2.
    fn start(&mut self, arguments: &[&str]) {
        self.with_variables(&[], arguments, 2);
    }

    fn with_variables(&mut self, variables: &[(&str, &str)], arguments: &[&str], code: i32) {
        let output = program(arguments)
            .current_dir(self.folder.path())
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {printed}");
        assert_eq!(printed.lines().count(), 1, "{arguments:?}: {printed}");
        for (name, value) in variables {
            let _ = write!(self.text, "{name}='{value}' ");
        }
        let _ = writeln!(self.text, "bandwidth-mock {}", arguments.join(" "));
        let _ = writeln!(self.text, "    {code} {}", printed.trim_end());
    }

    /// The same for a file with each of these texts.
    fn with_files(&mut self, flag: &str, name: &str, texts: &[impl AsRef<str>]) {
        for text in texts {
            self.file(name, text.as_ref());
            for line in text.as_ref().lines() {
                let _ = writeln!(self.text, "| {line}");
            }
            self.start(&[flag, name]);
        }
    }

    /// The text, in which the port that was in use is `PORT`.
    fn end(self, port: &str) -> String {
        let printed = self.text.lines().filter(|line| line.starts_with("    "));
        for line in printed {
            assert!(!line.contains("Canary") && !line.contains("4711"), "{line}");
        }
        self.text.replace(port, "PORT").trim_start().to_owned()
    }
}

#[test]
fn of_the_command_line() {
    let mut review = Review::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let port = taken.port().to_string();
    let taken = taken.to_string();

    values(&mut review, &taken);
    profiles(&mut review);
    faults(&mut review);
    values::review(&mut review);
    variables(&mut review);
    files::configuration_files(&mut review);
    files::profile_files(&mut review);
    files::seed_files(&mut review);
    tls(&mut review);
    other_commands(&mut review);
    insta::assert_snapshot!(review.end(&port));
}

/// `taken` is an address in use.
fn values(review: &mut Review, taken: &str) {
    review.heading("commands, flags and their values");
    for arguments in [
        &["serv"][..],
        &["--prot", "8080"],
        &["--port", "nowhere"],
        &["-p8080"],
        &["--host=0.0.0.0"],
        &["--verbose"],
        &["--latency", "5"],
        &["--username", "me"],
        &["--data", "db.json"],
        &["--listen"],
        &["--listen", "nowhere"],
        &["--listen", "127.0.0.1:99999"],
        &["--listen", "192.0.2.1:0"],
        &["--listen", taken],
        &["--listen", ":0", "--admin-listen", taken],
        &["--admin-listen", "nowhere"],
        &["--users", "many"],
        &["--announce", "loud"],
        &["--log", "my=loud"],
        &["--log", "warning"],
        &["--journal-entries", "few"],
        &["--journal-bytes", "16MB"],
        &["--admin-token", " "],
        &["completions", "tcsh"],
    ] {
        review.start(arguments);
    }
}

fn profiles(review: &mut Review) {
    review.heading("profiles, behaviours, limits");
    for arguments in [
        &["--profile", "guidee"][..],
        &["--profile", "mine"],
        &["--profile", "nothing.toml"],
        &["--profile", "."],
        &["profiles", "guidee"],
        &["profiles", "guide", "--diff", "nothing.toml"],
        &["profiles", "--diff", "guide"],
        &["behaviours", "put.semantic"],
        &["behaviours", "colour"],
        &["--set", "put.semantics"],
        &["--set", "putt.semantics=merge"],
        &["--set", "colour=red"],
        &["--set", "put.semantics=merg"],
        &["--set", "put.semantics=patch"],
        &["--set", "auth.basic_ends=2026-02-30"],
        &["--set", "auth.lockout=-1"],
        &["--set", "password.min_length=200"],
        &["--set", "rate.limit=fast"],
        &["--rate-limit", "fast"],
        &["--rate-limit", "100/1"],
        &["--rate-limit", "0/1m"],
        &["--rate-limit", "100/1m,20"],
    ] {
        review.start(arguments);
    }
}

fn faults(review: &mut Review) {
    review.heading("faults");
    for fault in [
        "",
        "503",
        "every=2",
        "status=200",
        "status=x",
        "status=503,every=0",
        "status=503,colour=red",
        "status=503,evry=2",
        "status=503,status=500",
        "status=503,operation=create",
        "status=503,operation=everything",
        "status=503,probability=2",
        "status=503,truncate_body=true",
        "truncate_body=true,malformed_body=true",
        "truncate_body=yes",
        "wrong_content_type=true,status=100",
        "fault=TIMEOUT",
        "delay=x",
        "delay=600001",
        "delay.fixed_ms=-1",
        "delay.uniform_ms=500-100",
        "delay.lognormal.median_ms=5,delay.lognormal.sigma=11",
        "chunked_dribble=5",
        "chunked_dribble.chunks=0,chunked_dribble.over_ms=5",
        "status=503,when=during",
        "status=503,method=G T",
        "status=503,ttl_ms=0",
        "delay=5,delay.fixed_ms=5",
        r#"{"status":503"#,
        r#"{"accountId":5,"status":503}"#,
    ] {
        review.start(&["--fault", fault]);
    }
}

fn variables(review: &mut Review) {
    review.heading("variables");
    for (name, value) in [
        ("BANDWIDTH_MOCK_LISTEN", "nowhere"),
        ("BANDWIDTH_MOCK_LISTEN", "192.0.2.1:0"),
        ("BANDWIDTH_MOCK_USERS", "many"),
        ("BANDWIDTH_MOCK_ANNOUNCE", "loud"),
        ("BANDWIDTH_MOCK_PROFILE", "guidee"),
        (
            "BANDWIDTH_MOCK_SET",
            "put.semantics=merge;put.semantics=patch",
        ),
        ("BANDWIDTH_MOCK_FAULT", "every=2"),
        ("BANDWIDTH_MOCK_EXPLAIN", "maybe"),
        ("BANDWIDTH_MOCK_CONFIG", "nothing.toml"),
    ] {
        review.with_variables(&[(name, value)], &[], 2);
    }
}

fn other_commands(review: &mut Review) {
    review.heading("ready");
    // Port 80 of a machine that builds this may have a listener; port 1 has none.
    for (url, code) in [("ftp://x", 2), ("http://", 2), ("http://127.0.0.1:1", 1)] {
        review.with_variables(&[], &["ready", "--url", url], code);
    }
    for listen in ["nonsense", ":0"] {
        review.with_variables(&[("BANDWIDTH_MOCK_LISTEN", listen)], &["ready"], 2);
    }
    review.with_variables(&[("BANDWIDTH_MOCK_URL", "https://x")], &["ready"], 2);

    review.heading("assumptions");
    for arguments in [
        &["assumptions", "--url", "http://127.0.0.1:1"][..],
        &["assumptions", "--url", "https://x"],
        &["assumptions", "--fail-on", "guess"],
        &["assumptions", "--profile", "guide"],
        &["assumptions", "--questions", "--json"],
        &["assumptions", "--questions", "--profile", "guidee"],
        &["assumptions", "--questions", "--profile", "nothing.toml"],
        &[
            "assumptions",
            "--questions",
            "--profile",
            "guide",
            "--account",
            "1",
        ],
    ] {
        review.start(arguments);
    }

    review.heading("variants");
    for arguments in [
        &["variants"][..],
        &["variants", "true"],
        &["variants", "--verbose", "--", "true"],
        &["variants", "--only", "putt", "--", "true"],
        &["variants", "--jobs", "0", "--", "true"],
        &["variants", "--timeout", "soon", "--", "true"],
        &["variants", "--profile", "guidee", "--", "true"],
        &["variants", "--output", "seed.json", "--", "true"],
        &["variants", "--", "no-such-program"],
        &["variants", "--", "./seed.json"],
        &["variants", "--", "false"],
        &["variants", "--", "true"],
    ] {
        review.start(arguments);
    }
    for name in ["PROFILE", "SEED", "SET"] {
        let name = format!("BANDWIDTH_MOCK_{name}");
        review.with_variables(&[(&name, "guidee")], &["variants", "--", "true"], 2);
    }

    review.heading("rehearse");
    for arguments in [
        &["rehearse"][..],
        &["rehearse", "true"],
        &["rehearse", "--situation", "droped", "--", "true"],
        &["rehearse", "--situation", "weather", "--", "true"],
        &["rehearse", "--situation", "basic-ended", "--", "true"],
        &["rehearse", "--only", "create_users", "--", "true"],
        &["rehearse", "--at", "0", "--", "true"],
        &["rehearse", "--at", "1", "--every", "--", "true"],
        &["rehearse", "--", "false"],
        &["rehearse", "--", "true"],
    ] {
        review.start(arguments);
    }
    recorders(review);
}

fn recorders(review: &mut Review) {
    review.heading("record");
    let upstream = ["record", "--upstream", "https://h/api", "--out"];
    let written = |more: &[&'static str]| [&upstream[..], &["t.har"], more].concat();
    review.file("mine.har", "{}");
    review.file("empty.pem", "");
    for arguments in [
        vec!["record"],
        vec!["record", "--out", "t.har"],
        vec!["record", "--out", "t.har", "--upstream", "h/api"],
        vec![
            "record",
            "--out",
            "t.har",
            "--upstream",
            "https://u:Canary@h",
        ],
        vec![
            "record",
            "--out",
            "t.har",
            "--upstream",
            "https://h/api?a=Canary",
        ],
        [&upstream[..], &["mine.har", "--listen", ":0"]].concat(),
        [&upstream[..], &["none/t.har", "--listen", ":0"]].concat(),
        written(&["--listen", "0.0.0.0:0"]),
        written(&["--listen", "nowhere"]),
        written(&["--ca-file", "nothing.pem"]),
        written(&["--ca-file", "empty.pem"]),
        written(&["--ca-file", "mine.har"]),
        written(&["--ca-out", "ca.pem"]),
        written(&["--profile", "guidee"]),
    ] {
        review.start(&arguments);
    }
}

/// Certificates and keys.
fn tls(review: &mut Review) {
    review.heading("TLS");
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["own.test".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    review.file("cert.pem", &certificate.pem());
    review.file("key.pem", &key.serialize_pem());
    let other = rcgen::KeyPair::generate().unwrap();
    review.file("other.pem", &other.serialize_pem());
    review.file("empty.pem", "");
    review.file(
        "torn.pem",
        "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n",
    );
    for arguments in [
        &["--tls", "--tls-san", "not a name"][..],
        &["--tls-san", "own.test"],
        &["--tls-cert", "cert.pem"],
        &[
            "--tls-cert",
            "cert.pem",
            "--tls-key",
            "key.pem",
            "--tls-san",
            "own.test",
        ],
        &["--tls-cert", "nothing.pem", "--tls-key", "key.pem"],
        &["--tls-cert", "empty.pem", "--tls-key", "key.pem"],
        &["--tls-cert", "torn.pem", "--tls-key", "key.pem"],
        &["--tls-cert", "cert.pem", "--tls-key", "nothing.pem"],
        &["--tls-cert", "cert.pem", "--tls-key", "empty.pem"],
        &["--tls-cert", "cert.pem", "--tls-key", "other.pem"],
    ] {
        review.start(arguments);
    }
    assert!(Path::new(&review.folder.path().join("cert.pem")).exists());
}

#[test]
fn of_the_control_api() {
    let server = MockServer::start_blocking().unwrap();
    let mistakes = [
        ("GET", "/nothing", ""),
        ("DELETE", "/ready", ""),
        ("GET", "/ca.pem", ""),
        ("GET", "/accounts/nobody", ""),
        ("GET", "/accounts/%FF", ""),
        ("POST", "/accounts", "{"),
        ("POST", "/accounts", "{'accountId':'1'}"),
        ("POST", "/accounts", r#"{"account":"1"}"#),
        ("POST", "/accounts", r#"{"accountId":4711}"#),
        ("POST", "/accounts", r#"{"accountId":"12345"}"#),
        ("POST", "/accounts", r#"{"accountId":"a/b"}"#),
        ("POST", "/accounts", r#"{"profile":"guidee"}"#),
        ("POST", "/accounts", r#"{"profile":7}"#),
        ("POST", "/accounts", r#"{"seed":"demoo"}"#),
        ("POST", "/accounts", r#"{"seed":7}"#),
        (
            "POST",
            "/accounts",
            r#"{"seed":{"users":[{"userId":"u1","username":"x","password":4711}]}}"#,
        ),
        (
            "POST",
            "/accounts",
            r#"{"seed":{"users":[{"userId":"u1","username":"x","pasword":"Canary-1"}]}}"#,
        ),
        ("POST", "/accounts", r#"{"rateLimit":"fast"}"#),
        ("POST", "/accounts", r#"{"faults":[{"status":1}]}"#),
        ("PUT", "/snapshot", ""),
        (
            "PUT",
            "/snapshot",
            r#"{"format":1,"accounts":[{"login":"Canary-1"}]}"#,
        ),
        ("PUT", "/snapshot", r#"{"format":2,"accounts":[]}"#),
        (
            "PUT",
            "/accounts/12345/snapshot",
            r#"{"format":1,"accounts":[]}"#,
        ),
        ("PATCH", "/profile", r#"{"put.semantic":"merge"}"#),
        ("PATCH", "/profile", r#"{"put.semantics":"merg"}"#),
        ("PATCH", "/profile", r#"{"put.semantics":true}"#),
        ("PATCH", "/profile", r#"{"put":{"semantics":["merge"]}}"#),
        ("PATCH", "/profile", r#"["put.semantics"]"#),
        (
            "PATCH",
            "/profile",
            r#"{"put":{"semantics":"merge"},"put.semantics":"merge"}"#,
        ),
        ("POST", "/accounts", r#"{"set":["put.semantics=merg"]}"#),
        ("PUT", "/profile", r#"{"toml":"format = 1"}"#),
        ("PUT", "/profile", r#"{"profil":"guide"}"#),
        (
            "PUT",
            "/accounts/12345/users/u9/resources",
            r#"{"resources":[]}"#,
        ),
        (
            "PUT",
            "/accounts/12345/users/u1/resources",
            r#"{"resources":"site"}"#,
        ),
        ("PUT", "/accounts/12345/users/u1/resources", r#"[["site"]]"#),
        ("POST", "/faults", "[]"),
        ("POST", "/faults", "status=5"),
        ("GET", "/nothing", ""),
        ("GET", "/", ""),
        ("POST", "/faults", r#"{"every":2}"#),
        (
            "POST",
            "/faults",
            r#"{"delay":{"fixed_ms":1},"delay.fixed_ms":2}"#,
        ),
        ("POST", "/faults", r#"{"status":503,"evry":2}"#),
        ("DELETE", "/faults/7", ""),
        ("GET", "/requests?account=1", ""),
        ("GET", "/requests?limit=1&limit=2", ""),
        ("GET", "/requests?limit=all", ""),
        ("GET", "/requests?operation=create", ""),
        ("GET", "/requests?status=ok", ""),
        ("GET", "/requests?since=yesterday", ""),
        ("GET", "/requests/x", ""),
        ("POST", "/requests/count", r#"{"state":1}"#),
        ("POST", "/requests/count", r#"{"statuss":1}"#),
        ("POST", "/requests/count", r#"{"operation":"deleteUser"}"#),
        ("GET", "/assumptions?fail_on=guess", ""),
        ("GET", "/assumptions?accountId=none", ""),
        ("POST", "/clock", "{}"),
        ("POST", "/clock", r#"{"action":"stop"}"#),
        ("POST", "/clock", r#"{"action":"advance"}"#),
        (
            "POST",
            "/clock",
            r#"{"action":"advance","ms":99999999999999999}"#,
        ),
    ];
    insta::assert_snapshot!(replies(&server, mistakes));
}

/// The control API's message for each of these requests.
fn replies<const N: usize>(server: &MockServer, mistakes: [(&str, &str, &str); N]) -> String {
    let mut text = String::new();
    for (method, path, body) in mistakes {
        let (status, read) = admin(server, method, path, body);
        let error = &read["error"];
        let code = error["code"].as_str().unwrap();
        let message = error["message"].as_str().unwrap();
        assert!(
            !message.contains("Canary") && !message.contains("4711"),
            "{message}"
        );
        let _ = writeln!(text, "{} {body}", [method, path].join(" "));
        let _ = writeln!(text, "    {status} {code}: {message}");
    }
    text
}
