//! The exchanges of a run as HAR, written by the emulator's own recorder: without secrets, and as
//! `bandwidth-mock learn` reads it.

use std::{path::Path, sync::Arc, time::SystemTime};

use bandwidth_mock::{
    record::{Part, Recording},
    traffic,
};

use crate::{dispatch::Tap, exchange::Exchange, redact::Redactor};

/// Starts the file, which must not exist yet. The first exchange that cannot be written is reported
/// by `wrong`.
pub fn tap(
    path: &Path,
    redactor: Arc<Redactor>,
    wrong: impl Fn(&str) + Send + Sync + 'static,
) -> Result<Tap, String> {
    let recording = Recording::create(path).map_err(|error| error.to_string())?;
    let failed = std::sync::Once::new();
    Ok(Arc::new(move |at: SystemTime, exchange: &Exchange| {
        // The run knows its secrets wherever a server repeats them. Those in a request get their
        // numbers first: whether two passwords are equal decides what a server answers.
        let request = &exchange.request;
        let sent = Part {
            headers: &request.headers,
            body: &request.body,
        };
        let response = exchange.outcome.as_ref().ok().map(|response| {
            let headers = cleaned(&response.headers, &redactor);
            (response.status, headers, redactor.body(&response.body))
        });
        let answer = response.as_ref().map(|(status, headers, body)| {
            let body = body.as_bytes();
            (*status, Part { headers, body })
        });
        let url = redactor.clean(&format!("{}{}", exchange.origin, request.path));
        let clean = |kept: &mut traffic::Exchange| {
            kept.request_headers = cleaned(&kept.request_headers, &redactor);
            kept.request_body = redactor.body(&kept.request_body).into();
        };
        if let Err(error) = recording.keep(at, &request.method, &url, &sent, answer, clean) {
            failed.call_once(|| wrong(&error.to_string()));
        }
    }))
}

fn cleaned(headers: &[(String, String)], redactor: &Redactor) -> Vec<(String, String)> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (redactor.clean(name), redactor.clean(value)))
        .collect()
}
