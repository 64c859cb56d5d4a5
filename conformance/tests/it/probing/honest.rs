//! Targets that are correct in their own way, or sloppy, and differ from every profile: nothing is
//! observed of them that they do not do.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use bandwidth_conformance::limits::Limits;
use serde_json::{Value, json};

use super::quirk::{Answered, Odd};

/// A target on which a GET shows what a PUT changed only from the `lag`-th GET on.
fn stale(set: &[&str], lag: u32) -> Odd {
    // How a user was before a PUT, in each format, and how often GET shows that still.
    let before: Mutex<HashMap<String, ([String; 2], u32)>> = Mutex::default();
    Odd::new(set, move |asked| {
        let mut before = before.lock().unwrap();
        let path = asked.path();
        let formats = ["application/json", "application/xml"];
        if asked.is_of_user("PUT") {
            let is_stale = matches!(before.get(path), Some((_, left)) if *left > 0);
            if !is_stale {
                let now = formats.map(|format| asked.get(path, format).text());
                before.insert(path.to_owned(), (now, 0));
            }
            before
                .entry(path.to_owned())
                .and_modify(|(_, left)| *left = lag);
        } else if asked.is_of_user("GET")
            && let Some((bodies, left)) = before.get_mut(path)
            && *left > 0
        {
            *left -= 1;
            let format = usize::from(asked.header("accept").contains("xml"));
            return Answered::of(200, formats[format], bodies[format].clone());
        }
        asked.pass()
    })
}

#[test]
fn a_get_that_lags_behind_a_put_is_no_evidence() {
    let odd = stale(&[], 3);
    let quickly = Limits {
        settle: Duration::from_millis(100),
        ..Limits::impatient()
    };
    let learned = odd.learned_within(quickly, &["username.update", "put", "role", "user"]);
    for (id, option) in [
        ("username.update", "allowed"),
        ("put.semantics", "replace"),
        ("put.id_mismatch", "refused"),
        ("role.unknown", "refused"),
    ] {
        assert_eq!(learned.of(id), option, "{id}");
    }
    // One that lags for longer than the target may take to settle.
    let odd = stale(&["user.unknown_fields=ignored"], u32::MAX);
    let soon = Limits {
        settle: Duration::from_millis(50),
        ..Limits::impatient()
    };
    let learned = odd.learned_within(soon, &["username.update", "put", "role", "user"]);
    for id in [
        "username.update",
        "put.semantics",
        "put.id_mismatch",
        "role.unknown",
        "user.unknown_fields",
    ] {
        let why = learned.why_open(id);
        assert!(why.contains("GET does not show"), "{id}: {why}");
    }
}

#[test]
fn a_user_that_is_not_yet_readable_is_not_judged_to_be_missing() {
    // Neither the id nor the name is there for the first GETs, nor can the user log in.
    let reads = AtomicU32::new(0);
    let set = ["missing.by_username=found", "auth.user_logins=accepted"];
    let odd = Odd::new(&set, move |asked| {
        let of_new = asked.path().contains("/users/u2") || asked.path().contains("/users/cf-");
        if asked.method() == "GET" && of_new && reads.fetch_add(1, Ordering::Relaxed) < 6 {
            return asked.error(404, 12000, "no such user");
        }
        asked.pass()
    });
    let learned = odd.learned(&["missing", "auth"]);
    for (id, option) in [
        ("missing.by_username", "found"),
        ("auth.user_logins", "accepted"),
    ] {
        let found = learned.of(id);
        assert!(
            found == option || found.starts_with("open"),
            "{id}: {found}"
        );
    }
}

#[test]
fn an_error_with_status_200_is_an_error() {
    let set = [
        "format.body_without_type=xml",
        "format.unacceptable=not_acceptable",
    ];
    let odd = Odd::new(&set, |asked| {
        let answer = asked.pass();
        match answer.status() {
            status @ 400.. => asked.error(200, status.into(), "no"),
            _ => answer,
        }
    });
    let learned = odd.learned(&[]);
    for id in [
        "paths.bases",
        "surface.login",
        "format.body_without_type",
        "format.unacceptable",
        "put.id_mismatch",
        "auth.user_logins",
        "user.unknown_fields",
        "role.unknown",
        "missing.user",
        "errors.conflict",
        "auth.challenge",
        "auth.lockout",
    ] {
        learned.why_open(id);
    }
    for (id, option) in [("put.semantics", "replace"), ("username.update", "allowed")] {
        assert_eq!(learned.of(id), option, "{id}");
    }
}

