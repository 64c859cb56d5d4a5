//! The interface of a case: it sends requests here, and checks the replies.

use std::{
    any::Any,
    net::SocketAddr,
    sync::Arc,
    time::{Instant, SystemTime},
};

use bandwidth_fixtures::{
    Golden, Profile, Secret,
    golden::Message,
    profile::{AccountIdInBody, AccountSurface, IdStyle, Telephone, UserKey},
};

use super::{
    ask::{Ask, Login},
    created::Created,
    reply::Reply,
    run::{Emulator, Run},
};
use crate::{
    account::{Change, Holder, Refusal},
    dispatch::{Own, SendError, Sent},
    exchange::{Exchange, Log, Purpose},
    limits::{Roles, Surface},
    password,
    target::BASE,
    transport::{Endpoint, Request, Response, raw},
    verdict::Stop,
    wire::{Draft, EMAIL, Format, Role, RoleRef, Value},
};

/// True if a body could be about a user of some name.
fn names_a_user(body: &[u8]) -> bool {
    let name = b"username";
    body.windows(name.len())
        .any(|window| window.eq_ignore_ascii_case(name))
}

/// Why a case stops whose request is not sent.
fn stop_of(line: &str, refusal: Refusal) -> Stop {
    match refusal {
        Refusal::NotAllowed(why) => Stop::Skip(why),
        Refusal::Unknown => Stop::Error(format!(
            "{line} is not sent: its method or its path is unknown to the guard, and so is its effect"
        )),
        Refusal::NotOurs(why) => Stop::Fail(format!("{line} is not sent: {why}")),
        Refusal::Distress(error) => Stop::Inconclusive(format!("{line}: {error}")),
        Refusal::Ledger(error) => Stop::Error(format!(
            "{line} is not sent, because the ledger cannot be written: {error}"
        )),
    }
}

/// A reply, and how it was got.
pub struct Answered {
    /// The reply, with any status.
    pub reply: Reply,
    /// True if an earlier try of the same request may have taken effect.
    pub repeated: bool,
    /// True if it was sent with the run's own login.
    own_login: bool,
    /// Keys that it names, if it answers a create.
    pub(super) keys: Vec<String>,
}

impl Answered {
    /// The reply, if it can be judged: a 429 that does not end, a 5xx and a refused login of the
    /// run's own cannot.
    pub fn judged(self) -> Result<Reply, Stop> {
        let why = match self.reply.status() {
            429 => "the target limits the rate of requests",
            500.. => "the target failed",
            401 if self.own_login => "the run's own login was refused",
            _ => return Ok(self.reply),
        };
        Err(self.reply.inconclusive(why))
    }
}

/// The interface of a case.
pub struct Context {
    pub(crate) run: Arc<Run>,
    /// The expected profile; a probe changes it as it learns.
    pub(crate) profile: Profile,
    /// Observations of the case.
    pub(crate) facts: Vec<String>,
    /// Every exchange of the case.
    pub(crate) log: Log,
    /// True if a response may belong to a repetition of a request that took effect before.
    pub(crate) repeated: bool,
    /// The emulator, when it is the case's own.
    _emulator: Option<Box<dyn Any>>,
}

impl Context {
    /// For one case of `run`.
    pub fn new(run: Arc<Run>) -> Self {
        Self {
            profile: *run.profile(),
            run,
            facts: Vec::new(),
            log: Log::default(),
            repeated: false,
            _emulator: None,
        }
    }

    /// A context for an emulator of the case's own, with faults; `None` if cases have no emulators
    /// of their own.
    pub fn private(&self, faults: &[&str]) -> Result<Option<Self>, Stop> {
        self.private_with(faults, None)
    }

    /// As [`Self::private`], without faults, and with a clock that starts at that time.
    pub fn private_at(&self, clock: SystemTime) -> Result<Option<Self>, Stop> {
        self.private_with(&[], Some(clock))
    }

