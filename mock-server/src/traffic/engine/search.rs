//! Searches the profiles that explain one response in one world.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
    rc::Rc,
};

use bandwidth_fixtures::{BehaviourId, ReadBehaviours, behaviour::Values};

use super::{
    options::{Choice, Domains},
    question::{Effort, Question},
};
use crate::{journal::Sent, store::Saved};

/// A question in one world. A search reaches the same profile in many ways, so each run is kept. Many
/// profiles give the same response, so each response is read once.
pub(super) struct Search<'q> {
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
pub(super) struct Run {
    pub(super) choice: Choice,
    pub(super) asked: ReadBehaviours,
    /// Number of places that differ from the response.
    pub(super) wrong: usize,
    is_accepted: bool,
    /// A hash of the response.
    answer: u64,
    /// A hash of the body of an error: its words tell how far the request came.
    words: u64,
    /// The next world, if it is another one.
    pub(super) after: Option<Saved>,
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
    /// True unless a search ended early, so that there may be other worlds.
    pub(super) is_whole: bool,
}

/// A search for one profile that explains the response.
struct Descent<'d> {
    search: &'d Search<'d>,
    within: &'d Domains,
    /// The behaviour that keeps its option.
    fixed: Option<BehaviourId>,
    /// The number of runs at which it ends.
    last: usize,
}

/// What a search for one profile found.
pub(super) enum Repair {
    Explains(Rc<Run>),
    /// Nothing near explains the response.
    Nothing,
    /// It ended early.
    Unknown,
}

/// A search ended early: there may be an explanation.
#[derive(Debug)]
pub(super) struct EndedEarly;

/// Maximum number of steps of a search.
const MOST_STEPS: usize = 12;

/// Maximum number of combinations of options that are tried for their resulting worlds.
const MOST_WORLDS: usize = 16;

impl<'q> Search<'q> {
    pub(super) fn new(question: &'q Question<'q>, world: &'q Saved) -> Self {
        Self {
            question,
            world,
            runs: RefCell::default(),
            judged: RefCell::default(),
        }
    }

