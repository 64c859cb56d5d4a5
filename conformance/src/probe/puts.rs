//! PUT: its effect on absent fields, and on fields that may not change. A GET reads the result,
//! once it shows the first name of the same PUT.

use bandwidth_fixtures::profile::UserKey;

use super::{
    seen::UserSeen,
    state::{Made, Probe},
    users::{E164, LAST_NAME, TELEPHONE, TEN_DIGITS},
};
use crate::{
    verdict::Stop,
    wire::{Draft, EMAIL, Format, Value},
};

/// The effect of a PUT on absent fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Reset,
    Kept,
}

/// The fields that a PUT left out, with what became of them.
type Effects = Vec<(&'static str, Effect)>;

/// The effect of PUT in one format.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Semantics {
    option: &'static str,
    effects: Effects,
}

/// The reason why a PUT did not show its semantics, with the status of its response.
struct Unclear(u16, String);

pub(super) async fn semantics(probe: &mut Probe) -> Result<(), Stop> {
    let mut found: Vec<(Format, Semantics)> = Vec::new();
    let mut unread = None;
    // Twice at least: what changes from one time to the next is no rule.
    let formats = match probe.formats().as_slice() {
        [only] => vec![*only; 2],
        all => all.to_vec(),
    };
    for format in formats {
        match in_format(probe, format).await? {
            Ok(semantics) => found.push((format, semantics)),
            Err(Unclear(415, _)) if format != probe.format => unread = Some(format),
            Err(Unclear(_, why)) => {
                probe.leave_open("put.semantics", &why);
                return Ok(());
            }
        }
    }
    let (_, first) = found[0].clone();
    if let Some((format, other)) = found.iter().find(|(_, other)| *other != first) {
        let why = format!(
            "it was {first:?} once and {other:?} another time, as {}",
            format.media_type()
        );
        probe.leave_open("put.semantics", &why);
        return Ok(());
    }
    probe.observed("put.semantics", first.option);
    if let Some(format) = unread {
        let note = format!("{} returns 415", format.media_type());
        probe.note("put.semantics", &note);
    }
    Ok(())
}

