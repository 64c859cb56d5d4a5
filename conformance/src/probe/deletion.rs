//! Deletes the first user, after its last experiment: no more users are created than can be
//! removed.

use super::state::Probe;
use crate::verdict::Stop;

pub(super) async fn deletion(probe: &mut Probe) -> Result<(), Stop> {
    let why = "this API cannot assign a resource to a user";
    probe.leave_open("delete.with_resources", why);
    if probe.is_prepared() {
        return Err(Stop::skip("--prepared-user is never deleted"));
    }
    let result = delete(probe).await;
    if let Err(stop) = &result {
        probe.removal = Err(stop.headline().to_owned());
    }
    result
}

async fn delete(probe: &mut Probe) -> Result<(), Stop> {
    let made = match probe.first_user.clone() {
        Some(made) => made,
        None => probe.create().await?,
    };
    // Another try is about the same user.
    probe.first_user = Some(made.clone());
    let path = probe.cx.user_path(&made.key);
    let mut earlier = probe.cx.log.exchanges.iter();
    let earlier = earlier.any(|one| one.request.method == "DELETE" && one.request.path == path);
    if !earlier && !probe.read_back(&made).await?.is_enabled() {
        // Without this it could not be seen whether the delete deactivates it.
        probe.subject().await?;
    }
    let ask = probe.cx.ask("DELETE", path).accept(probe.format);
    let seen = probe.steadily(ask).await?;
    match seen.status {
        status @ (200 | 204) if seen.is_success() => probe.observed("delete.status", status),
        404 if earlier => {
            probe.leave_open("delete.status", "the response to the delete was dropped");
        }
        status => return Err(Stop::Skip(format!("a delete returns {status}"))),
    }
    let effect = probe.settled(async |probe: &mut Probe| {
        let seen = probe.get_user(&made.key).await?;
        Ok(match seen.user() {
            Some(user) if user.is_enabled() => None,
            Some(_) => Some(Ok("deactivated")),
            None if matches!(seen.status, 403 | 404) => Some(Ok("removed")),
            None => Some(Err(seen.status)),
        })
    });
    let why = match effect.await? {
        Some(Ok("removed")) => {
            let gone = probe.cx.run.account.retire_first(&mut probe.cx.log);
            gone.await.map_err(Stop::Skip)?;
            probe.observed("delete.effect", "removed");
            probe.removal = Ok(());
            probe.first_user = None;
            return Ok(());
        }
        Some(Ok(option)) => {
            probe.observed("delete.effect", option);
            probe.removal = Err("a deleted user stays, deactivated".to_owned());
            return Ok(());
        }
        Some(Err(status)) => format!("a deleted user returns {status}"),
        None => "a deleted user is still there and enabled".to_owned(),
    };
    probe.leave_open("delete.effect", &why);
    probe.removal = Err(why);
    Ok(())
}
