//! Groups for reports that people read: failures by their behaviour, and skipped cases by their
//! reason.

use std::collections::BTreeMap;

use bandwidth_fixtures::BehaviourId;

use crate::{
    fit::Explanation,
    outcome::{CaseReport, OpenQuestion},
};

/// Failures that have one explanation.
pub struct Group<'a> {
    /// The common cause; `None` for failures that no single behaviour explains.
    pub explanation: Option<&'a Explanation>,
    /// At least one, in the order in which they ran.
    pub cases: Vec<&'a CaseReport>,
}

impl Group<'_> {
    /// One line: what was expected, and what the target shows.
    pub fn headline(&self) -> String {
        let count = match self.cases.len() {
            1 => "1 case".to_owned(),
            count => format!("{count} cases"),
        };
        match self.explanation {
            None => format!("{count}, not explained by one behaviour"),
            Some(Explanation {
                behaviour,
                expected,
                seen: Some(seen),
            }) => format!("{count}: {behaviour} is {seen}, expected {expected}"),
            Some(Explanation {
                behaviour,
                expected,
                seen: None,
            }) => format!("{count}: {behaviour} is not {expected} as expected"),
        }
    }

    /// The behaviour's question; empty without an explanation.
    pub fn question(&self) -> &'static str {
        let id = self
            .explanation
            .and_then(|explanation| explanation.behaviour.parse::<BehaviourId>().ok());
        id.map_or("", |id| id.behaviour().question)
    }
}

/// The unexpected failures by what explains them, the largest group first; those without an
/// explanation are last.
pub fn failures(cases: &[CaseReport]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for case in cases.iter().filter(|case| case.is_unexpected()) {
        let explanation = case.explained_by.as_ref();
        match groups
            .iter_mut()
            .find(|group| group.explanation == explanation)
        {
            Some(group) => group.cases.push(case),
            None => groups.push(Group {
                explanation,
                cases: vec![case],
            }),
        }
    }
    groups.sort_by_key(|group| (group.explanation.is_none(), usize::MAX - group.cases.len()));
    groups
}

/// First lines of reasons with how many of `cases` have each, the most frequent first.
pub fn reasons<'a>(cases: impl Iterator<Item = &'a CaseReport>) -> Vec<(&'a str, usize)> {
    count(cases.map(CaseReport::headline))
}

/// Reasons, each with the behaviours that it leaves open.
pub fn open(questions: &[OpenQuestion]) -> Vec<(&str, Vec<&str>)> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for question in questions {
        match reasons
            .iter_mut()
            .find(|(reason, _)| *reason == question.reason)
        {
            Some((_, behaviours)) => behaviours.push(&question.behaviour),
            None => reasons.push((&question.reason, vec![&question.behaviour])),
        }
    }
    reasons
}

fn count<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<(&'a str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| usize::MAX - count);
    counts
}

#[cfg(test)]
mod tests {
    use super::{failures, reasons};
    use crate::{
        outcome::tests::{explanation, report},
        verdict::Verdict::{Error, Fail, Pass, Skipped},
    };

    #[test]
    fn failures_come_once_for_each_behaviour() {
        let mut report = report(&[Fail, Error, Fail, Pass, Fail, Fail]);
        for (case, seen) in [(2, None), (4, Some("merge")), (5, Some("merge"))] {
            report.cases[case].explained_by = Some(explanation("put.semantics", "replace", seen));
        }
        report.cases[1].known = Some("ticket 7".to_owned());
        let lines: Vec<String> = failures(&report.cases)
            .iter()
            .map(|group| format!("{}; {}", group.headline(), group.question()))
            .collect();
        let question = "What does PUT do with an optional field that the body leaves out?";
        assert_eq!(
            lines,
            [
                format!("2 cases: put.semantics is merge, expected replace; {question}"),
                format!("1 case: put.semantics is not replace as expected; {question}"),
                "1 case, not explained by one behaviour; ".to_owned(),
            ]
        );
    }

    #[test]
    fn reasons_come_once_with_a_count() {
        let mut report = report(&[Skipped, Skipped, Skipped]);
        report.cases[0].reason = Some("it would write".to_owned());
        let first = "the reason";
        assert_eq!(
            reasons(report.cases.iter()),
            [(first, 2), ("it would write", 1)]
        );
    }
}
