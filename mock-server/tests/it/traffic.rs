//! `bandwidth-mock learn` and `replay` on the recording that the documents use.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tempfile::TempDir;

use crate::program::program;

fn run(folder: &TempDir, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = program(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn recording() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/traffic.jsonl");
    path.to_str().unwrap().to_owned()
}

/// The mock that was recorded ran with `--set put.semantics=merge --set delete.status=204 --set
/// create.status=200`.
#[test]
fn a_recording_becomes_a_profile_that_predicts_it() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recording();
    let (code, guide, _) = run(&folder, &["replay", &recording, "--fail-on", "difference"]);
    assert_eq!(code, Some(1), "{guide}");
    let (code, screen, err) = run(
        &folder,
        &[
            "learn",
            &recording,
            "--out",
            "learned.toml",
            "--seed-out",
            "users.json",
            "--anonymize",
        ],
    );
    assert_eq!(code, Some(0), "{err}");
    let learned = fs::read_to_string(folder.path().join("learned.toml")).unwrap();
    for options in [
        "[put]\nsemantics = \"merge\"\n",
        "[delete]\neffect = \"removed\"\nstatus = \"204\"\n",
        "[create]\nstatus = \"200\"\n",
    ] {
        assert!(learned.contains(options), "{options}: {learned}");
    }
    let seed = fs::read_to_string(folder.path().join("users.json")).unwrap();
    for private in ["jdoe", "Doe", "Teal-Wagon", "127.0.0.1", "day0"] {
        assert!(!learned.contains(private), "{private}: {learned}");
        assert!(!seed.contains(private), "{private}: {seed}");
    }
    bandwidth_fixtures::Seed::parse("users.json", &seed).unwrap();
    let (code, out, _) = run(
        &folder,
        &[
            "replay",
            &recording,
            "--profile",
            "learned.toml",
            "--fail-on",
            "difference",
            "--report",
            "json=replay.json",
            "--report",
            "junit=replay.xml",
            "--report",
            "markdown=replay.md",
        ],
    );
    assert_eq!(code, Some(0), "{out}");
    let report = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    insta::assert_snapshot!(format!(
        "{guide}\n=== learn\n{screen}\n=== learned.toml\n{learned}\n=== users.json\n{seed}\n=== \
         replay\n{out}\n{}\n{}",
        report("replay.json"),
        report("replay.md")
    ));
}

#[test]
fn what_the_base_of_a_learned_profile_knows_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let base = r#"format = 1
name = "acme"
base = "published"
[auth]
lockout = "9"
[evidence."auth.lockout"]
kind = "support"
date = 2026-11-20
by = "Ann"
ticket = "4711"
[wording]
12999 = "No."
"#;
    fs::write(folder.path().join("acme.toml"), base).unwrap();
    let recording = recording();
    let flags = ["--base", "acme.toml", "--out", "learned.toml"];
    let (code, _, err) = run(&folder, &[&["learn", &*recording], &flags[..]].concat());
    assert_eq!(code, Some(0), "{err}");
    let learned = fs::read_to_string(folder.path().join("learned.toml")).unwrap();
    let learned = bandwidth_fixtures::NamedProfile::parse("learned.toml", &learned).unwrap();
    let lockout = learned.evidence("auth.lockout".parse().unwrap());
    assert_eq!(
        lockout[0].to_string(),
        "support (2026-11-20): Ann, ticket 4711"
    );
    assert_eq!(learned.wording(12999), Some("No."));
    assert_eq!(learned.options().get("auth.lockout".parse().unwrap()), "9");
    assert_eq!(
        learned.options().get("surface.login".parse().unwrap()),
        "served"
    );
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("other.jsonl"),
        "{\"method\":\"GET\",\"url\":\"/x\"}\n",
    )
    .unwrap();
    let mut text = String::new();
    for arguments in [
        &["learn", "absent.har", "--out", "learned.toml"][..],
        &["learn", "other.jsonl", "--out", "learned.toml"],
        &[
            "learn",
            "other.jsonl",
            "--base",
            "gide",
            "--out",
            "learned.toml",
        ],
        &["replay", "other.jsonl", "--report", "pdf=x"],
        &["replay", "other.jsonl", "--fail-on", "nothing"],
    ] {
        let (code, _, err) = run(&folder, arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        text = text + &arguments.join(" ") + "\n    " + &err;
    }
    insta::assert_snapshot!(text);
}

