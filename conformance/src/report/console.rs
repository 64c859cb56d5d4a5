//! The report on the console: a line per case, the reason below what did not pass, a summary.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};

use super::groups;
use crate::{
    exchange::Purpose,
    leftover::use_of_cleanup,
    outcome::{CaseReport, RunReport},
    redact::printable,
    transcript::{Header, Transcript},
    verdict::Verdict,
};

/// Number of ids that the summary shows per cause.
const MOST_IDS: usize = 5;

/// Width of the column of verdicts.
const COLUMN: usize = "inconclusive".len() + 2;

/// Detail for cases that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every case.
    All,
    /// Only what keeps the exit code from being 0.
    Quiet,
}

/// Use of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// For a terminal.
    On,
    /// For anything else.
    Off,
}

/// Writes reports.
pub struct Console<'a> {
    out: &'a mut dyn Write,
    detail: Detail,
    colour: Colour,
    /// Reasons, each with the case that was the first to have it.
    reasons: BTreeMap<String, String>,
    has_not_run: bool,
}

impl<'a> Console<'a> {
    /// Writes to `out`.
    pub fn new(out: &'a mut dyn Write, detail: Detail, colour: Colour) -> Self {
        Self {
            out,
            detail,
            colour,
            reasons: BTreeMap::new(),
            has_not_run: false,
        }
    }

    /// A line before the cases.
    pub fn intro(&mut self, text: &str) -> io::Result<()> {
        match self.detail {
            Detail::Quiet => Ok(()),
            Detail::All => writeln!(self.out, "{}\n", printable(text)),
        }
    }

    /// One case. Of cases that were not run only the first is shown; the summary counts the others.
    /// The summary shows skipped cases by their reasons.
    pub fn case(&mut self, case: &CaseReport) -> io::Result<()> {
        let is_quiet = matches!(case.verdict, Verdict::Pass | Verdict::Observed);
        let is_quiet = is_quiet || case.known.is_some();
        let again = case.not_run && self.has_not_run;
        self.has_not_run |= case.not_run;
        if again || case.verdict == Verdict::Skipped || (is_quiet && self.detail == Detail::Quiet) {
            return Ok(());
        }
        let style = self.style(case.verdict);
        writeln!(
            self.out,
            "{style}{:COLUMN$}{style:#}{}",
            case.verdict,
            case.name()
        )?;
        let known = case.known.as_ref();
        let known = known.map(|reason| format!("known failure: {reason}"));
        let reason = self.reason(case);
        for text in known.iter().chain(&reason).chain(&case.facts) {
            for line in text.lines() {
                writeln!(self.out, "{:COLUMN$}{}", "", printable(line))?;
            }
        }
        self.out.flush()
    }

    /// The reason of a case, or which earlier case had the same.
    fn reason(&mut self, case: &CaseReport) -> Option<String> {
        let reason = case.reason.as_ref()?;
        if case.verdict != Verdict::Inconclusive {
            return Some(reason.clone());
        }
        if let Some(first) = self.reasons.get(reason) {
            return Some(format!("for the same reason as {first}"));
        }
        self.reasons.insert(reason.clone(), case.name());
        Some(reason.clone())
    }

    /// Every exchange of a case.
    pub fn exchanges(&mut self, case: &CaseReport) -> io::Result<()> {
        for (index, exchange) in case.exchanges.iter().enumerate() {
            self.exchange(index + 1, exchange)?;
        }
        self.out.flush()
    }

    fn exchange(&mut self, number: usize, exchange: &Transcript) -> io::Result<()> {
        let purpose = match exchange.purpose {
            Purpose::Case => String::new(),
            other => format!(" ({})", other.as_str()),
        };
        writeln!(self.out, "\n--- {number}{purpose}, {} ms", exchange.took_ms)?;
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
        Ok(())
    }

