//! What takes a second user: names and emails that another one has.

use super::{
    state::{Made, Probe},
    users::unreadable,
};
use crate::{verdict::Stop, wire::EMAIL};

pub(super) async fn uniqueness(probe: &mut Probe) -> Result<(), Stop> {
    let first = probe.create().await?;
    let again = probe.draft()?.with("Username", first.username());
    match probe.try_create(&again).await? {
        Err(seen) if matches!(seen.status, 400 | 409) => {
            probe.observed("errors.conflict", seen.status);
        }
        Err(seen) => {
            let why = format!("a taken username is answered with {}", seen.status);
            probe.leave_open("errors.conflict", &why);
        }
        Ok(_) => probe.leave_open("errors.conflict", "a taken username is taken twice"),
    }
    let upper = probe
        .draft()?
        .with("Username", first.username().to_uppercase());
    match probe.try_create(&upper).await? {
        Ok((second, _)) => {
            // Names that the target makes itself tell nothing of those that were sent.
            if is_named_as_asked(probe, &first).await? && is_named_as_asked(probe, &second).await? {
                probe.observed("username.case", "sensitive");
            } else {
                let why = "the target gives users other names than were asked for";
                probe.leave_open("username.case", why);
            }
        }
        Err(seen) if seen.is_refusal() => {
            let fresh = probe.cx.fresh_username().to_uppercase();
            let control = probe.draft()?.with("Username", fresh);
            match probe.try_create(&control).await? {
                Ok(_) => probe.observed("username.case", "insensitive"),
                Err(seen) => {
                    let why = format!(
                        "a username in upper case is answered with {}, also where no user has it",
                        seen.status
                    );
                    probe.leave_open("username.case", &why);
                }
            }
        }
        Err(seen) => return Err(unreadable(&seen)),
    }
    let email = probe.draft()?.with(EMAIL, first.draft.text(EMAIL));
    match probe.try_create(&email).await? {
        Ok(_) => probe.observed("email.unique", "none"),
        Err(seen) if seen.is_refusal() => {
            // The same with an email of its own, which shows that it was about the email.
            probe.create().await?;
            probe.likely(
                "email.unique",
                "account",
                &["global"],
                "whether other accounts count cannot be seen with one account",
            );
        }
        Err(seen) => return Err(unreadable(&seen)),
    }
    probe.leave_open(
        "username.scope",
        "whether the usernames of other accounts count takes a second account",
    );
    Ok(())
}

/// Whether the target shows the user with the name that its create asked for.
async fn is_named_as_asked(probe: &mut Probe, made: &Made) -> Result<bool, Stop> {
    let user = probe.get_user(&made.key).await?.user();
    let name = user.and_then(|user| user.text("Username"));
    Ok(name.as_deref() == Some(made.username()))
}
