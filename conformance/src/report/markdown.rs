//! Markdown for a comment on a pull request.

use std::fmt::Write as _;

use super::document::{CaseResult, Document};
use crate::outcome::Verdict;

/// A comment may have 65,536 characters.
const MOST: usize = 60_000;

/// The report.
pub fn render(document: &Document) -> String {
    let counts = &document.counts;
    let unexpected = document.cases.iter().filter(|case| case.is_unexpected());
    let unexpected: Vec<&CaseResult> = unexpected.collect();
    let verdict = match document.exit_code {
        0 => "all passed".to_owned(),
        1 => format!("{} failed", unexpected.len()),
        3 => "inconclusive".to_owned(),
        5 => "something is left behind".to_owned(),
        code => format!("exit code {code}"),
    };
    let mut text = format!(
        "### Bandwidth conformance: {verdict}\n\n{} against `{}`, account `{}`, expecting profile `{}`\n\n",
        document.began, document.target, document.account_id, document.profile
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
        document.requests,
        std::time::Duration::from_millis(document.elapsed_ms).as_secs_f64()
    );
    if let Some(ended) = &document.ended {
        let _ = writeln!(text, "\n**Ended early:** {}", inline(ended));
    }
    if !document.leftovers.is_empty() {
        let _ = writeln!(
            text,
            "\n**Left behind:** {}",
            inline(&document.leftovers.join(", "))
        );
    }
    if let Some(command) = &document.cleanup {
        let _ = writeln!(text, "\nRemove it with `{command}`");
    }
    for problem in &document.known_problems {
        let _ = writeln!(text, "\n**Known failures:** {}", inline(problem));
    }
    for case in unexpected {
        append(&mut text, &details(case));
    }
    let inconclusive = |case: &&CaseResult| case.verdict == Verdict::Inconclusive;
    for case in document.cases.iter().filter(inconclusive) {
        let reason = case.reason.as_deref().unwrap_or("");
        let first = reason.lines().next().unwrap_or("");
        append(
            &mut text,
            &format!("\n- inconclusive `{}`: {}\n", case.id, inline(first)),
        );
    }
    text
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

fn details(case: &CaseResult) -> String {
    let reason = case.reason.as_deref().unwrap_or("");
    let mut text = format!(
        "\n<details><summary>{} <code>{}</code></summary>\n\n{}\n\nSource: {}\n\n{}",
        case.verdict,
        case.id,
        inline(&case.claim),
        inline(&case.source),
        block(reason)
    );
    let last = case
        .exchanges
        .iter()
        .rev()
        .find(|exchange| exchange.purpose == "case");
    if let Some(exchange) = last {
        let _ = write!(
            text,
            "\nThe last request again:\n\n{}",
            block(&exchange.curl)
        );
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
