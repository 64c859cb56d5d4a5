//! Learning one exchange at a time, for a client that chooses what it sends next.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    fmt,
    hash::{Hash as _, Hasher as _},
    ptr,
    rc::Rc,
};

use bandwidth_fixtures::{BehaviourId, profile::Profile};
use bytes::Bytes;

use super::{
    conclude::{self, Finding, Possible},
    form::Unexplained,
    meaning::{Compared, Meaning, Outcome},
    options::{Candidates, Choice, Numbers},
    simulator::Prepared,
    start::{Start, prepare},
    track::Track,
};
use crate::{journal::Sent, jwt::NoRandomNumbers, random::mix, store::Saved, traffic::Exchange};

/// The profiles that are still possible after some exchanges with a server.
pub struct Inquiry {
    heard: Heard,
    track: Track,
}

/// The exchanges, and what is asked about them.
struct Heard {
    base: Profile,
    /// Behaviours that are known from elsewhere, as the base has them.
    known: Vec<BehaviourId>,
    /// Lengths of passwords that are candidates beside those of the exchanges.
    lengths: Vec<u32>,
    exchanges: Vec<Exchange>,
    /// For each exchange its outcome, and what is compared.
    outcomes: Vec<(Outcome, Compared)>,
    compared: Compared,
}

/// Without the exchanges, which have passwords.
impl fmt::Debug for Inquiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inquiry").finish_non_exhaustive()
    }
}

/// Bounds of lengths that many servers have, each with the length above it.
const USUAL_LENGTHS: [u32; 49] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 24, 25, 30, 31, 32, 33, 40,
    41, 48, 49, 50, 51, 64, 65, 72, 73, 100, 101, 128, 129, 255, 256, 257, 500, 501, 512, 513,
    1000, 1001, 1024,
];

/// The longest repeated string whose limit can be exact.
pub const MOST_REPEATED: u32 = 33;
/// The longest history of passwords that can be exact.
const MOST_REMEMBERED: u32 = 24;

/// Lengths that are added to a range at a time. More would leave no room for those of the exchanges.
const MORE_LENGTHS: usize = 12;

/// Bits of an outcome with which no other request is looked at; one is the most.
const ENOUGH: f64 = 0.9;

/// Number of profiles that stand for all that are possible.
const SAMPLES: usize = 24;

impl Inquiry {
    /// Starts with these exchanges, which show the account and the login. The options of `known`
    /// behaviours are those of `base`.
    pub fn new(
        base: &Profile,
        known: Vec<BehaviourId>,
        exchanges: Vec<(Exchange, Outcome)>,
    ) -> Result<Self, NoRandomNumbers> {
        Self::comparing(Compared::Everything, base, known, exchanges)
    }

    /// One that compares nothing but outcomes: the responses of a server may have any form.
    pub fn of_outcomes(
        base: &Profile,
        known: Vec<BehaviourId>,
        exchanges: Vec<Exchange>,
    ) -> Result<Self, NoRandomNumbers> {
        let exchanges = exchanges.into_iter();
        let exchanges = exchanges.map(|exchange| (exchange, Outcome::Unclear));
        Self::comparing(Compared::Outcomes, base, known, exchanges.collect())
    }

    fn comparing(
        compared: Compared,
        base: &Profile,
        known: Vec<BehaviourId>,
        exchanges: Vec<(Exchange, Outcome)>,
    ) -> Result<Self, NoRandomNumbers> {
        let (exchanges, outcomes): (Vec<_>, Vec<_>) = exchanges.into_iter().unzip();
        let outcomes = outcomes.into_iter().map(|outcome| (outcome, compared));
        let heard = Heard {
            base: *base,
            known,
            lengths: USUAL_LENGTHS.to_vec(),
            exchanges,
            outcomes: outcomes.collect(),
            compared,
        };
        let track = heard.track(None)?;
        Ok(Self { heard, track })
    }

    /// Takes in one exchange. If no profile explains its response, its outcome is compared alone.
    pub fn follow(&mut self, exchange: Exchange, outcome: Outcome) {
        self.follow_part(exchange, outcome, self.heard.compared);
    }

    /// Takes in the outcome of an exchange, and nothing else of it: a request that breaks two rules
    /// may be rejected for either.
    pub fn follow_outcome(&mut self, exchange: Exchange, outcome: Outcome) {
        self.follow_part(exchange, outcome, Compared::Outcomes);
    }

    fn follow_part(&mut self, exchange: Exchange, outcome: Outcome, compared: Compared) {
        let number = self.heard.exchanges.len() + 1;
        self.track.follow(number, &exchange, outcome, compared);
        self.heard.exchanges.push(exchange);
        self.heard.outcomes.push((outcome, compared));
    }

    /// Searches for explanations near that profile, too.
    pub fn suppose(&mut self, profile: &Profile) {
        let candidates = &self.track.candidates;
        let places = BehaviourId::all().map(|id| {
            let option = profile.get(id);
            let place = candidates.names(id).iter().position(|name| *name == option);
            place
                .and_then(|place| u8::try_from(place).ok())
                .unwrap_or(0)
        });
        self.track.supposed = Some(places.collect());
    }

