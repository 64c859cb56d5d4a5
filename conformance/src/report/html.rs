//! One page for people: it needs no network, runs no script but its own, and shows what a target
//! sent as text and never as markup.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::groups;
use crate::{
    case::Case,
    describe::explain_text,
    exchange::Purpose,
    fit::Fit,
    leftover::use_of_cleanup,
    outcome::{CaseReport, RunReport},
    registry,
    transcript::{Header, Transcript},
    verdict::{Level, Verdict},
};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");
/// The order of the cases on the page.
const ORDER: [Verdict; 6] = [
    Verdict::Fail,
    Verdict::Error,
    Verdict::Inconclusive,
    Verdict::Observed,
    Verdict::Pass,
    Verdict::Skipped,
];

/// The page.
pub fn render(report: &RunReport) -> String {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    );
    let cases = registry::cases();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Bandwidth conformance: " (report.outcome()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Bandwidth conformance" }
                    p .outcome .(if report.exit_code == 0 { "good" } else { "bad" }) { (report.outcome()) }
                    (summary(report))
                }
                main {
                    (problems(report))
                    (causes(report))
                    (controls(report))
                    @for verdict in ORDER {
                        @for case in report.cases.iter().filter(|case| case.verdict == verdict) {
                            (case_section(case, &cases))
                        }
                    }
                    p #nothing hidden { "No case matches the filters. " button #all type="button" { "Show all" } }
                }
                footer {
                    p {
                        "bandwidth-conformance " (report.version)
                        ". The suite removed the secrets that it knows. The page keeps what the target said about its users."
                    }
                    p {
                        "The curl commands are for bash. They read the login from "
                        code { "BW_USERNAME" } " and " code { "BW_PASSWORD" } ", or a token from " code { "BW_TOKEN" }
                        ", and a password in a body from " code { "NEW_PASSWORD" } "."
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn summary(report: &RunReport) -> Markup {
    let seconds = std::time::Duration::from_millis(report.elapsed_ms).as_secs_f64();
    html! {
        dl {
            dt { "target" } dd { code { (report.target) } }
            dt { "account" } dd { code { (report.account_id) } }
            dt { "expected profile" } dd { code { (report.profile) } }
            dt { "began" } dd { time datetime=(report.began) { (report.began) } }
            dt { "exit code" } dd { (report.exit_code) }
            dt { "took" } dd { (format!("{seconds:.1}")) " s, " (report.requests) " requests, " (report.users) " users created" }
        }
    }
}

/// Notes about the whole run.
fn problems(report: &RunReport) -> Markup {
    let some = report.ended.is_some()
        || !report.leftovers.is_empty()
        || !report.known_problems.is_empty()
        || !report.troubles.is_empty();
    html! {
        @if some {
            section .problems {
                @if let Some(ended) = &report.ended { p { strong { "Ended early: " } (ended) } }
                @if !report.leftovers.is_empty() {
                    p { strong { "Left behind: " } (report.leftovers.len()) }
                    ul {
                        @for user in &report.leftovers {
                            li { code { (user) } @if !user.remove.is_empty() { ": " (user.remove) } }
                        }
                    }
                    @if let Some(command) = &report.cleanup { p { (use_of_cleanup(&report.leftovers)) " " code { (command) } } }
                }
                @for problem in &report.known_problems { p { strong { "Known failures: " } (problem) } }
                @for trouble in &report.troubles { p { strong { "Local problem: " } (trouble) } }
            }
        }
        @if let Some(hint) = report.fit.as_ref().and_then(Fit::hint) { p .hint { (hint) } }
        @if !report.open_questions.is_empty() {
            section .open {
                h2 { "Not measured" }
                ul {
                    @for (reason, behaviours) in groups::open(&report.open_questions) {
                        li { code { (behaviours.join(", ")) } ": " (reason) }
                    }
                }
            }
        }
        @if !report.notes.is_empty() {
            section .notes {
                h2 { "Notes" }
                ul { @for note in &report.notes { li { (note) } } }
            }
        }
    }
}

/// The causes of failures, once for each behaviour.
fn causes(report: &RunReport) -> Markup {
    let groups = groups::failures(&report.cases);
    html! {
        @if !groups.is_empty() {
            section .causes {
                h2 { "Failures by cause" }
                ul {
                    @for group in &groups {
                        li {
                            (group.headline())
                            @if !group.question().is_empty() { span .aside { (group.question()) } }
                            ul {
                                @for case in &group.cases {
                                    li { a href=(format!("#{}", anchor(case))) { code { (case.name()) } } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn controls(report: &RunReport) -> Markup {
    html! {
        form #controls role="search" {
            fieldset {
                legend { "verdict" }
                @for verdict in ORDER {
                    @if report.count(verdict) > 0 {
                        label {
                            input type="checkbox" name="verdict" value=(verdict.as_str())
                                checked[verdict != Verdict::Skipped];
                            span .badge .(verdict.as_str()) { (report.count(verdict)) " " (verdict.as_str()) }
                        }
                    }
                }
            }
            label { "level "
                select name="level" {
                    option value="" { "all" }
                    @for level in [Level::Documented, Level::Derived, Level::Characterise] {
                        option value=(level.as_str()) { (level.as_str()) }
                    }
                }
            }
            label { "search " input type="search" name="text" placeholder="id, claim, reason ( / )"; }
            @if report.count(Verdict::Skipped) > 0 {
                button #skipped type="button" hidden {
                    "Show " (report.count(Verdict::Skipped)) " skipped"
                }
            }
            output #shown aria-live="polite" { (report.cases.len()) " of " (report.cases.len()) }
        }
    }
}

/// Anchor of a case in links.
fn anchor(case: &CaseReport) -> String {
    case.name().replace(' ', "")
}

fn case_section(case: &CaseReport, cases: &[Case]) -> Markup {
    let verdict = case.verdict.as_str();
    let judged = case.judged().filter(|_| case.reason.is_some());
    html! {
        details .case id=(anchor(case)) data-verdict=(verdict) data-level=(case.level.as_str()) {
            summary {
                span .badge .(verdict) { (verdict) }
                @if case.known.is_some() { span .badge .known { "known" } }
                code { (case.name()) }
                span .claim { (case.claim) }
            }
            dl {
                dt { "source" } dd { (case.source) }
                dt { "level" } dd { (case.level.as_str()) @if case.writes { ", changes users" } @else { ", only reads" } }
                @for expected in &case.expected {
                    dt { "expected" } dd { code { (expected.behaviour) " = " (expected.option) } }
                }
                @if let Some(known) = &case.known { dt { "known" } dd { (known) } }
                dt { "took" } dd { (case.elapsed_ms) " ms" }
            }
            @if let Some(reason) = &case.reason { pre .reason { (reason) } }
            @if !case.facts.is_empty() {
                ul { @for fact in &case.facts { li { pre { (fact) } } } }
            }
            @if let Some(exchange) = judged {
                h3 { "Repeat this" }
                (command(exchange))
            }
            @if let Some(text) = explained(case, cases) {
                details .about { summary { "About this case" } pre .explain { (text) } }
            }
            @for (number, exchange) in case.exchanges.iter().enumerate() {
                (exchange_section(number + 1, exchange, judged))
            }
        }
    }
}

/// The text of `explain` for a failing case.
fn explained(case: &CaseReport, cases: &[Case]) -> Option<String> {
    let found = cases.iter().find(|known| known.id == case.id);
    let found = found.filter(|_| case.verdict.is_failure())?;
    Some(explain_text(found))
}

/// The command that sends a request again.
fn command(exchange: &Transcript) -> Markup {
    html! { div .again { pre .curl { (exchange.curl) } button type="button" .copy { "Copy" } } }
}

fn exchange_section(number: usize, exchange: &Transcript, judged: Option<&Transcript>) -> Markup {
    let is_judged = judged.is_some_and(|judged| std::ptr::eq(judged, exchange));
    let answer = exchange
        .status
        .map_or_else(|| "no response".to_owned(), |status| status.to_string());
    html! {
        details .exchange open[is_judged] {
            summary {
                (number) ". " code { (exchange.method) " " (exchange.url) } " → " strong { (answer) }
                span .aside {
                    (exchange.took_ms) " ms"
                    @if exchange.purpose != Purpose::Case { ", " (exchange.purpose.as_str()) }
                    @if is_judged { ", judged" }
                }
            }
            @if let Some(repeated) = &exchange.repeated { p .aside { (repeated) } }
            div .pair {
                section {
                    h3 { "request" }
                    pre { (message(&exchange.request_headers, &exchange.request_body)) }
                }
                section {
                    h3 { "response" }
                    @if let Some(error) = &exchange.error { pre { (error) } }
                    @else { pre { (message(&exchange.response_headers, &exchange.response_body)) } }
                }
            }
            (command(exchange))
        }
    }
}

fn message(headers: &[Header], body: &str) -> String {
    let mut text = String::new();
    for header in headers {
        text = text + &header.name + ": " + &header.value + "\n";
    }
    text + "\n" + body
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::{
        leftover::LeftoverState,
        outcome::{
            OpenQuestion,
            tests::{explanation, leftover, report},
        },
        verdict::Verdict,
    };

    #[test]
    fn what_a_target_says_is_never_markup() {
        let mut report = report(&Verdict::ALL);
        let hostile = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
        report.cases[1].reason = Some(hostile.to_owned());
        report.cases[2].facts = vec![hostile.to_owned()];
        report.target = hostile.to_owned();
        report.ended = Some(hostile.to_owned());
        report.notes = vec![hostile.to_owned()];
        report.known_problems = vec![hostile.to_owned()];
        report.troubles = vec![hostile.to_owned()];
        report.leftovers = vec![leftover(LeftoverState::Exists)];
        report.leftovers[0].username = hostile.to_owned();
        report.leftovers[0].remove = hostile.to_owned();
        report.open_questions = vec![OpenQuestion {
            behaviour: "put.semantics".to_owned(),
            reason: hostile.to_owned(),
        }];
        let page = render(&report);
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(!page.contains("<img"), "{page}");
        assert_eq!(page.matches("<script>").count(), 1);
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let page = render(&report(&[Verdict::Pass]));
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn failures_come_first_with_what_explain_says_and_skipped_cases_last() {
        let mut report = report(&[Verdict::Skipped, Verdict::Pass, Verdict::Fail]);
        report.cases[2].id = "create.password.weak-is-400".to_owned();
        report.cases[2].explained_by = Some(explanation("password.classes", "4", None));
        let page = render(&report);
        let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
        let fail = place("id=\"create.password.weak-is-400\"");
        assert!(fail < place("id=\"area.topic.case-1\""));
        assert!(place("id=\"area.topic.case-1\"") < place("id=\"area.topic.case-0\""));
        assert!(place("1 case: password.classes is not 4 as expected") < fail);
        assert!(place("creates users of its own, changes and deletes them") > fail);
        place("value=\"skipped\">");
        place("value=\"pass\" checked>");
        place("Show 1 skipped");
        place("<dt>exit code</dt><dd>1</dd>");
    }
}
