//! Passwords: which are taken, how the others are refused, and that none ever comes back.

use aho_corasick::AhoCorasick;
use bandwidth_fixtures::profile::{CommonWords, PasswordCharset, PasswordErrors, PasswordIdentity};

use crate::{
    case::{
        Case,
        Level::{Derived, Documented},
        Need::{UserLogins, Writing},
    },
    context::Context,
    outcome::{CaseResult, Stop},
    password::{self, Class},
    redact,
    wire::{Draft, EMAIL},
};

/// Which part of a user a password may not hold: topic, field, and what a message calls it.
const IDENTITY: [(&str, &str); 4] = [
    ("username", "Username"),
    ("first-name", "FirstName"),
    ("last-name", "LastName"),
    ("email", EMAIL),
];

/// What a password gets added so that it has all classes.
const CLASSES: &str = "Q7!x";

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "passwords.never.come-back",
            Documented,
            "No answer of any operation in any format holds the password that was sent, in any encoding",
            "guide, User object: never returned in responses",
        )
        .needs(&[Writing])
        .run(never_come_back),
        Case::new(
            "passwords.length.minimum-is-enough",
            Documented,
            "A password of the minimum length is taken, and one a character shorter is refused",
            "RAML: 6 to 20 characters; ERR 12504",
        )
        .needs(&[Writing])
        .measures(&["password.min_length"])
        .run(minimum),
        Case::new(
            "passwords.length.maximum-is-taken",
            Documented,
            "A password of the maximum length is taken, and one a character longer is refused",
            "RAML: 6 to 20 characters; ERR 12619",
        )
        .needs(&[Writing])
        .measures(&["password.max_length"])
        .run(async |cx| {
            let length = size(cx.profile().password_max_length);
            taken(cx, &fitting(length)).await?;
            refused(cx, &fitting(length + 1), "password_too_long").await
        }),
        Case::new(
            "passwords.classes.as-many-as-the-profile-says",
            Documented,
            "A password of as many classes of characters as the profile wants is taken, and one of fewer is refused",
            "guide, Common scenarios: mixed case, numbers, symbols; ERR 12727",
        )
        .needs(&[Writing])
        .measures(&["password.classes"])
        .run(classes),
        Case::new(
            "passwords.repeats.as-the-profile-says",
            Documented,
            "A password that repeats a string longer than the profile allows is refused",
            "ERR 12729",
        )
        .needs(&[Writing])
        .measures(&["password.repeats"])
        .run(repeats),
        Case::new(
            "passwords.history.as-the-profile-says",
            Documented,
            "A password that the user has or recently had is refused or, where the profile keeps no history, taken",
            "ERR 12730",
        )
        .needs(&[Writing])
        .measures(&["password.history"])
        .run(history),
        Case::new(
            "passwords.common-words.as-the-profile-says",
            Documented,
            "A password that holds a common word is refused or taken, as the profile says",
            "ERR 12726; guide, Create User: the example's password holds a word",
        )
        .needs(&[Writing])
        .measures(&["password.common_words"])
        .run(async |cx| match cx.profile().password_common_words {
            CommonWords::Allowed => taken(cx, "Secret123!").await,
            CommonWords::Refused => refused(cx, "Password-8%kQ", "password_common_word").await,
        }),
        Case::new(
            "passwords.characters.as-the-profile-says",
            Documented,
            "A password with a letter beyond ASCII is refused or taken, as the profile says",
            "ERR 12725",
        )
        .needs(&[Writing])
        .measures(&["password.charset"])
        .run(async |cx| {
            let unusual = cx.strong_password().replacen(|first: char| first.is_ascii_lowercase(), "ß", 1);
            match cx.profile().password_charset {
                PasswordCharset::Any => taken(cx, &unusual).await,
                PasswordCharset::Simple => refused(cx, &unusual, "password_characters").await,
            }
        }),
        Case::new(
            "passwords.errors.name-the-rule-or-not",
            Documented,
            "The 400 for a refused password names the broken rule by its code, or is one and the same for all rules, as the profile says",
            "guide, Common scenarios: opaque 400 errors; ERR 12504, 12727",
        )
        .needs(&[Writing])
        .measures(&["password.errors"])
        .run(errors),
        Case::new(
            "passwords.markup-characters.are-kept",
            Derived,
            "A password with characters that XML and JSON escape is the one that logs in afterwards",
            "XML 1.0, section 2.4; RFC 8259, section 7",
        )
        .needs(&[UserLogins, Writing])
        .run(async |cx| {
            for format in cx.formats() {
                let password = format!("<&\"'\\>{}", password::of(8, &Class::ALL));
                let created = cx.create(cx.draft().with("Password", password), format).await?;
                let ask = cx.ask("GET", cx.users_path());
                let ask = ask.login(created.username(), created.password());
                cx.send(ask).await?.is(200)?;
            }
            Ok(())
        }),
    ];
    cases.extend(IDENTITY.map(|(topic, field)| {
        Case::new(
            format!("passwords.identity.{topic}-as-the-profile-says"),
            Documented,
            format!("A password that holds the user's {field}, in whatever case, is refused or taken, as the profile says"),
            "ERR 12728; SUP",
        )
        .needs(&[Writing])
        .measures(&["password.identity"])
        .run(async move |cx| identity(cx, field).await)
    }));
    cases
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A password of that length, with all classes that fit.
fn fitting(length: usize) -> String {
    password::of(length, &Class::ALL[..Class::ALL.len().min(length.max(1))])
}

