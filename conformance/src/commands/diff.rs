//! `diff` and `drift`: what two profiles, or two results, say differently.

use std::{fmt::Write as _, fs};

use bandwidth_fixtures::{BehaviourId, EvidenceKind, NamedProfile};
use serde::Serialize;

use crate::{
    Surroundings,
    cli::{DiffArgs, DriftArgs, Form},
    exit::{self, ConformanceError},
    outcome::Verdict,
    report::document::{CaseResult, Document, FORMAT},
};

/// A profile or a result.
enum Side {
    Profile(Box<NamedProfile>),
    Result(Box<Document>),
}

/// What differs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// The behaviour or the case.
    id: String,
    /// What each side says, in the order of the columns.
    sides: Vec<Cell>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cell {
    /// The option or the verdict.
    says: String,
    /// How it is known, or the reason of the verdict.
    because: String,
}

/// A table of differences.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    /// What the sides are.
    columns: Vec<String>,
    rows: Vec<Row>,
}

/// Compares two profiles or two results.
pub fn diff(
    arguments: &DiffArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let sides = (side(&arguments.a)?, side(&arguments.b)?);
    let table = match sides {
        (Side::Profile(a), Side::Profile(b)) => Table {
            columns: vec![arguments.a.clone(), arguments.b.clone()],
            rows: differences(&a, &b)
                .map(|id| Row {
                    id: id.to_string(),
                    sides: vec![option(&a, id), option(&b, id)],
                })
                .collect(),
        },
        (Side::Result(a), Side::Result(b)) => Table {
            columns: vec![arguments.a.clone(), arguments.b.clone()],
            rows: verdicts(&a, &b),
        },
        _ => {
            return Err(ConformanceError::Usage(format!(
                "{} and {} are not of one kind; compare two profiles or two results",
                arguments.a, arguments.b
            )));
        }
    };
    let none = format!("{} and {} say the same.", arguments.a, arguments.b);
    show(&table, &none, arguments.format, surroundings)?;
    Ok(if table.rows.is_empty() {
        exit::PASSED
    } else {
        exit::FAILED
    })
}

/// The behaviours of which two profiles say differently: another option, or, where both were learned,
/// that only one saw it, or saw it less clearly.
fn differences(a: &NamedProfile, b: &NamedProfile) -> impl Iterator<Item = BehaviourId> {
    let learned = |profile| BehaviourId::all().any(|id| observed(profile, id).is_some());
    let both = learned(a) && learned(b);
    BehaviourId::all().filter(move |id| {
        a.options().get(*id) != b.options().get(*id) || both && observed(a, *id) != observed(b, *id)
    })
}

/// What an observation does not rule out, where there is one.
fn observed(profile: &NamedProfile, id: BehaviourId) -> Option<&[String]> {
    let evidence = profile.evidence(id).first()?;
    (evidence.kind == EvidenceKind::Observed).then_some(&*evidence.alternatives)
}

/// What the guide says, what Bandwidth publishes, and what this account did, for all behaviours.
pub fn drift(
    arguments: &DriftArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let learned = NamedProfile::load(&arguments.profile)?;
    let [guide, published] =
        NamedProfile::BUILT_IN.map(|name| NamedProfile::built_in(name).expect("it is compiled in"));
    let mut drifted = false;
    let rows = BehaviourId::all()
        .map(|id| {
            let seen = learned.evidence_kind(id) == EvidenceKind::Observed;
            let account = if seen {
                drifted |= learned.options().get(id) != guide.options().get(id);
                option(&learned, id)
            } else {
                Cell {
                    says: "not observed".to_owned(),
                    because: String::new(),
                }
            };
            Row {
                id: id.to_string(),
                sides: vec![option(&guide, id), option(&published, id), account],
            }
        })
        .collect();
    let columns = ["the guide says", "Bandwidth publishes", "this account did"];
    let table = Table {
        columns: columns.map(str::to_owned).into(),
        rows,
    };
    show(&table, "", arguments.format, surroundings)?;
    Ok(if drifted { exit::FAILED } else { exit::PASSED })
}

fn side(name: &str) -> Result<Side, ConformanceError> {
    let text = fs::read_to_string(name).unwrap_or_default();
    if !text.trim_start().starts_with('{') {
        return Ok(Side::Profile(Box::new(NamedProfile::load(name)?)));
    }
    serde_json::from_str(&text)
        .ok()
        .filter(|document: &Document| document.format == FORMAT)
        .map(|document| Side::Result(Box::new(document)))
        .ok_or_else(|| {
            ConformanceError::Usage(format!(
                "{name} is JSON, but no report that --report json=FILE of this version wrote"
            ))
        })
}

fn option(profile: &NamedProfile, id: BehaviourId) -> Cell {
    let evidence = profile.evidence(id).first();
    Cell {
        says: profile.options().get(id),
        because: evidence.map_or_else(|| "assumed".to_owned(), ToString::to_string),
    }
}

fn verdicts(a: &Document, b: &Document) -> Vec<Row> {
    let find =
        |document: &Document, id: &str| document.cases.iter().find(|case| case.id == id).cloned();
    let mut ids: Vec<&str> = a
        .cases
        .iter()
        .chain(&b.cases)
        .map(|case| case.id.as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter()
        .filter_map(|id| {
            let (left, right) = (find(a, id), find(b, id));
            let same = |one: &CaseResult, other: &CaseResult| {
                one.verdict == other.verdict
                    && (one.verdict != Verdict::Observed || one.facts == other.facts)
            };
            match (&left, &right) {
                (Some(left), Some(right)) if same(left, right) => None,
                _ => Some(Row {
                    id: id.to_owned(),
                    sides: vec![verdict(left.as_ref()), verdict(right.as_ref())],
                }),
            }
        })
        .collect()
}

fn verdict(case: Option<&CaseResult>) -> Cell {
    let Some(case) = case else {
        return Cell {
            says: "not run".to_owned(),
            because: String::new(),
        };
    };
    let reason = case.reason.as_deref().unwrap_or("");
    let first = reason.lines().next().unwrap_or("").to_owned();
    Cell {
        says: case.verdict.to_string(),
        because: if first.is_empty() {
            case.facts.join("; ")
        } else {
            first
        },
    }
}

fn show(
    table: &Table,
    none: &str,
    form: Form,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), ConformanceError> {
    let text = match form {
        Form::Json => serde_json::to_string_pretty(table).map_err(std::io::Error::from)? + "\n",
        Form::Markdown if table.rows.is_empty() => format!("{none}\n"),
        Form::Markdown => markdown(table),
    };
    write!(surroundings.out, "{text}")?;
    Ok(())
}

fn markdown(table: &Table) -> String {
    let escape = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let mut text = String::from("| |");
    for column in &table.columns {
        let _ = write!(text, " {} |", escape(column));
    }
    let _ = writeln!(text, "\n|---|{}", "---|".repeat(table.columns.len()));
    for row in &table.rows {
        let _ = write!(text, "| `{}` |", row.id);
        for Cell { says, because } in &row.sides {
            let because = if because.is_empty() {
                String::new()
            } else {
                format!("<br>{}", escape(because))
            };
            let _ = write!(text, " **{}**{because} |", escape(says));
        }
        text.push('\n');
    }
    text
}
