//! The command line: wrong arguments in one line, announcements, signals, readiness.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
};

use crate::{
    program::{Serving, program, run},
    wire::{CLIENT, CLIENT_SECRET, LOGIN, USERS, request},
};

/// The one line that a wrong start prints.
fn refusal(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{printed}");
    assert_eq!(
        printed.trim_end().lines().count(),
        1,
        "more than one line:\n{printed}"
    );
    assert!(output.stdout.is_empty());
    printed
}

#[test]
fn a_variable_gives_a_flag_and_a_flag_beats_it_and_both_beat_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mock.toml");
    std::fs::write(
        &config,
        "profile = \"published\"\nset = [\"put.semantics=merge\"]\nseed = \"empty\"\n",
    )
    .unwrap();
    let config = config.to_str().unwrap();
    let profile = |serving: &Serving| serving.announced["profile"].as_str().unwrap().to_owned();

    let from_file = Serving::start(&["--config", config]);
    assert_eq!(profile(&from_file), "published");
    let from_flag = Serving::start(&["--config", config, "--profile", "guide"]);
    assert_eq!(profile(&from_flag), "guide");

    let line =
        refusal(program(&["--config", config]).env("BANDWIDTH_MOCK_PROFILE", "from-variable"));
    assert!(line.contains("from-variable"), "{line}");
    let line = refusal(
        program(&["--profile", "from-flag"]).env("BANDWIDTH_MOCK_PROFILE", "from-variable"),
    );
    assert!(line.contains("from-flag"), "{line}");
    let line = refusal(program(&[]).env(
        "BANDWIDTH_MOCK_SET",
        "put.semantics=merge;put.semantics=patch",
    ));
    assert!(line.contains("`patch`"), "{line}");
}

#[test]
fn an_empty_variable_is_none_and_an_unknown_one_is_a_warning() {
    let server = Serving::with_variables(
        &[
            ("BANDWIDTH_MOCK_PROFILE", ""),
            ("BANDWIDTH_MOCK_USERS", ""),
            ("BANDWIDTH_MOCK_ADMIN_TOKEN", ""),
            ("BANDWIDTH_MOCK_EXPLAIN", "1"),
            ("BANDWIDTH_MOCK_TLS", "no"),
            ("BANDWIDTH_MOCK_ADMIN_URL", "http://127.0.0.1:9/__admin"),
            ("BANDWIDTH_MOCK_PROFIL", "published"),
            ("BANDWIDTH_MOCK_COLOUR", "red"),
        ],
        &["--rate-limit", "10/s"],
    );
    assert_eq!(server.announced["profile"], "guide");
    let (code, printed) = server.terminate();
    assert_eq!(code, Some(0));
    let printed: Vec<&str> = printed
        .lines()
        .filter_map(|line| Some(line.split_once("the variable ")?.1))
        .collect();
    assert_eq!(
        printed,
        [
            "BANDWIDTH_MOCK_COLOUR is unknown; `--help` shows which there are",
            "BANDWIDTH_MOCK_PROFIL is unknown; did you mean BANDWIDTH_MOCK_PROFILE?",
        ]
    );
}

#[test]
fn json_announces_what_a_script_needs_and_sigterm_ends_with_0() {
    let serving = Serving::start(&["--profile", "published"]);
    let origin = format!("http://{}", serving.address());
    assert_eq!(
        serving.announced,
        serde_json::json!({
            "baseUrl": format!("{origin}/api"),
            "tokenUrl": format!("{origin}/api/v1/oauth2/token"),
            "adminUrl": format!("{origin}/__admin"),
            "accountId": "12345",
            "domainName": "Iris",
            "furtherAccounts": [{"accountId": "67890", "companyName": "Second Company"}],
            "username": "api-user",
            "password": "Api-Passw0rd!23",
            "clientId": CLIENT,
            "clientSecret": CLIENT_SECRET,
            "profile": "published",
        })
    );
    let ready = run(&["ready", "--url", &origin]);
    assert!(ready.status.success());
    // As in a container, where the server and its health check have the same variables.
    let ready = program(&["ready"])
        .env("BANDWIDTH_MOCK_LISTEN", serving.address())
        .status()
        .unwrap();
    assert!(ready.success());
    // An open connection does not keep it.
    let idle = TcpStream::connect(serving.address()).unwrap();
    let (code, printed) = serving.terminate();
    assert_eq!((code, printed.as_str()), (Some(0), ""));
    drop(idle);
    let gone = run(&["ready", "--url", &origin]);
    assert_eq!(gone.status.code(), Some(1));
    let unknown = run(&["ready", "--url", "http://no.such.name.invalid:80"]);
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert_eq!(unknown.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("not ready: no.such.name.invalid:80: "),
        "{said}"
    );
}

#[test]
fn many_users_can_be_made_up() {
    let serving = Serving::start(&["--users", "1000"]);
    let mut stream = TcpStream::connect(serving.address()).unwrap();
    let headers = format!("{LOGIN}Connection: close\r\n");
    stream
        .write_all(&request("GET", USERS, &headers, ""))
        .unwrap();
    let mut listed = String::new();
    stream.read_to_string(&mut listed).unwrap();
    assert_eq!(listed.matches("<User>").count(), 1001);
    assert!(listed.contains("<UserId>u1001</UserId><Username>user-1001</Username>"));
}

#[test]
fn help_teaches_by_example() {
    for command in [
        "",
        "serve",
        "profiles",
        "behaviours",
        "ready",
        "assumptions",
        "completions",
    ] {
        let arguments: Vec<&str> = [command, "--help"]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect();
        let output = run(&arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && text.contains("bandwidth-mock"),
            "{command}: {text}"
        );
    }
}

#[test]
fn completions_name_the_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completions", shell]);
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("rate-limit"), "{shell}");
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["profiles"],
        &["profiles", "published"],
        &["profiles", "--schema"],
        &["behaviours"],
        &["completions", "bash"],
        &["variants", "--help"],
        &["--listen", ":0", "--announce", "json"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let output = program(arguments).stdout(full.unwrap()).output().unwrap();
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {printed}");
        assert!(
            printed.contains("standard output"),
            "{arguments:?}: {printed}"
        );
    }
}

#[test]
fn an_empty_item_of_a_variable_is_ignored() {
    let variables = [(
        "BANDWIDTH_MOCK_SET",
        "put.semantics=merge;;create.status=200;",
    )];
    Serving::with_variables(&variables, &[]);
}

#[test]
fn a_fault_at_the_start_holds_for_the_domain_of_its_account() {
    let serving = Serving::start(&["--fault", "status=503,account=67890"]);
    let mut stream = TcpStream::connect(serving.address()).unwrap();
    let headers = format!("{LOGIN}Connection: close\r\n");
    let users = USERS.replace("12345", "67890");
    stream
        .write_all(&request("GET", &users, &headers, ""))
        .unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).unwrap();
    assert!(seen.starts_with("HTTP/1.1 503 "), "{seen}");
}
