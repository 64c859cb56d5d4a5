//! Deletes the first user, after its last experiment.

use super::state::Probe;
use crate::verdict::Stop;

pub(super) async fn deletion(probe: &mut Probe) -> Result<(), Stop> {
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
    if !earlier && !probe.read_back(&made).await?.enabled {
        // Without this it could not be seen whether the delete deactivates it.
        probe.subject().await?;
    }
    let ask = probe.cx.ask("DELETE", path).accept(probe.format);
    let seen = probe.steadily(ask).await?;
    probe.last_is_about(&["delete.status"]);
    let was_lost = earlier && seen.status == 404;
    if !seen.is_success() && !was_lost {
        return Err(Stop::Skip(format!("a delete returns {}", seen.status)));
    }
    let effect = probe.settled(async |probe: &mut Probe| {
        let seen = probe.get_user(&made.key).await?;
        Ok(match seen.user() {
            Some(user) if user.enabled => None,
            Some(_) => Some(Ok("deactivated")),
            None if matches!(seen.status, 403 | 404) => Some(Ok("removed")),
            None => Some(Err(seen.status)),
        })
    });
    let why = match effect.await? {
        Some(Ok("removed")) => {
            if !probe.may_create_more() {
                let gone = probe.cx.run.account.retire_first(&mut probe.cx.log);
                gone.await.map_err(Stop::Skip)?;
            }
            probe.removal = Ok(());
            probe.deleted = Some(made.key);
            probe.first_user = None;
            return Ok(());
        }
        Some(Ok(_)) => "a deleted user stays, deactivated".to_owned(),
        Some(Err(status)) => format!("a deleted user returns {status}"),
        None => "a deleted user is still there and enabled".to_owned(),
    };
    probe.removal = Err(why);
    Ok(())
}
