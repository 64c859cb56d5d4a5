//! Conclusions about each behaviour from the followed traffic.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::RangeInclusive,
    rc::Rc,
};

use bandwidth_fixtures::{BehaviourId, Seed, behaviour::Values, profile::Profile};

use super::{
    form::Unexplained,
    meaning::{Compared, Outcome},
    options::{Candidates, Choice, Domains, is_open_for_good},
    question::Effort,
    start::Start,
    track::Track,
};
use crate::{jwt::NoRandomNumbers, traffic::Exchange};

/// The conclusion about one behaviour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Every other option is contradicted, each by one of these exchanges.
    Settled(Vec<usize>),
    /// These options are possible.
    Open(Vec<Possible>),
}

/// Options that nothing contradicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Possible {
    /// This one.
    Option(String),
    /// Each number of this range.
    Numbers(RangeInclusive<u32>),
}

impl Possible {
    /// Reads what `Display` writes.
    pub fn read(text: &str) -> Self {
        let range = text.split_once(" to ").and_then(|(from, to)| {
            let range = from.parse().ok()?..=to.parse().ok()?;
            Some(Self::Numbers(range))
        });
        range.unwrap_or_else(|| Self::Option(text.to_owned()))
    }

    /// True if that option is among them.
    pub fn has(&self, option: &str) -> bool {
        match self {
            Self::Option(only) => only == option,
            Self::Numbers(range) => option.parse().is_ok_and(|number| range.contains(&number)),
        }
    }

    /// True if they have an option in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Option(only), many) | (many, Self::Option(only)) => many.has(only),
            (Self::Numbers(one), Self::Numbers(other)) => {
                one.start() <= other.end() && other.start() <= one.end()
            }
        }
    }
}

/// `merge`, `8`, or `9 to 12`.
impl fmt::Display for Possible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(only) => f.write_str(only),
            Self::Numbers(range) if range.start() == range.end() => range.start().fmt(f),
            Self::Numbers(range) => write!(f, "{} to {}", range.start(), range.end()),
        }
    }
}

/// Results of learning from traffic.
#[derive(Debug)]
pub struct Learned {
    /// The profile that explains most.
    pub profile: Profile,
    /// The conclusion about each behaviour.
    pub findings: BTreeMap<BehaviourId, Finding>,
    /// Exchanges that nothing explains.
    pub unexplained: Vec<Unexplained>,
    /// How often fields occurred that the mock does not model, by name. They are not compared.
    pub unmodelled: BTreeMap<String, usize>,
    /// Descriptions of errors by their code, without values of the account.
    pub wording: BTreeMap<u32, String>,
    /// The behaviours that the exchanges rest on.
    pub asked: BTreeSet<BehaviourId>,
    /// Number of exchanges that were compared.
    pub followed: usize,
    /// Number of exchanges that were left out: their operation is not followed, or they had no
    /// response.
    pub left_out: usize,
    /// The users that were there before, as the first responses show them, and the account.
    pub start: Seed,
}

/// Number of profiles that are tried to find one that explains all exchanges together.
const MOST_CHOICES: usize = 24;
/// The most requests to the emulator in passes that look for one profile. A pass in which several
/// options are possible needs many for each exchange.
const MOST_AGAIN: usize = 50_000;

/// What a choice leaves unexplained.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rest {
    exchanges: usize,
    /// In all these exchanges.
    differences: usize,
}

/// Everything that a pass through the traffic needs.
struct Setting<'t> {
    exchanges: &'t [Exchange],
    start: Rc<Start>,
    candidates: Rc<Candidates>,
    base: &'t Profile,
    /// How many of [`MOST_AGAIN`] are left.
    again: Cell<usize>,
    effort: Effort,
}

impl<'t> Setting<'t> {
    fn new(exchanges: &'t [Exchange], base: &'t Profile) -> Self {
        let start = Rc::new(Start::of(exchanges));
        let candidates = Rc::new(Candidates::of(base, &start.numbers));
        Self {
            exchanges,
            start,
            candidates,
            base,
            again: Cell::new(MOST_AGAIN),
            effort: Effort::USUAL,
        }
    }

    /// True if the traffic may be gone through once more to change a behaviour.
    fn may_repeat(&self) -> bool {
        self.again.get() >= self.exchanges.len()
    }

    /// Counts the requests of a pass.
    fn repeated(&self, track: &Track) {
        let left = self.again.get();
        self.again
            .set(left.saturating_sub(track.simulator.requests()));
    }

