//! The verdict on one situation.

use std::sync::Arc;

use bandwidth_fixtures::KnownFailures;

use super::{places::Chosen, subject};
use crate::{
    fault::Fault,
    journal::Entry,
    trial::{
        Difference, Ending, Expected, Left, Outcome, Run, Stage, Trial, TrialArguments, TrialError,
        Verdict, World, silence,
    },
};

/// Number of requests that are shown after the one that was hit.
const SHOWN: usize = 4;
/// A run does not stop by itself if it sends this multiple of the baseline's requests, and
/// [`SPARE`] more.
const TIMES: usize = 10;
const SPARE: usize = 500;

/// Two runs in one world, and the users before and after each.
pub struct Ends {
    start: Left,
    pub run: Run,
    pub next: Run,
}

impl Ends {
    /// Runs the command twice.
    pub fn of(stage: &Stage<'_>, suffix: &str) -> Result<Self, TrialError> {
        Ok(Self {
            start: stage.left(),
            run: stage.run(suffix)?,
            next: stage.run(&format!("{suffix}.next"))?,
        })
    }
}

/// Judges runs against the baseline.
pub struct Judge<'a> {
    trial: &'a Trial<'a>,
    world: World,
    /// Number of requests in the baseline.
    requests: usize,
    /// The users after a run.
    after: Expected,
    /// The users after the next one; none if that does not pass without a fault.
    after_next: Option<Expected>,
    known: &'a KnownFailures,
    arguments: &'a TrialArguments,
}

impl<'a> Judge<'a> {
    /// From two baselines; none if they leave different users.
    pub fn new(
        trial: &'a Trial<'a>,
        world: World,
        one: &Ends,
        other: &Ends,
        known: &'a KnownFailures,
        arguments: &'a TrialArguments,
    ) -> Option<Self> {
        let passes = one.next.passed() && other.next.passed();
        let after_next = Expected::of(&one.start, &one.next.left, &other.next.left);
        Some(Self {
            trial,
            requests: one.run.entries.len(),
            world: World {
                most_requests: Some(one.run.entries.len() * TIMES + SPARE),
                ..world
            },
            after: Expected::of(&one.start, &one.run.left, &other.run.left)?,
            after_next: after_next.filter(|_| passes),
            known,
            arguments,
        })
    }

    /// Judges a situation, and rehearses it again when its verdict is bad.
    pub fn judge(&self, chosen: &Chosen) -> Result<Outcome, TrialError> {
        let outcome = self.rehearse(chosen, "")?;
        if !outcome.verdict.is_failure() {
            return Ok(outcome);
        }
        let again = self.rehearse(chosen, ".again")?;
        if !again.verdict.is_failure() {
            let reason = format!("{} when it was run again", again.verdict.word());
            return Ok(outcome.judged(Verdict::Flaky, reason));
        }
        Ok(outcome.unless_known(self.known))
    }

    fn rehearse(&self, chosen: &Chosen, suffix: &str) -> Result<Outcome, TrialError> {
        let subject = subject(Some(chosen));
        let fault = chosen.fault();
        let stage = self.trial.stage(&World {
            name: subject.to_string(),
            profile: self.world.profile.clone(),
            faults: vec![fault.clone()],
            most_requests: self.world.most_requests,
        })?;
        let run = stage.run(suffix)?;
        let outcome = Outcome::of(subject, &run);
        let Some(hit) = run.entries.iter().position(|entry| is_hit(entry, &fault)) else {
            return Ok(
                if let Some(reason) = silence(run.entries.len(), self.requests) {
                    outcome.judged(Verdict::Silent, reason)
                } else if run.passed() {
                    outcome.judged(Verdict::Unmet, "it sent no such request this time")
                } else {
                    outcome.judged(Verdict::Flaky, "it failed without the situation")
                },
            );
        };
        let differences = self.after.differences(&run.left);
        if run.passed() && differences.is_empty() {
            return Ok(Outcome {
                verdict: Verdict::Ok,
                ..outcome
            });
        }
        if chosen.situation.ends {
            stage.disarm();
        }
        let next = stage.run(&format!("{suffix}.next"))?;
        let left = self.after_next.as_ref();
        let left = left.map(|expected| expected.differences(&next.left));
        let (verdict, reason) = verdict(&run, &differences, &next, left.as_deref());
        Ok(Outcome {
            verdict,
            reason,
            steps: steps(&run.entries[hit..]),
            difference: difference_lines(&differences, left.as_deref()),
            repeat: Some(self.arguments.repeat(chosen)),
            ..outcome
        })
    }
}

