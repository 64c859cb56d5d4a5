//! A copy of the workspace as a fresh clone has it, for commands that write into it.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::workspace;

/// Where Cargo builds. The copy has its own: with the workspace's, Cargo would take what was built
/// from the one for the other's.
const TARGET: &str = "target";

/// A copy in a folder that stays the same, so that Cargo builds it once.
pub(super) struct Copy {
    from: PathBuf,
    to: PathBuf,
}

impl Copy {
    /// Of the workspace at `root`.
    pub(super) fn of(root: &Path) -> Result<Self> {
        let to = root.join(TARGET).join("docs/clone");
        fs::create_dir_all(&to).with_context(|| format!("cannot make {}", to.display()))?;
        let from = root.to_owned();
        Ok(Self { from, to })
    }

    /// Where it is.
    pub(super) fn root(&self) -> &Path {
        &self.to
    }

    /// Makes it what a fresh clone would be: everything that a command left there goes.
    pub(super) fn refresh(&self) -> Result<()> {
        let files = workspace::files(&self.from)?;
        remove_others(&self.to, "", &files)
            .with_context(|| format!("cannot tidy {}", self.to.display()))?;
        for path in &files {
            let (from, to) = (self.from.join(path), self.to.join(path));
            // What is the same keeps its time, by which Cargo tells what to build.
            let text = fs::read(&from).with_context(|| format!("cannot read {path}"))?;
            if fs::read(&to).is_ok_and(|copied| copied == text) {
                continue;
            }
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::copy(&from, &to).with_context(|| format!("cannot copy {path}"))?;
        }
        Ok(())
    }
}

/// Removes what is not among the files from a folder, whose path from the root is `prefix`.
fn remove_others(folder: &Path, prefix: &str, files: &BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if path == TARGET {
            continue;
        }
        if entry.file_type()?.is_dir() {
            let within = format!("{path}/");
            if files.iter().any(|file| file.starts_with(&within)) {
                remove_others(&entry.path(), &within, files)?;
            } else {
                fs::remove_dir_all(entry.path())?;
            }
        } else if !files.contains(&path) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::Copy;

    #[test]
    fn what_a_command_leaves_is_gone_after_a_refresh() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir_all(root.join("docs")).unwrap();
        fs::write(root.join("README.md"), "one").unwrap();
        fs::write(root.join("docs/a.md"), "a").unwrap();
        fs::write(root.join(".gitignore"), "/target\n*.ledger\n").unwrap();
        fs::write(root.join("x.ledger"), "ignored").unwrap();
        let made = Command::new("git")
            .args(["init", "--quiet"])
            .current_dir(root)
            .status();
        assert!(made.unwrap().success());

        let copy = Copy::of(root).unwrap();
        copy.refresh().unwrap();
        let at = |path: &str| copy.root().join(path);
        assert_eq!(fs::read_to_string(at("docs/a.md")).unwrap(), "a");
        assert!(!at("x.ledger").exists());

        fs::create_dir_all(at("target/debug")).unwrap();
        fs::write(at("README.md"), "changed").unwrap();
        fs::write(at("docs/report.html"), "").unwrap();
        fs::create_dir_all(at("left/behind")).unwrap();
        copy.refresh().unwrap();
        assert_eq!(fs::read_to_string(at("README.md")).unwrap(), "one");
        assert!(!at("docs/report.html").exists() && !at("left").exists());
        assert!(at("target/debug").exists(), "what was built stays");
    }
}
