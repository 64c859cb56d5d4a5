//! The licences of everything that is linked into the programs, as text.
//!
//! Cargo lists the crates; the texts are in the crates' sources. A text that several crates share
//! appears once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::target::Target;
use crate::workspace;

/// Beginnings of the names of files with a licence, in lower case.
const LICENCE_FILES: [&str; 6] = [
    "licen",
    "copying",
    "copyright",
    "notice",
    "unlicense",
    "patents",
];

/// A folder with a licence in every file.
const LICENCE_FOLDER: &str = "licenses";

/// Folders of sources whose licence is not their crate's.
const BORROWED: [&str; 3] = ["third_party", "third-party", "vendor"];

const MUSL: &str =
    "musl is linked statically. It is Copyright (c) 2005-2020 Rich Felker, et al., under the MIT
licence below; https://git.musl-libc.org/cgit/musl/tree/COPYRIGHT has the names of all who wrote it.
";

const STANDARD: &str = "Rust's standard library is Copyright (c) The Rust Project Contributors, under MIT or Apache-2.0
at your option; https://github.com/rust-lang/rust/blob/HEAD/COPYRIGHT has what it is made of.
";

/// The permission of the MIT licence, for musl and for crates that name it and do not bring its text.
const MIT: &str = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the \"Software\"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
";

/// A crate that is linked.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) licence: String,
    pub(super) source: String,
    texts: Vec<String>,
}

impl fmt::Display for Crate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// All that these packages link.
pub(super) fn crates(packages: &[&str], target: &Target) -> Result<BTreeSet<Crate>> {
    let linked = linked(packages, target)?;
    let crates = described(target)?
        .into_iter()
        .filter(|(name, _)| linked.contains(name))
        .map(|(name, package)| read(&name, &package))
        .collect::<Result<BTreeSet<Crate>>>()?;
    ensure!(
        crates.len() == linked.len(),
        "cargo metadata does not describe all that cargo tree names"
    );
    Ok(crates)
}

/// The names and versions of the crates, without those of this workspace.
fn linked(packages: &[&str], target: &Target) -> Result<BTreeSet<String>> {
    let mut arguments = vec!["tree", "--locked", "--edges", "normal", "--prefix", "none"];
    arguments.extend(["--format", "{p}", "--target", target.triple()]);
    for package in packages {
        arguments.extend(["--package", package]);
    }
    let tree = workspace::output(workspace::cargo().args(arguments))?;
    Ok(tree.lines().filter_map(linked_name).collect())
}

/// `serde v1.0.229 (*)` is `serde 1.0.229`; a package with a path is of this workspace.
fn linked_name(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    let of_a_registry = words.all(|word| ["(*)", "(proc-macro)"].contains(&word));
    of_a_registry.then(|| format!("{name} {version}"))
}

/// Cargo's metadata of every crate for the target, by name and version.
fn described(target: &Target) -> Result<BTreeMap<String, Value>> {
    let mut cargo = workspace::cargo();
    cargo.args(["metadata", "--locked", "--format-version", "1"]);
    cargo.args(["--filter-platform", target.triple()]);
    let metadata: Value = serde_json::from_str(&workspace::output(&mut cargo)?)?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata has no packages")?;
    let named = packages.iter().map(|package| {
        let part = |key: &str| package[key].as_str().unwrap_or_default();
        (
            format!("{} {}", part("name"), part("version")),
            package.clone(),
        )
    });
    Ok(named.collect())
}

