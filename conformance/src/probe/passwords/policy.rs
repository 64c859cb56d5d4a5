//! The policies that are still possible. Each is a profile of the emulator, which decides about the
//! same passwords for a user of the same names; only the outcomes are compared.

use std::collections::BTreeMap;

use bandwidth_fixtures::{BehaviourId, NamedProfile};
use bandwidth_mock::traffic::{
    Answer, Exchange,
    engine::{self, Inquiry},
};
use serde_json::{Value, json};

use super::{
    kind::{Candidate, Kind},
    trial::{Outcome, TRIES, Trial, WAYS, Way},
};
use crate::{
    login::basic_header,
    probe::{
        findings::behaviour,
        hypotheses::{self, stop},
        state::Probe,
    },
    verdict::Stop,
    wire::EMAIL,
};

/// The users of the emulator.
const USERS: &str = "/api/accounts/1/users";

/// The possible policies, and what the trial has shown.
pub(super) struct Policy {
    inquiry: Inquiry,
    /// The names of the emulator's users, by [`Way`].
    names: [Value; 2],
    /// Their numbers. The one of updates is another one after each doubt, the one of creates after
    /// each accepted password.
    users: [usize; 2],
    /// What was sent, in order. Without a kind it is a password that nothing is wrong with.
    outcomes: Vec<(Option<Kind>, Outcome)>,
    /// The passwords since the last doubt, oldest first.
    pub(super) known: Vec<String>,
    /// How often candidates had an outcome, by name.
    pub(super) done: BTreeMap<String, usize>,
    /// How often candidates had none, by name.
    failed: BTreeMap<String, usize>,
    /// Kinds of passwords that decide nothing, with the reason.
    broken: BTreeMap<Kind, String>,
}

fn inquiry(names: &[Value; 2], users: [usize; 2]) -> Result<Inquiry, Stop> {
    let mut base = NamedProfile::built_in("guide").expect("it is built in");
    base.choose("the policies", [("put.semantics", "merge")])
        .expect("it is an option");
    let rules = || Kind::ALL.into_iter().flat_map(Kind::behaviours);
    let known = BehaviourId::all().filter(|id| rules().all(|rule| id.as_str() != *rule));
    let shown = WAYS.map(|way| shown(way, users, names));
    Inquiry::of_outcomes(base.options(), known.collect(), shown.to_vec()).map_err(stop)
}

impl Policy {
    /// Every policy, for the user of that trial.
    pub(super) fn new(trial: &Trial) -> Result<Self, Stop> {
        let made = &trial.made;
        let text = |name| made.draft.text(name);
        let own = json!({
            "Username": text("Username"),
            "FirstName": text("FirstName"),
            "LastName": text("LastName"),
            "Email": text(EMAIL),
        });
        // No two users have the same names. Passwords with names go one way.
        let names = WAYS.map(|way| {
            if trial.usual() == way {
                own.clone()
            } else {
                json!({"Username": "another", "Email": "another@example.com"})
            }
        });
        let mut policy = Self {
            inquiry: inquiry(&names, [0; 2])?,
            names,
            users: [0; 2],
            outcomes: Vec::new(),
            known: Vec::new(),
            done: BTreeMap::new(),
            failed: BTreeMap::new(),
            broken: BTreeMap::new(),
        };
        for password in made.passwords.iter().filter(|_| !made.doubted) {
            policy.take_in(None, Outcome::Accepted(Way::Update, password.clone()))?;
        }
        Ok(policy)
    }

    /// Puts another user of the same names in the place of the one whose passwords are not known.
    fn replace_user(&mut self, way: Way) {
        self.follow_one(exchange("DELETE", way, self.users, "", 200, ""));
        self.users[way as usize] += 1;
        self.follow_one(shown(way, self.users, &self.names));
    }

    /// Lets the emulator follow an outcome.
    fn feed(&mut self, outcome: &Outcome) {
        let (way, password, status) = match outcome {
            Outcome::Accepted(way, password) => (*way, password, 200),
            Outcome::Rejected(way, password) => (*way, password, 400),
            Outcome::Lost => {
                self.known.clear();
                return self.replace_user(Way::Update);
            }
        };
        self.follow_one(exchange("PUT", way, self.users, password, status, ""));
        match (way, status) {
            (Way::Update, 200) => self.known.push(password.clone()),
            (Way::Create, 200) => self.replace_user(way),
            _ => {}
        }
    }

    fn follow_one(&mut self, exchange: Exchange) {
        self.inquiry.follow(exchange, engine::Outcome::Unclear);
    }

