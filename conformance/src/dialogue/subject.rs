//! The one user that cases share where a deleted user may stay: created once, and brought back to
//! what it was before each case.

use super::{
    context::{Answered, Context},
    created::Created,
    reply::Reply,
};
use crate::{
    decode::users::{Shown, shown},
    exchange::Purpose,
    verdict::Stop,
    wire::{Draft, EMAIL, Format, Value, email_name},
};

/// Number of times that the first create is sent if its response is lost.
const TRIES: usize = 4;

impl Context {
    /// A user that the case may update and must not delete, in the state of its draft.
    pub async fn subject(&mut self, format: Format) -> Result<Created, Stop> {
        if !self.run.shares_first() {
            return self.create(self.draft(), format).await;
        }
        let user = self.run.first().user.clone();
        let user = match (user, self.run.limits().prepared_user.clone()) {
            (Some(user), _) => user,
            (None, Some(key)) => self.prepared(key).await?,
            (None, None) => self.first_user(format).await?,
        };
        let changed = {
            let mut first = self.run.first();
            first.user = Some(user.clone());
            first.changed
        };
        // Finding out how long reads of a new user lag has changed it too.
        if changed {
            return self.restore(user).await;
        }
        Ok(user)
    }

    /// The user that cases share has another password now: it cannot be put back, because a target
    /// may reject passwords that were used before.
    pub fn note_password(&mut self, key: &str, password: &str) {
        let mut first = self.run.first();
        if let Some(user) = first.user.as_mut().filter(|user| user.key == key) {
            user.draft = user.draft.clone().with("Password", password);
        }
    }

    /// Creates the first user of a run, and measures how long the target takes to show it. A target
    /// that rejects its form would reject all others too, so the run ends.
    async fn first_user(&mut self, format: Format) -> Result<Created, Stop> {
        let draft = self.draft();
        self.remember(&draft);
        let mut lost = false;
        for _ in 0..TRIES {
            let sent = self.exchange(self.ask_create(&draft, format)).await;
            let answered = match sent {
                Ok(answered) => answered,
                Err(Stop::Inconclusive(_)) if self.run.dispatch().ended().is_none() => {
                    lost = true;
                    continue;
                }
                Err(stop) => return Err(stop),
            };
            match answered.reply.status() {
                200..300 => return self.settled(draft, answered).await,
                400..500 if lost => return self.found(draft, answered.reply).await,
                400 | 409 | 415 | 422 => return Err(self.end_refused(&answered.reply)),
                500.. => lost = true,
                _ => {
                    return Err(answered.judged().map_or_else(
                        |stop| stop,
                        |reply| reply.inconclusive("the first user cannot be created"),
                    ));
                }
            }
        }
        Err(Stop::Inconclusive(format!(
            "the first user could not be created: {TRIES} requests got no conclusive response"
        )))
    }

    /// Ends the run after a well-formed create that was rejected.
    fn end_refused(&self, reply: &Reply) -> Stop {
        let what = reply.refused_field();
        let what = what.map_or_else(
            || "the answer does not say which field is wrong".to_owned(),
            |field| format!("it names {field}"),
        );
        self.run.dispatch().end(format!(
            "the target refuses a well-formed user with status {}; {what}; --profile, --email-domain and --name-prefix change what is sent",
            reply.status()
        ));
        reply.fail("a well-formed user is refused")
    }

    /// The first user, once the target shows it.
    async fn settled(&mut self, draft: Draft, answered: Answered) -> Result<Created, Stop> {
        let keys = if answered.keys.is_empty() {
            vec![draft.text("Username").to_owned()]
        } else {
            answered.keys.clone()
        };
        for key in keys {
            let account = &self.run.account;
            let readable = account.wait_readable(&key, Purpose::Check, &mut self.log);
            if readable.await?.is_some() {
                let reply = answered.reply;
                let created = Created { key, draft, reply };
                self.measure_staleness(&created).await?;
                return Ok(created);
            }
        }
        self.found(draft, answered.reply).await
    }

    /// The first user, as the list shows it: its create's answer was lost, or names no key.
    async fn found(&mut self, draft: Draft, reply: Reply) -> Result<Created, Stop> {
        let (username, email) = (draft.text("Username"), draft.text(EMAIL));
        let account = &self.run.account;
        let key = account.find_in_list(username, email, &mut self.log);
        let key = key.await?.ok_or_else(|| {
            reply.inconclusive("a user was created, and neither a URL nor the list shows it")
        })?;
        Ok(Created { key, draft, reply })
    }

    /// Updates the first user once, to see how long reads show what was there before.
    async fn measure_staleness(&mut self, created: &Created) -> Result<(), Stop> {
        let changed = created.update().with("FirstName", "Settling");
        let reply = self
            .put(&created.key, &changed, self.default_format())
            .await?;
        if !(200..300).contains(&reply.status()) {
            return Ok(());
        }
        // How long that takes is noted as the target's lag.
        let is_shown = |user: &Shown| field(user, "FirstName") == Some("Settling");
        let account = &self.run.account;
        let shown = account.wait_until_shown(&created.key, &mut self.log, is_shown);
        shown.await?;
        self.run.first().changed = true;
        Ok(())
    }

    /// The user that the operator has prepared, with what is shown of it for a draft.
    async fn prepared(&mut self, key: String) -> Result<Created, Stop> {
        let format = self.default_format();
        let reply = self.get(&key, format).await?;
        let users = shown(&reply.response.body).unwrap_or_default();
        let user = users
            .first()
            .ok_or_else(|| reply.fail("the prepared user is not shown"))?;
        let mut draft = Draft::default();
        for name in ["Username", "FirstName", "LastName", "TelephoneNumber"] {
            if let Some(text) = field(user, name) {
                draft = draft.with(name, text);
            }
        }
        if let Some(email) = &user.email {
            draft = draft.with(EMAIL, email.as_str());
        }
        Ok(Created { key, draft, reply })
    }

    /// Restores the shared user to its draft.
    async fn restore(&mut self, user: Created) -> Result<Created, Stop> {
        let format = self.default_format();
        let plain = user.update();
        let full = plain
            .clone()
            .with_value("Enabled", Value::Flag(true))
            .with_value("Roles", Value::Roles(Vec::new()));
        let mut reply = self.put(&user.key, &full, format).await?;
        if !(200..300).contains(&reply.status()) {
            reply = self.put(&user.key, &plain, format).await?;
        }
        let email = email_name(&self.profile);
        let is_back = |shown: &Shown| {
            let same = |(name, field_name)| {
                let given = user.draft.given(name);
                given.is_none_or(|text| field(shown, field_name) == Some(text))
            };
            let fields = [
                ("FirstName", "FirstName"),
                ("LastName", "LastName"),
                (EMAIL, email),
            ];
            shown.enabled && fields.into_iter().all(same)
        };
        let account = &self.run.account;
        let back = account.wait_until_shown(&user.key, &mut self.log, is_back);
        if !back.await? {
            return Err(reply.inconclusive(
                "the first user cannot be brought back to what it was before the case",
            ));
        }
        self.run.first().changed = false;
        Ok(user)
    }
}

/// The text of a field as it is shown.
fn field<'a>(user: &'a Shown, name: &str) -> Option<&'a str> {
    use crate::decode::tolerant::{member, scalar};

    scalar(member(&user.fields, name)?)
}
