//! Getting one user.

use bandwidth_fixtures::profile::{
    DefaultFields, IdStyle, MissingByUsername, OptionValue, UserKey,
};

use crate::{
    case::{
        Case,
        Level::{Characterise, Derived, Documented},
        Need::{Json, UserIds, Writing},
    },
    context::{Context, Created},
    outcome::CaseResult,
    reply::Reply,
    wire::{EMAIL, Format},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "get.created-user.shows-what-was-sent",
            Documented,
            "A user that was created is shown with the names, email and username that it was created with, below its key",
            "guide, Get User",
        )
        .needs(&[Writing])
        .measures(&["naming.email", "naming.user_key"])
        .run(async |cx| {
            let created = cx.new_user().await?;
            for format in cx.formats() {
                let reply = cx.get(&created.key, format).await?;
                shows(cx, &reply, &created)?;
            }
            Ok(())
        }),
        Case::new(
            "get.parity.xml-and-json-tell-the-same",
            Derived,
            "A user as XML and the same user as JSON say the same",
            "guide, Get User: XML or JSON of one resource",
        )
        .needs(&[Json, Writing])
        .tags(&["parity"])
        .run(async |cx| {
            let created = cx.new_user().await?;
            let xml = cx.get(&created.key, Format::Xml).await?.user()?;
            let reply = cx.get(&created.key, Format::Json).await?;
            reply.check(reply.user()? == xml, "the user as XML differs")
        }),
        Case::new(
            "get.missing-user.is-refused",
            Documented,
            "A key that no user has is refused, in the format that was asked for",
            "guide, Deprovision a user: a 404 confirms the removal; ERR 12000",
        )
        .measures(&["missing.user"])
        .run(async |cx| {
            let absent = cx.absent_key();
            for format in cx.formats() {
                cx.get(&absent, format).await?.missing_user()?;
            }
            Ok(())
        }),
        Case::new(
            "get.by-username.is-refused",
            Documented,
            "The path takes the internal id; a username in its place names nobody",
            "guide, Get User, Watch out for",
        )
        .needs(&[UserIds, Writing])
        .measures(&["missing.by_username"])
        .run(async |cx| {
            let created = cx.new_user().await?;
            for format in cx.formats() {
                let reply = cx.get(created.username(), format).await?;
                match cx.profile().missing_by_username {
                    MissingByUsername::NotFound => reply.missing_user()?,
                    MissingByUsername::Found => shows(cx, &reply, &created)?,
                }
            }
            Ok(())
        }),
        Case::new(
            "get.default-fields.as-the-profile-says",
            Documented,
            "A user that is enabled and has no roles is shown without Enabled and Roles or, where the profile sends defaults, with both",
            "guide, Core endpoints, the examples",
        )
        .needs(&[Writing])
        .measures(&["user.default_fields"])
        .run(default_fields),
        Case::new(
            "get.head.is-like-get",
            Derived,
            "HEAD of a user has the status and the Content-Type of GET, and no body",
            "RFC 9110, section 9.3.2",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let created = cx.new_user().await?;
            let ask = cx.ask("HEAD", cx.user_path(&created.key)).raw();
            let reply = cx.send(ask.accept(Format::Xml)).await?;
            reply.is(200)?;
            reply.has_format()
        }),
        Case::new(
            "get.id.has-a-form",
            Characterise,
            "An internal user id has the form that the profile expects",
            "guide, Core endpoints, the examples show u1 and u2",
        )
        .needs(&[UserIds, Writing])
        .measures(&["user.id_style"])
        .run(id_form),
    ]
}

/// The reply shows that user as it was created.
pub(super) fn shows(cx: &Context, reply: &Reply, created: &Created) -> CaseResult {
    let user = reply.user()?;
    let wanted = |name: &str| Some(created.draft.text(name).to_owned());
    reply.check(user.username == wanted("Username"), "the username differs")?;
    reply.check(
        user.first_name == wanted("FirstName"),
        "the first name differs",
    )?;
    reply.check(
        user.last_name == wanted("LastName"),
        "the last name differs",
    )?;
    reply.check(user.email == wanted(EMAIL), "the email differs")?;
    let id = match cx.profile().naming_user_key {
        UserKey::UserId => Some(created.key.clone()),
        UserKey::Username => None,
    };
    reply.check(user.id == id, "the user id is not the one of the path")
}

async fn default_fields(cx: &mut Context) -> CaseResult {
    let created = cx.new_user().await?;
    for format in cx.formats() {
        let reply = cx.get(&created.key, format).await?;
        let user = reply.user()?;
        let sent = (user.enabled.is_some(), user.roles.is_some());
        let expected = cx.profile().user_default_fields == DefaultFields::Sent;
        reply.check(
            sent == (expected, expected),
            &format!(
                "fields that hold their default are not {}",
                cx.profile().user_default_fields.name()
            ),
        )?;
    }
    Ok(())
}

async fn id_form(cx: &mut Context) -> CaseResult {
    let id = cx.new_user().await?.key;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let style = if digits(&id) {
        Some(IdStyle::Numeric)
    } else if id.strip_prefix('u').is_some_and(digits) {
        Some(IdStyle::Prefixed)
    } else if id.len() == 36 && id.matches('-').count() == 4 {
        Some(IdStyle::Uuid)
    } else {
        None
    };
    let name = style.map_or_else(|| "of no known form".to_owned(), OptionValue::name);
    let expected = cx.profile().user_id_style.name();
    cx.observe(format!("the id `{id}` is {name}; {expected} was expected"));
    Ok(())
}
