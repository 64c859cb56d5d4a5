//! Passwords: which are taken, how the others are rejected, and that none ever comes back.

use bandwidth_fixtures::profile::{CommonWords, PasswordCharset, PasswordErrors, PasswordIdentity};

use super::{get::with_password, prelude::*};
use crate::{
    password::{self, Class},
    redact::Redactor,
    wire::ErrorBody,
};

/// Suffix that gives a password all classes.
const CLASSES: &str = "Q7!x";

cases! {
    /// No answer of any operation in any format holds the password that was sent, in any encoding
    "passwords.never.come-back" many, cites ["password"]
    |cx, format| {
        never_come_back(cx, format).await
    }

    /// A password of the minimum length is taken, and one a character shorter is rejected
    "passwords.length.minimum-is-enough" many,
    cites ["password-length"], measures ["password.min_length"], needs [OurUser]
    |cx, format| {
        let length = size(cx.profile().password_min_length);
        if length <= Class::ALL.len() {
            return Err(Stop::skip("passwords that short cannot have all classes"));
        }
        taken(cx, format, &fitting(length)).await?;
        refused(cx, format, &fitting(length - 1), "password_too_short").await
    }

    /// A password of the maximum length is taken, and one a character longer is rejected
    "passwords.length.maximum-is-taken" many,
    cites ["password-length"], measures ["password.max_length"], needs [OurUser]
    |cx, format| {
        let length = size(cx.profile().password_max_length);
        taken(cx, format, &fitting(length)).await?;
        refused(cx, format, &fitting(length + 1), "password_too_long").await
    }

    /// A password of as many classes of characters as the profile wants is taken, and one of fewer is
    /// refused
    "passwords.classes.as-many-as-the-profile-says" many,
    cites ["strong-password", "err-12727"], measures ["password.classes"], needs [OurUser]
    |cx, format| {
        let wanted = size(cx.profile().password_classes);
        let length = size(cx.profile().password_min_length).max(12);
        for left_out in 0..Class::ALL.len() {
            let mut order = Class::ALL;
            order.rotate_left(left_out);
            if wanted > 0 {
                taken(cx, format, &password::of(length, &order[..wanted])).await?;
            }
            if wanted > 1 {
                let fewer = password::of(length, &order[..wanted - 1]);
                refused(cx, format, &fewer, "password_classes").await?;
            }
        }
        Ok(())
    }

    /// A password that repeats a string longer than the profile allows is rejected
    "passwords.repeats.as-the-profile-says" many,
    cites ["err-12729"], measures ["password.repeats"], needs [OurUser]
    |cx, format| {
        let limit = size(cx.profile().password_repeats);
        let twice = |length: usize| {
            let part = password::of(length, &Class::ALL);
            let rest = password::of(4, &Class::ALL);
            format!("{part}{rest}{part}")
        };
        if limit == 0 {
            let text = long_enough(cx, &twice(4));
            return taken(cx, format, &text).await;
        }
        if 2 * (limit + 1) + 4 > size(cx.profile().password_max_length) {
            return Err(Stop::skip("a password cannot be long enough to repeat that much"));
        }
        let text = long_enough(cx, &twice(limit + 1));
        refused(cx, format, &text, "password_repeats").await
    }

    /// A password that the user has or recently had is rejected or, where the profile keeps no
    /// history, taken
    "passwords.history.as-the-profile-says" one,
    cites ["err-12730"], measures ["password.history"]
    |cx| {
        let format = cx.default_format();
        let limit = cx.profile().password_history;
        let created = with_password(cx, format).await?;
        let again = created.update().with("Password", created.password());
        for _ in 0..limit {
            let reply = cx.put(&created.key, &again, format).await?;
            reply.password_refused("password_reused").at("a password that was used before")?;
            let next = created.update().with("Password", cx.strong_password());
            cx.put(&created.key, &next, format).await?.updated()?;
        }
        // Without a history it is taken at once, with one after as many others as it holds.
        let reply = cx.put(&created.key, &again, format).await?;
        reply.updated().at("a password that is not in the history")
    }

    /// A password that holds a common word is rejected or taken, as the profile says
    "passwords.common-words.as-the-profile-says" many,
    cites ["err-12726", "example-password"], measures ["password.common_words"], needs [OurUser]
    |cx, format| {
        match cx.profile().password_common_words {
            CommonWords::Allowed => {
                let text = long_enough(cx, "Secret123!");
                taken(cx, format, &text).await
            }
            CommonWords::Refused => {
                let text = long_enough(cx, "Password-8%kQ");
                refused(cx, format, &text, "password_common_word").await
            }
        }
        .at("a password with a common word")
    }

    /// A password with a letter beyond ASCII is rejected or taken, as the profile says
    "passwords.characters.as-the-profile-says" many,
    cites ["err-12725"], measures ["password.charset"], needs [OurUser]
    |cx, format| {
        let strong = cx.strong_password();
        let unusual = strong.replacen(|first: char| first.is_ascii_lowercase(), "ß", 1);
        match cx.profile().password_charset {
            PasswordCharset::Any => taken(cx, format, &unusual).await,
            PasswordCharset::Simple => refused(cx, format, &unusual, "password_characters").await,
        }
        .at("a password with a letter beyond ASCII")
    }

    /// The 400 for a refused password names the broken rule by its code, or is one and the same for
    /// all rules, as the profile says
    "passwords.errors.name-the-rule-or-not" many,
    cites ["opaque-password-error"], measures ["password.errors"], needs [OurUser]
    |cx, format| {
        let profile = cx.profile();
        let least = size(profile.password_min_length);
        if least < 5 || profile.password_classes < 2 {
            return Err(Stop::skip("the expected profile has too few rules to compare two"));
        }
        let plain = password::of(least.max(12), &[Class::Lower]);
        let mut first = None;
        for (password, rule) in [
            (fitting(least - 1), "password_too_short"),
            (plain, "password_classes"),
        ] {
            let draft = cx.draft().with("Password", password);
            let reply = cx.post_ours(&draft, format).await?;
            let error = refused_by(cx, &reply, rule)?;
            let Some(first) = first.replace(error.clone()) else { continue };
            let opaque = profile.password_errors == PasswordErrors::Opaque;
            let what = "whether the errors for two rules are the same";
            reply.same(what, &opaque, &(first == error))?;
        }
        Ok(())
    }

    /// A password with characters that XML and JSON escape is the one that logs in afterwards
    "passwords.markup-characters.are-kept" one,
    cites ["xml-escaping", "json-escaping"], needs [AccountList, OurUser, UserLogins]
    |cx, format| {
        if cx.has_users_in_domain() && format != Format::Xml {
            return Err(Stop::skip("below an identity domain there is XML alone"));
        }
        let created = cx.our_subject(format).await?;
        let password = format!("<&\"'\\>{}", password::of(8, &Class::ALL));
        let draft = created.update().with("Password", password.as_str());
        cx.give_password(&created.key, &draft, format).await?;
        let ask = cx.list_as(created.username(), &password);
        cx.send(ask).await?.user_let_in().at("a password with escaped characters")
    }
}