async fn taken(cx: &mut Context, password: &str) -> CaseResult {
    for format in cx.formats() {
        let draft = cx.draft().with("Password", password);
        cx.create(draft, format).await?;
    }
    Ok(())
}

async fn refused(cx: &mut Context, password: &str, rule: &str) -> CaseResult {
    for format in cx.formats() {
        let draft = cx.draft().with("Password", password);
        cx.post(&draft, format).await?.password_refused(rule)?;
    }
    Ok(())
}

async fn minimum(cx: &mut Context) -> CaseResult {
    let profile = cx.profile();
    let length = size(profile.password_min_length);
    if length <= Class::ALL.len() {
        return Err(Context::skip(
            "passwords that short cannot have all classes",
        ));
    }
    taken(cx, &fitting(length)).await?;
    refused(cx, &fitting(length - 1), "password_too_short").await
}

async fn classes(cx: &mut Context) -> CaseResult {
    let wanted = size(cx.profile().password_classes);
    let length = size(cx.profile().password_min_length).max(12);
    for left_out in 0..Class::ALL.len() {
        let mut order = Class::ALL;
        order.rotate_left(left_out);
        if wanted > 0 {
            taken(cx, &password::of(length, &order[..wanted])).await?;
        }
        if wanted > 1 {
            let fewer = password::of(length, &order[..wanted - 1]);
            refused(cx, &fewer, "password_classes").await?;
        }
    }
    Ok(())
}

async fn repeats(cx: &mut Context) -> CaseResult {
    let limit = size(cx.profile().password_repeats);
    let twice = |length: usize| {
        let part = password::of(length, &Class::ALL);
        let rest = password::of(4, &Class::ALL);
        format!("{part}{rest}{part}")
    };
    if limit == 0 {
        return taken(cx, &twice(4)).await;
    }
    if 2 * (limit + 1) + 4 > size(cx.profile().password_max_length) {
        return Err(Context::skip(
            "a password cannot be long enough to repeat that much",
        ));
    }
    refused(cx, &twice(limit + 1), "password_repeats").await
}

async fn history(cx: &mut Context) -> CaseResult {
    let format = cx.default_format();
    let limit = cx.profile().password_history;
    let created = cx.new_user().await?;
    let first = created.password().to_owned();
    if limit == 0 {
        let same = created.update().with("Password", first);
        return cx.put(&created.key, &same, format).await?.is(200);
    }
    let again = created.update().with("Password", first.as_str());
    for _ in 0..limit {
        let reply = cx.put(&created.key, &again, format).await?;
        reply.password_refused("password_reused")?;
        let next = created.update().with("Password", cx.strong_password());
        cx.put(&created.key, &next, format).await?.is(200)?;
    }
    // So many others came since that the first one is forgotten.
    cx.put(&created.key, &again, format).await?.is(200)
}

