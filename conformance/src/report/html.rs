//! One page for people: it needs no network, runs no script but its own, and shows what a target
//! sent as text and never as markup.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::document::{CaseResult, Document, ExchangeResult, HeaderResult};
use crate::{case::Level, outcome::Verdict};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The page.
pub fn render(document: &Document) -> String {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Bandwidth conformance: " (outcome(document)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Bandwidth conformance" }
                    p .outcome .(if document.exit_code == 0 { "good" } else { "bad" }) { (outcome(document)) }
                    (summary(document))
                }
                (problems(document))
                (controls(document))
                main {
                    @for case in &document.cases { (case_section(case)) }
                    p #nothing hidden { "No case has that. " button #all type="button" { "Show all" } }
                }
                footer {
                    p {
                        "bandwidth-conformance " (document.version)
                        ". Secrets were removed from everything on this page; what the target said about its users was not."
                    }
                    p {
                        "The curl lines are for bash. They take the login from "
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

fn outcome(document: &Document) -> String {
    let unexpected = document.cases.iter().filter(|case| case.is_unexpected());
    match document.exit_code {
        0 => "all passed".to_owned(),
        1 => match unexpected.count() {
            0 => "the list of known failures no longer holds".to_owned(),
            1 => "1 case failed".to_owned(),
            count => format!("{count} cases failed"),
        },
        3 => "inconclusive".to_owned(),
        4 => "nothing was executed".to_owned(),
        5 => "users are left behind".to_owned(),
        code => format!("exit code {code}"),
    }
}

fn summary(document: &Document) -> Markup {
    let seconds = std::time::Duration::from_millis(document.elapsed_ms).as_secs_f64();
    html! {
        dl {
            dt { "target" } dd { code { (document.target) } }
            dt { "account" } dd { code { (document.account_id) } }
            dt { "expected profile" } dd { code { (document.profile) } }
            dt { "began" } dd { time datetime=(document.began) { (document.began) } }
            dt { "took" } dd { (format!("{seconds:.1}")) " s, " (document.requests) " requests, " (document.users) " users created" }
        }
    }
}

fn problems(document: &Document) -> Markup {
    let some = document.ended.is_some()
        || !document.leftovers.is_empty()
        || !document.known_problems.is_empty();
    html! {
        @if some {
            section .problems {
                @if let Some(ended) = &document.ended { p { strong { "Ended early: " } (ended) } }
                @if !document.leftovers.is_empty() {
                    p { strong { "Left behind: " } (document.leftovers.join(", ")) }
                }
                @if let Some(command) = &document.cleanup { p { "Remove it with " code { (command) } } }
                @for problem in &document.known_problems { p { strong { "Known failures: " } (problem) } }
            }
        }
    }
}

fn controls(document: &Document) -> Markup {
    let counts = &document.counts;
    let verdicts = [
        (Verdict::Fail, counts.fail),
        (Verdict::Error, counts.error),
        (Verdict::Inconclusive, counts.inconclusive),
        (Verdict::Pass, counts.pass),
        (Verdict::Observed, counts.observed),
        (Verdict::Skipped, counts.skipped),
    ];
    html! {
        form #controls role="search" {
            fieldset {
                legend { "verdict" }
                @for (verdict, count) in verdicts {
                    @if count > 0 {
                        label {
                            input type="checkbox" name="verdict" value=(verdict.as_str()) checked;
                            span .badge .(verdict.as_str()) { (count) " " (verdict.as_str()) }
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
            output #shown aria-live="polite" { (document.cases.len()) " of " (document.cases.len()) }
        }
    }
}

fn case_section(case: &CaseResult) -> Markup {
    let verdict = case.verdict.as_str();
    html! {
        details .case id=(case.id) data-verdict=(verdict) data-level=(case.level.as_str()) {
            summary {
                span .badge .(verdict) { (verdict) }
                @if case.known.is_some() { span .badge .known { "known" } }
                code { (case.id) }
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
            @for (number, exchange) in case.exchanges.iter().enumerate() {
                (exchange_section(number + 1, exchange))
            }
        }
    }
}

fn exchange_section(number: usize, exchange: &ExchangeResult) -> Markup {
    let answer = exchange
        .status
        .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    html! {
        details .exchange {
            summary {
                (number) ". " code { (exchange.method) " " (exchange.url) } " → " strong { (answer) }
                span .aside { (exchange.took_ms) " ms" @if exchange.purpose == "clean_up" { ", clean-up" } }
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
            div .again { pre .curl { (exchange.curl) } button type="button" .copy { "Copy" } }
        }
    }
}

fn message(headers: &[HeaderResult], body: &str) -> String {
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
        outcome::{Verdict, tests::report},
        redact::Redactor,
        report::document::Document,
    };

    #[test]
    fn what_a_target_says_is_never_markup() {
        let mut report = report(&Verdict::ALL);
        let hostile = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
        report.cases[1].reason = Some(hostile.to_owned());
        report.cases[2].facts = vec![hostile.to_owned()];
        report.target = hostile.to_owned();
        report.ended = Some(hostile.to_owned());
        let page = render(&Document::new(&report, &Redactor::default()));
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(!page.contains("<img"), "{page}");
        assert_eq!(page.matches("<script>").count(), 1);
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let page = render(&Document::new(
            &report(&[Verdict::Pass]),
            &Redactor::default(),
        ));
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
