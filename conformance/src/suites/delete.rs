//! Deleting users.

use bandwidth_fixtures::profile::DeleteEffect;

use super::get::shows;
use crate::{
    case::{
        Case,
        Level::{Characterise, Derived, Documented},
        Need::Writing,
    },
    context::Context,
    outcome::CaseResult,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "delete.user.is-answered",
            Documented,
            "A delete is answered with the profile's status, and with an empty object where there is a body",
            "guide, Delete User, response example",
        )
        .needs(&[Writing])
        .measures(&["delete.status"])
        .run(async |cx| {
            for format in cx.formats() {
                let created = cx.create(cx.draft(), format).await?;
                cx.delete(&created.key, format).await?.deleted()?;
            }
            Ok(())
        }),
        Case::new(
            "delete.then-get.follows-delete-effect",
            Documented,
            "After a delete GET finds nobody or, where deleting deactivates, a user that is not enabled",
            "guide, Deprovision a user; SUP",
        )
        .needs(&[Writing])
        .measures(&["delete.effect"])
        .run(then_get),
        Case::new(
            "delete.again.finds-nobody",
            Derived,
            "A second delete of a user that is gone is refused as one of a user that never was",
            "guide, Delete User: deletion is permanent",
        )
        .needs(&[Writing])
        .measures(&["delete.effect", "missing.user"])
        .run(again),
        Case::new(
            "delete.missing-user.is-refused",
            Documented,
            "A delete of a key that no user has is refused",
            "guide, Core endpoints; ERR 12000",
        )
        .needs(&[Writing])
        .measures(&["missing.user"])
        .run(async |cx| {
            let absent = cx.absent_key();
            for format in cx.formats() {
                cx.delete(&absent, format).await?.missing_user()?;
            }
            Ok(())
        }),
        Case::new(
            "delete.others.stay",
            Derived,
            "Deleting one user leaves another as it was",
            "guide, Delete User",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let gone = cx.new_user().await?;
            let kept = cx.new_user().await?;
            cx.delete(&gone.key, cx.default_format()).await?.deleted()?;
            let reply = cx.get(&kept.key, cx.default_format()).await?;
            shows(cx, &reply, &kept)
        }),
        Case::new(
            "delete.username.may-come-again",
            Characterise,
            "Whether the username of a deleted user can be given to a new one",
            "no source",
        )
        .needs(&[Writing])
        .run(async |cx| {
            let created = cx.new_user().await?;
            cx.delete(&created.key, cx.default_format()).await?.deleted()?;
            let draft = cx.draft().with("Username", created.username());
            let reply = cx.post(&draft, cx.default_format()).await?;
            let status = reply.status();
            cx.observe(format!("a create with a deleted user's username is answered with {status}"));
            Ok(())
        }),
    ]
}

async fn then_get(cx: &mut Context) -> CaseResult {
    for format in cx.formats() {
        let created = cx.create(cx.draft(), format).await?;
        cx.delete(&created.key, format).await?.deleted()?;
        let reply = cx.get(&created.key, format).await?;
        match cx.profile().delete_effect {
            DeleteEffect::Removed => reply.missing_user()?,
            DeleteEffect::Deactivated => {
                shows(cx, &reply, &created)?;
                reply.check(!reply.user()?.is_enabled(), "the deleted user is enabled")?;
            }
        }
    }
    Ok(())
}

async fn again(cx: &mut Context) -> CaseResult {
    let format = cx.default_format();
    let created = cx.new_user().await?;
    cx.delete(&created.key, format).await?.deleted()?;
    let reply = cx.delete(&created.key, format).await?;
    match cx.profile().delete_effect {
        DeleteEffect::Removed => reply.missing_user(),
        DeleteEffect::Deactivated => {
            let status = reply.status();
            cx.observe(format!(
                "deleting a deactivated user is answered with {status}"
            ));
            Ok(())
        }
    }
}
