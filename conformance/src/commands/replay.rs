//! `replay`: one case, with everything that is sent and comes back.

use std::{io, sync::Arc};

use super::{
    aim::Aim,
    block_on,
    run::{begin, end},
    signals::{Signals, heed},
};
use crate::{
    Surroundings,
    cli::AimArgs,
    exit::ConformanceError,
    registry,
    report::{
        console::{Console, Detail},
        document::Document,
    },
    run::Run,
    runner,
};

/// Runs the case with that id.
pub fn replay(
    id: &str,
    arguments: &AimArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let case = registry::find(id)?;
    let aim = Aim::take(arguments, false, surroundings.variable)?;
    let place = aim.place;
    let run = Arc::new(Run::new(aim.setup)?);
    let report = block_on(async {
        begin(&run, &place, None).await?;
        let mut quiet = |_: &mut _| io::Result::Ok(());
        let cases = [case];
        let name = place.description.clone();
        let signals = Signals::listen();
        let work = runner::execute(&run, &cases, name, signals.asked(1), &mut quiet);
        heed(&run, &signals, surroundings.err, Box::pin(work)).await
    })??;
    let redactor = &run.redactor;
    let colour = surroundings.colour;
    let mut console = Console::new(surroundings.out, redactor, Detail::All, colour);
    let document = Document::new(&report, redactor);
    let mut tell = || {
        for (case, result) in report.cases.iter().zip(&document.cases) {
            console.case(case)?;
            console.exchanges(result)?;
        }
        console.summary(&report)
    };
    let errors = tell().err().map(ConformanceError::from);
    Ok(end(&report, errors.into_iter().collect(), surroundings.err))
}
