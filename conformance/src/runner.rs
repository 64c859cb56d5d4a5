//! Runs cases one after the other, and cleans up after each, even after an error.

use std::{
    collections::BTreeSet,
    io, mem,
    pin::{Pin, pin},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use bandwidth_fixtures::BehaviourId;
use tokio::time::timeout;

use crate::{
    account::{cleanup_command, ledger::Ledger},
    case::{Case, Users},
    dialogue::Context,
    dialogue::run::Run,
    exchange::Log,
    outcome::{CaseReport, Expectation, OpenQuestion, RunReport},
    transcript::{Transcript, milliseconds},
    verdict::{CaseResult, Stop},
    wire::Format,
};

/// Time that an interrupted case has to end, after the request under way.
const GRACE: Duration = Duration::from_secs(2);

/// Runs `cases` against the target of `run`, passes each outcome on, and removes the users of each
/// case. After `interrupt`, the current request is the last of its case, and no other case starts.
/// The same holds if an outcome cannot be passed on, or if the run ends for another reason. Each of
/// these cleans up first.
pub async fn execute(
    run: &Arc<Run>,
    cases: &[Case],
    target: String,
    interrupt: impl Future<Output = ()>,
    on_case: &mut dyn FnMut(&mut CaseReport) -> io::Result<()>,
) -> RunReport {
    let (began, started) = (SystemTime::now(), Instant::now());
    let mut reports = Vec::with_capacity(cases.len());
    let mut troubles = Vec::new();
    let mut interrupt = pin!(interrupt);
    let mut stage = Stage::new(run);
    for (case, format) in in_order(run, cases) {
        let begun = Instant::now();
        let mut cx = Context::new(Arc::clone(run));
        let ended = run.dispatch().ended();
        let mut not_run = ended.is_some();
        let result = if let Some(why) = ended {
            Err(Stop::Inconclusive(format!("not run: {why}")))
        } else {
            until_answered(interrupt.as_mut(), run, stage.enter(case, &mut cx)).await;
            match (run.dispatch().ended(), stage.refusal(case)) {
                (Some(why), _) => {
                    not_run = true;
                    Err(Stop::Inconclusive(format!("not run: {why}")))
                }
                (None, Some(reason)) => Err(Stop::Skip(reason)),
                (None, None) => {
                    let judged = judge(case, format, &mut cx);
                    let judged = until_answered(interrupt.as_mut(), run, judged).await;
                    let interrupted = || Err(Stop::inconclusive("interrupted"));
                    let result = judged.unwrap_or_else(interrupted);
                    if stage.cleans_up() && run.dispatch().ended().is_none() {
                        let clean_up = run.account.clean_up(&mut cx.log);
                        until(interrupt.as_mut(), run, clean_up).await;
                    }
                    result
                }
            }
        };
        let mut report = CaseReport::new(case, result, mem::take(&mut cx.facts));
        report.format = format;
        report.expected = expectations(case, run);
        report.exchanges = transcripts(&cx.log, run);
        report.not_run = not_run;
        report.elapsed_ms = milliseconds(begun.elapsed());
        report.redact(run.redactor());
        if troubles.is_empty()
            && let Err(error) = on_case(&mut report)
        {
            troubles.push(format!("cannot write the report: {error}"));
            let why = "the report cannot be written";
            run.dispatch().end(why.to_owned());
        }
        reports.push(report);
    }
    let mut closing = Log::default();
    let finished = tokio::select! {
        biased;
        () = interrupt.as_mut(), if !run.dispatch().is_interrupted() => None,
        leftovers = run.account.finish_into(&mut closing) => Some(leftovers),
    };
    let leftovers = if let Some(leftovers) = finished {
        leftovers
    } else {
        run.dispatch().interrupt();
        run.account.finish_into(&mut closing).await
    };
    if leftovers.is_empty()
        && let Err(error) = run.account.discard_ledger()
    {
        troubles.push(format!(
            "nothing of the run is left, but its ledger cannot be removed: {error}"
        ));
    }
    // The operator may have removed the ledger.
    let ledger = run
        .account
        .ledger(Ledger::path)
        .filter(|path| path.exists());
    let cleanup = ledger.map(|path| cleanup_command(&path));
    let mut report = RunReport {
        target,
        account_id: run.credentials().account_id.clone(),
        profile: run.expected.name().to_owned(),
        requests: run.dispatch().requests(),
        users: run.account.users(),
        leftovers,
        leftovers_allowed: run.limits().allow_leftovers,
        cleanup,
        ended: run.dispatch().ended(),
        open_questions: stage.open_questions(cases),
        troubles,
        closing: transcripts(&closing, run),
        ..RunReport::new(reports, began, started.elapsed())
    };
    report.redact(run.redactor());
    report.explain(&run.expected);
    report.decide();
    report
}

fn transcripts(log: &Log, run: &Run) -> Vec<Transcript> {
    let exchanges = log.exchanges.iter();
    let exchanges = exchanges.map(|one| Transcript::of(one, run.redactor()));
    exchanges.collect()
}

/// The cases, each with its formats. If no second user may be created before the first one is gone,
/// the cases that need one user come first.
pub fn in_order<'a>(run: &Run, cases: &'a [Case]) -> Vec<(&'a Case, Option<Format>)> {
    let formats = |case: &'a Case| {
        case.formats(run)
            .into_iter()
            .map(move |format| (case, format))
    };
    let mut each: Vec<_> = cases.iter().flat_map(formats).collect();
    if run.limits().one_user_first {
        each.sort_by_key(|(case, _)| case.turn());
    }
    each
}

