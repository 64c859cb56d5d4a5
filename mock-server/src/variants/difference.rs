//! The first answer of a variant that is another than in the baseline: what broke the command is
//! that, or comes of it.

use crate::journal::Entry;

/// How much of a body is shown.
const EXCERPT: usize = 160;

/// A request and its answer, as the journal has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    request: String,
    status: Option<u16>,
    body: String,
}

impl Exchange {
    /// Of an entry of the journal, whose secrets are removed already.
    pub fn of(entry: &Entry) -> Self {
        let body = entry.sent.as_ref().map_or_else(String::new, |sent| {
            String::from_utf8_lossy(&sent.body).into_owned()
        });
        Self {
            request: format!("{} {}", entry.method, entry.request.seen().target),
            status: entry.status(),
            body,
        }
    }

    fn answer(&self) -> String {
        let status = self
            .status
            .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        if self.body.is_empty() {
            return format!("{status} without a body");
        }
        let shown: String = self.body.chars().take(EXCERPT).collect();
        let rest = if shown.len() < self.body.len() {
            " ..."
        } else {
            ""
        };
        format!("{status} {shown}{rest}")
    }
}

/// Where the two part, in words; `None` when the answers are the same.
pub fn first(baseline: &[Exchange], variant: &[Exchange]) -> Option<String> {
    let pairs = baseline.iter().zip(variant);
    for (index, (before, here)) in pairs.enumerate() {
        let number = index + 1;
        if before.request != here.request {
            return Some(format!(
                "request {number} is {}, and in the baseline it is {}",
                here.request, before.request
            ));
        }
        if (before.status, &before.body) != (here.status, &here.body) {
            return Some(format!(
                "request {number}, {}\n  baseline  {}\n  here      {}",
                here.request,
                before.answer(),
                here.answer()
            ));
        }
    }
    (baseline.len() != variant.len()).then(|| {
        format!(
            "{} requests here, {} in the baseline, and up to there the same answers",
            variant.len(),
            baseline.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{Exchange, first};

    fn exchange(request: &str, status: u16, body: &str) -> Exchange {
        Exchange {
            request: request.to_owned(),
            status: Some(status),
            body: body.to_owned(),
        }
    }

    #[test]
    fn the_first_other_answer_is_told() {
        let list = exchange("GET /u", 200, "a");
        let create = exchange("POST /u", 201, "b");
        let baseline = [list.clone(), create];
        let told = [
            first(&baseline, &[list.clone(), exchange("POST /u", 200, "")]),
            first(&baseline, &[exchange("GET /u", 200, &"x".repeat(200))]),
            first(&baseline, &[list.clone(), exchange("PUT /u", 201, "b")]),
            first(&baseline, &baseline[..1]),
            first(&baseline, &baseline),
        ];
        let told: Vec<String> = told
            .into_iter()
            .map(|text| text.unwrap_or_else(|| "nothing".to_owned()))
            .collect();
        insta::assert_snapshot!(told.join("\n\n"));
    }
}
