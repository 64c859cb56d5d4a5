//! Reports: a line for each run, `JUnit`, JSON, Markdown and HTML.

use std::{io, time::Duration};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::{
    outcome::{Outcome, Subject, Verdict},
    page::Page,
    table::Table,
};

/// A run, with what was different below it.
pub fn line(outcome: &Outcome) -> String {
    let lines = std::iter::once(headline(outcome)).chain(details(outcome));
    lines.collect::<Vec<_>>().join("\n          ")
}

/// A run in one line.
pub fn headline(outcome: &Outcome) -> String {
    let seconds = Duration::from_millis(outcome.elapsed_ms).as_secs_f64();
    let width = match outcome.subject {
        Subject::Variant { .. } => 7,
        Subject::Situation { .. } => Verdict::Wrong.word().len(),
    };
    let mut text = format!(
        "{:width$} {:44} {seconds:6.1} s  {:4} requests",
        outcome.verdict.word(),
        outcome.subject.to_string(),
        outcome.requests
    );
    if !outcome.passed {
        text = text + "  " + &outcome.ending + "; output: " + &outcome.output;
    }
    text
}

/// The lines below a run.
fn details(outcome: &Outcome) -> Vec<String> {
    let steps = outcome.steps.iter().map(String::as_str);
    let texts = outcome.reason.iter().map(String::as_str).chain(steps);
    let texts = texts.chain(outcome.difference.as_deref());
    let mut lines: Vec<String> = texts.flat_map(str::lines).map(str::to_owned).collect();
    let last = outcome.last_line.iter();
    lines.extend(last.map(|last| format!("stderr ends with: {last}")));
    let repeat = outcome.repeat.iter();
    lines.extend(repeat.map(|command| format!("again: {command}")));
    lines
}

/// All runs, the baseline first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    #[serde(skip)]
    title: &'static str,
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
        title: &'static str,
        runs: Vec<Outcome>,
        known_problems: Vec<String>,
        own_profile_requests: usize,
    ) -> Self {
        Self {
            title,
            format: 1,
            runs,
            known_problems,
            own_profile_requests,
        }
    }

    /// `JUnit`: a test for each run, named by what was run.
    pub fn junit(&self) -> io::Result<String> {
        let mut suite = TestSuite::new(self.title);
        suite.add_test_cases(self.runs.iter().map(test));
        suite.add_test_cases(self.known_problems.iter().map(|problem| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(problem.as_str());
            TestCase::new("known failures", status)
        }));
        let mut report = quick_junit::Report::new(self.title);
        report.add_test_suite(suite);
        report.to_string().map_err(io::Error::other)
    }

    /// JSON.
    pub fn json(&self) -> io::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Markdown.
    pub fn markdown(&self) -> String {
        self.page().markdown()
    }

    /// One HTML page.
    pub fn html(&self) -> String {
        self.page().html()
    }

    fn page(&self) -> Page {
        let mut worst: Vec<&Outcome> = self.runs.iter().collect();
        worst.sort_by_key(|outcome| std::cmp::Reverse(outcome.verdict));
        let mut page = Page::new(self.title);
        let matrix = Table::matrix(&self.runs);
        page.table(if matrix.is_empty() {
            Table::of_runs(&worst)
        } else {
            matrix
        });
        for problem in &self.known_problems {
            page.text(format!("known failures: {problem}"));
        }
        for outcome in worst {
            let lines = details(outcome);
            if !lines.is_empty() {
                page.heading(format!("{}: {}", outcome.verdict.word(), outcome.subject));
                page.lines(lines);
            }
        }
        page
    }
}

fn test(outcome: &Outcome) -> TestCase {
    let mut status = match outcome.verdict {
        Verdict::Passed | Verdict::Ok | Verdict::Heals | Verdict::Fails => {
            TestCaseStatus::success()
        }
        Verdict::Known | Verdict::Unmet => TestCaseStatus::skipped(),
        Verdict::Flaky => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Broke | Verdict::Silent | Verdict::Stuck | Verdict::Wrong | Verdict::Harms => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
    };
    if !matches!(status, TestCaseStatus::Success { .. }) {
        status.set_message(outcome.reason.as_deref().unwrap_or(&outcome.ending));
        let lines = details(outcome);
        let rest = lines.iter().skip(usize::from(outcome.reason.is_some()));
        status.set_description(rest.cloned().collect::<Vec<_>>().join("\n"));
    }
    let mut test = TestCase::new(outcome.subject.to_string(), status);
    test.set_time(Duration::from_millis(outcome.elapsed_ms));
    test
}
