//! The first two runs, without which nothing can be compared.

use super::{
    error::TrialError,
    outcome::{Outcome, Subject, Verdict},
    runner::Run,
};

/// Judges two runs of the baseline: it passed, or is flaky.
pub fn baseline(subject: Subject, first: &Run, second: &Run) -> Outcome {
    let outcome = Outcome::of(subject, first);
    if first.passed() == second.passed() {
        return outcome;
    }
    let (one, two) = (&first.ending, &second.ending);
    let reason = format!("it does not repeat: {one}, then {two}; nothing was varied");
    outcome.judged(Verdict::Flaky, reason)
}

impl Outcome {
    /// Rejects a baseline that nothing can be compared with: one that fails, or sends requests
    /// only once.
    pub fn require_passed(&self, first: &Run, second: &Run) -> Result<(), TrialError> {
        if !self.passed {
            return Err(TrialError::Usage(format!(
                "the command fails in the baseline ({}), so other runs would show nothing; \
                 its output is in {}",
                self.ending, self.output
            )));
        }
        match silence(second.entries.len(), first.entries.len()) {
            Some(reason) => Err(TrialError::Usage(format!(
                "the command was run again, and {reason}"
            ))),
            None => Ok(()),
        }
    }
}

/// Describes the problem with a run that passed without a request, if the baseline sent some.
pub fn silence(requests: usize, baseline: usize) -> Option<String> {
    (requests == 0 && baseline > 0).then(|| {
        format!(
            "it sent no request, and the baseline sent {baseline}; a test cache may answer for it \
             (`go test` needs -count=1)"
        )
    })
}
