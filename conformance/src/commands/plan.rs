//! `plan`: the cost of a run. The run is rehearsed against a mock inside this process with the
//! expected profile; nothing is sent to the target.

use std::{
    io::{self, Write},
    iter,
    sync::Arc,
    time::Duration,
};

use super::{
    aim::{Aim, PLANNED, without_har},
    runtime::block_on,
    selection::select,
};
use crate::{
    case::Case,
    cli::PlanArgs,
    dialogue::run::{Run, Setup},
    error::{self, ConformanceError},
    limits::{Limits, Surface},
    outcome::{CaseReport, RunReport},
    redact::printable,
    report::{console::counted, groups},
    runner,
    surroundings::Surroundings,
    target::BASE,
    transcript::Transcript,
    verdict::Verdict,
};

/// Runs the cases against a mock of its own, as against the target of `setup`. The request that
/// checks the login counts too.
pub fn rehearse(setup: &Setup, cases: &[Case]) -> Result<RunReport, ConformanceError> {
    let mut stage = Aim::embedded(setup.expected.clone(), None)?;
    stage.setup.limits = Limits {
        interval: Duration::ZERO,
        max_requests: None,
        max_users: None,
        // The built-in mock does not lag.
        settle: Limits::impatient().settle,
        // The demo's user is used in place of the prepared one, and its roles in place of any role.
        prepared_user: setup.limits.prepared_user.as_ref().map(|_| {
            let key = match setup.limits.home(setup.expected.options()) {
                Surface::Identity => "jdoe",
                Surface::Account | Surface::Management => "u1",
            };
            key.to_owned()
        }),
        roles: setup.limits.roles.rehearsed(),
        backoff: Limits::none().backoff,
        ..setup.limits.clone()
    };
    if setup.emulators.is_none() {
        stage.setup.emulators = None;
        let second = setup.credentials.second_account_id.is_some();
        let credentials = &mut stage.setup.credentials;
        credentials.second_account_id = credentials.second_account_id.take().filter(|_| second);
        let client = setup.credentials.client().is_some();
        credentials.beside = credentials.beside.take().filter(|_| client);
    }
    let run = Arc::new(Run::new(stage.setup)?);
    let mut quiet = |_: &mut _| io::Result::Ok(());
    let never = std::future::pending();
    let work = runner::execute(&run, cases, String::new(), never, &mut quiet);
    let mut report = block_on(work)?;
    report.requests += 1;
    Ok(report)
}

