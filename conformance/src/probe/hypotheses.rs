//! The profiles that are still possible: the emulator replays each exchange under them, and those
//! that predict another response are ruled out. The probe infers nothing from a response by itself.

use std::collections::{BTreeMap, BTreeSet};

use bandwidth_fixtures::{BehaviourId, Profile, behaviour::Values};
use bandwidth_mock::traffic::{
    self,
    engine::{self, Inquiry, Outcome, Possible},
};

use super::{
    findings::{Behaviours, Finding, Findings, Observation},
    seen::Seen,
};
use crate::{exchange::Exchange, transport::Request, verdict::Stop};

/// The possible profiles, and the exchanges that they rest on.
#[derive(Default)]
pub(super) struct Hypotheses {
    inquiry: Option<Inquiry>,
    /// What was taken in before the first question.
    first: Vec<(traffic::Exchange, Outcome)>,
    /// The place in the log of each exchange that was taken in.
    places: Vec<usize>,
    /// The places of rejections with a status of success, which no profile has.
    odd: BTreeSet<usize>,
    /// Number of exchanges that were taken in, or left out.
    heard: usize,
    /// The places of exchanges that are no evidence: those before the target had settled, and those
    /// that changed passwords.
    pub(super) left_out: BTreeSet<usize>,
    /// The places of exchanges of which only the outcome is evidence.
    pub(super) outcomes: BTreeSet<usize>,
    /// The behaviours that exchanges are about, by place.
    pub(super) about: BTreeMap<usize, Behaviours>,
}

/// The part of an exchange that is evidence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Everything,
    /// Whether the request was accepted.
    Outcome,
    /// The request may have had any effect.
    Nothing,
}

pub(super) fn stop<E>(_: E) -> Stop {
    Stop::Error("the machine gives no random numbers".to_owned())
}

impl Hypotheses {
    /// Takes in the exchanges of the log that are new. If those from a place on are doubtful, the
    /// changes among them show nothing. Explanations near `profile`, which requests are written
    /// for, are looked for too.
    pub(super) fn hear(
        &mut self,
        log: &[Exchange],
        profile: &Profile,
        doubtful_from: Option<usize>,
    ) -> Result<(), Stop> {
        if let Some(inquiry) = &mut self.inquiry {
            inquiry.suppose(profile);
        }
        let places = (self.heard..log.len()).filter(|place| !self.left_out.contains(place));
        let (last, first): (Vec<usize>, Vec<usize>) =
            places.partition(|place| self.outcomes.contains(place));
        // Rejections for an unknown reason come after what was accepted, which explains more.
        for place in first.into_iter().chain(last) {
            let is_change = log[place].request.method != "GET";
            let part = if is_change && doubtful_from.is_some_and(|from| place >= from) {
                Part::Nothing
            } else if self.outcomes.contains(&place) {
                Part::Outcome
            } else {
                Part::Everything
            };
            self.take_in(place, &log[place], part);
        }
        if let Some(from) = doubtful_from.filter(|from| *from < self.heard) {
            self.doubt(from, log)?;
        }
        self.heard = log.len();
        Ok(())
    }

    /// Takes in a part of the exchange at that place of the log.
    fn take_in(&mut self, place: usize, exchange: &Exchange, part: Part) {
        let mut recorded = recorded(&exchange.request);
        let answer = exchange.outcome.as_ref().ok();
        let answer = answer.filter(|_| part != Part::Nothing);
        recorded.answer = answer.map(|answer| traffic::Answer {
            status: answer.status,
            headers: answer.headers.clone(),
            body: answer.body.clone().into(),
        });
        let outcome = answer.map_or(Outcome::Unclear, |answer| outcome(&Seen::of(answer)));
        if outcome == Outcome::Rejected && answer.is_some_and(|answer| answer.status < 300) {
            self.odd.insert(place);
        }
        self.places.push(place);
        match &mut self.inquiry {
            Some(inquiry) if part == Part::Outcome => inquiry.follow_outcome(recorded, outcome),
            Some(inquiry) => inquiry.follow(recorded, outcome),
            None => self.first.push((recorded, outcome)),
        }
    }

    /// Takes back what the changes from that place of the log on show.
    fn doubt(&mut self, from: usize, log: &[Exchange]) -> Result<(), Stop> {
        let changes = |place: &usize| *place >= from && log[*place].request.method != "GET";
        let doubted = (1..).zip(&self.places).filter(|(_, place)| changes(place));
        let numbers: Vec<usize> = doubted.map(|(number, _)| number).collect();
        match &mut self.inquiry {
            Some(inquiry) if !numbers.is_empty() => inquiry.lose(numbers.into_iter()).map_err(stop),
            Some(_) => Ok(()),
            None => {
                for number in numbers {
                    self.first[number - 1].0.answer = None;
                }
                Ok(())
            }
        }
    }

