//! The rules, without HTTP.

mod machine;

use std::sync::Arc;

use bandwidth_fixtures::{Consultation, NamedProfile, Secret, profile::UsernameCase};
use proptest::prelude::*;

use super::{Account, Digest, DomainError, Login, Role, Taken, User};
use crate::wire::{RoleReference, UserBody};

/// No other account has anything.
struct Nobody;

impl Taken for Nobody {
    fn username(&self, _: &str, _: UsernameCase) -> bool {
        false
    }

    fn email(&self, _: &str) -> bool {
        false
    }
}

fn rules(set: &[&str]) -> Consultation {
    let mut profile = NamedProfile::built_in("guide").unwrap();
    profile.set(set.iter().copied()).unwrap();
    Consultation::of(*profile.options())
}

fn account() -> Account {
    salted(7)
}

fn salted(salt: u8) -> Account {
    let salt = [salt; 16];
    let roles = ["r1", "r2"].map(|id| Role {
        id: id.into(),
        name: format!("Role {id}").into(),
        permissions: Vec::new(),
    });
    Account::new(
        "12345",
        salt,
        Login {
            username: "api-user".into(),
            passwords: vec![Digest::of(&salt, "x")],
        },
        roles.into(),
        1,
    )
}

fn body() -> UserBody {
    UserBody {
        username: Some("asmith".to_owned()),
        first_name: Some("Anna".to_owned()),
        last_name: Some("Smith".to_owned()),
        email: Some("a.smith@example.com".to_owned()),
        password: Some(Secret::new("Teal-Wagon.47")),
        ..UserBody::default()
    }
}

fn create(change: impl FnOnce(&mut UserBody), set: &[&str]) -> Result<(), DomainError> {
    let mut body = body();
    change(&mut body);
    account().create(&body, &Nobody, &rules(set)).map(|_| ())
}

fn with_password(password: &str, set: &[&str]) -> Result<(), DomainError> {
    create(|body| body.password = Some(Secret::new(password)), set)
}

