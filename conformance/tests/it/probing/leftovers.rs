//! Where users cannot be removed again, a probe that must leave none stops after the first.

use bandwidth_conformance::probe::Choice;

use super::quirk::{Asked, Learned, Odd};

fn must_remove() -> Choice {
    Choice {
        must_remove: true,
        ..Choice::default()
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
        (Odd::new(&[], refused), "answered with 403"),
        (
            Odd::new(&["delete.effect=deactivated"], Asked::pass_on),
            "deactivated",
        ),
    ] {
        let (findings, probe) = odd.probed(&must_remove());
        let learned = Learned(findings);
        assert_eq!(probe.run().users(), 1, "{words}");
        for id in ["put.semantics", "password.min_length", "role.unknown"] {
            let why = learned.why_open(id);
            assert!(
                why.contains(words) && why.contains("--allow-leftovers"),
                "{id}: {why}"
            );
        }
        // What the first user itself tells is told.
        assert_eq!(learned.of("create.status"), "201", "{words}");
        // It is on another machine that this matters: here it goes on.
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
    let (findings, probe) = odd.probed(&must_remove());
    assert_eq!(probe.run().users(), 1);
    Learned(findings).why_open("put.semantics");
    // One whose answer was lost took effect, as a look at the user says.
    let odd = Odd::failing(
        &[],
        &["status=503,times=1,operation=delete_user,when=after"],
    );
    let (findings, _) = odd.probed(&must_remove());
    let learned = Learned(findings);
    learned.why_open("delete.status");
    assert_eq!(learned.of("delete.effect"), "removed");
    assert_eq!(learned.of("put.semantics"), "replace");
}

#[test]
fn users_that_cannot_be_read_back_are_not_created_one_after_the_other() {
    let odd = Odd::new(&[], |asked| {
        if asked.is_of_user("GET") {
            return asked.error(500, 1000, "oops");
        }
        asked.pass()
    });
    let (findings, probe) = odd.probed(&must_remove());
    assert!(probe.run().users() <= 2, "{}", probe.run().users());
    let why = Learned(findings).why_open("put.semantics");
    assert!(why.contains("none was seen to be removed"), "{why}");
}

#[test]
fn where_users_can_be_removed_everything_is_told() {
    let odd = Odd::new(&[], Asked::pass_on);
    let (findings, probe) = odd.probed(&must_remove());
    let learned = Learned(findings);
    assert_eq!(learned.of("delete.effect"), "removed");
    assert_eq!(learned.of("put.semantics"), "replace");
    // The first user is deleted before another one is created.
    let writes: Vec<&str> = probe
        .exchanges()
        .iter()
        .map(|exchange| exchange.request.method.as_str())
        .filter(|method| *method != "GET")
        .collect();
    assert_eq!(writes[..3], ["POST", "DELETE", "POST"]);
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
    for exchange in probe.exchanges() {
        let body = String::from_utf8_lossy(&exchange.request.body);
        assert!(!body.contains("r1"), "{body}");
    }
}
