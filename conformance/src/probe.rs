//! The probe: finds out which option of each behaviour a target shows. It knows nothing of the
//! target but what it has learned so far, and it takes no answer for an answer that could be the
//! target's distress: what could not be told stays open.

mod authentication;
mod creates;
mod deletion;
pub mod learned;
mod passwords;
mod puts;
mod rates;
mod seen;
mod shape;
mod users;

use std::{collections::BTreeMap, fmt, pin::Pin, sync::Arc};

use bandwidth_fixtures::BehaviourId;
use serde::{Deserialize, Serialize};

use self::users::{Made, Sample};
use crate::{
    cleanup::Leftover,
    context::Context,
    exchange::Exchange,
    outcome::Stop,
    run::Run,
    wire::{Format, Role},
};

/// How often an experiment is tried that the target's distress kept from an end.
const TRIES: usize = 4;

/// What is known of one behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The target shows this option.
    Observed(Observation),
    /// It could not be told, and why.
    Open(String),
}

/// An option that a target showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The option.
    pub option: String,
    /// Options that what was seen does not rule out.
    pub alternatives: Vec<String>,
    /// What was seen, where it is more than the option says.
    pub note: String,
    /// The numbers of the first and the last exchange that it rests on.
    pub exchanges: (usize, usize),
}

/// What is known of all behaviours.
pub type Findings = BTreeMap<String, Finding>;

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), Stop>> + 'a>>;

/// One experiment.
pub struct Experiment {
    /// What it is about.
    pub name: &'static str,
    /// The behaviours that it tells of.
    pub tells: &'static [&'static str],
    /// Whether others cannot do without it.
    foundation: bool,
    /// Whether it creates, changes or deletes users.
    pub writes: bool,
    run: for<'a> fn(&'a mut Probe) -> Running<'a>,
}

/// All experiments, in the order in which they build on each other.
#[expect(clippy::too_many_lines, reason = "a table of experiments")]
pub fn experiments() -> Vec<Experiment> {
    macro_rules! experiment {
        ($name:literal, $body:path, $tells:expr) => {
            Experiment {
                name: $name,
                tells: $tells,
                foundation: false,
                writes: true,
                run: |probe| Box::pin($body(probe)),
            }
        };
    }
    let reading = |experiment: Experiment| Experiment {
        writes: false,
        ..experiment
    };
    let first = |experiment: Experiment| Experiment {
        foundation: true,
        ..experiment
    };
    vec![
        first(reading(experiment!(
            "formats",
            shape::formats,
            &[
                "format.default",
                "format.json",
                "naming.json_case",
                "list.empty"
            ]
        ))),
        first(reading(experiment!(
            "errors",
            shape::errors,
            &["errors.shape"]
        ))),
        reading(experiment!(
            "unacceptable",
            shape::unacceptable,
            &["format.unacceptable"]
        )),
        reading(experiment!(
            "paths",
            shape::paths,
            &["paths.users", "paths.bases"]
        )),
        first(reading(experiment!("roles", shape::roles, &["role.form"]))),
        reading(experiment!(
            "anonymous",
            authentication::anonymous,
            &[
                "auth.failure_body",
                "auth.challenge",
                "auth.schemes",
                "auth.token_seconds"
            ]
        )),
        reading(experiment!(
            "other account",
            authentication::other_account,
            &["auth.other_account"]
        )),
        first(experiment!(
            "first user",
            users::first,
            &[
                "create.status",
                "create.response",
                "naming.email",
                "naming.user_key",
                "user.id_style",
                "user.default_fields"
            ]
        )),
        first(experiment!(
            "deletion",
            deletion::deletion,
            &["delete.status", "delete.effect", "delete.with_resources"]
        )),
        experiment!(
            "unknown field",
            creates::unknown_field,
            &["user.unknown_fields"]
        ),
        experiment!("telephone", creates::telephone, &["user.telephone"]),
        experiment!(
            "untyped body",
            creates::untyped_body,
            &["format.body_without_type"]
        ),
        experiment!("unknown role", creates::unknown_role, &["role.unknown"]),
        experiment!(
            "uniqueness",
            creates::uniqueness,
            &[
                "username.case",
                "errors.conflict",
                "email.unique",
                "username.scope"
            ]
        ),
        experiment!(
            "missing",
            users::missing,
            &["missing.user", "missing.by_username"]
        ),
        experiment!("put", puts::semantics, &["put.semantics"]),
        experiment!(
            "put ids",
            puts::ids,
            &["put.id_mismatch", "username.update"]
        ),
        experiment!(
            "passwords",
            passwords::policy,
            &[
                "password.min_length",
                "password.max_length",
                "password.classes",
                "password.identity",
                "password.repeats",
                "password.history",
                "password.common_words",
                "password.charset",
                "password.errors"
            ]
        ),
        experiment!(
            "user logins",
            authentication::user_logins,
            &["auth.user_logins", "auth.lockout", "auth.lockout_seconds"]
        ),
        reading(experiment!(
            "rates",
            rates::rates,
            &[
                "rate.limit",
                "rate.response",
                "rate.headers",
                "rate.connection"
            ]
        )),
    ]
}