#[test]
fn the_password_policy_of_the_guide() {
    use DomainError as E;
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
    use DomainError as E;
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
    let named_jo = |body: &mut UserBody| body.first_name = Some("Jo".to_owned());
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
fn usernames_and_emails_have_forms() {
    let username = |text: &str| create(|body| body.username = Some(text.to_owned()), &[]);
    for text in ["a", "A.b_c-d@e9", &"x".repeat(100)] {
        assert_eq!(username(text), Ok(()), "{text}");
    }
    for text in ["a b", "a/b", "é", "a+b", "a:b", "%41"] {
        assert_eq!(
            username(text),
            Err(DomainError::UsernameCharacters),
            "{text}"
        );
    }
    assert_eq!(
        username(&"x".repeat(101)),
        Err(DomainError::UsernameTooLong)
    );
    assert_eq!(username("api-user"), Err(DomainError::UsernameTaken));

    let email = |text: &str| create(|body| body.email = Some(text.to_owned()), &[]);
    for text in ["a@b.c", "o'brien+x@mail.example.com", "é@exämple.com"] {
        assert_eq!(email(text), Ok(()), "{text}");
    }
    for text in [
        "a", "a@b", "@b.c", "a@", "a@b..c", "a@.c", "a b@c.d", "a@b@c.d", "a@b.c\n",
    ] {
        assert_eq!(email(text), Err(DomainError::EmailInvalid), "{text}");
    }
}

#[test]
fn telephone_numbers_have_the_form_of_the_profile() {
    let telephone = |text: &str, set: &str| {
        create(|body| body.telephone_number = Some(text.to_owned()), &[set])
    };
    assert_eq!(
        telephone("9195550100", "user.telephone=ten_digits_optional"),
        Ok(())
    );
    assert_eq!(telephone("", "user.telephone=ten_digits_optional"), Ok(()));
    assert_eq!(
        telephone("", "user.telephone=ten_digits_required"),
        Err(DomainError::TelephoneRequired)
    );
    assert_eq!(
        telephone("+19195550100", "user.telephone=e164_optional"),
        Ok(())
    );
    for text in ["919555010", "91955501000", "919-555-0100", "+19195550100"] {
        let result = telephone(text, "user.telephone=ten_digits_optional");
        assert_eq!(result, Err(DomainError::TelephoneInvalid), "{text}");
    }
    for text in ["9195550100", "+09195550100", "+1", "+1234567890123456"] {
        let result = telephone(text, "user.telephone=e164_optional");
        assert_eq!(result, Err(DomainError::TelephoneInvalid), "{text}");
    }
}

#[test]
fn the_last_passwords_are_refused() {
    let rules = rules(&["password.history=2"]);
    let mut account = account();
    let user = account.create(&body(), &Nobody, &rules).unwrap();
    let mut change =
        |text: &str| account.change_user_password(user.number, &Secret::new(text), &rules);
    let reused = Err(DomainError::PasswordReused);
    assert_eq!(change("Teal-Wagon.47"), reused);
    assert_eq!(change("Teal-Wagon.48"), Ok(()));
    assert_eq!(change("Teal-Wagon.47"), reused);
    assert_eq!(change("Teal-Wagon.49"), Ok(()));
    assert_eq!(change("Teal-Wagon.47"), Ok(()));
}

/// What an update to these fields makes of a user that has all of them.
fn updated(set: &[&str], change: impl FnOnce(&mut UserBody)) -> Result<User, DomainError> {
    let rules = rules(set);
    let mut account = account();
    let mut whole = body();
    whole.roles = Some(vec![crate::wire::RoleReference {
        id: Some("r1".to_owned()),
        name: None,
    }]);
    whole.enabled = Some(false);
    let user = account.create(&whole, &Nobody, &rules)?;
    let mut body = UserBody::default();
    change(&mut body);
    let after = account.update(&user.id, &body, &Nobody, &rules)?;
    assert_eq!(
        account.find(&user.id, &rules),
        Ok(&after),
        "the echo is what is kept"
    );
    Ok(User::clone(&after))
}

#[test]
fn put_replaces_merges_or_requires() {
    let jane = |body: &mut UserBody| body.first_name = Some("Jane".to_owned());

    let replaced = updated(&[], jane).unwrap();
    assert_eq!(&*replaced.username, "asmith");
    assert_eq!(replaced.first_name.as_deref(), Some("Jane"));
    assert_eq!((replaced.last_name, replaced.email), (None, None));
    assert!(replaced.roles.is_empty() && replaced.enabled);
    assert_eq!(replaced.passwords.len(), 1);

    let merged = updated(&["put.semantics=merge"], jane).unwrap();
    assert_eq!(merged.first_name.as_deref(), Some("Jane"));
    assert_eq!(merged.last_name.as_deref(), Some("Smith"));
    assert_eq!(merged.email.as_deref(), Some("a.smith@example.com"));
    assert!(!merged.roles.is_empty() && !merged.enabled);

    let requiring = ["put.semantics=replace_requiring_fields"];
    assert_eq!(
        updated(&requiring, jane),
        Err(DomainError::LastNameRequired)
    );
    let all_required = |body: &mut UserBody| {
        jane(body);
        body.last_name = Some("Smith".to_owned());
        body.email = Some("b@example.com".to_owned());
    };
    let replaced = updated(&requiring, all_required).unwrap();
    assert!(replaced.roles.is_empty() && replaced.enabled);
}

#[test]
fn given_but_empty_clears_in_a_merge_too() {
    let merged = updated(&["put.semantics=merge"], |body| {
        body.last_name = Some(String::new());
        body.roles = Some(Vec::new());
    });
    let merged = merged.unwrap();
    assert_eq!(merged.last_name, None);
    assert!(merged.roles.is_empty());
    let emptied = |body: &mut UserBody| body.username = Some(String::new());
    assert_eq!(updated(&[], emptied), Err(DomainError::UsernameRequired));
    let emptied = |body: &mut UserBody| body.password = Some(Secret::new(""));
    assert_eq!(updated(&[], emptied), Err(DomainError::PasswordRequired));
}

#[test]
fn a_refused_update_changes_nothing_and_frees_nothing() {
    let rules = rules(&[]);
    let mut account = account();
    let user = account.create(&body(), &Nobody, &rules).unwrap();
    let mut wrong = UserBody {
        username: Some("other".to_owned()),
        ..UserBody::default()
    };
    wrong.password = Some(Secret::new("weak"));
    account
        .update(&user.id, &wrong, &Nobody, &rules)
        .unwrap_err();
    assert_eq!(account.find(&user.id, &rules), Ok(&user));
    assert_eq!(
        account.create(&body(), &Nobody, &rules),
        Err(DomainError::UsernameTaken)
    );
    // A rename frees the old name and takes the new one.
    wrong.password = None;
    account.update(&user.id, &wrong, &Nobody, &rules).unwrap();
    account.create(&body(), &Nobody, &rules).unwrap();
}

#[test]
fn ids_are_never_used_again_and_a_deleted_name_is_free() {
    let rules = rules(&[]);
    let mut account = account();
    let first = account.create(&body(), &Nobody, &rules).unwrap();
    account.delete(&first.id, &rules).unwrap();
    assert_eq!(
        account.delete(&first.id, &rules),
        Err(DomainError::UnknownUser)
    );
    let second = account.create(&body(), &Nobody, &rules).unwrap();
    assert_eq!((&*first.id, &*second.id), ("u1", "u2"));
}

#[test]
fn case_matters_or_not_as_the_profile_says() {
    let upper = |body: &mut UserBody| body.username = Some("ASMITH".to_owned());
    for (set, expected) in [
        ("username.case=sensitive", Ok(())),
        ("username.case=insensitive", Err(DomainError::UsernameTaken)),
    ] {
        let rules = rules(&[set]);
        let mut account = account();
        account.create(&body(), &Nobody, &rules).unwrap();
        let mut other = body();
        upper(&mut other);
        assert_eq!(
            account.create(&other, &Nobody, &rules).map(|_| ()),
            expected,
            "{set}"
        );
    }
}

#[test]
fn uuids_look_like_uuids_and_differ() {
    let rules = rules(&["user.id_style=uuid"]);
    let mut account = account();
    let mut seen = std::collections::HashSet::new();
    for number in 0..50 {
        let mut body = body();
        body.username = Some(format!("user-{number}"));
        let user = account.create(&body, &Nobody, &rules).unwrap();
        let parts: Vec<usize> = user.id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{}", user.id);
        assert!(
            user.id[14..].starts_with('4') && "89ab".contains(&user.id[19..20]),
            "{}",
            user.id
        );
        assert!(seen.insert(user.id.clone()));
    }
}

proptest! {
    /// Whatever is done, the users found by list, id and name are the same.
    #[test]
    fn the_indexes_agree_with_the_users(steps in proptest::collection::vec((0_u8..3, 0_usize..4, 0_usize..4), 0..40)) {
        let rules = rules(&["username.case=insensitive"]);
        let names = ["anna", "Ben", "cleo", "BEN"];
        let mut account = account();
        for (kind, name, target) in steps {
            let key = account.users().nth(target).map(|user| user.id.to_string()).unwrap_or_default();
            let mut body = body();
            body.username = Some(names[name].to_owned());
            body.email = Some(format!("{}@example.com", names[3 - name]));
            let _ = match kind {
                0 => account.create(&body, &Nobody, &rules).map(|_| ()),
                1 => account.update(&key, &body, &Nobody, &rules).map(|_| ()),
                _ => account.delete(&key, &rules),
            };
            let mut seen = std::collections::HashSet::new();
            for user in account.users() {
                prop_assert!(seen.insert(user.username.to_lowercase()), "a name is there twice");
                prop_assert_eq!(account.find(&user.id, &rules), Ok(user));
                prop_assert!(account.has_username(&user.username));
            }
            for name in names {
                let taken = account.username_taken(name, None, UsernameCase::Insensitive);
                prop_assert_eq!(taken, seen.contains(&name.to_lowercase()));
                let email = format!("{name}@example.com");
                let has = |user: &&Arc<User>| user.email.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(&email));
                let taken = account.email_taken(&email, None);
                prop_assert_eq!(taken, account.users().any(|user| has(&user)));
            }
        }
    }
}

