//! The measured sections of docs/benchmarks.md, between `<!-- bench: NAME -->` and `<!-- end -->`.

use std::fs;

use anyhow::{Context as _, Result};

use crate::workspace;

/// Replaces a section.
pub(super) fn write(name: &str, text: &str) -> Result<()> {
    let path = workspace::root().join("docs/benchmarks.md");
    let document = fs::read_to_string(&path)?;
    let replaced = replace(&document, name, text)
        .with_context(|| format!("{} has no section {name}", path.display()))?;
    Ok(fs::write(path, replaced)?)
}

fn replace(document: &str, name: &str, text: &str) -> Option<String> {
    let mark = format!("<!-- bench: {name} -->\n");
    let (before, rest) = document.split_once(&mark)?;
    let (_, after) = rest.split_once("<!-- end -->")?;
    let text = text.trim_end();
    Some(format!("{before}{mark}{text}\n<!-- end -->{after}"))
}

#[cfg(test)]
mod tests {
    use super::replace;

    #[test]
    fn one_section_is_replaced_and_the_rest_stays() {
        let document = "# A\n\n<!-- bench: one -->\nold\n<!-- end -->\n\n<!-- bench: two -->\nstays\n<!-- end -->\n";
        assert_eq!(
            replace(document, "one", "new\n").unwrap(),
            document.replace("old", "new")
        );
        assert_eq!(replace(document, "three", "new"), None);
    }
}