/// What to probe.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Only these behaviours, or areas of them; empty for all.
    pub only: Vec<String>,
    /// Not these.
    pub skip: Vec<String>,
    /// Whether to send bursts until the target limits them.
    pub rate_probe: bool,
    /// Whether to stop writing where the first user cannot be removed again.
    pub must_remove: bool,
}

impl Choice {
    fn wants(&self, id: &str) -> bool {
        (self.only.is_empty() || names(&self.only, id)) && !self.skips(id)
    }

    fn skips(&self, id: &str) -> bool {
        names(&self.skip, id)
    }
}

/// Whether one of these is that behaviour or its area.
fn names(chosen: &[String], id: &str) -> bool {
    let area = id.split('.').next().unwrap_or("");
    chosen.iter().any(|name| name == id || name == area)
}

/// A probe under way.
pub struct Probe {
    /// What it sends with; its profile is what is known so far.
    pub(crate) cx: Context,
    /// What is known so far.
    pub(crate) findings: Findings,
    /// The format of the probe's own requests.
    pub(crate) format: Format,
    /// The other format, where the target speaks both.
    pub(crate) other_format: Option<Format>,
    /// The format of answers to requests that ask for none.
    pub(crate) default_format: Option<Format>,
    /// The account's roles.
    pub(crate) roles: Vec<Role>,
    /// Bursts are allowed.
    pub(crate) bursts: bool,
    /// No more users are created than the first, where that cannot be removed again.
    pub(crate) must_remove: bool,
    /// The first user, until it is deleted.
    pub(crate) first_user: Option<Made>,
    /// Whether users can be removed again, and why not.
    pub(crate) removal: Result<(), String>,
    /// How to create users, once that is known.
    pub(crate) sample: Option<Sample>,
    /// The first exchange of the experiment at hand.
    mark: usize,
    /// What it could not remove.
    leftovers: Vec<Leftover>,
    /// How many exchanges an earlier part of the probe had, before it was interrupted.
    earlier: usize,
}

impl Probe {
    /// A probe of the target of `run`. What `run` expects is where it starts from.
    pub fn new(run: Arc<Run>) -> Self {
        Self {
            cx: Context::new(run),
            findings: Findings::new(),
            format: Format::Xml,
            other_format: None,
            default_format: None,
            roles: Vec::new(),
            bursts: false,
            must_remove: false,
            first_user: None,
            removal: Err("whether a user can be removed could not be told".to_owned()),
            sample: None,
            mark: 0,
            leftovers: Vec::new(),
            earlier: 0,
        }
    }

    /// Goes on where another probe of the same target stopped, after so many exchanges.
    #[must_use]
    pub fn after(self, exchanges: usize) -> Self {
        Self {
            earlier: exchanges,
            ..self
        }
    }

    /// The run that it is part of.
    pub fn run(&self) -> &Run {
        &self.cx.run
    }

