//! The policies that are still possible. Each is a profile of the emulator, which decides about the
//! same passwords for a user of the same names; only the outcomes are compared.

use std::collections::BTreeMap;

use bandwidth_fixtures::{BehaviourId, NamedProfile, behaviour::Values};
use bandwidth_mock::traffic::{
    Answer, Exchange,
    engine::{self, Finding, Inquiry, MOST_REMEMBERED},
};
use serde_json::{Value, json};

use super::{
    kind::{Candidate, Kind},
    trial::{Outcome, Trial},
};
use crate::{
    login::basic_header,
    probe::{
        hypotheses::numbers,
        state::{Made, Probe},
    },
    verdict::Stop,
    wire::EMAIL,
};

/// The users of the emulator.
const USERS: &str = "/api/accounts/1/users";

/// The possible policies, and what the trial has shown.
pub(super) struct Policy {
    inquiry: Inquiry,
    /// The user's names.
    names: Value,
    /// The number of the emulator's user, which is another one after each doubt.
    user: usize,
    /// What was sent, in order. Without a kind it is a password that nothing is wrong with.
    outcomes: Vec<(Option<Kind>, Outcome)>,
    /// The passwords since the last doubt, oldest first.
    pub(super) known: Vec<String>,
    /// How often candidates had an outcome, by name.
    pub(super) done: BTreeMap<String, usize>,
    /// Kinds of passwords that decide nothing, with the reason.
    broken: BTreeMap<Kind, String>,
}

fn stop<E>(_: E) -> Stop {
    Stop::Error("the machine gives no random numbers".to_owned())
}

fn inquiry(shown: Exchange) -> Result<Inquiry, Stop> {
    let mut base = NamedProfile::built_in("guide").expect("it is built in");
    base.choose("the policies", [("put.semantics", "merge")])
        .expect("it is an option");
    let rules = || Kind::ALL.into_iter().flat_map(Kind::behaviours);
    let known = BehaviourId::all().filter(|id| rules().all(|rule| id.as_str() != *rule));
    Inquiry::of_outcomes(base.options(), known.collect(), vec![shown]).map_err(stop)
}

impl Policy {
    /// Every policy, for that user.
    pub(super) fn new(made: &Made) -> Result<Self, Stop> {
        let text = |name| made.draft.text(name);
        let names = json!({
            "Username": text("Username"),
            "FirstName": text("FirstName"),
            "LastName": text("LastName"),
            "Email": text(EMAIL),
        });
        let mut policy = Self {
            inquiry: inquiry(shown(0, &names))?,
            names,
            user: 0,
            outcomes: Vec::new(),
            known: Vec::new(),
            done: BTreeMap::new(),
            broken: BTreeMap::new(),
        };
        if let Some(password) = made.passwords.last().filter(|_| !made.doubted) {
            policy.take_in(None, Outcome::Accepted(password.clone()))?;
        }
        Ok(policy)
    }

    /// Puts another user of the same names in the place of the one whose passwords are not known.
    fn replace_user(&mut self) {
        self.known.clear();
        self.follow_one(exchange("DELETE", self.user, "", 200, ""));
        self.user += 1;
        self.follow_one(shown(self.user, &self.names));
    }

    /// Lets the emulator follow an outcome.
    fn feed(&mut self, outcome: &Outcome) {
        let (password, status) = match outcome {
            Outcome::Accepted(password) => (password, 200),
            Outcome::Rejected(password) => (password, 400),
            Outcome::Lost => return self.replace_user(),
        };
        if status == 200 {
            self.known.push(password.clone());
        }
        self.follow_one(exchange("PUT", self.user, password, status, ""));
    }

    fn follow_one(&mut self, exchange: Exchange) {
        self.inquiry.follow(exchange, engine::Outcome::Unclear);
    }

    /// Starts again, without the outcomes of kinds that decide nothing.
    fn restart(&mut self) -> Result<(), Stop> {
        self.inquiry = inquiry(shown(self.user, &self.names))?;
        self.known.clear();
        for (kind, outcome) in self.outcomes.clone() {
            if kind.is_none_or(|kind| !self.is_broken(kind)) {
                self.feed(&outcome);
            } else if !matches!(outcome, Outcome::Rejected(_)) {
                // It may be the user's password all the same.
                self.feed(&Outcome::Lost);
            }
        }
        Ok(())
    }

