//! Getting one user.

use bandwidth_fixtures::profile::{
    DefaultFields, IdStyle, MissingByUsername, OptionValue, UserKey,
};

use super::prelude::*;

cases! {
    /// A user that was created is shown with the names, email and username that it was created with,
    /// below its key
    "get.created-user.shows-what-was-sent" one,
    cites ["endpoints", "get-body"], measures ["naming.email", "naming.user_key"]
    |cx, format| {
        let created = cx.subject(format).await?;
        reads_back(cx, &created, format).await
    }

    /// A user as XML and the same user as JSON say the same
    "get.parity.xml-and-json-tell-the-same" one,
    cites ["rfc9110-representations"], needs [Json], tags ["parity"]
    |cx| {
        let created = cx.subject(cx.default_format()).await?;
        let xml = cx.get(&created.key, Format::Xml).await?.user()?;
        let reply = cx.get(&created.key, Format::Json).await?;
        reply.same("the user as JSON after the user as XML", &xml, &reply.user()?)
    }

    /// A key that no user has is rejected, in the format that was asked for
    "get.missing-user.is-refused" none,
    cites ["deprovision", "missing-404", "err-12000"], measures ["missing.user"],
    needs [AccountUsers]
    |cx, format| {
        let absent = cx.unused_key().await?;
        cx.get(&absent, format).await?.missing_user()
    }

    /// The path takes the internal id; a username in its place is an unknown user
    "get.by-username.is-refused" one,
    cites ["path-takes-id"], measures ["missing.by_username"], needs [UserIds]
    |cx, format| {
        let created = cx.subject(format).await?;
        seen(cx, &created, format).await?;
        let reply = cx.get(created.username(), format).await?;
        match cx.profile().missing_by_username {
            MissingByUsername::NotFound => reply.missing_user(),
            MissingByUsername::Found => shows(cx, &reply, &created),
        }
        .at("GET by username")
    }

    /// A user that is enabled and has no roles is shown without Enabled and Roles or, where the
    /// profile sends defaults, with both
    "get.default-fields.as-the-profile-says" one,
    cites ["get-body", "enabled"], measures ["user.default_fields"]
    |cx, format| {
        let created = cx.subject(format).await?;
        let reply = cx.get(&created.key, format).await?;
        let user = reply.user()?;
        let expected = cx.profile().user_default_fields == DefaultFields::Sent;
        reply.same("whether Enabled is shown", &expected, &user.enabled.is_some())?;
        reply.same("whether Roles is shown", &expected, &user.roles.is_some())
    }

    /// HEAD of a user has the status and the Content-Type of GET, and no body
    "get.head.is-like-get" one, cites ["rfc9110-head"]
    |cx| {
        let created = cx.subject(cx.default_format()).await?;
        let ask = cx.ask("HEAD", cx.user_path(&created.key)).raw();
        let reply = cx.send(ask.accept(Format::Xml)).await?;
        reply.is("HEAD of a user", 200)?;
        reply.has_format()
    }

    /// Form of an internal user id
    "get.id.has-a-form" one, measures ["user.id_style"], needs [UserIds]
    |cx| {
        let id = cx.subject(cx.default_format()).await?.key;
        let name = style(&id).map_or("of no known form".to_owned(), OptionValue::name);
        let expected = cx.profile().user_id_style.name();
        cx.observe(format!("the id `{id}` is {name}; {expected} was expected"));
        Ok(())
    }
}

/// The reply shows that user as it was created.
pub(super) fn shows(cx: &Context, reply: &Reply, created: &Created) -> CaseResult {
    let user = reply.user()?;
    let id = match cx.profile().naming_user_key {
        UserKey::UserId => Some(created.key.as_str()),
        UserKey::Username => None,
    };
    for (field, expected, found) in [
        ("Username", Some(created.username()), user.username),
        (
            "FirstName",
            created.draft.given("FirstName"),
            user.first_name,
        ),
        ("LastName", created.draft.given("LastName"), user.last_name),
        (EMAIL, created.draft.given(EMAIL), user.email),
        ("UserId", id, user.id),
    ] {
        reply.same(field, &expected, &found.as_deref())?;
    }
    Ok(())
}

/// GET shows that user as it was created.
pub(super) async fn reads_back(cx: &mut Context, created: &Created, format: Format) -> CaseResult {
    let reply = cx.get(&created.key, format).await?;
    shows(cx, &reply, created)
}

/// The target shows that user. What follows is about it being absent, which says nothing of a user
/// that was never there to see.
pub(super) async fn seen(cx: &mut Context, created: &Created, format: Format) -> CaseResult {
    if cx.has_users_in_domain() {
        let reply = cx
            .read_domain(&Context::domain_user(&created.key, ""))
            .await?;
        return reply
            .domain_user()
            .map(drop)
            .control("the user must be seen by its key");
    }
    let reply = cx.get(&created.key, format).await?;
    let user = reply.user();
    let user = user.control("the user must be seen by its key")?;
    let name = Some(created.username());
    let control = reply.same("Username", &name, &user.username.as_deref());
    control.control("the user must be seen by its key")
}

/// The subject, with a password that is known. That of a user that the operator prepared is not, so
/// it gets another one.
pub(super) async fn with_password(cx: &mut Context, format: Format) -> Result<Created, Stop> {
    let created = cx.our_subject(format).await?;
    if !created.password().is_empty() {
        return Ok(created);
    }
    let draft = created.update().with("Password", cx.strong_password());
    let reply = cx.put(&created.key, &draft, format).await?;
    let set = reply.updated();
    set.control("the prepared user must get a password that is known")?;
    Ok(Created { draft, ..created })
}

fn style(id: &str) -> Option<IdStyle> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(id) {
        Some(IdStyle::Numeric)
    } else if id.strip_prefix('u').is_some_and(digits) {
        Some(IdStyle::Prefixed)
    } else if id.len() == 36 && id.matches('-').count() == 4 {
        Some(IdStyle::Uuid)
    } else {
        None
    }
}
