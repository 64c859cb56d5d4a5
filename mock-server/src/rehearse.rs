//! `rehearse`: runs the user's own command against each thing that can go wrong at a request, and
//! reports what it leaves behind.

mod judge;
mod places;
mod situations;

use std::{fmt::Write as _, io::Write, ops::ControlFlow, path::PathBuf};

use bandwidth_fixtures::{Operation, describe, profile::AuthSchemes};
use clap::Args;

pub use self::situations::table;
use self::{
    judge::{Ends, Judge},
    places::{Chosen, chosen},
    situations::{SITUATIONS, Situation},
};
use crate::trial::{
    BASELINE, FLAKY, Outcome, Report, Subject, Table, TrialArguments, TrialError, Verdict, World,
    baseline, exit_code, headline, known_problems, line, side_by_side,
};

/// The title of reports.
const TITLE: &str = "bandwidth-mock rehearse";

/// The flags of `rehearse`.
#[derive(Debug, Args)]
pub struct RehearseArguments {
    #[command(flatten)]
    trial: TrialArguments,
    /// Rehearse only these situations, for example dropped,list-stale
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = situation)]
    situation: Vec<&'static Situation>,
    /// Rehearse only requests of these operations, for example `create_user`
    #[arg(long, value_name = "OPERATION,..", value_delimiter = ',', value_parser = operation)]
    only: Vec<Operation>,
    /// Rehearse only the Nth request of each operation, counted from 1
    #[arg(long, value_name = "N", conflicts_with = "every", value_parser = clap::value_parser!(u64).range(1..))]
    at: Option<u64>,
    /// Rehearse every request of an operation, not only the first, middle and last
    #[arg(long)]
    every: bool,
    /// Write the output of each run to this folder
    #[arg(long, value_name = "FOLDER", default_value = "bandwidth-rehearsal")]
    output: PathBuf,
}

fn situation(name: &str) -> Result<&'static Situation, String> {
    let known = SITUATIONS.iter().find(|situation| situation.name == name);
    known.ok_or_else(|| {
        let names = || SITUATIONS.iter().map(|situation| situation.name);
        match describe::nearest(name, names()) {
            Some(near) => format!("there is no such situation; did you mean {near}?"),
            None => format!(
                "there is no such situation; they are {}",
                names().collect::<Vec<_>>().join(", ")
            ),
        }
    })
}

fn operation(name: &str) -> Result<Operation, String> {
    name.parse()
}

fn subject(chosen: Option<&Chosen>) -> Subject {
    Subject::Situation {
        situation: chosen
            .map_or(BASELINE, |chosen| chosen.situation.name)
            .to_owned(),
        place: chosen.map(|chosen| chosen.place),
    }
}

