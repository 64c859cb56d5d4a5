//! The state of a probe, and how its experiments record findings.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use bandwidth_fixtures::BehaviourId;

use super::{
    findings::{Finding, Findings, Observation, behaviour},
    hypotheses::Hypotheses,
    seen::Seen,
};
use crate::{
    decode::users::Shown,
    dialogue::{Context, run::Run},
    exchange::Exchange,
    leftover::Leftover,
    verdict::Stop,
    wire::{Draft, Format, Role},
};

/// The fields that a create needs, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    pub(super) back: Option<Shown>,
    /// The reason why the shared user serves no experiment, if a control showed one.
    pub(super) unusable: Option<String>,
    /// A create whose result is unknown.
    pub(super) unanswered: Option<(Sample, Draft)>,
    /// The reason why the first user could not be removed, if there is one.
    pub(super) removal: Result<(), String>,
    /// The key of the first user, once it was deleted and not found.
    pub(super) deleted: Option<String>,
    /// The fields of a successful create, once it is known.
    pub(super) sample: Option<Sample>,
    /// Updates take any password, so that only creates can show the policy.
    pub(super) lax_updates: bool,
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
    /// The first exchange after the last update that was accepted and shown.
    pub(super) bracket: usize,
    /// Behaviours whose findings rest on the hypotheses.
    pub(super) learned: BTreeSet<BehaviourId>,
    /// Why behaviours stay open that nothing else settles.
    pub(super) reasons: BTreeMap<String, String>,
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
            deleted: None,
            sample: None,
            lax_updates: false,
            logged_in: false,
            names: 0,
            judged: 0,
            mark: 0,
            hypotheses: Hypotheses::default(),
            bracket: 0,
            learned: BTreeSet::new(),
            reasons: BTreeMap::new(),
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

    /// Number of exchanges so far.
    pub(super) fn sent(&self) -> usize {
        self.cx.log.exchanges.len()
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

    /// The evidence shows that option, or one of the alternatives. Where a profile cannot have the
    /// option, the behaviour stays open.
    pub(super) fn likely(
        &mut self,
        id: &str,
        option: impl fmt::Display,
        alternatives: &[&str],
        note: &str,
    ) {
        let option = option.to_string();
        let behaviour = behaviour(id);
        let options = behaviour.behaviour();
        if !options.accepts(&option) {
            let expected = options.expected();
            let why = format!("it is {option}, and a profile can only have {expected}");
            return self.leave_open(id, &why);
        }
        let known = self.cx.profile.choose(behaviour, &option);
        debug_assert!(known, "{id}: {option}");
        let last = self.sent();
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
        self.cx.profile.choose(behaviour(id), option);
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
            let from = self.sent();
            seen = look(self).await?;
            if seen.is_none() {
                early.push(from..self.sent());
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