#[test]
fn ids_in_a_body_must_be_those_of_the_path() {
    let account_id = |id: &str| {
        let id = Some(id.to_owned());
        create(|body| body.account_id = id, &[])
    };
    assert_eq!(account_id("12345"), Ok(()));
    assert_eq!(account_id("12346"), Err(DomainError::AccountIdMismatch));
    let user_id = |set: &[&str]| create(|body| body.user_id = Some("u9".to_owned()), set);
    assert_eq!(user_id(&[]), Err(DomainError::UserIdMismatch));
    assert_eq!(user_id(&["put.id_mismatch=ignored"]), Ok(()));
    assert_eq!(user_id(&["naming.user_key=Username"]), Ok(()));
    let rules = rules(&[]);
    let mut account = account();
    let user = account.create(&body(), &Nobody, &rules).unwrap();
    let mut update = body();
    for (id, expected) in [("u1", Ok(())), ("u2", Err(DomainError::UserIdMismatch))] {
        update.user_id = Some(id.to_owned());
        let updated = account.update(&user.id, &update, &Nobody, &rules);
        assert_eq!(updated.map(drop), expected, "{id}");
    }
}

#[test]
fn each_change_of_a_user_makes_another_version() {
    let mut account = account();
    let rules = rules(&[]);
    let mut seen = vec![account.version()];
    account.create(&body(), &Nobody, &rules).unwrap();
    seen.push(account.version());
    account.update("u1", &body(), &Nobody, &rules).unwrap();
    seen.push(account.version());
    account.assign_resources("u1", Box::default()).unwrap();
    seen.push(account.version());
    account
        .change_user_password(1, &Secret::new("Plum-Kettle.58"), &rules)
        .unwrap();
    seen.push(account.version());
    account.delete("u1", &rules).unwrap();
    seen.push(account.version());
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
}