    /// The inquiry. It starts with what was taken in so far, from `base` with what is `known`.
    pub(super) fn inquiry(&mut self, base: &Profile, known: &Findings) -> Result<&Inquiry, Stop> {
        let inquiry = match self.inquiry.take() {
            Some(inquiry) => inquiry,
            None => started(*base, known, std::mem::take(&mut self.first))?,
        };
        Ok(self.inquiry.insert(inquiry))
    }

    /// The places in the log of exchanges that no profile explains; with `whole` also of those of
    /// which a profile explains no more than the outcome.
    pub(super) fn surprises(&self, whole: bool) -> BTreeSet<usize> {
        let inquiries = self.inquiry.iter();
        let numbers = inquiries.flat_map(|inquiry| {
            let partly = inquiry.partly().iter().copied().filter(|_| whole);
            let unexplained = inquiry.unexplained().iter().map(|one| one.exchange);
            partly.chain(unexplained)
        });
        let places = numbers.map(|number| self.places[number - 1]);
        places.chain(self.odd.iter().copied()).collect()
    }

    /// The place of an exchange about that behaviour that no option explains.
    pub(super) fn surprise_about(&self, id: &str) -> Option<usize> {
        let is_about = |place: &usize| self.about.get(place).is_some_and(|ids| ids.contains(&id));
        self.surprises(false).into_iter().find(is_about)
    }

    /// The names of fields that the mock does not have.
    pub(super) fn unmodelled(&self) -> impl Iterator<Item = &str> {
        self.inquiry.iter().flat_map(Inquiry::unmodelled)
    }

    /// What the exchanges show about a behaviour; `None` if they rule out no option. `number` is that
    /// of the first exchange of the log.
    pub(super) fn conclusion(&self, id: BehaviourId, number: usize) -> Option<Observation> {
        let inquiry = self.inquiry.as_ref()?;
        let places = inquiry
            .evidence(id)
            .map(|one| number + self.places[one - 1]);
        let exchanges = places.fold(None, |known, place| match known {
            None => Some((place, place)),
            Some((first, last)) => Some((place.min(first), place.max(last))),
        });
        let (option, alternatives) = shown(inquiry, id)?;
        Some(Observation {
            option,
            alternatives,
            note: String::new(),
            exchanges: exchanges?,
        })
    }
}

fn started(
    mut base: Profile,
    known: &Findings,
    first: Vec<(traffic::Exchange, Outcome)>,
) -> Result<Inquiry, Stop> {
    let mut ids = Vec::new();
    for (id, finding) in known {
        if let (Ok(id), Finding::Observed(seen)) = (id.parse(), finding)
            && seen.alternatives.is_empty()
            && base.choose(id, &seen.option)
        {
            ids.push(id);
        }
    }
    Inquiry::new(&base, ids, first).map_err(stop)
}

/// The option that the exchanges show, and those that they leave beside it; `None` if they rule out
/// none.
pub(super) fn shown(inquiry: &Inquiry, id: BehaviourId) -> Option<(String, Vec<String>)> {
    let option = inquiry.option(id).to_owned();
    let engine::Finding::Open(possible) = inquiry.finding(id) else {
        return Some((option, Vec::new()));
    };
    let (minimum, maximum) = match id.behaviour().values {
        Values::Number { minimum, maximum } => (minimum, maximum),
        Values::Listed | Values::Rate | Values::Date => {
            if possible.len() == id.behaviour().options.len() {
                return None;
            }
            let names = possible.iter().map(ToString::to_string);
            let others = names.filter(|name| *name != option).collect();
            return Some((option, others));
        }
    };
    let mut ranges = possible.into_iter().filter_map(|possible| match possible {
        Possible::Numbers(range) => Some(range),
        Possible::Option(_) => None,
    });
    let (from, to) = ranges.next()?.into_inner();
    if (from, to) == (minimum, maximum) {
        return None;
    }
    // Of numbers that have the same effect, the one that a profile can have with the rest.
    let (option, rest) = if to == maximum {
        (from, from.saturating_add(1)..=to)
    } else {
        (to, from..=to.saturating_sub(1))
    };
    let rest = (from < to).then_some(rest);
    let others = rest.into_iter().chain(ranges).map(Possible::Numbers);
    Some((
        option.to_string(),
        others.map(|one| one.to_string()).collect(),
    ))
}

/// The outcome that a response shows.
fn outcome(seen: &Seen) -> Outcome {
    if seen.is_success() {
        Outcome::Accepted
    } else if seen.is_refusal() || matches!(seen.status, 401 | 403..=406 | 410) {
        Outcome::Rejected
    } else {
        Outcome::Unclear
    }
}

/// A request as a recording has it, with its secrets: it stays in memory.
pub(super) fn recorded(request: &Request) -> traffic::Exchange {
    traffic::Exchange {
        at: None,
        after_gap: false,
        method: request.method.clone(),
        url: request.path.clone(),
        request_headers: request.headers.clone(),
        request_body: request.body.clone().into(),
        answer: None,
        passwords: BTreeMap::new(),
    }
}
