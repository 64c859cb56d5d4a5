//! Random profiles behind random traffic: what is learned of them must be true.

mod passwords;
mod target;

use std::collections::BTreeMap;

use bandwidth_fixtures::NamedProfile;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use self::target::{BASIC, NOISES, Noise, Target, guide};
use super::{
    Finding, Inquiry, Learned, Outcome, conclude::learn_with, learn, question::Effort, replay,
};
use crate::{
    domain::{classes_of, longest_repeat},
    traffic::{Exchange, PasswordFeatures},
};

impl Target {
    fn check(&self, learned: &Learned) -> (usize, Vec<String>) {
        let mut settled = 0;
        let mut wrong = Vec::new();
        for (id, finding) in &learned.findings {
            let truth = self.truth.get(*id);
            match finding {
                Finding::Settled(exchanges) => {
                    settled += 1;
                    if learned.profile.get(*id) != truth {
                        wrong.push(format!(
                            "{id}={} for {truth}, by {exchanges:?}",
                            learned.profile.get(*id)
                        ));
                    }
                }
                Finding::Open(options) => {
                    if id.area() != "rate" && !options.iter().any(|option| option.has(&truth)) {
                        wrong.push(format!(
                            "{id} is {truth}, and said to be one of {options:?}"
                        ));
                    }
                }
            }
        }
        (settled, wrong)
    }
}

/// Number of targets; the variable raises it.
fn targets() -> u64 {
    let given = std::env::var("LEARN_TARGETS");
    given.map_or(1, |text| text.parse().unwrap())
}

/// Learns from each target; the settled behaviours of each, sorted.
fn sweep(noise: Noise, traffic: impl Fn(&mut Target)) -> Vec<usize> {
    let mut all = Vec::new();
    let mut failures = Vec::new();
    let mut unexplained = 0;
    for seed in 0..targets() {
        let mut target = Target::new(1000 * (1 + noise as u64) + seed, noise);
        traffic(&mut target);
        let learned = learn(&target.recorded, &guide()).unwrap();
        let (settled, wrong) = target.check(&learned);
        all.push(settled);
        // Every field of the emulator is in the vocabulary.
        assert_eq!(learned.unmodelled, BTreeMap::new());
        for wrong in wrong {
            failures.push(format!("target {seed}: {wrong}"));
        }
        unexplained += learned.unexplained.len();
        if noise == Noise::None {
            for one in &learned.unexplained {
                failures.push(format!(
                    "target {seed}: nothing explains {}: {:?}",
                    one.exchange, one.differences
                ));
            }
            let again = replay(&target.recorded, &learned.profile).unwrap();
            for one in &again.unexplained {
                failures.push(format!(
                    "target {seed}: replay differs at {}: {:?}",
                    one.exchange, one.differences
                ));
            }
        }
    }
    all.sort_unstable();
    let median = all[all.len() / 2];
    println!(
        "{noise:?}: median {median} settled, least {}, unexplained {unexplained}",
        all[0]
    );
    assert!(failures.is_empty(), "{noise:?}:\n{}", failures.join("\n"));
    all
}

#[test]
fn a_sync_settles_many_behaviours_and_none_wrongly() {
    for noise in NOISES {
        let settled = sweep(noise, Target::sync);
        let least = if noise == Noise::None { 15 } else { 8 };
        if settled.len() > 9 {
            assert!(
                settled[settled.len() / 2] >= least,
                "{noise:?}: {settled:?}"
            );
        }
    }
}

#[test]
fn a_search_that_ends_early_settles_nothing_wrongly() {
    for most in [1, 5, 50] {
        let effort = Effort {
            for_any: most,
            for_option: most,
        };
        for seed in 0..2 * targets() {
            let mut target = Target::new(9000 + seed, Noise::None);
            target.sync();
            let learned = learn_with(&target.recorded, &guide(), effort).unwrap();
            let (_, wrong) = target.check(&learned);
            assert_eq!(wrong, [""; 0], "target {seed}, {most} profiles");
        }
    }
}

