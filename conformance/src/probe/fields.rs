//! Experiments about fields of an update: accepted, stored and rejected values.

use bandwidth_fixtures::profile::{OptionValue as _, Profile, RoleField, RoleForm};

use super::{
    seen::{Seen, UserSeen},
    state::{Made, Probe},
    users::{E164, TELEPHONE, TEN_DIGITS, unreadable},
};
use crate::{
    dialogue::Ask,
    verdict::Stop,
    wire::{Draft, Format, RoleRef, Value},
};

pub(super) async fn unknown_field(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "user.unknown_fields";
    let made = probe.subject().await?;
    let draft = made.update().with("Nickname", "Vrk");
    match probe.update(&made, &draft, probe.format).await? {
        Ok((_, user)) if user.has("Nickname") => {
            probe.leave_open(ID, "an unknown field is accepted and shown");
        }
        Ok(_) => probe.observed(ID, "ignored"),
        Err(seen) if seen.is_refusal() => probe.refused(ID, "refused", &seen),
        Err(seen) => return Err(unreadable(&seen)),
    }
    Ok(())
}

/// Result for a telephone number: `None` if it was rejected, else whether it is shown.
type Number = Option<bool>;

pub(super) async fn telephone(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "user.telephone";
    let (ten, code) = number(probe, TEN_DIGITS).await?;
    let (e164, other) = number(probe, E164).await?;
    // Whether a create needs a number is known from the create that was taken: those without one,
    // or with one of the other form, were refused.
    let needed = probe.sample.map(|sample| sample.telephone);
    let about_numbers = [code, other]
        .iter()
        .flatten()
        .any(|code| matches!(code, 12511 | 12512));
    let form = match (ten, e164, needed) {
        (Some(true), Some(_), _) | (Some(_), Some(true), _) => {
            Err("ten digits and E.164 are both accepted")
        }
        (Some(true), None, Some(None)) => Ok("ten_digits_optional"),
        (Some(true), None, Some(Some(TEN_DIGITS))) => Ok("ten_digits_required"),
        (Some(true), None, _) => {
            let note = "a create must show whether one is required";
            probe.likely(ID, "ten_digits_optional", &["ten_digits_required"], note);
            return Ok(());
        }
        (None, Some(true), Some(Some(_))) => {
            Err("a number in E.164 is required, which is not an option")
        }
        (None, Some(true), Some(None)) => Ok("e164_optional"),
        (None, Some(true), None) => Err("a create must show whether a number is required"),
        (Some(false), _, Some(None) | None) => {
            not_shown(probe);
            return Ok(());
        }
        (None, None, Some(None) | None) if !about_numbers => Ok("absent"),
        (None, None, _) => Err("both numbers are rejected as wrong, so there may be other forms"),
        _ => Err("a number is accepted and not shown"),
    };
    probe.settle(ID, form);
    Ok(())
}

