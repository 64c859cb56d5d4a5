//! Removes the run's users, and proves that they are gone: each was read before, and then its URL
//! returns twice the response to an unused key.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use tokio::time::{sleep_until, timeout};

use super::{
    absence::Holder,
    file::Event,
    keys,
    ledger::{Answer, Entry, Ledger, Open, State, Stay},
    listing::Listing,
    users::Account,
};
use crate::{
    decode::users::Shown,
    dispatch::SendError,
    exchange::{Log, Purpose},
    leftover::{Leftover, LeftoverState as Left},
};

/// Time limit of the last clean-up, without the pauses that the run's limits require.
const TIME_TO_FINISH: Duration = Duration::from_secs(30);
/// The advice for a user that DELETE does not remove.
const ADMINISTRATION: &str = "remove it in the target's own administration";
/// Number of times that a failing delete is sent.
const DELETES: u32 = 4;

impl Account {
    /// Removes what a case created. What cannot be deleted is left for the end of the run.
    pub async fn clean_up(&self, log: &mut Log) {
        if self.ends_with_target {
            return;
        }
        // What is not done stays in the ledger.
        let _ = self.sweep(false, log).await;
        self.keep_back();
    }

    /// Removes all users of the run, at its end, and makes sure of it. Returns what is left, or may
    /// be.
    pub async fn finish(&self) -> Vec<Leftover> {
        self.finish_into(&mut Log::default()).await
    }

    /// [`Account::finish`], with its exchanges in `log`.
    pub async fn finish_into(&self, log: &mut Log) -> Vec<Leftover> {
        let untouched = |ledger: &Ledger| {
            ledger.creates() == 0 && ledger.entries().is_empty() && ledger.prepared().is_none()
        };
        if self.ends_with_target || self.ledger(untouched) {
            return Vec::new();
        }
        // What is not done, or not in time, stays in the ledger.
        let _ = timeout(self.time_to_finish(), self.sweep(true, log)).await;
        self.give_up();
        self.leftovers()
    }

    /// The users of the run that are on the target, by name and key: those of the ledger that can be
    /// read, and those that the list shows.
    pub async fn find_ours(&self, log: &mut Log) -> Result<Vec<(String, String)>, SendError> {
        for key in self.ledger(Ledger::present) {
            if keys::escapes(&key) {
                continue;
            }
            let holder = self.holder(&key, Purpose::Check, log).await?;
            if !matches!(holder, Holder::Ours(_)) {
                self.state().ledger.set(&key, State::Missing);
            }
        }
        self.read_list(log).await?;
        let named = |entry: &Entry| {
            let username = entry.username.clone().unwrap_or_default();
            (username, entry.key.clone())
        };
        Ok(self.ledger(|ledger| {
            let entries = ledger.entries().iter();
            let present = entries.filter(|entry| entry.state == State::Present);
            present.map(named).collect()
        }))
    }

    /// Removes the first user, and proves it. The error is the reason why no other may be created.
    pub async fn retire_first(&self, log: &mut Log) -> Result<(), String> {
        let swept = self.sweep(true, log).await;
        swept.map_err(|error| error.to_string())?;
        if let Some(left) = self.leftovers().first() {
            return Err(format!("the first user stays on the target: {left}"));
        }
        self.state().first_gone = true;
        Ok(())
    }

    /// An interrupted run waits less for a target that is slow to answer.
    fn time_to_finish(&self) -> Duration {
        let requests = 4 * self.ledger(Ledger::pending) + 4;
        let limits = &self.dispatch.limits;
        let patience = if self.dispatch.is_interrupted() {
            Duration::ZERO
        } else {
            limits.backoff.patience + limits.backoff.cap + limits.settle
        };
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        TIME_TO_FINISH + patience + limits.interval.saturating_mul(requests)
    }