/// Rehearses, and reports each run as it ends. Returns the exit code. `place` says where the value
/// of a flag was given.
pub fn run(
    arguments: &RehearseArguments,
    place: impl Fn(&str) -> String,
    out: &mut dyn Write,
) -> Result<u8, TrialError> {
    let RehearseArguments {
        trial: common,
        output,
        ..
    } = arguments;
    let (profile, seed) = common.world(place)?;
    let named = |name: &str| arguments.situation.iter().any(|one| one.name == name);
    if named("basic-ended") && profile.options().auth_schemes == AuthSchemes::Basic {
        return Err(TrialError::Usage(
            "--situation basic-ended: the profile accepts no tokens, so every command would \
             fail after the end of Basic; add --set auth.schemes=basic_and_bearer or another profile"
                .to_owned(),
        ));
    }
    let known = common.known(|entry| {
        let name = entry.case.split('/').next().unwrap_or_default();
        situation(name)
            .map(drop)
            .map_err(|error| format!("{name}: {error}"))
    })?;
    let trial = common.trial(&seed, output)?;
    let cannot = || TrialError::io("cannot write the report");
    let mut print = |text: &str| writeln!(out, "{text}").map_err(cannot());

    let world = World {
        name: BASELINE.to_owned(),
        profile,
        faults: Vec::new(),
        most_requests: None,
    };
    let first = Ends::of(&trial.stage(&world)?, "")?;
    let second = Ends::of(&trial.stage(&world)?, ".again")?;
    let mut outcome = baseline(subject(None), &first.run, &second.run);
    let judge = Judge::new(&trial, world, &first, &second, &known, common);
    if outcome.passed && outcome.verdict != Verdict::Flaky {
        outcome.verdict = Verdict::Ok;
    }
    if judge.is_none() && outcome.passed {
        let reason =
            "it leaves other users when it is run again in another world; nothing was rehearsed";
        outcome = outcome.judged(Verdict::Flaky, reason);
    }
    if outcome.passed && !first.next.passed() {
        outcome.reason.get_or_insert(format!(
            "its next run in the same world does not pass ({}), so a failure is not judged \
             by the next run",
            first.next.ending
        ));
    }
    print(&line(&outcome))?;
    if outcome.verdict == Verdict::Flaky {
        let report = Report::new(TITLE, vec![outcome], Vec::new(), 0);
        return common.write(&report).map(|()| FLAKY);
    }
    outcome.require_passed(&first.run, &second.run)?;
    let Some(judge) = judge else {
        return Ok(FLAKY);
    };

    let places = chosen(arguments, &first.run.entries);
    if places.is_empty() {
        return Err(nothing_to_rehearse(arguments, &first));
    }
    let once = first.run.elapsed + first.next.elapsed;
    let guess = once * u32::try_from(places.len()).unwrap_or(u32::MAX) / u32::from(common.jobs);
    print(&format!(
        "{} situations to rehearse, at most {} runs, about {} s\n",
        places.len(),
        places.len() * 2,
        guess.as_secs().max(1)
    ))?;
    let outcomes = side_by_side(
        &places,
        common.jobs,
        |chosen| judge.judge(chosen),
        |outcome| {
            if outcome.verdict > Verdict::Ok {
                print(&headline(outcome))?;
            }
            let stop = common.fail_fast && outcome.verdict.is_failure();
            Ok(if stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        },
    )?;
    let problems = known_problems(&known, &outcomes);
    let code = exit_code(&outcomes, &problems);
    print(&summary(&outcomes, places.len(), &problems))?;
    let runs = std::iter::once(outcome).chain(outcomes).collect();
    common.write(&Report::new(TITLE, runs, problems, 0))?;
    Ok(code)
}

/// The matrix, what is bad with its details, and how many runs had which verdict, the worst first.
fn summary(outcomes: &[Outcome], all: usize, problems: &[String]) -> String {
    let mut worst: Vec<&Outcome> = outcomes.iter().collect();
    worst.sort_by_key(|outcome| std::cmp::Reverse(outcome.verdict));
    let mut text = format!("\n{}\n", Table::matrix(outcomes));
    // Situations that heal are in the other reports.
    for outcome in worst
        .iter()
        .filter(|outcome| outcome.verdict > Verdict::Heals)
    {
        text += &(line(outcome) + "\n");
    }
    let parts = worst
        .chunk_by(|one, other| one.verdict == other.verdict)
        .map(|same| format!("{} {}", same.len(), same[0].verdict.word()));
    let mut parts: Vec<String> = parts.collect();
    if all > outcomes.len() {
        parts.push(format!("{} not run", all - outcomes.len()));
    }
    let _ = write!(text, "{} rehearsed: {}", outcomes.len(), parts.join("; "));
    for problem in problems {
        let _ = write!(text, "\nknown failures: {problem}");
    }
    text
}

fn nothing_to_rehearse(arguments: &RehearseArguments, first: &Ends) -> TrialError {
    let mut used: Vec<&str> = Vec::new();
    for entry in &first.run.entries {
        match entry.operation.map(Operation::as_str) {
            Some(name) if !used.contains(&name) => used.push(name),
            _ => {}
        }
    }
    TrialError::Usage(if used.is_empty() {
        "the command sends no request of the API; does it use BW_BASE_URL? A test cache may also \
         answer for it (`go test` needs -count=1)"
            .to_owned()
    } else {
        let at = arguments
            .at
            .map_or(String::new(), |at| format!(" with --at {at}"));
        format!(
            "--situation and --only{at} leave nothing to rehearse: the command's requests are {}; \
             --help says which requests a situation hits",
            used.join(", ")
        )
    })
}