/// Parts of a user that a password may not contain: topic and field.
const IDENTITY: [(&str, &str); 4] = [
    ("username", "Username"),
    ("first-name", "FirstName"),
    ("last-name", "LastName"),
    ("email", EMAIL),
];

/// For each part of a user, whether a password may hold it.
pub(super) fn identity() -> impl Iterator<Item = Case> {
    IDENTITY.into_iter().map(|(topic, field)| {
        let id = format!("passwords.identity.{topic}-as-the-profile-says");
        let says = format!(
            "A password that holds the user's {field}, in whatever case, is rejected or accepted, as the profile says"
        );
        Case::new(id, says, Users::Many)
            .cites(&["err-12728"])
            .measures(&["password.identity"])
            .needs(&[OurUser])
            .each_format(move |cx, format| Box::pin(holding(cx, field, format)))
    })
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A password of that length, with all classes that fit.
fn fitting(length: usize) -> String {
    password::of(length, &Class::ALL[..Class::ALL.len().min(length.max(1))])
}

async fn taken(cx: &mut Context, format: Format, password: &str) -> CaseResult {
    let draft = cx.draft().with("Password", password);
    let reply = cx.post_ours(&draft, format).await?;
    accepted(cx, &reply).at("an accepted password")
}

/// It is the success of a create where the run has its users.
fn accepted(cx: &Context, reply: &Reply) -> CaseResult {
    if cx.has_users_in_domain() {
        reply.is("a create below a domain", 201)
    } else {
        reply.created()
    }
}

/// It rejects a password where the run has its users.
fn refused_by(cx: &Context, reply: &Reply, rule: &str) -> Result<ErrorBody, Stop> {
    if cx.has_users_in_domain() {
        reply.domain_password_refused(rule)
    } else {
        reply.password_refused(rule)
    }
}

async fn refused(cx: &mut Context, format: Format, password: &str, rule: &str) -> CaseResult {
    let draft = cx.draft().with("Password", password);
    let reply = cx.post_ours(&draft, format).await?;
    refused_by(cx, &reply, rule).at(rule).map(drop)
}

/// The password, with more characters where the profile wants them.
fn long_enough(cx: &Context, password: &str) -> String {
    let minimum = size(cx.profile().password_min_length);
    let missing = minimum.saturating_sub(password.len());
    format!("{password}{}", password::of(missing, &Class::ALL))
}

async fn holding(cx: &mut Context, field: &str, format: Format) -> CaseResult {
    let mut draft = cx
        .draft()
        .with("FirstName", "Casimir")
        .with("LastName", "Nimbleton");
    if field == EMAIL {
        // The whole email has to fit into a password.
        let local = cx.fresh_username();
        let local = &local[local.len().saturating_sub(3)..];
        draft = draft.with(EMAIL, format!("{local}@{}", cx.email_domain()));
    }
    let text = draft.text(field);
    let swapped: String = text
        .char_indices()
        .map(|(at, letter)| match at % 2 {
            0 => letter.to_ascii_uppercase(),
            _ => letter.to_ascii_lowercase(),
        })
        .collect();
    let password = long_enough(cx, &format!("{swapped}{CLASSES}"));
    if password.len() > size(cx.profile().password_max_length) {
        return Err(Stop::skip(
            "such a password is longer than the profile allows",
        ));
    }
    let draft: Draft = draft.with("Password", password);
    let reply = cx.post_ours(&draft, format).await?;
    match cx.profile().password_identity {
        PasswordIdentity::Refused => refused_by(cx, &reply, "password_identity").map(drop),
        PasswordIdentity::Allowed => accepted(cx, &reply),
    }
    .at(&format!("a password that holds the {field}"))
}

async fn never_come_back(cx: &mut Context, format: Format) -> CaseResult {
    let created = cx.create(cx.draft(), format).await?;
    let mut passwords = vec![created.password().to_owned(), cx.strong_password()];
    let update = created.update().with("Password", passwords[1].as_str());
    cx.put(&created.key, &update, format).await?.updated()?;
    for shown in cx.formats() {
        // That it is shown counts, not how: other cases judge that.
        cx.get(&created.key, shown).await?.is("a user", 200)?;
        cx.list(shown).await?.is("a list of users", 200)?;
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
    let mut body = cx.body(&broken, format);
    body.truncate(body.len() - 2);
    let ask = cx.ask("POST", cx.users_path()).accept(format);
    let ask = ask.body(format, body).creates(broken.text("Username"));
    cx.send(ask).await?;
    cx.delete(&created.key, format).await?.deleted()?;
    let redactor = Redactor::default();
    for password in &passwords {
        redactor.add(password);
    }
    let shows = |text: &str| redactor.clean(text) != text;
    let holds = cx.responses().filter(|response| {
        let mut headers = response.headers.iter();
        headers.any(|(_, value)| shows(value)) || shows(&String::from_utf8_lossy(&response.body))
    });
    match holds.count() {
        0 => Ok(()),
        count => Err(Stop::Fail(format!(
            "expected no answer that holds a password that was sent, got {count}"
        ))),
    }
}