    /// Goes through the traffic of a client that is alone, up to the first exchange that no profile
    /// explains. Explanations near `supposed` are searched for too.
    fn alone(&self, supposed: Option<Choice>) -> Result<Track, NoRandomNumbers> {
        let mut track = self.track(self.candidates.all(), false)?;
        track.supposed = supposed;
        for (number, exchange) in (1..).zip(self.exchanges) {
            track.follow(number, exchange, Outcome::Unclear, Compared::Everything);
            if !track.unexplained.is_empty() {
                break;
            }
        }
        Ok(track)
    }

    /// Goes through the traffic, in which other clients may write in between.
    fn among_others(&self) -> Result<Track, NoRandomNumbers> {
        let mut track = self.track(self.candidates.all(), true)?;
        track.follow_all(self.exchanges);
        Ok(track)
    }

    fn track(&self, domains: Domains, tolerant: bool) -> Result<Track, NoRandomNumbers> {
        let mut track = Track::new(&self.start, &self.candidates, self.base, domains, tolerant)?;
        track.effort = self.effort;
        Ok(track)
    }

    fn conclude(&self, track: Track, choice: &Choice) -> Learned {
        let mut profile = *self.base;
        for (id, place) in BehaviourId::all().zip(choice) {
            self.candidates.choose(&mut profile, id, *place);
        }
        let findings = BehaviourId::all().map(|id| (id, finding(id, &track)));
        let wording = track.wording_without_users();
        Learned {
            profile,
            findings: findings.collect(),
            unmodelled: track.unmodelled,
            wording,
            asked: track.asked,
            followed: track.followed,
            left_out: track.left_out,
            start: self.start.seed(&track.earlier),
            unexplained: track.unexplained,
        }
    }

    /// What a choice leaves unexplained, and a nearer choice `within` these options for the first
    /// such exchange.
    fn attempt(
        &self,
        choice: &Choice,
        within: Option<&Domains>,
    ) -> Result<(Rest, Option<Choice>), NoRandomNumbers> {
        let mut track = self.track(Domains::only(choice), false)?;
        track.wider = within.cloned();
        track.follow_all(self.exchanges);
        self.repeated(&track);
        let unexplained = track.unexplained.iter();
        let rest = Rest {
            exchanges: track.unexplained.len(),
            differences: unexplained.map(|one| one.differences.len()).sum(),
        };
        Ok((rest, track.adapted))
    }

    /// One option of each behaviour, so that together they explain most exchanges. If the nearest
    /// choice for each difference does not lead there, behaviours are changed one by one, and if that
    /// does not either, fixed one by one.
    fn together(&self, learned: &Track) -> Result<(Rest, Choice), NoRandomNumbers> {
        let mut choice = learned.choice();
        let (mut rest, mut adapted) = self.attempt(&choice, Some(&learned.domains))?;
        let mut best = (rest, choice.clone());
        for _ in 1..MOST_CHOICES {
            match adapted.filter(|next| *next != choice) {
                Some(next) => choice = next,
                None => break,
            }
            (rest, adapted) = self.attempt(&choice, Some(&learned.domains))?;
            if rest < best.0 {
                best = (rest, choice.clone());
            }
        }
        best = self.improved(learned, best)?;
        if best.0.exchanges > learned.unexplained.len() {
            let fixed = self.fixed(learned)?;
            let (rest, _) = self.attempt(&fixed, None)?;
            best = best.min(self.improved(learned, (rest, fixed))?);
        }
        Ok(best)
    }

    /// Changes one behaviour after another, as long as that leaves less unexplained.
    fn improved(
        &self,
        learned: &Track,
        mut best: (Rest, Choice),
    ) -> Result<(Rest, Choice), NoRandomNumbers> {
        while let Some(better) = self.better(learned, &best)? {
            best = better;
        }
        Ok(best)
    }

    /// A choice that leaves less unexplained and differs in one behaviour, if one is needed.
    fn better(
        &self,
        learned: &Track,
        (rest, choice): &(Rest, Choice),
    ) -> Result<Option<(Rest, Choice)>, NoRandomNumbers> {
        if rest.exchanges <= learned.unexplained.len() {
            return Ok(None);
        }
        for id in &learned.asked {
            for place in learned.domains.of(*id) {
                let mut other = choice.clone();
                other[id.index()] = place;
                if other == *choice {
                    continue;
                }
                if !self.may_repeat() {
                    return Ok(None);
                }
                let (less, _) = self.attempt(&other, None)?;
                if less < *rest {
                    return Ok(Some((less, other)));
                }
            }
        }
        Ok(None)
    }

