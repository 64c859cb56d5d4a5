//! What `variants` tells: a line per run, a summary, `JUnit` and JSON.

use std::{fmt::Write as _, io, time::Duration};

use bandwidth_fixtures::BehaviourId;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::{Outcome, Variant};

/// A run, with what was different below it.
pub fn line(outcome: &Outcome) -> String {
    let seconds = Duration::from_millis(outcome.elapsed_ms).as_secs_f64();
    let verdict = if outcome.passed { "passed" } else { "BROKE" };
    let mut text = format!(
        "{verdict:7} {:44} {seconds:6.1} s  {:4} requests",
        outcome.variant, outcome.requests
    );
    if !outcome.passed {
        text = text + "  " + &outcome.ending + "; output: " + &outcome.output;
    }
    for line in outcome.difference.iter().flat_map(|text| text.lines()) {
        text = text + "\n          " + line;
    }
    text
}

/// What broke, and what that means.
pub fn summary(outcomes: &[Outcome], variants: &[Variant]) -> String {
    let broke: Vec<&Outcome> = outcomes.iter().filter(|outcome| !outcome.passed).collect();
    let not_run = variants.len() - outcomes.len();
    let mut text = format!("{} of {} variants break it", broke.len(), outcomes.len());
    if not_run > 0 {
        let _ = write!(text, ", {not_run} were not run");
    }
    for outcome in broke {
        let id = outcome.variant.split('=').next().unwrap_or("");
        let question = id
            .parse::<BehaviourId>()
            .map_or("", |id| id.behaviour().question);
        let _ = write!(text, "\n  {}: {question}", outcome.variant);
    }
    text
}

/// `JUnit`: a test per run.
pub fn junit(outcomes: &[Outcome]) -> io::Result<String> {
    let mut suite = TestSuite::new("bandwidth-mock variants");
    for outcome in outcomes {
        let status = if outcome.passed {
            TestCaseStatus::success()
        } else {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(outcome.ending.as_str());
            status.set_description(outcome.difference.as_deref().unwrap_or(""));
            status
        };
        let mut test = TestCase::new(outcome.variant.as_str(), status);
        test.set_time(Duration::from_millis(outcome.elapsed_ms));
        suite.add_test_case(test);
    }
    let mut report = Report::new("bandwidth-mock variants");
    report.add_test_suite(suite);
    report.to_string().map_err(io::Error::other)
}

/// JSON: `{"format":1,"runs":[..]}`.
pub fn json(outcomes: &[Outcome]) -> io::Result<String> {
    #[derive(Serialize)]
    struct Result<'a> {
        format: u32,
        runs: &'a [Outcome],
    }
    let result = Result {
        format: 1,
        runs: outcomes,
    };
    Ok(serde_json::to_string_pretty(&result)? + "\n")
}
