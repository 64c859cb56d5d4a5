//! Which exchanges are evidence, for what, and what the probe concludes from them.

use std::ops::Range;

use bandwidth_fixtures::BehaviourId;
use bandwidth_mock::traffic::engine::Inquiry;

use super::{
    findings::{Behaviours, Finding, Observation, behaviour},
    hypotheses,
    state::Probe,
};
use crate::{dialogue::Ask, verdict::Stop};

/// Areas of behaviours that the probe judges from other evidence than the responses in full.
const APART: [&str; 2] = ["password", "surface"];

/// The reason for a behaviour about which the exchanges rule out nothing.
const TOLD_BY_NOTHING: &str = "the responses are the same for every option";

impl Probe {
    /// Leaves exchanges out of the evidence.
    pub(super) fn leave_out(&mut self, exchanges: Range<usize>) {
        self.hypotheses.left_out.extend(exchanges);
    }

    /// Leaves the exchanges from that place on out of the evidence.
    pub(super) fn leave_out_since(&mut self, from: usize) {
        self.leave_out(from..self.sent());
    }

    /// Leaves the reason for the last rejection out of the evidence: the request may have broken two
    /// rules.
    pub(super) fn leave_out_reason(&mut self) {
        let last = self.sent().checked_sub(1);
        self.hypotheses.outcomes.extend(last);
    }

    /// Takes the exchanges in as evidence. If they are doubtful, the changes since the last control
    /// show nothing.
    pub(super) fn hear(&mut self, doubtful_from: Option<usize>) -> Result<(), Stop> {
        let log = &self.cx.log.exchanges;
        self.hypotheses.hear(log, &self.cx.profile, doubtful_from)
    }

    /// What the hypotheses say about the exchanges so far.
    pub(super) fn inquiry(&mut self) -> Result<&Inquiry, Stop> {
        self.hear(None)?;
        self.hypotheses.inquiry(self.cx.run.profile(), &self.known)
    }

    /// True if one of these behaviours is open, and the possible profiles differ about that request.
    pub(super) fn tells(&mut self, behaviours: &[&str], request: &Ask) -> Result<bool, Stop> {
        let request = hypotheses::recorded(&request.preview(self.cx.run.credentials()));
        let inquiry = self.inquiry()?;
        let mut ids = behaviours.iter();
        let is_open = ids.any(|id| inquiry.is_open(behaviour(id)));
        Ok(is_open && inquiry.differs(&request))
    }

    /// Leaves behaviours open, whatever the exchanges show.
    pub(super) fn give_up(&mut self, behaviours: &[&str], why: &str) {
        for id in behaviours {
            self.given_up.insert((*id).to_owned(), why.to_owned());
        }
    }

    /// The exchanges are about these behaviours: they stay open if no option explains what the target
    /// does.
    pub(super) fn are_about(&mut self, exchanges: Range<usize>, behaviours: Behaviours) {
        let about = exchanges.map(|place| (place, behaviours));
        self.hypotheses.about.extend(about);
    }

    /// The last exchange is about these behaviours.
    pub(super) fn last_is_about(&mut self, behaviours: Behaviours) {
        self.are_about(self.sent().saturating_sub(1)..self.sent(), behaviours);
    }

    /// Why an exchange about that behaviour shows nothing, if no option explains it.
    fn surprise_about(&self, id: &str) -> Option<String> {
        let place = self.hypotheses.surprise_about(id)?;
        let one = &self.cx.log.exchanges[place];
        let status = one.outcome.as_ref().map_or(0, |answer| answer.status);
        Some(format!(
            "no option explains exchange {}, a {} that returns {status}",
            self.earlier + 1 + place,
            one.request.method,
        ))
    }

    /// Records what the exchanges show about a behaviour; at last also what they leave open.
    pub(super) fn conclude(&mut self, id: BehaviourId, is_last: bool) {
        let name = id.as_str();
        if self.learned.remove(&id) {
            // Later exchanges may contradict it.
            self.findings.remove(name);
        }
        let given_up = self.given_up.get(name).cloned();
        if let Some(why) = given_up.or_else(|| self.surprise_about(name)) {
            return self.leave_open(name, &why);
        }
        let is_apart = APART.contains(&id.area());
        let conclusion = self.hypotheses.conclusion(id, self.earlier + 1);
        let is_ripe = |seen: &Observation| is_last || seen.alternatives.is_empty();
        match (self.findings.get(name), conclusion.filter(is_ripe)) {
            (Some(Finding::Observed(_)), _) => {}
            (_, Some(seen)) if !is_apart => {
                self.cx.profile.choose(id, &seen.option);
                self.findings
                    .insert(name.to_owned(), Finding::Observed(seen));
                self.learned.insert(id);
            }
            (None, _) if is_last || self.reasons.contains_key(name) => {
                let why = self.reasons.get(name).cloned();
                self.leave_open(name, why.as_deref().unwrap_or(TOLD_BY_NOTHING));
            }
            _ => {}
        }
    }
}