/// Writes the names of users otherwise, and reads them so too.
fn renamed(rename: fn(&str) -> String) -> Odd {
    Odd::new(&[], move |mut asked| {
        asked.edit(|fields| {
            let own = std::mem::take(fields);
            let known = [
                "UserId",
                "Username",
                "FirstName",
                "LastName",
                "Email",
                "Password",
            ];
            for (name, value) in own {
                let same = |known: &&&str| known.eq_ignore_ascii_case(&name);
                let name = known
                    .iter()
                    .find(same)
                    .map_or(name.clone(), |name| (*name).to_owned());
                fields.insert(name, value);
            }
        });
        let answer = asked.pass();
        let body = match answer.json() {
            Value::Object(mut root) if root.contains_key("Users") => {
                for user in root["Users"].as_array_mut().unwrap() {
                    *user = with_names(user, rename);
                }
                Value::Object(root)
            }
            user if user.get("Username").is_some() => with_names(&user, rename),
            _ => return answer,
        };
        answer.with_body(body.to_string())
    })
}

fn with_names(user: &Value, rename: fn(&str) -> String) -> Value {
    let fields = user.as_object().unwrap().iter();
    fields
        .map(|(name, value)| (rename(name), value.clone()))
        .collect()
}

#[test]
fn names_are_claimed_only_as_a_user_itself_shows_them() {
    fn camel(name: &str) -> String {
        name[..1].to_lowercase() + &name[1..]
    }
    fn mixed(name: &str) -> String {
        if name == "UserId" {
            camel(name)
        } else {
            name.to_owned()
        }
    }
    for rename in [camel, mixed, str::to_lowercase] {
        let learned = renamed(rename).learned(&["naming"]);
        let why = learned.why_open("naming.json_case");
        assert!(why.contains("no option explains"), "{why}");
    }
}

#[test]
fn ids_that_are_json_numbers_are_no_known_style() {
    let odd = Odd::new(&["user.id_style=numeric"], |asked| {
        let answer = asked.pass();
        let mut user = answer.json();
        if let Some(id) = user["UserId"]
            .as_str()
            .and_then(|id| id.parse::<u64>().ok())
        {
            user["UserId"] = json!(id);
            return answer.with_body(user.to_string());
        }
        answer
    });
    odd.learned(&["user"]).why_open("user.id_style");
}

#[test]
fn a_user_that_is_deactivated_before_its_delete_shows_no_effect() {
    // Updates disable users permanently, and a delete does nothing.
    let odd = Odd::new(&[], |asked| {
        if asked.method() == "DELETE" {
            return Answered::of(200, "application/json", "{}");
        }
        let answer = asked.pass();
        let mut user = answer.json();
        if asked.is_of_user("GET") && user.get("Username").is_some() {
            user["Enabled"] = json!(false);
            return answer.with_body(user.to_string());
        }
        answer
    });
    odd.learned(&["delete"]).why_open("delete.effect");
}

#[test]
fn a_target_that_shows_no_user_does_not_show_how_it_reports_a_missing_one() {
    let odd = Odd::new(&[], |asked| {
        let is_user = asked.method() == "GET" && asked.path().contains("/users/");
        if is_user {
            return Answered::of(404, "text/plain", "");
        }
        asked.pass()
    });
    odd.learned(&["missing"]).why_open("missing.user");
}

#[test]
fn names_and_emails_are_not_compared_with_a_user_that_stays_disabled() {
    let creates = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&creates);
    let is_disabled = AtomicBool::new(false);
    let odd = Odd::new(&[], move |asked| {
        if asked.creates() {
            seen.lock().unwrap().push(asked.json());
        }
        if asked.is_of_user("PUT") {
            if is_disabled.load(Ordering::SeqCst) {
                return asked.error(400, 1000, "a disabled user stays as it is");
            }
            is_disabled.store(asked.json()["Enabled"] == false, Ordering::SeqCst);
        }
        asked.pass()
    });
    odd.learned(&["put", "email", "username", "errors"]);
    let creates = creates.lock().unwrap();
    let with_first = |field: &str| {
        let first = creates[0][field].as_str().unwrap().to_lowercase();
        let same = |body: &&Value| body[field].as_str().unwrap_or_default().to_lowercase() == first;
        creates.iter().filter(same).count()
    };
    assert_eq!((with_first("Username"), with_first("Email")), (1, 1));
    assert!(creates.len() > 3, "{creates:?}");
}
