//! Finds the options that explain one response, and the worlds that they lead to.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
    rc::Rc,
};

use bandwidth_fixtures::{BehaviourId, ReadBehaviours, behaviour::Values, profile::Profile};

use super::{
    meaning::{Compared, Meaning},
    options::{Candidates, Choice, Domains},
    rules::Rules,
    simulator::{Prepared, Simulator},
};
use crate::{http::Simulated, journal::Sent, store::Saved};

/// One request, and its response.
pub(super) struct Question<'q> {
    pub(super) simulator: &'q Simulator,
    pub(super) candidates: &'q Candidates,
    pub(super) base: &'q Profile,
    pub(super) request: &'q Prepared,
    pub(super) seen: &'q Meaning,
    pub(super) compared: Compared,
    /// The id that the server gave to a user that the request created, if it shows one.
    pub(super) new_id: Option<&'q str>,
    /// Where a search starts again that finds nothing.
    pub(super) supposed: Option<&'q Choice>,
    /// True if a search that finds nothing goes on behind other errors.
    pub(super) goes_far: bool,
    /// Of passwords.
    pub(super) rules: Rules,
}

/// A question in one world. A search reaches the same profile in many ways, so each run is kept. Many
/// profiles give the same response, so each response is read once.
struct Search<'q> {
    question: &'q Question<'q>,
    world: &'q Saved,
    runs: RefCell<HashMap<Choice, Rc<Run>>>,
    judged: RefCell<Vec<Judged>>,
}

/// A response of the emulator.
struct Judged {
    sent: Sent,
    new_id: Option<Box<str>>,
    wrong: usize,
    answer: u64,
}

/// The response of one profile.
#[derive(Debug)]
struct Run {
    choice: Choice,
    asked: ReadBehaviours,
    /// Number of places that differ from the response.
    wrong: usize,
    is_accepted: bool,
    /// A hash of the response.
    answer: u64,
    /// A hash of the body of an error: its words tell how far the request came.
    words: u64,
    /// The next world, if it is another one.
    after: Option<Saved>,
}

/// Options of one behaviour that have the same effect on a request.
struct Alike {
    places: Vec<u8>,
    /// The run of one of them.
    run: Rc<Run>,
}

impl Run {
    /// True if the other one has the same effect.
    fn is_equivalent(&self, other: &Self) -> bool {
        self.answer == other.answer && self.asked == other.asked && self.after == other.after
    }
}

/// The options that explain a response.
#[derive(Debug)]
pub(super) struct Explained {
    /// Options that some profile has that explains it.
    pub(super) support: Domains,
    /// The behaviours that were read.
    pub(super) asked: ReadBehaviours,
    /// True if every possible profile gives this response and leads to the same world.
    pub(super) is_quiet: bool,
    /// The worlds after it, each with the options that lead there.
    pub(super) worlds: Vec<(Saved, Domains)>,
}

/// Maximum number of steps of a search.
const MOST_STEPS: usize = 12;

/// Maximum number of combinations of options that are tried for their resulting worlds.
const MOST_WORLDS: usize = 16;

