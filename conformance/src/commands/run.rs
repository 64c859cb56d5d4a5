//! `run`: the cases, one after the other, and the reports.

use std::{env, fs, io::Write, path::Path, sync::Arc};

use bandwidth_fixtures::describe;

use super::{
    aim::{Aim, Place},
    block_on, plan,
    progress::Progress,
    select,
};
use crate::{
    Surroundings,
    cli::RunArgs,
    exchange::Log,
    exit::{self, ConformanceError},
    known::KnownFailures,
    ledger::{
        Ledger,
        file::{Header, LedgerFile},
    },
    outcome::{CaseReport, RunReport},
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
        let report = runner::execute(
            &run,
            &cases,
            place.description.clone(),
            interrupt(),
            &mut tell,
        );
        report.await.map_err(ConformanceError::from)
    })??;
    progress.end();
    report.known_problems = problems;
    console.summary(&report)?;
    write_reports(&arguments.report, &report, &run)?;
    Ok(exit::code_of(&report))
}

/// Ready when somebody asks the process to stop.
pub async fn interrupt() {
    // Without a handler an interrupt ends the process at once, as ever.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn write_reports(
    reports: &[ReportTo],
    report: &RunReport,
    run: &Run,
) -> Result<(), ConformanceError> {
    if reports.is_empty() {
        return Ok(());
    }
    let document = Document::new(report, &run.redactor);
    for to in reports {
        report::write(to, &document).map_err(|error| {
            ConformanceError::Usage(format!(
                "--report {}: {}",
                to.path.display(),
                describe::io(&error)
            ))
        })?;
    }
    Ok(())
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
