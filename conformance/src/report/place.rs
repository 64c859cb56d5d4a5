//! Where a file of this program goes. A path can be more than a file's name: a symbolic link is
//! followed, and a device or an open descriptor is written to, never replaced.

use std::{
    env, fs,
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use bandwidth_fixtures::describe;

use crate::random;

/// Folders whose files are what a process has open.
const DESCRIPTORS: [&str; 2] = ["/dev", "/proc"];

/// What a path is.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// A file, or where one would be, with no link left in its path.
    File(PathBuf),
    /// A device, a pipe or an open descriptor.
    Stream(PathBuf),
}

impl Place {
    /// What `path` is now.
    pub fn of(path: &Path) -> Self {
        let there = fs::metadata(path);
        if let Ok(there) = &there {
            // A file that somebody else has open, as standard output, must stay that file.
            let open = DESCRIPTORS.iter().any(|folder| path.starts_with(folder));
            if open || !(there.is_file() || there.is_dir()) {
                return Self::Stream(path.to_owned());
            }
        }
        Self::File(resolved(path))
    }

    /// Whether what is written there takes the place of what was.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Says what keeps a file from being written there.
    pub fn check(&self) -> Result<(), String> {
        // To open a pipe would wait for its reader, and to close it would send the reader away.
        let Self::File(path) = self else {
            return Ok(());
        };
        if path.is_dir() {
            return Err("that is a folder; name a file in it".to_owned());
        }
        if !folder_of(path).is_dir() {
            return Err("there is no such folder; make it first".to_owned());
        }
        let tried = beside(path).and_then(|(beside, _)| fs::remove_file(beside));
        tried.map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::PermissionDenied => "it is not permitted".to_owned(),
                _ => describe::io(&error),
            };
            format!("nothing can be written in its folder: {why}")
        })
    }
}

/// Writes a file whole: beside its place, and then moved there, so that nobody reads half of one.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let path = match Place::of(path) {
        Place::File(path) => path,
        Place::Stream(path) => {
            let mut stream = OpenOptions::new().append(true).open(path)?;
            return stream.write_all(text.as_bytes());
        }
    };
    let (beside, mut file) = beside(&path)?;
    let moved = file.write_all(text.as_bytes()).and_then(|()| {
        if let Ok(there) = fs::metadata(&path) {
            fs::set_permissions(&beside, there.permissions())?;
        }
        fs::rename(&beside, &path)
    });
    if moved.is_err() {
        // The error says more than a second one would.
        let _ = fs::remove_file(&beside);
    }
    moved
}

/// A new file in the folder of `path`, under a name that nothing else has.
fn beside(path: &Path) -> io::Result<(PathBuf, fs::File)> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", random::hex()));
    let beside = path.with_file_name(name);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)?;
    Ok((beside, file))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// `path` without links, also where its last part does not exist yet.
fn resolved(path: &Path) -> PathBuf {
    // A link to a link to itself leads nowhere.
    const MOST_LINKS: usize = 40;
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

#[cfg(all(test, unix))]
mod tests {
    use std::{
        fs,
        os::fd::AsRawFd as _,
        os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink},
        path::Path,
    };

    use super::{Place, write_whole};

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
            assert_eq!(Place::of(&at(link)), Place::of(&at(file)));
            Place::of(&at(link)).check().unwrap();
            write_whole(&at(link), "new").unwrap();
            assert!(at(link).is_symlink());
            assert_eq!(fs::read_to_string(at(file)).unwrap(), "new");
        }
        let mode = fs::metadata(at("sub/there")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert!(Place::of(&at("no/such/folder")).check().is_err());
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
        assert_ne!(Place::of(&at("loop")), Place::of(&at("sub/there")));
    }

    #[test]
    fn a_device_or_a_descriptor_is_written_to_and_stays() {
        let null = Path::new("/dev/null");
        write_whole(null, "text").unwrap();
        let kind = fs::metadata(null).unwrap().file_type();
        assert!(kind.is_char_device());
        assert!(!Place::of(null).is_file());

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "before\n").unwrap();
        let open = fs::File::open(&path).unwrap();
        let descriptor = format!("/dev/fd/{}", open.as_raw_fd());
        write_whole(Path::new(&descriptor), "report\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\nreport\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_takes_no_file_is_told() {
        let place = Place::of(Path::new("/proc/nope.json"));
        let told = place.check().unwrap_err();
        assert!(
            told.starts_with("nothing can be written in its folder"),
            "{told}"
        );
        assert!(!Path::new("/proc/nope.json").exists());
    }
}
