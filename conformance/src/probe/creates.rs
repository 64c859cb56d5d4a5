//! Creates with one thing varied: what is taken, stored and refused.

use bandwidth_fixtures::profile::RoleForm;

use super::{
    Probe,
    seen::Seen,
    users::{E164, Made, TELEPHONE, TEN_DIGITS},
};
use crate::{
    outcome::Stop,
    wire::{EMAIL, Format, RoleRef, Value},
};

pub(super) async fn telephone(probe: &mut Probe) -> Result<(), Stop> {
    let draft = probe.draft()?.with(TELEPHONE, TEN_DIGITS);
    match probe.try_create(&draft).await? {
        Ok(made) => {
            let seen = probe.get_user(&made.key).await?;
            let user = seen.user().ok_or_else(|| unreadable(&seen))?;
            if user.text(TELEPHONE).is_none() {
                not_shown(probe);
                return Ok(());
            }
            let without = probe.draft()?.without(TELEPHONE);
            let option = match probe.try_create(&without).await? {
                Ok(_) => "ten_digits_optional",
                Err(seen) if seen.is_refusal() => "ten_digits_required",
                Err(seen) => return Err(unreadable(&seen)),
            };
            // A server that takes ten digits may take anything.
            let e164 = probe.draft()?.with(TELEPHONE, E164);
            match probe.try_create(&e164).await? {
                Err(seen) if !seen.is_refusal() => return Err(unreadable(&seen)),
                Err(_) => probe.observed("user.telephone", option),
                Ok(_) => probe.leave_open("user.telephone", "ten digits and E.164 are both taken"),
            }
        }
        Err(seen) if seen.is_refusal() => e164(probe, &seen).await?,
        Err(seen) => return Err(unreadable(&seen)),
    }
    Ok(())
}

/// Where a number is taken and not shown: a field that nobody knows would be treated so too, if
/// those are ignored.
fn not_shown(probe: &mut Probe) {
    match probe.known("user.unknown_fields") {
        Some("ignored") => probe.observed("user.telephone", "absent"),
        Some(_) => probe.leave_open(
            "user.telephone",
            "a number is taken and not shown, and fields that nobody knows are refused",
        ),
        None => probe.likely(
            "user.telephone",
            "absent",
            &["ten_digits_optional", "e164_optional"],
            "a number is taken and not shown, and whether unknown fields are was not told",
        ),
    }
}

/// Where ten digits are refused: whether E.164 is not, and whether it is needed.
async fn e164(probe: &mut Probe, ten_digits: &Seen) -> Result<(), Stop> {
    let draft = probe.draft()?.with(TELEPHONE, E164);
    let made = match probe.try_create(&draft).await? {
        Ok(made) => made,
        Err(seen) if seen.is_refusal() => {
            let about_numbers = |seen: &Seen| matches!(seen.code(), Some(12511 | 12512));
            if about_numbers(ten_digits) || about_numbers(&seen) {
                let why = "both numbers are refused as wrong, so that there may be others";
                probe.leave_open("user.telephone", why);
            } else {
                probe.observed("user.telephone", "absent");
            }
            return Ok(());
        }
        Err(seen) => return Err(unreadable(&seen)),
    };
    let seen = probe.get_user(&made.key).await?;
    let user = seen.user().ok_or_else(|| unreadable(&seen))?;
    if user.text(TELEPHONE).is_none() {
        probe.leave_open("user.telephone", "a number is taken and not shown");
        return Ok(());
    }
    let without = probe.draft()?.without(TELEPHONE);
    match probe.try_create(&without).await? {
        Ok(_) => probe.observed("user.telephone", "e164_optional"),
        Err(seen) if seen.is_refusal() => probe.leave_open(
            "user.telephone",
            "a number in E.164 is required, and no option says so",
        ),
        Err(seen) => return Err(unreadable(&seen)),
    }
    Ok(())
}

fn unreadable(seen: &Seen) -> Stop {
    Stop::Inconclusive(format!(
        "an answer with status {} tells nothing",
        seen.status
    ))
}

pub(super) async fn unknown_field(probe: &mut Probe) -> Result<(), Stop> {
    let draft = probe.draft()?.with("Nickname", "Vrk");
    match probe.try_create(&draft).await? {
        Ok(made) => {
            let seen = probe.get_user(&made.key).await?;
            let user = seen.user().ok_or_else(|| unreadable(&seen))?;
            if user.has("Nickname") {
                let why = "a field that nobody should know is taken and shown";
                probe.leave_open("user.unknown_fields", why);
            } else {
                probe.observed("user.unknown_fields", "ignored");
            }
        }
        Err(seen) if seen.is_refusal() => probe.observed("user.unknown_fields", "refused"),
        Err(seen) => return Err(unreadable(&seen)),
    }
    Ok(())
}

