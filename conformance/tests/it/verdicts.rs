//! Verdicts: nothing unexpected where the target behaves as expected, and a failure in the right
//! case where it does not.

use std::{fmt::Write as _, sync::Mutex, thread};

use bandwidth_conformance::{
    case::Case,
    dialogue::Context,
    registry::cases,
    verdict::{Level, Verdict},
};
use bandwidth_fixtures::{BehaviourId, profile::DeleteEffect};

use crate::{
    against::{profile, run, run_cases, run_of, run_on, server, wait, wrong},
    safety::usernames,
};

fn measuring(id: BehaviourId) -> Vec<Case> {
    let mut chosen = cases();
    chosen.retain(|case| case.measures.contains(&id.as_str()));
    chosen
}

/// A target that behaves as expected has no failures, and more than `least` cases pass.
fn nothing_fails(name: &str, set: &[&str], least: usize) {
    let expected = profile(name, set);
    let server = server(expected.clone(), &[]);
    let mut cx = Context::new(run_of(&server, expected.clone()));
    let before = wait(usernames(&mut cx));
    let report = run_on(&server, &cases(), expected.clone());
    assert_eq!(wrong(&report, &[]), [""; 0]);
    // Users that DELETE deactivates are named, which is not a failure.
    if expected.options().delete_effect == DeleteEffect::Removed {
        assert_eq!(report.leftovers, []);
        assert_eq!(wait(usernames(&mut cx)), before);
    }
    assert!(report.count(Verdict::Pass) > least);
}

#[test]
fn nothing_fails_on_a_target_of_the_guide() {
    nothing_fails("guide", &[], 100);
}

#[test]
fn nothing_fails_on_a_published_target_with_users_below_an_account() {
    nothing_fails("published", &["surface.account=full"], 100);
}

/// Without users below an account, most cases find nothing to work on.
#[test]
fn nothing_fails_on_a_published_target() {
    nothing_fails("published", &[], 30);
}

/// Cases that want one rule of passwords broken, or none, send passwords that are long enough.
#[test]
fn passwords_of_cases_are_as_long_as_the_profile_says() {
    let expected = profile(
        "guide",
        &["password.min_length=24", "password.errors=named"],
    );
    let mut chosen = cases();
    chosen.retain(|case| case.id.starts_with("passwords."));
    let report = run(&chosen, expected.clone(), expected);
    assert_eq!(wrong(&report, &[]), [""; 0]);
}

#[test]
fn no_case_wants_a_password_rejected_that_the_profile_accepts() {
    let lax = [
        "surface.account=full",
        "password.min_length=1",
        "password.classes=1",
    ];
    for base in ["guide", "published"] {
        let expected = profile(base, &lax);
        let mut chosen = cases();
        // Golden exchanges belong to the profile as it is built in.
        chosen.retain(|case| !case.id.starts_with("golden."));
        chosen.retain(|case| case.id.contains("password") || case.id.contains("parity"));
        let report = run(&chosen, expected.clone(), expected);
        assert_eq!(wrong(&report, &[]), [""; 0], "{base}");
    }
}

