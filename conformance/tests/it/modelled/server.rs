//! A server of the users below an account. Who is there and what is wrong with a request is what the
//! model of `bandwidth-conformance fuzz` says under any profile. What the model does not decide is as
//! in profile `guide`. No line of it is the emulator's.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use bandwidth_conformance::{
    fuzz::model::{Expected, FIELDS, Model, Outcome, Person, TELEPHONE},
    wire::{Draft, Role, RoleRef, User, Value as Field},
};
use bandwidth_fixtures::{
    Profile, error_codes,
    profile::{
        ConflictStatus, CreateResponse, CreateStatus, DeleteStatus, MissingUser, PasswordErrors,
        Telephone, UnknownRole, UserKey,
    },
};
use serde_json::{Map, Value, json};

use crate::support::{
    http::{Answer, Request, Server},
    sloppy::{
        ACCOUNT, LOGIN, bodies,
        modes::Keys,
        request::{Place, Refusal, asks_json, encoded, fields, login, place, root, sends_json},
    },
};

/// A password that every profile takes here: not longer than the least maximum, and not shorter than
/// the largest minimum.
pub(crate) const PASSWORD: &str = "Teal-Wagon.47-Birch.Lane";

/// Which error a request gets that breaks several rules: the guide does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reported {
    /// That of the rule which the model names first.
    First,
    Last,
}

/// The server; it ends when it is dropped.
pub(crate) struct Modelled(Server);