/// A line of a client's log.
fn line(url: &str, rest: &str) -> String {
    format!("{{\"method\":\"GET\",\"url\":\"http://{url}\"{rest}}}\n")
}

const LIST: &str = "a.example/api/accounts/12345/users";
const USERS: &str = r#","status":200,"answer":{"Users":[{"UserId":"u1","Username":"jdoe","FirstName":"John","EmailAddress":"j@example.com"}]},"answerHeaders":{"Content-Type":"application/json"},"headers":{"Accept":"application/json"}"#;

#[test]
fn a_recording_is_not_replaced_by_what_is_learned_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = line(LIST, USERS);
    fs::write(at("monday.jsonl"), &text).unwrap();
    fs::write(
        at("tuesday.har"),
        r#"{"log":{"version":"1.2","entries":[]}}"#,
    )
    .unwrap();
    for (arguments, name) in [
        (
            &["learn", "monday.jsonl", "--out", "monday.jsonl"][..],
            "monday.jsonl",
        ),
        (
            &["learn", "monday.jsonl", "--out", "tuesday.har"],
            "tuesday.har",
        ),
        (
            &[
                "learn",
                "monday.jsonl",
                "--out",
                "a.toml",
                "--seed-out",
                "./monday.jsonl",
            ],
            "./monday.jsonl",
        ),
        (
            &[
                "learn",
                "monday.jsonl",
                "--out",
                "a.toml",
                "--seed-out",
                "./a.toml",
            ],
            "a.toml",
        ),
    ] {
        let (code, _, err) = run(&folder, arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {err}");
        assert!(err.contains(name), "{err}");
    }
    assert_eq!(fs::read_to_string(at("monday.jsonl")).unwrap(), text);
    assert!(!at("a.toml").exists());
    // A profile is replaced.
    for _ in 0..2 {
        let (code, _, err) = run(&folder, &["learn", "monday.jsonl", "--out", "a.toml"]);
        assert_eq!(code, Some(0), "{err}");
    }
}

#[test]
fn an_exchange_is_named_by_its_place_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = line("other.example/", r#","status":200,"answer":"""#).repeat(3) + &line(LIST, USERS);
    fs::write(folder.path().join("log.jsonl"), log).unwrap();
    let (_, screen, err) = run(&folder, &["learn", "log.jsonl", "--out", "a.toml"]);
    let found = "naming.email=EmailAddress  (exchange 4)";
    assert!(screen.contains(found), "{screen}{err}");
    let profile = fs::read_to_string(folder.path().join("a.toml")).unwrap();
    assert!(
        profile.contains("recorded traffic: exchange 4;"),
        "{profile}"
    );
}

#[test]
fn a_response_that_was_not_read_to_its_end_shows_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let learned = |rest: &str| {
        fs::write(folder.path().join("log.jsonl"), line(LIST, rest)).unwrap();
        run(&folder, &["learn", "log.jsonl", "--out", "a.toml"])
    };
    for rest in [
        r#","status":200"#,
        r#","status":200,"answer":null"#,
        r#","status":null"#,
    ] {
        let (code, screen, err) = learned(rest);
        assert_eq!(code, Some(0), "{err}");
        assert!(
            screen.contains("0 compared, 1 left out"),
            "{rest}: {screen}"
        );
    }
    let (_, screen, _) = learned(r#","status":204"#);
    assert!(screen.contains("1 compared"), "{screen}");
    let (code, _, err) = learned(r#","answer":"<UsersResponse/>""#);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("line 1: it has an answer and no status"),
        "{err}"
    );
}

