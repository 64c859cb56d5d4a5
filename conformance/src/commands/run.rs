//! `run`: the cases, one after the other, and the reports.

use std::{env, fs, io::Write, path::Path, sync::Arc};

use bandwidth_fixtures::describe;

use super::{
    aim::{Aim, Place},
    block_on, plan,
    progress::Progress,
    select,
    signals::{Signals, heed},
};
use crate::{
    Surroundings,
    cleanup::Leftover,
    cli::RunArgs,
    exchange::Log,
    exit::{self, ConformanceError},
    known::KnownFailures,
    ledger::{
        Ledger, cleanup_command,
        file::{Header, LedgerFile},
    },
    outcome::{CaseReport, RunReport},
    redact::printable,
    report::{
        self, ReportTo,
        console::{self, Console, Detail},
        document::Document,
    },
    run::Run,
    runner,
};

const LEDGER: (&str, &str) = ("bandwidth-conformance-", ".ledger");

/// Runs the chosen cases.
pub fn run(
    arguments: &RunArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let known = match &arguments.known {
        Some(path) => KnownFailures::load(path)?,
        None => KnownFailures::default(),
    };
    report::check(&arguments.report)?;
    let read_only = arguments.selection.read_only;
    let cases = select(arguments.selection.clone())?;
    let aim = Aim::take(&arguments.aim, read_only, surroundings.variable)?;
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
    let redactor = &run.redactor;
    let mut console = Console::new(surroundings.out, redactor, detail, surroundings.colour);
    console.intro(&format!(
        "{} against {}, account {}, expecting profile {}{}",
        console::cases(cases.len()),
        place.description,
        run.credentials.account_id,
        run.expected.name(),
        place.note
    ))?;
    let progress = Progress::new(
        surroundings.watched && !arguments.quiet,
        cases.len(),
        estimate.map(|estimate| estimate.requests),
        run.limits.max_requests,
    );
    let mut problems = Vec::new();
    if place.needs_ledger(&run) {
        tell_of_other_ledgers(surroundings.err)?;
    }
    let mut report = block_on(async {
        begin(&run, &place, arguments.ledger.as_deref()).await?;
        let mut tell = |case: &mut CaseReport| {
            problems.extend(known.mark(case, &place.name));
            progress.case(run.requests(), || console.case(case))
        };
        let signals = Signals::listen();
        let name = place.description.clone();
        let work = runner::execute(&run, &cases, name, signals.asked(1), &mut tell);
        heed(&run, &signals, surroundings.err, Box::pin(work)).await
    })??;
    progress.end();
    report.known_problems = problems;
    let mut errors = write_reports(&arguments.report, &report, &run);
    errors.extend(console.summary(&report).err().map(ConformanceError::from));
    Ok(end(&report, errors, surroundings.err))
}

/// The exit code of a run that came to its end. What could not be written is told, and changes the
/// code only where the run has nothing worse to tell.
pub fn end(report: &RunReport, errors: Vec<ConformanceError>, err: &mut dyn Write) -> u8 {
    let mut troubles = report.troubles.clone();
    for error in errors {
        let error = error.to_string();
        // What could not be told on the way cannot be summed up either.
        if !troubles.contains(&error) {
            troubles.push(error);
        }
    }
    for trouble in &troubles {
        // Without a place to write to, the exit code has to do.
        let _ = writeln!(err, "bandwidth-conformance: {}", printable(trouble));
    }
    let code = exit::code_of(report);
    if troubles.is_empty() {
        code
    } else {
        exit::code_with_troubles(code)
    }
}

/// The exit code of a run with `code` after an error that has nothing to do with its target: the
/// error's own, unless that would hide something worse.
pub fn code_or(
    code: u8,
    error: ConformanceError,
    err: &mut dyn Write,
) -> Result<u8, ConformanceError> {
    if exit::code_with_troubles(code) == exit::USAGE {
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
pub fn tell_of_leftovers(leftovers: &[Leftover], run: &Run, err: &mut dyn Write) {
    for left in leftovers {
        let _ = writeln!(err, "left behind: {}", printable(&left.to_string()));
    }
    if let Some(path) = run.ledger().path().filter(|_| !leftovers.is_empty()) {
        let _ = writeln!(err, "remove it with: {}", cleanup_command(&path));
    }
}

/// Writes every report that can be written. Returns what is wrong with the others.
fn write_reports(reports: &[ReportTo], report: &RunReport, run: &Run) -> Vec<ConformanceError> {
    if reports.is_empty() {
        return Vec::new();
    }
    let document = Document::new(report, &run.redactor);
    let errors = reports.iter().filter_map(|to| {
        let error = report::write(to, &document).err()?;
        Some(ConformanceError::Usage(format!(
            "--report {}: {}",
            to.path.display(),
            describe::io(&error)
        )))
    });
    errors.collect()
}

/// Makes sure that the target answers this login. From here on everything that is created is in a
/// file first, where it outlives the process.
pub async fn begin(run: &Run, place: &Place, path: Option<&Path>) -> Result<(), ConformanceError> {
    run.preflight(&mut Log::default()).await?;
    if !place.needs_ledger(run) {
        return Ok(());
    }
    let path = if let Some(path) = path {
        path.to_owned()
    } else {
        let (before, after) = LEDGER;
        let run = run.prefix.trim_end_matches('-');
        format!("{before}{run}{after}").into()
    };
    let path = env::current_dir()?.join(path);
    let header = Header::new(
        place.description.clone(),
        run.credentials.account_id.clone(),
        run.prefix.clone(),
    );
    run.keep_ledger(Ledger::in_file(LedgerFile::create(&path, &header)?));
    Ok(())
}

/// Points out the ledgers of other runs in this folder: one may have been killed.
fn tell_of_other_ledgers(err: &mut dyn Write) -> Result<(), ConformanceError> {
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
