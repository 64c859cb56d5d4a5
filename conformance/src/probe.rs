//! The probe: finds out which option of each behaviour a target shows. Its experiments send requests;
//! the emulator replays them under the profiles that are still possible, and rules out those that
//! predict other responses. A change counts only between controls that succeeded.

mod authentication;
mod creates;
mod deletion;
mod evidence;
pub mod experiments;
pub mod findings;
mod first;
mod hypotheses;
pub mod learned;
mod passwords;
mod rates;
mod reads;
mod seen;
mod state;
mod surfaces;
mod updates;
mod users;

use std::sync::Arc;

use bandwidth_fixtures::BehaviourId;

use self::{
    experiments::{Control, Experiment, experiments},
    findings::behaviour,
};
pub use self::{
    findings::{Finding, Findings, Observation},
    state::{Choice, Probe},
};
use crate::{case::Users, leftover::Leftover, limits::Writes, verdict::Stop};

/// The reason of a behaviour that no experiment is about, if the exchanges do not show it.
const NO_EXPERIMENT: &str = "the probe has no experiment for it";

/// Number of tries of an experiment that failures of the target interrupted.
const TRIES: usize = 4;

impl Probe {
    /// Runs the experiments about selected behaviours that are not in `known`, and removes the
    /// users that they created. `report` is called after each, with its name, and after the clean-up.
    ///
    /// # Errors
    /// Errors of `report`; the users are removed all the same.
    pub async fn learn(
        &mut self,
        choice: &Choice,
        known: Findings,
        report: &mut dyn FnMut(&str, &Self) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        self.choice = choice.clone();
        self.known.clone_from(&known);
        let mut reported = Ok(());
        let experiments = experiments(self.may_create_more());
        for experiment in &experiments {
            let mut wanted = experiment.behaviours.iter().filter(|id| choice.wants(id));
            if wanted.any(|id| !known.contains_key(*id)) || experiment.foundation {
                self.perform(experiment).await;
            }
            if self.cx.run.dispatch().is_interrupted() {
                break;
            }
            self.conclude_all(experiment.behaviours.iter().copied(), false);
            reported = report(experiment.name, self);
            if reported.is_err() {
                break;
            }
        }
        let from = self.sent();
        let run = Arc::clone(&self.cx.run);
        self.leftovers = run.account.finish_into(&mut self.cx.log).await;
        self.leave_out_since(from);
        let is_back = |left: &Leftover| left.key.is_some() && left.key == self.deleted;
        if self.leftovers.iter().any(is_back) {
            self.give_up(&["delete.effect"], "the deleted user was there again");
        }
        if reported.is_ok() {
            reported = report("clean-up", self);
        }
        // Without roles the emulator has not started.
        let _ = self.inquiry();
        let has_experiment = |id: &str| experiments.iter().any(|one| one.behaviours.contains(&id));
        for id in BehaviourId::all().map(BehaviourId::as_str) {
            if !has_experiment(id) {
                self.reasons.insert(id.to_owned(), NO_EXPERIMENT.to_owned());
            }
        }
        self.conclude_all(BehaviourId::all().map(BehaviourId::as_str), true);
        reported
    }

    /// Records what is known of these behaviours; at last also what is open.
    fn conclude_all<'i>(&mut self, ids: impl Iterator<Item = &'i str>, is_last: bool) {
        for id in ids {
            match self.known.get(id).cloned() {
                Some(earlier) if !self.choice.skips(id) => {
                    if let Finding::Observed(seen) = &earlier
                        && seen.alternatives.is_empty()
                    {
                        self.assume(id, &seen.option);
                    }
                    self.findings.insert(id.to_owned(), earlier);
                }
                _ if !self.choice.wants(id) => self.leave_open(id, "it was not asked for"),
                _ => self.conclude(behaviour(id), is_last),
            }
        }
    }

    /// Why an experiment cannot be tried now, if it cannot.
    fn hindrance(&self, experiment: &Experiment) -> Option<String> {
        if let Some(ended) = self.cx.run.dispatch().ended() {
            return Some(ended);
        }
        if experiment.users == Users::None {
            return None;
        }
        if let Writes::Refused(why) = self.cx.run.limits().writes {
            return Some(why.to_owned());
        }
        if matches!(self.known("surface.account"), Some("list_only" | "absent")) {
            return Some("the target has no users below the account to create".to_owned());
        }
        if experiment.users != Users::Many {
            return None;
        }
        if self.is_prepared() {
            return Some("it needs a user beside the prepared one".to_owned());
        }
        let why = self.removal.as_ref().err()?;
        if self.may_create_more() {
            return None;
        }
        Some(format!(
            "{why}, so no second user was created; pass --allow-leftovers to create more"
        ))
    }

    /// True if the first user may stay while the probe creates others.
    fn may_create_more(&self) -> bool {
        let limits = self.cx.run.limits();
        !self.is_prepared() && (limits.allow_leftovers || !limits.one_user_first)
    }

    async fn perform(&mut self, experiment: &Experiment) {
        let before = (self.findings.clone(), self.given_up.clone());
        let mut reason = String::new();
        for _ in 0..TRIES {
            if let Some(why) = self.hindrance(experiment) {
                reason = why;
                break;
            }
            let from = self.sent();
            self.mark = from + 1;
            let mut result = self.controlled(experiment).await;
            // What came after a request that had to be repeated may be the answer to the
            // repetition. What was found before an experiment stopped for another reason holds.
            let doubtful = self.repeated_since(from.max(self.judged));
            if doubtful {
                (self.findings, self.given_up) = before.clone();
            }
            let unproven = if doubtful {
                Some(from)
            } else {
                result.is_err().then_some(from.max(self.bracket))
            };
            if let Err(stop) = self.hear(unproven) {
                result = Err(stop);
            }
            match result {
                Ok(()) if doubtful => {
                    "a request was repeated and may have taken effect twice"
                        .clone_into(&mut reason);
                }
                Ok(()) => {
                    reason.clear();
                    break;
                }
                Err(stop) => {
                    stop.headline().clone_into(&mut reason);
                    if matches!(stop, Stop::Skip(_)) {
                        break;
                    }
                }
            }
        }
        if !reason.is_empty() {
            for id in experiment.behaviours {
                let reasons = self.reasons.entry((*id).to_owned());
                reasons.or_insert_with(|| reason.clone());
            }
        }
    }

    /// Does an experiment behind its controls: where one fails, it shows nothing.
    async fn controlled(&mut self, experiment: &Experiment) -> Result<(), Stop> {
        for control in experiment.controls {
            let missing = |what: &str| Err(Stop::Skip(what.to_owned()));
            match control {
                Control::List if self.default_format.is_none() => {
                    return missing("the list of users could not be read");
                }
                Control::Created if self.sample.is_none() => {
                    return missing("no user could be created");
                }
                Control::Update => self.control_update().await?,
                Control::List | Control::Created => {}
            }
        }
        (experiment.run)(self).await
    }

    /// Checks that the target accepts an update of the shared user, and that GET shows it. A failed
    /// control is not repeated: waiting for a slow target takes time.
    async fn control_update(&mut self) -> Result<(), Stop> {
        if let Some(why) = self.unusable.clone() {
            return Err(Stop::Skip(why));
        }
        let result = self.subject().await;
        if let Err(Stop::Skip(why)) = &result {
            self.unusable = Some(why.clone());
        }
        result.map(drop)
    }
}
