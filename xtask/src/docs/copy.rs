//! A copy of the workspace as a fresh clone has it, for commands that write into it.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::workspace;

/// Cargo's target folder. The copy has its own: with a shared one, Cargo would confuse the builds
/// of the two.
const TARGET: &str = "target";

/// Folders of a development build, and whether Cargo replaces their files. It changes the others in
/// place.
const BUILT: [(&str, bool); 3] = [("deps", true), ("build", false), (".fingerprint", false)];

/// Prefix of the files of this package. It has the path of its workspace compiled in, so the copy
/// builds its own.
const OWN: &str = concat!(env!("CARGO_PKG_NAME"), "-");

/// A copy in a folder that stays the same, so that Cargo builds it once.
pub(super) struct Copy {
    from: PathBuf,
    to: PathBuf,
}

impl Copy {
    /// Of the workspace at `root`.
    pub(super) fn of(root: &Path) -> Result<Self> {
        let to = root.join(TARGET).join("docs/clone");
        let made = fs::create_dir_all(&to).and_then(|()| take_built(root, &to));
        made.with_context(|| format!("cannot make {}", to.display()))?;
        let from = root.to_owned();
        Ok(Self { from, to })
    }

    pub(super) fn root(&self) -> &Path {
        &self.to
    }

    /// Restores the state of a fresh clone: removes all files that a command left there.
    pub(super) fn refresh(&self) -> Result<()> {
        let files = workspace::files(&self.from)?;
        remove_others(&self.to, "", &files)
            .with_context(|| format!("cannot tidy {}", self.to.display()))?;
        for path in &files {
            let (from, to) = (self.from.join(path), self.to.join(path));
            // By the times Cargo decides what to build. An equal file keeps its time, and a new one gets
            // that of the workspace's; a changed one is newer than what was built.
            let text = fs::read(&from).with_context(|| format!("cannot read {path}"))?;
            let copied = fs::read(&to);
            if copied.as_ref().is_ok_and(|copied| *copied == text) {
                continue;
            }
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            if copied.is_ok() {
                fs::copy(&from, &to).map(drop)
            } else {
                with_time(&from, &to)
            }
            .with_context(|| format!("cannot copy {path}"))?;
        }
        Ok(())
    }
}

/// Gives a new copy what is built in the workspace. The files of both are the same, with the same
/// times, so Cargo builds only what is missing.
fn take_built(root: &Path, copy: &Path) -> io::Result<()> {
    let of = |root: &Path| root.join(TARGET).join("debug");
    if of(copy).exists() || !of(root).exists() {
        return Ok(());
    }
    for (folder, replaced) in BUILT {
        take_folder(&of(root).join(folder), &of(copy).join(folder), replaced)?;
    }
    Ok(())
}

/// Links the files of a folder if Cargo replaces them, and copies them otherwise.
fn take_folder(from: &Path, to: &Path, replaced: bool) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(OWN) {
            continue;
        }
        let (from, to) = (entry.path(), to.join(name));
        if entry.file_type()?.is_dir() {
            take_folder(&from, &to, replaced)?;
        } else if replaced {
            fs::hard_link(from, to)?;
        } else {
            with_time(&from, &to)?;
        }
    }
    Ok(())
}

/// Copies a file, and its time with it.
fn with_time(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    fs::File::open(to)?.set_modified(fs::metadata(from)?.modified()?)
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
    use std::{
        fs::{self, File},
        path::Path,
        process::Command,
        time::{SystemTime, UNIX_EPOCH},
    };

    use tempfile::TempDir;

    use super::Copy;

    /// A workspace with two documents, and a file that git ignores.
    fn workspace() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
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
        folder
    }

    fn modified(path: &Path) -> SystemTime {
        path.metadata().unwrap().modified().unwrap()
    }

    #[test]
    fn what_a_command_leaves_is_gone_after_a_refresh() {
        let workspace = workspace();
        let root = workspace.path();
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

    #[test]
    fn a_new_copy_has_what_the_workspace_built() {
        let workspace = workspace();
        let root = workspace.path();
        let built = [
            "deps/libserde.rlib",
            "build/ring/output",
            ".fingerprint/serde/lib",
        ];
        for path in built
            .into_iter()
            .chain(["deps/xtask-1", ".fingerprint/xtask-1/bin"])
        {
            let path = root.join("target/debug").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "built").unwrap();
            File::open(path).unwrap().set_modified(UNIX_EPOCH).unwrap();
        }
        let readme = File::open(root.join("README.md")).unwrap();
        readme.set_modified(UNIX_EPOCH).unwrap();

        let copy = Copy::of(root).unwrap();
        copy.refresh().unwrap();
        let readme = copy.root().join("README.md");
        assert_eq!(modified(&readme), UNIX_EPOCH);
        let debug = copy.root().join("target/debug");
        for path in built {
            assert_eq!(modified(&debug.join(path)), UNIX_EPOCH);
        }
        assert!(
            !debug.join("deps/xtask-1").exists() && !debug.join(".fingerprint/xtask-1").exists()
        );
        // What Cargo writes in place stays as it is in the workspace.
        fs::write(debug.join("build/ring/output"), "other").unwrap();
        let original = fs::read_to_string(root.join("target/debug/build/ring/output"));
        assert_eq!(original.unwrap(), "built");

        fs::write(&readme, "changed").unwrap();
        copy.refresh().unwrap();
        assert!(modified(&readme) > UNIX_EPOCH, "newer than what was built");
    }
}