    /// Removes every known user, and those in the list. At the end of a run it requests every user
    /// again, and waits for creates that may still take effect.
    async fn sweep(&self, last: bool, log: &mut Log) -> Result<(), SendError> {
        if self.deletes_nothing() {
            return if last {
                self.put_back(log).await
            } else {
                Ok(())
            };
        }
        if last {
            let mut state = self.state();
            let is_retried = |state: &State| {
                matches!(state, State::Stays(Stay::Undeleted(_) | Stay::Unclear(_)))
            };
            for key in state.ledger.keys(is_retried) {
                state.ledger.set(&key, State::Present);
            }
        }
        self.remove_present(log).await?;
        if last {
            self.wait_for_creates().await;
        }
        if self.needs_listing(last) && self.read_list(log).await? {
            self.remove_present(log).await?;
            // While the list showed those, it settled no create that asked for the same name.
            if last && self.ledger(|ledger| !ledger.open().is_empty()) {
                self.read_list(log).await?;
                self.remove_present(log).await?;
            }
        }
        if last {
            self.make_sure(log).await?;
        }
        Ok(())
    }

    /// Removes every known user, and those that it finds on the way.
    async fn remove_present(&self, log: &mut Log) -> Result<(), SendError> {
        let mut tried = HashSet::new();
        loop {
            let present = self.ledger(Ledger::present);
            let Some(key) = present.into_iter().find(|key| !tried.contains(key)) else {
                return Ok(());
            };
            self.remove(&key, log).await?;
            tried.insert(key);
        }
    }

    /// True if the list must be read: after a create with an unknown result, or at the end.
    fn needs_listing(&self, last: bool) -> bool {
        let mut state = self.state();
        let wanted = |open: &Open| !open.list_read && open.answer != Answer::Refused;
        let creates = state.ledger.open_where(wanted);
        for create in &creates {
            if let Some(open) = state.ledger.open_mut(*create) {
                open.list_read = true;
            }
        }
        last || !creates.is_empty()
    }

    /// Waits until no create can take effect, up to the run's longest wait.
    async fn wait_for_creates(&self) {
        let most = Instant::now() + self.dispatch.limits.backoff.cap;
        let ends = self.ledger(|ledger| ledger.open().iter().map(|open| open.ends).max());
        if let Some(ends) = ends.map(|ends| ends.min(most)) {
            self.dispatch
                .unless_interrupted(sleep_until(ends.into()))
                .await;
        }
    }

    /// Looks in the list for users of the run. Returns whether there are any that are not known. A
    /// whole list that has shown a user of the run settles the creates that made no user.
    async fn read_list(&self, log: &mut Log) -> Result<bool, SendError> {
        self.dispatch.sleep(self.lag() * 2).await;
        let Some(listing) = self.list(Purpose::CleanUp, log).await? else {
            return Ok(false);
        };
        let mut found = false;
        let ours = listing.users.iter();
        for user in ours.filter(|user| user.carries(&self.prefix)) {
            found |= self.note_listed(user, log).await?;
        }
        self.settle(&listing);
        Ok(found)
    }

    /// Writes a user down that the list shows, under the key that its URL takes. Returns whether it
    /// is new.
    pub(super) async fn note_listed(&self, user: &Shown, log: &mut Log) -> Result<bool, SendError> {
        let named = [user.id.as_deref(), Some(user.username.as_str())];
        let mut keys = named.into_iter().flatten().filter(|key| !key.is_empty());
        if self.ledger(|ledger| ledger.accounts_for(user)) {
            return Ok(false);
        }
        let first = keys.clone().next().unwrap_or_default().to_owned();
        let usable = |key: &&str| !keys::escapes(key) && !self.is_secret(key);
        for key in keys.by_ref().filter(usable) {
            if let Holder::Ours(_) = self.holder(key, Purpose::CleanUp, log).await? {
                return Ok(true);
            }
        }
        let why = "the list shows it, and its own URL does not".to_owned();
        let redactor = &self.dispatch.redactor;
        let (first, username) = (redactor.clean(&first), redactor.clean(&user.username));
        let mut state = self.state();
        state.ledger.seen(&first, &username);
        state.ledger.set(&first, State::Stays(Stay::Unclear(why)));
        Ok(false)
    }

    /// Settles the creates whose user is missing from a whole list.
    fn settle(&self, listing: &Listing) {
        if !listing.complete {
            return;
        }
        let now = Instant::now();
        let mut state = self.state();
        let shows = state.ledger.listed();
        let is_without_user = |open: &Open| {
            let trusted = match open.answer {
                // Only a look at the user itself settles what the target said that it created.
                Answer::Created => false,
                // A refusal needs no more than a list that hints at nothing else.
                Answer::Refused => shows != Some(false),
                // Where the target said nothing, the list has to be one that shows users of the run.
                Answer::Unknown => shows == Some(true),
            };
            // A user of that name that another create made is no sign of this one.
            let is_it = |user: &Shown| {
                user.username.eq_ignore_ascii_case(&open.username)
                    && !state.ledger.accounts_for(user)
            };
            trusted && open.ends <= now && !listing.users.iter().any(is_it)
        };
        for create in state.ledger.open_where(is_without_user) {
            let _ = state.ledger.note(Event::Settled { create });
        }
    }

