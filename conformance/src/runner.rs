//! Runs cases one after the other, and cleans up after each, whatever happens.

use std::{
    io, mem,
    sync::Arc,
    time::{Instant, SystemTime},
};

use bandwidth_fixtures::BehaviourId;

use crate::{
    case::Case,
    context::Context,
    exchange::Log,
    outcome::{CaseReport, CaseResult, NOT_RUN, RunReport, Stop},
    run::Run,
};

/// Runs `cases` against the target of `run`, tells each outcome as it comes, and removes what each
/// case created. When `interrupt` is ready the case at hand is given up and no other is started;
/// the same when an outcome cannot be told, or when the run has come to its end for another reason.
/// All of them clean up first.
pub async fn execute(
    run: &Arc<Run>,
    cases: &[Case],
    target: String,
    interrupt: impl Future<Output = ()>,
    tell: &mut dyn FnMut(&mut CaseReport) -> io::Result<()>,
) -> io::Result<RunReport> {
    let (began, started) = (SystemTime::now(), Instant::now());
    let mut reports = Vec::with_capacity(cases.len());
    let mut told = Ok(());
    let mut ended = None;
    tokio::pin!(interrupt);
    for case in cases {
        let begun = Instant::now();
        let mut cx = Context::new(Arc::clone(run));
        let result = if let Some(why) = ended.clone().or_else(|| run.ended()) {
            // Not run, and in the report for that.
            Err(Stop::Inconclusive(format!("{NOT_RUN}{why}")))
        } else {
            tokio::select! {
                biased;
                () = &mut interrupt => {
                    ended = Some("interrupted".to_owned());
                    Err(Stop::Inconclusive("interrupted".to_owned()))
                }
                result = judge(case, &mut cx) => result,
            }
        };
        run.clean_up(&mut cx.log).await;
        let mut report = CaseReport::new(case, result, mem::take(&mut cx.facts));
        report.expected = expectations(case, run);
        report.exchanges = mem::take(&mut cx.log.exchanges);
        report.took = begun.elapsed();
        if told.is_ok() {
            told = tell(&mut report);
            if told.is_err() {
                ended = Some("the report cannot be written".to_owned());
            }
        }
        reports.push(report);
    }
    let leftovers = run.clean_up(&mut Log::default()).await;
    told?;
    if leftovers.is_empty() {
        run.ledger().discard()?;
    }
    Ok(RunReport {
        target,
        account_id: run.credentials.account_id.clone(),
        profile: run.expected.name().to_owned(),
        began,
        cases: reports,
        requests: run.requests(),
        users: run.users(),
        leftovers,
        ledger: run.ledger().path(),
        ended: ended.or_else(|| run.ended()),
        known_problems: Vec::new(),
        elapsed: started.elapsed(),
    })
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