/// Optional fields of an update.
type Fields = Vec<(&'static str, Value)>;

/// Combinations of the optional fields that the user does not have yet, the largest first.
fn combinations(probe: &Probe, made: &Made) -> Vec<Fields> {
    let number = |text: &str| (TELEPHONE, Value::Text(text.to_owned()));
    let role = probe.spare_roles().pop();
    let role = role.map(|role| ("Roles", Value::Roles(vec![role])));
    let mut all = vec![Fields::new()];
    for values in [
        vec![("Enabled", Value::Flag(false))],
        role.into_iter().collect(),
        vec![number(TEN_DIGITS), number(E164)],
    ] {
        let without = all.clone();
        let mut with = values
            .iter()
            .filter(|(name, _)| made.draft.value(name).is_none())
            .flat_map(|value| {
                let more = |fields: &Fields| [fields, &[value.clone()][..]].concat();
                without.iter().map(more)
            })
            .collect();
        all.append(&mut with);
    }
    all.sort_by_key(|fields| std::cmp::Reverse(fields.len()));
    all
}

/// Sets every optional field that updates accept. The user is then disabled, and has a role and a
/// telephone number if possible, so that a PUT can reset them.
async fn full_user(probe: &mut Probe) -> Result<(Made, UserSeen), Stop> {
    let known = probe.optional.clone();
    let (mut made, choices) = if let (Some(made), Some(fields)) = (probe.first_user.clone(), known)
    {
        (made, vec![fields])
    } else {
        let made = probe.subject().await?;
        let choices = combinations(probe, &made);
        (made, choices)
    };
    let mut status = 0;
    for fields in choices {
        let with =
            |draft: Draft, (name, value): &(&str, Value)| draft.with_value(name, value.clone());
        let draft = fields.iter().fold(made.draft.clone(), with);
        let update = draft.clone().without("Password");
        match probe.update(&made, &update, probe.format).await? {
            Ok((_, user)) => {
                probe.optional = Some(fields);
                let name = user.text("FirstName").unwrap_or_default();
                made.draft = draft.with("FirstName", name);
                return Ok((made, user));
            }
            Err(seen) => status = seen.status,
        }
    }
    Err(Stop::Inconclusive(format!(
        "an update of all fields returns {status}"
    )))
}

async fn in_format(probe: &mut Probe, format: Format) -> Result<Result<Semantics, Unclear>, Stop> {
    let (made, before) = full_user(probe).await?;
    let mut body = Draft::default().with(EMAIL, made.draft.text(EMAIL));
    // A number that a create needs, a PUT may need too.
    if let Some(telephone) = probe.sample.and_then(|sample| sample.telephone) {
        body = body.with(TELEPHONE, telephone);
    }
    let mut requires = false;
    let mut answer = probe.update(&made, &body, format).await?;
    if let Err(refusal) = &answer
        && refusal.is_refusal()
    {
        requires = true;
        let status = refusal.status;
        let last_name = Some(made.draft.text("LastName")).filter(|name| !name.is_empty());
        let more = body
            .clone()
            .with("LastName", last_name.unwrap_or(LAST_NAME));
        answer = probe.update(&made, &more, format).await?;
        if answer.is_ok() && status < 300 {
            let why = format!(
                "a PUT without LastName is refused with status {status} and an error body, and the option means an error status"
            );
            return Ok(Err(Unclear(status, why)));
        }
    }
    let after = match answer {
        Ok((_, user)) => user,
        Err(seen) => {
            let status = seen.status;
            let why = if requires {
                format!("a PUT with all required fields returns {status}")
            } else {
                format!("a PUT returns {status}")
            };
            return Ok(Err(Unclear(status, why)));
        }
    };
    let effects = effects(&before, &after, &body, requires);
    let all = |wanted| effects.iter().all(|(_, effect)| *effect == wanted);
    let option = match requires {
        _ if effects.is_empty() => Err(format!(
            "a user has no optional field that a PUT could leave out (required fields: {requires})"
        )),
        true if all(Effect::Reset) => Ok("replace_requiring_fields"),
        false if all(Effect::Reset) => Ok("replace"),
        false if all(Effect::Kept) => Ok("merge"),
        _ => Err(format!(
            "absent fields are treated differently: {effects:?}, required fields: {requires}"
        )),
    };
    Ok(option
        .map(|option| Semantics { option, effects })
        .map_err(|why| Unclear(200, why)))
}

fn effects(before: &UserSeen, after: &UserSeen, body: &Draft, requires: bool) -> Effects {
    let effect = |kept| if kept { Effect::Kept } else { Effect::Reset };
    let mut effects = Vec::new();
    // A field that held nothing before, or is never shown, has nothing to lose.
    if !requires && let Some(name) = before.text("LastName") {
        let kept = after.text("LastName").as_ref() == Some(&name);
        effects.push(("LastName", effect(kept)));
    }
    if !before.is_enabled() {
        effects.push(("Enabled", effect(!after.is_enabled())));
    }
    if before.roles() > 0 {
        effects.push(("Roles", effect(after.roles() > 0)));
    }
    if body.given(TELEPHONE).is_none() && before.text(TELEPHONE).is_some() {
        effects.push((TELEPHONE, effect(after.text(TELEPHONE).is_some())));
    }
    effects
}

pub(super) async fn username(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "username.update";
    let made = probe.subject().await?;
    let wish = probe.cx.fresh_username();
    let name = probe.first_name();
    let body = made.update().with("Username", wish.as_str());
    let body = body.with("FirstName", name.as_str());
    let seen = probe.put(&made.key, &body, probe.format).await?;
    if seen.is_refusal() {
        probe.refused(ID, "refused", &seen);
        return Ok(());
    }
    let answer = seen.user().and_then(|user| user.text("Username"));
    let by_name = probe.cx.profile.naming_user_key == UserKey::Username;
    let keys = [wish.as_str(), made.key.as_str()];
    let keys = &keys[usize::from(!by_name)..];
    let user = match probe.shown(keys, &name, seen).await? {
        Ok((_, user)) => user,
        Err(seen) => {
            let why = format!("another username returns {}", seen.status);
            probe.leave_open(ID, &why);
            return Ok(());
        }
    };
    let effect = match user.text("Username") {
        Some(shown) if shown == wish => Ok("allowed"),
        Some(shown) if shown == made.username() && answer.as_ref() != Some(&wish) => Ok("ignored"),
        _ => Err("the answer to the PUT and a GET after it do not agree on the username"),
    };
    probe.settle(ID, effect);
    if effect != Ok("allowed") {
        return Ok(());
    }
    let mut renamed = made.clone();
    renamed.draft = renamed.draft.with("Username", wish.as_str());
    if made.key == made.username() {
        renamed.key = wish;
    }
    probe.first_user = Some(renamed.clone());
    // Back again, so that what comes is asked of a user as it was created.
    let body = made.update().with("FirstName", probe.first_name());
    let name = body.text("FirstName").to_owned();
    let seen = probe.put(&renamed.key, &body, probe.format).await?;
    if probe.shown(&[&made.key], &name, seen).await?.is_ok() {
        probe.first_user = Some(made);
    }
    Ok(())
}

pub(super) async fn id_mismatch(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "put.id_mismatch";
    if probe.cx.profile.naming_user_key == UserKey::Username {
        probe.leave_open(ID, "users have no internal ids");
        return Ok(());
    }
    let made = probe.subject().await?;
    let update = made.update().without("Username");
    let same = update.clone().with("UserId", made.key.as_str());
    if let Err(seen) = probe.update(&made, &same, probe.format).await? {
        let status = seen.status;
        let why = format!("even the path's own UserId returns {status}");
        probe.leave_open(ID, &why);
        return Ok(());
    }
    let other = update.with("UserId", probe.cx.unused_key().await?);
    match probe.update(&made, &other, probe.format).await? {
        Ok(_) => probe.observed(ID, "ignored"),
        Err(seen) if seen.is_refusal() => probe.refused(ID, "refused", &seen),
        Err(seen) => {
            let why = format!("another UserId returns {}", seen.status);
            probe.leave_open(ID, &why);
        }
    }
    Ok(())
}
