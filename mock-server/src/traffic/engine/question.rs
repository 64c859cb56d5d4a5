//! A request and its response: what the emulator makes of the request under a profile.

use std::borrow::Cow;

use bandwidth_fixtures::{BehaviourId, profile::Profile};

use super::{
    meaning::{Compared, Meaning},
    options::{Candidates, Choice},
    rules::Rules,
    simulator::{Prepared, Simulator},
};
use crate::{http::Simulated, journal::Sent, store::Saved};

/// How many profiles a search tries, about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// For any explanation.
    pub(super) for_any: usize,
    /// For an explanation with a certain option. Most of these searches find none.
    pub(super) for_option: usize,
}

impl Effort {
    /// Of 200,000 explanations of random traffic, one was found after more than 108 profiles, and none
    /// after more than 384. Those with a certain option were found after 83 at most, and without this
    /// limit, the longest search for one tried 3,200.
    pub(super) const USUAL: Self = Self {
        for_any: 500,
        for_option: 4_000,
    };

    /// Less for traffic with several unexplained exchanges, so that `learn` ends soon.
    pub(super) fn after(self, unexplained: usize) -> Self {
        let less = 1 + unexplained / 8;
        Self {
            for_any: self.for_any.div_ceil(less),
            for_option: self.for_option.div_ceil(less),
        }
    }
}

/// One request, and its response.
pub(super) struct Question<'q> {
    pub(super) simulator: &'q Simulator,
    pub(super) candidates: &'q Candidates,
    pub(super) base: &'q Profile,
    pub(super) request: &'q Prepared,
    pub(super) seen: &'q Meaning,
    pub(super) compared: Compared,
    /// The id that the server gave to a user that the request created, if it shows one.
    pub(super) new_id: Option<&'q str>,
    /// Where a search starts again that finds nothing.
    pub(super) supposed: Option<&'q Choice>,
    /// True if a search that finds nothing goes on behind other errors.
    pub(super) goes_far: bool,
    /// Of passwords.
    pub(super) rules: Rules,
    pub(super) effort: Effort,
}

impl Question<'_> {
    /// Runs the request under one profile. Returns the response, the next world if it is another
    /// one, and the emulator's id of a user that the request created.
    pub(super) fn simulate(
        &self,
        world: &Saved,
        choice: &Choice,
    ) -> (Simulated, Option<Saved>, Option<Box<str>>) {
        let mut options = *self.base;
        for (id, place) in BehaviourId::all().zip(choice) {
            if *place > 0 {
                self.candidates.choose(&mut options, id, *place);
            }
        }
        self.rules.loosen(&mut options);
        let (mut simulated, mut after) = self.simulator.send(world, options, self.request);
        if self.rules != Rules::All {
            simulated.behaviours = simulated.behaviours.filter(|id| self.rules.allows(id));
        }
        let new_id = after.as_mut().and_then(|after| self.rename(world, after));
        (simulated, after, new_id)
    }

    /// The meaning of a response of the emulator, and whether its id of a created user has another
    /// style than the server's.
    pub(super) fn meaning(&self, sent: &Sent, new_id: Option<&str>) -> (Meaning, bool) {
        if self.compared == Compared::Outcomes {
            return (Meaning::success(sent.status < 300), false);
        }
        let ids = new_id.zip(self.new_id);
        let headers = sent.headers.iter();
        let headers = headers.filter_map(|(name, value)| {
            let value = shown(value.to_str().ok()?, ids);
            Some((name.as_str(), value))
        });
        let headers: Vec<(&str, Cow<'_, str>)> = headers.collect();
        let headers = headers.iter().map(|(name, value)| (*name, &**value));
        let body = String::from_utf8_lossy(&sent.body);
        let body = shown(&body, ids);
        let ours = Meaning::of(sent.status, headers, body.as_bytes());
        let other_style = ids.is_some_and(|(ours, theirs)| {
            let theirs = style(theirs);
            theirs.is_some() && theirs != style(ours)
        });
        (ours, other_style)
    }

    /// Gives the user that a request created the id that the server gave it. Returns the emulator's.
    fn rename(&self, before: &Saved, after: &mut Saved) -> Option<Box<str>> {
        let number = before.account.next_number();
        let created = after.account.find_number(number)?;
        let ours = created.id.clone();
        if let Some(theirs) = self.new_id {
            let mut user = (**created).clone();
            user.id = theirs.into();
            after.account.put(user);
        }
        Some(ours)
    }
}

/// The text with the server's id of a new user in place of the emulator's.
fn shown<'t>(text: &'t str, ids: Option<(&str, &str)>) -> Cow<'t, str> {
    match ids {
        Some((ours, theirs)) => text.replace(ours, theirs).into(),
        None => text.into(),
    }
}

/// The style of an id, if a profile can have it.
fn style(id: &str) -> Option<&'static str> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(id) {
        Some("numeric")
    } else if id.strip_prefix('u').is_some_and(digits) {
        Some("prefixed")
    } else if uuid::Uuid::try_parse(id).is_ok() {
        Some("uuid")
    } else {
        None
    }
}
