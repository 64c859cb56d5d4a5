//! `bandwidth-mock variants` with commands of its own.

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs `variants` with a shell script as the command.
fn variants(folder: &TempDir, arguments: &[&str], script: &str) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_bandwidth-mock"))
        .arg("variants")
        .args(arguments)
        .args(["--", "bash", "-euo", "pipefail", "-c", script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Asks for something with bash alone, and prints the whole answer.
const ASK: &str = r#"
ask() {
  local place=${BW_BASE_URL#http://}; place=${place%/api}
  exec 3<>"/dev/tcp/${place%:*}/${place#*:}"
  local login; login=$(printf %s "$BW_USERNAME:$BW_PASSWORD" | base64)
  printf '%s /api/accounts/%s/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic %s\r\n%s\r\n' \
    "$1" "$BW_ACCOUNT_ID" "$2" "$login" "${3-}" >&3
  cat <&3
}
"#;

fn script(text: &str) -> String {
    format!("{ASK}{text}")
}

#[test]
fn what_the_command_relies_on_is_varied_and_what_breaks_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--jobs", "2", "--junit", "v.xml", "--json", "v.json"];
    let ran = variants(
        &folder,
        &arguments,
        &script("ask DELETE users/u1 | tee /dev/stderr | grep -q '200 OK'"),
    );
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    for words in [
        "passed  baseline",
        "BROKE   delete.status=204",
        "exit code 1; output: bandwidth-variants/delete.status=204.log",
        "request 1, DELETE /api/accounts/12345/users/u1",
        "here      204 without a body",
        "passed  delete.effect=deactivated",
        "delete.status=204: Which status has a successful delete?",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    // Nothing was created, so that it does not matter what a create answers.
    assert!(!ran.out.contains("create."), "{}", ran.out);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let output = read("bandwidth-variants/delete.status=204.log");
    assert!(output.contains("204 No Content"), "{output}");
    assert!(read("v.xml").contains("<failure message=\"exit code 1\""));
    let json: serde_json::Value = serde_json::from_str(&read("v.json")).unwrap();
    assert_eq!(json["runs"][0]["variant"], "baseline");
}

#[test]
fn a_command_that_reads_anything_has_no_variant_that_breaks_it() {
    let folder = tempfile::tempdir().unwrap();
    let ran = variants(
        &folder,
        &["--only", "naming,format"],
        &script("ask GET users"),
    );
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("0 of "), "{}", ran.out);
}

#[test]
fn a_command_that_does_not_pass_or_hangs_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let ran = variants(&folder, &[], "exit 7");
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(
        ran.err.contains("does not pass as it is (exit code 7)"),
        "{}",
        ran.err
    );
    let ran = variants(&folder, &[], "true");
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.err.contains("does it use BW_BASE_URL?"), "{}", ran.err);
    let ran = variants(&folder, &["--only", "putt"], "true");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("putt"), "{}", ran.err);

    // What it started goes with it.
    let started = Instant::now();
    let hangs =
        script("ask DELETE users/u1 | grep -q '200 OK' || { sleep 600 & echo $! > hangs; wait; }");
    let arguments = ["--only", "delete.status", "--timeout", "1", "--fail-fast"];
    let ran = variants(&folder, &arguments, &hangs);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("stopped after 1 s"), "{}", ran.out);
    assert!(started.elapsed().as_secs() < 60);
    let child = fs::read_to_string(folder.path().join("hangs")).unwrap();
    let status = Path::new("/proc").join(child.trim()).join("status");
    // A signal is sent at once, and acted on when the process is next scheduled.
    let gone = (0..500).any(|_| {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let gone = status.is_empty() || status.contains("State:\tZ");
        if !gone {
            thread::sleep(Duration::from_millis(10));
        }
        gone
    });
    assert!(gone, "{} is still there", child.trim());
}