#[test]
fn a_wrong_answer_fails_in_the_case_that_measures_it_and_says_so() {
    for (set, id, words) in [
        (
            "put.semantics=merge",
            "update.omitted-last-name.follows-put-semantics",
            "the LastName that was left out: expected nothing, got \"Nimble\"",
        ),
        (
            "naming.email=EmailAddress",
            "get.created-user.shows-what-was-sent",
            "a create that succeeds: expected status 201, got 400",
        ),
        (
            "delete.effect=deactivated",
            "delete.then-get.follows-delete-effect",
            "GET after the delete: error `unknown_user`: expected status 404, got 200",
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
            "expected code 1019",
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
fn each_option_of_a_measured_behaviour_is_distinguished() {
    let (ids, found) = (Mutex::new(BehaviourId::all()), Mutex::new(Vec::new()));
    let next = || ids.lock().unwrap().next();
    // It would be the last test under way, in one thread.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(id) = next() {
                    let problems = undistinguished(id);
                    found.lock().unwrap().extend(problems);
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort();
    assert_eq!(found, [""; 0]);
}

/// The options of a behaviour that cases judge as another option, each with the verdict that is wrong.
fn undistinguished(id: BehaviourId) -> Vec<String> {
    // These need tokens, today's API, or users that can log in; `guide` has none of them.
    let needs_published = |id: &str| {
        let auth = [
            "auth.email_login",
            "auth.lockout",
            "auth.role_permissions",
            "auth.token",
        ];
        auth.iter().any(|start| id.starts_with(start))
            || id.starts_with("management.")
            || id.starts_with("identity.")
            || ["surface.identity", "surface.management"].contains(&id)
    };
    let chosen = measuring(id);
    // Only the built-in mock is asked for a scope above one's own.
    if chosen.is_empty() || id.as_str() == "identity.scope_above" {
        return Vec::new();
    }
    let base = if needs_published(id.as_str()) {
        "published"
    } else {
        "guide"
    };
    let full = "surface.account=full";
    let also: &[&str] = match id.as_str() {
        "surface.account" => &[],
        "email.case" => &[full, "email.unique=account"],
        // Users are the owners that a case on a target can remove.
        "auth.token_owner_gone" => &[full, "auth.token_clients=credentials_and_login"],
        _ => &[full],
    };
    let usual = profile(base, also);
    let mut problems = Vec::new();
    for option in id.behaviour().options {
        let set = format!("{id}={}", option.name);
        if usual.options().get(id) == option.name || set.ends_with("=bearer") {
            continue;
        }
        let variant = profile(base, &[also, &[&set]].concat());
        let report = run(&chosen, variant.clone(), variant.clone());
        let unexpected = wrong(&report, &[]);
        problems.extend(
            unexpected
                .iter()
                .map(|line| format!("{set} as expected: {line}")),
        );
        let may_fail = chosen.iter().any(|case| case.level != Level::Characterise);
        let report = run(&chosen, usual.clone(), variant);
        if may_fail && report.count(Verdict::Fail) == 0 {
            problems.push(format!("{set}, not as expected, fails no case"));
        }
    }
    problems
}

/// The key that no user has is random.
fn without_random_key(text: &str) -> String {
    let parts = text.split("/users/u");
    let shown = parts.map(|part| {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
        if part.len() - rest.len() < 10 {
            part.to_owned()
        } else {
            format!("RANDOM{rest}")
        }
    });
    shown.collect::<Vec<_>>().join("/users/u")
}

/// The report if a documented claim is untrue of a target.
#[test]
fn an_untrue_claim_fails_a_documented_case_with_a_message_that_helps() {
    let wrong = [
        "format.default=json",
        "format.json=never",
        "format.body_without_type=detected",
        "surface.account=list_only",
        "surface.login=served",
        "paths.bases=api_and_versions",
        "naming.email=EmailAddress",
        "naming.json_case=camelCase",
        "naming.user_key=Username",
        "user.default_fields=sent",
        "user.telephone=ten_digits_required",
        "create.status=200",
        "create.response=empty",
        "username.case=insensitive",
        "username.update=refused",
        "email.unique=account",
        "put.semantics=merge",
        "put.semantics=replace_requiring_fields",
        "put.id_mismatch=ignored",
        "delete.effect=deactivated",
        "delete.status=204",
        "auth.user_logins=accepted",
        "auth.failure_body=empty",
        "auth.challenge=absent",
        "auth.other_account=not_found",
        "missing.user=forbidden",
        "missing.by_username=found",
        "errors.shape=error_list",
        "errors.conflict=400",
        "password.min_length=14",
        "password.classes=2",
        "password.errors=named",
        "role.unknown=ignored",
        "role.form=name_and_permissions",
    ];
    let mut text = String::new();
    for set in wrong {
        let mut chosen = cases();
        chosen.retain(|case| {
            let (id, _) = set.split_once('=').unwrap();
            case.level == Level::Documented && case.measures.contains(&id)
        });
        let server = server(profile("guide", &[set]), &[]);
        let run = run_of(&server, profile("guide", &[]));
        let report = run_cases(&run, &chosen);
        let failed = report
            .cases
            .iter()
            .find(|case| case.verdict == Verdict::Fail);
        let failed = failed.unwrap_or_else(|| panic!("{set}: no documented case fails"));
        let reason = run.redactor().clean(failed.reason.as_deref().unwrap());
        let reason = without_random_key(&reason.replace(&run.account.prefix, "cf-RUN-"));
        let cause = failed.explained_by.as_ref().map_or_else(
            || "not explained".to_owned(),
            |one| {
                let seen = one.seen.as_deref().unwrap_or("another option");
                format!("{} is {seen}, expected {}", one.behaviour, one.expected)
            },
        );
        writeln!(text, "## {set}\n{}\n{reason}\n{cause}\n", failed.id).unwrap();
    }
    insta::assert_snapshot!(text);
}
