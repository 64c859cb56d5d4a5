//! Defects of passwords, and of the paths that change them.

use super::Mutant;
use crate::message;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "password-echoed",
        "a user is shown with the password that it was given",
        "passwords.never.come-back",
        "expected no answer that holds a password that was sent, got ",
    )
    .after(|ask, answer, memory| {
        if let Some(password) = message::field(&ask.body, "Password") {
            memory.texts.insert("password".to_owned(), password);
        }
        if let Some(password) = memory.texts.get("password")
            && ask.method == "GET"
            && ask.is_user()
        {
            let xml = format!("<Password>{password}</Password></User>");
            answer.body = answer.body.replace("</User>", &xml);
            let json = format!("{{\"Password\":\"{password}\",\"UserId\"");
            answer.body = answer.body.replacen("{\"UserId\"", &json, 1);
        }
    }),
    Mutant::new(
        "password-rules-of-another-kind",
        "passwords need 14 characters, two classes, and the errors name the rule",
        "passwords.length.minimum-is-enough",
        "an accepted password: a create that succeeds: expected status 201, got 400",
    )
    .set(&[
        "password.min_length=14",
        "password.max_length=40",
        "password.errors=named",
    ]),
    Mutant::new(
        "password-rules-reversed",
        "what passwords may hold is the contrary of what the profile says",
        "passwords.common-words.as-the-profile-says",
        "a password with a common word: an accepted password: a create that succeeds: expected status 201, got 400",
    )
    .set(&[
        "password.classes=4",
        "password.repeats=2",
        "password.history=5",
        "password.common_words=refused",
        "password.charset=simple",
        "password.identity=refused",
    ]),
    Mutant::new(
        "escapes-in-passwords-stay",
        "an escaped character in a password is stored as it is written",
        "passwords.markup-characters.are-kept",
        "a password with escaped characters: a login that is right: expected status 200, got 401",
    )
    .published()
    .before(|ask, _| {
        ask.body = message::replace(&ask.body, "Password", |text| {
            text.replace("&amp;", "&amp;amp;")
        });
    }),
    Mutant::new(
        "own-path-shows-less",
        "`/users/{userid}` shows no names",
        "published.user.without-an-account",
        "the user below no account: FirstName: expected \"Casey\", got nothing",
    )
    .published()
    .after(|ask, answer, _| {
        if ask.path.starts_with("/api/users/") {
            answer.strip("FirstName");
        }
    }),
    Mutant::new(
        "short-passwords-changed-to",
        "a password can be changed to one that is too short",
        "published.password.short-is-400",
        "a new password that is too short: a refusal: expected status 400, got 200",
    )
    .published()
    .after(|ask, answer, _| {
        if ask.path.ends_with("/password") && answer.status == 400 {
            answer.status = 200;
            answer.body.clear();
        }
    }),
    Mutant::new(
        "any-user-changes-passwords",
        "a password can be changed by others",
        "published.password.is-not-changed-by-others",
        "error `not_password_owner`: expected status 403, got 200",
    )
    .published()
    .after(|ask, answer, _| {
        if ask.path.ends_with("/password") && answer.status == 403 {
            answer.status = 200;
            answer.body.clear();
        }
    }),
];
