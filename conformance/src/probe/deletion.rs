//! Deleting.

use super::Probe;
use crate::outcome::Stop;

pub(super) async fn deletion(probe: &mut Probe) -> Result<(), Stop> {
    let made = probe.create().await?;
    let reply = probe.cx.delete(&made.key, probe.format).await?;
    match reply.status() {
        status @ (200 | 204) => probe.observed("delete.status", status),
        status => {
            let why = format!("a delete is answered with {status}");
            return Err(Stop::Skip(why));
        }
    }
    let seen = probe.get_user(&made.key).await?;
    match seen.user() {
        Some(user) if !user.is_enabled() => probe.observed("delete.effect", "deactivated"),
        Some(_) => probe.leave_open("delete.effect", "a deleted user is still there and enabled"),
        None if matches!(seen.status, 403 | 404) => probe.observed("delete.effect", "removed"),
        None => {
            let why = format!("a deleted user is answered with {}", seen.status);
            probe.leave_open("delete.effect", &why);
        }
    }
    probe.leave_open(
        "delete.with_resources",
        "this API cannot assign a resource to a user",
    );
    Ok(())
}
