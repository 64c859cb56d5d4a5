//! Checks the owner of a user before a change: a GET of the same URL, directly before.

use super::{
    absence::{Holder, Signature},
    change::surface_of,
    keys,
    users::Account,
};
use crate::{
    decode::{domain, users, users::Shown},
    dispatch::{Own, SendError},
    exchange::{Log, Purpose},
    limits::Surface,
    transport::{Request, Response},
    wire::Format,
};

/// The users in a response of that surface.
pub(super) fn shown_on(surface: Surface, answer: &Response) -> Option<Vec<Shown>> {
    match surface {
        Surface::Identity => domain::shown(answer),
        Surface::Account | Surface::Management => users::shown(&answer.body),
    }
}

/// The response of the last exchange, if that was a GET of this path and shows a user.
fn just_shown<'l>(path: &str, log: &'l Log) -> Option<&'l Response> {
    let last = log.exchanges.last()?;
    let answer = last.outcome.as_ref().ok()?;
    let is_get = last.request.method == "GET" && last.request.path == path;
    let shows = || shown_on(surface_of(path), answer).is_some_and(|users| !users.is_empty());
    (is_get && shows()).then_some(answer)
}

impl Account {
    /// GET with the run's own login, for the run's own purposes.
    pub(super) async fn get(
        &self,
        path: &str,
        purpose: Purpose,
        log: &mut Log,
    ) -> Result<Response, SendError> {
        self.plain("GET", path, purpose, log).await
    }

    /// A request without a body, with the run's own login.
    pub(super) async fn plain(
        &self,
        method: &str,
        path: &str,
        purpose: Purpose,
        log: &mut Log,
    ) -> Result<Response, SendError> {
        let (own, format) = match surface_of(path) {
            Surface::Management => (Own::Token, Format::Json),
            Surface::Account | Surface::Identity => (Own::Login, Format::Xml),
        };
        let request = Request::new(method, path).header("Accept", format.media_type());
        let sent = self.dispatch.send_own(own, request, purpose, log).await;
        sent.outcome
    }

    /// Looks up the holder of that key by its own URL.
    pub async fn holder(
        &self,
        key: &str,
        purpose: Purpose,
        log: &mut Log,
    ) -> Result<Holder, SendError> {
        let path = self.user_path(key);
        let answer = self.get(&path, purpose, log).await?;
        self.holder_in(&answer, &path, key, purpose, log).await
    }

    /// Looks up the holder of that key just before a change, by the URL of the change. If the last
    /// exchange was a GET of it that shows a user, it is not repeated.
    pub(super) async fn holder_just_before(
        &self,
        path: &str,
        key: &str,
        log: &mut Log,
    ) -> Result<Holder, SendError> {
        let answer = match just_shown(path, log) {
            Some(answer) => answer.clone(),
            None => self.get(path, Purpose::Check, log).await?,
        };
        self.holder_in(&answer, path, key, Purpose::Check, log)
            .await
    }

    /// The holder of that key in the response to a GET of `path`, which may have another form. The
    /// target's response to unused keys is learned first, from random ones.
    async fn holder_in(
        &self,
        answer: &Response,
        path: &str,
        key: &str,
        purpose: Purpose,
        log: &mut Log,
    ) -> Result<Holder, SendError> {
        let surface = surface_of(path);
        let shown = shown_on(surface, answer);
        if let Some(mut users) = shown.filter(|users| !users.is_empty()) {
            if users.len() > 1 || !(200..300).contains(&answer.status) {
                return Ok(Holder::Unclear(format!("status {}", answer.status)));
            }
            let user = Box::new(users.remove(0));
            return Ok(if user.carries(&self.prefix) {
                // The same user below another path has another key there.
                if path == self.user_path(key) && !self.deletes_nothing() {
                    let username = self.dispatch.redactor.clean(&user.username);
                    self.state().ledger.seen(key, &username);
                }
                Holder::Ours(user)
            } else {
                Holder::Other(user)
            });
        }
        let unclear = Holder::Unclear(format!("status {}", answer.status));
        let Some(signature) = Signature::of(answer) else {
            return Ok(unclear);
        };
        // What today's API answers to unused keys is not asked for.
        let surface = match surface {
            Surface::Management => self.home,
            other => other,
        };
        self.learn_absence(surface, key, purpose, log).await?;
        let known = (surface, signature);
        let known = self.state().absence.signatures.contains(&known);
        Ok(if known { Holder::Unused } else { unclear })
    }

    /// Requests two random keys of the form of `key`. If both responses are alike, they are the
    /// response to unused keys.
    async fn learn_absence(
        &self,
        surface: Surface,
        key: &str,
        purpose: Purpose,
        log: &mut Log,
    ) -> Result<(), SendError> {
        let form = (surface, keys::form(key));
        if self.state().absence.forms.contains(&form) {
            return Ok(());
        }
        let random = [keys::random_like(key), keys::random_like(key)];
        let mut signatures = Vec::new();
        for key in &random {
            let path = self.user_path_on(surface, key);
            let answer = self.get(&path, purpose, log).await?;
            let user = shown_on(surface, &answer).is_some_and(|users| !users.is_empty());
            signatures.push(Signature::of(&answer).filter(|_| !user));
        }
        // Not before: a run that is interrupted in between asks again when it cleans up.
        self.state().absence.forms.insert(form);
        if let [Some(first), Some(second)] = signatures.as_slice()
            && first == second
        {
            let mut state = self.state();
            let signature = (surface, first.clone());
            if !state.absence.signatures.contains(&signature) {
                state.absence.signatures.push(signature);
            }
            if surface == Surface::Account {
                let [key, _] = random;
                state.absence.key.get_or_insert(key);
            }
        }
        Ok(())
    }

    /// A key below the account that the target reports as unused, of the form of `like`; `None` if
    /// it does not.
    pub async fn absent_key(&self, like: &str, log: &mut Log) -> Result<Option<String>, SendError> {
        self.learn_absence(Surface::Account, like, Purpose::Check, log)
            .await?;
        Ok(self.state().absence.key.clone())
    }
}
