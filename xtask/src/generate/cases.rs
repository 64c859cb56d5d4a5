//! `docs/reference/cases.md`: every case of the conformance suite.

use std::fmt::Write as _;

use bandwidth_conformance::{case::Case, registry::cases, verdict::Level};

use super::markdown::{code, head, plain, table};

pub(super) fn page() -> String {
    let cases = cases();
    let count = |level| cases.iter().filter(|case| case.level == level).count();
    let mut text = head("Cases of the conformance suite", "conformance/src/suites");
    let _ = writeln!(
        text,
        "{} cases: {} `documented` (a source says so; may fail), {} `derived` (it follows from a \
         standard, from a source that does not say it, or from the expected profile; may fail) and \
         {} `characterise` (no source; never fails, and records what it sees). Users: `none` changes \
         no user, `one` works on a user that other cases may share, `last` deletes that user, and \
         `many` sends requests that create users, or could. `cargo conformance explain ID` shows one with the claims that it \
         checks and what it needs, `cargo conformance run --filter ID` runs it. The suite itself: \
         [conformance.md](../conformance.md).\n",
        cases.len(),
        count(Level::Documented),
        count(Level::Derived),
        count(Level::Characterise),
    );
    let mut areas: Vec<&str> = cases.iter().map(Case::area).collect();
    areas.dedup();
    for area in areas {
        let _ = writeln!(text, "## {area}\n");
        let rows = cases.iter().filter(|case| case.area() == area).map(row);
        text += &table(
            ["id", "level", "users", "checks that", "source", "measures"],
            rows,
        );
    }
    text.trim_end().to_owned() + "\n"
}

fn row(case: &Case) -> [String; 6] {
    let measures: Vec<String> = case
        .measures
        .iter()
        .map(|id| format!("[{}](behaviours.md#{})", code(id), id.replace('.', "")))
        .collect();
    [
        code(&case.id),
        case.level.to_string(),
        case.users.as_str().to_owned(),
        plain(&case.claim),
        plain(&case.source),
        measures.join(", "),
    ]
}
