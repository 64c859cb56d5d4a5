//! `JUnit` XML for CI servers: a suite per area. It separates failures, errors of the suite or of
//! the target, and cases that do not apply.

use std::io;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::{
    outcome::{CaseReport, RunReport},
    verdict::Verdict,
};

/// The report.
pub fn render(report: &RunReport) -> io::Result<String> {
    let mut areas: Vec<(String, Vec<TestCase>)> = Vec::new();
    for case in &report.cases {
        let area = format!("conformance.{}", case.area());
        let test = test_case(case, &area);
        match areas.iter_mut().find(|(known, _)| *known == area) {
            Some((_, tests)) => tests.push(test),
            None => areas.push((area, vec![test])),
        }
    }
    let left = report.leftovers.iter();
    let left = left.map(|user| format!("left behind: {user} {}", user.remove));
    let problems = report.known_problems.iter().chain(&report.troubles);
    let problems: Vec<TestCase> = problems
        .cloned()
        .chain(left)
        .map(|problem| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(problem.trim_end());
            TestCase::new("the run as a whole", status)
        })
        .collect();
    if !problems.is_empty() {
        areas.push(("conformance.run".to_owned(), problems));
    }
    let mut junit = Report::new("bandwidth-conformance");
    junit.add_test_suites(areas.into_iter().map(|(area, tests)| {
        let mut suite = TestSuite::new(area);
        suite.add_test_cases(tests);
        suite
    }));
    junit.to_string().map_err(io::Error::other)
}

fn test_case(case: &CaseReport, suite: &str) -> TestCase {
    let skipped = |message: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message);
        status
    };
    let status = match (case.verdict, &case.known) {
        (Verdict::Pass | Verdict::Observed, _) => TestCaseStatus::success(),
        (Verdict::Fail | Verdict::Error, Some(known)) => {
            skipped(&format!("known failure: {known}"))
        }
        (Verdict::Skipped, _) => skipped(case.headline()),
        (Verdict::Fail, None) => unsuccessful(NonSuccessKind::Failure, case),
        (Verdict::Error | Verdict::Inconclusive, _) => unsuccessful(NonSuccessKind::Error, case),
    };
    let mut test = TestCase::new(case.name(), status);
    test.set_classname(suite);
    test.set_time(std::time::Duration::from_millis(case.elapsed_ms));
    let mut text = format!("{}\nsource: {}", case.claim, case.source);
    for expected in &case.expected {
        text = text + "\nexpected: " + &expected.behaviour + " = " + &expected.option;
    }
    for fact in &case.facts {
        text = text + "\n" + fact;
    }
    test.set_system_out(text);
    test
}

fn unsuccessful(kind: NonSuccessKind, case: &CaseReport) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(case.headline());
    status.set_type(case.verdict.as_str());
    let curl = case.judged().map_or_else(String::new, |exchange| {
        format!("\n\nrepeat this:\n{}", exchange.curl)
    });
    let reason = case.reason.as_deref().unwrap_or("");
    status.set_description(format!("{reason}{curl}"));
    status
}
