//! `bandwidth-mock variants` with commands of its own.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::program::program;

pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// `variants` or `rehearse` with a shell script as the command.
fn command(folder: &TempDir, trial: &str, arguments: &[&str], script: &str) -> Command {
    let mut command = program(&[trial]);
    command
        .args(["--clock", "2026-03-04T12:00:00Z"])
        .args(arguments)
        .args(["--", "bash", "-euo", "pipefail", "-c", script])
        .current_dir(folder.path());
    command
}

fn variants(folder: &TempDir, arguments: &[&str], script: &str) -> Ran {
    ran(folder, "variants", arguments, script)
}

pub fn ran(folder: &TempDir, trial: &str, arguments: &[&str], script: &str) -> Ran {
    let output = command(folder, trial, arguments, script).output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Sends requests with bash alone, and prints the whole answer.
const ASK: &str = r#"
# METHOD PATH HEADERS BODY
send() {
  local place=${BW_BASE_URL#http://}; place=${place%/api}
  exec 3<>"/dev/tcp/${place%:*}/${place#*:}"
  local login; login=$(printf %s "$BW_USERNAME:$BW_PASSWORD" | base64 -w0)
  printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Basic %s\r\n%sContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$login" "$3" "${#4}" "$4" >&3
  cat <&3
}
ask() { send "$1" "/api/accounts/$BW_ACCOUNT_ID/$2" '' ''; }
admin() { send "$1" "/__admin/$2" '' "$3"; }
# Makes an account, and lets `ask` use it.
own() {
  local made; made=$(admin POST accounts "$1")
  read_from() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$made"; }
  BW_ACCOUNT_ID=$(read_from accountId) BW_USERNAME=$(read_from username) BW_PASSWORD=$(read_from password)
}
# How many runs there were before this one.
earlier=$(cat runs 2>/dev/null || echo 0)
echo $((earlier + 1)) > runs
"#;

pub fn script(text: &str) -> String {
    format!("{ASK}{text}")
}

#[test]
fn the_behaviours_of_the_command_are_varied_and_failures_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--jobs", "2", "--junit", "v.xml", "--json", "v.json"];
    let ran = variants(
        &folder,
        &arguments,
        &script(
            "answer=$(ask DELETE users/u1)\ncase $answer in *'200 OK'*) ;; *) echo \"$answer\"; echo no 200 >&2; exit 1 ;; esac",
        ),
    );
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    for words in [
        "passed  baseline",
        "BROKE   delete.status=204",
        "exit code 1; output: bandwidth-variants/delete.status=204.log",
        "request 1, DELETE /api/accounts/12345/users/u1",
        "here      204 without a body",
        "stderr ends with: no 200",
        "passed  delete.effect=deactivated",
        "delete.status=204: Which HTTP status does a successful delete return?",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    // Nothing was created, so it does not matter what a create answers.
    assert!(!ran.out.contains("create."), "{}", ran.out);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let output = read("bandwidth-variants/delete.status=204.log");
    assert!(output.contains("204 No Content"), "{output}");
    assert!(read("v.xml").contains("<failure message=\"exit code 1\""));
    let json: serde_json::Value = serde_json::from_str(&read("v.json")).unwrap();
    assert_eq!(json["runs"][0]["variant"], "baseline");
    let mut runs = json["runs"].as_array().unwrap().iter();
    let broke = runs
        .find(|run| run["variant"] == "delete.status=204")
        .unwrap();
    assert_eq!(broke["verdict"], "broke");
    assert_eq!(broke["lastLine"], "no 200");
    // The whole of another profile is varied too.
    assert!(ran.out.contains(" profile=published "), "{}", ran.out);
    assert!(!ran.out.contains(" profile=guide "), "{}", ran.out);
}

#[test]
fn what_support_answered_is_not_varied() {
    let folder = tempfile::tempdir().unwrap();
    let ours = "format = 1\nname = \"ours\"\nbase = \"guide\"\n\
                evidence.\"delete.status\" = { kind = \"support\", by = \"Jo\", ticket = \"7\", date = \"2026-12-01\" }";
    fs::write(folder.path().join("ours.toml"), ours).unwrap();
    let arguments = ["--only", "delete", "--profile", "ours.toml"];
    let ran = variants(&folder, &arguments, &script("ask DELETE users/u1"));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("delete.effect=deactivated"), "{}", ran.out);
    assert!(!ran.out.contains("delete.status"), "{}", ran.out);
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
fn a_command_that_does_not_pass_or_hangs_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let ran = variants(&folder, &[], "exit 7");
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(
        ran.err.contains("fails in the baseline (exit code 7)"),
        "{}",
        ran.err
    );
    let ran = variants(&folder, &[], "true");
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.err.contains("does it use BW_BASE_URL?"), "{}", ran.err);
    let ran = variants(&folder, &["--only", "putt"], "true");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("putt"), "{}", ran.err);

    // Its child processes end with it.
    let started = Instant::now();
    let hangs =
        script("ask DELETE users/u1 | grep -q '200 OK' || { sleep 600 & echo $! > hangs; wait; }");
    let arguments = ["--only", "delete.status", "--timeout", "1", "--fail-fast"];
    let ran = variants(&folder, &arguments, &hangs);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("stopped after 1 s"), "{}", ran.out);
    assert!(started.elapsed().as_secs() < 60);
    assert_gone(&fs::read_to_string(folder.path().join("hangs")).unwrap());
}

