//! The responses of the server.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    ACCOUNT, LOGIN,
    bodies::{self, Fields},
    modes::{Creates, Deletes, Ids, Location, Modes, Names, Pages},
    request::{self, Place, Refusal, asks_json, encoded, login, place, root, sends_json},
    store::{Card, Store, User},
};
use crate::support::http::{Answer, Request};

const ROLES: [(&str, &str); 2] = [("r1", "Admin"), ("r2", "ReadOnly")];

type Answered = Result<Answer, Refusal>;

pub(super) struct Api {
    modes: Modes,
    store: Arc<Mutex<Store>>,
}

impl Api {
    pub(super) fn new(modes: Modes, store: Arc<Mutex<Store>>) -> Self {
        Self { modes, store }
    }

    pub(super) fn answer(&self, request: &Request) -> Answer {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let exchange = Exchange {
            modes: &self.modes,
            request,
            json: asks_json(request),
        };
        let mut answer = match exchange.handle(&mut store) {
            Ok(answer) => answer,
            Err(refusal) => exchange.refuse(&refusal),
        };
        let line = format!("{} {}", request.method(), request.path());
        store.log.push(format!("{line} {}", answer.status()));
        if self.modes.echo {
            let login = request.headers().get("authorization").to_owned();
            answer.headers_mut().add("X-Echo", &login);
        }
        match request.method() {
            "HEAD" => answer.without_body(),
            _ => answer,
        }
    }
}

struct Exchange<'a> {
    modes: &'a Modes,
    request: &'a Request,
    json: bool,
}

