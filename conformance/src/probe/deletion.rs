//! Deleting: the first thing that is done to the first user, so that no more are created than can
//! be removed again.

use super::Probe;
use crate::{exchange::Exchange, outcome::Stop, transport::Request};

pub(super) async fn deletion(probe: &mut Probe) -> Result<(), Stop> {
    let result = delete(probe).await;
    if let Err(Stop::Fail(why) | Stop::Inconclusive(why) | Stop::Error(why) | Stop::Skip(why)) =
        &result
    {
        probe.removal = Err(why.lines().next().unwrap_or_default().to_owned());
    }
    result
}

async fn delete(probe: &mut Probe) -> Result<(), Stop> {
    probe.leave_open(
        "delete.with_resources",
        "this API cannot assign a resource to a user",
    );
    let made = match probe.first_user.take() {
        Some(first) => first,
        None => probe.create().await?,
    };
    // Where users may stay for good, another try is about the same one.
    probe.first_user = probe.must_remove.then(|| made.clone());
    let path = probe.cx.user_path(&made.key);
    let sent = |exchange: &Exchange| {
        let Request {
            method,
            path: known,
            ..
        } = &exchange.request;
        method == "DELETE" && *known == path
    };
    let earlier = probe.cx.log.exchanges.iter().any(sent);
    let ask = probe.cx.ask("DELETE", path).accept(probe.format);
    let status = probe.steadily(ask).await?.status;
    match status {
        200 | 204 => probe.observed("delete.status", status),
        404 if earlier => probe.leave_open("delete.status", "the answer to the delete was lost"),
        _ => {
            let why = format!("a delete is answered with {status}");
            return Err(Stop::Skip(why));
        }
    }
    let seen = probe.get_user(&made.key).await?;
    match seen.user() {
        Some(user) if !user.is_enabled() => {
            probe.observed("delete.effect", "deactivated");
            probe.removal = Err("a deleted user stays, deactivated".to_owned());
        }
        Some(_) => {
            let why = "a deleted user is still there and enabled";
            probe.leave_open("delete.effect", why);
            probe.removal = Err(why.to_owned());
        }
        None if matches!(seen.status, 403 | 404) => {
            probe.observed("delete.effect", "removed");
            probe.removal = Ok(());
        }
        None => {
            let why = format!("a deleted user is answered with {}", seen.status);
            probe.leave_open("delete.effect", &why);
            probe.removal = Err(why);
        }
    }
    Ok(())
}