/// A signal is sent at once, and acted on when the process is next scheduled.
fn assert_gone(process: &str) {
    let status = Path::new("/proc").join(process.trim()).join("status");
    let gone = || {
        let status = fs::read_to_string(&status).unwrap_or_default();
        status.is_empty() || status.contains("State:\tZ")
    };
    assert!(until(gone), "{process} is still there");
}

/// Waits for a condition, at most 20 seconds.
fn until(mut condition: impl FnMut() -> bool) -> bool {
    (0..2000).any(|_| {
        let holds = condition();
        if !holds {
            thread::sleep(Duration::from_millis(10));
        }
        holds
    })
}

const FLAKY: &str = "ask GET users > /dev/null";

#[test]
fn a_command_that_does_not_repeat_is_flaky() {
    for (fails, expected) in [
        (1, "FLAKY   baseline"),
        (2, "it passed when it was run again"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let command = script(&format!("{FLAKY}; ((earlier != {fails}))"));
        let arguments = ["--only", "naming", "--json", "v.json", "--junit", "v.xml"];
        let ran = variants(&folder, &arguments, &command);
        assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
        assert!(ran.out.contains(expected), "{}", ran.out);
        assert_eq!(ran.out.matches("FLAKY").count(), 1, "{}", ran.out);
        assert!(!ran.out.contains("BROKE"), "{}", ran.out);
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(read("v.json").contains("\"verdict\": \"flaky\""));
        assert_eq!(read("v.xml").matches("<error ").count(), 1);
    }
}

#[test]
fn a_run_without_requests_is_no_success() {
    let only = ["--only", "naming"];
    let folder = tempfile::tempdir().unwrap();
    let command = script(&format!("((earlier > 1)) || {FLAKY}"));
    let ran = variants(&folder, &only, &command);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("SILENT  naming."), "{}", ran.out);
    assert!(ran.out.contains("-count=1"), "{}", ran.out);
    // As with a cache of results that the first run fills.
    let folder = tempfile::tempdir().unwrap();
    let command = script(&format!("((earlier > 0)) || {FLAKY}"));
    let ran = variants(&folder, &only, &command);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("-count=1"), "{}", ran.err);
}

#[test]
fn a_choice_that_leaves_nothing_to_vary_is_reported_with_the_behaviours() {
    let folder = tempfile::tempdir().unwrap();
    let ran = variants(
        &folder,
        &["--only", "password"],
        &script("ask GET roles > answer"),
    );
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    let expected = "--only and --skip leave nothing to vary: the command's requests rely on ";
    assert!(
        ran.err.contains(expected) && ran.err.contains("auth.schemes"),
        "{}",
        ran.err
    );
}

#[test]
fn requests_of_an_account_that_was_deleted_count() {
    let folder = tempfile::tempdir().unwrap();
    let ran = variants(
        &folder,
        &["--only", "delete.status"],
        &script(
            "own '{\"seed\":\"demo\"}'; ask DELETE users/u1 > log
             admin DELETE accounts/$BW_ACCOUNT_ID ''; grep -q '200 OK' log",
        ),
    );
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("BROKE   delete.status=204"), "{}", ran.out);
    let expected = "request 1, DELETE /api/accounts/9000001/users/u1";
    assert!(ran.out.contains(expected), "{}", ran.out);
}

