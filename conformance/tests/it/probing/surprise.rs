//! One surprise takes nothing else with it: what was measured before it holds, and what can be measured
//! beside it is.

use bandwidth_conformance::probe::Choice;
use serde_json::Value;

use super::quirk::{Answered, Asked, Learned, Odd};

#[test]
fn a_null_that_breaks_the_target_leaves_the_semantics_of_put() {
    let odd = Odd::new(&[], |asked| {
        let is_null = asked.has("LastName") && asked.json()["LastName"] == Value::Null;
        if asked.is_of_user("PUT") && is_null {
            return asked.error(500, 1000, "oops");
        }
        asked.pass()
    });
    let learned = odd.learned(&["put.semantics", "format.json_null"]);
    assert_eq!(learned.of("put.semantics"), "replace");
    let why = learned.why_open("format.json_null");
    assert!(why.contains("500"), "{why}");
}

#[test]
fn a_create_is_found_that_needs_a_root_and_an_account_id() {
    let set = ["user.request_root=wrapped", "user.account_id=required"];
    let odd = Odd::new(&set, |asked| {
        let answer = asked.pass();
        match answer.status() {
            400 => asked.error(400, 1000, "no"),
            _ => answer,
        }
    });
    let learned = odd.learned(&["user", "create"]);
    for (id, option) in [
        ("user.request_root", "wrapped"),
        ("user.account_id", "required"),
        ("create.status", "201"),
    ] {
        assert_eq!(learned.of(id), option, "{id}");
    }
}

#[test]
fn a_password_that_breaks_the_target_leaves_what_the_others_tell() {
    for (creates_too, reason) in [(false, "500"), (true, "the target failed")] {
        let odd = Odd::new(&[], move |asked| {
            let breaks = asked.is_of_user("PUT") || (creates_too && asked.creates());
            if breaks && asked.text().contains('é') {
                return asked.error(500, 1000, "oops");
            }
            asked.pass()
        });
        let (findings, probe) = odd.probed(&Choice {
            only: vec!["password".to_owned()],
            ..Choice::default()
        });
        let learned = Learned(findings);
        let why = learned.why_open("password.charset");
        assert!(why.contains(reason), "{why}");
        for (id, option) in [
            ("password.classes", "4"),
            ("password.min_length", "8"),
            ("password.max_length", "128"),
            ("password.identity", "refused"),
            ("password.history", "0"),
            ("password.errors", "opaque"),
        ] {
            assert_eq!(learned.of(id), option, "{id}");
        }
        // It was not all done four times.
        let count = probe.exchanges().len();
        assert!(count < 90, "{count}");
    }
}

#[test]
fn roles_that_an_update_does_not_take_leave_the_semantics_of_put() {
    let odd = Odd::new(&["put.semantics=merge"], |asked| {
        if asked.is_of_user("PUT") && asked.has("Roles") {
            return asked.error(400, 1005, "no roles here");
        }
        asked.pass()
    });
    assert_eq!(odd.learned(&["put.semantics"]).of("put.semantics"), "merge");
}

#[test]
fn a_target_that_reads_no_json_is_written_to_in_xml() {
    let odd = Odd::new(&[], |asked| {
        if asked.header("content-type").contains("json") {
            return asked.error(415, 415, "XML only");
        }
        asked.pass()
    });
    let learned = odd.learned(&["format", "put.semantics", "create"]);
    assert_eq!(learned.of("format.json"), "negotiated");
    assert_eq!(learned.of("put.semantics"), "replace");
    assert_eq!(learned.of("create.status"), "201");
}

#[test]
fn a_user_that_no_answer_names_is_found_in_the_list() {
    let odd = Odd::new(&[], |asked| {
        let answer = asked.pass();
        if asked.is("POST", "/users") && answer.status() == 201 {
            return Answered::of(201, "application/json", "");
        }
        answer
    });
    let (findings, probe) = odd.probed(&Choice::default());
    let learned = Learned(findings);
    for (id, option) in [
        ("create.response", "empty"),
        ("naming.user_key", "UserId"),
        ("put.semantics", "replace"),
        ("password.min_length", "8"),
        ("delete.effect", "removed"),
    ] {
        assert_eq!(learned.of(id), option, "{id}");
    }
    assert_eq!(probe.run().account.leftovers(), []);
}

