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

use bandwidth_conformance::{limits::Limits, probe::Choice};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::quirk::{Answered, Learned, Odd};

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

#[test]
fn keep_alive_is_looked_for_on_a_connection_that_may_stay_open() {
    // As Apache does: the emulator sends the header on each connection.
    let odd = Odd::new(&["http.keep_alive=sent"], |asked| {
        let closes = asked.header("connection").eq_ignore_ascii_case("close");
        let mut answer = asked.pass();
        if closes {
            answer.headers_mut().remove("Keep-Alive");
        }
        answer
    });
    assert_eq!(odd.learned(&["http"]).of("http.keep_alive"), "sent");
}

/// The name in a Basic login.
fn basic_name(header: &str) -> String {
    let encoded = header.strip_prefix("Basic ").unwrap_or_default();
    let login = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
    login.split(':').next().unwrap().to_owned()
}

#[test]
fn a_login_that_works_some_time_after_the_create_is_not_locked_out() {
    let set = ["auth.user_logins=accepted", "auth.lockout=0"];
    let tries: Mutex<HashMap<String, u32>> = Mutex::default();
    let first = Mutex::new(None);
    let odd = Odd::new(&set, move |asked| {
        let login = basic_name(asked.header("authorization"));
        let mut first = first.lock().unwrap();
        if login.starts_with("cf-") && *first.get_or_insert(login.clone()) != login {
            // The first user could log in when it was asked to.
            let mut tries = tries.lock().unwrap();
            let tries = tries.entry(login).or_default();
            *tries += 1;
            if *tries < 25 {
                return asked.error(401, 401, "no such login");
            }
        }
        asked.pass()
    });
    let limits = Limits {
        failed_logins: true,
        ..Limits::impatient()
    };
    let learned = odd.learned_within(limits, &["auth"]);
    assert_eq!(learned.of("auth.user_logins"), "accepted");
    let why = learned.why_open("auth.lockout");
    assert!(why.contains("cannot log in at once"), "{why}");
}

#[test]
fn a_deleted_user_that_comes_again_was_not_removed() {
    // The first GET after the delete returns 404, all others show the user.
    let deleted: Mutex<HashMap<String, u32>> = Mutex::default();
    let odd = Odd::new(&[], move |asked| {
        let mut deleted = deleted.lock().unwrap();
        if asked.method() == "DELETE" {
            deleted.insert(asked.path().to_owned(), 0);
            return Answered::of(200, "application/json", "{}");
        }
        if asked.is_of_user("GET")
            && let Some(asks) = deleted.get_mut(asked.path())
        {
            *asks += 1;
            if *asks == 1 {
                return asked.error(404, 12000, "no such user");
            }
        }
        asked.pass()
    });
    let (findings, probe) = odd.probed(&Choice::default());
    assert!(!probe.leftovers().is_empty());
    let why = Learned(findings).why_open("delete.effect");
    assert!(why.contains("there again"), "{why}");
}

#[test]
fn a_user_that_an_update_gives_another_id_is_removed_under_that_id() {
    // Other id to the emulator's id.
    let moved: Mutex<Option<(String, String)>> = Mutex::default();
    let odd = Odd::new(&[], move |mut asked| {
        let mut moved = moved.lock().unwrap();
        let own = asked.path().rsplit('/').next().unwrap().to_owned();
        if asked.is_of_user("PUT") && asked.has("UserId") {
            let wanted = asked.json()["UserId"].as_str().unwrap_or(&own).to_owned();
            if wanted != own {
                asked.edit(|fields| drop(fields.remove("UserId")));
                let answer = asked.pass();
                *moved = Some((wanted, own));
                return answer;
            }
        }
        let Some((new, old)) = moved.as_ref() else {
            return asked.pass();
        };
        if asked.is("GET", "/users") {
            // The list would show it in any case.
            return Answered::of(500, "text/plain", "");
        }
        if asked.path().ends_with(&format!("/users/{old}")) {
            return asked.error(404, 12000, "no such user");
        }
        if !asked.path().ends_with(&format!("/users/{new}")) {
            return asked.pass();
        }
        let answer = asked.pass_as(&asked.path().replace(new, old));
        let mut user = answer.json();
        if user.get("UserId").is_some() {
            user["UserId"] = json!(new);
            return answer.with_body(user.to_string());
        }
        answer
    });
    let before = odd.users();
    odd.learned(&["put"]);
    assert_eq!(odd.users(), before);
}

#[test]
fn creates_that_reject_what_updates_accept_leave_the_policy_open() {
    // Any password is accepted, except by a create with the username in it.
    let set = [
        "password.min_length=1",
        "password.classes=0",
        "password.identity=allowed",
        "password.common_words=allowed",
    ];
    let odd = Odd::new(&set, |asked| {
        let body = asked.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        if asked.creates() && text("Password").contains(&text("Username")) {
            return asked.error(400, 12726, "a name is in the password");
        }
        asked.pass()
    });
    let learned = odd.learned(&["password"]);
    for id in ["password.identity", "password.max_length"] {
        let why = learned.why_open(id);
        assert!(why.contains("a create rejects"), "{id}: {why}");
    }
}

#[test]
fn a_page_of_a_gateway_is_no_surface() {
    let odd = Odd::new(&[], |asked| {
        if asked.path() == "/api/users" {
            return Answered::of(200, "text/html", "<html><body>Welcome</body></html>");
        }
        asked.pass()
    });
    odd.learned(&["surface"]).why_open("surface.login");
}

#[test]
fn a_failed_question_before_a_delete_is_no_response_to_it() {
    // GET of the user works until it was read twice.
    let reads = AtomicU32::new(0);
    let odd = Odd::new(&[], move |asked| {
        let is_read = asked.is_of_user("GET") && asked.path().ends_with("/u2");
        if is_read && reads.fetch_add(1, Ordering::SeqCst) >= 2 {
            return Answered::of(500, "text/plain", "");
        }
        asked.pass()
    });
    let why = odd.learned(&["delete"]).why_open("delete.status");
    assert!(!why.contains("a delete returns"), "{why}");
}