    /// Every exchange so far.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.cx.log.exchanges
    }

    /// What it created and could not remove.
    pub fn leftovers(&self) -> &[Leftover] {
        &self.leftovers
    }

    /// What is known so far.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Does the experiments that tell of what is wanted and not in `known` already, and removes what
    /// they created. `tell` is called after each, with its name.
    pub async fn learn(
        &mut self,
        choice: &Choice,
        known: Findings,
        tell: &mut dyn FnMut(&str, &Self) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        self.bursts = choice.rate_probe;
        self.must_remove = choice.must_remove;
        for experiment in experiments() {
            let wanted: Vec<&str> = experiment
                .tells
                .iter()
                .copied()
                .filter(|id| choice.wants(id))
                .collect();
            let missing = wanted.iter().any(|id| !known.contains_key(*id));
            if missing || experiment.foundation {
                self.perform(&experiment).await;
            }
            if self.cx.run.is_interrupted() {
                break;
            }
            for id in experiment.tells {
                match known.get(*id) {
                    Some(earlier) if !choice.skips(id) => {
                        self.findings.insert((*id).to_owned(), earlier.clone());
                    }
                    _ if !choice.wants(id) => self.leave_open(id, "it was not asked for"),
                    _ => {}
                }
            }
            let told = tell(experiment.name, self);
            if told.is_err() {
                self.leftovers = self.cx.run.finish().await;
                return told;
            }
        }
        self.leftovers = self.cx.run.finish().await;
        Ok(())
    }

    async fn perform(&mut self, experiment: &Experiment) {
        let before = self.findings.clone();
        let mut reason = String::new();
        for _ in 0..TRIES {
            if let Some(ended) = self.cx.run.ended() {
                reason = ended;
                break;
            }
            if experiment.writes && !self.cx.run.limits.may_write() {
                "it takes writing, which was not allowed".clone_into(&mut reason);
                break;
            }
            if experiment.writes
                && !experiment.foundation
                && self.must_remove
                && let Err(why) = &self.removal
            {
                reason = format!(
                    "{why}, so that no more users were created; --allow-leftovers creates them all the same"
                );
                break;
            }
            self.mark = self.cx.log.exchanges.len() + 1;
            self.cx.log.repeated_an_effect = false;
            let result = (experiment.run)(self).await;
            // What came after a request that had to be repeated may be the answer to the
            // repetition. What was found before an experiment stopped for another reason holds.
            let doubtful = self.cx.log.repeated_an_effect;
            if doubtful {
                self.findings.clone_from(&before);
            }
            match result {
                Ok(()) if doubtful => {
                    "a request had to be sent again that may have taken effect twice"
                        .clone_into(&mut reason);
                }
                Ok(()) => {
                    reason.clear();
                    break;
                }
                Err(Stop::Fail(why) | Stop::Inconclusive(why) | Stop::Error(why)) => reason = why,
                Err(Stop::Skip(why)) => {
                    reason = why;
                    break;
                }
            }
        }
        let first = reason.lines().next().unwrap_or("").to_owned();
        for id in experiment.tells {
            if !self.findings.contains_key(*id) {
                let why = if first.is_empty() {
                    "the experiment did not tell"
                } else {
                    &first
                };
                self.leave_open(id, why);
            }
        }
    }

    /// The target shows that option.
    pub(crate) fn observed(&mut self, id: &str, option: impl fmt::Display) {
        self.likely(id, option, &[], "");
    }

    /// The target shows that option, or perhaps one of the others.
    pub(crate) fn likely(
        &mut self,
        id: &str,
        option: impl fmt::Display,
        alternatives: &[&str],
        note: &str,
    ) {
        let option = option.to_string();
        let behaviour: BehaviourId = id.parse().expect("experiments name behaviours");
        let options = behaviour.behaviour();
        if !options.accepts(&option) {
            let expected = options.expected();
            self.leave_open(
                id,
                &format!("it is {option}, and a profile can only have {expected}"),
            );
            return;
        }
        let known = self.cx.profile.choose(behaviour, &option);
        debug_assert!(known, "{id}: {option}");
        let alternatives = alternatives.iter().map(|text| (*text).to_owned()).collect();
        let last = self.cx.log.exchanges.len();
        self.findings.insert(
            id.to_owned(),
            Finding::Observed(Observation {
                option,
                alternatives,
                note: note.to_owned(),
                exchanges: (self.earlier + self.mark.min(last), self.earlier + last),
            }),
        );
    }

    /// Adds to what was seen of a behaviour.
    pub(crate) fn note(&mut self, id: &str, note: &str) {
        if let Some(Finding::Observed(observation)) = self.findings.get_mut(id) {
            if !observation.note.is_empty() {
                observation.note.push_str("; ");
            }
            observation.note.push_str(note);
        }
    }

    /// It could not be told.
    pub(crate) fn leave_open(&mut self, id: &str, why: &str) {
        let why = self.cx.run.redactor.clean(why);
        self.findings.insert(id.to_owned(), Finding::Open(why));
    }

    /// The formats that the target speaks, the probe's own first.
    pub(crate) fn formats(&self) -> Vec<Format> {
        [Some(self.format), self.other_format]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The option that was observed.
    pub(crate) fn known(&self, id: &str) -> Option<&str> {
        match self.findings.get(id) {
            Some(Finding::Observed(observation)) => Some(&observation.option),
            _ => None,
        }
    }
}
