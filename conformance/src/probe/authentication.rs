//! Experiments about the logins of users.

use super::{
    reads::is_users,
    seen::Seen,
    state::{Made, Probe},
};
use crate::{
    dialogue::Ask,
    password::{self, Class},
    verdict::Stop,
};

/// More wrong passwords in a row are not tried.
const MOST_FAILURES: usize = 20;
/// The published number, which is tried first.
const PUBLISHED_FAILURES: usize = 6;

/// A request for the list with a username and a password.
fn attempt(probe: &Probe, username: &str, password: &str) -> Ask {
    probe.cx.run.redactor().add_login(username, password);
    let ask = probe.cx.ask("GET", probe.cx.users_path());
    ask.accept(probe.format).login(username, password)
}

/// Result of a login.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LoggedIn {
    /// It was let in, and shown the list.
    Yes,
    /// The login is known, and the list returns 403.
    Barred,
    No,
    /// The response is neither the list nor a refusal of the login.
    Unclear(u16),
}

/// Sends it. One that had to be sent again may count twice, and is no evidence.
async fn login(probe: &mut Probe, ask: Ask) -> Result<LoggedIn, Stop> {
    let from = probe.sent();
    let seen = Seen::of(&probe.cx.send(ask).await?.response);
    let mut sent = probe.cx.log.exchanges[from..].iter();
    if sent.any(|exchange| exchange.repeated.is_some()) {
        let why = "a login had to be repeated";
        return Err(Stop::inconclusive(why));
    }
    Ok(match seen.status {
        401 => LoggedIn::No,
        200 if is_users(probe, &seen) => LoggedIn::Yes,
        403 => LoggedIn::Barred,
        status => LoggedIn::Unclear(status),
    })
}

pub(super) async fn user_logins(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "auth.user_logins";
    const PERMISSIONS: &str = "auth.role_permissions";
    let mut made = probe.subject().await?;
    let Some(password) = made.passwords.last().cloned() else {
        return Err(Stop::skip("the prepared user's password is not known"));
    };
    if !accepts_basic(probe) {
        return Err(Stop::skip(
            "the target accepted no name and password, so a failed login of a user proves nothing",
        ));
    }
    let unclear = |status| {
        let why = format!("a user's own login returns {status}");
        Err(Stop::Skip(why))
    };
    let right = attempt(probe, made.username(), &password);
    let first = login(probe, right).await?;
    match first {
        LoggedIn::Yes | LoggedIn::Barred => probe.logged_in = true,
        LoggedIn::Unclear(status) => return unclear(status),
        LoggedIn::No if probe.logged_in => {
            let why = "a user that could log in cannot any more, and may be locked out";
            return Err(Stop::skip(why));
        }
        LoggedIn::No => {
            // Repeated with a password that the target has just accepted.
            change_password(probe, &mut made).await?;
            probe.pause().await;
            let password = made.passwords.last().cloned().unwrap_or_default();
            let right = attempt(probe, made.username(), &password);
            match login(probe, right).await? {
                LoggedIn::No => probe.observed(ID, "refused"),
                LoggedIn::Yes | LoggedIn::Barred => {
                    probe.leave_open(ID, "a user can log in only after an update");
                }
                LoggedIn::Unclear(status) => return unclear(status),
            }
            return Ok(());
        }
    }
    let cut = attempt(probe, made.username(), &password[..password.len() - 1]);
    let note = match (first, login(probe, cut).await?) {
        (LoggedIn::Barred, LoggedIn::No) => {
            "a user without roles gets 403 for the right password, and 401 for a wrong one"
        }
        (LoggedIn::Barred, _) => return unclear(403),
        (_, LoggedIn::Yes) => {
            "a password is accepted without its last character too, so passwords are cut"
        }
        (_, LoggedIn::No) => "a password without its last character is refused",
        (_, LoggedIn::Barred | LoggedIn::Unclear(_)) => "",
    };
    probe.likely(ID, "accepted", &[], note);
    // The roles of a prepared user are the operator's.
    let has_roles = probe.back.as_ref().is_some_and(|user| user.roles() > 0);
    if !probe.is_prepared() && !has_roles {
        let enforced = first == LoggedIn::Barred;
        let option = if enforced { "enforced" } else { "ignored" };
        probe.observed(PERMISSIONS, option);
    }
    Ok(())
}

