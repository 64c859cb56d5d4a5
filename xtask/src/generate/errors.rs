//! `fixtures/src/error_code/generated.rs`: the errors of `fixtures/error-codes.toml`.

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::{Context as _, Result, ensure};
use bandwidth_fixtures::{BehaviourId, EvidenceKind};
use serde::Deserialize;

use super::source::{self, pascal};

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
pub(super) fn code(text: &str) -> Result<String> {
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
        let [status, evidence] = [row.status.is_some(), row.status_evidence.is_some()];
        ensure!(
            [status, evidence] == [row.name.is_some(); 2],
            "{}: name, status and status_evidence come together or not at all",
            place()
        );
        ensure!(
            !row.status_evidence
                .is_some_and(EvidenceKind::is_of_an_account),
            "{}: {}",
            place(),
            EvidenceKind::OF_AN_ACCOUNT
        );
        let evidence = row
            .status_evidence
            .map(|kind| format!("EvidenceKind::{kind:?}"));
        writeln!(
            codes,
            "ErrorCode {{ code: {}, name: {:?}, meaning: {:?}, source: {:?}, status: {:?}, \
             status_evidence: {} }},",
            row.code,
            row.name,
            row.meaning,
            row.source,
            row.status,
            evidence.map_or_else(|| "None".to_owned(), |kind| format!("Some({kind})"))
        )?;
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
    let Errors {
        variants, facts, ..
    } = errors;
    source::file(
        SOURCE,
        &format!(
            "use super::{{Change, ErrorCode, ErrorFacts, JsonError, Override}};\nuse crate::{{BehaviourId, EvidenceKind}};\n\n\
             /// Why a request is rejected.\n\
             #[derive(Debug, Clone, Copy, PartialEq, Eq)]\n\
             pub enum ApiError {{ {variants} }}\n\n\
             impl ApiError {{\n\
             /// Its rule, code, status and words.\n\
             pub fn facts(self) -> &'static ErrorFacts {{ &FACTS[self as usize] }}\n\
             }}\n\n\
             static FACTS: &[ErrorFacts] = &[{facts}];\n\n\
             pub(super) static CODES: &[ErrorCode] = &[{codes}];\n\n\
             pub(super) static JSON: &[JsonError] = &[{json}];\n"
        ),
    )
}

#[derive(Default)]
struct Errors {
    rules: BTreeSet<String>,
    variants: String,
    facts: String,
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
        let says = Some(&error.words).filter(|words| !words.is_empty());
        let says = says.unwrap_or(&code.meaning);
        writeln!(
            self.variants,
            "/// {}: `{says}`\n{},",
            code.code,
            pascal(rule)
        )?;
        writeln!(
            self.facts,
            "ErrorFacts {{ rule: {rule:?}, field: {:?}, words: {:?}, code: {}, status: {status}, \
             oauth: {:?}, overrides: &[{}] }},",
            error.field,
            error.words,
            code.code,
            error.oauth,
            overrides?.join(", ")
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{TEXT, code};

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
            let error = code(&TEXT.replacen(from, to, 1)).unwrap_err();
            let message = format!("{error:#}");
            assert!(message.contains(expected), "{message}");
        }
    }
}
