//! Deleting users.

use bandwidth_fixtures::profile::DeleteEffect;

use super::{
    get::{reads_back, seen, shows},
    prelude::*,
};

cases! {
    /// A delete returns the profile's status, and an empty object if there is a body
    "delete.user.is-answered" many,
    cites ["endpoints", "delete-answer"], measures ["delete.status"]
    |cx, format| {
        let created = cx.create(cx.draft(), format).await?;
        cx.delete(&created.key, format).await?.deleted()
    }

    /// After a delete GET finds no user or, where deleting deactivates, a user that is not enabled
    "delete.then-get.follows-delete-effect" last,
    cites ["delete-final", "no-disabling", "deprovision", "deactivated"], measures ["delete.effect"]
    |cx| {
        let format = cx.default_format();
        let created = cx.subject(format).await?;
        seen(cx, &created, format).await?;
        cx.delete(&created.key, format).await?.deleted()?;
        for shown in cx.formats() {
            gone(cx, &created, shown).await?;
        }
        Ok(())
    }

    /// A second delete of a user that is gone is rejected as one of a user that never was
    "delete.again.finds-nobody" many,
    cites ["gone-is-missing"], measures ["delete.effect", "missing.user"]
    |cx| {
        let format = cx.default_format();
        let created = cx.new_user().await?;
        seen(cx, &created, format).await?;
        cx.delete(&created.key, format).await?.deleted()?;
        gone(cx, &created, format).await?;
        let reply = cx.delete(&created.key, format).await?;
        match cx.profile().delete_effect {
            DeleteEffect::Removed => reply.missing_user().at("the second delete"),
            DeleteEffect::Deactivated => {
                let status = reply.status();
                cx.observe(format!("deleting a deactivated user returns {status}"));
                Ok(())
            }
        }
    }

    /// A delete of a key that no user has is rejected
    "delete.missing-user.is-refused" none,
    cites ["missing-404", "err-12000"], measures ["missing.user"], needs [Writing]
    |cx, format| {
        let absent = cx.unused_key().await?;
        cx.delete(&absent, format).await?.missing_user()
    }

    /// Deleting one user leaves another as it was
    "delete.others.stay" many, cites ["rfc9110-delete"]
    |cx| {
        let format = cx.default_format();
        let deleted = cx.new_user().await?;
        let kept = cx.new_user().await?;
        seen(cx, &kept, format).await?;
        cx.delete(&deleted.key, format).await?.deleted()?;
        reads_back(cx, &kept, format).await.at("another user after a delete")
    }

    /// Status of a create with the username of a deleted user
    "delete.username.may-come-again" many
    |cx| {
        let format = cx.default_format();
        let created = cx.new_user().await?;
        seen(cx, &created, format).await?;
        cx.delete(&created.key, format).await?.deleted()?;
        let draft = cx.draft().with("Username", created.username());
        let status = cx.post(&draft, format).await?.status();
        cx.observe(format!("a create with a deleted user's username returns {status}"));
        Ok(())
    }
}

/// GET finds no user or, where deleting deactivates, a user who is not enabled. Of a user that was
/// seen before its delete.
pub(super) async fn gone(cx: &mut Context, user: &Created, format: Format) -> CaseResult {
    let reply = cx.get(&user.key, format).await?;
    match cx.profile().delete_effect {
        DeleteEffect::Removed => reply.missing_user().at("GET after the delete"),
        DeleteEffect::Deactivated => {
            shows(cx, &reply, user)?;
            let enabled = reply.user()?.is_enabled();
            reply.same("Enabled after the delete", &false, &enabled)
        }
    }
}