    fn private_with(
        &self,
        faults: &[&str],
        clock: Option<SystemTime>,
    ) -> Result<Option<Self>, Stop> {
        let Some(emulators) = &self.run.emulators else {
            return Ok(None);
        };
        let emulator = emulators.for_case(&self.run.expected, faults, clock);
        let emulator = emulator.map_err(Stop::Error)?;
        let run = Arc::new(self.run.beside(emulator.address));
        Ok(Some(Self {
            _emulator: Some(emulator.keep),
            ..Self::new(run)
        }))
    }

    /// Ends work that was done elsewhere, and keeps its evidence with this case's. What it created
    /// ends with its emulator.
    pub fn take_over(&mut self, mut other: Self) {
        self.log.exchanges.append(&mut other.log.exchanges);
        self.repeated |= other.repeated;
    }

    /// Number of 429s that the case received.
    pub fn times_limited(&self) -> usize {
        let limited = self.responses().filter(|answer| answer.status == 429);
        limited.count()
    }

    /// The expected options.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The formats that the expected profile has.
    pub fn formats(&self) -> Vec<Format> {
        Format::all_of(&self.profile).to_vec()
    }

    /// The format of responses to requests without `Accept`.
    pub fn default_format(&self) -> Format {
        Format::default_of(&self.profile)
    }

    /// Writes down something that was seen.
    pub fn observe(&mut self, fact: impl Into<String>) {
        self.facts.push(fact.into());
    }

    /// The path of the account's users.
    pub fn users_path(&self) -> String {
        self.run.dispatch().users_path()
    }

    /// The path of a user below the account, whose key is as bodies write it.
    pub fn user_path(&self, key: &str) -> String {
        self.run.account.user_path_on(Surface::Account, key)
    }

    /// The path of the account's roles.
    pub fn roles_path(&self) -> String {
        let account = &self.run.credentials().account_id;
        format!("{BASE}/accounts/{account}/roles")
    }

    /// True if the expected profile serves single users and roles below the account, and not only
    /// the list.
    pub fn has_account_users(&self) -> bool {
        self.profile.surface_account == AccountSurface::Full
    }

    /// Paths that the expected profile serves below the account: the list, and, if it has them, the
    /// user with that key and the roles.
    pub fn account_paths(&self, key: &str) -> Vec<String> {
        let mut paths = vec![self.users_path()];
        if self.has_account_users() {
            paths.extend([self.user_path(key), self.roles_path()]);
        }
        paths
    }

    /// The name and password of the run's own login. For cases that need a Basic login.
    pub fn basic_login(&self) -> (String, Secret) {
        let (name, password) = self.run.credentials().basic().unwrap_or_default();
        (name.to_owned(), Secret::new(password))
    }

    /// The required fields of a new user, with a name and a password of its own.
    pub fn draft(&self) -> Draft {
        let username = self.run.account.fresh_username();
        let mut draft = Draft::default()
            .with("Username", username.as_str())
            .with("FirstName", "Casey")
            .with("LastName", "Nimble")
            .with(EMAIL, self.email(&username))
            .with("Password", self.strong_password());
        if self.profile().user_telephone == Telephone::TenDigitsRequired {
            draft = draft.with("TelephoneNumber", "9195550100");
        }
        if self.profile().user_account_id == AccountIdInBody::Required {
            draft = draft.with("AccountId", self.account_id());
        }
        self.remember(&draft);
        draft
    }

    /// The email of a user of that name.
    pub fn email(&self, username: &str) -> String {
        format!("{username}@{}", self.run.limits().email_domain)
    }

    /// A password that breaks no rule. It will not be printed.
    pub fn strong_password(&self) -> String {
        let password = password::strong(&self.profile);
        self.run.redactor().add(&password);
        password
    }

    /// A request.
    pub fn ask(&self, method: &str, path: impl Into<String>) -> Ask {
        Ask {
            request: Request::new(method, path),
            login: Login::Own(Own::Login),
            format: self.default_format(),
            creates: None,
        }
    }

    /// A create of that user, asking for the format that it is written in.
    pub fn ask_create(&self, draft: &Draft, format: Format) -> Ask {
        let ask = self.ask("POST", self.users_path()).accept(format);
        let ask = ask.body(format, draft.body(&self.profile, format));
        match draft.text("Username") {
            "" => ask,
            username => ask.creates(username),
        }
    }