fn read(name: &str, package: &Value) -> Result<Crate> {
    let part = |key: &str| package[key].as_str().unwrap_or_default();
    let manifest = PathBuf::from(part("manifest_path"));
    let folder = manifest
        .parent()
        .with_context(|| format!("{name} has no folder"))?;
    let paths =
        licence_files(folder).with_context(|| format!("cannot look into the sources of {name}"))?;
    let mut texts = Vec::new();
    for path in paths {
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        texts.push(tidy(&String::from_utf8_lossy(&bytes)));
    }
    let licence = part("license").to_owned();
    if texts.is_empty() {
        let authors: Vec<&str> = package["authors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        texts.push(without_a_text(name, &licence, &authors)?);
    }
    let source = [part("repository"), part("homepage")]
        .into_iter()
        .find(|link| !link.is_empty());
    Ok(Crate {
        source: source.unwrap_or("https://crates.io").to_owned(),
        name: part("name").to_owned(),
        version: part("version").to_owned(),
        licence,
        texts,
    })
}

/// The files with the licences of a crate, and of what it borrowed.
fn licence_files(root: &Path) -> Result<Vec<PathBuf>> {
    let lower = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().to_lowercase()
    };
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let all_are = lower(&folder) == LICENCE_FOLDER;
        for found in fs::read_dir(&folder)? {
            let path = found?.path();
            let name = lower(&path);
            if path.is_dir() {
                if folder != root || name == LICENCE_FOLDER || BORROWED.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if all_are || is_licence(&name) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// True if a file has a licence, by its name in lower case. `license.rs` is code.
fn is_licence(name: &str) -> bool {
    let code = name.rsplit('.').next() == Some("rs");
    LICENCE_FILES.iter().any(|start| name.starts_with(start)) && !code
}

/// Without line ends and spaces that differ for no reason.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned() + "\n"
}

/// Text for a crate that does not include its licence.
fn without_a_text(name: &str, licence: &str, authors: &[&str]) -> Result<String> {
    let names: Vec<&str> = licence.split([' ', '/', '(', ')']).collect();
    if names.contains(&"MIT") {
        let authors = if authors.is_empty() {
            format!("the authors of {name}")
        } else {
            authors.join(", ")
        };
        return Ok(format!("Copyright (c) {authors}\n\n{MIT}"));
    }
    bail!(
        "{name} brings no text of its licence, `{licence}`; say in xtask/src/dist/third_party.rs what to write"
    );
}

/// The file about them.
pub(super) fn text(crates: &BTreeSet<Crate>, musl: bool) -> String {
    let mut text = "What is linked into bandwidth-mock and bandwidth-conformance, and under which licence.\n\n".to_owned();
    text += STANDARD;
    if musl {
        text += MUSL;
    }
    text += "\nCrates, each with its licence and where its source is:\n\n";
    for one in crates {
        let _ = writeln!(text, "  {one}  {}  {}", one.licence, one.source);
    }
    let mut users: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in crates {
        for licence in &one.texts {
            users.entry(licence).or_default().push(one.to_string());
        }
    }
    for (licence, names) in users {
        section(&mut text, &names.join(", "), licence);
    }
    if musl {
        section(&mut text, "musl", MIT);
    }
    text
}

fn section(text: &mut String, names: &str, licence: &str) {
    let line = "=".repeat(80);
    let _ = write!(text, "\n{line}\nOf {names}:\n{line}\n\n{licence}");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Crate, licence_files, linked_name, text, tidy, without_a_text};

    #[test]
    fn licences_are_found_where_crates_have_them() {
        let root = tempfile::tempdir().unwrap();
        for path in [
            "LICENSE-MIT",
            "COPYING.txt",
            "LICENSES/ISC.txt",
            "third_party/x/LICENSE",
            "src/LICENSE",
            "license.rs",
            "README.md",
        ] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found: Vec<String> = licence_files(root.path())
            .unwrap()
            .iter()
            .map(|path| {
                path.strip_prefix(root.path())
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect();
        let expected = [
            "COPYING.txt",
            "LICENSE-MIT",
            "LICENSES/ISC.txt",
            "third_party/x/LICENSE",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn crates_are_named_and_packages_of_the_workspace_are_not() {
        for (line, expected) in [
            ("serde v1.0.229", Some("serde 1.0.229")),
            ("serde v1.0.229 (*)", Some("serde 1.0.229")),
            (
                "clap_derive v4.6.9 (proc-macro) (*)",
                Some("clap_derive 4.6.9"),
            ),
            ("bandwidth-mock v0.1.0 (/a/mock-server)", None),
            ("", None),
        ] {
            assert_eq!(linked_name(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn a_text_that_two_crates_share_appears_once() {
        let one = |name: &str, text: &str| Crate {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            source: "https://example.com".to_owned(),
            texts: vec![tidy(text)],
        };
        let crates = BTreeSet::from([
            one("a", "\r\nCopyright (c) A \r\n"),
            one("b", "Copyright (c) A\n\n"),
            one("c", "Copyright (c) C\n"),
        ]);
        let shown = text(&crates, true);
        assert_eq!(shown.matches("\nCopyright (c) A\n").count(), 1);
        assert!(shown.contains("Of a 1.0.0, b 1.0.0:\n"), "{shown}");
        assert!(shown.contains("musl is linked statically"));
        assert!(shown.contains("Of musl:\n"));
        assert!(!text(&crates, false).contains("musl"));
    }

    #[test]
    fn a_crate_without_a_text_gets_the_one_that_it_names_or_stops_the_build() {
        let text = without_a_text("a 1.0.0", "Apache-2.0/MIT", &["Ann"]).unwrap();
        assert!(
            text.starts_with("Copyright (c) Ann\n\nPermission"),
            "{text}"
        );
        let error = without_a_text("a 1.0.0", "ISC", &[])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("a 1.0.0 brings no text of its licence, `ISC`"),
            "{error}"
        );
    }
}
