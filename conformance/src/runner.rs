//! Runs cases one after the other, and cleans up whatever happens.

use std::{io, sync::Arc, time::Instant};

use bandwidth_fixtures::BehaviourId;

use crate::{
    case::Case,
    context::Context,
    outcome::{CaseReport, CaseResult, RunReport, Stop},
    run::Run,
};

/// Runs `cases` against the target of `run`, tells each outcome as it comes, and removes what the
/// cases created. When `interrupt` is ready the case at hand is given up and no other is started;
/// when an outcome cannot be told, no other case is started either. Both clean up first.
pub async fn execute(
    run: &Arc<Run>,
    cases: &[Case],
    target: String,
    interrupt: impl Future<Output = ()>,
    tell: &mut dyn FnMut(&CaseReport) -> io::Result<()>,
) -> io::Result<RunReport> {
    let started = Instant::now();
    let mut reports = Vec::with_capacity(cases.len());
    let mut told = Ok(());
    tokio::pin!(interrupt);
    for case in cases {
        let mut cx = Context::new(Arc::clone(run));
        let (result, interrupted) = tokio::select! {
            biased;
            () = &mut interrupt => (Err(Stop::Inconclusive("interrupted".to_owned())), true),
            result = judge(case, &mut cx) => (result, false),
        };
        let report = CaseReport::new(&case.id, case.level, result, cx.facts);
        told = tell(&report);
        reports.push(report);
        if interrupted || told.is_err() {
            break;
        }
    }
    let leftovers = run.clean_up().await;
    told?;
    Ok(RunReport {
        target,
        profile: run.expected.name().to_owned(),
        cases: reports,
        requests: run.requests(),
        leftovers,
        elapsed: started.elapsed(),
    })
}

async fn judge(case: &Case, cx: &mut Context) -> CaseResult {
    let profile = cx.profile();
    if let Some(reason) = case.inapplicable(&profile) {
        return Err(Context::skip(reason));
    }
    case.execute(cx).await.map_err(|stop| match stop {
        Stop::Fail(reason) => Stop::Fail(reason + &expectations(case, cx.run.as_ref())),
        other => other,
    })
}

/// What was expected of the behaviours that a case measures.
fn expectations(case: &Case, run: &Run) -> String {
    let measured = case.measures.iter().filter_map(|id| id.parse().ok());
    measured.fold(String::new(), |text, id: BehaviourId| {
        let option = run.profile().get(id);
        let question = &id.behaviour().question;
        text + &format!("\nbehaviour {id}: `{option}` was expected; {question}")
    })
}