    /// Settles the creates that were rejected, before another user is created.
    pub(super) async fn settle_refused(&self, log: &mut Log) -> Result<(), SendError> {
        if self.ledger(|ledger| ledger.open().is_empty()) {
            return Ok(());
        }
        self.read_list(log).await.map(drop)
    }

    /// Deletes the user with that key if the target shows that it is the run's, and checks the
    /// result.
    async fn remove(&self, key: &str, log: &mut Log) -> Result<(), SendError> {
        let unclear = |why: &str| State::Stays(Stay::Unclear(why.to_owned()));
        if keys::escapes(key) {
            let why = "its key could reach another resource, so it is not asked for";
            self.state().ledger.set(key, unclear(why));
            return Ok(());
        }
        let path = self.user_path(key);
        let entry = self.ledger(|ledger| ledger.find(key).cloned());
        let was_read = entry.is_some_and(|entry| entry.username.is_some());
        let mut holder = self.holder(key, Purpose::CleanUp, log).await?;
        if matches!(holder, Holder::Unused) && !was_read {
            // Some targets show ids and take usernames.
            let username = self.ledger(|ledger| ledger.asked_for(key));
            if let Some(username) =
                username.filter(|username| username != key && !keys::escapes(username))
            {
                let other = self.holder(&username, Purpose::CleanUp, log).await?;
                if matches!(other, Holder::Ours(_)) {
                    self.state().ledger.disprove(key);
                    return Ok(());
                }
            }
            // The question may have come too soon.
            let shown = self.wait_readable(key, Purpose::CleanUp, log).await?;
            let Some(user) = shown else {
                self.state().ledger.disprove(key);
                return Ok(());
            };
            holder = Holder::Ours(Box::new(user));
        }
        let was_enabled = match holder {
            // A delete that a case sent may have deactivated it.
            Holder::Ours(user) => user.enabled || self.state().deleted_enabled.contains(key),
            Holder::Unused => {
                self.state().ledger.set(key, State::Missing);
                return Ok(());
            }
            Holder::Other(_) => {
                // Read before as ours, it is gone, and its key is another user's now.
                self.state().ledger.disprove_as_unrecognized(key);
                return Ok(());
            }
            Holder::Unclear(why) => {
                self.state()
                    .ledger
                    .set(key, unclear(&format!("GET of it: {why}")));
                return Ok(());
            }
        };
        self.look_for_in_list(key, Purpose::CleanUp, log).await?;
        let mut pause = self.dispatch.limits.backoff.base;
        for again in (0..DELETES).rev() {
            let answer = self.plain("DELETE", &path, Purpose::CleanUp, log).await;
            let answered = match answer {
                Ok(response) if response.status < 500 => {
                    let words = format!("DELETE returns {}", response.status);
                    return self.after_delete(key, words, was_enabled, false, log).await;
                }
                Ok(response) => format!("DELETE returns {}", response.status),
                Err(SendError::Transport(error)) => format!("DELETE: {error}"),
                Err(ended) => return Err(ended),
            };
            if again > 0 {
                self.dispatch.sleep(pause).await;
                pause *= 2;
            }
            // It may have taken effect, so that the key can be another user's by now.
            self.after_delete(key, answered, was_enabled, again > 0, log)
                .await?;
            let stays = |entry: &Entry| matches!(entry.state, State::Stays(Stay::Undeleted(_)));
            if !self.ledger(|ledger| ledger.find(key).is_some_and(stays)) {
                break;
            }
        }
        Ok(())
    }