#[test]
fn random_traffic_settles_nothing_wrongly() {
    for noise in NOISES {
        let all = [5, 20, 60, 200];
        let counts = if targets() > 1 { &all[..] } else { &all[..1] };
        for count in counts.iter().copied() {
            println!("{count} requests");
            sweep(noise, |target| target.fuzz(count));
        }
    }
}

/// A target that differs from the guide in these options.
fn guided(options: &[(&str, &str)]) -> Target {
    let mut target = Target::new(1, Noise::None);
    target.truth = guide();
    for (id, option) in options {
        target.truth.choose(id.parse().unwrap(), option);
    }
    target
}

/// Sends a request whose body and answer are JSON.
fn send_json(target: &mut Target, method: &str, path: &str, body: &str) -> u16 {
    let basic = format!("Basic {}", STANDARD.encode(BASIC));
    let headers = [
        ("Authorization", basic.as_str()),
        ("Content-Type", "application/json"),
        ("Accept", "application/json"),
    ];
    target.send(method, path, &headers, body).status
}

#[test]
fn a_field_that_the_mock_does_not_have_leaves_the_rest_of_a_response() {
    let mut target = guided(&[
        ("user.unknown_fields", "ignored"),
        ("create.response", "full"),
    ]);
    let users = "/api/accounts/12345/users";
    send_json(&mut target, "GET", users, "");
    let zoe = r#"{"Username":"zoe","FirstName":"Zoe","LastName":"Lee","Email":"z@example.com","Password":"Teal-Wagon.47","Nickname":"Zo"}"#;
    send_json(&mut target, "POST", users, zoe);
    // What is learned if each user has these fields too.
    let with = |fields: &str| {
        let mut recorded = target.recorded.clone();
        for answer in recorded.iter_mut().filter_map(|one| one.answer.as_mut()) {
            let body = String::from_utf8_lossy(&answer.body);
            let fields = format!("{{{fields}\"UserId\"");
            answer.body = body.replace("{\"UserId\"", &fields).into();
        }
        learn(&recorded, &guide()).unwrap()
    };
    let (without, further) = (with(""), with("\"Links\":[{\"rel\":\"self\"}],"));
    assert_eq!(
        (without.unexplained, without.unmodelled),
        (Vec::new(), BTreeMap::new())
    );
    assert_eq!(further.unexplained, []);
    assert_eq!(
        further.unmodelled,
        BTreeMap::from([("Links".to_owned(), 2)])
    );
    assert_eq!(further.findings, without.findings);
    // A server that shows what it was sent does not ignore it.
    assert_eq!(with("\"Nickname\":\"Zo\",").unexplained.len(), 1);
}

#[test]
fn a_length_is_found_among_many_and_a_range_has_the_truth() {
    let lengths = |lengths: Vec<usize>| {
        let mut target = guided(&[
            ("password.min_length", "41"),
            ("password.max_length", "70"),
            ("password.classes", "0"),
        ]);
        target.create_with_lengths(&lengths);
        let learned = learn(&target.recorded, &guide()).unwrap();
        assert_eq!(target.check(&learned).1, Vec::<String>::new());
        ["password.min_length", "password.max_length"].map(|id| {
            let id = id.parse().unwrap();
            match &learned.findings[&id] {
                Finding::Settled(_) => learned.profile.get(id),
                Finding::Open(options) => {
                    let options: Vec<String> = options.iter().map(ToString::to_string).collect();
                    options.join(" or ")
                }
            }
        })
    };
    // The first is accepted: without it a refusal could have other reasons.
    let many = [60].into_iter().chain(30..43).chain(69..72);
    assert_eq!(lengths(many.collect()), ["41", "70"]);
    assert_eq!(lengths(vec![60, 20, 35, 50, 90]), ["36 to 50", "60 to 89"]);
}

