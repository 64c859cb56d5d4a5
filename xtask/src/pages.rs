//! The Markdown files of the project.

pub(crate) mod links;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, Result};

/// The texts of the Markdown files among `files`, by their paths from `root`.
pub(crate) fn read(root: &Path, files: &BTreeSet<String>) -> Result<BTreeMap<String, String>> {
    let mut pages = BTreeMap::new();
    for path in files.iter().filter(|path| is_markdown(path)) {
        let text = fs::read_to_string(root.join(path));
        let text = text.with_context(|| format!("cannot read {path}"))?;
        pages.insert(path.clone(), text);
    }
    Ok(pages)
}

pub(crate) fn is_markdown(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "md")
}
