//! Verdicts: nothing unexpected where the target behaves as expected, and a failure in the right
//! case where it does not.

use bandwidth_conformance::{
    case::{Case, Level},
    outcome::Verdict,
    registry::cases,
};
use bandwidth_fixtures::{BehaviourId, NamedProfile};

use crate::against::{profile, run, wrong};

fn measuring(id: BehaviourId) -> Vec<Case> {
    let mut chosen = cases();
    chosen.retain(|case| case.measures.contains(&id.as_str()));
    chosen
}

#[test]
fn a_target_that_behaves_as_expected_has_no_failures() {
    for name in NamedProfile::BUILT_IN {
        let report = run(&cases(), profile(name, &[]), profile(name, &[]));
        assert_eq!(wrong(&report, &[]), [""; 0], "{name}");
        assert_eq!(report.leftovers, [], "{name}");
        assert!(report.count(Verdict::Pass) > 100, "{name}");
    }
}

#[test]
fn a_wrong_answer_fails_in_the_case_that_measures_it_and_says_so() {
    for (set, id, words) in [
        (
            "put.semantics=merge",
            "update.omitted-last-name.follows-put-semantics",
            "behaviour put.semantics: `replace` was expected",
        ),
        (
            "naming.email=EmailAddress",
            "get.created-user.shows-what-was-sent",
            "status",
        ),
        (
            "delete.effect=deactivated",
            "delete.then-get.follows-delete-effect",
            "behaviour delete.effect: `removed` was expected",
        ),
        (
            "errors.shape=error_list",
            "errors.body.has-the-expected-shape",
            "expected `ResponseStatus`",
        ),
        (
            "auth.challenge=absent",
            "authentication.missing.is-401",
            "WWW-Authenticate",
        ),
        (
            "password.errors=named",
            "passwords.errors.name-the-rule-or-not",
            "expected error code 1019",
        ),
    ] {
        let mut chosen = cases();
        chosen.retain(|case| case.id == id);
        let report = run(&chosen, profile("guide", &[]), profile("guide", &[set]));
        let case = report.case(id).unwrap();
        assert_eq!(case.verdict, Verdict::Fail, "{set}: {id}");
        let reason = case.reason.as_deref().unwrap_or("");
        assert!(reason.contains(words), "{set}: {reason}");
    }
}

/// Every option of every measured behaviour: the cases that measure it hold where it is expected,
/// and at least one fails where it is not.
#[test]
fn each_option_of_a_measured_behaviour_is_told_from_the_others() {
    // These need users that can log in, which `guide` has not.
    let with_logins = ["auth.lockout"];
    let (mut blind, mut unexpected) = (Vec::new(), Vec::new());
    for id in BehaviourId::all() {
        let chosen = measuring(id);
        let base = if with_logins.contains(&id.as_str()) {
            "published"
        } else {
            "guide"
        };
        let usual = profile(base, &[]);
        for option in &id.behaviour().options {
            let set = format!("{id}={}", option.name);
            if chosen.is_empty()
                || usual.options().get(id) == option.name
                || set.ends_with("=bearer")
            {
                continue;
            }
            let variant = profile(base, &[&set]);
            let report = run(&chosen, variant.clone(), variant.clone());
            unexpected.extend(
                wrong(&report, &[])
                    .iter()
                    .map(|line| format!("{set}: {line}")),
            );
            let may_fail = chosen.iter().any(|case| case.level != Level::Characterise);
            let report = run(&chosen, usual.clone(), variant);
            if may_fail && report.count(Verdict::Fail) == 0 {
                blind.push(set);
            }
        }
    }
    assert_eq!(unexpected, [""; 0], "what is expected and so should pass");
    assert_eq!(blind, [""; 0], "no case fails where these are not expected");
}
