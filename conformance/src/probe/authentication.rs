//! Who is let in, and how the others are turned away.

use super::{
    Probe,
    seen::{ErrorBody, OTHER_BODY, Seen},
};
use crate::{
    challenges::{Challenge, challenges},
    context::Ask,
    outcome::Stop,
    password::{self, Class},
};

/// More wrong passwords in a row are not tried.
const MOST_FAILURES: u32 = 20;

pub(super) async fn anonymous(probe: &mut Probe) -> Result<(), Stop> {
    let path = probe.cx.users_path();
    let ask = probe.cx.ask("GET", path).accept(probe.format);
    let reply = probe.cx.send(ask.authorization(None)).await?;
    if reply.status() != 401 {
        let why = format!(
            "a request without a login is answered with {}",
            reply.status()
        );
        return Err(Stop::Skip(why));
    }
    let seen = Seen::of(&reply.response);
    match seen.error_body() {
        Some(ErrorBody::Error) => probe.observed("auth.failure_body", "error"),
        Some(ErrorBody::Empty) => probe.observed("auth.failure_body", "empty"),
        None => probe.leave_open("auth.failure_body", OTHER_BODY),
    }
    let named = challenges(&reply.response);
    if named.is_empty() {
        probe.observed("auth.challenge", "absent");
        probe.leave_open(
            "auth.schemes",
            "a 401 does not say which schemes are taken, and only this login's own was tried",
        );
    } else {
        probe.observed("auth.challenge", "sent");
        taken_schemes(probe, &named);
    }
    match probe.cx.run.token_seconds().await {
        Some(seconds) => probe.observed("auth.token_seconds", seconds),
        None => probe.leave_open(
            "auth.token_seconds",
            "the login has a name and a password, and no token",
        ),
    }
    Ok(())
}

/// Which schemes are taken: the one that the probe's own login uses, and those that a challenge
/// names. That it does not name another one is no proof against it.
fn taken_schemes(probe: &mut Probe, named: &[Challenge]) {
    let by_basic = probe.cx.run.credentials.basic().is_some();
    let named = |scheme: &str| named.iter().any(|one| one.scheme == scheme);
    match (by_basic || named("basic"), !by_basic || named("bearer")) {
        (true, true) => probe.observed("auth.schemes", "basic_and_bearer"),
        (true, false) if named("basic") => probe.likely(
            "auth.schemes",
            "basic",
            &["basic_and_bearer"],
            "the challenge names no other, and none was tried",
        ),
        (false, true) if named("bearer") => probe.likely(
            "auth.schemes",
            "bearer",
            &["basic_and_bearer"],
            "the challenge names no other, and none was tried",
        ),
        _ => probe.leave_open("auth.schemes", "the challenge names neither"),
    }
}

pub(super) async fn other_account(probe: &mut Probe) -> Result<(), Stop> {
    let account = probe.cx.run.credentials.account_id.clone();
    let seen = probe
        .read(&format!("/api/accounts/{account}9/users"))
        .await?;
    match (seen.status, seen.error_body()) {
        (403, Some(ErrorBody::Error)) => probe.observed("auth.other_account", "forbidden"),
        (403, Some(ErrorBody::Empty)) => probe.observed("auth.other_account", "forbidden_empty"),
        (404, Some(ErrorBody::Error)) => probe.observed("auth.other_account", "not_found"),
        (status @ (403 | 404), _) => {
            let why = format!("another account is answered with {status}, and {OTHER_BODY}");
            probe.leave_open("auth.other_account", &why);
        }
        (status, _) => {
            let why = format!("another account is answered with {status}");
            probe.leave_open("auth.other_account", &why);
        }
    }
    Ok(())
}

/// A list, asked for with a name and a password.
fn attempt(probe: &Probe, username: &str, password: &str) -> Ask {
    probe.cx.run.redactor.add_login(username, password);
    let ask = probe.cx.ask("GET", probe.cx.users_path());
    ask.accept(probe.format).login(username, password)
}

/// Sends it; returns the status.
async fn status(probe: &mut Probe, ask: Ask) -> Result<u16, Stop> {
    Ok(probe.cx.send(ask).await?.status())
}

pub(super) async fn user_logins(probe: &mut Probe) -> Result<(), Stop> {
    let made = probe.create().await?;
    let password = made.draft.text("Password").to_owned();
    let right = attempt(probe, made.username(), &password);
    match status(probe, right).await? {
        401 if takes_basic(probe) => {
            probe.observed("auth.user_logins", "refused");
            let why = "users cannot log in, and the probe's own login is not put at risk";
            probe.leave_open("auth.lockout", why);
            probe.leave_open("auth.lockout_seconds", why);
            return Ok(());
        }
        401 => {
            return Err(Stop::Skip(
                "nobody was seen to log in with a name and a password, so that users who do not tell nothing".to_owned(),
            ));
        }
        200 => {}
        status => {
            let why = format!("a user's own login is answered with {status}");
            return Err(Stop::Skip(why));
        }
    }
    let cut = attempt(probe, made.username(), &password[..password.len() - 1]);
    let note = match status(probe, cut).await? {
        200 => "a password is taken without its last character too, so that passwords are cut",
        _ => "a password without its last character is refused",
    };
    probe.likely("auth.user_logins", "accepted", &[], note);
    probe.leave_open(
        "auth.lockout_seconds",
        "it takes waiting until a lockout ends, if it ends at all",
    );
    if !probe.cx.run.limits.failed_logins {
        probe.leave_open(
            "auth.lockout",
            "it takes many failed logins of one user; --allow-failed-logins permits that",
        );
        return Ok(());
    }
    lockout(probe).await
}

/// Whether names and passwords are taken at all: the probe's own, or by the challenge's word.
fn takes_basic(probe: &Probe) -> bool {
    let schemes = probe.known("auth.schemes");
    probe.cx.run.credentials.basic().is_some() || schemes.is_some_and(|schemes| schemes != "bearer")
}

/// After how many failures even the right password is refused: a fresh user for each guess, since
/// a success in between starts the count anew.
async fn lockout(probe: &mut Probe) -> Result<(), Stop> {
    if !locked_after(probe, MOST_FAILURES).await? {
        let more = format!("more than {MOST_FAILURES}");
        probe.likely("auth.lockout", 0, &[&more], "");
        return Ok(());
    }
    let (mut fine, mut locked) = (0, MOST_FAILURES);
    // The published number first.
    let mut guess = 6;
    while locked - fine > 1 {
        if locked_after(probe, guess).await? {
            locked = guess;
        } else {
            fine = guess;
        }
        guess = if locked == 6 && fine == 0 {
            5
        } else {
            fine.midpoint(locked)
        };
    }
    probe.observed("auth.lockout", locked);
    Ok(())
}

async fn locked_after(probe: &mut Probe, failures: u32) -> Result<bool, Stop> {
    let made = probe.create().await?;
    let length = made.draft.text("Password").len();
    for _ in 0..failures {
        let wrong = password::of(length, &Class::ALL);
        let wrong = attempt(probe, made.username(), &wrong);
        let status = status(probe, wrong).await?;
        if status != 401 {
            let why = format!("a wrong password is answered with {status}");
            return Err(Stop::Inconclusive(why));
        }
    }
    let password = made.draft.text("Password").to_owned();
    let right = attempt(probe, made.username(), &password);
    match status(probe, right).await? {
        200 => Ok(false),
        401 => Ok(true),
        other => Err(Stop::Inconclusive(format!(
            "the right password is answered with {other}"
        ))),
    }
}