    /// Sends a request and returns a reply that can be judged.
    pub async fn send(&mut self, ask: Ask) -> Result<Reply, Stop> {
        self.exchange(ask).await?.judged()
    }

    /// Sends a request, and returns its reply with any status. Without a response the case stops as
    /// inconclusive. A request that changes a user is sent only after the target has shown that the
    /// user is the run's.
    pub async fn exchange(&mut self, ask: Ask) -> Result<Answered, Stop> {
        let Ask {
            mut request,
            login,
            format,
            creates,
        } = ask;
        let path = request.path.clone();
        let line = format!("{} {path}", request.method);
        let halted = |error: SendError| Stop::Inconclusive(format!("{line}: {error}"));
        let username = creates.unwrap_or_default();
        let change = self.change_of(&request)?;
        let run = Arc::clone(&self.run);
        let admitted = run.account.admit(&change, &username, &mut self.log).await;
        let create = admitted.map_err(|refusal| stop_of(&line, refusal))?;
        let own_login = matches!(login, Login::Own(_));
        let before = self.log.exchanges.len();
        let (dispatch, log) = (run.dispatch(), &mut self.log);
        let sent = match login {
            Login::Own(own) => dispatch.send_own(own, request, Purpose::Case, log).await,
            Login::Other(value) => {
                if let Some(value) = value {
                    request = request.header("Authorization", value);
                }
                dispatch.send(&request, Purpose::Case, log).await
            }
        };
        let keys = create.map_or_else(Vec::new, |create| {
            run.account.note_create(create, &username, &path, &sent)
        });
        if change != Change::None && sent.delivered {
            self.note_change(&change).await;
        }
        let Sent {
            outcome, repeated, ..
        } = sent;
        let tries = self.log.exchanges.len() - before;
        self.repeated |= (repeated && change != Change::None) || (!own_login && tries > 1);
        let response = outcome.map_err(halted)?;
        let redactor = Arc::clone(run.redactor());
        Ok(Answered {
            reply: Reply::new(*run.profile(), redactor, line, format, response),
            repeated,
            own_login,
            keys,
        })
    }

    /// Classifies a request by its effect. A create must use a username of this run.
    fn change_of(&self, request: &Request) -> Result<Change, Stop> {
        let Request {
            method, path, body, ..
        } = request;
        let credentials = self.run.credentials();
        let change = Change::of(method, path, &credentials.account_id, &credentials.domain);
        let prefix = self.run.account.prefix.as_bytes();
        let ours = body
            .windows(prefix.len())
            .any(|window| window.eq_ignore_ascii_case(prefix));
        if change == Change::Create && names_a_user(body) && !ours {
            return Err(Stop::Error(format!(
                "{method} {path} is not sent: it could create a user without a name of this run"
            )));
        }
        if matches!(change, Change::CreateAt { .. }) && self.names_another(body) {
            return Err(Stop::Error(format!(
                "{method} {path} is not sent: its body names a user without a name of this run"
            )));
        }
        Ok(change)
    }

    /// A change was sent: a target that was seen to lag is given time to show it.
    async fn note_change(&mut self, change: &Change) {
        if let Change::Update { key, .. } = change {
            let mut first = self.run.first();
            let names = |user: &Created| user.key == *key;
            first.changed |= first.user.as_ref().is_some_and(names)
                || first
                    .domain_user
                    .as_ref()
                    .is_some_and(|user| user.key == *key);
        }
        let lag = self.run.account.lag();
        self.run.dispatch().sleep(lag.saturating_mul(2)).await;
    }

    /// Lists the users.
    pub async fn list(&mut self, format: Format) -> Result<Reply, Stop> {
        self.read(&self.users_path(), format).await
    }

    /// Lists the roles.
    pub async fn roles(&mut self, format: Format) -> Result<Reply, Stop> {
        self.read(&self.roles_path(), format).await
    }

    /// Gets what has that path.
    pub async fn read(&mut self, path: &str, format: Format) -> Result<Reply, Stop> {
        self.send(self.ask("GET", path).accept(format)).await
    }