impl Question<'_> {
    /// Runs the request under one profile. Returns the response, the next world if it is another
    /// one, and the emulator's id of a user that the request created.
    fn simulate(
        &self,
        world: &Saved,
        choice: &Choice,
    ) -> (Simulated, Option<Saved>, Option<Box<str>>) {
        let mut options = *self.base;
        for (id, place) in BehaviourId::all().zip(choice) {
            if *place > 0 {
                self.candidates.choose(&mut options, id, *place);
            }
        }
        self.rules.loosen(&mut options);
        let (mut simulated, mut after) = self.simulator.send(world, options, self.request);
        if self.rules != Rules::All {
            simulated.behaviours = simulated.behaviours.filter(|id| self.rules.allows(id));
        }
        let new_id = after.as_mut().and_then(|after| self.rename(world, after));
        (simulated, after, new_id)
    }

    /// The meaning of a response of the emulator, and whether its id of a created user has another
    /// style than the server's.
    fn meaning(&self, sent: &Sent, new_id: Option<&str>) -> (Meaning, bool) {
        if self.compared == Compared::Outcomes {
            return (Meaning::success(sent.status < 300), false);
        }
        let ids = new_id.zip(self.new_id);
        let headers = sent.headers.iter();
        let headers = headers.filter_map(|(name, value)| {
            let value = shown(value.to_str().ok()?, ids);
            Some((name.as_str(), value))
        });
        let headers: Vec<(&str, Cow<'_, str>)> = headers.collect();
        let headers = headers.iter().map(|(name, value)| (*name, &**value));
        let body = String::from_utf8_lossy(&sent.body);
        let body = shown(&body, ids);
        let ours = Meaning::of(sent.status, headers, body.as_bytes());
        let other_style = ids.is_some_and(|(ours, theirs)| {
            let theirs = style(theirs);
            theirs.is_some() && theirs != style(ours)
        });
        (ours, other_style)
    }

    fn search<'q>(&'q self, world: &'q Saved) -> Search<'q> {
        Search {
            question: self,
            world,
            runs: RefCell::default(),
            judged: RefCell::default(),
        }
    }

    /// The nearest choice that explains the response in that world.
    pub(super) fn adapt(&self, world: &Saved, choice: &Choice, within: &Domains) -> Option<Choice> {
        let search = self.search(world);
        let start = search.run(choice.clone());
        let found = search.find(start, within)?;
        Some(found.choice.clone())
    }

    /// Differences of the nearest profile that a descent finds.
    pub(super) fn nearest(&self, world: &Saved, within: &Domains) -> Vec<String> {
        let search = self.search(world);
        let run = search.run(within.first());
        let mut best = search.neighbours(&run, None, within);
        best.push(run);
        let best = best.into_iter().min_by_key(|run| run.wrong);
        let Some(best) = best else { return Vec::new() };
        let (simulated, _, new_id) = self.simulate(world, &best.choice);
        let (ours, _) = self.meaning(&simulated.sent, new_id.as_deref());
        let differences = ours.differences(self.seen).into_iter();
        let texts = differences.map(|(fact, missing)| {
            let sign = if missing { "recorded" } else { "predicted" };
            format!("{sign}: {fact}")
        });
        texts.collect()
    }

    /// The world after the exchange under the first of the possible profiles, if that one explains
    /// it.
    pub(super) fn first(&self, world: &Saved, within: &Domains) -> Option<Saved> {
        let run = self.search(world).run(within.first());
        let after = || run.after.as_ref().unwrap_or(world).clone();
        (run.wrong == 0).then(after)
    }

    /// Options within `within` that explain the response in that world; `None` if the search found
    /// none.
    pub(super) fn explain(&self, world: &Saved, within: &Domains) -> Option<Explained> {
        let search = self.search(world);
        let found = search.find(search.run(within.first()), within)?;
        Some(search.explain(&found, within))
    }

    /// Adds the options that something explains in one of these worlds, and that nothing explained
    /// before. Returns whether there is an explanation at all.
    pub(super) fn explain_elsewhere(
        &self,
        worlds: &[Saved],
        within: &Domains,
        support: &mut Domains,
    ) -> bool {
        let mut found = Vec::new();
        for world in worlds {
            if within.beyond(support).is_empty() {
                return true;
            }
            let search = self.search(world);
            let start = search.run(within.first());
            if let Some(run) = search.repair(start, None, within) {
                support.take(&run.choice, run.asked, within);
                // What one change explains in any world needs no search.
                search.support_others(&run.choice, within, false, support);
                found.push((world, run.choice.clone()));
            }
        }
        for (world, choice) in &found {
            let search = self.search(world);
            search.support_others(choice, within, true, support);
        }
        !found.is_empty()
    }

    /// Gives the user that a request created the id that the server gave it. Returns the emulator's.
    fn rename(&self, before: &Saved, after: &mut Saved) -> Option<Box<str>> {
        let number = before.account.next_number();
        let created = after.account.find_number(number)?;
        let ours = created.id.clone();
        if let Some(theirs) = self.new_id {
            let mut user = (**created).clone();
            user.id = theirs.into();
            after.account.put(user);
        }
        Some(ours)
    }
}

