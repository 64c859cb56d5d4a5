//! Servers with a quirk that no profile has: a proxy in front of the emulator that answers some
//! requests itself and lets the others pass.

use std::sync::Arc;

use bandwidth_conformance::{
    dialogue::Context,
    dialogue::run::{Run, Setup},
    exchange::Log,
    limits::Limits,
    probe::{Choice, Finding, Findings, Probe},
    target::embedded::Embedded,
    transport::Endpoint,
    wire::Format,
};
use serde_json::Value;

use crate::{
    against::{profile, run_of, server, wait},
    support::{http::Server, proxy},
};

pub(crate) use crate::support::{http::Answer as Answered, proxy::Asked};

/// An emulator and the proxy in front of it; both end when it is dropped.
pub(crate) struct Odd {
    proxy: Server,
    emulator: Embedded,
    actual: bandwidth_fixtures::NamedProfile,
}

impl Odd {
    /// Of profile `guide` with some behaviours set, in front of which that quirk stands.
    pub(crate) fn new(
        set: &[&str],
        quirk: impl Fn(Asked) -> Answered + Send + Sync + 'static,
    ) -> Self {
        Self::before(set, &[], quirk)
    }

    /// The same where some requests fail by rules such as `status=503,every=5`, and no other quirk.
    pub(crate) fn failing(set: &[&str], faults: &[&str]) -> Self {
        Self::before(set, faults, Asked::pass_on)
    }

    fn before(
        set: &[&str],
        faults: &[&str],
        quirk: impl Fn(Asked) -> Answered + Send + Sync + 'static,
    ) -> Self {
        let actual = profile("guide", set);
        let emulator = server(actual.clone(), faults);
        Self {
            proxy: proxy::start(emulator.address(), quirk),
            emulator,
            actual,
        }
    }

    /// Its address, as `--target` takes it.
    pub(crate) fn url(&self) -> String {
        self.proxy.url()
    }

    /// The names of its users.
    pub(crate) fn users(&self) -> Vec<String> {
        let expected = profile("guide", &[]);
        let mut cx = Context::new(run_of(&self.emulator, expected));
        let path = cx.users_path();
        let ask = cx.ask("GET", path).accept(Format::Json);
        let reply = wait(cx.send(ask)).unwrap();
        let list: Value = serde_json::from_slice(&reply.response.body).unwrap();
        let users = list["Users"].as_array().unwrap().iter();
        let mut names: Vec<String> = users
            .map(|user| user["Username"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    /// What a probe finds out about it.
    pub(crate) fn probed(&self, choice: &Choice) -> (Findings, Probe) {
        self.probed_within(Limits::impatient(), choice)
    }

    /// The same within those limits.
    pub(crate) fn probed_within(&self, limits: Limits, choice: &Choice) -> (Findings, Probe) {
        let run = Run::new(Setup {
            endpoint: Endpoint::local(self.proxy.address()),
            credentials: self.emulator.credentials(&self.actual),
            expected: profile("guide", &[]),
            emulators: None,
            limits,
        });
        let run = Arc::new(run.unwrap());
        if let Some(key) = &run.limits().prepared_user {
            wait(run.account.prepare(key, None, &mut Log::default())).unwrap();
        }
        let mut probe = Probe::new(run);
        let mut quiet = |_: &str, _: &Probe| Ok(());
        wait(probe.learn(choice, Findings::new(), &mut quiet)).unwrap();
        (probe.findings().clone(), probe)
    }

    /// The same, of some behaviours.
    pub(crate) fn learned(&self, only: &[&str]) -> Learned {
        self.learned_within(Limits::impatient(), only)
    }

    /// The same within those limits.
    pub(crate) fn learned_within(&self, limits: Limits, only: &[&str]) -> Learned {
        let choice = Choice {
            only: only.iter().map(|id| (*id).to_owned()).collect(),
            ..Choice::default()
        };
        Learned(self.probed_within(limits, &choice).0)
    }
}

/// What was found.
pub(crate) struct Learned(pub(crate) Findings);

impl Learned {
    /// `merge`, `merge, or replace` where that is not ruled out, or `open: ` and why.
    pub(crate) fn of(&self, id: &str) -> String {
        match &self.0[id] {
            Finding::Observed(seen) if seen.alternatives.is_empty() => seen.option.clone(),
            Finding::Observed(seen) => {
                format!("{}, or {}", seen.option, seen.alternatives.join(", "))
            }
            Finding::Open(why) => format!("open: {why}"),
        }
    }

    /// Why it stays open.
    pub(crate) fn why_open(&self, id: &str) -> String {
        match &self.0[id] {
            Finding::Open(why) => why.clone(),
            Finding::Observed(seen) => panic!("{id} is {seen:?}"),
        }
    }
}