/// True if that fault was applied, and not one that the command armed itself.
fn is_hit(entry: &Entry, fault: &str) -> bool {
    let applied = entry.fault.as_ref().map(|applied| &applied.armed.fault);
    applied.is_some_and(|applied| fault.parse::<Fault>().is_ok_and(|fault| fault == *applied))
}

fn verdict(
    run: &Run,
    after: &[Difference],
    next: &Run,
    after_next: Option<&[Difference]>,
) -> (Verdict, Option<String>) {
    let harms = |differences: &[Difference]| differences.iter().any(|one| one.harms);
    let heals = next.passed() && after_next.is_some_and(<[_]>::is_empty);
    let healing = match (after_next, heals) {
        (None, _) => None,
        (Some(_), true) => Some("the next run heals it".to_owned()),
        (Some(_), false) if next.passed() => {
            Some("the next run passes, and does not heal it".to_owned())
        }
        (Some(_), false) => Some(format!("the next run fails too: {}", next.ending)),
    };
    if harms(after) || after_next.is_some_and(harms) {
        return (Verdict::Harms, healing);
    }
    if run.passed() {
        return (Verdict::Wrong, healing);
    }
    if matches!(run.ending, Ending::TimedOut(_) | Ending::Flooded(_)) {
        return (
            Verdict::Stuck,
            Some(format!("it does not end by itself: {}", run.ending)),
        );
    }
    match (after_next, heals) {
        (None, _) => (Verdict::Fails, None),
        (Some(_), true) => (Verdict::Heals, None),
        (Some(_), false) => (Verdict::Stuck, healing),
    }
}

/// The request that was hit, and what the command sent next.
fn steps(entries: &[Arc<Entry>]) -> Vec<String> {
    let step = |entry: &Arc<Entry>| {
        let status = entry.status();
        let status = status.map_or_else(|| "no response".to_owned(), |status| status.to_string());
        let target = entry.request.seen().target.clone();
        format!("{} {target}: {status}", entry.method)
    };
    let mut steps = vec![format!("hit   {}", step(&entries[0]))];
    let next = &entries[1..];
    steps.extend(
        next.iter()
            .take(SHOWN)
            .map(|entry| format!("then  {}", step(entry))),
    );
    match next.len() {
        0 => steps.push("then  no further request".to_owned()),
        count if count > SHOWN => steps.push(format!("then  {} more", count - SHOWN)),
        _ => {}
    }
    steps
}

/// The users that differ, after the run and after the next one.
fn difference_lines(after: &[Difference], after_next: Option<&[Difference]>) -> Option<String> {
    let lines = |when: &str, differences: &[Difference]| -> Vec<String> {
        let differences = differences.iter();
        differences
            .map(|one| format!("{when}  {}", one.text))
            .collect()
    };
    let mut all = lines("after the run: ", after);
    all.extend(lines("after the next:", after_next.unwrap_or_default()));
    (!all.is_empty()).then(|| all.join("\n"))
}

impl TrialArguments {
    /// The command line that rehearses this alone.
    fn repeat(&self, chosen: &Chosen) -> String {
        let mut words = vec!["bandwidth-mock".to_owned(), "rehearse".to_owned()];
        let mut flag = |name: &str, value: &str| words.extend([format!("--{name}"), quoted(value)]);
        flag("situation", chosen.situation.name);
        flag("only", chosen.place.operation.as_str());
        flag("at", &chosen.place.at.to_string());
        if let Some(profile) = &self.profile {
            flag("profile", profile);
        }
        for option in &self.set {
            flag("set", option);
        }
        if let Some(seed) = &self.seed {
            flag("seed", seed);
        }
        if let Some(clock) = self.clock {
            flag("clock", &crate::clock::rfc3339(clock));
        }
        words.push("--".to_owned());
        words.extend(
            self.command
                .iter()
                .map(|word| quoted(&word.to_string_lossy())),
        );
        words.join(" ")
    }
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
