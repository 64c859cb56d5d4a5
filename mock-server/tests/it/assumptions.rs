//! `bandwidth-mock assumptions`: the report on a running server, the questions made from it, and the
//! profile that takes the answers.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Output,
};

use crate::{
    program::{Serving, program, run},
    wire::{LOGIN, USERS, request},
};

const TOKEN: &str = "Canary-token";
const PUT: &str = "What does PUT do with an optional field that the body leaves out?";
const ANSWERED: &str = r#"
format = 1
name = "our-account"
base = "guide"
"put.semantics" = "replace"
evidence."put.semantics" = { kind = "support", by = "Support, tier 2", ticket = "4711", date = "2026-12-01" }

[evidence."delete.effect"]
kind = "observed"
date = 2026-12-02
source = "probe"
"#;

fn put_user(serving: &Serving) {
    let body = "<User><FirstName>Jo</FirstName><LastName>Doe</LastName>\
                <Email>jdoe@example.com</Email></User>";
    let headers = format!("{LOGIN}Content-Type: application/xml\r\nConnection: close\r\n");
    let mut stream = TcpStream::connect(serving.address()).unwrap();
    stream
        .write_all(&request("PUT", &format!("{USERS}/u1"), &headers, body))
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// `assumptions` about that server: the exit code, and what was printed.
fn assumptions(serving: &Serving, arguments: &[&str]) -> (i32, String) {
    let url = format!("http://{}", serving.address());
    let output = program(&["assumptions", "--url", &url])
        .args(arguments)
        .env("BANDWIDTH_MOCK_ADMIN_TOKEN", TOKEN)
        .output()
        .unwrap();
    printed(&output)
}

fn printed(output: &Output) -> (i32, String) {
    let bytes = [&output.stdout[..], &output.stderr].concat();
    let report_text = String::from_utf8(bytes).unwrap();
    for secret in [TOKEN, "Passw0rd"] {
        assert!(!report_text.contains(secret), "{report_text}");
    }
    (output.status.code().unwrap(), report_text)
}

#[test]
fn a_person_reads_what_the_requests_relied_on() {
    let serving = Serving::start(&["--admin-token", TOKEN]);
    let report = |arguments: &[&str]| assumptions(&serving, arguments);

    let nothing = "The server has answered no request yet.\n";
    assert_eq!(report(&[]), (0, nothing.to_owned()));
    assert_eq!(report(&["--fail-on", "assumed"]), (1, nothing.to_owned()));
    put_user(&serving);
    let (code, report_text) = report(&[]);
    assert_eq!(code, 0);
    assert!(
        report_text.starts_with("1 request relied on "),
        "{report_text}"
    );
    let row = format!("\nput.semantics = replace, 1 request\n  {PUT}\n  guide (2026-03-04): ");
    assert!(report_text.contains(&row), "{report_text}");
    // The weakest first.
    let first = |kind: &str| report_text.find(&format!("\n  {kind} (")).unwrap();
    assert!(first("assumed") < first("guide"), "{report_text}");

    let (code, report_text) = report(&["--fail-on", "support"]);
    assert_eq!(code, 1);
    assert!(
        report_text.ends_with("\nSome of these are known no better than `support`.\n"),
        "{report_text}"
    );
    let (code, json) = report(&["--json", "--account", "12345"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["requests"]), (0, &serde_json::json!(1)));
    let (code, report_text) = report(&["--account", "nobody"]);
    assert_eq!(code, 2);
    assert!(
        report_text.contains("there is no account `nobody`"),
        "{report_text}"
    );

    let url = format!("http://{}", serving.address());
    let (code, report_text) = printed(&run(&["assumptions", "--url", &url]));
    assert_eq!(code, 2);
    assert!(
        report_text.contains("give --admin-token the one"),
        "{report_text}"
    );
}

#[test]
fn what_rests_on_a_guess_becomes_questions_until_a_profile_has_the_answers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("our-account.toml");
    fs::write(&file, ANSWERED).unwrap();
    let file = file.to_str().unwrap();

    let of_guide = Serving::start(&["--admin-token", TOKEN]);
    let (code, report_text) = assumptions(&of_guide, &["--questions"]);
    assert_eq!(code, 0);
    assert!(
        report_text.starts_with("The server has answered no request yet. "),
        "{report_text}"
    );
    put_user(&of_guide);
    let (code, report_text) = assumptions(&of_guide, &["--questions", "--fail-on", "guide"]);
    assert_eq!(code, 1);
    let (ticket, lines) = report_text.split_once("the ticket ends here").unwrap();
    assert!(
        ticket.contains(PUT) && !ticket.contains("put.semantics"),
        "{report_text}"
    );
    assert!(
        lines.contains("\n# \"put.semantics\" = \"merge\"  # b)\n"),
        "{report_text}"
    );
    assert!(!ticket.contains("What does DELETE do"), "{report_text}");

    let of_file = Serving::start(&["--admin-token", TOKEN, "--profile", file]);
    put_user(&of_file);
    let (_, report_text) = assumptions(&of_file, &["--questions"]);
    assert!(
        report_text.contains("1. ") && !report_text.contains(PUT),
        "{report_text}"
    );
    let (_, report_text) = assumptions(&of_file, &[]);
    let answer = "support (2026-12-01): Support, tier 2, ticket 4711\n";
    assert!(report_text.contains(answer), "{report_text}");

    let (_, profile) = printed(&run(&["profiles", file]));
    assert!(profile.contains(answer), "{profile}");
    for (profile, is_asked) in [("guide", true), (file, false)] {
        let asked = printed(&run(&["assumptions", "--questions", "--profile", profile]));
        assert_eq!(
            (asked.0, asked.1.contains(PUT)),
            (0, is_asked),
            "{}",
            asked.1
        );
        assert_eq!(asked.1.contains("What does DELETE do"), is_asked);
    }
}
