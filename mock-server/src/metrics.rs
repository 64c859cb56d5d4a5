//! Counts for Prometheus.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use bandwidth_fixtures::Operation;
use parking_lot::Mutex;

use crate::app::App;

/// What is counted from the start of the server on. A reset does not touch it: Prometheus takes
/// counters to grow.
#[derive(Debug, Default)]
pub struct Metrics {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// By operation and status; status 0 where nothing was sent.
    requests: BTreeMap<(Option<Operation>, u16), u64>,
    faults: u64,
    time: Duration,
}

impl Metrics {
    /// Counts a request that came to its end.
    pub fn count(
        &self,
        operation: Option<Operation>,
        status: Option<u16>,
        took: Duration,
        fault: bool,
    ) {
        let mut counts = self.counts.lock();
        let key = (operation, status.unwrap_or(0));
        *counts.requests.entry(key).or_default() += 1;
        counts.faults += u64::from(fault);
        counts.time += took;
    }
}

/// The metrics of a server in the text format of Prometheus.
pub fn text(app: &App) -> String {
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, rows: &[(String, String)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in rows {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let single = |value: String| vec![(String::new(), value)];
    let counts = app.metrics.counts.lock();
    let requests: Vec<(String, String)> = counts
        .requests
        .iter()
        .map(|((operation, status), count)| {
            let operation = operation.map_or("none", Operation::as_str);
            let status = match status {
                0 => "none".to_owned(),
                status => status.to_string(),
            };
            let labels = format!("{{operation=\"{operation}\",status=\"{status}\"}}");
            (labels, count.to_string())
        })
        .collect();
    family(
        "bandwidth_mock_requests_total",
        "counter",
        "Requests to the emulated API.",
        &requests,
    );
    family(
        "bandwidth_mock_request_seconds_total",
        "counter",
        "Time that these requests took, faults included.",
        &single(counts.time.as_secs_f64().to_string()),
    );
    family(
        "bandwidth_mock_faults_total",
        "counter",
        "Requests that a fault was applied to.",
        &single(counts.faults.to_string()),
    );
    drop(counts);
    let store = app.store();
    let users: usize = store
        .accounts()
        .iter()
        .map(|slot| slot.account().users().len())
        .sum();
    let (entries, bytes, dropped) = app.journal.size();
    for (name, kind, help, value) in [
        (
            "bandwidth_mock_accounts",
            "gauge",
            "Accounts.",
            store.len().to_string(),
        ),
        (
            "bandwidth_mock_users",
            "gauge",
            "Users of all accounts.",
            users.to_string(),
        ),
        (
            "bandwidth_mock_faults_armed",
            "gauge",
            "Faults that are armed.",
            app.faults.list().len().to_string(),
        ),
        (
            "bandwidth_mock_journal_entries",
            "gauge",
            "Requests in the journal.",
            entries.to_string(),
        ),
        (
            "bandwidth_mock_journal_bytes",
            "gauge",
            "Bytes that they take.",
            bytes.to_string(),
        ),
        (
            "bandwidth_mock_journal_dropped",
            "gauge",
            "Requests that the journal no longer keeps, since it was last emptied.",
            dropped.to_string(),
        ),
    ] {
        family(name, kind, help, &single(value));
    }
    text
}
