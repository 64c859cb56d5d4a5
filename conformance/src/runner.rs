//! Runs cases one after the other, and cleans up after each, whatever happens.

use std::{
    io, mem,
    pin::{Pin, pin},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use bandwidth_fixtures::BehaviourId;
use tokio::time::timeout;

use crate::{
    case::Case,
    context::Context,
    exchange::Log,
    outcome::{CaseReport, CaseResult, NOT_RUN, RunReport, Stop},
    run::Run,
    transport::TIMEOUT,
};

/// How long a case may take to come to its end when somebody asks for an end: as long as the
/// request at hand may take, and a little.
const GRACE: Duration = TIMEOUT.saturating_add(Duration::from_secs(2));

/// Runs `cases` against the target of `run`, tells each outcome as it comes, and removes what each
/// case created. When `interrupt` is ready the request at hand is the last of its case, and no
/// other case is started; the same when an outcome cannot be told, or when the run has come to its
/// end for another reason. All of them clean up first.
pub async fn execute(
    run: &Arc<Run>,
    cases: &[Case],
    target: String,
    interrupt: impl Future<Output = ()>,
    tell: &mut dyn FnMut(&mut CaseReport) -> io::Result<()>,
) -> RunReport {
    let (began, started) = (SystemTime::now(), Instant::now());
    let mut reports = Vec::with_capacity(cases.len());
    let mut troubles = Vec::new();
    let mut interrupt = pin!(interrupt);
    for case in cases {
        let begun = Instant::now();
        let mut cx = Context::new(Arc::clone(run));
        let result = if let Some(why) = run.ended() {
            // Not run, and in the report for that.
            Err(Stop::Inconclusive(format!("{NOT_RUN}{why}")))
        } else {
            let result = judge_until(interrupt.as_mut(), case, &mut cx).await;
            clean_up_until(interrupt.as_mut(), run, &mut cx.log).await;
            result
        };
        let mut report = CaseReport::new(case, result, mem::take(&mut cx.facts));
        report.expected = expectations(case, run);
        report.exchanges = mem::take(&mut cx.log.exchanges);
        report.took = begun.elapsed();
        if troubles.is_empty()
            && let Err(error) = tell(&mut report)
        {
            troubles.push(format!("cannot write the report: {error}"));
            run.end("the report cannot be written".to_owned());
        }
        reports.push(report);
    }
    let mut finish = pin!(run.finish());
    let leftovers = tokio::select! {
        biased;
        () = interrupt.as_mut(), if !run.is_interrupted() => {
            run.interrupt();
            run.finish().await
        }
        leftovers = &mut finish => leftovers,
    };
    if leftovers.is_empty()
        && let Err(error) = run.ledger().discard()
    {
        troubles.push(format!(
            "nothing of the run is left, but its ledger cannot be removed: {error}"
        ));
    }
    RunReport {
        target,
        account_id: run.credentials.account_id.clone(),
        profile: run.expected.name().to_owned(),
        began,
        cases: reports,
        requests: run.requests(),
        users: run.users(),
        leftovers,
        // One that somebody removed helps nobody.
        ledger: run.ledger().path().filter(|path| path.exists()),
        ended: run.ended(),
        known_problems: Vec::new(),
        troubles,
        elapsed: started.elapsed(),
    }
}

/// Judges a case. What was sent is waited for also when somebody asks for an end: only its answer
/// tells whether it created a user.
async fn judge_until(
    interrupt: Pin<&mut impl Future<Output = ()>>,
    case: &Case,
    cx: &mut Context,
) -> CaseResult {
    let run = Arc::clone(&cx.run);
    let mut result = pin!(judge(case, cx));
    tokio::select! {
        biased;
        () = interrupt => run.interrupt(),
        result = &mut result => return result,
    }
    let interrupted = |_| Err(Stop::Inconclusive("interrupted".to_owned()));
    timeout(GRACE, result).await.unwrap_or_else(interrupted)
}

/// Removes what a case created. Once somebody asks for an end, the last clean-up has to do, which
/// takes less time. When the run has ended for another reason it is the same.
async fn clean_up_until(interrupt: Pin<&mut impl Future<Output = ()>>, run: &Run, log: &mut Log) {
    if run.ended().is_some() {
        return;
    }
    tokio::select! {
        biased;
        () = interrupt => run.interrupt(),
        _ = run.clean_up(log) => {}
    }
}

async fn judge(case: &Case, cx: &mut Context) -> CaseResult {
    if let Some(reason) = case.inapplicable(&cx.run) {
        return Err(Context::skip(reason));
    }
    let result = case.execute(cx).await;
    match result {
        Err(Stop::Fail(reason)) if cx.log.repeated_an_effect => Err(Stop::Inconclusive(format!(
            "a request had to be sent again and may have taken effect twice, so this is no verdict: {reason}"
        ))),
        Err(Stop::Fail(reason)) => {
            let expected = expectations(case, &cx.run);
            Err(Stop::Fail(
                expected
                    .iter()
                    .fold(reason, |text, (id, option)| text + &explain(id, option)),
            ))
        }
        other => other,
    }
}

/// The behaviours that a case measures, each with the option that is expected.
fn expectations(case: &Case, run: &Run) -> Vec<(&'static str, String)> {
    let measured = case.measures.iter().copied();
    measured
        .filter_map(|name| Some((name, run.profile().get(name.parse::<BehaviourId>().ok()?))))
        .collect()
}

fn explain(id: &str, option: &str) -> String {
    let question = id
        .parse::<BehaviourId>()
        .map_or("", |id| id.behaviour().question.as_str());
    format!("\nbehaviour {id}: `{option}` was expected; {question}")
}