/// The path and query of a URL, with `{key}` in place of a user's key.
fn without_keys(url: &str) -> String {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
    let Some((before, rest)) = path.split_once("/users/") else {
        return path.to_owned();
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let key = if end == 0 { "" } else { "{key}" };
    format!("{before}/users/{key}{}", &rest[end..])
}

/// Prints the cost of a run.
pub fn plan(
    arguments: &PlanArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    without_har(&arguments.aim, PLANNED)?;
    let read_only = arguments.selection.read_only;
    let cases = select(arguments.selection.clone())?;
    let mut aim = Aim::read(&arguments.aim, read_only, surroundings)?;
    aim.write_on(arguments.selection.surface)?;
    let estimate = rehearse(&aim.setup, &cases)?;
    let is_skipped = |case: &&CaseReport| case.verdict == Verdict::Skipped;
    let run = estimate.cases.len() - estimate.counts.skipped;
    let limits = &aim.setup.limits;
    let budget = |limit: Option<u64>, needed: u64, flag: &str| match limit {
        None => String::new(),
        Some(most) if most < needed => {
            format!(" (the budget is {most}, so the run would end early: {flag} {needed})")
        }
        Some(most) => format!(" of a budget of {most}"),
    };
    let out = &mut surroundings.out;
    writeln!(
        out,
        "against {}, account {}, expecting profile {}",
        aim.place.description,
        aim.setup.credentials.account_id,
        aim.setup.expected.name()
    )?;
    writeln!(out, "cases     {run}")?;
    for (reason, count) in groups::reasons(estimate.cases.iter().filter(is_skipped)) {
        writeln!(out, "skipped   {count}: {reason}")?;
    }
    writeln!(
        out,
        "requests  {}{}",
        estimate.requests,
        budget(limits.max_requests, estimate.requests, "--max-requests")
    )?;
    writeln!(
        out,
        "users     {} created{}{}",
        estimate.users,
        budget(limits.max_users, estimate.users, "--max-users"),
        removal(&estimate, limits.prepared_user.as_deref())
    )?;
    let count = u32::try_from(estimate.requests).unwrap_or(u32::MAX);
    let seconds = limits.interval.saturating_mul(count).as_secs();
    let pace = if limits.interval.is_zero() {
        "no pause between requests".to_owned()
    } else {
        format!(
            "at most {} a second",
            counted(rate(limits.interval), "request")
        )
    };
    writeln!(
        out,
        "seconds   {seconds}, and the target's own time; {pace}"
    )?;
    writeln!(
        out,
        "Counted in a rehearsal against a mock inside this process that behaves as the expected profile. A target that behaves otherwise, limits or fails takes more. Nothing was sent to it."
    )?;
    if arguments.list {
        list(&estimate, &aim.setup.credentials.account_id, out)?;
    }
    Ok(error::PASSED)
}

/// Describes how users of a run are removed.
fn removal(estimate: &RunReport, prepared: Option<&str>) -> String {
    match (prepared, estimate.leftovers.len()) {
        (Some(key), _) => format!("; user {key} is updated and put back, except for its password"),
        (None, _) if estimate.users == 0 => String::new(),
        (None, 0) => "; each is deleted again, if the target deletes".to_owned(),
        (None, stay) => {
            format!("; {stay} would stay, because a delete does not remove users there")
        }
    }
}

/// A line for each request of a rehearsal, for that account in place of the rehearsal's.
fn list(rehearsal: &RunReport, account: &str, out: &mut dyn Write) -> io::Result<()> {
    let rehearsed = format!("/accounts/{}/", rehearsal.account_id);
    let account = format!("/accounts/{account}/");
    let row = |one: &Transcript, case: String| {
        let path = without_keys(&one.url).replacen(&rehearsed, &account, 1);
        (one.method.clone(), path, one.purpose.as_str(), case)
    };
    let outside = || "-".to_owned();
    let users = format!("{BASE}{account}users");
    let login = ("GET".to_owned(), users, "login", outside());
    let of_cases = rehearsal.cases.iter().flat_map(|case| {
        let exchanges = case.exchanges.iter();
        exchanges.map(move |one| row(one, case.name()))
    });
    let closing = rehearsal.closing.iter().map(|one| row(one, outside()));
    let rows: Vec<_> = iter::once(login).chain(of_cases).chain(closing).collect();
    let lengths = rows.iter().map(|(_, path, ..)| path.chars().count());
    // A few paths are long deliberately.
    let width = lengths.filter(|length| *length <= 60).max().unwrap_or(0);
    writeln!(out, "\nmethod   {:width$}  purpose   case", "path")?;
    for (method, path, purpose, case) in &rows {
        let line = format!("{method:7}  {path:width$}  {purpose:8}  {case}");
        writeln!(out, "{}", printable(&line))?;
    }
    Ok(())
}

/// Requests a second, with the meaningful digits: an interval is in whole nanoseconds.
fn rate(interval: Duration) -> f64 {
    let exact = 1.0 / interval.as_secs_f64();
    format!("{exact:.5e}").parse().unwrap_or(exact)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{rate, without_keys};

    #[test]
    fn a_path_shows_no_key() {
        let users = "/api/accounts/12345/users";
        for (path, shown) in [
            (users.to_owned(), users.to_owned()),
            (format!("{users}?page=2"), format!("{users}?page=2")),
            (format!("{users}/u7"), format!("{users}/{{key}}")),
            (format!("{users}/a%20b?x=1"), format!("{users}/{{key}}?x=1")),
            (
                "/api/users/u7/password".to_owned(),
                "/api/users/{key}/password".to_owned(),
            ),
        ] {
            assert_eq!(without_keys(&format!("http://127.0.0.1:80{path}")), shown);
        }
    }

    #[test]
    fn a_rate_is_printed_as_given() {
        for rps in [0.001, 0.5, 1.0, 3.0, 7.0, 9.5, 300.0, 1_000.0] {
            let printed = rate(Duration::from_secs_f64(1.0 / rps)).to_string();
            assert_eq!(printed, rps.to_string());
        }
    }
}
