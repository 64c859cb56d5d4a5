//! Tables of reports: the matrix of situations and operations, and the list of runs.

use std::{collections::BTreeMap, fmt};

use super::outcome::{Outcome, Subject, Verdict};

/// Cells below a head.
#[derive(Debug, Default)]
pub struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// The worst verdict of each situation at each operation, the worst situation first. Empty
    /// where nothing went wrong deliberately.
    pub fn matrix(runs: &[Outcome]) -> Self {
        let mut operations = Vec::new();
        let mut cells: Vec<(&str, BTreeMap<&str, Vec<Verdict>>)> = Vec::new();
        for outcome in runs {
            let Subject::Situation {
                situation,
                place: Some(place),
            } = &outcome.subject
            else {
                continue;
            };
            let operation = place.operation.as_str();
            if !operations.contains(&operation) {
                operations.push(operation);
            }
            let at = cells.iter().position(|(name, _)| name == situation);
            let at = at.unwrap_or_else(|| {
                cells.push((situation, BTreeMap::new()));
                cells.len() - 1
            });
            let verdicts = cells[at].1.entry(operation).or_default();
            verdicts.push(outcome.verdict);
        }
        if cells.is_empty() {
            return Self::default();
        }
        cells.sort_by_key(|(_, row)| std::cmp::Reverse(row.values().flatten().max().copied()));
        let cell = |verdicts: Option<&Vec<Verdict>>| {
            let verdicts = verdicts.map_or(&[][..], Vec::as_slice);
            let worst = verdicts.iter().max().copied();
            worst.map_or_else(String::new, |worst| {
                let count = verdicts.iter().filter(|verdict| **verdict == worst).count();
                if count == verdicts.len() {
                    worst.word().to_owned()
                } else {
                    format!("{} {count}/{}", worst.word(), verdicts.len())
                }
            })
        };
        let rows = cells.iter().map(|(situation, row)| {
            let verdicts = operations.iter().map(|operation| cell(row.get(operation)));
            std::iter::once((*situation).to_owned())
                .chain(verdicts)
                .collect()
        });
        let head = std::iter::once("situation").chain(operations.iter().copied());
        Self {
            head: head.map(str::to_owned).collect(),
            rows: rows.collect(),
        }
    }

    /// A row for each run.
    pub fn of_runs(runs: &[&Outcome]) -> Self {
        let rows = runs.iter().map(|outcome| {
            vec![
                outcome.verdict.word().to_owned(),
                outcome.subject.to_string(),
                outcome.ending.clone(),
                outcome.requests.to_string(),
            ]
        });
        Self {
            head: ["verdict", "run", "ending", "requests"]
                .map(str::to_owned)
                .to_vec(),
            rows: rows.collect(),
        }
    }

    /// True if it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = || std::iter::once(&self.head).chain(&self.rows);
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| rows().map(|row| row[column].len()).max().unwrap_or(0))
            .collect();
        for row in rows() {
            let cells = row.iter().zip(&widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}
