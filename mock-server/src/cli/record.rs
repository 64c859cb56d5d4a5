//! `record`: its process, from the announcement to the last screen.

use tokio::sync::watch;
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::{
    print, print_to_stderr, runtime, start_log,
    system::{Signals, raise_file_limit},
};
use crate::{
    arguments::Announce,
    record::{RecordArguments, Recorder},
};

/// Records until a signal arrives.
pub(super) fn run(
    arguments: &RecordArguments,
    place: impl Fn(&str) -> String,
) -> Result<(), String> {
    raise_file_limit();
    let (stop, stopping) = watch::channel(false);
    let recorder =
        Recorder::start(arguments, place, stopping).map_err(|error| error.to_string())?;
    let log = start_log(Targets::new().with_default(LevelFilter::WARN));
    let runtime = runtime()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let summary = runtime.block_on(async {
        let mut signals =
            Signals::new().map_err(|error| format!("cannot wait for signals: {error}"))?;
        match recorder.announcement() {
            (Announce::Json, line) => print(&line)?,
            (Announce::Text, text) => print_to_stderr(&text),
        }
        tokio::spawn(async move {
            signals.wait().await;
            stop.send_replace(true);
        });
        let served = recorder.serve().await;
        served.map_err(|error| format!("cannot serve: {error}"))
    });
    runtime.shutdown_background();
    log.flush();
    print_to_stderr(&summary?);
    Ok(())
}