    pub(super) fn run(&self, choice: Choice) -> Rc<Run> {
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

    /// Looks for a profile without a difference: near this one, near the one that the client supposes,
    /// or far.
    pub(super) fn find(&self, from: Rc<Run>, within: &Domains) -> Repair {
        let near = self.repair(Rc::clone(&from), within);
        let near = near.or_else(|| {
            let supposed = within.nearest(self.question.supposed?);
            Some(self.repair(self.run(supposed), within))
        });
        let far = || self.descent(None, within).far(from);
        near.or_else(|| self.question.goes_far.then(far))
    }

    fn descent<'d>(&'d self, fixed: Option<BehaviourId>, within: &'d Domains) -> Descent<'d> {
        let Effort {
            for_any,
            for_option,
        } = self.question.effort;
        let most = if fixed.is_some() { for_option } else { for_any };
        Descent {
            search: self,
            within,
            fixed,
            last: self.runs.borrow().len() + most,
        }
    }

    /// Looks for a profile without a difference that is near this one.
    pub(super) fn repair(&self, from: Rc<Run>, within: &Domains) -> Repair {
        let descent = self.descent(None, within);
        descent.result(descent.repair(from))
    }

    /// Looks for a profile with the option of that behaviour that this one has, and without a
    /// difference.
    fn alternative(&self, from: Rc<Run>, id: BehaviourId, within: &Domains) -> Repair {
        if from.wrong > 0 && self.is_final(id) {
            return Repair::Nothing;
        }
        let descent = self.descent(Some(id), within);
        descent.result(descent.repair(from))
    }

    /// Adds the options that explain the response if the rest is as in `choice`, or, with a search,
    /// otherwise.
    pub(super) fn support_others(
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
                let found = match run.wrong {
                    0 => Repair::Explains(run),
                    _ if searches => self.alternative(run, id, within),
                    _ => Repair::Nothing,
                };
                match found {
                    Repair::Explains(run) => support.take(&run.choice, run.asked, within),
                    Repair::Unknown => {}
                    Repair::Nothing => continue,
                }
                for place in places {
                    support.add(id, place);
                }
            }
        }
    }

    /// True if an option of that behaviour within `domains` explains the response, if the rest is as
    /// in `choice` or another one of `all`.
    pub(super) fn explains(
        &self,
        choice: &Choice,
        id: BehaviourId,
        domains: &Domains,
        all: &Domains,
    ) -> bool {
        let mut groups = self.alike(choice, id, domains).into_iter();
        groups.any(|Alike { run, .. }| {
            run.wrong == 0 || matches!(self.alternative(run, id, all), Repair::Explains(_))
        })
    }

    /// True if no other behaviour makes up for what an option does: each rule of passwords is enough
    /// for a rejection, and none changes a response to what is accepted.
    fn is_final(&self, id: BehaviourId) -> bool {
        self.question.seen.status < 300 && id.area() == "password"
    }

    /// The runs that differ in one behaviour that was read.
    pub(super) fn neighbours(
        &self,
        run: &Run,
        fixed: Option<BehaviourId>,
        within: &Domains,
    ) -> Vec<Rc<Run>> {
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
    pub(super) fn explain(&self, found: &Rc<Run>, within: &Domains) -> Explained {
        let mut support = within.clone();
        let mut moved: Vec<(BehaviourId, Vec<u8>)> = Vec::new();
        let mut matches = Vec::new();
        let mut is_whole = true;
        for id in found.asked.iter().filter(|id| within.is_open(*id)) {
            let mut alive = Domains::none();
            for Alike { places, run } in self.alike(&found.choice, id, within) {
                let is_found = places.contains(&found.choice[id.index()]);
                let other = if is_found || run.wrong == 0 {
                    if !is_found && run.after != found.after {
                        moved.push((id, places.clone()));
                    }
                    Repair::Explains(run)
                } else {
                    self.alternative(run, id, within)
                };
                match other {
                    Repair::Explains(run) if !is_found => matches.push(run),
                    Repair::Explains(_) => {}
                    Repair::Unknown => is_whole = false,
                    Repair::Nothing => continue,
                }
                for place in places {
                    alive.add(id, place);
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
        let is_quiet =
            is_whole && support == *within && matches.iter().all(|run| run.after == found.after);
        let worlds = self.worlds(found, &matches, &moved, &support);
        Explained {
            support,
            asked: found.asked,
            is_quiet,
            worlds,
            is_whole,
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

impl Repair {
    fn or_else(self, other: impl FnOnce() -> Option<Self>) -> Self {
        match self {
            Self::Explains(_) => self,
            Self::Nothing | Self::Unknown => match other() {
                Some(found @ (Self::Explains(_) | Self::Unknown)) => found,
                Some(Self::Nothing) | None => self,
            },
        }
    }
}

impl Descent<'_> {
    fn result(&self, found: Option<Rc<Run>>) -> Repair {
        match found {
            Some(run) => Repair::Explains(run),
            None if self.is_over() => Repair::Unknown,
            None => Repair::Nothing,
        }
    }

    /// True if it tried as many profiles as it may.
    fn is_over(&self) -> bool {
        self.search.runs.borrow().len() >= self.last
    }

    /// A profile without a difference behind other errors: a request that passes one check reads
    /// more behaviours.
    fn far(&self, from: Rc<Run>) -> Repair {
        let found = self.farther(from);
        self.result(found)
    }

    fn farther(&self, from: Rc<Run>) -> Option<Rc<Run>> {
        let nearest = from.wrong;
        let read = |run: &Rc<Run>| run.asked.iter().count();
        let mut open = vec![from];
        for _ in 0..MOST_STEPS {
            open.sort_by_key(read);
            let run = open.pop().filter(|_| !self.is_over())?;
            for next in self.neighbours(&run) {
                if next.wrong < nearest {
                    if let Some(found) = self.repair(next) {
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
    /// read behaviours at a time.
    fn repair(&self, from: Rc<Run>) -> Option<Rc<Run>> {
        self.descend(from, &mut HashSet::new())
    }

    /// Descends along each of the best changes: several options lead to an error, and only one to
    /// the right one.
    fn descend(&self, from: Rc<Run>, seen: &mut HashSet<Choice>) -> Option<Rc<Run>> {
        if from.wrong == 0 {
            return Some(from);
        }
        if seen.len() >= MOST_STEPS || self.is_over() || !seen.insert(from.choice.clone()) {
            return None;
        }
        let singles = self.neighbours(&from);
        let mut better: Vec<&Rc<Run>> = singles.iter().collect();
        better.retain(|run| run.wrong < from.wrong);
        better.sort_by_key(|run| run.wrong);
        let mut steps = better.into_iter();
        let found = steps.find_map(|step| self.descend(Rc::clone(step), seen));
        found.or_else(|| {
            // Two changes of which neither does anything alone do nothing together.
            let matters =
                |single: &&Rc<Run>| !single.is_equivalent(&from) || single.words != from.words;
            let mut pairs = singles
                .iter()
                .filter(matters)
                .take_while(|_| !self.is_over())
                .flat_map(|single| self.neighbours(single))
                .filter(|pair| pair.wrong < from.wrong);
            pairs.find_map(|pair| self.descend(pair, seen))
        })
    }

    fn neighbours(&self, run: &Run) -> Vec<Rc<Run>> {
        self.search.neighbours(run, self.fixed, self.within)
    }
}

fn with(choice: &Choice, id: BehaviourId, place: u8) -> Choice {
    let mut other = choice.clone();
    other[id.index()] = place;
    other
}