    fn take_in(&mut self, kind: Option<Kind>, outcome: Outcome) -> Result<(), Stop> {
        self.feed(&outcome);
        self.outcomes.push((kind, outcome));
        // The kind that contradicts what was seen before decides nothing; if it is not that one
        // alone, none does.
        for kinds in [kind.as_slice(), &Kind::ALL] {
            if self.inquiry.unexplained().is_empty() {
                return Ok(());
            }
            for kind in kinds {
                let why = "no option explains which passwords are accepted and rejected";
                self.give_up(*kind, why.to_owned());
            }
            self.restart()?;
        }
        if self.inquiry.unexplained().is_empty() {
            Ok(())
        } else {
            Err(Stop::skip("an update rejects even a good password"))
        }
    }

    /// Takes in what the trial has shown since.
    pub(super) fn follow(&mut self, kind: Option<Kind>, trial: &mut Trial) -> Result<(), Stop> {
        for outcome in std::mem::take(&mut trial.outcomes) {
            self.take_in(kind, outcome)?;
        }
        Ok(())
    }

    /// The candidate whose outcome separates the policies best, and how well, in bits.
    pub(super) fn best(&self, candidates: Vec<Candidate>) -> Option<(Candidate, f64)> {
        let requests = candidates.iter();
        let requests = requests.map(|one| exchange("PUT", self.user, &one.password, 0, ""));
        let (place, bits) = self.inquiry.best(&requests.collect::<Vec<_>>())?;
        Some((candidates.into_iter().nth(place)?, bits))
    }

    /// Adds lengths between those that are left; false if the bounds are exact.
    pub(super) fn refine(&mut self) -> Result<bool, Stop> {
        self.inquiry.refine().map_err(stop)
    }

    /// The candidates of a number that are left, in order.
    pub(super) fn numbers(&self, id: &str) -> Vec<u32> {
        self.inquiry.numbers(behaviour(id))
    }

    pub(super) fn is_open(&self, id: &str) -> bool {
        self.inquiry.is_open(behaviour(id))
    }

    /// True if that option alone is left.
    pub(super) fn has(&self, id: &str, option: &str) -> bool {
        !self.is_open(id) && self.inquiry.option(behaviour(id)) == option
    }

    /// True if only more passwords can show how many are remembered.
    pub(super) fn needs_passwords(&self) -> bool {
        let left = self.numbers("password.history");
        let known = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let is_left = |number: &u32| (known..=MOST_REMEMBERED).contains(number);
        !self.is_broken(Kind::History) && left.len() > 1 && left.iter().any(is_left)
    }

    pub(super) fn is_broken(&self, kind: Kind) -> bool {
        self.broken.contains_key(&kind)
    }

    /// Passwords of that kind decide nothing.
    pub(super) fn give_up(&mut self, kind: Kind, why: String) {
        self.broken.entry(kind).or_insert(why);
    }

    /// Records what is known of each rule.
    pub(super) fn conclude(&self, probe: &mut Probe) {
        for kind in Kind::ALL {
            for id in kind.behaviours() {
                match self.broken.get(&kind) {
                    Some(why) => probe.leave_open(id, why),
                    None => self.record(probe, id),
                }
            }
        }
    }

    fn record(&self, probe: &mut Probe, id: &str) {
        let possible = match self.inquiry.finding(behaviour(id)) {
            Finding::Settled(_) => {
                let option = self.inquiry.option(behaviour(id));
                let others: &[&str] = match (id, option) {
                    // The list of common words is not documented.
                    ("password.common_words", "allowed") => &["refused, with other words"],
                    _ => &[],
                };
                return probe.likely(id, option, others, "");
            }
            Finding::Open(possible) => possible,
        };
        let Values::Number { minimum, maximum } = behaviour(id).behaviour().values else {
            return probe.leave_open(id, "no password could show it");
        };
        let Some((option, others)) = numbers(possible, minimum, maximum) else {
            return probe.leave_open(id, "no password could show it");
        };
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        probe.likely(id, option, &others, "");
    }
}

fn behaviour(id: &str) -> BehaviourId {
    id.parse().expect("experiments name behaviours")
}

/// A GET that shows the user.
fn shown(user: usize, names: &Value) -> Exchange {
    let mut body = names.clone();
    body["UserId"] = format!("user-{user}").into();
    exchange("GET", user, "", 200, &body.to_string())
}

fn exchange(method: &str, user: usize, password: &str, status: u16, answer: &str) -> Exchange {
    let body = match password {
        "" => String::new(),
        password => json!({"Password": password}).to_string(),
    };
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Exchange {
        at: None,
        method: method.to_owned(),
        url: format!("{USERS}/user-{user}"),
        request_headers: vec![
            header("Authorization", &basic_header("probe", "probe")),
            header("Accept", "application/json"),
            header("Content-Type", "application/json"),
        ],
        request_body: body.into(),
        answer: Some(Answer {
            status,
            headers: Vec::new(),
            body: answer.to_owned().into(),
        }),
        passwords: BTreeMap::new(),
    }
}
