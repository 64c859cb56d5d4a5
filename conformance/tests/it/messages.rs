//! Every error that a person can meet, with the input that leads to it, in one snapshot. A message
//! says what is wrong, where, and what to do, on one line, and repeats no secret: `Canary` stands
//! for a password.

use std::{fmt::Write as _, fs};

use bandwidth_mock::MockServer;

use crate::{
    command_line::run,
    support::http::{Answer, Server},
};

/// Commands, each with its message.
struct Review {
    folder: tempfile::TempDir,
    text: String,
    /// Texts that differ between runs, and their replacements.
    names: Vec<(String, &'static str)>,
    servers: Vec<Server>,
}

impl Review {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        Self {
            folder,
            text: String::new(),
            names: vec![(path, "FOLDER")],
            servers: Vec::new(),
        }
    }

    fn heading(&mut self, words: &str) {
        let _ = write!(self.text, "\n=== {words}\n\n");
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A file, and its path.
    fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn check(&mut self, arguments: &[&str]) {
        self.check_with(arguments, &[]);
    }

    /// One line on stderr, and its exit code.
    fn check_with(&mut self, arguments: &[&str], variables: &[(&str, &str)]) {
        let ran = run(arguments, variables);
        assert_ne!(ran.code, 0, "{arguments:?}");
        let lines = ran.err.lines().count();
        assert_eq!(lines, 1, "{arguments:?}: {}", ran.err);
        let line = &ran.err;
        assert!(!line.contains("Canary"), "{line}");
        for (name, value) in variables {
            let _ = write!(self.text, "{name}='{value}' ");
        }
        let _ = writeln!(self.text, "bandwidth-conformance {}", arguments.join(" "));
        let _ = writeln!(self.text, "    {} {}", ran.code, line.trim_end());
    }

    /// The same for a file with each of these texts.
    fn check_with_files(&mut self, arguments: &[&str], name: &str, texts: &[&str]) {
        for text in texts {
            let path = self.file(name, text);
            for line in text.lines() {
                let _ = writeln!(self.text, "| {line}");
            }
            let words: Vec<&str> = arguments.iter().copied().chain([path.as_str()]).collect();
            self.check(&words);
        }
    }

    /// A server that answers everything so; its URL.
    fn server(&mut self, answer: &'static str, name: &'static str) -> String {
        let server = Server::start(move |_| Answer::raw(answer));
        let url = server.url();
        self.names.push((server.address().to_string(), name));
        self.servers.push(server);
        url
    }

    fn end(self) -> String {
        let mut text = self.text;
        for (found, name) in &self.names {
            text = text.replace(found, name);
        }
        text.trim_start().to_owned()
    }
}

const LOGIN: [(&str, &str); 3] = [
    ("BW_ACCOUNT_ID", "12345"),
    ("BW_USERNAME", "me"),
    ("BW_PASSWORD", "Canary-1"),
];

#[test]
fn of_the_command_line() {
    let mut review = Review::new();
    review.heading("commands, flags and their values");
    for arguments in [
        &["--tarjet", "mock"][..],
        &["rum"],
        &["run", "extra"],
        &["run", "--target"],
        &["run", "--level", "documentd"],
        &["run", "--profile", "gide"],
        &["run", "--profile", "nothing.toml"],
        &["run", "--rps", "0"],
        &["run", "--max-requests", "few"],
        &["run", "--patience", "-1"],
        &["run", "--url", "http://127.0.0.1:1"],
        &["--base-url=http://127.0.0.1:1"],
        &["run", "--host", "127.0.0.1"],
        &["run", "--user", "me"],
        &["probe", "--out", "x.toml", "--username", "me"],
        &["run", "--verbose"],
        &["run", "-v"],
        &["run", "--credentials", "login.toml"],
        &["plan", "--target", "mock", "--ca-file", "ca.pem"],
        &["explain"],
        &["explain", "create.password.weak"],
        &["explain", "zzz"],
        &["replay", "create.password.weak"],
        &["probe"],
        &["probe", "--out", "x.toml", "--only", "put.semantic"],
        &[
            "probe", "--out", "x.toml", "--only", "put", "--skip", "colour",
        ],
        &["diff", "guide"],
        &["diff", "guide", "gide"],
        &["drift", "nothing.toml"],
        &["fuzz", "--traces", "many"],
        &["cleanup"],
    ] {
        review.check(arguments);
    }
    // The value of an unknown flag is never repeated: it could be a password.
    let ran = run(&["run", "--password=Canary-1"], &[]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err
            .contains("there is no --password; set the login in the environment"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("Canary"), "{}", ran.err);

    review.heading("choosing cases");
    for arguments in [
        &["run", "--area", "creates"][..],
        &["run", "--area", "zzz"],
        &["list", "--tag", "scenarios"],
        &["completions", "tcsh"],
        &["run", "--filter", "pasword"],
        &["list", "--filter", "zzz"],
        &["list", "--filter", "weak", "--area", "get"],
    ] {
        review.check(arguments);
    }

    files(&mut review);
    logins(&mut review);
    targets(&mut review);
    insta::assert_snapshot!(review.end());
}

fn files(review: &mut Review) {
    review.heading("reports, earlier results, profiles to compare");
    let folder = review.path("");
    let nothing = review.path("nothing");
    for arguments in [
        &["run", "--report", "pdf=x"][..],
        &["run", "--report", "json"],
        &["run", "--report", "json=no/such/folder/x.json"],
        &["run", "--report", &format!("html={folder}")],
        &[
            "run",
            "--report",
            &format!("html={nothing}"),
            "--report",
            &format!("json={nothing}"),
        ],
        &["list", "--failed-from", &nothing],
        &["list", "--failed-from", &folder],
    ] {
        review.check(arguments);
    }
    review.check_with_files(
        &["list", "--failed-from"],
        "earlier.json",
        &["{}", "no JSON"],
    );
    review.check_with_files(&["diff", "guide"], "other.json", &["{}"]);

    review.heading("known failures");
    review.check(&["run", "--known", &nothing]);
    let case = "[[known]]\ncase = \"create.password.weak-is-400\"\n";
    let texts = [
        "[[known]]\ncase = \"create.pasword.weak-is-400\"\nreason = \"x\"\nexpires = 2999-01-01",
        &format!("{case}expires = 2999-01-01"),
        &format!("{case}reason = \" \"\nexpires = 2999-01-01"),
        &format!("{case}reason = \"ticket 7\"\nexpires = \"2999-01-01\""),
        &format!("{case}reason = \"ticket 7\"\nexpires = 12:00:00"),
        &format!("{case}reason = \"ticket 7\"\nexpires = 2999-01-01\nuntill = 1"),
        &format!(
            "{case}reason = \"a\"\nexpires = 2999-01-01\n{case}reason = \"b\"\nexpires = 2999-01-01"
        ),
        &format!(
            "{case}reason = \"a\"\nexpires = 2999-01-01\ntarget = \"https://dashboard.bandwidth.com/api\""
        ),
        "[[knwon]]\ncase = 1",
        "case: x",
    ];
    review.check_with_files(&["run", "--known"], "known.toml", &texts);

    review.heading("ledgers");
    review.check(&["cleanup", "--ledger", &nothing]);
    let header = "{\"format\":2,\"target\":\"http://127.0.0.1:1/api\",\"accountId\":\"777\",\"prefix\":\"cf-0-\"}\n";
    let old = header.replace("\"format\":2", "\"format\":1");
    let texts = ["precious\n", &old, &format!("{header}?\n"), header];
    review.check_with_files(&["cleanup", "--ledger"], "run.ledger", &texts);
    let left = review.path("run.ledger");
    let server = MockServer::start_blocking().unwrap();
    let url = server.base_url();
    let authority = url.trim_start_matches("http://").trim_end_matches("/api");
    review.names.push((authority.to_owned(), "MOCK"));
    let place = review.path("no/such/folder.ledger");
    review.check(&[
        "run", "--target", &url, "--filter", "weak", "--ledger", &place,
    ]);
    review.check(&[
        "run", "--target", &url, "--filter", "weak", "--ledger", &left,
    ]);

    let notes = review.file("notes.txt", "precious\n");
    review.check(&[
        "run", "--target", &url, "--filter", "weak", "--ledger", &notes,
    ]);
    assert_eq!(fs::read_to_string(&notes).unwrap(), "precious\n");

    review.heading("an interrupted probe");
    let out = review.path("learned.toml");
    let partial = review.file("learned.toml.partial", "{}");
    review.check(&["probe", "--target", &url, "--out", &out]);
    review.check(&["probe", "--target", &url, "--out", &out, "--resume"]);
    fs::remove_file(partial).unwrap();
}

fn logins(review: &mut Review) {
    const TARGET: [&str; 3] = ["run", "--target", "http://127.0.0.1:1"];
    review.heading("logins from the environment");
    let account = ("BW_ACCOUNT_ID", "1");
    let name = ("BW_USERNAME", "me");
    let password = ("BW_PASSWORD", "Canary-1");
    let id = ("BW_CLIENT_ID", "id");
    let secret = ("BW_CLIENT_SECRET", "Canary-2");
    let url = |url| ("BW_TOKEN_URL", url);
    review.check(&["run", "--target", "https://dashboard.bandwidth.com/api"]);
    for set in [
        &[name, password][..],
        &[account],
        &[account, name],
        &[account, password],
        &[account, id],
        &[account, secret],
        &[account, name, password, id, secret],
        &[("BW_ACCOUNT_ID", "../x"), name, password],
        &[account, ("BW_SECOND_ACCOUNT_ID", "1"), name, password],
        &[account, ("BW_USERNAME", "a:b"), password],
        &[account, id, secret, url("x")],
        &[account, id, secret, url("http://x.example/t")],
        &[account, id, secret, url("https://me:Canary-3@x.example/t")],
        &[account, id, secret, url("https://x.example/t#top")],
    ] {
        review.check_with(&TARGET, set);
    }
    review.check_with(
        &[
            "run",
            "--profile",
            "guide",
            "--target",
            "mock",
            "--read-only",
            "--allow-writes",
        ],
        &[],
    );

    review.heading("logins from a file");
    let nothing = review.path("nothing");
    review.check(&["run", "--target", TARGET[2], "--credentials", &nothing]);
    let texts = [
        "account_id = \"1\"\npasswort = \"Canary-1\"",
        "account_id = \"1\"\ncolour = \"Canary-1\"",
        "account_id = \"1\"\npassword = Canary-1",
        "account_id = \"1\"\npassword: Canary-1",
        "account_id = \"1\"\npassword = [\"Canary-1\"]",
        "account_id = \"Canary 1\"\nusername = \"me\"\npassword = \"x\"",
        "account_id = \"1\"\npassword = \"Canary-1\"",
        "account_id = \"1\"\nusername = \"Canary-1:x\"\npassword = \"x\"",
        "Canary-1",
    ];
    review.check_with_files(
        &["run", "--target", TARGET[2], "--credentials"],
        "login.toml",
        &texts,
    );
}

fn targets(review: &mut Review) {
    review.heading("targets that are not written as one, or not safe");
    for target in [
        "mok",
        "127.0.0.1:80",
        "http://",
        "ftp://127.0.0.1/",
        "http://127.0.0.1/v1.0",
        "http://127.0.0.1/api?x=y",
        "http://me:Canary-1@127.0.0.1/api",
        "http://dashboard.bandwidth.com/api",
        "http://localhost.example.com/",
        "http://10.0.0.1:8080/api",
        "http://0.0.0.0:8080/api",
        "http://[::ffff:127.0.0.1]:1/",
    ] {
        review.check_with(&["run", "--target", target], &LOGIN);
    }
    let away = ["run", "--target", "https://dashboard.bandwidth.com/api"];
    for flags in [
        &["--allow-writes"][..],
        &["--allow-writes", "--confirm-account", "12346"],
        &["--confirm-account", "12345"],
        &[
            "--read-only",
            "--allow-writes",
            "--confirm-account",
            "12345",
        ],
    ] {
        let words: Vec<&str> = away.iter().chain(flags).copied().collect();
        review.check_with(&words, &LOGIN);
    }
    let here = ["run", "--target", "http://127.0.0.1:1"];
    let words = [&here[..], &["--allow-writes", "--confirm-account", "99999"]].concat();
    review.check_with(&words, &LOGIN);
    review.check_with(&["fuzz", "--target", away[2]], &LOGIN);
    review.check_with(
        &["probe", "--out", "x.toml", "--target", "http://10.0.0.1"],
        &LOGIN,
    );

    review.heading("targets that do not answer as one");
    // Port 1 of the loopback interface has no listener on any machine that builds this.
    review.check(&["run", "--target", "http://127.0.0.1:1"]);
    for (name, answer) in [
        (
            "REJECTS",
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "FORBIDS",
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "REDIRECTS",
            "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n",
        ),
    ] {
        let url = review.server(answer, name);
        review.check(&["run", "--target", &url]);
    }

    review.heading("TLS");
    let server = MockServer::builder()
        .tls(["own.test"])
        .start_blocking()
        .unwrap();
    // Its certificate is for 127.0.0.1.
    let other = MockServer::builder()
        .tls(["own.test"])
        .listen("127.0.0.2:0".parse().unwrap())
        .admin_token("x")
        .start_blocking()
        .unwrap();
    let url = server.base_url().replace("http://", "https://");
    let port = url.rsplit(':').next().unwrap().trim_end_matches("/api");
    review.names.push((port.to_owned(), "PORT"));
    let elsewhere = other.base_url().replace("http://", "https://");
    let authority = elsewhere
        .trim_start_matches("https://")
        .trim_end_matches("/api");
    review.names.push((authority.to_owned(), "OTHER"));
    let ca = review.file("other-ca.pem", other.ca_pem().unwrap());
    review.check(&["run", "--target", &url, "--ca-file", &ca]);
    review.check(&["run", "--target", &elsewhere, "--ca-file", &ca]);
    let nothing = review.path("nothing");
    review.check(&["run", "--target", &url, "--ca-file", &nothing]);
    let torn = "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----";
    review.check_with_files(
        &["run", "--target", &url, "--ca-file"],
        "other.pem",
        &["no PEM", torn],
    );
}