async fn identity(cx: &mut Context, field: &str) -> CaseResult {
    let short = cx.run.fresh_username().split_off(3);
    let draft = cx
        .draft()
        .with("FirstName", "Casimir")
        .with("LastName", "Nimbleton")
        .with(EMAIL, format!("{}@c.co", short.replace('-', "")));
    let text = draft.text(field);
    let swapped: String = text
        .char_indices()
        .map(|(at, letter)| match at % 2 {
            0 => letter.to_ascii_uppercase(),
            _ => letter.to_ascii_lowercase(),
        })
        .collect();
    let password = format!("{swapped}{CLASSES}");
    if password.len() > size(cx.profile().password_max_length) {
        return Err(Context::skip(
            "such a password is longer than the profile allows",
        ));
    }
    let draft: Draft = draft.with("Password", password);
    let reply = cx.post(&draft, cx.default_format()).await?;
    match cx.profile().password_identity {
        PasswordIdentity::Refused => reply.password_refused("password_identity").map(drop),
        PasswordIdentity::Allowed => reply.is(cx.created_status()),
    }
}

async fn errors(cx: &mut Context) -> CaseResult {
    let profile = cx.profile();
    let format = cx.default_format();
    if profile.password_min_length < 5 || profile.password_classes < 2 {
        return Err(Context::skip(
            "the expected profile has too few rules to compare two",
        ));
    }
    let short = fitting(size(profile.password_min_length) - 1);
    let plain = password::of(size(profile.password_min_length).max(12), &[Class::Lower]);
    let mut errors = Vec::new();
    for (password, rule) in [(short, "password_too_short"), (plain, "password_classes")] {
        let draft = cx.draft().with("Password", password);
        let reply = cx.post(&draft, format).await?;
        errors.push(reply.password_refused(rule)?);
    }
    let same = errors[0] == errors[1];
    if same == (profile.password_errors == PasswordErrors::Opaque) {
        return Ok(());
    }
    Err(Stop::Fail(format!(
        "the errors for two rules are {:?} and {:?}",
        errors[0].description, errors[1].description
    )))
}

async fn never_come_back(cx: &mut Context) -> CaseResult {
    let mut passwords = Vec::new();
    for format in cx.formats() {
        let created = cx.create(cx.draft(), format).await?;
        passwords.push(created.password().to_owned());
        let new = cx.strong_password();
        let update = created.update().with("Password", new.as_str());
        cx.put(&created.key, &update, format).await?.is(200)?;
        passwords.push(new);
        for shown in cx.formats() {
            cx.get(&created.key, shown).await?.is(200)?;
            cx.list(shown).await?.is(200)?;
        }
        for wrong in [
            cx.draft().without("LastName"),
            cx.draft().with("Username", created.username()),
            cx.draft().with("Nickname", "Nim"),
        ] {
            passwords.push(wrong.text("Password").to_owned());
            cx.post(&wrong, format).await?;
        }
        let broken = cx.draft();
        passwords.push(broken.text("Password").to_owned());
        let mut body = broken.body(cx.run.profile(), format);
        body.truncate(body.len() - 2);
        let ask = cx.ask("POST", cx.users_path()).accept(format);
        cx.send(ask.body(format, body).creates(broken.text("Username")))
            .await?;
        cx.delete(&created.key, format).await?.deleted()?;
    }
    let forms: Vec<String> = passwords
        .iter()
        .flat_map(|one| redact::forms(one))
        .collect();
    let finder = AhoCorasick::new(&forms).map_err(|error| Stop::Error(error.to_string()))?;
    let exchanges = &cx.log.exchanges;
    let mut responses = exchanges.iter().filter_map(|one| one.outcome.as_ref().ok());
    let held = responses.any(|response| {
        let headers = response.headers.iter().map(|(_, value)| value.as_bytes());
        headers
            .chain([response.body.as_slice()])
            .any(|bytes| finder.is_match(bytes))
    });
    if held {
        return Err(Stop::Fail(
            "an answer holds a password that was sent".to_owned(),
        ));
    }
    Ok(())
}