#[test]
fn what_was_told_before_an_experiment_stopped_holds() {
    // Upper case is never answered.
    let odd = Odd::new(&[], |asked| {
        let name = asked.json()["Username"].as_str().unwrap_or("").to_owned();
        if name != name.to_lowercase() {
            return asked.error(500, 1000, "oops");
        }
        asked.pass()
    });
    let learned = odd.learned(&["username", "errors"]);
    assert_eq!(learned.of("errors.conflict"), "409");
    let why = learned.why_open("username.case");
    assert!(why.contains("failed"), "{why}");
}

/// Answers a create with a Location that ends in the username.
fn located_by_name(asked: &Asked) -> Answered {
    let mut answer = asked.pass();
    let name = asked.json()["Username"].as_str().unwrap_or("").to_owned();
    if asked.is("POST", "/users") && answer.status() == 201 {
        let place = format!("/api/accounts/12345/users/{name}");
        answer.set_header("Location", &place);
    }
    answer
}

#[test]
fn an_id_that_names_users_is_used_where_location_has_the_username() {
    for set in [
        &["username.update=allowed"][..],
        &["username.update=allowed", "missing.by_username=found"],
    ] {
        let odd = Odd::new(set, |asked| located_by_name(&asked));
        let (findings, probe) = odd.probed(&Choice::default());
        let learned = Learned(findings);
        assert_eq!(learned.of("naming.user_key"), "UserId", "{set:?}");
        assert_eq!(learned.of("username.update"), "allowed", "{set:?}");
        assert_eq!(probe.run().account.leftovers(), [], "{set:?}");
        assert_eq!(odd.users(), ["jdoe"], "{set:?}");
    }
}

#[test]
fn an_id_that_is_shown_and_names_no_user_is_not_what_names_users() {
    // Paths take usernames; bodies show an id all the same.
    let set = ["naming.user_key=Username", "username.update=allowed"];
    let odd = Odd::new(&set, |asked| {
        let answer = asked.pass();
        let mut user = answer.json();
        if user.get("Username").is_some() {
            let number = user["Username"].to_string().len();
            user["UserId"] = Value::from(format!("u{}", number + 100));
            return answer.with_body(user.to_string());
        }
        answer
    });
    let (findings, _) = odd.probed(&Choice::default());
    let learned = Learned(findings);
    learned.why_open("naming.user_key");
    assert_eq!(learned.of("username.update"), "allowed");
    assert_eq!(learned.of("put.semantics"), "replace");
    assert_eq!(odd.users(), ["jdoe"]);
}

#[test]
fn a_format_that_is_not_read_leaves_the_semantics_of_put_in_the_other() {
    let odd = Odd::new(&["put.semantics=merge"], |asked| {
        if asked.header("content-type").contains("xml") {
            return asked.error(415, 415, "JSON only");
        }
        asked.pass()
    });
    let learned = odd.learned(&["put.semantics"]);
    assert_eq!(learned.of("put.semantics"), "merge");
}

#[test]
fn findings_about_a_target_that_no_profile_explains_stay_as_they_are() {
    // Every create is accepted with a status that no profile has.
    let odd = Odd::new(&[], |asked| {
        let is_create = asked.is("POST", "/users");
        let answer = asked.pass();
        if is_create && answer.status() == 201 {
            return Answered::of(202, "application/json", answer.text());
        }
        answer
    });
    let (findings, probe) = odd.probed(&Choice {
        only: vec!["create".to_owned(), "put.semantics".to_owned()],
        ..Choice::default()
    });
    let surprises = probe.surprises();
    let exchange = &probe.exchanges()[surprises[0] - 1];
    assert_eq!(exchange.request.method, "POST");
    let learned = Learned(findings);
    assert!(learned.of("create.status").starts_with("open: "));
    assert_eq!(learned.of("put.semantics"), "replace");
}
