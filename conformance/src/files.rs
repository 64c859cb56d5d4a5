//! Writes the files of this program. A file appears whole: it is written beside its place and then
//! moved there. A symbolic link is followed. A device or an open descriptor is written to and never
//! replaced.

use std::{
    env, fs,
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use bandwidth_fixtures::describe;
use tempfile::{Builder, NamedTempFile};

/// Folders whose files are what a process has open.
const DESCRIPTORS: [&str; 2] = ["/dev", "/proc"];
/// More links than this are taken for a loop.
const MOST_LINKS: usize = 40;

/// The readers of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone (mode 0600), also if others could read the file before: it holds data of an
    /// account.
    Owner,
    /// Those who could read the file before; of a new file, whom the umask permits.
    Usual,
}

/// Writes all of a file, or leaves what was there.
pub fn write(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let Some(path) = replaceable(path) else {
        let mut stream = OpenOptions::new().append(true).open(path)?;
        return stream.write_all(text.as_bytes());
    };
    let mut beside = beside(&path, readers)?;
    beside.write_all(text.as_bytes())?;
    if let (Readers::Usual, Ok(there)) = (readers, fs::metadata(&path)) {
        beside.as_file().set_permissions(there.permissions())?;
    }
    beside.persist(&path)?;
    Ok(())
}

/// The file that a write to `path` replaces, with no link left in its path; `None` for a device, a
/// pipe or an open descriptor, which is written to.
pub fn replaceable(path: &Path) -> Option<PathBuf> {
    if let Ok(there) = fs::metadata(path) {
        // Standard output that was redirected to a file must stay that file.
        let open = DESCRIPTORS.iter().any(|folder| path.starts_with(folder));
        if open || !(there.is_file() || there.is_dir()) {
            return None;
        }
    }
    Some(resolved(path))
}

/// Says what keeps a file from being written to `path`.
pub fn check(path: &Path) -> Result<(), String> {
    // To open a pipe would wait for its reader, and to close it would send the reader away.
    let Some(path) = replaceable(path) else {
        return Ok(());
    };
    if path.is_dir() {
        return Err("is a folder; name a file in it".to_owned());
    }
    if !folder_of(&path).is_dir() {
        return Err("the folder does not exist; create it first".to_owned());
    }
    let tried = beside(&path, Readers::Owner);
    tried.map(drop).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::PermissionDenied => "it is not permitted".to_owned(),
            _ => describe::io(&error),
        };
        format!("nothing can be written in its folder: {why}")
    })
}

/// A new file in the folder of `path`.
#[cfg_attr(
    not(unix),
    expect(
        unused_variables,
        reason = "Windows inherits who may read from the folder"
    )
)]
fn beside(path: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    let mut builder = Builder::new();
    builder.prefix(&name).suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(
        match readers {
            Readers::Owner => 0o600,
            Readers::Usual => 0o666,
        },
    ));
    // The path of the error is of no use to the reader.
    let made = builder.tempfile_in(folder_of(path));
    made.map_err(|error| {
        error
            .raw_os_error()
            .map_or(error, io::Error::from_raw_os_error)
    })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// `path` without links, also if its last part does not exist yet.
fn resolved(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(link) = fs::read_link(&path) else {
            break;
        };
        path = folder_of(&path).join(link);
    }
    let Some(name) = path.file_name() else {
        return path;
    };
    match fs::canonicalize(folder_of(&path)) {
        Ok(folder) => folder.join(name),
        Err(_) => env::current_dir().map_or_else(|_| path.clone(), |here| here.join(&path)),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{
        fs,
        os::fd::AsRawFd as _,
        os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink},
        path::Path,
    };

    use super::{Readers, check, replaceable, write};

    #[test]
    fn a_link_stays_one_and_its_file_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        fs::write(at("sub/there"), "old").unwrap();
        fs::set_permissions(at("sub/there"), fs::Permissions::from_mode(0o640)).unwrap();
        symlink("sub/there", at("link")).unwrap();
        symlink("link", at("second")).unwrap();
        symlink("sub/not-yet", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        fs::write(at("sub/there.part"), "precious").unwrap();
        for (link, file) in [("second", "sub/there"), ("dangling", "sub/not-yet")] {
            assert_eq!(replaceable(&at(link)), replaceable(&at(file)));
            check(&at(link)).unwrap();
            write(&at(link), "new", Readers::Usual).unwrap();
            assert!(at(link).is_symlink());
            assert_eq!(fs::read_to_string(at(file)).unwrap(), "new");
        }
        let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("sub/there"), 0o640);
        write(&at("sub/there"), "private", Readers::Owner).unwrap();
        assert_eq!(mode("sub/there"), 0o600);
        assert!(check(&at("no/such/folder")).is_err());
        assert_eq!(
            fs::read_to_string(at("sub/there.part")).unwrap(),
            "precious"
        );
        let mut left: Vec<_> = fs::read_dir(at("sub"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["not-yet", "there", "there.part"]);
        assert_ne!(replaceable(&at("loop")), replaceable(&at("sub/there")));
    }

    #[test]
    fn a_device_or_a_descriptor_is_written_to_and_stays() {
        let null = Path::new("/dev/null");
        write(null, "text", Readers::Owner).unwrap();
        let kind = fs::metadata(null).unwrap().file_type();
        assert!(kind.is_char_device());
        assert_eq!(replaceable(null), None);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "before\n").unwrap();
        let open = fs::File::open(&path).unwrap();
        let descriptor = format!("/dev/fd/{}", open.as_raw_fd());
        write(Path::new(&descriptor), "report\n", Readers::Owner).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\nreport\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_without_write_access_is_reported() {
        let message = check(Path::new("/proc/nope.json")).unwrap_err();
        assert!(
            message.starts_with("nothing can be written in its folder"),
            "{message}"
        );
        assert!(!Path::new("/proc/nope.json").exists());
    }
}
