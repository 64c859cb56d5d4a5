//! The Rust of `fixtures/behaviours.toml`. It uses no compiled behaviour, so the table may be newer
//! than the code.

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::{Context as _, Result, ensure};
use bandwidth_fixtures::{
    Date, Evidence, RateLimit, Values,
    behaviour::table::{self, Row, RowOption},
};

use super::source::{Code, pascal};

const SOURCE: &str = "fixtures/behaviours.toml";
const TEXT: &str = include_str!("../../../fixtures/behaviours.toml");

/// The rows of the table, each option with the name of its variant.
pub(super) fn rows() -> Result<Vec<Row>> {
    let mut rows = table::read(SOURCE, TEXT)?;
    for row in &mut rows {
        for option in &mut row.options {
            let variant = option.variant.get_or_insert_with(|| pascal(&option.name));
            ensure!(
                row.enum_name.is_none() || variant.starts_with(|c: char| c.is_ascii_uppercase()),
                "{SOURCE}: {}={}: needs a `variant`, its name in Rust",
                row.id,
                option.name
            );
        }
    }
    Ok(rows)
}

/// `with` as a question to a `Consultation` that is called `rules`. It has the form
/// `BEHAVIOUR=OPTION or OPTION`.
pub(super) fn condition(rows: &[Row], with: &str) -> Result<String> {
    let (id, options) = with
        .split_once('=')
        .with_context(|| format!("`{with}` is not BEHAVIOUR=OPTION"))?;
    let row = rows.iter().find(|row| row.id == id);
    let row = row.with_context(|| format!("there is no behaviour `{id}`"))?;
    let name = row.enum_name.as_ref();
    let name = name.with_context(|| format!("{id} has no list of options"))?;
    let variants = options.split(" or ").map(|name| {
        let option = row.options.iter().find(|option| option.name == name);
        option
            .map(variant)
            .with_context(|| format!("{id} has no option `{name}`"))
    });
    let variants: Vec<String> = variants
        .map(|variant| Ok(format!("crate::profile::{name}::{}", variant?)))
        .collect::<Result<_>>()?;
    let asked = format!("rules.{}()", field(row));
    Ok(match &*variants {
        [only] => format!("{asked} == {only}"),
        several => format!("matches!({asked}, {})", several.join(" | ")),
    })
}

pub(super) fn files() -> Result<Vec<Code>> {
    let rows = rows()?;
    let mut files = vec![
        (
            "fixtures/src/behaviour/generated.rs".to_owned(),
            index(&rows),
        ),
        ("fixtures/src/profile/generated.rs".to_owned(), areas(&rows)),
        (
            "mock-server/tests/it/behaviours/generated.rs".to_owned(),
            scenarios(&rows),
        ),
    ];
    for area in names_of_areas(&rows) {
        let path = format!("fixtures/src/profile/generated/{area}.rs");
        files.push((path, options_of(&rows, area)));
    }
    let files = files.into_iter().map(|(path, code)| (path, SOURCE, code));
    Ok(files.collect())
}

/// One piece of code for each row.
fn each<'a>(rows: impl IntoIterator<Item = &'a Row>, code: impl Fn(&Row) -> String) -> String {
    rows.into_iter().map(code).collect()
}

fn field(row: &Row) -> String {
    row.id.replace('.', "_")
}

/// The part before the dot.
fn area(row: &Row) -> &str {
    row.id.split('.').next().unwrap_or_default()
}

fn names_of_areas(rows: &[Row]) -> BTreeSet<&str> {
    rows.iter().map(area).collect()
}

/// A macro with a row for each behaviour, from which other macros make types.
fn index(rows: &[Row]) -> String {
    let rows = each(rows, |row| {
        let field = field(row);
        format!(
            "            {id} {name:?} {field}: {kind},
                [{guide}, {published}]
                {{{options}, Values::{values:?}, {question:?}, {unmeasured:?}}};\n",
            id = pascal(&row.id),
            name = row.id,
            kind = rust_type(row),
            guide = literal(row, &row.guide),
            published = literal(row, &row.published),
            options = field.to_ascii_uppercase(),
            values = row.values,
            question = row.question,
            unmeasured = row.unmeasured,
        )
    });
    format!(
        "/// Gives another macro a row for each behaviour: id, name, field of `Profile` and its type,
        /// the choices of the profiles `guide` and `published`, and the facts of `Behaviour`.
        macro_rules! behaviours {{ ($to:ident) => {{ $to! {{
{rows}        }} }} }}

        pub(crate) use behaviours;"
    )
}

