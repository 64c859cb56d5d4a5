//! Passwords that a recording hides.

use super::*;

/// The recording as `record` writes it: passwords are placeholders, and only of those that were
/// rejected there are features.
fn hide_passwords(exchanges: &mut [Exchange]) {
    let mut known: Vec<String> = Vec::new();
    for exchange in exchanges {
        let text = String::from_utf8_lossy(&exchange.request_body).into_owned();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let Some(password) = body["Password"].as_str() else {
            continue;
        };
        let place = known.iter().position(|one| one == password);
        let place = place.unwrap_or_else(|| {
            known.push(password.to_owned());
            known.len() - 1
        });
        let placeholder = format!("password-{}", place + 1);
        exchange.request_body = text.replace(password, &placeholder).into();
        let answer = exchange.answer.as_ref().unwrap();
        if String::from_utf8_lossy(&answer.body).contains("assword") {
            exchange.passwords.insert(placeholder, features(password));
        }
    }
}

fn features(password: &str) -> PasswordFeatures {
    let [upper, lower, digit, symbol] = classes_of(password);
    PasswordFeatures {
        length: password.len().try_into().unwrap(),
        upper,
        lower,
        digit,
        symbol,
        simple: true,
        repeats: longest_repeat(password).try_into().unwrap(),
        common_word: false,
        identity: Some(false),
    }
}

#[test]
fn a_password_that_was_accepted_and_is_not_known_keeps_every_rule() {
    let users = "/api/accounts/12345/users";
    let create = |target: &mut Target, name: &str, password: &str| {
        let body = format!(
            r#"{{"Username":"{name}","FirstName":"Zoe","LastName":"Lee","Email":"{name}@example.com","Password":"{password}"}}"#
        );
        send_json(target, "POST", users, &body)
    };
    for errors in ["named", "opaque"] {
        let mut target = guided(&[
            ("password.min_length", "11"),
            ("password.errors", errors),
            ("errors.conflict", "400"),
        ]);
        send_json(&mut target, "GET", users, "");
        let statuses = [
            create(&mut target, "one", "Kx.59abQwzTq"),
            create(&mut target, "two", "Kx.59abQ"),
            create(&mut target, "two", "Kx.59abQwz"),
            // The name is taken, which is no rule of passwords.
            create(&mut target, "one", "Kx.59abQwzTr"),
        ];
        assert_eq!(statuses, [201, 400, 400, 400]);
        hide_passwords(&mut target.recorded);
        let learned = learn(&target.recorded, &guide()).unwrap();
        assert_eq!(target.check(&learned).1, Vec::<String>::new());
        assert_eq!((&*learned.unexplained, learned.left_out), (&[][..], 0));
        let conflict = "errors.conflict".parse().unwrap();
        assert_eq!(learned.profile.get(conflict), "400");
        assert!(matches!(learned.findings[&conflict], Finding::Settled(_)));
        let profile = NamedProfile::of(learned.profile);
        let set = profile.clone().set(["put.semantics=merge"]);
        assert_eq!(set.map_err(|error| error.to_string()), Ok(()));
    }
}

#[test]
fn a_password_that_was_accepted_before_it_was_rejected_was_the_same() {
    let mut target = guided(&[("password.history", "1"), ("password.errors", "opaque")]);
    let user = "/api/accounts/12345/users";
    let zoe = r#"{"Username":"zoe","FirstName":"Zoe","LastName":"Lee","Email":"z@example.com","Password":"Teal-Wagon.47"}"#;
    send_json(&mut target, "GET", user, "");
    assert_eq!(send_json(&mut target, "POST", user, zoe), 201);
    assert_eq!(
        send_json(&mut target, "PUT", &format!("{user}/u2"), zoe),
        400
    );
    hide_passwords(&mut target.recorded);
    let learned = learn(&target.recorded, &guide()).unwrap();
    assert_eq!(target.check(&learned).1, Vec::<String>::new());
    assert_eq!(learned.unexplained, []);
}

#[test]
fn a_rule_is_not_judged_by_a_rejection_for_another_one() {
    // Another server may check the classes before the length.
    let users = "/api/accounts/12345/users";
    let zoe = r#"{"Username":"zoe","FirstName":"Zoe","LastName":"Lee","Email":"z@example.com","Password":"abcde"}"#;
    let mut target = guided(&[("password.errors", "named"), ("password.min_length", "1")]);
    assert_eq!(send_json(&mut target, "POST", users, zoe), 400);
    let answer = target.recorded[0].answer.as_ref().unwrap();
    assert!(String::from_utf8_lossy(&answer.body).contains("12727"));
    let minimum = "password.min_length".parse().unwrap();
    target.truth.choose(minimum, "12");
    let learned = learn(&target.recorded, &guide()).unwrap();
    assert_eq!(target.check(&learned).1, Vec::<String>::new());
}

#[test]
fn a_made_up_password_repeats_as_much_as_the_real_one() {
    // The longest string that occurs twice has two characters.
    let real = "Kx.5wQb7Tz-aMn3Rc_Jd9Kx";
    let mut target = guided(&[("password.repeats", "2")]);
    let users = "/api/accounts/12345/users";
    let zoe = format!(
        r#"{{"Username":"zoe","FirstName":"Zoe","LastName":"Lee","Email":"z@example.com","Password":"{real}"}}"#
    );
    send_json(&mut target, "GET", users, "");
    assert_eq!(send_json(&mut target, "POST", users, &zoe), 201);
    hide_passwords(&mut target.recorded);
    let created = target.recorded.last_mut().unwrap();
    created
        .passwords
        .insert("password-1".to_owned(), features(real));
    let learned = learn(&target.recorded, &guide()).unwrap();
    assert_eq!(target.check(&learned).1, Vec::<String>::new());
    assert_eq!(learned.unexplained, []);
    let id = "password.repeats".parse().unwrap();
    let repeats = format!("{:?}", learned.findings[&id]);
    assert!(repeats.contains("2..=1000"), "{repeats}");
}