    /// Takes back these responses, counted from 1: the requests may have had any effect.
    pub fn lose(&mut self, numbers: impl Iterator<Item = usize>) -> Result<(), NoRandomNumbers> {
        for number in numbers {
            self.heard.exchanges[number - 1].answer = None;
        }
        self.replay()
    }

    fn replay(&mut self) -> Result<(), NoRandomNumbers> {
        let supposed = self.track.supposed.take();
        self.track = self.heard.track(supposed)?;
        Ok(())
    }

    /// The option of a behaviour that explains the exchanges together with those of the others; that
    /// of the base where it is left.
    pub fn option(&self, id: BehaviourId) -> &str {
        let place = self.track.choice()[id.index()];
        &self.track.candidates.names(id)[usize::from(place)]
    }

    fn profile_of(&self, choice: &Choice) -> Profile {
        let mut profile = self.heard.base;
        for (id, place) in BehaviourId::all().zip(choice) {
            self.track.candidates.choose(&mut profile, id, *place);
        }
        profile
    }

    /// The conclusion about a behaviour.
    pub fn finding(&self, id: BehaviourId) -> Finding {
        conclude::finding(id, &self.track)
    }

    /// The exchanges that contradict options of a behaviour.
    pub fn evidence(&self, id: BehaviourId) -> impl Iterator<Item = usize> {
        let evidence = self.track.evidence.iter();
        evidence
            .filter(move |((known, _), _)| *known == id)
            .map(|(_, number)| *number)
    }

    /// True if more than one option is left.
    pub fn is_open(&self, id: BehaviourId) -> bool {
        self.track.domains.is_open(id)
    }

    /// The candidates of a number that are left, in order.
    pub fn numbers(&self, id: BehaviourId) -> Vec<u32> {
        let names = self.track.candidates.names(id);
        let left = self.track.domains.of(id);
        let mut numbers: Vec<u32> = left
            .filter_map(|place| names[usize::from(place)].parse().ok())
            .collect();
        numbers.sort_unstable();
        numbers
    }

    /// The exchanges that no profile explains.
    pub fn unexplained(&self) -> &[Unexplained] {
        &self.track.unexplained
    }

    /// The exchanges of which only the outcome was compared, because no profile explains the
    /// response.
    pub fn partly(&self) -> &[usize] {
        &self.track.partly
    }

    /// The names of fields that occurred and that the mock does not model. They are not compared.
    pub fn unmodelled(&self) -> impl Iterator<Item = &str> {
        self.track.unmodelled.keys().map(String::as_str)
    }

    /// Adds candidates between the lengths that are left, where the bound is not exact. Returns
    /// false if there are none to add.
    pub fn refine(&mut self) -> Result<bool, NoRandomNumbers> {
        let mut more = Vec::new();
        for id in ["password.min_length", "password.max_length"] {
            let id: BehaviourId = id.parse().expect("it is a behaviour");
            let names = self.track.candidates.names(id);
            let Finding::Open(ranges) = self.finding(id) else {
                continue;
            };
            for range in ranges {
                let Possible::Numbers(range) = range else {
                    continue;
                };
                let to = *range.end().min(&USUAL_LENGTHS[USUAL_LENGTHS.len() - 1]);
                let inside =
                    (*range.start()..=to).filter(|length| !names.contains(&length.to_string()));
                let inside: Vec<u32> = inside.collect();
                let step = inside.len().div_ceil(MORE_LENGTHS).max(1);
                more.extend(inside.into_iter().step_by(step));
            }
        }
        if more.is_empty() {
            return Ok(false);
        }
        self.heard.lengths = more;
        self.replay()?;
        Ok(true)
    }

    /// The place of the request whose outcome tells the possible profiles apart best, and how well:
    /// its entropy over them, in bits. One that is nearly as good as can be ends the search. An
    /// answer in the exchange does not count.
    pub fn best(&self, requests: &[Exchange]) -> Option<(usize, f64)> {
        let samples = self.samples();
        let mut best: Option<(usize, f64)> = None;
        for (place, request) in requests.iter().enumerate() {
            let bits = self.entropy(request, &samples);
            if best.is_none_or(|(_, most)| bits > most) {
                best = Some((place, bits));
            }
            if bits > ENOUGH {
                break;
            }
        }
        best
    }

    /// True if the possible profiles differ about that request.
    pub fn differs(&self, request: &Exchange) -> bool {
        let samples = self.samples();
        let mut answers = self.answers(request, &samples);
        let first = answers.next().map(|(answer, _)| answer);
        answers.any(|(answer, _)| Some(answer) != first)
    }

