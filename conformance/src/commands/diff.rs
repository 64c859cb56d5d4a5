//! `diff` and `drift`: differences between two profiles or two results.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use bandwidth_fixtures::{BehaviourId, Evidence, EvidenceKind, NamedProfile};
use serde::Serialize;

use crate::{
    cli::{DiffArgs, DriftArgs, Form},
    error::{self, ConformanceError},
    outcome::{CaseReport, RunReport},
    redact::printable,
    surroundings::Surroundings,
    verdict::Verdict,
};

/// A profile or a result.
enum Side {
    Profile(Box<NamedProfile>),
    Result(Box<RunReport>),
}

/// A difference.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// The behaviour or the case.
    id: String,
    /// One cell for each column.
    sides: Vec<Cell>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cell {
    /// The option or the verdict.
    says: String,
    /// The evidence, or the reason of the verdict.
    because: String,
}

impl Row {
    fn new(id: &impl ToString, sides: Vec<Cell>) -> Self {
        let id = id.to_string();
        Self { id, sides }
    }
}

impl Cell {
    /// Without a reason.
    fn of(says: &str) -> Self {
        Self {
            says: says.to_owned(),
            because: String::new(),
        }
    }
}

/// A table of differences.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    /// `behaviour` or `case`.
    #[serde(skip)]
    rows_are: &'static str,
    /// The names of the compared files or sources.
    columns: Vec<String>,
    rows: Vec<Row>,
}

/// Compares two profiles or two results.
pub fn diff(
    arguments: &DiffArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let DiffArgs { a, b, format } = arguments;
    let (rows_are, rows) = match (side(a)?, side(b)?) {
        (Side::Profile(a), Side::Profile(b)) => {
            let row = |id| Row::new(&id, vec![option(&a, id), option(&b, id)]);
            ("behaviour", differences(&a, &b).map(row).collect())
        }
        (Side::Result(a), Side::Result(b)) => ("case", verdicts(&a, &b)),
        _ => {
            return Err(ConformanceError::Usage(format!(
                "{a} and {b} are not of one kind; compare two profiles or two results"
            )));
        }
    };
    let table = Table {
        rows_are,
        columns: vec![a.clone(), b.clone()],
        rows,
    };
    show(
        &table,
        &format!("{a} and {b} say the same."),
        *format,
        surroundings,
    )?;
    Ok(code(!table.rows.is_empty()))
}

fn code(differs: bool) -> u8 {
    if differs {
        error::FAILED
    } else {
        error::PASSED
    }
}

/// The behaviours in which two profiles differ: in the option, or, if both are about an account, in
/// what the account proves.
fn differences(a: &NamedProfile, b: &NamedProfile) -> impl Iterator<Item = BehaviourId> {
    let learned = |profile| BehaviourId::all().any(|id| settled(profile, id).is_some());
    let both = learned(a) && learned(b);
    BehaviourId::all().filter(move |id| {
        a.options().get(*id) != b.options().get(*id) || both && settled(a, *id) != settled(b, *id)
    })
}

/// Evidence for an account's own option, and the options that it does not rule out.
fn settled(profile: &NamedProfile, id: BehaviourId) -> Option<(EvidenceKind, &[String])> {
    let Evidence {
        kind, alternatives, ..
    } = profile.evidence(id).first()?;
    kind.is_of_an_account().then_some((*kind, alternatives))
}

/// Compares the guide, Bandwidth's publications, and this account as the suite observed it or
/// support described it.
pub fn drift(
    arguments: &DriftArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let learned = NamedProfile::load(&arguments.profile)?;
    let [guide, published] =
        NamedProfile::BUILT_IN.map(|name| NamedProfile::built_in(name).expect("it is compiled in"));
    let is_known = |id: &BehaviourId| learned.evidence_kind(*id).is_of_an_account();
    let differs_from = |other: &NamedProfile, id: BehaviourId| {
        learned.options().get(id) != other.options().get(id)
    };
    let known: Vec<BehaviourId> = BehaviourId::all().filter(is_known).collect();
    let different: Vec<BehaviourId> = known
        .iter()
        .copied()
        .filter(|id| differs_from(&guide, *id) || differs_from(&published, *id))
        .collect();
    let row = |id: BehaviourId| {
        let own = if known.contains(&id) {
            option(&learned, id)
        } else {
            Cell::of("not known")
        };
        Row::new(&id, vec![option(&guide, id), option(&published, id), own])
    };
    let columns = ["the guide says", "Bandwidth publishes", "this account does"];
    let table = Table {
        rows_are: "behaviour",
        columns: columns.map(str::to_owned).into(),
        rows: if arguments.all {
            BehaviourId::all().map(row).collect()
        } else {
            different.iter().copied().map(row).collect()
        },
    };
    let none = "This account does what the guide says and Bandwidth publishes.";
    show(&table, none, arguments.format, surroundings)?;
    if arguments.format == Form::Text {
        writeln!(
            surroundings.out,
            "{} of {} known behaviours differ; {} are not known{}",
            different.len(),
            known.len(),
            BehaviourId::COUNT - known.len(),
            if arguments.all {
                ""
            } else {
                "; --all shows all"
            }
        )?;
    }
    Ok(code(different.iter().any(|id| differs_from(&guide, *id))))
}

