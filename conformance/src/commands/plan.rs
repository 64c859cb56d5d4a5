//! `plan`: what a run would take. The run is rehearsed against a mock inside this process that
//! behaves as is expected of the target; the target is sent nothing.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use super::{aim::Aim, block_on, select};
use crate::{
    Surroundings,
    case::Case,
    cli::PlanArgs,
    exit::{self, ConformanceError},
    outcome::Verdict,
    run::{GoldenMode, Run, Setup},
    runner,
    safety::Limits,
};

/// What a run would take of a target that behaves as is expected.
pub struct Estimate {
    /// Requests.
    pub requests: u64,
    /// Users that are created.
    pub users: u64,
    /// Cases that would run.
    pub cases: usize,
    /// Cases that would not, by reason.
    pub skipped: BTreeMap<String, usize>,
}

/// Runs the cases against a mock of its own, as they would be run against the target of `setup`.
pub fn rehearse(setup: &Setup, cases: &[Case]) -> Result<Estimate, ConformanceError> {
    let mut stage = Aim::embedded(setup.expected.clone())?;
    stage.setup.goldens = setup.goldens;
    stage.setup.limits = Limits {
        writes: setup.limits.writes.clone(),
        failed_logins: setup.limits.failed_logins,
        ..Limits::none()
    };
    if setup.goldens == GoldenMode::Symbolic {
        let second = setup.credentials.second_account_id.is_some();
        let credentials = &mut stage.setup.credentials;
        credentials.second_account_id = credentials.second_account_id.take().filter(|_| second);
    }
    let run = Arc::new(Run::new(stage.setup)?);
    let mut quiet = |_: &mut _| io::Result::Ok(());
    let report = block_on(runner::execute(
        &run,
        cases,
        String::new(),
        std::future::pending(),
        &mut quiet,
    ))?;
    let mut skipped = BTreeMap::new();
    for case in &report.cases {
        if case.verdict == Verdict::Skipped {
            let reason = case.reason.clone().unwrap_or_default();
            *skipped.entry(reason).or_default() += 1;
        }
    }
    Ok(Estimate {
        // And the one that asks whether the login is right.
        requests: report.requests + 1,
        users: report.users,
        cases: report.cases.len() - report.count(Verdict::Skipped),
        skipped,
    })
}

/// Says what a run would take.
pub fn plan(
    arguments: &PlanArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let read_only = arguments.selection.read_only;
    let cases = select(arguments.selection.clone())?;
    let aim = Aim::take(&arguments.aim, read_only, surroundings.variable)?;
    let estimate = rehearse(&aim.setup, &cases)?;
    let limits = &aim.setup.limits;
    let budget = |limit: Option<u64>, needed: u64, flag: &str| match limit {
        None => String::new(),
        Some(most) if most < needed => {
            format!(" (the budget is {most}, so the run would end early: {flag} {needed})")
        }
        Some(most) => format!(" of a budget of {most}"),
    };
    let out = &mut surroundings.out;
    writeln!(
        out,
        "against {}, account {}, expecting profile {}",
        aim.place.description,
        aim.setup.credentials.account_id,
        aim.setup.expected.name()
    )?;
    writeln!(out, "cases     {}", estimate.cases)?;
    for (reason, count) in &estimate.skipped {
        writeln!(out, "skipped   {count}: {reason}")?;
    }
    writeln!(
        out,
        "requests  {}{}",
        estimate.requests,
        budget(limits.max_requests, estimate.requests, "--max-requests")
    )?;
    writeln!(
        out,
        "users     {} created and deleted{}",
        estimate.users,
        budget(limits.max_users, estimate.users, "--max-users")
    )?;
    let count = u32::try_from(estimate.requests).unwrap_or(u32::MAX);
    let seconds = limits.interval.saturating_mul(count).as_secs();
    let pace = if limits.interval.is_zero() {
        "no pause between requests".to_owned()
    } else {
        format!("at {} requests a second", rate(limits.interval))
    };
    writeln!(
        out,
        "seconds   {seconds}, and the target's own time; {pace}"
    )?;
    writeln!(
        out,
        "Counted in a rehearsal against a mock inside this process; a target that behaves otherwise, limits or fails takes more. Nothing was sent to it."
    )?;
    Ok(exit::PASSED)
}

/// Requests a second, with as many digits as say something: an interval is in whole nanoseconds.
fn rate(interval: Duration) -> f64 {
    let exact = 1.0 / interval.as_secs_f64();
    format!("{exact:.5e}").parse().unwrap_or(exact)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::rate;

    #[test]
    fn a_rate_is_told_as_it_was_asked_for() {
        for rps in [0.001, 0.5, 1.0, 3.0, 7.0, 9.5, 300.0, 1_000.0] {
            let told = rate(Duration::from_secs_f64(1.0 / rps)).to_string();
            assert_eq!(told, rps.to_string());
        }
    }
}