    fn headers(&mut self, way: char, headers: &[Header]) -> io::Result<()> {
        for Header { name, value } in headers {
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

    /// The end of a run. A quiet run that succeeded has none.
    pub fn summary(&mut self, report: &RunReport) -> io::Result<()> {
        if self.detail == Detail::Quiet && report.exit_code == 0 {
            return Ok(());
        }
        if self.detail == Detail::All {
            self.skipped(report)?;
        }
        self.causes(report)?;
        let mut counts: Vec<String> = Verdict::ALL
            .into_iter()
            .map(|verdict| (report.count(verdict), verdict))
            .filter(|(count, _)| *count > 0)
            .map(|(count, verdict)| {
                let style = self.style(verdict);
                format!("{style}{count} {verdict}{style:#}")
            })
            .collect();
        if report.counts.known > 0 {
            counts.push(format!("{} of these known", report.counts.known));
        }
        writeln!(
            self.out,
            "\n{}: {} | {} | profile {} | {} | {:.1} s",
            counted(report.cases.len(), "case"),
            counts.join(", "),
            printable(&report.target),
            printable(&report.profile),
            counted(report.requests, "request"),
            std::time::Duration::from_millis(report.elapsed_ms).as_secs_f64()
        )?;
        self.notes(report)?;
        self.out.flush()
    }

    /// Why cases were skipped, once for each reason.
    fn skipped(&mut self, report: &RunReport) -> io::Result<()> {
        let skipped = report.cases.iter();
        let skipped = skipped.filter(|case| case.verdict == Verdict::Skipped);
        let style = self.style(Verdict::Skipped);
        for (reason, count) in groups::reasons(skipped) {
            let label = Verdict::Skipped;
            let (count, reason) = (counted(count, "case"), printable(reason));
            writeln!(self.out, "{style}{label:COLUMN$}{style:#}{count}: {reason}")?;
        }
        Ok(())
    }

    /// The causes of failures, once for each behaviour.
    fn causes(&mut self, report: &RunReport) -> io::Result<()> {
        let groups = groups::failures(&report.cases);
        if groups.iter().all(|group| group.explanation.is_none()) {
            return Ok(());
        }
        writeln!(self.out, "\nfailures by cause:")?;
        for group in groups {
            writeln!(self.out, "  {}", group.headline())?;
            if !group.question().is_empty() {
                writeln!(self.out, "    {}", group.question())?;
            }
            let ids = group.cases.iter().map(|case| case.name());
            for id in ids.take(MOST_IDS) {
                writeln!(self.out, "    - {id}")?;
            }
            if let Some(more @ 1..) = group.cases.len().checked_sub(MOST_IDS) {
                writeln!(self.out, "    - and {more} more")?;
            }
        }
        Ok(())
    }

    /// Notes about the whole run.
    fn notes(&mut self, report: &RunReport) -> io::Result<()> {
        let out = &mut *self.out;
        if let Some(ended) = &report.ended {
            writeln!(out, "ended early: {}", printable(ended))?;
        }
        if let Some(hint) = report.fit.as_ref().and_then(crate::fit::Fit::hint) {
            writeln!(out, "{}", printable(&hint))?;
        }
        if self.detail == Detail::All {
            for (reason, behaviours) in groups::open(&report.open_questions) {
                let behaviours = behaviours.join(", ");
                writeln!(out, "not measured: {behaviours}: {}", printable(reason))?;
            }
            for note in &report.notes {
                writeln!(out, "note: {}", printable(note))?;
            }
        }
        for problem in &report.known_problems {
            writeln!(out, "known failures: {}", printable(problem))?;
        }
        for user in &report.leftovers {
            writeln!(out, "left behind: {}", printable(&user.to_string()))?;
            if !user.remove.is_empty() {
                writeln!(out, "    {}", printable(&user.remove))?;
            }
        }
        match &report.cleanup {
            _ if report.leftovers.is_empty() => Ok(()),
            Some(command) => {
                let words = use_of_cleanup(&report.leftovers).to_lowercase();
                writeln!(out, "{words}: {command}")
            }
            None => writeln!(out, "there is no ledger; delete it by hand"),
        }
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

/// `count` with the noun.
pub fn counted<N: Copy + fmt::Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Colour, Console, Detail};
    use crate::{
        exchange::{Exchange, Purpose},
        fit::{Fit, SeenOption},
        leftover::LeftoverState,
        outcome::{
            OpenQuestion,
            tests::{explanation, leftover, report},
        },
        redact::Redactor,
        transcript::Transcript,
        transport::{Request, Response},
        verdict::Verdict,
    };

    fn written(detail: Detail, colour: Colour) -> String {
        let mut report = report(&Verdict::ALL);
        report.cases[1].reason = Some("expected 201, got 200".to_owned());
        report.cases[1].explained_by = Some(explanation("create.status", "201", Some("200")));
        report.cases[2].facts = vec!["it is blue".to_owned()];
        report.cases[5].known = Some("ticket 7".to_owned());
        let mut again = report.cases[4].clone();
        again.id = "area.topic.case-6".to_owned();
        report.cases.push(again);
        report.leftovers = vec![leftover(LeftoverState::Deactivated)];
        report.leftovers[0].remove = "ask support".to_owned();
        report.cleanup = Some("cleanup --ledger x".to_owned());
        report.ended = Some("the target is out".to_owned());
        report.known_problems = vec!["a.b.c: listed as failing".to_owned()];
        report.notes = vec!["its FirstName was changed".to_owned()];
        report.open_questions = ["put.semantics", "delete.effect"]
            .map(|behaviour| OpenQuestion {
                behaviour: behaviour.to_owned(),
                reason: "the first user stayed".to_owned(),
            })
            .into();
        report.fit = Some(Fit {
            profile: "published".to_owned(),
            agrees: 1,
            expected: "guide".to_owned(),
            expected_agrees: 0,
            seen: vec![SeenOption {
                behaviour: "naming.email".to_owned(),
                option: "EmailAddress".to_owned(),
            }],
        });
        report.decide();
        let mut out = Vec::new();
        let mut console = Console::new(&mut out, detail, colour);
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
    fn a_quiet_run_that_succeeded_writes_nothing() {
        use Verdict::{Observed, Pass, Skipped};
        let report = report(&[Pass, Observed, Skipped]);
        assert_eq!(report.exit_code, 0);
        let mut out = Vec::new();
        let mut console = Console::new(&mut out, Detail::Quiet, Colour::Off);
        console.intro("against the target").unwrap();
        for case in &report.cases {
            console.case(case).unwrap();
        }
        console.summary(&report).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "");
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
        let exchange = Exchange {
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
        };
        let redactor = Redactor::default();
        report.cases[0].exchanges = vec![Transcript::of(&exchange, &redactor)];
        let mut out = Vec::new();
        let mut console = Console::new(&mut out, Detail::All, Colour::Off);
        console.case(&report.cases[0]).unwrap();
        console.exchanges(&report.cases[0]).unwrap();
        let written = String::from_utf8(out).unwrap();
        let obeyed = |character: char| character.is_control() && !"\n\t".contains(character);
        assert!(!written.contains(obeyed), "{written:?}");
        assert_eq!(
            written.matches("\\u{1b}[2J\\u{9b}2J").count(),
            4,
            "{written}"
        );
        assert!(written.contains("[not text: "), "{written}");
    }
}
