//! The Rust of `fixtures/error-codes.toml`.

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::{Context as _, Result, ensure};
use bandwidth_fixtures::{BehaviourId, EvidenceKind};
use serde::Deserialize;

use super::source::{Code, pascal};

const SOURCE: &str = "fixtures/error-codes.toml";
pub(super) const TEXT: &str = include_str!("../../../fixtures/error-codes.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) code: Vec<Row>,
    pub(super) json: Vec<JsonRow>,
}

/// The rows of the file.
pub(super) fn read(text: &str) -> Result<File> {
    toml::from_str(text).context(SOURCE)
}

/// The type and the code that a status has in today's API.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JsonRow {
    pub(super) status: u16,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) code: u32,
    pub(super) source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) code: u32,
    pub(super) name: Option<String>,
    pub(super) meaning: String,
    pub(super) source: String,
    pub(super) status: Option<u16>,
    pub(super) status_evidence: Option<EvidenceKind>,
    rule: Option<String>,
    field: Option<String>,
    words: Option<String>,
    oauth: Option<String>,
    #[serde(default)]
    overrides: Vec<Override>,
    #[serde(default)]
    also: Vec<Also>,
}

/// Another error with the same code, and with the row's status unless it has its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Also {
    rule: String,
    status: Option<u16>,
    field: Option<String>,
    words: String,
    oauth: Option<String>,
    #[serde(default)]
    overrides: Vec<Override>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    with: String,
    words: Option<String>,
    status: Option<u16>,
    body: Option<bool>,
    becomes: Option<String>,
}

impl Override {
    fn code(&self) -> Result<String> {
        let (behaviour, option) = self
            .with
            .split_once('=')
            .context("with is BEHAVIOUR=OPTION")?;
        let id = BehaviourId::find(SOURCE, behaviour)?;
        ensure!(
            id.behaviour().option(option).is_some(),
            "{behaviour} has no option `{option}`"
        );
        let change = match (&self.words, self.status, self.body, &self.becomes) {
            (Some(words), None, None, None) => format!("Words({words:?})"),
            (None, Some(status), None, None) => format!("Status({status})"),
            (None, None, Some(false), None) => "NoBody".to_owned(),
            (None, None, None, Some(name)) => format!("Becomes(ApiError::{})", pascal(name)),
            _ => anyhow::bail!("one of words, status, body = false and becomes"),
        };
        Ok(format!(
            "Override {{ behaviour: BehaviourId::{}, option: {option:?}, change: Change::{change} }}",
            pascal(behaviour)
        ))
    }
}

/// The errors as Rust.
pub(super) fn files(text: &str) -> Result<[Code; 2]> {
    let File { code: rows, json } = read(text)?;
    let json = json.iter().map(|row| {
        format!(
            "JsonError {{ status: {}, kind: {:?}, code: {} }},",
            row.status, row.kind, row.code
        )
    });
    let json = json.collect::<Vec<_>>().concat();
    let mut codes = String::new();
    let mut errors = Errors::default();
    for (index, row) in rows.iter().enumerate() {
        let earlier = &rows[..index];
        let place = || format!("{SOURCE}, code {}", row.code);
        let twice = earlier.iter().any(|other| other.code == row.code);
        ensure!(!twice, "{}: the code has another row already", place());
        codes += &row.listed().with_context(place)?;
        let Some(name) = &row.name else { continue };
        let own = Also {
            rule: row.rule.as_ref().unwrap_or(name).clone(),
            status: None,
            field: row.field.clone(),
            words: row.words.clone().unwrap_or_default(),
            oauth: row.oauth.clone(),
            overrides: row.overrides.clone(),
        };
        for error in [&own].into_iter().chain(&row.also) {
            errors.add(row, error).with_context(place)?;
        }
    }
    let errors = format!(
        "mod codes;

        pub(super) use self::codes::CODES;
        use super::{{BehaviourId, Change, ErrorFacts, JsonError, NO_FACTS, Override}};

        errors! {{\n{}}}\n\n\
        pub(super) static JSON: &[JsonError] = &[{json}];",
        errors.rows
    );
    let codes = format!(
        "use crate::{{EvidenceKind, error_code::ErrorCode}};

        codes! {{\n{codes}}}"
    );
    Ok([
        ("fixtures/src/error_code/generated.rs", errors),
        ("fixtures/src/error_code/generated/codes.rs", codes),
    ]
    .map(|(path, code)| (path.to_owned(), SOURCE, code)))
}

impl Row {
    /// The row of the list of codes.
    fn listed(&self) -> Result<String> {
        let Self {
            code,
            meaning,
            source,
            ..
        } = self;
        let returned = match (&self.name, self.status, self.status_evidence) {
            (None, None, None) => String::new(),
            (Some(name), Some(status), Some(kind)) => {
                ensure!(!kind.is_of_an_account(), "{}", EvidenceKind::OF_AN_ACCOUNT);
                format!(" {name:?} {status} {kind:?}")
            }
            _ => anyhow::bail!("name, status and status_evidence come together or not at all"),
        };
        Ok(format!("    {code}{returned}: {meaning:?}, {source:?};\n"))
    }
}

#[derive(Default)]
struct Errors {
    rules: BTreeSet<String>,
    rows: String,
}

impl Errors {
    fn add(&mut self, code: &Row, error: &Also) -> Result<()> {
        let rule = &error.rule;
        ensure!(
            self.rules.insert(rule.clone()),
            "the rule `{rule}` has another row already"
        );
        let status = error
            .status
            .or(code.status)
            .context("an error needs a status")?;
        let overrides: Result<Vec<String>> = error.overrides.iter().map(Override::code).collect();
        let overrides = overrides?;
        let says = Some(&error.words).filter(|words| !words.is_empty());
        let says = says.unwrap_or(&code.meaning);
        write!(
            self.rows,
            "    /// {number}: `{says}`
    {variant} {rule:?}: code: {number}, status: {status}, words: {words:?}",
            number = code.code,
            variant = pascal(rule),
            words = error.words,
        )?;
        if error.field.is_some() {
            write!(self.rows, ", field: {:?}", error.field)?;
        }
        if error.oauth.is_some() {
            write!(self.rows, ", oauth: {:?}", error.oauth)?;
        }
        if !overrides.is_empty() {
            write!(
                self.rows,
                ", overrides: &[\n        {}]",
                overrides.join(",\n        ")
            )?;
        }
        self.rows += ";\n";
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{TEXT, files};

    #[test]
    fn mistakes_are_named() {
        for (from, to, expected) in [
            ("code = 12730", "code = 12729", "the code has another row"),
            (
                "rule = \"token_invalid\"",
                "rule = \"token_expired\"",
                "has another row already",
            ),
            ("name = \"password_reused\"\n", "", "come together"),
            (
                "errors.conflict=400",
                "errors.conflict=410",
                "no option `410`",
            ),
        ] {
            assert!(TEXT.contains(from), "{from}");
            let error = files(&TEXT.replacen(from, to, 1)).unwrap_err();
            let message = format!("{error:#}");
            assert!(message.contains(expected), "{message}");
        }
    }
}
