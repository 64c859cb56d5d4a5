//! Following a server through its traffic.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bandwidth_fixtures::{BehaviourId, profile::Profile};

use super::{
    form::{ENOUGH, Form, Unexplained, form, new_id},
    hypotheses, is_gateways,
    meaning::{Compared, Meaning, Outcome},
    options::{Candidates, Choice, Domains},
    people::{self, Shown},
    question::{Effort, Question},
    rules::Rules,
    search::{EndedEarly, Explained},
    simulator::{Prepared, Simulator},
    start::{Start, prepare},
    subject::{Subject, sent_user},
    vocabulary, wording,
};
use crate::{
    journal::is_unread,
    jwt::NoRandomNumbers,
    store::Saved,
    traffic::{Answer, Exchange},
};

/// A world that the server may be in, and the options that led there.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) saved: Saved,
    pub(super) domains: Domains,
}

/// Options that explain a response, and the worlds that they lead to.
struct Explanation {
    support: Domains,
    next: Vec<World>,
    /// True if every possible profile gives this response and leads to the same world.
    is_quiet: bool,
}

/// State of one pass through the traffic.
pub(super) struct Track {
    pub(super) start: Rc<Start>,
    pub(super) simulator: Rc<Simulator>,
    pub(super) token: String,
    pub(super) candidates: Rc<Candidates>,
    pub(super) base: Profile,
    pub(super) worlds: Vec<World>,
    /// The possible options.
    pub(super) domains: Domains,
    /// The first exchange that contradicted an option.
    pub(super) evidence: BTreeMap<(BehaviourId, u8), usize>,
    /// Keys of users whose state is not known.
    pub(super) unsure: BTreeSet<String>,
    /// Keys of users that were deleted.
    pub(super) gone: BTreeSet<String>,
    /// Keys of users that may have had a password which the traffic does not show.
    pub(super) forgotten: BTreeSet<String>,
    /// Keys of users that were created in the traffic.
    pub(super) own: BTreeSet<String>,
    /// True if every user is known.
    pub(super) complete: bool,
    /// True if other clients may change users at any time.
    pub(super) tolerant: bool,
    pub(super) compared: Compared,
    /// True if an exchange that contradicts earlier ones makes them doubtful.
    pub(super) doubts: bool,
    pub(super) unexplained: Vec<Unexplained>,
    /// Exchanges of which only the outcome was compared, because no profile explains the response.
    pub(super) partly: Vec<usize>,
    /// Behaviours on which exchanges contradict each other.
    pub(super) disputed: BTreeSet<BehaviourId>,
    pub(super) asked: BTreeSet<BehaviourId>,
    pub(super) followed: usize,
    pub(super) left_out: usize,
    /// Users that were there before.
    pub(super) earlier: Vec<Shown>,
    /// For each form, the exchanges in a row without a conclusion, and the options at that time.
    told_nothing: HashMap<Form, (u32, Domains)>,
    /// For each form that nothing explained, the options at that time.
    hopeless: HashMap<Form, Domains>,
    /// Descriptions of errors by their code.
    pub(super) wording: BTreeMap<u32, String>,
    /// How often fields occurred that the mock does not model, by name.
    pub(super) unmodelled: BTreeMap<String, usize>,
    /// The options to retry with if the first exchange is not explained.
    pub(super) wider: Option<Domains>,
    pub(super) adapted: Option<Choice>,
    /// Options that the client supposes.
    pub(super) supposed: Option<Choice>,
    pub(super) effort: Effort,
}

/// Maximum number of worlds that are followed.
const MOST_WORLDS: usize = 24;

impl Track {
    pub(super) fn new(
        start: &Rc<Start>,
        candidates: &Rc<Candidates>,
        base: &Profile,
        domains: Domains,
        tolerant: bool,
    ) -> Result<Self, NoRandomNumbers> {
        let simulator = Simulator::new(start.account.clone(), *base, start.clock)?;
        let world = World {
            saved: simulator.world(),
            domains: domains.clone(),
        };
        Ok(Self {
            start: Rc::clone(start),
            token: simulator.token()?,
            simulator: Rc::new(simulator),
            candidates: Rc::clone(candidates),
            base: *base,
            worlds: vec![world],
            domains,
            evidence: BTreeMap::new(),
            unsure: BTreeSet::new(),
            gone: BTreeSet::new(),
            forgotten: BTreeSet::new(),
            own: BTreeSet::new(),
            complete: false,
            tolerant,
            compared: Compared::Everything,
            doubts: false,
            unexplained: Vec::new(),
            partly: Vec::new(),
            disputed: BehaviourId::all()
                .filter(|id| start.is_masked(*id))
                .collect(),
            asked: BTreeSet::new(),
            followed: 0,
            left_out: 0,
            earlier: Vec::new(),
            told_nothing: HashMap::new(),
            hopeless: HashMap::new(),
            wording: BTreeMap::new(),
            unmodelled: BTreeMap::new(),
            wider: None,
            adapted: None,
            supposed: None,
            effort: Effort::USUAL,
        })
    }

