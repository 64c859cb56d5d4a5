//! Behaviours on which exchanges contradict each other.

use std::collections::BTreeSet;

use bandwidth_fixtures::BehaviourId;

use super::{question::Question, track::Track};
use crate::store::Saved;

impl Track {
    /// The behaviours whose options were contradicted, and that explain this exchange in a possible
    /// world, or in one of those around.
    pub(super) fn conflict(&self, question: &Question<'_>, around: &[Saved]) -> Vec<BehaviourId> {
        let all = self.candidates.all();
        let first = self.worlds.first().map(|world| &world.saved);
        let worlds = first.into_iter().chain(around);
        let disputed = worlds.flat_map(|world| question.beyond(world, &self.domains, &all));
        disputed.collect()
    }

    /// These behaviours, and all others that rest on an exchange which contradicted an option of one
    /// of them.
    pub(super) fn with_their_evidence(&self, ids: &[BehaviourId]) -> Vec<BehaviourId> {
        let evidence = || self.evidence.iter();
        let own = evidence().filter(|((id, _), _)| ids.contains(id));
        let doubtful: BTreeSet<usize> = own.map(|(_, number)| *number).collect();
        let others = evidence().filter(|(_, number)| doubtful.contains(number));
        others.map(|((id, _), _)| *id).collect()
    }

    pub(super) fn dispute(&mut self, ids: Vec<BehaviourId>) {
        let all = self.candidates.all();
        for id in ids {
            self.disputed.insert(id);
            self.domains.set(id, &all);
            for world in &mut self.worlds {
                world.domains.set(id, &all);
            }
        }
    }
}
