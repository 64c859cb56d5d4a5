//! A user that the operator has set aside for the run: it is updated, put back and compared, and
//! never deleted.

use std::io;

use super::{
    absence::Holder,
    file::Event,
    gate::shown_on,
    snapshot::{Prepared, body_of, compare, domain_body_of, format_of, given},
    users::Account,
};
use crate::{
    decode::users::Shown,
    dispatch::{Own, SendError},
    error::ConformanceError,
    exchange::{Log, Purpose},
    leftover::{Leftover, LeftoverState},
    limits::Surface,
    transport::{Request, Response},
    wire::Format,
};

impl Account {
    /// True if this run never deletes anything, because it works on a prepared user.
    pub(super) fn deletes_nothing(&self) -> bool {
        self.dispatch.limits.prepared_user.is_some()
            || self.ledger(|ledger| ledger.prepared().is_some())
    }

    /// Reads the prepared user, for it to be put back at the end. `wrapper` is the root that a user
    /// of a domain has around it in a request, if it has one.
    pub async fn prepare(
        &self,
        key: &str,
        wrapper: Option<&str>,
        log: &mut Log,
    ) -> Result<Response, ConformanceError> {
        let path = self.user_path(key);
        let usage = |what: &str| {
            ConformanceError::Usage(format!(
                "--prepared-user {key}: {what}; nothing was written"
            ))
        };
        let answer = self.get(&path, Purpose::Check, log).await;
        let answer = answer.map_err(|error| ConformanceError::Unreachable(error.to_string()))?;
        let users = shown_on(self.home, &answer).unwrap_or_default();
        let [before] = <[Shown; 1]>::try_from(users).map_err(|_| {
            usage(&format!(
                "GET {path} shows no user (status {})",
                answer.status
            ))
        })?;
        let format = format_of(&String::from_utf8_lossy(&answer.body));
        self.state().prepared = Some(Prepared {
            key: key.to_owned(),
            content_type: format.media_type(),
            body: self.body_for(&before, format, wrapper),
            before,
            touched: false,
        });
        Ok(answer)
    }

    /// The body that puts a user back.
    fn body_for(&self, user: &Shown, format: Format, wrapper: Option<&str>) -> String {
        match self.home {
            Surface::Identity => domain_body_of(&user.fields, wrapper),
            Surface::Account | Surface::Management => body_of(&user.fields, format),
        }
    }

    /// True for the prepared user.
    pub(super) fn is_prepared(&self, key: &str, user: &Shown) -> bool {
        let state = self.state();
        state.prepared.as_ref().is_some_and(|prepared| {
            prepared.key == key && prepared.before.username == user.username
        })
    }

    /// Writes down how to put the prepared user back, before its first update.
    pub(super) fn write_down_prepared(&self) -> io::Result<()> {
        let mut state = self.state();
        let Some(prepared) = &mut state.prepared else {
            return Ok(());
        };
        if std::mem::replace(&mut prepared.touched, true) {
            return Ok(());
        }
        let event = Event::Prepared {
            key: prepared.key.clone(),
            content_type: prepared.content_type.to_owned(),
            body: prepared.body.clone(),
        };
        state.ledger.note(event)
    }

    /// Puts the prepared user back, and compares it with what it was.
    pub(super) async fn put_back(&self, log: &mut Log) -> Result<(), SendError> {
        let Some((key, content_type, body)) = self.ledger(|ledger| ledger.prepared().cloned())
        else {
            return Ok(());
        };
        let differences = match self.current_key(&key, &body, log).await? {
            None => vec!["it cannot be found any more".to_owned()],
            Some(current) => {
                let request = Request::new("PUT", self.user_path(&current))
                    .header("Accept", Format::Xml.media_type())
                    .header("Content-Type", content_type)
                    .body(body.clone());
                let sent = self
                    .dispatch
                    .send_own(Own::Login, request, Purpose::CleanUp, log)
                    .await;
                let status = sent.outcome?.status;
                self.differences(&key, status, &body, log).await?
            }
        };
        self.state().put_back = Some(differences);
        Ok(())
    }

    /// The key that the prepared user has now: an update may have changed the name that it has in
    /// paths.
    async fn current_key(
        &self,
        key: &str,
        body: &str,
        log: &mut Log,
    ) -> Result<Option<String>, SendError> {
        match self.holder(key, Purpose::CleanUp, log).await? {
            Holder::Ours(_) => return Ok(Some(key.to_owned())),
            Holder::Other(user) => {
                let before = given(self.home, body);
                let same = before.is_none_or(|before| before.username == user.username);
                return Ok(same.then(|| key.to_owned()));
            }
            Holder::Unused | Holder::Unclear(_) => {}
        }
        let listing = self.list(Purpose::CleanUp, log).await?;
        let mut users = listing.into_iter().flat_map(|listing| listing.users);
        let renamed = users.find(|user| user.carries(&self.prefix));
        Ok(renamed.map(|user| user.username))
    }

    /// Lists the differences from the original, after the target had time to show the update.
    async fn differences(
        &self,
        key: &str,
        status: u16,
        body: &str,
        log: &mut Log,
    ) -> Result<Vec<String>, SendError> {
        let path = self.user_path(key);
        let mut found = Vec::new();
        self.until(async || {
            let answer = self.get(&path, Purpose::CleanUp, log).await?;
            let shown = shown_on(self.home, &answer).unwrap_or_default();
            let now = shown.into_iter().next();
            let state = self.state();
            found = match (&state.prepared, now) {
                (Some(prepared), Some(now)) => compare(&prepared.before.fields, &now.fields),
                // A clean-up knows the body that puts it back, and compares with the one that would now.
                (None, Some(now)) if (200..300).contains(&status) => {
                    let would_be = self.body_for(&now, format_of(body), None);
                    match (given(self.home, body), given(self.home, &would_be)) {
                        (Some(before), Some(now)) => compare(&before.fields, &now.fields),
                        _ => vec!["it cannot be compared with what it was".to_owned()],
                    }
                }
                (_, Some(_)) => vec![format!("the update that puts it back returns {status}")],
                (_, None) => vec![format!("GET of it returns {}", answer.status)],
            };
            Ok(found.is_empty())
        })
        .await?;
        Ok(found)
    }

    /// The prepared user, if it differs from what it was, or if that is unknown.
    pub(super) fn prepared_left(&self) -> Option<Leftover> {
        let state = self.state();
        let (key, _, body) = state.ledger.prepared()?;
        let why = match &state.put_back {
            Some(differences) if differences.is_empty() => return None,
            Some(differences) => differences.join("; "),
            None => "the run ended before it was put back".to_owned(),
        };
        Some(Leftover {
            username: given(self.home, body).map_or_else(String::new, |before| before.username),
            key: Some(key.clone()),
            state: LeftoverState::Changed,
            remove: why,
        })
    }
}
