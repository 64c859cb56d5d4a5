//! Traces: random operations on users, each response compared with a model of the API.
//!
//! A trace is made from a seed and names users symbolically, so it can be sent to any target, and
//! without some of its steps. A failure on a mock of this process is reduced there.

mod domain;
#[doc(hidden)]
pub mod model;
mod trace;

use std::collections::BTreeSet;

use bandwidth_fixtures::profile::{CreateResponse, IdentitySurface};

pub use self::trace::{Numbers, Step, Trace};
use self::{
    model::{Expected, Model, Outcome, Person},
    trace::{Action, Content, Field, Name, UserRef},
};
use crate::{
    dialogue::Context,
    dialogue::reply::Reply,
    limits::Roles,
    verdict::Stop,
    wire::{Draft, EMAIL, Format, User, Value},
};

/// A difference between the model and the target.
#[derive(Debug, Clone)]
pub struct Disagreement {
    /// The step, from 0.
    pub step: usize,
    /// The expected and the actual result.
    pub reason: String,
}

/// Result of a trace.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    /// Operations that were compared.
    pub operations: u64,
    /// Operations without a response, because of a limit or a failure of the target.
    pub unanswered: u64,
    /// Steps with their outcomes, for coverage.
    pub outcomes: BTreeSet<&'static str>,
    /// The difference at which it ended, if there was one.
    pub disagreement: Option<Disagreement>,
}

/// Outcome of a step about a user before the trace has created one: nothing is sent.
const NOTHING: &str = "nothing";

/// The way to continue after a request without a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// It had no effect: the target fails before it executes the request.
    HadNoEffect,
    /// The effect is unknown, and the walk ends.
    Ends,
}

/// Sends a trace's requests one after the other.
pub async fn walk(cx: &mut Context, trace: &Trace, unanswered: Unanswered) -> Walk {
    let mut walk = Walk::default();
    let roles = match cx.some_roles().await {
        Ok(roles) => roles,
        Err(stop) => {
            walk.disagreement = reason(&stop).map(|reason| Disagreement { step: 0, reason });
            return walk;
        }
    };
    let mut model = Model::new(cx.profile(), cx.account_id(), roles);
    for (number, step) in trace.steps.iter().enumerate() {
        match take(cx, &mut model, step).await {
            Ok(outcome) if outcome == NOTHING => {}
            Ok(outcome) => {
                walk.operations += 1;
                walk.outcomes.insert(outcome);
            }
            Err(stop) => match reason(&stop) {
                Some(reason) => {
                    walk.disagreement = Some(Disagreement {
                        step: number,
                        reason,
                    });
                    return walk;
                }
                None if unanswered == Unanswered::HadNoEffect => walk.unanswered += 1,
                None => {
                    walk.unanswered += 1;
                    return walk;
                }
            },
        }
    }
    walk
}

/// Why a stop is a disagreement, if it is one.
fn reason(stop: &Stop) -> Option<String> {
    match stop {
        Stop::Fail(reason) | Stop::Error(reason) => Some(reason.clone()),
        Stop::Inconclusive(_) | Stop::Skip(_) => None,
    }
}

/// One step under way.
struct Turn<'a> {
    cx: &'a mut Context,
    model: &'a mut Model,
    format: Format,
}

/// Sends one step, and compares. The model changes only when the answer is what it expects.
async fn take(cx: &mut Context, model: &mut Model, step: &Step) -> Result<&'static str, Stop> {
    let format = match step.format {
        Format::Json if !cx.formats().contains(&Format::Json) => Format::Xml,
        format => format,
    };
    let mut turn = Turn { cx, model, format };
    match &step.action {
        Action::Create(contents) => turn.create(contents).await,
        Action::Update(who, contents) => turn.update(*who, contents).await,
        Action::Delete(who) => turn.delete(*who).await,
        Action::Get(who) => turn.get(*who).await,
        Action::GetByName(who) => turn.get_by_name(*who).await,
        Action::List => turn.list().await,
        Action::Roles => {
            let reply = turn.cx.roles(format).await?;
            reply.same("the roles", &turn.model.roles, &reply.roles()?)?;
            Ok("roles")
        }
    }
}

