//! Looks that are repeated until the target shows what was written, or had its time to.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{
    absence::Holder,
    file::Event,
    ledger::{Ledger, State},
    users::Account,
};
use crate::{
    decode::users::Shown,
    dispatch::SendError,
    exchange::{Log, Purpose},
};

/// The longest first pause before a target is asked again whether it shows a write.
const FIRST: Duration = Duration::from_millis(10);

impl Account {
    /// Looks whether the list shows a user that can be read, once in a run: what a list does not
    /// show says something only then.
    pub(super) async fn look_for_in_list(
        &self,
        key: &str,
        purpose: Purpose,
        log: &mut Log,
    ) -> Result<(), SendError> {
        if self.ledger(Ledger::listed).is_some() {
            return Ok(());
        }
        let mut shows = false;
        self.until(async || {
            let listing = self.list(purpose, log).await?;
            shows = listing.is_some_and(|listing| listing.complete && listing.shows(key));
            Ok(shows)
        })
        .await?;
        let _ = self.state().ledger.note(Event::Listed { shows });
        Ok(())
    }

    /// Asks again until `done`, or until the target had the time to settle. Pauses double. What takes
    /// more than one try is how long the target lags.
    pub async fn until<E>(
        &self,
        mut done: impl AsyncFnMut() -> Result<bool, E>,
    ) -> Result<bool, E> {
        let started = Instant::now();
        let most = self.dispatch.limits.settle;
        let mut pause = FIRST.min(most / 16);
        let mut is = done().await?;
        while !is && started.elapsed() < most && !self.dispatch.is_interrupted() {
            sleep(pause.min(most)).await;
            pause *= 2;
            is = done().await?;
            if is {
                self.note_lag(started.elapsed());
            }
        }
        Ok(is)
    }

    /// Waits until a user that was created can be read. Returns how it is shown, if it is.
    pub async fn wait_readable(
        &self,
        key: &str,
        purpose: Purpose,
        log: &mut Log,
    ) -> Result<Option<Shown>, SendError> {
        let mut found = None;
        let hopeless = self.state().waited;
        self.until(async || {
            let holder = self.holder(key, purpose, log).await?;
            if let Holder::Ours(user) = &holder {
                found = Some((**user).clone());
            }
            Ok(hopeless || !matches!(holder, Holder::Unused))
        })
        .await?;
        if found.is_none() {
            self.state().waited = true;
        }
        Ok(found)
    }

    /// Waits until the user with that key is shown so, within the time that the target has to
    /// settle. Returns whether it is.
    pub async fn wait_until_shown(
        &self,
        key: &str,
        log: &mut Log,
        mut wanted: impl FnMut(&Shown) -> bool,
    ) -> Result<bool, SendError> {
        let mut is = false;
        self.until(async || {
            let holder = self.holder(key, Purpose::Check, log).await?;
            if let Holder::Ours(user) | Holder::Other(user) = &holder {
                is = wanted(user);
            }
            Ok(is)
        })
        .await?;
        Ok(is)
    }

    /// The key of a user of the run with that name or that email, as the list shows it.
    pub async fn find_in_list(
        &self,
        username: &str,
        email: &str,
        log: &mut Log,
    ) -> Result<Option<String>, SendError> {
        let mut found = None;
        self.until(async || {
            let listing = self.list(Purpose::Check, log).await?;
            let users = listing.map(|listing| listing.users).unwrap_or_default();
            // Other users of the run may have its name in another case, or its email.
            let likeness = |user: &&Shown| {
                let same_email = |shown: &String| shown.eq_ignore_ascii_case(email);
                if user.username == username {
                    Some(0)
                } else if user.username.eq_ignore_ascii_case(username) {
                    Some(1)
                } else {
                    user.email.as_ref().is_some_and(same_email).then_some(2)
                }
            };
            let ours = users.iter().filter(|user| user.carries(&self.prefix));
            let likely = ours.filter(|user| likeness(user).is_some());
            if let Some(user) = likely.min_by_key(likeness) {
                self.note_listed(user, log).await?;
                let keys = [user.id.as_deref(), Some(user.username.as_str())];
                let read = |key: &&str| {
                    let entry = self.ledger(|ledger| ledger.find(key).cloned());
                    entry.is_some_and(|entry| {
                        entry.state == State::Present && entry.username.is_some()
                    })
                };
                found = keys.into_iter().flatten().find(read).map(str::to_owned);
            }
            Ok(found.is_some())
        })
        .await?;
        Ok(found)
    }
}