#[test]
fn a_username_finds_a_user_only_where_the_profile_says_so() {
    let mut account = account();
    account.create(&body(), &Nobody, &rules(&[])).unwrap();
    let found = |key: &str, set: &[&str]| account.find(key, &rules(set)).map(|user| user.number);
    for (key, set, expected) in [
        ("u1", &[][..], Ok(1)),
        ("asmith", &[], Err(DomainError::UnknownUser)),
        ("asmith", &["missing.by_username=found"], Ok(1)),
        ("u1", &["missing.by_username=found"], Ok(1)),
        ("asmith", &["naming.user_key=Username"], Ok(1)),
        (
            "Asmith",
            &["naming.user_key=Username"],
            Err(DomainError::UnknownUser),
        ),
        (
            "u1",
            &["naming.user_key=Username"],
            Err(DomainError::UnknownUser),
        ),
    ] {
        assert_eq!(found(key, set), expected, "{key} {set:?}");
    }
}

#[test]
fn a_name_that_was_not_reserved_is_once_it_is_changed() {
    let rules = rules(&[]);
    let mut account = account();
    let created = account.create(&body(), &Nobody, &rules).unwrap();
    account.put(User {
        username_reserved: false,
        ..User::clone(&created)
    });
    let same = account.update("u1", &body(), &Nobody, &rules).unwrap();
    assert!(!same.username_reserved);
    let mut renamed = body();
    renamed.username = Some("anna".to_owned());
    let renamed = account.update("u1", &renamed, &Nobody, &rules).unwrap();
    assert!(renamed.username_reserved);
}

#[test]
fn roles_are_found_by_all_that_is_said_of_them() {
    let reference = |id: Option<&str>, name: Option<&str>| RoleReference {
        id: id.map(str::to_owned),
        name: name.map(str::to_owned),
    };
    let given = |references: &[RoleReference], set: &[&str]| {
        let mut body = body();
        body.roles = Some(references.to_vec());
        let user = account().create(&body, &Nobody, &rules(set))?;
        Ok(user
            .roles
            .iter()
            .map(|id| (**id).to_owned())
            .collect::<Vec<_>>())
    };
    let (first, second) = (
        reference(Some("r1"), None),
        reference(None, Some("Role r2")),
    );
    let contradiction = reference(Some("r1"), Some("Role r2"));
    let unknown = reference(Some("r3"), None);
    let ok = |ids: &[&str]| Ok(ids.iter().map(|id| (*id).to_owned()).collect());
    for (references, set, expected) in [
        (
            &[second.clone(), first.clone()][..],
            &[][..],
            ok(&["r2", "r1"]),
        ),
        (
            &[first.clone(), reference(Some("r1"), Some("Role r1"))],
            &[],
            ok(&["r1"]),
        ),
        (&[contradiction], &[], Err(DomainError::UnknownRole)),
        (
            &[first.clone(), unknown.clone()],
            &[],
            Err(DomainError::UnknownRole),
        ),
        (&[first, unknown], &["role.unknown=ignored"], ok(&["r1"])),
    ] {
        assert_eq!(given(references, set), expected, "{references:?} {set:?}");
    }
}

#[test]
fn an_email_of_another_is_refused_at_an_update_too_and_ones_own_is_not() {
    let rules = rules(&["email.unique=account"]);
    let mut account = account();
    account.create(&body(), &Nobody, &rules).unwrap();
    let mut second = body();
    second.username = Some("ben".to_owned());
    second.email = Some("ben@example.com".to_owned());
    account.create(&second, &Nobody, &rules).unwrap();
    account.update("u2", &second, &Nobody, &rules).unwrap();
    second.email = body().email;
    let taken = account.update("u2", &second, &Nobody, &rules);
    assert_eq!(taken, Err(DomainError::EmailTaken));
}

