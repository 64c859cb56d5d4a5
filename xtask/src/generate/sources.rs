//! The short names of `docs/sources.md`, for the inspector: it explains and links them.

use std::{collections::BTreeMap, fs};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use crate::workspace;

const TABLE: &str = "docs/sources.md";

/// A document that evidence cites.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Source {
    /// Name of the document, without markup.
    document: String,
    date: String,
    /// Address without `https://`: the files of the inspector name no other server.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

/// The module with the sources by their short names.
pub(super) fn script() -> Result<String> {
    let text = fs::read_to_string(workspace::root().join(TABLE))
        .with_context(|| format!("cannot read {TABLE}"))?;
    let sources: BTreeMap<&str, Source> = text.lines().filter_map(row).collect();
    ensure!(
        !sources.is_empty(),
        "{TABLE} has no table of sources with the columns name, document, version, date"
    );
    let sources = serde_json::to_string_pretty(&sources)?;
    Ok(format!(
        "// Written by `cargo xtask gen` from {TABLE}. Edit that file instead.\n\
         export const SOURCES = {sources};\n"
    ))
}

/// A row of the table, whose first cell is a short name in capitals.
fn row(line: &str) -> Option<(&str, Source)> {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let [_, name, document, _, date, ..] = cells[..] else {
        return None;
    };
    let is_short = |name: &str| {
        let mut characters = name.chars();
        characters.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    (!name.is_empty() && is_short(name)).then(|| {
        let source = Source {
            document: without_markup(document),
            date: date.to_owned(),
            address: address(document),
        };
        (name, source)
    })
}

/// Text without the marks of code and links.
fn without_markup(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        plain.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain.replace(['[', '`'], "")
}

/// The first link, else the page or the repository that the text begins with.
fn address(document: &str) -> Option<String> {
    if let Some((_, link)) = document.split_once("](https://") {
        return link.split_once(')').map(|(link, _)| link.to_owned());
    }
    let first = document.split([' ', ',']).next()?;
    match first.split_once('/')? {
        (host, _) if host.contains('.') => Some(first.to_owned()),
        ("Bandwidth", _) => Some(format!("github.com/{first}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::row;

    #[test]
    fn a_row_gives_document_date_and_address() {
        let address =
            |line| row(line).map(|(name, source)| (name, source.document, source.address));
        let linked =
            "| BAND | [Bandwidth/cli](https://github.com/Bandwidth/cli), `band` | c | 2026 | x |";
        for (line, expected) in [
            (
                linked,
                Some((
                    "BAND",
                    "Bandwidth/cli, band",
                    Some("github.com/Bandwidth/cli"),
                )),
            ),
            (
                "| UM | dev.bandwidth.com/docs/users | current | undated | x |",
                Some((
                    "UM",
                    "dev.bandwidth.com/docs/users",
                    Some("dev.bandwidth.com/docs/users"),
                )),
            ),
            (
                "| V2 | Bandwidth/api-docs, `v2.yml` | c | 2023 | x |",
                Some((
                    "V2",
                    "Bandwidth/api-docs, v2.yml",
                    Some("github.com/Bandwidth/api-docs"),
                )),
            ),
            (
                "| GUIDE | a guide/manual of others | c | 2026 | x |",
                Some(("GUIDE", "a guide/manual of others", None)),
            ),
            ("| name | document | version | date | used for |", None),
            ("|---|---|---|---|---|", None),
        ] {
            let expected = expected.map(|(name, document, address)| {
                (name, document.to_owned(), address.map(str::to_owned))
            });
            assert_eq!(address(line), expected, "{line}");
        }
    }
}
