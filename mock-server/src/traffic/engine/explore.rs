//! Finds the options that explain one response, and the worlds that they lead to.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash as _, Hasher as _},
};

use bandwidth_fixtures::{BehaviourId, ReadBehaviours, behaviour::Values, profile::Profile};

use super::{
    meaning::{Compared, Meaning},
    options::{Candidates, Choice, Domains},
    simulator::{Prepared, Simulator},
};
use crate::store::Saved;

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
}

/// The response of one profile.
#[derive(Debug, Clone)]
struct Run {
    choice: Choice,
    asked: ReadBehaviours,
    /// Number of facts that differ from the response.
    wrong: usize,
    /// A hash of the response.
    answer: u64,
    /// The next world, if it is another one.
    after: Option<Saved>,
}

/// Options of one behaviour that have the same effect on a request.
struct Alike {
    places: Vec<u8>,
    /// The run of one of them.
    run: Run,
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
const DEPTH: usize = 8;

/// Maximum number of combinations of options that are tried for their resulting worlds.
const MOST_WORLDS: usize = 16;

impl Question<'_> {
    /// Runs the request under one profile; returns the response and the next world.
    fn answer(
        &self,
        world: &Saved,
        choice: &Choice,
    ) -> (Meaning, ReadBehaviours, Option<Saved>, bool) {
        let mut options = *self.base;
        for (id, place) in BehaviourId::all().zip(choice) {
            if *place > 0 {
                self.candidates.choose(&mut options, id, *place);
            }
        }
        let (simulated, mut after) = self.simulator.send(world, options, self.request);
        let new_id = after.as_mut().and_then(|after| self.rename(world, after));
        let sent = &simulated.sent;
        if self.compared == Compared::Outcomes {
            let ours = Meaning::outcome(sent.status);
            return (ours, simulated.behaviours, after, false);
        }
        let shown = |text: &str| match (&new_id, self.new_id) {
            (Some(ours), Some(theirs)) => text.replace(&**ours, theirs),
            _ => text.to_owned(),
        };
        let headers: Vec<(&str, String)> = sent
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), shown(value.to_str().ok()?))))
            .collect();
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let body = shown(&String::from_utf8_lossy(&sent.body));
        let ours = Meaning::of(sent.status, headers, body.as_bytes());
        let other_style = match (&new_id, self.new_id) {
            (Some(ours), Some(theirs)) => {
                style(theirs).is_some_and(|style_| style(ours) != Some(style_))
            }
            _ => false,
        };
        (ours, simulated.behaviours, after, other_style)
    }

    fn run(&self, world: &Saved, choice: Choice) -> Run {
        let (ours, asked, after, other_style) = self.answer(world, &choice);
        let mut hasher = DefaultHasher::new();
        (&ours, other_style).hash(&mut hasher);
        Run {
            choice,
            asked,
            wrong: ours.differences(self.seen).len() + usize::from(other_style),
            answer: hasher.finish(),
            after,
        }
    }

    /// The nearest choice that explains the response in that world.
    pub(super) fn adapt(&self, world: &Saved, choice: &Choice, within: &Domains) -> Option<Choice> {
        let start = self.run(world, choice.clone());
        Some(self.repair(world, start, None, within)?.choice)
    }

    /// Differences of the nearest profile that a descent finds.
    pub(super) fn nearest(&self, world: &Saved, within: &Domains) -> Vec<String> {
        let run = self.run(world, within.first());
        let mut best = self.neighbours(world, &run, None, within);
        best.push(run);
        let best = best.into_iter().min_by_key(|run| run.wrong);
        let Some(best) = best else { return Vec::new() };
        let (ours, ..) = self.answer(world, &best.choice);
        let differences = ours.differences(self.seen).into_iter();
        let texts = differences.map(|(fact, missing)| {
            let sign = if missing { "recorded" } else { "predicted" };
            format!("{sign}: {fact}")
        });
        texts.collect()
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

    /// The best profile that a descent from this one finds, changing one or two of the read
    /// behaviours at a time, apart from `fixed`.
    fn repair(
        &self,
        world: &Saved,
        from: Run,
        fixed: Option<BehaviourId>,
        within: &Domains,
    ) -> Option<Run> {
        let mut best = from;
        for _ in 0..DEPTH {
            if best.wrong == 0 {
                return Some(best);
            }
            let singles = self.neighbours(world, &best, fixed, within);
            let next = singles.iter().min_by_key(|run| run.wrong)?;
            if next.wrong < best.wrong {
                best = next.clone();
                continue;
            }
            // Two changes of which neither does anything alone do nothing together.
            let matters = |single: &&Run| !single.is_equivalent(&best);
            let mut pairs = singles
                .iter()
                .filter(matters)
                .flat_map(|single| self.neighbours(world, single, fixed, within));
            best = pairs.find(|pair| pair.wrong < best.wrong)?;
        }
        (best.wrong == 0).then_some(best)
    }

    /// The runs that differ in one behaviour that was read.
    fn neighbours(
        &self,
        world: &Saved,
        run: &Run,
        fixed: Option<BehaviourId>,
        within: &Domains,
    ) -> Vec<Run> {
        let open = run
            .asked
            .iter()
            .filter(|id| Some(*id) != fixed && within.is_open(*id));
        let others = open.flat_map(|id| {
            let own = run.choice[id.index()];
            let groups = self.alike(world, &run.choice, id, within).into_iter();
            groups.filter(move |group| !group.places.contains(&own))
        });
        others.map(|group| group.run).collect()
    }

    /// The options of a behaviour that are left, by their effect if the rest is as in `choice`. A
    /// request meets a number at most at one threshold, so that only numbers around it are tried.
    fn alike(
        &self,
        world: &Saved,
        choice: &Choice,
        id: BehaviourId,
        within: &Domains,
    ) -> Vec<Alike> {
        let one = |place: u8| Alike {
            places: vec![place],
            run: self.run(world, with(choice, id, place)),
        };
        if !matches!(id.behaviour().values, Values::Number { .. }) {
            return within.of(id).map(one).collect();
        }
        let names = self.candidates.names(id);
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
        groups.push(Alike {
            places: numbers,
            run: low,
        });
        groups.push(Alike {
            places: above,
            run: high,
        });
        groups
    }

    /// The world after the exchange under the first of the possible profiles, if that one explains
    /// it.
    pub(super) fn first(&self, world: &Saved, within: &Domains) -> Option<Saved> {
        let run = self.run(world, within.first());
        (run.wrong == 0).then(|| run.after.unwrap_or_else(|| world.clone()))
    }

    /// Options within `within` that explain the response in that world; `None` if the search found
    /// none.
    pub(super) fn explain(&self, world: &Saved, within: &Domains) -> Option<Explained> {
        let start = self.run(world, within.first());
        let found = self.repair(world, start, None, within)?;
        let mut support = within.clone();
        let mut moved: Vec<(BehaviourId, Vec<u8>)> = Vec::new();
        let mut matches = Vec::new();
        for id in found.asked.iter().filter(|id| within.is_open(*id)) {
            let mut alive = Domains::none();
            for Alike { places, run } in self.alike(world, &found.choice, id, within) {
                let is_found = places.contains(&found.choice[id.index()]);
                let run = if is_found || run.wrong == 0 {
                    if !is_found && run.after != found.after {
                        moved.push((id, places.clone()));
                    }
                    Some(run)
                } else {
                    self.repair(world, run, Some(id), within)
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
        let worlds = self.worlds(world, &found, &matches, &moved, &support);
        Some(Explained {
            support,
            asked: found.asked,
            is_quiet,
            worlds,
        })
    }

    /// Adds the options that something explains in one of these worlds, and that nothing explained
    /// before. Returns whether there is an explanation at all.
    pub(super) fn explain_elsewhere(
        &self,
        worlds: &[Saved],
        within: &Domains,
        support: &mut Domains,
    ) -> bool {
        let lacks = |support: &Domains, id: BehaviourId| {
            let mut places = within.of(id);
            places.any(|place| !support.has(id, place))
        };
        if !BehaviourId::all().any(|id| lacks(support, id)) {
            return true;
        }
        let mut explained = false;
        for world in worlds {
            if !BehaviourId::all().any(|id| lacks(support, id)) {
                break;
            }
            let start = self.run(world, within.first());
            let Some(found) = self.repair(world, start, None, within) else {
                continue;
            };
            explained = true;
            support.take(&found.choice, found.asked, within);
            for id in BehaviourId::all() {
                if !lacks(support, id) {
                    continue;
                }
                for Alike { places, run } in self.alike(world, &found.choice, id, within) {
                    if places.iter().all(|place| support.has(id, *place)) {
                        continue;
                    }
                    if let Some(run) = self.repair(world, run, Some(id), within) {
                        support.take(&run.choice, run.asked, within);
                        for place in places {
                            support.add(id, place);
                        }
                    }
                }
            }
        }
        explained
    }

    /// The worlds that the explanations lead to. Several behaviours that each lead elsewhere are
    /// tried together.
    fn worlds(
        &self,
        world: &Saved,
        found: &Run,
        matches: &[Run],
        moved: &[(BehaviourId, Vec<u8>)],
        support: &Domains,
    ) -> Vec<(Saved, Domains)> {
        let mut worlds: Vec<(Option<Saved>, Domains)> = Vec::new();
        let has_moved = |id: BehaviourId, place: u8| {
            let mut groups = moved.iter();
            groups.any(|(other, places)| *other == id && places.contains(&place))
        };
        let mut note = |run: &Run| {
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
            let run = self.run(world, choice);
            if run.wrong == 0 {
                note(&run);
            }
        }
        let worlds = worlds.into_iter();
        worlds
            .map(|(after, own)| (after.unwrap_or_else(|| world.clone()), own))
            .collect()
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
