//! A tar archive that depends on nothing but its files.

use std::{fs, io::Write as _, path::Path};

use anyhow::{Context as _, Result};
use flate2::{Compression, GzBuilder};

/// The default time of files in an archive: the day that Cargo gives the files of a package.
const MODIFIED: u64 = 1_153_704_088;

/// A file of an archive. Entries are sorted by their paths.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    path: String,
    bytes: Vec<u8>,
    mode: u32,
}

impl Entry {
    pub(super) fn file(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let (path, bytes) = (path.into(), bytes.into());
        Self {
            path,
            bytes,
            mode: 0o644,
        }
    }

    /// A file that can be run.
    pub(super) fn program(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            mode: 0o755,
            ..Self::file(path, bytes)
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Writes it into a folder.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(&self.path);
        let cannot = || format!("cannot write {}", path.display());
        fs::write(&path, &self.bytes).with_context(cannot)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(self.mode))
                .with_context(cannot)?;
        }
        Ok(())
    }
}

/// The time that files are given: `SOURCE_DATE_EPOCH`, where it is set.
pub(super) fn modified() -> Result<u64> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text
            .parse()
            .with_context(|| format!("SOURCE_DATE_EPOCH is `{text}`, not a number of seconds")),
        Err(_) => Ok(MODIFIED),
    }
}

/// The archive's bytes, with the entries in a folder of that name.
pub(super) fn pack(folder: &str, entries: &[Entry], modified: u64) -> Result<Vec<u8>> {
    // Neither a name nor a time of its own, and no word about the system.
    let gzip = GzBuilder::new().mtime(0).operating_system(255);
    let mut tar = tar::Builder::new(gzip.write(Vec::new(), Compression::default()));
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(entry.bytes.len() as u64);
        header.set_mode(entry.mode);
        header.set_mtime(modified);
        header.set_uid(0);
        header.set_gid(0);
        header.set_username("root")?;
        header.set_groupname("root")?;
        let path = format!("{folder}/{}", entry.path);
        tar.append_data(&mut header, path, entry.bytes.as_slice())?;
    }
    let mut gzip = tar.into_inner()?;
    gzip.flush()?;
    Ok(gzip.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::{Entry, pack};

    #[test]
    fn the_same_files_give_the_same_archive_and_nothing_of_this_machine_is_in_it() {
        let entries = [Entry::program("a", "one"), Entry::file("b/c", "two")];
        let packed = pack("name", &entries, 4711).unwrap();
        assert_eq!(packed, pack("name", &entries, 4711).unwrap());

        let mut seen = Vec::new();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.mtime().unwrap()), (0, 4711));
            let path = entry.path().unwrap().display().to_string();
            seen.push((path, header.mode().unwrap(), text));
        }
        let expected = [("name/a", 0o755, "one"), ("name/b/c", 0o644, "two")];
        assert_eq!(
            seen,
            expected.map(|(path, mode, text)| (path.into(), mode, text.into()))
        );
    }
}