/// Gives the user a number; with the code of a refusal.
async fn number(probe: &mut Probe, text: &str) -> Result<(Number, Option<u32>), Stop> {
    let made = probe.subject().await?;
    let draft = made.update().with(TELEPHONE, text);
    match probe.update(&made, &draft, probe.format).await? {
        Ok((_, user)) => match user.text(TELEPHONE) {
            None => Ok((Some(false), None)),
            Some(shown) if digits(&shown) == digits(text) => Ok((Some(true), None)),
            Some(_) => Err(Stop::skip("another number is shown than was given")),
        },
        Err(seen) if seen.is_refusal() => Ok((None, seen.code())),
        Err(seen) => Err(unreadable(&seen)),
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// Reports a number that is accepted and not shown. An ignored unknown field would look the same.
fn not_shown(probe: &mut Probe) {
    const ID: &str = "user.telephone";
    match probe.known("user.unknown_fields") {
        Some("ignored") => probe.observed(ID, "absent"),
        Some(_) => {
            let why = "a number is accepted and not shown, and unknown fields are refused";
            probe.leave_open(ID, why);
        }
        None => {
            let others = ["ten_digits_optional", "e164_optional"];
            let note =
                "a number is accepted and not shown, and the effect of unknown fields is unknown";
            probe.likely(ID, "absent", &others, note);
        }
    }
}

pub(super) async fn untyped_body(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "format.body_without_type";
    let mut taken = Vec::new();
    let mut statuses = Vec::new();
    for format in [Format::Xml, Format::Json] {
        let made = probe.subject().await?;
        let untyped =
            |ask: Ask, draft: &Draft, profile: &Profile| ask.untyped(draft.body(profile, format));
        let updated = probe.update_as(&made, untyped).await?;
        taken.push(updated.is_ok());
        statuses.push(updated.map_or_else(|seen| seen.status, |(seen, _)| seen.status));
    }
    let reading = match (taken.as_slice(), statuses.as_slice()) {
        ([false, false], [415, 415]) => Ok("refused"),
        ([true, false], [_, 400]) => Ok("xml"),
        // Where there is no JSON at all, a body that is known for JSON is refused for its type.
        ([true, true], _) | ([true, false], [_, 415]) => Ok("detected"),
        _ => Err(format!(
            "XML and JSON without a type return {statuses:?}; accepted: {taken:?}"
        )),
    };
    probe.settle(ID, reading);
    Ok(())
}

pub(super) async fn unknown_role(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "role.unknown";
    let Some(known) = probe.spare_roles().pop() else {
        let why = "an unknown role is compared with a known one, and there is none that users may get; --role ID names one";
        probe.leave_open(ID, why);
        return Ok(());
    };
    // The known one shows what is about roles, and what about the unknown one.
    let made = probe.subject().await?;
    let why = match roles_after(probe, &made, known).await? {
        Ok(0) => Some("no role is shown, not even a known role".to_owned()),
        Ok(_) => None,
        Err(seen) if seen.is_refusal() => {
            let status = seen.status;
            Some(format!("even a known role returns {status}"))
        }
        Err(seen) => return Err(unreadable(&seen)),
    };
    if let Some(why) = why {
        probe.leave_open(ID, &why);
        return Ok(());
    }
    let unknown = match probe.cx.profile.role_form {
        RoleForm::IdAndName => RoleRef::Plain("cf-no-such-role".to_owned()),
        RoleForm::NameAndPermissions => RoleRef::Object("RoleName", "CF_NO_SUCH_ROLE".to_owned()),
    };
    let made = probe.subject().await?;
    match roles_after(probe, &made, unknown).await? {
        Ok(0) => probe.observed(ID, "ignored"),
        Ok(_) => probe.leave_open(
            ID,
            "a role that the account does not have is accepted and shown",
        ),
        Err(seen) if seen.status == 422 => probe.refused(ID, "unprocessable", &seen),
        Err(seen) if seen.is_refusal() => probe.refused(ID, "refused", &seen),
        Err(seen) => return Err(unreadable(&seen)),
    }
    Ok(())
}

/// Number of roles that the user shows after an update with that role. The inner error is the
/// response of a target that rejected it.
async fn roles_after(
    probe: &mut Probe,
    made: &Made,
    role: RoleRef,
) -> Result<Result<usize, Seen>, Stop> {
    let draft = made.update().with_value("Roles", Value::Roles(vec![role]));
    let updated = probe.update(made, &draft, probe.format).await?;
    Ok(updated.map(|(_, user)| user.roles()))
}

/// True if an update gives the user more roles than `before`.
async fn gives(
    probe: &mut Probe,
    made: &Made,
    role: &RoleRef,
    before: usize,
) -> Result<bool, Stop> {
    match roles_after(probe, made, role.clone()).await? {
        Ok(roles) => Ok(roles > before),
        Err(seen) if seen.is_refusal() => Ok(false),
        Err(seen) => Err(unreadable(&seen)),
    }
}

/// Number of roles of the shared user when it was put back.
fn shown_roles(probe: &Probe) -> usize {
    probe.back.as_ref().map_or(0, UserSeen::roles)
}

/// Finds the field that gives roles. Later updates use it.
pub(super) async fn role_field(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "role.request_field";
    let Some(role) = probe.spare_roles().pop() else {
        let why = "no role may be given to a user; --role ID names one";
        probe.leave_open(ID, why);
        return Ok(());
    };
    probe.assume(ID, &RoleField::Roles.name());
    let made = probe.subject().await?;
    // A target may give every user a role.
    let before = shown_roles(probe);
    let in_roles = gives(probe, &made, &role, before).await?;
    // With the field that works, the role is taken away again.
    let made = probe.subject().await?;
    if shown_roles(probe) > before {
        let why = "Roles gives a role, and an empty list does not take it away";
        probe.leave_open(ID, why);
        return Ok(());
    }
    probe.assume(ID, &RoleField::RoleIds.name());
    let in_ids = gives(probe, &made, &role, before).await?;
    let field = match (in_roles, in_ids) {
        (true, true) => RoleField::Either,
        (true, false) => RoleField::Roles,
        (false, true) => RoleField::RoleIds,
        (false, false) => {
            probe.assume(ID, &RoleField::Roles.name());
            let why = "an update gives no role, neither in Roles nor in RoleIds";
            probe.leave_open(ID, why);
            return Ok(());
        }
    };
    probe.observed(ID, field.name());
    Ok(())
}

/// Finds out whether the user may also be enclosed, where a create took it without.
pub(super) async fn request_root(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "user.request_root";
    if probe.known(ID) == Some("wrapped") {
        return Ok(());
    }
    let made = probe.subject().await?;
    // The root of XML is no field, which a target could ignore.
    let has_xml = probe.formats().contains(&Format::Xml);
    let format = if has_xml { Format::Xml } else { probe.format };
    let enclosed = |ask: Ask, draft: &Draft, profile: &Profile| {
        ask.body(format, draft.enclosed(profile, format, true))
    };
    match probe.update_as(&made, enclosed).await? {
        Ok(_) => probe.observed(ID, "either"),
        Err(seen) if seen.is_refusal() => probe.refused(ID, "bare", &seen),
        Err(seen) => return Err(unreadable(&seen)),
    }
    Ok(())
}

/// Finds the meaning of null, by an update of the last name.
pub(super) async fn json_null(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "format.json_null";
    if !probe.formats().contains(&Format::Json) {
        probe.leave_open(ID, "there is no JSON");
        return Ok(());
    }
    let made = probe.subject().await?;
    if made.draft.text("LastName").is_empty() {
        probe.leave_open(ID, "the user has no last name to lose");
        return Ok(());
    }
    let null = made.update().with_value("LastName", Value::Null);
    let semantics = probe.known("put.semantics").unwrap_or_default().to_owned();
    let updated = probe.update(&made, &null, Format::Json).await?;
    let keeps = updated
        .as_ref()
        .map(|(_, user)| user.text("LastName").is_some());
    let shown = match (keeps, semantics.as_str()) {
        (Ok(true), "merge") => Ok("absent"),
        (Ok(false), "merge" | "replace_requiring_fields") => Ok("cleared"),
        (Ok(false), "replace") => {
            let note = "a PUT removes a last name that is absent, too";
            probe.likely(ID, "cleared", &["absent"], note);
            return Ok(());
        }
        (Err(seen), "merge" | "replace") if seen.is_refusal() => {
            probe.refused(ID, "refused", seen);
            return Ok(());
        }
        (Err(seen), _) if !seen.is_refusal() => return Err(unreadable(seen)),
        _ => Err("what an absent last name does in a PUT does not explain what null does"),
    };
    probe.settle(ID, shown);
    Ok(())
}