#[test]
fn uuids_are_those_of_the_account() {
    let rules = rules(&["user.id_style=uuid"]);
    let id = |salt: u8| {
        let user = salted(salt).create(&body(), &Nobody, &rules).unwrap();
        user.id.clone()
    };
    assert_eq!(id(7), id(7));
    assert_ne!(id(7), id(8));
    // Whoever wrote an id down finds the same user behind it tomorrow.
    let mut account = Account::new(
        "12345",
        std::array::from_fn(|at| u8::try_from(at).unwrap()),
        salted(7).login().clone(),
        Vec::new(),
        41,
    );
    let ids = ["asmith", "ben"].map(|name| {
        let mut body = body();
        body.username = Some(name.to_owned());
        let user = account.create(&body, &Nobody, &rules).unwrap();
        user.id.to_string()
    });
    let expected = [
        "1dfb87f0-7504-45ae-a00b-5d7c5311df56",
        "766055b6-9da2-45b4-aa74-58593c3f5b0b",
    ];
    assert_eq!(ids, expected);
}

/// An id is a text: what number it looks like does not matter.
#[test]
fn ids_that_say_the_number_of_another_user_find_their_own() {
    let rules = rules(&[]);
    let mut account = account();
    let template = User::clone(&account.create(&body(), &Nobody, &rules).unwrap());
    account.delete("u1", &rules).unwrap();
    let ids = ["u2", "u3", "3", "u1", "u05", "+5", "five", "u"];
    for (number, id) in (1..).zip(ids) {
        account.put(User {
            number,
            id: id.into(),
            username: format!("user-{number}").into(),
            ..template.clone()
        });
    }
    for (number, id) in (1..).zip(ids) {
        assert_eq!(account.find(id, &rules).unwrap().number, number, "{id}");
    }
    for id in ["1", "2", "u4", "4", "u5", "5", "u005", "7", "u7"] {
        assert!(account.find(id, &rules).is_err(), "{id}");
    }
    let mut changed = body();
    changed.username = Some("user-4".to_owned());
    let user = account.update("u1", &changed, &Nobody, &rules).unwrap();
    assert_eq!((user.number, &*user.id), (4, "u1"));
    account.delete("u2", &rules).unwrap();
    assert!(account.find("u2", &rules).is_err());
    assert_eq!(account.find("u1", &rules).unwrap().number, 4);
}

#[test]
fn a_name_that_stays_is_no_new_name() {
    for username_update in ["refused", "ignored", "allowed"] {
        let rules = rules(&[&format!("username.update={username_update}")]);
        let mut account = account();
        // As a seed may have it; no operation takes it for a new name.
        let seeded = "a b";
        let mut user = User::clone(&account.create(&body(), &Nobody, &rules).unwrap());
        user.username = seeded.into();
        account.delete("u1", &rules).unwrap();
        account.put(user);
        let mut same = body();
        same.username = Some(seeded.to_owned());
        same.first_name = Some("Ann".to_owned());
        let user = account.update("u1", &same, &Nobody, &rules).unwrap();
        let names = (&*user.username, user.first_name.as_deref());
        assert_eq!(names, (seeded, Some("Ann")), "{username_update}");
    }
}

#[test]
fn an_email_that_was_changed_or_deleted_is_free() {
    let rules = rules(&["email.unique=account"]);
    let mut account = account();
    account.create(&body(), &Nobody, &rules).unwrap();
    let mut changed = body();
    changed.email = Some("anna@example.com".to_owned());
    account.update("u1", &changed, &Nobody, &rules).unwrap();
    let mut second = body();
    second.username = Some("ben".to_owned());
    account.create(&second, &Nobody, &rules).unwrap();
    account.delete("u2", &rules).unwrap();
    account.create(&second, &Nobody, &rules).unwrap();
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
            body.first_name = Some(first_name.to_owned());
            body.password = Some(Secret::new(password));
        };
        create(change, &["password.identity=refused"]).is_err()
    };
    // The sign for Kelvin is a capital K.
    assert!(refused("Kim", "Teal-Wagon.47\u{212A}IM"));
    assert!(refused("\u{c9}va", "Teal-Wagon.47\u{e9}VA"));
    assert!(!refused("\u{c9}va", "Teal-Wagon.47eva"));
}