    fn entropy(&self, request: &Exchange, samples: &[Sample<'_>]) -> f64 {
        let mut answers: HashMap<u64, u32> = HashMap::new();
        for (answer, weight) in self.answers(request, samples) {
            *answers.entry(answer).or_default() += weight;
        }
        let all: u32 = samples.iter().map(|sample| sample.weight).sum();
        let shares = answers.into_values();
        let shares = shares.map(|weight| f64::from(weight) / f64::from(all));
        shares.map(|share| -share * share.log2()).sum()
    }

    /// What a client would see under each sample, with its weight; nothing if no server would read
    /// the request.
    fn answers(
        &self,
        request: &Exchange,
        samples: &[Sample<'_>],
    ) -> impl Iterator<Item = (u64, u32)> {
        let Track { start, token, .. } = &self.track;
        let asked = prepare(request, start, token);
        let sent = Prepared::of(&asked);
        let look = (request.method == "PUT" || request.method == "DELETE").then(|| Exchange {
            method: "GET".to_owned(),
            request_body: Bytes::new(),
            ..asked
        });
        let look = look.and_then(|look| Prepared::of(&look));
        samples.iter().filter_map(move |sample| {
            let answer = self.predicted(sample, sent.as_ref()?, look.as_ref());
            Some((answer, sample.weight))
        })
    }

    /// A hash of what a client would see: the response, and a GET after a change.
    fn predicted(&self, sample: &Sample<'_>, sent: &Prepared, look: Option<&Prepared>) -> u64 {
        let simulator = &self.track.simulator;
        let options = sample.options;
        let (first, after) = simulator.send(sample.world, options, sent);
        let mut hasher = DefaultHasher::new();
        let is_accepted = first.sent.status < 300;
        if self.heard.compared == Compared::Outcomes {
            is_accepted.hash(&mut hasher);
            return hasher.finish();
        }
        of_response(&first.sent).hash(&mut hasher);
        if let (true, Some(after), Some(look)) = (is_accepted, after, look) {
            let (shown, _) = simulator.send(&after, options, look);
            of_response(&shown.sent).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Possible profiles with their worlds. Half of them have options that some source names.
    fn samples(&self) -> Vec<Sample<'_>> {
        let Track {
            worlds,
            domains,
            candidates,
            ..
        } = &self.track;
        let worlds = worlds.iter();
        let worlds: Vec<_> = worlds
            .filter_map(|world| {
                let within = world.domains.meet(domains)?;
                let first = self.profile_of(&within.first());
                Some((&world.saved, within, first))
            })
            .collect();
        let open: Vec<BehaviourId> = BehaviourId::all()
            .filter(|id| domains.is_open(*id))
            .collect();
        let named = |id: BehaviourId, place: u8| {
            let name = &candidates.names(id)[usize::from(place)];
            id.behaviour().option(name).is_some()
        };
        let places = worlds.iter().cycle().take(worlds.len().max(SAMPLES));
        let mut samples: Vec<Sample<'_>> = Vec::new();
        for (number, (world, within, first)) in places.enumerate() {
            let mut options = *first;
            for id in &open {
                let mut places: Vec<u8> = within.of(*id).collect();
                if number % 2 == 1 && places.iter().any(|place| named(*id, *place)) {
                    places.retain(|place| named(*id, *place));
                }
                let place = places[pick(*id, number, places.len())];
                candidates.choose(&mut options, *id, place);
            }
            let is_same =
                |one: &&mut Sample<'_>| ptr::eq(one.world, *world) && one.options == options;
            match samples.iter_mut().find(is_same) {
                Some(known) => known.weight += 1,
                None => samples.push(Sample {
                    world,
                    options,
                    weight: 1,
                }),
            }
        }
        samples
    }
}

/// A possible profile and a world.
struct Sample<'t> {
    world: &'t Saved,
    options: Profile,
    /// How often it was drawn.
    weight: u32,
}

fn of_response(sent: &Sent) -> Meaning {
    let headers = sent.headers.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let headers: Vec<_> = headers.collect();
    Meaning::of(sent.status, headers.into_iter(), &sent.body)
}

/// Which of `count` options of a behaviour a sample has. Those of two behaviours are independent.
fn pick(id: BehaviourId, sample: usize, count: usize) -> usize {
    let random = mix(id.index() as u64 + 1, sample as u64);
    usize::try_from(random % count as u64).unwrap_or(0)
}

impl Heard {
    /// A track of the exchanges. It has the numbers that passwords can tell among its candidates.
    fn track(&self, supposed: Option<Choice>) -> Result<Track, NoRandomNumbers> {
        let mut start = Start::of(&self.exchanges);
        let Numbers {
            password_lengths,
            repeats,
            changes,
        } = &mut start.numbers;
        password_lengths.extend(&self.lengths);
        repeats.extend(1..=MOST_REPEATED);
        *changes = MOST_REMEMBERED;
        let candidates = Candidates::of(&self.base, &start.numbers);
        let candidates = Rc::new(candidates.with_known(&self.base, &self.known));
        let all = candidates.all();
        let mut track = Track::new(&Rc::new(start), &candidates, &self.base, all, false)?;
        track.compared = self.compared;
        track.doubts = self.compared == Compared::Everything;
        track.supposed = supposed;
        let exchanges = self.exchanges.iter().zip(&self.outcomes);
        for (number, (exchange, (outcome, compared))) in (1..).zip(exchanges) {
            track.follow(number, exchange, *outcome, *compared);
        }
        Ok(track)
    }
}
