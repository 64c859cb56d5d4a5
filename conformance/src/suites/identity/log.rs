//! The log of a user of a domain: what was done to it.

use bandwidth_fixtures::profile::EventNames;

use crate::{
    decode::{
        tolerant::{member, objects_with},
        tree::Tree,
    },
    dialogue::identity::reply::{below, items, text},
    suites::prelude::*,
};

const ROOT: &str = "UserEventLog";

cases! {
    /// The log of a user has an event for a change of its settings, whose name is written as the
    /// profile says
    "identity.log.has-an-event" one,
    cites ["domain-log", "profile-choice"], measures ["identity.event_names"],
    needs [IdentityWrites]
    |cx| {
        let (reply, event, _) = changed(cx).await?;
        for name in ["EventId", "EventDate", "InvokingUser"] {
            let filled = text(&event, name).is_some_and(|text| !text.is_empty());
            reply.same(&format!("whether the event has {name}"), &true, &filled)?;
        }
        reply.same("Success", &Some("true"), &text(&event, "Success"))
    }

    /// An event that contains details shows what was there before and after
    "identity.log.shows-before-and-after" one, cites ["domain-log"], needs [IdentityWrites]
    |cx| {
        let (reply, event, user) = changed(cx).await?;
        reply.same("ContainDetails", &Some("true"), &text(&event, "ContainDetails"))?;
        let key = text(&event, "EventId").unwrap_or_default().to_owned();
        let reply = cx.read_domain(&Context::domain_user(&user, &format!("/logs/{key}"))).await?;
        let body = reply.domain("an event", 200, "UserActivityEventDetailsResponse")?;
        let details = objects_with(&body, "BeforeChanges");
        let details = details.first().ok_or_else(|| reply.fail("expected BeforeChanges"))?;
        for (part, active) in [("BeforeChanges", "true"), ("AfterChanges", "false")] {
            let user = member(details, part);
            let shown = user.and_then(|user| text(user, "UserSettings/Active"));
            reply.same(&format!("Active in {part}"), &Some(active), &shown)?;
        }
        Ok(())
    }

    /// A log has pages, and a link to the next one while there is one
    "identity.log.has-pages" one, cites ["domain-log-pages"], needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let path = Context::domain_user(&user.key, "/settings");
        let inactive = user.draft.clone().with("UserSettings/Active", "false");
        cx.domain_call("PUT", &path, &inactive.part("UserSettings")).await?.is("settings", 200)?;
        let reply = cx.read_domain(&Context::domain_user(&user.key, "/logs?page=1&size=1")).await?;
        let log = reply.domain("a log", 200, ROOT)?;
        let events = below(&log, "UserEvents").map_or(0, |events| items(events, "UserEvent").len());
        reply.same("events on a page of one", &1, &events)?;
        for name in ["first", "next"] {
            let link = text(&log, &format!("Links/{name}")).unwrap_or_default();
            let leads = link.contains("page=") && link.contains("/logs");
            reply.same(&format!("whether Links has {name}"), &true, &leads)?;
        }
        Ok(())
    }

    /// An event that a log does not have is a 404 with the published code
    "identity.log.unknown-event-is-404" one, cites ["domain-event-unknown"], needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let path = Context::domain_user(&user.key, "/logs/4000000000");
        let reply = cx.read_domain(&path).await?;
        reply.domain_error("an event that does not exist", 404, "unknown_event").map(drop)
    }

    /// A first day after the last one is a 400 with the published code
    "identity.log.turned-dates-are-400" one, cites ["domain-log-dates"], needs [IdentityWrites]
    |cx| {
        let user = cx.domain_subject().await?;
        let path = Context::domain_user(&user.key, "/logs?startDate=2021-02-02&endDate=2021-02-01");
        let reply = cx.read_domain(&path).await?;
        reply.domain_error("a first day after the last one", 400, "date_range").map(drop)
    }
}

/// Deactivates the subject. Returns the log, the newest event of that kind, and the user's key.
async fn changed(cx: &mut Context) -> Result<(Reply, Tree, String), Stop> {
    let user = cx.domain_subject().await?;
    let settings = Context::domain_user(&user.key, "/settings");
    let inactive = user.draft.clone().with("UserSettings/Active", "false");
    let reply = cx
        .domain_call("PUT", &settings, &inactive.part("UserSettings"))
        .await?;
    reply.is("settings", 200)?;
    let reply = cx
        .read_domain(&Context::domain_user(&user.key, "/logs"))
        .await?;
    let log = reply.domain("a log", 200, ROOT)?;
    let kind = match cx.profile().identity_event_names {
        EventNames::Upper => "USER_SETTINGS_UPDATE",
        EventNames::Camel => "UserSettingsUpdate",
    };
    let events =
        below(&log, "UserEvents").map_or_else(Vec::new, |events| items(events, "UserEvent"));
    let event = events
        .into_iter()
        .find(|event| text(event, "Event") == Some(kind));
    let event = event.ok_or_else(|| reply.fail(&format!("expected an event {kind} in the log")))?;
    let event = event.clone();
    Ok((reply, event, user.key))
}
