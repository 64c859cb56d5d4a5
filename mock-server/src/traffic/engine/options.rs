//! The profiles that are still possible: for each behaviour the options that nothing contradicts.

use std::collections::BTreeSet;

use bandwidth_fixtures::{BehaviourId, ReadBehaviours, behaviour::Values, profile::Profile};

/// The options of each behaviour that are considered.
#[derive(Debug, Clone)]
pub(super) struct Candidates(Vec<Vec<String>>);

/// Of each behaviour a set of options, by their place among the candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Domains(Vec<Places>);

/// A bit for each candidate of a behaviour.
type Places = u128;

/// The most candidates of a behaviour.
const MOST: usize = Places::BITS as usize;

/// One option of each behaviour, by its place among the candidates.
pub(super) type Choice = Vec<u8>;

/// Behaviours that traffic alone cannot decide: the comparison ignores their effects, otherwise
/// every value would look the same.
pub(super) fn is_open_for_good(id: BehaviourId) -> bool {
    id.area() == "rate"
}

/// Lengths of passwords and the like that the traffic shows.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// Characters of passwords.
    pub(super) password_lengths: BTreeSet<u32>,
    /// Characters of strings that a password repeats.
    pub(super) repeats: BTreeSet<u32>,
    /// The most updates of one user that set a password.
    pub(super) changes: u32,
}

impl Candidates {
    /// The listed options, that of `base`, and the numbers at which the traffic's answers change.
    pub(super) fn of(base: &Profile, numbers: &Numbers) -> Self {
        let all = BehaviourId::all().map(|id| {
            let own = base.get(id);
            if is_open_for_good(id) {
                return vec![own];
            }
            let listed = id.behaviour().options.iter();
            let mut names = vec![own];
            names.extend(listed.map(|option| option.name.to_owned()));
            let Values::Number { minimum, maximum } = id.behaviour().values else {
                return unique(names);
            };
            // A length, and the neighbour at which its answer would be another one.
            let around = |lengths: &BTreeSet<u32>, other: fn(u32) -> u32| {
                // Further lengths would be too many candidates; what they show stays unexplained.
                let step = lengths.len().div_ceil((MOST - names.len()) / 2).max(1);
                let lengths = lengths.iter().step_by(step);
                lengths
                    .flat_map(|length| [*length, other(*length)])
                    .collect()
            };
            let more: Vec<u32> = match id.as_str() {
                "password.classes" => (minimum..=maximum).collect(),
                "password.min_length" => around(&numbers.password_lengths, |length| length + 1),
                "password.max_length" => {
                    around(&numbers.password_lengths, |length| length.saturating_sub(1))
                }
                "password.repeats" => around(&numbers.repeats, |length| length.saturating_sub(1)),
                "password.history" => (minimum..=maximum.min(numbers.changes)).collect(),
                "identity.least_id" => (1..9).collect(),
                _ => Vec::new(),
            };
            let more = more
                .into_iter()
                .filter(|number| (minimum..=maximum).contains(number));
            names.extend(more.map(|number| number.to_string()));
            let mut names = unique(names);
            names.truncate(MOST - 1);
            // It stands for everything above the others.
            names.push(maximum.to_string());
            unique(names)
        });
        Self(all.collect())
    }

    /// With only the base's own options of behaviours that are known.
    pub(super) fn with_known(mut self, base: &Profile, known: &[BehaviourId]) -> Self {
        for id in known {
            self.0[id.index()] = vec![base.get(*id)];
        }
        self
    }

    /// The options of that profile alone.
    pub(super) fn only(profile: &Profile) -> Self {
        Self(BehaviourId::all().map(|id| vec![profile.get(id)]).collect())
    }

    pub(super) fn names(&self, id: BehaviourId) -> &[String] {
        &self.0[id.index()]
    }

    /// All of them.
    pub(super) fn all(&self) -> Domains {
        let all = self.0.iter();
        Domains(
            all.map(|names| Places::MAX >> (MOST - names.len()))
                .collect(),
        )
    }

    /// Sets one behaviour of a profile.
    pub(super) fn choose(&self, profile: &mut Profile, id: BehaviourId, place: u8) {
        profile.choose(id, &self.0[id.index()][usize::from(place)]);
    }
}

fn unique(names: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    kept
}

impl Domains {
    /// No option of any behaviour.
    pub(super) fn none() -> Self {
        Self(vec![0; BehaviourId::COUNT])
    }

    /// One option of each behaviour.
    pub(super) fn only(choice: &Choice) -> Self {
        Self(choice.iter().map(|place| 1 << place).collect())
    }

    pub(super) fn has(&self, id: BehaviourId, place: u8) -> bool {
        self.0[id.index()] & (1 << place) != 0
    }

    /// The options of a behaviour.
    pub(super) fn of(&self, id: BehaviourId) -> impl Iterator<Item = u8> + use<> {
        let mut left = self.0[id.index()];
        std::iter::from_fn(move || {
            let place = (left != 0).then(|| lowest(left))?;
            left &= left - 1;
            Some(place)
        })
    }

    pub(super) fn is_open(&self, id: BehaviourId) -> bool {
        self.0[id.index()].count_ones() > 1
    }

    /// The behaviours of which `other` lacks an option.
    pub(super) fn beyond(&self, other: &Self) -> Vec<BehaviourId> {
        let sets = BehaviourId::all().zip(self.0.iter().zip(&other.0));
        let beyond = sets.filter(|(_, (own, other))| *own & !*other != 0);
        beyond.map(|(id, _)| id).collect()
    }

    pub(super) fn add(&mut self, id: BehaviourId, place: u8) {
        self.0[id.index()] |= 1 << place;
    }

    /// Adds what a profile supports: its options of what was asked, and every option of the rest.
    pub(super) fn take(&mut self, choice: &Choice, asked: ReadBehaviours, within: &Self) {
        for id in BehaviourId::all() {
            if asked.contains(id) {
                self.add(id, choice[id.index()]);
            } else {
                self.0[id.index()] |= within.0[id.index()];
            }
        }
    }

    pub(super) fn set(&mut self, id: BehaviourId, other: &Self) {
        self.0[id.index()] = other.0[id.index()];
    }

    /// The union with `other`.
    pub(super) fn join(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own |= other;
        }
    }

    /// The intersection; `None` if a behaviour has no option left.
    pub(super) fn meet(&self, other: &Self) -> Option<Self> {
        let both: Vec<Places> = self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect();
        (!both.contains(&0)).then_some(Self(both))
    }

    /// The first option of each behaviour: that of the base where it is left.
    pub(super) fn first(&self) -> Choice {
        let sets = self.0.iter();
        sets.map(|set| lowest(*set)).collect()
    }

    /// The options of that choice where they are left, and the first ones elsewhere.
    pub(super) fn nearest(&self, choice: &Choice) -> Choice {
        let sets = self.0.iter().zip(choice);
        let near = sets.map(|(set, place)| {
            if set & (1 << place) == 0 {
                lowest(*set)
            } else {
                *place
            }
        });
        near.collect()
    }
}

/// The first candidate of a set, which is not empty.
fn lowest(set: Places) -> u8 {
    u8::try_from(set.trailing_zeros()).unwrap_or(0)
}