#[test]
fn what_an_account_chose_for_itself_is_not_varied() {
    let folder = tempfile::tempdir().unwrap();
    let of = |profile: &str| {
        script(&format!(
            "own '{{\"seed\":\"demo\",\"profile\":{profile}}}'; ask DELETE users/u1 | grep 'HTTP'"
        ))
    };
    let set = of(r#"{"set":{"delete.status":"204"}}"#);
    let ran = variants(&folder, &["--only", "delete"], &set);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("passed  delete.effect="), "{}", ran.out);
    assert!(!ran.out.contains("delete.status"), "{}", ran.out);

    let ran = variants(&folder, &[], &of(r#""published""#));
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    let expected = "1 of 1 requests met a profile that their account or the command chose";
    assert!(ran.out.contains(expected), "{}", ran.out);
}

#[test]
fn accounts_are_aligned_by_what_is_asked_of_them() {
    let folder = tempfile::tempdir().unwrap();
    // In the third run, which is that of the variant, the tests come in another order.
    let command = script(
        "reads() { own '{\"seed\":\"demo\"}'; ask GET users > /dev/null; }
         deletes() { own '{\"seed\":\"demo\"}'; ask GET users/u1 > /dev/null; ask DELETE users/u1 > log; }
         if ((earlier == 2)); then deletes; reads; else reads; deletes; fi
         grep -q '200 OK' log",
    );
    let ran = variants(&folder, &["--only", "delete.status"], &command);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let expected = "request 2 of account 9000001, DELETE /api/accounts/9000001/users/u1";
    assert!(ran.out.contains(expected), "{}", ran.out);
}

#[test]
fn a_token_is_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let command = script(
        "form=$'Content-Type: application/x-www-form-urlencoded\\r\\n'
         BW_USERNAME=$BW_CLIENT_ID BW_PASSWORD=$BW_CLIENT_SECRET \\
           send POST /api/v1/oauth2/token \"$form\" grant_type=client_credentials |
           grep -q access_token
         ask DELETE users/u1 | grep -q '200 OK'",
    );
    let set = [
        "--set",
        "auth.schemes=basic_and_bearer",
        "--only",
        "delete.status",
    ];
    let ran = variants(&folder, &set, &command);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("request 2, DELETE "), "{}", ran.out);
}

#[test]
fn what_is_known_to_break_it_is_accepted_until_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let command = script("ask DELETE users/u1 | grep -q '200 OK'");
    let run = |case: &str, expires: &str, only: &str| {
        let known =
            format!("[[known]]\ncase = \"{case}\"\nreason = \"ticket 7\"\nexpires = {expires}\n");
        fs::write(folder.path().join("known.toml"), known).unwrap();
        let arguments = ["--known", "known.toml", "--only", only, "--junit", "v.xml"];
        variants(&folder, &arguments, &command)
    };
    let ran = run("delete.status=204", "2999-01-01", "delete.status");
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("known   delete.status=204"), "{}", ran.out);
    assert!(ran.out.contains("known: ticket 7"), "{}", ran.out);
    let junit = fs::read_to_string(folder.path().join("v.xml")).unwrap();
    assert!(
        junit.contains("<skipped message=\"known: ticket 7\""),
        "{junit}"
    );

    let ran = run("delete.status=204", "2020-01-01", "delete.status");
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("until 2020-01-01, which is past"),
        "{}",
        ran.out
    );
    let ran = run("delete.effect=deactivated", "2999-01-01", "delete.effect");
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("it does not fail any more"), "{}", ran.out);

    let ran = variants(
        &folder,
        &["--only", "delete", "--skip", "delete.status"],
        &command,
    );
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(!ran.out.contains("delete.status"), "{}", ran.out);
    let ran = variants(&folder, &["--with-profile", "other.toml"], &command);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("--with-profile"), "{}", ran.err);
}

/// Starts `variants` by `env` with a flag of `env`, and with a command that has a child and hangs.
/// Returns the program, and the child's process id.
fn hanging(folder: &TempDir, before: &str) -> (Child, String) {
    let hangs = "sleep 600 & echo $! > child; wait";
    let inner = command(folder, "variants", &[], hangs);
    let mut outer = Command::new("env");
    outer
        .arg(before)
        .arg(inner.get_program())
        .args(inner.get_args())
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let started = outer.spawn();
    let path = folder.path().join("child");
    let child = || fs::read_to_string(&path).unwrap_or_default();
    assert!(until(|| child().ends_with('\n')));
    (started.unwrap(), child())
}

fn signal(process: &Child, name: &str) {
    let kill = format!("kill -{name} {}", process.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn a_signal_ends_the_command_first() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let folder = tempfile::tempdir().unwrap();
        // These tests may run under nohup.
        let (mut process, child) = hanging(&folder, "--default-signal=HUP");
        signal(&process, name);
        assert_eq!(process.wait().unwrap().code(), Some(code), "{name}");
        assert_gone(&child);
    }
}

#[test]
fn a_hangup_that_was_ignored_stays_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let (mut process, child) = hanging(&folder, "--ignore-signal=HUP");
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let ignored = status.lines().find(|line| line.starts_with("SigIgn:"));
    let mask = ignored.unwrap().trim_start_matches("SigIgn:").trim();
    assert_eq!(u64::from_str_radix(mask, 16).unwrap() & 1, 1, "{mask}");
    signal(&process, "HUP");
    signal(&process, "TERM");
    assert_eq!(process.wait().unwrap().code(), Some(143));
    assert_gone(&child);
}

#[test]
fn a_report_that_nothing_reads_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = command(&folder, "variants", &[], &script(FLAKY))
        .spawn()
        .unwrap();
    drop(process.stdout.take());
    let output = process.wait_with_output().unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{printed}");
    assert!(
        printed.starts_with("error: cannot write the report"),
        "{printed}"
    );
}
