//! The rules, without HTTP.

mod machine;
mod passwords;

use std::sync::{Arc, LazyLock};

use bandwidth_fixtures::{
    AccountScope, Consultation, NamedProfile, Secret, Texts,
    profile::{EmailCase, UsernameCase},
};
use proptest::prelude::*;

use super::{Account, ApiError, Changes, Company, Digest, Login, NamesInUse, Role, User};
use crate::wire::{RoleReference, UserBody};

/// No other account has anything.
struct Alone;

impl NamesInUse for Alone {
    fn login(&self, _: &str, _: UsernameCase) -> bool {
        false
    }

    fn username(&self, _: &str, _: UsernameCase) -> bool {
        false
    }

    fn email(&self, _: &str, _: EmailCase) -> bool {
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

static MAIN: LazyLock<Company> = LazyLock::new(|| Company::new("12345", ""));

fn companies() -> Arc<[Company]> {
    Arc::new([Company::new("12345", ""), Company::new("67890", "")])
}

fn salted(salt: u8) -> Account {
    let salt = [salt; 16];
    let roles = ["r1", "r2"].map(|id| Role {
        id: id.into(),
        name: format!("Role {id}").into(),
        permissions: Vec::new(),
        domain_id: id.into(),
        description: None,
        internal: false,
        customer_visible: true,
    });
    Account::new(
        companies(),
        salt,
        Login {
            username: "api-user".into(),
            passwords: vec![Digest::of(&salt, "x")],
            scope: AccountScope::AccountAdmin,
        },
        roles.into(),
        1,
    )
}

fn body() -> UserBody {
    UserBody {
        username: Some("asmith".to_owned()),
        texts: Texts {
            first_name: Some("Anna".to_owned()),
            last_name: Some("Smith".to_owned()),
            email: Some("a.smith@example.com".to_owned()),
            ..Texts::default()
        },
        password: Some(Secret::new("Teal-Wagon.47")),
        ..UserBody::default()
    }
}

fn create(change: impl FnOnce(&mut UserBody), set: &[&str]) -> Result<(), ApiError> {
    let mut body = body();
    change(&mut body);
    account()
        .create(&body, &MAIN, &Alone, &rules(set))
        .map(|_| ())
}

#[test]
fn usernames_and_emails_have_forms() {
    let username = |text: &str| create(|body| body.username = Some(text.to_owned()), &[]);
    for text in ["a", "A.b_c-d@e9", &"x".repeat(100)] {
        assert_eq!(username(text), Ok(()), "{text}");
    }
    for text in ["a b", "a/b", "é", "a+b", "a:b", "%41"] {
        assert_eq!(username(text), Err(ApiError::UsernameCharacters), "{text}");
    }
    assert_eq!(username(&"x".repeat(101)), Err(ApiError::UsernameTooLong));
    assert_eq!(username("api-user"), Err(ApiError::UsernameTaken));

    let email = |text: &str| create(|body| body.texts.email = Some(text.to_owned()), &[]);
    for text in ["a@b.c", "o'brien+x@mail.example.com", "é@exämple.com"] {
        assert_eq!(email(text), Ok(()), "{text}");
    }
    for text in [
        "a", "a@b", "@b.c", "a@", "a@b..c", "a@.c", "a b@c.d", "a@b@c.d", "a@b.c\n",
    ] {
        assert_eq!(email(text), Err(ApiError::EmailInvalid), "{text}");
    }
}

#[test]
fn telephone_numbers_have_the_form_of_the_profile() {
    let telephone = |text: &str, set: &str| {
        create(
            |body| body.texts.telephone_number = Some(text.to_owned()),
            &[set],
        )
    };
    assert_eq!(
        telephone("9195550100", "user.telephone=ten_digits_optional"),
        Ok(())
    );
    assert_eq!(telephone("", "user.telephone=ten_digits_optional"), Ok(()));
    assert_eq!(
        telephone("", "user.telephone=ten_digits_required"),
        Err(ApiError::TelephoneRequired)
    );
    assert_eq!(
        telephone("+19195550100", "user.telephone=e164_optional"),
        Ok(())
    );
    for text in ["919555010", "91955501000", "919-555-0100", "+19195550100"] {
        let result = telephone(text, "user.telephone=ten_digits_optional");
        assert_eq!(result, Err(ApiError::TelephoneInvalid), "{text}");
    }
    for text in ["9195550100", "+09195550100", "+1", "+1234567890123456"] {
        let result = telephone(text, "user.telephone=e164_optional");
        assert_eq!(result, Err(ApiError::TelephoneInvalid), "{text}");
    }
}

/// Updates these fields of a user that has all of them.
fn updated(set: &[&str], change: impl FnOnce(&mut UserBody)) -> Result<User, ApiError> {
    let rules = rules(set);
    let mut account = account();
    let mut whole = body();
    whole.roles = Some(vec![crate::wire::RoleReference {
        id: Some("r1".to_owned()),
        name: None,
    }]);
    whole.enabled = Some(false);
    let user = account.create(&whole, &MAIN, &Alone, &rules)?;
    let mut body = UserBody::default();
    change(&mut body);
    let after = account.update(&user.id, &body, &MAIN, Changes::All, &Alone, &rules)?;
    assert_eq!(
        account.find(&user.id, &MAIN.reach(), &rules),
        Ok(&after),
        "the echo is what is kept"
    );
    Ok(User::clone(&after))
}

#[test]
fn put_replaces_merges_or_requires() {
    let jane = |body: &mut UserBody| body.texts.first_name = Some("Jane".to_owned());

    let replaced = updated(&[], jane).unwrap();
    assert_eq!(&*replaced.username, "asmith");
    assert_eq!(replaced.texts.first_name.as_deref(), Some("Jane"));
    assert_eq!(
        (replaced.texts.last_name, replaced.texts.email),
        (None, None)
    );
    assert!(replaced.roles.is_empty() && replaced.enabled);
    assert_eq!(replaced.passwords.len(), 1);

    let merged = updated(&["put.semantics=merge"], jane).unwrap();
    assert_eq!(merged.texts.first_name.as_deref(), Some("Jane"));
    assert_eq!(merged.texts.last_name.as_deref(), Some("Smith"));
    assert_eq!(merged.texts.email.as_deref(), Some("a.smith@example.com"));
    assert!(!merged.roles.is_empty() && !merged.enabled);

    let requiring = ["put.semantics=replace_requiring_fields"];
    assert_eq!(updated(&requiring, jane), Err(ApiError::LastNameRequired));
    let all_required = |body: &mut UserBody| {
        jane(body);
        body.texts.last_name = Some("Smith".to_owned());
        body.texts.email = Some("b@example.com".to_owned());
    };
    let replaced = updated(&requiring, all_required).unwrap();
    assert!(replaced.roles.is_empty() && replaced.enabled);
}

#[test]
fn given_but_empty_clears_in_a_merge_too() {
    let merged = updated(&["put.semantics=merge"], |body| {
        body.texts.last_name = Some(String::new());
        body.roles = Some(Vec::new());
    });
    let merged = merged.unwrap();
    assert_eq!(merged.texts.last_name, None);
    assert!(merged.roles.is_empty());
    let emptied = |body: &mut UserBody| body.username = Some(String::new());
    assert_eq!(updated(&[], emptied), Err(ApiError::UsernameRequired));
    let emptied = |body: &mut UserBody| body.password = Some(Secret::new(""));
    assert_eq!(updated(&[], emptied), Err(ApiError::PasswordRequired));
}

#[test]
fn a_refused_update_changes_nothing_and_frees_nothing() {
    let rules = rules(&[]);
    let mut account = account();
    let user = account.create(&body(), &MAIN, &Alone, &rules).unwrap();
    let mut wrong = UserBody {
        username: Some("other".to_owned()),
        ..UserBody::default()
    };
    wrong.password = Some(Secret::new("weak"));
    account
        .update(&user.id, &wrong, &MAIN, Changes::All, &Alone, &rules)
        .unwrap_err();
    assert_eq!(account.find(&user.id, &MAIN.reach(), &rules), Ok(&user));
    assert_eq!(
        account.create(&body(), &MAIN, &Alone, &rules),
        Err(ApiError::UsernameTaken)
    );
    // A rename frees the old name and takes the new one.
    wrong.password = None;
    account
        .update(&user.id, &wrong, &MAIN, Changes::All, &Alone, &rules)
        .unwrap();
    account.create(&body(), &MAIN, &Alone, &rules).unwrap();
}

#[test]
fn ids_are_never_used_again_and_a_deleted_name_is_free() {
    let rules = rules(&[]);
    let mut account = account();
    let first = account.create(&body(), &MAIN, &Alone, &rules).unwrap();
    account.delete(&first.id, &MAIN.reach(), &rules).unwrap();
    assert_eq!(
        account.delete(&first.id, &MAIN.reach(), &rules),
        Err(ApiError::UnknownUser)
    );
    let second = account.create(&body(), &MAIN, &Alone, &rules).unwrap();
    assert_eq!((&*first.id, &*second.id), ("u1", "u2"));
}

#[test]
fn case_matters_or_not_as_the_profile_says() {
    let upper = |body: &mut UserBody| body.username = Some("ASMITH".to_owned());
    for (set, expected) in [
        ("username.case=sensitive", Ok(())),
        ("username.case=insensitive", Err(ApiError::UsernameTaken)),
    ] {
        let rules = rules(&[set]);
        let mut account = account();
        account.create(&body(), &MAIN, &Alone, &rules).unwrap();
        let mut other = body();
        upper(&mut other);
        assert_eq!(
            account.create(&other, &MAIN, &Alone, &rules).map(|_| ()),
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
        let user = account.create(&body, &MAIN, &Alone, &rules).unwrap();
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
            body.texts.email = Some(format!("{}@example.com", names[3 - name]));
            let _ = match kind {
                0 => account.create(&body, &MAIN, &Alone, &rules).map(|_| ()),
                1 => account.update(&key, &body, &MAIN, Changes::All, &Alone, &rules).map(|_| ()),
                _ => account.delete(&key, &MAIN.reach(), &rules),
            };
            let mut seen = std::collections::HashSet::new();
            for user in account.users() {
                prop_assert!(seen.insert(user.username.to_lowercase()), "a name is there twice");
                prop_assert_eq!(account.find(&user.id, &MAIN.reach(), &rules), Ok(user));
                prop_assert!(account.exactly_named(&user.username).is_some());
            }
            for name in names {
                let taken = account.username_taken(name, None, UsernameCase::Insensitive);
                prop_assert_eq!(taken, seen.contains(&name.to_lowercase()));
                let email = format!("{name}@example.com");
                let has = |user: &&Arc<User>| user.texts.email.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(&email));
                let taken = account.email_taken(&email, None, EmailCase::Insensitive);
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
    assert_eq!(account_id("12346"), Err(ApiError::AccountIdMismatch));
    let required = &["user.account_id=required"];
    assert_eq!(create(|_| {}, required), Err(ApiError::AccountIdRequired));
    let user_id = |set: &[&str]| create(|body| body.user_id = Some("u9".to_owned()), set);
    assert_eq!(user_id(&[]), Err(ApiError::UserIdInCreate));
    assert_eq!(user_id(&["put.id_mismatch=ignored"]), Ok(()));
    assert_eq!(user_id(&["naming.user_key=Username"]), Ok(()));
    let rules = rules(&[]);
    let mut account = account();
    let user = account.create(&body(), &MAIN, &Alone, &rules).unwrap();
    let mut update = body();
    for (id, expected) in [("u1", Ok(())), ("u2", Err(ApiError::UserIdMismatch))] {
        update.user_id = Some(id.to_owned());
        let updated = account.update(&user.id, &update, &MAIN, Changes::All, &Alone, &rules);
        assert_eq!(updated.map(drop), expected, "{id}");
    }
}

#[test]
fn each_change_of_a_user_makes_another_version() {
    let mut account = account();
    let rules = rules(&[]);
    let mut seen = vec![account.version()];
    account.create(&body(), &MAIN, &Alone, &rules).unwrap();
    seen.push(account.version());
    account
        .update("u1", &body(), &MAIN, Changes::All, &Alone, &rules)
        .unwrap();
    seen.push(account.version());
    account.assign_resources("u1", Box::default()).unwrap();
    seen.push(account.version());
    account
        .change_user_password(1, &Secret::new("Plum-Kettle.58"), &rules)
        .unwrap();
    seen.push(account.version());
    account.delete("u1", &MAIN.reach(), &rules).unwrap();
    seen.push(account.version());
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
}

#[test]
fn a_username_finds_a_user_only_where_the_profile_says_so() {
    const BY_NAME: &str = "naming.user_key=Username";
    let mut account = account();
    account.create(&body(), &MAIN, &Alone, &rules(&[])).unwrap();
    let found = |key: &str, set: &[&str]| {
        account
            .find(key, &MAIN.reach(), &rules(set))
            .map(|user| user.number)
    };
    for (key, set, expected) in [
        ("u1", &[][..], Ok(1)),
        ("asmith", &[], Err(ApiError::UnknownUser)),
        ("asmith", &["missing.by_username=found"], Ok(1)),
        ("u1", &["missing.by_username=found"], Ok(1)),
        ("asmith", &[BY_NAME], Ok(1)),
        ("Asmith", &[BY_NAME], Err(ApiError::UnknownUser)),
        ("Asmith", &[BY_NAME, "username.case=insensitive"], Ok(1)),
        ("u1", &[BY_NAME], Err(ApiError::UnknownUser)),
    ] {
        assert_eq!(found(key, set), expected, "{key} {set:?}");
    }
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
        let user = account().create(&body, &MAIN, &Alone, &rules(set))?;
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
        (&[contradiction], &[], Err(ApiError::UnknownRole)),
        (
            &[first.clone(), unknown.clone()],
            &[],
            Err(ApiError::UnknownRole),
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
    account.create(&body(), &MAIN, &Alone, &rules).unwrap();
    let mut second = body();
    second.username = Some("ben".to_owned());
    second.texts.email = Some("ben@example.com".to_owned());
    account.create(&second, &MAIN, &Alone, &rules).unwrap();
    account
        .update("u2", &second, &MAIN, Changes::All, &Alone, &rules)
        .unwrap();
    second.texts.email = body().texts.email;
    let taken = account.update("u2", &second, &MAIN, Changes::All, &Alone, &rules);
    assert_eq!(taken, Err(ApiError::EmailTaken));
}

#[test]
fn uuids_are_those_of_the_account() {
    let rules = rules(&["user.id_style=uuid"]);
    let id = |salt: u8| {
        let user = salted(salt).create(&body(), &MAIN, &Alone, &rules).unwrap();
        user.id.clone()
    };
    assert_eq!(id(7), id(7));
    assert_ne!(id(7), id(8));
    // A client may keep an id, and finds the same user behind it later.
    let mut account = Account::new(
        companies(),
        std::array::from_fn(|at| u8::try_from(at).unwrap()),
        salted(7).login().clone(),
        Vec::new(),
        41,
    );
    let ids = ["asmith", "ben"].map(|name| {
        let mut body = body();
        body.username = Some(name.to_owned());
        let user = account.create(&body, &MAIN, &Alone, &rules).unwrap();
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
    let template = User::clone(&account.create(&body(), &MAIN, &Alone, &rules).unwrap());
    account.delete("u1", &MAIN.reach(), &rules).unwrap();
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
        assert_eq!(
            account.find(id, &MAIN.reach(), &rules).unwrap().number,
            number,
            "{id}"
        );
    }
    for id in ["1", "2", "u4", "4", "u5", "5", "u005", "7", "u7"] {
        assert!(account.find(id, &MAIN.reach(), &rules).is_err(), "{id}");
    }
    let mut changed = body();
    changed.username = Some("user-4".to_owned());
    let user = account
        .update("u1", &changed, &MAIN, Changes::All, &Alone, &rules)
        .unwrap();
    assert_eq!((user.number, &*user.id), (4, "u1"));
    account.delete("u2", &MAIN.reach(), &rules).unwrap();
    assert!(account.find("u2", &MAIN.reach(), &rules).is_err());
    assert_eq!(account.find("u1", &MAIN.reach(), &rules).unwrap().number, 4);
}

#[test]
fn the_next_ids_skip_those_that_a_seed_gave_ahead() {
    let rules = rules(&[]);
    let mut account = account();
    let first = User::clone(&account.create(&body(), &MAIN, &Alone, &rules).unwrap());
    account.put_ahead(User {
        number: 3,
        id: "u3".into(),
        username: "ahead".into(),
        ..first
    });
    let mut next = |name: &str| {
        let mut body = body();
        body.username = Some(name.to_owned());
        let user = account.create(&body, &MAIN, &Alone, &rules).unwrap();
        account.delete("u3", &MAIN.reach(), &rules).ok();
        user.id.clone()
    };
    assert_eq!(["b", "c"].map(&mut next), ["u2".into(), "u4".into()]);
}

#[test]
fn a_name_that_stays_is_no_new_name() {
    for username_update in ["refused", "ignored", "allowed"] {
        let rules = rules(&[&format!("username.update={username_update}")]);
        let mut account = account();
        // As a seed may have it; no operation takes it for a new name.
        let seeded = "a b";
        let mut user = User::clone(&account.create(&body(), &MAIN, &Alone, &rules).unwrap());
        user.username = seeded.into();
        account.delete("u1", &MAIN.reach(), &rules).unwrap();
        account.put(user);
        let mut same = body();
        same.username = Some(seeded.to_owned());
        same.texts.first_name = Some("Ann".to_owned());
        let user = account
            .update("u1", &same, &MAIN, Changes::All, &Alone, &rules)
            .unwrap();
        let names = (&*user.username, user.texts.first_name.as_deref());
        assert_eq!(names, (seeded, Some("Ann")), "{username_update}");
    }
}

#[test]
fn an_email_that_was_changed_or_deleted_is_free() {
    let rules = rules(&["email.unique=account"]);
    let mut account = account();
    account.create(&body(), &MAIN, &Alone, &rules).unwrap();
    let mut changed = body();
    changed.texts.email = Some("anna@example.com".to_owned());
    account
        .update("u1", &changed, &MAIN, Changes::All, &Alone, &rules)
        .unwrap();
    let mut second = body();
    second.username = Some("ben".to_owned());
    account.create(&second, &MAIN, &Alone, &rules).unwrap();
    account.delete("u2", &MAIN.reach(), &rules).unwrap();
    account.create(&second, &MAIN, &Alone, &rules).unwrap();
}