/// Changes the user's password, and checks that the update takes effect.
async fn change_password(probe: &mut Probe, made: &mut Made) -> Result<(), Stop> {
    let length = made.passwords.last().map_or(0, String::len);
    let password = password::of(length, &Class::ALL);
    made.passwords.push(password.clone());
    probe.first_user = Some(made.clone());
    let draft = made.update().with("Password", password);
    let from = probe.sent();
    let updated = probe.update(made, &draft, probe.format).await;
    if probe.repeated_since(from) || updated.is_err() {
        made.doubted = true;
        probe.first_user = Some(made.clone());
    }
    let Err(seen) = updated? else { return Ok(()) };
    made.passwords.pop();
    probe.first_user = Some(made.clone());
    let why = format!("a change of password returns {}", seen.status);
    Err(Stop::Skip(why))
}

/// True if Basic logins are accepted: the probe's own, or by the challenge.
fn accepts_basic(probe: &Probe) -> bool {
    let schemes = probe.known("auth.schemes");
    probe.cx.run.credentials().basic().is_some()
        || schemes.is_some_and(|schemes| schemes != "bearer")
}

/// After how many failures even the right password is refused: a fresh user for each guess, since
/// a success in between starts the count again.
pub(super) async fn lockout(probe: &mut Probe) -> Result<(), Stop> {
    const ID: &str = "auth.lockout";
    let why = match probe.known("auth.user_logins") {
        Some("accepted") if probe.cx.run.limits().failed_logins => None,
        Some("accepted") => {
            Some("it needs many failed logins of one user; pass --allow-failed-logins")
        }
        Some(_) => Some("users cannot log in, and the probe's own login is not put at risk"),
        None => Some("whether users can log in is open"),
    };
    if let Some(why) = why {
        for id in [ID, "auth.lockout_seconds"] {
            probe.leave_open(id, why);
        }
        return Ok(());
    }
    let why = "it needs a wait until a lockout ends, if it ends at all";
    probe.leave_open("auth.lockout_seconds", why);
    // The published number is the likeliest, and costs few failures.
    let (mut below, mut locked, mut guess) = if locked_after(probe, PUBLISHED_FAILURES).await? {
        (0, PUBLISHED_FAILURES, PUBLISHED_FAILURES - 1)
    } else if locked_after(probe, MOST_FAILURES).await? {
        let between = PUBLISHED_FAILURES.midpoint(MOST_FAILURES);
        (PUBLISHED_FAILURES, MOST_FAILURES, between)
    } else {
        let more = format!("more than {MOST_FAILURES}");
        probe.likely(ID, 0, &[&more], "");
        return Ok(());
    };
    while locked - below > 1 {
        if locked_after(probe, guess).await? {
            locked = guess;
        } else {
            below = guess;
        }
        guess = below.midpoint(locked);
    }
    // No login of a new user has succeeded yet.
    if below == 0 && locked_after(probe, 0).await? {
        probe.leave_open(ID, "a new user cannot log in at once");
    } else {
        probe.observed(ID, locked);
    }
    Ok(())
}

async fn locked_after(probe: &mut Probe, failures: usize) -> Result<bool, Stop> {
    let made = probe.create().await?;
    let password = made.draft.text("Password").to_owned();
    for _ in 0..failures {
        let wrong = password::of(password.len(), &Class::ALL);
        let wrong = attempt(probe, made.username(), &wrong);
        match login(probe, wrong).await? {
            LoggedIn::No => {}
            LoggedIn::Yes | LoggedIn::Barred | LoggedIn::Unclear(_) => {
                let why = "a wrong password does not return 401";
                return Err(Stop::inconclusive(why));
            }
        }
    }
    let right = attempt(probe, made.username(), &password);
    match login(probe, right).await? {
        LoggedIn::Yes | LoggedIn::Barred => Ok(false),
        LoggedIn::No => Ok(true),
        LoggedIn::Unclear(status) => Err(Stop::Inconclusive(format!(
            "the right password returns {status}"
        ))),
    }
}
