//! `replay`: one case, with every request and response.

use std::{io, sync::Arc};

use super::{
    aim::Aim,
    run::{begin, end, print_prepared},
    runtime::block_on,
    signals::{Signals, run_until_signal},
};
use crate::{
    cli::AimArgs,
    dialogue::run::Run,
    error::ConformanceError,
    registry,
    report::console::{Console, Detail},
    runner,
    surroundings::Surroundings,
};

/// Runs the case with that id.
pub fn replay(
    id: &str,
    arguments: &AimArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let case = registry::find(id)?;
    let aim = Aim::read(arguments, false, surroundings)?;
    let place = aim.place;
    let run = Arc::new(Run::new(aim.setup)?);
    print_prepared(&run, surroundings.err);
    let mut report = block_on(async {
        begin(&run, &place, None).await?;
        let mut quiet = |_: &mut _| io::Result::Ok(());
        let cases = [case];
        let name = place.description.clone();
        let signals = Signals::listen();
        let work = runner::execute(&run, &cases, name, signals.asked(1), &mut quiet);
        run_until_signal(&run, &signals, surroundings.err, Box::pin(work)).await
    })??;
    let mut console = Console::new(surroundings.out, Detail::All, surroundings.colour);
    let mut write = || {
        for case in &report.cases {
            console.case(case)?;
            console.exchanges(case)?;
        }
        console.summary(&report)
    };
    let written = write();
    Ok(end(&mut report, written, &[], surroundings.err))
}
