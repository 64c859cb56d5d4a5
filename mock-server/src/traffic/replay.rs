//! `replay`: how much of recorded traffic a profile predicts.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf, str::FromStr};

use bandwidth_fixtures::NamedProfile;
use clap::{Args, ValueEnum};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::{
    Recordings,
    engine::{self, Learned},
    learn::{CommandError, describe_unexplained, not_modelled, path, profile, write},
};

/// The flags of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// Recordings: HAR, or one JSON object a line
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Profile to replay under: guide, published, or the path of a profile file
    #[arg(long, value_name = "PROFILE", default_value = NamedProfile::BUILT_IN[0])]
    profile: String,
    /// Exit with 1 if there is a difference
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// Write a report to a file, for example junit=replay.xml; kinds: json, junit, markdown
    /// (repeatable)
    #[arg(long, value_name = "KIND=FILE")]
    report: Vec<Report>,
}

/// Conditions for exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// A difference
    Difference,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Json,
    Junit,
    Markdown,
}

/// A report and its file.
#[derive(Debug, Clone)]
struct Report {
    kind: Kind,
    file: PathBuf,
}

impl FromStr for Report {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').filter(|(_, file)| !file.is_empty());
        let kind = parts.and_then(|(kind, _)| match kind {
            "json" => Some(Kind::Json),
            "junit" => Some(Kind::Junit),
            "markdown" => Some(Kind::Markdown),
            _ => None,
        });
        match (kind, parts) {
            (Some(kind), Some((_, file))) => Ok(Self {
                kind,
                file: file.into(),
            }),
            _ => Err(
                "write KIND=FILE with json, junit or markdown, for example junit=replay.xml"
                    .to_owned(),
            ),
        }
    }
}

/// The report of `replay`, in format 1.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Replayed<'r> {
    format: u32,
    profile: &'r str,
    exchanges: usize,
    compared: usize,
    predicted: usize,
    differences: Vec<Difference<'r>>,
    /// How often fields occurred that the mock does not have, by name.
    fields_not_compared: &'r BTreeMap<String, usize>,
}

#[derive(Debug, Serialize)]
struct Difference<'r> {
    exchange: usize,
    method: &'r str,
    path: &'r str,
    differences: &'r [String],
}

/// The output, and whether the exit code is 0.
#[derive(Debug)]
pub struct Printed {
    /// The text.
    pub text: String,
    /// True if nothing that `--fail-on` names was found.
    pub ok: bool,
}

/// Replays the files and writes the reports.
pub fn run(arguments: &ReplayArguments) -> Result<Printed, CommandError> {
    let profile = profile("--profile", &arguments.profile)?;
    let recordings = Recordings::read(&arguments.files)?;
    let replayed = engine::replay(&recordings.exchanges, profile.options())?;
    for report in &arguments.report {
        let text = match report.kind {
            Kind::Json => json(&replayed, &profile, &recordings),
            Kind::Junit => junit(&replayed, &recordings),
            Kind::Markdown => markdown(&replayed, &profile, &recordings),
        };
        write(&report.file, &text)?;
    }
    let mut text = format!("{}\n", headline(&replayed, &profile, &recordings));
    for one in &replayed.unexplained {
        let _ = writeln!(text, "  {}", describe_unexplained(one, &recordings));
    }
    text += &not_modelled(&replayed);
    Ok(Printed {
        text,
        ok: arguments.fail_on.is_none() || replayed.unexplained.is_empty(),
    })
}

fn predicted(replayed: &Learned) -> usize {
    replayed.followed - replayed.unexplained.len()
}

fn headline(replayed: &Learned, profile: &NamedProfile, recordings: &Recordings) -> String {
    format!(
        "{} predicts {} of {} compared exchanges; {} of {} were left out",
        profile.name(),
        predicted(replayed),
        replayed.followed,
        replayed.left_out,
        recordings.exchanges.len()
    )
}

fn json(replayed: &Learned, profile: &NamedProfile, recordings: &Recordings) -> String {
    let differences = replayed.unexplained.iter().map(|one| {
        let (place, exchange) = recordings.exchange(one.exchange);
        Difference {
            exchange: place,
            method: &exchange.method,
            path: path(&exchange.url),
            differences: &one.differences,
        }
    });
    let result = Replayed {
        format: 1,
        profile: profile.name(),
        exchanges: recordings.exchanges.len(),
        compared: replayed.followed,
        predicted: predicted(replayed),
        differences: differences.collect(),
        fields_not_compared: &replayed.unmodelled,
    };
    serde_json::to_string_pretty(&result).unwrap_or_default() + "\n"
}

/// A test for each difference, and one for all others.
fn junit(replayed: &Learned, recordings: &Recordings) -> String {
    let mut suite = TestSuite::new("replay");
    let name = format!("{} exchanges are predicted", predicted(replayed));
    suite.add_test_case(TestCase::new(name, TestCaseStatus::success()));
    for one in &replayed.unexplained {
        let (place, exchange) = recordings.exchange(one.exchange);
        let name = format!("{place} {} {}", exchange.method, path(&exchange.url));
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message("the profile does not predict the response");
        status.set_description(one.differences.join("\n"));
        suite.add_test_case(TestCase::new(name, status));
    }
    let mut report = quick_junit::Report::new("bandwidth-mock replay");
    report.add_test_suite(suite);
    report.to_string().unwrap_or_default()
}

fn markdown(replayed: &Learned, profile: &NamedProfile, recordings: &Recordings) -> String {
    let mut text = format!("# Replay\n\n{}.\n", headline(replayed, profile, recordings));
    if !replayed.unexplained.is_empty() {
        text += "\n| exchange | request | recorded and predicted |\n|---|---|---|\n";
    }
    for one in &replayed.unexplained {
        let (place, exchange) = recordings.exchange(one.exchange);
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let _ = writeln!(
            text,
            "| {place} | `{} {}` | {} |",
            exchange.method,
            cell(path(&exchange.url)),
            cell(&one.differences.join("; "))
        );
    }
    text + &not_modelled(replayed)
}