impl Search<'_> {
    fn run(&self, choice: Choice) -> Rc<Run> {
        if let Some(known) = self.runs.borrow().get(&choice) {
            return Rc::clone(known);
        }
        let (simulated, after, new_id) = self.question.simulate(self.world, &choice);
        let is_accepted = simulated.sent.status < 300;
        let mut hasher = DefaultHasher::new();
        if !is_accepted {
            simulated.sent.body.hash(&mut hasher);
        }
        let words = hasher.finish();
        let (wrong, answer) = self.judge(simulated.sent, new_id);
        let run = Rc::new(Run {
            choice: choice.clone(),
            asked: simulated.behaviours,
            wrong,
            is_accepted,
            answer,
            words,
            after,
        });
        self.runs.borrow_mut().insert(choice, Rc::clone(&run));
        run
    }

    /// The number of places at which a response of the emulator differs, and a hash of it.
    fn judge(&self, sent: Sent, new_id: Option<Box<str>>) -> (usize, u64) {
        let mut judged = self.judged.borrow_mut();
        let same = |one: &&Judged| one.sent == sent && one.new_id == new_id;
        if let Some(known) = judged.iter().find(same) {
            return (known.wrong, known.answer);
        }
        let (ours, other_style) = self.question.meaning(&sent, new_id.as_deref());
        let mut hasher = DefaultHasher::new();
        (&ours, other_style).hash(&mut hasher);
        let wrong = ours.distance(self.question.seen) + usize::from(other_style);
        let answer = hasher.finish();
        judged.push(Judged {
            sent,
            new_id,
            wrong,
            answer,
        });
        (wrong, answer)
    }

    /// A profile without a difference: near this one, near the one that the client supposes, or far.
    fn find(&self, from: Rc<Run>, within: &Domains) -> Option<Rc<Run>> {
        let again = || {
            let supposed = within.nearest(self.question.supposed?);
            self.repair(self.run(supposed), None, within)
        };
        let near = self.repair(Rc::clone(&from), None, within).or_else(again);
        near.or_else(|| self.question.goes_far.then(|| self.far(from, within))?)
    }

    /// A profile without a difference behind other errors: a request that passes one check reads
    /// more behaviours.
    fn far(&self, from: Rc<Run>, within: &Domains) -> Option<Rc<Run>> {
        let nearest = from.wrong;
        let read = |run: &Rc<Run>| run.asked.iter().count();
        let mut open = vec![from];
        for _ in 0..MOST_STEPS {
            open.sort_by_key(read);
            let run = open.pop()?;
            for next in self.neighbours(&run, None, within) {
                if next.wrong < nearest {
                    if let Some(found) = self.repair(next, None, within) {
                        return Some(found);
                    }
                } else if read(&next) > read(&run) {
                    open.push(next);
                }
            }
        }
        None
    }

    /// A profile without a difference that a descent from this one finds, changing one or two of the
    /// read behaviours at a time, apart from `fixed`.
    fn repair(
        &self,
        from: Rc<Run>,
        fixed: Option<BehaviourId>,
        within: &Domains,
    ) -> Option<Rc<Run>> {
        self.descend(from, fixed, within, &mut HashSet::new())
    }

    /// Descends along each of the best changes: several options lead to an error, and only one to
    /// the right one.
    fn descend(
        &self,
        from: Rc<Run>,
        fixed: Option<BehaviourId>,
        within: &Domains,
        seen: &mut HashSet<Choice>,
    ) -> Option<Rc<Run>> {
        if from.wrong == 0 {
            return Some(from);
        }
        if seen.len() >= MOST_STEPS || !seen.insert(from.choice.clone()) {
            return None;
        }
        let singles = self.neighbours(&from, fixed, within);
        let mut better: Vec<&Rc<Run>> = singles.iter().collect();
        better.retain(|run| run.wrong < from.wrong);
        better.sort_by_key(|run| run.wrong);
        let mut steps = better.into_iter();
        let found = steps.find_map(|step| self.descend(Rc::clone(step), fixed, within, seen));
        found.or_else(|| {
            // Two changes of which neither does anything alone do nothing together.
            let matters =
                |single: &&Rc<Run>| !single.is_equivalent(&from) || single.words != from.words;
            let mut pairs = singles
                .iter()
                .filter(matters)
                .flat_map(|single| self.neighbours(single, fixed, within))
                .filter(|pair| pair.wrong < from.wrong);
            pairs.find_map(|pair| self.descend(pair, fixed, within, seen))
        })
    }

    /// A profile with the option of that behaviour that this one has, and without a difference.
    fn alternative(&self, from: Rc<Run>, id: BehaviourId, within: &Domains) -> Option<Rc<Run>> {
        if from.wrong > 0 && self.is_final(id) {
            return None;
        }
        self.repair(from, Some(id), within)
    }

    /// Adds the options that explain the response if the rest is as in `choice`, or, with a search,
    /// otherwise.
    fn support_others(
        &self,
        choice: &Choice,
        within: &Domains,
        searches: bool,
        support: &mut Domains,
    ) {
        for id in within.beyond(support) {
            for Alike { places, run } in self.alike(choice, id, within) {
                if places.iter().all(|place| support.has(id, *place)) {
                    continue;
                }
                let run = match run.wrong {
                    0 => Some(run),
                    _ if searches => self.alternative(run, id, within),
                    _ => None,
                };
                if let Some(run) = run {
                    support.take(&run.choice, run.asked, within);
                    for place in places {
                        support.add(id, place);
                    }
                }
            }
        }
    }

    /// True if no other behaviour makes up for what an option does: each rule of passwords is enough
    /// for a rejection, and none changes a response to what is accepted.
    fn is_final(&self, id: BehaviourId) -> bool {
        self.question.seen.status < 300 && id.area() == "password"
    }

    /// The runs that differ in one behaviour that was read.
    fn neighbours(&self, run: &Run, fixed: Option<BehaviourId>, within: &Domains) -> Vec<Rc<Run>> {
        let open = run
            .asked
            .iter()
            .filter(|id| Some(*id) != fixed && within.is_open(*id))
            .filter(|id| !(run.is_accepted && self.is_final(*id)));
        let others = open.flat_map(|id| {
            let own = run.choice[id.index()];
            let groups = self.alike(&run.choice, id, within).into_iter();
            groups.filter(move |group| !group.places.contains(&own))
        });
        others.map(|group| group.run).collect()
    }

    /// The options of a behaviour that are left, by their effect if the rest is as in `choice`. A
    /// request meets a number at most at one threshold, so that only numbers around it are tried.
    fn alike(&self, choice: &Choice, id: BehaviourId, within: &Domains) -> Vec<Alike> {
        let one = |place: u8| Alike {
            places: vec![place],
            run: self.run(with(choice, id, place)),
        };
        if !matches!(id.behaviour().values, Values::Number { .. }) {
            return within.of(id).map(one).collect();
        }
        let names = self.question.candidates.names(id);
        let number = |place: &u8| names[usize::from(*place)].parse::<u32>().unwrap_or(0);
        // Zero switches a limit off, which no threshold tells.
        let (mut groups, mut numbers) = (Vec::new(), Vec::new());
        for place in within.of(id) {
            if number(&place) == 0 {
                groups.push(one(place));
            } else {
                numbers.push(place);
            }
        }
        numbers.sort_unstable_by_key(number);
        let [first, .., last] = *numbers else {
            groups.extend(numbers.into_iter().map(one));
            return groups;
        };
        let (low, high) = (one(first).run, one(last).run);
        if low.is_equivalent(&high) {
            let places = numbers;
            groups.push(Alike { places, run: low });
            return groups;
        }
        let above = numbers.partition_point(|place| one(*place).run.is_equivalent(&low));
        let above = numbers.split_off(above);
        // The neighbours of the threshold stand for the rest: more passwords keep them.
        for (places, nearest) in [
            (numbers.clone(), numbers.last()),
            (above.clone(), above.first()),
        ] {
            let nearest = nearest.map(|place| one(*place));
            groups.extend(nearest.map(|nearest| Alike { places, ..nearest }));
        }
        groups
    }

    /// Options within `within` that explain the response as the found profile does.
    fn explain(&self, found: &Rc<Run>, within: &Domains) -> Explained {
        let mut support = within.clone();
        let mut moved: Vec<(BehaviourId, Vec<u8>)> = Vec::new();
        let mut matches = Vec::new();
        for id in found.asked.iter().filter(|id| within.is_open(*id)) {
            let mut alive = Domains::none();
            for Alike { places, run } in self.alike(&found.choice, id, within) {
                let is_found = places.contains(&found.choice[id.index()]);
                let run = if is_found || run.wrong == 0 {
                    if !is_found && run.after != found.after {
                        moved.push((id, places.clone()));
                    }
                    Some(run)
                } else {
                    self.alternative(run, id, within)
                };
                let Some(run) = run else { continue };
                for place in places {
                    alive.add(id, place);
                }
                if !is_found {
                    matches.push(run);
                }
            }
            support.set(id, &alive);
        }
        // A profile that was found to explain the response supports each of its options.
        for run in &matches {
            for id in run.asked.iter() {
                support.add(id, run.choice[id.index()]);
            }
        }
        let is_quiet = support == *within && matches.iter().all(|run| run.after == found.after);
        let worlds = self.worlds(found, &matches, &moved, &support);
        Explained {
            support,
            asked: found.asked,
            is_quiet,
            worlds,
        }
    }

    /// The worlds that the explanations lead to. Several behaviours that each lead elsewhere are
    /// tried together.
    fn worlds(
        &self,
        found: &Rc<Run>,
        matches: &[Rc<Run>],
        moved: &[(BehaviourId, Vec<u8>)],
        support: &Domains,
    ) -> Vec<(Saved, Domains)> {
        let mut worlds: Vec<(Option<Saved>, Domains)> = Vec::new();
        let has_moved = |id: BehaviourId, place: u8| {
            let mut groups = moved.iter();
            groups.any(|(other, places)| *other == id && places.contains(&place))
        };
        let mut note = |run: &Rc<Run>| {
            let mut own = support.clone();
            for id in run.asked.iter() {
                let mut chosen = Domains::none();
                let place = run.choice[id.index()];
                // A behaviour that leads nowhere else is not decided by where this leads.
                for other in support.of(id) {
                    let leads_elsewhere = has_moved(id, other) != has_moved(id, place);
                    if other == place || !leads_elsewhere {
                        chosen.add(id, other);
                    }
                }
                own.set(id, &chosen);
            }
            match worlds.iter_mut().find(|(after, _)| *after == run.after) {
                Some((_, known)) => known.join(&own),
                None => worlds.push((run.after.clone(), own)),
            }
        };
        note(found);
        matches.iter().for_each(&mut note);
        let mut together = vec![found.choice.clone()];
        for (id, places) in moved {
            let more: Vec<Choice> = together
                .iter()
                .map(|choice| with(choice, *id, places[0]))
                .collect();
            together.extend(more);
            together.truncate(MOST_WORLDS);
        }
        for choice in together.into_iter().skip(1) {
            let run = self.run(choice);
            if run.wrong == 0 {
                note(&run);
            }
        }
        let worlds = worlds.into_iter();
        worlds
            .map(|(after, own)| (after.unwrap_or_else(|| self.world.clone()), own))
            .collect()
    }
}

/// The text with the server's id of a new user in place of the emulator's.
fn shown<'t>(text: &'t str, ids: Option<(&str, &str)>) -> Cow<'t, str> {
    match ids {
        Some((ours, theirs)) => text.replace(ours, theirs).into(),
        None => text.into(),
    }
}

fn with(choice: &Choice, id: BehaviourId, place: u8) -> Choice {
    let mut other = choice.clone();
    other[id.index()] = place;
    other
}

/// The style of an id, if a profile can have it.
fn style(id: &str) -> Option<&'static str> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(id) {
        Some("numeric")
    } else if id.strip_prefix('u').is_some_and(digits) {
        Some("prefixed")
    } else if uuid::Uuid::try_parse(id).is_ok() {
        Some("uuid")
    } else {
        None
    }
}
