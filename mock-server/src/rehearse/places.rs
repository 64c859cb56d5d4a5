//! Selects the requests of the baseline at which something goes wrong.

use std::{collections::BTreeSet, sync::Arc};

use bandwidth_fixtures::Operation;

use super::{
    RehearseArguments,
    situations::{SITUATIONS, Situation},
};
use crate::{journal::Entry, trial::Place};

/// A situation at a place.
#[derive(Debug)]
pub struct Chosen {
    pub situation: &'static Situation,
    pub place: Place,
}

/// A request of the baseline.
struct Candidate<'e> {
    entry: &'e Entry,
    place: Place,
    /// True if an earlier request of its account changed something.
    changed: bool,
}

impl Chosen {
    /// The fault that lets it happen. It counts the requests of all accounts.
    pub fn fault(&self) -> String {
        let Place { operation, at } = self.place;
        format!(
            "{},operation={operation},after={}",
            self.situation.rule,
            at - 1
        )
    }
}

/// Selects the rehearsals: each situation at the first, middle and last request of each operation
/// that it can hit, or the ones in the arguments.
pub fn chosen(arguments: &RehearseArguments, entries: &[Arc<Entry>]) -> Vec<Chosen> {
    let candidates = candidates(entries);
    let mut operations: Vec<Operation> = Vec::new();
    for candidate in &candidates {
        if !operations.contains(&candidate.place.operation) {
            operations.push(candidate.place.operation);
        }
    }
    operations.retain(|operation| arguments.only.is_empty() || arguments.only.contains(operation));
    let is_named = |situation: &Situation| {
        let mut named = arguments.situation.iter();
        named.any(|named| named.name == situation.name)
    };
    let situations = SITUATIONS.iter().filter(|situation| {
        is_named(situation) || arguments.situation.is_empty() && situation.usual
    });
    let mut found = Vec::new();
    for situation in situations {
        for operation in &operations {
            let hit: Vec<Place> = candidates
                .iter()
                .filter(|candidate| candidate.place.operation == *operation)
                .filter(|one| situation.hits.can_hit(one.entry, one.changed))
                .map(|candidate| candidate.place)
                .collect();
            let places = match (arguments.at, hit.len()) {
                (_, 0) => Vec::new(),
                (Some(at), _) => {
                    let mut places = hit;
                    places.retain(|place| place.at as u64 == at);
                    places
                }
                (None, _) if arguments.every => hit,
                (None, length) => BTreeSet::from([0, length / 2, length - 1])
                    .into_iter()
                    .map(|index| hit[index])
                    .collect(),
            };
            found.extend(places.into_iter().map(|place| Chosen { situation, place }));
        }
    }
    found
}

fn candidates(entries: &[Arc<Entry>]) -> Vec<Candidate<'_>> {
    let mut found: Vec<Candidate<'_>> = Vec::new();
    let mut changed: BTreeSet<Option<&str>> = BTreeSet::new();
    for entry in entries {
        let Some(operation) = entry.operation else {
            continue;
        };
        let before = found
            .iter()
            .filter(|candidate| candidate.place.operation == operation)
            .count();
        let account = entry.main.as_deref();
        found.push(Candidate {
            entry,
            place: Place {
                operation,
                at: before + 1,
            },
            changed: changed.contains(&account),
        });
        if entry.took_effect {
            changed.insert(account);
        }
    }
    found
}