impl Exchange<'_> {
    fn handle(&self, store: &mut Store) -> Answered {
        self.log_in(store)?;
        let (account, place) = place(self.request)?;
        if account != ACCOUNT {
            return Err(Refusal(403, 1001, root(self.request)));
        }
        let allowed = place.methods();
        let method = self.request.method();
        if !allowed.split(", ").any(|one| one == method) {
            let mut answer = self.refuse(&Refusal(405, 405, root(self.request)));
            answer.headers_mut().add("Allow", allowed);
            return Ok(answer);
        }
        if matches!(method, "GET" | "HEAD") {
            store.count_read();
        }
        match (method, place) {
            ("POST", _) => self.create(store),
            ("PUT", Place::User(key)) => self.update(store, &key),
            ("DELETE", Place::User(key)) => self.delete(store, &key),
            (_, Place::User(key)) => self.read(store, &key),
            (_, Place::Users) => Ok(self.list(store)),
            (_, Place::Roles) => {
                let role = |(id, name): (&str, &str)| json!({"RoleId": id, "RoleName": name});
                let roles: Vec<Value> = ROLES.into_iter().map(role).collect();
                Ok(self.body(200, "RolesResponse", &json!({"Roles": roles})))
            }
        }
    }

    /// The login of the account, or where that is so a user's own.
    fn log_in(&self, store: &Store) -> Result<(), Refusal> {
        let (name, password) = login(self.request)?;
        let is_users = |user: &User, card: &Card| {
            self.modes.user_logins
                && store.seen(user).is_some()
                && card.enabled
                && (&card.username, &card.password) == (&name, &password)
        };
        if (name.as_str(), password.as_str()) == LOGIN || store.find(is_users).is_some() {
            return Ok(());
        }
        Err(Refusal(401, 401, root(self.request)))
    }

    fn body(&self, status: u16, root: &str, value: &Value) -> Answer {
        if self.json {
            let body = bodies::to_json(value, self.modes.keys);
            return Answer::of(status, "application/json", body);
        }
        let of_user = value.get("UserId").is_some();
        let value = if of_user {
            &json!({"User": value})
        } else {
            value
        };
        Answer::of(status, "application/xml", bodies::to_xml(value, root))
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        let Refusal(status, code, root) = refusal;
        let mut description = format!("This was refused with code {code}.");
        if self.modes.echo {
            let sent = String::from_utf8_lossy(self.request.body());
            let login = self.request.headers().get("authorization");
            let encoded = login.split_once(' ').map_or("", |(_, encoded)| encoded);
            let decoded = STANDARD.decode(encoded).unwrap_or_default();
            let decoded = String::from_utf8_lossy(&decoded);
            description = format!("{description} You sent {login} ({decoded}) with {sent}");
        }
        let error = json!({"ErrorCode": code, "Description": description});
        let seen = if self.modes.errors_as_200 {
            200
        } else {
            *status
        };
        let mut answer = self.body(seen, root, &json!({"ResponseStatus": error}));
        if *status == 401 {
            let challenge = "Basic realm=\"Accounts\"";
            answer.headers_mut().add("WWW-Authenticate", challenge);
        }
        answer
    }

    fn user(&self, id: &str, card: &Card, with_email: bool) -> Value {
        let mut user = Map::new();
        let id = match (self.modes.ids, id.parse::<u64>()) {
            (Ids::Number, Ok(number)) if self.json => Value::from(number),
            _ => Value::from(id),
        };
        user.insert("UserId".to_owned(), id);
        for (name, text) in [
            ("Username", &card.username),
            ("FirstName", &card.first_name),
            ("LastName", &card.last_name),
            ("Email", &card.email),
        ] {
            if !text.is_empty() && (with_email || name != "Email") {
                user.insert(name.to_owned(), Value::from(text.as_str()));
            }
        }
        if !card.roles.is_empty() {
            let roles = card.roles.iter().map(|id| {
                let known = ROLES.iter().find(|(known, _)| known == id);
                json!({"RoleId": id, "RoleName": known.map_or("", |(_, name)| name)})
            });
            user.insert("Roles".to_owned(), roles.collect());
        }
        if !card.enabled {
            user.insert("Enabled".to_owned(), Value::from(false));
        }
        if self.modes.echo {
            user.insert("Password".to_owned(), Value::from(card.password.as_str()));
        }
        Value::Object(user)
    }

    fn read(&self, store: &Store, key: &str) -> Answered {
        let users = store.users.iter().rev();
        let mut seen = users.filter_map(|user| Some((user, store.seen(user)?)));
        let found = seen.find(|(user, card)| self.names(key, user, card));
        let (user, card) = found.ok_or_else(no_such_user)?;
        Ok(self.body(200, "UserResponse", &self.user(&user.id, card, true)))
    }

    /// True if that key in a path is that user's.
    fn names(&self, key: &str, user: &User, card: &Card) -> bool {
        user.id == key || (self.modes.by_name && card.username == key)
    }

    fn list(&self, store: &Store) -> Answer {
        let seen = store.users.iter();
        let seen: Vec<Value> = seen
            .filter_map(|user| Some(self.user(&user.id, store.seen(user)?, true)))
            .collect();
        let total = seen.len();
        let (size, by_page) = match self.modes.pages {
            Pages::Whole => (total, false),
            Pages::Capped(size) => (size, false),
            Pages::Linked(size) | Pages::Counted(size) | Pages::Bare(size) => (size, true),
        };
        let query = self
            .request
            .path()
            .split_once('?')
            .map_or("", |(_, query)| query);
        let parameter = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let mut values = pairs.filter(|(known, _)| *known == name && by_page);
            values
                .next()
                .and_then(|(_, value)| value.parse::<usize>().ok())
        };
        // A size above the server's own is brought down to it, as is usual.
        let size = parameter("size")
            .filter(|wanted| *wanted > 0)
            .map_or(size, |wanted| wanted.min(size));
        let page = parameter("page").unwrap_or(1).max(1);
        let shown: Vec<Value> = seen
            .into_iter()
            .skip((page - 1) * size)
            .take(size)
            .collect();
        let mut body = Map::new();
        if matches!(self.modes.pages, Pages::Counted(_)) {
            body.insert("TotalCount".to_owned(), Value::from(total));
        }
        body.insert("Users".to_owned(), Value::Array(shown));
        let mut answer = self.body(200, "UsersResponse", &Value::Object(body));
        if matches!(self.modes.pages, Pages::Linked(_)) && page * size < total {
            let host = self.request.headers().get("host");
            let next = format!(
                "<http://{host}/api/accounts/{ACCOUNT}/users?page={}&size={size}>; rel=\"next\"",
                page + 1
            );
            answer.headers_mut().add("Link", &next);
        }
        answer
    }

    /// The fields of the body, with what is wrong, whatever user they are for.
    fn fields(&self, store: &mut Store) -> Result<Fields, Refusal> {
        // JSON names are taken in any case, so that the suite can speak to every mode.
        let fields = request::fields(self.request)?;
        let fields = bodies::known(fields, sends_json(self.request)).ok_or(wrong(400, 400))?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        store.passwords.extend(text("Password").map(str::to_owned));
        let odd = |value: &Value| {
            value
                .as_str()
                .is_some_and(|text| text.contains(char::is_control))
        };
        if fields.values().any(odd) && !self.modes.control_characters {
            return Err(wrong(400, 400));
        }
        if text("AccountId").is_some_and(|id| id != ACCOUNT) {
            return Err(wrong(400, 12520));
        }
        let characters = |name: &str| text(name).unwrap_or("").chars().count();
        for (name, code) in [("FirstName", 12506), ("LastName", 12508), ("Email", 12625)] {
            if characters(name) > 100 {
                return Err(wrong(400, code));
            }
        }
        if text("Email").is_some_and(|email| !email.is_empty() && !is_email(email)) {
            return Err(wrong(400, 12510));
        }
        Ok(fields)
    }

    fn create(&self, store: &mut Store) -> Answered {
        let fields = self.fields(store)?;
        let card = self.card(store, &fields, None)?;
        let id = store.create(card.clone());
        match self.modes.creates {
            Creates::Work => {}
            Creates::TakeEffectAnd(status) => return Err(wrong(status, 1000)),
            Creates::TakeEffectAndDrop => return Ok(Answer::dropped()),
        }
        let mut answer = self.body(201, "UserResponse", &self.user(&id, &card, false));
        let host = self.request.headers().get("host");
        let path = |key: &str| format!("/api/accounts/{ACCOUNT}/users/{key}");
        let location = match self.modes.location {
            Location::Absent => return Ok(answer),
            Location::Encoded => path(&encoded(&id)),
            Location::Raw => path(&id),
            Location::Absolute => format!("http://{host}{}", path(&encoded(&id))),
            Location::Foreign => {
                format!("http://internal-node-7.example:99{}", path(&encoded(&id)))
            }
        };
        answer.headers_mut().add("Location", &location);
        Ok(answer)
    }

    fn update(&self, store: &mut Store, key: &str) -> Answered {
        let fields = self.fields(store)?;
        let at = store.find(|user, card| self.names(key, user, card));
        let at = at.ok_or_else(no_such_user)?;
        let id = store.users[at].id.clone();
        let said = fields.get("UserId").map(|said| match said {
            Value::Number(number) => number.to_string(),
            other => other.as_str().unwrap_or("").to_owned(),
        });
        if said.is_some_and(|said| said != id) {
            return Err(wrong(400, 12688));
        }
        let card = self.card(store, &fields, Some(at))?;
        let by = format!("PUT {}", self.request.path());
        store.change(at, Some(card.clone()), &by);
        Ok(self.body(200, "UserResponse", &self.user(&id, &card, true)))
    }

    /// The user that the fields make: of a create, or instead of the one that is there.
    fn card(&self, store: &Store, fields: &Fields, at: Option<usize>) -> Result<Card, Refusal> {
        let before = at.and_then(|at| store.users[at].now());
        let text = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(400, 400)),
        };
        let email = text("Email")?;
        let username = self.username(store, text("Username")?, email.as_deref(), before)?;
        if store
            .find(|user, card| {
                card.username == username && at.is_none_or(|at| store.users[at].id != user.id)
            })
            .is_some()
        {
            return Err(wrong(409, 12001));
        }
        let password = text("Password")?.filter(|password| !password.is_empty());
        let (first_name, last_name) = (text("FirstName")?, text("LastName")?);
        if before.is_none() {
            for (value, code) in [
                (&first_name, 12505),
                (&last_name, 12507),
                (&email, 12509),
                (&password, 12503),
            ] {
                if value.as_ref().is_none_or(|value| value.trim().is_empty()) {
                    return Err(wrong(400, code));
                }
            }
        }
        let card = Card {
            username,
            first_name: first_name.unwrap_or_default(),
            last_name: last_name.unwrap_or_default(),
            email: email
                .filter(|_| self.modes.names != Names::Anonymous)
                .unwrap_or_default(),
            password: password
                .clone()
                .or(before.map(|card| card.password.clone()))
                .unwrap_or_default(),
            roles: match fields.get("Roles") {
                Some(field) => bodies::roles(field).ok_or(wrong(400, 400))?,
                None => Vec::new(),
            },
            enabled: match fields.get("Enabled") {
                None | Some(Value::Null) => true,
                Some(Value::Bool(flag)) => *flag,
                Some(Value::String(text)) if text == "true" => true,
                Some(Value::String(text)) if text == "false" => false,
                Some(_) => return Err(wrong(400, 400)),
            },
        };
        if password.is_some_and(|password| is_weak(&password, &card)) {
            return Err(wrong(400, 1019));
        }
        let known = |id: &String| ROLES.iter().any(|(known, _)| known == id);
        if !card.roles.iter().all(known) {
            return Err(wrong(400, 12084));
        }
        Ok(card)
    }

    /// The stored username.
    fn username(
        &self,
        store: &Store,
        sent: Option<String>,
        email: Option<&str>,
        before: Option<&Card>,
    ) -> Result<String, Refusal> {
        let email = email.unwrap_or("");
        let sent = match (self.modes.names, sent, before) {
            (_, None, Some(card)) => return Ok(card.username.clone()),
            (Names::Derived, _, _) if !email.is_empty() => return Ok(email.to_owned()),
            (Names::DerivedIfAbsent, None, None) if !email.is_empty() => {
                return Ok(email.to_owned());
            }
            (_, sent, _) => sent.unwrap_or_default(),
        };
        let name = match self.modes.names {
            Names::Trimmed => sent.trim().to_owned(),
            Names::Cut(length) => sent.chars().take(length).collect(),
            Names::Upper => sent.to_uppercase(),
            _ => sent,
        };
        if name.is_empty() {
            return Err(wrong(400, 12501));
        }
        if name.chars().count() > 100 {
            return Err(wrong(400, 12500));
        }
        let allowed =
            |character: char| character.is_ascii_alphanumeric() || "@._-".contains(character);
        if !name.chars().all(allowed) {
            return Err(wrong(400, 12502));
        }
        if matches!(self.modes.names, Names::Renamed | Names::Anonymous) && before.is_none() {
            return Ok(format!("member-{}", store.users.len()));
        }
        Ok(name)
    }

    fn delete(&self, store: &mut Store, key: &str) -> Answered {
        let at = store.find(|user, card| self.names(key, user, card));
        let at = at.ok_or_else(no_such_user)?;
        let by = format!("DELETE {}", self.request.path());
        match self.modes.deletes {
            Deletes::Fail(status) => return Err(wrong(status, 1000)),
            Deletes::Lie => {}
            Deletes::Deactivate => {
                let mut card = store.users[at].now().cloned();
                if let Some(card) = &mut card {
                    card.enabled = false;
                }
                store.change(at, card, &by);
            }
            Deletes::Work => store.change(at, None, &by),
            Deletes::TakeEffectAndDrop => {
                store.change(at, None, &by);
                return Ok(Answer::dropped());
            }
        }
        Ok(self.body(200, "UserResponse", &json!({})))
    }
}

fn wrong(status: u16, code: u32) -> Refusal {
    Refusal(status, code, "UserResponse")
}

fn no_such_user() -> Refusal {
    wrong(404, 12000)
}

fn is_email(text: &str) -> bool {
    let (local, domain) = text.split_once('@').unwrap_or_default();
    let plain = |part: &str| !part.is_empty() && !part.contains(['@', ' ']);
    plain(local) && plain(domain) && domain.contains('.')
}

/// Between 8 and 128 characters of four classes, and nothing of the user in it.
fn is_weak(password: &str, card: &Card) -> bool {
    let has = |class: fn(char) -> bool| password.chars().any(class);
    let classes = has(char::is_lowercase)
        && has(char::is_uppercase)
        && has(|one| one.is_ascii_digit())
        && has(|one| !one.is_alphanumeric());
    let low = password.to_lowercase();
    let own = [
        &card.username,
        &card.first_name,
        &card.last_name,
        &card.email,
    ];
    let holds_own = own
        .into_iter()
        .any(|own| own.chars().count() > 2 && low.contains(&own.to_lowercase()));
    !(8..=128).contains(&password.chars().count()) || !classes || holds_own
}
