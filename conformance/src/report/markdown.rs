//! Markdown for a comment on a pull request.

use std::fmt::Write as _;

use super::groups::{self, Group};
use crate::{
    fit::Fit,
    leftover::use_of_cleanup,
    outcome::{CaseReport, RunReport},
    verdict::Verdict,
};

/// Characters. A comment may have 65,536.
const MOST: usize = 60_000;
/// Failures that are shown with their reasons.
const MOST_FAILURES: usize = 10;

/// The report: the outcome, what needs an action, and a line for each cause of failures. The details
/// are folded.
pub fn render(report: &RunReport) -> String {
    let mut text = format!(
        "### Bandwidth conformance: {}\n\n{}\n",
        report.outcome(),
        summary(report)
    );
    for part in notes(report) {
        append(&mut text, &part);
    }
    let mut left = MOST_FAILURES;
    for group in &groups::failures(&report.cases) {
        append(&mut text, &cause(group, &mut left));
    }
    append(&mut text, &open_points(report));
    text
}

/// The counts and what was tested, in a paragraph.
fn summary(report: &RunReport) -> String {
    let counts = Verdict::ALL.into_iter().filter_map(|verdict| {
        let count = report.count(verdict);
        (count > 0).then(|| format!("{count} {verdict}"))
    });
    let mut counts: Vec<String> = counts.collect();
    if report.counts.known > 0 {
        counts.push(format!("{} of these known", report.counts.known));
    }
    format!(
        "{}. Target `{}`, account `{}`, profile `{}`, {}: {} requests in {:.1} s.",
        counts.join(", "),
        report.target,
        report.account_id,
        report.profile,
        report.began,
        report.requests,
        std::time::Duration::from_millis(report.elapsed_ms).as_secs_f64()
    )
}

/// Notes that need an action, each as a paragraph.
fn notes(report: &RunReport) -> Vec<String> {
    let paragraph = |title: &str, text: &str| format!("\n**{title}:** {}\n", inline(text));
    let mut notes = Vec::new();
    if let Some(ended) = &report.ended {
        notes.push(paragraph("Ended early", ended));
    }
    if let Some(hint) = report.fit.as_ref().and_then(Fit::hint) {
        notes.push(format!("\n{}\n", inline(&hint)));
    }
    for user in &report.leftovers {
        let text = format!("{user} {}", user.remove);
        notes.push(paragraph("Left behind", text.trim_end()));
    }
    let command = report.cleanup.as_ref();
    if let Some(command) = command.filter(|_| !report.leftovers.is_empty()) {
        let use_of_it = use_of_cleanup(&report.leftovers);
        notes.push(format!("\n{use_of_it} `{command}`\n"));
    }
    let lists = [
        ("Known failures", &report.known_problems),
        ("Local problem", &report.troubles),
    ];
    for (title, texts) in lists {
        notes.extend(texts.iter().map(|text| paragraph(title, text)));
    }
    notes
}

/// A folded cause of failures with its cases, of which `left` more may have their reasons.
fn cause(group: &Group<'_>, left: &mut usize) -> String {
    let shown = group.cases.len().min(*left);
    *left -= shown;
    let mut inside = String::new();
    if !group.question().is_empty() {
        inside = format!("{}\n", inline(group.question()));
    }
    let (detailed, others) = group.cases.split_at(shown);
    for case in detailed {
        inside.push_str(&details(case));
    }
    for case in others {
        let _ = write!(inside, "\n- {} `{}`", case.verdict, case.name());
    }
    if !others.is_empty() {
        inside.push('\n');
    }
    folded(&format!("<b>{}</b>", escaped(&group.headline())), &inside)
}

