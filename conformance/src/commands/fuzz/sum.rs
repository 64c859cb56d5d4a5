//! Summary of all traces, and of one that disagrees with the model.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{dialogue::Context, fuzz::Walk, redact::printable, transcript::curl};

/// The seed of a trace.
pub fn seed_of(seed: u64, number: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number
}

/// Totals of all traces.
#[derive(Default)]
pub struct Sum {
    pub traces: u64,
    pub operations: u64,
    pub unanswered: u64,
    pub outcomes: BTreeMap<&'static str, u64>,
}

impl Sum {
    pub fn add(&mut self, walk: &Walk) {
        self.traces += 1;
        self.operations += walk.operations;
        self.unanswered += walk.unanswered;
        for outcome in &walk.outcomes {
            *self.outcomes.entry(outcome).or_default() += 1;
        }
    }

    pub fn words(&self) -> String {
        let mut text = format!(
            "{} traces, {} operations as the model says, {} unanswered\noutcomes, and in how many traces:",
            self.traces, self.operations, self.unanswered
        );
        for (outcome, traces) in &self.outcomes {
            let _ = write!(text, " {outcome} {traces},");
        }
        text.trim_end_matches(',').to_owned() + "\n"
    }
}

/// Describes a disagreement: the requests as commands, and the problem with the last response.
pub fn failure_text(number: u64, walk: &Walk, cx: &Context, setting: &str) -> String {
    let mut text = format!("\ntrace {number} disagrees with the model{setting}\n");
    for exchange in &cx.log.exchanges {
        let _ = writeln!(text, "  {}", curl::line(exchange, cx.run.redactor()));
    }
    if let Some(disagreement) = &walk.disagreement {
        let reason = cx.run.redactor().clean(&disagreement.reason);
        let lines: Vec<_> = reason.lines().map(printable).collect();
        let _ = writeln!(text, "{}", lines.join("\n  "));
    }
    text
}
