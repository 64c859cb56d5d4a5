//! What a case works with: it sends requests through here and gets replies that it can question.

use std::{any::Any, mem, sync::Arc, time::Duration};

use bandwidth_fixtures::{
    Profile, Secret,
    profile::{CreateStatus, IdStyle, JsonSupport, Telephone, UserKey},
};

use crate::{
    cleanup::{Shown, shown},
    exchange::{Log, Purpose},
    ledger::UNDER_WAY,
    outcome::Stop,
    password,
    politeness::only_reads,
    reply::Reply,
    run::{Halt, Run},
    safety::Writes,
    target::BASE,
    transport::{Request, Response, TransportError},
    wire::{Draft, EMAIL, Format, Role, RoleRef, Value},
};

/// Who a request says it is from.
#[derive(Clone)]
enum Login {
    /// The run's login.
    Account,
    /// Anything else, `None` for no Authorization header at all.
    Other(Option<String>),
}

/// A request in the making. Unless told otherwise it comes from the run's login and asks for no
/// format.
#[must_use = "a request does nothing until it is sent"]
#[derive(Clone)]
pub struct Ask {
    request: Request,
    login: Login,
    format: Format,
    creates: Option<String>,
}

impl Ask {
    /// Asks for a format, and expects the answer in it.
    pub fn accept(self, format: Format) -> Self {
        self.accepting(format.media_type(), format)
    }

    /// With an Accept header as written, and the format that it should lead to.
    pub fn accepting(mut self, accept: &str, expected: Format) -> Self {
        self.request = self.request.header("Accept", accept);
        self.format = expected;
        self
    }

    /// Over raw TCP, so that no header is added: without [`Ask::accept`], none asks for a format.
    pub fn raw(mut self) -> Self {
        self.request = self.request.raw();
        self
    }

    /// With a body and its Content-Type.
    pub fn typed(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.header("Content-Type", content_type).body(body);
        self
    }

    /// With a body in that format.
    pub fn body(self, format: Format, body: impl Into<Vec<u8>>) -> Self {
        self.typed(format.media_type(), body)
    }

    /// With a body that no header says anything about.
    pub fn untyped(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.raw().body(body);
        self
    }

    /// With an Authorization header as written, or none.
    pub fn authorization(mut self, value: Option<&str>) -> Self {
        self.login = Login::Other(value.map(str::to_owned));
        self
    }

    /// From another login.
    pub fn login(self, username: &str, password: &str) -> Self {
        self.authorization(Some(&Run::basic(username, password)))
    }

    /// Says that success would create that user.
    pub fn creates(mut self, username: &str) -> Self {
        self.creates = Some(username.to_owned());
        self
    }
}

/// Whether a body could be about a user of some name.
fn names_a_user(body: &[u8]) -> bool {
    let name = b"username";
    body.windows(name.len())
        .any(|window| window.eq_ignore_ascii_case(name))
}

/// How long after an answer that does not tell what came of a create the list does. A gateway may
/// have given up on a target that goes on.
fn tells_after(status: u16) -> Duration {
    match status {
        502 | 504 => UNDER_WAY,
        _ => Duration::ZERO,
    }
}

fn not_written(error: &std::io::Error) -> Stop {
    Stop::Error(format!(
        "the ledger cannot be written, so nothing was sent: {error}"
    ))
}

/// A user that a case created.
#[derive(Clone)]
pub struct Created {
    /// What names it in paths.
    pub key: String,
    /// What it was created from, its password among it.
    pub draft: Draft,
    /// The answer to the create.
    pub reply: Reply,
}

impl Created {
    /// Its username.
    pub fn username(&self) -> &str {
        self.draft.text("Username")
    }

    /// Its password.
    pub fn password(&self) -> &str {
        self.draft.text("Password")
    }

    /// The body of an update that changes nothing and leaves the password out.
    pub fn update(&self) -> Draft {
        self.draft.clone().without("Password")
    }
}

/// What a case works with.
pub struct Context {
    pub(crate) run: Arc<Run>,
    /// What is expected of the target; a probe changes it as it learns.
    pub(crate) profile: Profile,
    /// What was seen on the way.
    pub(crate) facts: Vec<String>,
    /// Every exchange of the case.
    pub(crate) log: Log,
    /// The emulator, when it is the case's own.
    _server: Option<Box<dyn Any>>,
}

