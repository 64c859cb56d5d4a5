//! Accepted passwords, and places that never show them.

use bandwidth_fixtures::Secret;

use super::{Alone, MAIN, account, body, create, rules};
use crate::{domain::ApiError, wire::UserBody};

fn with_password(password: &str, set: &[&str]) -> Result<(), ApiError> {
    create(|body| body.password = Some(Secret::new(password)), set)
}

#[test]
fn the_password_policy_of_the_guide() {
    use ApiError as E;
    for (password, expected) in [
        ("Teal-Wagon.47", Ok(())),
        ("aB3-aaaa", Ok(())),
        ("aB3-aaa", Err(E::PasswordTooShort)),
        // Characters are counted, not bytes.
        ("aB3-ééé", Err(E::PasswordTooShort)),
        ("aB3-éééé", Ok(())),
        ("teal-wagon.47", Err(E::PasswordClasses)),
        ("TEAL-WAGON.47", Err(E::PasswordClasses)),
        ("TealWagon.XX", Err(E::PasswordClasses)),
        ("TealWagon47", Err(E::PasswordClasses)),
        ("Teal-Asmith.47", Err(E::PasswordIdentity)),
        ("Teal-ANNA.47", Err(E::PasswordIdentity)),
        ("Teal-smith.47", Err(E::PasswordIdentity)),
        ("Teal-A.SMITH.47", Err(E::PasswordIdentity)),
        ("1A-a.smith@example.com", Err(E::PasswordIdentity)),
    ] {
        assert_eq!(with_password(password, &[]), expected, "{password}");
    }
    assert_eq!(with_password(&"aB3-".repeat(32), &[]), Ok(()));
    assert_eq!(
        with_password(&format!("{}x", "aB3-".repeat(32)), &[]),
        Err(E::PasswordTooLong)
    );
}

#[test]
fn each_password_rule_follows_its_behaviour() {
    use ApiError as E;
    for (set, password, expected) in [
        (
            "password.min_length=14",
            "Teal-Wagon.47",
            Err(E::PasswordTooShort),
        ),
        (
            "password.max_length=12",
            "Teal-Wagon.47",
            Err(E::PasswordTooLong),
        ),
        ("password.classes=3", "TealWagon47", Ok(())),
        ("password.classes=0", "tealwagon", Ok(())),
        ("password.identity=allowed", "Teal-Asmith.47", Ok(())),
        (
            "password.charset=simple",
            "Teal Wagon.47",
            Err(E::PasswordCharacters),
        ),
        (
            "password.charset=simple",
            "Téal-Wagon.47",
            Err(E::PasswordCharacters),
        ),
        (
            "password.common_words=refused",
            "My-QwErTy.47",
            Err(E::PasswordCommonWord),
        ),
        ("password.repeats=3", "abcX-1-abcX", Err(E::PasswordRepeats)),
        ("password.repeats=3", "abcX-1-abcY", Ok(())),
        ("password.repeats=3", "aaaa-B-1", Ok(())),
        ("password.repeats=3", "aaaaa-B-1", Err(E::PasswordRepeats)),
    ] {
        assert_eq!(
            with_password(password, &[set]),
            expected,
            "{set} {password}"
        );
    }
}

#[test]
fn short_names_do_not_forbid_every_password() {
    let named_jo = |body: &mut UserBody| body.texts.first_name = Some("Jo".to_owned());
    let create_jo = create(
        |body| {
            named_jo(body);
            body.password = Some(Secret::new("Banjo-Wagon.47"));
        },
        &[],
    );
    assert_eq!(create_jo, Ok(()));
}

#[test]
fn the_last_passwords_are_refused() {
    let rules = rules(&["password.history=2"]);
    let mut account = account();
    let user = account.create(&body(), &MAIN, &Alone, &rules).unwrap();
    let mut change =
        |text: &str| account.change_user_password(user.number, &Secret::new(text), &rules);
    let reused = Err(ApiError::PasswordReused);
    assert_eq!(change("Teal-Wagon.47"), reused);
    assert_eq!(change("Teal-Wagon.48"), Ok(()));
    assert_eq!(change("Teal-Wagon.47"), reused);
    assert_eq!(change("Teal-Wagon.49"), Ok(()));
    assert_eq!(change("Teal-Wagon.47"), Ok(()));
}

#[test]
fn an_account_is_printed_without_its_passwords() {
    let account = account();
    let printed = format!("{:?}", account.login());
    let digest = format!("{:?}", account.digest("x").to_bytes());
    assert!(printed.contains("[digest]"), "{printed}");
    assert!(!printed.contains(&digest[1..20]), "{printed}");
}

#[test]
fn a_name_is_found_in_a_password_also_where_letters_are_no_ascii() {
    let refused = |first_name: &str, password: &str| {
        let change = |body: &mut UserBody| {
            body.texts.first_name = Some(first_name.to_owned());
            body.password = Some(Secret::new(password));
        };
        create(change, &["password.identity=refused"]).is_err()
    };
    // The sign for Kelvin is a capital K.
    assert!(refused("Kim", "Teal-Wagon.47\u{212A}IM"));
    assert!(refused("\u{c9}va", "Teal-Wagon.47\u{e9}VA"));
    assert!(!refused("\u{c9}va", "Teal-Wagon.47eva"));
}
