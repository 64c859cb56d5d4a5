//! Listing users.

use bandwidth_fixtures::profile::DeleteEffect;

use super::{get::seen, prelude::*};

cases! {
    /// A list of users is 200 with the users below `Users`, each with a username and the fields that
    /// the profile names
    "list.users.are-listed" none,
    cites ["endpoints", "list-body", "list-published", "no-pages", "json-camel"],
    measures ["naming.email", "naming.json_case", "naming.user_key"], needs [AccountList]
    |cx, format| {
        let reply = cx.list(format).await?;
        let users = reply.users()?;
        let unnamed = users.iter().filter(|user| user.username.is_none());
        reply.same("users without a username", &0, &unnamed.count())
    }

    /// A user that was created is in the list, found by its username and by its email, and the list
    /// shows what GET shows
    "list.created-user.is-found-by-name-and-email" one,
    cites ["deprovision"], measures ["naming.email"]
    |cx, format| {
        let created = cx.subject(format).await?;
        let shown = cx.get(&created.key, format).await?.user()?;
        let (email, name) = (created.draft.text(EMAIL), created.username());
        let reply = cx.list(format).await?;
        let by_name = one(&reply, "Username", name, |user| user.username.as_deref())?;
        let by_email = one(&reply, EMAIL, email, |user| user.email.as_deref())?;
        reply.same("the user with that username in the list", &shown, &by_name)?;
        reply.same("the user with that email in the list", &shown, &by_email)
    }

    /// A user that was deleted is no longer in the list or, where deleting deactivates, is in it as
    /// not enabled
    "list.deleted-user.follows-delete-effect" many,
    cites ["delete-final", "deactivated"], measures ["delete.effect"]
    |cx| {
        let format = cx.default_format();
        let created = cx.new_user().await?;
        listed_first(cx, &created, format).await?;
        cx.delete(&created.key, format).await?.deleted()?;
        let reply = cx.list(format).await?;
        list_after_delete(cx, &reply, &created)
    }

    /// The list as XML and the list as JSON hold the same users in the same order
    "list.parity.xml-and-json-tell-the-same" none,
    cites ["rfc9110-representations"], needs [AccountList, Json], tags ["parity"]
    |cx| {
        let xml = cx.list(Format::Xml).await?.users()?;
        let reply = cx.list(Format::Json).await?;
        reply.same("the list as JSON after the list as XML", &xml, &reply.users()?)
    }

    /// HEAD of the list has the status and the Content-Type of GET, and no body
    "list.head.is-like-get" none, cites ["rfc9110-head"], needs [AccountList]
    |cx| {
        let ask = cx.ask("HEAD", cx.users_path()).raw();
        let reply = cx.send(ask.accept(Format::Xml)).await?;
        reply.is("HEAD of the list", 200)?;
        reply.has_format()
    }

    /// Effect of paging parameters on the list, and headers that point to another page; the guide
    /// has no pages
    "list.pagination.is-not-there" none, needs [AccountList]
    |cx| {
        let format = cx.default_format();
        let whole = cx.list(format).await?.users()?;
        let path = format!("{}?page=2&size=1&limit=1&offset=1", cx.users_path());
        let reply = cx.read(&path, format).await?;
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
}

/// The only user in a list whose `field` is that text.
pub(super) fn one(
    reply: &Reply,
    field: &str,
    text: &str,
    of: fn(&User) -> Option<&str>,
) -> Result<User, Stop> {
    let users = reply.users()?;
    let mut found = users.into_iter().filter(|user| of(user) == Some(text));
    let first = found.next();
    let count = usize::from(first.is_some()) + found.count();
    reply.same(&format!("users in the list with that {field}"), &1, &count)?;
    first.ok_or_else(|| Stop::Error("a user that was counted is gone".to_owned()))
}

/// The list shows that user. What follows is about it being absent from the list, which says nothing
/// of a list that never shows it.
pub(super) async fn listed_first(
    cx: &mut Context,
    created: &Created,
    format: Format,
) -> CaseResult {
    seen(cx, created, format).await?;
    let reply = cx.list(format).await?;
    let name = created.username();
    let found = one(&reply, "Username", name, |user| user.username.as_deref());
    found.control("the user must be seen in the list").map(drop)
}

/// A list that showed a user before its delete shows what the profile says of it afterwards.
pub(super) fn list_after_delete(cx: &Context, reply: &Reply, created: &Created) -> CaseResult {
    let users = reply.users()?;
    let name = Some(created.username());
    let listed = users.iter().find(|user| user.username.as_deref() == name);
    let found = match listed {
        None => "not in it",
        Some(user) if user.is_enabled() => "in it, enabled",
        Some(_) => "in it, not enabled",
    };
    let expected = match cx.profile().delete_effect {
        DeleteEffect::Removed => "not in it",
        DeleteEffect::Deactivated => "in it, not enabled",
    };
    reply.same("the deleted user in the list", expected, found)
}
