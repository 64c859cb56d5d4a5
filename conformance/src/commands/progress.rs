//! The progress bar, on a terminal only.

use std::{fmt::Write as _, io};

use indicatif::{ProgressBar, ProgressStyle};

/// Progress of a run.
pub struct Progress {
    bar: ProgressBar,
    estimate: Option<u64>,
    budget: Option<u64>,
}

impl Progress {
    /// `estimate` is the expected number of requests, if it is known.
    pub fn new(shown: bool, cases: usize, estimate: Option<u64>, budget: Option<u64>) -> Self {
        let bar = if shown {
            ProgressBar::new(cases as u64)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} cases, {msg} {elapsed}")
            .expect("the template is of this file");
        let progress = Self {
            bar: bar.with_style(style),
            estimate,
            budget,
        };
        progress.bar.set_message(progress.message(0));
        progress
    }

    /// One more case is done; `write` writes its line.
    pub fn case(&self, requests: u64, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        self.bar.set_message(self.message(requests));
        self.bar.inc(1);
        self.bar.suspend(write)
    }

    /// The run is over.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn message(&self, requests: u64) -> String {
        let mut text = format!("{requests} requests");
        if let Some(estimate) = self.estimate {
            let left = estimate.saturating_sub(requests);
            let _ = write!(text, ", about {left} left");
        }
        if let Some(budget) = self.budget {
            let _ = write!(text, ", budget {budget}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn requests_left_and_budget_are_printed() {
        let progress = Progress::new(false, 3, Some(40), Some(100));
        assert_eq!(
            progress.message(10),
            "10 requests, about 30 left, budget 100"
        );
        assert_eq!(
            Progress::new(false, 3, None, None).message(10),
            "10 requests"
        );
    }
}
