//! The metrics of a server in the text format of Prometheus.

use std::fmt::Write as _;

use bandwidth_fixtures::Operation;

use crate::app::App;

pub fn text(app: &App) -> String {
    let counts = app.metrics.counts();
    let requests = counts.requests.iter().map(|((operation, status), count)| {
        let operation = operation.map_or("none", Operation::as_str);
        let status = match status {
            0 => "none".to_owned(),
            status => status.to_string(),
        };
        format!("{{operation=\"{operation}\",status=\"{status}\"}} {count}")
    });
    let accounts = app.store().accounts();
    let users: usize = accounts
        .iter()
        .map(|state| state.account().users().len())
        .sum();
    let (entries, bytes, dropped) = app.journal.size();
    let one = |value: &dyn ToString| vec![format!(" {}", value.to_string())];
    let families = [
        (
            "requests_total",
            "counter",
            "Requests to the emulated API.",
            requests.collect(),
        ),
        (
            "request_seconds_total",
            "counter",
            "Time that these requests took, faults included.",
            one(&counts.time.as_secs_f64()),
        ),
        (
            "faults_total",
            "counter",
            "Requests that a fault was applied to.",
            one(&counts.faults),
        ),
        ("accounts", "gauge", "Accounts.", one(&accounts.len())),
        ("users", "gauge", "Users of all accounts.", one(&users)),
        (
            "faults_armed",
            "gauge",
            "Faults that are armed.",
            one(&app.faults.list().len()),
        ),
        (
            "journal_entries",
            "gauge",
            "Requests in the journal.",
            one(&entries),
        ),
        (
            "journal_bytes",
            "gauge",
            "Bytes that they take.",
            one(&bytes),
        ),
        (
            "journal_dropped",
            "gauge",
            "Requests that the journal no longer keeps, since it was last emptied.",
            one(&dropped),
        ),
    ];
    let mut text = String::new();
    for (name, kind, help, rows) in families {
        let name = format!("bandwidth_mock_{name}");
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for row in rows {
            let _ = writeln!(text, "{name}{row}");
        }
    }
    text
}