#[test]
fn a_text_is_read_as_it_was_recorded_whatever_encoding_its_bytes_had() {
    let user = "<User><Username>zoe</Username><FirstName>Zoë</FirstName><LastName>Lee</LastName><Email>z@example.com</Email><Password>Teal-Wagon.47</Password></User>";
    let declared = format!("<?xml version='1.0' encoding='ISO-8859-1'?>{user}");
    for (kind, body) in [
        ("application/xml; charset=utf-8", user),
        ("application/xml; charset=iso-8859-1", user),
        ("application/xml; charset=utf-16", user),
        ("application/xml", &declared),
    ] {
        let mut target = guided(&[]);
        let basic = format!("Basic {}", STANDARD.encode(BASIC));
        let headers = [("Authorization", basic.as_str()), ("Content-Type", kind)];
        let users = "/api/accounts/12345/users";
        assert_eq!(
            target.send("POST", users, &headers, body).status,
            201,
            "{kind}"
        );
        let list = target.send("GET", users, &headers[..1], "");
        let list = String::from_utf8_lossy(&list.body);
        assert!(
            list.contains("<FirstName>Zoë</FirstName>"),
            "{kind}: {list}"
        );
    }
}

#[test]
fn two_changes_that_each_lead_to_the_same_error_are_found() {
    // The first exchange, to a server with another root and another name.
    let mut target = guided(&[
        ("naming.email", "EmailAddress"),
        ("user.request_root", "wrapped"),
    ]);
    let body = r#"{"User":{"FirstName":"Cy","EmailAddress":"a@x.example"}}"#;
    let missing = "/api/accounts/12345/users/u77";
    assert_eq!(send_json(&mut target, "PUT", missing, body), 404);
    let learned = learn(&target.recorded, &guide()).unwrap();
    assert_eq!(target.check(&learned).1, Vec::<String>::new());
}

#[test]
fn without_logins_nothing_is_said_of_logins() {
    let mut target = guided(&[
        ("auth.schemes", "bearer"),
        ("auth.other_account", "not_found"),
    ]);
    let users = "/api/accounts/12345/users";
    let basic = format!("Basic {}", STANDARD.encode(BASIC));
    target.send("GET", users, &[("Authorization", &basic)], "");
    let mut recorded = target.recorded.clone();
    // A browser leaves the header out, and the request was let in.
    for exchange in &mut recorded {
        exchange.request_headers.clear();
        let answer = exchange.answer.as_mut().unwrap();
        answer.status = 200;
        answer.body = r#"{"Users":[]}"#.into();
        answer.headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    }
    let learned = learn(&recorded, &guide()).unwrap();
    for (id, finding) in &learned.findings {
        if id.area() == "auth" {
            let Finding::Open(options) = finding else {
                panic!("{id}: {finding:?}")
            };
            let truth = target.truth.get(*id);
            assert!(
                options.iter().any(|one| one.has(&truth)),
                "{id}: {options:?}"
            );
        }
    }
}

#[test]
fn a_password_that_a_user_may_have_had_shows_no_rule() {
    // The user was there before, and its password is the one that is rejected.
    let mut target = guided(&[
        ("password.history", "1"),
        ("password.max_length", "20"),
        ("password.errors", "opaque"),
    ]);
    let user = "/api/accounts/12345/users/u1";
    let jdoe = r#"{"FirstName":"John","LastName":"Doe","Email":"jdoe@example.com","Password":"Teal-Wagon.47"}"#;
    let changed = send_json(&mut target, "PUT", user, jdoe);
    // The recording begins afterwards.
    target.recorded.clear();
    send_json(&mut target, "GET", "/api/accounts/12345/users", "");
    let again = send_json(&mut target, "PUT", user, jdoe);
    assert_eq!((changed, again), (200, 400));
    let learned = learn(&target.recorded, &guide()).unwrap();
    assert_eq!(target.check(&learned).1, Vec::<String>::new());
}