impl Context {
    /// For one case of `run`.
    pub fn new(run: Arc<Run>) -> Self {
        Self {
            profile: *run.profile(),
            run,
            facts: Vec::new(),
            log: Log::default(),
            _server: None,
        }
    }

    /// The same work against an emulator of the case's own, with faults; `None` where cases have no
    /// emulators of their own.
    #[cfg(feature = "embedded")]
    pub fn private(&self, faults: &[&str]) -> Result<Option<Self>, Stop> {
        use crate::{run::GoldenMode, target::embedded::Embedded};

        if self.run.goldens != GoldenMode::Exact {
            return Ok(None);
        }
        let server = Embedded::for_suite(self.run.expected.clone(), faults).map_err(Stop::Error)?;
        let (address, way) = self.run.way_to(server.address());
        let run = Arc::new(self.run.beside(address));
        Ok(Some(Self {
            _server: Some(Box::new((server, way))),
            ..Self::new(run)
        }))
    }

    /// The same work against an emulator of the case's own: this build has none.
    #[cfg(not(feature = "embedded"))]
    pub fn private(&self, _: &[&str]) -> Result<Option<Self>, Stop> {
        Ok(None)
    }

    /// Ends work that was done elsewhere, and keeps its evidence with this case's.
    pub async fn take_over(&mut self, mut other: Self) {
        other.run.clean_up(&mut other.log).await;
        self.run.count_elsewhere(other.run.requests());
        self.log.exchanges.append(&mut other.log.exchanges);
        self.log.repeated_an_effect |= other.log.repeated_an_effect;
    }

    /// How many answers of the case were 429.
    pub fn times_limited(&self) -> usize {
        let answers = self
            .log
            .exchanges
            .iter()
            .filter_map(|one| one.outcome.as_ref().ok());
        answers.filter(|answer| answer.status == 429).count()
    }

    /// The expected options.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The formats that the expected profile has.
    pub fn formats(&self) -> Vec<Format> {
        match self.profile().format_json {
            JsonSupport::Negotiated => vec![Format::Xml, Format::Json],
            JsonSupport::Never => vec![Format::Xml],
        }
    }

    /// The format of answers to requests that ask for none.
    pub fn default_format(&self) -> Format {
        Format::default_of(&self.profile)
    }

    /// Writes down something that was seen.
    pub fn observe(&mut self, fact: impl Into<String>) {
        self.facts.push(fact.into());
    }

    /// Says that the case does not apply.
    pub fn skip(reason: &str) -> Stop {
        Stop::Skip(reason.to_owned())
    }

    /// The path of the account's users.
    pub fn users_path(&self) -> String {
        self.run.users_path()
    }

    /// The path of a user.
    pub fn user_path(&self, key: &str) -> String {
        format!("{}/{key}", self.users_path())
    }

    /// The path of the account's roles.
    pub fn roles_path(&self) -> String {
        let account = &self.run.credentials.account_id;
        format!("{BASE}/accounts/{account}/roles")
    }

    /// The name and password of the run's own login. For cases that need a Basic login.
    pub fn basic_login(&self) -> (String, Secret) {
        let (name, password) = self.run.credentials.basic().unwrap_or_default();
        (name.to_owned(), Secret::new(password))
    }

    /// A key that no user has, of the form that keys have.
    pub fn absent_key(&self) -> String {
        let profile = self.profile();
        if profile.naming_user_key == UserKey::Username {
            return self.run.fresh_username();
        }
        match profile.user_id_style {
            IdStyle::Prefixed => "u4000000000".to_owned(),
            IdStyle::Numeric => "4000000000".to_owned(),
            IdStyle::Uuid => "0b1f9a5e-0000-4000-8000-000000000000".to_owned(),
        }
    }

