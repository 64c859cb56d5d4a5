//! `cargo xtask gen`: writes files that are made from code and data. With `--check` it only lists
//! files that are out of date.

mod admin_api;
mod api;
mod behaviour_code;
mod behaviours;
mod cases;
mod clients;
mod command_line;
mod error_codes;
mod errors;
mod markdown;
mod operations;
mod source;
mod sources;

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use bandwidth_conformance::outcome::RunReport;
use bandwidth_fixtures::{NamedProfile, Seed};

use crate::workspace;

/// The folders in which every file is generated.
const FOLDERS: [&str; 5] = [
    "docs/reference",
    "docs/schema",
    "fixtures/src/error_code/generated",
    "fixtures/src/operation/generated",
    "fixtures/src/profile/generated",
];

/// Options of the generator.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail if a file is out of date
    #[arg(long)]
    check: bool,
}

/// The path of a generated file, from the root of the workspace, and its text.
type Generated = (String, String);

/// Rust files made from the tables of `fixtures`.
fn rust() -> Result<Vec<Generated>> {
    let files = behaviour_code::files()?.into_iter();
    let files = files
        .chain(errors::files(errors::TEXT)?)
        .chain(operations::files(operations::TEXT)?);
    files
        .map(|(path, source, code)| Ok((path, source::file(source, &code)?)))
        .collect()
}

/// Pages made from the compiled code and data.
fn pages() -> Result<Vec<Generated>> {
    let mut pages = vec![
        ("docs/reference/admin-api.md", admin_api::page()?),
        ("docs/reference/api.md", api::page()?),
        ("docs/reference/behaviours.md", behaviours::page()),
        ("docs/reference/cases.md", cases::page()),
        ("docs/reference/command-line.md", command_line::page()),
        ("docs/reference/error-codes.md", error_codes::page()?),
        (
            "docs/reference/openapi.json",
            admin_api::description("guide")?,
        ),
        (
            "docs/reference/openapi-published.json",
            admin_api::description("published")?,
        ),
        ("docs/schema/profile.json", NamedProfile::schema()),
        ("docs/schema/result.json", RunReport::schema()),
        ("docs/schema/seed.json", Seed::schema()),
        ("mock-server/src/admin/ui/sources.js", sources::script()?),
    ];
    pages.extend(clients::files()?);
    let owned = pages
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text));
    Ok(owned.collect())
}

/// Writes the files or checks them.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    let sources = rust()?;
    let stale_sources = changed(&root, &sources);
    if !options.check && !stale_sources.is_empty() {
        write(&root, &sources, &stale_sources)?;
        // The pages are made from what these compile to.
        let again = workspace::cargo()
            .args(["run", "--package", "xtask", "--", "gen"])
            .status()?;
        ensure!(again.success(), "the pages were not written");
        return Ok(());
    }
    let pages = pages()?;
    let mut stale = changed(&root, &pages);
    let known = || sources.iter().chain(&pages);
    let left_over = left_over(&root, known().map(|(path, _)| path.as_str()))?;
    let count = known().count();
    if options.check {
        stale.extend(stale_sources);
        stale.extend(left_over.iter().map(String::as_str));
        if stale.is_empty() {
            println!("gen: {count} files are as they would be written");
            return Ok(());
        }
        let list = stale.into_iter().collect::<Vec<_>>().join("\n  ");
        bail!(
            "out of date:\n  {list}\nrun `cargo xtask gen`, look at the difference, and commit it"
        );
    }
    write(&root, &pages, &stale)?;
    for path in left_over {
        fs::remove_file(root.join(&path)).with_context(|| format!("cannot remove {path}"))?;
        println!("removed {path}");
    }
    println!("gen: {count} files are up to date");
    Ok(())
}

fn write(root: &Path, files: &[Generated], stale: &BTreeSet<&str>) -> Result<()> {
    for (path, text) in files
        .iter()
        .filter(|(path, _)| stale.contains(path.as_str()))
    {
        let place = root.join(path);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&place, text).with_context(|| format!("cannot write {path}"))?;
        println!("wrote {path}");
    }
    Ok(())
}

/// The files that are missing, or not as they would be written.
fn changed<'f>(root: &Path, files: &'f [Generated]) -> BTreeSet<&'f str> {
    let is_current =
        |path: &str, text: &str| fs::read_to_string(root.join(path)).is_ok_and(|old| old == text);
    let stale = files.iter().filter(|(path, text)| !is_current(path, text));
    stale.map(|(path, _)| path.as_str()).collect()
}

/// The files that nothing writes.
fn left_over<'f>(root: &Path, written: impl Iterator<Item = &'f str>) -> Result<Vec<String>> {
    let written: BTreeSet<&str> = written.collect();
    let mut left_over = Vec::new();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries {
            let name = entry?.file_name();
            let path = format!("{folder}/{}", name.to_string_lossy());
            if !written.contains(path.as_str()) {
                left_over.push(path);
            }
        }
    }
    Ok(left_over)
}

#[cfg(test)]
mod tests {
    use super::{changed, left_over};

    #[test]
    fn a_different_missing_or_unknown_file_is_stale() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("docs/reference");
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in [("a.md", "a"), ("b.md", "old"), ("left.md", "")] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let files = [
            ("docs/reference/a.md", "a".to_owned()),
            ("docs/reference/b.md", "new".to_owned()),
            ("docs/schema/c.json", "c".to_owned()),
        ]
        .map(|(path, text)| (path.to_owned(), text));
        let stale: Vec<&str> = changed(root.path(), &files).into_iter().collect();
        assert_eq!(stale, ["docs/reference/b.md", "docs/schema/c.json"]);
        let written = files.iter().map(|(path, _)| path.as_str());
        let left_over = left_over(root.path(), written).unwrap();
        assert_eq!(left_over, ["docs/reference/left.md"]);
    }
}