impl Turn<'_> {
    async fn create(&mut self, contents: &[(Field, Content)]) -> Result<&'static str, Stop> {
        let draft = self.draft(None, contents).await?;
        let expected = self.model.create(&draft);
        let ask = self.cx.ask_create(&draft, self.format);
        let (reply, key) = self.cx.try_create(&draft, ask).await?;
        let Expected::Done(user) = expected else {
            return refused(&reply, &expected);
        };
        reply.created()?;
        self.shows_created(&reply, &user)?;
        let key = key.ok_or_else(|| reply.fail("the answer names no new user"))?;
        self.model.created(user, key);
        Ok("created")
    }

    async fn update(
        &mut self,
        who: UserRef,
        contents: &[(Field, Content)],
    ) -> Result<&'static str, Stop> {
        let Some(key) = self.key_of(who).await? else {
            return Ok(NOTHING);
        };
        let draft = self.draft(Some(who), contents).await?;
        let expected = self.model.update(&key, &draft);
        let reply = self.cx.put(&key, &draft, self.format).await?;
        let Expected::Done(user) = expected else {
            return refused(&reply, &expected);
        };
        let after = self.model.key_after(&key, &user);
        let shown = self.model.shown(&user, Some(&after));
        same(&reply, &reply.user()?, &shown)?;
        self.model.updated(&key, user);
        Ok("updated")
    }

    async fn delete(&mut self, who: UserRef) -> Result<&'static str, Stop> {
        let Some(key) = self.key_of(who).await? else {
            return Ok(NOTHING);
        };
        let reply = self.cx.delete(&key, self.format).await?;
        if self.model.find(&key).is_none() {
            return reply.missing_user().map(|()| "delete of a missing user");
        }
        reply.deleted()?;
        self.model.deleted(&key);
        Ok("deleted")
    }

    async fn get(&mut self, who: UserRef) -> Result<&'static str, Stop> {
        let Some(key) = self.key_of(who).await? else {
            return Ok(NOTHING);
        };
        let reply = self.cx.get(&key, self.format).await?;
        let Some((user, key)) = self.model.find(&key) else {
            return reply.missing_user().map(|()| "get of a missing user");
        };
        same(&reply, &reply.user()?, &self.model.shown(user, Some(key)))?;
        if self.cx.profile().surface_identity == IdentitySurface::Served {
            domain::shows(self.cx, user).await?;
        }
        Ok("got")
    }

    async fn get_by_name(&mut self, who: UserRef) -> Result<&'static str, Stop> {
        let Some(username) = person(self.model, who).map(|user| user.username.clone()) else {
            return Ok(NOTHING);
        };
        let reply = self.cx.get(&username, self.format).await?;
        let Some((user, key)) = self.model.find(&username) else {
            return reply.missing_user().map(|()| "refused by name");
        };
        same(&reply, &reply.user()?, &self.model.shown(user, Some(key)))?;
        Ok("got by name")
    }

    async fn list(&mut self) -> Result<&'static str, Stop> {
        let reply = self.cx.list(self.format).await?;
        let prefix = &self.cx.run.account.prefix;
        let own = |user: &User| {
            let name = user.username.as_deref().unwrap_or("");
            name.to_ascii_lowercase().contains(prefix)
        };
        let seen: Vec<User> = reply.users()?.into_iter().filter(own).collect();
        let expected = self.model.list();
        let (found, wanted) = (seen.len(), expected.len());
        reply.same("users of this run in the list", &wanted, &found)?;
        for (seen, expected) in seen.iter().zip(&expected) {
            same(&reply, seen, expected)?;
        }
        if self.cx.profile().surface_identity == IdentitySurface::Served {
            domain::lists(self.cx, self.model).await?;
        }
        Ok("listed")
    }

    /// Checks that the response to a create shows that user, under the profile.
    fn shows_created(&self, reply: &Reply, user: &Person) -> Result<(), Stop> {
        let mut expected = self.model.shown(user, None);
        match self.cx.profile().create_response {
            CreateResponse::Empty => return reply.has_no_body(),
            CreateResponse::WithoutEmail => expected.email = None,
            CreateResponse::Full => {}
        }
        let mut seen = reply.user_body()?;
        let what = "whether UserId is shown";
        reply.same(what, &self.model.has_ids(), &seen.id.is_some())?;
        seen.id = None;
        same(reply, &seen, &expected)
    }

    /// The key of a user in a path, also after its delete; `None` if the trace created none.
    async fn key_of(&mut self, who: UserRef) -> Result<Option<String>, Stop> {
        Ok(match who {
            UserRef::Unknown => Some(self.cx.unused_key().await?),
            UserRef::Created(_) => self.model.key(who),
        })
    }

    /// The body that a step means, now that the users have names and ids.
    async fn draft(
        &mut self,
        who: Option<UserRef>,
        contents: &[(Field, Content)],
    ) -> Result<Draft, Stop> {
        let Self { cx, model, .. } = self;
        let mut draft = match who {
            None => cx.draft(),
            Some(_) => Draft::default(),
        };
        let others = |who: UserRef| person(model, who).map(|user| user.username.clone());
        for (field, content) in contents {
            let name = field.name();
            draft = match (field, content) {
                (_, Content::Left) => draft.without(name),
                // A create that names a user, and not one of this run, is not sent.
                (Field::Username, Content::Empty) if who.is_none() => draft.without(name),
                (Field::Roles, Content::Empty) => draft.with_value(name, Value::Roles(Vec::new())),
                (_, Content::Empty) => draft.with(name, ""),
                (Field::Username, Content::Name(Name::Of(who))) => match others(*who) {
                    Some(username) => draft.with(name, username),
                    None => draft,
                },
                (Field::Username, Content::Name(Name::OtherCaseOf(who))) => match others(*who) {
                    Some(username) => draft.with(name, username.to_uppercase()),
                    None => draft,
                },
                (Field::Username, Content::Long) => {
                    draft.with(name, format!("{}{}", cx.fresh_username(), "x".repeat(100)))
                }
                (Field::Username, Content::Wrong) => {
                    draft.with(name, format!("{}!", cx.fresh_username()))
                }
                (Field::Username, _) => draft.with(name, cx.fresh_username()),
                (Field::Email, Content::Name(Name::Of(who) | Name::OtherCaseOf(who))) => {
                    match person(model, *who).and_then(|user| user.email.clone()) {
                        Some(email) => draft.with(EMAIL, email),
                        None => draft,
                    }
                }
                (Field::Email, Content::Long) => draft.with(EMAIL, cx.email(&"x".repeat(100))),
                (Field::Email, Content::Wrong) => draft.with(EMAIL, "no-email"),
                (Field::Email, _) => draft.with(EMAIL, cx.email(&cx.fresh_username())),
                (Field::FirstName | Field::LastName, Content::Long) => {
                    draft.with(name, "x".repeat(101))
                }
                (Field::FirstName | Field::LastName, Content::Text(shown)) => {
                    draft.with(name, *shown)
                }
                (Field::FirstName | Field::LastName, _) => draft.with(name, "Robin"),
                (Field::Telephone, Content::Wrong | Content::Long) => draft.with(name, "12-34"),
                (Field::Telephone, _) => draft.with(name, model.telephone()),
                (Field::Enabled, Content::Flag(flag)) => draft.with_value(name, Value::Flag(*flag)),
                (Field::Enabled, _) => draft.with_value(name, Value::Flag(true)),
                (Field::Roles, Content::Roles(some)) if cx.run.limits().roles == Roles::Any => {
                    draft.with_value(name, Value::Roles(model.role_refs(*some)))
                }
                // Only the built-in mock has no role that gives access to anything.
                (Field::Roles, Content::Roles(_)) => draft,
                (Field::Roles, Content::Wrong) => {
                    let unknown = crate::wire::RoleRef::Plain("no-such-role".to_owned());
                    draft.with_value(name, Value::Roles(vec![unknown]))
                }
                (Field::Roles, _) => draft.with_value(name, Value::Roles(Vec::new())),
                (Field::Password, Content::Wrong) => draft.with(name, "a"),
                (Field::Password, _) => {
                    let password = cx.strong_password();
                    draft.with(name, password)
                }
                (Field::UserId, _) => draft.with(name, cx.unused_key().await?),
                (Field::AccountId, Content::Wrong) => draft.with(name, "1"),
                (Field::AccountId, _) => draft.with(name, cx.account_id().to_owned()),
                (Field::Unknown, _) => draft.with(name, "x"),
            };
        }
        Ok(draft)
    }
}

