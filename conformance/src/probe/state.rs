//! The state of a probe, and the only function that records a finding.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
    sync::Arc,
};

use bandwidth_fixtures::BehaviourId;
use bandwidth_mock::traffic::engine::Inquiry;

use super::{
    findings::{Finding, Findings, Observation},
    hypotheses::{self, Hypotheses, Part},
    seen::{Seen, UserSeen},
};
use crate::{
    dialogue::run::Run,
    dialogue::{Ask, Context},
    exchange::Exchange,
    leftover::Leftover,
    verdict::Stop,
    wire::{Draft, Format, Role},
};

/// The fields that a create needs, as far as they are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// The length of an accepted password.
    pub(super) password_length: usize,
    /// A telephone number, if a create needs one.
    pub(super) telephone: Option<&'static str>,
}

/// A user that the probe may update.
#[derive(Clone)]
pub(super) struct Made {
    /// Its key in paths.
    pub(super) key: String,
    /// The draft of its create; for a prepared user, the fields that it shows.
    pub(super) draft: Draft,
    /// True if it was enabled at first.
    pub(super) enabled: bool,
    /// The passwords that it has had, oldest first.
    pub(super) passwords: Vec<String>,
    /// True if it may have had other values.
    pub(super) doubted: bool,
}

/// Areas of behaviours that the probe judges from other evidence than the responses in full.
const APART: [&str; 2] = ["password", "surface"];

/// The reason for a behaviour about which the exchanges rule out nothing.
const TOLD_BY_NOTHING: &str = "the responses are the same for every option";

impl Made {
    pub(super) fn username(&self) -> &str {
        self.draft.text("Username")
    }

    /// The body of an update that changes nothing, without what a create alone may need.
    pub(super) fn update(&self) -> Draft {
        self.draft.clone().without("Password").without("AccountId")
    }
}

/// Selection of experiments.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Only these behaviours, or areas of them; empty for all.
    pub only: Vec<String>,
    /// Excluded behaviours.
    pub skip: Vec<String>,
    /// If true, the probe sends bursts until the target limits them.
    pub rate_probe: bool,
}

impl Choice {
    pub(super) fn wants(&self, id: &str) -> bool {
        (self.only.is_empty() || names(&self.only, id)) && !self.skips(id)
    }

    /// True if passwords are selected by name, which allows a change that cannot be undone.
    pub(super) fn names_passwords(&self) -> bool {
        self.only
            .iter()
            .any(|name| name.split('.').next() == Some("password"))
    }

    pub(super) fn skips(&self, id: &str) -> bool {
        names(&self.skip, id)
    }
}

/// True if the selection has that behaviour or its area.
fn names(chosen: &[String], id: &str) -> bool {
    let area = id.split('.').next().unwrap_or("");
    chosen.iter().any(|name| name == id || name == area)
}

/// A probe under way.
pub struct Probe {
    /// Sends its requests; its profile has the findings so far.
    pub(super) cx: Context,
    pub(super) findings: Findings,
    /// The format of the probe's own requests.
    pub(super) format: Format,
    /// The other format, if the target supports both.
    pub(super) other_format: Option<Format>,
    /// The format of responses to requests without `Accept`.
    pub(super) default_format: Option<Format>,
    /// The list of users, as it was first read.
    pub(super) list: Option<Seen>,
    pub(super) roles: Vec<Role>,
    pub(super) choice: Choice,
    /// The user that the experiments share, until it is removed.
    pub(super) first_user: Option<Made>,
    /// The shared user as GET showed it when it was last put back.
    pub(super) back: Option<UserSeen>,
    /// The reason why the shared user serves no experiment, if a control showed one.
    pub(super) unusable: Option<String>,
    /// A create whose result is unknown.
    pub(super) unanswered: Option<(Sample, Draft)>,
    /// The reason why the first user could not be removed, if there is one.
    pub(super) removal: Result<(), String>,
    /// The fields of a successful create, once it is known.
    pub(super) sample: Option<Sample>,
    /// Updates take any password, so that only creates can show the policy.
    pub(super) lax_updates: bool,
    /// The reason against any conclusion: a control of the current experiment failed, or was not
    /// made.
    pub(super) gate: Result<(), String>,
    /// True after a user logged in: a later failure may be a lockout.
    pub(super) logged_in: bool,
    /// First names that updates were given.
    pub(super) names: usize,
    /// Exchanges up to here whose repetitions the experiment took into account itself.
    pub(super) judged: usize,
    /// The first exchange of the current experiment.
    pub(super) mark: usize,
    /// The profiles that explain the exchanges.
    pub(super) hypotheses: Hypotheses,
    /// Number of exchanges that the hypotheses have taken in, or left out.
    heard: usize,
    /// Exchanges that came before the target had settled, and those that changed passwords: the
    /// hypotheses leave them out.
    left_out: BTreeSet<usize>,
    /// Exchanges of which only the outcome is evidence.
    outcomes: BTreeSet<usize>,
    /// The first exchange after the last update that was accepted and shown.
    pub(super) bracket: usize,
    /// Behaviours whose findings rest on the hypotheses.
    learned: BTreeSet<BehaviourId>,
    /// Why behaviours stay open that nothing else settles.
    pub(super) reasons: BTreeMap<String, String>,
    /// The behaviours that exchanges are about, by their place in the log.
    about: BTreeMap<usize, &'static [&'static str]>,
    /// Why behaviours stay open, whatever the exchanges show.
    pub(super) given_up: BTreeMap<String, String>,
    pub(super) leftovers: Vec<Leftover>,
    /// Findings of the part before an interruption.
    pub(super) known: Findings,
    /// Number of exchanges before the interruption, in a resumed probe.
    pub(super) earlier: usize,
}

