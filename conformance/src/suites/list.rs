//! Listing users.

use bandwidth_fixtures::profile::DeleteEffect;

use crate::{
    case::{
        Case,
        Level::{Characterise, Derived, Documented},
        Need::{Json, Writing},
    },
    context::Context,
    outcome::{CaseResult, Stop},
    wire::{Format, User},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "list.users.are-listed",
            Documented,
            "A list of users is 200 with the users below `Users`, each with a username and the fields that the profile names",
            "guide, List Users; RAML, users resources",
        )
        .measures(&["naming.email", "naming.json_case", "naming.user_key"])
        .run(users_are_listed),
        Case::new(
            "list.created-user.is-found-by-name-and-email",
            Documented,
            "A user that was created is in the list, found by its username and by its email, and the list shows what GET shows",
            "guide, Deprovision a user",
        )
        .needs(&[Writing])
        .measures(&["naming.email"])
        .run(created_user_is_found),
        Case::new(
            "list.deleted-user.follows-delete-effect",
            Derived,
            "A user that was deleted is no longer in the list or, where deleting deactivates, is in it as not enabled",
            "guide, Delete User; SUP",
        )
        .needs(&[Writing])
        .measures(&["delete.effect"])
        .run(deleted_user),
        Case::new(
            "list.parity.xml-and-json-tell-the-same",
            Derived,
            "The list as XML and the list as JSON hold the same users in the same order",
            "guide, List Users: XML or JSON of one resource",
        )
        .needs(&[Json])
        .tags(&["parity"])
        .run(async |cx| {
            let xml = cx.list(Format::Xml).await?.users()?;
            let reply = cx.list(Format::Json).await?;
            reply.check(reply.users()? == xml, "the list as XML differs")
        }),
        Case::new(
            "list.head.is-like-get",
            Derived,
            "HEAD of the list has the status and the Content-Type of GET, and no body",
            "RFC 9110, section 9.3.2",
        )
        .run(async |cx| {
            let ask = cx.ask("HEAD", cx.users_path()).raw();
            let reply = cx.send(ask.accept(Format::Xml)).await?;
            reply.is(200)?;
            reply.has_format()
        }),
        Case::new(
            "list.pagination.is-not-there",
            Characterise,
            "Parameters that would page the list elsewhere change nothing, and no header points to another page",
            "guide, Rate limits, pagination, and events: pagination method none",
        )
        .run(pagination),
    ]
}

async fn users_are_listed(cx: &mut Context) -> CaseResult {
    for format in cx.formats() {
        let reply = cx.list(format).await?;
        let named = |user: &User| user.username.is_some();
        reply.check(reply.users()?.iter().all(named), "a user has no username")?;
    }
    Ok(())
}

/// The only listed user that `is` true of.
fn only(users: &[User], is: impl Fn(&User) -> bool) -> Option<&User> {
    let mut found = users.iter().filter(|user| is(user));
    found.next().filter(|_| found.next().is_none())
}

async fn created_user_is_found(cx: &mut Context) -> CaseResult {
    let created = cx.new_user().await?;
    for format in cx.formats() {
        let shown = cx.get(&created.key, format).await?.user()?;
        let reply = cx.list(format).await?;
        let users = reply.users()?;
        let by_name = only(&users, |user| user.username == shown.username);
        let by_email = only(&users, |user| user.email == shown.email);
        reply.check(
            by_name.is_some(),
            "the username is not in the list, or twice",
        )?;
        reply.check(
            by_email == by_name,
            "the email is not in the list, or twice",
        )?;
        reply.check(
            by_name == Some(&shown),
            "the list shows another user than GET",
        )?;
    }
    Ok(())
}

async fn deleted_user(cx: &mut Context) -> CaseResult {
    let created = cx.new_user().await?;
    cx.delete(&created.key, cx.default_format())
        .await?
        .deleted()?;
    let reply = cx.list(cx.default_format()).await?;
    let users = reply.users()?;
    let listed = only(&users, |user| {
        user.username.as_deref() == Some(created.username())
    });
    match cx.profile().delete_effect {
        DeleteEffect::Removed => reply.check(listed.is_none(), "the deleted user is still listed"),
        DeleteEffect::Deactivated => reply.check(
            listed.is_some_and(|user| !user.is_enabled()),
            "the deleted user is not listed as not enabled",
        ),
    }
}

async fn pagination(cx: &mut Context) -> CaseResult {
    let format = cx.default_format();
    let whole = cx.list(format).await?.users()?;
    let path = format!("{}?page=2&size=1&limit=1&offset=1", cx.users_path());
    let reply = cx.send(cx.ask("GET", path).accept(format)).await?;
    let effect = match reply.users() {
        Ok(users) if users == whole => "change nothing".to_owned(),
        Ok(users) => format!("lead to {} of {} users", users.len(), whole.len()),
        Err(Stop::Fail(_)) => format!("lead to status {}", reply.status()),
        Err(stop) => return Err(stop),
    };
    cx.observe(format!("page, size, limit and offset {effect}"));
    if let Some(link) = reply.response.header("link") {
        cx.observe(format!("there is a Link header: {link}"));
    }
    Ok(())
}
