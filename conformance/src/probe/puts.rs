//! PUT: what becomes of what is left out, and of what may not be changed. What it did is read back
//! with GET, never from its answer.

use bandwidth_fixtures::profile::UserKey;

use super::{
    Probe,
    seen::{Seen, UserSeen},
    users::{LAST_NAME, Made, TELEPHONE, a_number},
};
use crate::{
    outcome::Stop,
    wire::{Draft, EMAIL, Format, Value},
};

/// What a PUT did with what it left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Reset,
    Kept,
}

/// The fields that a PUT left out, with what became of them.
type Effects = Vec<(&'static str, Effect)>;

/// What PUT did in one format.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Semantics {
    option: &'static str,
    effects: Effects,
}

pub(super) async fn semantics(probe: &mut Probe) -> Result<(), Stop> {
    let mut found: Vec<(Format, Semantics)> = Vec::new();
    let mut unread = None;
    // Twice in the probe's own format: what changes from one time to the next is no rule.
    for format in [probe.formats(), vec![probe.format]].concat() {
        match in_format(probe, format).await? {
            Ok(semantics) => found.push((format, semantics)),
            Err(_) if format != probe.format && probe.last_status() == Some(415) => {
                unread = Some(format);
            }
            Err(why) => {
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
        let note = format!("{} is answered with 415", format.media_type());
        probe.note("put.semantics", &note);
    }
    details(probe).await;
    Ok(())
}

/// A user that is not enabled and has a role and perhaps a telephone number, so that every field
/// holds something to lose; without what a create does not take.
async fn full_user(probe: &mut Probe) -> Result<(Made, UserSeen), Stop> {
    let mut plain = probe.draft()?;
    let numbers = probe.known("user.telephone").and_then(a_number);
    if let (None, Some(number)) = (plain.given(TELEPHONE), numbers) {
        plain = plain.with(TELEPHONE, number);
    }
    let disabled = plain.clone().with_value("Enabled", Value::Flag(false));
    let role = probe.spare_roles().pop();
    let full = role.map(|role| {
        let roles = Value::Roles(vec![role]);
        disabled.clone().with_value("Roles", roles)
    });
    let mut refused = None;
    for draft in [full, Some(disabled), Some(plain)].into_iter().flatten() {
        match probe.try_create(&draft).await? {
            Ok(made) => {
                let seen = read_back(probe, &made).await?;
                return Ok((made, seen));
            }
            Err(seen) if seen.is_refusal() => refused = Some(seen.status),
            Err(seen) => {
                refused = Some(seen.status);
                break;
            }
        }
    }
    Err(Stop::Inconclusive(format!(
        "a create that should succeed was answered with {}",
        refused.unwrap_or_default()
    )))
}

async fn read_back(probe: &mut Probe, made: &Made) -> Result<UserSeen, Stop> {
    let seen = probe.get_user(&made.key).await?;
    seen.user().ok_or_else(|| {
        Stop::Inconclusive(format!(
            "the user cannot be read back (status {})",
            seen.status
        ))
    })
}

/// The body of an update with just these fields, and the telephone number where one is needed.
fn with_fields(probe: &Probe, fields: &[(&str, &str)]) -> Draft {
    let draft = fields.iter().fold(Draft::default(), |draft, (name, text)| {
        draft.with(name, *text)
    });
    match probe.sample.as_ref().and_then(|sample| sample.telephone) {
        Some(telephone) => draft.with(TELEPHONE, telephone),
        None => draft,
    }
}

async fn in_format(probe: &mut Probe, format: Format) -> Result<Result<Semantics, String>, Stop> {
    let (made, before) = full_user(probe).await?;
    let email = format!("p{}", made.draft.text(EMAIL));
    let fields = [("FirstName", "Vrnt"), (EMAIL, email.as_str())];
    let body = with_fields(probe, &fields);
    let seen = probe.put(&made.key, &body, format).await?;
    let requires = if seen.is_success() {
        false
    } else if seen.is_refusal() {
        let fields = [fields[0], ("LastName", LAST_NAME), fields[1]];
        let body = with_fields(probe, &fields);
        let seen = probe.put(&made.key, &body, format).await?;
        if !seen.is_success() {
            return Ok(Err(format!(
                "a PUT with all required fields is answered with {}",
                seen.status
            )));
        }
        true
    } else {
        return Ok(Err(format!("a PUT is answered with {}", seen.status)));
    };
    let after = read_back(probe, &made).await?;
    if after.text("FirstName").as_deref() != Some("Vrnt") {
        return Ok(Err(
            "a PUT was answered with success and changed nothing".to_owned()
        ));
    }
    let effects = effects(&before, &after, &body, requires);
    if effects.is_empty() {
        return Ok(Err(format!(
            "a user has nothing to lose that a PUT could leave out (required fields: {requires})"
        )));
    }
    let all = |wanted| effects.iter().all(|(_, effect)| *effect == wanted);
    let option = match requires {
        true if all(Effect::Reset) => "replace_requiring_fields",
        false if all(Effect::Reset) => "replace",
        false if all(Effect::Kept) => "merge",
        _ => {
            return Ok(Err(format!(
                "what a PUT leaves out is treated differently: {effects:?}, required fields: {requires}"
            )));
        }
    };
    Ok(Ok(Semantics { option, effects }))
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

/// What else there is to know of PUT, in words: nothing switches it. What cannot be told is left
/// out, and takes nothing else with it.
async fn details(probe: &mut Probe) {
    let Ok((made, before)) = full_user(probe).await else {
        return;
    };
    let update = made.update();
    let empty_name = update.clone().with("LastName", "");
    let account = probe.cx.run.credentials.account_id.clone();
    let notes = [
        identical(probe, &made, &before).await,
        last_name(probe, &made, &empty_name, "an empty LastName").await,
        no_roles(probe, &made).await,
        status_of(
            probe,
            &made,
            &update.clone().with("Nickname", "Vrk"),
            "a field that nobody knows",
        )
        .await,
        fewer_roles(probe, &made).await,
        status_of(
            probe,
            &made,
            &update.with("AccountId", account),
            "the path's AccountId in the body",
        )
        .await,
        raw(probe, &made, "", "an empty body").await,
        raw(probe, &made, " ", "a body that is a space").await,
        null(probe, &made).await,
    ];
    for note in notes.into_iter().flatten().flatten() {
        probe.note("put.semantics", &note);
    }
}

/// A note, where there is something to say.
type Note = Result<Option<String>, Stop>;

async fn identical(probe: &mut Probe, made: &Made, before: &UserSeen) -> Note {
    let seen = probe.put(&made.key, &made.update(), probe.format).await?;
    let same = read_back(probe, made).await? == *before;
    Ok(Some(format!(
        "an identical body is answered with {} and changes {}",
        seen.status,
        if same { "nothing" } else { "something" }
    )))
}

async fn status_of(probe: &mut Probe, made: &Made, body: &Draft, what: &str) -> Note {
    let seen = probe.put(&made.key, body, probe.format).await?;
    Ok(Some(format!("{what} is answered with {}", seen.status)))
}

async fn last_name(probe: &mut Probe, made: &Made, body: &Draft, what: &str) -> Note {
    let seen = probe.put(&made.key, body, probe.format).await?;
    after_last_name(probe, made, &seen, what).await
}

async fn after_last_name(probe: &mut Probe, made: &Made, seen: &Seen, what: &str) -> Note {
    let kept = read_back(probe, made).await?.text("LastName").is_some();
    Ok(Some(format!(
        "{what} is answered with {} and {} it",
        seen.status,
        if kept { "leaves" } else { "removes" }
    )))
}

async fn no_roles(probe: &mut Probe, made: &Made) -> Note {
    let body = made.update().with_value("Roles", Value::Roles(Vec::new()));
    let seen = probe.put(&made.key, &body, probe.format).await?;
    let left = read_back(probe, made).await?.roles();
    Ok(Some(format!(
        "an empty list of roles is answered with {} and leaves {left} roles",
        seen.status
    )))
}

async fn fewer_roles(probe: &mut Probe, made: &Made) -> Note {
    let two = probe.spare_roles();
    let [_, last] = two.as_slice() else {
        return Ok(None);
    };
    let both = made.update().with_value("Roles", Value::Roles(two.clone()));
    probe.put(&made.key, &both, probe.format).await?;
    let one = Value::Roles(vec![last.clone()]);
    let fewer = made.update().with_value("Roles", one);
    let seen = probe.put(&made.key, &fewer, probe.format).await?;
    let left = read_back(probe, made).await?.roles();
    Ok(Some(format!(
        "one role in the place of 2 is answered with {} and leaves {left}",
        seen.status
    )))
}

/// A body that no draft makes.
async fn put_raw(probe: &mut Probe, made: &Made, body: &str) -> Result<Seen, Stop> {
    let path = probe.cx.user_path(&made.key);
    let ask = probe.cx.ask("PUT", path).accept(probe.format);
    probe.steadily(ask.body(probe.format, body)).await
}

async fn raw(probe: &mut Probe, made: &Made, body: &str, what: &str) -> Note {
    let status = put_raw(probe, made, body).await?.status;
    Ok(Some(format!("{what} is answered with {status}")))
}

async fn null(probe: &mut Probe, made: &Made) -> Note {
    if probe.format != Format::Json {
        return Ok(None);
    }
    let body = made.update().body(&probe.cx.profile, Format::Json);
    let name = format!("\"{LAST_NAME}\"");
    let seen = put_raw(probe, made, &body.replacen(&name, "null", 1)).await?;
    after_last_name(probe, made, &seen, "a LastName of null").await
}

pub(super) async fn ids(probe: &mut Probe) -> Result<(), Stop> {
    let made = probe.create().await?;
    let mut key = made.key.clone();
    let wish = probe.cx.run.fresh_username();
    let body = made.update().with("Username", wish.as_str());
    let seen = probe.put(&key, &body, probe.format).await?;
    let by_name = probe.cx.profile.naming_user_key == UserKey::Username;
    if seen.is_refusal() {
        // The same without another name, which shows that it was about the name.
        let control = probe.put(&key, &made.update(), probe.format).await?;
        if control.is_success() {
            probe.observed("username.update", "refused");
        } else {
            let why = format!(
                "even an update that changes nothing is answered with {}",
                control.status
            );
            probe.leave_open("username.update", &why);
        }
    } else if seen.is_success() {
        let mut after = probe.get_user(&key).await?;
        if by_name && after.user().is_none() {
            after = probe.get_user(&wish).await?;
        }
        match after.user().and_then(|user| user.text("Username")) {
            Some(name) if name == wish => {
                probe.observed("username.update", "allowed");
                if key == made.username() {
                    let _ = probe.cx.run.ledger().renamed(&key, &wish);
                    key = wish;
                }
            }
            Some(name) if name == made.username() => {
                probe.observed("username.update", "ignored");
            }
            _ => probe.leave_open("username.update", "after the PUT there is neither name"),
        }
    } else {
        let why = format!("another username is answered with {}", seen.status);
        probe.leave_open("username.update", &why);
    }
    if by_name {
        probe.leave_open("put.id_mismatch", "users have no internal ids to mistake");
        return Ok(());
    }
    let update = made.update().without("Username");
    let same = update.clone().with("UserId", key.as_str());
    let seen = probe.put(&key, &same, probe.format).await?;
    if !seen.is_success() {
        let why = format!(
            "even the path's own UserId is answered with {}",
            seen.status
        );
        probe.leave_open("put.id_mismatch", &why);
        return Ok(());
    }
    let other = update.with("UserId", probe.cx.absent_key());
    let seen = probe.put(&key, &other, probe.format).await?;
    match seen.status {
        400 | 409 | 422 => probe.observed("put.id_mismatch", "refused"),
        200..=204 => probe.observed("put.id_mismatch", "ignored"),
        status => {
            let why = format!("another UserId is answered with {status}");
            probe.leave_open("put.id_mismatch", &why);
        }
    }
    Ok(())
}
