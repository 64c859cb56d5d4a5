//! `cargo xtask gen`: writes what is made from code and data, so that nobody keeps it by hand; with
//! `--check` it only says what is out of date.

mod admin_api;
mod api;
mod behaviours;
mod cases;
mod command_line;
mod error_codes;
mod errors;
mod markdown;
mod operations;
mod source;

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result, bail};
use bandwidth_conformance::outcome::RunReport;
use bandwidth_fixtures::{NamedProfile, Seed};

use crate::workspace;

/// The folders in which every file is one of [`files`].
const FOLDERS: [&str; 2] = ["docs/reference", "docs/schema"];

/// What to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a file is not as it would be written
    #[arg(long)]
    check: bool,
}

/// A generated file.
struct Generated {
    /// From the root of the workspace.
    path: &'static str,
    text: String,
}

fn files() -> Result<Vec<Generated>> {
    let pages = [
        ("docs/reference/admin-api.md", admin_api::page()?),
        ("docs/reference/api.md", api::page()?),
        ("docs/reference/behaviours.md", behaviours::page()),
        ("docs/reference/cases.md", cases::page()),
        ("docs/reference/command-line.md", command_line::page()),
        ("docs/reference/error-codes.md", error_codes::page()?),
        (
            "fixtures/src/error_code/generated.rs",
            errors::code(errors::TEXT)?,
        ),
        (
            "fixtures/src/operation/generated.rs",
            operations::code(operations::TEXT)?,
        ),
        ("docs/schema/profile.json", NamedProfile::schema()),
        ("docs/schema/result.json", RunReport::schema()),
        ("docs/schema/seed.json", Seed::schema()),
    ];
    let generated = |(path, text)| Generated { path, text };
    Ok(pages.into_iter().map(generated).collect())
}

/// Writes the files or checks them.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    let files = files()?;
    let stale = stale(&root, &files)?;
    if options.check {
        if stale.is_empty() {
            println!("gen: {} files are as they would be written", files.len());
            return Ok(());
        }
        let list = stale.into_iter().collect::<Vec<_>>().join("\n  ");
        bail!(
            "out of date:\n  {list}\nrun `cargo xtask gen`, look at the difference, and commit it"
        );
    }
    for file in &files {
        let path = root.join(file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, &file.text).with_context(|| format!("cannot write {}", file.path))?;
    }
    for path in stale {
        if files.iter().all(|file| file.path != path) {
            fs::remove_file(root.join(&path)).with_context(|| format!("cannot remove {path}"))?;
            println!("removed {path}");
        } else {
            println!("wrote {path}");
        }
    }
    println!("gen: {} files are up to date", files.len());
    Ok(())
}

/// The files that are missing, or not as they would be written, or that nothing writes.
fn stale(root: &Path, files: &[Generated]) -> Result<BTreeSet<String>> {
    let mut stale = BTreeSet::new();
    for file in files {
        let found = fs::read_to_string(root.join(file.path)).unwrap_or_default();
        if found != file.text {
            stale.insert(file.path.to_owned());
        }
    }
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries {
            let name = entry?.file_name();
            let path = format!("{folder}/{}", name.to_string_lossy());
            if files.iter().all(|file| file.path != path) {
                stale.insert(path);
            }
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::{Generated, stale};

    #[test]
    fn what_differs_is_missing_or_is_nobodys_is_stale() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("docs/reference");
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in [("a.md", "a"), ("b.md", "old"), ("left.md", "")] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let file = |path, text: &str| Generated {
            path,
            text: text.to_owned(),
        };
        let files = [
            file("docs/reference/a.md", "a"),
            file("docs/reference/b.md", "new"),
            file("docs/schema/c.json", "c"),
        ];
        let stale: Vec<String> = stale(root.path(), &files).unwrap().into_iter().collect();
        assert_eq!(
            stale,
            [
                "docs/reference/b.md",
                "docs/reference/left.md",
                "docs/schema/c.json"
            ]
        );
    }
}
