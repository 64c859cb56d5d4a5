//! Finds the options that explain one response, and the worlds that they lead to.

use bandwidth_fixtures::BehaviourId;

use super::{
    options::{Choice, Domains},
    question::Question,
    search::{EndedEarly, Explained, Repair, Search},
};
use crate::store::Saved;

impl Question<'_> {
    /// The nearest choice that explains the response in that world.
    pub(super) fn adapt(&self, world: &Saved, choice: &Choice, within: &Domains) -> Option<Choice> {
        let search = Search::new(self, world);
        let start = search.run(choice.clone());
        match search.find(start, within) {
            Repair::Explains(found) => Some(found.choice.clone()),
            Repair::Nothing | Repair::Unknown => None,
        }
    }

    /// Differences of the nearest profile that a descent finds.
    pub(super) fn nearest(&self, world: &Saved, within: &Domains) -> Vec<String> {
        let search = Search::new(self, world);
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
        let run = Search::new(self, world).run(within.first());
        let after = || run.after.as_ref().unwrap_or(world).clone();
        (run.wrong == 0).then(after)
    }

    /// Options within `within` that explain the response in that world; `None` if the search found
    /// none.
    pub(super) fn explain(
        &self,
        world: &Saved,
        within: &Domains,
    ) -> Result<Option<Explained>, EndedEarly> {
        let search = Search::new(self, world);
        match search.find(search.run(within.first()), within) {
            Repair::Explains(found) => Ok(Some(search.explain(&found, within))),
            Repair::Nothing => Ok(None),
            Repair::Unknown => Err(EndedEarly),
        }
    }

    /// The behaviours of which an option within `all` explains the response in that world, and none
    /// within `domains`.
    pub(super) fn beyond(
        &self,
        world: &Saved,
        domains: &Domains,
        all: &Domains,
    ) -> Vec<BehaviourId> {
        let search = Search::new(self, world);
        let Repair::Explains(found) = search.find(search.run(all.first()), all) else {
            return Vec::new();
        };
        let asked = found.asked.iter();
        let beyond = asked.filter(|id| {
            !domains.has(*id, found.choice[id.index()])
                && !search.explains(&found.choice, *id, domains, all)
        });
        beyond.collect()
    }

    /// Adds the options that something explains in one of these worlds, and that nothing explained
    /// before. Returns whether there is an explanation at all; if there is, and a search ended early,
    /// each option may explain the response.
    pub(super) fn explain_elsewhere(
        &self,
        worlds: &[Saved],
        within: &Domains,
        support: &mut Domains,
    ) -> Result<bool, EndedEarly> {
        let mut found = Vec::new();
        let mut ended_early = false;
        for world in worlds {
            if within.beyond(support).is_empty() {
                return Ok(true);
            }
            let search = Search::new(self, world);
            let start = search.run(within.first());
            match search.repair(start, within) {
                Repair::Explains(run) => {
                    support.take(&run.choice, run.asked, within);
                    // What one change explains in any world needs no search.
                    search.support_others(&run.choice, within, false, support);
                    found.push((world, run.choice.clone()));
                }
                Repair::Nothing => {}
                Repair::Unknown => ended_early = true,
            }
        }
        for (world, choice) in &found {
            let search = Search::new(self, world);
            search.support_others(choice, within, true, support);
        }
        match (found.is_empty(), ended_early) {
            (true, true) => Err(EndedEarly),
            (false, true) => {
                support.join(within);
                Ok(true)
            }
            (is_empty, false) => Ok(!is_empty),
        }
    }
}
