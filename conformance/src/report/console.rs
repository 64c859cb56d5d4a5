//! The report on the console: a line per case, the reason below what did not pass, a summary.

use std::{
    io::{self, Write},
    mem,
};

use anstyle::{AnsiColor, Style};

use super::document::{CaseResult, HeaderResult};
use crate::{
    outcome::{CaseReport, NOT_RUN, RunReport, Verdict},
    redact::{Redactor, printable},
};

/// How wide the column of verdicts is.
const COLUMN: usize = "inconclusive".len() + 2;

/// What is written of cases that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every case.
    All,
    /// Only what is neither passed nor observed.
    Quiet,
}

/// Whether colours are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// For a terminal.
    On,
    /// For anything else.
    Off,
}

/// Writes reports, without secrets.
pub struct Console<'a> {
    out: &'a mut dyn Write,
    redactor: &'a Redactor,
    detail: Detail,
    colour: Colour,
    told_not_run: bool,
}

impl<'a> Console<'a> {
    /// Writes to `out`.
    pub fn new(
        out: &'a mut dyn Write,
        redactor: &'a Redactor,
        detail: Detail,
        colour: Colour,
    ) -> Self {
        Self {
            out,
            redactor,
            detail,
            colour,
            told_not_run: false,
        }
    }

    /// A line before the cases.
    pub fn intro(&mut self, text: &str) -> io::Result<()> {
        match self.detail {
            Detail::Quiet => Ok(()),
            Detail::All => writeln!(self.out, "{}\n", self.redactor.clean(text)),
        }
    }

    /// One case.
    pub fn case(&mut self, case: &CaseReport) -> io::Result<()> {
        let good = matches!(case.verdict, Verdict::Pass | Verdict::Observed);
        // Of what was not run only the first says why; the summary counts the others.
        let not_run = case
            .reason
            .as_deref()
            .is_some_and(|reason| reason.starts_with(NOT_RUN));
        let again = not_run && mem::replace(&mut self.told_not_run, true);
        if again || ((good || case.known.is_some()) && self.detail == Detail::Quiet) {
            return Ok(());
        }
        let style = self.style(case.verdict);
        writeln!(
            self.out,
            "{style}{:COLUMN$}{style:#}{}",
            case.verdict, case.id
        )?;
        let known = case
            .known
            .as_ref()
            .map(|reason| format!("known failure: {reason}"));
        for text in known.iter().chain(&case.reason).chain(&case.facts) {
            for line in self.redactor.clean(text).lines() {
                writeln!(self.out, "{:COLUMN$}{}", "", printable(line))?;
            }
        }
        self.out.flush()
    }

    /// Every exchange of a case.
    pub fn exchanges(&mut self, case: &CaseResult) -> io::Result<()> {
        for (index, exchange) in case.exchanges.iter().enumerate() {
            let purpose = if exchange.purpose == "case" {
                ""
            } else {
                " (clean-up)"
            };
            writeln!(
                self.out,
                "\n--- {}{purpose}, {} ms",
                index + 1,
                exchange.took_ms
            )?;
            writeln!(self.out, "> {} {}", exchange.method, exchange.url)?;
            self.headers('>', &exchange.request_headers)?;
            self.body('>', &exchange.request_body)?;
            match (exchange.status, &exchange.error) {
                (Some(status), _) => writeln!(self.out, "< {status}")?,
                (None, error) => writeln!(self.out, "< {}", error.as_deref().unwrap_or(""))?,
            }
            self.headers('<', &exchange.response_headers)?;
            self.body('<', &exchange.response_body)?;
            if let Some(repeated) = &exchange.repeated {
                writeln!(self.out, "({repeated})")?;
            }
        }
        self.out.flush()
    }

    fn headers(&mut self, way: char, headers: &[HeaderResult]) -> io::Result<()> {
        for HeaderResult { name, value } in headers {
            writeln!(self.out, "{way} {}: {}", printable(name), printable(value))?;
        }
        Ok(())
    }

