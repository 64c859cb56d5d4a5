//! Where users cannot be removed again, a probe answers what one user can, and creates no second
//! one; where the operator prepared a user, it creates none.

use bandwidth_conformance::{limits::Limits, probe::Choice};

use super::quirk::{Asked, Learned, Odd};

/// What may be done to a target whose users may be real.
fn one_user_first() -> Limits {
    Limits {
        one_user_first: true,
        ..Limits::impatient()
    }
}

/// What reading and updating one user of the guide shows.
fn tells_what_one_user_shows(learned: &Learned) {
    for (id, option) in [
        ("put.semantics", "replace"),
        ("put.id_mismatch", "refused"),
        ("username.update", "allowed"),
        ("missing.by_username", "not_found"),
        ("user.unknown_fields", "refused"),
        ("user.telephone", "absent"),
        ("naming.user_key", "UserId"),
        ("user.request_root", "bare"),
        ("format.json_null", "cleared, or absent"),
    ] {
        assert_eq!(learned.of(id), option, "{id}");
    }
}

#[test]
fn nothing_more_is_created_where_the_first_user_stays() {
    let refused = |asked: Asked| {
        if asked.method() == "DELETE" {
            return asked.error(403, 1001, "not for you");
        }
        asked.pass()
    };
    for (odd, words) in [
        (Odd::new(&[], refused), "returns 403"),
        (
            Odd::new(&["delete.effect=deactivated"], Asked::pass_on),
            "deactivated",
        ),
    ] {
        let (findings, probe) = odd.probed_within(one_user_first(), &Choice::default());
        let learned = Learned(findings);
        assert_eq!(probe.run().account.users(), 1, "{words}");
        for id in ["errors.conflict", "username.case", "email.unique"] {
            let why = learned.why_open(id);
            assert!(
                why.contains(words) && why.contains("--allow-leftovers"),
                "{id}: {why}"
            );
        }
        tells_what_one_user_shows(&learned);
        for (id, option) in [
            ("create.status", "201"),
            ("user.id_style", "prefixed"),
            ("role.unknown", "refused"),
            ("auth.user_logins", "refused"),
            ("password.min_length", "8"),
            ("password.history", "0"),
        ] {
            assert_eq!(learned.of(id), option, "{words}: {id}");
        }
        // With --allow-leftovers it continues.
        let learned = odd.learned(&["put.semantics"]);
        assert_eq!(learned.of("put.semantics"), "replace", "{words}");
    }
}

#[test]
fn a_deletion_that_cannot_be_told_stops_it_too() {
    let odd = Odd::new(&[], |asked| {
        if asked.method() == "DELETE" {
            return asked.error(500, 1000, "oops");
        }
        asked.pass()
    });
    let (findings, probe) = odd.probed_within(one_user_first(), &Choice::default());
    assert_eq!(probe.run().account.users(), 1);
    Learned(findings).why_open("errors.conflict");
    // One whose answer was lost took effect, as a look at the user says.
    let odd = Odd::failing(
        &[],
        &["status=503,times=1,operation=delete_user,when=after"],
    );
    let (findings, _) = odd.probed_within(one_user_first(), &Choice::default());
    let learned = Learned(findings);
    learned.why_open("delete.status");
    learned.why_open("delete.effect");
    assert_eq!(learned.of("errors.conflict"), "409");
}

#[test]
fn users_that_cannot_be_read_back_are_not_created_one_after_the_other() {
    let odd = Odd::new(&[], |asked| {
        if asked.is_of_user("GET") {
            return asked.error(500, 1000, "oops");
        }
        asked.pass()
    });
    let (findings, probe) = odd.probed_within(one_user_first(), &Choice::default());
    assert_eq!(probe.run().account.users(), 1);
    Learned(findings).why_open("put.semantics");
}

#[test]
fn an_answer_that_is_lost_does_not_create_a_second_user() {
    let lost = ["status=504,times=1,operation=create_user,when=after"];
    let odd = Odd::failing(&["delete.effect=deactivated"], &lost);
    let (findings, probe) = odd.probed_within(one_user_first(), &Choice::default());
    let learned = Learned(findings);
    assert_eq!(probe.run().account.users(), 1);
    assert_eq!(odd.users().len(), 2);
    learned.why_open("create.status");
    assert_eq!(learned.of("put.semantics"), "replace");
}

#[test]
fn where_users_can_be_removed_everything_is_told() {
    let odd = Odd::new(&[], Asked::pass_on);
    let (findings, probe) = odd.probed_within(one_user_first(), &Choice::default());
    let learned = Learned(findings);
    assert_eq!(learned.of("delete.effect"), "removed");
    assert_eq!(learned.of("put.semantics"), "replace");
    // The first user is deleted before another one is created, and PUT comes first.
    let writes: Vec<&str> = probe
        .exchanges()
        .iter()
        .map(|exchange| exchange.request.method.as_str())
        .filter(|method| *method != "GET")
        .collect();
    let creates_and_deletes: Vec<&str> = writes
        .iter()
        .copied()
        .filter(|method| *method != "PUT")
        .collect();
    assert_eq!(writes[..2], ["POST", "PUT"]);
    assert_eq!(creates_and_deletes[..3], ["POST", "DELETE", "POST"]);
    assert_eq!(odd.users(), ["jdoe"]);
}

#[test]
fn users_of_the_probe_get_the_last_roles_and_at_most_two() {
    let roles = r#"{"Roles":[{"RoleId":"r1","RoleName":"Admin"},{"RoleId":"r3","RoleName":"A"},{"RoleId":"r2","RoleName":"ReadOnly"}]}"#;
    let odd = Odd::new(&[], move |asked| {
        if asked.is("GET", "/roles") {
            return super::quirk::Answered::of(200, "application/json", roles);
        }
        asked.pass()
    });
    let (_, probe) = odd.probed(&Choice::default());
    let bodies = probe
        .exchanges()
        .iter()
        .map(|exchange| &exchange.request.body);
    let bodies: Vec<_> = bodies.map(|body| String::from_utf8_lossy(body)).collect();
    for body in &bodies {
        assert!(!body.contains("\"r1\""), "{body}");
    }
    assert!(bodies.iter().any(|body| body.contains("\"r2\"")));
}

#[test]
fn a_prepared_user_answers_without_any_create_or_delete() {
    let odd = Odd::new(&["delete.effect=deactivated"], Asked::pass_on);
    let limits = Limits {
        prepared_user: Some("u1".to_owned()),
        ..one_user_first()
    };
    let (findings, probe) = odd.probed_within(limits, &Choice::default());
    let learned = Learned(findings);
    for exchange in probe.exchanges() {
        let method = exchange.request.method.as_str();
        assert!(matches!(method, "GET" | "PUT"), "{method}");
        let body = String::from_utf8_lossy(&exchange.request.body);
        assert!(!body.contains("Password"), "{body}");
    }
    tells_what_one_user_shows(&learned);
    for id in [
        "create.status",
        "delete.effect",
        "errors.conflict",
        "auth.user_logins",
    ] {
        assert!(learned.why_open(id).contains("prepared"), "{id}");
    }
    let why = learned.why_open("password.min_length");
    assert!(why.contains("--only password"), "{why}");
    assert_eq!(odd.users(), ["jdoe"]);
}