impl Probe {
    /// A probe of the target of `run`. What `run` expects is where it starts from.
    pub fn new(run: Arc<Run>) -> Self {
        Self {
            cx: Context::new(run),
            findings: Findings::new(),
            format: Format::Xml,
            other_format: None,
            default_format: None,
            list: None,
            roles: Vec::new(),
            choice: Choice::default(),
            first_user: None,
            back: None,
            unusable: None,
            unanswered: None,
            removal: Err("the first user was not seen to be removed".to_owned()),
            sample: None,
            lax_updates: false,
            gate: Ok(()),
            logged_in: false,
            names: 0,
            judged: 0,
            mark: 0,
            hypotheses: Hypotheses::default(),
            heard: 0,
            left_out: BTreeSet::new(),
            outcomes: BTreeSet::new(),
            bracket: 0,
            learned: BTreeSet::new(),
            reasons: BTreeMap::new(),
            about: BTreeMap::new(),
            given_up: BTreeMap::new(),
            leftovers: Vec::new(),
            known: Findings::new(),
            earlier: 0,
        }
    }

    /// Continues a probe of the same target that stopped after `exchanges` exchanges.
    #[must_use]
    pub fn after(self, exchanges: usize) -> Self {
        Self {
            earlier: exchanges,
            ..self
        }
    }

    /// The run that it is part of.
    pub fn run(&self) -> &Run {
        &self.cx.run
    }