    /// The answer and the request of an exchange that can be compared, and the password in it.
    fn comparable<'e>(
        &self,
        subject: &Subject,
        sent: Option<&Shown>,
        exchange: &'e Exchange,
    ) -> Option<(&'e Answer, Prepared, Option<String>)> {
        let answer = exchange.answer.as_ref()?;
        // The recording may have no more than the length of a body.
        if is_gateways(answer.status)
            || is_unread(&answer.body)
            || self.is_left_out(subject, sent, exchange, answer)
        {
            return None;
        }
        let exchange = prepare(exchange, &self.start, &self.token);
        let password = sent_user(&exchange).and_then(|user| user.password);
        Some((answer, Prepared::of(&exchange)?, password))
    }

    /// The meaning of a response, as far as it is compared, and the users that it shows.
    fn meaning(
        &mut self,
        exchange: &Exchange,
        answer: &Answer,
        compared: Compared,
    ) -> (Meaning, Vec<Shown>) {
        let seen = vocabulary::meaning(exchange, answer, &mut self.unmodelled);
        let shown = Some(people::users(&seen.tree)).filter(|_| seen.status < 300);
        let seen = match compared {
            Compared::Everything => seen,
            Compared::Outcomes => Meaning::success(seen.status < 300),
        };
        (seen, shown.unwrap_or_default())
    }

    /// Takes in exchanges that are numbered from 1.
    pub(super) fn follow_all(&mut self, exchanges: &[Exchange]) {
        for (number, exchange) in (1..).zip(exchanges) {
            self.follow(number, exchange, Outcome::Unclear, Compared::Everything);
        }
    }

    /// Takes in that part of one exchange. If no profile explains its response, its outcome is
    /// compared alone.
    pub(super) fn follow(
        &mut self,
        number: usize,
        exchange: &Exchange,
        outcome: Outcome,
        compared: Compared,
    ) {
        if exchange.after_gap {
            self.forget_all();
        }
        let subject = Subject::of(exchange, &self.start.account.account_id);
        let sent = sent_user(exchange);
        let comparable = self.comparable(&subject, sent.as_ref(), exchange);
        let Some((answer, request, password)) = comparable else {
            self.left_out += 1;
            return self.lose(&subject, sent.as_ref(), exchange);
        };
        self.followed += 1;
        if let Some(at) = exchange.at {
            self.simulator.advance_to(since_epoch(at));
        }
        let (seen, shown) = self.meaning(exchange, answer, compared);
        let new_id = new_id(&subject, &seen, &shown, sent.as_ref(), answer);
        let simulator = Rc::clone(&self.simulator);
        let candidates = Rc::clone(&self.candidates);
        let base = self.base;
        let supposed = self.supposed.clone();
        let mut question = Question {
            simulator: &simulator,
            candidates: &candidates,
            base: &base,
            request: &request,
            seen: &seen,
            compared,
            new_id: new_id.as_deref(),
            supposed: supposed.as_ref(),
            // A client that chooses its requests asks one thing at a time.
            goes_far: !self.doubts,
            rules: Rules::of(sent.as_ref(), exchange, answer),
            effort: self.effort.after(self.unexplained.len()),
        };
        let trusted = self.is_trusted(&subject, sent.as_ref(), exchange);
        let succeeded = outcome.is_success(seen.status);
        if exchange.method == "DELETE"
            && succeeded
            && let Subject::User(key) = &subject
        {
            self.gone.insert(key.clone());
        }
        let form = form(&subject, exchange, &seen, sent.as_ref());
        if trusted && self.repeat(&form, &question) {
            return self.name_own(&subject, succeeded, new_id, sent.as_ref());
        }
        let mut around = Vec::new();
        if !trusted && let Some(world) = self.worlds.first() {
            let roles = &self.start.roles;
            around = hypotheses::around(&world.saved, &subject, sent.as_ref(), &shown, roles);
            around = hypotheses::had(&around, &subject, password.as_deref());
        }
        let mut found = self.new_explanation(&form, &question, trusted, &around);
        let is_read = exchange.method == "GET";
        let outcome = Meaning::outcome(outcome).filter(|_| !is_read);
        if let (None, Some(outcome)) = (&found, &outcome) {
            question.compared = Compared::Outcomes;
            question.seen = outcome;
            found = self.explanation(&question, trusted, &around).ok().flatten();
            self.partly.push(number);
        }
        let is_quiet = found.as_ref().is_some_and(|found| found.is_quiet);
        self.count(form, is_quiet);
        if let Some(Explanation { support, next, .. }) = found {
            self.accept(number, &support, next, trusted, &subject, sent.as_ref());
            self.keep_wording(exchange, &seen);
            if !trusted {
                self.see(&subject, exchange, seen.status, &shown);
            }
            self.name_own(&subject, succeeded, new_id, sent.as_ref());
        } else {
            let nearest = question_facts(&question, &self.worlds, &self.domains);
            if let (Some(wider), None) = (&self.wider, &self.adapted) {
                let choice = self.domains.first();
                let mut worlds = self
                    .worlds
                    .iter()
                    .map(|world| &world.saved)
                    .take(1)
                    .chain(&around);
                self.adapted = worlds.find_map(|world| question.adapt(world, &choice, wider));
            }
            self.give_up(number, &nearest);
            if self.tolerant {
                let disputed = self.conflict(&question, &around);
                self.dispute(disputed);
            }
            self.lose(&subject, sent.as_ref(), exchange);
        }
    }

    /// The explanation of an exchange of that form. If there is none, and exchanges may be doubtful,
    /// what it contradicts is in dispute.
    fn new_explanation(
        &mut self,
        form: &Form,
        question: &Question<'_>,
        trusted: bool,
        around: &[Saved],
    ) -> Option<Explanation> {
        // What nothing explained, nothing explains the next time.
        if self.hopeless.get(form) == Some(&self.domains) {
            return None;
        }
        let mut found = self.explanation(question, trusted, around);
        if !matches!(found, Ok(Some(_))) && self.doubts {
            let conflict = self.conflict(question, around);
            if !conflict.is_empty() {
                self.dispute(self.with_their_evidence(&conflict));
                found = self.explanation(question, trusted, around);
            }
        }
        if matches!(found, Ok(None)) && self.doubts {
            self.hopeless.insert(form.clone(), self.domains.clone());
        }
        found.ok().flatten()
    }

    /// The options and worlds that explain a response, in a possible world, or in one of those around
    /// if the state is not known. If a search ended early, its world stays possible, and what a change
    /// leads to is not known.
    fn explanation(
        &mut self,
        question: &Question<'_>,
        trusted: bool,
        around: &[Saved],
    ) -> Result<Option<Explanation>, EndedEarly> {
        let mut support = Domains::none();
        let mut unknown = Vec::new();
        let mut is_whole = true;
        let mut next: Vec<World> = Vec::new();
        let mut explained = false;
        let mut is_quiet = trusted && self.worlds.len() == 1;
        for world in &self.worlds {
            let Some(within) = world.domains.meet(&self.domains) else {
                continue;
            };
            match question.explain(&world.saved, &within) {
                Ok(Some(found)) => {
                    explained = true;
                    is_quiet &= found.is_quiet;
                    is_whole &= found.is_whole;
                    self.asked.extend(found.asked.iter());
                    support.join(&found.support);
                    next.extend(worlds_of(found));
                }
                Ok(None) => {}
                Err(EndedEarly) => unknown.push(World {
                    saved: world.saved.clone(),
                    domains: within,
                }),
            }
        }
        let mut ended_early = !unknown.is_empty();
        if !trusted {
            let elsewhere = question.explain_elsewhere(around, &self.domains, &mut support);
            if let Ok(found) = elsewhere {
                explained |= found;
            } else {
                support.join(&self.domains);
                ended_early = true;
            }
        }
        if !explained {
            return if ended_early {
                Err(EndedEarly)
            } else {
                Ok(None)
            };
        }
        is_whole &= !ended_early;
        for world in unknown {
            support.join(&world.domains);
            next.push(world);
        }
        if !is_whole && !question.request.is_read() {
            next.clear();
        }
        Ok(Some(Explanation {
            support,
            next,
            is_quiet: is_quiet && is_whole,
        }))
    }

    /// True if exchanges of that form gave no conclusion often enough to run this one under one
    /// profile, and that profile explains it. Then the world is the one after it.
    fn repeat(&mut self, form: &Form, question: &Question<'_>) -> bool {
        let [world] = &mut *self.worlds else {
            return false;
        };
        let is_known =
            |(times, domains): &(u32, Domains)| *times >= ENOUGH && *domains == self.domains;
        if !self.told_nothing.get(form).is_some_and(is_known) {
            return false;
        }
        match question.first(&world.saved, &world.domains) {
            Some(after) => {
                world.saved = after;
                true
            }
            None => false,
        }
    }

    /// Counts an exchange of that form.
    fn count(&mut self, form: Form, is_quiet: bool) {
        let (times, domains) = self
            .told_nothing
            .entry(form)
            .or_insert_with(|| (0, self.domains.clone()));
        if is_quiet && *domains == self.domains {
            *times += 1;
        } else {
            *times = u32::from(is_quiet);
            domains.clone_from(&self.domains);
        }
    }

    /// Takes over what explains an exchange.
    fn accept(
        &mut self,
        number: usize,
        support: &Domains,
        next: Vec<World>,
        trusted: bool,
        subject: &Subject,
        sent: Option<&Shown>,
    ) {
        let mut worlds: Vec<World> = Vec::new();
        let follows = !next.is_empty();
        for world in next {
            match worlds.iter_mut().find(|known| known.saved == world.saved) {
                Some(known) => known.domains.join(&world.domains),
                None => worlds.push(world),
            }
        }
        let mut possible = support.clone();
        if follows && trusted {
            let mut reached = Domains::none();
            for world in &worlds {
                reached.join(&world.domains);
            }
            possible = reached.meet(&possible).unwrap_or(possible);
        }
        for id in BehaviourId::all() {
            if self.disputed.contains(&id) {
                continue;
            }
            for place in self.domains.of(id) {
                if !possible.has(id, place) {
                    self.evidence.entry((id, place)).or_insert(number);
                }
            }
        }
        for id in self.disputed.clone() {
            possible.set(id, &self.domains);
        }
        if let Some(domains) = self.domains.meet(&possible) {
            self.domains = domains;
        }
        if follows && worlds.len() <= MOST_WORLDS {
            self.worlds = worlds;
            if !trusted {
                // What explains the exchange elsewhere is possible too.
                for world in &mut self.worlds {
                    world.domains.clone_from(&self.domains);
                }
            }
        } else {
            // The state is known again when a response shows it.
            for world in &mut self.worlds {
                world.domains.clone_from(&self.domains);
            }
            self.forget(subject, sent);
        }
    }

    /// Keeps the words of an error.
    fn keep_wording(&mut self, exchange: &Exchange, seen: &Meaning) {
        let Some((code, words)) = wording::error(&seen.tree).filter(|_| seen.status >= 400) else {
            return;
        };
        let mut values = BTreeSet::from([
            self.start.account.account_id.clone(),
            self.start.account.login.username.clone(),
        ]);
        wording::values_of_request(exchange, &mut values);
        for world in &self.worlds {
            let users = world.saved.account.users();
            users.for_each(|user| wording::values_of_user(user, &mut values));
        }
        if let Some(kept) = wording::without(&words, &values) {
            self.wording.entry(code).or_insert(kept);
        }
    }

    /// The words of errors without the names of users that later exchanges show.
    pub(super) fn wording_without_users(&self) -> BTreeMap<u32, String> {
        let mut values = BTreeSet::new();
        for world in &self.worlds {
            let users = world.saved.account.users();
            users.for_each(|user| wording::values_of_user(user, &mut values));
        }
        let kept = self.wording.iter().filter_map(|(code, words)| {
            let kept = wording::without(words, &values)?;
            Some((*code, kept))
        });
        kept.collect()
    }

    fn give_up(&mut self, number: usize, differences: &[String]) {
        self.unexplained.push(Unexplained {
            exchange: number,
            differences: differences.to_vec(),
        });
    }

    /// The profile of what is left, the base's options first.
    pub(super) fn choice(&self) -> Choice {
        let within = self
            .worlds
            .iter()
            .find_map(|world| world.domains.meet(&self.domains));
        within.unwrap_or_else(|| self.domains.clone()).first()
    }
}

fn worlds_of(found: Explained) -> impl Iterator<Item = World> {
    let worlds = found.worlds.into_iter();
    worlds.map(|(saved, domains)| World { saved, domains })
}

fn question_facts(question: &Question<'_>, worlds: &[World], domains: &Domains) -> Vec<String> {
    let world = worlds.first();
    world
        .map(|world| question.nearest(&world.saved, domains))
        .unwrap_or_default()
}

fn since_epoch(at: SystemTime) -> Duration {
    at.duration_since(UNIX_EPOCH).unwrap_or_default()
}
