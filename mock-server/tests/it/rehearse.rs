//! `bandwidth-mock rehearse` with commands of its own. `.ci/rehearse` has more of them.

use std::fs;

use tempfile::TempDir;

use crate::variants::{Ran, ran, script};

fn rehearse(folder: &TempDir, arguments: &[&str], text: &str) -> Ran {
    ran(folder, "rehearse", arguments, &script(text))
}

/// Creates ines if the list lacks her.
const JOIN: &str = r#"
ines='{"Username":"ines","FirstName":"Ines","LastName":"Elm","Email":"ines@example.com","Password":"Teal-Wagon.47"}'
create() { send POST "/api/accounts/$BW_ACCOUNT_ID/users" $'Content-Type: application/json\r\n' "${1:-$ines}"; }
"#;

fn join(text: &str) -> String {
    format!("{JOIN}{text}")
}

#[test]
fn a_command_that_fails_and_heals_or_goes_on_is_as_it_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--situation",
        "dropped,unavailable",
        "--json",
        "r.json",
        "--jobs",
        "2",
    ];
    let command = join(
        "list=$(ask GET users); [[ $list == *'200 OK'* ]] || { echo no list >&2; exit 1; }
         [[ $list == *ines* ]] || create > answer; [[ $(ask GET users) == *ines* ]]",
    );
    let ran = rehearse(&folder, &arguments, &command);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    for words in [
        "ok            baseline ",
        "4 situations to rehearse, at most 8 runs, about ",
        "fails, heals  unavailable/list_users/1 ",
        "unavailable  fails, heals  fails, heals\n",
        "dropped                    ok\n",
        "4 rehearsed: 3 fails, heals; 1 ok",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let json = fs::read_to_string(folder.path().join("r.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["runs"][0]["situation"], "baseline");
    let failed = &json["runs"].as_array().unwrap()[1..];
    let first = failed
        .iter()
        .find(|run| run["at"] == 1 && run["verdict"] == "heals");
    let first = first.unwrap();
    assert_eq!(first["operation"], "list_users");
    assert_eq!(first["lastLine"], "no list");
    assert_eq!(first["steps"][1], "then  no further request");
}

#[test]
fn a_success_over_other_users_is_reported_with_its_command() {
    let folder = tempfile::tempdir().unwrap();
    let command = join("[[ $(ask GET users) == *ines* ]] || create > answer || true");
    let only = [
        "--situation",
        "unavailable,list-empty",
        "--only",
        "create_user",
    ];
    let reports = ["--junit", "r.xml", "--markdown", "r.md", "--html", "r.html"];
    let ran = rehearse(&folder, &[&only[..], &reports].concat(), &command);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    for words in [
        "PASSES, WRONG unavailable/create_user/1 ",
        "the next run heals it",
        "hit   POST /api/accounts/12345/users: 503",
        "after the run:   ines is missing",
        "again: bandwidth-mock rehearse --situation unavailable --only create_user --at 1 --clock 2026-03-04T12:00:00.000Z -- bash -euo pipefail -c '",
        "1 rehearsed: 1 PASSES, WRONG",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("r.xml").contains("<failure message=\"the next run heals it\""));
    let row = "| unavailable | PASSES, WRONG |";
    assert!(read("r.md").contains(row), "{}", read("r.md"));
    let page = read("r.html");
    assert!(
        page.contains("<td>PASSES, WRONG</td>") && page.contains("ines is missing"),
        "{page}"
    );
    assert!(!page.contains("Api-Passw0rd"), "{page}");
}

#[test]
fn users_that_the_baseline_never_touched_and_runs_without_an_end_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let command =
        join("list=$(ask GET users); [[ $list == *jdoe* ]] || ask DELETE users/u1 > answer");
    let ran = rehearse(&folder, &["--situation", "list-empty"], &command);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("HARMS         list-empty/list_users/1 "),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("after the run:   jdoe is missing"),
        "{}",
        ran.out
    );

    let command = join("until [[ $(ask GET users) == *jdoe* ]]; do :; done");
    let ran = rehearse(&folder, &["--situation", "list-fails"], &command);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(
        ran.out
            .contains("it does not end by itself: stopped after 5"),
        "{}",
        ran.out
    );
}