#[test]
fn an_error_that_two_options_lead_to_is_explained() {
    // Under the guide, the number is an unknown field; with it alone, FirstName is missing.
    let mut target = guided(&[
        ("user.telephone", "e164_optional"),
        ("user.account_id", "required"),
    ]);
    let zoe = r#"{"Username":"zoe","FirstName":"","LastName":"Lee","Email":"z@example.com","Password":"Teal-Wagon.47","TelephoneNumber":"+19195550103"}"#;
    let users = "/api/accounts/12345/users";
    assert_eq!(send_json(&mut target, "POST", users, zoe), 400);
    let learned = learn(&target.recorded, &guide()).unwrap();
    assert_eq!(learned.unexplained, []);
}

#[test]
fn a_user_that_an_update_renames_is_found_by_its_earlier_username() {
    let mut target = guided(&[("missing.by_username", "found")]);
    let user = "/api/accounts/12345/users/jdoe";
    let zoe = r#"{"Username":"zoe","FirstName":"Zoe","LastName":"Lee","Email":"z@example.com"}"#;
    assert_eq!(send_json(&mut target, "PUT", user, zoe), 200);
    let learned = learn(&target.recorded, &guide()).unwrap();
    assert_eq!(learned.unexplained, []);
}

#[test]
fn the_profile_explains_what_two_options_can_with_users_that_were_there_before() {
    let mut target = guided(&[("format.accept_tie", "named_format")]);
    let basic = format!("Basic {}", STANDARD.encode(BASIC));
    let tie = "application/json, text/plain, */*";
    let headers = [("Authorization", basic.as_str()), ("Accept", tie)];
    target.send("GET", "/api/accounts/12345/users", &headers, "");
    let learned = learn(&target.recorded, &guide()).unwrap();
    let again = replay(&target.recorded, &learned.profile).unwrap();
    assert_eq!(again.unexplained, []);
}

#[test]
fn a_role_is_unknown_only_if_the_list_shows_what_requests_name() {
    for (form, role, status, is_settled) in [
        ("id_and_name", "no-such-role", 400, true),
        // This list has names, and the request an id.
        ("name_and_permissions", "r1", 200, false),
    ] {
        let mut target = guided(&[("role.form", form), ("role.unknown", "refused")]);
        send_json(&mut target, "GET", "/api/accounts/12345/roles", "");
        send_json(&mut target, "GET", "/api/accounts/12345/users", "");
        let jdoe = format!(
            r#"{{"FirstName":"John","LastName":"Doe","Email":"j@example.com","Roles":["{role}"]}}"#
        );
        let user = "/api/accounts/12345/users/u1";
        assert_eq!(send_json(&mut target, "PUT", user, &jdoe), status, "{form}");
        let learned = learn(&target.recorded, &guide()).unwrap();
        assert_eq!(learned.unexplained, [], "{form}");
        assert_eq!(target.check(&learned).1, Vec::<String>::new(), "{form}");
        let finding = &learned.findings[&"role.unknown".parse().unwrap()];
        assert_eq!(matches!(finding, Finding::Settled(_)), is_settled, "{form}");
    }
}

/// What a client learns from these exchanges, the last of which has another answer.
fn inquired(target: &Target, body: &str, outcome: Outcome) -> Inquiry {
    let mut recorded = target.recorded.clone();
    let last = recorded.last_mut().and_then(|last| last.answer.as_mut());
    last.unwrap().body = body.to_owned().into();
    let outcomes = recorded.into_iter().map(|exchange| {
        let is_accepted = exchange.answer.as_ref().is_some_and(|one| one.status < 300);
        let outcome = if is_accepted {
            Outcome::Accepted
        } else {
            outcome
        };
        (exchange, outcome)
    });
    Inquiry::new(&guide(), Vec::new(), outcomes.collect()).unwrap()
}