    /// Writes down what became of a user after its delete, once the target had the time to show it.
    /// One that was not enabled before does not show whether the delete deactivated it. `once` says
    /// that it is too early to wait for that.
    async fn after_delete(
        &self,
        key: &str,
        answered: String,
        was_enabled: bool,
        once: bool,
        log: &mut Log,
    ) -> Result<(), SendError> {
        let mut state = State::Present;
        let once = once || self.state().waited;
        self.until(async || {
            state = match self.holder(key, Purpose::CleanUp, log).await? {
                Holder::Unused => State::Missing,
                Holder::Other(_) => State::Gone,
                Holder::Ours(user) if was_enabled && !user.enabled => {
                    State::Stays(Stay::Deactivated)
                }
                Holder::Ours(user) => State::Stays(Stay::Undeleted(if user.enabled {
                    answered.clone()
                } else {
                    format!(
                        "{answered}, and the target shows the user as not enabled; {ADMINISTRATION}"
                    )
                })),
                Holder::Unclear(why) => {
                    State::Stays(Stay::Unclear(format!("{answered}, GET of it: {why}")))
                }
            };
            Ok(once || !matches!(state, State::Stays(Stay::Undeleted(_))))
        })
        .await?;
        let mut account = self.state();
        account.waited |= !once && matches!(state, State::Stays(Stay::Undeleted(_)));
        account.ledger.set(key, state);
        Ok(())
    }

    /// Asks again for every user that was missing once. The target had the time since then.
    async fn make_sure(&self, log: &mut Log) -> Result<(), SendError> {
        let missing = self.ledger(|ledger| ledger.keys(|state| *state == State::Missing));
        if missing.is_empty() {
            return Ok(());
        }
        self.dispatch.sleep(self.lag() * 2).await;
        for key in missing {
            let state = match self.holder(&key, Purpose::CleanUp, log).await? {
                Holder::Unused | Holder::Other(_) => State::Gone,
                Holder::Ours(user) if !user.enabled => State::Stays(Stay::Deactivated),
                Holder::Ours(_) => {
                    State::Stays(Stay::Undeleted("it was missing, and came again".to_owned()))
                }
                Holder::Unclear(why) => State::Stays(Stay::Unclear(format!("GET of it: {why}"))),
            };
            self.state().ledger.set(&key, state);
        }
        Ok(())
    }

    /// Users that are left, or may be.
    pub fn leftovers(&self) -> Vec<Leftover> {
        let deactivates = format!("DELETE deactivates on this target; {ADMINISTRATION}");
        let state = self.state();
        let mut left = Vec::new();
        for entry in state.ledger.entries() {
            let (state, why) = match &entry.state {
                State::Gone => continue,
                State::Stays(Stay::Deactivated) => (Left::Deactivated, deactivates.as_str()),
                State::Stays(Stay::Undeleted(answered)) => (Left::Exists, answered.as_str()),
                State::Stays(Stay::Unclear(why)) => (Left::Unconfirmed, why.as_str()),
                State::Present | State::Missing => {
                    (Left::Unconfirmed, "the run ended before it was proved gone")
                }
            };
            left.push(Leftover {
                username: entry.username.clone().unwrap_or_default(),
                key: Some(entry.key.clone()),
                state,
                remove: why.to_owned(),
            });
        }
        let prefix = self.prefix.trim_end_matches('-');
        for open in state.ledger.open() {
            let what = match open.answer {
                Answer::Created if open.unrecognized.is_some() => {
                    "its create succeeded, and the key in its answer shows a user that does not carry the run's prefix; if that user is the new one, delete it"
                }
                Answer::Created => "its create succeeded, and no URL shows it",
                Answer::Refused => "its create was refused, and the list of users proves nothing",
                Answer::Unknown if open.ends > Instant::now() => {
                    "its create may still be under way; clean up again in a minute"
                }
                Answer::Unknown => "its create has an unknown result",
            };
            let why = format!("{what}; look for users whose name or email holds {prefix}");
            left.push(Leftover {
                username: open.username.clone(),
                key: open
                    .unrecognized
                    .clone()
                    .or_else(|| open.keys.first().cloned()),
                state: Left::Unconfirmed,
                remove: why,
            });
        }
        drop(state);
        left.extend(self.prepared_left());
        left.sort();
        left.dedup();
        left
    }

    /// Writes down the creates that may still take effect, for a clean-up not to look too soon.
    fn give_up(&self) {
        let now = Instant::now();
        let mut state = self.state();
        let most = now + self.dispatch.limits.under_way;
        let under_way = |open: &Open| open.ends > now && open.ends <= most;
        for create in state.ledger.open_where(under_way) {
            let _ = state.ledger.note(Event::GivenUp { create });
        }
    }
}