    /// Starts again, without the outcomes of kinds that decide nothing.
    fn restart(&mut self) -> Result<(), Stop> {
        self.inquiry = inquiry(&self.names, self.users)?;
        self.known.clear();
        for (kind, outcome) in self.outcomes.clone() {
            if kind.is_none_or(|kind| !self.is_broken(kind)) {
                self.feed(&outcome);
            } else if matches!(outcome, Outcome::Accepted(Way::Update, _) | Outcome::Lost) {
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
            Err(Stop::skip("even a good password is rejected"))
        }
    }

    /// Takes in what the trial has shown since.
    pub(super) fn follow(&mut self, kind: Option<Kind>, trial: &mut Trial) -> Result<(), Stop> {
        for outcome in std::mem::take(&mut trial.outcomes) {
            self.take_in(kind, outcome)?;
        }
        Ok(())
    }

    /// True if the last password that was tried in that way was rejected.
    pub(super) fn ends_with_rejected(&self, way: Way) -> bool {
        let last = self.outcomes.iter().rev().find_map(|(_, one)| match one {
            Outcome::Accepted(by, _) => (*by == way).then_some(false),
            Outcome::Rejected(by, _) => (*by == way).then_some(true),
            Outcome::Lost => None,
        });
        last == Some(true)
    }

    /// The last password of each kind of which creates rejected none. Of lengths, the shorter and the
    /// longer ones are kinds of their own.
    pub(super) fn never_rejected(&self, trial: &Trial) -> Vec<Candidate> {
        let mut never: BTreeMap<_, Option<&String>> = BTreeMap::new();
        for (kind, outcome) in &self.outcomes {
            let Some(kind) = *kind else { continue };
            let (Outcome::Accepted(way, password) | Outcome::Rejected(way, password)) = outcome
            else {
                continue;
            };
            if *way != Way::Create {
                continue;
            }
            let length = password.chars().count();
            let side = (kind == Kind::Length).then(|| length.cmp(&trial.length));
            let last = never.entry((kind, side)).or_insert(Some(password));
            let is_accepted = matches!(outcome, Outcome::Accepted(..));
            *last = last.and(is_accepted.then_some(password));
        }
        let never = never.into_iter();
        let found = never.filter_map(|((kind, side), password)| {
            let name = format!("{} in an update, {side:?}", kind.name());
            Some(Candidate::new(kind, name, password?.clone()))
        });
        found.collect()
    }

    /// The candidate whose outcome separates the policies best, and how well, in bits.
    pub(super) fn best(
        &self,
        trial: &Trial,
        candidates: Vec<Candidate>,
    ) -> Option<(Candidate, f64)> {
        let requests = candidates.iter();
        let request =
            |one: &Candidate| exchange("PUT", trial.usual(), self.users, &one.password, 0, "");
        let requests = requests.map(request);
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

    pub(super) fn is_broken(&self, kind: Kind) -> bool {
        self.broken.contains_key(&kind)
    }

    /// Passwords of that kind decide nothing.
    pub(super) fn give_up(&mut self, kind: Kind, why: String) {
        self.broken.entry(kind).or_insert(why);
    }

    /// A candidate had no outcome. Another one is tried, at most [`TRIES`] times.
    pub(super) fn fail(&mut self, candidate: &Candidate, why: &str) {
        let failed = self.failed.entry(candidate.name.clone()).or_default();
        *failed += 1;
        if *failed == TRIES {
            self.give_up(candidate.kind, why.to_owned());
        }
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
        let Some((option, mut others)) = hypotheses::shown(&self.inquiry, behaviour(id)) else {
            return probe.leave_open(id, "no password could show it");
        };
        if (id, option.as_str()) == ("password.common_words", "allowed") {
            // The list of common words is not documented.
            others.push("refused, with other words".to_owned());
        }
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        probe.likely(id, option, &others, "");
    }
}

/// A GET that shows the user.
fn shown(way: Way, users: [usize; 2], names: &[Value; 2]) -> Exchange {
    let mut body = names[way as usize].clone();
    body["UserId"] = key(way, users).into();
    exchange("GET", way, users, "", 200, &body.to_string())
}

fn key(way: Way, users: [usize; 2]) -> String {
    format!("{way:?}-{}", users[way as usize])
}

fn exchange(
    method: &str,
    way: Way,
    users: [usize; 2],
    password: &str,
    status: u16,
    answer: &str,
) -> Exchange {
    let body = match password {
        "" => String::new(),
        password => json!({"Password": password}).to_string(),
    };
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Exchange {
        at: None,
        after_gap: false,
        method: method.to_owned(),
        url: format!("{USERS}/{}", key(way, users)),
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
