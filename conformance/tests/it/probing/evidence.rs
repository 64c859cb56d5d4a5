//! An option is observed only where what was seen rules the others out. Each server here does
//! something that looks like an option and is another thing.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::quirk::{Answered, Asked, Odd};

/// A user that is sent may have no such field.
fn without(asked: &mut Asked, field: &str) {
    asked.edit(|fields| {
        fields.remove(field);
    });
}

#[test]
fn a_put_with_nothing_to_lose_is_no_replacement() {
    // No role is shown, everybody is enabled, and an update needs LastName: nothing that a PUT
    // leaves out can be seen.
    let odd = Odd::new(&["put.semantics=merge"], |mut asked| {
        if asked.is("GET", "/roles") {
            return Answered::of(200, "application/json", r#"{"Roles":[]}"#);
        }
        if asked.is_of_user("PUT") && !asked.has("LastName") {
            return asked.error(400, 12507, "LastName is required");
        }
        without(&mut asked, "Enabled");
        if asked.text().contains("<Enabled>") {
            return asked.error(400, 1003, "Enabled is not for you");
        }
        asked.pass()
    });
    odd.learned(&["put.semantics"]).why_open("put.semantics");
}

#[test]
fn a_telephone_number_is_something_to_lose_where_there_is_nothing_else() {
    let set = [
        "put.semantics=replace",
        "format.json=never",
        "user.telephone=ten_digits_optional",
    ];
    let odd = Odd::new(&set, |asked| {
        if asked.is("GET", "/roles") {
            return Answered::of(
                200,
                "application/xml",
                "<RolesResponse><Roles/></RolesResponse>",
            );
        }
        if asked.is_of_user("PUT") && !asked.has("LastName") {
            return asked.error(400, 12507, "LastName is required");
        }
        if asked.has("Enabled") {
            return asked.error(400, 1003, "Enabled is not for you");
        }
        asked.pass()
    });
    let learned = odd.learned(&["put.semantics", "user.telephone"]);
    assert_eq!(learned.of("put.semantics"), "replace_requiring_fields");
}

#[test]
fn a_challenge_alone_does_not_say_which_schemes_are_taken() {
    let challenged = |set: &'static str, challenge: &'static str| {
        let odd = Odd::new(&[set], move |asked| {
            let mut answer = asked.pass();
            if answer.status() == 401 {
                answer.set_header("WWW-Authenticate", challenge);
            }
            answer
        });
        odd.learned(&["auth"]).of("auth.schemes")
    };
    let (basic, bearer) = ("auth.schemes=basic", "auth.schemes=bearer");
    for (set, challenge, told) in [
        (basic, "Basic realm=\"x\"", "basic, or basic_and_bearer"),
        (
            basic,
            "Basic realm=\"no bearer\"",
            "basic, or basic_and_bearer",
        ),
        (
            basic,
            "Bearer realm=\"a\", Basic realm=\"b\"",
            "basic_and_bearer",
        ),
        (basic, "Bearer", "basic_and_bearer"),
        (bearer, "Basic realm=\"x\"", "basic_and_bearer"),
        (bearer, "Bearer", "basic_and_bearer, or bearer"),
    ] {
        assert_eq!(challenged(set, challenge), told, "{set}, {challenge}");
    }
}

#[test]
fn a_list_that_is_refused_in_json_tells_nothing_of_json() {
    let odd = Odd::new(&[], |asked| {
        if asked.header("accept").contains("json") {
            return Answered::of(406, "application/json", r#"{"error":"not acceptable"}"#);
        }
        asked.pass()
    });
    let learned = odd.learned(&["format.json", "format.default", "naming.json_case", "list"]);
    assert!(learned.why_open("format.json").contains("406"));
    assert_eq!(learned.of("format.default"), "xml");
    learned.why_open("naming.json_case");
    learned.why_open("list.empty");
}

#[test]
fn an_error_in_the_place_of_a_list_is_no_empty_list() {
    for (status, code) in [(404, 404), (200, 231), (404, 230)] {
        let odd = Odd::new(&[], move |asked| {
            if asked.is("GET", "/users") {
                return asked.error(status, code, "nothing here");
            }
            asked.pass()
        });
        odd.learned(&["list"]).why_open("list.empty");
    }
    let odd = Odd::new(&[], |asked| {
        if asked.is("GET", "/users") {
            return Answered::of(200, "application/json", r#"{"status":"fine"}"#);
        }
        asked.pass()
    });
    odd.learned(&["list"]).why_open("list.empty");
}

#[test]
fn where_there_is_nothing_but_json_it_is_not_negotiated() {
    let odd = Odd::new(&["format.default=json"], |mut asked| {
        asked.set_header("Accept", "application/json");
        if asked.header("content-type").contains("xml") {
            return asked.error(415, 415, "JSON only");
        }
        asked.pass()
    });
    let learned = odd.learned(&["format.json", "format.default", "put.semantics"]);
    let why = learned.why_open("format.json");
    assert!(why.contains("no option explains"), "{why}");
    assert_eq!(learned.of("format.default"), "json");
    assert_eq!(learned.of("put.semantics"), "replace");
}

#[test]
fn a_page_is_not_the_default_format() {
    let odd = Odd::new(&[], |asked| {
        if asked.header("accept").contains("vcard") {
            return Answered::page(200);
        }
        asked.pass()
    });
    odd.learned(&["format"]).why_open("format.unacceptable");
}

#[test]
fn a_username_is_refused_only_where_the_rest_of_the_update_is_not() {
    let odd = Odd::new(&[], |asked| {
        if asked.is_of_user("PUT") && !asked.has("Password") {
            return asked.error(400, 12503, "Password is required");
        }
        asked.pass()
    });
    let why = odd
        .learned(&["username.update"])
        .why_open("username.update");
    assert!(why.contains("changes nothing"), "{why}");
}

#[test]
fn usernames_are_the_same_in_any_case_only_where_upper_case_is_taken_at_all() {
    let odd = Odd::new(&[], |asked| {
        let name = asked.json()["Username"].as_str().unwrap_or("").to_owned();
        if name != name.to_lowercase() {
            return asked.error(400, 12502, "lower-case letters only");
        }
        asked.pass()
    });
    let learned = odd.learned(&["username", "errors"]);
    let why = learned.why_open("username.case");
    assert!(why.contains("a POST that returns 400"), "{why}");
    assert_eq!(learned.of("errors.conflict"), "409");
}

#[test]
fn an_unknown_role_is_refused_only_where_a_known_one_is_not() {
    let odd = Odd::new(&[], |asked| {
        if asked.is_of_user("PUT") && asked.text().contains("\"Roles\":[\"") {
            return asked.error(400, 1005, "no roles here");
        }
        asked.pass()
    });
    odd.learned(&["role"]).why_open("role.unknown");
}

#[test]
fn an_unknown_role_is_ignored_only_where_it_is_not_stored() {
    let odd = Odd::new(&["role.unknown=ignored"], |asked| {
        let stored = asked.is_of_user("GET");
        let answer = asked.pass();
        let mut user = answer.json();
        if stored && user.get("Username").is_some() {
            user["Roles"] = json!([{"RoleId": "cf-no-such-role", "RoleName": "x"}]);
            return answer.with_body(user.to_string());
        }
        answer
    });
    let why = odd.learned(&["role"]).why_open("role.unknown");
    assert!(why.contains("a GET that returns 200"), "{why}");
    // Where no role is ever shown, it cannot be seen whether one was stored.
    let odd = Odd::new(&["role.unknown=ignored"], |asked| {
        let answer = asked.pass();
        let mut user = answer.json();
        if user.get("Roles").is_some() && user.get("Username").is_some() {
            user.as_object_mut().unwrap().remove("Roles");
            return answer.with_body(user.to_string());
        }
        answer
    });
    odd.learned(&["role"]).why_open("role.unknown");
}

#[test]
fn a_field_gives_roles_only_where_the_user_has_none_without_it() {
    let odd = Odd::new(&["user.unknown_fields=ignored"], |asked| {
        let about = asked.is_of_user("GET");
        let answer = asked.pass();
        let mut user = answer.json();
        if about && user.get("Username").is_some() && user["Roles"].is_null() {
            user["Roles"] = json!([{"RoleId": "r9", "RoleName": "Everybody"}]);
            return answer.with_body(user.to_string());
        }
        answer
    });
    odd.learned(&["role.request_field"])
        .why_open("role.request_field");
}

#[test]
fn a_role_that_stays_says_nothing_of_the_other_field() {
    let set = [
        "put.semantics=merge",
        "role.request_field=either",
        "user.unknown_fields=ignored",
    ];
    let odd = Odd::new(&set, |mut asked| {
        for field in ["Roles", "RoleIds"] {
            if asked.json()[field] == json!([]) {
                without(&mut asked, field);
            }
        }
        asked.pass()
    });
    odd.learned(&["role.request_field"])
        .why_open("role.request_field");
}

#[test]
fn another_user_id_is_refused_only_where_the_users_own_is_not() {
    let odd = Odd::new(&["put.id_mismatch=ignored"], |asked| {
        if asked.is_of_user("PUT") && asked.has("UserId") {
            return asked.error(400, 1006, "no ids here");
        }
        asked.pass()
    });
    let why = odd.learned(&["put"]).why_open("put.id_mismatch");
    assert!(why.contains("a PUT that returns 400"), "{why}");
}

#[test]
fn an_unknown_field_is_ignored_only_where_it_is_not_stored() {
    let odd = Odd::new(&["user.unknown_fields=ignored"], |asked| {
        let about = asked.is_of_user("GET");
        let answer = asked.pass();
        let mut user = answer.json();
        if about && user.get("Username").is_some() {
            user["Nickname"] = json!("Vrk");
            return answer.with_body(user.to_string());
        }
        answer
    });
    let why = odd.learned(&["user"]).why_open("user.unknown_fields");
    assert!(why.contains("shown"), "{why}");
}

#[test]
fn a_number_in_e164_is_optional_only_where_a_user_without_one_is_taken() {
    let odd = Odd::new(&["user.telephone=e164_optional"], |asked| {
        if asked.is("POST", "/users") && !asked.has("TelephoneNumber") {
            return asked.error(400, 12511, "TelephoneNumber is required");
        }
        asked.pass()
    });
    odd.learned(&["user"]).why_open("user.telephone");
}

#[test]
fn numbers_that_are_refused_as_numbers_do_not_show_that_there_are_none() {
    let odd = Odd::new(&[], |asked| {
        if asked.has("TelephoneNumber") {
            return asked.error(400, 12512, "not a number that anybody has");
        }
        asked.pass()
    });
    odd.learned(&["user"]).why_open("user.telephone");
}

#[test]
fn a_page_of_a_gateway_is_not_the_error_body() {
    let odd = Odd::new(&[], |asked| {
        let answer = asked.pass();
        match answer.status() {
            status @ (401 | 403 | 404) => Answered::page(status),
            _ => answer,
        }
    });
    let learned = odd.learned(&["auth", "missing"]);
    for id in ["auth.failure_body", "auth.other_account", "missing.user"] {
        let why = learned.why_open(id);
        assert!(why.contains("no option explains"), "{id}: {why}");
    }
    // Each 30th list meets a limit; how fast they come does not matter.
    let lists = AtomicUsize::new(0);
    let odd = Odd::new(&[], move |asked| {
        if asked.is("GET", "/users") && lists.fetch_add(1, Ordering::Relaxed) % 30 == 29 {
            return Answered::page(429);
        }
        asked.pass()
    });
    let choice = bandwidth_conformance::probe::Choice {
        only: vec!["rate".to_owned()],
        rate_probe: true,
        ..Default::default()
    };
    let learned = super::quirk::Learned(odd.probed(&choice).0);
    let why = learned.why_open("rate.response");
    assert!(why.contains("error body"), "{why}");
}

#[test]
fn a_character_beyond_ascii_takes_the_place_of_none_that_is_needed() {
    let set = ["password.min_length=5", "password.max_length=5"];
    let odd = Odd::new(&set, |asked| asked.pass());
    assert_eq!(odd.learned(&["password"]).of("password.charset"), "any");
    let set = ["password.min_length=4", "password.max_length=4"];
    let odd = Odd::new(&set, |asked| asked.pass());
    odd.learned(&["password"]).why_open("password.charset");
}

#[test]
fn a_username_that_no_password_could_hold_is_no_rule_about_who_it_is_for() {
    let odd = Odd::new(&["password.identity=allowed"], |asked| {
        let password = asked.json()["Password"].as_str().unwrap_or("").to_owned();
        if password.contains('-') {
            return asked.error(400, 1019, "no dashes");
        }
        asked.pass()
    });
    let learned = odd.learned(&["password"]);
    assert_eq!(learned.of("password.identity"), "allowed");
}

#[test]
fn refusals_name_their_rule_only_where_rules_differ_by_more_than_chance() {
    let told = |set: &[&str], quirk: fn(Asked) -> Answered| {
        let odd = Odd::new(set, quirk);
        odd.learned(&["password"]).of("password.errors")
    };
    // The same code for every rule, though it is one that Bandwidth publishes for one of them.
    let one_code = told(&[], |asked| {
        let answer = asked.pass();
        if answer.status() == 400 && asked.has("Password") {
            return asked.error(400, 12504, "this password is not taken");
        }
        answer
    });
    assert_eq!(one_code, "opaque");
    // Another text each time.
    let chance = told(&[], |asked| {
        let answer = asked.pass();
        if answer.status() == 400 && asked.has("Password") {
            let number =
                asked.text().len() * 7919 + asked.text().bytes().map(usize::from).sum::<usize>();
            let time = std::time::SystemTime::now();
            let text = format!("not taken (request {number} at {time:?})");
            return asked.error(400, 1019, &text);
        }
        answer
    });
    assert_eq!(chance, "opaque, or named");
    // By words, where there is no code.
    let words = told(
        &[
            "errors.shape=response_status_without_code",
            "password.errors=named",
        ],
        Asked::pass_on,
    );
    assert_eq!(words, "named");
    let broken = bandwidth_conformance::probe::Choice {
        only: vec!["password".to_owned()],
        ..Default::default()
    };
    let odd = Odd::failing(&[], &["malformed_body=true,every=5,when=after"]);
    let learned = super::quirk::Learned(odd.probed(&broken).0);
    let told = learned.of("password.errors");
    assert!(!told.starts_with("named"), "{told}");
}

#[test]
fn a_policy_is_told_only_where_good_passwords_are_taken_before_and_after() {
    use std::sync::atomic::{AtomicU32, Ordering};

    for most in [0, 3, 6] {
        let changes = AtomicU32::new(0);
        let odd = Odd::new(&[], move |asked| {
            let tried = (asked.is_of_user("PUT") || asked.creates()) && asked.has("Password");
            if tried && changes.load(Ordering::Relaxed) > most {
                return asked.error(400, 13087, "no more changes");
            }
            let answer = asked.pass();
            if tried && answer.status() != 400 {
                changes.fetch_add(1, Ordering::Relaxed);
            }
            answer
        });
        let learned = odd.learned(&["password"]);
        for id in bandwidth_fixtures::BehaviourId::all() {
            if id.area() == "password" {
                let why = learned.why_open(id.as_str());
                assert!(why.contains("a good password"), "{most}, {id}: {why}");
            }
        }
    }
}

/// A rule that such a server does not check for a taken username says nothing in creates.
#[test]
fn a_password_that_creates_and_updates_judge_differently_decides_nothing() {
    use std::sync::Mutex;

    let conflict = Mutex::new(None);
    let odd = Odd::new(&[], move |asked| {
        let answer = asked.pass();
        if !asked.creates() {
            return answer;
        }
        let body = asked.json();
        let field = |name: &str| body[name].as_str().unwrap_or("none").to_lowercase();
        let password = field("Password");
        let mut names = ["FirstName", "LastName", "Username", "Email"].into_iter();
        let has_name = names.any(|name| password.contains(field(name).split('@').next().unwrap()));
        let mut conflict = conflict.lock().unwrap();
        match (answer.status(), &*conflict) {
            (409, _) => *conflict = Some(answer.json()),
            (400, Some(body)) if has_name => {
                return Answered::of(409, "application/json", body.to_string());
            }
            _ => {}
        }
        answer
    });
    let learned = odd.learned(&["password"]);
    let why = learned.why_open("password.identity");
    assert!(why.contains("no option explains"), "{why}");
    assert_eq!(learned.of("password.classes"), "4");
    assert_eq!(learned.of("password.min_length"), "8");
}

#[test]
fn a_create_that_a_taken_username_does_not_stop_shows_nothing_about_passwords() {
    let set = ["password.history=1", "password.min_length=10"];
    let odd = Odd::new(&set, |asked| {
        let answer = asked.pass();
        if asked.creates() && answer.status() == 409 {
            return Answered::of(200, "application/json", "{}");
        }
        answer
    });
    let learned = odd.learned(&["password"]);
    for (id, option) in [
        ("password.classes", "4"),
        ("password.history", "1"),
        ("password.identity", "refused"),
        ("password.max_length", "128"),
        ("password.min_length", "10"),
    ] {
        assert_eq!(learned.of(id), option, "{id}");
    }
}

#[test]
fn a_number_that_is_taken_and_not_shown_is_absent_only_where_unknown_fields_are_ignored() {
    // A field that is known and never shown.
    let odd = Odd::new(&["user.telephone=ten_digits_optional"], |asked| {
        let answer = asked.pass();
        let mut user = answer.json();
        if user.get("TelephoneNumber").is_some() {
            user.as_object_mut().unwrap().remove("TelephoneNumber");
            return answer.with_body(user.to_string());
        }
        answer
    });
    odd.learned(&["user"]).why_open("user.telephone");
    let odd = Odd::new(&["user.unknown_fields=ignored"], Asked::pass_on);
    for only in ["user", "user.telephone"] {
        assert_eq!(odd.learned(&[only]).of("user.telephone"), "absent");
    }
}