#[test]
fn two_rejected_lengths_give_a_profile_that_loads() {
    let folder = tempfile::tempdir().unwrap();
    let rejected = |password: &str, code: u32| {
        format!(
            r#"{{"method":"POST","url":"http://a.example/api/accounts/12345/users","headers":{{"Authorization":"Basic YXBpLXVzZXI6cGFzc3dvcmQtMQ==","Content-Type":"application/json","Accept":"application/json"}},"body":{{"Username":"usr","FirstName":"Anna","LastName":"Weber","Email":"u@x.example","Password":"{password}"}},"status":400,"answer":{{"ResponseStatus":{{"ErrorCode":{code},"Description":"No."}}}}}}"#
        ) + "\n"
    };
    let log = rejected("Kx.5", 12504) + &rejected("Kx.5abQwzTq9-zQw", 12619);
    fs::write(folder.path().join("log.jsonl"), log).unwrap();
    let (code, screen, err) = run(&folder, &["learn", "log.jsonl", "--out", "a.toml"]);
    assert_eq!(code, Some(0), "{err}");
    for range in ["password.min_length: 5 to ", "password.max_length: 1 to 15"] {
        assert!(screen.contains(range), "{screen}");
    }
    let (code, _, err) = run(&folder, &["replay", "log.jsonl", "--profile", "a.toml"]);
    assert_eq!(code, Some(0), "{err}");
}

