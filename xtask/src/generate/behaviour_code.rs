//! The Rust of `fixtures/behaviours.toml`. It uses no compiled behaviour, so the table may be newer
//! than the code.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use bandwidth_fixtures::{
    Date, Evidence, RateLimit, Values,
    behaviour::table::{self, Row, RowOption},
};

use super::{
    Generated,
    source::{self, pascal},
};

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

pub(super) fn files() -> Result<Vec<Generated>> {
    let rows = rows()?;
    let files = [
        ("fixtures/src/behaviour/generated.rs", ids(&rows)),
        (
            "fixtures/src/profile/consultation/generated.rs",
            questions(&rows),
        ),
        ("fixtures/src/profile/generated.rs", profile(&rows)),
        (
            "mock-server/tests/it/behaviours/generated.rs",
            scenarios(&rows),
        ),
    ];
    let formatted = files.map(|(path, code)| Ok((path, source::file(SOURCE, &code)?)));
    formatted.into_iter().collect()
}

/// One piece of code for each row.
fn each(rows: &[Row], code: impl Fn(&Row) -> String) -> String {
    rows.iter().map(code).collect()
}

fn field(row: &Row) -> String {
    row.id.replace('.', "_")
}

fn ids(rows: &[Row]) -> String {
    let count = rows.len();
    let variants = each(rows, |row| {
        format!("/// `{}`\n{},", row.id, pascal(&row.id))
    });
    let all = each(rows, |row| format!("Self::{},", pascal(&row.id)));
    let names = each(rows, |row| format!("{:?},", row.id));
    format!(
        "/// The id of a behaviour that exists.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum BehaviourId {{ {variants} }}

        impl BehaviourId {{
            pub(crate) const ALL: [Self; {count}] = [{all}];
            pub(super) const NAMES: [&'static str; {count}] = [{names}];
        }}"
    )
}

fn profile(rows: &[Row]) -> String {
    let fields = each(rows, |row| {
        let (id, question) = (&row.id, &row.question);
        format!(
            "/// `{id}`: {question}\npub {}: {},",
            field(row),
            rust_type(row)
        )
    });
    let built_in = |choice: fn(&Row) -> &str| {
        each(rows, |row| {
            format!("{}: {},", field(row), literal(row, choice(row)))
        })
    };
    let guide = built_in(|row| &row.guide);
    let published = built_in(|row| &row.published);
    let get = each(rows, |row| {
        let (id, field) = (pascal(&row.id), field(row));
        format!("BehaviourId::{id} => self.{field}.name(),")
    });
    let choose = each(rows, |row| {
        let (id, field) = (pascal(&row.id), field(row));
        format!("BehaviourId::{id} => set(&mut self.{field}, name),")
    });
    let own_evidence = each(rows, |row| match &row.published_evidence {
        Some(own) => format!("(BehaviourId::{}, {}),", pascal(&row.id), evidence(own)),
        None => String::new(),
    });
    let (enums, behaviours) = (each(rows, options), each(rows, behaviour));
    format!(
        "use super::option::{{OptionValue, set}};
        use crate::{{
            Date, RateLimit,
            behaviour::{{Behaviour, BehaviourId, BehaviourOption, Values}},
            evidence::{{Evidence, EvidenceKind}},
        }};

        /// One option for every behaviour. The field `put_semantics` is behaviour `put.semantics`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Profile {{ {fields} }}

        impl Profile {{
            pub(super) const GUIDE: Self = Self {{ {guide} }};

            pub(super) const PUBLISHED: Self = Self {{ {published} }};

            /// The name of the option chosen for `id`.
            pub fn get(&self, id: BehaviourId) -> String {{
                match id {{ {get} }}
            }}

            /// Chooses the option of that name; false, and no change, when there is none.
            pub fn choose(&mut self, id: BehaviourId, name: &str) -> bool {{
                match id {{ {choose} }}
            }}
        }}

        pub(super) static PUBLISHED_EVIDENCE: &[(BehaviourId, Evidence)] = &[{own_evidence}];

        pub(super) static BEHAVIOURS: [Behaviour; BehaviourId::COUNT] = [{behaviours}];

        {enums}"
    )
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

/// The enum of a row whose options are a fixed list.
fn options(row: &Row) -> String {
    let Some(name) = &row.enum_name else {
        return String::new();
    };
    let (mut variants, mut read, mut names) = (String::new(), String::new(), String::new());
    for option in &row.options {
        let (text, variant) = (&option.name, variant(option));
        let _ = writeln!(variants, "/// `{text}`: {}\n{variant},", option.meaning);
        let _ = write!(read, "{text:?} => Some(Self::{variant}),");
        let _ = write!(names, "Self::{variant} => {text:?},");
    }
    let (id, question) = (&row.id, &row.question);
    format!(
        "/// Options of `{id}`: {question}
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum {name} {{ {variants} }}

        impl OptionValue for {name} {{
            fn read(name: &str) -> Option<Self> {{ match name {{ {read} _ => None }} }}

            fn name(self) -> String {{ match self {{ {names} }}.to_owned() }}
        }}

        "
    )
}

fn behaviour(row: &Row) -> String {
    let options = row.options.iter().map(|option| {
        let known: String = option
            .evidence
            .iter()
            .map(|one| evidence(one) + ",")
            .collect();
        format!(
            "BehaviourOption {{ name: {:?}, meaning: {:?}, evidence: &[{known}] }},",
            option.name, option.meaning
        )
    });
    let options: String = options.collect();
    format!(
        "Behaviour {{
            id: BehaviourId::{},
            question: {:?},
            values: Values::{:?},
            options: &[{options}],
            unmeasured: {:?},
        }},",
        pascal(&row.id),
        row.question,
        row.values,
        row.unmeasured
    )
}

fn evidence(evidence: &Evidence) -> String {
    let Evidence {
        kind, source, date, ..
    } = evidence;
    format!("Evidence::stated(EvidenceKind::{kind:?}, {source:?}, {date:?})")
}

fn questions(rows: &[Row]) -> String {
    let getters = each(rows, |row| {
        let (id, field) = (pascal(&row.id), field(row));
        format!(
            "/// Asks `{}`.
            pub fn {field}(&self) -> {} {{ self.ask(BehaviourId::{id}).{field} }}\n\n",
            row.id,
            rust_type(row)
        )
    });
    let enums = rows.iter().filter_map(|row| row.enum_name.as_deref());
    let types = enums.collect::<Vec<_>>().join(", ");
    format!(
        "use super::Consultation;
        use crate::{{
            Date, RateLimit,
            behaviour::BehaviourId,
            profile::generated::{{{types}}},
        }};

        impl Consultation {{ {getters} }}"
    )
}

fn scenarios(rows: &[Row]) -> String {
    let tests = each(rows, |row| {
        format!(
            "#[test]\nfn {}() {{ differ({:?}, {:?}, &{:?}, r##\"{}\"##); }}\n\n",
            field(row),
            row.id,
            row.scenario.seed,
            row.scenario.set,
            row.scenario.requests
        )
    });
    format!("use super::differ;\n\n{tests}")
}
