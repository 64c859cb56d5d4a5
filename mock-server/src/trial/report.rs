//! Reports: a line for each run, `JUnit` and JSON.

use std::{io, time::Duration};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::outcome::{Outcome, Verdict};

/// A run, with what was different below it.
pub fn line(outcome: &Outcome) -> String {
    let seconds = Duration::from_millis(outcome.elapsed_ms).as_secs_f64();
    let mut text = format!(
        "{:7} {:44} {seconds:6.1} s  {:4} requests",
        outcome.verdict.word(),
        outcome.variant,
        outcome.requests
    );
    if !outcome.passed {
        text = text + "  " + &outcome.ending + "; output: " + &outcome.output;
    }
    let details = outcome.reason.iter().chain(&outcome.difference);
    for line in details.flat_map(|text| text.lines()) {
        text = text + "\n          " + line;
    }
    if let Some(last) = &outcome.last_line {
        text = text + "\n          stderr ends with: " + last;
    }
    text
}

/// All runs, the baseline first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    format: u32,
    runs: Vec<Outcome>,
    /// Entries of the file of known failures that are not true.
    known_problems: Vec<String>,
    /// Requests that the baseline's profile did not answer.
    own_profile_requests: usize,
}

impl Report {
    /// In format 1.
    pub fn new(
        runs: Vec<Outcome>,
        known_problems: Vec<String>,
        own_profile_requests: usize,
    ) -> Self {
        Self {
            format: 1,
            runs,
            known_problems,
            own_profile_requests,
        }
    }

    /// `JUnit`: a test for each run, named by its variant.
    pub fn junit(&self, name: &str) -> io::Result<String> {
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(self.runs.iter().map(test));
        suite.add_test_cases(self.known_problems.iter().map(|problem| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(problem.as_str());
            TestCase::new("known failures", status)
        }));
        let mut report = quick_junit::Report::new(name);
        report.add_test_suite(suite);
        report.to_string().map_err(io::Error::other)
    }

    /// JSON.
    pub fn json(&self) -> io::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

fn test(outcome: &Outcome) -> TestCase {
    let mut status = match outcome.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Known | Verdict::Unmet => TestCaseStatus::skipped(),
        Verdict::Flaky => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Broke | Verdict::Silent => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    if outcome.verdict != Verdict::Passed {
        status.set_message(outcome.reason.as_deref().unwrap_or(&outcome.ending));
        let last = outcome.last_line.iter();
        let last = last.map(|line| format!("stderr ends with: {line}"));
        let details: Vec<String> = outcome.difference.iter().cloned().chain(last).collect();
        status.set_description(details.join("\n"));
    }
    let mut test = TestCase::new(outcome.variant.as_str(), status);
    test.set_time(Duration::from_millis(outcome.elapsed_ms));
    test
}