/// The modules of the areas, and evidence that is about a choice and not about an option.
fn areas(rows: &[Row]) -> String {
    let (mut modules, mut uses) = (String::new(), String::new());
    for area in names_of_areas(rows) {
        let _ = writeln!(modules, "mod {area};");
        let _ = writeln!(uses, "pub use self::{area}::*;");
    }
    let own_evidence = each(rows, |row| match &row.published_evidence {
        Some(Evidence {
            kind, source, date, ..
        }) => format!(
            "(BehaviourId::{}, Evidence::stated(EvidenceKind::{kind:?}, {source:?}, {date:?})),",
            pascal(&row.id)
        ),
        None => String::new(),
    });
    format!(
        "{modules}\n{uses}\n
        use crate::{{behaviour::BehaviourId, evidence::{{Evidence, EvidenceKind}}}};

        pub(super) static PUBLISHED_EVIDENCE: &[(BehaviourId, Evidence)] = &[{own_evidence}];"
    )
}

/// The options of the behaviours of an area.
fn options_of(rows: &[Row], wanted: &str) -> String {
    let rows = rows.iter().filter(|row| area(row) == wanted);
    let options = each(rows, |row| {
        let list = field(row).to_ascii_uppercase();
        let head = match &row.enum_name {
            Some(name) => {
                let doc = format!("Options of `{}`: {}", row.id, row.question);
                format!("{list} enum {name} {doc:?}")
            }
            None => list,
        };
        let options = row.options.iter().map(|option| {
            let variant = match &row.enum_name {
                Some(_) => variant(option).to_owned() + " ",
                None => String::new(),
            };
            let known = option.evidence.iter().map(|one| {
                let Evidence {
                    kind, source, date, ..
                } = one;
                format!("\n        {kind:?} {date:?} {source:?}")
            });
            let known: Vec<String> = known.collect();
            let (name, meaning) = (&option.name, &option.meaning);
            format!("    {variant}{name:?} {meaning:?}{};\n", known.join(","))
        });
        format!("options! {{ {head};\n{}}}\n\n", options.collect::<String>())
    });
    format!("use crate::profile::option::options;\n\n{options}")
}

fn variant(option: &RowOption) -> &str {
    option.variant.as_deref().unwrap_or_default()
}

/// The type of a field of `Profile`.
fn rust_type(row: &Row) -> &str {
    match (&row.enum_name, row.values) {
        (Some(name), _) => name,
        (None, Values::Rate) => "Option<RateLimit>",
        (None, Values::Date) => "Option<Date>",
        (None, _) => "u32",
    }
}

/// A value of that type.
fn literal(row: &Row, name: &str) -> String {
    if let Some(enum_name) = &row.enum_name {
        let option = row.options.iter().find(|option| option.name == name);
        return option.map_or_else(String::new, |option| {
            format!("{enum_name}::{}", variant(option))
        });
    }
    if let Ok(Date { days }) = name.parse() {
        return format!("Some(Date {{ days: {days} }})");
    }
    match name.parse::<RateLimit>() {
        Ok(limit) => format!(
            "Some(RateLimit {{ requests: {}, period: std::time::Duration::from_millis({}), burst: {} }})",
            limit.requests,
            limit.period.as_millis(),
            limit.burst
        ),
        Err(_) if ["none", "never"].contains(&name) => "None".to_owned(),
        Err(_) => name.to_owned(),
    }
}

fn scenarios(rows: &[Row]) -> String {
    let tests = each(rows, |row| format!("    {} {:?};\n", field(row), row.id));
    format!("scenarios! {{\n{tests}}}")
}
