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

/// The report.
pub fn render(report: &RunReport) -> String {
    let counts = &report.counts;
    let mut text = format!(
        "### Bandwidth conformance: {}\n\n{} against `{}`, account `{}`, expecting profile `{}`\n\n",
        report.outcome(),
        report.began,
        report.target,
        report.account_id,
        report.profile
    );
    text.push_str("| pass | fail | of these known | observed | inconclusive | skipped | error | requests | seconds |\n");
    text.push_str("|---|---|---|---|---|---|---|---|---|\n");
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} | {} | {} | {} | {} | {:.1} |",
        counts.pass,
        counts.fail,
        counts.known,
        counts.observed,
        counts.inconclusive,
        counts.skipped,
        counts.error,
        report.requests,
        std::time::Duration::from_millis(report.elapsed_ms).as_secs_f64()
    );
    for part in notes(report) {
        append(&mut text, &part);
    }
    let groups = groups::failures(&report.cases);
    let mut shown = 0;
    for group in &groups {
        if shown == MOST_FAILURES {
            break;
        }
        append(&mut text, &heading(group));
        for case in group.cases.iter().take(MOST_FAILURES - shown) {
            append(&mut text, &details(case));
            shown += 1;
        }
    }
    if let Some(more @ 1..) = report.unexpected().checked_sub(shown) {
        let rest = format!("\nand {more} more failures; the other reports have them all\n");
        append(&mut text, &rest);
    }
    let inconclusive = |case: &&CaseReport| case.verdict == Verdict::Inconclusive;
    for (reason, count) in groups::reasons(report.cases.iter().filter(inconclusive)) {
        let line = format!("\n- inconclusive: {count}: {}\n", inline(reason));
        append(&mut text, &line);
    }
    text
}

/// What concerns the run as a whole, each as a paragraph.
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
    for (reason, behaviours) in groups::open(&report.open_questions) {
        let text = format!("{}: {reason}", behaviours.join(", "));
        notes.push(paragraph("Not asked", &text));
    }
    let lists = [
        ("Note", &report.notes),
        ("Known failures", &report.known_problems),
        ("On this machine", &report.troubles),
    ];
    for (title, texts) in lists {
        notes.extend(texts.iter().map(|text| paragraph(title, text)));
    }
    notes
}

/// As much as fits; what does not is in the other reports.
fn append(text: &mut String, part: &str) {
    const REST: &str = "\n... and more, which does not fit here\n";
    if text.ends_with(REST) {
        return;
    }
    text.push_str(if text.len() + part.len() > MOST {
        REST
    } else {
        part
    });
}

fn heading(group: &Group<'_>) -> String {
    let headline = inline(&group.headline());
    match group.question() {
        "" => format!("\n**{headline}**\n"),
        question => format!("\n**{headline}** ({})\n", inline(question)),
    }
}

fn details(case: &CaseReport) -> String {
    let reason = case.reason.as_deref().unwrap_or("");
    let mut text = format!(
        "\n<details><summary>{} <code>{}</code></summary>\n\n{}\n\nSource: {}\n\n{}",
        case.verdict,
        case.name(),
        inline(&case.claim),
        inline(&case.source),
        block(reason)
    );
    if let Some(exchange) = case.last_step() {
        text = text + "\nThe last request again:\n\n" + &block(&exchange.curl);
    }
    text + "\n</details>\n"
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
fn block(text: &str) -> String {
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::{fit::Explanation, outcome::tests::report, verdict::Verdict};

    #[test]
    fn ten_failures_are_shown_by_cause_and_the_others_counted() {
        let mut verdicts = vec![Verdict::Fail; 13];
        verdicts.extend([Verdict::Inconclusive; 4]);
        let mut report = report(&verdicts);
        for case in &mut report.cases[1..13] {
            case.explained_by = Some(Explanation {
                behaviour: "naming.email".to_owned(),
                expected: "Email".to_owned(),
                seen: Some("EmailAddress".to_owned()),
            });
        }
        let text = render(&report);
        assert_eq!(text.matches("<details>").count(), 10, "{text}");
        let cause = "**12 cases: naming.email is EmailAddress, expected Email**";
        assert_eq!(text.matches(cause).count(), 1, "{text}");
        assert!(text.contains("and 3 more failures"), "{text}");
        assert_eq!(
            text.matches("inconclusive: 4: the reason").count(),
            1,
            "{text}"
        );
    }
}
