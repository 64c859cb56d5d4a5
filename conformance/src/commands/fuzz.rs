//! `fuzz`: random traces, against a mock of this process with a profile of its own for each, or
//! against any target with the profile that is expected of it.

mod inside;
mod sum;

use std::{fmt::Write as _, sync::Arc};

use bandwidth_fixtures::{NamedProfile, profile::AccountSurface};

use self::inside::fuzz as fuzz_inside;
use self::sum::{Sum, failure_text, seed_of};
use super::{
    aim::{Aim, MOCK, without_har},
    run::{begin, code_or, print_leftovers},
    runtime::block_on,
    signals::{Signals, run_until_signal},
};
use crate::{
    cli::FuzzArgs,
    dialogue::Context,
    dialogue::run::Run,
    error::{ConformanceError, FAILED, INCONCLUSIVE, LEFT_BEHIND, NOTHING_EXECUTED, PASSED},
    fuzz::{Trace, Unanswered, walk},
    leftover::are_excused,
    random,
    redact::printable,
    runner::retire_first,
    surroundings::Surroundings,
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
    let expected = NamedProfile::load(&arguments.aim.profile)?;
    if expected.options().surface_account != AccountSurface::Full {
        return Err(ConformanceError::Usage(format!(
            "fuzz works on users below an account, and the profile {} does not serve them; take one with surface.account=full",
            expected.name()
        )));
    }
    let numbers = match arguments.trace {
        Some(number) => number..number + 1,
        None => 0..arguments.traces,
    };
    let traces: Vec<(u64, Trace)> = numbers
        .map(|number| (number, Trace::of(seed_of(seed, number), arguments.steps)))
        .collect();
    if arguments.aim.target == MOCK {
        without_har(
            &arguments.aim,
            "on the built-in mock, which each trace restarts; leave it out, or name a server with --target URL",
        )?;
        fuzz_inside(arguments, seed, &traces, surroundings)
    } else {
        outside(arguments, &traces, surroundings)
    }
}

/// Against a target that was there before, one trace after the other.
fn outside(
    arguments: &FuzzArgs,
    traces: &[(u64, Trace)],
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let aim = Aim::read(&arguments.aim, false, surroundings)?;
    let place = aim.place;
    let run = Arc::new(Run::new(aim.setup)?);
    if !run.limits().may_write() {
        return Err(ConformanceError::Refused(
            "fuzz creates, changes and deletes users; --allow-writes and --confirm-account ID permit that".to_owned(),
        ));
    }
    if run.limits().prepared_user.is_some() {
        return Err(ConformanceError::Usage(
            "fuzz creates and deletes users, and --prepared-user permits neither; leave it out"
                .to_owned(),
        ));
    }
    let mut sum = Sum::default();
    let mut failure = None;
    let leftovers = block_on(async {
        begin(&run, &place, arguments.ledger.as_deref()).await?;
        let work = async {
            let limits = run.limits();
            if limits.one_user_first && !limits.allow_leftovers {
                let mut cx = Context::new(Arc::clone(&run));
                if let Err(why) = retire_first(&run, &mut cx).await {
                    run.dispatch()
                        .end(format!("{why}; --allow-leftovers creates them anyway"));
                }
            }
            for (number, trace) in traces {
                if run.dispatch().ended().is_some() {
                    break;
                }
                let mut cx = Context::new(Arc::clone(&run));
                let walked = walk(&mut cx, trace, Unanswered::Ends).await;
                sum.add(&walked);
                if walked.disagreement.is_some() {
                    failure = Some(failure_text(*number, &walked, &cx, ""));
                }
                if failure.is_some() {
                    break;
                }
                run.account.clean_up(&mut cx.log).await;
            }
            run.account.finish().await
        };
        run_until_signal(&run, &Signals::listen(), surroundings.err, Box::pin(work)).await
    })??;
    let discarded = if leftovers.is_empty() {
        run.account.discard_ledger()
    } else {
        Ok(())
    };
    let code = match &failure {
        _ if !are_excused(&leftovers, run.limits().allow_leftovers) => LEFT_BEHIND,
        Some(_) => FAILED,
        None if run.dispatch().ended().is_some() => INCONCLUSIVE,
        None if sum.operations == 0 => NOTHING_EXECUTED,
        None => PASSED,
    };
    let mut text = sum.words() + &failure.unwrap_or_default();
    if let Some(why) = run.dispatch().ended() {
        let why = run.redactor().clean(&why);
        let _ = writeln!(text, "it ended early: {}", printable(&why));
    }
    let written = surroundings.out.write_all(text.as_bytes());
    print_leftovers(&leftovers, &run, surroundings.err);
    match discarded.and(written) {
        Ok(()) => Ok(code),
        Err(error) => code_or(code, error.into(), surroundings.err),
    }
}