    /// Gets a user.
    pub async fn get(&mut self, key: &str, format: Format) -> Result<Reply, Stop> {
        self.read(&self.user_path(key), format).await
    }

    /// Tries to create a user.
    pub async fn post(&mut self, draft: &Draft, format: Format) -> Result<Reply, Stop> {
        self.remember(draft);
        self.send(self.ask_create(draft, format)).await
    }

    /// Creates a user; anything but success fails the case.
    pub async fn create(&mut self, draft: Draft, format: Format) -> Result<Created, Stop> {
        self.remember(&draft);
        let ask = self.ask_create(&draft, format);
        let (reply, key) = self.try_create(&draft, ask).await?;
        reply.created()?;
        let key = key.ok_or_else(|| {
            reply.fail("the answer names no new user, neither in Location nor in its body")
        })?;
        Ok(Created { key, draft, reply })
    }

    /// Sends a create of `draft`. Returns the reply and, after a success, the new user's key in
    /// paths, if the reply has it.
    pub async fn try_create(
        &mut self,
        draft: &Draft,
        ask: Ask,
    ) -> Result<(Reply, Option<String>), Stop> {
        let answered = self.exchange(ask).await?;
        let keys = answered.keys.clone();
        let reply = answered.judged()?;
        let key = self.key_among(&keys, draft.text("Username")).await?;
        Ok((reply, key))
    }

    /// Finds the key of a new user among those in the response to its create.
    async fn key_among(&mut self, keys: &[String], username: &str) -> Result<Option<String>, Stop> {
        if self.profile.naming_user_key == UserKey::Username {
            return Ok(keys.first().map(|_| username.to_owned()));
        }
        if let [only] = keys {
            return Ok(Some(only.clone()));
        }
        for key in keys {
            let path = self.user_path(key);
            let account = &self.run.account;
            let holder = account.holder(key, Purpose::Check, &mut self.log);
            match holder.await {
                Ok(Holder::Ours(_)) => return Ok(Some(key.clone())),
                Ok(_) => {}
                Err(error) => return Err(Stop::Inconclusive(format!("GET {path}: {error}"))),
            }
        }
        Ok(None)
    }

    /// Creates a user of no special kind.
    pub async fn new_user(&mut self) -> Result<Created, Stop> {
        self.create(self.draft(), self.default_format()).await
    }

    /// Updates a user.
    pub async fn put(&mut self, key: &str, draft: &Draft, format: Format) -> Result<Reply, Stop> {
        self.remember(draft);
        let body = draft.body(&self.profile, format);
        let ask = self.ask("PUT", self.user_path(key)).accept(format);
        let name = draft.text("Username");
        let reply = self.send(ask.body(format, body).creates(name)).await?;
        if (200..300).contains(&reply.status()) && !name.is_empty() && name != key {
            self.run.account.note_rename(key, name);
        }
        if let Some(password) = draft.given("Password").filter(|_| reply.updated().is_ok()) {
            self.note_password(key, password);
        }
        Ok(reply)
    }

    /// Deletes a user.
    pub async fn delete(&mut self, key: &str, format: Format) -> Result<Reply, Stop> {
        self.send(self.ask("DELETE", self.user_path(key)).accept(format))
            .await
    }

    /// The account's roles; skips the case when there are none.
    pub async fn some_roles(&mut self) -> Result<Vec<Role>, Stop> {
        let roles = self.roles(self.default_format()).await?.roles()?;
        if roles.is_empty() {
            return Err(Stop::skip("the account has no roles"));
        }
        Ok(roles)
    }

    /// The role that users of the run may get; skips the case where there is none.
    pub async fn role(&mut self) -> Result<Role, Stop> {
        let allowed = self.run.limits().roles.clone();
        if allowed == Roles::Withheld {
            return Err(Stop::skip("roles of users need --role ID"));
        }
        let mut roles = self.some_roles().await?.into_iter();
        match allowed {
            Roles::Only(name) => roles
                .find(|role| role.is_called(&name))
                .ok_or_else(|| Stop::skip(&format!("the account has no role `{name}` (--role)"))),
            _ => Ok(roles.next().unwrap_or_default()),
        }
    }

