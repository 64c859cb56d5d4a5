//! Users: creating them, and updating the one that the experiments share in a way that shows when
//! the target has settled.

use bandwidth_fixtures::profile::AccountIdInBody;

use super::{
    seen::Seen,
    state::{Made, Probe, Sample},
};
use crate::{
    decode::users::Shown,
    dialogue::reply::Reply,
    dialogue::{Ask, Context},
    limits::Roles,
    password::{self, Class},
    transport::Response,
    verdict::Stop,
    wire::{Draft, EMAIL, Format, RoleRef, Value},
};

/// A telephone number of ten digits, and one in E.164; the area code's exchange is for fiction.
pub(super) const TEN_DIGITS: &str = "9195550100";
pub(super) const E164: &str = "+19195550100";
/// The field of a telephone number.
pub(super) const TELEPHONE: &str = "TelephoneNumber";
/// A name that is no word. It has a letter that no password of the probe has, so that none holds
/// it by chance; first names have the same one.
pub(super) const LAST_NAME: &str = "Dfgl";

impl Probe {
    /// The required fields of a new user.
    pub(super) fn draft(&mut self) -> Result<Draft, Stop> {
        let sample = self
            .sample
            .ok_or_else(|| Stop::skip("no user could be created"))?;
        Ok(self.draft_of(&sample))
    }

    pub(super) fn draft_of(&mut self, sample: &Sample) -> Draft {
        let username = self.cx.fresh_username();
        let number = username.rsplit('-').next().unwrap_or("").to_owned();
        let domain = &self.cx.run.limits().email_domain;
        let email = format!("mqrt{number}@{username}.{domain}");
        let password = password::of(sample.password_length, &Class::ALL);
        self.cx.run.redactor().add_login(&username, &password);
        let draft = Draft::default()
            .with("Username", username)
            .with("FirstName", self.first_name())
            .with("LastName", LAST_NAME)
            .with(EMAIL, email)
            .with("Password", password);
        let draft = match sample.telephone {
            Some(telephone) => draft.with(TELEPHONE, telephone),
            None => draft,
        };
        match self.cx.profile().user_account_id {
            AccountIdInBody::Required => draft.with("AccountId", self.cx.account_id().to_owned()),
            AccountIdInBody::Optional => draft,
        }
    }

    /// A first name that no user of the probe has had: where a GET shows it, the GET is later than
    /// the update that gave it.
    pub(super) fn first_name(&mut self) -> String {
        const LETTERS: &[u8] = b"bcdfghjmnpqrstvwxz";
        self.names += 1;
        let letter = |number: usize| char::from(LETTERS[number % LETTERS.len()]);
        let (low, high) = (self.names % LETTERS.len(), self.names / LETTERS.len());
        // Two different letters, so that no password repeats one because of them.
        format!(
            "Kl{}{}",
            letter(low),
            letter(low + 1 + high % (LETTERS.len() - 1))
        )
    }

    /// The roles that users of the probe may get, at most two. Where all are allowed, the last
    /// ones: the first one is often an administrator's.
    pub(super) fn spare_roles(&self) -> Vec<RoleRef> {
        let last = self.roles.len().saturating_sub(2);
        let spare = match &self.cx.run.limits().roles {
            Roles::Withheld => &[],
            Roles::Any => &self.roles[last..],
            Roles::Only(name) => {
                let found = self.roles.iter().find(|role| role.is_called(name));
                found.map_or(&[][..], std::slice::from_ref)
            }
        };
        spare.iter().map(Context::role_ref).collect()
    }

    /// Tries to create a user; the inner error is the answer of a target that did not.
    pub(super) async fn try_create(
        &mut self,
        draft: &Draft,
    ) -> Result<Result<(Made, Seen), Seen>, Stop> {
        if self.is_prepared() {
            return Err(Stop::skip("--prepared-user creates no user"));
        }
        let ask = self.cx.ask_create(draft, self.format);
        let (reply, named) = self.cx.try_create(draft, ask).await?;
        let seen = Seen::of(&reply.response);
        if !seen.is_success() {
            return Ok(Err(seen));
        }
        let key = match named {
            Some(key) => key,
            None => self.listed(draft).await?,
        };
        Ok(Ok((made(key, draft), seen)))
    }