#[test]
fn what_the_next_run_does_not_heal_is_stuck_unless_that_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let command = join(
        "case $(ask GET users) in
           *ines*) ;;
           *) [[ $(create) == *201* ]]; roles='{\"Roles\":[{\"RoleId\":\"r2\"}],\"FirstName\":\"I\",\"LastName\":\"E\",\"Email\":\"i@e.example\"}'
              [[ $(send PUT \"/api/accounts/$BW_ACCOUNT_ID/users/u2\" $'Content-Type: application/json\\r\\n' \"$roles\") == *'200 OK'* ]] ;;
         esac",
    );
    let stuck = ["--situation", "reset", "--only", "update_user"];
    let ran = rehearse(&folder, &stuck, &command);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("STUCK         reset/update_user/1 "),
        "{}",
        ran.out
    );
    let expected = "after the next:  ines is changed: email `ines@example.com`, not `i@e.example`; \
                firstName `Ines`, not `I`; lastName `Elm`, not `E`; roles absent, not `ReadOnly`";
    assert!(ran.out.contains(expected), "{}", ran.out);

    let known = |case: &str| {
        let known =
            format!("[[known]]\ncase = \"{case}\"\nreason = \"ticket 7\"\nexpires = 2999-01-01\n");
        fs::write(folder.path().join("known.toml"), known).unwrap();
        rehearse(
            &folder,
            &[&stuck[..], &["--known", "known.toml"]].concat(),
            &command,
        )
    };
    for case in ["reset", "reset/update_user", "reset/update_user/1"] {
        let ran = known(case);
        assert_eq!(ran.code, Some(0), "{case}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains("known: ticket 7"), "{}", ran.out);
    }
    let ran = known("resett");
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("did you mean reset?"), "{}", ran.err);
}

#[test]
fn accounts_that_the_command_makes_are_hit_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let with = |after: &str| {
        join(&format!(
            "own '{{\"seed\":\"demo\"}}'; create > answer || true; {after}; admin DELETE accounts/$BW_ACCOUNT_ID ''"
        ))
    };
    let arguments = ["--situation", "reset"];
    let ran = rehearse(&folder, &arguments, &with("true"));
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let expected = "after the run:   ines is missing (account 9000001)";
    assert!(ran.out.contains(expected), "{}", ran.out);
    let ran = rehearse(&folder, &arguments, &with("grep -q 201 answer"));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("fails, heals  reset/create_user/1 "),
        "{}",
        ran.out
    );
}

#[test]
fn the_end_of_basic_lasts_and_a_token_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let basic = "[[ $(ask GET users) == *'200 OK'* ]]";
    let token = "form=$'Content-Type: application/x-www-form-urlencoded\\r\\n'
        token() { BW_USERNAME=$BW_CLIENT_ID BW_PASSWORD=$BW_CLIENT_SECRET send POST /api/v1/oauth2/token \"$form\" grant_type=client_credentials | grep -q access_token; }";
    let set = ["--set", "auth.schemes=basic_and_bearer"];
    let named = ["--situation", "basic-ended"];
    let ran = rehearse(&folder, &[&named[..], &set].concat(), basic);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("the next run fails too: exit code 1"),
        "{}",
        ran.out
    );
    let ran = rehearse(
        &folder,
        &[&named[..], &set].concat(),
        &format!("{token}\n{basic} || token"),
    );
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("1 rehearsed: 1 ok"), "{}", ran.out);
    let ran = rehearse(&folder, &named, basic);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("the profile accepts no tokens"),
        "{}",
        ran.err
    );
}

#[test]
fn an_impossible_rehearsal_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, text, expected) in [
        (
            &[][..],
            "true",
            "the command sends no request of the API; does it use BW_BASE_URL?",
        ),
        (&[], "exit 7", "fails in the baseline (exit code 7)"),
        (
            &["--only", "create_user"],
            "ask GET users > answer",
            "--situation and --only leave nothing to rehearse: the command's requests are list_users",
        ),
        (&["--situation", "droped"], "true", "did you mean dropped?"),
        (&["--at", "0"], "true", "--at"),
    ] {
        let ran = rehearse(&folder, arguments, text);
        assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
        assert!(ran.err.contains(expected), "{expected}: {}", ran.err);
    }
    // Another user each time, and another number of them.
    let many = join("for i in $(seq $earlier); do create \"${ines//ines/i$i}\" > answer; done");
    let ran = rehearse(&folder, &[], &many);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(
        ran.out
            .contains("it leaves other users when it is run again"),
        "{}",
        ran.out
    );
}
