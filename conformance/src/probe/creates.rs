//! Experiments that need a second user: taken names and emails.

use super::{
    state::{Made, Probe},
    users::unreadable,
};
use crate::{verdict::Stop, wire::EMAIL};

pub(super) async fn uniqueness(probe: &mut Probe) -> Result<(), Stop> {
    let first = probe.create().await?;
    let again = probe.draft()?.with("Username", first.username());
    let conflict = match probe.try_create(&again).await?.map_err(|seen| seen.status) {
        Err(status @ (400 | 409)) => Ok(status),
        Err(status) => Err(format!("a taken username returns {status}")),
        Ok(_) => Err("a taken username is accepted again".to_owned()),
    };
    probe.settle("errors.conflict", conflict);
    let upper = probe
        .draft()?
        .with("Username", first.username().to_uppercase());
    let case = match probe.try_create(&upper).await? {
        Ok((second, _)) => {
            // Names that the target makes itself say nothing about those that were sent.
            if is_named_as_asked(probe, &first).await? && is_named_as_asked(probe, &second).await? {
                Ok("sensitive")
            } else {
                Err("the target gives users other names than were asked for".to_owned())
            }
        }
        Err(seen) if seen.is_refusal() => {
            let fresh = probe.cx.fresh_username().to_uppercase();
            let control = probe.draft()?.with("Username", fresh);
            let created = probe.try_create(&control).await?;
            created.map(|_| "insensitive").map_err(|seen| {
                let status = seen.status;
                format!("a username in upper case returns {status}, also where no user has it")
            })
        }
        Err(seen) => return Err(unreadable(&seen)),
    };
    probe.settle("username.case", case);
    let email = probe.draft()?.with(EMAIL, first.draft.text(EMAIL));
    match probe.try_create(&email).await? {
        Ok(_) => probe.observed("email.unique", "none"),
        Err(seen) if seen.is_refusal() => {
            // The same with an email of its own, which shows that it was about the email.
            probe.create().await?;
            let note = "whether other accounts count cannot be seen with one account";
            probe.likely("email.unique", "account", &["global"], note);
        }
        Err(seen) => return Err(unreadable(&seen)),
    }
    let why = "a second account must show whether its usernames count";
    probe.leave_open("username.scope", why);
    Ok(())
}

/// True if the target shows the user with the name of its create.
async fn is_named_as_asked(probe: &mut Probe, made: &Made) -> Result<bool, Stop> {
    let user = probe.get_user(&made.key).await?.user();
    let name = user.and_then(|user| user.text("Username"));
    Ok(name.as_deref() == Some(made.username()))
}
