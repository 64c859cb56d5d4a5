//! `fuzz`: random traces, against a mock of this process with a profile of its own for each, or
//! against any target with the profile that is expected of it.

#[cfg(feature = "embedded")]
mod inside;

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

#[cfg(feature = "embedded")]
use self::inside::fuzz as fuzz_inside;
use super::{
    aim::{Aim, MOCK},
    block_on,
    run::{begin, code_or, tell_of_leftovers},
    signals::{Signals, heed},
};
use crate::{
    Surroundings,
    cli::FuzzArgs,
    context::Context,
    exit::{ConformanceError, FAILED, INCONCLUSIVE, LEFT_BEHIND, NOTHING_EXECUTED, PASSED},
    fuzz::{Trace, Unanswered, Walk, walk},
    random,
    redact::printable,
    report::curl,
    run::Run,
};

/// Sends the traces; returns the exit code.
pub fn fuzz(
    arguments: &FuzzArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let seed = match arguments.seed {
        Some(seed) => seed,
        None => u64::from(random::number()),
    };
    writeln!(surroundings.out, "seed {seed}")?;
    let numbers = match arguments.trace {
        Some(number) => number..number + 1,
        None => 0..arguments.traces,
    };
    let traces: Vec<(u64, Trace)> = numbers
        .map(|number| (number, Trace::of(seed_of(seed, number), arguments.steps)))
        .collect();
    if arguments.aim.target == MOCK {
        fuzz_inside(arguments, seed, &traces, surroundings)
    } else {
        outside(arguments, &traces, surroundings)
    }
}

/// The seed of a trace.
fn seed_of(seed: u64, number: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number
}

/// What came of all traces.
#[derive(Default)]
struct Sum {
    traces: u64,
    operations: u64,
    unanswered: u64,
    outcomes: BTreeMap<&'static str, u64>,
}

impl Sum {
    fn add(&mut self, walk: &Walk) {
        self.traces += 1;
        self.operations += walk.operations;
        self.unanswered += walk.unanswered;
        for outcome in &walk.outcomes {
            *self.outcomes.entry(outcome).or_default() += 1;
        }
    }

    fn words(&self) -> String {
        let mut text = format!(
            "{} traces, {} operations as the model says, {} unanswered\noutcomes, and in how many traces:",
            self.traces, self.operations, self.unanswered
        );
        for (outcome, traces) in &self.outcomes {
            let _ = write!(text, " {outcome} {traces},");
        }
        text.trim_end_matches(',').to_owned() + "\n"
    }
}

/// A disagreement for people: what was sent, as commands, and what was wrong with the last answer.
fn told(number: u64, walk: &Walk, cx: &Context, setting: &str) -> String {
    let mut text = format!("\ntrace {number} disagrees with the model{setting}\n");
    for exchange in &cx.log.exchanges {
        let _ = writeln!(text, "  {}", curl::line(exchange, &cx.run.redactor));
    }
    if let Some(disagreement) = &walk.disagreement {
        let reason = cx.run.redactor.clean(&disagreement.reason);
        let lines: Vec<_> = reason.lines().map(printable).collect();
        let _ = writeln!(text, "{}", lines.join("\n  "));
    }
    text
}

/// Against a target that was there before, one trace after the other.
fn outside(
    arguments: &FuzzArgs,
    traces: &[(u64, Trace)],
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let aim = Aim::take(&arguments.aim, false, surroundings.variable)?;
    let place = aim.place;
    let run = Arc::new(Run::new(aim.setup)?);
    if !run.limits.may_write() {
        return Err(ConformanceError::Refused(
            "fuzz creates, changes and deletes users; --allow-writes and --confirm-account ID permit that".to_owned(),
        ));
    }
    let mut sum = Sum::default();
    let mut failure = None;
    let leftovers = block_on(async {
        begin(&run, &place, arguments.ledger.as_deref()).await?;
        let work = async {
            for (number, trace) in traces {
                let mut cx = Context::new(Arc::clone(&run));
                let walked = walk(&mut cx, trace, Unanswered::Ends).await;
                sum.add(&walked);
                if walked.disagreement.is_some() {
                    failure = Some(told(*number, &walked, &cx, ""));
                }
                if failure.is_some() || run.ended().is_some() {
                    break;
                }
                run.clean_up(&mut cx.log).await;
            }
            run.finish().await
        };
        heed(&run, &Signals::listen(), surroundings.err, work).await
    })??;
    let discarded = if leftovers.is_empty() {
        run.ledger().discard()
    } else {
        Ok(())
    };
    let code = match (&failure, leftovers.is_empty()) {
        (_, false) => LEFT_BEHIND,
        (Some(_), true) => FAILED,
        (None, true) if sum.operations == 0 => NOTHING_EXECUTED,
        (None, true) if run.ended().is_some() => INCONCLUSIVE,
        (None, true) => PASSED,
    };
    let mut text = sum.words() + &failure.unwrap_or_default();
    if let Some(why) = run.ended() {
        let _ = writeln!(text, "it ended early: {why}");
    }
    let written = surroundings.out.write_all(text.as_bytes());
    tell_of_leftovers(&leftovers, &run, surroundings.err);
    match discarded.and(written) {
        Ok(()) => Ok(code),
        Err(error) => code_or(code, error.into(), surroundings.err),
    }
}

/// This build has no mock, and the error says so.
#[cfg(not(feature = "embedded"))]
fn fuzz_inside(
    arguments: &FuzzArgs,
    _: u64,
    _: &[(u64, Trace)],
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    Aim::take(&arguments.aim, false, surroundings.variable).map(|_| PASSED)
}