    /// A key that the target reports as unused, in the form of its keys.
    pub async fn unused_key(&mut self) -> Result<String, Stop> {
        let like = match (self.profile.naming_user_key, self.profile.user_id_style) {
            (UserKey::Username, _) => return Ok(self.fresh_username()),
            (_, IdStyle::Prefixed) => "u1",
            (_, IdStyle::Numeric) => "1",
            (_, IdStyle::Uuid) => "0b1f9a5e-0000-4000-8000-000000000000",
        };
        let absent = self.run.account.absent_key(like, &mut self.log);
        absent.await?.ok_or_else(|| {
            Stop::inconclusive(
                "two random keys get different responses, so a missing user cannot be recognized",
            )
        })
    }

    /// An unused username.
    pub fn fresh_username(&self) -> String {
        self.run.account.fresh_username()
    }

    pub fn account_id(&self) -> &str {
        &self.run.credentials().account_id
    }

    /// Refers to that role in a request.
    pub fn role_ref(role: &Role) -> RoleRef {
        match (&role.id, &role.name) {
            (Some(id), _) => RoleRef::Plain(id.clone()),
            (None, name) => RoleRef::Object("RoleName", name.clone().unwrap_or_default()),
        }
    }

    /// A draft's field that holds that role alone.
    pub fn role_value(role: &Role) -> Value {
        Value::Roles(vec![Self::role_ref(role)])
    }

    /// Writes that draft as a body in that format, with the names of the expected profile.
    pub fn body(&self, draft: &Draft, format: Format) -> String {
        draft.body(&self.profile, format)
    }

    /// A request for the list of users with another login.
    pub fn list_as(&self, username: &str, password: &str) -> Ask {
        self.ask("GET", self.users_path()).login(username, password)
    }

    /// The account that the login may not touch, where one is known.
    pub fn second_account_id(&self) -> Option<&str> {
        self.run.credentials().second_account_id.as_deref()
    }

    /// Scheme, host and port of the target.
    pub fn origin(&self) -> String {
        self.run.dispatch().endpoint.target.origin()
    }

    /// The domain of emails of created users.
    pub fn email_domain(&self) -> &str {
        &self.run.limits().email_domain
    }

    /// The name of the expected profile.
    pub fn profile_name(&self) -> &str {
        self.run.expected.name()
    }

    /// Every answer of the case until now.
    pub fn responses(&self) -> impl Iterator<Item = &Response> {
        let exchanges = self.log.exchanges.iter();
        exchanges.filter_map(|one| one.outcome.as_ref().ok())
    }

    /// A password that will not be printed, and not as a login of that name.
    pub fn keep_secret(&self, username: &str, password: &str) {
        self.run.redactor().add_login(username, password);
    }

    /// An emulator of the case's own for that golden; `None` if cases have none.
    pub fn emulator_of(&self, golden: &Golden) -> Result<Option<Emulator>, Stop> {
        let emulators = self.run.emulators.as_ref();
        emulators
            .map(|emulators| emulators.for_golden(golden))
            .transpose()
            .map_err(Stop::Error)
    }

    /// Sends a message as it is to an emulator of the case's own.
    pub async fn send_as_is(
        &mut self,
        emulator: SocketAddr,
        message: &Message,
    ) -> Result<Response, Stop> {
        let endpoint = Endpoint::local(emulator);
        let (method, path) = message.method_and_path();
        let times = (self.run.dispatch().started, Instant::now());
        let timeout = self.run.limits().timeout;
        let outcome = raw::send(&endpoint, method, &message.to_bytes(), timeout).await;
        let mut request = Request::new(method, path).raw().body(message.body.as_str());
        request.headers.clone_from(&message.headers);
        let origin = endpoint.target.origin();
        let exchange = Exchange::new(Purpose::Case, origin, times, request, &outcome);
        self.log.exchanges.push(exchange);
        outcome.map_err(|error| Stop::Inconclusive(format!("{}: {error}", message.start)))
    }

    /// Passwords that are sent are not printed.
    pub(super) fn remember(&self, draft: &Draft) {
        let password = draft.text("Password");
        self.run
            .redactor()
            .add_login(draft.text("Username"), password);
    }
}