/// What `learn` prints about recordings, one for each text.
fn learned(texts: &[String]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["learn".to_owned()];
    for (number, text) in texts.iter().enumerate() {
        let name = format!("{number}.jsonl");
        fs::write(folder.path().join(&name), text).unwrap();
        arguments.push(name);
    }
    arguments.extend(["--out".to_owned(), "a.toml".to_owned()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, screen, err) = run(&folder, &arguments);
    assert_eq!(code, Some(0), "{err}");
    screen
}

/// A request of a client that logs in with that password, as a line.
fn sent(login: &str, request: &str, status: u16, answer: &str) -> String {
    let login = STANDARD.encode(format!("api-user:{login}"));
    format!(
        r#"{{{request},"headers":{{"Authorization":"Basic {login}","Content-Type":"application/json","Accept":"application/json"}},"status":{status},"answer":{answer},"answerHeaders":{{"Content-Type":"application/json"}}}}"#
    ) + "\n"
}

/// In another recording `password-2` is not the password that the user was created with. The server
/// that rejects it may remember only one.
#[test]
fn equal_numbers_of_passwords_mean_equal_values_in_one_recording_only() {
    const ANNA: &str = r#""Username":"anna","FirstName":"Anna","LastName":"Weber""#;
    const SHOWN: &str = r#"{"UserId":"u7","Username":"anna","FirstName":"Anna","LastName":"Weber","Email":"a@x.example"}"#;
    const FEATURES: &str = r#"{"length":12,"upper":true,"lower":true,"digit":true,"symbol":true,"simple":true,"repeats":1,"commonWord":false,"identity":false}"#;
    let request = |method: &str, key: &str, password: &str| {
        format!(
            r#""method":"{method}","url":"http://{LIST}{key}","body":{{{ANNA},"Email":"a@x.example","Password":"{password}"}}"#
        )
    };
    let list = |login: &str, users: &str| {
        let request = format!(r#""method":"GET","url":"http://{LIST}""#);
        sent(login, &request, 200, &format!(r#"{{"Users":[{users}]}}"#))
    };
    let create = request("POST", "", "password-2");
    let update = request("PUT", "/u7", "password-3");
    let created = format!(r#"{{"UserId":"u7",{ANNA}}}"#);
    let first = list("password-1", "")
        + &sent("password-1", &create, 201, &created)
        + &sent("password-1", &update, 200, SHOWN);
    let again = request("PUT", "/u7", "password-2");
    let again = format!(r#"{again},"passwords":{{"password-2":{FEATURES}}}"#);
    let error = r#"{"ResponseStatus":{"ErrorCode":12730,"Description":"No."}}"#;
    let second = |login: &str| list(login, SHOWN) + &sent(login, &again, 400, error);
    let both = first.clone() + &second("password-1");
    for (recordings, is_remembered) in [
        (vec![both], true),
        (vec![first.clone(), second("password-1")], false),
        // The login is the same.
        (vec![first, second("password-4")], false),
    ] {
        let screen = learned(&recordings);
        assert!(screen.contains("5 compared"), "{screen}");
        assert!(screen.contains("No profile explains: 0"), "{screen}");
        let found = "password.history: 2 to 100";
        assert_eq!(screen.contains(found), is_remembered, "{screen}");
    }
}

/// Between two recordings a login may have succeeded, or an administrator may have unlocked it.
#[test]
fn failed_logins_of_another_recording_do_not_count() {
    let request = format!(r#""method":"GET","url":"http://{LIST}""#);
    let users = r#"{"Users":[]}"#;
    let right = |times: usize| sent("password-1", &request, 200, users).repeat(times);
    let wrong = |times: usize| sent("password-2", &request, 401, r#""""#).repeat(times);
    let first = right(2) + &wrong(3);
    let second = wrong(3) + &right(2);
    for (recordings, found) in [
        (
            vec![first.clone() + &second],
            "auth.lockout: 0 to 5 or 7 to 1000",
        ),
        (vec![first, second], "auth.lockout: 0 to 1000"),
    ] {
        let screen = learned(&recordings);
        assert!(screen.contains(found), "{screen}");
    }
}

/// A large body and one in UTF-16 are not in a recording as they were sent.
#[test]
fn what_a_recording_does_not_have_is_left_out() {
    let update = |body: &str| format!(r#""method":"PUT","url":"http://{LIST}/u1","body":{body}"#);
    let utf_16 = r#""<?xml version=\"1.0\" encoding=\"UTF-16\"?><User/>""#;
    let utf_16 = sent("password-1", &update(utf_16), 200, r#""""#);
    let utf_16 = utf_16.replace(
        "\"Content-Type\":\"application/json\"",
        "\"Content-Type\":\"application/xml\"",
    );
    let log = sent("password-1", &update("{}"), 413, r#""""#) + &utf_16;
    let screen = learned(&[log]);
    assert!(screen.contains("0 compared, 2 left out"), "{screen}");
}

/// Nothing shows that the role `r1` is the one called Admin.
#[test]
fn an_update_of_roles_alone_that_no_list_shows_is_left_out() {
    let request = format!(r#""method":"PUT","url":"http://{LIST}/u4","body":{{"Roles":["r1"]}}"#);
    let user = r#"{"UserId":"u4","Username":"anna","Roles":[{"RoleName":"Admin"}]}"#;
    let screen = learned(&[sent("password-1", &request, 200, user)]);
    assert!(screen.contains("0 compared, 1 left out"), "{screen}");
}

/// The status comes before the login is checked.
#[test]
fn a_login_that_met_no_success_is_not_that_of_another_recording() {
    let dated = |day: u32, line: String| {
        line.replacen(
            '{',
            &format!(r#"{{"time":"2026-12-{day:02}T10:00:00Z","#),
            1,
        )
    };
    let list = format!(r#""method":"GET","url":"http://{LIST}""#);
    let patch = format!(r#""method":"PATCH","url":"http://{LIST}""#);
    let right = dated(1, sent("password-1", &list, 200, r#"{"Users":[]}"#));
    let wrong = dated(4, sent("password-1", &patch, 405, r#""""#))
        + &dated(4, sent("password-1", &list, 401, r#""""#));
    let screen = learned(&[right, wrong]);
    let found = "auth.basic_ends: never or 2026-12-02";
    assert!(screen.contains(found), "{screen}");
}

#[test]
fn a_password_that_has_a_number_like_a_placeholder_keeps_its_length() {
    let list = format!(r#""method":"GET","url":"http://{LIST}""#);
    let list = sent("password-1", &list, 200, r#"{"Users":[]}"#);
    let create = |name: &str, password: &str| {
        format!(
            r#""method":"POST","url":"http://{LIST}","body":{{"Username":"{name}","FirstName":"Anna","LastName":"Weber","Email":"{name}@x.example","Password":"{password}"}}"#
        )
    };
    let accepted = sent(
        "password-1",
        &create("usr1", "Kq7.password-1"),
        201,
        r#"{"UserId":"u7","Username":"usr1","FirstName":"Anna","LastName":"Weber"}"#,
    );
    let rejected = sent(
        "password-1",
        &create("usr2", "Vb7.kQ-zR2xLwTs9mNc4+Hj8"),
        400,
        r#"{"ResponseStatus":{"ErrorCode":12619,"Description":"No."}}"#,
    );
    let screen = learned(&[list.clone(), list + &accepted + &rejected]);
    let found = "password.max_length: 14 to 23";
    assert!(screen.contains(found), "{screen}");
}