    /// The key of a new user that no answer names, from the list. The target may have changed its
    /// name.
    pub(super) async fn listed(&mut self, draft: &Draft) -> Result<String, Stop> {
        let (username, email) = (draft.text("Username"), draft.text(EMAIL));
        let account = &self.cx.run.account;
        let found = account.find_in_list(username, email, &mut self.cx.log);
        found.await?.ok_or_else(|| {
            Stop::inconclusive("no answer names the created user, and the list has none")
        })
    }

    /// Creates a user that nothing is wrong with.
    pub(super) async fn create(&mut self) -> Result<Made, Stop> {
        let draft = self.draft()?;
        let created = self.try_create(&draft).await?;
        created.map(|(made, _)| made).map_err(|seen| {
            let status = seen.status;
            Stop::Inconclusive(format!("a create that should succeed returned {status}"))
        })
    }

    /// GET of a user, in the probe's own format.
    pub(super) async fn get_user(&mut self, key: &str) -> Result<Seen, Stop> {
        let path = self.cx.user_path(key);
        self.read(&path).await
    }

    pub(super) async fn read_back(&mut self, made: &Made) -> Result<Shown, Stop> {
        let from = self.sent();
        let seen = self.get_user(&made.key).await?;
        seen.user().ok_or_else(|| {
            // It is no key that no user has.
            self.leave_out_since(from);
            let why = format!("the user cannot be read back (status {})", seen.status);
            Stop::Inconclusive(why)
        })
    }

    /// The one user that experiments share, put back to how it was. This is the control of what
    /// they do with it: right now an update is taken, and GET shows what it changed.
    pub(super) async fn subject(&mut self) -> Result<Made, Stop> {
        let none = || Stop::skip("there is no user to update");
        let made = self.first_user.clone().ok_or_else(none)?;
        let now = match self.just_shown(&made) {
            Some(user) => user,
            None => self.read_back(&made).await?,
        };
        let is_back = |back: &Shown| now.differs_in_name_alone(back);
        if self.back.as_ref().is_some_and(is_back) && self.was_just_updated(&made, &now) {
            return Ok(self.named(made, &now));
        }
        let mut draft = made.update();
        // Fields that no experiment set are not sent: a target may not take them.
        if made.enabled && !now.enabled {
            draft = draft.with_value("Enabled", Value::Flag(true));
        }
        if now.roles() > 0 && draft.value("Roles").is_none() {
            draft = draft.with_value("Roles", Value::Roles(Vec::new()));
        }
        let mut updated = self.update(&made, &draft, self.format).await?;
        if updated.is_err() && draft.value("Roles").is_some() {
            let less = draft.without("Roles");
            updated = self.update(&made, &less, self.format).await?;
        }
        let (_, user) = updated.map_err(|seen| {
            Stop::Inconclusive(format!(
                "an update that changes nothing but the first name returns {}",
                seen.status
            ))
        })?;
        if user.enabled != made.enabled {
            let why = "a user that an update disabled is not enabled again by another";
            return Err(Stop::skip(why));
        }
        let made = self.named(made, &user);
        self.back = Some(user);
        Ok(made)
    }

    /// The shared user with the first name that it has now.
    fn named(&mut self, mut made: Made, now: &Shown) -> Made {
        let name = now.text("FirstName").unwrap_or_default();
        made.draft = made.draft.with("FirstName", name);
        self.first_user = Some(made.clone());
        made
    }

    /// The user as the last exchange shows it, if that was a GET of it.
    fn just_shown(&self, made: &Made) -> Option<Shown> {
        let last = self.cx.log.exchanges.last()?;
        let is_get =
            last.request.method == "GET" && last.request.path == self.cx.user_path(&made.key);
        let answer = last.outcome.as_ref().ok().filter(|_| is_get)?;
        Seen::of(answer).user()
    }

