//! The cases that a command line selects.

use std::path::Path;

use bandwidth_fixtures::text_file;

use crate::{
    case::Case,
    error::ConformanceError,
    outcome::RunReport,
    registry::{self, Selection},
    verdict::Verdict,
};

/// The chosen cases.
pub fn select(mut selection: Selection) -> Result<Vec<Case>, ConformanceError> {
    selection.ids = selection
        .failed_from
        .as_deref()
        .map(failed_in)
        .transpose()?;
    selection.choose(registry::cases())
}

/// Ids of the cases that an earlier run has no good verdict on.
fn failed_in(path: &Path) -> Result<Vec<String>, ConformanceError> {
    let name = path.display();
    let usage = |what: String| ConformanceError::Usage(format!("--failed-from {name}: {what}"));
    let text = text_file::read(path, text_file::LARGE).map_err(usage)?;
    let report = RunReport::from_json(&text).map_err(usage)?;
    let ids: Vec<String> = report
        .cases
        .into_iter()
        .filter(|case| case.verdict.is_failure() || case.verdict == Verdict::Inconclusive)
        .map(|case| case.id)
        .collect();
    if ids.is_empty() {
        return Err(ConformanceError::NothingSelected(format!(
            "--failed-from {name}: no case failed, erred or was inconclusive there, so nothing was executed"
        )));
    }
    Ok(ids)
}
