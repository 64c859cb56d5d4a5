//! A second judgement of the findings: the emulator replays the probe's own exchanges.

use std::collections::BTreeMap;

use bandwidth_fixtures::{BehaviourId, Profile};
use bandwidth_mock::traffic::{
    self,
    engine::{self, Learned, Possible},
};

use super::findings::{Finding, Findings, Observation};
use crate::{exchange::Exchange, verdict::Stop};

/// The reason of a behaviour that no experiment is about.
pub const NO_EXPERIMENT: &str = "the probe has no experiment for it";

/// What replaying adds.
pub struct Replayed {
    /// The findings that both judgements support.
    pub findings: Findings,
    /// The first exchange that no profile explains: then replaying judges nothing.
    pub unexplained: Option<usize>,
    /// Fields of responses that the mock does not have.
    pub unmodelled: Vec<String>,
}

/// Replays the exchanges under the profiles that are possible. A behaviour without an experiment
/// takes the option that replaying settles. A finding that replaying contradicts is left open.
/// The numbers of the exchanges are those of the findings' evidence.
pub fn replay(
    findings: &Findings,
    exchanges: &[(usize, &Exchange)],
    base: &Profile,
) -> Result<Replayed, Stop> {
    let (numbers, exchanges): (Vec<usize>, Vec<_>) = exchanges.iter().copied().unzip();
    let recorded: Vec<traffic::Exchange> = exchanges.into_iter().map(recorded).collect();
    let learned = engine::learn_alone(&recorded, base)
        .map_err(|_| Stop::Error("the machine gives no random numbers".to_owned()))?;
    let mut findings = findings.clone();
    let learned = match learned {
        Ok(learned) => learned,
        Err(place) => {
            return Ok(Replayed {
                findings,
                unexplained: Some(numbers[place - 1]),
                unmodelled: Vec::new(),
            });
        }
    };
    for id in BehaviourId::all() {
        if let Some(finding) = findings.get_mut(id.as_str()) {
            judge(id, finding, &learned, &numbers);
        }
    }
    Ok(Replayed {
        findings,
        unexplained: None,
        unmodelled: learned.unmodelled.into_keys().collect(),
    })
}

fn judge(id: BehaviourId, finding: &mut Finding, learned: &Learned, numbers: &[usize]) {
    let replayed = learned.profile.get(id);
    let conclusion = learned.findings.get(&id);
    match (&mut *finding, conclusion) {
        (Finding::Open(why), Some(engine::Finding::Settled(places))) if why == NO_EXPERIMENT => {
            let number = |place: Option<&usize>| place.map_or(0, |place| numbers[*place - 1]);
            let exchanges = (number(places.first()), number(places.last()));
            *finding = Finding::Observed(Observation {
                option: replayed,
                alternatives: Vec::new(),
                note: "by replaying the exchanges in the mock".to_owned(),
                exchanges,
            });
        }
        (Finding::Observed(seen), Some(conclusion)) if id.behaviour().accepts(&seen.option) => {
            let possible = match conclusion {
                engine::Finding::Settled(_) => &[Possible::Option(replayed)][..],
                engine::Finding::Open(options) => options,
            };
            let agrees = |own: &String| {
                let own = Possible::read(own);
                possible.iter().any(|one| one.overlaps(&own))
            };
            let has_alternative = seen.alternatives.iter().any(agrees);
            if !agrees(&seen.option) && !has_alternative {
                let possible: Vec<String> = possible.iter().map(ToString::to_string).collect();
                *finding = Finding::Open(format!(
                    "an experiment shows {}, and replaying the exchanges in the mock shows {}",
                    seen.option,
                    possible.join(" or ")
                ));
            } else if let [Possible::Option(only)] = possible
                && *only != seen.option
                && has_alternative
            {
                seen.option.clone_from(only);
                seen.alternatives.clear();
            }
        }
        _ => {}
    }
}

/// The exchange as a recording has it, with its secrets: it stays in memory.
fn recorded(exchange: &Exchange) -> traffic::Exchange {
    let request = &exchange.request;
    let answer = exchange.outcome.as_ref().ok();
    traffic::Exchange {
        at: None,
        method: request.method.clone(),
        url: request.path.clone(),
        request_headers: request.headers.clone(),
        request_body: request.body.clone().into(),
        answer: answer.map(|answer| traffic::Answer {
            status: answer.status,
            headers: answer.headers.clone(),
            body: answer.body.clone().into(),
        }),
        passwords: BTreeMap::new(),
    }
}