fn side(name: &str) -> Result<Side, ConformanceError> {
    let text = fs::read_to_string(name).unwrap_or_default();
    if !text.trim_start().starts_with('{') {
        return Ok(Side::Profile(Box::new(NamedProfile::load(name)?)));
    }
    RunReport::from_json(&text)
        .map(|report| Side::Result(Box::new(report)))
        .map_err(|what| ConformanceError::Usage(format!("{name}: {what}")))
}

fn option(profile: &NamedProfile, id: BehaviourId) -> Cell {
    let evidence = profile.evidence(id).first();
    Cell {
        says: profile.options().get(id),
        because: evidence.map_or_else(|| "assumed".to_owned(), ToString::to_string),
    }
}

fn verdicts(a: &RunReport, b: &RunReport) -> Vec<Row> {
    fn find<'r>(report: &'r RunReport, id: &str) -> Option<&'r CaseReport> {
        report.cases.iter().find(|case| case.name() == id)
    }

    let same = |one: &CaseReport, other: &CaseReport| {
        one.verdict == other.verdict
            && (one.verdict != Verdict::Observed || one.facts == other.facts)
    };
    let both = a.cases.iter().chain(&b.cases);
    let ids: BTreeSet<String> = both.map(CaseReport::name).collect();
    let row = |id: String| match (find(a, &id), find(b, &id)) {
        (Some(left), Some(right)) if same(left, right) => None,
        (left, right) => Some(Row::new(&id, vec![verdict(left), verdict(right)])),
    };
    ids.into_iter().filter_map(row).collect()
}

fn verdict(case: Option<&CaseReport>) -> Cell {
    let Some(case) = case else {
        return Cell::of("not run");
    };
    Cell {
        says: case.verdict.to_string(),
        because: match case.headline() {
            "" => case.facts.join("; "),
            reason => reason.to_owned(),
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
        _ if table.rows.is_empty() => format!("{none}\n"),
        Form::Text => plain(table),
        Form::Markdown => markdown(table),
    };
    write!(surroundings.out, "{text}")?;
    Ok(())
}

/// Columns of a terminal.
const WIDTH: usize = 80;

/// A block for each row, a line for each side, and the evidence below.
fn plain(table: &Table) -> String {
    let width = table.columns.iter().map(|column| column.chars().count());
    let width = width.max().unwrap_or(0);
    let mut text = String::new();
    for row in &table.rows {
        let _ = writeln!(text, "{}", row.id);
        for (column, Cell { says, because }) in table.columns.iter().zip(&row.sides) {
            let _ = writeln!(text, "  {column:width$}  {says}");
            wrap(&mut text, 6, because);
        }
        text.push('\n');
    }
    printable_lines(&text)
}

/// Appends `words`, each line indented by `indent` and no wider than a terminal where a word is not.
fn wrap(text: &mut String, indent: usize, words: &str) {
    let mut line = String::new();
    let mut end = |line: &mut String| {
        if !line.is_empty() {
            let _ = writeln!(text, "{:indent$}{line}", "");
            line.clear();
        }
    };
    for word in words.split_whitespace() {
        if indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
            end(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    end(&mut line);
}

/// Text whose lines a terminal shows as they are: a profile's notes may quote a target.
fn printable_lines(text: &str) -> String {
    let lines = text.split('\n').map(printable);
    lines.collect::<Vec<_>>().join("\n")
}

fn markdown(table: &Table) -> String {
    let escape = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let mut text = format!("| {} |", table.rows_are);
    for column in &table.columns {
        let _ = write!(text, " {} |", escape(column));
    }
    let _ = writeln!(text, "\n|---|{}", "---|".repeat(table.columns.len()));
    for row in &table.rows {
        let _ = write!(text, "| `{}` |", row.id);
        for Cell { says, because } in &row.sides {
            let _ = write!(text, " **{}**", escape(says));
            if !because.is_empty() {
                let _ = write!(text, "<br>{}", escape(because));
            }
            text.push_str(" |");
        }
        text.push('\n');
    }
    text
}