    fn body(&mut self, way: char, body: &str) -> io::Result<()> {
        if body.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "{way}")?;
        for line in body.lines() {
            writeln!(self.out, "{}", printable(line))?;
        }
        Ok(())
    }

    /// The end of a run.
    pub fn summary(&mut self, report: &RunReport) -> io::Result<()> {
        let mut counts: Vec<String> = Verdict::ALL
            .into_iter()
            .map(|verdict| (report.count(verdict), verdict))
            .filter(|(count, _)| *count > 0)
            .map(|(count, verdict)| {
                let style = self.style(verdict);
                format!("{style}{count} {verdict}{style:#}")
            })
            .collect();
        let known = report
            .cases
            .iter()
            .filter(|case| case.known.is_some())
            .count();
        if known > 0 {
            counts.push(format!("{known} of these known"));
        }
        let line = format!(
            "{}: {} | {} | profile {} | {} requests | {:.1} s",
            cases(report.cases.len()),
            counts.join(", "),
            report.target,
            report.profile,
            report.requests,
            report.elapsed.as_secs_f64()
        );
        writeln!(self.out, "\n{}", self.redactor.clean(&line))?;
        if let Some(ended) = &report.ended {
            writeln!(self.out, "ended early: {}", self.redactor.clean(ended))?;
        }
        for problem in &report.known_problems {
            writeln!(self.out, "known failures: {}", self.redactor.clean(problem))?;
        }
        if !report.leftovers.is_empty() {
            let left: Vec<String> = report.leftovers.iter().map(ToString::to_string).collect();
            writeln!(
                self.out,
                "left behind: {}",
                printable(&self.redactor.clean(&left.join(", ")))
            )?;
            match report.cleanup_command() {
                Some(command) => writeln!(self.out, "remove it with: {command}")?,
                None => writeln!(self.out, "there is no ledger; delete it by hand")?,
            }
        }
        self.out.flush()
    }

    fn style(&self, verdict: Verdict) -> Style {
        if self.colour == Colour::Off {
            return Style::new();
        }
        let colour = match verdict {
            Verdict::Pass => AnsiColor::Green,
            Verdict::Fail | Verdict::Error => AnsiColor::Red,
            Verdict::Observed => AnsiColor::Cyan,
            Verdict::Inconclusive => AnsiColor::Yellow,
            Verdict::Skipped => AnsiColor::BrightBlack,
        };
        Style::new().fg_color(Some(colour.into()))
    }
}

/// So many cases, in words.
pub fn cases(count: usize) -> String {
    format!("{count} case{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Colour, Console, Detail};
    use crate::{
        cleanup::Leftover,
        exchange::{Exchange, Purpose},
        outcome::{Verdict, tests::report},
        redact::Redactor,
        report::document::Document,
        transport::{Request, Response},
    };

    fn written(detail: Detail, colour: Colour) -> String {
        let mut report = report(&Verdict::ALL);
        report.cases[1].reason = Some("expected 201, got Canary-1 in the body".to_owned());
        report.cases[2].facts = vec!["it is blue".to_owned()];
        report.leftovers = vec![Leftover {
            username: "cf-1".to_owned(),
            key: Some("u7".to_owned()),
        }];
        report.ledger = Some("a b.ledger".into());
        report.ended = Some("the target is out".to_owned());
        report.cases[5].known = Some("ticket 7".to_owned());
        report.known_problems = vec!["a.b.c: listed as failing".to_owned()];
        let redactor = Redactor::default();
        redactor.add("Canary-1");
        let mut out = Vec::new();
        let mut console = Console::new(&mut out, &redactor, detail, colour);
        console.intro("against the target").unwrap();
        for case in &report.cases {
            console.case(case).unwrap();
        }
        console.summary(&report).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_verdict_has_its_line() {
        insta::assert_snapshot!(written(Detail::All, Colour::Off));
    }

    #[test]
    fn quiet_shows_only_what_needs_a_look() {
        insta::assert_snapshot!(written(Detail::Quiet, Colour::Off));
    }

    #[test]
    fn colours_are_there_only_when_asked_for() {
        assert!(written(Detail::All, Colour::On).contains("\u{1b}[32mpass"));
        assert!(!written(Detail::All, Colour::Off).contains('\u{1b}'));
    }

    #[test]
    fn what_a_target_sends_moves_no_cursor() {
        let mut report = report(&[Verdict::Fail]);
        let sent = "\u{1b}[2J\u{9b}2J\r\u{7}";
        report.cases[0].reason = Some(format!("location: {sent}\nbody"));
        report.cases[0].facts = vec![format!("Location names {sent}")];
        report.cases[0].exchanges = vec![Exchange {
            purpose: Purpose::Case,
            origin: "http://127.0.0.1:1".to_owned(),
            at: Duration::ZERO,
            took: Duration::ZERO,
            request: Request::new("GET", "/api"),
            outcome: Ok(Response {
                status: 200,
                headers: vec![(format!("X-{sent}"), sent.to_owned())],
                body: format!("{{\n\t{sent}\n}}").into_bytes(),
            }),
            repeated: None,
        }];
        let redactor = Redactor::default();
        let mut out = Vec::new();
        let mut console = Console::new(&mut out, &redactor, Detail::All, Colour::Off);
        console.case(&report.cases[0]).unwrap();
        let document = Document::new(&report, &redactor);
        console.exchanges(&document.cases[0]).unwrap();
        let written = String::from_utf8(out).unwrap();
        let obeyed = |character: char| character.is_control() && !"\n\t".contains(character);
        assert!(!written.contains(obeyed), "{written:?}");
        assert_eq!(
            written.matches("\\u{1b}[2J\\u{9b}2J").count(),
            5,
            "{written}"
        );
        assert!(written.contains("{\n\t\\u{1b}"), "{written}");
    }
}