#[test]
fn an_error_of_an_unknown_form_counts_by_its_outcome() {
    let mut target = guided(&[("user.unknown_fields", "refused")]);
    send_json(&mut target, "GET", "/api/accounts/12345/users", "");
    let user = "/api/accounts/12345/users/u1";
    let jdoe = r#"{"FirstName":"John","LastName":"Doe","Email":"j@example.com"}"#;
    assert_eq!(send_json(&mut target, "PUT", user, jdoe), 200);
    let jdoe = r#"{"FirstName":"John","LastName":"Doe","Email":"j@example.com","Nickname":"J"}"#;
    assert_eq!(send_json(&mut target, "PUT", user, jdoe), 400);
    let id = "user.unknown_fields".parse().unwrap();
    let oops = "{\"oops\":1}";
    let rejected = inquired(&target, oops, Outcome::Rejected);
    assert_eq!(rejected.partly(), [3]);
    assert_eq!(rejected.unexplained(), []);
    assert!(!rejected.is_open(id));
    let unclear = inquired(&target, oops, Outcome::Unclear);
    assert_eq!(unclear.unexplained()[0].exchange, 3);
    assert!(unclear.is_open(id));
}

#[test]
fn what_was_hard_to_explain_among_300_targets_is_explained() {
    // Three options decide together, or a change leads to an error and a better one is as near.
    let mut roles = Target::new(1179, Noise::None);
    roles.sync();
    let others = [(1205, 5), (1203, 20), (1219, 20)].map(|(seed, requests)| {
        let mut target = Target::new(seed, Noise::None);
        target.fuzz(requests);
        target
    });
    for target in others.into_iter().chain([roles]) {
        explains_all(&target);
    }
}

/// Each exchange has an explanation, and the learned profile explains them all.
fn explains_all(target: &Target) {
    let learned = learn(&target.recorded, &guide()).unwrap();
    let again = replay(&target.recorded, &learned.profile).unwrap();
    assert_eq!((learned.unexplained, again.unexplained), (vec![], vec![]));
}

/// Without each of these options, the update has another error or none.
#[test]
fn an_error_is_explained_that_comes_after_several_others() {
    let mut target = guided(&[
        ("email.unique", "account"),
        ("errors.conflict", "400"),
        ("errors.shape", "error_list"),
        ("naming.email", "EmailAddress"),
        ("put.semantics", "merge"),
        ("role.request_field", "RoleIds"),
        ("user.telephone", "e164_optional"),
        ("user.unknown_fields", "ignored"),
    ]);
    let users = "/api/accounts/12345/users";
    let zoe = r#"{"Username":"zoe","FirstName":"Zoe","LastName":"Lee","EmailAddress":"z@example.com","Password":"Teal-Wagon.47"}"#;
    assert_eq!(send_json(&mut target, "POST", users, zoe), 201);
    let user = "/api/accounts/12345/users/u1";
    assert_eq!(send_json(&mut target, "GET", user, ""), 200);
    let taken = r#"{"Nickname":"x","TelephoneNumber":"+19195550123","RoleIds":[],"EmailAddress":"z@example.com"}"#;
    assert_eq!(send_json(&mut target, "PUT", user, taken), 400);
    explains_all(&target);
}

/// While the ids of new users are not known, a key may be another user's.
#[test]
fn an_option_that_stays_open_is_chosen_so_that_it_explains_the_traffic() {
    let mut target = guided(&[
        ("create.response", "empty"),
        ("delete.effect", "deactivated"),
        ("naming.user_key", "Username"),
    ]);
    let users = "/api/accounts/12345/users";
    let create = |target: &mut Target, name: &str| {
        let user = format!(
            r#"{{"Username":"{name}","FirstName":"Zoe","LastName":"Lee","Email":"{name}@example.com","Password":"Teal-Wagon.47"}}"#
        );
        assert_eq!(send_json(target, "POST", users, &user), 201);
    };
    let jdoe = "/api/accounts/12345/users/jdoe";
    create(&mut target, "ann");
    assert_eq!(send_json(&mut target, "GET", jdoe, ""), 200);
    assert_eq!(send_json(&mut target, "DELETE", jdoe, ""), 200);
    create(&mut target, "bob");
    create(&mut target, "cid");
    let cid = "/api/accounts/12345/users/cid";
    assert_eq!(send_json(&mut target, "GET", cid, ""), 200);
    assert_eq!(send_json(&mut target, "GET", jdoe, ""), 200);
    explains_all(&target);
}