    /// What a new user needs, with a name and a password of its own.
    pub fn draft(&self) -> Draft {
        let username = self.run.fresh_username();
        let mut draft = Draft::default()
            .with("Username", username.as_str())
            .with("FirstName", "Casey")
            .with("LastName", "Nimble")
            .with(EMAIL, format!("{username}@example.com"))
            .with("Password", self.strong_password());
        if self.profile().user_telephone == Telephone::TenDigitsRequired {
            draft = draft.with("TelephoneNumber", "9195550100");
        }
        self.remember(&draft);
        draft
    }

    /// A password that breaks no rule. It will not be printed.
    pub fn strong_password(&self) -> String {
        let password = password::strong(&self.profile);
        self.run.redactor.add(&password);
        password
    }

    /// A request.
    pub fn ask(&self, method: &str, path: impl Into<String>) -> Ask {
        Ask {
            request: Request::new(method, path),
            login: Login::Account,
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

    /// Sends a request. A 429 that does not end, a 5xx, a refused login of the run's own, or no
    /// answer at all stop the case as inconclusive.
    pub async fn send(&mut self, ask: Ask) -> Result<Reply, Stop> {
        self.guard(&ask)?;
        if let Some(key) = self.changes_nobody(&ask.request) {
            self.make_sure_of_nobody(&key).await?;
        }
        let Ask {
            mut request,
            login,
            format,
            creates,
        } = ask;
        let own_login = matches!(login, Login::Account);
        let line = format!("{} {}", request.method, request.path);
        let halted = |halt: Halt| Stop::Inconclusive(format!("{line}: {halt}"));
        let authorization = match login {
            Login::Account => Some(self.run.authorization().await.map_err(halted)?),
            Login::Other(value) => value,
        };
        if let Some(value) = authorization {
            request = request.header("Authorization", value);
        }
        if let Some(username) = &creates {
            self.run.count_user().map_err(halted)?;
            let written = self.run.ledger().sent(username);
            written.map_err(|error| not_written(&error))?;
        }
        let first = self.log.exchanges.len();
        let repeated_before = mem::take(&mut self.log.repeated_an_effect);
        let sending = self.run.send(&request, Purpose::Case, &mut self.log);
        let outcome = sending.await;
        let repeated = self.log.repeated_an_effect;
        self.log.repeated_an_effect |= repeated_before;
        let response = match outcome {
            Ok(response) => response,
            Err(halt) => {
                if let Some(username) = &creates {
                    self.note_halted(username, &halt, first, repeated);
                }
                return Err(halted(halt));
            }
        };
        self.log.repeated_an_effect |= !own_login && self.was_repeated();
        let key = self.keep_books(&request, creates.as_deref(), &response, repeated);
        let reply = Reply::new(Arc::clone(&self.run), line, format, response);
        if let (Some(username), Some(key)) = (&creates, key) {
            self.confirm(username, &key, &reply).await?;
        }
        match reply.status() {
            429 => Err(reply.inconclusive("the target limits the rate of requests")),
            500.. => Err(reply.inconclusive("the target failed")),
            401 if own_login => Err(reply.inconclusive("the run's own login was refused")),
            _ => Ok(reply),
        }
    }

    /// A name that an update gives goes to the ledger before it goes to the target.
    pub fn note_rename(&self, username: &str) -> Result<(), Stop> {
        let mut ledger = self.run.ledger();
        if ledger.names(username) {
            return Ok(());
        }
        ledger.named(username).map_err(|error| not_written(&error))
    }

    /// Whether the last request had to be sent more than once.
    fn was_repeated(&self) -> bool {
        let earlier = self.log.exchanges.iter().rev().nth(1);
        earlier.is_some_and(|exchange| exchange.repeated.is_some())
    }

    /// Nothing is written where that is not allowed, and nothing is changed that this run did not
    /// create.
    fn guard(&self, ask: &Ask) -> Result<(), Stop> {
        let Request { method, path, .. } = &ask.request;
        if only_reads(&ask.request) {
            return Ok(());
        }
        if let Writes::Refused(reason) = self.run.limits.writes {
            return Err(Self::skip(reason));
        }
        let refuse = |what: &str| Err(Stop::Error(format!("{method} {path} is not sent: {what}")));
        let Some((_, rest)) = path.split_once("/users") else {
            return Ok(());
        };
        match (method.as_str(), rest) {
            ("POST", "") => match &ask.creates {
                Some(name) if name.to_ascii_lowercase().starts_with(&self.run.prefix) => Ok(()),
                None if !names_a_user(&ask.request.body) => Ok(()),
                _ => refuse("it could create a user without a name of this run"),
            },
            ("PUT" | "DELETE", _) => {
                let key = rest.trim_start_matches('/').split('/').next().unwrap_or("");
                let own = key.to_ascii_lowercase().starts_with(&self.run.prefix)
                    || key == self.absent_key()
                    || self.run.ledger().owns(key);
                if own {
                    Ok(())
                } else {
                    refuse("that user is not of this run")
                }
            }
            _ => Ok(()),
        }
    }

    /// The key that no user should have, when a request would change whoever has it.
    fn changes_nobody(&self, request: &Request) -> Option<String> {
        let absent = self.absent_key();
        let path = self.user_path(&absent);
        let writes = !only_reads(request) && request.path.starts_with(&path);
        (writes && !self.run.is_nobody(&absent)).then_some(absent)
    }

    /// Nothing is sent to change nobody before the target has said once that there is nobody.
    async fn make_sure_of_nobody(&mut self, key: &str) -> Result<(), Stop> {
        let path = self.user_path(key);
        let answer = self.look(&path).await?;
        if !(400..500).contains(&answer.status) {
            return Err(Stop::Error(format!(
                "GET {path} should find nobody and is answered with {}; nothing is sent that would change somebody",
                answer.status
            )));
        }
        self.run.note_nobody(key);
        Ok(())
    }

    /// GET with the run's own login, beside what the case asks.
    async fn look(&mut self, path: &str) -> Result<Response, Stop> {
        let halted = |halt: Halt| Stop::Inconclusive(format!("GET {path}: {halt}"));
        let authorization = self.run.authorization().await.map_err(halted)?;
        let request = Request::new("GET", path)
            .header("Authorization", authorization)
            .header("Accept", self.default_format().media_type());
        let answer = self.run.send(&request, Purpose::Case, &mut self.log).await;
        let answer = answer.map_err(halted)?;
        if answer.status >= 500 || answer.status == 429 {
            return Err(halted(Halt::Answer(answer.status)));
        }
        Ok(answer)
    }

    /// Writes down what is known of a create that was halted, with the exchanges from `first` on.
    /// `repeated` says whether it may have been sent before the last of them.
    fn note_halted(&self, username: &str, halt: &Halt, first: usize, repeated: bool) {
        use TransportError::{Connect, Timeout, Untrusted};

        let mut ledger = self.run.ledger();
        let exchange = self.log.exchanges[first..].last();
        let unconnected = matches!(halt, Halt::Transport(Connect(_) | Untrusted(_)));
        let Some(exchange) = exchange.filter(|_| repeated || !unconnected) else {
            // It was never sent.
            let _ = ledger.refused(username);
            self.run.uncount_user();
            return;
        };
        let wait = match (&exchange.outcome, halt) {
            (Ok(response), _) => tells_after(response.status),
            (_, Halt::Transport(Timeout) | Halt::Ended(_)) => UNDER_WAY,
            // Whoever closes a connection has mostly done with what came over it.
            _ => self.run.limits.backoff.cap,
        };
        ledger.unclear(username, wait);
    }

    /// Writes down what came of a request. Returns the key of a user that it created, unless the
    /// answer itself shows that user. `repeated` says whether the request had to be sent again after
    /// it may have taken effect.
    fn keep_books(
        &self,
        request: &Request,
        creates: Option<&str>,
        response: &Response,
        repeated: bool,
    ) -> Option<String> {
        let succeeded = (200..300).contains(&response.status);
        let mut ledger = self.run.ledger();
        // What cannot be written to the ledger's file is known in this process all the same, and
        // a clean-up from the file looks for the name.
        if request.method == "DELETE" && succeeded {
            let _ = ledger.deleted(request.path.rsplit('/').next().unwrap_or(""));
        }
        let username = creates?;
        if !succeeded {
            match response.status {
                status @ (429 | 500..) => ledger.unclear(username, tells_after(status)),
                // What was sent before may have taken effect, and be the reason of the refusal.
                _ if repeated => ledger.unclear(username, Duration::ZERO),
                _ => {
                    let _ = ledger.refused(username);
                    self.run.uncount_user();
                }
            }
            return None;
        }
        // Without a key that is the user's for certain, the clean-up looks for the name.
        ledger.unclear(username, self.run.limits.backoff.cap);
        let key = self.key_of(username, response)?;
        let shown = shown(&response.body).unwrap_or_default();
        let same = |user: &Shown| user.username == username && user.key() == key;
        if key == username || shown.iter().any(same) {
            let _ = ledger.created(username, &key);
            return None;
        }
        Some(key)
    }

    /// What names a user in paths that was just created.
    pub(crate) fn key_of(&self, username: &str, response: &Response) -> Option<String> {
        let user_key = self.profile.naming_user_key;
        self.run.key_of(username, user_key, response)
    }

    /// Makes sure that the key which the answer to a create names is the new user's: what it names
    /// will be changed and deleted.
    async fn confirm(&mut self, username: &str, key: &str, reply: &Reply) -> Result<(), Stop> {
        let answer = self.look(&self.user_path(key)).await?;
        let found = shown(&answer.body).unwrap_or_default();
        if !found.iter().any(|user| user.username == username) {
            return Err(reply.fail(&format!(
                "the answer names `{key}`, but GET of that (status {}) does not show {username}",
                answer.status
            )));
        }
        let _ = self.run.ledger().created(username, key);
        Ok(())
    }

    /// Lists the users.
    pub async fn list(&mut self, format: Format) -> Result<Reply, Stop> {
        self.send(self.ask("GET", self.users_path()).accept(format))
            .await
    }

    /// Gets a user.
    pub async fn get(&mut self, key: &str, format: Format) -> Result<Reply, Stop> {
        self.send(self.ask("GET", self.user_path(key)).accept(format))
            .await
    }

    /// Tries to create a user.
    pub async fn post(&mut self, draft: &Draft, format: Format) -> Result<Reply, Stop> {
        self.remember(draft);
        self.send(self.ask_create(draft, format)).await
    }

    /// Creates a user; anything but success fails the case.
    pub async fn create(&mut self, draft: Draft, format: Format) -> Result<Created, Stop> {
        let reply = self.post(&draft, format).await?;
        reply.is(self.created_status())?;
        let key = self
            .key_of(draft.text("Username"), &reply.response)
            .ok_or_else(|| {
                reply.fail("the answer names no new user, neither in Location nor in its body")
            })?;
        Ok(Created { key, draft, reply })
    }

    /// Creates a user of no special kind.
    pub async fn new_user(&mut self) -> Result<Created, Stop> {
        self.create(self.draft(), self.default_format()).await
    }

    /// Updates a user.
    pub async fn put(&mut self, key: &str, draft: &Draft, format: Format) -> Result<Reply, Stop> {
        self.remember(draft);
        let name = draft.text("Username");
        if name.starts_with(&self.run.prefix) {
            self.note_rename(name)?;
        }
        let body = draft.body(&self.profile, format);
        let ask = self.ask("PUT", self.user_path(key)).accept(format);
        self.send(ask.body(format, body)).await
    }

    /// Deletes a user.
    pub async fn delete(&mut self, key: &str, format: Format) -> Result<Reply, Stop> {
        self.send(self.ask("DELETE", self.user_path(key)).accept(format))
            .await
    }

    /// The account's roles; skips the case when there are none.
    pub async fn some_roles(&mut self) -> Result<Vec<Role>, Stop> {
        let ask = self
            .ask("GET", self.roles_path())
            .accept(self.default_format());
        let roles = self.send(ask).await?.roles()?;
        if roles.is_empty() {
            return Err(Self::skip("the account has no roles"));
        }
        Ok(roles)
    }

    /// How a request names that role.
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

    /// The status of a successful create.
    pub fn created_status(&self) -> u16 {
        match self.profile().create_status {
            CreateStatus::Created => 201,
            CreateStatus::Ok => 200,
        }
    }

    /// Passwords that are sent are not printed.
    fn remember(&self, draft: &Draft) {
        let password = draft.text("Password");
        self.run
            .redactor
            .add_login(draft.text("Username"), password);
    }
}
