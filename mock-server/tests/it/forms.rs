//! Profiles, options and faults, in each form that flags, files and the control API take.

use serde_json::{Value, json};

use crate::{control::ok, wire::guide};

#[test]
fn options_and_faults_are_taken_in_each_form_that_another_place_takes() {
    let server = guide();
    for options in [
        r#"{"put.semantics":"merge"}"#,
        r#"{"put":{"semantics":"merge"}}"#,
        r#""put.semantics=merge""#,
        r#"["put.semantics=merge"]"#,
    ] {
        let chosen = |profile: Value| {
            let of = |name: &str| profile["behaviours"][name]["option"].clone();
            (of("put.semantics"), of("delete.status"))
        };
        let by_account = |body: &str| {
            let made = ok(&server, "POST", "/accounts", body);
            let id = made["accountId"].as_str().unwrap();
            chosen(ok(&server, "GET", &format!("/accounts/{id}/profile"), ""))
        };
        ok(
            &server,
            "PUT",
            "/profile",
            r#"{"profile":"guide","set":{"delete.status":"204"}}"#,
        );
        assert_eq!(
            by_account(&format!(r#"{{"set":{options}}}"#)),
            (json!("merge"), json!("204"))
        );
        for body in [
            format!(r#"{{"profile":{{"profile":"guide","set":{options}}}}}"#),
            format!(r#"{{"profile":"guide","set":{options}}}"#),
        ] {
            assert_eq!(by_account(&body), (json!("merge"), json!("200")), "{body}");
        }
        for body in [options.to_owned(), format!(r#"{{"set":{options}}}"#)] {
            ok(&server, "PUT", "/profile", r#""guide""#);
            let changed = chosen(ok(&server, "PATCH", "/profile", &body));
            assert_eq!(changed, (json!("merge"), json!("200")), "{body}");
        }
    }
    for fault in [
        r#"{"status":503,"delay":{"fixed_ms":1}}"#,
        r#"{"status":503,"delay.fixed_ms":1}"#,
        r#""status=503,delay.fixed_ms=1""#,
        r#""{\"status\":503,\"delay.fixed_ms\":1}""#,
    ] {
        let armed = ok(&server, "POST", "/faults", fault);
        let made = ok(
            &server,
            "POST",
            "/accounts",
            &format!(r#"{{"faults":{fault}}}"#),
        );
        let of_account = format!("/faults/{}", made["faults"][0]);
        for rule in [&armed["rule"], &ok(&server, "GET", &of_account, "")["rule"]] {
            assert_eq!(
                (&rule["status"], &rule["delay"]),
                (&json!(503), &json!({"fixed_ms":1}))
            );
        }
    }
}