/// Creates the first user if needed, deletes it, and proves that it is gone. After that, cases
/// share no user. The error is the reason why no other user may be created.
pub async fn retire_first(run: &Run, cx: &mut Context) -> Result<(), String> {
    run.share_first(true);
    let mut created = Ok(());
    if run.account.ledger(Ledger::creates) == 0 {
        created = cx.first_subject().await;
    }
    run.share_first(false);
    created.map_err(|stop| stop.headline().to_owned())?;
    run.account.retire_first(&mut cx.log).await
}

/// Progress of a run that begins with one user.
struct Stage<'a> {
    run: &'a Arc<Run>,
    /// The reason why cases may not create further users, or `Ok`; `None` before that is known.
    others: Option<Result<(), String>>,
    /// True once the first user was handed to the case that deletes it.
    given_away: bool,
}

impl<'a> Stage<'a> {
    fn new(run: &'a Arc<Run>) -> Self {
        let limits = run.limits();
        let others = match &limits.prepared_user {
            Some(_) => Some(Err("--prepared-user creates no user".to_owned())),
            None => (!limits.one_user_first).then_some(Ok(())),
        };
        run.share_first(limits.one_user_first);
        Self {
            run,
            others,
            given_away: false,
        }
    }

    /// True if a case needs more than the one user.
    fn needs_others(&self, case: &Case) -> bool {
        match case.users {
            Users::None | Users::One => false,
            Users::Last => self.given_away || self.run.limits().prepared_user.is_some(),
            Users::Many => true,
        }
    }

    /// Prepares for a case. Before the first one that creates users of its own, the first user is
    /// created, if it was not, deleted, and looked for.
    async fn enter(&mut self, case: &Case, cx: &mut Context) {
        if case.inapplicable(self.run).is_some() {
            return;
        }
        if self.needs_others(case) && self.others.is_none() {
            let gone = retire_first(self.run, cx).await;
            let allowed = self.run.limits().allow_leftovers;
            self.others = Some(gone.or_else(|why| if allowed { Ok(()) } else { Err(why) }));
        }
        self.given_away |= case.users == Users::Last;
    }

    /// Why a case is not run.
    fn refusal(&self, case: &Case) -> Option<String> {
        let Some(Err(why)) = &self.others else {
            return None;
        };
        let refused = self.needs_others(case) && case.inapplicable(self.run).is_none();
        let advice = match self.run.limits().prepared_user {
            Some(_) => "",
            None => "; --allow-leftovers creates the others anyway",
        };
        refused.then(|| format!("{why}{advice}"))
    }

    /// The behaviours that only skipped cases measure, for lack of users.
    fn open_questions(&self, cases: &[Case]) -> Vec<OpenQuestion> {
        let Some(Err(why)) = &self.others else {
            return Vec::new();
        };
        let blocked = |case: &Case| match case.users {
            Users::None | Users::One => false,
            Users::Last => !self.given_away,
            Users::Many => true,
        };
        let measured = |wanted: bool| -> BTreeSet<&str> {
            let cases = cases.iter().filter(|case| blocked(case) == wanted);
            cases
                .flat_map(|case| case.measures.iter().copied())
                .collect()
        };
        let question = |behaviour: &&str| OpenQuestion {
            behaviour: (*behaviour).to_owned(),
            reason: why.clone(),
        };
        let open = &measured(true) - &measured(false);
        open.iter().map(question).collect()
    }

    /// True if users that a case created are removed after it.
    fn cleans_up(&self) -> bool {
        matches!(self.others, Some(Ok(())))
    }
}

/// Does `work`, and ends the run when `interrupt` is ready before.
async fn until(
    interrupt: Pin<&mut impl Future<Output = ()>>,
    run: &Run,
    work: impl Future<Output = ()>,
) {
    tokio::select! {
        biased;
        () = interrupt => run.dispatch().interrupt(),
        () = work => {}
    }
}

/// As above, but waits for the current request: only its response shows whether it created a user.
/// `None` if the work did not end in time; the rest stays in the ledger.
async fn until_answered<T>(
    interrupt: Pin<&mut impl Future<Output = ()>>,
    run: &Run,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        () = interrupt => run.dispatch().interrupt(),
        done = &mut work => return Some(done),
    }
    timeout(run.limits().timeout + GRACE, work).await.ok()
}

async fn judge(case: &Case, format: Option<Format>, cx: &mut Context) -> CaseResult {
    if let Some(reason) = case.inapplicable(&cx.run) {
        return Err(Stop::skip(reason));
    }
    let result = case.execute(cx, format).await;
    match result {
        Err(Stop::Fail(reason)) if cx.repeated => Err(Stop::Inconclusive(format!(
            "a request had to be sent again and may have taken effect twice, so there is no verdict: {reason}"
        ))),
        other => other,
    }
}

/// The behaviours that a case measures, each with the option that is expected.
fn expectations(case: &Case, run: &Run) -> Vec<Expectation> {
    let measured = case.measures.iter();
    let expected = |name: &&'static str| {
        Some(Expectation {
            behaviour: (*name).to_owned(),
            option: run.profile().get(name.parse::<BehaviourId>().ok()?),
        })
    };
    measured.filter_map(expected).collect()
}