    /// True if the last change was an update that gave the user the first name that it has now.
    fn was_just_updated(&self, made: &Made, now: &Shown) -> bool {
        let mut changes = self.cx.log.exchanges.iter().rev();
        let Some(last) = changes.find(|one| one.request.method != "GET") else {
            return false;
        };
        let name = now.text("FirstName").unwrap_or_default();
        let body = String::from_utf8_lossy(&last.request.body);
        let accepted = |answer: &Response| Seen::of(answer).is_success();
        last.request.path == self.cx.user_path(&made.key)
            && last.outcome.as_ref().is_ok_and(accepted)
            && !name.is_empty()
            && body.contains(&name)
    }

    /// An update that gives the user another first name too. Once GET shows that name, it shows
    /// everything else that the update did. The inner error is the answer of a target that did not
    /// take it.
    pub(super) async fn update(
        &mut self,
        made: &Made,
        draft: &Draft,
        format: Format,
    ) -> Result<Result<(Seen, Shown), Seen>, Stop> {
        let name = self.first_name();
        let draft = draft.clone().with("FirstName", name.as_str());
        let seen = self.put(&made.key, &draft, format).await?;
        self.shown(&[&made.key], &name, seen).await
    }

    /// The user with that first name, after an update that was answered so.
    pub(super) async fn shown(
        &mut self,
        keys: &[&str],
        name: &str,
        seen: Seen,
    ) -> Result<Result<(Seen, Shown), Seen>, Stop> {
        if !seen.is_success() {
            return Ok(Err(seen));
        }
        let found = self.settled(async |probe: &mut Self| {
            for key in keys {
                let user = probe.get_user(key).await?.user();
                let shown = user.filter(|user| user.text("FirstName").as_deref() == Some(name));
                if shown.is_some() {
                    return Ok(shown);
                }
            }
            Ok(None)
        });
        match found.await? {
            Some(user) => {
                self.bracket = self.sent();
                Ok(Ok((seen, user)))
            }
            None => Err(Stop::Skip(format!(
                "an update returns {}, and within {:.1} s GET does not show what it changed; --settle waits longer",
                seen.status,
                self.cx.run.limits().settle.as_secs_f64()
            ))),
        }
    }

    /// PUT of a user, in that format.
    pub(super) async fn put(
        &mut self,
        key: &str,
        draft: &Draft,
        format: Format,
    ) -> Result<Seen, Stop> {
        self.twice_if_500(async |cx| cx.put(key, draft, format).await)
            .await
    }

    /// Sends what has the same effect however often it is sent.
    pub(super) async fn steadily(&mut self, ask: Ask) -> Result<Seen, Stop> {
        self.twice_if_500(async |cx| cx.send(ask.clone()).await)
            .await
    }

    /// Repeats a request after a 500. A second 500 is not a failure of the target, but its response
    /// to that request.
    async fn twice_if_500(
        &mut self,
        send: impl AsyncFn(&mut Context) -> Result<Reply, Stop>,
    ) -> Result<Seen, Stop> {
        let first = send(&mut self.cx).await;
        let seen = self.or_500(first)?;
        if seen.status != 500 {
            return Ok(seen);
        }
        let again = send(&mut self.cx).await;
        match self.or_500(again)? {
            seen if seen.status == 500 => Ok(seen),
            seen => Err(Stop::Inconclusive(format!(
                "the same request returned 500, and then {}",
                seen.status
            ))),
        }
    }

    /// An answer, a 500 among them.
    fn or_500(&self, result: Result<Reply, Stop>) -> Result<Seen, Stop> {
        // A GET was the question before the change, which was not sent.
        let mut last = self.cx.log.exchanges.last().into_iter();
        let last = last.find(|last| last.request.method != "GET");
        match (result, last.map(|last| &last.outcome)) {
            (Ok(reply), _) => Ok(Seen::of(&reply.response)),
            (Err(_), Some(Ok(answer))) if answer.status == 500 => Ok(Seen::of(answer)),
            (Err(stop), _) => Err(stop),
        }
    }
}

pub(super) fn made(key: String, draft: &Draft) -> Made {
    Made {
        key,
        draft: draft.clone(),
        enabled: true,
        passwords: vec![draft.text("Password").to_owned()],
        doubted: false,
    }
}
