//! PUT: what becomes of what is left out, and of what may not be changed. What it did is read back
//! with GET, never from its answer.

use bandwidth_fixtures::profile::UserKey;

use super::{
    Probe,
    seen::{Seen, UserSeen},
    users::Made,
};
use crate::{
    context::Context,
    decode::tolerant::{member, objects_with, scalar},
    outcome::Stop,
    wire::{Draft, EMAIL, Format, Role, Value},
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
    let role = roles(probe).await?.into_iter().next();
    let mut found: Vec<(Format, Semantics)> = Vec::new();
    let mut notes = Vec::new();
    // Twice in the probe's own format: what changes from one time to the next is no rule.
    for format in [probe.formats(), vec![probe.format]].concat() {
        match in_format(probe, role.as_ref(), format).await? {
            Ok(semantics) => found.push((format, semantics)),
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
    notes.extend(details(probe, role.as_ref()).await?);
    probe.likely("put.semantics", first.option, &[], &notes.join("; "));
    Ok(())
}

/// The roles that a user can have.
async fn roles(probe: &mut Probe) -> Result<Vec<Role>, Stop> {
    let path = probe.cx.roles_path();
    let seen = probe.read(&path).await?;
    let found = seen
        .tree
        .iter()
        .flat_map(|tree| objects_with(tree, "RoleName"));
    let roles = found.map(|role| {
        let text = |name: &str| scalar(member(role, name)?).map(str::to_owned);
        Role {
            id: text("RoleId"),
            name: text("RoleName"),
            permissions: Vec::new(),
        }
    });
    Ok(roles.collect())
}

/// A user that is not enabled and has a role, so that every field holds something to lose.
async fn full_user(probe: &mut Probe, role: Option<&Role>) -> Result<(Made, UserSeen), Stop> {
    let mut draft = probe.draft()?.with_value("Enabled", Value::Flag(false));
    if let Some(role) = role {
        draft = draft.with_value("Roles", Context::role_value(role));
    }
    let made = probe.create_from(draft).await?;
    let seen = read_back(probe, &made).await?;
    Ok((made, seen))
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
        Some(telephone) => draft.with("TelephoneNumber", telephone),
        None => draft,
    }
}

async fn in_format(
    probe: &mut Probe,
    role: Option<&Role>,
    format: Format,
) -> Result<Result<Semantics, String>, Stop> {
    let (made, before) = full_user(probe, role).await?;
    let email = format!("p{}", made.draft.text(EMAIL));
    let fields = [("FirstName", "Vrnt"), (EMAIL, email.as_str())];
    let body = with_fields(probe, &fields);
    let seen = probe.put(&made.key, &body, format).await?;
    let requires = if seen.is_success() {
        false
    } else if seen.is_refusal() {
        let fields = [fields[0], ("LastName", "Dfgh"), fields[1]];
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
    let effects = effects(&before, &after, requires);
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

fn effects(before: &UserSeen, after: &UserSeen, requires: bool) -> Effects {
    let effect = |kept| if kept { Effect::Kept } else { Effect::Reset };
    let mut effects = Vec::new();
    if !requires {
        let kept = after.text("LastName") == before.text("LastName");
        effects.push(("LastName", effect(kept)));
    }
    // A field that held its default before has nothing to lose.
    if !before.is_enabled() {
        effects.push(("Enabled", effect(!after.is_enabled())));
    }
    if before.roles() > 0 {
        effects.push(("Roles", effect(after.roles() > 0)));
    }
    effects
}

/// What else there is to know of PUT, in words: nothing switches it.
async fn details(probe: &mut Probe, role: Option<&Role>) -> Result<Vec<String>, Stop> {
    let (made, before) = full_user(probe, role).await?;
    let mut notes = Vec::new();
    let identical = made.update();
    let seen = probe.put(&made.key, &identical, probe.format).await?;
    let same = read_back(probe, &made).await? == before;
    notes.push(format!(
        "an identical body is answered with {} and changes {}",
        seen.status,
        if same { "nothing" } else { "something" }
    ));
    let no_last_name = made.update().with("LastName", "");
    notes.push(told(probe, &made, &no_last_name, "an empty LastName").await?);
    let no_roles = made.update().with_value("Roles", Value::Roles(Vec::new()));
    let seen = probe.put(&made.key, &no_roles, probe.format).await?;
    let left = read_back(probe, &made).await?.roles();
    notes.push(format!(
        "an empty list of roles is answered with {} and leaves {left} roles",
        seen.status
    ));
    let unknown = made.update().with("Nickname", "Vrk");
    let seen = probe.put(&made.key, &unknown, probe.format).await?;
    notes.push(format!(
        "a field that nobody knows is answered with {}",
        seen.status
    ));
    let all: Vec<_> = roles(probe).await?.iter().map(Context::role_ref).collect();
    if all.len() > 1 {
        let both = made.update().with_value("Roles", Value::Roles(all.clone()));
        probe.put(&made.key, &both, probe.format).await?;
        let fewer = made
            .update()
            .with_value("Roles", Value::Roles(all[..1].to_vec()));
        let seen = probe.put(&made.key, &fewer, probe.format).await?;
        let left = read_back(probe, &made).await?.roles();
        notes.push(format!(
            "one role in the place of {} is answered with {} and leaves {left}",
            all.len(),
            seen.status
        ));
    }
    let account = probe.cx.run.credentials.account_id.clone();
    let same_account = made.update().with("AccountId", account);
    let seen = probe.put(&made.key, &same_account, probe.format).await?;
    notes.push(format!(
        "the path's AccountId in the body is answered with {}",
        seen.status
    ));
    for (what, body) in [("an empty body", ""), ("a body that is a space", " ")] {
        let path = probe.cx.user_path(&made.key);
        let ask = probe.cx.ask("PUT", path).accept(probe.format);
        let ask = ask.body(probe.format, body);
        let status = probe.cx.send(ask).await?.status();
        notes.push(format!("{what} is answered with {status}"));
    }
    if probe.format == Format::Json {
        let body = made.update().body(&probe.cx.profile, Format::Json);
        let null = body.replacen("\"Dfgh\"", "null", 1);
        let path = probe.cx.user_path(&made.key);
        let ask = probe.cx.ask("PUT", path).accept(Format::Json);
        let seen = Seen::of(&probe.cx.send(ask.body(Format::Json, null)).await?.response);
        let kept = read_back(probe, &made).await?.text("LastName").is_some();
        notes.push(format!(
            "a LastName of null is answered with {} and {} it",
            seen.status,
            if kept { "leaves" } else { "removes" }
        ));
    }
    Ok(notes)
}

async fn told(probe: &mut Probe, made: &Made, body: &Draft, what: &str) -> Result<String, Stop> {
    let seen = probe.put(&made.key, body, probe.format).await?;
    let kept = read_back(probe, made).await?.text("LastName").is_some();
    Ok(format!(
        "{what} is answered with {} and {} it",
        seen.status,
        if kept { "leaves" } else { "removes" }
    ))
}

pub(super) async fn ids(probe: &mut Probe) -> Result<(), Stop> {
    let made = probe.create().await?;
    let mut key = made.key.clone();
    let wish = probe.cx.run.fresh_username();
    let body = made.update().with("Username", wish.as_str());
    let seen = probe.put(&key, &body, probe.format).await?;
    let by_name = probe.cx.profile.naming_user_key == UserKey::Username;
    if seen.is_refusal() {
        probe.observed("username.update", "refused");
    } else if seen.is_success() {
        let mut after = probe.get_user(&key).await?;
        if by_name && after.user().is_none() {
            after = probe.get_user(&wish).await?;
        }
        match after.user().and_then(|user| user.text("Username")) {
            Some(name) if name == wish => {
                probe.observed("username.update", "allowed");
                if by_name {
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