/// Why cases have no verdict, which behaviours were not measured, and the notes, folded.
fn open_points(report: &RunReport) -> String {
    let mut lines = Vec::new();
    for verdict in [Verdict::Inconclusive, Verdict::Skipped] {
        let cases = report.cases.iter().filter(|case| case.verdict == verdict);
        for (reason, count) in groups::reasons(cases) {
            lines.push(format!("{count} {verdict}: {}", inline(reason)));
        }
    }
    for (reason, behaviours) in groups::open(&report.open_questions) {
        let behaviours = behaviours.join(", ");
        lines.push(format!("not measured: {behaviours}: {}", inline(reason)));
    }
    lines.extend(report.notes.iter().map(|note| inline(note)));
    if lines.is_empty() {
        return String::new();
    }
    folded(
        "Without a verdict, and notes",
        &format!("- {}\n", lines.join("\n- ")),
    )
}

fn folded(summary: &str, inside: &str) -> String {
    format!("\n<details><summary>{summary}</summary>\n\n{inside}\n</details>\n")
}

/// Appends a part if it fits.
fn append(text: &mut String, part: &str) {
    const REST: &str = "\nThis comment is full; the other reports have the rest\n";
    if text.ends_with(REST) {
        return;
    }
    text.push_str(if text.len() + part.len() > MOST {
        REST
    } else {
        part
    });
}

fn details(case: &CaseReport) -> String {
    let reason = case.reason.as_deref().unwrap_or("");
    let mut inside = format!(
        "{}\n\nSource: {}\n\n{}",
        inline(&case.claim),
        inline(&case.source),
        block("text", reason)
    );
    if let Some(exchange) = case.judged() {
        inside = inside + "\nRepeat this:\n\n" + &block("sh", &exchange.curl);
    }
    let summary = format!("{} <code>{}</code>", case.verdict, escaped(&case.name()));
    folded(&summary, &inside)
}

/// Text inside an HTML element.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// Text in which nothing is markup.
fn inline(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '@' | '#' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// Text as it is, in a fence longer than any in it.
fn block(language: &str, text: &str) -> String {
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{text}\n{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::{MOST, render};
    use crate::{
        leftover::LeftoverState,
        outcome::{
            OpenQuestion,
            tests::{explanation, leftover, report},
        },
        verdict::Verdict,
    };

    #[test]
    fn the_outcome_is_short_and_the_details_are_folded() {
        let mut report = report(&Verdict::ALL);
        report.cases[1].reason = Some("expected 201, got 200".to_owned());
        report.cases[1].explained_by = Some(explanation("create.status", "201", Some("200")));
        report.leftovers = vec![leftover(LeftoverState::Deactivated)];
        report.leftovers[0].remove = "ask support".to_owned();
        report.cleanup = Some("cleanup --ledger x".to_owned());
        report.notes = vec!["its FirstName was changed".to_owned()];
        report.open_questions = vec![OpenQuestion {
            behaviour: "put.semantics".to_owned(),
            reason: "the first user stayed".to_owned(),
        }];
        report.decide();
        insta::assert_snapshot!(render(&report));
    }

    #[test]
    fn ten_failures_are_shown_by_cause_and_the_others_named() {
        let mut report = report(&[Verdict::Fail; 13]);
        for case in &mut report.cases[1..13] {
            case.explained_by = Some(explanation("naming.email", "Email", Some("EmailAddress")));
        }
        let text = render(&report);
        assert_eq!(text.matches("<summary>fail ").count(), 10, "{text}");
        let cause = "<b>12 cases: naming.email is EmailAddress, expected Email</b>";
        assert_eq!(text.matches(cause).count(), 1, "{text}");
        assert_eq!(
            text.matches("\n- fail `area.topic.case-").count(),
            3,
            "{text}"
        );
    }

    #[test]
    fn what_is_too_long_for_a_comment_is_left_out() {
        let mut report = report(&[Verdict::Fail; 3]);
        for (case, behaviour) in report.cases.iter_mut().zip(["a", "b", "c"]) {
            case.reason = Some("x".repeat(MOST / 2));
            case.explained_by = Some(explanation(behaviour, "1", None));
        }
        let text = render(&report);
        assert!(text.len() < MOST + 100, "{}", text.len());
        assert!(
            text.ends_with("the other reports have the rest\n"),
            "{text}"
        );
    }
}