impl Modelled {
    /// With the user that the guide's examples begin with.
    pub(crate) fn start(profile: Profile, reported: Reported) -> Self {
        let api = Api::new(profile, reported);
        let users = Mutex::new(api.users());
        Self(Server::start(move |request| {
            let mut users = users.lock().unwrap_or_else(PoisonError::into_inner);
            api.answer(&request, &mut users)
        }))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

type Answered = Result<Answer, Refusal>;

struct Api {
    profile: Profile,
    reported: Reported,
}

/// The users, and how many there ever were.
struct Users {
    model: Model,
    number: usize,
}

fn role(id: &str, name: &str) -> Role {
    Role {
        id: Some(id.to_owned()),
        name: Some(name.to_owned()),
        permissions: Vec::new(),
    }
}

fn roles() -> Vec<Role> {
    vec![role("r1", "Admin"), role("r2", "ReadOnly")]
}

fn shown_role(role: &Role) -> Value {
    json!({"RoleId": role.id, "RoleName": role.name})
}

impl Api {
    fn new(profile: Profile, reported: Reported) -> Self {
        Self { profile, reported }
    }

    fn users(&self) -> Users {
        let mut users = Users {
            model: Model::new(self.profile, ACCOUNT, roles()),
            number: 0,
        };
        let draft = Draft::default()
            .with("Username", "jdoe")
            .with("FirstName", "John")
            .with("LastName", "Doe")
            .with("Email", "jdoe@example.com")
            .with("Password", PASSWORD);
        let draft = match self.profile.user_telephone {
            Telephone::TenDigitsRequired => draft.with(TELEPHONE, "9195550199"),
            _ => draft,
        };
        let created = self.create(&draft, &mut users);
        assert!(created.is_ok(), "no user can be created under this profile");
        users
    }

    fn answer(&self, request: &Request, users: &mut Users) -> Answer {
        let answer = self.handle(request, users);
        let answer = answer.unwrap_or_else(|refusal| refused(request, &refusal));
        match request.method() {
            "HEAD" => answer.without_body(),
            _ => answer,
        }
    }

    fn handle(&self, request: &Request, users: &mut Users) -> Answered {
        let (account, place) = place(request)?;
        let (name, password) = login(request)?;
        if (name.as_str(), password.as_str()) != LOGIN {
            return Err(Refusal(401, 401, root(request)));
        }
        if account != ACCOUNT {
            return Err(Refusal(403, 1001, root(request)));
        }
        let (method, allowed) = (request.method(), place.methods());
        if !allowed.split(", ").any(|one| one == method) {
            let mut answer = refused(request, &Refusal(405, 405, root(request)));
            answer.headers_mut().add("Allow", allowed);
            return Ok(answer);
        }
        let model = &mut users.model;
        match (method, &place) {
            ("POST", _) => {
                let (status, user, key) = self.create(&draft(request)?, users)?;
                let mut answer = match user {
                    Some(user) => user_body(request, status, &user),
                    None => empty(status),
                };
                let location = format!("/api/accounts/{ACCOUNT}/users/{}", encoded(&key));
                answer.headers_mut().add("Location", &location);
                Ok(answer)
            }
            ("PUT", Place::User(key)) => {
                let expected = model.update(key, &draft(request)?);
                if matches!(&expected, Expected::Refused(wrong) if wrong[0] == Outcome::Missing) {
                    return Ok(self.missing(request));
                }
                let person = self.done(expected)?;
                let after = model.key_after(key, &person);
                let shown = model.shown(&person, Some(&after));
                model.updated(key, person);
                Ok(user_body(request, 200, &shown))
            }
            ("DELETE", Place::User(key)) => {
                if model.find(key).is_none() {
                    return Ok(self.missing(request));
                }
                model.deleted(key);
                Ok(match self.profile.delete_status {
                    DeleteStatus::Ok => body(request, 200, "UserResponse", &json!({})),
                    DeleteStatus::NoContent => empty(204),
                })
            }
            (_, Place::User(key)) => match model.find(key) {
                Some((person, key)) => {
                    let shown = model.shown(person, Some(key));
                    Ok(user_body(request, 200, &shown))
                }
                None => Ok(self.missing(request)),
            },
            (_, Place::Users) => {
                let shown: Vec<Value> = model.list().iter().map(shown_user).collect();
                Ok(body(
                    request,
                    200,
                    "UsersResponse",
                    &json!({"Users": shown}),
                ))
            }
            (_, Place::Roles) => {
                let shown: Vec<Value> = roles().iter().map(shown_role).collect();
                Ok(body(
                    request,
                    200,
                    "RolesResponse",
                    &json!({"Roles": shown}),
                ))
            }
        }
    }

    /// Status, what is shown of the user, and its key.
    fn create(
        &self,
        draft: &Draft,
        users: &mut Users,
    ) -> Result<(u16, Option<User>, String), Refusal> {
        let person = self.done(users.model.create(draft))?;
        users.number += 1;
        let key = match self.profile.naming_user_key {
            UserKey::UserId => format!("u{}", users.number),
            UserKey::Username => person.username.clone(),
        };
        let mut user = users.model.shown(&person, Some(&key));
        users.model.created(person, key.clone());
        let shown = match self.profile.create_response {
            CreateResponse::Full => Some(user),
            CreateResponse::WithoutEmail => {
                user.email = None;
                Some(user)
            }
            CreateResponse::Empty => None,
        };
        let status = match self.profile.create_status {
            CreateStatus::Created => 201,
            CreateStatus::Ok => 200,
        };
        Ok((status, shown, key))
    }

    /// The user as it will be, or the error that is reported.
    fn done(&self, expected: Expected) -> Result<Person, Refusal> {
        let wrong = match expected {
            Expected::Done(person) => return Ok(person),
            Expected::Refused(wrong) => wrong,
        };
        // A body that cannot be read says nothing of a user.
        let unreadable = wrong[0] == Outcome::Wrong("unreadable_body");
        let reported = match self.reported {
            Reported::Last if !unreadable => wrong[wrong.len() - 1],
            _ => wrong[0],
        };
        Err(self.refusal(reported))
    }

    fn refusal(&self, outcome: Outcome) -> Refusal {
        let profile = &self.profile;
        let status = match outcome {
            Outcome::Missing if profile.missing_user == MissingUser::Forbidden => 403,
            Outcome::Missing => 404,
            Outcome::Taken(_) if profile.errors_conflict == ConflictStatus::Conflict => 409,
            Outcome::Wrong("unknown_role")
                if profile.role_unknown == UnknownRole::Unprocessable =>
            {
                422
            }
            Outcome::Taken(_) | Outcome::Wrong(_) | Outcome::Password(_) => 400,
        };
        let name = match outcome {
            Outcome::Password(_) if profile.password_errors == PasswordErrors::Opaque => {
                "password_refused"
            }
            other => other.name(),
        };
        let known = error_codes().iter().find(|known| known.name == Some(name));
        Refusal(status, known.map_or(0, |known| known.code), "UserResponse")
    }

    fn missing(&self, request: &Request) -> Answer {
        if self.profile.missing_user == MissingUser::NotFoundEmpty {
            return empty(404);
        }
        refused(request, &self.refusal(Outcome::Missing))
    }
}

fn empty(status: u16) -> Answer {
    let mut answer = Answer::of(status, "", "");
    answer.set_header("Content-Type", "");
    if status == 204 {
        answer.set_header("Content-Length", "");
    }
    answer
}

fn body(request: &Request, status: u16, root: &str, value: &Value) -> Answer {
    if asks_json(request) {
        let body = bodies::to_json(value, Keys::Pascal);
        return Answer::of(status, "application/json", body);
    }
    Answer::of(status, "application/xml", bodies::to_xml(value, root))
}

fn refused(request: &Request, Refusal(status, code, root): &Refusal) -> Answer {
    let description = format!("This was refused with code {code}.");
    let error = json!({"ErrorCode": code, "Description": description});
    let mut answer = body(request, *status, root, &json!({"ResponseStatus": error}));
    if *status == 401 {
        let challenge = "Basic realm=\"Accounts\"";
        answer.headers_mut().add("WWW-Authenticate", challenge);
    }
    answer
}

fn user_body(request: &Request, status: u16, user: &User) -> Answer {
    let user = shown_user(user);
    let value = if asks_json(request) {
        user
    } else {
        json!({"User": user})
    };
    body(request, status, "UserResponse", &value)
}

fn shown_user(user: &User) -> Value {
    let mut shown = Map::new();
    for (name, text) in [
        ("UserId", &user.id),
        ("Username", &user.username),
        ("FirstName", &user.first_name),
        ("LastName", &user.last_name),
        ("Email", &user.email),
        (TELEPHONE, &user.telephone),
    ] {
        if let Some(text) = text {
            shown.insert(name.to_owned(), Value::from(text.as_str()));
        }
    }
    if let Some(roles) = &user.roles {
        shown.insert("Roles".to_owned(), roles.iter().map(shown_role).collect());
    }
    if let Some(enabled) = user.enabled {
        shown.insert("Enabled".to_owned(), Value::from(enabled));
    }
    Value::Object(shown)
}

/// The body of a request.
fn draft(request: &Request) -> Result<Draft, Refusal> {
    let unreadable = || Refusal(400, 400, "UserResponse");
    let mut draft = Draft::default();
    for (name, value) in fields(request)? {
        let field = field(&name, value, sends_json(request)).ok_or_else(unreadable)?;
        draft = draft.with_value(&name, field);
    }
    Ok(draft)
}

/// A field of a body; `None` where its value is of the wrong kind. Null is an empty value.
fn field(name: &str, value: Value, json: bool) -> Option<Field> {
    let is_known = |name: &str| FIELDS.contains(&name) || name == TELEPHONE;
    // What XML 1.0 does not allow.
    let odd = |text: &str| {
        let mut characters = text.chars();
        characters.any(|one| {
            (one < ' ' && !"\t\n\r".contains(one)) || ('\u{fffe}'..='\u{ffff}').contains(&one)
        })
    };
    match (name, value) {
        ("Roles", value) => references(value).map(Field::Roles),
        ("Enabled", Value::Bool(flag)) => Some(Field::Flag(flag)),
        ("Enabled", Value::Null) => Some(Field::Flag(true)),
        ("Enabled", Value::String(text)) if !json => text.trim().parse().ok().map(Field::Flag),
        ("Enabled", _) => None,
        (_, Value::String(text)) => (!odd(&text)).then_some(Field::Text(text)),
        (name, Value::Null) if is_known(name) => Some(Field::Text(String::new())),
        (name, _) if is_known(name) => None,
        // The model decides what becomes of a field that is not known.
        _ => Some(Field::Null),
    }
}

/// How `Roles` names roles: each by its id, or by an object with its id or its name.
fn references(value: Value) -> Option<Vec<RoleRef>> {
    let list = match value {
        Value::Array(list) => list,
        Value::Object(mut members) => match members.remove("Role")? {
            Value::Array(list) => list,
            _ => return None,
        },
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        Value::Null => Vec::new(),
        _ => return None,
    };
    let reference = |role: Value| match role {
        Value::String(id) => Some(RoleRef::Plain(id)),
        Value::Object(members) => ["RoleId", "RoleName"].into_iter().find_map(|name| {
            let text = members.get(name)?.as_str()?;
            Some(RoleRef::Object(name, text.to_owned()))
        }),
        _ => None,
    };
    list.into_iter().map(reference).collect()
}