    /// Fixes one behaviour after another, each to the first option with which as many exchanges are
    /// explained as before.
    fn fixed(&self, learned: &Track) -> Result<Choice, NoRandomNumbers> {
        let mut domains = learned.domains.clone();
        for id in &learned.asked {
            if !domains.is_open(*id) {
                continue;
            }
            for place in domains.of(*id) {
                if !self.may_repeat() {
                    return Ok(domains.first());
                }
                let mut only = Domains::none();
                only.add(*id, place);
                let mut narrowed = domains.clone();
                narrowed.set(*id, &only);
                let mut track = self.track(narrowed, learned.tolerant)?;
                track.follow_all(self.exchanges);
                self.repeated(&track);
                if track.unexplained.len() <= learned.unexplained.len() {
                    domains = track.domains;
                    break;
                }
            }
        }
        Ok(domains.first())
    }
}

/// Learns from the traffic of one account, starting from `base`. If other clients seem to write in
/// between, that is taken into account.
pub fn learn(exchanges: &[Exchange], base: &Profile) -> Result<Learned, NoRandomNumbers> {
    learn_with(exchanges, base, Effort::USUAL)
}

pub(super) fn learn_with(
    exchanges: &[Exchange],
    base: &Profile,
    effort: Effort,
) -> Result<Learned, NoRandomNumbers> {
    let setting = Setting {
        effort,
        ..Setting::new(exchanges, base)
    };
    let alone = setting.alone(None)?;
    let seems_alone = alone.unexplained.is_empty();
    let mut track = if seems_alone {
        alone
    } else {
        setting.among_others()?
    };
    let (rest, choice) = setting.together(&track)?;
    if !seems_alone && rest.exchanges == 0 {
        // One profile explains everything, so nothing shows another client.
        let again = setting.alone(Some(choice.clone()))?;
        if again.unexplained.is_empty() {
            track = again;
        }
    }
    Ok(setting.conclude(track, &choice))
}

pub(super) fn finding(id: BehaviourId, track: &Track) -> Finding {
    if is_open_for_good(id) {
        let options = id.behaviour().options.iter();
        let options = options.map(|option| Possible::Option(option.name.to_owned()));
        return Finding::Open(options.collect());
    }
    let names = track.candidates.names(id);
    let left: Vec<u8> = track.domains.of(id).collect();
    let mut exchanges: Vec<usize> = track
        .evidence
        .iter()
        .filter(|((known, _), _)| *known == id)
        .map(|(_, number)| *number)
        .collect();
    exchanges.sort_unstable();
    exchanges.dedup();
    let value = |place: u8| names[usize::from(place)].as_str();
    let is_bounded = match (id.behaviour().values, left.as_slice()) {
        (Values::Listed, [_]) => true,
        (Values::Number { minimum, maximum }, [only]) => {
            value(*only).parse::<u32>().is_ok_and(|number| {
                let refuted = |other: u32| names.contains(&other.to_string());
                (number == minimum || refuted(number - 1))
                    && (number == maximum || refuted(number + 1))
            })
        }
        _ => false,
    };
    let is_claimed = is_bounded && !exchanges.is_empty() && !track.disputed.contains(&id);
    if is_claimed {
        Finding::Settled(exchanges)
    } else {
        let Values::Number { minimum, maximum } = id.behaviour().values else {
            let options = left.into_iter().map(|place| value(place).to_owned());
            return Finding::Open(options.map(Possible::Option).collect());
        };
        let known = (0..).zip(names).filter_map(|(place, name)| {
            let number = name.parse().ok()?;
            Some((number, track.domains.has(id, place)))
        });
        Finding::Open(ranges(known.collect(), minimum, maximum))
    }
}

/// The numbers between those that are contradicted. Only some numbers are candidates: those at which
/// an answer of the traffic would change.
fn ranges(candidates: BTreeMap<u32, bool>, minimum: u32, maximum: u32) -> Vec<Possible> {
    let mut ranges = Vec::new();
    let mut from = minimum;
    let mut is_possible = false;
    // An end behind the last one closes its range.
    for (number, possible) in candidates.into_iter().chain([(maximum + 1, false)]) {
        if possible {
            is_possible = true;
            continue;
        }
        if is_possible {
            ranges.push(Possible::Numbers(from..=number - 1));
        }
        is_possible = false;
        from = number + 1;
    }
    ranges
}

/// The exchanges that a profile does not predict.
pub fn replay(exchanges: &[Exchange], profile: &Profile) -> Result<Learned, NoRandomNumbers> {
    let start = Rc::new(Start::of(exchanges));
    let candidates = Rc::new(Candidates::only(profile));
    let all = candidates.all();
    let mut track = Track::new(&start, &candidates, profile, all, false)?;
    track.follow_all(exchanges);
    Ok(Learned {
        profile: *profile,
        findings: BTreeMap::new(),
        unmodelled: track.unmodelled,
        wording: track.wording,
        asked: track.asked,
        followed: track.followed,
        left_out: track.left_out,
        start: start.seed(&track.earlier),
        unexplained: track.unexplained,
    })
}