pub(super) async fn untyped_body(probe: &mut Probe) -> Result<(), Stop> {
    let mut statuses = Vec::new();
    for format in [Format::Xml, Format::Json] {
        let draft = probe.draft()?;
        let body = draft.body(&probe.cx.profile, format);
        let path = probe.cx.users_path();
        let ask = probe
            .cx
            .ask("POST", path)
            .accept(probe.format)
            .untyped(body);
        let reply = probe.cx.send(ask.creates(draft.text("Username"))).await?;
        statuses.push(reply.status());
    }
    match statuses.as_slice() {
        [415, 415] => probe.observed("format.body_without_type", "refused"),
        [200 | 201, 400] => probe.observed("format.body_without_type", "xml"),
        // Where there is no JSON at all, a body that is known for JSON is refused for its type.
        [200 | 201, 200 | 201 | 415] => probe.observed("format.body_without_type", "detected"),
        other => {
            let why = format!("XML and JSON without a type are answered with {other:?}");
            probe.leave_open("format.body_without_type", &why);
        }
    }
    Ok(())
}

pub(super) async fn unknown_role(probe: &mut Probe) -> Result<(), Stop> {
    let role = match probe.cx.profile.role_form {
        RoleForm::IdAndName => RoleRef::Plain("cf-no-such-role".to_owned()),
        RoleForm::NameAndPermissions => RoleRef::Object("RoleName", "CF_NO_SUCH_ROLE".to_owned()),
    };
    let draft = probe.draft()?.with_value("Roles", Value::Roles(vec![role]));
    let unknown = match probe.try_create(&draft).await? {
        Ok(made) => Some(roles_of(probe, &made).await?),
        Err(seen) if seen.is_refusal() => None,
        Err(seen) => return Err(unreadable(&seen)),
    };
    if unknown.is_some_and(|shown| shown > 0) {
        probe.leave_open("role.unknown", "a role that nobody has is taken and shown");
        return Ok(());
    }
    // The same with a role that there is, which is what shows that it was about the unknown one.
    let Some(known) = probe.spare_roles().pop() else {
        let why = "there is no known role to compare an unknown one with";
        probe.leave_open("role.unknown", why);
        return Ok(());
    };
    let draft = probe
        .draft()?
        .with_value("Roles", Value::Roles(vec![known]));
    match (unknown, probe.try_create(&draft).await?) {
        (None, Ok(_)) => probe.observed("role.unknown", "refused"),
        (Some(_), Ok(made)) if roles_of(probe, &made).await? > 0 => {
            probe.observed("role.unknown", "ignored");
        }
        (Some(_), Ok(_)) => {
            let why = "no role is shown, not even a known role";
            probe.leave_open("role.unknown", why);
        }
        (_, Err(seen)) if seen.is_refusal() => {
            let why = format!("a known role is answered with {} too", seen.status);
            probe.leave_open("role.unknown", &why);
        }
        (_, Err(seen)) => return Err(unreadable(&seen)),
    }
    Ok(())
}

/// How many roles a user is shown with.
async fn roles_of(probe: &mut Probe, made: &Made) -> Result<usize, Stop> {
    let seen = probe.get_user(&made.key).await?;
    let user = seen.user().ok_or_else(|| unreadable(&seen))?;
    Ok(user.roles())
}

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
        Ok(_) => probe.observed("username.case", "sensitive"),
        Err(seen) if seen.is_refusal() => {
            let fresh = probe.cx.run.fresh_username().to_uppercase();
            let control = probe.draft()?.with("Username", fresh);
            match probe.try_create(&control).await? {
                Ok(_) => probe.observed("username.case", "insensitive"),
                Err(seen) => {
                    let why = format!(
                        "a username in upper case is answered with {}, also where nobody has it",
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
        Err(seen) if seen.is_refusal() => probe.likely(
            "email.unique",
            "account",
            &["global"],
            "with one account it cannot be told whether other accounts count",
        ),
        Err(seen) => return Err(unreadable(&seen)),
    }
    probe.leave_open(
        "username.scope",
        "it takes an account of its own to see whether the usernames of others are taken",
    );
    Ok(())
}
