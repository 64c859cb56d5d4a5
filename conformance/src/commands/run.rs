//! `run`: the cases, one after the other, and the reports.

use std::{
    env, fs,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use super::{
    aim::{Aim, Place},
    plan,
    progress::Progress,
    runtime::block_on,
    selection::select,
    signals::{Signals, run_until_signal},
};
use crate::{
    account::{cleanup_command, ledger::Ledger},
    cli::RunArgs,
    dialogue::{identity::domain_root, run::Run},
    error::{self, ConformanceError},
    exchange::Log,
    known,
    leftover::{Leftover, use_of_cleanup},
    outcome::{CaseReport, RunReport},
    redact::printable,
    report::{
        self, ReportTo,
        console::{self, Console, Detail},
    },
    runner,
    surroundings::Surroundings,
};

const LEDGER: (&str, &str) = ("bandwidth-conformance-", ".ledger");

/// Runs the chosen cases.
pub fn run(
    arguments: &RunArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let known_failures = match &arguments.known {
        Some(path) => known::load(path)?,
        None => bandwidth_fixtures::KnownFailures::default(),
    };
    report::check(&arguments.report)?;
    let read_only = arguments.selection.read_only;
    let cases = select(arguments.selection.clone())?;
    let mut aim = Aim::read(&arguments.aim, read_only, surroundings)?;
    aim.write_on(arguments.selection.surface)?;
    let away = !aim.setup.endpoint.target.is_loopback();
    let estimate = (surroundings.watched && away && !arguments.quiet)
        .then(|| plan::rehearse(&aim.setup, &cases).ok())
        .flatten();
    let place = aim.place;
    let run = Arc::new(Run::new(aim.setup)?);
    let detail = if arguments.quiet {
        Detail::Quiet
    } else {
        Detail::All
    };
    let count = runner::in_order(&run, &cases).len();
    let mut console = Console::new(surroundings.out, detail, surroundings.colour);
    console.intro(&run.redactor().line(&format!(
        "{} against {}, account {}, expecting profile {}{}",
        console::counted(count, "case"),
        place.description,
        run.credentials().account_id,
        run.expected.name(),
        place.note
    )))?;
    let progress = Progress::new(
        surroundings.watched && !arguments.quiet,
        count,
        estimate.map(|estimate| estimate.requests),
        run.limits().max_requests,
    );
    if place.needs_ledger(&run) {
        print_other_ledgers(surroundings.err)?;
    }
    print_prepared(&run, surroundings.err);
    let mut report = block_on(async {
        begin(&run, &place, arguments.ledger.as_deref()).await?;
        let mut on_case = |case: &mut CaseReport| {
            known::mark(&known_failures, case, &place.name);
            case.known = case.known.take().map(|why| run.redactor().text(&why));
            progress.case(run.dispatch().requests(), || console.case(case))
        };
        let signals = Signals::listen();
        let name = place.description.clone();
        let work = runner::execute(&run, &cases, name, signals.asked(1), &mut on_case);
        run_until_signal(&run, &signals, surroundings.err, Box::pin(work)).await
    })??;
    progress.end();
    if place.private {
        // They end with this process.
        report.leftovers.clear();
    }
    report.known_problems = known::problems(&known_failures, &report.cases, &place.name);
    report.redact(run.redactor());
    report.decide();
    let written = console.summary(&report);
    Ok(end(
        &mut report,
        written,
        &arguments.report,
        surroundings.err,
    ))
}

/// Writes the reports of a finished run, and returns its exit code. `console` is the result of
/// writing the summary. Files that could not be written are reported.
pub fn end(
    report: &mut RunReport,
    console: io::Result<()>,
    reports: &[ReportTo],
    err: &mut dyn Write,
) -> u8 {
    if let Err(error) = console.map_err(ConformanceError::from) {
        let error = error.to_string();
        // A console that failed during the run is a trouble already.
        if !report.troubles.contains(&error) {
            report.troubles.push(error);
        }
    }
    report.decide();
    report::write_all(reports, report);
    for trouble in &report.troubles {
        // Without a place to write to, the exit code has to do.
        let _ = writeln!(err, "bandwidth-conformance: {}", printable(trouble));
    }
    report.exit_code
}

/// The exit code of a run with `code` after an error that has nothing to do with its target: the
/// error's own, unless that would hide something worse.
pub fn code_or(
    code: u8,
    error: ConformanceError,
    err: &mut dyn Write,
) -> Result<u8, ConformanceError> {
    if crate::outcome::code_with_troubles(code) == error::USAGE {
        return Err(error);
    }
    let _ = writeln!(
        err,
        "bandwidth-conformance: {}",
        printable(&error.to_string())
    );
    Ok(code)
}

/// Says what is left behind, and how to remove it.
pub fn print_leftovers(leftovers: &[Leftover], run: &Run, err: &mut dyn Write) {
    for left in leftovers {
        let line = |text: &str| run.redactor().line(text);
        let _ = writeln!(err, "left behind: {}", line(&left.to_string()));
        if !left.remove.is_empty() {
            let _ = writeln!(err, "    {}", line(&left.remove));
        }
    }
    if let Some(path) = run
        .account
        .ledger(Ledger::path)
        .filter(|_| !leftovers.is_empty())
    {
        let _ = writeln!(
            err,
            "{}: {}",
            use_of_cleanup(leftovers).to_lowercase(),
            cleanup_command(&path)
        );
    }
}

/// Checks that the target accepts this login, and shows a prepared user. From here on, every create
/// is in a file first, which outlives the process.
pub async fn begin(run: &Run, place: &Place, path: Option<&Path>) -> Result<(), ConformanceError> {
    place.record(run)?;
    run.preflight(&mut Log::default()).await?;
    if let Some(key) = &run.limits().prepared_user {
        let wrapper = domain_root(run.profile());
        run.account
            .prepare(key, wrapper, &mut Log::default())
            .await?;
    }
    if place.needs_ledger(run) {
        let path = path.map_or_else(
            || {
                let (before, after) = LEDGER;
                let run = run.account.prefix.trim_end_matches('-');
                format!("{before}{run}{after}").into()
            },
            Path::to_owned,
        );
        run.keep_ledger(&env::current_dir()?.join(path), &place.description)?;
    }
    Ok(())
}

/// Says what cannot be put back, before the first request.
pub fn print_prepared(run: &Run, err: &mut dyn Write) {
    if let Some(key) = &run.limits().prepared_user
        && run.limits().may_write()
    {
        let _ = writeln!(
            err,
            "bandwidth-conformance: user {} is updated, and put back at the end; a changed password cannot be put back",
            printable(key)
        );
    }
}

/// Points out the ledgers of other runs in this folder: one may have been killed.
fn print_other_ledgers(err: &mut dyn Write) -> Result<(), ConformanceError> {
    let (before, after) = LEDGER;
    for entry in fs::read_dir(".")? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(before) && name.ends_with(after) {
            writeln!(
                err,
                "bandwidth-conformance: there is {name}; unless that run is still going, `bandwidth-conformance cleanup --ledger {name}` removes what it created"
            )?;
        }
    }
    Ok(())
}