    /// Every exchange so far.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.cx.log.exchanges
    }

    /// Users that it created and could not remove.
    pub fn leftovers(&self) -> &[Leftover] {
        &self.leftovers
    }

    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// The numbers of exchanges whose whole response no profile of the mock explains.
    pub fn surprises(&self) -> Vec<usize> {
        let places = self.hypotheses.surprises(true).into_iter();
        places.map(|place| self.earlier + 1 + place).collect()
    }

    /// The names of fields in responses that the mock does not have.
    pub fn unmodelled(&self) -> Vec<String> {
        self.hypotheses.unmodelled().map(str::to_owned).collect()
    }

    /// True if the operator named the one user that may be updated; then none is created.
    pub(super) fn is_prepared(&self) -> bool {
        self.cx.run.limits().prepared_user.is_some()
    }

    /// The evidence shows that option, and no other.
    pub(super) fn observed(&mut self, id: &str, option: impl fmt::Display) {
        self.likely(id, option, &[], "");
    }

    /// The evidence shows that option, or one of the alternatives. Where a control of the
    /// experiment failed, and where a profile cannot have the option, the behaviour stays open.
    pub(super) fn likely(
        &mut self,
        id: &str,
        option: impl fmt::Display,
        alternatives: &[&str],
        note: &str,
    ) {
        if let Err(why) = self.gate.clone() {
            return self.leave_open(id, &why);
        }
        let option = option.to_string();
        let behaviour: BehaviourId = id.parse().expect("experiments name behaviours");
        let options = behaviour.behaviour();
        if !options.accepts(&option) {
            let expected = options.expected();
            let why = format!("it is {option}, and a profile can only have {expected}");
            return self.leave_open(id, &why);
        }
        let known = self.cx.profile.choose(behaviour, &option);
        debug_assert!(known, "{id}: {option}");
        let last = self.cx.log.exchanges.len();
        self.findings.insert(
            id.to_owned(),
            Finding::Observed(Observation {
                option,
                alternatives: alternatives.iter().map(|&text| text.to_owned()).collect(),
                note: note.to_owned(),
                exchanges: (self.earlier + self.mark.min(last), self.earlier + last),
            }),
        );
    }

    /// Records an option, or the reason why the behaviour stays open.
    pub(super) fn settle(&mut self, id: &str, shown: Result<impl fmt::Display, impl AsRef<str>>) {
        match shown {
            Ok(option) => self.observed(id, option),
            Err(why) => self.leave_open(id, why.as_ref()),
        }
    }

    pub(super) fn leave_open(&mut self, id: &str, why: &str) {
        let why = self.cx.run.redactor().clean(why);
        self.findings.insert(id.to_owned(), Finding::Open(why));
    }

    /// Assumes an option without a finding: the probe's next requests are written so.
    pub(super) fn assume(&mut self, id: &str, option: &str) {
        let id = id.parse().expect("experiments name behaviours");
        self.cx.profile.choose(id, option);
    }

    /// The formats that the target speaks, the probe's own first.
    pub(super) fn formats(&self) -> Vec<Format> {
        let formats = [Some(self.format), self.other_format];
        formats.into_iter().flatten().collect()
    }

    /// The option that was observed.
    pub(super) fn known(&self, id: &str) -> Option<&str> {
        match self.findings.get(id) {
            Some(Finding::Observed(observation)) => Some(&observation.option),
            _ => None,
        }
    }

    /// True if a request that could change something was repeated since there were `from`
    /// exchanges: the response may belong to the repetition.
    pub(super) fn repeated_since(&self, from: usize) -> bool {
        let mut exchanges = self.cx.log.exchanges[from..].iter();
        exchanges.any(|one| one.repeated.is_some() && one.request.method != "GET")
    }

    /// Leaves exchanges out of the evidence.
    pub(super) fn leave_out(&mut self, exchanges: Range<usize>) {
        self.left_out.extend(exchanges);
    }

    /// Leaves the reason for the last rejection out of the evidence: the request may have broken two
    /// rules.
    pub(super) fn leave_out_reason(&mut self) {
        self.outcomes
            .extend(self.cx.log.exchanges.len().checked_sub(1));
    }

    /// Takes the exchanges in as evidence. If they are doubtful, the changes since the last control
    /// show nothing.
    pub(super) fn hear(&mut self, doubtful_from: Option<usize>) -> Result<(), Stop> {
        let log = &self.cx.log.exchanges;
        self.hypotheses.suppose(&self.cx.profile);
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
            self.hypotheses.take_in(place, &log[place], part);
        }
        if let Some(from) = doubtful_from.filter(|from| *from < self.heard) {
            self.hypotheses.doubt(from, log)?;
        }
        self.heard = log.len();
        Ok(())
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
        let is_open = ids.any(|id| inquiry.is_open(id.parse().expect("it is a behaviour")));
        Ok(is_open && inquiry.differs(&request))
    }

    /// Leaves behaviours open, whatever the exchanges show.
    pub(super) fn give_up(&mut self, behaviours: &[&str], why: &str) {
        for id in behaviours {
            self.given_up.insert((*id).to_owned(), why.to_owned());
        }
    }

    /// The exchanges from that place of the log on are about these behaviours: they stay open if no
    /// option explains what the target does.
    pub(super) fn is_about(&mut self, from: usize, behaviours: &'static [&'static str]) {
        let places = from..self.cx.log.exchanges.len();
        self.about.extend(places.map(|place| (place, behaviours)));
    }

    /// The last exchange is about these behaviours.
    pub(super) fn last_is_about(&mut self, behaviours: &'static [&'static str]) {
        self.is_about(self.cx.log.exchanges.len().saturating_sub(1), behaviours);
    }

    /// Why an exchange about that behaviour shows nothing, if no option explains it.
    fn surprise_about(&self, id: &str) -> Option<String> {
        let mut surprises = self.hypotheses.surprises(false).into_iter();
        let is_about = |place: &usize| self.about.get(place).is_some_and(|ids| ids.contains(&id));
        let place = surprises.find(is_about)?;
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

    /// Waits a little, for a target that takes its time.
    pub(super) async fn pause(&self) {
        let pause = self.cx.run.limits().settle / 16;
        self.cx.run.dispatch().sleep(pause).await;
    }

    /// Looks until there is something to see, within the time that the target may take to settle.
    pub(super) async fn settled<T>(
        &mut self,
        mut look: impl AsyncFnMut(&mut Self) -> Result<Option<T>, Stop>,
    ) -> Result<Option<T>, Stop> {
        let run = Arc::clone(&self.cx.run);
        let mut seen = None;
        let mut early = Vec::new();
        let done = async || {
            let from = self.cx.log.exchanges.len();
            seen = look(self).await?;
            if seen.is_none() {
                early.push(from..self.cx.log.exchanges.len());
            }
            Ok::<_, Stop>(seen.is_some())
        };
        run.account.until(done).await?;
        for looks in early {
            self.leave_out(looks);
        }
        Ok(seen)
    }
}