/// The user that has the key now: a username can have passed to another.
fn person(model: &Model, who: UserRef) -> Option<&Person> {
    model.find(&model.key(who)?).map(|(user, _)| user)
}

fn same(reply: &Reply, seen: &User, expected: &User) -> Result<(), Stop> {
    reply.same("the user", expected, seen)
}

/// Checks that a refusal is one of those that the model allows: it does not know which rule comes
/// first.
fn refused(reply: &Reply, expected: &Expected) -> Result<&'static str, Stop> {
    let Expected::Refused(allowed) = expected else {
        return Err(Stop::Error("the model expects a success".to_owned()));
    };
    for outcome in allowed {
        let fits = match outcome {
            Outcome::Missing => reply.missing_user().is_ok(),
            Outcome::Taken(name) => reply.conflict(name).is_ok(),
            Outcome::Wrong("unknown_role") => reply.unknown_role().is_ok(),
            Outcome::Wrong(name) => reply.refused(name).is_ok(),
            Outcome::Password(name) => reply.password_refused(name).is_ok(),
        };
        if fits {
            return Ok(outcome.name());
        }
    }
    let names: Vec<&str> = allowed.iter().map(|outcome| outcome.name()).collect();
    Err(reply.fail(&format!(
        "the model expects a refusal: {}",
        names.join(" or ")
    )))
}
